"""An approval while the timestamp authority is stopped and started again: engine, database, processes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from temporalio.client import Client
from temporalio.worker import Worker

from activities.acts.office import ActOffice
from activities.documents.store import DocumentStore
from activities.signing.assurance import Level
from activities.signing.notary import Notary
from activities.signing.office import SigningOffice
from activities.signing.signer import DevelopmentSigners
from activities.signing.status import StatusDesk
from activities.signing.timestamping import TimestampDesk
from api.commands import Engine
from models.commands import ActivateAccount, Approve, CreateAccount, OpenProfile, SubmitDeclaration
from models.evidence import verify
from tests.pki import DevelopmentPki, running
from tests.stores import store_in
from tests.workflows.test_profile import ask
from tests.world import World
from workflows.registry import WORKFLOWS, runner


@pytest.fixture
def services(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[DevelopmentPki]:
    with running(tmp_path / "services", free_port) as one:
        yield one


@pytest.fixture
async def stamped(
    world: World, client: Client, tmp_path: Path, services: DevelopmentPki
) -> AsyncIterator[tuple[str, DocumentStore]]:
    """A task queue whose signatures need the services."""
    store = store_in(tmp_path / "documents", world.tools)
    acts, name = ActOffice(world.tools), f"test-{uuid4().hex}"
    with httpx.Client(timeout=2, trust_env=False) as http:
        timestamps = TimestampDesk(f"{services.url}/tsa", services.trust, http)
        notary = Notary(services.trust, Level.B_LT, StatusDesk(services.trust, http), timestamps)
        signers = DevelopmentSigners(services.folder)
        signing = SigningOffice(world.tools, store, signers, ThreadPoolExecutor(2), notary)
        async with (
            Worker(
                client,
                task_queue=name,
                workflows=WORKFLOWS,
                activities=[acts.act, acts.month_window],
                workflow_runner=runner(),
                no_remote_activities=True,
            ),
            Worker(client, task_queue=name, activities=[signing.sign_approval]),
        ):
            yield name, store


async def test_the_approval_waits_and_goes_on(
    world: World,
    client: Client,
    stamped: tuple[str, DocumentStore],
    services: DevelopmentPki,
    complete_form: dict[str, object],
) -> None:
    queue, store = stamped
    engine, profile = Engine(client, queue, world.tools), uuid4()
    opening = OpenProfile(
        agency_id=world.museum,
        full_name="Nguyễn Thị Thử",
        personal_id_number="000190000001",
        event_on=world.now.date(),
        document="12/QĐ-SVH",
    )
    assert (await ask(engine, world, "culture.hr", opening, profile)).status == 201
    account = CreateAccount(login="thu.nt", password_hash="x")
    assert (await ask(engine, world, "culture.hr", account, profile)).status == 201
    world.accounts["person"] = (await world.one("SELECT account_id FROM profiles")).account_id
    assert (await ask(engine, world, "person", ActivateAccount(password_hash="y"), profile)).status == 200
    revision, digest = await world.draft(profile, complete_form)
    declared = SubmitDeclaration(revision_id=revision, digest=digest)
    assert (await ask(engine, world, "person", declared, profile)).status == 200

    services.stop(kill=True)
    approve = Approve(revision_id=revision, digest=digest)
    approving = asyncio.create_task(ask(engine, world, "culture.approver", approve, profile))
    async with asyncio.timeout(30):
        while not (rows := await world.rows("SELECT * FROM signing_troubles WHERE tries > 1")):  # noqa: ASYNC110 — a row is looked for
            await asyncio.sleep(0.2)
    assert rows[0].reason in ("revocation-unavailable", "timestamp-unavailable")
    approval = await world.one("SELECT state, document_sha256 FROM approvals")
    assert tuple(approval) == ("signing", None)
    await asyncio.to_thread(services.start)
    await approving
    async with asyncio.timeout(60):
        while (await world.one("SELECT state FROM approvals")).state != "signed":  # noqa: ASYNC110 — as above
            await asyncio.sleep(0.2)
    proof = await world.one("SELECT * FROM signature_proofs")
    verdict = verify(store.get(world.authority, proof.document_sha256), services.trust)
    assert verdict.valid
    assert [one.level for one in verdict.signatures] == ["B-LT"]
    assert await world.rows("SELECT 1 FROM signing_troubles") == []
