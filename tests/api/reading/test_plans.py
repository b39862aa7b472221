"""Plans of reads and acts on a stock of people: no table that grows is read whole for one of them.

Each statement a request runs is caught as it is sent and explained again under the same policies, as the role
of the API; what every act reads of its subject is explained as the worker's.
"""

import asyncio
import json
from collections.abc import Iterator
from hashlib import md5
from typing import Any
from uuid import UUID

import psycopg
import pytest
from fastapi import FastAPI
from sqlalchemy import TextClause, event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from api.cli.embedded import EmbeddedPostgres
from models.database import Scope, engine_for, transaction
from models.record.actors import SUSPENDED
from models.record.dead_ends import PEOPLE_AT
from models.record.load import LIFE, LIVES
from models.record.signing_check import LIVES_TO_SIGN
from tests import stock
from tests.api.reading.world import NOW, Caller, World

PEOPLE, AGENCIES, TOPS = 12_000, 150, 6
PATHS = {
    "list": "/profiles",
    "second page": "/profiles?limit=2",
    "overdue": "/profiles?overdue=true",
    "not overdue": "/profiles?overdue=false",
    "chapter": "/profiles?chapter=declaration",
    "below an agency": f"/profiles?agency={stock.agency(2)}",
    "duties": "/duties?whose=agency",
    "duties overdue": "/duties?whose=agency&overdue=true",
    "today": "/today",
    "inbox": "/inbox",
    "changes": "/changes",
    "me": "/me",
    "readiness": "/readiness",
    "unready": f"/readiness/{stock.agency(1)}?measure=complete",
    "unready below": f"/readiness/{stock.agency(1)}?below=true",
}
SEARCHES = {
    "family name": {"name": "Nguyen Van Nguoi4"},
    "given name": {"name": "Nguoi4100"},
    "staff number": {"staff_number": "CB-4100"},
    "ID number": {"personal_id_number": "000000004100"},
}


OWN = ("/me", "/profiles/{own}", "/profiles/{merged}", "/profiles/{merged}/timeline", "/changes", "/inbox")
"""What somebody reads of the own file, of what was merged into it, and of both."""


@pytest.fixture(scope="module")
def filled(world: World, postgres: EmbeddedPostgres) -> World:
    """The small authority with a stock, and an HR officer of one agency of the stock with those below it."""

    async def write(c: Any) -> None:
        await world.account(c, "hr.stock", role="hr_officer", agency_id=world.a)

    asyncio.run(world.written(write))
    address = postgres.url("postgres", world.database.name)
    with psycopg.connect(address, autocommit=True) as superuser:
        stock.fill(superuser, world.authority, NOW, people=PEOPLE, agencies=AGENCIES, tops=TOPS)
        superuser.execute(
            "UPDATE grants SET agency_id = %s WHERE account_id = %s",
            (stock.agency(1), world.accounts["hr.stock"]),
        )
    return world


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every node of a plan."""
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


async def planned(engine: AsyncEngine, sent: list[tuple[str, Any]]) -> list[dict[str, Any]]:
    """The plans of the statements of one request, under its own policies."""
    found: list[dict[str, Any]] = []
    async with engine.begin() as connection:
        for statement, parameters in sent:
            if statement.startswith("SELECT set_config('hoso.authority'"):
                await connection.exec_driver_sql(statement, parameters)
            elif statement.startswith(("SELECT", "WITH")) and "hoso_identify" not in statement:
                explained = await connection.exec_driver_sql(
                    f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}", parameters
                )
                content = explained.scalar_one()
                found.append((json.loads(content) if isinstance(content, str) else content)[0]["Plan"])
    return found


async def scanned(engine: AsyncEngine, sent: list[tuple[str, Any]]) -> set[str]:
    """Large tables of which some statement reads every row, never-executed parts left out."""
    return {
        node["Relation Name"]
        for plan in await planned(engine, sent)
        for node in nodes(plan)
        if node["Node Type"] == "Seq Scan"
        and node["Actual Loops"] > 0
        and node["Relation Name"] in stock.LARGE
    }


@pytest.mark.parametrize("who", ["department", "agency"])
async def test_no_page_reads_a_growing_table_from_end_to_end(
    filled: World, app: FastAPI, caller: Caller, who: str
) -> None:
    await caller.login({"department": "sonoivu", "agency": "hr.stock"}[who])
    engine: AsyncEngine = app.state.tools.engine
    sent: list[tuple[str, Any]] = []

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def caught(*told: Any) -> None:
        sent.append((told[2], told[3]))

    read: dict[str, set[str]] = {}
    for name, path in (PATHS | SEARCHES).items():
        sent.clear()
        answer = await (
            caller.get(path) if isinstance(path, str) else caller.post("/profiles/search", json=path)
        )
        assert answer.status_code == 200, (name, answer.text)
        read[name] = await scanned(engine, [*sent])
    assert {name: tables for name, tables in read.items() if tables} == {}


@pytest.fixture(scope="module")
def merged(filled: World, postgres: EmbeddedPostgres) -> dict[str, UUID]:
    """Somebody of the stock with an account, and two files that were closed into the own one."""
    own, *closed = [UUID(md5(f"person{n}".encode(), usedforsecurity=False).hexdigest()) for n in (7, 8, 9)]
    with psycopg.connect(postgres.url("postgres", filled.database.name), autocommit=True) as superuser:
        superuser.execute(
            "UPDATE accounts SET login = 'own.stock', state = 'active', password_hash = (SELECT password_hash"
            " FROM accounts WHERE login = 'hr.stock') WHERE profile_id = %s",
            (own,),
        )
        # Written as a stock, not decided one by one: the trigger would ask for each one's approved merge.
        superuser.execute("SET session_replication_role = replica")
        superuser.execute(
            "UPDATE profiles SET merged_into = %s, chapter = 'archive', status = 'moved_out',"
            " account_id = NULL WHERE id = ANY (%s)",
            (own, closed),
        )
    return {"own": own, "merged": closed[0]}


async def test_what_was_merged_is_found_from_the_own_file_not_among_all(
    filled: World, merged: dict[str, UUID], app: FastAPI, caller: Caller
) -> None:
    """The policies that let a person read what was closed into the own file (migration 0112)."""
    await caller.login("own.stock")
    engine: AsyncEngine = app.state.tools.engine
    sent: list[tuple[str, Any]] = []

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def caught(*told: Any) -> None:
        sent.append((told[2], told[3]))

    read: dict[str, set[str]] = {}
    for path in OWN:
        sent.clear()
        answer = await caller.get(path.format(**merged))
        assert answer.status_code == 200, (path, answer.text)
        read[path] = await scanned(engine, [*sent])
    assert {path: tables for path, tables in read.items() if tables} == {}


async def test_the_whole_authority_s_morning_is_counted_in_indexes_alone(
    filled: World, app: FastAPI, caller: Caller
) -> None:
    """Tens of thousands of open duties and thousands of submissions: their rows are not looked at."""
    await caller.login("sonoivu")
    engine: AsyncEngine = app.state.tools.engine
    sent: list[tuple[str, Any]] = []

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def caught(*told: Any) -> None:
        sent.append((told[2], told[3]))

    assert (await caller.get("/today")).status_code == 200
    found = [node for plan in await planned(engine, [*sent]) for node in nodes(plan)]
    alone = {node["Index Name"] for node in found if node["Node Type"] == "Index Only Scan"}
    assert {"ix_duties_today", "ix_revisions_waiting"} <= alone


@pytest.mark.parametrize("read", [LIFE, LIVES, LIVES_TO_SIGN], ids=["one", "many", "to be signed"])
async def test_no_act_reads_a_growing_table_from_end_to_end_for_a_life(
    filled: World, read: TextClause
) -> None:
    people = [UUID(md5(f"person{n}".encode(), usedforsecurity=False).hexdigest()) for n in (4, 4100)]
    engine = engine_for(filled.database.url("worker"), pool_size=1)
    async with transaction(engine, Scope(filled.authority, everything=True)) as connection:
        row = await connection.execute(
            text(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {read.text}"), {"id": people[0], "ids": people}
        )
        plan = row.scalar_one()[0]["Plan"]
    await engine.dispose()
    assert plan["Actual Rows"] == (1 if read is LIFE else 2)
    whole = {node["Relation Name"] for node in nodes(plan) if node["Node Type"] == "Seq Scan"}
    assert whole & stock.LARGE == set()


async def test_who_could_sign_is_found_from_the_place_not_among_all_accounts(filled: World) -> None:
    engine = engine_for(filled.database.url("api"), pool_size=1)
    async with transaction(engine, Scope(filled.authority, everything=True)) as connection:
        row = await connection.execute(
            text(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {PEOPLE_AT.text}"),
            {"places": [str(filled.a)], "suspended": SUSPENDED},
        )
        plan = row.scalar_one()[0]["Plan"]
    await engine.dispose()
    assert plan["Actual Rows"] == 3, "of agency A: HR, who was HR, and the approver"
    whole = {node["Relation Name"] for node in nodes(plan) if node["Node Type"] == "Seq Scan"}
    assert whole & stock.LARGE == set()
