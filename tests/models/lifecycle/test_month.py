"""The month of one agency: duties of the window, list, packet, receipts, the department's gate, the end."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from models.calendar import start_of_day
from models.commands import ApproveList
from models.lifecycle import month as steps
from models.lifecycle.life import AgencyMonth, MonthItem
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene
from models.lifecycle.wake import wake_month
from models.regulations import Deadline, in_force
from tests.models.lifecycle.scenes import (
    CULTURE,
    DEPARTMENT,
    MONTH,
    agency_month,
    duty,
    event,
    notice,
    opened,
    refusal_in,
    refused,
    scene,
)

DAY = date(2025, 12, 27)
ONE, TWO, THREE = (UUID(int=n) for n in (101, 102, 103))
WINDOWS = [
    # month, opens, nominal end, rolled end
    ("2025-12", date(2025, 12, 27), date(2025, 12, 31), date(2025, 12, 31)),
    ("2026-01", date(2026, 1, 27), date(2026, 1, 31), date(2026, 2, 2)),
    ("2025-01", date(2025, 1, 27), date(2025, 1, 31), date(2025, 2, 3)),  # no working day in it
]


def opening(month: AgencyMonth, listed: int = 3, told: Scene | None = None) -> Outcome:
    closes = start_of_day(month.rolled_end + timedelta(days=1))
    return steps.open_month(month, listed, closes, told or scene(month.opens_on, hour=0))


def window(name: str, opens: date, nominal: date, rolled: date) -> AgencyMonth:
    return agency_month(month=name, opens_on=opens, nominal_end=nominal, rolled_end=rolled)


def listed(*states: str, state: str = "open", **changes: object) -> AgencyMonth:
    items = tuple(MonthItem(UUID(int=101 + n), UUID(int=50), "d", s) for n, s in enumerate(states))
    counts = {s: states.count(s) for s in states}
    return agency_month(state, items=items, counts=counts, **changes)


# --- opening


@pytest.mark.rule("hanoi.art7", "tt06.art7.1")
@pytest.mark.parametrize("case", WINDOWS)
def test_the_window_opens_the_duty_to_approve(case: tuple[str, date, date, date]) -> None:
    name, opens, nominal, rolled = case
    found = opened(opening(window(*case)), "approval_window", signature="authority_digital")
    assert (found.duty.party, found.duty.agency_id, found.duty.agency_month_id) == (
        "approver",
        CULTURE,
        MONTH,
    )
    assert (found.duty.event_on, found.nominal_due_on, found.duty.due_on) == (opens, nominal, rolled)
    assert found.duty.due_at == start_of_day(rolled + timedelta(days=1))
    assert found.duty.citation == (
        "Quy chế kèm QĐ 6187/QĐ-UBND, Điều 7; TT 06/2023/TT-BNV, Quy chế, Điều 7.1"
    )
    assert found.facts == {"month": name, "listed": 3}


@pytest.mark.rule("hanoi.art7", "tt06.art7.1")
def test_what_happens_in_the_window_asks_for_the_signature_of_the_circular() -> None:
    told = event(opening(agency_month()), "month.opened")
    assert told.facts == {"month": "2025-12", "listed": 3, "signature": "authority_digital"}
    assert str(told.citation).endswith("Điều 7; TT 06/2023/TT-BNV, Quy chế, Điều 7.1")


@pytest.mark.rule("hanoi.art14.1")
@pytest.mark.parametrize("case", WINDOWS)
def test_the_window_opens_the_duty_to_synchronise(case: tuple[str, date, date, date]) -> None:
    _, opens, nominal, rolled = case
    out = opening(window(*case))
    found = opened(out, "sync_window")
    assert (found.duty.party, found.duty.agency_id) == ("approver", CULTURE)
    assert (found.duty.event_on, found.nominal_due_on, found.duty.due_on) == (opens, nominal, rolled)
    assert found.duty.citation == "Quy chế kèm QĐ 6187/QĐ-UBND, Điều 14.1"


def test_a_period_of_its_own_goes_before_the_list_s_window() -> None:
    law = in_force("hanoi", DAY).replace("hanoi.art14.1", deadline=Deadline(unit="working_days", n=3))
    found = opened(opening(agency_month(), told=scene(DAY, law=law)), "sync_window")
    assert (found.duty.event_on, found.duty.due_on) == (DAY, date(2025, 12, 31))
    assert found.nominal_due_on == date(2025, 12, 31)
    law = law.replace("hanoi.art14.1", deadline=None)
    found = opened(opening(agency_month(), told=scene(DAY, law=law)), "sync_window")
    assert (found.duty.due_on, found.facts["no_period"]) == (None, True)


def test_an_empty_list_opens_no_duty() -> None:
    assert opening(agency_month(), 0).opened == []


# --- the list


def test_the_whole_list_or_the_named_ones_are_chosen() -> None:
    month = listed("listed", "approved", "listed")
    everything = steps.approve_list(month, ApproveList(), scene(DAY, role="approver"))
    assert (everything.status, everything.answer) == (202, {"chosen": [str(ONE), str(THREE)]})
    named = steps.approve_list(month, ApproveList(profiles=(THREE,)), scene(DAY, role="approver"))
    assert named.answer == {"chosen": [str(THREE)]}
    assert event(named, "list.approval_requested").facts["chosen"] == 1


@pytest.mark.parametrize(
    ("month", "asked", "code"),
    [
        (listed("listed", state="closed"), None, "wrong-state"),
        (listed("listed", "approved"), (TWO,), "not-found"),
        (listed("listed"), (UUID(int=999),), "not-found"),
        (listed("approved"), None, "wrong-state"),
        (listed(), None, "wrong-state"),
    ],
)
def test_what_is_not_waiting_is_not_approved(
    month: AgencyMonth, asked: tuple[UUID, ...] | None, code: str
) -> None:
    with refused(code):
        steps.approve_list(month, ApproveList(profiles=asked), scene(DAY, role="approver"))


def test_the_number_not_on_the_list_is_said() -> None:
    with refused("not-found") as caught:
        steps.approve_list(
            listed("listed"), ApproveList(profiles=(ONE, TWO, THREE)), scene(DAY, role="approver")
        )
    assert refusal_in(caught).extra == {"count": 2}


APPROVING = duty("approval_window", agency_month_id=MONTH, profile_id=None, party="approver")
SYNCING = duty("sync_window", agency_month_id=MONTH, profile_id=None, party="approver")
BOTH = (APPROVING, SYNCING)


@pytest.mark.parametrize(
    ("states", "met"),
    [
        (("listed", "approved"), []),
        (("approved", "approved"), [APPROVING.id]),
        (("returned",), [APPROVING.id]),
    ],
)
def test_approving_is_done_when_nothing_waits(states: tuple[str, ...], met: list[UUID]) -> None:
    out = steps.approvals_done(listed(*states, duties=BOTH), scene(date(2025, 12, 5)))
    assert [c.duty_id for c in out.closed] == met


@pytest.mark.parametrize(("states", "met"), [(("listed", "sent"), []), (("sent", "sent"), [APPROVING.id])])
def test_what_was_approved_from_the_profiles_meets_the_duty_once_it_is_sent(
    states: tuple[str, ...], met: list[UUID]
) -> None:
    out = steps.submitted(listed(*states, duties=BOTH), "T1", 1, scene(date(2025, 12, 29)))
    assert [c.duty_id for c in out.closed] == met


@pytest.mark.parametrize(("states", "chased"), [(("listed",), True), (("returned",), False)])
def test_nobody_is_chased_for_a_list_on_which_nothing_waits(states: tuple[str, ...], chased: bool) -> None:
    due = date(2025, 12, 31)
    owed = duty(
        "approval_window",
        agency_month_id=MONTH,
        profile_id=None,
        party="approver",
        due_on=due,
        due_at=start_of_day(due + timedelta(days=1)),
        opened_on=date(2025, 12, 27),
        next_wake_at=start_of_day(date(2025, 12, 29)),
    )
    out = wake_month(listed(*states, duties=(owed,)), scene(date(2025, 12, 29)))
    assert ([c.duty_id for c in out.closed] == [owed.id]) is not chased
    assert (owed.id in out.touched) is chased
    assert bool(out.notices) is chased


# --- sent, received


@pytest.mark.rule("hanoi.art14.1")
def test_the_packet_is_recorded_under_its_article() -> None:
    out = steps.submitted(listed("sent"), "T1", 2, scene(DAY))
    told = event(out, "month.submitted")
    assert told.facts == {"month": "2025-12", "tran_code": "T1", "items": 2}
    assert told.citation == "Quy chế kèm QĐ 6187/QĐ-UBND, Điều 14.1"
    assert out.subject == {"state": "submitting"}


@pytest.mark.parametrize(
    ("states", "met"),
    [
        (("accepted", "listed"), []),
        (("accepted", "approved"), []),
        (("accepted", "rejected"), [SYNCING.id]),
    ],
)
def test_synchronising_is_done_when_nothing_is_left_to_send(states: tuple[str, ...], met: list[UUID]) -> None:
    out = steps.receipts_in(listed(*states, duties=BOTH), scene(date(2025, 12, 5)))
    assert [c.duty_id for c in out.closed] == met


@pytest.mark.rule("hanoi.art14.2")
def test_what_was_accepted_waits_for_the_department() -> None:
    out = steps.receipts_in(listed("accepted", "accepted", "rejected"), scene(DAY))
    assert out.subject == {"state": "gate"}
    told = notice(out, "gate_waiting")
    assert (told.agency_id, told.role) == (DEPARTMENT, "department_officer")
    assert (told.citation, told.facts) == (
        "Quy chế kèm QĐ 6187/QĐ-UBND, Điều 14.2",
        {"month": "2025-12", "items": 2},
    )


def test_without_a_gate_in_the_law_or_anything_to_pass_it_the_month_goes_on() -> None:
    law = in_force("hanoi", DAY).without("hanoi.art14.2")
    for month, told in (
        (listed("accepted"), scene(DAY, law=law)),
        (listed("rejected"), scene(DAY)),
        (listed("accepted"), scene(DAY, department_id=None)),
    ):
        out = steps.receipts_in(month, told)
        assert (out.subject, out.notices) == ({"state": "open"}, [])


# --- the end


def test_a_month_that_is_done_meets_its_duties() -> None:
    out = steps.close_month(listed("released", duties=BOTH), scene(date(2025, 12, 9)))
    assert [(c.state, c.late_days) for c in out.closed] == [("met", 2), ("met", 2)]
    assert (out.subject["state"], out.subject["summary"]) == ("closed", {"released": 1, "left": 0})


def test_what_is_left_is_carried_over_and_never_called_met() -> None:
    month = listed("listed", "approved", "sent", "accepted", "rejected", duties=BOTH)
    out = steps.close_month(month, scene(date(2026, 1, 27), hour=0))
    assert [(c.state, c.reason) for c in out.closed] == [("void", "carried"), ("void", "carried")]
    assert [e.facts["left"] for e in out.events if e.kind == "duty.carried"] == [4, 4]
    assert event(out, "month.closed").facts["left"] == 4
    assert out.answer == {"left": 4}


# --- rounds of approvals


def test_what_is_chosen_is_a_round_in_the_order_of_acceptance() -> None:
    out = steps.approve_list(listed("listed", "listed", version=7), ApproveList(profiles=(ONE,)), scene(DAY))
    (row,) = [w.values for w in out.writes if w.table == "approval_rounds"]
    assert (row["number"], row["chosen"], row["done_at"]) == (8, 1, None)
    assert row["command_id"] == scene(DAY).act_id


def test_a_round_that_was_run_is_done_and_no_other() -> None:
    month = listed("approved", "listed", rounds=(ONE, TWO))
    out = steps.approvals_done(month, scene(DAY), ONE)
    (done,) = [w for w in out.writes if w.table == "approval_rounds"]
    assert (done.key, done.values) == ({"command_id": ONE}, {"done_at": scene(DAY).now})
    assert not steps.approvals_done(month, scene(DAY), THREE).writes
    assert not steps.approvals_done(month, scene(DAY)).writes


def test_a_list_that_gives_way_to_the_next_leaves_no_round_behind() -> None:
    out = steps.close_month(listed("listed", rounds=(ONE, TWO)), scene(DAY))
    assert [w.key["command_id"] for w in out.writes if w.table == "approval_rounds"] == [ONE, TWO]
    assert [e.facts["round"] for e in out.events if e.kind == "list.round_overtaken"] == [str(ONE), str(TWO)]
