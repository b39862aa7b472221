"""What an account may sign of a month's list, and who may sign the rest: asked before any PIN.

Each waiting file is judged by what judges the signature itself (`models.record.listing.judge`), with the
account's rights of this moment; who could sign instead is found by what finds dead ends. Nothing is written.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.access import Allowed
from models.calendar import legal_date
from models.command_lists import CutList
from models.database import together
from models.errors import Refusal, RefusedError
from models.lifecycle.competence import competent
from models.lifecycle.dead_ends import Finder, Somebody, Step
from models.lifecycle.listing import Listed
from models.lifecycle.month import OPENING, WHOLE_STOCK
from models.lifecycle.scene import Scene
from models.lifecycle.steps import awaited
from models.messages import Ask
from models.record.actors import load_actor
from models.record.authorise import authorise
from models.record.commands import Command
from models.record.dead_ends import possible_signers, submissions
from models.record.law_of import LawOf
from models.record.listing import Case, Judged, judge
from models.record.load import REVISION, STANDING
from models.record.subjects import found_in, looks
from models.record.tools import Tools
from models.regulations import RuleSet

ONE_BY_ONE = "not-by-list"
"""Refusal of what one signature for many cannot approve; by itself it may be signed."""
OF_THE_ASKER = (
    "own-approval", "own-file", "delegation-ended", "not-permitted", "not-competent",
    "password-change-required", "certificate-not-registered", "certificate-not-valid",
)  # fmt: skip
"""Refusals that are about who asks: somebody else may sign. Others are about the file."""

_WAITING = text(
    "SELECT i.profile_id, i.revision_id, i.digest FROM month_items i JOIN agency_months m"
    " ON m.id = i.agency_month_id WHERE m.id = :id AND m.state <> 'closed' AND i.state = 'listed'"
    " ORDER BY i.profile_id"
)
# A life as far as the right to sign it is concerned: of a list of thousands nothing else is read.
LIVES_TO_SIGN = text(f"""
    SELECT p.*,
      (SELECT json_build_object('id', a.id, 'state', a.state) FROM accounts a
          WHERE a.id = p.account_id) AS account,
      (SELECT {REVISION} FROM revisions r WHERE r.id = p.pending_revision_id) AS pending,
      NULL AS draft,
      (SELECT row_to_json(s) FROM approvals s WHERE s.profile_id = p.id AND s.state = 'signing') AS approval,
      NULL AS session, '[]'::json AS export_sessions,
      (SELECT coalesce(max(s.step), 0) FROM approvals s WHERE s.profile_id = p.id
          AND s.revision_id = p.pending_revision_id AND s.state = 'signed') AS signed_steps,
      (SELECT {STANDING} FROM agencies g WHERE g.id = p.agency_id) AS standing,
      (SELECT g.kind FROM agencies g WHERE g.id = p.agency_id) AS agency_kind,
      NULL AS open_case, NULL AS share, '[]'::json AS duties, '[]'::json AS post_accounts, 0 AS posts,
      NULL::date AS changed_hands_on,
      (SELECT json_agg(c.ancestor_id ORDER BY c.depth) FROM agency_closure c
          WHERE c.descendant_id = p.agency_id AND c.valid_to IS NULL) AS ancestors,
      u.department_id, u.ict_department_id
    FROM profiles p JOIN authorities u ON u.authority_id = p.authority_id WHERE p.id = ANY (:ids)
""")  # noqa: S608 — fragments of our own


@dataclass(frozen=True, slots=True)
class Able:
    """Somebody who may sign what the asker may not, and how many of those files."""

    account_id: UUID
    role: str
    agency_id: UUID
    on_behalf_of: UUID | None
    files: int


@dataclass(frozen=True, slots=True)
class Barred:
    """Files that the asker may not sign for one reason; or only one by one."""

    refusal: Refusal
    profiles: tuple[UUID, ...]
    step: int | None
    """The signature of its chain that these files wait for, where there is more than one."""
    steps: int | None
    able: tuple[Able, ...] = ()

    @property
    def one_by_one(self) -> bool:
        """Whether the asker may sign them, each by itself."""
        return self.refusal.code == ONE_BY_ONE


@dataclass(frozen=True, slots=True)
class SigningCheck:
    """The waiting files of a list as one account stands to them."""

    waiting: tuple[UUID, ...]
    barred: tuple[Barred, ...]
    round: Refusal | None = None
    """Why the asker can begin no round over the list at all; a file may still be theirs by itself."""

    @property
    def by_list(self) -> int:
        """Files that one signature for all may approve."""
        return 0 if self.round else len(self.waiting) - sum(len(one.profiles) for one in self.barred)

    @property
    def signable(self) -> tuple[UUID, ...]:
        """Files that may be signed, be it one by one."""
        never = {one for some in self.barred if not some.one_by_one for one in some.profiles}
        return tuple(one for one in self.waiting if one not in never)


async def check_signing(
    connection: AsyncConnection,
    tools: Tools,
    *,
    authority_id: UUID,
    month_id: UUID,
    account_id: UUID,
    now: datetime,
    certificates: bool,
    lacking: RefusedError | None = None,
) -> SigningCheck:
    """Judge every waiting file for an account; the transaction sees the whole authority.

    Args:
        certificates: whether whoever else is named must have a certificate of their own.
        lacking: why the account has none that can be signed with: then it signs nothing.

    Raises:
        LookupError: no law or calendar is recorded for the authority, or there is no such account.
    """
    case = await _case(connection, tools, authority_id, month_id, account_id, now)
    rows = (await connection.execute(_WAITING, {"id": month_id})).all()
    listed = [Listed(month_id, n, r.profile_id, r.revision_id, r.digest) for n, r in enumerate(rows, 1)]
    judged = await judge(connection, case, listed, LIVES_TO_SIGN)
    if lacking is not None:
        judged = [
            replace(one, refusal=lacking) if one.refusal is None or _code(one) == ONE_BY_ONE else one
            for one in judged
        ]
    groups: dict[tuple[str, int, int, str], list[Judged]] = defaultdict(list)
    for one in judged:
        if one.refusal is not None:
            refusal = one.refusal.refusal
            groups[refusal.code, *_place(one), refusal.citation or ""].append(one)
    others = [one for some in groups.values() for one in some if _code(one) in OF_THE_ASKER]
    able = await _able(connection, case, others, certificates=certificates) if others else {}
    return SigningCheck(
        waiting=tuple(row.profile_id for row in rows),
        barred=tuple(_barred(some, able) for _, some in sorted(groups.items())),
        round=await _round(connection, case),
    )


async def _case(
    connection: AsyncConnection,
    tools: Tools,
    authority_id: UUID,
    month_id: UUID,
    account_id: UUID,
    now: datetime,
) -> Case:
    """The list as a command of this account would find it now."""
    ask = Ask(authority_id=authority_id, subject="agency_month", subject_id=month_id, now=now, bulk=True)
    law_rows, *subject = await together(
        connection, [LawOf.subject(ask).on(legal_date(now)), *looks(ask, lock=False)]
    )
    known = await load_actor(connection, account_id)
    if known is None:
        raise LookupError("there is no such account")
    actor, state = known
    # What asks for a list; it is never accepted, and what is made from its id is never written.
    command = Command(
        month_id, CutList.verb, CutList(), actor, state, None, settled=False, status=202, accepted_at=now
    )
    law, calendar = await tools.read(connection, authority_id, law_rows[0])
    found = found_in(ask, subject, lock=False)
    return Case(tools, ask, command, found, law, calendar, law_rows[0].divided)


async def _round(connection: AsyncConnection, case: Case) -> Refusal | None:
    """Why no round over the list is this account's to begin."""
    try:
        standing = await authorise(connection, case.command, case.found, case.scene)
        if case.month.kind == WHOLE_STOCK:
            scene = replace(case.scene, actor_role=standing.role)
            competent(scene.rule(OPENING[WHOLE_STOCK][0]), scene)
    except RefusedError as refused:
        return refused.refusal
    return None


def _code(one: Judged) -> str:
    assert one.refusal is not None
    return one.refusal.refusal.code


def _place(one: Judged) -> tuple[int, int]:
    """Which signature of how many a file waits for; noughts where there is one, or none."""
    life = one.found.subject.life
    step = awaited(life, one.scene) if life is not None else None
    return (step.number, step.of) if step is not None and step.of > 1 else (0, 0)


def _barred(some: Sequence[Judged], able: Mapping[UUID, Sequence[Able]]) -> Barred:
    """One reason with its files; who may sign most of them is named first."""
    refused = some[0].refusal
    assert refused is not None
    number, of = _place(some[0])
    counts = Counter(who for one in some for who in able.get(one.row.profile_id, ()))
    found = [replace(who, files=n) for who, n in counts.items()]
    return Barred(
        refused.refusal,
        tuple(one.row.profile_id for one in some),
        number or None,
        of or None,
        tuple(sorted(found, key=lambda who: (-who.files, who.role, who.account_id))),
    )


async def _able(
    connection: AsyncConnection, case: Case, judged: Sequence[Judged], *, certificates: bool
) -> dict[UUID, list[Able]]:
    """Who may sign each of these files today, the asker left out."""
    profiles = [one.row.profile_id for one in judged]
    found = await submissions(connection, case.tools, case.ask.authority_id, case.ask.now, profiles)
    scene = case.scene
    places = {place for _, steps in found for step in steps for place in _places(step, scene)}
    people = [
        one
        for one in await possible_signers(connection, scene.today, sorted(places))
        if one.actor.account_id != case.command.actor.account_id
    ]
    return await asyncio.to_thread(_named, found, people, scene, certificates=certificates)


def _places(step: Step, scene: Scene) -> tuple[UUID, ...]:
    """Where a right to take the step may come from."""
    department = (scene.department_id,) if scene.department_id is not None else ()
    return (step.target.agency_id, *step.target.ancestors, *department)


def _named(
    found: Sequence[tuple[RuleSet, Sequence[Step]]],
    people: Sequence[Somebody],
    scene: Scene,
    *,
    certificates: bool,
) -> dict[UUID, list[Able]]:
    able: dict[UUID, list[Able]] = defaultdict(list)
    for law, steps in found:
        finder = Finder(people, scene.today, law, certificates)
        for step, one, right in finder.able(steps):
            able[step.subject_id].append(_told(one, right))
    return able


def _told(one: Somebody, right: Allowed) -> Able:
    return Able(one.actor.account_id, right.role, one.agency_id, right.delegation_of, files=0)
