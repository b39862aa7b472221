"""Codes in their time, and what an old value may mean."""

from datetime import date
from typing import Any

import pytest

from models.form import Catalogue, code_list, suggest, validate
from models.form.codes import Code, CodeList
from models.form.suggesting import LEAST, likeness

BEFORE, ENDED = date(2025, 6, 30), date(2025, 7, 1)


def codes(cat: Catalogue, content: dict[str, Any], on: date) -> dict[str, str]:
    return {one.path: one.code for one in validate(cat, content, on=on, by="agency")}


def test_an_ended_post_states_nothing_today_and_stays_readable(cat: Catalogue, right: dict[str, Any]) -> None:
    right["current_position"] = "district_chair"
    assert "current_position" not in codes(cat, right, BEFORE)
    assert codes(cat, right, ENDED)["current_position"] == "code-not-then"
    assert "cấp huyện" in code_list("position").label("district_chair")
    (one,) = [x for x in validate(cat, right, on=ENDED, by="agency") if x.path == "current_position"]
    assert "trước 01/07/2025" in one.message_vi
    assert "before 2025-07-01" in one.message_en
    assert "Luật Tổ chức chính quyền địa phương 2025" in one.source


def test_each_of_several_values_is_judged_where_it_stands(cat: Catalogue, right: dict[str, Any]) -> None:
    right["planned_position"] = ["department_deputy", "district_chair"]
    assert codes(cat, right, ENDED)["planned_position[1]"] == "code-not-then"
    right["planned_position"] = ["department_deputy", "nothing"]
    assert codes(cat, right, ENDED)["planned_position[1]"] == "unknown-code"


MADE = CodeList(
    "training_mode",
    "Hình thức đào tạo",
    "thử",
    "own",
    {
        "old": Code("old", "Chuyên tu", "old", valid_to=date(2000, 1, 1), replaced_by="newer"),
        "newer": Code("newer", "Vừa làm vừa học", "newer", valid_from=date(2000, 1, 1)),
        "far": Code("far", "Đào tạo từ xa", "far"),
    },
)


@pytest.mark.parametrize(
    ("row", "code", "right"),
    [
        ({"from_month": "1993", "to_month": "1997"}, "old", True),
        ({"from_month": "1999-12", "to_month": "2004"}, "old", True),
        ({"from_month": "2000-01", "to_month": "2004"}, "old", False),
        ({"from_month": "2000-01"}, "old", False),
        ({"from_month": "1993", "to_month": "1999"}, "newer", False),
        ({"from_month": "1993"}, "newer", True),
        ({"to_month": "1999"}, "newer", False),
        ({}, "old", False),
        ({"from_month": "1993", "to_month": "1997"}, "far", True),
    ],
)
def test_a_row_is_judged_by_the_months_it_is_about(
    cat: Catalogue, monkeypatch: pytest.MonkeyPatch, row: dict[str, str], code: str, *, right: bool
) -> None:
    from models.form import dated_codes

    monkeypatch.setattr(dated_codes, "code_list", lambda name: MADE if name == MADE.name else code_list(name))
    content = {"education": [{**row, "institution": "A", "degree_level": "college", "mode": code}]}
    found = dict(dated_codes.not_then(cat, content, date(2026, 1, 1)))
    assert (found == {}) is right


def test_a_value_of_today_means_itself_and_an_ended_one_its_successor() -> None:
    today = date(2026, 1, 1)
    assert [(one.code, one.because) for one in suggest(MADE, "far", today)] == [("far", "same")]
    first, *_ = suggest(MADE, "old", today)
    assert (first.code, first.score, first.because) == ("newer", 1.0, "replaced_by")
    assert [one.code for one in suggest(MADE, "old", date(1999, 1, 1))] == ["old"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("truong phong", "division_head"),
        ("TRƯỞNG PHÒNG.", "division_head"),
        ("Phó giám đốc sở", "department_deputy"),
        ("Giám đốc Sở, phó", "department_deputy"),
        ("Chu tich UBND cap xa", "commune_chair"),
    ],
)
def test_free_texts_as_people_write_them(text: str, code: str) -> None:
    first, *rest = suggest(code_list("position"), text, ENDED)
    assert first.code == code
    assert all(one.score <= first.score for one in rest)


def test_an_ended_code_and_nonsense_are_no_suggestions() -> None:
    found = suggest(code_list("position"), "Chủ tịch Ủy ban nhân dân cấp huyện", ENDED)
    assert "district_chair" not in {one.code for one in found}
    assert suggest(code_list("position"), "xyz 123", ENDED) == ()
    assert suggest(code_list("position"), "", ENDED) == ()
    assert likeness("", "a") == 0.0
    assert all(one.score >= LEAST for one in found)
