"""Reviews under another law: the one in force gives exactly the duties there are, others other ones."""

from collections import Counter
from datetime import date
from typing import Any

from api.reading.simulation_facts import Facts
from models.calendar import Calendar
from models.lifecycle.sidebyside import differences
from models.lifecycle.simulated import Would
from models.lifecycle.simulated_reviews import might_open, of_review
from models.regulations import RuleSet, in_force
from tests.activities.reviews.conftest import OPENING, Campaign
from tests.api.simulations.lives import collected
from tests.world import World

CALENDAR = Calendar.seed()
CLOSING = date(2026, 3, 16)


def walked(facts: Facts, world: World, law: RuleSet | None = None) -> list[Would]:
    told = facts.world(CALENDAR, world.tools.policy, law)
    return [duty for review in facts.reviews for duty in of_review(review, told)]


async def real(world: World) -> Counter[Any]:
    rows = await world.rows(
        "SELECT d.report_id, d.slot, d.rule_id, d.citation, d.party, d.agency_id, d.event_on, d.due_on,"
        " (d.opened_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS opened_on, d.met_on, d.state"
        " FROM duties d WHERE d.report_id IS NOT NULL"
    )
    return Counter((*row[:9], row.met_on if row.state == "met" else None, row.state) for row in rows)


def told(duties: list[Would]) -> Counter[Any]:
    return Counter(
        (
            one.report_id, one.slot, one.rule_id, one.citation, one.party, one.agency_id, one.event_on,
            one.due_on, one.opened_on, one.done_on,
            "met" if one.done_on else "void" if one.void_on else "open",
        )
        for one in duties
    )  # fmt: skip


async def lived(campaign: Campaign, world: World) -> None:
    """A quarter: one agency in time, one late, one never, the whole's open until the end."""
    await campaign.look(OPENING)
    await campaign.sign("culture.head", world.culture)
    await campaign.look(date(2025, 12, 29))
    await campaign.sign("department", world.department, whole=True)


async def test_the_law_in_force_gives_exactly_the_duties_of_reviews_there_are(
    campaign: Campaign, world: World
) -> None:
    await lived(campaign, world)
    for ends in (False, True):
        if ends:
            moment = await campaign.look(CLOSING)
            assert moment.state == "closed"
        facts = await collected(world)
        found, there = told(walked(facts, world)), await real(world)
        assert {one[-1] for one in there} == {"met", "void" if ends else "open"}
        assert (found - there, there - found) == (Counter(), Counter())


async def test_another_day_for_the_report_moves_exactly_the_dated_reports(
    campaign: Campaign, world: World
) -> None:
    await lived(campaign, world)
    facts = await collected(world)
    law = in_force("hanoi", OPENING)
    days = {"days_of_year": ["03-20", "06-20", "09-20", "12-19"], "unit": "date", "recurrence": "quarterly"}
    other = law.replace("hanoi.art21.6.q", deadline=days)
    found = differences(walked(facts, world, law), walked(facts, world, other))
    assert {one.kind for one in found} == {"moved"}
    assert len(found) == 3


async def test_a_law_that_asks_for_no_report_or_for_one_of_its_own(campaign: Campaign, world: World) -> None:
    await lived(campaign, world)
    facts = await collected(world)
    law, other = in_force("hanoi", OPENING), in_force("binh_dinh", OPENING)
    none = in_force("phu_yen", OPENING, simulate=["phu_yen_2024"])
    found = differences(walked(facts, world, law), walked(facts, world, none))
    assert Counter(one.kind for one in found) == {"only_before": 4}
    assert {one.before.report_id for one in found if one.before} == {
        report.report_id for review in facts.reviews for report in review.reports
    }
    # Bình Định lays it on the department alone, on a day of policy.
    assert [(one.party, one.agency_id, one.done_on) for one in walked(facts, world, other)] == [
        ("department_officer", world.department, date(2025, 12, 29))
    ]


async def test_a_campaign_that_only_the_tried_law_knows_is_opened_on_its_day(
    campaign: Campaign, world: World
) -> None:
    await campaign.look(date(2025, 12, 10))
    facts = await collected(world)
    assert facts.reviews == ()
    hanoi = facts.world(CALENDAR, world.tools.policy, in_force("hanoi", OPENING))
    draft = in_force("phu_yen", OPENING, simulate=["phu_yen_2024"])
    without = facts.world(CALENDAR, world.tools.policy, draft)
    period = {"first": facts.begun_on, "last": date(2026, 4, 30), "reporters": facts.reporters}
    opened = list(might_open((), without, hanoi, **period))
    assert [one.period for one in opened] == ["2025-q4", "2026-q1"]
    duties = [duty for one in opened for duty in of_review(one, hanoi)]
    assert {(one.slot, one.opened_on, one.due_on) for one in duties if one.party == "head"} == {
        ("report_quarter", OPENING, date(2025, 12, 25)),
        ("report_quarter", date(2026, 3, 11), date(2026, 3, 25)),
    }
    assert len(duties) == 8
    # Both laws would have opened them: that none is recorded is a fact, nobody ran the installation yet.
    assert list(might_open((), hanoi, hanoi, **period)) == []
