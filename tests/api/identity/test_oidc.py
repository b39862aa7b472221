"""Logging in with an identity provider: a real one, in a process of its own."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pyotp
import pytest
from sqlalchemy import text

from api.oidc import begun as logins
from tests.api.identity.provider import CLIENT, SECRET
from tests.api.over_http import PUBLIC
from tests.api.reading.world import PASSWORD, Caller, StandingClock, World, code_of

COOKIE = "__Host-hoso"
OTHERS = "https://other.example"


@pytest.fixture
def desk(provider: str) -> Iterator[Callable[..., Any]]:
    """Tell the provider to rotate its keys or to answer wrongly; it is right again afterwards."""

    def tell(**told: Any) -> Any:
        return httpx.post(f"{provider}/desk", json=told).json()["token"]

    yield tell
    tell()


@pytest.fixture
def choices(provider: str) -> dict[str, Any]:
    return {
        "public_url": PUBLIC,
        "oidc_issuer": provider,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": SECRET,
    }


def there(address: str, subject: str) -> str:
    """What the browser does at the provider; answers the query it comes back with."""
    answer = httpx.get(f"{address}&as={subject}")
    assert answer.status_code == 302, answer.text
    return answer.headers["location"].partition("?")[2]


async def back(caller: Caller, subject: str) -> httpx.Response:
    """A whole login."""
    start = await caller.get("/session/oidc/start")
    assert start.status_code == 303
    return await caller.get(f"/session/oidc/callback?{there(start.headers['location'], subject)}")


async def linked(caller: Caller, login: str, subject: str) -> httpx.Response:
    """Log in by password and link an identity."""
    opened = await caller.post("/session/browser", json={"login": login, "password": PASSWORD})
    said = {"X-CSRF-Token": opened.json()["csrf_token"]}
    onward = await caller.post("/session/oidc/links", headers=said)
    assert onward.status_code == 200, onward.text
    return await caller.get(f"/session/oidc/callback?{there(onward.json()['address'], subject)}")


@pytest.fixture
async def known(callers: Callable[[], Caller], world: World, request: pytest.FixtureRequest) -> str:
    """A subject that is linked to an account of its own."""
    login = f"p-{abs(hash(request.node.name)) % 10**9}"
    await world.written(lambda connection: world.account(connection, login, role="hr_officer"))
    assert (await linked(callers(), login, login)).status_code == 303
    return login


async def test_a_linked_identity_logs_in_with_the_roles_of_its_account(caller: Caller, known: str) -> None:
    answer = await back(caller, known)
    assert answer.status_code == 303
    assert urlsplit(answer.headers["location"]).netloc == ""
    assert (await caller.ok("/session"))["login"] == known


async def test_a_name_links_nothing(caller: Caller) -> None:
    assert code_of(await back(caller, "hr.a")) == (403, "identity-not-linked")
    assert COOKIE not in caller.cookies


async def test_the_request_carries_pkce_state_and_nonce_fresh_each_time(
    caller: Caller, provider: str
) -> None:
    seen = []
    for _ in range(2):
        address = (await caller.get("/session/oidc/start")).headers["location"]
        assert address.startswith(f"{provider}/authorize?")
        asked = {name: value[0] for name, value in parse_qs(urlsplit(address).query).items()}
        assert asked["code_challenge_method"] == "S256"
        assert asked["response_type"] == "code"
        seen.append((asked["state"], asked["nonce"], asked["code_challenge"]))
    assert all(a != b and len(a) >= 43 for a, b in zip(*seen, strict=True))


async def test_an_identity_has_one_account(callers: Callable[[], Caller], known: str) -> None:
    assert code_of(await linked(callers(), "hr.b", known)) == (409, "identity-taken")


async def test_login_csrf_another_browsers_answer_is_not_taken(
    callers: Callable[[], Caller], known: str
) -> None:
    attacker, victim = callers(), callers()
    start = await attacker.get("/session/oidc/start")
    query = there(start.headers["location"], known)
    assert code_of(await victim.get(f"/session/oidc/callback?{query}")) == (401, "oidc-failed")
    await victim.get("/session/oidc/start")
    assert code_of(await victim.get(f"/session/oidc/callback?{query}")) == (401, "oidc-failed")
    assert COOKIE not in victim.cookies


async def test_replay_an_answer_serves_once(caller: Caller, known: str) -> None:
    start = await caller.get("/session/oidc/start")
    cookie = caller.cookies["__Host-hoso-login"]
    query = there(start.headers["location"], known)
    assert (await caller.get(f"/session/oidc/callback?{query}")).status_code == 303
    assert code_of(await caller.get(f"/session/oidc/callback?{query}")) == (401, "oidc-failed")
    headers = {"Cookie": f"__Host-hoso-login={cookie}"}
    again = await caller.get(f"/session/oidc/callback?{query}", headers=headers)
    assert code_of(again) == (401, "oidc-failed")


async def test_a_login_begun_too_long_ago_is_over(caller: Caller, world: World, known: str) -> None:
    old = logins.Begun(until=int(time.time()) - 1)
    caller.cookies.set("__Host-hoso-login", logins.sealed(world.ring, old), domain="hoso.example")
    answer = await caller.get("/session/oidc/callback", params={"code": "x", "state": old.state})
    assert code_of(answer) == (401, "oidc-failed")


@pytest.mark.parametrize(
    "wrong",
    [
        {"claims": {"iss": OTHERS}},
        {"claims": {"aud": "another-client"}},
        {"claims": {"aud": [CLIENT, "another-client"]}},
        {"claims": {"azp": "another-client"}},
        {"claims": {"nonce": "of-another-login"}},
        {"claims": {"exp": int(time.time()) - 120}},
        {"claims": {"iat": int(time.time()) - 3600}},
        {"claims": {"iat": int(time.time()) + 3600}},
        {"claims": {"sub": ""}},
        {"claims": {"sub": 7}},
        {"header": {"alg": "HS256"}},
        {"header": {"kid": "unknown"}},
    ],
)
async def test_a_token_that_is_not_for_this_login_is_refused(
    caller: Caller, known: str, desk: Callable[..., Any], wrong: dict[str, Any]
) -> None:
    desk(**wrong)
    assert code_of(await back(caller, known)) == (401, "oidc-failed")
    assert COOKIE not in caller.cookies


async def test_clocks_may_differ_by_a_minute(caller: Caller, known: str, desk: Callable[..., Any]) -> None:
    now = int(time.time())
    desk(claims={"iat": now + 40, "exp": now + 340})
    assert (await back(caller, known)).status_code == 303
    desk(claims={"iat": now - 340, "exp": now - 40})
    assert (await back(caller, known)).status_code == 303


async def test_keys_rotate(caller: Caller, known: str, desk: Callable[..., Any]) -> None:
    assert (await back(caller, known)).status_code == 303
    desk(rotate=True)
    assert (await back(caller, known)).status_code == 303


@pytest.mark.parametrize("by", ["sub", "sid"])
async def test_the_provider_logs_out(
    callers: Callable[[], Caller], known: str, desk: Callable[..., Any], by: str
) -> None:
    inside, other = callers(), callers()
    await back(inside, known)
    await other.login("hr.a")
    claims = {"sub": known if by == "sub" else None, "sid": f"sid-{known}" if by == "sid" else None}
    event = {"http://schemas.openid.net/event/backchannel-logout": {}}
    said = {name: value for name, value in claims.items() if value}
    token = desk(logout={"sub": known, "jti": "a", "events": event, **said})
    path, form = "/session/oidc/back-channel-logout", {"logout_token": token}
    assert (await inside.ok("/session"))["login"] == known
    answer = await httpx.AsyncClient(transport=inside._transport).post(f"{PUBLIC}/api/v1{path}", data=form)
    assert answer.status_code == 200, answer.text
    assert code_of(await inside.get("/session")) == (401, "not-authenticated")
    assert (await other.get("/session")).status_code == 200


async def test_replay_a_logout_ends_nothing_a_second_time(
    caller: Caller, callers: Callable[[], Caller], known: str, desk: Callable[..., Any]
) -> None:
    """Who kept the notice puts nobody out who has come in again since."""
    await back(caller, known)
    event = {"http://schemas.openid.net/event/backchannel-logout": {}}
    form = {"logout_token": desk(logout={"sub": known, "jti": f"once-{known}", "events": event})}
    path = "/session/oidc/back-channel-logout"
    assert (await callers().post(path, data=form)).status_code == 200
    assert code_of(await caller.get("/session")) == (401, "not-authenticated")
    again = callers()
    await back(again, known)
    assert (await callers().post(path, data=form)).status_code == 200
    assert (await again.ok("/session"))["login"] == known


@pytest.mark.parametrize(
    "logout",
    [
        {"jti": "b"},
        {"jti": "b", "events": {}},
        {"events": {"http://schemas.openid.net/event/backchannel-logout": {}}},
    ],
)
async def test_what_is_no_logout_token_ends_nothing(
    caller: Caller, known: str, desk: Callable[..., Any], logout: dict[str, Any]
) -> None:
    await back(caller, known)
    form = {"logout_token": desk(logout={"sub": known, **logout})}
    answer = await caller.post("/session/oidc/back-channel-logout", data=form)
    assert code_of(answer) == (401, "oidc-failed")
    assert (await caller.ok("/session"))["login"] == known


async def test_unlinked_it_opens_nothing(callers: Callable[[], Caller], known: str) -> None:
    caller = callers()
    await back(caller, known)
    said = {"X-CSRF-Token": (await caller.ok("/session/browser"))["csrf_token"]}
    assert (await caller.delete("/session/oidc/links", headers=said)).status_code == 204
    assert code_of(await caller.delete("/session/oidc/links", headers=said)) == (404, "not-found")
    assert code_of(await back(callers(), known)) == (403, "identity-not-linked")


async def test_a_cancelled_account_is_not_entered(
    callers: Callable[[], Caller], world: World, known: str
) -> None:
    async def cancel(connection: Any) -> None:
        await connection.execute(
            text("UPDATE accounts SET state = 'cancelled' WHERE id = :id"), {"id": world.accounts[known]}
        )

    await world.written(cancel)
    assert code_of(await back(callers(), known)) == (403, "identity-not-linked")


async def test_a_provider_that_is_away_or_another_is_said(app: Any, caller: Caller) -> None:
    app.state.settings = app.state.settings.model_copy(update={"oidc_issuer": "http://127.0.0.1:9"})
    assert code_of(await caller.get("/session/oidc/start")) == (503, "provider-unavailable")
    del app.state.oidc
    app.state.settings = app.state.settings.model_copy(update={"oidc_issuer": "http://idp.example"})
    assert code_of(await caller.get("/session/oidc/start")) == (503, "provider-unavailable")


async def test_without_a_provider_there_is_none(app: Any, caller: Caller) -> None:
    app.state.settings = app.state.settings.model_copy(update={"oidc_issuer": None})
    assert code_of(await caller.get("/session/oidc")) == (404, "not-found")


async def test_an_account_with_a_second_factor_shows_it_unless_the_provider_asked_for_one(
    callers: Callable[[], Caller], known: str, clock: StandingClock, desk: Callable[..., Any]
) -> None:
    owner = await callers().login(known)
    begun = await owner.post("/session/second-factor", json={"password": PASSWORD})
    device = pyotp.TOTP(begun.json()["secret"])
    code = {"code": device.at(clock.at)}
    assert (await owner.post("/session/second-factor/confirmations", json=code)).status_code == 200
    caller = callers()
    await back(caller, known)
    assert code_of(await caller.get("/profiles"))[1] == "second-factor-required"
    clock.at += timedelta(seconds=60)
    said = {"X-CSRF-Token": (await caller.ok("/session/browser"))["csrf_token"]}
    shown = {"code": device.at(clock.at)}
    answer = await caller.post("/session/second-factor/checks", json=shown, headers=said)
    assert answer.status_code == 204, answer.text
    assert (await caller.get("/profiles")).status_code == 200
    desk(claims={"amr": ["pwd", "otp", "mfa"]})
    vouched = callers()
    await back(vouched, known)
    assert (await vouched.get("/profiles")).status_code == 200
