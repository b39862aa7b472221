"""Law and calendar over the API: previewed, loaded by an administrator, reckoned by the workflow, refused."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
import yaml
from temporalio.client import Client
from temporalio.worker import Worker

from activities.recomputing.office import RecomputeOffice
from api.reconcile import Reconciler
from api.relay import Relay
from models.calendar import Calendar, CalendarYear, reckon
from models.calendar.loader import FOLDER as YEARS
from models.commands import GiveNotice
from models.database import transaction
from models.record.law_of import LawOf
from models.record.loads import Load, load_calendar
from models.regulations import in_force
from models.regulations.loader import FOLDER as LAW
from tests.api.commands.test_refusals import problem
from tests.world import World
from workflows.payload_codec import data_converter

pytestmark = pytest.mark.usefixtures("worker", "reckoning")


@pytest.fixture
async def reckoning(world: World, app: Any, temporal_server: Any) -> AsyncIterator[None]:
    """A worker for the batch beside the one for workflows."""
    client = await Client.connect(temporal_server.address, data_converter=data_converter(world.tools.ring))
    office = RecomputeOffice(world.tools)
    queue = app.state.settings.task_queue
    async with Worker(client, task_queue=queue, activities=[office.recompute_duties]):
        yield


def year(today: date) -> tuple[str, date]:
    """This year with the next Monday-to-Friday day that is worked made a proclaimed day off; and that day."""
    calendar = Calendar.seed()
    off = calendar.next_working_day(today)
    swap = off + timedelta(days=1)
    while swap.weekday() != 5 or calendar.explain(swap).kind != "weekend" or swap.year != off.year:
        swap += timedelta(days=1) if swap.year == off.year else timedelta(days=-370)
    found = yaml.safe_load((YEARS / f"{off.year}.yaml").read_text(encoding="utf-8"))
    found["proclamations"].append(
        {"id": "moi", "number": "77/TB-BNV", "date": today, "title": "Hoán đổi", "check": "found"}
    )
    day = {"kind": "proclaimed", "vi": "Hoán đổi", "en": "In exchange", "proclamation": "moi"}
    found["days"] = [one for one in found["days"] if one["date"] not in (off, swap)]
    found["days"].append({**day, "date": off, "swap": swap})
    found["working_days"].append({**day, "date": swap, "swap": off})
    return yaml.safe_dump(found, allow_unicode=True), off


async def owed(world: World) -> Any:
    profile = await world.employ()
    body = GiveNotice(kind="salary", changed_on=world.now.date(), document="5/QĐ")
    assert (await world.ask("culture.hr", body, profile)).status == 201
    return await world.one(
        "SELECT * FROM duties WHERE profile_id = :p AND slot = 'update_after_change' AND state = 'open'",
        p=profile,
    )


def due(world: World, content: str) -> date:
    """When an update is due by the amended year, by a reckoning of its own."""
    changed = CalendarYear.model_validate(yaml.safe_load(content))
    years = tuple(y for y in Calendar.seed().years if y.year != changed.year)
    rule = in_force("hanoi", world.now.date()).slot("update_after_change")
    assert rule is not None
    assert rule.deadline is not None
    calendar = Calendar(years=tuple(sorted((*years, changed), key=lambda y: y.year)))
    return reckon(rule.deadline, world.now.date(), calendar).due


async def moved_to(world: World, duty: Any, wanted: date) -> None:
    for _ in range(200):
        row = await world.one("SELECT due_on FROM duties WHERE id = :id", id=duty.id)
        if row.due_on == wanted:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{row.due_on} instead of {wanted}")


async def test_a_year_is_previewed_then_proclaimed_and_the_duties_move(
    world: World, log_in: Callable[..., Any]
) -> None:
    duty = await owed(world)
    admin = await log_in("admin")
    content, off = year(world.now.date())
    body = {"file": f"{off.year}.yaml", "content": content, "document": "77/TB-BNV"}
    seen = await admin.command("/calendar/proclamations/preview", body)
    assert seen.status_code == 200, seen.text
    (move,) = [one for one in seen.json()["moves"] if one["duty_id"] == str(duty.id)]
    wanted = due(world, content)
    assert (move["due_before"], move["due"]) == (duty.due_on.isoformat(), wanted.isoformat())
    assert wanted > duty.due_on
    assert (await world.one("SELECT count(*) AS n FROM calendar_loads")).n == 1
    key = uuid4().hex
    done = await admin.command("/calendar/proclamations", body, key=key)
    assert done.status_code in (200, 201), done.text
    await moved_to(world, duty, wanted)
    again = await admin.command("/calendar/proclamations", body, key=key)
    assert again.json()["answer"] == done.json()["answer"]
    assert (await world.one("SELECT count(*) AS n FROM calendar_loads")).n == 2
    listed = (await admin.get("/law/loads")).json()["items"]
    assert listed[0]["document"] == "77/TB-BNV"
    assert listed[0]["id"] == done.json()["answer"]["loads"][0]
    event = await world.one("SELECT * FROM events WHERE kind = 'calendar.proclaimed'")
    assert (event.actor_id, event.actor_role) == (world.accounts["admin"], "administrator")
    known = await admin.command("/calendar/proclamations", body)
    assert (known.status_code, known.json()["code"]) == (409, "law-known")


async def test_bad_law_is_refused_with_file_and_line_and_nothing_changes(
    world: World, log_in: Callable[..., Any]
) -> None:
    admin = await log_in("admin")
    content = (LAW / "hanoi_2024.yaml").read_text(encoding="utf-8")
    content = content.replace("\n      n: 5\n", "\n      n: -5\n", 1)
    line = content.splitlines().index("      n: -5") + 1
    body = {"file": "hanoi_2024.yaml", "content": content, "document": "1/QĐ-UBND"}
    for path in ("/law/loads", "/law/loads/preview"):
        refused = await admin.command(path, body)
        assert (refused.status_code, refused.json()["code"]) == (422, "law-unfit"), refused.text
        assert f"hanoi_2024.yaml:{line}" in [one["path"] for one in refused.json()["errors"]]
    draft = (LAW / "hanoi_draft_2024.yaml").read_text(encoding="utf-8")
    refused = await admin.command("/law/loads", {**body, "content": draft})
    assert refused.json()["code"] in ("law-not-loadable", "law-unfit")
    assert (await world.one("SELECT count(*) AS n FROM rule_set_loads")).n == 1


async def test_a_document_known_from_reports_is_adopted(world: World, log_in: Callable[..., Any]) -> None:
    admin = await log_in("admin")
    starts = max(world.now.date(), date(2026, 7, 1))
    body = {"regulation": "nd27_2026", "starts": starts.isoformat(), "document": "9/QĐ-UBND"}
    seen = await admin.command("/law/adoptions/preview", body)
    assert seen.status_code == 200, seen.text
    assert "nd27_2026" in seen.json()["loads"][0]["documents"]
    done = await admin.command("/law/adoptions", body)
    assert done.status_code in (200, 201), done.text
    assert done.json()["answer"]["kind"] == "rules.adopted"
    async with transaction(world.tools.engine, world.scope) as connection:
        law = (await world.tools.law(connection, LawOf.authority(world.authority), starts))[0]
    assert "nd27_2026" in [one.id for one in law.regulations]
    refused = await admin.command("/law/adoptions", {**body, "regulation": "hanoi_2024"})
    assert refused.json()["code"] == "law-not-loadable"


@pytest.mark.parametrize("who", ["culture.hr", "department"])
async def test_only_administrators_touch_the_law(world: World, log_in: Callable[..., Any], who: str) -> None:
    person = await log_in(who)
    body = {"regulation": "nd27_2026", "starts": "2026-12-01", "document": "9/QĐ-UBND"}
    for path in ("/law/adoptions", "/law/adoptions/preview"):
        refused = await person.command(path, body)
        assert (refused.status_code, refused.json()["code"]) == (403, "not-permitted"), refused.text
    assert (await world.one("SELECT count(*) AS n FROM rule_set_loads")).n == 1


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The API does not compare at its start: it may come first and find what a test looks for."""

    async def nothing(_: Relay) -> None:
        pass

    monkeypatch.setattr(Relay, "_reconcile", nothing)


@pytest.mark.usefixtures("alone")
async def test_reconcile_finds_what_should_have_moved(world: World, app: Any) -> None:
    """A load whose word never came: the outbox line is lost with it."""
    duty = await owed(world)
    content, _ = year(world.now.date())
    changed = CalendarYear.model_validate(yaml.safe_load(content))
    others = [one for one in Calendar.seed().years if one.year != changed.year]
    calendar = Calendar(years=tuple(sorted((*others, changed), key=lambda one: one.year)))
    async with transaction(world.tools.engine, world.scope) as connection:
        await load_calendar(
            connection, Load(world.authority, "77/TB", world.now + timedelta(seconds=1)), calendar
        )
    state = app.state
    reconciler = Reconciler(state.temporal, state.settings.task_queue, state.tools.engine, state.clock)
    found = await reconciler.run()
    assert str(duty.id) in found.unreckoned
    await moved_to(world, duty, due(world, content))
    assert (await reconciler.run()).unreckoned == []


async def test_what_a_load_moved_is_read_for_ever(world: World, log_in: Callable[..., Any]) -> None:
    before = await owed(world)
    content, off = year(world.now.date())
    admin, hr = await log_in("admin"), await log_in("culture.hr")
    body = {"file": f"{off.year}.yaml", "content": content, "document": "77/TB-BNV"}
    made = await admin.command("/calendar/proclamations", body)
    assert made.status_code in (200, 201), made.text
    (load,) = made.json()["answer"]["loads"]
    await moved_to(world, before, due(world, content))
    seen = (await admin.get(f"/law/loads/{load}/moves")).json()
    (line,) = [one for one in seen["items"] if one["duty_id"] == str(before.id)]
    assert line["due_before"] == before.due_on.isoformat() < line["due"]
    assert {"day": off.isoformat(), "off": True}.items() <= line["why"][0].items()
    assert (seen["moved"], seen["kept"]) == (len(seen["items"]), 0)
    problem(await hr.get(f"/law/loads/{load}/moves"), 403, "not-permitted")
    problem(await admin.get(f"/law/loads/{uuid4()}/moves"), 404, "not-found")
