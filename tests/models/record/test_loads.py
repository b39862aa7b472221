"""Loads of law and calendar: what was in force once can come into force again, and every load stays."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from models import migrations
from models.calendar import Calendar
from models.database import engine_for, transaction
from models.record.law_of import LawOf
from models.record.loads import Load, calendar_known, load_calendar, load_rules, rules_known
from models.regulations import RuleSet, in_force
from models.settings import DatabaseRole
from tests.world import World, build, tools_for

NOW = datetime(2026, 1, 5, 3, 0, tzinfo=UTC)
FILE = Path(migrations.__file__).parent / "versions" / "0005_loads.sql"


@pytest.fixture
async def world(database: Any, tmp_path: Path) -> AsyncIterator[World]:
    engine = engine_for(database.url("worker"), pool_size=2)
    yield await build(tools_for(engine, tmp_path), NOW)
    await engine.dispose()


def other(law: RuleSet) -> RuleSet:
    """The same law without its last record: other content, another hash."""
    return law.without(law.rules[-1].id)


async def on(world: World, day: date) -> RuleSet:
    async with transaction(world.tools.engine, world.scope) as connection:
        return (await world.tools.law(connection, LawOf.authority(world.authority), day))[0]


async def loaded(world: World, rules: RuleSet, valid_from: date, *, minutes: int = 1, **more: Any) -> None:
    load = Load(world.authority, "QĐ 1/QĐ", world.now + timedelta(minutes=minutes), **more)
    async with transaction(world.tools.engine, world.scope) as connection:
        await load_rules(connection, load, rules, valid_from)


async def test_law_that_returns_to_earlier_content_is_in_force_again(world: World) -> None:
    law = in_force("hanoi", NOW.date())
    changed = other(law)
    assert changed.hash != law.hash
    await loaded(world, changed, date(2026, 3, 1))
    await loaded(world, law, date(2026, 6, 1), approver_id=world.accounts["department"])
    days = [date(2026, 2, 28), date(2026, 3, 1), date(2026, 5, 31), date(2026, 6, 1), date(2030, 1, 1)]
    assert [(await on(world, day)).hash for day in days] == [
        *(law.hash, changed.hash, changed.hash),
        *(law.hash, law.hash),
    ]
    rows = await world.rows("SELECT * FROM rule_set_loads ORDER BY valid_from")
    assert [row.hash for row in rows] == [law.hash, changed.hash, law.hash]
    assert [row.approver_id for row in rows] == [None, None, world.accounts["department"]]
    assert len(await world.rows("SELECT 1 FROM rule_sets")) == 2, "content is kept once"


async def test_of_two_loads_for_one_day_the_later_decides(world: World) -> None:
    law = in_force("hanoi", NOW.date())
    await loaded(world, other(law), date(2026, 3, 1))
    await loaded(world, law, date(2026, 3, 1), minutes=2)
    assert (await on(world, date(2026, 3, 1))).hash == law.hash
    await loaded(world, other(law), date(2026, 3, 1), minutes=3)
    assert (await on(world, date(2026, 3, 1))).hash == other(law).hash


async def test_what_was_loaded_is_known_by_content_and_date(world: World) -> None:
    law = in_force("hanoi", NOW.date())
    async with transaction(world.tools.engine, world.scope) as connection:
        assert await rules_known(connection, world.authority, law, date(2025, 1, 1))
        assert not await rules_known(connection, world.authority, law, date(2026, 6, 1))
        assert not await rules_known(connection, world.authority, other(law), date(2025, 1, 1))
        assert await calendar_known(connection, world.authority, Calendar.seed())


async def test_a_calendar_returns_in_the_same_way(world: World) -> None:
    seed = Calendar.seed()
    fewer = Calendar(years=seed.years[:-1])
    for minutes, calendar in enumerate((fewer, seed), start=1):
        load = Load(world.authority, "QĐ 2/QĐ", world.now + timedelta(minutes=minutes))
        async with transaction(world.tools.engine, world.scope) as connection:
            await load_calendar(connection, load, calendar)
            found = (await world.tools.law(connection, LawOf.authority(world.authority), NOW.date()))[1]
        assert found.hash == calendar.hash
    assert len(await world.rows("SELECT 1 FROM calendar_loads")) == 3
    assert len(await world.rows("SELECT 1 FROM calendars")) == 2


@pytest.mark.parametrize("table", ["rule_set_loads", "calendar_loads"])
async def test_a_load_is_never_changed(world: World, table: str) -> None:
    for statement in (f"UPDATE {table} SET document = 'x' RETURNING id", f"DELETE FROM {table} RETURNING id"):
        with pytest.raises(ProgrammingError, match="permission denied"):
            await world.rows(statement)


async def test_content_written_by_a_program_of_before_is_a_load(database: Any, world: World) -> None:
    """Also what stood there before the migration."""
    law = other(in_force("hanoi", NOW.date()))
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(
            text("INSERT INTO rule_sets VALUES (:a, :h, '2026-03-01', CAST(:c AS jsonb), 'QĐ', :now)"),
            {"a": world.authority, "h": law.hash, "c": law.to_json(), "now": world.now},
        )
    assert (await on(world, date(2026, 3, 1))).hash == law.hash
    await world.tools.engine.dispose()
    with psycopg.connect(database.libpq_url(DatabaseRole.MIGRATION)) as connection:
        connection.execute("DROP TABLE rule_set_loads, calendar_loads; DROP FUNCTION hoso_first_load CASCADE")
        connection.execute(FILE.read_text(encoding="utf-8"))  # type: ignore[call-overload] # a file, not a literal
    assert (await on(world, date(2026, 3, 1))).hash == law.hash
    assert (await on(world, date(2026, 2, 1))).hash == in_force("hanoi", NOW.date()).hash
