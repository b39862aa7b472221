"""Many lives judged and written at once: an approval list, wholly or not at all, in one transaction.

The same decisions as for a single signature, on rows by the hundred; ``act`` does it for one. The month's
row is locked first, then the profiles in the order of their ids, so that two lists, or a list and a single
act, never wait for each other in a circle.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID, uuid5

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.calendar import Calendar, legal_date
from models.commands import Approve
from models.database import Query, Scope, entering, together
from models.errors import RefusedError
from models.identifiers import profile_workflow
from models.lifecycle.life import AgencyMonth
from models.lifecycle.listing import CHANGED, Listed, by_list, may_stand, signed
from models.lifecycle.month import WHOLE_STOCK
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene
from models.messages import Ask
from models.record.act import scene_of
from models.record.authorise import authorise
from models.record.commands import Command, command_of, command_query
from models.record.hearing import must_hear
from models.record.law_of import LawOf, Laws
from models.record.load import LIVES, contents_of
from models.record.sets import in_sets
from models.record.subjects import Found, found_in, last_event, looks, saving_month, saving_profile, with_list
from models.record.tools import Tools
from models.record.write import chain, lines, written_rows
from models.record.writing import Writing
from models.regulations import RuleSet

AT_ONCE = 250
"""Profiles read or written in one round trip."""

Tell = Callable[[Literal["judging", "signing", "writing"], int], Awaitable[None]]
"""Hears how many rows are through a phase, while nothing of it is to be seen yet."""

_LOCK_MONTH = text("SELECT 1 FROM agency_months WHERE id = :id FOR NO KEY UPDATE")
"""Waits for other acts on the month; rows that merely refer to it may be written meanwhile."""
_LOCK_LIVES = text("SELECT 1 FROM profiles WHERE id = ANY (:ids) ORDER BY id FOR NO KEY UPDATE")
_ROWS = text(
    "SELECT position, profile_id, revision_id, digest FROM approval_list_rows WHERE list_id = :id ORDER BY"
    " position"
)
_RESULTS = text(
    "INSERT INTO approval_results (command_id, profile_id, authority_id, agency_month_id, outcome, at)"
    " SELECT :command, profile_id, authority_id, :month, 'approved', clock_timestamp()"
    " FROM approval_list_rows WHERE list_id = :id ON CONFLICT DO NOTHING"
)
_NO_REASON = text(
    "UPDATE month_items i SET reason = NULL FROM approval_list_rows w WHERE w.list_id = :id AND"
    " i.agency_month_id = :month AND i.profile_id = w.profile_id AND i.reason IS NOT NULL"
)


@dataclass(frozen=True, slots=True)
class Case:
    """Who asks what of which month's list, and under which law."""

    tools: Tools
    ask: Ask
    command: Command
    found: Found
    law: RuleSet
    """Of the agency whose list it is."""
    calendar: Calendar
    divided: bool = False
    """Whether a part of the authority's tree ever came under another regulation."""

    @property
    def month(self) -> AgencyMonth:
        """The agency's month."""
        month = self.found.subject.month
        assert month is not None
        return month

    @property
    def scene(self) -> Scene:
        """What a decision about the month is told."""
        return scene_of(self.tools, self.ask, self.command, self.found, self.law, self.calendar)


@dataclass(frozen=True, slots=True)
class Judged:
    """One row with what may be done about it: the scene of its decision, or the refusal."""

    row: Listed
    found: Found
    scene: Scene
    refusal: RefusedError | None = None


async def case_of(
    connection: AsyncConnection,
    tools: Tools,
    *,
    authority_id: UUID,
    month_id: UUID,
    command_id: UUID,
    list_id: UUID,
    now: datetime,
    lock: bool = False,
) -> Case:
    """Load the month with the list, the command with its actor's present roles, and the law of the day."""
    ask = Ask(
        authority_id=authority_id,
        subject="agency_month",
        subject_id=month_id,
        command_id=command_id,
        now=now,
        bulk=True,
        facts={"list": str(list_id)},
    )
    locking: list[Query] = [(_LOCK_MONTH, {"id": month_id})] if lock else []
    answers = await together(
        connection,
        [
            entering(Scope(authority_id, everything=True, on=legal_date(now))),
            *locking,
            LawOf.subject(ask).on(legal_date(now)),
            command_query(command_id),
            *looks(ask, lock=False),
        ],
    )
    law_row, command_row, *subject = answers[1 + len(locking) :]
    found = found_in(ask, subject, lock=False)
    law, calendar = await tools.read(connection, authority_id, law_row[0])
    command = command_of(tools, authority_id, command_row[0])
    return Case(tools, ask, command, found, law, calendar, law_row[0].divided)


async def judge(
    connection: AsyncConnection,
    case: Case,
    rows: Sequence[Listed],
    reading: TextClause = LIVES,
    tell: Tell | None = None,
) -> list[Judged]:
    """Which of the rows this actor may sign by a list now; a refusal is an answer for its row alone.

    Each by the law of the unit that has the person: a list may reach below where another regime begins.
    ``reading`` is how lives are read: whoever writes nothing may read less. ``tell`` hears how far it is.
    """
    judged: list[Judged] = []
    authority, today = case.ask.authority_id, legal_date(case.ask.now)
    laws = await case.tools.laws(connection, authority, today) if case.divided else None
    for start in range(0, len(rows), AT_ONCE):
        part = rows[start : start + AT_ONCE]
        (lives,) = await together(connection, [(reading, {"ids": [row.profile_id for row in part]})])
        known = {life.id: life for life in lives}
        judged += [await _judged(connection, case, laws, row, known.get(row.profile_id)) for row in part]
        if tell is not None:
            await tell("judging", len(judged))
    return judged


async def _judged(
    connection: AsyncConnection, case: Case, laws: Laws | None, row: Listed, life: Any | None
) -> Judged:
    ask = Ask(
        authority_id=case.ask.authority_id, subject="profile", subject_id=row.profile_id, now=case.ask.now
    )
    found = _beside(found_in(ask, [[life] if life is not None else []], lock=False), case.month)
    body = Approve(revision_id=row.revision_id, digest=row.digest)
    # The id that ``act`` gives one item of a list signed one by one.
    own = uuid5(case.command.id, str(row.profile_id))
    command = replace(case.command, id=own, verb=Approve.verb, body=body, expected=None)
    law = laws.of(life.agency_id) if laws is not None and life is not None else case.law
    scene = scene_of(case.tools, ask, command, found, law, case.calendar)
    try:
        if found.subject.life is None:
            raise RefusedError.of("not-found", "Không tìm thấy.", "There is no such thing.")
        standing = await authorise(connection, command, found, scene)
        scene = replace(
            scene,
            actor_role=standing.role,
            on_behalf_of=standing.on_behalf_of,
            delegation_id=standing.delegation_id,
        )
        may_stand(found.subject.life, row, scene)
    except RefusedError as refused:
        return Judged(row, found, scene, refused)
    return Judged(row, found, scene)


def _beside(found: Found, month: AgencyMonth) -> Found:
    life = found.subject.life
    if life is None:
        return found
    life = replace(life, whole_stock=month.kind == WHOLE_STOCK)
    return replace(found, subject=replace(found.subject, life=life, month=month))


Sign = Callable[[Case, Scene], Awaitable[tuple[str, str]]]
"""Signs the document that was shown; answers the hashes of the signed file and of the certificate."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """How many were approved; or why the list came to nothing."""

    approved: int = 0
    failure: str = ""


async def record_list(
    tools: Tools,
    *,
    authority_id: UUID,
    month_id: UUID,
    command_id: UUID,
    list_id: UUID,
    now: datetime,
    sign: Sign,
    tell: Tell,
) -> Recorded:
    """Sign and approve a whole list, or none of it. A list approved before stays as it is.

    Everything it stands on is locked and judged again before the signature is made, so that there never is a
    signature over a list that is not approved. What ``sign`` raises leaves nothing behind.
    """
    async with tools.engine.begin() as connection:
        case = await case_of(
            connection,
            tools,
            authority_id=authority_id,
            month_id=month_id,
            command_id=command_id,
            list_id=list_id,
            now=now,
            lock=True,
        )
        (rows,) = await together(connection, [(_ROWS, {"id": list_id})])
        listed = [Listed(list_id, r.position, r.profile_id, r.revision_id, r.digest) for r in rows]
        await together(connection, [(_LOCK_LIVES, {"ids": sorted(row.profile_id for row in listed)})])
        case = replace(case, found=await with_list(connection, case.ask, case.found, None))
        shown = case.month.shown
        if shown is None or shown.state != "signing":
            return Recorded(len(listed) if shown is not None and shown.state == "signed" else 0)
        if shown.changed:
            return Recorded(failure=CHANGED)
        try:
            standing = await authorise(connection, case.command, case.found, case.scene)
        except RefusedError as refused:
            return Recorded(failure=refused.refusal.code)
        scene = replace(
            case.scene,
            actor_role=standing.role,
            on_behalf_of=standing.on_behalf_of,
            delegation_id=standing.delegation_id,
        )
        await tell("judging", 0)
        judged = await judge(connection, case, listed, tell=tell)
        refusals = [one.refusal for one in judged if one.refusal is not None]
        if refusals:
            return Recorded(failure=refusals[0].refusal.code)
        await tell("signing", 0)
        document, certificate = await sign(case, scene)
        await tell("writing", 0)
        for start in range(0, len(judged), AT_ONCE):
            part = judged[start : start + AT_ONCE]
            await _write(connection, case, part, document, certificate)
            await tell("writing", start + len(part))
        await _write_month(
            connection, case, scene, signed(case.month, len(judged), document, certificate, scene)
        )
    return Recorded(len(judged))


async def _write(
    connection: AsyncConnection, case: Case, judged: Sequence[Judged], document: str, certificate: str
) -> None:
    """Every row's own facts: the same that a single signature writes."""
    authority = case.ask.authority_id
    contents = await contents_of(connection, case.tools, authority, [one.row.revision_id for one in judged])
    subjects: list[list[Query]] = []
    for one in judged:
        life = one.found.subject.life
        assert life is not None
        assert life.pending is not None
        life = replace(life, pending=replace(life.pending, content=contents[one.row.revision_id]))
        outcome = by_list(life, one.row, document, certificate, one.scene, case.month)
        heard = must_hear(life.chapter, outcome)
        outcome.tell[:] = [(profile_workflow(life.profile_id), {})] if heard else []
        events = chain(
            outcome,
            one.scene,
            life.profile_id,
            *await last_event(connection, one.found, life.profile_id),
            authority_id=authority,
            agency_id=life.agency_id,
            profile_id=life.profile_id,
            command_id=one.scene.act_id,
        )
        writing = Writing(authority, life.profile_id, case.tools, case.ask.now)
        rows = await written_rows(connection, outcome, writing)
        own = [*rows, *lines(outcome, one.scene, writing, events)]
        subjects.append([*own, saving_profile(life, case.ask, outcome, events)])
    await together(connection, in_sets(subjects))


async def _write_month(connection: AsyncConnection, case: Case, scene: Scene, outcome: Outcome) -> None:
    """The list's own facts, and each row's answer to whoever asked."""
    authority, month = case.ask.authority_id, case.month
    shown = month.shown
    assert shown is not None
    number, digest = await last_event(connection, case.found, month.id)
    scene = replace(scene, act_id=uuid5(case.command.id, "signed"))
    events = chain(
        outcome,
        scene,
        month.id,
        number,
        digest,
        authority_id=authority,
        agency_id=month.agency_id,
        profile_id=None,
        command_id=case.command.id,
    )
    writing = Writing(authority, None, case.tools, case.ask.now)
    named = {"id": shown.id, "month": month.id, "command": case.command.id}
    await together(
        connection,
        [
            *await written_rows(connection, outcome, writing),
            *lines(outcome, scene, writing, events),
            saving_month(case.found, outcome),
            (_RESULTS, named),
            (_NO_REASON, named),
        ],
    )
