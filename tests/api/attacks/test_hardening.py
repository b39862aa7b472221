"""What stands before every route: headers, host, size, time, media types, rates, accidents."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import text

import api
from api.hardening import STRICT_PATHS
from models.database import engine_for
from tests.api.reading.world import PASSWORD, Caller, code_of

SMALL = {
    "public_url": "https://hoso.example",
    "request_bytes": 2048,
    "request_seconds": 0.2,
    "body_seconds": 0.5,
    "requests_per_minute": 5,
    "address_requests_per_minute": 12,
    "logins_per_minute": 3,
}


@pytest.fixture
def choices() -> dict[str, Any]:
    return dict(SMALL)


@pytest.mark.parametrize(
    "path", ["/session", "/problems/nothing", "/../docs", "/../docs/start.js", "/no-such"]
)
async def test_every_answer_tells_the_browser_to_trust_little(caller: Caller, path: str) -> None:
    headers = (await caller.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["strict-transport-security"].startswith("max-age=31536000")
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe-eval" not in headers["content-security-policy"]
    assert "access-control-allow-origin" not in headers


async def test_an_accident_tells_nothing_and_keeps_the_headers(app: FastAPI, caller: Caller) -> None:
    class Broken:
        async def now(self) -> None:
            raise RuntimeError("NGUYỄN VĂN AN 000123456789")

    app.state.clock = Broken()
    answer = await caller.post("/session", json={"login": "hr.a", "password": PASSWORD})
    assert code_of(answer) == (500, "internal")
    assert "000123456789" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "host", ["evil.example", "hoso.example.evil.example", "", "hoso.example@evil.example", "["]
)
async def test_another_host_is_not_ours(caller: Caller, host: str) -> None:
    assert code_of(await caller.get("/session", headers={"Host": host})) == (421, "host-unknown")


@pytest.mark.parametrize("host", ["hoso.example", "hoso.example:443", "HOSO.example", "127.0.0.1:8080"])
async def test_our_own_names_are(caller: Caller, host: str) -> None:
    assert code_of(await caller.get("/session", headers={"Host": host})) == (401, "not-authenticated")


async def test_a_forwarded_host_is_not_believed(caller: Caller) -> None:
    answer = await caller.get(
        "/session", headers={"Host": "evil.example", "X-Forwarded-Host": "hoso.example"}
    )
    assert code_of(answer) == (421, "host-unknown")


async def _chunks(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 512):
        yield b" " * 512


JSON = {"Content-Type": "application/json"}


async def test_a_body_too_large_is_refused_before_it_is_read(caller: Caller) -> None:
    answer = await caller.post("/session", content=b" " * 4096, headers=JSON)
    assert code_of(answer) == (413, "request-too-large")
    assert answer.json()["largest"] == 2048


async def test_a_body_that_does_not_tell_its_length_is_counted(caller: Caller) -> None:
    answer = await caller.post("/session", content=_chunks(4096), headers=JSON)
    assert code_of(answer) == (413, "request-too-large")


@pytest.mark.parametrize("length", ["-1", "1e3", "٣", "99999999999999999999"])
async def test_a_length_that_is_none_is_refused(caller: Caller, length: str) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", length.encode())]
    assert code_of(await caller.post("/session", content=b"{}", headers=headers))[0] in (400, 413, 422)


async def test_a_body_that_trickles_is_not_waited_for(caller: Caller) -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(2)
        yield b"}"

    answer = await caller.post("/session", content=slow(), headers=JSON)
    assert code_of(answer) == (408, "request-timeout")


async def test_a_body_that_comes_drop_by_drop_is_not_waited_for_for_ever(caller: Caller) -> None:
    """Each drop comes in time; all of them do not."""

    async def drops() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" "
            await asyncio.sleep(0.05)

    answer = await caller.post("/session", content=drops(), headers=JSON)
    assert code_of(answer) == (408, "request-timeout")


def test_whoever_takes_a_password_from_nobody_known_is_strict() -> None:
    document = json.loads((Path(api.__file__).parent / "openapi.json").read_text(encoding="utf-8"))
    schemas, taking = document["components"]["schemas"], set()
    for path, methods in document["paths"].items():
        for operation in methods.values():
            content = operation.get("requestBody", {}).get("content", {})
            names = {one["schema"].get("$ref", "").rpartition("/")[2] for one in content.values()}
            asked = {field for name in names for field in schemas.get(name, {}).get("properties", {})}
            if "password" in asked and not operation.get("security"):
                taking.add(path)
    assert taking == set(STRICT_PATHS) - {"/api/v1/oauth/token"}, "which takes a signed assertion"


async def test_a_statement_of_the_api_takes_no_longer_than_it_may(app: FastAPI, caller: Caller) -> None:
    url = app.state.tools.engine.url.render_as_string(hide_password=False)
    bounded = engine_for(url, pool_size=1, statement_seconds=0.05)

    class Asleep:
        async def now(self) -> None:
            async with bounded.connect() as connection:
                await connection.execute(text("SELECT pg_sleep(5)"))

    app.state.clock = Asleep()
    answer = await caller.post("/session", json={"login": "hr.a", "password": PASSWORD})
    assert code_of(answer) == (503, "answer-too-slow")
    assert answer.headers["retry-after"] == "30"
    await bounded.dispose()


async def test_an_account_has_its_share_and_is_told_what_is_left(caller: Caller) -> None:
    await caller.login("hr.a")
    seen = [await caller.get("/session") for _ in range(6)]
    assert [answer.status_code for answer in seen] == [200] * 5 + [429]
    assert [answer.headers["ratelimit-remaining"] for answer in seen] == ["4", "3", "2", "1", "0", "0"]
    assert seen[0].headers["ratelimit-limit"] == "5"
    assert code_of(seen[-1]) == (429, "rate-limited")
    assert 1 <= int(seen[-1].headers["retry-after"]) <= 60


async def test_two_accounts_do_not_share(callers: Callable[[], Caller]) -> None:
    mine, theirs = callers(), callers()
    await mine.login("hr.a")
    await theirs.login("hr.b")
    for _ in range(6):
        last = await mine.get("/session")
    assert last.status_code == 429
    assert (await theirs.get("/session")).status_code == 200


@pytest.mark.parametrize("path", ["/session", "/session/browser"])
async def test_an_address_has_its_share_and_logging_in_a_smaller_one(caller: Caller, path: str) -> None:
    wrong = {"login": "nobody", "password": "wrong"}
    codes = [code_of(await caller.post(path, json=wrong)) for _ in range(4)]
    assert codes == [(401, "login-failed")] * 3 + [(429, "rate-limited")]
    others = [(await caller.get("/problems/nothing")).status_code for _ in range(13)]
    assert others == [404] * 12 + [429]


async def test_a_session_that_is_guessed_counts_for_the_address(caller: Caller) -> None:
    guesses = [
        (await caller.get("/session", headers={"Authorization": f"Bearer {n}"})).status_code
        for n in range(13)
    ]
    assert guesses == [401] * 12 + [429]
