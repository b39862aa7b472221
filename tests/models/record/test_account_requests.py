"""Accounts on request, on real rows: from the decision to the Information Centre and back to the person."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from models.commands import (
    ActivateAccount,
    CreateAccount,
    OpenProfile,
    ReportLostPassword,
    RequestAccount,
    ResetPassword,
)
from models.database import engine_for, transaction
from models.regulations import in_force
from tests.world import World, build, tools_for

START = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)


@pytest.fixture
async def world(module_database, tmp_path: Path) -> AsyncIterator[World]:
    engine = engine_for(module_database.url("worker"), pool_size=4)
    law = in_force("moha", START.date())
    made = await build(tools_for(engine, tmp_path), START, second=True, law=law)
    async with transaction(engine, made.scope) as connection:
        await connection.execute(
            text("UPDATE authorities SET ict_department_id = :g WHERE authority_id = :a"),
            {"g": made.health, "a": made.authority},
        )
    yield made
    await engine.dispose()


async def opened(world: World, origin: str = "recruited") -> UUID:
    profile = uuid4()
    body = OpenProfile(
        agency_id=world.culture,
        full_name="Nguyễn Thị Thử",
        personal_id_number=f"000{profile.int % 10**9:09d}",
        origin=origin,
        event_on=date(2026, 3, 2),
        document="12/QĐ",
    )
    done = await world.ask("culture.hr", body, profile)
    assert done.status == 201, done.answer
    return profile


async def owed(world: World, profile: UUID) -> list[tuple[str, str, UUID, date | None]]:
    rows = await world.rows(
        "SELECT slot, party, agency_id, due_on FROM duties WHERE profile_id = :p AND state = 'open'"
        " ORDER BY slot",
        p=profile,
    )
    return [tuple(row) for row in rows]


@pytest.mark.rule("moha.art7.1.a", "moha.art7.1.b", "moha.art14.4.b")
async def test_from_the_decision_to_a_new_password(world: World) -> None:
    profile = await opened(world)
    assert await owed(world, profile) == [
        ("account_request", "hr_officer", world.culture, date(2026, 3, 9)),
    ]
    login = f"thu.{profile.hex[:12]}"
    body = CreateAccount(login=login, password_hash="x")
    early = await world.ask("admin", body, profile)
    assert (early.status, early.answer["code"]) == (409, "wrong-state")
    world.now += timedelta(days=3)
    asked = await world.ask("culture.hr", RequestAccount(document="15/YC"), profile)
    assert (asked.status, asked.answer["due_on"], asked.answer["late_days"]) == (201, "2026-03-12", 0)
    assert await owed(world, profile) == [
        ("personal_account", "administrator", world.health, date(2026, 3, 12)),
    ]
    for who in ("culture.hr", "department"):
        refused = await world.ask(who, body, profile)
        assert (refused.status, refused.answer["code"]) == (403, "not-competent")
    made = await world.ask("admin", body, profile)
    assert made.status == 201, made.answer
    world.accounts["person"] = UUID(made.answer["account_id"])
    await world.ask("person", ActivateAccount(password_hash="y"), profile)

    silent = await world.ask("person", ReportLostPassword(reason="nghi bị lộ"), profile)
    assert (silent.status, silent.answer["code"]) == (422, "evidence-required")
    lost = await world.ask("person", ReportLostPassword(reason="nghi bị lộ", document="16/BC"), profile)
    assert lost.status == 201, lost.answer
    locked = await world.one("SELECT password_hash, state FROM accounts WHERE login = :l", l=login)
    assert tuple(locked) == ("!", "default_password")
    assert ("lost_password", "administrator", world.health, None) in await owed(world, profile)
    again = ResetPassword(reason="đã có báo cáo", password_hash="z")
    refused = await world.ask("culture.hr", again, profile)
    assert (refused.status, refused.answer["code"]) == (403, "not-competent")
    assert (await world.ask("admin", again, profile)).status == 200
    assert "lost_password" not in [slot for slot, *_ in await owed(world, profile)]


@pytest.mark.rule("moha.art8.3.b")
async def test_the_origin_is_known_to_every_later_act(world: World) -> None:
    profile = await opened(world, "received")
    rule = "SELECT rule_id FROM duties WHERE profile_id = :p AND slot = 'account_request'"
    assert (await world.one(rule, p=profile)).rule_id == "moha.art8.3.b"
    await world.ask("culture.hr", RequestAccount(document="15/YC"), profile)
    made = await world.ask("admin", CreateAccount(login=f"d.{profile.hex[:12]}", password_hash="x"), profile)
    assert made.status == 201, made.answer
    assert "intake_check" in [slot for slot, *_ in await owed(world, profile)]


async def test_no_law_no_request(world: World, module_database, tmp_path: Path) -> None:
    engine = engine_for(module_database.url("worker"), pool_size=2)
    other = await build(tools_for(engine, tmp_path / "other"), START, second=True)
    profile = await other.employ(until="account")
    refused = await other.ask("culture.hr", RequestAccount(document="15/YC"), profile)
    assert (refused.status, refused.answer["code"]) == (403, "not-permitted")
    await engine.dispose()


@pytest.mark.parametrize(
    ("kind", "category", "rule"),
    [
        pytest.param(*case, marks=pytest.mark.rule(case[2]))
        for case in (
            ("department", "civil_servant", "binh_dinh.II.2.a.1"),
            ("public_service_unit", "public_employee", "binh_dinh.II.2.b.1"),
            ("commune_committee", "civil_servant", "binh_dinh.II.3.a"),
        )
    ],
)
async def test_the_kind_of_agency_decides_who_owes_the_account(
    module_database, tmp_path: Path, kind: str, category: str, rule: str
) -> None:
    engine = engine_for(module_database.url("worker"), pool_size=2)
    law = in_force("binh_dinh", START.date())
    place = await build(tools_for(engine, tmp_path), START, second=True, law=law)
    async with transaction(engine, place.scope) as connection:
        await connection.execute(
            text("UPDATE agencies SET kind = :kind WHERE id = :g"), {"kind": kind, "g": place.culture}
        )
    profile = uuid4()
    body = OpenProfile(
        agency_id=place.culture,
        full_name="Nguyễn Thị Thử",
        personal_id_number=f"000{profile.int % 10**9:09d}",
        category=category,
        event_on=date(2026, 3, 2),
        document="12/QĐ",
    )
    assert (await place.ask("culture.hr", body, profile)).status == 201
    found = await place.one(
        "SELECT rule_id, agency_id FROM duties WHERE profile_id = :p AND slot = 'personal_account'", p=profile
    )
    assert tuple(found) == (rule, place.culture)
    await engine.dispose()
