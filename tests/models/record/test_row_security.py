"""Row-level security, asked as the least role there is: who sees which rows of every table."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from models.calendar import legal_date
from models.commands import AcceptTransfer, GiveNotice, HandOver, ReportTransfer
from models.database import Scope, engine_for, transaction
from models.record.tools import Tools
from models.tables import Table
from tests.world import World, build

TABLES = sorted(Table.metadata.tables)
DIRECTORY = {"authorities"}
"""The list of authorities is no secret: processes that serve all of them start from it."""
PERSONAL = ("profiles", "revisions", "custody", "approvals", "duties", "events", "cases", "month_items")


@pytest.fixture
async def api(module_database) -> AsyncIterator[AsyncEngine]:
    engine = engine_for(module_database.url("api"), pool_size=1)
    yield engine
    await engine.dispose()


async def count(connection: AsyncConnection, table: str) -> int:
    return int(await connection.scalar(text(f"SELECT count(*) FROM {table}")))


async def seen(
    engine: AsyncEngine, scope: Scope, tables: list[str] | tuple[str, ...] = PERSONAL
) -> dict[str, int]:
    async with transaction(engine, scope) as connection:
        return {table: await count(connection, table) for table in tables}


async def profiles(engine: AsyncEngine, scope: Scope) -> set[UUID]:
    async with transaction(engine, scope) as connection:
        return set((await connection.execute(text("SELECT id FROM profiles"))).scalars())


async def people(world: World) -> dict[str, UUID]:
    """One person each in culture, its museum and health; culture's has a history."""
    culture = await world.employ()
    account = world.accounts["person"]
    body = GiveNotice(kind="salary", changed_on=legal_date(world.now), document="5/QĐ")
    await world.ask("culture.hr", body, culture)
    museum = await world.employ(agency=world.museum, until="review")
    moved = await world.employ()

    case = await world.transfer(moved)
    await world.ask("health.hr", AcceptTransfer(), case, subject="transfer")
    return {"culture": culture, "museum": museum, "health": moved, "account": account}


def test_every_table_is_guarded_even_from_its_owner(module_database) -> None:

    with psycopg.connect(module_database.libpq_url("worker")) as connection:
        rows = connection.execute(
            "SELECT relname, relrowsecurity, relforcerowsecurity, (SELECT count(*) FROM pg_policy"
            " WHERE polrelid = c.oid) FROM pg_class c WHERE relkind IN ('r', 'p') AND relnamespace ="
            " 'public'::regnamespace AND relname <> 'alembic_version'"
        ).fetchall()
        bypass = connection.execute(
            "SELECT rolname FROM pg_roles WHERE rolname LIKE 'hoso%' AND (rolbypassrls OR rolsuper)"
        ).fetchall()
    assert {row[0] for row in rows} == set(TABLES)
    assert [row[0] for row in rows if not (row[1] and row[2] and row[3])] == []
    assert bypass == []


def test_every_table_carries_its_authority() -> None:
    assert [t for t in TABLES if "authority_id" not in Table.metadata.tables[t].columns] == []


@pytest.mark.parametrize("role", ["api", "worker", "report"])
async def test_without_saying_who_asks_nobody_sees_anything(world: World, module_database, role: str) -> None:
    await people(world)
    engine = engine_for(module_database.url(role), pool_size=1)
    async with engine.begin() as connection:
        found = {table: await count(connection, table) for table in TABLES}
    assert {table for table, n in found.items() if n} == DIRECTORY
    await engine.dispose()


async def test_nor_after_a_pooled_connection_has_served_somebody(world: World, api: AsyncEngine) -> None:
    await people(world)
    whole = await seen(api, world.scope)
    assert all(whole[table] for table in PERSONAL if table != "month_items")
    async with api.begin() as connection:
        assert await connection.scalar(text("SELECT current_setting('hoso.authority', true)")) == ""
        found = {table: await count(connection, table) for table in TABLES}
    assert {table for table, n in found.items() if n} == DIRECTORY


async def test_a_clerk_sees_the_own_subtree(world: World, api: AsyncEngine) -> None:
    who = await people(world)
    culture = Scope(world.authority, agencies=[world.culture])
    assert await profiles(api, culture) == {who["culture"], who["museum"]}
    assert await profiles(api, Scope(world.authority, agencies=[world.museum])) == {who["museum"]}
    assert await profiles(api, Scope(world.authority, agencies=[world.health])) == {who["health"]}
    assert await profiles(api, Scope(world.authority, agencies=[uuid4()])) == set()
    two = Scope(world.authority, agencies=[world.museum, world.health])
    assert await profiles(api, two) == {who["museum"], who["health"]}


@pytest.mark.parametrize("table", ["revisions", "custody", "approvals"])
async def test_what_belongs_to_a_profile_is_seen_where_the_profile_is(
    world: World, api: AsyncEngine, table: str
) -> None:
    who = await people(world)
    async with transaction(api, Scope(world.authority, agencies=[world.culture])) as connection:
        rows = await connection.execute(text(f"SELECT DISTINCT profile_id FROM {table}"))
        assert set(rows.scalars()) <= {who["culture"], who["museum"]}


async def test_after_a_move_the_old_agency_sees_what_it_did_and_no_more(
    world: World, api: AsyncEngine
) -> None:
    who = await people(world)
    async with transaction(api, Scope(world.authority, agencies=[world.culture])) as connection:
        events = set(
            (
                await connection.execute(
                    text("SELECT DISTINCT agency_id FROM events WHERE profile_id = :p"), {"p": who["health"]}
                )
            ).scalars()
        )
        revisions = await connection.scalar(
            text("SELECT count(*) FROM revisions WHERE profile_id = :p"), {"p": who["health"]}
        )
    assert events == {world.culture}
    assert revisions == 0


async def test_both_sides_see_a_transfer_and_the_receiver_the_profile_once_handed_over(
    world: World, api: AsyncEngine
) -> None:
    profile = await world.employ()
    health = Scope(world.authority, agencies=[world.health])
    department = Scope(world.authority, agencies=[world.department])
    case = await world.transfer(profile, "requested")
    assert (await seen(api, health))["cases"] == 1
    assert await profiles(api, health) == set()

    await world.ask("culture.hr", ReportTransfer(document="2"), case, subject="transfer")
    await world.ask("culture.hr", HandOver(handed_over_on=legal_date(world.now)), case, subject="transfer")
    assert await profiles(api, health) == {profile}
    assert await profiles(api, department) == set()
    assert (await seen(api, department))["cases"] == 0


async def test_an_official_sees_the_own_profile_only(world: World, api: AsyncEngine) -> None:
    who = await people(world)
    own = Scope(world.authority, profile=who["culture"], account=who["account"])
    assert await profiles(api, own) == {who["culture"]}
    async with transaction(api, own) as connection:
        for table in ("revisions", "custody", "approvals", "duties", "events", "notices"):
            rows = await connection.execute(text(f"SELECT DISTINCT profile_id FROM {table}"))
            assert set(rows.scalars()) == {who["culture"]}, table
        accounts = await connection.execute(text("SELECT id FROM accounts"))
        assert set(accounts.scalars()) == {who["account"]}
        commands = await connection.execute(text("SELECT DISTINCT account_id FROM commands"))
        assert set(commands.scalars()) == {who["account"]}


async def test_another_authority_sees_nothing_of_this_one(world: World, api: AsyncEngine) -> None:
    who = await people(world)
    other = await build(Tools(world.tools.engine, world.tools.ring), world.now, second=True)
    for scope in (
        other.scope,
        Scope(other.authority, agencies=[world.culture], profile=who["culture"], account=who["account"]),
    ):
        async with transaction(api, scope) as connection:
            for table in set(TABLES) - DIRECTORY:
                rows = await connection.execute(text(f"SELECT DISTINCT authority_id FROM {table}"))
                assert set(rows.scalars()) <= {other.authority}, table
        assert await profiles(api, scope) == set()


DELETES = {
    "agency_lines": {"hoso_worker"},
    "agency_links": {"hoso_worker"},
    "agency_spans": {"hoso_worker"},
    "approval_list_rows": {"hoso_worker"},
    "identities": {"hoso_api"},
    "identity_sessions": {"hoso_api"},
    "login_addresses": {"hoso_worker"},
    "readiness": {"hoso_worker"},
    "readiness_counts": {"hoso_worker"},
    "recovery_codes": {"hoso_api", "hoso_worker"},
    "review_findings": {"hoso_worker"},
    "second_factors": {"hoso_worker"},
    "sessions": {"hoso_api", "hoso_worker"},
    "signing_troubles": {"hoso_worker"},
    "upload_parts": {"hoso_api"},
    "uploads": {"hoso_api"},
    "used_assertions": {"hoso_api"},
    "verify_askers": {"hoso_worker"},
}
"""What may go: sessions and the like that have ended, what is measured or cut anew, a tree's days to come."""


def test_nothing_else_is_deleted_by_anybody(module_database) -> None:
    """Retention: a dossier's rows, its revisions first, are removed by no role, whatever its code does."""
    with psycopg.connect(module_database.libpq_url("worker")) as connection:
        rows = connection.execute(
            "SELECT c.relname, r.rolname FROM pg_class c CROSS JOIN pg_roles r WHERE c.relkind IN ('r', 'p')"
            " AND c.relnamespace = 'public'::regnamespace AND r.rolname IN ('hoso_api', 'hoso_worker',"
            " 'hoso_report') AND (has_table_privilege(r.oid, c.oid, 'DELETE')"
            " OR has_table_privilege(r.oid, c.oid, 'TRUNCATE'))"
        ).fetchall()
    found: dict[str, set[str]] = {}
    for table, role in rows:
        found.setdefault(table, set()).add(role)
    assert found == DELETES


async def test_the_worker_deletes_no_revision(world: World) -> None:
    await people(world)
    with pytest.raises(ProgrammingError, match="permission denied"):
        await world.rows("DELETE FROM revisions WHERE state = 'draft' RETURNING 1")


async def test_the_worker_writes_only_for_the_authority_it_acts_for(world: World) -> None:
    profile = await world.employ(until="account")
    other = await build(Tools(world.tools.engine, world.tools.ring), world.now, second=True)
    async with transaction(world.tools.engine, other.scope) as connection:
        done = await connection.execute(
            text("UPDATE profiles SET version = 99 WHERE id = :p"), {"p": profile}
        )
    assert done.rowcount == 0
