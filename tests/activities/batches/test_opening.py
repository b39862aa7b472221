"""Opening a month: which lists, with what on them, once."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from activities.batches.opening import Opening, _freeze
from activities.batches.stock import open_campaigns
from models.commands import Approve, Separate
from models.database import Scope, transaction
from models.identifiers import agency_month_workflow
from models.messages import MonthStart
from models.record.law_of import LawOf
from models.record.months import dates_of, next_month, window_of
from models.regulations import Deadline, RuleSet, in_force
from tests.activities.batches.conftest import OPENING, items_of, month_of, submitted
from tests.bound import bind
from tests.world import World

JANUARY = "2026-01"


def start(world: World, month: str = JANUARY) -> MonthStart:
    return MonthStart(authority_id=world.authority, month=month)


async def approve(world: World, profile) -> None:
    pending = await world.one(
        "SELECT r.id, r.digest FROM profiles p JOIN revisions r ON r.id = p.pending_revision_id"
        " WHERE p.id = :p",
        p=profile,
    )
    who = "culture.approver"
    await world.ask(who, Approve(revision_id=pending.id, digest=pending.digest), profile)
    approval = str(world.moment.to_sign)
    done = await world.step(
        "complete_approval", profile, approval=approval, document="d" * 64, certificate="c" * 64
    )
    assert done.chapter == "service"


class TestWindow:
    async def test_the_last_five_days_and_the_next_opening(self, world: World) -> None:
        window = await window_of(world.tools, world.authority, JANUARY)
        # 31 January 2026 is a Saturday: overdue only after Monday, 2 February.
        assert window.opens_at == OPENING
        assert window.overdue_at == datetime(2026, 2, 2, 17, 0, tzinfo=UTC)
        assert window.closes_at == datetime(2026, 2, 23, 17, 0, tzinfo=UTC)
        assert window.next_month == "2026-02"

    async def test_the_end_is_rolled_over_tet(self, world: World) -> None:
        async with transaction(world.tools.engine, world.scope) as connection:
            dates = await dates_of(connection, world.tools, LawOf.authority(world.authority), "2025-01")
        assert (dates.opens_on, dates.nominal_end) == (date(2025, 1, 27), date(2025, 1, 31))
        assert dates.rolled_end == date(2025, 2, 3)
        assert dates.assumed_year is None

    async def test_a_missing_year_stops_no_month_and_is_named(self, world: World) -> None:
        async with transaction(world.tools.engine, world.scope) as connection:
            dates = await dates_of(connection, world.tools, LawOf.authority(world.authority), "2031-05")
        assert dates.assumed_year == 2031
        assert (dates.nominal_end, dates.rolled_end) == (date(2031, 5, 31), date(2031, 6, 2))

    async def test_without_law_there_is_no_window(self, world: World) -> None:
        with pytest.raises(LookupError):
            await window_of(world.tools, world.authority, "2019-05")

    @pytest.mark.parametrize(("month", "after"), [("2026-01", "2026-02"), ("2026-12", "2027-01")])
    def test_the_month_after(self, month: str, after: str) -> None:
        assert next_month(month) == after


def with_window(world: World, days: int) -> RuleSet:
    """Bình Định's regulation, with the last days of the month as its window."""
    law = in_force("binh_dinh", world.now.date())
    return law.replace("tt06.art7.1", deadline=Deadline(unit="last_n_calendar_days_of_month", n=days))


class TestAnotherRegulation:
    """A part of the tree whose own law opens the month earlier or later than the authority's."""

    async def test_a_later_window_is_asked_for_again_on_its_day(self, world: World, months, run) -> None:
        here, there = await submitted(world, 1), await submitted(world, 2, world.health)
        await bind(world.tools, world.authority, world.health, with_window(world, 3), date(2026, 1, 21))
        window = await window_of(world.tools, world.authority, JANUARY)
        assert window.opens_at == OPENING
        opened = await run(months.open_agency_months, start(world))
        later = OPENING + timedelta(days=2)
        assert (opened.started, opened.agencies, opened.again_at) == (1, 3, later)
        assert set(await items_of(world, (await month_of(world, world.culture)).id)) == {here}
        again = await run(months.open_agency_months, start(world), at=later)
        assert (again.started, again.agencies, again.again_at) == (2, 4, None)
        theirs = await month_of(world, world.health)
        assert (theirs.opens_on, set(await items_of(world, theirs.id))) == (date(2026, 1, 29), {there})
        (events,) = await world.rows(
            "SELECT count(*) AS n FROM events WHERE kind = 'month.opened' AND agency_id = :c", c=world.culture
        )
        assert events.n <= 1, "what was opened before is left as it is"

    async def test_an_earlier_window_opens_on_its_own_day(self, world: World, months, run) -> None:
        await submitted(world, 1)
        there = await submitted(world, 2, world.health)
        await bind(world.tools, world.authority, world.health, with_window(world, 8), date(2026, 1, 21))
        window = await window_of(world.tools, world.authority, JANUARY)
        earlier = OPENING - timedelta(days=3)
        assert (window.opens_at, window.closes_at) == (earlier, datetime(2026, 2, 23, 17, 0, tzinfo=UTC))
        opened = await run(months.open_agency_months, start(world), at=earlier)
        assert (opened.started, opened.agencies, opened.again_at) == (1, 1, OPENING)
        theirs = await month_of(world, world.health)
        assert (theirs.opens_on, set(await items_of(world, theirs.id))) == (date(2026, 1, 24), {there})
        again = await run(months.open_agency_months, start(world))
        assert (again.started, again.agencies, again.again_at) == (2, 4, None)


class TestLists:
    async def test_units_without_account_stand_on_the_list_of_the_agency_above(
        self, world: World, months, run
    ) -> None:
        museum, health = await submitted(world, 1), await submitted(world, 2, world.health)
        world.now = OPENING
        opened = await run(months.open_agency_months, start(world))
        assert (opened.started, opened.agencies) == (2, 4)
        culture = await month_of(world, world.culture)
        assert set(await items_of(world, culture.id)) == {museum}
        assert set(await items_of(world, (await month_of(world, world.health)).id)) == {health}
        assert (culture.listed, culture.state) == (1, "open")
        assert (culture.opens_on, culture.rolled_end) == (date(2026, 1, 27), date(2026, 2, 2))

    async def test_without_a_rule_for_the_whole_stock_there_is_no_list_of_it(
        self, world: World, months, run
    ) -> None:
        await submitted(world, 1)
        assert (await open_campaigns(world.tools, world.authority, OPENING)).own is None
        await run(months.open_agency_months, start(world))
        assert await world.rows("SELECT 1 FROM agency_months WHERE kind <> 'month'") == []
        assert (await month_of(world, world.culture)).listed == 1

    async def test_waiting_and_approved_ones_but_nothing_else(self, world: World, months, run) -> None:
        waiting, approved, synced, left = [await submitted(world, n) for n in range(1, 5)]
        for profile in (approved, synced, left):
            await approve(world, profile)
        async with transaction(world.tools.engine, world.scope) as connection:
            await connection.execute(
                text("UPDATE profiles SET synced_revision_id = approved_revision_id WHERE id = :p"),
                {"p": synced},
            )
        gone = Separate(kind="retired", effective_on=world.now.date(), document="9/QĐ")
        assert (await world.ask("culture.hr", gone, left)).status == 201
        await run(months.open_agency_months, start(world))
        items = await items_of(world, (await month_of(world, world.culture)).id)
        assert {profile: item.state for profile, item in items.items()} == {
            waiting: "listed",
            approved: "approved",
        }
        revision = await world.one("SELECT id, digest FROM revisions WHERE profile_id = :p", p=waiting)
        assert (items[waiting].revision_id, items[waiting].digest) == (revision.id, revision.digest)

    @pytest.mark.rule("hanoi.art14.1")
    async def test_duties_are_due_at_the_window_s_end_and_named_by_article(
        self, world: World, months, run
    ) -> None:
        await submitted(world, 1)
        await run(months.open_agency_months, start(world))
        month = await month_of(world, world.culture)
        sql = (
            "SELECT slot, state, nominal_due_on, due_on, citation FROM duties"
            " WHERE agency_month_id = :m ORDER BY slot"
        )
        duties = await world.rows(sql, m=month.id)
        assert [(d.slot, d.state, d.nominal_due_on, d.due_on) for d in duties] == [
            ("approval_window", "open", date(2026, 1, 31), date(2026, 2, 2)),
            ("sync_window", "open", date(2026, 1, 31), date(2026, 2, 2)),
        ]
        assert "Điều 7" in duties[0].citation
        assert "Điều 14" in duties[1].citation

    async def test_nothing_to_approve_leaves_no_approval_owed(self, world: World, months, run) -> None:
        await approve(world, await submitted(world, 1))
        await run(months.open_agency_months, start(world))
        month = await month_of(world, world.culture)
        duties = await world.rows("SELECT slot, state FROM duties WHERE agency_month_id = :m", m=month.id)
        assert {d.slot: d.state for d in duties} == {"approval_window": "met", "sync_window": "open"}

    async def test_nothing_to_do_is_a_closed_row_without_workflow(
        self, world: World, months, run, client
    ) -> None:
        opened = await run(months.open_agency_months, start(world))
        assert (opened.started, opened.agencies) == (0, 4)
        month = await month_of(world, world.health)
        assert (month.state, month.listed) == ("closed", 0)
        with pytest.raises(RPCError):
            await client.get_workflow_handle(agency_month_workflow(world.health, JANUARY)).describe()
        assert await world.rows("SELECT 1 FROM duties WHERE agency_month_id IS NOT NULL") == []


class TestAgain:
    async def test_a_second_opening_changes_nothing(self, world: World, months, run, client) -> None:
        await submitted(world, 1)
        first = await run(months.open_agency_months, start(world))
        handle = client.get_workflow_handle(agency_month_workflow(world.culture, JANUARY))
        before = (await handle.describe()).run_id
        facts = await world.rows("SELECT stream_id, number, kind FROM events ORDER BY position")
        await submitted(world, 2)  # declared after the list was frozen: next month's
        facts_then = len(await world.rows("SELECT 1 FROM events"))
        again = await run(months.open_agency_months, start(world), at=OPENING + timedelta(hours=1))
        assert again == first
        assert len(await world.rows("SELECT 1 FROM events")) == facts_then
        assert [e for e in facts if e.kind == "month.opened"]
        assert (await handle.describe()).run_id == before
        assert len(await items_of(world, (await month_of(world, world.culture)).id)) == 1

    async def test_an_ended_workflow_is_not_started_again(self, world: World, months, run, client) -> None:
        await submitted(world, 1)
        await run(months.open_agency_months, start(world))
        handle = client.get_workflow_handle(agency_month_workflow(world.culture, JANUARY))
        await handle.terminate()
        run_id = (await handle.describe()).run_id
        await run(months.open_agency_months, start(world))
        assert (await handle.describe()).run_id == run_id

    async def test_a_row_without_its_duties_is_finished(self, world: World, months, run) -> None:
        """The process died between the row and the act that opens it."""
        await submitted(world, 1)
        async with transaction(world.tools.engine, world.scope) as connection:
            dates = await dates_of(connection, world.tools, LawOf.authority(world.authority), JANUARY)
            await _freeze(connection, Opening(world.tools, world.authority, dates, OPENING), world.culture)
        assert (await month_of(world, world.culture)).version == 0
        await run(months.open_agency_months, start(world))
        assert (await month_of(world, world.culture)).version == 1
        assert len(await world.rows("SELECT 1 FROM duties WHERE agency_month_id IS NOT NULL")) == 2

    async def test_it_goes_on_after_the_agency_it_had_finished(self, world: World, months, run) -> None:
        await submitted(world, 1)
        agencies = sorted(row.id for row in await world.rows("SELECT id FROM agencies WHERE has_account"))
        opened = await run(months.open_agency_months, start(world), details=(str(agencies[1]),))
        assert opened.agencies == 2
        opened = await run(months.open_agency_months, start(world))
        assert opened.agencies == 4


class TestMissed:
    async def test_a_month_opened_late_is_opened_the_same(self, world: World, months, run) -> None:
        profile = await submitted(world, 1)
        late = datetime(2026, 2, 10, 2, 0, tzinfo=UTC)
        await run(months.open_agency_months, start(world), at=late)
        month = await month_of(world, world.culture)
        assert set(await items_of(world, month.id)) == {profile}
        kinds = await world.rows(
            "SELECT DISTINCT kind FROM notices WHERE duty_id IN (SELECT id FROM duties"
            " WHERE agency_month_id IS NOT NULL)"
        )
        assert {row.kind for row in kinds} == {"duty_opened_late"}

    async def test_what_the_earlier_list_held_is_carried_over_first(self, world: World, months, run) -> None:
        profile = await submitted(world, 1)
        await run(months.open_agency_months, start(world))
        world.now = datetime(2026, 2, 23, 17, 0, tzinfo=UTC)
        await run(months.open_agency_months, start(world, "2026-02"), at=world.now)
        january = await month_of(world, world.culture)
        february = await month_of(world, world.culture, "2026-02")
        assert (january.state, january.summary["left"]) == ("closed", 1)
        assert (february.state, set(await items_of(world, february.id))) == ("open", {profile})
        sql = "SELECT state, reason FROM duties WHERE agency_month_id = :m"
        assert {row.state for row in await world.rows(sql, m=january.id)} == {"void"}
        assert {row.state for row in await world.rows(sql, m=february.id)} == {"open"}

    async def test_a_month_opened_after_a_later_one_takes_nobody_from_it(
        self, world: World, months, run
    ) -> None:
        profile = await submitted(world, 1)
        world.now = datetime(2026, 2, 23, 17, 0, tzinfo=UTC)
        await run(months.open_agency_months, start(world, "2026-02"), at=world.now)
        await run(months.open_agency_months, start(world), at=world.now)
        january = await month_of(world, world.culture)
        february = await month_of(world, world.culture, "2026-02")
        assert set(await items_of(world, february.id)) == {profile}
        assert (january.state, january.listed, await items_of(world, january.id)) == ("closed", 0, {})

    async def test_a_missing_calendar_year_is_told_to_the_administrator_once(
        self, world: World, months, run
    ) -> None:
        for _ in range(2):
            await run(
                months.open_agency_months,
                start(world, "2031-05"),
                at=datetime(2031, 5, 26, 17, 0, tzinfo=UTC),
            )
        told = await world.rows("SELECT facts FROM notices WHERE kind = 'calendar_year_missing'")
        assert [row.facts for row in told] == [{"year": 2031}]


class TestClosing:
    async def test_the_authority_s_row_says_how_it_ended(self, world: World, months, run) -> None:
        await submitted(world, 1)
        await run(months.open_agency_months, start(world))
        row = await world.one("SELECT state, opened_at FROM month_ends")
        assert (row.state, row.opened_at) == ("opened", OPENING)
        month = await month_of(world, world.culture)
        world.now = end = datetime(2026, 2, 23, 17, 0, tzinfo=UTC)
        await world.step("close_month", month.id, subject="agency_month")
        done = await run(months.close_month_end, start(world), at=end)
        assert (done.started, done.agencies) == (1, 4)
        row = await world.one("SELECT state, closed_at, summary FROM month_ends")
        assert (row.state, row.closed_at) == ("closed", end)
        assert row.summary == {"agencies": 4, "with_items": 1, "open": 0, "items": {"listed": 1}, "left": 1}
        await run(months.close_month_end, start(world), at=end + timedelta(days=1))
        assert (await world.one("SELECT closed_at FROM month_ends")).closed_at == end

    async def test_lists_still_open_are_waited_for_but_not_for_ever(self, world: World, months, run) -> None:
        await submitted(world, 1)
        await run(months.open_agency_months, start(world))
        with pytest.raises(ApplicationError) as waits:
            await run(months.close_month_end, start(world), attempt=1)
        assert waits.value.type == "agency-lists-open"
        assert waits.value.next_retry_delay == timedelta(seconds=30)
        await run(months.close_month_end, start(world), attempt=21)
        assert (await world.one("SELECT summary FROM month_ends")).summary["open"] == 1


async def test_an_authority_sees_its_own_lists_only(world: World, months, run) -> None:
    """Policies, not conditions, keep authorities apart."""
    await submitted(world, 1)
    await run(months.open_agency_months, start(world))
    stranger = uuid4()
    with pytest.raises(LookupError):
        await run(months.open_agency_months, MonthStart(authority_id=stranger, month=JANUARY))
    async with transaction(world.tools.engine, Scope(stranger, everything=True)) as connection:
        for table in ("month_ends", "agency_months", "month_items"):
            assert await connection.scalar(text(f"SELECT count(*) FROM {table}")) == 0
