"""Two profiles of one person: closed into one by two people, every reason against it by its name."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from models.command_merging import ApproveProfileMerge, ProposeProfileMerge, WithdrawProfileMerge
from models.lifecycle.guard import no_open_case, not_merged
from models.lifecycle.life import Approval, Chapter, Life, Share, Status
from models.lifecycle.merging import Merging, approve, hindrances, plan, propose, withdraw
from models.regulations import in_force
from tests.models.lifecycle.scenes import (
    CASE,
    CULTURE,
    DEPARTMENT,
    DIGEST,
    HEALTH,
    OFFICER,
    changed,
    duty,
    event,
    inserted,
    life,
    notice,
    refused,
    revision,
    scene,
    separation,
    transfer,
)

DAY = date(2026, 3, 2)
OTHER, SECOND, PERSON = UUID(int=91), UUID(int=92), UUID(int=93)
PROPOSE = ProposeProfileMerge(survivor_id=SECOND, document="1/ĐN", reason="mở trùng")
APPROVE = ApproveProfileMerge(merge_id=CASE, document="2/QĐ")


def survivor(**changes: Any) -> Life:
    return replace(life(), **{"profile_id": SECOND, "account": None, **changes})


def beside(**changes: Any) -> Merging:
    return Merging(**{"survivor": survivor(), "same": "form", "events": 7, "end": DIGEST, **changes})


def proposed(by: UUID = OFFICER, number_from: str = "survivor", **changes: Any) -> Life:
    facts = {
        "survivor": str(SECOND),
        "proposed_by": str(by),
        "number_from": number_from,
        "identity_document": None,
    }
    case = transfer("proposed", kind="merge", mode="merge", facts=facts)
    return life(case=case, **changes)


def deciding(**changes: Any) -> Any:
    return scene(DAY, role="head", **{"actor_id": OTHER, **changes})


def test_a_proposal_changes_nothing_and_is_put_before_who_decides() -> None:
    out = propose(life(), beside(), PROPOSE, scene(DAY))
    row = inserted(out, "cases")
    assert (row["kind"], row["state"], row["facts"]["same"]) == ("merge", "proposed", "form")
    assert (out.subject, [one.table for one in out.writes]) == ({"case_id": row["id"]}, ["cases"])
    assert (out.status, out.beside, out.closed) == (201, None, [])
    told = notice(out, "merge_proposed")
    assert (told.agency_id, told.role) == (CULTURE, "head")
    elsewhere = propose(life(), beside(survivor=survivor(agency_id=HEALTH)), PROPOSE, scene(DAY))
    told = notice(elsewhere, "merge_proposed")
    assert (told.agency_id, told.role) == (DEPARTMENT, "department_head"), "who reaches both"


@pytest.mark.rule("nd27.art16.3")
def test_it_stands_on_one_dossier_for_a_person_once_that_is_law() -> None:
    law = in_force("hanoi", date(2026, 7, 1), adopted={"nd27_2026": date(2026, 7, 1)})
    out = propose(life(), beside(), PROPOSE, scene(date(2026, 7, 2), law=law))
    assert "27/2026" in str(event(out, "merge.proposed").citation)


AGAINST: dict[str, tuple[str, Callable[[], tuple[Life, Merging]]]] = {
    "nobody there": ("merge-elsewhere", lambda: (life(), Merging(None))),
    "itself": ("merge-itself", lambda: (life(), beside(survivor=life()))),
    "a closed one": ("profile-merged", lambda: (life(), beside(survivor=survivor(status=Status.MERGED)))),
    "two persons": ("different-persons", lambda: (life(), beside(same=None))),
    "a move of it": ("transfer-open", lambda: (life(case=transfer()), beside())),
    "a move of the other": ("transfer-open", lambda: (life(), beside(survivor=survivor(case=transfer())))),
    "a leaving": ("separation-open", lambda: (life(case=separation()), beside())),
    "being signed": ("in-flight", lambda: (life(approval=signing()), beside())),
    "the other being signed": (
        "in-flight", lambda: (life(), beside(survivor=survivor(approval=signing()))),
    ),
    "into the archive": (
        "merge-into-archived", lambda: (life(), beside(survivor=survivor(chapter=Chapter.ARCHIVE))),
    ),
    "the wrong way": (
        "merge-wrong-way", lambda: (life(), beside(survivor=survivor(approved_revision_id=None))),
    ),
    "posts": ("merge-unsettled", lambda: (life(posts=1), beside())),
    "a secondment": ("merge-unsettled", lambda: (life(share=lent()), beside())),
    "a request": ("merge-unsettled", lambda: (life(), beside(unsettled=("requests",)))),
    "a report owed": ("merge-unsettled", lambda: (life(duties=(duty("move_out_report"),)), beside())),
}  # fmt: skip


def signing() -> Approval:
    return Approval(UUID(int=60), UUID(int=52), DIGEST, OTHER, "approver", None, (), 0)


def lent() -> Share:
    return Share(UUID(int=70), "biệt phái", CULTURE, HEALTH, DAY, DAY, "running", 0, DAY)


@pytest.mark.parametrize("what", AGAINST)
def test_what_stands_in_the_way_is_named(what: str) -> None:
    code, made = AGAINST[what]
    closing, merging = made()
    with refused(code):
        propose(closing, merging, PROPOSE, scene(DAY))
    assert code in [one.code for one in hindrances(closing, merging, None)]
    if closing.case is None:  # and again when it is decided: both have lived on
        again = replace(closing, case=proposed().case)
        with refused(code):
            approve(again, merging, APPROVE, deciding())


def test_a_document_says_that_two_numbers_are_one_person_s() -> None:
    said = PROPOSE.model_copy(update={"identity_document": "9/CA"})
    out = propose(life(), beside(same=None), said, scene(DAY))
    assert inserted(out, "cases")["facts"]["same"] == "document"
    assert [one.code for one in hindrances(life(), beside(same=None), "9/CA")] == []


def test_all_reasons_are_told_at_once() -> None:
    found = hindrances(life(posts=1), beside(same=None, unsettled=("proposals",)), None)
    assert [one.code for one in found] == ["different-persons", "merge-unsettled"]
    (last,) = (one for one in hindrances(life(posts=1), beside(unsettled=("proposals",)), None))
    assert last.extra == {"unsettled": "posts, proposals"}


def test_what_came_today_goes_to_the_survivor_s_agency_tomorrow() -> None:
    there = beside(survivor=survivor(agency_id=HEALTH))
    with refused("wrong-state"):
        approve(proposed(changed_hands_on=DAY), there, APPROVE, deciding())
    assert approve(proposed(changed_hands_on=DAY), beside(), APPROVE, deciding()).events, "the same agency"
    earlier = approve(proposed(changed_hands_on=date(2026, 3, 1)), there, APPROVE, deciding())
    assert inserted(earlier, "custody_moved")["on"] == DAY


def test_nobody_decides_what_they_proposed() -> None:
    for mine in (
        deciding(),
        deciding(on_behalf_of=OTHER, actor_id=UUID(int=99)),
        deciding(actor_id=UUID(int=99), actor_profile_id=PERSON),
    ):
        with refused("same-person"):
            approve(proposed(OTHER), beside(proposer_profile_id=PERSON), APPROVE, mine)
    with refused("not-found"):
        approve(life(), beside(), APPROVE, deciding())
    with refused("merge-open"):
        no_open_case(proposed())
    with refused("merge-open"):
        propose(proposed(), beside(), PROPOSE, scene(DAY))


def test_the_duplicate_is_closed_and_points_at_the_survivor() -> None:
    closing = proposed(
        pending=revision(state="submitted"), duties=(duty(), duty("review_step")), synced_revision_id=PERSON,
        foretold=(("retirement", date(2030, 1, 1)),),
    )  # fmt: skip
    out = approve(closing, beside(), APPROVE, deciding())
    assert out.subject == {
        "case_id": None, "chapter": Chapter.ARCHIVE, "status": Status.MERGED, "merged_into": SECOND,
        "foretold": [], "pending_revision_id": None,
    }  # fmt: skip
    assert changed(out, "cases")["state"] == "carried_out"
    assert changed(out, "revisions")["state"] == "returned"
    assert changed(out, "accounts") == {"state": "cancelled"}
    assert inserted(out, "off_lists") == {"reason": "merged"}
    assert changed(out, "profiles") == {"merged_into": SECOND}, "what was merged into it points on"
    (settled,) = out.closed
    assert (settled.state, settled.reason) == ("void", "merged")
    assert out.answer == {
        "merge_id": str(CASE), "state": "carried_out", "survivor_id": str(SECOND), "settled": 1, "carried": 1,
    }  # fmt: skip
    told = notice(out, "national_record_to_close")
    assert (told.agency_id, told.role) == (DEPARTMENT, "department_officer")
    assert event(out, "profile.merged").facts["survivor"] == str(SECOND)
    assert all(one.table != "custody_moved" for one in out.writes), "both are in the same hands"


def test_a_fact_about_the_person_goes_on_with_the_survivor() -> None:
    out = approve(proposed(duties=(duty(),)), beside(), APPROVE, deciding())
    assert out.beside is not None
    (carried,) = (one for one in out.beside.outcome.writes if one.table == "duties")
    assert carried.values == {"profile_id": SECOND, "agency_id": CULTURE}
    assert [one.profile_id for one in out.beside.life.duties] == [SECOND], "it wakes for it from now on"
    told = event(out.beside.outcome, "profile.merged_in").facts
    assert (told["events"], told["end"], told["carried"]) == (7, DIGEST, 1), "the other chain's end"
    owing = survivor(duties=(duty(),))
    assert plan(life(duties=(duty(),)), owing).carried == (), "owed once, not twice"
    assert plan(life(duties=(duty(returned=True),)), survivor()).carried == (), "a correction of that form"


def test_the_number_that_is_right_goes_over_and_the_file_follows_its_custodian() -> None:
    there = beside(survivor=survivor(agency_id=HEALTH))
    out = approve(proposed(number_from="duplicate"), there, APPROVE, deciding())
    assert out.subject["agency_id"] == HEALTH
    assert inserted(out, "custody_moved")["to_agency"] == HEALTH
    assert out.beside is not None
    assert inserted(out.beside.outcome, "number_taken") == {"duplicate": life().profile_id}
    one_number = approve(proposed(number_from="duplicate"), beside(same="index"), APPROVE, deciding())
    assert one_number.beside is not None
    assert one_number.beside.outcome.writes == []


def test_a_former_official_s_profile_goes_behind_the_one_in_use() -> None:
    gone = proposed(chapter=Chapter.ARCHIVE, status=Status.RETIRED)
    assert approve(gone, beside(), APPROVE, deciding()).subject["status"] is Status.MERGED
    both = beside(survivor=survivor(chapter=Chapter.ARCHIVE, status=Status.RETIRED))
    assert approve(gone, both, APPROVE, deciding()).answer["state"] == "carried_out"


def test_withdrawn_both_stay_as_they_are() -> None:
    out = withdraw(proposed(), None, WithdrawProfileMerge(merge_id=CASE, reason="hai người"), scene(DAY))
    assert changed(out, "cases")["state"] == "withdrawn"
    assert (out.subject, out.beside) == ({"case_id": None}, None)
    with refused("not-found"):
        withdraw(life(), None, WithdrawProfileMerge(merge_id=CASE, reason="không có"), scene(DAY))


def test_nothing_more_is_done_to_a_merged_profile() -> None:
    not_merged(life(), None)
    with refused("profile-merged") as caught:
        not_merged(life(status=Status.MERGED), SECOND)
    assert caught.value.refusal.extra == {"merged_into": str(SECOND), "status": "merged"}
