"""Cells in and out."""

import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.form import Catalogue, catalogue, cells_of, guarded, normalise, read_header, read_row, workbook
from models.form.workbook import choice, choices_of, sheet_named

Read = Callable[..., tuple[dict[str, Any], list[tuple[str, str]]]]


@pytest.fixture
def read(cat: Catalogue) -> Read:
    """Read one row of a sheet given as name → cell; returns the values and (field, code) of the issues."""

    def one(sheet_name: str, **cells: Any) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        names = {name.replace("__", "."): cell for name, cell in cells.items()}
        header, wrong = read_header(sheet_named(cat, sheet_name), list(names))
        assert all(issue.code == "missing-column" for issue in wrong)
        values, issues = read_row(header, 3, list(names.values()))
        assert all((issue.sheet, issue.row) == (header.sheet.title, 3) for issue in issues)
        return values, [(issue.field, issue.code) for issue in issues]

    return one


@pytest.mark.parametrize(
    ("field", "cell", "value"),
    [
        ("birth_date", date(1975, 4, 30), "1975-04-30"),
        ("birth_date", datetime(1975, 4, 30, 0, 0), "1975-04-30"),  # noqa: DTZ001 - as readers give it
        ("birth_date", "30/4/1975", "1975-04-30"),
        ("birth_date", "30.04.1975", "1975-04-30"),
        ("birth_date", "04/1975", "1975-04"),
        ("birth_date", 1975.0, "1975"),
        ("birth_date", "30/02/1975", "1975-02-30"),
        ("birth_date", "x", "x"),
        ("gender", "Nữ", "female"),
        ("gender", "NỮ", "female"),
        ("gender", unicodedata.normalize("NFD", "nữ"), "female"),
        ("gender", "female", "female"),
        ("gender", "?", "?"),
        ("ethnicity", "01", "01"),
        ("rank_code", "01.003 – Chuyên viên", "01.003"),
        ("rank_code", "chuyên viên", "01.003"),
        ("citizen_id_number", 175000001.0, "000175000001"),
        ("citizen_id_number", " 000175000001 ", "000175000001"),
        ("social_insurance_number", 1.0, "0000000001"),
        ("contact_phone", 912345678, "0912345678"),
        ("contact_phone", "'+84000123456", "+84000123456"),
        ("birth_full_name", " nguyễn  thị ánh ", "NGUYỄN THỊ ÁNH"),
        ("height_cm", 158.0, 158),
        ("height_cm", "158", 158),
        ("weight_kg", 52.5, "52.5"),
        ("salary_coefficient", 2.1, "2.10"),
        ("salary_coefficient", "2,34", "2.34"),
        ("salary_coefficient", 2.345, "2.345"),
        ("salary_percent", 85, "85.00"),
        ("position_salary_amount", 12_000_000.0, "12000000"),
        ("position_salary_amount", "12.000.000", "12000000"),
        ("position_salary_amount", "12 000 000", "12000000"),
        ("other_names", "Bé; Ánh ;", ["Bé", "Ánh"]),
        ("planned_position", "Trưởng phòng; Hiệu trưởng", ["division_head", "principal"]),
        ("staff_number", 12.0, "12"),
        ("recruiting_agency", "'=SUM(A1)", "=SUM(A1)"),
        ("recruiting_agency", "'t Hooft", "'t Hooft"),
    ],
)
def test_understood(read: Read, field: str, cell: Any, value: Any) -> None:
    assert read("profiles", **{field: cell}) == ({field: value}, [])


@pytest.mark.parametrize(
    ("field", "cell", "code"),
    [
        ("height_cm", "một mét", "wrong-type"),
        ("height_cm", 158.5, "wrong-type"),
        ("height_cm", True, "wrong-type"),
        ("height_cm", "٣", "wrong-type"),
        ("height_cm", "1" * 16, "wrong-type"),
        ("salary_coefficient", "nhiều", "wrong-type"),
        ("salary_coefficient", True, "wrong-type"),
        ("salary_coefficient", "NaN", "wrong-type"),
        ("salary_coefficient", "1e99", "wrong-type"),
        ("position_salary_amount", "12,5 triệu", "wrong-type"),
        ("position_salary_amount", True, "wrong-type"),
        ("gender", "#N/A", "bad-cell"),
        ("birth_place__province", "Atlantis", "place-unknown"),
        ("birth_place__commune", "Xã Atlantis", "place-unknown"),
    ],
)
def test_not_understood(read: Read, field: str, cell: Any, code: str) -> None:
    assert read("profiles", **{field: cell}) == ({}, [(field.replace("__", "."), code)])


@pytest.mark.parametrize("empty", [None, "", "  ", "\u00a0"])
def test_empty_cells_are_absent(read: Read, empty: Any) -> None:
    assert read("profiles", gender=empty, birth_place__detail=empty, other_names=empty) == ({}, [])


def test_an_address_is_put_together(read: Read) -> None:
    values, issues = read(
        "profiles",
        birth_place__province="Hà Nội",
        birth_place__commune="phường hoàn kiếm",
        hometown__province=17.0,
        hometown__district="Huyện Đà Bắc",
        hometown__commune=4831.0,
        current_address__province="01 – Thành phố Hà Nội",
        current_address__commune="00070 – Phường Hoàn Kiếm",
        current_address__detail="Số 1",
    )
    assert issues == []
    assert values["birth_place"] == {"province": "01", "commune": "00070"}
    assert values["hometown"] == {"province": "17", "district": "Huyện Đà Bắc", "commune": "04831"}
    assert values["current_address"] == {"province": "01", "commune": "00070", "detail": "Số 1"}


def test_columns_are_found_in_any_order_and_wrong_ones_named(cat: Catalogue) -> None:
    sheet = sheet_named(cat, "agencies")
    header, issues = read_header(sheet, ["name", None, "code", "colour", "name", "kind", "parent_code"])
    assert [(column.name, place) for column, place in header.places] == [
        ("name", 0),
        ("code", 2),
        ("kind", 5),
        ("parent_code", 6),
    ]
    assert [(issue.field, issue.code, issue.row) for issue in issues] == [
        ("colour", "unknown-column", 2),
        ("name", "repeated-column", 2),
        ("has_account", "missing-column", 2),
    ]
    assert read_row(header, 3, ["Sở A"])[0] == {"name": "Sở A"}


def test_the_workbook_has_every_field_once(cat: Catalogue) -> None:
    sheets = workbook(cat)
    assert [sheet.title for sheet in sheets[:3]] == ["Cơ quan", "Vị trí", "Hồ sơ"]
    titles = [sheet.title for sheet in sheets]
    assert len(set(titles)) == len(titles)
    for title in titles:
        assert len(title) <= 31
        assert not set(title) & set("[]:*?/\\")
    named = {column.field.name for column in sheet_named(cat, "profiles").columns}
    assert {field.name for field in cat.scalars if field.kind != "attachment"} <= named
    for table in cat.tables:
        columns = [column.name for column in sheet_named(cat, table.name).columns]
        assert columns == ["citizen_id_number", "staff_number", *table.column]
    for sheet in sheets:
        assert len(sheet.by_name) == len(sheet.columns)
        assert all(column.label for column in sheet.columns)
    with pytest.raises(KeyError):
        sheet_named(cat, "nothing")


def test_drop_downs_read_back_as_their_code(cat: Catalogue) -> None:
    names = {column.choices for sheet in workbook(cat) for column in sheet.columns if column.choices}
    assert {"province", "rank", "ethnicity"} <= names
    assert "01.003 – Chuyên viên" in choices_of("rank")
    assert "01 – Thành phố Hà Nội" in choices_of("province")
    assert choice("gender", "female") == "Nữ"
    assert choice("gender", "?") == "?"


@pytest.mark.parametrize("text", ["=1+1", "+84", "-5", "@x", "'=x", "''=x"])
def test_no_cell_is_a_formula(cat: Catalogue, text: str) -> None:
    assert guarded(text)[0] == "'"
    sheet = sheet_named(cat, "profiles")
    header, _ = read_header(sheet, [column.name for column in sheet.columns])
    cells = cells_of(sheet, {"recruiting_agency": text})
    assert read_row(header, 3, cells)[0] == {"recruiting_agency": text}


@pytest.mark.parametrize("text", ["=1+1", "+84", "-5", "@x", "=HYPERLINK(A1)"])
def test_no_cell_is_a_formula_whatever_its_column(cat: Catalogue, text: str) -> None:
    """Codes nobody knows, days that are none, provinces that are gone: as they were taken over once."""
    given = {
        "gender": text, "birth_date": text, "other_names": [text, text], "planned_position": [text],
        "birth_place": {"province": text, "commune": text, "detail": text}, "recruiting_agency": text,
    }  # fmt: skip
    sheet = sheet_named(cat, "profiles")
    cells = [cell for cell in cells_of(sheet, given) if isinstance(cell, str)]
    assert len(cells) >= len(given)
    assert [cell for cell in cells if not cell.startswith("'")] == []
    assert [cell for cell in cells if cell.startswith("''")] == [], "guarded once"


def test_harmless_texts_stay_as_they_are() -> None:
    assert guarded("Sở Nội vụ") == "Sở Nội vụ"
    assert guarded("'t") == "'t"


texts = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=8)
profiles = st.fixed_dictionaries(
    {},
    optional={
        "recruiting_agency": texts.filter(lambda text: not text.startswith("#")),
        "gender": st.sampled_from(["male", "female"]),
        "rank_code": st.sampled_from(["01.003", "V.07.02.24"]),
        "birth_date": st.sampled_from(["1975", "1975-04", "1975-04-30", "1899-12-31", "1900-02-28"]),
        "salary_coefficient": st.decimals(1, 13, places=2).map(str),
        "salary_percent": st.decimals(0, 100, places=2).map(str),
        "position_salary_amount": st.integers(0, 10**15 - 1).map(str),
        "height_cm": st.integers(50, 250),
        "planned_position": st.lists(
            st.sampled_from(["principal", "division_head"]), min_size=1, unique=True
        ),
        "citizen_id_number": st.integers(0, 10**12 - 1).map("{:012}".format),
        "contact_phone": st.just("+84000123456"),
        "hometown": st.sampled_from(
            [
                {"province": "01", "commune": "00070", "detail": "Số 1"},
                {"province": "17", "district": "Huyện Đà Bắc", "commune": "04831"},
                {"abroad": "Viêng Chăn, Lào"},
            ]
        ),
    },
)


@settings(deadline=None)
@given(profiles)
def test_export_then_import_changes_nothing(content: dict[str, Any]) -> None:
    sheet = sheet_named(catalogue(), "profiles")
    header, _ = read_header(sheet, [column.name for column in sheet.columns])
    values, issues = read_row(header, 3, cells_of(sheet, content))
    assert issues == ()
    assert values == normalise(content)
