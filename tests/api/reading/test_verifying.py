"""``POST /verify``: judged and forgotten, within a size and a rate, for everybody only where the
installation says so.
"""

import asyncio
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from api import verify_rate
from api.routers import verifying
from tests.api.conftest import SETTINGS
from tests.api.reading.world import Caller, StandingClock, World, code_of
from tests.models.evidence import lists, longterm, samples


@pytest.fixture(scope="module", autouse=True)
def files() -> None:
    """Made before any test's event loop runs: signing runs one of its own."""
    for make in (longterm.b_lta, samples.small_once, samples.signed_twice, lists.evidence):
        make()


@pytest.fixture
def settings(app: FastAPI, clock: StandingClock, tmp_path: Any) -> SimpleNamespace:
    clock.at = samples.READ_AT
    (tmp_path / "trust.json").write_text(samples.trust().to_json())
    app.state.settings = SimpleNamespace(
        **vars(SETTINGS),
        verify_bytes=len(lists.evidence().pack()) + len(samples.signed_twice()),
        verify_public=True,
        verify_per_minute=1000,
        trust_list=None,
        pki=tmp_path,
    )
    return app.state.settings


async def post(caller: Caller, data: bytes, **options: Any) -> httpx.Response:
    return await caller.post("/verify", content=data, **options)


async def test_a_good_file(caller: Caller, settings: SimpleNamespace) -> None:
    answer = await post(caller, longterm.b_lta())
    said = answer.json()
    assert (answer.status_code, said["valid"], said["level"], said["problems"]) == (200, True, "B-LTA", [])
    assert said["signatures"][0]["proven_at"] == "2025-03-28T02:05:02Z"
    assert {check["result"] for check in said["checks"]} == {"passed", "unknown", "absent"}


async def test_the_evidence_of_a_profile(caller: Caller, settings: SimpleNamespace) -> None:
    said = (await post(caller, lists.evidence().pack())).json()
    assert (said["valid"], said["kind"], said["row"]["position"]) == (True, "profile-evidence", 3)


async def test_a_bad_file_is_an_answer(caller: Caller, settings: SimpleNamespace) -> None:
    said = (await post(caller, samples.small_once() + b"x")).json()
    assert (said["valid"], said["readable"]) == (False, True)
    assert said["problems"]
    said = (await post(caller, b"nonsense")).json()
    assert (said["valid"], said["readable"]) == (False, False)


async def test_a_level_may_be_demanded(caller: Caller, settings: SimpleNamespace) -> None:
    said = (await post(caller, samples.small_once(), params={"level": "B-T"})).json()
    assert [one["code"] for one in said["problems"]] == ["level-too-low"]
    assert (await post(caller, b"x", params={"level": "B-X"})).status_code == 400


async def test_too_large_is_refused_before_it_is_read(caller: Caller, settings: SimpleNamespace) -> None:
    settings.verify_bytes = 1000
    assert code_of(await post(caller, bytes(1001))) == (413, "request-too-large")

    async def without_length() -> Any:
        for _ in range(3):
            yield bytes(500)

    assert code_of(await caller.post("/verify", content=without_length())) == (
        413,
        "request-too-large",
    )
    assert (await post(caller, bytes(1000))).status_code == 200


async def test_no_more_than_so_many_a_minute_wherever_they_were_asked(
    caller: Caller, app: FastAPI, settings: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.verify_per_minute = 3
    tools, asker = app.state.tools, uuid4().hex
    assert "127.0.0.1" not in verify_rate.hashed(tools.ring, "127.0.0.1")
    monkeypatch.setattr(verifying, "hashed", lambda _ring, _who: asker)
    for _ in range(2):
        assert (await post(caller, b"x")).status_code == 200
    # Another process behind the same proxy counts into the same minute.
    await verify_rate.take(tools.engine, asker, settings.verify_per_minute)
    answer = await post(caller, b"x")
    assert code_of(answer) == (429, "rate-limited")
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    await verify_rate.take(tools.engine, uuid4().hex, 1)  # somebody else
    async with tools.engine.begin() as connection:
        seen = await connection.scalar(text("SELECT count(*) FROM verify_askers"))
    assert seen == 0, "nobody sees who asks"
    monkeypatch.setattr(verify_rate, "WINDOW", 0.0)
    assert (await post(caller, b"x")).status_code == 200, "the minute is over"


async def test_few_at_once(
    caller: Caller, app: FastAPI, settings: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifying, "PATIENCE_SECONDS", 0.01)
    app.state.verify_turns = asyncio.Semaphore(0)
    assert code_of(await post(caller, b"x")) == (429, "rate-limited")
    app.state.verify_turns = asyncio.Semaphore(1)
    assert (await post(caller, b"x")).status_code == 200
    assert not app.state.verify_turns.locked()


async def test_without_the_policy_only_accounts_may(
    world: World, caller: Caller, settings: SimpleNamespace
) -> None:
    settings.verify_public = False
    assert code_of(await post(caller, b"x")) == (401, "not-authenticated")
    await caller.login("hr.a")
    assert (await caller.post("/verify", content=samples.small_once())).json()["valid"]


async def test_a_wrong_token_is_nobody_even_where_everybody_may(
    caller: Caller, settings: SimpleNamespace
) -> None:
    answer = await post(caller, b"x", headers={"Authorization": "Bearer nothing"})
    assert code_of(answer) == (401, "not-authenticated")


async def test_without_a_trust_list_nothing_is_judged(caller: Caller, settings: SimpleNamespace) -> None:
    settings.pki = settings.pki / "none"
    assert code_of(await post(caller, b"x")) == (503, "trust-list-unreadable")
