"""Somebody the State already knows arrives: API, engine, worker and the emulator's process, end to end."""

import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import randbelow
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import Client
from temporalio.worker import Worker

from activities.acts.office import ActOffice
from activities.national.adapter import ItemHeader
from activities.national.office import NationalOffice, gateway_of, mapping_of
from models.form import digest
from models.identifiers import profile_workflow
from tests.activities.national.conftest import Emulator, emulator, emulator_process
from tests.activities.national.contract import ELSEWHERE, settle
from tests.forms import COMPLETE
from tests.world import World
from workflows.payload_codec import data_converter
from workflows.registry import WORKFLOWS, runner

__all__ = ["emulator", "emulator_process"]


@pytest.fixture
async def office(database: Any, world: World, tmp_path: Path, emulator: Emulator) -> AsyncIterator[Any]:
    pair = json.loads((emulator.folder / "partners.json").read_text())
    keys = {f"national_{name}": value for name, value in pair.items()}
    settings = database.settings(tmp_path / "national", national_url=emulator.url, **keys)
    made = NationalOffice(settings, world.tools, gateway_of(settings))
    yield made
    await made.gateway._http.aclose()


@pytest.fixture
async def client(world: World, temporal_server: Any) -> Client:
    return await Client.connect(temporal_server.address, data_converter=data_converter(world.tools.ring))


@pytest.fixture
async def working(world: World, app: Any, client: Client, office: NationalOffice) -> AsyncIterator[None]:
    """A worker with its way to the national database."""
    acts, queue = ActOffice(world.tools), app.state.settings.task_queue
    async with (
        Worker(
            client,
            task_queue=queue,
            workflows=WORKFLOWS,
            activities=[acts.act, acts.month_window],
            workflow_runner=runner(),
            no_remote_activities=True,
        ),
        Worker(client, task_queue=queue, activities=[office.pull_record]),
    ):
        yield


async def known_elsewhere(office: NationalOffice, number: str) -> dict[str, Any]:
    content = {
        **COMPLETE,
        "citizen_id_number": number,
        "contact_phone": "0900000001",
        "managing_authority_id": "H15",
        "employing_unit_id": ELSEWHERE,
    }
    header = ItemHeader(uuid4(), digest(content), datetime(2025, 6, 28, tzinfo=UTC).date(), "ab" * 32)
    assert office.gateway is not None
    await settle(
        office.gateway,
        [mapping_of(office.settings, datetime.now(UTC)).item(content, header)],
        sender=ELSEWHERE,
    )
    return content


async def test_a_newcomer_declares_nothing_the_state_already_holds(
    world: World,
    log_in: Callable[..., Any],
    working: None,
    client: Client,
    office: NationalOffice,
    newcomer: dict[str, Any],
    profile_of: Callable[..., Any],
    emulator: Emulator,
) -> None:
    number = f"000{randbelow(10**9):09}"
    content = await known_elsewhere(office, number)
    hr, stranger = await log_in("culture.hr"), await log_in("health.hr")
    body = {**newcomer, "personal_id_number": number, "origin": "received_with_national_record"}
    profile = profile_of(await hr.command("/profiles", body))
    path = f"/profiles/{profile}/national-record"
    duties = (await hr.get("/duties")).json()["items"]
    (owed,) = [
        d for d in (await hr.get("/today")).json()["due_today"]["items"] if d["what"] == "intake_pull"
    ] or [d for d in duties if d["slot"] == "intake_pull"]
    assert "Điều 11.1.b" in owed["citation"]
    assert (await hr.get(path)).status_code == 404, "nothing was pulled yet"
    assert (await stranger.command(path)).status_code == 404
    approver = await log_in("culture.approver")
    denied = await approver.command(path)
    assert (denied.status_code, denied.json()["code"]) == (403, "not-permitted")

    until = datetime.now(UTC) + timedelta(hours=3)
    emulator.faults(maintenance_until=until.isoformat())
    closed = await hr.command(path)
    assert (closed.status_code, closed.json()["code"]) == (503, "national-maintenance")
    assert abs(datetime.fromisoformat(closed.json()["until"]) - until) < timedelta(seconds=5)
    emulator.admin("DELETE", "/faults")

    key = uuid4().hex
    done = await hr.command(path, key=key)
    assert done.status_code == 200, done.text
    answer = done.json()["answer"]
    assert (await hr.command(path, key=key)).json()["answer"] == answer, "the same key, the same answer"
    assert "Điều 12.2 mục 2.2.b" in answer["citation"]
    assert answer["no_redeclaration"].endswith("Điều 4")
    assert (await hr.command(path)).json()["code"] == "wrong-state"

    draft = (await hr.get(f"/profiles/{profile}/form", params={"draft": True})).json()
    assert {name: draft["content"][name] for name in ("citizen_id_number", "contact_phone")} == {
        "citizen_id_number": number,
        "contact_phone": "0900000001",
    }
    assert set(draft["content"]) <= set(content)
    seen = (await hr.get(path)).json()
    assert (seen["held_by"], seen["state"], seen["kept"]) == ("H15", "used", [])
    assert {"path": "contact_phone", "label": "Số điện thoại liên hệ"} in seen["filled"]
    assert seen["no_redeclaration"] == answer["no_redeclaration"]
    assert (await stranger.get(path)).status_code == 404

    history = await client.get_workflow_handle(profile_workflow(profile)).fetch_history()
    scheduled = [e for e in history.events if e.HasField("activity_task_scheduled_event_attributes")]
    names = [e.activity_task_scheduled_event_attributes.activity_type.name for e in scheduled]
    assert names == ["pull_record", "pull_record"]
    assert number not in str(history.events), "ids only travel through the engine"
    opened = [data async for data in _decoded(client, scheduled)]
    assert all(number not in one for one in opened)


async def _decoded(client: Client, scheduled: list[Any]) -> AsyncIterator[str]:
    codec = client.data_converter.payload_codec
    assert codec is not None
    for event in scheduled:
        payloads = event.activity_task_scheduled_event_attributes.input.payloads
        for one in await codec.decode(list(payloads)):
            yield one.data.decode()
