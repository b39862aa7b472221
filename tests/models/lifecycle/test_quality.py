"""Each criterion of data quality on invented profiles: met, and each way of failing it."""

import unicodedata
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from models.form import catalogue
from models.lifecycle.quality import (
    CRITERION_EN,
    CRITERION_VI,
    MEASURE_VI,
    MOST,
    Criterion,
    Measured,
    Yardstick,
    criteria_of,
    measure,
)
from models.regulations import in_force
from tests.forms import COMPLETE

ON = date(2025, 12, 11)
BY = Yardstick(on=ON, evidence_required=True, synced_until=date(2025, 12, 1))
AGENCY_S = {
    "managing_authority_id": "H26",
    "employing_unit_id": "H26.02",
    "record_code": "HS-0001",
}


def form(**changes: Any) -> dict[str, Any]:
    found = {**COMPLETE, **AGENCY_S, **changes}
    return {name: value for name, value in found.items() if value is not None}


def profile(content: dict[str, Any] | None = None, **changes: Any) -> Measured:
    known = content if content is not None else form()
    base = Measured(
        full_name=str(COMPLETE["birth_full_name"]).title(),
        content=known,
        form_version="tt06_2023",
        revision=1,
        synced=True,
        ever_synced=True,
        approved_on=date(2025, 11, 20),
    )
    return replace(base, **changes)


def codes(one: Measured, by: Yardstick = BY) -> dict[str, list[str]]:
    return {criterion.value: [code for code, _ in faults] for criterion, faults in measure(one, by).items()}


@pytest.mark.rule("nd27.art16.3")
def test_the_dossier_has_the_number_of_the_person_where_the_law_says_so() -> None:
    law = in_force("hanoi", date(2026, 8, 1), simulate=("nd27_2026",))
    assert law.slot("dossier_code") is not None
    assert in_force("hanoi", date(2026, 8, 1)).slot("dossier_code") is None, (
        "known from reports: binds nobody"
    )
    by = replace(BY, code_is_number=True)
    assert codes(profile()) == {}, "a code of the agency's own is no fault elsewhere"
    assert codes(profile(), by) == {"unified": ["dossier-code-differs"]}
    assert codes(profile(form(record_code=COMPLETE["citizen_id_number"])), by) == {}
    assert codes(profile(form(record_code=None)), by).get("unified") is None, "missing is told as missing"


def test_a_profile_in_order_fails_nothing() -> None:
    assert measure(profile(), BY) == {}


def test_every_criterion_has_its_words() -> None:
    for words in (CRITERION_VI, CRITERION_EN, MEASURE_VI):
        assert set(words) == set(Criterion)


@pytest.mark.rule("hanoi.art21.6.dq")
def test_the_law_names_the_criteria() -> None:
    rule = in_force("hanoi", ON).slot("quality_criteria")
    assert rule is not None
    named = criteria_of(rule.rule.items)
    assert [CRITERION_VI[one] for one in named] == ["Đúng", "Đủ", "Sạch", "Sống"]


def test_words_without_a_measure_fall_away() -> None:
    assert criteria_of(["clean", "beautiful", "correct"]) == (Criterion.CORRECT, Criterion.CLEAN)


def test_correct_means_lists_types_and_no_contradiction() -> None:
    assert codes(profile(form(gender="other"))) == {"correct": ["unknown-code"]}
    found = measure(profile(form(birth_date="2099-01-01")), BY)
    assert found[Criterion.CORRECT][0][1] == "birth_date"


def test_complete_means_required_fields_and_evidence() -> None:
    assert codes(profile(form(hometown=None))) == {"complete": ["missing"]}
    update = profile(revision=2)
    assert codes(update) == {"complete": ["evidence-missing"]}
    assert codes(replace(update, evidence=1)) == {}
    assert codes(replace(update, imported=True)) == {}
    assert codes(update, replace(BY, evidence_required=False)) == {}


def test_nothing_approved_is_nothing_good() -> None:
    found = codes(Measured("Nguyễn Thị Thử"))
    assert found == {
        "correct": ["nothing-approved"],
        "complete": ["nothing-approved"],
        "clean": ["nothing-approved"],
        "unified": ["nothing-approved"],
        "shared": ["never-synchronised"],
    }


@pytest.mark.parametrize(
    "spoilt",
    [
        {"birth_full_name": unicodedata.normalize("NFD", str(COMPLETE["birth_full_name"]))},
        {"birth_full_name": f" {COMPLETE['birth_full_name']}  "},
        {"other_names": ["Thử  Hai"]},
    ],
)
def test_clean_means_spelt_as_the_form_spells(spoilt: dict[str, Any]) -> None:
    assert codes(profile(form(**spoilt)))["clean"] == ["not-normal"]


def test_clean_means_nothing_and_nobody_twice() -> None:
    assert codes(profile(namesakes=1)) == {"clean": ["duplicate-person"]}
    assert codes(profile(same_staff_number=2)) == {"clean": ["duplicate-staff-number"]}
    table = next(t for t in catalogue("tt06_2023").tables if isinstance(form().get(t.name), list))
    rows = form()[table.name]
    assert "repeated-row" in codes(profile(form(**{table.name: [*rows, rows[0]]})))["clean"]
    assert codes(profile(form(other_names=["An", "An"])))["clean"] == ["repeated-value"]


def test_live_means_in_time_and_synchronised() -> None:
    assert codes(profile(overdue=1)) == {"live": ["overdue"]}
    assert codes(profile(synced=False)) == {"live": ["not-synchronised"]}
    fresh = profile(synced=False, approved_on=date(2025, 12, 2))
    assert codes(fresh) == {}  # the window for it has not ended
    assert codes(profile(synced=False), replace(BY, synced_until=None)) == {}


def test_unified_means_the_same_on_form_and_register() -> None:
    assert codes(profile(full_name="Trần Văn Khác")) == {"unified": ["name-differs"]}
    other = profile(form(staff_number="A2"), staff_number="A1")
    assert codes(other) == {"unified": ["staff-number-differs"]}
    assert codes(profile(same_id_number=False)) == {"unified": ["id-number-differs"]}
    decomposed = unicodedata.normalize("NFD", profile().full_name)
    assert codes(profile(full_name=decomposed)) == {}


def test_shared_means_held_by_the_national_database() -> None:
    assert codes(profile(ever_synced=False)) == {"shared": ["never-synchronised"]}


def test_only_so_many_places_are_told() -> None:
    many = form(other_names=[f"Tên  {n}" for n in range(40)], nonsense="x")
    assert all(len(faults) <= MOST for faults in measure(profile(many), BY).values())
