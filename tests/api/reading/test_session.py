"""Logging in, being known, changing the password: every refusal, and that refusals look alike."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from api import auth, passwords
from models.database import Scope, transaction
from models.errors import RefusedError
from tests.api.reading.world import NOW, PASSWORD, Caller, StandingClock, World, code_of

NEW = "cơn-mưa-ngang-phố"


async def test_a_session_knows_its_account_and_roles(world: World, caller: Caller) -> None:
    await caller.login("hr.a")
    me = await caller.ok("/session")
    assert me["account_id"] == str(world.accounts["hr.a"])
    assert [(r["role"], r["agency_id"]) for r in me["roles"]] == [("hr_officer", str(world.a))]
    assert me["must_change_password"] is False


@pytest.mark.rule("hanoi.art10.1")
async def test_where_to_log_in_is_told_with_its_article(caller: Caller) -> None:
    await caller.login("hr.a")
    told = {one["rule_id"]: one for one in (await caller.ok("/session/rules"))["items"]}
    assert told["hanoi.art10.1"]["address"] == "https://cbccvc.hanoi.gov.vn/"
    assert "Điều 10.1" in told["hanoi.art10.1"]["citation"]


@pytest.mark.rule("hanoi.art6.2.b")
@pytest.mark.rule("hanoi.art10.2")
async def test_an_agency_is_told_what_its_account_is_and_that_it_keeps_it_secret(caller: Caller) -> None:
    await caller.login("approver.a")
    said = await caller.ok("/session/rules")
    assert said["kind"] == "agency"
    told = [one["rule_id"] for one in said["items"]]
    assert told.index("hanoi.art6.2.b") < told.index("hanoi.art10.2")
    assert "hanoi.art10.3" not in told, "a person's own account is another"


@pytest.mark.rule("hanoi.art10.3")
async def test_a_person_is_told_what_the_own_account_is_for(world: World, caller: Caller) -> None:
    async def write(connection: Any) -> None:
        profile = await world.profile(connection, "Nguyễn Thị Quy Định", world.a)
        await world.account(connection, "official.rules", profile_id=profile, kind="personal")

    await world.written(write)
    await caller.login("official.rules")
    told = [one["rule_id"] for one in (await caller.ok("/session/rules"))["items"]]
    assert "hanoi.art10.3" in told
    assert "hanoi.art10.2" not in told


@pytest.mark.rule("hanoi.art6.2.a")
async def test_an_administrator_is_told_whose_work_the_accounts_are(caller: Caller) -> None:
    await caller.login("admin")
    told = [one["rule_id"] for one in (await caller.ok("/session/rules"))["items"]]
    assert {"hanoi.art6.2.a", "hanoi.art9.1.c", "hanoi.art13.3", "hanoi.art19.8"} <= set(told)


async def test_a_role_ends_on_the_first_day_without_it(caller: Caller, clock: StandingClock) -> None:
    await caller.login("former.hr")
    assert (await caller.ok("/session"))["roles"] == []
    clock.at = NOW - timedelta(days=1)
    assert [r["role"] for r in (await caller.ok("/session"))["roles"]] == ["hr_officer"]


@pytest.mark.parametrize(
    "header", [None, "Bearer ", "Bearer nothing", "Basic aHI6eA==", "Bearer " + "x" * 500]
)
async def test_without_a_session_nobody_is_known(caller: Caller, header: str | None) -> None:
    headers = {"Authorization": header} if header else {}
    assert code_of(await caller.get("/session", headers=headers)) == (401, "not-authenticated")
    assert code_of(await caller.get("/profiles", headers=headers)) == (401, "not-authenticated")


async def test_all_ways_of_failing_answer_the_same(world: World, caller: Caller) -> None:
    async def cancelled(connection: Any) -> None:
        await world.account(connection, "gone", state="cancelled")

    await world.written(cancelled)
    answers = [
        await caller.post("/session", json={"login": login, "password": word})
        for login, word in [("hr.b", "wrong"), ("nobody", PASSWORD), ("gone", PASSWORD), ("hr.b\0", PASSWORD)]
    ]
    seen = [{k: v for k, v in a.json().items() if k != "instance"} for a in answers]
    assert all(code_of(a) == (401, "login-failed") for a in answers)
    assert all(one == seen[0] for one in seen)


async def test_the_token_is_not_stored(world: World, caller: Caller) -> None:
    await caller.login("hr.b")
    token = caller.headers["Authorization"].removeprefix("Bearer ")
    hashes = await world.written(
        lambda c: _scalars(
            c, "SELECT token_hash FROM sessions WHERE account_id = :id", world.accounts["hr.b"]
        )
    )
    assert len(token) >= 43  # 256 bits
    assert token not in hashes
    assert len(hashes) >= 1


async def test_a_session_expires(caller: Caller, clock: StandingClock) -> None:
    await caller.login("hr.a")
    clock.at = NOW + timedelta(hours=7, minutes=59)
    assert (await caller.get("/session")).status_code == 200
    clock.at = NOW + timedelta(hours=8)
    assert code_of(await caller.get("/session")) == (401, "not-authenticated")


async def test_signing_out_ends_this_session_only(callers: Callable[[], Caller]) -> None:
    first, second = await callers().login("hr.a"), await callers().login("hr.a")
    assert (await first.delete("/session")).status_code == 204
    assert code_of(await first.get("/session")) == (401, "not-authenticated")
    assert (await second.get("/session")).status_code == 200


async def test_a_cancelled_account_is_out_at_once(world: World, caller: Caller) -> None:
    await world.written(lambda c: world.account(c, "leaver"))
    await caller.login("leaver")
    await world.written(
        lambda c: c.execute(text("UPDATE accounts SET state = 'cancelled' WHERE login = 'leaver'"))
    )
    assert code_of(await caller.get("/session")) == (401, "not-authenticated")


async def test_wrong_passwords_lock_with_growing_pauses(
    world: World, caller: Caller, clock: StandingClock
) -> None:
    await world.written(lambda c: world.account(c, "guessed"))
    for _ in range(auth.FREE_ATTEMPTS):
        await caller.post("/session", json={"login": "guessed", "password": "wrong"})
    assert await _enters(caller, "guessed") is False, "locked: even the right password"
    clock.at = NOW + timedelta(seconds=61)
    await caller.post("/session", json={"login": "guessed", "password": "wrong"})
    clock.at = NOW + timedelta(seconds=61 + 61)
    assert await _enters(caller, "guessed") is False, "the second pause is two minutes"
    clock.at = NOW + timedelta(seconds=61 + 121)
    assert await _enters(caller, "guessed") is True
    clock.at = NOW
    assert await _enters(caller, "guessed") is True, "a success starts the count again"


async def test_guessing_in_parallel_gains_nothing(world: World, app: Any, monkeypatch: Any) -> None:
    await world.written(lambda c: world.account(c, "stormed"))
    looked = 0

    async def counted(stored: str | None, _password: str) -> bool:
        nonlocal looked
        looked += stored is not None
        return False

    monkeypatch.setattr(passwords, "matches", counted)

    async def guess() -> None:
        with pytest.raises(RefusedError):
            await auth.sign_in(
                app.state.tools, auth.Entry("stormed", "guess"), NOW, auth.Terms(timedelta(hours=1))
            )

    await asyncio.gather(*(guess() for _ in range(12)))
    assert looked == auth.FREE_ATTEMPTS


async def test_the_default_password_must_change_first_and_then_opens_nothing(
    world: World, caller: Caller, callers: Callable[[], Caller]
) -> None:
    await world.written(lambda c: world.account(c, "fresh", state="default_password", role="hr_officer"))
    await caller.login("fresh")
    assert (await caller.ok("/session"))["must_change_password"] is True
    for path in ("/profiles", "/today", "/me", "/inbox", "/changes", "/duties"):
        assert code_of(await caller.get(path)) == (403, "password-change-required")
    changed = await caller.put("/session/password", json={"old_password": PASSWORD, "new_password": NEW})
    assert changed.status_code == 204
    assert (await caller.ok("/session"))["must_change_password"] is False
    assert (await caller.get("/profiles")).status_code == 200
    assert await _enters(callers(), "fresh") is False


async def test_changing_the_password_ends_other_sessions(world: World, callers: Callable[[], Caller]) -> None:
    await world.written(lambda c: world.account(c, "careful"))
    here, there = await callers().login("careful"), await callers().login("careful")
    answer = await here.put("/session/password", json={"old_password": PASSWORD, "new_password": NEW})
    assert answer.status_code == 204
    assert (await here.get("/session")).status_code == 200
    assert code_of(await there.get("/session")) == (401, "not-authenticated")
    assert await _enters(callers(), "careful") is False
    assert await _enters(callers(), "careful", NEW) is True


@pytest.mark.parametrize(
    "wanted",
    ["ngắn-quá", "x" * 201, "aaaaaaaaaaaa", "MatKhau12345", "soNoiVu@123", "xx-hr.a-2026", PASSWORD],
)
async def test_bad_passwords_are_refused_by_field(caller: Caller, wanted: str) -> None:
    await caller.login("hr.a")
    body = {"old_password": PASSWORD, "new_password": wanted}
    answer = await caller.put("/session/password", json=body)
    if len(wanted) > 200:
        assert code_of(answer) == (400, "malformed-request")
    else:
        assert code_of(answer) == (422, "invalid-form")
        assert answer.json()["errors"][0]["path"] == "new_password"
    assert wanted not in answer.text


async def test_the_present_password_is_asked_for(caller: Caller) -> None:
    await caller.login("hr.a")
    answer = await caller.put("/session/password", json={"old_password": "wrong", "new_password": NEW})
    assert code_of(answer) == (401, "login-failed")


@pytest.mark.rule("hanoi.art6.2")
async def test_a_personal_account_is_activated_by_a_command(
    world: World, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    import api.commands

    async def both(connection: Any) -> None:
        person = await world.profile(connection, "Phạm Thị Hoa", world.a, chapter="account", status="pending")
        await world.account(connection, "hoa", kind="personal", profile_id=person, state="default_password")

    sent: dict[str, Any] = {}

    async def send(_request: Any, who: Any, body: Any, **more: Any) -> Any:
        from fastapi.responses import JSONResponse

        sent.update(who=who.login, verb=body.verb, hash=body.password_hash, **more)
        return JSONResponse({}, status_code=200)

    await world.written(both)
    monkeypatch.setattr(api.commands, "send", send, raising=False)
    await caller.login("hoa")
    body = {"old_password": PASSWORD, "new_password": NEW}
    answer = await caller.put("/session/password", json=body, headers={"Idempotency-Key": "k1"})
    assert answer.status_code == 200
    assert (sent["who"], sent["verb"], sent["key"]) == ("hoa", "activate_account", "k1")
    assert sent["subject_id"] == world.profiles["Phạm Thị Hoa"]
    assert await passwords.matches(sent["hash"], NEW)
    assert (await caller.ok("/session"))["must_change_password"] is True, "the API itself changed nothing"


async def test_the_database_lets_the_api_change_no_other_account(world: World) -> None:
    engine = create_async_engine(world.database.url("api"), poolclass=NullPool)
    scope = Scope(world.authority, everything=True, account=world.accounts["admin"])
    query = text("UPDATE accounts SET password_hash = 'x' WHERE login = :login")
    async with transaction(engine, scope) as connection:
        assert (await connection.execute(query, {"login": "hr.a"})).rowcount == 0
    with pytest.raises(ProgrammingError):
        async with transaction(engine, scope) as connection:
            await connection.execute(text("UPDATE accounts SET kind = 'personal' WHERE login = 'admin'"))
    await engine.dispose()


async def _enters(caller: Caller, login: str, password: str = PASSWORD) -> bool:
    answer = await caller.post("/session", json={"login": login, "password": password})
    return answer.status_code == 201


async def _scalars(connection: Any, query: str, id_: Any) -> list[str]:
    return list((await connection.execute(text(query), {"id": id_})).scalars())
