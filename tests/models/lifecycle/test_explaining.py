"""Why a duty is owed: rules found again, days told, clocks side by side, and what the law asks for next."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from models.calendar import Calendar
from models.lifecycle.duties import earliest, open_duty
from models.lifecycle.explaining import AFTER, CHAIN, Owed, Told, explain, found_again
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene
from models.regulations import RuleSet, Slot, in_force
from tests.models.lifecycle.scenes import CULTURE, PROFILE, scene

DAY = date(2025, 12, 29)
MOHA = {"agency": "subordinate", "category": "civil_servant", "subject": "change"}


def owed_in(out: Outcome, **changes: Any) -> Owed:
    """What the row of the only duty opened would say."""
    (one,) = out.opened
    duty = one.duty
    owed = Owed(
        duty.slot, duty.rule_id, duty.citation, duty.event_on, one.nominal_due_on, duty.due_on, one.facts
    )
    return replace(owed, **changes)


def opened(slot: str, day: date, s: Scene, **more: Any) -> Owed:
    out, rule = Outcome(), s.rule(slot)
    assert rule is not None
    open_duty(out, s, rule, agency_id=CULTURE, event_on=day, profile_id=PROFILE, **more)
    return owed_in(out)


def told(owed: Owed, s: Scene) -> Told:
    return explain(owed, s, CULTURE)


def moha(day: date = date(2026, 3, 2), **facts: str) -> Scene:
    return scene(day, law=in_force("moha", day), facts={**MOHA, **facts})


def test_the_days_of_a_period_and_the_acts_that_pass_them_over() -> None:
    s = scene(DAY)
    found = told(opened("update_after_change", DAY, s), s)
    (clock,) = found.clocks
    assert (clock.rule.id, clock.binds, clock.due_on) == ("hanoi.art6.3", True, date(2026, 1, 7))
    assert clock.reckoning is not None
    passed = {day.day: day.source for day in clock.reckoning.days if day.number is None}
    assert list(passed) == [date(2026, 1, n) for n in (1, 2, 3, 4)]
    assert passed[date(2026, 1, 2)] == "12729/VPCP-KGVX ngày 25/12/2025"
    assert [rule.id for rule in found.rules] == ["hanoi.art6.3", "tt06.art6.2"]
    assert found.rules[0].quote
    assert found.notes == ()


def test_it_is_told_under_the_law_of_its_opening_not_of_today() -> None:
    """The period is doubled later: what was opened before goes on being told with five days."""
    s = scene(DAY)
    owed = opened("update_after_change", DAY, s)
    later = s.law.replace("hanoi.art6.3", deadline={"unit": "working_days", "n": 10})
    assert told(owed, s).clocks[0].reckoning is not None
    under = told(owed, replace(s, law=later)).clocks[0]
    assert (under.reckoning, under.due_on) == (None, date(2026, 1, 7))
    assert under.doubt is not None


def test_every_clock_is_told_from_its_own_event_and_the_earlier_binds() -> None:
    s = moha()
    total, step = s.rule("change_total"), s.chain()[0]
    assert total is not None
    out = Outcome()
    open_duty(
        out, s, step, agency_id=CULTURE, event_on=date(2026, 3, 11), profile_id=PROFILE,
        beside=((total, date(2026, 3, 2)),),
    )  # fmt: skip
    found = told(owed_in(out), s)
    seen = [(c.rule.id, c.event_on, c.due_on, c.binds) for c in found.clocks]
    assert seen == [
        ("moha.art7.2.b.1", date(2026, 3, 11), date(2026, 3, 18), False),
        ("moha.art7.2.c.2", date(2026, 3, 2), date(2026, 3, 16), True),
    ]
    assert all(c.reckoning is not None for c in found.clocks)


def test_a_clock_of_an_older_row_without_its_start_keeps_its_date_and_says_so() -> None:
    s = moha()
    total, step = s.rule("change_total"), s.chain()[0]
    assert total is not None
    clocks = [(step.clocks[0], date(2026, 3, 11)), (total.clocks[0], date(2026, 3, 2))]
    several = earliest(clocks, s.calendar)[3]
    kept = [{name: one[name] for name in ("rule", "citation", "due")} for one in several]
    owed = Owed(
        "review_step", step.rule.id, step.citation, date(2026, 3, 11), None, date(2026, 3, 16),
        {"clocks": kept},
    )  # fmt: skip
    own, beside = told(owed, s).clocks
    assert own.reckoning is not None
    assert (beside.reckoning, beside.due_on, beside.binds) == (None, date(2026, 3, 16), True)
    assert beside.doubt is not None


def test_a_window_s_days_are_told() -> None:
    s = scene(date(2026, 1, 27))
    out, rule = Outcome(), s.rule("approval_window")
    assert rule is not None
    due = (date(2026, 1, 31), date(2026, 2, 2), s.now)
    open_duty(out, s, rule, agency_id=CULTURE, event_on=date(2026, 1, 27), agency_month_id=PROFILE, due=due)
    (clock,) = told(owed_in(out), s).clocks
    assert clock.reckoning is not None
    assert (clock.reckoning.nominal_due, clock.due_on) == (date(2026, 1, 31), date(2026, 2, 2))


@pytest.mark.parametrize(
    ("slot", "facts", "doubt"),
    [
        ("update_after_change", {"due_unknown": 2031}, "Chưa có lịch"),
        ("first_declaration", {"no_period": True}, None),
    ],
)
def test_a_duty_without_a_date_says_why(slot: str, facts: dict[str, Any], doubt: str | None) -> None:
    s = scene(DAY)
    rule = s.rule(slot)
    assert rule is not None
    owed = Owed(slot, rule.rule.id, rule.citation, DAY, None, None, facts)
    clocks = told(owed, s).clocks
    if doubt is None:
        assert clocks == ()
    else:
        assert clocks[0].doubt is not None
        assert clocks[0].doubt[0].startswith(doubt)
        assert not clocks[0].binds


def test_a_date_of_policy_and_a_correction_say_so() -> None:
    s = scene(date(2026, 3, 20))
    rule = s.rule("report_quarter")
    assert rule is not None
    owed = Owed(
        "report_quarter", rule.rule.id, rule.citation, date(2026, 3, 1), None, date(2026, 3, 19),
        {"policy_date": True, "policy": True, "succession": {"vi": "Sở cũ: nay là Sở mới", "en": "renamed"}},
    )  # fmt: skip
    found = told(owed, s)
    assert found.clocks[0].doubt is not None
    assert "chính sách" in found.clocks[0].doubt[0]
    assert [vi for vi, _ in found.notes][-1] == "Sở cũ: nay là Sở mới"
    assert "Không văn bản nào định thời hạn" in found.notes[0][0]


def test_at_once_is_told_as_policy() -> None:
    s = scene(date(2026, 3, 2))
    found = told(opened("transfer_report", date(2026, 3, 2), s), s)
    assert found.clocks[0].reckoning is not None
    assert any("chính sách" in vi for vi, _ in found.notes)


def seen_next(found: Told) -> list[tuple[str, str, str, int | None]]:
    return [(one.slot, one.obligation.rule.id, one.party, one.number) for one in found.next]


def test_what_comes_next_is_the_one_signature_the_sending_and_the_gate() -> None:
    s = scene(DAY)
    found = told(opened("update_after_change", DAY, s), s)
    assert seen_next(found) == [
        ("approval_window", "hanoi.art7", "approver", 1),
        ("sync_window", "hanoi.art14.1", "approver", None),
        ("department_gate", "hanoi.art14.2", "department_officer", None),
    ]


def test_what_comes_next_is_the_rest_of_the_chain() -> None:
    s = moha()
    whole = seen_next(told(opened("update_after_change", date(2026, 3, 2), s), s))
    assert [(slot, rule, n) for slot, rule, _, n in whole] == [
        ("review_step", "moha.art7.2.b.1", 1),
        ("review_step", "moha.art7.2.b.2", 2),
        ("approval_window", "moha.art7.2.b.3", 3),
        ("department_gate", "moha.art7.3", None),
    ]
    assert [party for *_, party, _ in whole[:3]] == ["hr_officer", "hr_head", "head"]
    second = s.chain()[1]
    owed = Owed("review_step", second.rule.id, second.citation, date(2026, 3, 9), None, date(2026, 3, 16))
    assert [rule for _, rule, *_ in seen_next(told(owed, s))] == ["moha.art7.2.b.3", "moha.art7.3"]


def test_the_gate_before_the_call_comes_before_the_sending() -> None:
    s = scene(DAY)
    before = replace(s, law=s.law.replace("hanoi.art14.2", position="before_outgoing_call"))
    slots = [slot for slot, *_ in seen_next(told(opened("update_after_change", DAY, s), before))]
    assert slots == ["approval_window", "department_gate", "sync_window"]


@pytest.mark.parametrize(
    ("authority", "simulate"),
    [("hanoi", ()), ("moha", ()), ("binh_dinh", ()), ("phu_yen", ("phu_yen_2024",))],
)
def test_the_rules_of_every_obligation_are_found_again(authority: str, simulate: tuple[str, ...]) -> None:
    """By binding rule and citation alone, whatever facts chose them."""
    law: RuleSet = in_force(authority, date(2026, 3, 2), simulate=simulate)
    checked = 0
    for slot in law.slots:
        for rule in law.every(slot):
            facts = {key: values[0] for key, values in rule.when.asked()}
            found = law.slot(slot, **facts)
            assert found is not None
            owed = Owed(slot, found.rule.id, found.citation, DAY, None, None)
            again = found_again(law, owed)
            assert again is not None
            assert again.citation == found.citation, slot
            assert again.rule_ids == found.rule_ids, slot
            checked += 1
    assert checked > 20


def test_the_table_of_what_follows_names_purposes_that_exist() -> None:
    named = set(AFTER) | {slot for slots in AFTER.values() for slot in slots if slot != CHAIN}
    assert named <= {slot.value for slot in Slot}


def test_a_rule_the_law_no_longer_has_leaves_the_row_s_own_words() -> None:
    s = scene(DAY)
    owed = opened("update_after_change", DAY, s)
    found = told(owed, replace(s, law=s.law.without("hanoi.art6.3"), calendar=Calendar.seed()))
    assert (found.rules, found.clocks) == ((), ())
