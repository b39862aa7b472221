"""Entering from outside: what is owed, by the origin and by each law; coming back."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from models.commands import OpenProfile, ReopenProfile, RequestIntake
from models.lifecycle.account import create_account, open_profile
from models.lifecycle.declaration import FIRST
from models.lifecycle.entry import owed_at_entry, request_intake
from models.lifecycle.life import Chapter, Status
from models.lifecycle.outcome import Outcome
from models.lifecycle.reentry import reopen
from models.lifecycle.scene import Scene
from models.regulations import in_force
from tests.models.lifecycle.scenes import (
    AUTHORITY,
    CULTURE,
    DEPARTMENT,
    HEALTH,
    PROFILE,
    changed,
    duty,
    event,
    inserted,
    life,
    notice,
    opened,
    refused,
    revision,
    scene,
)
from tests.models.lifecycle.test_account import LOGIN

MONDAY = date(2026, 3, 2)


def desk(authority: str, day: date = MONDAY) -> Scene:
    law = in_force(authority, MONDAY, simulate=["phu_yen_2024"] if authority == "phu_yen" else [])
    facts = {"category": "civil_servant", "agency": "subordinate", "kind": "department"}
    return scene(day, law=law, facts=facts)


def entering(authority: str, origin: str, day: date = MONDAY) -> Outcome:
    body = OpenProfile(
        agency_id=CULTURE,
        full_name="Nguyễn Thị Thử",
        personal_id_number="000190000001",
        origin=origin,
        event_on=day,
        document="12/QĐ",
    )
    return open_profile(PROFILE, AUTHORITY, body, desk(authority, day))


def owed(authority: str, origin: str) -> list[str]:
    return [one.duty.slot for one in entering(authority, origin).opened]


@pytest.mark.parametrize(
    ("authority", "origin", "slots"),
    [
        ("hanoi", "received", ["intake_account"]),
        ("hanoi", "received_with_national_record", ["intake_pull"]),
        ("hanoi", "received_unconnected", ["intake_account"]),
        ("phu_yen", "received", ["intake_account", "intake_request"]),
        ("phu_yen", "received_with_national_record", ["intake_pull", "intake_account", "intake_request"]),
        ("phu_yen", "received_unconnected", ["intake_unconnected", "personal_account"]),
        ("moha", "received_with_national_record", ["account_request", "intake_pull"]),
        ("moha", "recruited", ["account_request"]),
        ("binh_dinh", "received", ["intake_account"]),
        ("binh_dinh", "received_with_national_record", ["intake_pull", "intake_account"]),
    ],
)
def test_what_is_owed_at_the_door(authority: str, origin: str, slots: list[str]) -> None:
    assert owed(authority, origin) == slots


@pytest.mark.rule("moha.art8.3.a")
def test_the_ministry_s_department_asks_for_the_national_record_by_the_circular_s_date() -> None:
    found = opened(entering("moha", "received_with_national_record"), "intake_pull")
    assert (found.duty.party, found.duty.agency_id) == ("department_officer", DEPARTMENT)
    assert (found.duty.due_on, found.duty.rule_id) == (date(2026, 3, 16), "moha.art8.3.a")


def test_a_law_without_any_rule_on_pulling_asks_for_account_and_request() -> None:
    law = desk("phu_yen").law.without("tt06.art11.1.b")
    slots = [
        one.slot for one in owed_at_entry("received_with_national_record", replace(desk("phu_yen"), law=law))
    ]
    assert slots == ["intake_account", "intake_request"]


@pytest.mark.rule("phu_yen.art12.1.a2")
@pytest.mark.parametrize("origin", ["received", "received_with_national_record"])
def test_a_written_request_to_the_department_is_due_in_ten_working_days(origin: str) -> None:
    found = opened(entering("phu_yen", origin), "intake_request")
    assert (found.duty.party, found.duty.agency_id) == ("hr_officer", CULTURE)
    assert (found.duty.due_on, found.duty.rule_id) == (date(2026, 3, 16), "phu_yen.art12.1.a2")
    rule = desk("phu_yen").rule("intake_request")
    assert rule is not None
    assert rule.document_required


@pytest.mark.rule("phu_yen.art12.1.a2")
def test_the_written_request_is_sent_and_the_department_hears() -> None:
    told = desk("phu_yen", date(2026, 3, 18))
    waiting = duty("intake_request", due_on=date(2026, 3, 16), party="hr_officer")
    out = request_intake(life(Chapter.ACCOUNT, duties=(waiting,)), RequestIntake(document="7/CV"), told)
    assert [(c.duty_id, c.state, c.late_days) for c in out.closed] == [(waiting.id, "met", 2)]
    assert event(out, "intake.requested").rule_id == "phu_yen.art12.1.a2"
    assert notice(out, "intake_requested").agency_id == DEPARTMENT


def test_a_request_nobody_owes_is_refused() -> None:
    with refused("wrong-state"):
        request_intake(life(Chapter.ACCOUNT), RequestIntake(document="7/CV"), desk("phu_yen"))


@pytest.mark.rule("phu_yen.art12.4")
def test_from_a_system_that_cannot_be_connected_the_head_owes_a_new_profile() -> None:
    out = entering("phu_yen", "received_unconnected")
    found = opened(out, "intake_unconnected")
    assert (found.duty.party, found.duty.agency_id) == ("head", CULTURE)
    assert (found.duty.due_on, found.duty.rule_id) == (None, "phu_yen.art12.4")
    assert event(out, "profile.opened").rule_id == "phu_yen.art12.4"
    assert "intake_unconnected" in FIRST  # met by the first declaration of the new profile


# --- coming back


def former(**changes: object):
    return life(Chapter.ARCHIVE, **{"status": Status.RETIRED, **changes})


def back(state=None, **changes: object) -> Outcome:
    body = ReopenProfile(
        **{
            "agency_id": HEALTH,
            "event_on": MONDAY,
            "document": "3/HĐ",
            "category": "public_employee",
            **changes,
        }
    )
    return reopen(state or former(), body, desk("hanoi"))


def test_what_changed_hands_today_is_reopened_elsewhere_tomorrow() -> None:
    with refused("wrong-state"):
        back(former(changed_hands_on=MONDAY))
    assert back(former(changed_hands_on=MONDAY), agency_id=CULTURE).status == 201
    assert back(former(changed_hands_on=date(2026, 3, 1))).status == 201


def test_the_archived_profile_goes_on_as_a_new_employment() -> None:
    out = back()
    assert out.status == 201
    assert out.subject["agency_id"] == HEALTH
    assert (out.subject["chapter"], out.subject["status"]) == (Chapter.ACCOUNT, Status.PENDING)
    assert (out.subject["account_id"], out.subject["approved_revision_id"]) == (None, None)
    assert inserted(out, "custody_moved")["to_agency"] == HEALTH
    assert inserted(out, "draft_from")["source"] == UUID(int=50)
    assert changed(out, "revisions") == {"state": "superseded"}
    assert [o.duty.slot for o in out.opened] == ["personal_account"]
    assert event(out, "profile.reopened").facts["left_as"] == "retired"
    again = replace(former(account=None, duties=(out.opened[0].duty,)), chapter=Chapter.ACCOUNT)
    made = create_account(again, LOGIN, desk("hanoi"))
    assert made.closed[0].state == "met"


def test_in_the_same_agency_custody_goes_on() -> None:
    out = back(agency_id=CULTURE)
    assert "agency_id" not in out.subject
    assert not [w for w in out.writes if w.table == "custody_moved"]


def test_what_was_begun_is_kept_and_nothing_approved_begins_no_draft() -> None:
    assert not [w for w in back(former(draft=revision(2))).writes if w.table == "draft_from"]
    assert not [
        w for w in back(former(approved_revision_id=None)).writes if w.table in ("draft_from", "revisions")
    ]


def test_who_comes_back_from_elsewhere_enters_as_such() -> None:
    assert [o.duty.slot for o in back(origin="received").opened] == ["intake_account"]


@pytest.mark.parametrize("chapter", [c for c in Chapter if c is not Chapter.ARCHIVE])
def test_only_an_archived_profile_is_reopened(chapter: Chapter) -> None:
    with refused("wrong-state"):
        back(life(chapter))


def test_nobody_comes_back_from_the_dead_or_from_tomorrow() -> None:
    with refused("wrong-state"):
        back(former(status=Status.DECEASED))
    with refused("future-date"):
        back(event_on=date(2026, 3, 3))
