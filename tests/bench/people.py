"""An authority with as many people in service as a bench wants, written as rows and read as any other."""

import json
import secrets
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg

from api.scope import token_hash
from models.database import engine_for
from models.form import catalogue, digest, split
from models.record.subjects import GENESIS
from models.record.tools import Tools
from models.settings import DatabaseRole
from tests.bench.stage import Stage
from tests.forms import COMPLETE
from tests.world import World, build

GIVEN = ("An", "Bình", "Chi", "Dũng", "Hà", "Khánh", "Linh", "Minh", "Ngọc", "Phương")
"""A name for each digit: no two people of a bench have the same, and none a digit in it."""

_PROFILE = (
    "INSERT INTO profiles (id, authority_id, agency_id, category, full_name, id_number_index, chapter,"
    " status, version, revision_number, account_id, approved_revision_id, synced_revision_id,"
    " pending_revision_id, foretold, last_event, last_hash, created_at) VALUES (%(id)s, %(authority)s,"
    " %(agency)s, 'civil_servant', %(name)s, %(index)s, 'service', 'working', 1, %(newest)s, NULL,"
    " %(approved)s, %(approved)s, %(pending)s, '[]', 0, %(genesis)s, %(now)s)"
)
_ACCOUNT = (
    "INSERT INTO accounts (id, authority_id, kind, login, display_name, password_hash, state, profile_id,"
    " agency_id, created_at) VALUES (%(account)s, %(authority)s, 'personal', %(login)s, %(name)s, '!',"
    " 'active', %(id)s, %(agency)s, %(now)s)"
)
_HOLDER = "UPDATE profiles SET account_id = %(account)s WHERE id = %(id)s"
_CUSTODY = (
    "INSERT INTO custody (id, authority_id, profile_id, agency_id, starts_on) VALUES (%(custody)s,"
    " %(authority)s, %(id)s, %(agency)s, %(since)s)"
)
_REVISION = (
    "INSERT INTO revisions (id, authority_id, profile_id, number, form_version, content, sealed, key_id,"
    " digest, state, author_id, evidence, saved_at, submitted_at) VALUES (%(revision)s, %(authority)s,"
    " %(id)s, %(number)s, 'tt06_2023', %(content)s, %(sealed)s, %(key)s, %(digest)s, %(state)s,"
    " %(account)s, '[]', %(now)s, %(now)s)"
)
_SESSION = "INSERT INTO sessions VALUES (%(hash)s, %(authority)s, %(account)s, %(now)s, %(ends)s)"


async def settle_in(stage: Stage) -> World:
    """The authority of ``tests.world`` on this stage."""
    engine = engine_for(stage.settings.database_url(DatabaseRole.WORKER), pool_size=4)
    stage.stack.callback(engine.sync_engine.dispose, close=False)
    world = await build(Tools(engine, stage.ring), datetime.now(UTC))
    # Installed today: the months of its past are not caught up while something is measured.
    stage.sql("UPDATE authorities SET installed_on = %s", world.now.date())
    return world


def people(stage: Stage, world: World, count: int, *, submitted: bool = False, first: int = 0) -> list[UUID]:
    """That many people in service at one agency; with a change that waits for approval, where asked for.

    ``first`` is the number of the first, where there are others already.
    """
    rows = [_person(world, n, submitted=submitted) for n in range(first, first + count)]
    revisions = [revision for row in rows for revision in _revisions(world, row)]
    with connect(stage, world) as connection, connection.cursor() as cursor:
        for statement in (_PROFILE, _ACCOUNT, _HOLDER, _CUSTODY):
            cursor.executemany(statement, rows)
        cursor.executemany(_REVISION, revisions)
    with psycopg.connect(stage.superuser, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    return [row["id"] for row in rows]


def _person(world: World, number: int, *, submitted: bool) -> dict[str, Any]:
    profile = uuid4()
    name = " ".join(["Nguyễn", *(GIVEN[int(digit)] for digit in str(number))])
    return {
        "id": profile,
        "authority": world.authority,
        "agency": world.museum,
        "name": name,
        # Province code 000 does not exist, so neither does the number.
        "citizen_id_number": f"000{number:09}",
        "index": profile.bytes,
        "newest": 2 if submitted else 1,
        "approved": uuid4(),
        "pending": uuid4() if submitted else None,
        "genesis": GENESIS,
        "now": world.now,
        "account": uuid4(),
        "login": f"p{profile.hex[:20]}",
        "custody": uuid4(),
        "since": world.now.date(),
    }


def _revisions(world: World, row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The approved form; and the one with a change, which waits."""
    own = {"birth_full_name": row["name"].upper(), "citizen_id_number": row["citizen_id_number"]}
    form = {**COMPLETE, **own}
    yield _revision(world, row, 1, "approved", row["approved"], form)
    if row["pending"] is not None:
        changed = {**form, "main_assigned_work": "Quản lý trưng bày"}
        yield _revision(world, row, 2, "submitted", row["pending"], changed)


def _revision(
    world: World, row: dict[str, Any], number: int, state: str, revision: UUID, content: dict[str, Any]
) -> dict[str, Any]:
    shown, secret = split(catalogue("tt06_2023"), content)
    sealed = world.tools.cipher.seal(
        world.authority, "revisions", revision, "sealed", json.dumps(secret).encode()
    )
    return {
        **row,
        "revision": revision,
        "number": number,
        "state": state,
        "content": json.dumps(shown, ensure_ascii=False),
        "sealed": sealed.data,
        "key": sealed.key_id,
        "digest": digest(content),
    }


def connect(stage: Stage, world: World) -> psycopg.Connection[Any]:
    """A connection of the worker's role that sees the whole authority for its session."""
    connection = psycopg.connect(stage.settings.libpq_url(DatabaseRole.WORKER))
    connection.execute(
        "SELECT set_config('hoso.authority', %s, false), set_config('hoso.scope', 'authority', false)",
        [str(world.authority)],
    )
    connection.commit()
    return connection


def session(stage: Stage, world: World, who: str) -> str:
    """A token with which somebody of the authority is logged in."""
    return sessions(stage, world, [who])[who]


def sessions(stage: Stage, world: World, those: Iterable[str]) -> dict[str, str]:
    """A token for each of them, written at once."""
    tokens = {who: secrets.token_urlsafe(32) for who in those}
    now = datetime.now(UTC)
    until = {"authority": world.authority, "now": now, "ends": now + timedelta(hours=8)}
    rows = [{**until, "hash": token_hash(tokens[w]), "account": world.accounts[w]} for w in tokens]
    with connect(stage, world) as connection, connection.cursor() as cursor:
        cursor.executemany(_SESSION, rows)
    return tokens
