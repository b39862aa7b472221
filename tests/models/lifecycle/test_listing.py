"""One signature for many: who may stand on a list, what confirming it asks, what is held."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from models.command_lists import ApproveByList, CutList
from models.form import catalogue, diff
from models.form.risk import DATES, FIRST, IDENTITY, SALARY, risk_of
from models.lifecycle import listing
from models.lifecycle.competence import signers
from models.lifecycle.life import Chapter, Life, MonthItem, ShownList
from models.lifecycle.listing import Listed
from models.lifecycle.scene import Scene
from models.lifecycle.steps import awaited
from models.regulations import load_policy
from models.regulations.policy import Approvals
from tests.chains import rolling
from tests.forms import COMPLETE
from tests.models.lifecycle.scenes import (
    AUTHORITY,
    OFFICER,
    agency_month,
    event,
    life,
    refused,
    revision,
    scene,
)

DAY = date(2025, 12, 29)
LIST, ONE, TWO = (UUID(int=n) for n in (201, 101, 102))
D = "a" * 64


def approver(**changes: object) -> Scene:
    return scene(DAY, role="approver", **changes)


def waiting(**changes: object) -> Life:
    return life(Chapter.SERVICE, pending=revision(state="submitted"), **changes)


def row(found: Life) -> Listed:
    assert found.pending is not None
    return Listed(LIST, 1, found.profile_id, found.pending.id, found.pending.digest)


def shown(**changes: object) -> ShownList:
    return replace(ShownList(LIST, OFFICER, "shown", D, (ONE, TWO)), **changes)


def confirmed(**changes: object) -> ApproveByList:
    return ApproveByList(list_id=LIST, digest=D, **changes)


class TestMayStand:
    def test_one_signature_inside_the_window_may_be_given_by_a_list(self) -> None:
        step = listing.may_stand(waiting(), row(waiting()), approver())
        assert step is not None
        assert (step.number, step.of) == (1, 1)

    def test_a_rule_that_wants_each_file_signed_gets_each_file_signed(self) -> None:
        found = waiting()
        step = listing.may_stand(found, row(found), approver())
        assert step is not None
        for asked in (Approvals(by_list=False), Approvals(one_by_one=step.obligation.rule_ids[:1])):
            policy = load_policy().model_copy(update={"approvals": asked})
            with refused("not-by-list"):
                listing.may_stand(found, row(found), approver(policy=policy))

    def test_a_chain_on_one_file_is_signed_on_that_file(self) -> None:
        found = waiting()
        told = scene(DAY, law=rolling(), facts={"agency": "subordinate"})
        step = awaited(found, told)
        assert step is not None
        assert step.of > 1
        (role, *_) = signers(step.obligation)
        with refused("not-by-list"):
            listing.may_stand(found, row(found), replace(told, actor_role=role))

    def test_another_content_than_listed_is_refused(self) -> None:
        found = waiting()
        with refused("stale-revision"):
            listing.may_stand(found, replace(row(found), digest=D), approver())

    def test_nobody_s_own(self) -> None:
        found = waiting()
        with refused("own-approval"):
            listing.may_stand(found, row(found), approver(actor_profile_id=found.profile_id))


class TestConfirming:
    def test_a_yes_to_what_was_shown_is_a_round(self) -> None:
        out = listing.approve_by_list(agency_month(shown=shown()), confirmed(), approver())
        assert out.status == 202
        assert event(out, "list.approval_requested").facts["digest"] == D

    @pytest.mark.parametrize(
        ("code", "found", "body"),
        [
            ("not-found", None, confirmed()),
            ("list-of-another", shown(account_id=AUTHORITY), confirmed()),
            ("list-not-ready", shown(state="cutting", digest=None), confirmed()),
            ("list-not-ready", shown(state="signed"), confirmed()),
            ("list-differs", shown(digest="b" * 64), confirmed()),
            ("list-changed", shown(changed=(TWO,)), confirmed()),
            ("wrong-state", shown(changed=(ONE, TWO)), confirmed(recut=True)),
        ],
    )
    def test_refusals(self, code: str, found: ShownList | None, body: ApproveByList) -> None:
        with refused(code):
            listing.approve_by_list(agency_month(shown=found), body, approver())

    def test_a_closed_month(self) -> None:
        with refused("wrong-state"):
            listing.approve_by_list(agency_month("closed", shown=shown()), confirmed(), approver())
        with refused("wrong-state"):
            listing.cut(agency_month("closed"), CutList(), approver())

    def test_cut_again_takes_what_still_waits(self) -> None:
        items = (MonthItem(ONE, UUID(int=50), "d", "listed"), MonthItem(TWO, UUID(int=51), "d", "returned"))
        month = agency_month(items=items, shown=shown(changed=(TWO,)))
        out = listing.approve_by_list(month, confirmed(recut=True), approver())
        assert (out.status, out.answer["chosen"], out.answer["recut"]) == (202, [str(ONE)], True)


class TestRisk:
    @pytest.mark.parametrize(
        ("changed", "expected"),
        [
            ({"birth_full_name": "TRẦN THỊ KHÁC"}, IDENTITY),
            ({"birth_date": "1990-02-03"}, IDENTITY + DATES),
            ({"salary_step": 9}, SALARY),
            ({"salary_effective_on": "2025-11-01"}, SALARY + DATES),
            ({"main_assigned_work": "Trưng bày"}, 0),
            ({}, 0),
        ],
    )
    def test_identity_before_salary_before_dates(self, changed: dict[str, object], expected: int) -> None:
        form = catalogue("tt06_2023")
        assert risk_of(form, diff(form, COMPLETE, {**COMPLETE, **changed})) == expected

    def test_what_the_form_does_not_know_is_looked_at_first(self) -> None:
        form = catalogue("tt06_2023")
        assert risk_of(form, diff(form, COMPLETE, {**COMPLETE, "unheard_of": "x"})) == IDENTITY
        assert FIRST == IDENTITY + SALARY + DATES
