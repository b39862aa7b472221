"""Lines and commands of a version to come: kept, passed over, named; never in the way of the others."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from api import relay as relays
from api.commands import Engine
from api.reconcile import Reconciler
from api.relay import LATE, Relay
from models.commands import GiveNotice
from models.database import transaction
from models.identifiers import profile_workflow
from models.record.commands import accept
from tests.world import World

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


async def test_a_command_to_a_workflow_nobody_here_knows_waits_too(world: World, relay: Relay) -> None:
    profile = await world.employ()
    notice = GiveNotice(kind="salary", changed_on=world.now.date(), document="3/QĐ")
    ids = []
    for workflow_id in (f"seal/{uuid4()}", profile_workflow(profile)):
        ids.append(uuid4())
        async with transaction(world.tools.engine, world.scope) as connection:
            await accept(
                connection,
                world.tools,
                command_id=ids[-1],
                authority_id=world.authority,
                account_id=world.accounts["culture.hr"],
                body=notice,
                received=ids[-1].bytes,
                workflow_id=workflow_id,
                subject_id=profile,
                expected_revision=None,
                now=world.now - LATE - timedelta(seconds=1),
            )
    await relay.once()
    await relay.note_heard()
    rows = await world.rows("SELECT id, settled_at FROM commands WHERE id = ANY (:ids)", ids=ids)
    assert {row.id: row.settled_at is not None for row in rows} == {ids[0]: False, ids[1]: True}
