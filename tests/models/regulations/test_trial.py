"""Drafts on trial: by a decision only, for want of law in force, and until there is some."""

from datetime import date

import pytest
from pydantic import ValidationError

from models.regulations import (
    NoLawInForce,
    Regulation,
    Trial,
    TrialRefused,
    check_trial,
    in_force,
    law_of,
    resolved,
    seed,
)

DRAFT = next(one for one in seed() if one.id == "phu_yen_2024")
NATIONAL = next(one for one in seed() if one.id == "tt06_2023")
FIRST = date(2026, 3, 2)
TRIAL = Trial(drafts=(DRAFT.id,), document="Công văn thử nghiệm", starts=FIRST)
ISSUED = DRAFT.model_copy(update={"id": "issued", "status": "in_force", "valid_from": date(2026, 7, 1)})


def test_without_a_trial_a_draft_is_no_law() -> None:
    with pytest.raises(NoLawInForce):
        law_of("phu_yen", FIRST)
    assert resolved("phu_yen") == []


def test_a_trial_reads_the_draft_from_its_first_day() -> None:
    with pytest.raises(NoLawInForce):
        law_of("phu_yen", date(2026, 3, 1), TRIAL)
    law = law_of("phu_yen", FIRST, TRIAL)
    assert law == in_force("phu_yen", FIRST, simulate=[DRAFT.id])
    assert law.drafts == (DRAFT.id,)
    assert in_force("hanoi", FIRST).drafts == ()
    assert resolved("phu_yen", TRIAL) == [(FIRST, law)]


def test_what_is_issued_ends_the_trial() -> None:
    given = [DRAFT, ISSUED, NATIONAL]
    found = [(start, law.drafts) for start, law in resolved("phu_yen", TRIAL, given)]
    assert found == [(FIRST, (DRAFT.id,)), (date(2026, 7, 1), ())]


@pytest.mark.parametrize(
    ("authority", "drafts", "given", "message"),
    [
        ("phu_yen", ["atlantis_1999"], None, "no regulation: atlantis_1999"),
        ("hanoi", ["hanoi_2024"], None, "not a draft: hanoi_2024"),
        ("hanoi", ["phu_yen_2024"], None, "of phu_yen"),
        (
            "phu_yen",
            ["phu_yen_2024"],
            [DRAFT, ISSUED.model_copy(update={"valid_from": FIRST}), NATIONAL],
            "issued is in force",
        ),
    ],
)
def test_what_cannot_be_tried_is_refused(
    authority: str, drafts: list[str], given: list[Regulation] | None, message: str
) -> None:
    with pytest.raises(TrialRefused, match=message):
        check_trial(authority, TRIAL.model_copy(update={"drafts": tuple(drafts)}), given)


def test_a_draft_of_the_own_authority_may_be_tried() -> None:
    check_trial("phu_yen", TRIAL)


@pytest.mark.parametrize("wrong", [{"document": "  "}, {"drafts": ()}])
def test_a_trial_names_its_drafts_and_its_document(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Trial.model_validate({**TRIAL.model_dump(), **wrong})
