"""Every refusal of the form, one case each, and that nothing right is refused."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.form import Catalogue, catalogue, owned_by, validate
from models.form.issues import messages
from tests.forms import CONTRACT

ON = date(2026, 11, 20)
Spoil = Callable[[str, Any], dict[str, Any]]
ROW = {"from_month": "2000", "institution": "A", "degree_level": "college"}

CASES: list[tuple[str, Any, str, str]] = [
    # change at, to, issue at, code
    ("unheard_of", "x", "unheard_of", "unknown-field"),
    ("education[0].unheard_of", "x", "education[0].unheard_of", "unknown-field"),
    ("hometown.planet", "x", "hometown", "unknown-field"),
    ("birth_full_name", ..., "birth_full_name", "missing"),
    ("birth_full_name", "   ", "birth_full_name", "missing"),
    ("birth_place", {}, "birth_place", "missing"),
    ("work_history", [], "work_history", "missing"),
    ("work_history", [{}], "work_history", "missing"),
    ("record_code", ..., "record_code", "missing"),
    ("education[0].institution", ..., "education[0].institution", "missing"),
    ("education[0].institution", "  ", "education[0].institution", "missing"),
    ("position_appointed_on", ..., "position_appointed_on", "missing-with"),
    ("enlisted_on", ..., "enlisted_on", "missing-with"),
    ("highest_military_rank", ..., "highest_military_rank", "missing-with"),
    ("rank_code", ..., "rank_code", "missing-with"),
    ("salary_effective_on", ..., "salary_effective_on", "missing-with"),
    ("beyond_frame_seniority_percent", "5.00", "beyond_frame_effective_on", "missing-with"),
    ("birth_full_name", 7, "birth_full_name", "wrong-type"),
    ("birth_date", 1975, "birth_date", "wrong-type"),
    ("gender", 1, "gender", "wrong-type"),
    ("citizen_id_number", 175000001, "citizen_id_number", "wrong-type"),
    ("height_cm", "158", "height_cm", "wrong-type"),
    ("height_cm", True, "height_cm", "wrong-type"),
    ("height_cm", 158.0, "height_cm", "wrong-type"),
    ("weight_kg", 52.5, "weight_kg", "wrong-type"),
    ("rewards[0].year", "2023", "rewards[0].year", "wrong-type"),
    ("rewards[0].year", True, "rewards[0].year", "wrong-type"),
    ("hometown", "Hà Nội", "hometown", "wrong-type"),
    ("hometown.detail", 5, "hometown", "wrong-type"),
    ("other_names", "Bé", "other_names", "wrong-type"),
    ("other_names[0]", 5, "other_names[0]", "wrong-type"),
    ("education", "none", "education", "wrong-type"),
    ("education[0]", "none", "education[0]", "wrong-type"),
    ("education[0].mode", ["full_time"], "education[0].mode", "wrong-type"),
    ("gender", "x", "gender", "unknown-code"),
    ("ethnicity", "99", "ethnicity", "unknown-code"),
    ("planned_position[0]", "king", "planned_position[0]", "unknown-code"),
    ("education[1].degree_level", "wizard", "education[1].degree_level", "unknown-code"),
    ("birth_date", "1975-02-30", "birth_date", "impossible-date"),
    ("birth_date", "1975-13", "birth_date", "impossible-date"),
    ("salary_effective_on", "2023-02-29", "salary_effective_on", "impossible-date"),
    ("education[0].from_month", "1993-00", "education[0].from_month", "impossible-date"),
    ("birth_date", "30/04/1975", "birth_date", "bad-format"),
    ("birth_date", "1975-4-30", "birth_date", "bad-format"),
    ("salary_effective_on", "2024", "salary_effective_on", "bad-format"),
    ("education[0].from_month", "1993-09-01", "education[0].from_month", "bad-format"),
    ("citizen_id_number", "00017500000", "citizen_id_number", "bad-format"),
    ("citizen_id_number", "00017500000A", "citizen_id_number", "bad-format"),
    ("citizen_id_number", "٠٠٠١٧٥٠٠٠٠٠١", "citizen_id_number", "bad-format"),
    ("social_insurance_number", "123", "social_insurance_number", "bad-format"),
    ("health_insurance_card", "gd4000000000001", "health_insurance_card", "bad-format"),
    ("contact_phone", "12345", "contact_phone", "bad-format"),
    ("managing_authority_id", "H 26", "managing_authority_id", "bad-format"),
    ("portrait_photo", "photo.jpg", "portrait_photo", "bad-format"),
    ("position_salary_amount", "12.000.000", "position_salary_amount", "bad-format"),
    ("position_salary_amount", "-5", "position_salary_amount", "bad-format"),
    ("salary_coefficient", "5,08", "salary_coefficient", "bad-format"),
    ("salary_coefficient", "5.083", "salary_coefficient", "bad-format"),
    ("salary_coefficient", "NaN", "salary_coefficient", "bad-format"),
    ("salary_coefficient", "1e3", "salary_coefficient", "bad-format"),
    ("birth_place.commune", "4831", "birth_place", "bad-format"),
    ("birth_full_name", "A" * 101, "birth_full_name", "too-long"),
    ("hometown.detail", "a" * 301, "hometown", "too-long"),
    ("employer_assessment", "a" * 4001, "employer_assessment", "too-long"),
    ("height_cm", 15, "height_cm", "out-of-range"),
    ("weight_kg", "900", "weight_kg", "out-of-range"),
    ("salary_percent", "100.01", "salary_percent", "out-of-range"),
    ("salary_step", 0, "salary_step", "out-of-range"),
    ("rewards[0].year", 23, "rewards[0].year", "out-of-range"),
    ("recruiting_agency", "Sở\u200bNội vụ", "recruiting_agency", "unreadable-character"),
    ("recruiting_agency", "Sở\u202eNội vụ", "recruiting_agency", "unreadable-character"),
    ("recruiting_agency", "Sở\u0000", "recruiting_agency", "unreadable-character"),
    ("recruiting_agency", "Sở\nNội vụ", "recruiting_agency", "unreadable-character"),
    ("recruiting_agency", "\ud800", "recruiting_agency", "unreadable-character"),
    ("hometown.detail", "\u200fThôn", "hometown", "unreadable-character"),
    ("birth_full_name", "Nguyễn Thị Ánh", "birth_full_name", "upper-case"),
    ("birth_date", "2026-11-21", "birth_date", "future-date"),
    ("birth_date", "2027", "birth_date", "future-date"),
    ("citizen_id_issued_on", "2026-11-21", "citizen_id_issued_on", "future-date"),
    ("education[0].from_month", "2026-12", "education[0].from_month", "future-date"),
    ("rewards[0].year", 2027, "rewards[0].year", "future-date"),
    ("citizen_id_issued_on", "1975-04-29", "citizen_id_issued_on", "before-birth"),
    ("education[0].from_month", "1974", "education[0].from_month", "before-birth"),
    ("rewards[0].year", 1974, "rewards[0].year", "before-birth"),
    ("first_recruited_on", "1970-01-01", "first_recruited_on", "before-birth"),
    ("party_official_on", "2001-05-18", "party_official_on", "before-other"),
    ("party_official_on", "2000", "party_official_on", "before-other"),
    ("discharged_on", "1993-12", "discharged_on", "before-other"),
    ("joined_current_agency_on", "1998-08-31", "joined_current_agency_on", "before-other"),
    ("position_reappointed_on", "2015-02-28", "position_reappointed_on", "before-other"),
    ("work_history[0].to_month", "1998-08", "work_history[0].to_month", "before-other"),
    ("first_recruited_on", "1990-04-29", "first_recruited_on", "too-young"),
    ("party_admission_on", "1993-04-29", "party_admission_on", "too-young"),
    ("enlisted_on", "1989", "enlisted_on", "too-young"),
    ("birth_date", "1899", "birth_date", "too-old"),
    ("salary_history[1].from_month", "2020-12", "salary_history[1].from_month", "overlap"),
    ("other_names[1]", "Nguyễn Ánh", "other_names[1]", "repeated-value"),
    ("other_names[1]", " Nguyễn  Ánh ", "other_names[1]", "repeated-value"),
    ("other_names", [f"Tên {n}" for n in range(51)], "other_names", "too-many-rows"),
    ("education", [ROW] * 201, "education", "too-many-rows"),
    ("family_income", [{"other_income": "1"}] * 2, "family_income", "too-many-rows"),
    ("hometown.province", "99", "hometown", "place-unknown"),
    ("hometown.commune", "99999", "hometown", "place-unknown"),
    ("hometown", {"province": "17", "commune": "00070"}, "hometown", "place-unknown"),
    ("hometown", {"abroad": "Viêng Chăn, Lào", "province": "01"}, "hometown", "place-unknown"),
    ("hometown", {"detail": "Thôn Đoài"}, "hometown", "place-missing"),
    ("current_address.district", "Quận Hoàn Kiếm", "current_address", "place-former"),
    ("current_address", {"abroad": "Viêng Chăn"}, "current_address", "place-former"),
    ("hometown.province", "48", "hometown", "commune-elsewhere"),
    ("rank_title", "Chuyên viên", "rank_title", "rank-mismatch"),
    ("salary_step", 9, "salary_step", "step-outside"),
    ("salary_coefficient", "5.42", "salary_coefficient", "coefficient-mismatch"),
    ("salary_history[0].coefficient", "4.41", "salary_history[0].coefficient", "coefficient-mismatch"),
    ("family_members[0].birth_year", 1975, "family_members[0].birth_year", "relation-age"),
    ("family_members[1].birth_year", 1970, "family_members[1].birth_year", "relation-age"),
    ("family_members[2].relation", "wife", "family_members[2].relation", "relation-side"),
    ("family_members[0].relation", "wife", "family_members[0].relation", "relation-gender"),
    ("citizen_id_issued_on", "1989-04-29", "citizen_id_issued_on", "too-young"),
    ("party_admission_on", ..., "party_admission_on", "missing-with"),
    ("highest_qualification", "university", "highest_qualification", "below-row"),
    ("beyond_frame_seniority_percent", "5.00", "beyond_frame_seniority_percent", "not-last-step"),
    (
        "disciplines",
        [{"side": "party", "from_month": "2020", "form": "demotion"}],
        "disciplines[0].form",
        "other-side",
    ),
]


def _codes(cat: Catalogue, content: dict[str, Any], by: Any = "agency") -> list[tuple[str, str]]:
    return [(issue.path, issue.code) for issue in validate(cat, content, on=ON, by=by)]


def test_the_right_dossier_is_right(cat: Catalogue, right: dict[str, Any]) -> None:
    assert _codes(cat, right) == []


@pytest.mark.parametrize(("at", "value", "path", "code"), CASES)
def test_refused(cat: Catalogue, spoiled: Spoil, at: str, value: Any, path: str, code: str) -> None:
    assert (path, code) in _codes(cat, spoiled(at, value))


@pytest.mark.parametrize(
    ("at", "value"),
    [
        ("birth_date", "1975"),
        ("birth_date", "1975-04"),
        ("hometown", {"abroad": "Viêng Chăn, Lào"}),
        ("hometown", {"province": "35", "district": "Huyện Lý Nhân"}),
        ("first_recruited_on", "1990"),  # fifteen in the course of that year
        ("first_recruited_on", "1990-04-30"),  # on the fifteenth birthday
        ("citizen_id_issued_on", "2026-11-20"),
        ("party_official_on", "2001"),
        ("contact_phone", "+84000123456"),
        ("position_appointed_on", "2014-01-01"),
        ("position_reappointed_on", ...),
        ("employer_assessment", "Một.\nHai."),
        ("other_names", ["", "Bé", None]),
        ("salary_coefficient", " 5.08 "),
        ("birth_full_name", "NGUYỄN THỊ ÁNH"),  # decomposed letters are judged in their normal form
        ("family_members[2].birth_year", 1990),  # a spouse's parent is not compared with the person
    ],
)
def test_allowed(cat: Catalogue, spoiled: Spoil, at: str, value: Any) -> None:
    assert _codes(cat, spoiled(at, value)) == []


def test_an_empty_row_keeps_the_place_of_the_next(cat: Catalogue, right: dict[str, Any]) -> None:
    right["education"] = [{}, {"institution": " "}, right["education"][0] | {"mode": "x"}]
    assert _codes(cat, right) == [("education[2].mode", "unknown-code")]


def test_item_38_and_the_authority_fields_are_not_the_persons(cat: Catalogue, right: dict[str, Any]) -> None:
    codes = _codes(cat, right, "person")
    owned = {field.name for field in cat.fields if field.owner == "agency"}
    assert set(codes) == {(name, "not-your-field") for name in owned}
    assert _codes(cat, owned_by(cat, right, "person"), "person") == []


def test_the_person_is_not_asked_for_what_the_authority_owns(cat: Catalogue) -> None:
    missing = {path for path, code in _codes(cat, {}, "person") if code == "missing"}
    required = {field.name for field in cat.fields if field.required == "always" and field.owner == "person"}
    assert missing == required


def test_issues_come_in_the_order_of_the_form_with_label_and_source(cat: Catalogue, spoiled: Spoil) -> None:
    content = spoiled("education[1].degree_level", "wizard") | {"birth_date": "1975-02-30", "gender": "x"}
    found = validate(cat, content, on=ON, by="agency")
    assert [issue.path for issue in found] == ["gender", "birth_date", "education[1].degree_level"]
    assert found[1].message_vi == "Ngày sinh: lịch không có ngày này."
    assert found[1].source == "Thông tư 06/2023/TT-BNV, Phụ lục, mục 3"
    assert found[2].label.endswith("dòng 2: Văn bằng, trình độ")


def test_no_message_repeats_the_value(cat: Catalogue, spoiled: Spoil) -> None:
    for at, value, _, _ in CASES:
        if isinstance(value, str) and len(value) > 6 and not at.startswith(("rank_", "unheard")):
            for issue in validate(cat, spoiled(at, value), on=ON, by="agency"):
                assert value not in issue.message_vi


def test_every_message_of_the_form_has_its_case() -> None:
    workbook_only = {
        "missing-sheet", "missing-column", "unknown-column", "repeated-column", "bad-cell",
        "duplicate-key", "unknown-person", "unknown-agency", "agency-cycle",
    }  # fmt: skip
    elsewhere = {"too-soon", "term-too-long", "id-mismatch", "code-not-then"}  # with their edges
    provoked = {code for *_, code in CASES} | {"not-your-field"} | elsewhere
    assert provoked == set(messages()) - workbook_only


def test_the_labour_contract() -> None:
    cat = catalogue("tt05_2023")
    content = {"contract_valid_from": "2025-01-01", "contract_valid_to": "2024-12-31", "contract_type": "x"}
    codes = {(issue.path, issue.code) for issue in validate(cat, content, on=ON, by="person")}
    assert ("contract_valid_to", "before-other") in codes
    assert ("contract_type", "unknown-code") in codes
    assert ("worker_full_name", "missing") in codes
    assert validate(cat, CONTRACT, on=ON, by="person") == ()
    endless = {name: value for name, value in CONTRACT.items() if name != "contract_valid_to"}
    (issue,) = validate(cat, endless, on=ON, by="person")
    assert (issue.path, issue.code) == ("contract_valid_to", "missing-with")
    assert validate(cat, endless | {"contract_type": "indefinite"}, on=ON, by="person") == ()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = [field.name for field in catalogue().fields]
COLUMNS = sorted({column.name for table in catalogue().tables for column in table.columns})


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(NAMES),
        json_values
        | st.lists(st.dictionaries(st.sampled_from(COLUMNS), json_values, max_size=4), max_size=3),
        max_size=12,
    )
)
def test_no_json_makes_it_stumble(content: dict[str, Any]) -> None:
    for issue in validate(catalogue(), content, on=ON, by="agency"):
        assert issue.message_vi.startswith(issue.label)
        assert issue.message_en
        assert issue.source


def test_bottomless_nesting_is_only_a_wrong_type(cat: Catalogue, right: dict[str, Any]) -> None:
    deep: Any = []
    for _ in range(5000):
        deep = [deep]
    right["birth_full_name"] = deep
    assert _codes(cat, right) == [("birth_full_name", "wrong-type")]
