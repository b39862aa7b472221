"""What stands still in a real engine, found and helped by the call that the finding names."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from temporalio.client import Client, WorkflowHandle

from api.stuck import engine
from models.commands import GiveNotice
from models.database import transaction
from models.identifiers import digest_workflow, new_id, profile_workflow
from models.messages import Life, Moment
from models.record.commands import accept
from tests.world import World, tools_for
from workflows.payload_codec import data_converter
from workflows.profile import ProfileWorkflow

pytestmark = pytest.mark.usefixtures("worker")
ASKED = 60


async def found(admin: Any, kind: str, workflow_id: str) -> dict[str, Any]:
    """The finding, as soon as the engine tells of it."""
    for _ in range(ASKED):
        answer = await admin.get("/admin/stuck")
        assert answer.status_code == 200, answer.text
        for one in answer.json()["items"]:
            if one["kind"] == kind and one["workflow_id"] == workflow_id:
                return dict(one)
        await asyncio.sleep(0.3)
    raise AssertionError(f"{kind} was not found: {answer.text}")


async def call(admin: Any, finding: dict[str, Any]) -> Any:
    """What the finding says to ask."""
    asked = finding["remedy"]["call"]
    return await admin.request(asked["method"], asked["path"], json=asked["body"])


async def looked(handle: WorkflowHandle[Any, Any]) -> Moment:
    """What it found when it first asked the facts; it was begun a moment ago."""
    for _ in range(400):
        if (moment := await handle.query("where", result_type=Moment)) is not None:
            return moment
        await asyncio.sleep(0.05)
    raise AssertionError("it never looked")


async def test_failing_tasks_are_found_and_the_workflow_rebuilt(
    world: World, app: Any, log_in: Callable[..., Any], temporal_server: Any, tmp_path_factory: Any
) -> None:
    """Started by a hand whose key nobody here has: no worker can read what it is to do."""
    profile = await world.employ()
    workflow_id = profile_workflow(profile)
    assert world.tools.engine is not None
    foreign = tools_for(world.tools.engine, tmp_path_factory.mktemp("foreign")).ring
    stranger = await Client.connect(temporal_server.address, data_converter=data_converter(foreign))
    await stranger.start_workflow(
        ProfileWorkflow.run,
        Life(authority_id=world.authority, profile_id=profile),
        id=workflow_id,
        task_queue=app.state.settings.task_queue,
    )
    admin = await log_in("admin")
    finding = await found(admin, "workflow-failing", workflow_id)
    assert finding["remedy"]["verb"] == "rebuild"
    assert finding["remedy"]["command"] == f"hoso engine rebuild --workflow {workflow_id}"
    assert (await call(await log_in("department"), finding)).status_code == 403
    assert (await call(admin, finding)).json() == {"done": 1}
    handle = app.state.temporal.get_workflow_handle(workflow_id)
    moment = await looked(handle)
    assert (moment.chapter, moment.version > 0) == ("service", True)
    assert await engine.of_workflow(app.state.temporal, workflow_id) == []
    unknown = await admin.post("/admin/stuck/rebuilds", json={"workflow_id": profile_workflow(new_id())})
    assert unknown.status_code == 404


async def test_an_activity_tried_too_often_is_tried_anew(
    world: World, app: Any, log_in: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No worker here knows how to send the morning's messages, so the engine goes on trying."""
    monkeypatch.setattr(engine, "TRIES", 3)
    admin, workflow_id = await log_in("admin"), digest_workflow(world.authority)
    finding = await found(admin, "activity-failing", workflow_id)
    assert finding["code"] == "send_digests: NotFoundError"
    assert finding["count"] >= 3
    listed = (await admin.get("/admin/stuck")).json()["items"]
    absent = [one["subject"] for one in listed if one["kind"] == "worker-absent"]
    assert absent == ["batches"], "here nobody asks for a month's batches"
    assert (await call(admin, finding)).json() == {"done": 1}
    raw = (await app.state.temporal.get_workflow_handle(workflow_id).describe()).raw_description
    assert raw.pending_activities[0].attempt < 3, "it began anew"
    nothing = await admin.post("/admin/stuck/retries", json={"workflow_id": profile_workflow(new_id())})
    assert nothing.status_code == 404


async def test_a_command_nobody_answered_is_put_again(
    world: World, app: Any, log_in: Callable[..., Any]
) -> None:
    profile, command = await world.employ(), new_id()
    body = GiveNotice(kind="salary", changed_on=world.now.date(), document="1/QĐ")
    async with transaction(world.tools.engine, world.scope) as connection:
        await accept(
            connection,
            world.tools,
            command_id=command,
            authority_id=world.authority,
            account_id=world.accounts["culture.hr"],
            body=body,
            received=b"{}",
            workflow_id=profile_workflow(profile),
            subject_id=profile,
            expected_revision=None,
            now=world.now,
        )
    admin = await log_in("admin")
    assert (await admin.post("/admin/stuck/resends", json={"command_id": str(command)})).json() == {"done": 1}
    row = await world.one("SELECT status FROM commands WHERE id = :id", id=command)
    assert row.status == 201
    assert (await admin.post("/admin/stuck/resends", json={"line": 2**40})).status_code == 404
    both = await admin.post("/admin/stuck/resends", json={"line": 1, "command_id": str(command)})
    assert both.status_code == 400
