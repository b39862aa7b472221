"""Everything an import refuses, each by its code, and that the lines beside it are written."""

from dataclasses import replace
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from openpyxl import load_workbook
from temporalio.exceptions import ApplicationError

from activities.imports import office
from models.messages import ImportStart

from .books import DEPARTMENT, OFFICE, ROOT, Agency, book, post, someone
from .conftest import Desk

PEOPLE, POSTS, OFFICES = "Hồ sơ", "Vị trí", "Cơ quan"


def without_sheet(data: bytes, title: str) -> bytes:
    opened = load_workbook(BytesIO(data))
    del opened[title]
    out = BytesIO()
    opened.save(out)
    return out.getvalue()


def without_column(data: bytes, title: str, name: str) -> bytes:
    opened = load_workbook(BytesIO(data))
    sheet = opened[title]
    sheet.delete_cols([cell.value for cell in sheet[2]].index(name) + 1)
    out = BytesIO()
    opened.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"not a workbook", "import-unreadable"),
        (without_sheet(book([someone(1)]), PEOPLE), "import-unreadable"),
        (without_column(book([someone(1)]), PEOPLE, "citizen_id_number"), "import-unreadable"),
        (without_column(book([someone(1)]), OFFICES, "code"), "import-unreadable"),
    ],
)
async def test_a_workbook_that_cannot_be_read_as_a_whole(desk: Desk, data: bytes, problem: str) -> None:
    brought = await desk.bring(data)
    assert (brought.row.state, brought.row.counts) == ("failed", {"problem": problem})
    assert brought.row.issues
    assert all(issue["message"] and issue["message_en"] for issue in brought.row.issues)
    assert not brought.lines
    assert await desk.count("profiles") == 0
    assert await desk.count("agencies") == 1
    assert await desk.run(brought.start) == brought.done


async def test_a_workbook_over_the_limit(desk: Desk) -> None:
    data = book([someone(1)])
    start = await desk.request(data)
    small = desk.settings.model_copy(update={"import_bytes": len(data) - 1})
    from temporalio.testing import ActivityEnvironment

    await ActivityEnvironment().run(office.ImportOffice(small, desk.tools).import_workbook, start)
    row = await desk.one("SELECT state, counts FROM imports")
    assert (row.state, row.counts) == ("failed", {"problem": "import-too-large"})


async def test_an_unknown_import_is_never_tried_again(desk: Desk) -> None:
    with pytest.raises(ApplicationError) as raised:
        await desk.run(ImportStart(authority_id=desk.authority, import_id=uuid4(), now=desk.now))
    assert raised.value.non_retryable


async def test_a_lost_file_is_tried_again(desk: Desk) -> None:
    start = await desk.request(book())
    await desk.write("UPDATE imports SET sha256 = :none", none="0" * 64)
    with pytest.raises(ApplicationError) as raised:
        await desk.run(start)
    assert (raised.value.type, raised.value.non_retryable) == ("workbook-missing", False)


@pytest.mark.parametrize(
    ("role", "state"),
    [("hr_officer", "active"), ("approver", "active"), ("administrator", "cancelled")],
)
async def test_who_may_not_import_imports_nothing(desk: Desk, role: str, state: str) -> None:
    by = await desk.administrator(role, state)
    brought = await desk.bring(book([someone(1)]), by=by)
    assert (brought.row.state, brought.row.counts) == ("failed", {"problem": "not-permitted"})
    assert await desk.count("profiles") == 0


@pytest.mark.parametrize("role", ["administrator", "department_officer"])
async def test_an_officer_of_the_department_gives_no_role_over_the_authority(desk: Desk, role: str) -> None:
    by = await desk.administrator("department_officer")
    brought = await desk.bring(book((), [post("root", role), post("hr.1", "hr_officer")]), by=by)
    assert brought.verdicts(POSTS) == {3: "refused", 4: "create"}
    assert brought.codes(POSTS, 3) == [("role", "not-permitted")]


async def test_an_officer_does_not_take_an_administrators_account_over(desk: Desk) -> None:
    one, other = someone(1), someone(2)
    boss = await desk.administrator()
    await desk.bring(book([one, other], [post("root", "administrator", one)]), by=boss)
    by = await desk.administrator("department_officer")
    brought = await desk.bring(book((), [post("root", "hr_officer", other)]), by=by)
    assert brought.codes(POSTS, 3) == [("role", "not-permitted")]


async def test_an_unknown_column_is_said_and_does_no_harm(desk: Desk) -> None:
    opened = load_workbook(BytesIO(book([someone(1)])))
    opened[PEOPLE].cell(2, opened[PEOPLE].max_column + 1, "shoe_size")
    out = BytesIO()
    opened.save(out)
    brought = await desk.bring(out.getvalue())
    assert [issue["code"] for issue in brought.row.issues] == ["unknown-column"]
    assert brought.verdicts(PEOPLE) == {3: "create"}


CELLS: list[tuple[str, Any, str]] = [
    ("ethnicity", "?", "unknown-code"),
    ("birth_date", "30/02/1980", "impossible-date"),
    ("birth_full_name", None, "missing"),
    ("height_cm", "cao", "wrong-type"),
    ("citizen_id_number", "12", "bad-format"),
    ("citizen_id_number", None, "missing"),
    ("gender", "#REF!", "bad-cell"),
    ("blood_type", "#N/A", "bad-cell"),
    ("agency_code", "H99", "unknown-agency"),
    ("agency_code", None, "missing"),
    ("staff_category", "vua", "unknown-code"),
    ("email", "not an address", "bad-format"),
    ("login", "A B", "bad-format"),
]
"""What somebody typed, and what is said of it; ``blood_type`` may be empty but not an error."""


async def test_a_dirty_line_is_refused_whole_and_its_neighbours_written(desk: Desk) -> None:
    people = [someone(n) for n in range(1, 2 * len(CELLS) + 1)]
    raw = {("profiles", 3 + 2 * n, name): cell for n, (name, cell, _) in enumerate(CELLS)}
    brought = await desk.bring(book(people, raw=raw))
    assert brought.verdicts(PEOPLE) == {3 + n: "create" if n % 2 else "refused" for n in range(len(people))}
    for n, (name, _, code) in enumerate(CELLS):
        assert (name, code) in brought.codes(PEOPLE, 3 + 2 * n)
    assert await desk.count("profiles") == len(CELLS)


async def test_a_wrong_row_of_a_table_keeps_the_whole_person_out(desk: Desk) -> None:
    one = someone(1)
    assert one.content["work_history"]
    brought = await desk.bring(book([one, someone(2)], raw={("work_history", 3, "from_month"): "31/31/2000"}))
    assert brought.verdicts(PEOPLE) == {3: "refused", 4: "create"}
    (issue,) = [i for i in brought.lines[PEOPLE, 3].issues if i["field"] == "from_month"]
    assert (issue["row"], issue["sheet"].startswith("33")) == (3, True)
    assert issue["column"]


async def test_a_table_row_of_nobody_is_refused_by_itself(desk: Desk) -> None:
    brought = await desk.bring(
        book([someone(1)], raw={("work_history", 3, "citizen_id_number"): "000999999999"})
    )
    orphans = [line for (title, _), line in brought.lines.items() if title.startswith("33 ")]
    assert [(o.row, o.verdict, o.issues[0]["code"]) for o in orphans] == [(3, "refused", "unknown-person")]
    assert brought.row.counts["tables"] == {"refused": 1}


async def test_the_same_number_twice_in_the_workbook(desk: Desk) -> None:
    one = someone(1)
    twin = someone(2, citizen_id_number=one.content["citizen_id_number"], staff_number="HN-9")
    for table in [k for k, v in twin.content.items() if isinstance(v, list) and v and isinstance(v[0], dict)]:
        del twin.content[table]
    brought = await desk.bring(book([one, twin]))
    assert brought.verdicts(PEOPLE) == {3: "create", 4: "refused"}
    assert ("citizen_id_number", "duplicate-key") in brought.codes(PEOPLE, 4)


async def test_the_same_login_twice_in_the_workbook(desk: Desk) -> None:
    one, other = someone(1), someone(2)
    other.extras["login"] = one.extras["login"]
    brought = await desk.bring(book([one, other]))
    assert brought.verdicts(PEOPLE) == {3: "create", 4: "refused"}
    assert brought.codes(PEOPLE, 4) == [("login", "duplicate-login")]
    assert "(dòng 3)" in brought.lines[PEOPLE, 4].issues[0]["message"]


async def test_agencies_that_cannot_stand_take_their_people_along(desk: Desk) -> None:
    lost = Agency("H26.77", "Sở Không Tên", "department", "H26.66", True, "department", 1)
    inside = someone(1, lost)
    brought = await desk.bring(
        book([inside, someone(2)], [post("post.x", "head", agency_code="H26.77")], [ROOT, OFFICE, lost])
    )
    assert brought.verdicts(OFFICES) == {3: "same", 4: "create", 5: "conflict"}
    assert brought.codes(OFFICES, 5) == [("parent_code", "unknown-agency")]
    assert brought.verdicts(PEOPLE) == {3: "refused", 4: "create"}
    assert ("agency_code", "unknown-agency") in brought.codes(PEOPLE, 3)
    assert brought.codes(POSTS, 3) == [("agency_code", "unknown-agency")]


async def test_agencies_need_not_be_repeated_once_they_stand(desk: Desk) -> None:
    await desk.bring(book())
    new = Agency("H26.01.05", "Phòng Tổng hợp", "internal_unit", "H26.01", False, "office", 1)
    brought = await desk.bring(book([someone(1), someone(2, new)], [post("post.x", "head")], [new]))
    assert brought.verdicts(OFFICES) == {3: "create"}
    assert brought.verdicts(PEOPLE) == {3: "create", 4: "create"}
    assert brought.verdicts(POSTS) == {3: "create"}
    assert DEPARTMENT.code == "H26.02"


async def test_a_unit_with_people_is_put_elsewhere_by_a_plan_only(desk: Desk) -> None:
    unit = Agency("H26.01.05", "Phòng Tổng hợp", "internal_unit", "H26.01", False, "office", 1)
    empty = replace(unit, code="H26.01.06", name="Phòng Trống")
    offices = [ROOT, OFFICE, DEPARTMENT, unit, empty]
    await desk.bring(book([someone(1, unit)], (), offices))
    moved = [replace(one, parent_code="H26.02", name=f"{one.name} mới") for one in (unit, empty)]
    brought = await desk.bring(book((), (), [ROOT, OFFICE, DEPARTMENT, *moved]))
    assert brought.verdicts(OFFICES) == {3: "same", 4: "same", 5: "same", 6: "conflict", 7: "update"}
    assert brought.codes(OFFICES, 6) == [("parent_code", "move-needs-plan")]
    row = await desk.one("SELECT name FROM agencies WHERE code = 'H26.01.05'")
    assert row.name == "Phòng Tổng hợp", "a line is taken whole or not at all"


async def test_a_circle_of_agencies(desk: Desk) -> None:
    one = Agency("H26.71", "Một", "department", "H26.72", True, "department", 1)
    two = Agency("H26.72", "Hai", "department", "H26.71", True, "department", 1)
    brought = await desk.bring(book((), (), [ROOT, one, two, OFFICE]))
    assert brought.verdicts(OFFICES) == {3: "same", 4: "conflict", 5: "conflict", 6: "create"}
    assert brought.codes(OFFICES, 4) == [("parent_code", "agency-cycle")]


async def test_a_post_whose_holder_is_nobody(desk: Desk) -> None:
    brought = await desk.bring(book([], [post("post.x", "approver", someone(1))]))
    assert brought.codes(POSTS, 3) == [("holder_citizen_id", "unknown-holder")]
    assert await desk.count("accounts", "login = 'post.x'") == 0


async def test_more_issues_than_are_kept_are_counted(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from activities.imports import lines

    monkeypatch.setattr(lines, "MOST_ISSUES", 2)
    raw = {("profiles", 3, name): "#REF!" for name in ("gender", "ethnicity", "religion", "blood_type")}
    brought = await desk.bring(book([someone(1)], raw=raw))
    kept = brought.lines[PEOPLE, 3].issues
    assert [issue["code"] for issue in kept[:2]] != ["more-issues"] * 2
    assert kept[2]["code"] == "more-issues"
    assert kept[2]["message_en"].split()[0].isdigit()
