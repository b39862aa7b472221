"""A whole workbook: people put together, every refusal at its cell."""

from datetime import date
from typing import Any

import pytest

from models.form import Catalogue, Gathered, cells_of, gather, judge, workbook
from models.form.workbook import PROFILES

ON = date(2026, 11, 20)
AGENCIES = [
    {"code": "H26", "name": "Thành phố", "kind": "peoples_committee", "has_account": "yes"},
    {"code": "H26.02", "name": "Sở", "kind": "department", "parent_code": "H26", "has_account": "yes"},
]
POST = {"login": "head", "role": "head", "agency_code": "H26.02", "title": "Giám đốc", "holder_name": "A"}
POST["email"] = "head@example.invalid"
EXTRAS = {"agency_code": "H26.02", "staff_category": "civil_servant"}


class Book:
    """A workbook in memory, made from values."""

    def __init__(self, cat: Catalogue) -> None:
        self.cat = cat
        self.sheets = {sheet.name: sheet for sheet in workbook(cat)}
        self.rows: dict[str, list[list[Any]]] = {}
        for sheet in self.sheets.values():
            labels = [column.label for column in sheet.columns]
            self.rows[sheet.title] = [labels, [column.name for column in sheet.columns]]

    def add(self, name: str, values: dict[str, Any], /, **raw: Any) -> None:
        """Append a row; ``raw`` replaces cells after conversion."""
        sheet = self.sheets[name]
        cells = cells_of(sheet, values)
        for place, column in enumerate(sheet.columns):
            cells[place] = raw.get(column.name.replace(".", "__"), cells[place])
        self.rows[sheet.title].append(cells)

    def person(self, content: dict[str, Any], **raw: Any) -> None:
        """A line of ``Hồ sơ`` and the rows of the tables."""
        self.add("profiles", {**EXTRAS, **content}, **raw)
        key = {"citizen_id_number": content["citizen_id_number"]}
        for table in self.cat.tables:
            for row in content.get(table.name, ()):
                self.add(table.name, {**key, **row})

    def gathered(self) -> Gathered:
        """Put together."""
        return gather(self.cat, self.rows, on=ON)


@pytest.fixture
def book(cat: Catalogue) -> Book:
    """Two agencies and a post."""
    made = Book(cat)
    for agency in AGENCIES:
        made.add("agencies", agency)
    made.add("posts", POST)
    return made


def _seen(issues: Any) -> list[tuple[str, int, str, str]]:
    return [(issue.sheet, issue.row, issue.field, issue.code) for issue in issues]


def test_a_right_workbook(cat: Catalogue, book: Book, right: dict[str, Any]) -> None:
    book.person(right)
    found = book.gathered()
    assert found.issues == []
    assert [line.values for line in found.agencies] == AGENCIES
    assert [line.values for line in found.posts] == [POST]
    (person,) = found.candidates
    assert person.extras == EXTRAS
    assert person.content == right
    assert judge(person, on=ON) == ()


def test_refusals_come_back_to_their_cells(cat: Catalogue, book: Book, right: dict[str, Any]) -> None:
    book.person(right | {"citizen_id_number": "000175000002", "staff_number": "HN-2"})
    right["education"][1]["degree_level"] = "wizard"
    book.person(right, height_cm="cao", birth_date="30/02/1975", hometown__province="Atlantis", gender=None)
    issues = judge(book.gathered().candidates[1], on=ON)
    assert _seen(issues) == [
        (PROFILES, 4, "hometown.province", "place-unknown"),
        (PROFILES, 4, "height_cm", "wrong-type"),
        (PROFILES, 4, "gender", "missing"),
        (PROFILES, 4, "birth_date", "impossible-date"),
        ("32.1 Chuyên môn", 6, "degree_level", "unknown-code"),
    ]
    assert issues[-1].column == "Văn bằng, trình độ"


def test_extras_are_judged_too(cat: Catalogue, book: Book, right: dict[str, Any]) -> None:
    book.person(right, staff_category="Vua", email="nowhere", login="ÔNG")
    issues = judge(book.gathered().candidates[0], on=ON)
    assert _seen(issues) == [
        (PROFILES, 3, "staff_category", "unknown-code"),
        (PROFILES, 3, "login", "bad-format"),
        (PROFILES, 3, "email", "bad-format"),
    ]


def test_keys_that_stand_twice(cat: Catalogue, book: Book, right: dict[str, Any]) -> None:
    book.person(right)
    book.add("profiles", {**EXTRAS, **right})
    issues = judge(book.gathered().candidates[1], on=ON)
    assert (PROFILES, 4, "citizen_id_number", "duplicate-key") in _seen(issues)
    assert (PROFILES, 4, "staff_number", "duplicate-key") in _seen(issues)
    assert "dòng 3" in issues[0].message_vi


def test_a_table_row_may_name_its_person_by_staff_number(book: Book, right: dict[str, Any]) -> None:
    book.person(right)
    row = {"staff_number": "HN-000001", "from_month": "2010-05", "certificate": "B"}
    book.add("it_training", row)
    (person,) = book.gathered().candidates
    assert person.content["it_training"] == [{"from_month": "2010-05", "certificate": "B"}]


def test_rows_of_nobody_are_named(book: Book, right: dict[str, Any]) -> None:
    book.person(right)
    book.add("it_training", {"citizen_id_number": "000999999999", "from_month": "2010", "certificate": "B"})
    book.add("it_training", {"certificate": "B"})
    seen = _seen(book.gathered().issues)
    assert seen == [
        ("32.5 Tin học", 3, "citizen_id_number", "unknown-person"),
        ("32.5 Tin học", 4, "citizen_id_number", "unknown-person"),
    ]


def test_agencies(book: Book) -> None:
    extra = {"name": "x", "kind": "department", "has_account": "no"}
    book.add("agencies", {**extra, "code": "H26"})
    book.add("agencies", {**extra, "code": "A", "parent_code": "B"})
    book.add("agencies", {**extra, "code": "B", "parent_code": "A"})
    book.add("agencies", {**extra, "code": "C", "parent_code": "Z"})
    book.add("agencies", {**extra, "code": "D"}, kind="Vương quốc", name=None)
    found = book.gathered()
    assert _seen(found.issues) == [
        ("Cơ quan", 5, "code", "duplicate-key"),
        ("Cơ quan", 9, "name", "missing"),
        ("Cơ quan", 9, "kind", "unknown-code"),
        ("Cơ quan", 6, "parent_code", "agency-cycle"),
        ("Cơ quan", 7, "parent_code", "agency-cycle"),
        ("Cơ quan", 8, "parent_code", "unknown-agency"),
    ]
    assert [line.values["code"] for line in found.agencies] == ["H26", "H26.02", "A", "B", "C"]


def test_unknown_agencies_of_posts_and_people(cat: Catalogue, book: Book, right: dict[str, Any]) -> None:
    book.add("posts", POST | {"login": "other", "agency_code": "H99"})
    book.person(right | {"employing_unit_id": "H98"}, agency_code="H97")
    found = book.gathered()
    assert _seen(found.issues) == [("Vị trí", 4, "agency_code", "unknown-agency")]
    assert _seen(judge(found.candidates[0], on=ON)) == [
        (PROFILES, 3, "agency_code", "unknown-agency"),
        (PROFILES, 3, "employing_unit_id", "unknown-agency"),
    ]


def test_without_the_sheet_of_profiles_there_is_nobody(cat: Catalogue, book: Book) -> None:
    del book.rows[PROFILES]
    found = book.gathered()
    assert found.candidates == []
    assert _seen(found.issues) == [(PROFILES, 0, "", "missing-sheet")]


def test_missing_columns_are_named(cat: Catalogue, book: Book) -> None:
    book.rows[PROFILES] = [["x"], ["birth_full_name", "colour"], ["A"]]
    found = book.gathered()
    codes = {(issue.field, issue.code) for issue in found.issues}
    assert ("colour", "unknown-column") in codes
    assert ("citizen_id_number", "missing-column") in codes
    assert ("staff_number", "missing-column") not in codes


def test_an_empty_book_is_no_accident(cat: Catalogue) -> None:
    assert _seen(gather(cat, {}, on=ON).issues) == [(PROFILES, 0, "", "missing-sheet")]
    headless = gather(cat, {PROFILES: []}, on=ON)
    assert headless.candidates == []
    assert (PROFILES, 2, "birth_full_name", "missing-column") in _seen(headless.issues)
