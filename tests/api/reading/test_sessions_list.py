"""Sessions: listed by device, ended one by one, over when idle; addresses that fail too often wait."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from api import addresses
from api.devices import device_of
from tests.api.reading.world import NOW, PASSWORD, Caller, StandingClock, World, code_of

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def adjust(app: FastAPI, **values: Any) -> None:
    app.state.settings = SimpleNamespace(**{**vars(app.state.settings), **values})


async def test_listed_with_device_and_ended_at_once(
    world: World, callers: Callable[[], Caller], clock: StandingClock
) -> None:
    await world.written(lambda c: world.account(c, "busy"))
    phone, desk = callers(), callers()
    desk.headers["User-Agent"] = FIREFOX
    answer = await phone.post(
        "/session", json={"login": "busy", "password": PASSWORD, "device": "Điện thoại"}
    )
    phone.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    clock.at = NOW + timedelta(minutes=5)
    await desk.login("busy")
    clock.at = NOW + timedelta(minutes=10)
    found = await phone.ok("/me/sessions")
    assert [(one["device"], one["current"]) for one in found] == [
        ("Firefox · Linux", False),
        ("Điện thoại", True),
    ]
    assert found[1]["last_seen_at"] == "2026-03-10T02:10:00Z"
    assert "token" not in str(found)
    assert (await phone.delete(f"/me/sessions/{found[0]['id']}")).status_code == 204
    assert code_of(await desk.get("/session")) == (401, "not-authenticated")
    assert code_of(await phone.delete(f"/me/sessions/{found[0]['id']}")) == (404, "not-found")


async def test_nobody_ends_or_sees_another_s(world: World, callers: Callable[[], Caller]) -> None:
    await world.written(lambda c: world.account(c, "mine"))
    mine, other = await callers().login("mine"), await callers().login("admin")
    (session,) = await mine.ok("/me/sessions")
    assert code_of(await other.delete(f"/me/sessions/{session['id']}")) == (404, "not-found")
    assert session["id"] not in str(await other.ok("/me/sessions"))
    assert (await mine.get("/session")).status_code == 200


async def test_an_idle_session_ends(world: World, app: FastAPI, caller: Caller, clock: StandingClock) -> None:
    adjust(app, session_idle_minutes=60)
    await world.written(lambda c: world.account(c, "idler"))
    await caller.login("idler")
    for minute in (50, 100, 159):
        clock.at = NOW + timedelta(minutes=minute)
        assert (await caller.get("/session")).status_code == 200
    clock.at = NOW + timedelta(minutes=159 + 60)
    assert code_of(await caller.get("/session")) == (401, "not-authenticated")


async def test_a_suspended_account_is_out_at_once(world: World, caller: Caller) -> None:
    await world.written(lambda c: world.account(c, "stopped"))
    await caller.login("stopped")
    stop = text("UPDATE accounts SET suspended_at = :now WHERE login = 'stopped'")
    await world.written(lambda c: c.execute(stop, {"now": NOW}))
    assert code_of(await caller.get("/session")) == (401, "not-authenticated")
    answer = await caller.post("/session", json={"login": "stopped", "password": PASSWORD})
    assert code_of(answer) == (401, "login-failed")


async def test_a_one_time_password_that_waited_too_long(
    world: World, caller: Caller, clock: StandingClock
) -> None:
    until = NOW + timedelta(days=7)
    await world.written(lambda c: world.account(c, "invited", state="default_password", one_time_until=until))
    clock.at = until
    answer = await caller.post("/session", json={"login": "invited", "password": PASSWORD})
    assert code_of(answer) == (401, "login-failed")
    clock.at = until - timedelta(seconds=1)
    assert (await caller.post("/session", json={"login": "invited", "password": PASSWORD})).status_code == 201


@pytest.fixture
async def alone(world: World) -> None:
    await world.written(lambda c: c.execute(text("DELETE FROM login_addresses")))


@pytest.mark.usefixtures("alone")
async def test_an_address_that_fails_too_often_waits(
    world: World, app: FastAPI, caller: Caller, clock: StandingClock
) -> None:
    adjust(app, address_attempts=6)
    await world.written(lambda c: world.account(c, "victim"))
    for number in range(6):
        answer = await caller.post("/session", json={"login": f"nobody{number}", "password": "x"})
        assert code_of(answer) == (401, "login-failed")
    locked = await caller.post("/session", json={"login": "victim", "password": PASSWORD})
    assert code_of(locked) == (429, "rate-limited")
    assert int(locked.headers["Retry-After"]) == 60
    clock.at = NOW + timedelta(seconds=61)
    ok = await caller.post("/session", json={"login": "victim", "password": PASSWORD})
    assert ok.status_code == 201, "one's own account is not locked by others' failures"
    clock.at = NOW + timedelta(hours=3)
    for number in range(5):
        await caller.post("/session", json={"login": f"nobody{number}", "password": "x"})
    assert (await caller.post("/session", json={"login": "victim", "password": PASSWORD})).status_code == 201


@pytest.mark.usefixtures("alone")
async def test_right_passwords_from_one_address_do_not_count(
    world: World, app: FastAPI, caller: Caller
) -> None:
    adjust(app, address_attempts=5)
    await world.written(lambda c: world.account(c, "often"))
    for _ in range(12):
        answer = await caller.post("/session", json={"login": "often", "password": PASSWORD})
        assert answer.status_code == 201


@pytest.mark.usefixtures("alone")
async def test_addresses_are_kept_under_a_keyed_hash(world: World, caller: Caller) -> None:
    await caller.post("/session", json={"login": "nobody", "password": "x"})

    async def rows(connection: Any) -> list[str]:
        return list((await connection.execute(text("SELECT address FROM login_addresses"))).scalars())

    kept = await world.written(rows)
    assert kept == [addresses.hashed(world.ring, "127.0.0.1")]
    assert kept != [addresses.hashed(world.ring, "127.0.0.2")]


@pytest.mark.parametrize(
    ("agent", "label"),
    [
        (FIREFOX, "Firefox · Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari · iOS"),
        ("python-httpx/0.28", "API"),
        ("something else", None),
        ("", None),
    ],
)
def test_devices_have_names(agent: str, label: str | None) -> None:
    assert device_of(agent) == label
