"""Passwords that are to be changed regularly (moha.art14.4): told before; then it comes first."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text

from activities.notifications.passwords import remind_of_passwords
from api import auth
from api.scope import active_asker, asker_of, token_hash
from models.calendar import Calendar, legal_date
from models.database import engine_for, transaction
from models.errors import RefusedError
from models.record.law_of import Laws
from models.record.tools import Tools
from models.regulations import RuleSet, in_force, load_policy
from tests.api.conftest import CHEAP, SETTINGS
from tests.world import World, build, tools_for

NOW = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)
PASSWORD = "mùa-thu-Hà-Nội-1954"
PERIODS = load_policy().accounts
LONG_AGO = NOW - timedelta(days=PERIODS.rotation_days)


@pytest.fixture
async def engines(database: Any) -> AsyncIterator[tuple[Any, Any]]:
    both = engine_for(database.url("worker"), pool_size=2), engine_for(database.url("api"), pool_size=2)
    yield both
    for one in both:
        await one.dispose()


async def ministry(engines: tuple[Any, Any], folder: Path, code: str = "moha") -> tuple[World, Tools]:
    """An authority under that law, and the tools of its API."""
    tools = tools_for(engines[0], folder)
    world = await build(tools, NOW, law=in_force(code, NOW.date()))
    return world, Tools(engines[1], tools.ring)


async def changed(world: World, at: datetime) -> str:
    login = f"culture.hr-{world.authority.hex[:6]}"
    await world.rows(
        "UPDATE accounts SET password_hash = :h, password_changed_at = :at WHERE login = :l RETURNING 1",
        h=CHEAP.hash(PASSWORD),
        at=at,
        l=login,
    )
    return login


async def entered(tools: Tools, login: str) -> Any:
    """Whoever has the session of a login that succeeded."""
    entry = auth.Entry(login, PASSWORD)
    opened = await auth.sign_in(tools, entry, NOW, auth.Terms(timedelta(hours=8)))
    digest = token_hash(opened.token)
    async with tools.engine.connect() as connection:
        found = await connection.scalar(
            text("SELECT hoso_identify(:hash, :now)"), {"hash": digest, "now": NOW}
        )
    return asker_of(found, digest, NOW)


def request_of(tools: Tools) -> Any:
    return SimpleNamespace(app=SimpleNamespace(state=SimpleNamespace(tools=tools, settings=SETTINGS)))


@pytest.mark.rule("moha.art14.4.a")
async def test_an_old_password_leads_to_nothing_but_a_new_one(
    engines: tuple[Any, Any], tmp_path: Path
) -> None:
    world, tools = await ministry(engines, tmp_path)
    login = await changed(world, LONG_AGO)
    who = await entered(tools, login)
    assert who.must_change_password
    with pytest.raises(RefusedError) as refused:
        active_asker(request_of(tools), who)
    assert refused.value.refusal.code == "password-change-required"
    old, new = await auth.prepare_change(tools.engine, who, PASSWORD, "cơn-mưa-ngang-phố")
    await auth.change(tools.engine, who, old, new)
    row = await world.one("SELECT password_changed_at FROM accounts WHERE login = :l", l=login)
    assert row.password_changed_at == NOW
    session = await world.one("SELECT must_change FROM sessions WHERE token_hash = :t", t=who.token_hash)
    assert session.must_change is False


async def test_a_younger_one_does_not(engines: tuple[Any, Any], tmp_path: Path) -> None:
    world, tools = await ministry(engines, tmp_path)
    login = await changed(world, LONG_AGO + timedelta(days=1))
    assert not (await entered(tools, login)).must_change_password


async def test_where_the_law_is_silent_passwords_do_not_age(engines: tuple[Any, Any], tmp_path: Path) -> None:
    world, tools = await ministry(engines, tmp_path, "hanoi")
    login = await changed(world, LONG_AGO - timedelta(days=900))
    assert not (await entered(tools, login)).must_change_password
    assert await reminded(world, in_force("hanoi", NOW.date())) == 0


async def reminded(world: World, law: RuleSet) -> int:
    async with transaction(world.tools.engine, world.scope) as connection:
        return await remind_of_passwords(
            connection, Laws(law, Calendar.seed()), load_policy(), legal_date(NOW), NOW
        )


@pytest.mark.rule("moha.art14.4.a")
async def test_told_before_once_for_each_password(engines: tuple[Any, Any], tmp_path: Path) -> None:
    world, _ = await ministry(engines, tmp_path)
    law = in_force("moha", NOW.date())
    await world.rows("UPDATE accounts SET password_changed_at = :now RETURNING 1", now=NOW)
    notice = timedelta(days=PERIODS.rotation_notice_days)
    await changed(world, LONG_AGO + notice + timedelta(days=1))
    assert await reminded(world, law) == 0
    await changed(world, LONG_AGO + notice)
    assert await reminded(world, law) == 1
    assert await reminded(world, law) == 0
    line = await world.one("SELECT * FROM notices WHERE kind = 'password_ages'")
    assert line.account_id == world.accounts["culture.hr"]
    assert line.due_on == legal_date(NOW) + notice
    assert "Điều 14.4" in line.citation
    assert line.facts == {"days": PERIODS.rotation_days, "policy": True}


async def test_addresses_are_forgotten(engines: tuple[Any, Any], tmp_path: Path) -> None:
    world, _ = await ministry(engines, tmp_path)
    async with engines[1].begin() as connection:
        for address, days in (("a" * 64, 3), ("b" * 64, 1)):
            await connection.execute(text("SELECT set_config('hoso.address', :a, true)"), {"a": address})
            await connection.execute(
                text("INSERT INTO login_addresses (address, failed, failed_at) VALUES (:a, 1, :at)"),
                {"a": address, "at": NOW - timedelta(days=days)},
            )
    await reminded(world, in_force("hanoi", NOW.date()))
    assert [one.address for one in await world.rows("SELECT address FROM login_addresses")] == ["b" * 64]
