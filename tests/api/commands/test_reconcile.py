"""PostgreSQL and the engine apart: every difference is named and mended."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from temporalio.client import Client, WorkflowExecutionStatus
from typer.testing import CliRunner, Result

from api.cli import reconcile as commands
from api.cli.main import build as command_line
from api.reconcile import Reconciler
from models.calendar import legal_date
from models.commands import GiveNotice, OpenProfile, Separate, WithdrawTransfer
from models.database import transaction
from models.identifiers import digest_workflow, month_end_workflow, profile_workflow, transfer_workflow
from models.messages import Life, Moment
from models.record.commands import accept
from tests.world import World
from workflows.profile import ProfileWorkflow

ENDED = "workflow_execution_terminated_event_attributes"

pytestmark = pytest.mark.usefixtures("worker")


@pytest.fixture
def reconciler(app) -> Reconciler:
    state = app.state
    return Reconciler(state.temporal, state.settings.task_queue, state.tools.engine, state.clock)


async def noticed(world: World) -> str:
    """An official in service who owes an update, known to PostgreSQL only; the id of the workflow."""
    profile = await world.employ()
    notice = GiveNotice(kind="salary", changed_on=world.now.date(), document="1/QĐ")
    assert (await world.ask("culture.hr", notice, profile)).status == 201
    return profile_workflow(profile)


async def where(client: Client, workflow_id: str) -> Moment:
    return await client.get_workflow_handle(workflow_id).query("where", result_type=Moment)


async def row_version(world: World, workflow_id: str) -> int:
    row = await world.one("SELECT version FROM profiles WHERE id = :id", id=workflow_id.rpartition("/")[2])
    return int(row.version)


async def test_everything_is_started_from_postgresql_alone(world: World, app, reconciler: Reconciler) -> None:
    """What ``hoso engine rebuild`` does on an empty Temporal; a second run finds nothing to do."""
    workflow_id = await noticed(world)
    found = await reconciler.run()
    month = f"{world.now:%Y-%m}"
    assert workflow_id in found.started
    # The relay did the same when the API started, for the authority it found.
    for standing in (digest_workflow(world.authority), month_end_workflow(world.authority, month)):
        described = await app.state.temporal.get_workflow_handle(standing).describe()
        assert described.status is WorkflowExecutionStatus.RUNNING
    moment = await where(app.state.temporal, workflow_id)
    assert moment.version == await row_version(world, workflow_id)
    assert moment.next_wake_at is not None
    assert (await reconciler.run()).total == 0


async def test_a_report_left_open_by_an_earlier_release_is_made(
    world: World, app, reconciler: Reconciler
) -> None:
    """The archive of today ends it; a profile archived before gets it ended by the next comparison."""
    profile = await world.employ()
    gone = Separate(
        kind="moved_out",
        effective_on=legal_date(world.now),
        document="3/QĐ",
        covered_by_national_database=True,
        destination="Bộ Y tế",
    )
    assert (await world.ask("culture.hr", gone, profile)).status == 201
    await world.step("archive", profile, told=False)
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(
            text(
                "UPDATE duties SET state = 'open', met_on = NULL"
                " WHERE profile_id = :p AND slot = 'move_out_report'"
            ),
            {"p": profile},
        )
    workflow_id = profile_workflow(profile)
    # The API compares by itself, too, and may have been first.
    assert (await reconciler.run()).stranded in ([workflow_id], [])
    await app.state.temporal.get_workflow_handle(workflow_id).result()
    row = await world.one(
        "SELECT state FROM duties WHERE profile_id = :p AND slot = 'move_out_report'", p=profile
    )
    assert row.state == "met"
    told = await world.rows("SELECT 1 FROM notices WHERE kind = 'move_out_reported'")
    assert len(told) == 2, "at the archive, which this test undid, and now"
    assert (await reconciler.run()).stranded == []


async def test_a_tree_whose_closure_is_wrong_is_made_again(world: World, app, reconciler: Reconciler) -> None:
    """Lines changed past the acts, and a name of another day: found, and made again by the worker."""
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(
            text("DELETE FROM agency_lines WHERE descendant_id = :g AND depth = 1"), {"g": world.museum}
        )
        await connection.execute(text("SELECT set_config('hoso.tree', 'kept', true)"))
        await connection.execute(text("UPDATE agencies SET name = 'x' WHERE id = :g"), {"g": world.museum})
    (workflow_id,) = (await reconciler.run()).tree
    await app.state.temporal.get_workflow_handle(workflow_id).result()
    row = await world.one(
        "SELECT name, (SELECT l.ancestor_id FROM agency_lines l WHERE l.descendant_id = g.id AND l.depth = 1)"
        " AS above FROM agencies g WHERE id = :g",
        g=world.museum,
    )
    assert (row.name, row.above) == ("Bảo tàng", world.culture)
    assert (await reconciler.run()).tree == []


async def test_a_workflow_behind_the_data_looks_again(world: World, app, reconciler: Reconciler) -> None:
    """Worker and server died between the commit and the word of it: the engine never learned of the act."""
    workflow_id = await noticed(world)
    await reconciler.run()
    profile = workflow_id.rpartition("/")[2]
    notice = GiveNotice(kind="reward", changed_on=world.now.date() - timedelta(days=1), document="2/QĐ")
    assert (await world.ask("culture.hr", notice, UUID(profile))).status == 201
    assert (await where(app.state.temporal, workflow_id)).version < await row_version(world, workflow_id)
    found = await reconciler.run()
    assert found.behind == [workflow_id]
    assert (await where(app.state.temporal, workflow_id)).version == await row_version(world, workflow_id)


async def test_a_passed_wake_is_made_good(world: World, reconciler: Reconciler) -> None:
    workflow_id = await noticed(world)
    await reconciler.run()
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(
            text("UPDATE profiles SET next_wake_at = :then"), {"then": world.now - timedelta(hours=1)}
        )
    assert workflow_id in (await reconciler.run()).woken


async def test_what_has_no_row_is_stopped(world: World, app, reconciler: Reconciler) -> None:
    """A workflow nobody's row stands for, left by a restore of an older database."""
    client: Client = app.state.temporal
    lost = profile_workflow(uuid4())
    nowhere = f"nobody-works-here-{uuid4().hex}"
    start = Life(authority_id=world.authority, profile_id=uuid4())
    await client.start_workflow(ProfileWorkflow.run, start, id=lost, task_queue=nowhere)
    handle = client.get_workflow_handle(lost)
    async with asyncio.timeout(20):
        # The engine's lists learn of a start a little later; the API's own reconciler may see it first.
        while (await handle.describe()).status is not WorkflowExecutionStatus.TERMINATED:
            await reconciler.run()
    (ended,) = [e async for e in handle.fetch_history_events() if e.HasField(ENDED)]
    assert ended.workflow_execution_terminated_event_attributes.reason == "no such row in PostgreSQL"


async def test_what_is_about_to_get_its_row_is_left_alone(world: World, app, reconciler: Reconciler) -> None:
    """A profile is being opened while the comparison runs: its command is written, its row not yet."""
    client: Client = app.state.temporal
    opening, nowhere = uuid4(), f"nobody-works-here-{uuid4().hex}"
    body = OpenProfile(
        agency_id=world.museum,
        full_name="Thử",
        personal_id_number="000190000009",
        event_on=world.now.date(),
        document="1",
    )
    async with transaction(world.tools.engine, world.scope) as connection:
        await accept(
            connection,
            world.tools,
            command_id=uuid4(),
            authority_id=world.authority,
            account_id=world.accounts["culture.hr"],
            body=body,
            received=b"{}",
            workflow_id=profile_workflow(opening),
            subject_id=opening,
            expected_revision=None,
            now=world.now,
        )
    lost = uuid4()
    for one in (opening, lost):
        life = Life(authority_id=world.authority, profile_id=one)
        await client.start_workflow(ProfileWorkflow.run, life, id=profile_workflow(one), task_queue=nowhere)
    async with asyncio.timeout(20):
        handle = client.get_workflow_handle(profile_workflow(lost))
        while (await handle.describe()).status is not WorkflowExecutionStatus.TERMINATED:
            await reconciler.run()
    await reconciler.run()
    kept = await client.get_workflow_handle(profile_workflow(opening)).describe()
    assert kept.status is WorkflowExecutionStatus.RUNNING
    await client.get_workflow_handle(profile_workflow(opening)).terminate(reason="seen")


async def test_a_workflow_that_outlived_its_case_looks_again_and_ends(
    world: World, app: Any, reconciler: Reconciler
) -> None:
    """The transfer was withdrawn, and nobody told its workflow."""
    case = await world.transfer(await world.employ(), until="requested")
    await reconciler.run()
    workflow_id = transfer_workflow(case)
    assert (await where(app.state.temporal, workflow_id)).chapter == "requested"
    taken_back = WithdrawTransfer(reason="đổi quyết định")
    assert (await world.ask("culture.hr", taken_back, case, subject="transfer")).status == 200
    async with asyncio.timeout(60):
        while workflow_id not in (await reconciler.run()).behind:  # noqa: ASYNC110 — its lists come later
            await asyncio.sleep(0.2)
        assert await app.state.temporal.get_workflow_handle(workflow_id).result() == "withdrawn"
    assert workflow_id not in (await reconciler.run()).behind


# --- as commands


@pytest.fixture
def hoso(app: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Awaitable[Result]]:
    """The command line of this installation."""
    monkeypatch.setattr(commands, "Settings", lambda: app.state.settings)
    monkeypatch.setattr(commands, "configure", lambda *_: None)  # the log of this process is the tests'

    async def run(*words: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, command_line(words[0]), list(words))

    return run


async def test_hoso_reconcile_names_what_it_mends(world: World, app: Any, hoso: Any) -> None:
    workflow_id = await noticed(world)
    first = await hoso("reconcile", "--json")
    assert first.exit_code == 0, first.output
    found = json.loads(first.stdout)
    assert workflow_id in found["started"]
    assert set(found) == set(commands._SAID)
    notice = GiveNotice(kind="reward", changed_on=world.now.date() - timedelta(days=1), document="2/QĐ")
    profile = UUID(workflow_id.rpartition("/")[2])
    assert (await world.ask("culture.hr", notice, profile)).status == 201
    second = await hoso("reconcile")
    assert second.exit_code == 0, second.output
    lines = second.stdout.splitlines()
    behind = next(n for n, line in enumerate(lines) if "workflows behind the data" in line)
    assert (lines[behind].split()[0], lines[behind + 1].strip()) == ("1", workflow_id)
    assert (await where(app.state.temporal, workflow_id)).version == await row_version(world, workflow_id)
    third = await hoso("reconcile")
    assert [line.split()[0] for line in third.stdout.splitlines()] == ["0"] * len(commands._SAID)


async def test_hoso_engine_rebuild_starts_everything_from_the_rows(world: World, app: Any, hoso: Any) -> None:
    """What the engine lost comes back, where the rows say that it stands."""
    workflow_id = await noticed(world)
    month = month_end_workflow(world.authority, f"{world.now:%Y-%m}")
    assert (await hoso("engine", "rebuild")).exit_code == 0
    for lost in (workflow_id, digest_workflow(world.authority)):
        await app.state.temporal.get_workflow_handle(lost).terminate(reason="lost")
    rebuilt = await hoso("engine", "rebuild", "--json")
    assert rebuilt.exit_code == 0, rebuilt.output
    found = json.loads(rebuilt.stdout)
    assert {workflow_id, digest_workflow(world.authority)} <= set(found["started"])
    assert month not in found["started"], "what runs is left alone"
    moment = await where(app.state.temporal, workflow_id)
    assert moment.version == await row_version(world, workflow_id)
    assert moment.next_wake_at is not None
    again = json.loads((await hoso("engine", "rebuild", "--json")).stdout)
    assert not any(again.values()), again
