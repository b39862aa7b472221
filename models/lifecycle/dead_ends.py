"""Steps nobody can take: all who might have left, are suspended, lack a certificate, or are the subject.

A signature, the department's gate, the next step of a transfer, its agreement to a delegation.
Found before the window, by the same question the signature itself is judged by (``models.access.may``), and
answered with a proposal that was judged in the same way. Pure.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal
from uuid import UUID

from models.access import Actor, Allowed, Delegation, Denied, Grant, Target, Verb, may, roles
from models.access.catalogue import Scope
from models.regulations import RuleSet

USABLE = "active"
PROPOSALS = 3
"""People proposed for one post; whoever decides needs no longer list."""

Kind = Literal["approval", "report", "gate", "transfer", "delegation"]
Remedy = Literal["restore", "give_post"]
Code = Literal[
    "left", "not-yet", "suspended", "default-password", "no-certificate", "certificate-ends", "own-approval",
    "own-file", "delegation-ended", "not-permitted",
]  # fmt: skip


_VERBS: Mapping[str, Verb] = {
    "approval": Verb.APPROVE,
    "report": Verb.SIGN_REPORT,
    "gate": Verb.GATE,
    "delegation": Verb.AGREE_DELEGATION,
}
_DEPARTMENT_S = ("gate", "delegation")
"""Acts of the department alone: its posts reach the whole authority and are held in it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One act that is awaited: about whom, in which agency's hands, by which roles."""

    kind: Kind
    subject_id: UUID
    """The profile, report, transfer or delegation; of the gate the list that has waited longest."""
    custodian_id: UUID
    """The agency in whose work it is counted."""
    target: Target
    """What is asked about: in the agency that owes the step."""
    among: tuple[str, ...]
    """Roles whose act the rule accepts, the one it names first."""
    rule_id: str
    citation: str
    move: Verb = Verb.HAND_OVER
    """Of a transfer: what its next step takes."""

    @property
    def verb(self) -> Verb:
        """The right it takes."""
        return self.move if self.kind == "transfer" else _VERBS[self.kind]

    @property
    def signed(self) -> bool:
        """Whether a certificate of one's own may be needed for it."""
        return self.kind in ("approval", "report")


@dataclass(frozen=True, slots=True)
class Somebody:
    """An account that may hold a right to sign, as it stands."""

    actor: Actor
    state: str
    """Of the account; ``suspended`` whatever it is suspended in."""
    agency_id: UUID
    certified: tuple[tuple[date, date], ...] = ()
    """First day and first day without, of each certificate that was not withdrawn."""

    def barred(self, on: date, *, certificates: bool) -> Code | None:
        """Why this account can sign nothing on a day, whatever its rights; None where it can."""
        if self.state == "suspended":
            return "suspended"
        if self.state == "cancelled":
            return "left"
        if self.state != USABLE:
            return "default-password"
        if certificates and not any(start <= on < end for start, end in self.certified):
            return "certificate-ends" if self.certified else "no-certificate"
        return None


@dataclass(frozen=True, slots=True)
class Why:
    """Why one of those who might sign cannot."""

    account_id: UUID
    role: str
    code: Code


@dataclass(frozen=True, slots=True)
class Proposal:
    """What would end it: an account made usable again, or a post given to somebody who then may sign."""

    remedy: Remedy
    account_id: UUID
    role: str
    agency_id: UUID
    because: Code | None = None


@dataclass(frozen=True, slots=True)
class DeadEnd:
    """A step that nobody can take on a day."""

    step: Step
    on: date
    why: tuple[Why, ...]
    proposals: tuple[Proposal, ...]


@dataclass(frozen=True, slots=True)
class Finder:
    """Who might sign what on one day. ``certificates``: whether people sign by certificates of their own."""

    people: Sequence[Somebody]
    on: date
    law: RuleSet
    certificates: bool = False
    _able: dict[object, list[Somebody]] = field(default_factory=dict, repr=False)

    def dead_ends(self, steps: Sequence[Step]) -> Iterator[DeadEnd]:
        """The steps nobody can take, in the order they came."""
        for step in steps:
            if not any(self.signs(one, step) for one in self._candidates(step)):
                yield DeadEnd(step, self.on, tuple(self._why(step)), tuple(self._proposals(step)))

    def signs(self, one: Somebody, step: Step) -> bool:
        """Whether this account can take this step on the day."""
        return self.right(one, step) is not None

    def right(self, one: Somebody, step: Step) -> Allowed | None:
        """By what right this account can take this step on the day; none where it cannot."""
        if self._barred(one, step) is not None:
            return None
        verdict = may(one.actor, step.verb, step.target, self.on, self.law, among=step.among)
        return verdict if isinstance(verdict, Allowed) else None

    def able(self, steps: Sequence[Step]) -> Iterator[tuple[Step, Somebody, Allowed]]:
        """Each of these steps with each of those who can take it, and by what right."""
        for step in steps:
            for one in self._candidates(step):
                if (right := self.right(one, step)) is not None:
                    yield step, one, right

    def _barred(self, one: Somebody, step: Step) -> Code | None:
        return one.barred(self.on, certificates=self.certificates and step.signed)

    def _candidates(self, step: Step) -> list[Somebody]:
        """Who could take the step were it about nobody: asked once for all people of a unit alike."""
        target = step.target
        key = (step.verb, target.agency_id, step.among, tuple(sorted(target.facts.items())))
        if key not in self._able:
            anybody = replace(step, target=Target(target.agency_id, target.ancestors, facts=target.facts))
            self._able[key] = [one for one in self.people if self.signs(one, anybody)]
        return self._able[key]

    def _why(self, step: Step) -> Iterator[Why]:
        """Each of those who hold or held a fitting role there, or were lent one, and what is in the way."""
        for one in self.people:
            role = _role_there(one.actor, step)
            if role is None:
                continue
            verdict = may(one.actor, step.verb, step.target, self.on, self.law, among=step.among)
            code = self._barred(one, step)
            if isinstance(verdict, Denied):
                code = code if code in ("left", "suspended") else _code(one.actor, step, verdict, self.on)
            if code is not None:
                yield Why(one.actor.account_id, role, code)

    def _proposals(self, step: Step) -> list[Proposal]:
        """First who needs only a usable account, then who could be given the post, the nearest first."""
        found: list[Proposal] = []
        for one in self.people:
            code = self._barred(one, step)
            if code in (None, "left"):
                continue
            verdict = may(one.actor, step.verb, step.target, self.on, self.law, among=step.among)
            if isinstance(verdict, Allowed):
                found.append(Proposal("restore", one.actor.account_id, verdict.role, one.agency_id, code))
        found += self._posts(step)
        return found[:PROPOSALS]

    def _posts(self, step: Step) -> Iterator[Proposal]:
        post = next((name for name in step.among if _held_in_place(name, step)), None)
        if post is None:
            return
        near = {agency: depth for depth, agency in enumerate((step.target.agency_id, *step.target.ancestors))}
        for one in sorted(self.people, key=lambda one: near.get(one.agency_id, len(near))):
            if one.agency_id not in near:
                continue
            grant = Grant(post, step.target.agency_id, self.on)
            given = replace(one, actor=replace(one.actor, grants=(*one.actor.grants, grant)))
            if self.signs(given, step):
                yield Proposal("give_post", one.actor.account_id, post, step.target.agency_id)


def _held_in_place(role: str, step: Step) -> bool:
    """Whether a role is one of the agency that owes the step, given to somebody, with this right."""
    known = roles().roles.get(role)
    if known is None or step.verb not in known.verbs:
        return False
    if step.kind in _DEPARTMENT_S and known.scope is Scope.AUTHORITY:
        return True
    return known.scope in (Scope.SUBTREE, Scope.OWN_AGENCY)


def _role_there(actor: Actor, step: Step) -> str | None:
    """The role by which somebody might be thought to sign: held, once or soon, in the place; or lent."""
    place = {step.target.agency_id, *step.target.ancestors}
    held: Iterator[Grant] = (
        grant for grant in actor.grants if grant.role in step.among and grant.agency_id in place
    )
    grant = max(held, key=lambda one: one.valid_from, default=None)
    if grant is not None:
        return grant.role
    lent = next((one for one in actor.delegations if one.what == "approval" and one.agency_id in place), None)
    return _role_there(lent.delegator, step) if lent is not None else None


def _code(actor: Actor, step: Step, denied: Denied, on: date) -> Code:
    codes: Mapping[str, Code] = {
        "own-approval": "own-approval",
        "own-file": "own-file",
        "delegation-ended": "delegation-ended",
    }
    if denied.code in codes:
        return codes[denied.code]
    mine = [grant for grant in actor.grants if grant.role in step.among]
    if mine and all(grant.valid_to is not None and grant.valid_to <= on for grant in mine):
        return "left"
    return "not-yet" if mine and all(grant.valid_from > on for grant in mine) else "not-permitted"


def lent_to(people: Sequence[Somebody], lent: Mapping[UUID, Sequence[Delegation]]) -> tuple[Somebody, ...]:
    """The same people with what was delegated to each."""
    return tuple(
        replace(one, actor=replace(one.actor, delegations=tuple(lent.get(one.actor.account_id, ()))))
        for one in people
    )


def by_unit(found: Sequence[DeadEnd]) -> Mapping[tuple[UUID, str], list[DeadEnd]]:
    """Dead ends by the unit and the rule they stand under."""
    units: dict[tuple[UUID, str], list[DeadEnd]] = defaultdict(list)
    for one in found:
        units[one.step.custodian_id, one.step.rule_id].append(one)
    return units
