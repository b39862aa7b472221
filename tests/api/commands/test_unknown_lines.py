"""Lines and commands of a version to come: kept, passed over, named; never in the way of the others."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from temporalio.common import WorkflowIDConflictPolicy

from api import putting
from api import relay as relays
from api.commands import Engine
from api.putting import LATE
from api.reconcile import Reconciler
from api.relay import Relay
from models.commands import GiveNotice
from models.database import transaction
from models.identifiers import profile_workflow
from models.messages import Life
from models.record.commands import accept
from tests.world import World
from workflows.profile import ProfileWorkflow

pytestmark = pytest.mark.usefixtures("worker")


@pytest.fixture
def relay(app) -> Relay:
    state = app.state
    engine = Engine(state.temporal, state.settings.task_queue, state.tools)
    return Relay(engine, state.tools.engine, state.clock, "")


async def line(world: World, workflow_id: str, payload: str = "{}") -> None:
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(
            text(
                "INSERT INTO outbox (authority_id, workflow_id, payload, created_at)"
                " VALUES (:a, :w, CAST(:p AS jsonb), :now)"
            ),
            {"a": world.authority, "w": workflow_id, "p": payload, "now": world.now},
        )


async def unsaid(world: World) -> list[str]:
    rows = await world.rows("SELECT workflow_id FROM outbox WHERE sent_at IS NULL ORDER BY id")
    return [row.workflow_id for row in rows]


@pytest.mark.parametrize("batch", [1, 2, 200])
async def test_a_line_nobody_here_knows_waits_and_the_ones_behind_it_are_said(
    world: World, app, relay: Relay, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(relays, "BATCH", batch)
    profile = await world.employ()
    await relay.once()
    newer = [f"seal/{uuid4()}", f"month-end/{uuid4()}/2031-01-hourly", f"transfer/{uuid4()}"]
    for workflow_id in newer:  # the last is of a known kind, with a payload this version cannot use
        await line(world, workflow_id)
    await line(world, profile_workflow(profile))
    for _ in range(2):
        await relay.once()
        assert await unsaid(world) == newer
    state = app.state
    found = await Reconciler(state.temporal, state.settings.task_queue, state.tools.engine, state.clock).run()
    assert found.unsaid == sorted(newer[:2]), "those whose address cannot be read are named"


LONG_AGO = LATE + timedelta(seconds=1)


async def unheard(world: World, profile: UUID, workflow_id: str, ago: timedelta = LONG_AGO) -> UUID:
    """A notice that was accepted, and of which the engine never learned."""
    command = uuid4()
    async with transaction(world.tools.engine, world.scope) as connection:
        await accept(
            connection,
            world.tools,
            command_id=command,
            authority_id=world.authority,
            account_id=world.accounts["culture.hr"],
            body=GiveNotice(kind="salary", changed_on=world.now.date(), document="3/QĐ"),
            received=command.bytes,
            workflow_id=workflow_id,
            subject_id=profile,
            expected_revision=None,
            now=world.now - ago,
        )
    return command


async def settled(world: World, *commands: UUID) -> list[bool]:
    rows = await world.rows("SELECT id, settled_at FROM commands WHERE id = ANY (:ids)", ids=list(commands))
    known = {row.id: row.settled_at is not None for row in rows}
    return [known[one] for one in commands]


async def test_a_command_to_a_workflow_nobody_here_knows_waits_too(world: World, relay: Relay) -> None:
    profile = await world.employ()
    commands = [
        await unheard(world, profile, name) for name in (f"seal/{uuid4()}", profile_workflow(profile))
    ]
    await relay.once()
    await relay.note_heard()
    assert await settled(world, *commands) == [False, True]


async def nobody_works(app: Any, world: World, profile: UUID) -> str:
    """A life whose workflow is on a queue without a worker: it never answers."""
    start, workflow_id = Life(authority_id=world.authority, profile_id=profile), profile_workflow(profile)
    await app.state.temporal.start_workflow(
        ProfileWorkflow.run,
        start,
        id=workflow_id,
        task_queue=f"nobody-works-here-{uuid4().hex}",
        id_conflict_policy=WorkflowIDConflictPolicy.TERMINATE_EXISTING,
    )
    return workflow_id


class Ahead:
    """A clock by which everything was asked for long ago: the API's own relay finds nothing late."""

    async def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(hours=1)


@pytest.mark.parametrize("batch", [1, 200])
async def test_commands_that_nobody_answers_keep_no_other_waiting(
    world: World, app: Any, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    """The oldest can never be answered; every sweep gets to the newest, and soon leaves the dumb alone."""
    monkeypatch.setattr(putting, "BATCH", batch)
    monkeypatch.setattr(putting, "PATIENCE", timedelta(seconds=0.5))
    monkeypatch.setattr(putting, "FIRST_SILENCE", 100.0)
    monkeypatch.setattr(putting, "LONGEST_SILENCE", 1000.0)
    monkeypatch.setattr(putting, "BRIEF", timedelta(seconds=0.2))
    relay = Relay(app.state.engine, app.state.tools.engine, Ahead(), "")
    *stuck, alive = [await world.employ() for _ in range(4)]
    await world.rows("UPDATE commands SET heard_at = accepted_at RETURNING id")
    dumb = [await nobody_works(app, world, one) for one in stuck]
    lives = [life for life in zip(stuck, dumb, strict=True) for _ in range(2)]
    silent = [await unheard(world, *life, timedelta(seconds=1)) for life in lives]
    answered = await unheard(world, alive, profile_workflow(alive), timedelta(0))
    # Of two commands to one life that does not answer only one is waited for.
    assert await relay.put_again() == 4
    await relay.note_heard()
    async with asyncio.timeout(60):  # a busy worker answers later than it is waited for here
        while not all(await settled(world, answered)):  # noqa: ASYNC110 — rows say it
            await asyncio.sleep(0.1)
    assert await settled(world, *silent) == [False] * 6
    assert await relay.put_again() == 0, "who did not answer is left alone for a while"
    silences = [relay._unheard._silent[one] for one in dumb]
    for silence in silences:
        silence.until = 0.0
    first = set(relay._unheard._tried) & set(silent)
    assert await relay.put_again() == 3
    if batch > 1:  # what stands on one page is put in turn
        assert set(silent) <= set(relay._unheard._tried)
        assert len(first) == 3
    assert {relay._unheard._silent[one].lasts for one in dumb} == {2 * putting.FIRST_SILENCE}
    for one in dumb:
        await app.state.temporal.get_workflow_handle(one).terminate(reason="seen")
