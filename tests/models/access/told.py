"""What the asker of a scene is told by the database, as the role of the API with no API before it, and by the
API's own decision; and where that parts from the model of scenes.py.

Who asks is whom the session says, with grants, what was lent (on) and consented to, as the database has them.
"""

import asyncio
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from api.cli.embedded import EmbeddedPostgres
from api.reading import permits
from api.scope import Asker, Reading, asker_of
from models.calendar import Calendar
from models.database import enter
from models.errors import RefusedError
from models.regulations import RuleSet, in_force
from tests.models.access.scene_rows import NOW, token_of, write
from tests.models.access.scenes import OTHER, TODAY, Scene

BESIDE = ("duties", "events", "notices")
"""Tables whose rows are about a person's work: shown by the unit that keeps the file, and to the person."""
DOSSIER = ("revisions", "attachments", "national_records", "national_proposals")
"""What a file holds: of an archived one shown by the right to archives alone."""
IDENTIFIED = text(
    "SELECT hoso_identify(:hash, :now) AS who, hoso_consents(hoso_account()) AS consents,"
    " hoso_merged_into(hoso_account()) AS merged"
)


@cache
def law() -> tuple[RuleSet, Calendar]:
    """That of Hà Nội, with the years as they are packaged."""
    return in_force("hanoi", TODAY), Calendar.seed()


@dataclass(frozen=True)
class Lawful(Reading):
    """A read under the law of Hà Nội, whoever keeps the file."""

    async def law_at(self, agency_id: UUID) -> tuple[RuleSet, Calendar]:
        return law()

    async def own_law(self) -> tuple[RuleSet, Calendar]:
        return law()


@dataclass
class Answer:
    """What the database and the API told the asker of a scene."""

    asker: Asker
    rows: dict[str, set[UUID]]
    """Of each table, whom its rows are about."""
    levels: list[int]
    """For each person, up to which level the file is read; 0 where it is not."""
    named: frozenset[UUID]
    """Who is called by name in lists."""


async def answer(connection: AsyncConnection, scene: Scene) -> Answer:
    """Everything that is asked of a scene."""
    async with connection.begin():
        found = (await connection.execute(IDENTIFIED, {"hash": token_of(scene), "now": NOW})).one()
    more = {"consents": found.consents, "merged": found.merged}
    asker = asker_of({**found.who, **more}, token_of(scene), NOW)
    async with connection.begin():
        await enter(connection, asker.scope)
        read = Lawful(asker, connection, None)  # type: ignore[arg-type]  # nothing is sealed, the law is known
        people = [scene.person(number) for number in range(len(scene.people))]
        return Answer(
            asker=asker,
            rows={table: await shown(connection, table) for table in TABLES},
            levels=[await level(read, person) for person in people],
            named=await permits.known_by_name(read, people),
        )


COLUMNS = {"profiles": "id", "access_consents": "id"}
TABLES = ("profiles", "custody", *BESIDE, *DOSSIER, "cases", "shares", "access_consents")


async def shown(connection: AsyncConnection, table: str) -> set[UUID]:
    column = COLUMNS.get(table, "profile_id")
    return set((await connection.execute(text(f"SELECT {column} FROM {table}"))).scalars())


async def level(read: Reading, person: UUID) -> int:
    """As `permits.profile` decides it, without the log of reads."""
    try:
        verdict = await permits.judged(read, await permits.row_of(read, person), ("read_own", "read_profile"))
    except RefusedError:
        return 0
    return verdict.level


def expected(scene: Scene) -> dict[str, set[UUID]]:
    """What each table is to show."""

    def people(numbers: set[int]) -> set[UUID]:
        return {scene.person(number) for number in numbers}

    seen = people(scene.shown())
    return {
        "profiles": seen,
        "custody": seen,
        **dict.fromkeys(BESIDE, people(scene.kept())),
        **dict.fromkeys(DOSSIER, people(scene.files())),
        "cases": people(scene.cases()),
        "shares": people(scene.stays()),
        "access_consents": {scene.id(OTHER, 300 + number) for number in scene.consented()},
    }


def asked(database: Any, postgres: EmbeddedPostgres, scenes: list[Scene]) -> list[Answer]:
    """All authorities side by side in one database, each asked by its asker."""
    with psycopg.connect(postgres.url("postgres", database.name), autocommit=True) as superuser:
        write(superuser, scenes)

    async def each() -> list[Answer]:
        engine = create_async_engine(database.url("api"), poolclass=NullPool)
        async with engine.connect() as connection:
            return [await answer(connection, scene) for scene in scenes]

    return asyncio.run(each())


def differences(scene: Scene, found: Answer) -> list[str]:
    """Where the model and what was told part."""
    wrong = [
        f"{table}: too many {sorted(found.rows[table] - due)}, too few {sorted(due - found.rows[table])}"
        for table, due in expected(scene).items()
        if found.rows[table] != due
    ]
    levels = [scene.level(number) for number in range(len(scene.people))]
    if found.levels != levels:
        wrong.append(f"levels: {found.levels}, not {levels}")
    if found.named != {scene.person(number) for number, one in enumerate(levels) if one}:
        wrong.append(f"named: {sorted(found.named)}")
    return [f"{scene}: {one}" for one in wrong]
