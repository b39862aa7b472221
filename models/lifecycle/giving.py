"""May this right be lent to this person, for this part of the tree and this time? Only if all holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import NoReturn
from uuid import UUID

from models.access import Actor, Allowed, Delegable, Delegables, Delegation, Grant, Target, in_force, may
from models.commands import Delegate
from models.errors import RefusedError
from models.lifecycle.guard import refuse
from models.lifecycle.life import AccountState
from models.lifecycle.scene import Scene
from models.regulations import Obligation

DAY = timedelta(days=1)
TOP_LEVELS = 2
"""The root of the tree and the agencies right below it: whom the texts call top-level agencies."""


@dataclass(frozen=True, slots=True)
class Party:
    """Who would receive the right. ``line``: their agency and those above it."""

    account_id: UUID
    profile_id: UUID | None
    state: str
    line: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Edge:
    """A living delegation of the same right. Persons are told by their profile, else by the account."""

    delegator_id: UUID
    giver: UUID
    receiver: UUID
    line: tuple[UUID, ...]
    """The agency whose part of the tree it is, then those above it."""
    valid_from: date
    valid_to: date


@dataclass(frozen=True, slots=True)
class Giving:
    """What a delegation is judged by: who gives, who receives, where, and what is lent already."""

    actor: Actor
    delegate: Party | None
    line: tuple[UUID, ...]
    """The agency whose part of the tree it is, then those above it; empty where there is no such agency."""
    edges: tuple[Edge, ...] = ()
    """What is lent already; about a unit that stands no more, with an empty line, nothing is lent."""
    department_id: UUID | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    """What the law may ask about the agency whose part it is (``regulations.When``)."""

    @property
    def standing(self) -> tuple[Edge, ...]:
        """What is lent about units that stand."""
        return tuple(edge for edge in self.edges if edge.line)


@dataclass(frozen=True, slots=True)
class Source:
    """Where the giver has the right from: a role of his own, or a delegation. ``parties`` are the accounts
    it came through, the first giver first."""

    role: str
    agency_id: UUID
    through: UUID | None = None
    parties: tuple[UUID, ...] = ()


def judge(giving: Giving, body: Delegate, scene: Scene, table: Delegables) -> Source:
    """The source the right would be lent from.

    Raises:
        RefusedError: ``impossible-date``, ``delegation-not-allowed``, ``unknown-agency``,
            ``delegation-beyond-right``, ``delegation-too-deep``, ``unfit-delegate``, ``delegation-cycle``,
            ``delegation-overlap``.
    """
    what = table.what[body.what]
    if not scene.today <= body.valid_from < body.valid_to:
        refuse(
            "impossible-date",
            "Thời hạn uỷ quyền phải bắt đầu từ hôm nay trở đi và kết thúc sau ngày bắt đầu.",
            "A delegation begins today or later and ends after it begins.",
        )
    law = scene.rule(what.slot)
    if law is None:
        _silent(what, scene, table)
    if not giving.line:
        refuse("unknown-agency", "Không có cơ quan này.", "There is no such agency.")
    source = _source(giving, body, what, law, scene, table)
    _fit(giving, source)
    _no_cycle(giving, body)
    _no_overlap(giving, body)
    return source


def _silent(what: Delegable, scene: Scene, table: Delegables) -> NoReturn:
    """The law does not let this be delegated: refuse, with what it does let be."""
    allowed = [(one, rule) for one in table.what.values() if (rule := scene.rule(one.slot)) is not None]
    vi = "; ".join(f"{one.vi} ({rule.citation})" for one, rule in allowed) or "không việc nào"
    en = "; ".join(f"{one.en} ({rule.citation_en})" for one, rule in allowed) or "nothing"
    refuse(
        "delegation-not-allowed",
        f"Quy định đang có hiệu lực không cho phép uỷ quyền {what.vi}; cho phép uỷ quyền: {vi}.",
        f"The rules in force do not let {what.en} be delegated; what may be: {en}.",
        citation="; ".join(rule.citation for _, rule in allowed) or None,
    )


def _source(
    giving: Giving, body: Delegate, what: Delegable, law: Obligation, scene: Scene, table: Delegables
) -> Source:
    """A role of one's own over the whole part, on its first and last day and today; else a delegation."""
    days = (scene.today, body.valid_from, body.valid_to - DAY)
    held = _held(giving.actor, what, giving.line, days, scene)
    for grant in held:
        if _by_party(law, grant, giving.line):
            return Source(grant.role, grant.agency_id)
    for one in giving.actor.delegations:
        if one.what == body.what and one.agency_id in giving.line and in_force(one, scene.today, scene.law):
            return _passed_on(one, body, what, scene, table)
    raise _beyond(what, law, named_other=bool(held))


def could_give(actor: Actor, what: Delegable, line: tuple[UUID, ...], scene: Scene) -> str | None:
    """The role under which this actor could lend this right over this part today; none where not."""
    law = scene.rule(what.slot)
    held = _held(actor, what, line, (scene.today,), scene)
    return next((g.role for g in held if law is not None and _by_party(law, g, line)), None)


def _held(
    actor: Actor, what: Delegable, line: tuple[UUID, ...], days: tuple[date, ...], scene: Scene
) -> list[Grant]:
    """Roles of the actor's own that give the right over the whole part on each of the days."""
    place, found = Target(line[0], line), []
    for grant in actor.grants:
        alone = replace(actor, grants=(grant,), delegations=())
        verdicts = [may(alone, what.verb, place, day, scene.law) for day in days]
        if grant.delegation_of is None and all(isinstance(one, Allowed) for one in verdicts):
            found.append(grant)
    return found


def _beyond(what: Delegable, law: Obligation, *, named_other: bool) -> RefusedError:
    """The refusal of what is not the giver's to lend."""
    if named_other:
        return RefusedError.of(
            "delegation-beyond-right",
            f"Theo quy định, vai trò này không được uỷ quyền {what.vi} cho người khác.",
            f"Under the rule it is not for this role to delegate {what.en}.",
            citation=law.citation,
        )
    return RefusedError.of(
        "delegation-beyond-right",
        f"Chỉ uỷ quyền được {what.vi} khi mình có thẩm quyền, trong phạm vi và thời gian của mình.",
        f"Only a right of one's own can be lent, within its own part of the tree and time: {what.en}.",
        citation=law.citation,
    )


def _by_party(law: Obligation, grant: Grant, line: tuple[UUID, ...]) -> bool:
    """Whether the rule lets the holder of this role lend it."""
    if law.party == "head":
        return grant.role == "head"
    if law.party == "top_agency":
        return grant.agency_id in line[-TOP_LEVELS:]
    return True


def _passed_on(one: Delegation, body: Delegate, what: Delegable, scene: Scene, table: Delegables) -> Source:
    """A right that was lent, lent on: within its dates and no deeper than the policy allows."""
    parties = through(one)
    if len(parties) >= table.depth:
        refuse(
            "delegation-too-deep",
            "Việc được uỷ quyền không được uỷ quyền lại.",
            "What was delegated may not be delegated on.",
            depth=table.depth,
        )
    if body.valid_from < one.valid_from or one.valid_to < body.valid_to:
        refuse(
            "delegation-beyond-right",
            "Thời hạn uỷ quyền lại phải nằm trong thời hạn được uỷ quyền.",
            "What was lent can be lent on within its own time only.",
        )
    held = may(one.delegator, what.verb, one.place, scene.today, scene.law)
    assert isinstance(held, Allowed)
    return Source(held.role, one.agency_id, one.id, parties)


def through(one: Delegation) -> tuple[UUID, ...]:
    """The accounts a delegated right came through, the first giver first."""
    above = one.delegator.delegations
    return (*(through(above[0]) if above else ()), one.delegator.account_id)


def _fit(giving: Giving, source: Source) -> None:
    """The delegate is somebody else, of the agency that delegates or of the part that is lent."""
    party, actor = giving.delegate, giving.actor
    if party is None or party.state == AccountState.CANCELLED:
        refuse("unfit-delegate", "Không có tài khoản nhận uỷ quyền này.", "There is no such account.")
    same_person = party.profile_id is not None and party.profile_id == actor.person_profile_id
    if party.account_id == actor.account_id or same_person:
        refuse("unfit-delegate", "Không thể tự uỷ quyền cho mình.", "Nobody delegates to themselves.")
    if source.agency_id not in party.line and giving.line[0] not in party.line:
        refuse(
            "unfit-delegate",
            "Người nhận uỷ quyền không thuộc cơ quan uỷ quyền hoặc đơn vị được uỷ quyền.",
            "The delegate belongs neither to the agency that delegates nor to the unit it is about.",
        )


def _no_cycle(giving: Giving, body: Delegate) -> None:
    """No right comes back to whom it came from, on any day, anywhere in the part that is lent."""
    party = giving.delegate
    assert party is not None
    giver = giving.actor.person_profile_id or giving.actor.account_id
    waiting = [(party.profile_id or party.account_id, giving.line, body.valid_from, body.valid_to)]
    seen = set()
    while waiting:
        person, line, begins, ends = waiting.pop()
        if (person, line[0], begins, ends) in seen:
            continue
        seen.add((person, line[0], begins, ends))
        for edge in giving.standing:
            part = meeting(line, edge.line)
            first, last = max(begins, edge.valid_from), min(ends, edge.valid_to)
            if edge.giver != person or part is None or first >= last:
                continue
            if edge.receiver == giver:
                refuse(
                    "delegation-cycle",
                    "Uỷ quyền này quay lại chính người đã uỷ quyền trong cùng thời gian và phạm vi.",
                    "The right would come back to whom it came from, at the same time and place.",
                )
            waiting.append((edge.receiver, part, first, last))


def meeting(one: tuple[UUID, ...], two: tuple[UUID, ...]) -> tuple[UUID, ...] | None:
    """What two parts of the tree share: the lower of them if it lies in the other, else nothing."""
    if two[0] in one:
        return one
    return two if one[0] in two else None


def _no_overlap(giving: Giving, body: Delegate) -> None:
    """One delegator lends the same thing to one person at a time."""
    for edge in giving.standing:
        same = edge.delegator_id == giving.actor.account_id and edge.line[0] == giving.line[0]
        if same and edge.valid_from < body.valid_to and body.valid_from < edge.valid_to:
            refuse(
                "delegation-overlap",
                "Việc này trong phạm vi này đã được uỷ quyền cho thời gian trùng.",
                "The same thing is lent already for a time that overlaps.",
                valid_from=edge.valid_from.isoformat(),
                valid_to=edge.valid_to.isoformat(),
            )
