"""Workbooks through the API, with the real engine and a worker behind it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from temporalio.client import Client
from temporalio.worker import Worker

from activities.imports.office import ImportOffice
from api.cli.embedded import EmbeddedTemporal
from api.reconcile import Reconciler
from api.scope import token_hash
from models.documents import FolderBlobs
from models.workbook_vault import WorkbookVault
from tests.conftest import Database
from tests.web import application
from workflows.payload_codec import data_converter
from workflows.registry import runner
from workflows.workbook_import import ImportWorkflow

from .books import book, post, someone
from .conftest import Desk

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class Caller:
    """An account at the API."""

    def __init__(self, client: httpx.AsyncClient, token: str) -> None:
        self._client, self._headers = client, {"Authorization": f"Bearer {token}"}

    async def upload(self, data: bytes, key: str | None = None, **params: str) -> httpx.Response:
        headers = {**self._headers, **({"Idempotency-Key": key} if key else {})}
        files = {"file": ("workbook.xlsx", data, XLSX)}
        return await self._client.post("/imports", params=params, headers=headers, files=files)

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self._client.get(path, params=params, headers=self._headers)

    async def ended(self, import_id: str) -> dict[str, Any]:
        async with asyncio.timeout(30):
            while True:
                row: dict[str, Any] = (await self.get(f"/imports/{import_id}")).json()
                if row["state"] in ("done", "failed"):
                    return row
                await asyncio.sleep(0.05)


@pytest.fixture
async def app(
    desk: Desk, database: Database, temporal_server: EmbeddedTemporal, tmp_path: Path
) -> AsyncIterator[Any]:
    """The application as its server runs it; no worker yet."""
    made = application(
        database.settings(tmp_path, temporal_address=temporal_server.address, task_queue=uuid4().hex)
    )
    async with made.router.lifespan_context(made):
        yield made


@pytest.fixture
async def worker(desk: Desk, app: Any, temporal_server: EmbeddedTemporal) -> AsyncIterator[None]:
    """A worker for imports."""
    converter = data_converter(desk.tools.ring)
    client = await Client.connect(temporal_server.address, data_converter=converter)
    office = ImportOffice(app.state.settings, desk.tools)
    async with Worker(
        client,
        task_queue=app.state.settings.task_queue,
        workflows=[ImportWorkflow],
        activities=[office.import_workbook],
        workflow_runner=runner(),
    ):
        yield


@pytest.fixture
async def client(app: Any) -> AsyncIterator[httpx.AsyncClient]:
    """HTTP without a network."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://hoso/api/v1", timeout=30) as opened:
        yield opened


async def caller(desk: Desk, client: httpx.AsyncClient, role: str, state: str = "active") -> Caller:
    """Somebody logged in who holds one role at the top of the tree."""
    account, token = await desk.administrator(role, state), uuid4().hex
    await desk.write(
        "INSERT INTO sessions (token_hash, authority_id, account_id, created_at, expires_at)"
        " VALUES (:hash, :a, :account, now(), now() + interval '1 hour')",
        hash=token_hash(token),
        a=desk.authority,
        account=account,
    )
    return Caller(client, token)


async def test_dry_run_then_real_then_the_lines(desk: Desk, client: httpx.AsyncClient, worker: None) -> None:
    boss = await caller(desk, client, "administrator")
    data = book([someone(n) for n in range(1, 6)], raw={("profiles", 4, "ethnicity"): "?"})
    dry = await boss.upload(data, "first", dry_run="true")
    assert dry.status_code == 202, dry.text
    assert dry.headers["Location"] == f"/api/v1/imports/{dry.json()['id']}"
    row = await boss.ended(dry.json()["id"])
    assert (row["state"], row["dry_run"]) == ("done", True)
    assert row["counts"]["profiles"] == {"create": 4, "refused": 1}
    assert await desk.count("profiles") == 0
    real = await boss.upload(data, "second")
    assert (await boss.ended(real.json()["id"]))["counts"]["profiles"] == {"create": 4, "refused": 1}
    assert await desk.count("profiles") == 4
    path = f"/imports/{real.json()['id']}/lines"
    refused = (await boss.get(path, verdict="refused")).json()
    (line,) = refused["items"]
    assert (line["sheet"], line["row"], refused["next"]) == ("Hồ sơ", 4, None)
    assert [(i["field"], i["code"]) for i in line["issues"]] == [("ethnicity", "unknown-code")]
    seen, after = [], None
    while True:
        page = (await boss.get(path, limit=3, **({"after": after} if after else {}))).json()
        seen += [(item["sheet"], item["row"]) for item in page["items"]]
        if (after := page["next"]) is None:
            break
    assert len(seen) == len(set(seen)) == 3 + 5
    assert (await boss.get(path, after="no-cursor")).status_code == 400


async def test_the_same_key_is_the_same_import(desk: Desk, client: httpx.AsyncClient, worker: None) -> None:
    boss = await caller(desk, client, "administrator")
    data = book([someone(1)])
    first = await boss.upload(data, "key")
    await boss.ended(first.json()["id"])
    again = await boss.upload(data, "key")
    assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])
    assert again.json()["state"] == "done"
    assert await desk.count("imports") == 1
    for other, params in ((book([someone(2)]), {}), (data, {"dry_run": "true"})):
        answer = await boss.upload(other, "key", **params)
        assert (answer.status_code, answer.json()["code"]) == (422, "key-reused")


async def test_accepted_work_waits_for_a_worker(
    desk: Desk, client: httpx.AsyncClient, app: Any, temporal_server: EmbeddedTemporal
) -> None:
    """202 without any worker alive: the import is done once one comes."""
    boss = await caller(desk, client, "department_officer")
    answer = await boss.upload(book([someone(1)], [post("hr.1", "hr_officer")]), "key")
    assert answer.json()["state"] == "waiting"
    converter = data_converter(desk.tools.ring)
    late = await Client.connect(temporal_server.address, data_converter=converter)
    office = ImportOffice(app.state.settings, desk.tools)
    async with Worker(
        late,
        task_queue=app.state.settings.task_queue,
        workflows=[ImportWorkflow],
        activities=[office.import_workbook],
        workflow_runner=runner(),
    ):
        assert (await boss.ended(answer.json()["id"]))["state"] == "done"
    assert await desk.count("profiles") == 1


@pytest.mark.parametrize("role", ["hr_officer", "approver", "head", "auditor"])
async def test_roles_that_do_not_span_the_authority_may_not(
    desk: Desk, client: httpx.AsyncClient, role: str
) -> None:
    answer = await (await caller(desk, client, role)).upload(book([someone(1)]), "key")
    assert (answer.status_code, answer.json()["code"]) == (403, "not-permitted")
    assert await desk.count("imports") == 0


async def test_nobody_and_a_default_password_may_not(desk: Desk, client: httpx.AsyncClient) -> None:
    answer = await Caller(client, "nobody").upload(book(), "key")
    assert (answer.status_code, answer.json()["code"]) == (401, "not-authenticated")
    fresh = await caller(desk, client, "administrator", "default_password")
    answer = await fresh.upload(book(), "key")
    assert (answer.status_code, answer.json()["code"]) == (403, "password-change-required")


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"not a workbook", 422, "import-unreadable"),
        (b"", 422, "import-unreadable"),
        (bytes(40_000), 413, "import-too-large"),
    ],
)
async def test_what_cannot_be_read_is_refused_at_once_and_not_kept(
    desk: Desk, client: httpx.AsyncClient, app: Any, data: bytes, status: int, code: str
) -> None:
    app.state.settings = app.state.settings.model_copy(update={"import_bytes": 39_999})
    boss = await caller(desk, client, "administrator")
    answer = await boss.upload(data, "key")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await desk.count("imports") == 0
    assert not list((app.state.settings.documents / "workbooks").rglob("*"))


async def test_without_a_key_or_a_file(desk: Desk, client: httpx.AsyncClient) -> None:
    boss = await caller(desk, client, "administrator")
    answer = await boss.upload(book())
    assert answer.json()["code"] == "key-missing"
    empty = await client.post("/imports", headers={**boss._headers, "Idempotency-Key": "k"})
    assert empty.json()["code"] == "malformed-request"


async def test_an_import_taken_on_without_the_engine_starts_by_itself(
    desk: Desk, client: httpx.AsyncClient, app: Any, worker: None, free_port: Any
) -> None:
    """202 is a promise: nobody has to come again with the same key."""
    boss = await caller(desk, client, "administrator")
    genuine = app.state.temporal
    app.state.temporal = await Client.connect(
        f"127.0.0.1:{free_port()}", lazy=True, data_converter=data_converter(desk.tools.ring)
    )
    answer = await boss.upload(book([someone(1)]), "key")
    assert (answer.status_code, answer.json()["state"]) == (202, "waiting")
    app.state.temporal = genuine
    assert (await desk.one("SELECT state FROM imports")).state == "waiting"
    await desk.write("UPDATE imports SET created_at = created_at - interval '1 minute'")
    assert (await boss.ended(answer.json()["id"]))["state"] == "done"
    assert await desk.count("imports") == 1
    assert await desk.count("profiles") == 1


async def test_an_import_the_engine_has_lost_is_found_by_reconcile(
    desk: Desk, client: httpx.AsyncClient, app: Any, worker: None
) -> None:
    """``hoso engine rebuild`` on an empty engine: what runs by its row is started, what has ended is not."""
    desk.now = datetime.now(UTC)  # just taken on: not yet late enough for the relay
    lost = (await desk.request(book([someone(1)]))).import_id
    done = (await desk.request(book([someone(2)]))).import_id
    begun = (
        """UPDATE imports SET state = 'running', counts = '{"phase": "agencies", "next": 0}' WHERE id = :id"""
    )
    await desk.write(begun, id=lost)
    await desk.write("UPDATE imports SET state = 'done' WHERE id = :id", id=done)
    state = app.state
    reconciler = Reconciler(state.temporal, state.settings.task_queue, state.tools.engine, state.clock)
    # The API's own reconciler may have come first; the relay looks at waiting imports only.
    assert f"import/{done}" not in (await reconciler.run()).started
    boss = await caller(desk, client, "administrator")
    assert (await boss.ended(str(lost)))["state"] == "done"
    assert await desk.count("profiles") == 1


async def test_the_upload_is_kept_sealed_and_the_engine_sees_ids_only(
    desk: Desk, client: httpx.AsyncClient, app: Any, worker: None
) -> None:
    boss = await caller(desk, client, "administrator")
    data = book([someone(1)])
    answer = (await boss.upload(data, "key")).json()
    await boss.ended(answer["id"])
    vault = WorkbookVault(FolderBlobs(app.state.settings.documents), desk.tools.cipher)
    assert vault.fetch(desk.authority, answer["sha256"]) == data
    handle = app.state.temporal.get_workflow_handle(f"import/{answer['id']}")
    done = await handle.result()
    assert done == {"created": 3, "updated": 0, "unchanged": 1, "refused": 0}
    history = (await handle.fetch_history()).to_json()
    assert someone(1).content["citizen_id_number"] not in history
    assert UUID(answer["id"])


async def test_lines_of_anothers_import_or_of_none(
    desk: Desk, client: httpx.AsyncClient, worker: None
) -> None:
    boss = await caller(desk, client, "administrator")
    done = (await boss.upload(book([someone(1)]), "key")).json()
    await boss.ended(done["id"])
    approver = await caller(desk, client, "approver")
    assert (await approver.get(f"/imports/{done['id']}/lines")).json()["code"] == "not-permitted"
    assert (await boss.get(f"/imports/{uuid4()}/lines")).json()["code"] == "not-found"
    assert (await boss.get(f"/imports/{done['id']}/lines", verdict="maybe")).status_code in (400, 422)
