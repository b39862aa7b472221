"""Signing sessions over the API, with the engine, OpenSSL and a signing agent in a process of its own."""

import asyncio
import json
import sys
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import uvicorn
from cryptography.hazmat.primitives.serialization import Encoding
from temporalio.client import Client
from temporalio.worker import Worker

from activities.acts.office import ActOffice
from activities.exports.office import ExportOffice
from activities.exports.papers import ExportPapers
from activities.signing.assurance import Level
from activities.signing.issuing import Issued, SignerName, issue_signer
from activities.signing.notary import Notary
from activities.signing.sessions import SessionOffice
from activities.signing.sources import NoSigners
from models.evidence import verify
from tests.activities.signing import openssl
from tests.activities.signing.test_outside import job
from tests.api.commands.conftest import Person
from tests.models.evidence import samples
from tests.stores import store_in
from tests.world import World
from worker import papers_of
from workflows.payload_codec import data_converter
from workflows.registry import WORKFLOWS, runner

ROOT = Path(__file__).parents[3]
NAME = SignerName("Trần Văn Đức", "Sở Văn hóa", "Giám đốc", "x-1")


@pytest.fixture
async def office(world: World, app: Any, temporal_server: Any) -> AsyncIterator[SessionOffice]:
    """A worker that prepares and judges signing sessions."""
    client = await Client.connect(temporal_server.address, data_converter=data_converter(world.tools.ring))
    settings = app.state.settings
    acts, notary = ActOffice(world.tools), Notary(samples.trust(), Level.B_B, None, None)
    store, threads = store_in(settings.documents, world.tools), ThreadPoolExecutor(1)
    exports = ExportPapers(ExportOffice(world.tools, store, NoSigners(), threads, notary))
    papers = papers_of(world.tools, store) | {"export": exports}
    made = SessionOffice(world.tools, store, threads, notary, papers)
    async with (
        Worker(
            client,
            task_queue=settings.task_queue,
            workflows=WORKFLOWS,
            activities=[acts.act, acts.month_window],
            workflow_runner=runner(),
            no_remote_activities=True,
            max_concurrent_workflow_tasks=4,
        ),
        Worker(
            client, task_queue=settings.task_queue, activities=[made.prepare_session, made.finish_session]
        ),
    ):
        yield made


@pytest.fixture
def issued() -> Issued:
    return issue_signer(samples.authority(), NAME)


async def registered(admin: Person, account: UUID, issued: Issued) -> str:
    pem = issued.certificate.public_bytes(Encoding.PEM).decode()
    above = [one.public_bytes(Encoding.PEM).decode() for one in issued.chain]
    done = await admin.command(
        f"/accounts/{account}/certificates", {"certificate": pem, "chain": above, "document": "12/GCN"}
    )
    assert done.status_code == 201, done.text
    found: str = done.json()["answer"]["certificate_id"]
    return found


async def opened(
    world: World, person: Person, profile: UUID, certificate: str, **more: Any
) -> dict[str, Any]:
    waits = await world.pending(profile)
    row = await world.one("SELECT number FROM revisions WHERE id = :r", r=waits.revision_id)
    body = {**waits.model_dump(mode="json"), "certificate_id": certificate, **more}
    done = await person.command(
        f"/profiles/{profile}/signing-sessions", body, If_Match=f'"r{row.number}"', key=f"open-{row.number}"
    )
    assert done.status_code == 201, done.text
    again = await person.command(
        f"/profiles/{profile}/signing-sessions", body, If_Match=f'"r{row.number}"', key=f"open-{row.number}"
    )
    assert (again.status_code, "token" in again.json()) == (201, False), "the token is said once"
    return {**done.json()["answer"], "token": done.json()["token"]}


def agent_of(app: Any, token: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://hoso/api/v1/signing-agent",
        headers={"Authorization": f"Bearer {token}"},
        timeout=30,
    )


async def test_by_value(
    world: World, app: Any, office: SessionOffice, log_in: Callable[..., Any], issued: Issued, tmp_path: Path
) -> None:
    """Prepared over the API, signed by OpenSSL, given back with the token; a replay finds the same answer."""
    profile = await world.employ(until="review")
    admin, approver, head = [await log_in(who) for who in ("admin", "culture.approver", "culture.head")]
    account = world.accounts["culture.approver"]
    certificate = await registered(admin, account, issued)
    session = await opened(world, approver, profile, certificate)
    address = f"/signing-sessions/{session['session_id']}"
    assert (await head.get(address)).status_code == 404, "somebody else's"
    shown = (await approver.get(address)).json()
    assert (shown["state"], shown["prepared"]) == ("open", session["prepared"])
    assert "token" not in json.dumps(shown)
    to_sign = shown["to_sign"]
    value = openssl.signature(tmp_path, issued, to_sign["mechanism"], b64decode(to_sign["attributes"]))
    body = {"prepared": shown["prepared"], "value": b64encode(value).decode()}
    async with agent_of(app, "wrong" * 8) as stranger:
        assert (await stranger.post("/signature", json=body)).json()["code"] == "signing-token-unknown"
    async with agent_of(app, session["token"]) as agent:
        stale = await agent.post("/signature", json=body | {"prepared": "0" * 64})
        assert (stale.status_code, stale.json()["code"]) == (409, "signing-session-stale")
        bad = await agent.post("/signature", json=body | {"value": b64encode(bytes(70)).decode()})
        assert (bad.status_code, bad.json()["code"], bad.json()["reason"]) == (
            422,
            "signature-not-accepted",
            "signature-value-wrong",
        )
        done = await agent.post("/signature", json=body, headers={"Idempotency-Key": "one"})
        assert done.status_code == 200, done.text
        replayed = await agent.post("/signature", json=body)
        assert (replayed.status_code, replayed.json()["code"]) == (409, "signing-session-ended")
        assert replayed.json()["state"] == "done"
        assert (await agent.get("/source")).status_code == 409
    signed = office.store.get(world.authority, done.json()["answer"]["document"])
    assert verify(signed, samples.trust()).valid
    approved = await world.one(
        "SELECT state FROM revisions WHERE id = (SELECT approved_revision_id FROM profiles WHERE id = :p)",
        p=profile,
    )
    assert approved.state == "approved"
    await _exported_by_value(world, app, approver, profile, certificate, issued, tmp_path)
    listed = (await approver.get(f"/accounts/{account}/certificates")).json()
    assert [one["id"] for one in listed] == [certificate]
    assert (await head.get(f"/accounts/{account}/certificates")).json() in ([], listed)
    withdrawn = await admin.command(
        f"/accounts/{account}/certificates/{certificate}/withdrawals", {"reason": "Hết dùng"}
    )
    assert withdrawn.status_code == 200


async def _exported_by_value(
    world: World,
    app: Any,
    approver: Person,
    profile: UUID,
    certificate: str,
    issued: Issued,
    folder: Path,
) -> None:
    """What was approved is taken out under the same key: opened, signed by the agent, handed out, logged."""
    path = f"/profiles/{profile}"
    said = {"purpose": "Bổ nhiệm lại", "recipient": "Ban Tổ chức", "certificate_id": certificate}
    begun = await approver.command(f"{path}/export-signing-sessions", said, key="export")
    assert begun.status_code == 201, begun.text
    again = await approver.command(f"{path}/export-signing-sessions", said, key="export")
    assert (again.status_code, "token" in again.json()) == (201, False), "the token is said once"
    address = f"/signing-sessions/{begun.json()['answer']['session_id']}"
    shown = (await approver.get(address)).json()
    assert (shown["kind"], shown["state"]) == ("export", "open")
    to_sign = shown["to_sign"]
    value = openssl.signature(folder, issued, to_sign["mechanism"], b64decode(to_sign["attributes"]))
    body = {"prepared": shown["prepared"], "value": b64encode(value).decode()}
    async with agent_of(app, begun.json()["token"]) as agent:
        assert (await agent.get("/source")).content.startswith(b"%PDF")
        (taken,) = await world.rows("SELECT * FROM dossier_reads WHERE part = 'getSigningSource'")
        assert (taken.profile_id, taken.role) == (profile, "approver"), "the prepared file is the whole file"
        wrong = await agent.post("/signature", json=body | {"value": b64encode(bytes(70)).decode()})
        assert (wrong.status_code, wrong.json()["reason"]) == (422, "signature-value-wrong")
        (waiting,) = (await approver.get(f"{path}/exports")).json()
        assert (waiting["state"], waiting["document_sha256"]) == ("making", None), (
            "unsigned is never handed out"
        )
        done = await agent.post("/signature", json=body)
        assert done.status_code == 201, done.text
        assert (await agent.post("/signature", json=body)).json()["code"] == "signing-session-ended"
    (export,) = (await approver.get(f"{path}/exports")).json()
    assert (export["state"], export["document_sha256"]) == ("made", done.json()["answer"]["document"])
    handed = await approver.get(f"/documents/{export['document_sha256']}")
    assert handed.status_code == 200, handed.text
    verdict = verify(handed.content, samples.trust())
    assert verdict.valid, verdict
    assert [one.field for one in verdict.signatures] == ["authority"]
    assert (await approver.get(address)).json()["state"] == "done"


async def test_cancelled_by_the_signer(
    world: World, app: Any, office: SessionOffice, log_in: Callable[..., Any], issued: Issued
) -> None:
    profile = await world.employ(until="review")
    admin, approver = [await log_in(who) for who in ("admin", "culture.approver")]
    certificate = await registered(admin, world.accounts["culture.approver"], issued)
    session = await opened(world, approver, profile, certificate)
    done = await approver.command(f"/signing-sessions/{session['session_id']}/cancellations")
    assert done.status_code == 200, done.text
    async with agent_of(app, session["token"]) as agent:
        for answer in (
            await agent.get("/source"),
            await agent.post("/signature", json={"prepared": session["prepared"], "value": "AAAA"}),
        ):
            assert (answer.status_code, answer.json()["state"]) == (409, "cancelled")


async def test_a_whole_file_by_an_agent_in_its_own_process(
    world: World,
    app: Any,
    office: SessionOffice,
    log_in: Callable[..., Any],
    issued: Issued,
    tmp_path: Path,
    free_port: Callable[[], int],
) -> None:
    """Source, signature and return over HTTP; another file first, which is refused by name."""
    profile = await world.employ(until="review")
    admin, approver = [await log_in(who) for who in ("admin", "culture.approver")]
    certificate = await registered(admin, world.accounts["culture.approver"], issued)
    session = await opened(world, approver, profile, certificate, how="file")
    shown = (await approver.get(f"/signing-sessions/{session['session_id']}")).json()
    async with agent_of(app, session["token"]) as by_hand:
        other = await asyncio.to_thread(samples.small_once)
        for data, status, reason in [
            (other, 422, "not-the-prepared-document"),
            (b"rubbish", 422, "attachment-type"),
        ]:
            wrong = await by_hand.post("/file", files={"uploadfile": ("x.pdf", data, "application/pdf")})
            assert (wrong.status_code, wrong.json()["reason"]) == (status, reason)
        mixed = await by_hand.post("/signature", json={"prepared": session["prepared"], "value": "AAAA"})
        assert mixed.status_code == 400
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, lifespan="off", log_level="error"))
    serving = asyncio.create_task(server.serve())
    address = f"http://127.0.0.1:{port}/api/v1/signing-agent"
    told = {
        **job(tmp_path, issued, shown["field"]),
        "token": session["token"],
        "source": f"{address}/source",
        "upload": f"{address}/file",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.activities.signing.agent",
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate(json.dumps(told).encode())
    server.should_exit = True
    await serving
    assert process.returncode == 0, errors.decode()
    answered = json.loads(output)
    assert answered["status"] == 200, answered
    assert verify(
        office.store.get(world.authority, answered["answer"]["answer"]["document"]), samples.trust()
    ).valid
    closed = (await approver.get(f"/signing-sessions/{session['session_id']}")).json()
    assert (closed["state"], closed["to_sign"]) == ("done", None)
