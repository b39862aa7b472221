"""A breach of personal data from its recording to its end: the clock of hours, who may, what is sealed."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from models.command_registers import AddToBreach, CloseBreach, NotifyBreach, RecordBreach
from models.commands import Body
from models.messages import Ask
from models.record.breaching import manage_breach, story_of
from models.record.commands import Fate
from models.regulations import in_force
from tests.world import World, build, tools_for

KNOWN = datetime(2026, 2, 12, 9, 30, tzinfo=UTC)
"""Thursday 12 February 2026, 16:30 in Viet Nam: the hours run into the holidays of the new year."""
SAID = "Tệp danh sách bị gửi nhầm ra ngoài cơ quan."
HOUR = timedelta(hours=1)


@pytest.fixture
async def world(module_database, tmp_path) -> Any:
    from models.database import engine_for

    engine = engine_for(module_database.url("worker"), pool_size=4)
    law = in_force("hanoi", KNOWN.date())
    yield await build(tools_for(engine, tmp_path), KNOWN + HOUR, second=True, law=law)
    await engine.dispose()


def recorded(world: World, **given: Any) -> RecordBreach:
    known: dict[str, Any] = {
        "agency_id": world.culture,
        "kind": "disclosure",
        "known_at": KNOWN,
        "story": SAID,
        "people": 2,
        "data": ("basic", "sensitive"),
    }
    return RecordBreach(**{**known, **given})


async def do(world: World, who: str, body: Body, breach: UUID) -> Fate:
    return await world.ask(who, body, breach, subject="breach")


async def wake(world: World, breach: UUID) -> None:
    ask = Ask(
        authority_id=world.authority, subject="breach", subject_id=breach, internal="wake", now=world.now
    )
    world.moment = await manage_breach(world.tools, ask)


async def told(world: World, breach: UUID) -> list[tuple[str, str]]:
    rows = await world.rows(
        "SELECT n.kind, n.role FROM notices n JOIN breaches b ON b.duty_id = n.duty_id WHERE b.id = :b"
        " ORDER BY n.created_at, n.kind, n.role",
        b=breach,
    )
    return [(row.kind, row.role) for row in rows]


@pytest.mark.rule("pdpl.art23.1")
async def test_the_clock_is_one_of_hours_through_nights_and_holidays(world: World) -> None:
    breach = uuid4()
    done = await do(world, "culture.hr", recorded(world), breach)
    assert done.status == 201, done.answer
    assert done.answer["due_at"] == (KNOWN + 72 * HOUR).isoformat()
    assert "Điều 23.1" in done.answer["citation"]
    duty = await world.one(
        "SELECT d.* FROM duties d JOIN breaches b ON b.duty_id = d.id WHERE b.id = :b", b=breach
    )
    assert (duty.due_at, duty.due_on, duty.rule_id) == (
        KNOWN + 72 * HOUR,
        (KNOWN + 72 * HOUR).date(),
        "pdpl.art23.1",
    )
    assert (duty.party, duty.agency_id) == ("department_officer", world.department)
    assert world.moment.next_wake_at == KNOWN + 48 * HOUR


async def test_reminders_and_escalations_come_by_the_hour_and_late_stays_visible(world: World) -> None:
    breach = uuid4()
    await do(world, "culture.hr", recorded(world), breach)
    for hours, expected in ((48, 66), (66, 72), (72, 96)):
        world.now = KNOWN + hours * HOUR
        await wake(world, breach)
        assert world.moment.next_wake_at == KNOWN + expected * HOUR
        await wake(world, breach)  # a second look at the same hour says nothing twice
    assert await told(world, breach) == [
        ("duty_opened", "department_officer"),
        ("reminder", "department_officer"),
        ("reminder", "department_officer"),
        ("escalation", "department_head"),
        ("escalation", "head"),
    ]
    kinds = await world.rows("SELECT kind FROM events WHERE stream_id = :b ORDER BY number", b=breach)
    assert [row.kind for row in kinds].count("duty.overdue") == 1

    early = await do(world, "department", CloseBreach(measures="Đã thu hồi tệp."), breach)
    assert (early.status, early.answer["code"]) == (409, "breach-not-notified")
    world.now = KNOWN + 75 * HOUR
    sent = NotifyBreach(
        document="12/TB-SNV", recipient="Cục An ninh mạng", sent_at=KNOWN + 74 * HOUR + timedelta(minutes=1)
    )
    done = await do(world, "department", sent, breach)
    assert (done.status, done.answer["late_hours"]) == (200, 3)
    closed = await do(world, "department", CloseBreach(measures="Đã thu hồi tệp."), breach)
    assert closed.status == 200, closed.answer
    row = await world.one("SELECT * FROM breaches WHERE id = :b", b=breach)
    assert (row.state, row.late_hours, row.next_wake_at) == ("closed", 3, None)
    duty = await world.one("SELECT state, late_days FROM duties WHERE id = :d", d=row.duty_id)
    assert (duty.state, duty.late_days) == ("met", 1)
    again = await do(world, "department", AddToBreach(story=SAID), breach)
    assert again.answer["code"] == "wrong-state"
    last = await world.rows(
        "SELECT facts FROM events WHERE kind = 'breach.notified' AND stream_id = :b", b=breach
    )
    assert last[0].facts["late_hours"] == 3


async def test_in_time_is_in_time_and_what_was_written_is_sealed_and_kept(world: World) -> None:
    breach, one = uuid4(), await world.employ()
    await do(world, "culture.hr", recorded(world, profiles=(one,)), breach)
    world.now = KNOWN + 20 * HOUR
    await do(world, "culture.hr", AddToBreach(story="Thêm một tệp nữa bị gửi nhầm.", people=3), breach)
    sent = NotifyBreach(document="12/TB-SNV", recipient="A05", sent_at=world.now)
    done = await do(world, "department", sent, breach)
    assert done.answer["late_hours"] == 0
    row = await world.one("SELECT * FROM breaches WHERE id = :b", b=breach)
    assert (row.people, row.state) == (3, "notified")
    assert SAID.encode() not in bytes(row.story)
    story = story_of(world.tools, world.authority, row)
    assert [(e["what"], e["role"]) for e in story] == [
        ("record_breach", "hr_officer"),
        ("add_to_breach", "hr_officer"),
        ("notify_breach", "department_officer"),
    ]
    assert story[0]["said"] == SAID
    facts = await world.rows("SELECT facts FROM events WHERE stream_id = :b", b=breach)
    assert SAID not in str([row.facts for row in facts])
    files = await world.rows("SELECT profile_id FROM breach_files WHERE breach_id = :b", b=breach)
    assert [row.profile_id for row in files] == [one]


async def test_who_may_and_what_is_refused(world: World) -> None:
    breach, elsewhere = uuid4(), await world.employ(agency=world.museum)

    async def code(who: str, body: Body, on: UUID = breach) -> str:
        return str((await do(world, who, body, on)).answer["code"])

    assert await code("culture.approver", recorded(world)) == "not-permitted"
    assert await code("health.hr", recorded(world)) == "not-permitted"
    assert (
        await code("health.hr", recorded(world, agency_id=world.health, profiles=(elsewhere,))) == "not-found"
    )
    assert await code("culture.hr", recorded(world, known_at=KNOWN + 2 * HOUR)) == "future-date"
    assert await code("culture.hr", recorded(world, happened_at=KNOWN + HOUR / 2)) == "period-invalid"
    assert await code("culture.hr", recorded(world, agency_id=uuid4())) == "unknown-agency"
    assert await code("department", AddToBreach(story=SAID)) == "not-found"
    done = await do(world, "culture.hr", recorded(world), breach)
    assert done.status == 201
    assert await code("culture.hr", recorded(world)) == "wrong-state"
    sent = NotifyBreach(document="1/TB", recipient="A05", sent_at=world.now)
    assert await code("culture.hr", sent) == "not-permitted"
    late = NotifyBreach(document="1/TB", recipient="A05", sent_at=world.now + HOUR)
    assert await code("department", late) == "future-date"
    before = NotifyBreach(document="1/TB", recipient="A05", sent_at=KNOWN - HOUR)
    assert await code("department", before) == "period-invalid"
    ended = CloseBreach(measures="Không có thiệt hại.", not_notifiable="tệp được mã hóa, chưa ai mở")
    assert (await do(world, "department", ended, breach)).status == 200
    duty = await world.one(
        "SELECT state, reason FROM duties WHERE id = (SELECT duty_id FROM breaches WHERE id = :b)", b=breach
    )
    assert (duty.state, duty.reason) == ("void", "không phải thông báo")
    assert await code("department", sent) == "wrong-state"


async def test_where_no_law_gives_hours_it_is_written_down_without_a_clock(module_database, tmp_path) -> None:
    from models.database import engine_for

    before = datetime(2025, 12, 20, 3, tzinfo=UTC)
    engine = engine_for(module_database.url("worker"), pool_size=2)
    world = await build(tools_for(engine, tmp_path), before, second=True)
    done = await do(world, "culture.hr", recorded(world, known_at=before - HOUR), uuid4())
    assert (done.status, done.answer["due_at"], done.answer["citation"]) == (201, None, None)
    assert world.moment.next_wake_at is None
    await engine.dispose()
