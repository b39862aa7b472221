"""How a change becomes known: HR's notice, its withdrawal, an error reported, dates the form foretells."""

from datetime import date
from uuid import UUID

import pytest

from models.commands import GiveNotice, ReportError, WithdrawNotice
from models.lifecycle.errors import report_error
from models.lifecycle.life import Chapter, Life
from models.lifecycle.noticing import give_notice, withdraw_notice
from models.lifecycle.outcome import Outcome
from models.lifecycle.wake import profile_wake, wake_profile
from models.regulations import in_force
from tests.models.lifecycle.scenes import (
    ACCOUNT,
    CULTURE,
    DEPARTMENT,
    PROFILE,
    duty,
    event,
    life,
    notice,
    opened,
    own,
    refused,
    scene,
    separation,
    transfer,
    wake_day,
)

MONDAY = date(2025, 12, 1)
OUTSIDE = [c for c in Chapter if c not in (Chapter.SERVICE, Chapter.TRANSFER)]


def noticed(changed_on: date, today: date | None = None) -> Outcome:
    body = GiveNotice(kind="salary", changed_on=changed_on, document="5/QĐ")
    return give_notice(life(), body, scene(today or changed_on))


@pytest.mark.rule("hanoi.art6.3")
@pytest.mark.parametrize(
    ("changed_on", "due"),
    [
        (date(2025, 12, 1), date(2025, 12, 8)),
        (date(2025, 12, 29), date(2026, 1, 7)),  # 2 January 2026 off for Saturday 10 January
        (date(2026, 1, 5), date(2026, 1, 10)),  # … which is worked: due on a Saturday
        (date(2025, 1, 24), date(2025, 2, 7)),  # Tết 2025
        (date(2026, 2, 13), date(2026, 2, 27)),  # Tết 2026
        (date(2025, 12, 6), date(2025, 12, 12)),  # a change on a Saturday
    ],
)
def test_the_person_owes_the_update_within_five_working_days(changed_on: date, due: date) -> None:
    out = noticed(changed_on)
    found = opened(out, "update_after_change")
    assert (found.duty.party, found.duty.agency_id, found.duty.due_on) == ("person", CULTURE, due)
    assert found.facts == {"change": "salary", "document": "5/QĐ"}
    assert found.duty.rule_id == "hanoi.art6.3"
    assert found.duty.citation == (
        "Quy chế kèm QĐ 6187/QĐ-UBND, Điều 6.3; TT 06/2023/TT-BNV, Quy chế, Điều 6"
    )
    assert out.answer == {"duty_id": str(found.duty.id), "due_on": due.isoformat()}


@pytest.mark.rule("hanoi.art6.3")
def test_the_notice_goes_to_the_person_and_cites_the_article() -> None:
    (told,) = noticed(MONDAY).notices
    assert (told.kind, told.account_id, told.role, told.due_on) == (
        "duty_opened",
        ACCOUNT,
        None,
        date(2025, 12, 8),
    )
    assert "Điều 6.3" in str(told.citation)


def test_a_change_told_after_its_date_sends_one_message_and_climbs_no_ladder() -> None:
    out = noticed(MONDAY, today=date(2025, 12, 22))
    found = opened(out, "update_after_change").duty
    assert [n.kind for n in out.notices] == ["duty_opened_late"]
    assert event(out, "duty.opened").facts["late"] is True
    assert found.next_wake_at is None


def test_a_change_ahead_is_due_from_its_own_day() -> None:
    found = opened(noticed(date(2026, 2, 13), today=MONDAY), "update_after_change").duty
    assert (found.event_on, found.due_on) == (date(2026, 2, 13), date(2026, 2, 27))
    assert wake_day(found.next_wake_at) == date(2026, 2, 25)


def test_a_year_without_a_calendar_opens_the_duty_without_a_date() -> None:
    out = noticed(date(2030, 3, 4), today=MONDAY)
    found = opened(out, "update_after_change")
    assert (found.duty.due_on, found.duty.next_wake_at, found.facts["due_unknown"]) == (None, None, 2030)
    assert out.answer["due_on"] is None
    told = notice(out, "calendar_year_missing")
    assert (told.agency_id, told.role) == (DEPARTMENT, "administrator")


@pytest.mark.parametrize("chapter", OUTSIDE)
def test_no_notice_and_no_error_outside_working_life(chapter: Chapter) -> None:
    body = GiveNotice(kind="other", changed_on=MONDAY, document="5/QĐ")
    with refused("wrong-state"):
        give_notice(life(chapter), body, scene(MONDAY))
    with refused("wrong-state"):
        report_error(life(chapter), ReportError(paths=("gender",), reason="sai"), own(MONDAY))


def test_without_a_duty_in_the_law_there_is_no_notice() -> None:
    law = in_force("hanoi", MONDAY).without("hanoi.art6.3").without("tt06.art6.2")
    with refused("wrong-state"):
        give_notice(
            life(), GiveNotice(kind="other", changed_on=MONDAY, document="5/QĐ"), scene(MONDAY, law=law)
        )


def test_a_decision_of_the_mapping_desk_is_carried_out_once() -> None:
    """Another one, or a notice about none, is a duty of its own."""
    body = GiveNotice(
        kind="other", changed_on=MONDAY, document="5/QĐ", mapping=UUID(int=7), paths=("religion",)
    )
    found = opened(give_notice(life(), body, scene(MONDAY)), "update_after_change")
    assert (found.facts["mapping"], found.facts["paths"]) == (str(UUID(int=7)), ["religion"])
    owing = life(duties=(found.duty,))
    with refused("wrong-state"):
        give_notice(owing, body, scene(MONDAY))
    for other in (UUID(int=8), None):
        again = give_notice(owing, body.model_copy(update={"mapping": other}), scene(MONDAY))
        assert opened(again, "update_after_change").facts.get("mapping") == (str(other) if other else None)


def test_a_notice_given_in_error_is_void_not_met() -> None:
    owed = duty()
    body = WithdrawNotice(duty_id=owed.id, reason="nhầm người")
    out = withdraw_notice(life(duties=(owed,)), body, scene(date(2025, 12, 20)))
    assert [(c.state, c.late_days, c.reason) for c in out.closed] == [("void", 0, "withdrawn")]
    assert event(out, "duty.void").facts["reason"] == "withdrawn"


@pytest.mark.parametrize("slot", ["transfer_check", "first_declaration"])
def test_only_a_notice_is_withdrawn(slot: str) -> None:
    other = duty(slot)
    for asked in (other.id, UUID(int=99)):
        with refused("not-found"):
            withdraw_notice(
                life(duties=(other,)), WithdrawNotice(duty_id=asked, reason="nhầm"), scene(MONDAY)
            )


@pytest.mark.rule("hanoi.art16.2.b")
def test_an_error_reported_reaches_hr_with_its_article() -> None:
    out = report_error(life(), ReportError(paths=("gender", "hometown"), reason="nhập sai"), own(MONDAY))
    told = notice(out, "error_reported")
    assert (told.agency_id, told.role, told.citation) == (
        CULTURE,
        "hr_officer",
        "Quy chế kèm QĐ 6187/QĐ-UBND, Điều 16.2 câu 2",
    )
    assert event(out, "error.reported").facts == {"paths": ["gender", "hometown"]}


# --- foretold


def foretelling(*dates: tuple[str, date], chapter: Chapter = Chapter.SERVICE) -> Life:
    return life(chapter, foretold=dates)


@pytest.mark.rule("hanoi.art6.3")
def test_a_date_the_form_foretold_opens_the_duty_on_its_day() -> None:
    state = foretelling(("salary_step", date(2025, 12, 29)), ("contract_end", date(2026, 6, 30)))
    out = wake_profile(state, scene(date(2025, 12, 29)))
    found = opened(out, "update_after_change")
    assert (found.duty.event_on, found.duty.due_on) == (date(2025, 12, 29), date(2026, 1, 7))
    assert (found.duty.party, found.facts) == ("person", {"foretold": "salary_step"})
    assert "Điều 6.3" in found.duty.citation
    assert out.subject["foretold"] == [["contract_end", "2026-06-30"]]
    assert event(out, "change.foretold").facts == {"kind": "salary_step", "changed_on": "2025-12-29"}


def test_two_dates_slept_through_open_two_duties() -> None:
    state = foretelling(("salary_step", date(2025, 12, 1)), ("contract_end", date(2025, 12, 1)))
    out = wake_profile(state, scene(date(2025, 12, 10)))
    assert len({o.duty.id for o in out.opened}) == 2
    assert out.subject["foretold"] == []


def test_a_decided_retirement_leaves_nothing_to_declare_about_it() -> None:
    dates = (("retirement", date(2026, 2, 27)), ("salary_step", date(2026, 2, 27)))
    out = wake_profile(life(Chapter.SERVICE, case=separation(), foretold=dates), scene(date(2026, 2, 27)))
    assert [o.facts["foretold"] for o in out.opened] == ["salary_step"]
    assert out.subject["foretold"] == []
    moving = life(Chapter.TRANSFER, case=transfer(), foretold=dates)
    assert len(wake_profile(moving, scene(date(2026, 2, 27))).opened) == 2


@pytest.mark.parametrize("chapter", [Chapter.SEPARATION, Chapter.REVIEW])
def test_what_was_foretold_concerns_working_life_only(chapter: Chapter) -> None:
    out = wake_profile(foretelling(("salary_step", MONDAY), chapter=chapter), scene(MONDAY))
    assert out.opened == []


def test_the_profile_sleeps_until_the_first_date_foretold() -> None:
    state = foretelling(("salary_step", date(2026, 4, 1)), ("contract_end", date(2026, 6, 30)))
    assert wake_day(profile_wake(state, Outcome(), PROFILE)) == date(2026, 4, 1)
    assert profile_wake(foretelling(("x", MONDAY), chapter=Chapter.SEPARATION), Outcome(), PROFILE) is None


def test_nothing_foretold_and_nothing_owed_is_nothing_to_do() -> None:
    assert wake_profile(life(), scene(MONDAY)).empty
    assert profile_wake(life(), Outcome(), PROFILE) is None
