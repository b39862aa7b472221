"""The table from what is asked to the decision that answers it."""

from dataclasses import replace
from datetime import date

import pytest

from models.command_accounts import ACCOUNT_ACTS
from models.command_admin import ADMINISTRATION
from models.command_codes import DecideCodeList, ProposeCodeList
from models.command_law import OpenCampaign
from models.command_national import OrderReconciliation
from models.command_registers import BREACHES
from models.command_reorganisation import REORGANISATIONS
from models.command_signing import RegisterCertificate, WithdrawCertificate
from models.command_tree import TREE_ACTS
from models.commands import COMMANDS, Delegate, OpenProfile
from models.record.decide import DECISIONS, Subject, decide_internal
from models.record.lawgiving import PLANNED
from tests.models.lifecycle.scenes import (
    CASE,
    agency_month,
    duty,
    life,
    revision,
    scene,
    separation,
    transfer,
)

DAY = date(2025, 12, 30)
DUE = duty(next_wake_at=scene(DAY).now)


def wake(subject: Subject) -> object:
    return decide_internal("wake", subject, {}, scene(DAY), None)


def test_every_command_has_a_decision() -> None:
    elsewhere = {
        OpenProfile,
        Delegate,
        OpenCampaign,
        *ADMINISTRATION,
        OrderReconciliation,
        RegisterCertificate,
        WithdrawCertificate,
        *ACCOUNT_ACTS,
        *BREACHES,
        *TREE_ACTS,
        *REORGANISATIONS,
        ProposeCodeList,
        DecideCodeList,
    }
    assert set(DECISIONS) | elsewhere | set(PLANNED) == set(COMMANDS)


def test_a_listed_profile_wakes_as_a_profile() -> None:
    """A submission on an open month's list must not turn the profile's wake into the month's."""
    leaving = replace(separation(), effective_on=DAY)
    state = life(case=leaving, pending=revision(2, "submitted"))
    out = wake(Subject(life=state, month=agency_month(duties=(DUE,))))
    assert out.subject["status"] == "retired"
    assert out.touched == {}


def test_a_transfer_wakes_with_its_own_duties_only() -> None:
    of_case = replace(DUE, case_id=CASE, slot="transfer_receive")
    state = life(duties=(DUE, of_case))
    assert list(wake(Subject(life=state, case=transfer())).touched) == [of_case.id]
    assert list(wake(Subject(life=state)).touched) == [DUE.id]
    assert wake(Subject(life=state, case=replace(transfer(), closed=True))).empty


def test_a_month_wakes_with_its_duties() -> None:
    assert list(wake(Subject(month=agency_month(duties=(DUE,)))).touched) == [DUE.id]


@pytest.mark.parametrize("kind", ["complete_approval", "fail_approval"])
def test_the_end_of_a_signature_that_has_ended_changes_nothing(kind: str) -> None:
    facts = {"approval": "x", "document": "d", "certificate": "c", "reason": "r"}
    assert decide_internal(kind, Subject(life=life()), facts, scene(DAY), None).empty


@pytest.mark.parametrize("kind", ["open_month", "approvals_done", "submitted", "receipts", "close_month"])
def test_a_closed_month_stays_closed(kind: str) -> None:
    assert decide_internal(kind, Subject(month=agency_month("closed")), {}, scene(DAY), None).empty


def test_what_nobody_decides_is_a_defect() -> None:
    with pytest.raises(ValueError, match="nothing decides 'dance'"):
        decide_internal("dance", Subject(month=agency_month()), {}, scene(DAY), None)
