"""What dead ends are found from: acts awaited now, and every account that may do one."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.access import Actor, Delegation, Target
from models.calendar import legal_date
from models.database import together
from models.lifecycle.competence import signers
from models.lifecycle.dead_ends import DeadEnd, Finder, Somebody, Step, lent_to
from models.lifecycle.life import Chapter, Life, Report, Status
from models.lifecycle.review import obligation_of
from models.lifecycle.scene import Scene
from models.lifecycle.steps import awaited, owed_by
from models.record import awaited_acts as beside
from models.record.actors import SUSPENDED, delegation_of, grant_of
from models.record.law_of import Laws
from models.record.load import STANDING
from models.record.tools import Tools
from models.regulations import RuleSet

_WAITING = text(
    "SELECT p.id, p.agency_id, p.category, p.origin, p.account_id, p.approved_revision_id, r.author_id,"  # noqa: S608 — a constant
    f" (SELECT {STANDING} FROM agencies g WHERE g.id = p.agency_id) AS standing,"
    " (SELECT g.kind FROM agencies g WHERE g.id = p.agency_id) AS agency_kind,"
    " (SELECT coalesce(max(s.step), 0) FROM approvals s WHERE s.profile_id = p.id"
    "   AND s.revision_id = r.id AND s.state = 'signed') AS signed_steps,"
    " EXISTS (SELECT 1 FROM month_items i JOIN agency_months m ON m.id = i.agency_month_id"
    "   WHERE i.profile_id = p.id AND i.state = 'listed' AND m.state <> 'closed'"
    "   AND m.kind = 'whole_stock') AS whole_stock"
    " FROM profiles p JOIN revisions r ON r.id = p.pending_revision_id"
    " WHERE r.state = 'submitted' AND (CAST(:agencies AS uuid[]) IS NULL OR p.agency_id = ANY (:agencies))"
    " AND (CAST(:profiles AS uuid[]) IS NULL OR p.id = ANY (:profiles)) ORDER BY p.agency_id, p.id"
)
_REPORTS = text(
    "SELECT t.*, w.slot, w.period, w.opens_on, w.nominal_due_on, w.due_on, w.due_at, w.policy_date,"
    " w.rule_id FROM review_reports t JOIN reviews w ON w.id = t.review_id WHERE t.state = 'open'"
    " AND t.version > 0"
    " AND (CAST(:agencies AS uuid[]) IS NULL OR t.agency_id = ANY (:agencies)) ORDER BY t.agency_id, t.id"
)
_ABOVE = text(
    "SELECT descendant_id, array_agg(ancestor_id ORDER BY depth) AS above FROM agency_closure"
    " WHERE valid_to IS NULL GROUP BY 1"
)
_OFFICES = text("SELECT department_id, ict_department_id FROM authorities WHERE authority_id = :authority")
_ACCOUNTS = (
    "SELECT a.id, a.authority_id, a.profile_id, a.agency_id,"
    " CASE WHEN a.suspended_at IS NULL THEN a.state ELSE :suspended END AS state,"
    " (SELECT coalesce(json_agg(json_build_object('role', g.role, 'agency_id', g.agency_id, 'valid_from',"
    "   g.valid_from, 'valid_to', g.valid_to, 'delegation_of', g.delegation_of, 'level', g.level)"
    "   ORDER BY g.valid_from), '[]')"
    "   FROM grants g WHERE g.account_id = a.id) AS grants,"
    " (SELECT coalesce(json_agg(json_build_array(c.valid_from, c.valid_to)), '[]') FROM certificates c"
    "   WHERE c.account_id = a.id AND c.withdrawn_at IS NULL) AS certificates"
    " FROM accounts a WHERE a.kind <> 'service' AND {which} ORDER BY a.id"
)
_PEOPLE = text(
    _ACCOUNTS.format(
        which="(a.kind = 'agency' OR EXISTS (SELECT 1 FROM grants g WHERE g.account_id = a.id)"
        " OR EXISTS (SELECT 1 FROM delegations d WHERE d.delegate_id = a.id AND d.state = 'granted'))"
    )
)
# Found from the places: among the accounts of all officials those with a right there are few.
PEOPLE_AT = text(
    _ACCOUNTS.format(
        which="a.id IN (SELECT g.account_id FROM grants g WHERE g.agency_id = ANY (CAST(:places AS uuid[]))"
        " UNION SELECT d.delegate_id FROM delegations d WHERE d.state = 'granted'"
        " AND d.agency_id = ANY (CAST(:places AS uuid[])))"
    )
)
_LENT = text(
    "SELECT d.delegate_id, hoso_delegation(d.id, 5) AS standing FROM delegations d"
    " WHERE d.state = 'granted' AND d.valid_to > :today"
    " AND (CAST(:places AS uuid[]) IS NULL OR d.agency_id = ANY (:places)) ORDER BY d.valid_from, d.id"
)


async def find_dead_ends(
    connection: AsyncConnection,
    tools: Tools,
    authority_id: UUID,
    now: datetime,
    *,
    certificates: bool,
    agencies: Sequence[UUID] | None = None,
) -> list[DeadEnd]:
    """What nobody can sign today, then what nobody will be able to sign at the end of the month's window.

    The transaction sees the whole authority: who signs for a unit often sits above it.

    Raises:
        LookupError: no law or calendar is recorded for the authority.
    """
    today = legal_date(now)
    laws = await tools.laws(connection, authority_id, today)
    steps = await open_steps(connection, tools, authority_id, now, agencies=agencies)
    people = await possible_signers(connection, today)
    return await asyncio.to_thread(_found, steps, people, today, laws, certificates=certificates)


def _found(
    steps: Sequence[Step], people: Sequence[Somebody], today: date, laws: Laws, *, certificates: bool
) -> list[DeadEnd]:
    """Each step by the law of the unit whose it is."""
    found: list[DeadEnd] = []
    for law in laws.every:
        mine = [step for step in steps if laws.of(step.custodian_id).hash == law.hash]
        found += Finder(people, today, law, certificates).dead_ends(mine)
    dead = {one.step.subject_id for one in found}
    for law in laws.every:
        alive = [
            step
            for step in steps
            if step.subject_id not in dead and laws.of(step.custodian_id).hash == law.hash
        ]
        found += Finder(people, window_end(today), law, certificates).dead_ends(alive)
    return found


async def open_steps(
    connection: AsyncConnection,
    tools: Tools,
    authority_id: UUID,
    now: datetime,
    *,
    agencies: Sequence[UUID] | None = None,
) -> list[Step]:
    """The acts awaited now, of everybody or of the people of some agencies.

    Raises:
        LookupError: no law or calendar is recorded for the authority.
    """
    laws = await tools.laws(connection, authority_id, legal_date(now), agencies)
    where = {"agencies": list(agencies) if agencies is not None else None, "profiles": None}
    waiting, reports, above, offices, gate, moves, lent = await together(
        connection,
        [
            *((_WAITING, where), (_REPORTS, where), (_ABOVE, {}), (_OFFICES, {"authority": authority_id})),
            *((beside.GATE, {}), (beside.MOVES, {}), (beside.LENT, where)),
        ],
    )
    tree = {row.descendant_id: tuple(row.above) for row in above}
    made = _Steps(tools, authority_id, laws, now, tree, offices[0])
    found = [made.approval(row) for row in waiting] + [made.report(row) for row in reports]
    found += [beside.at_gate(row, made.scene({}, row.agency_id), tree) for row in gate]
    found += [beside.move(row, made.scene(beside.facts_of(row), row.agency_id), tree) for row in moves]
    found += [beside.agreement(row, made.scene({}, row.agency_id), tree) for row in lent]
    return [
        step
        for step in found
        if step is not None and (agencies is None or step.custodian_id in set(agencies))
    ]


async def submissions(
    connection: AsyncConnection, tools: Tools, authority_id: UUID, now: datetime, profiles: Sequence[UUID]
) -> list[tuple[RuleSet, list[Step]]]:
    """The signatures that these profiles' submissions wait for, each beside the law of its unit.

    Raises:
        LookupError: no law or calendar is recorded for the authority.
    """
    laws = await tools.laws(connection, authority_id, legal_date(now))
    where = {"agencies": None, "profiles": list(profiles)}
    waiting, above, offices = await together(
        connection, [(_WAITING, where), (_ABOVE, {}), (_OFFICES, {"authority": authority_id})]
    )
    tree = {row.descendant_id: tuple(row.above) for row in above}
    made = _Steps(tools, authority_id, laws, now, tree, offices[0])
    steps = [step for row in waiting if (step := made.approval(row)) is not None]
    alike = {law.hash: (law, list[Step]()) for law in laws.every}
    for step in steps:
        alike[laws.of(step.custodian_id).hash][1].append(step)
    return [one for one in alike.values() if one[1]]


async def possible_signers(
    connection: AsyncConnection, today: date, places: Sequence[UUID] | None = None
) -> tuple[Somebody, ...]:
    """Every account that holds, held or was lent anything, as it stands; the transaction sees them all.

    With ``places`` those alone whose right comes from one of these agencies: enough for what is owed there.
    """
    where = {"places": list(places) if places is not None else None}
    asked = (_PEOPLE, {}) if places is None else (PEOPLE_AT, where)
    people, lent = await together(
        connection,
        [(asked[0], {**asked[1], "suspended": SUSPENDED}), (_LENT, {**where, "today": today})],
    )
    received: dict[UUID, list[Delegation]] = defaultdict(list)
    for row in lent:
        if row.standing is not None:
            received[row.delegate_id].append(delegation_of(row.standing))
    return lent_to([_somebody(row) for row in people], received)


def _somebody(row: Any) -> Somebody:
    grants = tuple(grant_of(one) for one in row.grants)
    return Somebody(
        actor=Actor(row.id, row.profile_id, row.authority_id, grants),
        state=row.state,
        agency_id=row.agency_id,
        # A certificate that ends within a day does not carry that day: who signs in the evening needs it.
        certified=tuple(
            (legal_date(datetime.fromisoformat(start)), legal_date(datetime.fromisoformat(end)))
            for start, end in row.certificates
        ),
    )


class _Steps:
    """Rows to steps; what the law says of people alike is asked once."""

    def __init__(
        self,
        tools: Tools,
        authority_id: UUID,
        laws: Laws,
        now: datetime,
        tree: Mapping[UUID, tuple[UUID, ...]],
        offices: Any,
    ) -> None:
        self._tools, self._authority, self._laws = tools, authority_id, laws
        self._now, self._tree, self._offices = now, tree, offices
        self._owed = cache(self._owing)

    def approval(self, row: Any) -> Step | None:
        """The step a submission waits for; none where the law knows no approval."""
        facts = {
            "category": row.category,
            "agency": row.standing,
            "kind": row.agency_kind,
            "origin": row.origin,
        }
        known = tuple(sorted((name, value) for name, value in facts.items() if value))
        first = row.approved_revision_id is None
        owed = self._owed(row.agency_id, known, first, row.signed_steps, row.whole_stock)
        if owed is None:
            return None
        agency, among, rule_id, citation = owed
        target = Target(
            agency_id=agency,
            ancestors=self._tree.get(agency, ()),
            profile_id=row.id,
            author_account_id=row.author_id,
            subject_account_id=row.account_id,
            authority_id=self._authority,
            facts=dict(known),
        )
        return Step("approval", row.id, row.agency_id, target, among, rule_id, citation)

    def report(self, row: Any) -> Step | None:
        """The signature an open report of a review waits for."""
        report = Report(
            id=row.id,
            review_id=row.review_id,
            authority_id=row.authority_id,
            agency_id=row.agency_id,
            whole=row.whole,
            slot=row.slot,
            period=row.period,
            state=row.state,
            version=row.version,
            opens_on=row.opens_on,
            nominal_due_on=row.nominal_due_on,
            due_on=row.due_on,
            due_at=row.due_at,
            policy_date=row.policy_date,
            rule_id=row.rule_id,
            signature_id=row.signature_id,
        )
        here = self.scene({}, row.agency_id)
        # One opened before its agency came under another regulation goes on under the authority's own.
        rule = obligation_of(report, here) or obligation_of(report, replace(here, law=self._laws.own))
        if rule is None:
            return None
        target = Target(row.agency_id, self._tree.get(row.agency_id, ()))
        return Step("report", row.id, row.agency_id, target, signers(rule), rule.rule_ids[0], rule.citation)

    def _owing(
        self,
        agency_id: UUID,
        facts: tuple[tuple[str, str], ...],
        first: bool,
        signed: int,
        stock: bool,
    ) -> tuple[UUID, tuple[str, ...], str, str] | None:
        scene = self.scene(dict(facts), agency_id)
        life = Life(
            profile_id=agency_id,
            authority_id=self._authority,
            agency_id=agency_id,
            category=dict(facts).get("category", ""),
            chapter=Chapter.REVIEW,
            status=Status.PENDING,
            version=1,
            revision_number=1,
            approved_revision_id=None if first else agency_id,
            signed_steps=signed,
            whole_stock=stock,
        )
        step = awaited(life, scene)
        if step is None:
            return None
        owner = owed_by(step, agency_id, scene)[1]
        return owner, signers(step.obligation), step.obligation.rule_ids[0], step.obligation.citation

    def scene(self, facts: dict[str, str], agency_id: UUID) -> Scene:
        """The law as it stands for a unit's people of these facts."""
        above = [one for one in self._tree.get(agency_id, ()) if one != agency_id]
        return Scene(
            now=self._now,
            law=self._laws.of(agency_id),
            calendar=self._laws.calendar,
            policy=self._tools.policy,
            act_id=agency_id,
            actor_id=None,
            actor_role="system",
            actor_profile_id=None,
            department_id=self._offices.department_id,
            managing_agency_id=above[0] if above else agency_id,
            facts=facts,
            ict_department_id=self._offices.ict_department_id,
        )


def window_end(today: date) -> date:
    """The last day of the month: until then a right must last to be of use in this month's window."""
    return (today.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
