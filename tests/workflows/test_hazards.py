"""Instants at which a message, a timer and an end meet: nothing is lost there, and nothing spins.

The first part plays the answers of PostgreSQL (``tests.replay.script``), so that each interleaving is held
still on a real Temporal server; the second part runs on the real database.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Worker

from api.clock import SystemClock
from api.commands import Engine
from api.putting import LATE
from api.relay import Relay
from models.commands import (
    ActivateAccount,
    Approve,
    CreateAccount,
    GiveNotice,
    OpenProfile,
    SubmitDeclaration,
)
from models.database import transaction
from models.identifiers import batch_queue, profile_workflow
from models.messages import AgencyMonthStart, Ask, Life, Moment, Move
from models.record.act import act
from models.record.commands import accept
from tests.replay.script import AUTHORITY, OTHER, SUBJECT, Script, soon, told
from tests.workflows.test_profile import ask
from tests.world import World
from workflows.agency_month import AgencyMonthWorkflow
from workflows.profile import ProfileWorkflow
from workflows.registry import WORKFLOWS, runner
from workflows.transfer import TransferWorkflow


class Gated(Script):
    """A script whose commands wait at a gate."""

    gate: asyncio.Event

    @activity.defn(name="act")
    async def act(self, ask: Ask) -> Moment:
        """The script's answer, once the gate is open."""
        if ask.command_id is not None:
            self.asked.append("at the gate")
            await self.gate.wait()
        return await Script.act(self, ask)


@pytest.fixture
async def plain_client(temporal_server) -> Client:
    return await Client.connect(temporal_server.address, data_converter=pydantic_data_converter)


@asynccontextmanager
async def living(client: Client, script: Script, workflow: Any, start: Any) -> AsyncIterator[WorkflowHandle]:
    """A workflow with workers behind it, ended afterwards."""
    queue = f"hazard-{uuid4().hex}"
    local, remote = script.activities[:2], script.activities[2:]
    async with (
        Worker(
            client,
            task_queue=queue,
            workflows=WORKFLOWS,
            activities=local,
            workflow_runner=runner(),
            no_remote_activities=True,
        ),
        Worker(client, task_queue=queue, activities=remote),
        Worker(client, task_queue=batch_queue(queue), activities=remote),
    ):
        started = await client.start_workflow(workflow, start, id=queue, task_queue=queue)
        handle = client.get_workflow_handle(queue)
        yield handle
        if (await handle.describe()).close_time is None:
            await handle.terminate("test ended")
        assert started.id == handle.id


async def count(script: Script, kind: str, times: int) -> None:
    """Wait until something was asked so often."""
    async with asyncio.timeout(20):
        while script.asked.count(kind) < times:  # noqa: ASYNC110 — activities run where they like
            await asyncio.sleep(0.02)


async def test_what_is_heard_while_a_run_ends_is_looked_at_by_the_next(plain_client: Client) -> None:
    script = Gated(acts={"command": [told("service", 2)], "look": [told("service", 1), told("service", 9)]})
    script.gate = asyncio.Event()
    life = Life(authority_id=AUTHORITY, profile_id=SUBJECT, limit=5)
    async with living(plain_client, script, ProfileWorkflow, life) as handle:
        await count(script, "look", 1)
        first = (await handle.describe()).run_id
        asked = asyncio.create_task(handle.execute_update("give_notice", uuid4()))
        await count(script, "at the gate", 1)
        await asyncio.sleep(0.5)  # the run is past its limit and waits for the answer under way
        await handle.signal("heard")
        await asyncio.sleep(0.5)
        script.gate.set()
        assert (await asked)["version"] == 2
        await count(script, "look", 2)
        async with asyncio.timeout(20):
            while (await handle.query("where"))["version"] != 9:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            assert (await handle.describe()).run_id != first


@pytest.mark.parametrize("kind", ["profile", "transfer", "agency_month"])
async def test_a_wake_that_moves_nothing_does_not_spin(plain_client: Client, kind: str) -> None:
    chapter = {"profile": "service", "transfer": "requested", "agency_month": "open"}[kind]
    due = told(chapter, 1, wake=-60, left=1)
    script = Script(acts={"look": [due], "wake": [due]})
    starts: dict[str, tuple[Any, Any]] = {
        "profile": (ProfileWorkflow, Life(authority_id=AUTHORITY, profile_id=SUBJECT)),
        "transfer": (TransferWorkflow, Move(authority_id=AUTHORITY, transfer_id=SUBJECT, profile_id=OTHER)),
        "agency_month": (AgencyMonthWorkflow, the_list(closes=3600)),
    }
    async with living(plain_client, script, *starts[kind]) as handle:
        await count(script, "wake", 1)
        await asyncio.sleep(1)
        assert script.asked.count("wake") == 1
        await handle.signal("heard")  # whoever speaks is answered at once, and then it is due again
        await count(script, "wake", 2)


def the_list(closes: float) -> AgencyMonthStart:
    return AgencyMonthStart(
        authority_id=AUTHORITY,
        agency_id=OTHER,
        agency_month_id=SUBJECT,
        month="2025-03",
        closes_at=soon(closes),
    )


async def test_a_pause_does_not_keep_a_list_open(plain_client: Client) -> None:
    due = told("open", 1, wake=-60, left=1)
    script = Script(acts={"look": [due], "wake": [due], "close_month": [told("closed", 2)]})
    async with living(plain_client, script, AgencyMonthWorkflow, the_list(closes=3)) as handle:
        assert await asyncio.wait_for(handle.result(), 20) == "closed 2"


async def test_a_round_accepted_while_the_list_closes_is_done_first(plain_client: Client) -> None:
    script = Gated(
        acts={
            "look": [told("open", 1, left=1)],
            "command": [told("open", 2, left=1, status=202)],
            "approvals_done": [told("open", 3, left=1)],
            "close_month": [told("closed", 4)],
        }
    )
    script.gate = asyncio.Event()
    async with living(plain_client, script, AgencyMonthWorkflow, the_list(closes=3)) as handle:
        await count(script, "look", 2)
        asked = asyncio.create_task(handle.execute_update("approve_list", uuid4()))
        await count(script, "at the gate", 1)
        await asyncio.sleep(3)  # the list's time is over; its end waits behind the approver's command
        assert "close_month" not in script.asked
        script.gate.set()
        assert (await asked)["status"] == 202
        await asyncio.wait_for(handle.result(), 20)
    order = [kind for kind in script.asked if kind in ("command", "approve", "approvals_done", "close_month")]
    assert order == ["command", "approve", "approvals_done", "close_month"]


@pytest.mark.parametrize("kind", ["profile", "transfer", "agency_month"])
async def test_nothing_sleeps_on_for_a_subject_that_does_not_exist(plain_client: Client, kind: str) -> None:
    script = Script(acts={"look": [told("account", 0)]})
    starts: dict[str, tuple[Any, Any]] = {
        "profile": (ProfileWorkflow, Life(authority_id=AUTHORITY, profile_id=SUBJECT)),
        "transfer": (TransferWorkflow, Move(authority_id=AUTHORITY, transfer_id=SUBJECT, profile_id=OTHER)),
        "agency_month": (AgencyMonthWorkflow, the_list(closes=3600)),
    }
    async with living(plain_client, script, *starts[kind]) as handle:
        assert "không có" in await asyncio.wait_for(handle.result(), 20)


async def test_a_stuck_act_leaves_the_worker_to_others(plain_client: Client) -> None:
    """More lives than the worker has slots wait for a database that never answers; another still acts."""
    never = ConnectionError("no database")
    stuck = Script(acts={"look": [never]})
    queue = f"hazard-{uuid4().hex}"

    class Both(Script):
        @activity.defn(name="act")
        async def act(self, ask: Ask) -> Moment:
            return await Script.act(self if ask.subject_id == SUBJECT else stuck, ask)

    script = Both(acts={"look": [told("service", 1)]})
    async with Worker(
        plain_client,
        task_queue=queue,
        workflows=WORKFLOWS,
        activities=script.activities[:2],
        workflow_runner=runner(),
        no_remote_activities=True,
        max_concurrent_workflow_tasks=2,
    ):
        handles = [
            await plain_client.start_workflow(
                ProfileWorkflow.run,
                Life(authority_id=AUTHORITY, profile_id=subject),
                id=f"{queue}/{n}",
                task_queue=queue,
            )
            for n, subject in enumerate([OTHER, OTHER, OTHER, SUBJECT])
        ]
        await count(script, "look", 1)
        for handle in handles:
            await handle.terminate("test ended")


# --- on the real database ---


async def _profile_in_review(world: World, engine: Engine, form: dict[str, Any]) -> tuple[Any, Approve]:
    profile = uuid4()
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
    revision, digest = await world.draft(profile, form)
    submitted = SubmitDeclaration(revision_id=revision, digest=digest)
    assert (await ask(engine, world, "person", submitted, profile)).status == 200
    return profile, Approve(revision_id=revision, digest=digest)


async def test_of_two_approvals_at_once_one_signs(
    world: World, client: Client, queue: str, complete_form: dict[str, Any]
) -> None:
    engine = Engine(client, queue, world.tools)
    profile, body = await _profile_in_review(world, engine, complete_form)
    both = await asyncio.gather(*(ask(engine, world, "culture.approver", body, profile) for _ in range(2)))
    assert sorted(one.status for one in both) == [200, 409]
    (refused,) = (one for one in both if one.status == 409)
    assert refused.answer is not None
    assert refused.answer["code"] == "in-flight"
    assert (await world.one("SELECT count(*) AS n FROM approvals WHERE state = 'signed'")).n == 1


async def test_an_act_the_engine_never_heard_of_is_told_again_though_it_is_settled(
    world: World, client: Client, queue: str, complete_form: dict[str, Any], database
) -> None:
    """Worker and server died between the commit and the word of it, and so did whoever asked."""
    engine = Engine(client, queue, world.tools)
    profile, body = await _profile_in_review(world, engine, complete_form)
    assert (await ask(engine, world, "culture.approver", body, profile)).status == 200
    relay = Relay(engine, world.tools.engine, SystemClock(), database.libpq_url("worker"))
    await relay.note_heard()
    assert not await world.rows("SELECT 1 FROM commands WHERE heard_at IS NULL")

    command, notice = uuid4(), GiveNotice(kind="salary", changed_on=world.now.date(), document="3/QĐ")
    asked_at = world.now - LATE - timedelta(seconds=1)
    async with transaction(world.tools.engine, world.scope) as connection:
        await accept(
            connection,
            world.tools,
            command_id=command,
            authority_id=world.authority,
            account_id=world.accounts["culture.hr"],
            body=notice,
            received=b"{}",
            workflow_id=profile_workflow(profile),
            subject_id=profile,
            expected_revision=None,
            now=asked_at,
        )
    done = await act(
        world.tools,
        Ask(
            authority_id=world.authority,
            subject="profile",
            subject_id=profile,
            command_id=command,
            now=world.now,
        ),
    )
    handle = client.get_workflow_handle(profile_workflow(profile))
    before = await handle.query("where", result_type=Moment)
    assert before.version < done.version, "the engine must not know yet"

    await relay.once()
    known = await handle.query("where", result_type=Moment)
    assert (known.version, known.next_wake_at) == (done.version, done.next_wake_at)
    await relay.note_heard()
    assert not await world.rows("SELECT 1 FROM commands WHERE heard_at IS NULL")
    told_of = await world.rows(
        "SELECT 1 FROM events WHERE command_id = :c AND kind = 'change.noticed'", c=command
    )
    assert len(told_of) == 1
