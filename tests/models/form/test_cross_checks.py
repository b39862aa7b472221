"""What only two fields together show to be wrong: the last value that is right, the first that is not."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from models.form import Catalogue, catalogue, cross_checks, validate
from models.form.cross_checks import said_by_number
from tests.forms import CONTRACT

ON = date(2026, 11, 20)
Spoil = Callable[[str, Any], dict[str, Any]]


def found(cat: Catalogue, content: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {one.path: (one.code, one.source) for one in validate(cat, content, on=ON, by="agency")}


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("000075000001", ("male", 1975)),
        ("000175000001", ("female", 1975)),
        ("000200000001", ("male", 2000)),
        ("000307000001", ("female", 2007)),
        ("00017500000", None),
        ("00017500000A", None),
        ("٠٠٠١٧٥٠٠٠٠٠١", None),
    ],
)
def test_what_a_number_states(number: str, said: tuple[str, int] | None) -> None:
    assert said_by_number(number) == said


@pytest.mark.parametrize(
    ("number", "right", "other"),
    [
        ("000175000001", True, ""),
        ("000075000001", False, "Giới tính"),
        ("000174000001", False, "Ngày sinh"),
        ("000375000001", False, "Ngày sinh"),
    ],
)
def test_the_number_against_gender_and_birth(
    cat: Catalogue, spoiled: Spoil, monkeypatch: pytest.MonkeyPatch, number: str, *, right: bool, other: str
) -> None:
    monkeypatch.setattr(cross_checks, "NOWHERE", "999")  # so that an invented number may be judged
    issues = [
        one
        for one in validate(cat, spoiled("citizen_id_number", number), on=ON, by="agency")
        if one.code == "id-mismatch"
    ]
    assert (not issues) is right
    if not right:
        assert other in issues[0].message_vi
        assert "Căn cước" in issues[0].source
        assert number not in issues[0].message_vi


def test_a_number_of_no_province_tells_nothing(cat: Catalogue, spoiled: Spoil) -> None:
    assert "citizen_id_number" not in found(cat, spoiled("citizen_id_number", "000099000001"))


@pytest.mark.parametrize(
    ("admitted", "official", "fits"),
    [
        ("2012-03-01", "2013-03-01", True),
        ("2012-03-01", "2013-02-28", False),
        ("2012-03", "2013-03", True),
        ("2012", "2013", True),
        ("2012", "2012", False),
        ("2012-03-31", "2013-01", False),
        ("2010-12-31", "2011-06-01", True),
    ],
)
def test_a_year_of_probation_since_the_charter_of_2011(
    cat: Catalogue, right: dict[str, Any], admitted: str, official: str, *, fits: bool
) -> None:
    right |= {"party_admission_on": admitted, "party_official_on": official}
    assert ("party_official_on" in found(cat, right)) is not fits


@pytest.mark.parametrize(
    ("until", "right"),
    [("2028-01-05", True), ("2028-01-06", True), ("2028-01-07", False), ("2030-01-01", False)],
)
def test_a_fixed_term_of_36_months(until: str, *, right: bool) -> None:
    issues = found(catalogue("tt05_2023"), {**CONTRACT, "contract_valid_to": until})
    assert ("contract_valid_to" not in issues) is right
    if not right:
        assert issues["contract_valid_to"][0] == "term-too-long"
        assert "Điều 20" in issues["contract_valid_to"][1]


def test_the_last_step_earns_the_allowance_beyond_the_frame(cat: Catalogue, right: dict[str, Any]) -> None:
    right |= {
        "salary_step": 8,
        "salary_coefficient": "6.78",
        "beyond_frame_seniority_percent": "5.00",
        "beyond_frame_effective_on": "2024-02-29",
    }
    assert found(cat, right) == {}


@pytest.mark.parametrize(("joined", "fits"), [("1990-04-30", True), ("1990-04-29", False), ("1990", True)])
def test_the_youth_union_from_fifteen(
    cat: Catalogue, right: dict[str, Any], joined: str, *, fits: bool
) -> None:
    right |= {"first_mass_org": "youth_union", "first_mass_org_joined_on": joined}
    assert ("first_mass_org_joined_on" in found(cat, right)) is not fits
    right["first_mass_org"] = "trade_union"
    assert "first_mass_org_joined_on" not in found(cat, right)


def test_a_card_for_the_young_since_the_law_of_2023(cat: Catalogue, right: dict[str, Any]) -> None:
    right |= {"birth_date": "2012-01-01", "citizen_id_issued_on": "2024-06-30"}
    assert found(cat, right)["citizen_id_issued_on"][0] == "too-young"
    right["citizen_id_issued_on"] = "2024-07-01"
    assert "citizen_id_issued_on" not in found(cat, right)


@pytest.mark.parametrize("gender", ["male", None])
def test_a_spouse_is_judged_only_against_a_gender_that_is_given(
    cat: Catalogue, right: dict[str, Any], gender: str | None
) -> None:
    right["gender"] = gender
    right["family_members"] = [{"side": "own", "relation": "husband", "full_name": "Lê Văn Thử"}]
    issues = found(cat, right)
    assert (issues.get("family_members[0].relation", ("",))[0] == "relation-gender") is (gender == "male")
