"""Other sites and cookies: CSRF, session fixation, what a browser is told to keep."""

from collections.abc import Callable

import httpx
import pytest

from tests.api.over_http import PUBLIC
from tests.api.reading.world import PASSWORD, Caller, code_of

COOKIE = "__Host-hoso"
CREDENTIALS = {"login": "hr.a", "password": PASSWORD}
CHANGE = {"old_password": PASSWORD, "new_password": "cơn-mưa-ngang-phố-xưa"}


async def opened(caller: Caller, login: str = "hr.a") -> str:
    """Log a browser in; answers its CSRF token."""
    answer = await caller.post("/session/browser", json={**CREDENTIALS, "login": login})
    assert answer.status_code == 201, answer.text
    token: str = answer.json()["csrf_token"]
    return token


async def test_the_cookie_is_out_of_reach_of_scripts_other_hosts_and_plain_connections(
    caller: Caller,
) -> None:
    answer = await caller.post("/session/browser", json=CREDENTIALS)
    name, _, rest = answer.headers["set-cookie"].partition("=")
    told = {part.strip().lower() for part in rest.split(";")[1:]}
    assert name == COOKIE
    assert {"httponly", "secure", "samesite=lax", "path=/"} <= told
    assert not any(part.startswith("domain") for part in told)
    assert caller.cookies[COOKIE] not in answer.text


async def test_a_cookie_reads_and_with_its_csrf_token_changes(caller: Caller) -> None:
    said = {"X-CSRF-Token": await opened(caller), "Origin": PUBLIC, "Sec-Fetch-Site": "same-origin"}
    assert (await caller.ok("/session"))["login"] == "hr.a"
    assert (await caller.ok("/session/browser"))["csrf_token"] == said["X-CSRF-Token"]
    assert (await caller.delete("/session/browser", headers=said)).status_code == 204
    assert COOKIE not in caller.cookies
    assert code_of(await caller.get("/session")) == (401, "not-authenticated")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-CSRF-Token": ""},
        {"X-CSRF-Token": "0" * 64},
        {"X-CSRF-Token": "sai-mã"},
        {"right": "yes", "Origin": "https://evil.example"},
        {"right": "yes", "Origin": "null"},
        {"right": "yes", "Origin": PUBLIC + ".evil.example"},
        {"right": "yes", "Sec-Fetch-Site": "cross-site"},
        {"right": "yes", "Sec-Fetch-Site": "same-site"},
    ],
)
async def test_csrf_a_cookie_alone_changes_nothing(caller: Caller, headers: dict[str, str]) -> None:
    said = await opened(caller)
    if headers.pop("right", None):
        headers["X-CSRF-Token"] = said
    sent = [(name.encode(), value.encode()) for name, value in headers.items()]
    answer = await caller.put("/session/password", json=CHANGE, headers=sent)
    assert code_of(answer) == (403, "csrf-failed")
    assert code_of(await caller.delete("/session", headers=sent)) == (403, "csrf-failed")
    assert (await caller.ok("/session"))["login"] == "hr.a"


async def test_csrf_the_token_of_another_session_does_not_serve(callers: Callable[[], Caller]) -> None:
    mine, theirs = callers(), callers()
    await opened(mine)
    other = await opened(theirs, "hr.b")
    answer = await mine.delete("/session/browser", headers={"X-CSRF-Token": other})
    assert code_of(answer) == (403, "csrf-failed")


async def test_csrf_nobody_is_logged_in_from_another_site(caller: Caller) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = await caller.post("/session/browser", json=CREDENTIALS, headers=headers)
        assert code_of(answer) == (403, "csrf-failed")
    assert not caller.cookies


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_csrf_what_a_form_of_another_site_can_send_is_not_read(caller: Caller, kind: str) -> None:
    body = f'{{"login":"hr.a","password":"{PASSWORD}"}}'.encode()
    answer = await caller.post(
        "/session/browser", content=body, headers={"Content-Type": kind} if kind else {}
    )
    assert code_of(answer) == (415, "unsupported-media-type")


async def test_session_fixation_a_planted_cookie_is_never_taken_up(callers: Callable[[], Caller]) -> None:
    attacker, victim = callers(), callers()
    await opened(attacker, "hr.b")
    planted = attacker.cookies[COOKIE]
    victim.cookies.set(COOKIE, planted, domain="hoso.example")
    await opened(victim)
    kept = [cookie.value for cookie in victim.cookies.jar if cookie.name == COOKIE]
    assert planted not in kept[-1:]
    assert (await attacker.ok("/session"))["login"] == "hr.b"
    unknown = httpx.Cookies({COOKIE: "chosen-by-the-attacker"})
    attacker.cookies = unknown
    assert code_of(await attacker.get("/session")) == (401, "not-authenticated")
    await opened(attacker)
    assert "chosen-by-the-attacker" not in [c.value for c in attacker.cookies.jar if c.domain]


async def test_a_bearer_needs_no_csrf_token_and_a_cookie_never_replaces_it(caller: Caller) -> None:
    await opened(caller)
    answer = await caller.delete("/session", headers={"Authorization": "Bearer wrong"})
    assert code_of(answer) == (401, "not-authenticated")
