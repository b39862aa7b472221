"""Backups over the API: ordered by an administrator, taken and checked by a workflow, shown to them only."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.service import RPCError

from activities.backups.office import BackupOffice
from activities.signing.signer import DevelopmentSigners
from models.evidence import TrustList
from models.evidence.verification import verify
from models.identifiers import backup_workflow
from tests.notaries import quiet
from tests.stores import store_in
from tests.world import World

pytestmark = pytest.mark.usefixtures("worker")


@pytest.fixture
def office(world: World, app: Any, pki: Path) -> BackupOffice:
    settings = app.state.settings.model_copy(update={"pki": pki})
    hands = (
        store_in(settings.documents, world.tools),
        DevelopmentSigners(pki),
        ThreadPoolExecutor(2),
    )
    return BackupOffice(settings, world.tools, *hands, quiet(pki))


@pytest.fixture
def others(office: BackupOffice) -> list[Callable[..., Any]]:
    return [office.plan_backup, office.make_backup, office.check_backup, office.record_backup]


@pytest.fixture
async def alone(app: Any) -> None:
    """The month's backup is one for the whole engine; a test before may have left it without a worker."""
    name = backup_workflow(f"{datetime.now(UTC):%Y-%m}")
    with suppress(RPCError):
        await app.state.temporal.get_workflow_handle(name).terminate()


async def what_stands_still(client: Client) -> str:
    """The engine's own word on the backups that do not end."""
    said = []
    async for run in client.list_workflows("WorkflowType IN ('BackupWorkflow', 'AdministrationWorkflow')"):
        raw = (await client.get_workflow_handle(run.id, run_id=run.run_id).describe()).raw_description
        tasks = raw.pending_workflow_task if raw.HasField("pending_workflow_task") else ""
        said.append(f"{run.id} {run.status}: {list(raw.pending_activities)} {tasks}")
    return "\n".join(said)


@pytest.mark.usefixtures("alone")
async def test_ordered_and_shown(log_in: Callable[..., Any], office: BackupOffice, app: Any) -> None:
    admin = await log_in("admin")
    asked = {"document": "12/QT sao lưu trước khi nâng cấp"}
    answer = await admin.command("/admin/backups", asked, key="before-upgrade")
    assert answer.status_code == 201, answer.text
    assert (await admin.command("/admin/backups", asked, key="before-upgrade")).json() == answer.json()
    order = answer.json()["answer"]["backup_id"]
    end = time.monotonic() + 90  # on a busy machine a backup, restored and judged, takes its time
    while True:
        (line,) = [one for one in (await admin.get("/admin/backups")).json()["items"] if one["id"] == order]
        if line["state"] != "ordered":
            break
        assert time.monotonic() < end, await what_stands_still(app.state.temporal)
        await asyncio.sleep(0.3)
    assert (line["state"], line["problems"], line["document"]) == ("good", [], asked["document"])
    assert "11.1" in line["citation"]
    note = await admin.get(f"/admin/backups/{order}/note")
    assert note.headers["content-type"] == "application/pdf"
    assert verify(note.content, TrustList.load(office.settings.pki / "trust.json")).valid


async def test_nobody_else_orders_or_sees_them(log_in: Callable[..., Any]) -> None:
    officer = await log_in("department")
    assert (await officer.get("/admin/backups")).status_code == 403
    refused = await officer.command("/admin/backups", {"document": "1/QT"})
    assert (refused.status_code, refused.json()["code"]) == (403, "not-permitted")
    admin = await log_in("admin")
    assert (await admin.get(f"/admin/backups/{'0' * 8}-0000-7000-8000-{'0' * 12}/note")).status_code == 404
