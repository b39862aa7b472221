"""The end of an archived file: never by time alone, never by one person, never against a hold."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from models.calendar import at_local
from models.command_disposal import ApproveDisposal, EndHold, PlaceHold, ProposeDisposal, WithdrawDisposal
from models.commands import ReopenProfile
from models.lifecycle.archived import Archived, Hold
from models.lifecycle.disposal import approve, end_hold, kept_until, place_hold, propose, withdraw
from models.lifecycle.guard import not_disposed
from models.lifecycle.life import Chapter, Life, Status
from models.lifecycle.reentry import reopen
from models.regulations import RuleSet, in_force
from tests.models.lifecycle.scenes import (
    CASE,
    CULTURE,
    DEPARTMENT,
    OFFICER,
    changed,
    event,
    inserted,
    life,
    notice,
    refused,
    scene,
    transfer,
)

LEFT = date(2025, 12, 31)
LATER = date(2026, 3, 2)
HOLD = Hold(UUID(int=90), "5/TTr")
OTHER, PERSON = UUID(int=91), UUID(int=92)
PROPOSE = ProposeDisposal(document="1/BB", reason="hết thời hạn")
APPROVE = ApproveDisposal(disposal_id=CASE, document="2/QĐ")


def keeping(months: int | None = 2) -> RuleSet:
    """The city's law, were its article on leavers to say how long."""
    deadline = {"unit": "open", "min_retention_months": months} if months else None
    slots = ("leaver_archive", "archive_retention")
    return in_force("hanoi", LATER).replace("hanoi.art12.3", slot=slots, deadline=deadline)


def gone(**archived: Any) -> Life:
    known = {"left_on": LEFT} | archived
    return replace(life(Chapter.ARCHIVE), status=Status.RETIRED, archived=Archived(**known))


def proposed(by: UUID = OFFICER, **archived: Any) -> Life:
    facts = {"proposed_by": str(by), "minutes": "1/BB"}
    case = transfer("proposed", kind="disposal", mode="retired", to_agency_id=None, facts=facts)
    return replace(gone(**archived), case=case)


def test_the_last_day_is_the_same_of_the_month_or_its_last() -> None:
    assert kept_until(date(2026, 1, 15), 840) == date(2096, 1, 15)
    assert kept_until(date(2025, 12, 31), 2) == date(2026, 2, 28)
    assert kept_until(date(2024, 2, 29), 12) == date(2025, 2, 28)


def test_without_a_rule_a_file_is_kept_for_ever() -> None:
    for law in (in_force("hanoi", LATER), keeping(None), keeping().without("hanoi.art12.3")):
        with refused("no-retention-rule"):
            propose(gone(), PROPOSE, scene(LATER, law=law))


def test_a_proposal_destroys_nothing_and_is_put_before_who_decides() -> None:
    out = propose(gone(), PROPOSE, scene(LATER, role="department_officer", law=keeping()))
    row = inserted(out, "cases")
    assert (row["kind"], row["state"], row["effective_on"]) == ("disposal", "proposed", date(2026, 2, 28))
    assert out.subject == {"case_id": row["id"]}
    assert [one.table for one in out.writes] == ["cases"]
    told = notice(out, "disposal_proposed")
    assert (told.agency_id, told.role) == (DEPARTMENT, "department_head")
    assert "Điều 12.3" in str(event(out, "disposal.proposed").citation)


def test_the_keeping_runs_to_the_end_of_its_last_day() -> None:
    with refused("retention-runs") as caught:
        propose(gone(), PROPOSE, scene(date(2026, 2, 28), law=keeping()))
    assert caught.value.refusal.extra == {"kept_until": "2026-02-28"}
    assert propose(gone(), PROPOSE, scene(date(2026, 3, 1), law=keeping())).status == 201
    with refused("retention-runs"):
        propose(gone(left_on=None), PROPOSE, scene(LATER, law=keeping()))


def test_who_still_works_or_is_being_disposed_of_already_is_not_proposed() -> None:
    with refused("wrong-state"):
        propose(replace(life(), archived=Archived(LEFT)), PROPOSE, scene(LATER, law=keeping()))
    with refused("disposal-open"):
        propose(proposed(), PROPOSE, scene(LATER, law=keeping()))


def test_two_persons_decide() -> None:
    deciding = scene(LATER, role="department_head", law=keeping(), actor_id=OTHER, actor_profile_id=PERSON)
    alone = (
        replace(deciding, actor_id=OFFICER),
        replace(deciding, on_behalf_of=OFFICER),
    )
    for one in alone:
        with refused("same-person"):
            approve(proposed(), APPROVE, one)
    with refused("same-person"):
        approve(proposed(proposer_profile_id=PERSON), APPROVE, deciding)
    out = approve(proposed(), APPROVE, deciding)
    assert changed(out, "cases")["state"] == "carried_out"
    assert changed(out, "cases")["document"] == "2/QĐ"
    assert inserted(out, "shredded") == {"on": at_local(LATER, 9)}
    assert inserted(out, "slips")["kind"] == "disposal"
    assert event(out, "profile.disposed").facts["proposed_by"] == str(OFFICER)


def test_a_hold_stops_the_proposal_and_the_decision() -> None:
    deciding = scene(LATER, role="department_head", law=keeping(), actor_id=OTHER)
    with refused("legal-hold"):
        propose(gone(holds=(HOLD,)), PROPOSE, deciding)
    with refused("legal-hold") as caught:
        approve(proposed(holds=(HOLD,)), APPROVE, deciding)
    assert "5/TTr" in caught.value.refusal.detail_vi
    with refused("no-retention-rule"):
        approve(proposed(), APPROVE, replace(deciding, law=in_force("hanoi", LATER)))


def test_holds_are_placed_and_ended_by_acts() -> None:
    body = PlaceHold(document="5/TTr", reason="thanh tra")
    for held in (replace(life(), archived=Archived(None)), gone(), proposed()):
        row = inserted(place_hold(held, body, scene(LATER)), "legal_holds")
        assert (row["document"], row["placed_by"]) == ("5/TTr", OFFICER)
    end = EndHold(hold_id=HOLD.id, document="6/KL", reason="đã kết luận")
    ended = changed(end_hold(gone(holds=(HOLD,)), end, scene(LATER)), "legal_holds")
    assert ended["ended_document"] == "6/KL"
    with refused("not-found"):
        end_hold(gone(), end, scene(LATER))


def test_a_proposal_is_withdrawn_once_and_a_former_official_comes_back_only_then() -> None:
    body = WithdrawDisposal(disposal_id=CASE, reason="còn cần")
    out = withdraw(proposed(), body, scene(LATER, law=keeping()))
    assert changed(out, "cases")["state"] == "withdrawn"
    assert out.subject == {"case_id": None}
    for other in (gone(), replace(proposed(), case=transfer())):
        with refused("not-found"):
            withdraw(other, body, scene(LATER))
        with refused("not-found"):
            approve(other, APPROVE, scene(LATER))
    back = ReopenProfile(
        agency_id=CULTURE, event_on=LATER, document="7/QĐ", origin="recruited", category="civil_servant"
    )
    with refused("disposal-open"):
        reopen(proposed(), back, scene(LATER))


def test_nothing_is_asked_of_a_tombstone() -> None:
    not_disposed(gone())
    with refused("profile-disposed"):
        not_disposed(replace(gone(), disposed=True))
