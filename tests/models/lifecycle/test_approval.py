"""Who may sign a revision when, and what the signature changes."""

from datetime import date
from uuid import UUID

import pytest

from models.calendar import Calendar, at_local
from models.commands import Approve
from models.lifecycle.approval import complete, fail, prepare
from models.lifecycle.life import AgencyMonth, Approval, Chapter, Life, Status
from models.lifecycle.outcome import Outcome, Update
from models.lifecycle.scene import Scene
from models.regulations import in_force
from tests.forms import COMPLETE
from tests.models.lifecycle.scenes import (
    ACCOUNT,
    CULTURE,
    DIGEST,
    MONTH,
    OFFICER,
    PROFILE,
    agency_month,
    changed,
    event,
    inserted,
    life,
    notice,
    own,
    refusal_in,
    refused,
    revision,
    scene,
    transfer,
)

DAY = date(2025, 12, 29)
ASKED = Approve(revision_id=revision(2).id, digest=DIGEST)
SIGNING = Approval(
    id=UUID(int=70),
    revision_id=revision(2).id,
    digest=DIGEST,
    approver_id=OFFICER,
    approver_role="approver",
    agency_month_id=MONTH,
    rule_ids=("hanoi.art7",),
    late_days=2,
)


def waiting(chapter: Chapter = Chapter.SERVICE, state: str = "submitted", **changes: object) -> Life:
    return life(chapter, **{"pending": revision(2, state), "revision_number": 2, **changes})


def approver(day: date = DAY, **changes: object) -> Scene:
    return scene(day, **{"role": "approver", **changes})


# --- refusals


@pytest.mark.parametrize(
    "chapter", [Chapter.ACCOUNT, Chapter.DECLARATION, Chapter.SEPARATION, Chapter.ARCHIVE]
)
def test_nothing_is_approved_outside_review_and_service(chapter: Chapter) -> None:
    with refused("wrong-state"):
        prepare(waiting(chapter), ASKED, approver(), None)


@pytest.mark.parametrize("pending", [None, revision(9, "submitted")])
def test_only_what_waits_is_approved(pending: object) -> None:
    with refused("wrong-state"):
        prepare(waiting(pending=pending), ASKED, approver(), None)


def test_what_was_seen_is_what_is_signed() -> None:
    with refused("stale-revision") as caught:
        prepare(waiting(), Approve(revision_id=revision(2).id, digest="0" * 64), approver(), None)
    assert refusal_in(caught).extra == {"current_revision": 2}


def test_a_revision_is_signed_once_at_a_time() -> None:
    with refused("in-flight"):
        prepare(waiting(state="signing"), ASKED, approver(), None)


def test_nobody_approves_the_own_profile_or_the_own_entry() -> None:
    for actor in (own(DAY), approver(actor_id=ACCOUNT), approver(actor_profile_id=PROFILE)):
        with refused("own-approval"):
            prepare(waiting(), ASKED, actor, None)


@pytest.mark.rule("hanoi.art7")
@pytest.mark.parametrize("role", ["hr_officer", "department_officer", "administrator", "official", "system"])
def test_only_the_competent_or_delegated_person_signs(role: str) -> None:
    with refused("not-competent") as caught:
        prepare(waiting(), ASKED, scene(DAY, role=role), None)
    assert "Quy chế kèm QĐ 6187/QĐ-UBND, Điều 7" in str(refusal_in(caught).citation)


def test_who_is_competent_follows_the_rule() -> None:
    law = in_force("hanoi", DAY).replace("hanoi.art7", party="department")
    assert prepare(waiting(), ASKED, scene(DAY, role="department_officer", law=law), None).status == 200
    with refused("not-competent"):
        prepare(waiting(), ASKED, approver(law=law), None)


@pytest.mark.parametrize(
    ("signature", "approver_signs", "head_signs"),
    [
        ("authority_digital", True, True),
        ("digital_any_step", True, True),
        ("none_stated", True, True),
        ("head_digital", False, True),
        ("hr_head_digital", False, False),
        ("individual_digital", False, False),
    ],
)
def test_whose_signature_it_takes_follows_the_rule(
    signature: str, approver_signs: bool, head_signs: bool
) -> None:
    law = in_force("hanoi", DAY).replace("hanoi.art7", signature=signature)
    law = law.replace("tt06.art7.1", signature="none_stated")
    for role, signs in (("approver", approver_signs), ("head", head_signs)):
        if signs:
            out = prepare(waiting(), ASKED, scene(DAY, role=role, law=law), None)
            assert event(out, "approval.prepared").facts.get("signature", "none_stated") == signature
        else:
            with refused("not-competent"):
                prepare(waiting(), ASKED, scene(DAY, role=role, law=law), None)


# --- prepared


@pytest.mark.rule("hanoi.art7", "tt06.art7.1")
def test_what_is_prepared_says_under_which_articles_and_whose_signature() -> None:
    out = prepare(waiting(Chapter.REVIEW), ASKED, approver(), None)
    row = inserted(out, "approvals")
    assert row["rule_ids"] == ["hanoi.art7", "tt06.art7.1"]
    assert (row["approver_id"], row["approver_role"], row["digest"]) == (OFFICER, "approver", DIGEST)
    assert (row["state"], row["late_days"], row["agency_month_id"]) == ("signing", 0, None)
    told = event(out, "approval.prepared")
    assert told.facts["signature"] == "authority_digital"
    assert told.citation == "Quy chế kèm QĐ 6187/QĐ-UBND, Điều 7; TT 06/2023/TT-BNV, Quy chế, Điều 7.1"
    assert changed(out, "revisions") == {"state": "signing"}
    assert not out.settles
    assert out.answer == {"approval_id": str(row["id"]), "revision": 2}


@pytest.mark.parametrize(
    ("signed_on", "rolled_end", "late"),
    [
        (date(2025, 12, 24), date(2025, 12, 31), 0),
        (date(2025, 12, 31), date(2025, 12, 31), 0),
        (date(2026, 1, 1), date(2025, 12, 31), 1),
        (date(2026, 1, 12), date(2025, 12, 31), 7),
        (date(2025, 2, 3), date(2025, 2, 3), 0),  # the window of January 2025 holds no working day
        (date(2025, 2, 6), date(2025, 2, 3), 3),
    ],
)
def test_an_approval_is_late_by_working_days_after_the_rolled_end(
    signed_on: date, rolled_end: date, late: int
) -> None:
    month = agency_month(nominal_end=date(2025, 1, 31), rolled_end=rolled_end)
    out = prepare(waiting(), ASKED, approver(signed_on), month)
    assert inserted(out, "approvals")["late_days"] == late


def test_an_approval_is_late_when_it_arrived_late_not_when_it_was_prepared() -> None:
    month = agency_month(rolled_end=date(2025, 12, 31))
    late = {
        arrived: inserted(
            prepare(waiting(), ASKED, approver(date(2026, 1, 6), arrived_at=at_local(arrived, 23)), month),
            "approvals",
        )["late_days"]
        for arrived in (date(2025, 12, 31), date(2026, 1, 5), date(2026, 1, 6))
    }
    assert list(late.values()) == [0, 1, 2]


def test_lateness_is_counted_in_days_without_the_calendar_year() -> None:
    month = agency_month(rolled_end=date(2025, 12, 31))
    out = prepare(waiting(), ASKED, approver(date(2026, 1, 10), calendar=Calendar(years=())), month)
    assert inserted(out, "approvals")["late_days"] == 10


# --- signed


def signed(state: Life, month: AgencyMonth | None = None, day: date = DAY) -> Outcome:
    return complete(state, SIGNING, "d" * 64, "c" * 64, approver(day), month)


def test_the_first_signature_begins_the_service() -> None:
    out = signed(waiting(Chapter.REVIEW, "signing"))
    assert out.subject == {
        "pending_revision_id": None,
        "approved_revision_id": revision(2).id,
        "foretold": [["retirement", "2050-05-31"]],
        "chapter": Chapter.SERVICE,
        "status": Status.WORKING,
    }
    assert changed(out, "revisions") == {"state": "approved"}
    assert changed(out, "approvals") == {
        "state": "signed",
        "signed_at": at_local(DAY, 9),
        "document_sha256": "d" * 64,
        "certificate": "c" * 64,
    }
    assert notice(out, "revision_approved").account_id == ACCOUNT
    assert out.answer["late_days"] == 2


def test_a_signature_during_a_transfer_keeps_the_chapter_and_begins_the_service() -> None:
    case = transfer(before=Chapter.REVIEW)
    state = waiting(Chapter.TRANSFER, "signing", approved_revision_id=None, case=case, status=Status.PENDING)
    out = signed(state)
    assert "chapter" not in out.subject
    assert out.subject["status"] is Status.WORKING


def test_the_revision_before_is_superseded() -> None:
    out = signed(waiting(state="signing"))
    states = {w.key["id"]: w.values["state"] for w in out.writes if w.table == "revisions"}
    assert states == {revision(2).id: "approved", UUID(int=50): "superseded"}
    assert "status" not in out.subject


def test_dates_foretold_are_kept_in_order_and_only_those_ahead() -> None:
    content = {**COMPLETE, "contract_valid_to": "2026-12-31", "birth_date": "1960-01-01"}
    out = signed(waiting(pending=revision(2, "signing", content=content)))
    assert out.subject["foretold"] == [["contract_end", "2026-12-31"]]
    today = {**COMPLETE, "contract_valid_to": DAY.isoformat()}
    out = signed(waiting(pending=revision(2, "signing", content=today)))
    assert out.subject["foretold"] == [["retirement", "2050-05-31"]]


@pytest.mark.parametrize(
    ("day", "after"), [(date(2025, 12, 31), False), (date(2026, 1, 1), True), (date(2025, 12, 20), False)]
)
def test_the_months_item_becomes_the_signed_revision(day: date, after: bool) -> None:
    out = signed(waiting(state="signing"), agency_month(), day)
    (item,) = (w for w in out.writes if w.table == "month_items")
    assert isinstance(item, Update)
    assert item.key == {"agency_month_id": MONTH, "profile_id": PROFILE, "state": "listed"}
    assert (item.values["state"], item.values["revision_id"], item.values["digest"]) == (
        "approved",
        revision(2).id,
        DIGEST,
    )
    assert out.tell == [(f"month-end/{CULTURE}/2025-12", {"month": MONTH})]
    assert event(out, "approval.signed").facts["after_nominal_end"] is after


def test_without_an_account_nobody_is_told() -> None:
    assert signed(waiting(state="signing", account=None)).notices == []


def test_a_signature_that_fails_lets_the_submission_wait_again() -> None:
    out = fail(waiting(state="signing"), SIGNING, "token-locked", approver())
    assert out.status == 422
    assert (out.answer["code"], out.answer["extra"]) == ("signature-failed", {"reason": "token-locked"})
    assert changed(out, "approvals") == {"state": "failed"}
    assert changed(out, "revisions") == {"state": "submitted"}
    assert out.subject == {}
