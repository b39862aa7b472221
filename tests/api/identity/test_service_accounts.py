"""Service accounts: signed assertions, short sessions, keys that rotate."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OctKey, OKPKey
from sqlalchemy import text

from api.routers.service_accounts import ASSERTION
from tests.api.over_http import PUBLIC
from tests.api.reading.world import Caller, StandingClock, World, code_of

TOKEN = f"{PUBLIC}/api/v1/oauth/token"
SHORT = {"kty": "RSA", "e": "AQAB", "n": "w" + "A" * 170}
"""A modulus of 1024 bits."""

DOCUMENT = "Quyết định 12/QĐ-SNV ngày 02/3/2026"


@dataclass
class Service:
    """A service account with its key."""

    account: UUID
    key: Key
    kid: str
    alg: str = "ES256"

    def assertion(self, header: dict[str, Any] | None = None, key: Key | None = None, **claims: Any) -> str:
        now = int(time.time())
        right = {
            "iss": str(self.account), "sub": str(self.account), "aud": TOKEN, "iat": now, "exp": now + 120,
            "jti": str(uuid4()),
        }  # fmt: skip
        said = {name: value for name, value in {**right, **claims}.items() if value is not None}
        header = {"alg": self.alg, "kid": self.kid, **(header or {})}
        return jwt.encode(header, said, key or self.key, [header["alg"]])


async def asked(caller: Caller, assertion: str, **form: str) -> httpx.Response:
    data = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION,
        "client_assertion": assertion,
    }
    return await caller.post("/oauth/token", data={**data, **form})


async def registered(admin: Caller, account: UUID, key: Key, alg: str) -> Service:
    body = {"jwk": key.as_dict(private=False), "document": DOCUMENT}
    answer = await act(admin, f"/service-accounts/{account}/keys", body)
    assert answer.status_code == 201, answer.text
    return Service(account, key, answer.json()["answer"]["kid"], alg)


async def act(caller: Caller, path: str, body: dict[str, Any]) -> httpx.Response:
    return await caller.post(path, json=body, headers={"Idempotency-Key": uuid4().hex})


async def withdrawn(caller: Caller, service: Service) -> httpx.Response:
    body = {"kid": service.kid, "document": DOCUMENT}
    return await act(caller, f"/service-accounts/{service.account}/keys/withdrawals", body)


@pytest.fixture
async def admin(callers: Callable[[], Caller]) -> Caller:
    return await callers().login("admin")


@pytest.fixture
async def service(world: World, admin: Caller) -> Service:
    """An account of agency A that may read as its HR officer does."""
    body = {"login": f"s-{uuid4().hex[:8]}", "display_name": "Phần mềm nhân sự", "document": DOCUMENT}
    opened = await act(admin, "/service-accounts", {**body, "agency_id": str(world.a)})
    assert opened.status_code == 201, opened.text
    account = UUID(opened.json()["answer"]["account_id"])

    async def appoint(connection: Any) -> None:
        await connection.execute(
            text(
                "INSERT INTO grants (id, authority_id, account_id, agency_id, role, valid_from)"
                " VALUES (:id, :a, :who, :g, 'hr_officer', '2025-01-01')"
            ),
            {"id": uuid4(), "a": world.authority, "who": account, "g": world.a},
        )

    await world.written(appoint)
    return await registered(admin, account, ECKey.generate_key("P-256", private=True), "ES256")


async def test_an_assertion_opens_a_short_session_with_the_grants_of_the_account(
    caller: Caller, service: Service, world: World, clock: StandingClock
) -> None:
    answer = await asked(caller, service.assertion())
    assert answer.status_code == 200, answer.text
    assert (answer.json()["token_type"], answer.json()["expires_in"]) == ("Bearer", 600)
    assert answer.headers["cache-control"] == "no-store"
    caller.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    me = await caller.ok("/session")
    assert (me["kind"], me["account_id"]) == ("service", str(service.account))
    assert [(role["role"], role["agency_id"]) for role in me["roles"]] == [("hr_officer", str(world.a))]
    clock.at = clock.at.replace(minute=clock.at.minute + 10)
    assert code_of(await caller.get("/session")) == (401, "not-authenticated")


def seconds_from_now(seconds: int) -> Callable[[], int]:
    """An instant reckoned when the test runs, which may be long after it was collected."""
    return lambda: int(time.time()) + seconds


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": str(uuid4())},
        {"sub": str(uuid4())},
        {"aud": "https://other.example/token"},
        {"aud": PUBLIC},
        {"aud": [TOKEN, "https://other.example"]},
        {"aud": None},
        {"exp": seconds_from_now(-120)},
        {"exp": seconds_from_now(3600)},
        {"exp": None},
        {"exp": "soon"},
        {"jti": None},
        {"jti": ""},
        {"jti": 5},
        {"nbf": seconds_from_now(600)},
    ],
)
async def test_an_assertion_not_for_here_and_now_is_refused(
    caller: Caller, service: Service, claims: dict[str, Any]
) -> None:
    told = {name: claim() if callable(claim) else claim for name, claim in claims.items()}
    answer = await asked(caller, service.assertion(**told))
    assert code_of(answer) == (401, "client-assertion-refused")
    assert answer.json()["error"] == "invalid_client"


async def test_replay_an_assertion_serves_once(caller: Caller, service: Service) -> None:
    assertion = service.assertion()
    assert (await asked(caller, assertion)).status_code == 200
    assert code_of(await asked(caller, assertion)) == (401, "client-assertion-refused")
    jti = service.assertion(jti="the-very-same")
    again = service.assertion(jti="the-very-same")
    assert [(await asked(caller, one)).status_code for one in (jti, again)] == [200, 401]


async def test_another_key_or_none_signs_nothing(caller: Caller, service: Service) -> None:
    stranger = ECKey.generate_key("P-256", private=True)
    assert (await asked(caller, service.assertion(key=stranger))).status_code == 401
    assert (await asked(caller, service.assertion(header={"kid": "unknown"}))).status_code == 401
    secret = OctKey.import_key("0" * 32)
    assert (await asked(caller, service.assertion(header={"alg": "HS256"}, key=secret))).status_code == 401
    for broken in ("", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", service.assertion()[:-3], "é.é.é"):
        assert code_of(await asked(caller, broken)) == (401, "client-assertion-refused")


async def test_keys_rotate_without_a_gap(caller: Caller, service: Service, admin: Caller) -> None:
    after = await registered(admin, service.account, OKPKey.generate_key("Ed25519", private=True), "Ed25519")
    assert (await asked(caller, service.assertion())).status_code == 200
    assert (await asked(caller, after.assertion())).status_code == 200
    path = f"/service-accounts/{service.account}/keys"
    assert (await withdrawn(admin, service)).status_code == 200
    assert code_of(await withdrawn(admin, service)) == (404, "not-found")
    assert (await asked(caller, service.assertion())).status_code == 401
    assert (await asked(caller, after.assertion())).status_code == 200
    listed = await admin.ok(path)
    assert [(one["kid"], one["withdrawn_at"] is None) for one in listed] == [
        (service.kid, False),
        (after.kid, True),
    ]
    assert {one["document"] for one in listed} == {DOCUMENT}


async def test_a_key_runs_out(caller: Caller, service: Service, clock: StandingClock) -> None:
    clock.at = clock.at.replace(year=clock.at.year + 3)
    assert (await asked(caller, service.assertion())).status_code == 401


@pytest.mark.parametrize(
    "jwk",
    [
        SHORT,
        OctKey.generate_key(256).as_dict(),
        ECKey.generate_key("P-256", private=True).as_dict(private=True),
        ECKey.generate_key("secp256k1", private=False).as_dict(),
        {"kty": "EC"},
        {},
    ],
)
async def test_a_weak_or_private_key_is_not_registered(
    admin: Caller, service: Service, jwk: dict[str, Any]
) -> None:
    body = {"jwk": jwk, "document": DOCUMENT}
    answer = await act(admin, f"/service-accounts/{service.account}/keys", body)
    assert code_of(answer) == (422, "key-unfit")


async def test_a_key_serves_one_account_and_only_service_accounts(
    admin: Caller, service: Service, world: World
) -> None:
    body = {"jwk": service.key.as_dict(private=False), "document": DOCUMENT}
    again = await act(admin, f"/service-accounts/{service.account}/keys", body)
    assert code_of(again) == (422, "key-unfit")
    other = {"jwk": ECKey.generate_key("P-256", private=False).as_dict(), "document": DOCUMENT}
    person = await act(admin, f"/service-accounts/{world.accounts['hr.a']}/keys", other)
    assert code_of(person) == (404, "not-found")


async def test_only_administrators_see_and_change_keys(
    callers: Callable[[], Caller], service: Service
) -> None:
    path = f"/service-accounts/{service.account}/keys"
    body = {"jwk": ECKey.generate_key("P-256", private=False).as_dict(), "document": DOCUMENT}
    for login in ("hr.a", "approver.a", "sonoivu"):
        caller = await callers().login(login)
        assert code_of(await caller.get(path)) == (403, "not-permitted")
        assert code_of(await act(caller, path, body)) == (403, "not-permitted")
        assert code_of(await withdrawn(caller, service)) == (403, "not-permitted")
        opening = {"login": "s-new", "display_name": "X", "document": DOCUMENT, "agency_id": str(uuid4())}
        assert code_of(await act(caller, "/service-accounts", opening)) == (403, "not-permitted")
    itself = callers()
    token = (await asked(itself, service.assertion())).json()["access_token"]
    itself.headers["Authorization"] = f"Bearer {token}"
    assert code_of(await act(itself, path, body)) == (403, "not-permitted")


async def test_a_cancelled_account_opens_nothing(caller: Caller, service: Service, world: World) -> None:
    async def cancel(connection: Any) -> None:
        await connection.execute(
            text("UPDATE accounts SET state = 'cancelled' WHERE id = :id"), {"id": service.account}
        )

    await world.written(cancel)
    assert code_of(await asked(caller, service.assertion())) == (401, "client-assertion-refused")


@pytest.mark.parametrize(
    "form",
    [{"grant_type": "password"}, {"grant_type": "authorization_code"}, {"client_assertion_type": "saml"}],
)
async def test_no_other_grant(caller: Caller, service: Service, form: dict[str, str]) -> None:
    answer = await asked(caller, service.assertion(), **form)
    assert code_of(answer)[1] == "malformed-request"
    assert answer.json()["error"] == "unsupported_grant_type"


async def test_opening_and_keys_are_acts_that_stay_in_the_history(
    admin: Caller, service: Service, world: World
) -> None:
    nowhere = {"login": "s-nowhere", "display_name": "X", "document": DOCUMENT, "agency_id": str(uuid4())}
    assert code_of(await act(admin, "/service-accounts", nowhere))[1] == "unknown-agency"
    body = {"jwk": ECKey.generate_key("P-256", private=False).as_dict(), "document": DOCUMENT}
    far = {**body, "expires_at": "2031-01-01T00:00:00+00:00"}
    assert code_of(await act(admin, f"/service-accounts/{service.account}/keys", far)) == (422, "key-unfit")
    assert (await withdrawn(admin, service)).status_code == 200

    async def told(connection: Any) -> list[Any]:
        query = "SELECT kind, actor_id, facts FROM events WHERE stream_id = :id ORDER BY number"
        return list(await connection.execute(text(query), {"id": service.account}))

    events = await world.written(told)
    assert [one.kind for one in events] == [
        "account.service_opened", "account.key_registered", "account.key_withdrawn",
    ]  # fmt: skip
    assert {one.actor_id for one in events} == {world.accounts["admin"]}
    assert {one.facts["document"] for one in events} == {DOCUMENT}
    assert events[1].facts["kid"] == service.kid
