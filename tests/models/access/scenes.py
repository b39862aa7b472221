"""Random authorities, and by hand who sees whom in them: a model that shares no code with what it checks.

Nothing here asks ``models.access``: which role reads what, which right may be lent and how far each thing
reaches is said again, as a jurist would, one unit and one step up the tree at a time.
"""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

TODAY = date(2026, 3, 2)

LEVELS = {
    "hr_officer": 4, "hr_head": 4, "approver": 4, "head": 4, "sync_agent": 3, "consent_reader": 1,
    "department_officer": 4, "department_head": 4, "auditor": 2,
}  # fmt: skip
"""Who reads files, up to which level of restriction where the grant says nothing else."""
KEEPERS = {"department_officer": 4, "department_head": 4, "auditor": 2}
"""Who reads archived files, wherever they are; the archivist below the own unit."""
ARCHIVIST = {**KEEPERS, "archivist": 4}
WIDE = {"department_officer", "department_head", "auditor", "administrator"}
"""Whose grant is worth the whole authority."""
ROLES = (*LEVELS, "archivist", "administrator", "official", "unknown")
LENT = {
    "approval": {"hr_head", "approver", "head"},
    "account_creation": {"hr_officer", "department_officer", "administrator"},
    "sync": {"head", "sync_agent"},
    "nothing_known": set[str](),
}
"""What may be lent, and which roles have it to lend under the law of Hà Nội."""
BY_OTHER_LAW = {"approval": {"hr_officer", "department_officer", "department_head"}}
"""Who has it where the law is not asked: row-level security shows what some law might give."""
WHOLE = {"approval"}
"""Not by a grant that shows less of a form than its role."""

AGENCY, PERSON, ACCOUNT, OTHER = range(1, 5)
"""Kinds of things, by which their ids differ."""


@dataclass(frozen=True)
class Held:
    """A role in a unit from a day to a day; `level`: how far it sees, where that is said."""

    role: str
    unit: int
    begins: date
    ends: date | None
    level: int | None = None

    @property
    def now(self) -> bool:
        return self.begins <= TODAY and (self.ends is None or self.ends > TODAY)

    @property
    def sight(self) -> int:
        return self.level or ARCHIVIST.get(self.role) or LEVELS.get(self.role, 0)


@dataclass
class Giver:
    """Another account, with roles to lend from."""

    roles: list[Held]
    state: str = "active"
    suspended: bool = False
    person_changed: bool = False
    """Whether the account is somebody else's by now."""

    @property
    def gone(self) -> bool:
        return self.state == "cancelled" or self.suspended or self.person_changed


@dataclass
class Loan:
    """A right lent to the asker, or to the giver who lends it on (`through`)."""

    what: str
    giver: int
    to: int | None
    """Another giver; none: the asker."""
    unit: int
    begins: date
    ends: date
    state: str
    through: int | None = None


@dataclass(frozen=True)
class Consent:
    """That an account reads one file."""

    person: int
    kind: str
    state: str
    begins: date
    ends: date
    level: int
    to_asker: bool

    @property
    def now(self) -> bool:
        return self.to_asker and self.state == "given" and self.begins <= TODAY < self.ends


@dataclass(frozen=True)
class Stay:
    """A secondment to a unit."""

    unit: int
    state: str
    begins: date
    ends: date


@dataclass(frozen=True)
class Move:
    """A transfer to a unit."""

    unit: int
    state: str
    over: bool


@dataclass
class Person:
    """Somebody's file, kept by a unit."""

    unit: int
    archived: bool = False
    merged_into: int | None = None
    stay: Stay | None = None
    move: Move | None = None


@dataclass
class Scene:
    """An authority of its own: a tree, people, and the asker with all that the asker was given."""

    authority: UUID
    parents: list[int | None]
    people: list[Person]
    own: int | None
    personal: bool
    """Whether the account is that person's own; an agency's account is only held by them."""
    grants: list[Held] = field(default_factory=list)
    givers: list[Giver] = field(default_factory=list)
    loans: list[Loan] = field(default_factory=list)
    consents: list[Consent] = field(default_factory=list)

    def id(self, kind: int, number: int) -> UUID:
        """Of the authority's things of a kind."""
        return UUID(int=self.authority.int + (kind << 16) + number)

    def person(self, number: int) -> UUID:
        return self.id(PERSON, number)

    def above(self, unit: int) -> list[int]:
        """The unit and all above it, one parent at a time."""
        found = [unit]
        while (parent := self.parents[found[-1]]) is not None:
            found.append(parent)
        return found

    def under(self, held: Held, unit: int) -> bool:
        """Whether a role reaches a unit today."""
        return held.now and (held.role in WIDE or held.unit in self.above(unit))

    # --- what is lent

    def worth(self, number: int, *, lawful: bool) -> list[Held]:
        """The roles by which a loan is worth something today; none where it is worth nothing."""
        loan = self.loans[number]
        giver = self.givers[loan.giver]
        if loan.state != "granted" or not loan.begins <= TODAY < loan.ends or giver.gone:
            return []
        if loan.to is not None and self.givers[loan.to].gone:
            return []
        roles = giver.roles
        if loan.through is not None:
            first = self.loans[loan.through]
            roles = self.worth(loan.through, lawful=lawful) if first.unit in self.above(loan.unit) else []
            if first.what != loan.what:
                return []
        able = LENT[loan.what] | (set[str]() if lawful else BY_OTHER_LAW.get(loan.what, set()))
        right = [
            one
            for one in roles
            if one.role in able
            and self.under(one, loan.unit)
            and not (loan.what in WHOLE and one.sight < LEVELS[one.role])
        ]
        return roles if right else []

    def readers(self, number: int) -> list[Held]:
        """The roles by which a loan lets files be read: of those who read all that they lend."""
        loan = self.loans[number]
        roles = self.givers[loan.giver].roles if loan.through is None else self.readers(loan.through)
        return roles if any(one.role in LEVELS and self.under(one, loan.unit) for one in roles) else []

    def borrowed(self, *, lawful: bool) -> dict[int, Loan]:
        """What is lent to the asker and worth something today."""
        return {n: one for n, one in enumerate(self.loans) if one.to is None and self.worth(n, lawful=lawful)}

    # --- what row-level security shows

    def places(self) -> set[int] | None:
        """The units below which the asker sees rows; none: everywhere."""
        held = [one for one in self.grants if one.now and one.role not in ("official", "unknown")]
        if any(one.role in WIDE for one in held):
            return None
        return {one.unit for one in held} | {one.unit for one in self.borrowed(lawful=False).values()}

    def reaches(self, unit: int) -> bool:
        places = self.places()
        return places is None or any(one in places for one in self.above(unit))

    def is_own(self, number: int) -> bool:
        """The asker's own file, or one that was closed into it."""
        if self.own is None or not self.personal:
            return False
        return self.own in (number, self.people[number].merged_into)

    def kept(self) -> set[int]:
        """Whose rows of work (duties, events, notices) are seen: by the keeping unit, and the own."""
        return {n for n, one in enumerate(self.people) if self.reaches(one.unit) or self.is_own(n)}

    def handed(self) -> set[int]:
        """Whose file is on its way to somewhere the asker sees."""
        return {
            n
            for n, one in enumerate(self.people)
            if one.move and one.move.state == "handed_over" and not one.move.over
            and self.reaches(one.move.unit)
        }  # fmt: skip

    def hosted(self) -> set[int]:
        """Who is lent to somewhere the asker sees; the row runs until the profile wakes."""
        return {
            n
            for n, one in enumerate(self.people)
            if one.stay and one.stay.state == "running" and self.reaches(one.stay.unit)
        }

    def shown(self) -> set[int]:
        """Whose profile is seen at all."""
        consented = {one.person for one in self.consents if one.now}
        return self.kept() | self.handed() | self.hosted() | consented

    def files(self) -> set[int]:
        """Whose dossier is seen: of those seen, an archived one's by its keepers and by the person."""
        return {n for n in self.shown() if not self._shut(n)}

    def _shut(self, number: int) -> bool:
        person = self.people[number]
        if not person.archived or self.is_own(number):
            return False
        into = person.merged_into
        if into is not None and not self.people[into].archived and into in self.shown():
            return False
        return not any(self._keeps(one, person.unit) for one in self.grants)

    def _keeps(self, held: Held, unit: int) -> bool:
        return held.role in ARCHIVIST and self.under(held, unit)

    def cases(self) -> set[int]:
        """Whose transfer is seen: from both sides."""
        moving = {n for n, one in enumerate(self.people) if one.move}
        return {n for n in moving if n in self.kept() or self.reaches(self._move(n).unit)}

    def stays(self) -> set[int]:
        """Whose secondment is seen: from both sides."""
        staying = {n for n, one in enumerate(self.people) if one.stay}
        return {n for n in staying if n in self.kept() or self.reaches(self._stay(n).unit)}

    def consented(self) -> set[int]:
        """Which consents are seen: the asker's, and those about whom the asker sees."""
        shown = self.shown()
        return {n for n, one in enumerate(self.consents) if one.to_asker or one.person in shown}

    def _move(self, number: int) -> Move:
        found = self.people[number].move
        assert found is not None
        return found

    def _stay(self, number: int) -> Stay:
        found = self.people[number].stay
        assert found is not None
        return found

    # --- what the API decides

    def level(self, number: int) -> int:
        """Up to which level the asker reads a person's file; 0 where not at all."""
        person = self.people[number]
        if number not in self.shown():
            return 0
        if self.is_own(number):
            return 4
        into = person.merged_into
        survivor = self.people[into] if into is not None and into in self.shown() else None
        if (survivor or person).archived:
            return max((one.sight for one in self.grants if self._keeps(one, person.unit)), default=0)
        sides = [person.unit]
        if person.move and person.move.state == "handed_over" and not person.move.over:
            sides.append(person.move.unit)
        stay = person.stay
        if stay and stay.state == "running" and stay.begins <= TODAY < stay.ends:
            sides.append(stay.unit)
        levels = [self._reads(unit) for unit in sides]
        levels[0] = max(levels[0], self._consented_to(number))
        return next((one for one in levels if one), 0)

    def _reads(self, unit: int) -> int:
        """The most that any right shows of a file kept there."""
        own = [one.sight for one in self.grants if one.role in LEVELS and self.under(one, unit)]
        lent = [
            one.sight
            for number, loan in self.borrowed(lawful=True).items()
            if loan.unit in self.above(unit)
            for one in self.readers(number)
            if one.role in LEVELS and self.under(one, unit)
        ]
        return max(own + lent, default=0)

    def _consented_to(self, number: int) -> int:
        """By the authority's consent in writing alone: the law of Hà Nội asks for no other."""
        given = (one for one in self.consents if one.now and one.kind == "written")
        return max((one.level for one in given if one.person == number), default=0)
