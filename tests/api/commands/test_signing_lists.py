"""A whole list signed elsewhere, over the API and the engine: the approver's key is nowhere on the server."""

import asyncio
import dataclasses
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment
from temporalio.worker import Worker

from activities.acts.office import ActOffice
from activities.batches.office import MonthOffice
from activities.signing.assurance import Level
from activities.signing.issuing import Issued
from activities.signing.notary import Notary
from activities.signing.office import SigningOffice
from activities.signing.sessions import SessionOffice
from activities.signing.sources import NoSigners
from models.evidence import verify
from models.identifiers import batch_queue
from models.messages import MonthStart
from tests.activities.batches.conftest import submitted
from tests.activities.signing import openssl
from tests.activities.signing.desk import issued_to
from tests.api.commands.conftest import Person
from tests.api.commands.test_signing import agent_of, registered
from tests.models.evidence import samples
from tests.stores import store_in
from tests.world import World
from worker import papers_of
from workflows.payload_codec import data_converter
from workflows.registry import WORKFLOWS, runner


@pytest.fixture
def issued() -> Issued:
    return issued_to()


@pytest.fixture
async def months(world: World, app: Any, temporal_server: Any) -> AsyncIterator[MonthOffice]:
    """A worker without anybody's key; what is approved is not sent, for no national side is named."""
    client = await Client.connect(temporal_server.address, data_converter=data_converter(world.tools.ring))
    settings = app.state.settings
    acts, notary = ActOffice(world.tools), Notary(samples.trust(), Level.B_B, None, None)
    store, threads = store_in(settings.documents, world.tools), ThreadPoolExecutor(1)
    sessions = SessionOffice(world.tools, store, threads, notary, papers_of(world.tools, store))
    signing = SigningOffice(world.tools, store, NoSigners(), threads, notary)
    made = MonthOffice(settings, world.tools, signing, None)
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
            client,
            task_queue=settings.task_queue,
            activities=[sessions.prepare_session, sessions.finish_session],
        ),
        Worker(
            client,
            task_queue=batch_queue(settings.task_queue),
            activities=[made.approve_batch, made.submit_batch, made.await_receipts],
        ),
    ):
        yield made


async def until(approver: Person, list_id: str, state: str) -> dict[str, Any]:
    """The list, once it is in a state."""
    for _ in range(200):
        found: dict[str, Any] = (await approver.get(f"/approval-lists/{list_id}")).json()
        if found.get("state") in (state, "failed"):
            break
        await asyncio.sleep(0.1)
    assert found.get("state") == state, found
    return found


async def begun(world: World, app: Any, months: MonthOffice) -> Any:
    """Culture's month, opened as its workflow of the authority would."""
    environment = ActivityEnvironment(app.state.engine.client)
    environment.info = dataclasses.replace(environment.info, current_attempt_scheduled_time=world.now)
    start = MonthStart(authority_id=world.authority, month=f"{world.now:%Y-%m}")
    await environment.run(months.open_agency_months, start)
    return await world.one("SELECT id FROM agency_months WHERE agency_id = :a", a=world.culture)


async def test_a_list_by_value(
    world: World,
    months: MonthOffice,
    app: Any,
    log_in: Callable[..., Any],
    issued: Issued,
    tmp_path: Path,
) -> None:
    people = [await submitted(world, n) for n in range(1, 4)]
    month = await begun(world, app, months)
    admin, approver, head = [await log_in(who) for who in ("admin", "culture.approver", "culture.head")]
    certificate = await registered(admin, world.accounts["culture.approver"], issued)
    path = f"/agency-months/{month.id}"
    asked = await approver.command(f"{path}/approval-lists")
    assert asked.status_code == 202, asked.text
    shown = await until(approver, asked.json()["answer"]["list_id"], "shown")
    body = {"list_id": shown["id"], "digest": shown["digest"], "certificate_id": certificate}
    by_our_key = await approver.command(
        f"{path}/approvals", {"how": "list", "list_id": shown["id"], "digest": "0" * 64}
    )
    assert by_our_key.json()["code"] == "list-differs"
    opened = await approver.command(f"{path}/signing-sessions", body, key="open")
    assert opened.status_code == 201, opened.text
    again = await approver.command(f"{path}/signing-sessions", body, key="open")
    assert (again.status_code, "token" in again.json()) == (201, False), "the token is said once"
    token, address = opened.json()["token"], f"/signing-sessions/{opened.json()['answer']['session_id']}"
    assert (await head.get(address)).status_code == 404, "somebody else's"
    session = (await approver.get(address)).json()
    assert (session["kind"], session["state"]) == ("list", "open")
    assert (session["document_id"], session["subject_id"]) == (shown["id"], str(month.id))
    assert (await approver.command(f"{path}/signing-sessions", body)).json()["code"] == "in-flight"
    value = openssl.signature(
        tmp_path, issued, session["to_sign"]["mechanism"], b64decode(session["to_sign"]["attributes"])
    )
    signature = {"prepared": session["prepared"], "value": b64encode(value).decode()}
    async with agent_of(app, token) as agent:
        assert (await agent.get("/source")).content.startswith(b"%PDF")
        bad = await agent.post("/signature", json=signature | {"value": b64encode(bytes(70)).decode()})
        assert (bad.status_code, bad.json()["reason"]) == (422, "signature-value-wrong")
        done = await agent.post("/signature", json=signature)
        assert done.status_code == 202, done.text
    signed = await until(approver, shown["id"], "signed")
    assert signed["document_sha256"] == done.json()["answer"]["document"]
    assert verify(months.signing.store.get(world.authority, signed["document_sha256"]), samples.trust()).valid
    approved = await world.rows("SELECT profile_id FROM approvals WHERE state = 'signed'")
    assert {one.profile_id for one in approved} == set(people)
    assert (await approver.get(address)).json()["state"] == "done"
    async with agent_of(app, token) as agent:
        assert (await agent.post("/signature", json=signature)).json()["state"] == "done"


async def test_given_up_over_the_api(
    world: World, months: MonthOffice, app: Any, log_in: Callable[..., Any], issued: Issued
) -> None:
    """The list stands as it was shown, and is given out again."""
    await submitted(world, 1)
    month = await begun(world, app, months)
    admin, approver = [await log_in(who) for who in ("admin", "culture.approver")]
    certificate = await registered(admin, world.accounts["culture.approver"], issued)
    path = f"/agency-months/{month.id}"
    asked = await approver.command(f"{path}/approval-lists")
    shown = await until(approver, asked.json()["answer"]["list_id"], "shown")
    body = {"list_id": shown["id"], "digest": shown["digest"], "certificate_id": certificate}
    opened = (await approver.command(f"{path}/signing-sessions", body)).json()
    cancelled = await approver.command(f"/signing-sessions/{opened['answer']['session_id']}/cancellations")
    assert cancelled.status_code == 200, cancelled.text
    async with agent_of(app, opened["token"]) as agent:
        assert (await agent.get("/source")).json()["state"] == "cancelled"
    again = await approver.command(f"{path}/signing-sessions", body)
    assert again.status_code == 201, again.text
