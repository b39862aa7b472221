"""Random authorities, and by hand who sees whom in them: a model that shares no code with what it checks.

Nothing here asks ``models.access``: which role reads what, which right may be lent and how far each thing
reaches is said again, as a jurist would, one unit and one step up the tree at a time.
"""

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 3, tzinfo=UTC)

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
        return self.begins <= TODAY and (self.ends is None or TODAY < self.ends)

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

    def borrowed(self, *, lawful: bool) -> list[tuple[int, list[Held]]]:
        """The units that are lent to the asker today, with the roles behind it."""
        found = [
            (one.unit, self.worth(n, lawful=lawful)) for n, one in enumerate(self.loans) if one.to is None
        ]
        return [(unit, roles) for unit, roles in found if roles]

    # --- what row-level security shows

    def places(self) -> set[int] | None:
        """The units below which the asker sees rows; none: everywhere."""
        held = [one for one in self.grants if one.now and one.role not in ("official", "unknown")]
        if any(one.role in WIDE for one in held):
            return None
        return {one.unit for one in held} | {unit for unit, _ in self.borrowed(lawful=False)}

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
            for place, roles in self.borrowed(lawful=True)
            if place in self.above(unit)
            and any(one.role in LEVELS and self.under(one, place) for one in roles)
            for one in roles
            if one.role in LEVELS and self.under(one, unit)
        ]
        return max(own + lent, default=0)

    def _consented_to(self, number: int) -> int:
        """By the authority's consent in writing alone: the law of Hà Nội asks for no other."""
        return min(
            (one.level for one in self.consents if one.now and one.kind == "written" and one.person == number),
            default=0,
        )


AGENCY, PERSON, ACCOUNT, OTHER, ROW = range(1, 6)
"""Kinds of things, by which their ids differ."""


def drawn(dice: random.Random, number: int) -> Scene:
    """A small authority; the same of the same dice."""
    size = dice.randint(1, 9)
    scene = Scene(
        authority=UUID(int=(number + 1) << 32),
        parents=[None, *(dice.randrange(n) for n in range(1, size))],
        people=[_person(dice, unit, size) for unit in range(size)],
        own=dice.choice([None, dice.randrange(size)]),
        personal=dice.random() < 0.7,
    )
    _merge(dice, scene)
    scene.grants = [_held(dice, size) for _ in range(dice.randint(0, 2))]
    _lend(dice, scene, size)
    scene.consents = [_consent(dice, len(scene.people)) for _ in range(dice.randint(0, 2))]
    return scene


def _about(dice: random.Random) -> tuple[date, date]:
    """Days around today, so that each end is met."""
    begins = TODAY + timedelta(days=dice.randint(-2, 1))
    return begins, max(begins + timedelta(days=1), TODAY + timedelta(days=dice.randint(-1, 3)))


def _held(dice: random.Random, size: int) -> Held:
    role = dice.choice([*ROLES, *sorted(set(ROLES) - WIDE)])
    begins, ends = _about(dice)
    level = dice.randint(1, 4) if dice.random() < 0.25 else None
    return Held(role, dice.randrange(size), begins, dice.choice([None, ends]), level)


def _person(dice: random.Random, unit: int, size: int) -> Person:
    person = Person(unit, archived=dice.random() < 0.25)
    others = [one for one in range(size) if one != unit]
    if not others or person.archived:
        return person
    if dice.random() < 0.25:
        state = dice.choice(["running", "running", "ahead", "ended"])
        person.stay = Stay(dice.choice(others), state, *_about(dice))
    if dice.random() < 0.25:
        state = dice.choice(["handed_over", "handed_over", "reported", "accepted"])
        person.move = Move(dice.choice(others), state, state == "accepted" or dice.random() < 0.2)
    return person


def _merge(dice: random.Random, scene: Scene) -> None:
    """Second files of somebody, which follow the first; one in a few somewhere else."""
    size = len(scene.parents)
    for number in range(size):
        if dice.random() < 0.25:
            unit = scene.people[number].unit if dice.random() < 0.7 else dice.randrange(size)
            scene.people.append(Person(unit, archived=True, merged_into=number))


def _lend(dice: random.Random, scene: Scene, size: int) -> None:
    for _ in range(dice.choice([0, 1, 1, 2])):
        scene.givers.append(
            Giver(
                [_able(dice, size) for _ in range(dice.randint(1, 2))],
                state=dice.choice(["active"] * 8 + ["cancelled"]),
                suspended=dice.random() < 0.1,
                person_changed=dice.random() < 0.1,
            )
        )
    for number in range(len(scene.givers)):
        scene.loans.append(_loan(dice, size, number, None))
    if len(scene.givers) == 2 and dice.random() < 0.6:  # the second lends on what the first lent them
        first, second = scene.loans
        first.to, second.through = 1, 0
        second.what = first.what if dice.random() < 0.8 else second.what


def _able(dice: random.Random, size: int) -> Held:
    """Mostly somebody high up who has something to lend."""
    made = _held(dice, size)
    if dice.random() < 0.6:
        role = dice.choice(["head", "approver", "hr_officer", "department_officer", "sync_agent"])
        return Held(role, 0 if dice.random() < 0.5 else made.unit, TODAY, made.ends, made.level)
    return made


def _loan(dice: random.Random, size: int, giver: int, to: int | None) -> Loan:
    what = dice.choice([*LENT, "approval", "sync"])
    state = dice.choice(["granted"] * 5 + ["waiting", "ended"])
    begins, ends = _about(dice)
    return Loan(what, giver, to, dice.randrange(size), begins, ends, state)


def _consent(dice: random.Random, people: int) -> Consent:
    kind = dice.choice(["written", "written", "electronic"])
    state = dice.choice(["given", "given", "ended"] if kind == "written" else ["given", "asked", "refused"])
    return Consent(
        dice.randrange(people), kind, state, *_about(dice), dice.randint(1, 3), dice.random() < 0.8
    )
