"""A duty reckoned again with periods that run beside its own, each from its own day."""

from datetime import date
from uuid import uuid4

from models.calendar import Calendar, start_of_day
from models.lifecycle.duties import earliest
from models.lifecycle.life import Duty
from models.lifecycle.rebasing import Basis, Standing, judge
from models.regulations import Obligation, RuleSet, Slot, in_force, load_policy
from tests.models.record.test_recompute import longer, proclaimed

OPENED = date(2025, 12, 1)


def obligation(law: RuleSet, slot: str) -> Obligation:
    found = law.slot(slot)
    assert found is not None
    return found


def standing(law: RuleSet, event_on: date, outer_from: date) -> Standing:
    """An update whose outer limit is another rule's, from another day."""
    own, other = obligation(law, "update_after_change"), obligation(law, "transfer_check")
    clocks = [(own.clocks[0], event_on), (other.clocks[0], outer_from)]
    nominal, due_on, due_at, told = earliest(clocks, Calendar.seed())
    duty = Duty(
        id=uuid4(),
        slot=Slot.UPDATE_AFTER_CHANGE,
        party="person",
        agency_id=uuid4(),
        rule_id=own.rule.id,
        citation=own.citation,
        event_on=event_on,
        due_on=due_on,
        due_at=due_at,
        opened_on=OPENED,
        profile_id=uuid4(),
    )
    return Standing(duty, nominal, law.hash, Calendar.seed().hash, {"clocks": told}, {})


def basis(law: RuleSet, calendar: Calendar) -> Basis:
    calendars = {one.hash: one for one in (Calendar.seed(), calendar)}
    return Basis(((date(2025, 1, 1), law),), calendar, load_policy(), calendars)


def test_the_outer_limit_runs_from_its_own_day_again() -> None:
    law = in_force("hanoi", OPENED)
    before = standing(law, date(2025, 12, 2), date(2025, 12, 1))
    assert before.duty.due_on == date(2025, 12, 8)
    same = judge(before, basis(law, Calendar.seed()))
    assert same is not None
    assert not same.moved
    judged = judge(before, basis(law, proclaimed()))
    assert judged is not None
    assert judged.due == (date(2025, 12, 9), date(2025, 12, 9), start_of_day(date(2025, 12, 10)))
    assert [one["from"] for one in judged.facts["clocks"]] == ["2025-12-02", "2025-12-01"]


def test_a_date_that_is_another_rules_alone_stays() -> None:
    law = in_force("hanoi", OPENED)
    rule = obligation(law, "update_after_change").rule
    silent = law.replace(rule.id, deadline=None)
    told = standing(law, date(2025, 12, 2), date(2025, 12, 1))
    alone = Standing(told.duty, told.nominal_due_on, silent.hash, told.calendar_hash, {}, {})
    judged = judge(alone, basis(silent, proclaimed()))
    assert judged is not None
    assert not judged.moved


def test_a_longer_law_moves_the_own_period_and_the_earlier_still_binds() -> None:
    law = in_force("hanoi", OPENED)
    before = standing(law, date(2025, 12, 2), date(2025, 12, 1))
    judged = judge(before, basis(longer(law, 9), Calendar.seed()))
    assert judged is not None
    assert judged.moved
    assert judged.due[1] == date(2025, 12, 8), "the outer limit ends first, as before"
