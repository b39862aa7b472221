"""Scenes by chance, the same of the same dice: small, and with every kind of edge in them."""

import random
from datetime import date, timedelta
from uuid import UUID

from tests.models.access.scenes import (
    LENT,
    ROLES,
    TODAY,
    WIDE,
    Consent,
    Giver,
    Held,
    Loan,
    Move,
    Person,
    Scene,
    Stay,
)


def drawn(dice: random.Random, number: int) -> Scene:
    """A small authority; the same of the same dice."""
    size = dice.randint(1, 9)
    scene = Scene(
        authority=UUID(int=(number + 1) << 32),
        parents=[None, *(dice.randrange(n) for n in range(1, size))],
        people=[Person(unit, archived=dice.random() < 0.25) for unit in range(size)],
        own=dice.choice([None, dice.randrange(size)]),
        personal=dice.random() < 0.7,
    )
    _merge(dice, scene)
    scene.grants = [_held(dice, size) for _ in range(dice.randint(0, 2))]
    _lend(dice, scene, size)
    _travel(dice, scene)
    others = [n for n, one in enumerate(scene.people) if n != scene.own and one.merged_into is None]
    asked = dice.sample(others, min(len(others), dice.randint(0, 2)))  # nobody consents twice to the same
    scene.consents = [_consent(dice, person) for person in asked]
    return scene


def _about(dice: random.Random) -> tuple[date, date]:
    """Days around today, so that each end is met."""
    begins = TODAY + timedelta(days=dice.choice([-2, -1, -1, 0, 0, 1]))
    return begins, max(begins + timedelta(days=1), TODAY + timedelta(days=dice.randint(-1, 6)))


def _held(dice: random.Random, size: int) -> Held:
    role = dice.choice([*ROLES, *sorted(set(ROLES) - WIDE)])
    begins, ends = _about(dice)
    level = dice.randint(1, 4) if dice.random() < 0.25 else None
    return Held(role, dice.randrange(size), begins, dice.choice([None, ends]), level)


def _travel(dice: random.Random, scene: Scene) -> None:
    """Some are lent or on their way to another unit, often to one that the asker has something to do with."""
    size = len(scene.parents)
    known = [one.unit for one in (*scene.grants, *scene.loans)]
    for person in scene.people:
        wanted = known if known and dice.random() < 0.6 else range(size)
        others = [one for one in wanted if one != person.unit]
        if not others or person.archived:
            continue
        if dice.random() < 0.35:
            state = dice.choice(["running", "running", "running", "ahead", "ended"])
            person.stay = Stay(dice.choice(others), state, *_about(dice))
        if dice.random() < 0.35:
            state = dice.choice(["handed_over", "handed_over", "reported", "accepted"])
            person.move = Move(dice.choice(others), state, state == "accepted" or dice.random() < 0.2)


def _merge(dice: random.Random, scene: Scene) -> None:
    """Second files of somebody, which follow the first; one in a few somewhere else."""
    size = len(scene.parents)
    for number in range(size):
        if dice.random() < 0.25:
            unit = scene.people[number].unit if dice.random() < 0.7 else dice.randrange(size)
            scene.people.append(Person(unit, archived=True, merged_into=number))


def _lend(dice: random.Random, scene: Scene, size: int) -> None:
    for _ in range(dice.choice([0, 1, 1, 2, 2])):
        scene.givers.append(
            Giver(
                [_able(dice, size) for _ in range(dice.randint(1, 2))],
                state=dice.choice(["active"] * 14 + ["cancelled"]),
                suspended=dice.random() < 0.06,
                person_changed=dice.random() < 0.06,
            )
        )
    for number, giver in enumerate(scene.givers):
        able = [what for what, roles in LENT.items() if giver.roles[0].role in roles]
        what = dice.choice(able if able and dice.random() < 0.8 else [*LENT])
        state = dice.choice(["granted"] * 6 + ["waiting", "ended"])
        scene.loans.append(Loan(what, number, None, dice.randrange(size), *_about(dice), state))
    if len(scene.givers) == 2 and dice.random() < 0.7:  # the second lends on what the first lent them
        first, second = scene.loans
        first.to, second.through = 1, 0
        second.what = first.what if dice.random() < 0.9 else second.what
        second.unit = first.unit if dice.random() < 0.5 else second.unit


def _able(dice: random.Random, size: int) -> Held:
    """Mostly somebody high up who has something to lend."""
    made = _held(dice, size)
    if dice.random() < 0.75:
        role = dice.choice(["head", "approver", "hr_officer", "department_officer", "sync_agent"])
        return Held(
            role, 0 if dice.random() < 0.5 else made.unit, TODAY - timedelta(days=2), made.ends, made.level
        )
    return made


def _consent(dice: random.Random, person: int) -> Consent:
    kind = dice.choice(["written", "written", "electronic"])
    state = dice.choice(["given", "given", "ended"] if kind == "written" else ["given", "asked", "refused"])
    return Consent(person, kind, state, *_about(dice), dice.randint(1, 3), dice.random() < 0.8)
