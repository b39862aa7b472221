"""The codec server: whose payloads it opens, for whom, and that each call is in the log."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from google.protobuf import json_format
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.converter import WorkflowSerializationContext

from api import codec_server
from api.problems import install
from models import keys
from models.identifiers import (
    agency_month_workflow,
    backup_workflow,
    certificate_workflow,
    digest_workflow,
    month_end_workflow,
    profile_workflow,
    transfer_workflow,
)
from models.keys import KeyRing
from tests.api.reading.world import Caller, StandingClock, World
from workflows.payload_codec import SUBJECT, EncryptionCodec

UI = "http://127.0.0.1:8233"


@pytest.fixture(scope="module")
def people(world: World) -> dict[str, UUID]:
    async def write(c: Any) -> None:
        await world.profile(c, "Nguyễn Văn An", world.a)

    asyncio.run(world.written(write))
    return world.profiles


@pytest.fixture
async def decoder(app: FastAPI, world: World, clock: StandingClock) -> AsyncIterator[httpx.AsyncClient]:
    """The codec server alone, over the same state."""
    made = FastAPI()
    install(made)
    made.include_router(codec_server.router)
    made.state.tools, made.state.clock = app.state.tools, app.state.clock
    made.state.settings = SimpleNamespace(**vars(app.state.settings), codec_open=False, temporal_ui_url=UI)
    transport = httpx.ASGITransport(made, client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://hoso") as client:
        client.state = made.state  # type: ignore[attr-defined] # what a test changes of it
        yield client


async def sealed(ring: KeyRing, workflow_id: str, content: str = "kín") -> dict[str, Any]:
    """One payload as the engine keeps it."""
    codec = EncryptionCodec(ring).with_context(WorkflowSerializationContext("default", workflow_id))
    plain = Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(content).encode())
    (made,) = await codec.encode([plain])
    return dict(json_format.MessageToDict(Payloads(payloads=[made]))["payloads"][0])


async def ask(
    decoder: httpx.AsyncClient, token: str | None, *payloads: dict[str, Any], **headers: str
) -> Any:
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return await decoder.post("/codec/decode", json={"payloads": payloads}, headers=headers)


async def token(callers: Callable[[], Caller], login: str) -> str:
    caller = await callers().login(login)
    return caller.headers["Authorization"].removeprefix("Bearer ")


def opened(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    found = json_format.Parse(answer.content, Payloads()).payloads
    return [json.loads(one.data) for one in found]


async def test_an_inspector_reads_what_is_of_the_own_authority(
    world: World, people: dict[str, UUID], decoder: httpx.AsyncClient, callers: Callable[[], Caller]
) -> None:
    admin = await token(callers, "admin")
    ids = [
        profile_workflow(people["Nguyễn Văn An"]),
        month_end_workflow(world.authority, "2026-03"),
        agency_month_workflow(world.a, "2026-03"),
        digest_workflow(world.authority),
        certificate_workflow(world.accounts["hr.a"]),
        backup_workflow("2026-03"),
    ]
    payloads = [await sealed(world.ring, one, one) for one in ids]
    assert opened(await ask(decoder, admin, *payloads)) == ids


async def test_what_is_another_s_is_refused_and_nothing_of_the_request_is_opened(
    world: World, people: dict[str, UUID], decoder: httpx.AsyncClient, callers: Callable[[], Caller]
) -> None:
    admin = await token(callers, "admin")
    mine = await sealed(world.ring, profile_workflow(people["Nguyễn Văn An"]))
    for other in (
        profile_workflow(uuid4()),
        transfer_workflow(uuid4()),
        month_end_workflow(uuid4(), "2026-03"),
        digest_workflow(uuid4()),
        certificate_workflow(uuid4()),
        f"import/{uuid4()}",
        "import/none",
        "nobody/of/ours",
    ):
        answer = await ask(decoder, admin, mine, await sealed(world.ring, other, "bí mật"))
        assert (answer.status_code, answer.json()["code"]) == (403, "not-permitted"), other
        assert "kín" not in answer.text
    nameless = await EncryptionCodec(world.ring).encode([Payload(data=b"1")])
    kept = json_format.MessageToDict(Payloads(payloads=nameless))["payloads"][0]
    assert (await ask(decoder, admin, kept)).status_code == 403


async def test_a_payload_under_another_s_name_does_not_open(
    world: World, people: dict[str, UUID], decoder: httpx.AsyncClient, callers: Callable[[], Caller]
) -> None:
    """Whoever writes a readable workflow's name on somebody else's payload gets nothing."""
    admin = await token(callers, "admin")
    stolen = await sealed(world.ring, profile_workflow(uuid4()), "bí mật")
    mine = await sealed(world.ring, profile_workflow(people["Nguyễn Văn An"]))
    stolen["metadata"][SUBJECT] = mine["metadata"][SUBJECT]
    answer = await ask(decoder, admin, stolen)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed-request")


async def test_a_payload_of_an_unknown_key_is_a_refusal(
    world: World,
    people: dict[str, UUID],
    decoder: httpx.AsyncClient,
    callers: Callable[[], Caller],
    tmp_path: Path,
) -> None:
    elsewhere = keys.ensure_keyring(tmp_path / "ring.json", None, tmp_path / "master.key")
    foreign = await sealed(elsewhere, profile_workflow(people["Nguyễn Văn An"]))
    answer = await ask(decoder, await token(callers, "admin"), foreign)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed-request")


async def test_without_the_permission_nothing_is_opened(
    world: World, people: dict[str, UUID], decoder: httpx.AsyncClient, callers: Callable[[], Caller]
) -> None:
    payload = await sealed(world.ring, profile_workflow(people["Nguyễn Văn An"]))
    assert (await ask(decoder, await token(callers, "hr.a"), payload)).status_code == 403
    assert (await ask(decoder, None, payload)).status_code == 401
    assert (await ask(decoder, "none", payload)).status_code == 401


async def test_too_many_workflows_at_once_are_refused(
    world: World, decoder: httpx.AsyncClient, callers: Callable[[], Caller]
) -> None:
    many = [await sealed(world.ring, profile_workflow(uuid4())) for _ in range(101)]
    assert (await ask(decoder, await token(callers, "admin"), *many)).status_code == 413


async def test_the_page_of_this_desk_reads_without_a_login(
    world: World, decoder: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    payload = await sealed(world.ring, profile_workflow(uuid4()))
    monkeypatch.setattr(decoder.state.settings, "codec_open", True)
    assert opened(await ask(decoder, None, payload, Origin=UI)) == ["kín"]
    assert (await ask(decoder, None, payload, Origin="http://elsewhere:8233")).status_code == 401
    assert (await ask(decoder, None, payload)).status_code == 401


async def test_every_call_is_in_the_log(
    world: World,
    people: dict[str, UUID],
    decoder: httpx.AsyncClient,
    callers: Callable[[], Caller],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines: list[dict[str, Any]] = []

    class Log:
        def info(self, event: str, **values: Any) -> None:
            lines.append({"event": event, **values})

        warning = info

    monkeypatch.setattr(codec_server, "log", Log())
    admin, mine = await token(callers, "admin"), profile_workflow(people["Nguyễn Văn An"])
    await ask(decoder, admin, await sealed(world.ring, mine))
    await ask(decoder, admin, await sealed(world.ring, profile_workflow(uuid4())))
    await ask(decoder, await token(callers, "hr.a"), await sealed(world.ring, mine))
    who = {name: str(world.accounts[name]) for name in ("admin", "hr.a")}
    assert lines == [
        {"event": "codec.decoded", "account_id": who["admin"], "workflow_id": mine, "count": 1},
        {"event": "codec.refused", "account_id": who["admin"], "code": "not-permitted", "count": 1},
        {"event": "codec.refused", "account_id": who["hr.a"], "code": "not-permitted"},
    ]
    lines.clear()
    await world.written(
        lambda c: world.account(c, "fresh.admin", role="administrator", state="default_password")
    )
    fresh = await token(callers, "fresh.admin")
    asked = [
        (None, b"{}", "not-authenticated", codec_server.UNKNOWN),
        ("none", b"{}", "not-authenticated", codec_server.UNKNOWN),
        (fresh, b"{}", "password-change-required", str(world.accounts["fresh.admin"])),
        (admin, b"\xff", "malformed-request", who["admin"]),
        (admin, b"{", "malformed-request", who["admin"]),
        (admin, b" " * (codec_server.MOST + 1), "request-too-large", who["admin"]),
    ]
    for shown, body, code, name in asked:
        headers = {"Authorization": f"Bearer {shown}"} if shown else {}
        answer = await decoder.post("/codec/decode", content=body, headers=headers)
        assert answer.json()["code"] == code, answer.text
        assert lines.pop() == {"event": "codec.refused", "account_id": name, "code": code}
    monkeypatch.setattr(decoder.state.settings, "second_factor", "required")
    await ask(decoder, admin)
    code = "second-factor-enrolment-required"
    assert lines.pop() == {"event": "codec.refused", "account_id": who["admin"], "code": code}
    assert lines == []
