"""Two profiles side by side: what says that they are one person's, and what of the one is still unsettled."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.access import Allowed, Target, Verb, may
from models.command_merging import ApproveProfileMerge, ProposeProfileMerge
from models.errors import RefusedError
from models.keys import normalise_number
from models.lifecycle.life import Chapter, Life
from models.lifecycle.merging import KIND, Merging
from models.lifecycle.scene import Scene
from models.record.authorise import VERB_OF, refuse_archived
from models.record.commands import Command
from models.record.decide import Subject
from models.record.law_of import LawOf
from models.record.load import contents_of, life_of, load_life
from models.record.subjects import Found
from models.record.tools import Tools

_UNSETTLED = text(
    "SELECT EXISTS (SELECT 1 FROM file_requests WHERE profile_id = :id AND state = 'open') AS requests,"
    " EXISTS (SELECT 1 FROM national_proposals WHERE profile_id = :id AND state = 'open') AS proposals,"
    " EXISTS (SELECT 1 FROM month_items i JOIN agency_months m ON m.id = i.agency_month_id"
    "   WHERE i.profile_id = :id AND m.state <> 'closed' AND i.state IN ('approved', 'cleared', 'sent')"
    "   AND i.tran_code IS NOT NULL) AS at_national"
)
_PROPOSER = text("SELECT profile_id FROM accounts WHERE id = :id")
_FORM = text(
    "SELECT DISTINCT ON (profile_id) profile_id, id FROM revisions WHERE profile_id = ANY (:ids)"
    " AND content <> '{}' ORDER BY profile_id, state = 'approved' DESC, number DESC"
)


async def with_merging(
    connection: AsyncConnection, tools: Tools, command: Command, found: Found, subject: Subject, scene: Scene
) -> Subject:
    """The subject with the profile it is to be closed into, locked; for the acts about a merge alone.

    Raises:
        RefusedError: ``own-approval`` for the actor's own profile, ``archived-profile`` and the like.
    """
    life, body = subject.life, command.body
    if life is None or not isinstance(body, ProposeProfileMerge | ApproveProfileMerge):
        return subject
    survivor_id = body.survivor_id if isinstance(body, ProposeProfileMerge) else survivor_of(life)
    if survivor_id is None:
        return replace(subject, merge=Merging(None))
    row = await load_life(connection, survivor_id)
    if row is None:
        return replace(subject, merge=Merging(None))
    place = LawOf.unit(row.authority_id, row.agency_id)
    law, _ = await tools.law(connection, place, scene.today)
    if not _within_reach(command, row, replace(scene, law=law)):
        return replace(subject, merge=Merging(None))
    return replace(subject, merge=await merging_of(connection, tools, found.row, row))


def survivor_of(life: Life) -> UUID | None:
    """The profile an open merge goes on with."""
    return UUID(life.case.facts["survivor"]) if life.case is not None and life.case.kind == KIND else None


async def merging_of(connection: AsyncConnection, tools: Tools, mine: Any, theirs: Any) -> Merging:
    """What is known of two profiles together, from their joined rows (`load.LIFE`)."""
    unsettled = (await connection.execute(_UNSETTLED, {"id": mine.id})).one()
    life = life_of(mine)
    proposer = None
    if life.case is not None and life.case.kind == KIND:
        proposer = await connection.scalar(_PROPOSER, {"id": UUID(life.case.facts["proposed_by"])})
    return Merging(
        survivor=life_of(theirs),
        same=await _same(connection, tools, mine, theirs),
        unsettled=tuple(name for name, has in unsettled._mapping.items() if has),
        proposer_profile_id=proposer,
        events=mine.last_event,
        end=mine.last_hash,
    )


def _within_reach(command: Command, row: Any, scene: Scene) -> bool:
    """Whether the actor may do the same to the other profile: both, or neither.

    Raises:
        RefusedError: it is the actor's own, or archived and theirs not to read.
    """
    target = Target(
        agency_id=row.agency_id,
        ancestors=tuple(UUID(one) for one in row.ancestors or ()),
        profile_id=row.id,
        subject_account_id=row.account_id,
        authority_id=row.authority_id,
    )
    verdict = may(command.actor, Verb(VERB_OF[command.verb]), target, scene.today, scene.law)
    if isinstance(verdict, Allowed):
        if row.chapter == Chapter.ARCHIVE:
            refuse_archived(command, target, scene)
        return True
    if verdict.code != "not-permitted":
        raise RefusedError.of(verdict.code, verdict.reason_vi, verdict.reason_en)
    return False


async def _same(connection: AsyncConnection, tools: Tools, mine: Any, theirs: Any) -> str | None:
    """What says that both are of one person: one number to find them by, or a form that names the other's."""
    if _indexes(mine) & _indexes(theirs):
        return "index"
    forms = await connection.execute(_FORM, {"ids": [mine.id, theirs.id]})
    revision = {row.profile_id: row.id for row in forms}
    contents = await contents_of(connection, tools, mine.authority_id, list(revision.values()))
    numbers = {one: contents[found].get("citizen_id_number") for one, found in revision.items()}
    said = {one: number for one, number in numbers.items() if isinstance(number, str) and number.strip()}
    for one, other in ((mine, theirs), (theirs, mine)):
        number = said.get(one.id)
        if number and _indexes(other) & set(tools.blind.candidates(mine.authority_id, number)):
            return "form"
    alike = {normalise_number(number) for number in said.values()}
    return "form" if len(said) == 2 and len(alike) == 1 else None


def _indexes(row: Any) -> set[bytes]:
    return {bytes(one) for one in (row.id_number_index, row.id_number_guard) if one is not None}
