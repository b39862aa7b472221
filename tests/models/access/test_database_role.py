"""Random trees and grants asked of the database itself, as the role of the API with no API before it.

What row-level security shows is compared with a walk up the tree that knows neither closures nor
settings; and nothing that `may` refuses for want of scope is shown.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest

from api.cli.embedded import EmbeddedPostgres
from api.scope import scope_of
from models.access import Actor, Allowed, Grant, Target, may, roles
from models.database import entering

TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 3, tzinfo=UTC)
SCENES = 25
WIDE = {"department_officer", "department_head", "auditor", "administrator"}
KEEPERS = {"department_officer", "department_head", "auditor"}
OF_PROFILES = ("custody", "duties", "events", "notices")
"""Tables whose rows are about one person: each shows exactly those of the people shown."""
DOSSIER = ("revisions", "attachments", "national_records", "national_proposals")
"""What a file holds: of an archived one shown by the right to archives alone."""


@dataclass
class Scene:
    """An authority of its own: a tree, a person in each unit, one of them the asker; the asker's grants."""

    authority: UUID
    parents: list[int | None]
    agencies: list[UUID]
    people: list[UUID]
    own: int | None
    grants: list[tuple[int, Grant]] = field(default_factory=list)
    archived: frozenset[int] = frozenset()

    @property
    def actor(self) -> Actor:
        person = self.people[self.own] if self.own is not None else None
        return Actor(
            UUID(int=self.authority.int + 1), person, self.authority, tuple(g for _, g in self.grants)
        )

    def above(self, place: int) -> list[int]:
        """The unit and all above it, one parent at a time."""
        found = [place]
        while (parent := self.parents[found[-1]]) is not None:
            found.append(parent)
        return found

    def expected(self) -> set[UUID]:
        """Who is to be seen: the asker, everybody for a wide role, else whoever sits below a held place."""
        seen = {self.people[self.own]} if self.own is not None else set()
        for top, grant in self.grants:
            if grant.role not in roles().roles or grant.role == "official":
                continue
            if grant.valid_from > TODAY or (grant.valid_to is not None and grant.valid_to <= TODAY):
                continue
            if grant.role in WIDE:
                return set(self.people)
            seen |= {self.people[place] for place in range(len(self.people)) if top in self.above(place)}
        return seen

    def files(self) -> set[UUID]:
        """Whose dossiers are to be seen: of those seen, an archived one's by the person and its keepers."""
        kept = {self.people[self.own]} if self.own is not None else set()
        for top, grant in self.grants:
            if grant.valid_from <= TODAY and (grant.valid_to is None or grant.valid_to > TODAY):
                below = (
                    {n for n in self.archived if top in self.above(n)} if grant.role == "archivist" else ()
                )
                kept |= {self.people[n] for n in (self.archived if grant.role in KEEPERS else below)}
        return self.expected() - ({self.people[n] for n in self.archived} - kept)


def drawn(dice: random.Random, number: int) -> Scene:
    size = dice.randint(1, 9)
    base = (number + 1) << 32
    scene = Scene(
        authority=UUID(int=base),
        parents=[None, *(dice.randrange(n) for n in range(1, size))],
        agencies=[UUID(int=base + 100 + n) for n in range(size)],
        people=[UUID(int=base + 200 + n) for n in range(size)],
        own=dice.choice([None, dice.randrange(size)]),
    )
    for _ in range(dice.randint(0, 3)):
        top = dice.randrange(size)
        role = dice.choice([*sorted(set(roles().roles) - WIDE), *sorted(roles().roles), "unknown"])
        begins, ends = (
            date(2026, 3, dice.randint(1, 3)),
            dice.choice([None, date(2026, 3, dice.randint(2, 9))]),
        )
        scene.grants.append((top, Grant(role, scene.agencies[top], begins, ends)))
    scene.archived = frozenset(n for n in range(size) if dice.random() < 0.3)
    return scene


@pytest.fixture(scope="module")
def scenes(module_database: Any, postgres: EmbeddedPostgres) -> list[Scene]:
    """All authorities side by side in one database."""
    dice = random.Random(20260302)
    made = [drawn(dice, number) for number in range(SCENES)]
    with psycopg.connect(postgres.url("postgres", module_database.name), autocommit=True) as superuser:
        superuser.execute("SET session_replication_role = replica")
        for scene in made:
            write(superuser, scene)
    return made


def write(superuser: "psycopg.Connection[Any]", scene: Scene) -> None:
    """The rows of one scene, past triggers and policies."""
    superuser.execute(
        "INSERT INTO authorities (authority_id, code, name, regulation, national_code, installed_on)"
        " VALUES (%s, %s, 'x', 'hanoi', 'H', '2025-01-01')",
        (scene.authority, str(scene.authority)),
    )
    for place, (agency, person) in enumerate(zip(scene.agencies, scene.people, strict=True)):
        parent = scene.parents[place]
        values: dict[str, Any] = {
            "a": scene.authority, "g": agency, "p": person, "code": str(agency), "now": NOW,
            "parent": scene.agencies[parent] if parent is not None else None,
            "chapter": "archive" if place in scene.archived else "service",
        }  # fmt: skip
        for statement in ROWS:
            superuser.execute(statement, values)
        for depth, above in enumerate(scene.above(place)):
            superuser.execute(
                "INSERT INTO agency_lines (authority_id, ancestor_id, descendant_id, depth, valid_from)"
                " VALUES (%s, %s, %s, %s, '2025-01-01')",
                (scene.authority, scene.agencies[above], agency, depth),
            )


ROWS = (
    "INSERT INTO agencies (id, authority_id, code, name, kind, parent_id, has_account, valid_from)"
    " VALUES (%(g)s, %(a)s, %(code)s, 'x', 'unit', %(parent)s, true, '2025-01-01')",
    "INSERT INTO profiles (id, authority_id, agency_id, category, full_name, id_number_index, chapter,"
    " status, version, revision_number, foretold, last_event, last_hash, created_at) VALUES (%(p)s, %(a)s,"
    " %(g)s, 'civil_servant', 'x', %(code)s::bytea, %(chapter)s, 'working', 1, 1, '[]', 0, '0', %(now)s)",
    "INSERT INTO custody (id, authority_id, profile_id, agency_id, starts_on)"
    " VALUES (gen_random_uuid(), %(a)s, %(p)s, %(g)s, '2025-01-01')",
    "INSERT INTO revisions (id, authority_id, profile_id, number, form_version, content, sealed, key_id,"
    " digest, state, author_id, evidence, saved_at) VALUES (gen_random_uuid(), %(a)s, %(p)s, 1,"
    " 'tt06_2023', '{}', '', 'k', '0', 'approved', %(p)s, '[]', %(now)s)",
    "INSERT INTO duties (id, authority_id, agency_id, profile_id, slot, party, rule_id, citation,"
    " rule_set_hash, calendar_hash, event_on, state, facts, opened_at, late_days, ladder_step) VALUES"
    " (gen_random_uuid(), %(a)s, %(g)s, %(p)s, 's', 'person', 'r', 'c', '0', '0', '2026-03-01',"
    " 'open', '{}', %(now)s, 0, 0)",
    "INSERT INTO events (authority_id, stream_id, number, profile_id, agency_id, kind, at, actor_role,"
    " rule_set_hash, facts, previous_hash, hash) VALUES (%(a)s, %(p)s, 1, %(p)s, %(g)s, 'k', %(now)s,"
    " 'system', '0', '{}', '0', '0')",
    "INSERT INTO notices (id, authority_id, agency_id, role, kind, profile_id, facts, created_at)"
    " VALUES (gen_random_uuid(), %(a)s, %(g)s, 'hr_officer', 'k', %(p)s, '{}', %(now)s)",
    "INSERT INTO attachments (id, authority_id, profile_id, sha256, size, media_type, kind, uploaded_by,"
    " uploaded_at) VALUES (gen_random_uuid(), %(a)s, %(p)s, '0', 1, 'x/y', 'evidence', %(p)s, %(now)s)",
    "INSERT INTO national_records (id, authority_id, profile_id, command_id, asked_by, fetched_at, state,"
    " form_version, mapping, national_id, held_by, status, revision_digest, sealed, key_id, filled, kept,"
    " unfit) VALUES (gen_random_uuid(), %(a)s, %(p)s, gen_random_uuid(), %(p)s, %(now)s, 'fetched', 'f', 'm',"
    " %(p)s, '', 's', '0', '', 'k', '[]', '[]', '[]')",
    "INSERT INTO national_proposals (id, authority_id, profile_id, revision_id, state, form_version, fields,"
    " sealed, key_id, found_at) VALUES (gen_random_uuid(), %(a)s, %(p)s, %(p)s, 'open', 'f', '[]', '', 'k',"
    " %(now)s)",
)


@pytest.fixture(scope="module")
def as_api(module_database: Any, scenes: list[Scene]) -> Iterator["psycopg.Connection[Any]"]:
    with psycopg.connect(module_database.libpq_url("api")) as connection:
        yield connection


def told(connection: "psycopg.Connection[Any]", scene: Scene) -> None:
    """Say who asks, as the API does, in the transaction that follows."""
    _, values = entering(scope_of(scene.actor, TODAY))
    for name, value in values.items():
        connection.execute("SELECT set_config(%s, %s, true)", (f"hoso.{name}", value))


def shown(connection: "psycopg.Connection[Any]", table: str, column: str) -> set[UUID]:
    return {row[0] for row in connection.execute(f"SELECT {column} FROM {table}")}


@pytest.mark.parametrize("number", range(SCENES))
def test_the_database_shows_what_a_walk_up_the_tree_finds(
    scenes: list[Scene], as_api: "psycopg.Connection[Any]", number: int
) -> None:
    scene = scenes[number]
    with as_api.transaction(force_rollback=True):
        told(as_api, scene)
        seen = shown(as_api, "profiles", "id")
        assert seen == scene.expected()
        for table in OF_PROFILES:
            assert shown(as_api, table, "profile_id") == seen, table
        for table in DOSSIER:
            assert shown(as_api, table, "profile_id") == scene.files(), table


def test_archived_files_are_withheld_and_shown_in_these_scenes(scenes: list[Scene]) -> None:
    """So that the comparison above compares something."""
    archived = [{scene.people[n] for n in scene.archived} for scene in scenes]
    assert any(scene.expected() - scene.files() for scene in scenes)
    assert any(scene.files() & kept for scene, kept in zip(scenes, archived, strict=True))


def test_code_that_says_nothing_of_archives_reads_no_archived_file(
    scenes: list[Scene], as_api: "psycopg.Connection[Any]"
) -> None:
    wide = next(one for one in scenes if scope_of(one.actor, TODAY).every_archive and one.archived)
    with as_api.transaction(force_rollback=True):
        told(as_api, wide)
        as_api.execute("SELECT set_config('hoso.archives', '', true), set_config('hoso.profile', '', true)")
        left = {wide.people[n] for n in range(len(wide.people)) if n not in wide.archived}
        assert shown(as_api, "profiles", "id") == set(wide.people)
        for table in DOSSIER:
            assert shown(as_api, table, "profile_id") == left, table


def test_what_scope_refuses_the_database_does_not_show(
    scenes: list[Scene], as_api: "psycopg.Connection[Any]"
) -> None:
    hidden = 0
    for scene in scenes:
        with as_api.transaction(force_rollback=True):
            told(as_api, scene)
            seen = shown(as_api, "profiles", "id")
        for place, person in enumerate(scene.people):
            above = tuple(scene.agencies[one] for one in scene.above(place))
            target = Target(scene.agencies[place], above, person)
            verbs = ("read_own", "read_archive" if place in scene.archived else "read_profile")
            allowed = [may(scene.actor, verb, target, TODAY) for verb in verbs]
            if person not in seen or person not in scene.files():
                hidden += 1
                assert not any(isinstance(one, Allowed) for one in allowed)
    assert hidden > SCENES


def test_who_says_nothing_sees_nothing_and_nobody_changes_a_fact(
    scenes: list[Scene], as_api: "psycopg.Connection[Any]"
) -> None:
    with as_api.transaction(force_rollback=True):
        for table in ("profiles", *OF_PROFILES, *DOSSIER):
            assert as_api.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table
    wide = next(scene for scene in scenes if scope_of(scene.actor, TODAY).everything)
    for statement in (
        "UPDATE profiles SET full_name = 'y'",
        "DELETE FROM profiles",
        "UPDATE revisions SET state = 'approved', digest = '1'",
        "DELETE FROM events",
        "UPDATE grants SET role = 'head'",
        "INSERT INTO grants SELECT * FROM grants",
        "UPDATE duties SET state = 'met'",
    ):
        with as_api.transaction(force_rollback=True):
            told(as_api, wide)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                as_api.execute(statement)
