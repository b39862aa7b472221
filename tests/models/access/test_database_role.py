"""Random authorities asked of the database itself, as the role of the API with no API before it; and of the
API's own decision over what it is shown.

What row-level security shows, and up to which level a file is read, is compared with scenes.py, which knows
neither closures nor settings nor the table of roles. `pytest -m exhaustive tests/api/matrix` asks many more.
"""

import random
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from api.cli.embedded import EmbeddedPostgres
from models.access import Allowed, Target, may
from models.database import entering
from tests.models.access.drawing import drawn
from tests.models.access.scenes import AGENCY, TODAY, Scene
from tests.models.access.told import DOSSIER, TABLES, Answer, asked, differences

SCENES = 60


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    dice = random.Random(20260303)
    return [drawn(dice, number) for number in range(SCENES)]


@pytest.fixture(scope="module")
def answers(module_database: Any, postgres: EmbeddedPostgres, scenes: list[Scene]) -> list[Answer]:
    return asked(module_database, postgres, scenes)


@pytest.mark.parametrize("number", range(SCENES))
def test_what_is_shown_and_read_is_what_a_walk_up_the_tree_finds(
    scenes: list[Scene], answers: list[Answer], number: int
) -> None:
    assert differences(scenes[number], answers[number]) == []


def test_everything_decides_somewhere_in_these_scenes(scenes: list[Scene]) -> None:
    """So that the comparison above compares something."""
    ways = {
        "handed over": lambda one: one.handed() - one.kept(),
        "lent to the host": lambda one: one.hosted() - one.kept(),
        "consented": lambda one: one.shown() - one.kept() - one.handed() - one.hosted(),
        "closed into the own": lambda one: {n for n in one.kept() if one.is_own(n) and n != one.own},
        "lent": lambda one: one.borrowed(lawful=True),
        "lent on": lambda one: any(loan.through == 0 for loan in one.borrowed(lawful=True).values()),
        "not lent": lambda one: any(loan.to is None for loan in one.loans) and not one.borrowed(lawful=False),
        "lent where some other law gives it": lambda one: (
            one.borrowed(lawful=False).keys() - one.borrowed(lawful=True)
        ),
        "shown, not read": lambda one: any(not one.level(n) for n in one.shown()),
        "read by a stay that ended with its day": lambda one: any(not one.level(n) for n in one.hosted()),
        "read in part": lambda one: any(one.level(n) in (1, 2, 3) for n in one.shown()),
        "archived and withheld": lambda one: one.shown() - one.files(),
        "archived and shown": lambda one: {n for n in one.files() if one.people[n].archived},
    }
    assert [name for name, way in ways.items() if not any(map(way, scenes))] == []


def test_what_scope_refuses_the_database_does_not_show(scenes: list[Scene], answers: list[Answer]) -> None:
    hidden = 0
    for scene, found in zip(scenes, answers, strict=True):
        for number, person in enumerate(scene.people):
            about = scene.person(number)
            if about in found.rows["profiles"] and about in found.rows["revisions"]:
                continue
            hidden += 1
            above = tuple(scene.id(AGENCY, one) for one in scene.above(person.unit))
            verbs = ("read_own", "read_archive" if person.archived else "read_profile")
            said = [may(found.asker.actor, verb, Target(above[0], above, about), TODAY) for verb in verbs]
            assert not any(isinstance(one, Allowed) for one in said)
    assert hidden > SCENES


@pytest.fixture(scope="module")
def as_api(module_database: Any, answers: list[Answer]) -> Iterator["psycopg.Connection[Any]"]:
    with psycopg.connect(module_database.libpq_url("api")) as connection:
        yield connection


def told(connection: "psycopg.Connection[Any]", found: Answer) -> None:
    """Say who asks, as the API does, in the transaction that follows."""
    _, values = entering(found.asker.scope)
    for name, value in values.items():
        connection.execute("SELECT set_config(%s, %s, true)", (f"hoso.{name}", value))


def test_code_that_says_nothing_of_archives_reads_no_archived_file(
    scenes: list[Scene], answers: list[Answer], as_api: "psycopg.Connection[Any]"
) -> None:
    pairs = zip(scenes, answers, strict=True)
    wide, found = next(
        (s, a) for s, a in pairs if a.asker.scope.every_archive and s.shown() - s.kept() == set()
    )
    with as_api.transaction(force_rollback=True):
        told(as_api, found)
        as_api.execute("SELECT set_config(name, '', true) FROM unnest(%s::text[]) AS name", [SILENT])
        seen = {row[0] for row in as_api.execute("SELECT id FROM profiles")}
        assert seen == {wide.person(n) for n in range(len(wide.people))}
        left = {wide.person(n) for n, one in enumerate(wide.people) if not closed(wide, n)}
        assert left < seen
        for table in DOSSIER:
            assert {row[0] for row in as_api.execute(f"SELECT profile_id FROM {table}")} == left, table


SILENT = ["hoso.archives", "hoso.profile", "hoso.merged"]


def closed(scene: Scene, number: int) -> bool:
    """An archived file, and not a part of one that is not."""
    person = scene.people[number]
    into = person.merged_into
    return person.archived and (into is None or scene.people[into].archived)


def test_who_says_nothing_sees_nothing_and_nobody_changes_a_fact(
    answers: list[Answer], as_api: "psycopg.Connection[Any]"
) -> None:
    with as_api.transaction(force_rollback=True):
        for table in TABLES:
            assert as_api.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table
    wide = next(found for found in answers if found.asker.scope.everything)
    for statement in (
        "UPDATE profiles SET full_name = 'y'",
        "DELETE FROM profiles",
        "UPDATE revisions SET state = 'approved', digest = '1'",
        "DELETE FROM events",
        "UPDATE grants SET role = 'head'",
        "INSERT INTO grants SELECT * FROM grants",
        "UPDATE duties SET state = 'met'",
        "UPDATE delegations SET state = 'granted'",
        "UPDATE access_consents SET state = 'given'",
        "UPDATE shares SET state = 'running'",
        "UPDATE cases SET state = 'handed_over'",
    ):
        with as_api.transaction(force_rollback=True):
            told(as_api, wide)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                as_api.execute(statement)
