"""How an agency stands to its authority, and which one operates the database, come from the workbook."""

from activities.imports.agencies import SECTION
from models.form import workbook
from models.form.fields import catalogue
from tests.activities.imports.books import DEPARTMENT, OFFICE, ROOT, Agency, book
from tests.activities.imports.conftest import Desk

OFFICES = workbook(catalogue("tt06_2023"))[0].title
UNIT = Agency("H26.01.07", "Phòng Hành chính", "internal_unit", OFFICE.code, True, "office", 1)
ALL = (ROOT, OFFICE, DEPARTMENT, UNIT)
_STANDING = "SELECT code, standing FROM agencies ORDER BY code"


async def standing(desk: Desk) -> dict[str, str | None]:
    return {row.code: row.standing for row in await desk.rows(_STANDING)}


async def test_the_sheet_says_thuoc_or_truc_thuoc_and_silence_leaves_it(desk: Desk) -> None:
    assert SECTION == "agencies"
    brought = await desk.bring(book((), (), ALL))
    assert set(brought.verdicts(OFFICES).values()) <= {"create", "same"}
    told = await standing(desk)
    # a unit with an account of its own is a part all the same, because the sheet says so
    assert (told["H26"], told[OFFICE.code], told[UNIT.code]) == (None, "subordinate", "constituent")

    other = {("agencies", 6, "standing"): "Trực thuộc"}
    again = await desk.bring(book((), (), ALL, other))
    assert again.verdicts(OFFICES)[6] == "update"
    assert (await standing(desk))[UNIT.code] == "subordinate"
    silent = {("agencies", 6, "standing"): None}
    assert (await desk.bring(book((), (), ALL, silent))).verdicts(OFFICES)[6] == "same"
    assert (await standing(desk))[UNIT.code] == "subordinate"


async def test_a_word_that_is_no_standing_is_refused_at_its_cell(desk: Desk) -> None:
    brought = await desk.bring(book((), (), ALL, {("agencies", 5, "standing"): "gần"}))
    assert brought.codes(OFFICES, 5) == [("standing", "unknown-code")]


async def operator(desk: Desk) -> list[str]:
    found = "SELECT g.code FROM authorities a JOIN agencies g ON g.id = a.ict_department_id"
    return [row.code for row in await desk.rows(found)]


async def test_the_agency_that_operates_the_database_is_named_once(desk: Desk) -> None:
    cell = ("agencies", 4, "operates_database")
    await desk.bring(book((), (), ALL, {cell: "Có"}))
    assert await operator(desk) == [OFFICE.code]
    events = "SELECT facts FROM events WHERE kind = 'operator.named'"
    assert len(await desk.rows(events)) == 1
    await desk.bring(book((), (), ALL, {cell: "Có"}))
    await desk.bring(book((), (), ALL))  # silence names nobody else
    assert await operator(desk) == [OFFICE.code]
    assert len(await desk.rows(events)) == 1


async def test_two_operators_are_none(desk: Desk) -> None:
    both = {("agencies", row, "operates_database"): "Có" for row in (4, 5)}
    brought = await desk.bring(book((), (), ALL, both))
    for row in (4, 5):
        assert brought.verdicts(OFFICES)[row] == "conflict"
        assert brought.codes(OFFICES, row) == [("operates_database", "several-operators")]
    assert brought.verdicts(OFFICES)[6] == "conflict"  # it stands under a refused one
    assert await operator(desk) == []
