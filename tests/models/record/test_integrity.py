"""What the database itself holds fast: the chain of events, custody, submitted revisions, appended rows."""

import hashlib
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
import rfc8785
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

from models.calendar import legal_date
from models.commands import AcceptTransfer, GiveNotice
from models.database import Scope, engine_for, transaction
from tests.world import World

# --- the chain of events, computed again by nobody's help


def hash_of(previous: str, row: Any) -> str:
    content = {
        "stream_id": str(row.stream_id),
        "number": row.number,
        "kind": row.kind,
        "at": row.at.astimezone(UTC).isoformat(),
        "actor_id": str(row.actor_id) if row.actor_id else None,
        "actor_role": row.actor_role,
        "rule_id": row.rule_id,
        "citation": row.citation,
        "rule_set_hash": row.rule_set_hash,
        "facts": row.facts,
    }
    return hashlib.sha256(previous.encode() + rfc8785.dumps(content)).hexdigest()


async def moved(world: World) -> UUID:
    """A profile with a whole history: opened, approved, moved, noticed, reminded."""
    profile = await world.employ()
    world.now += timedelta(days=1)
    case = await world.transfer(profile)
    await world.ask("health.hr", AcceptTransfer(), case, subject="transfer")
    body = GiveNotice(kind="salary", changed_on=legal_date(world.now), document="5/QĐ")
    await world.ask("health.hr", body, profile)
    world.now += timedelta(days=7)
    await world.step("wake", profile)
    return profile


async def test_the_chain_of_events_verifies_by_itself(world: World) -> None:
    profile = await moved(world)
    rows = await world.rows("SELECT * FROM events WHERE stream_id = :p ORDER BY number", p=profile)
    assert len(rows) > 15
    previous = "0" * 64
    for number, row in enumerate(rows, start=1):
        assert (row.number, row.previous_hash) == (number, previous)
        assert row.hash == hash_of(previous, row)
        previous = row.hash
    kept = await world.one("SELECT last_event, last_hash FROM profiles WHERE id = :p", p=profile)
    assert tuple(kept) == (len(rows), previous)


async def test_a_forged_event_breaks_the_chain(world: World) -> None:
    profile = await world.employ(until="account")
    (row,) = await world.rows("SELECT * FROM events WHERE stream_id = :p AND number = 1", p=profile)
    forged = row._asdict() | {"facts": {**row.facts, "event_on": "2020-01-01"}}
    assert hash_of("0" * 64, type("Row", (), forged)) != row.hash


async def test_every_event_and_duty_names_the_law_it_was_decided_under(world: World) -> None:
    profile = await moved(world)
    laws = {row.hash for row in await world.rows("SELECT hash FROM rule_sets")}
    calendars = {row.hash for row in await world.rows("SELECT hash FROM calendars")}
    for event in await world.rows("SELECT * FROM events WHERE stream_id = :p", p=profile):
        assert event.rule_set_hash in laws
    for duty in await world.rows("SELECT * FROM duties WHERE profile_id = :p", p=profile):
        assert duty.rule_set_hash in laws
        assert duty.calendar_hash in calendars
        assert "Điều" in duty.citation


async def test_every_approval_names_the_law_it_was_given_under(world: World) -> None:
    profile = await world.employ()
    laws = {row.hash for row in await world.rows("SELECT hash FROM rule_sets")}
    approvals = await world.rows("SELECT * FROM approvals WHERE profile_id = :p", p=profile)
    assert [row.rule_set_hash in laws for row in approvals] == [True]
    assert all(row.rule_ids and row.digest for row in approvals)


async def test_facts_of_events_hold_no_name_and_no_number(world: World) -> None:
    profile = await moved(world)
    rows = await world.rows("SELECT facts FROM events WHERE stream_id = :p", p=profile)
    told = json.dumps([row.facts for row in rows], ensure_ascii=False)
    assert "Nguyễn" not in told
    assert "000190" not in told


@pytest.fixture
async def as_role(module_database) -> AsyncIterator[Callable[[str], AsyncEngine]]:
    """A function that answers an engine of one of our roles."""
    engines: list[AsyncEngine] = []

    def engine(role: str) -> AsyncEngine:
        engines.append(engine_for(module_database.url(role), pool_size=1))
        return engines[-1]

    yield engine
    for one in engines:
        await one.dispose()


# --- custody


async def spoil(world: World, sql: str, **values: Any) -> None:
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(text(sql), values)


LINK = (
    "INSERT INTO custody (id, authority_id, profile_id, agency_id, starts_on, ends_on, follows) VALUES"
    " (:id, :a, :p, :g, :starts, :ends, :follows)"
)
DAY = date(2025, 12, 1)
MOVED = date(2025, 12, 2)


@pytest.mark.parametrize(
    ("starts", "ends", "follows", "constraint"),
    [
        (MOVED, None, MOVED, "uq_custody"),  # two at once
        (date(2025, 12, 9), None, date(2025, 12, 9), "uq_custody_open"),
        (DAY, MOVED, None, "uq_custody"),  # a second beginning
        (date(2025, 11, 1), DAY, None, "uq_custody_first"),
        (date(2025, 12, 5), date(2025, 12, 9), date(2025, 12, 5), "fk_custody"),  # after a gap
        (date(2025, 12, 3), date(2025, 12, 9), MOVED, "ck_custody_follows"),  # an overlap, or a gap
        (MOVED, date(2025, 12, 9), MOVED, "uq_custody_profile_id_follows"),  # a branch
        (date(2025, 12, 9), date(2025, 12, 8), date(2025, 12, 9), "ck_custody_period"),  # backwards
        (date(2025, 12, 9), date(2025, 12, 9), date(2025, 12, 9), "ck_custody_period"),  # following itself
    ],
)
async def test_custody_is_one_chain(
    world: World, starts: date, ends: date | None, follows: date | None, constraint: str
) -> None:
    profile = await moved(world)
    with pytest.raises(IntegrityError, match=constraint):
        await spoil(
            world,
            LINK,
            id=uuid4(),
            a=world.authority,
            p=profile,
            g=world.culture,
            starts=starts,
            ends=ends,
            follows=follows,
        )


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE custody SET ends_on = '2025-12-20' WHERE profile_id = :p AND ends_on IS NULL",
        "UPDATE custody SET agency_id = :g WHERE profile_id = :p AND ends_on IS NULL",
        "UPDATE profiles SET agency_id = :g WHERE id = :p",
    ],
)
async def test_a_profile_is_never_without_its_custodian(world: World, sql: str) -> None:
    profile = await moved(world)
    with pytest.raises(IntegrityError, match="is not held by the agency it names"):
        await spoil(world, sql, p=profile, g=world.culture)


async def test_the_end_of_a_link_cannot_move_away_from_the_next(world: World) -> None:
    profile = await moved(world)
    with pytest.raises(IntegrityError, match="fk_custody"):
        await spoil(
            world,
            "UPDATE custody SET ends_on = '2025-12-09' WHERE profile_id = :p AND follows IS NULL",
            p=profile,
        )


# --- revisions and events


@pytest.mark.parametrize(
    "change",
    ["content = '{}'", "sealed = 'x'", "digest = repeat('0', 64)", "number = 99", "profile_id = :other"],
)
async def test_a_submitted_revision_never_changes(world: World, change: str) -> None:
    profile = await world.employ(until="review")
    other = await world.employ(until="account")
    values = {"p": profile, "other": other} if ":other" in change else {"p": profile}
    with pytest.raises(IntegrityError, match="is immutable"):
        await spoil(world, f"UPDATE revisions SET {change} WHERE profile_id = :p", **values)


@pytest.mark.parametrize("role", ["worker", "api"])
@pytest.mark.parametrize("statement", ["UPDATE events SET kind = 'x'", "DELETE FROM events"])
async def test_events_are_appended_only(world: World, as_role, role: str, statement: str) -> None:
    engine = as_role(role)
    with pytest.raises(ProgrammingError) as caught:
        async with transaction(engine, world.scope) as connection:
            await connection.execute(text(statement))
    assert isinstance(caught.value.orig, psycopg.errors.InsufficientPrivilege)


FACTS = [
    "profiles",
    "duties",
    "cases",
    "custody",
    "events",
    "approvals",
    "notices",
    "agency_months",
    "month_items",
    "submissions",
    "grants",
    "rule_sets",
    "rule_set_loads",
    "calendars",
    "calendar_loads",
    "approval_rounds",
    "agencies",
    "agency_closure",
    "authorities",
]


@pytest.mark.parametrize("table", FACTS)
async def test_the_api_writes_no_facts(world: World, as_role, table: str) -> None:
    engine = as_role("api")
    for statement in (
        f"INSERT INTO {table} DEFAULT VALUES",
        f"UPDATE {table} SET authority_id = authority_id",
        f"DELETE FROM {table}",
    ):
        with pytest.raises(ProgrammingError) as caught:
            async with transaction(engine, world.scope) as connection:
                await connection.execute(text(statement))
        assert isinstance(caught.value.orig, psycopg.errors.InsufficientPrivilege), statement


async def test_the_api_saves_drafts_and_nothing_more(world: World, as_role) -> None:
    profile = await world.employ(until="review")
    engine = as_role("api")
    async with transaction(engine, Scope(world.authority, profile=profile)) as connection:
        done = await connection.execute(
            text("UPDATE revisions SET saved_at = now() WHERE profile_id = :p"), {"p": profile}
        )
        assert done.rowcount == 0
    with pytest.raises(DBAPIError, match="row-level security"):
        async with transaction(engine, Scope(world.authority, profile=profile)) as connection:
            await connection.execute(
                text(
                    "INSERT INTO revisions (id, authority_id, profile_id, number, form_version, content,"
                    " sealed, key_id, digest, state, author_id, evidence, saved_at) SELECT :id, authority_id,"
                    " profile_id, 9, form_version, content, sealed, key_id, digest, 'approved', author_id,"
                    " evidence, saved_at FROM revisions WHERE profile_id = :p"
                ),
                {"id": uuid4(), "p": profile},
            )
