"""A newer version of a code list: every row answered, what is not in it ends, nothing is lost."""

from datetime import date

import pytest

from models.form import Edition, code_list, list_names, list_of, lists_version, reading, validate
from models.form.codes import CodeList, packaged_list
from models.form.fields import catalogue
from models.form.list_versions import FIXED, Row, Version, as_row, version_of

DAY = date(2026, 7, 1)


def rows_of(known: CodeList, *without: str) -> list[Row]:
    """The list's codes in use as they would be handed in again."""
    return [
        Row(one.code, one.label, one.label_en, one.valid_from, one.valid_to, one.replaced_by, dict(one.extra))
        for one in known.codes.values()
        if one.code not in without
    ]


def handed_in(name: str, *more: Row, without: tuple[str, ...] = ()) -> Version:
    known = packaged_list(name)
    return version_of(known, [*rows_of(known, *without), *more], DAY)


def became(version: Version) -> dict[str, str]:
    return {row.code: row.became for row in version.rows if row.became != "same"}


@pytest.mark.parametrize("name", sorted(set(list_names()) - FIXED))
def test_a_packaged_list_handed_in_again_changes_nothing(name: str) -> None:
    version = handed_in(name)
    assert became(version) == {}
    again = list_of(name, version.plain())
    assert [as_row(one) for one in again.codes.values()] == [
        as_row(one) for one in packaged_list(name).codes.values()
    ]


def test_what_is_added_renamed_and_left_out() -> None:
    version = handed_in(
        "training_mode",
        Row("hybrid", "Kết hợp trực tuyến", ""),
        Row("full_time", "Chính quy tập trung"),
        without=("full_time", "part_time"),
    )
    known = packaged_list("training_mode")
    assert became(version) == {"hybrid": "added", "full_time": "renamed", "part_time": "ended"}
    then = list_of("training_mode", version.plain())
    before = date(2026, 6, 30)
    assert "hybrid" in then.on(DAY)
    assert "hybrid" not in then.on(before)
    assert "part_time" in then.on(before)
    assert "part_time" not in then.on(DAY)
    assert then.codes["part_time"].label == known.codes["part_time"].label
    (renamed,) = [row for row in version.rows if row.became == "renamed"]
    assert renamed.before == known.codes["full_time"].label


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ((Row("01", "Kinh"), Row("01", "Tày")), "the code stands twice"),
        ((Row("01", "Kinh"), Row("02", "KINH")), "another code in use"),
        ((Row("a b", "Kinh"),), "a code is letters"),
        ((Row("01", " "),), "a name has"),
        ((Row("01", "Kinh", replaced_by="zz"),), "the code that replaces it"),
        ((Row("01", "Kinh", valid_from=DAY, valid_to=DAY),), "it ends on or before"),
        ((Row("01", "Kinh", more={"salary_group": "A1"}),), "the list has no column"),
    ],
)
def test_a_wrong_row_is_said_and_keeps_the_version_out(rows: tuple[Row, ...], said: str) -> None:
    version = version_of(packaged_list("ethnicity"), rows, DAY)
    assert version.refused[0].became == "refused"
    assert any(said in one.en for row in version.refused for one in row.wrong)


def test_further_columns_are_the_lists_own() -> None:
    wrong = handed_in(
        "rank", Row("99.001", "Ngạch thử"), Row("99.002", "Ngạch khác", more={"salary_group": "?"})
    )
    assert {row.code: row.wrong[0].en for row in wrong.refused} == {
        "99.001": "a new code lacks column 'salary_group'",
        "99.002": "column 'salary_group' does not take this value",
    }
    right = handed_in("rank", Row("99.001", "Ngạch thử", more={"salary_group": "A1"}))
    assert became(right) == {"99.001": "added"}


def test_codes_that_a_check_names_do_not_end_and_ended_ones_do_not_come_back() -> None:
    (fixed,) = handed_in("contract_type", without=("fixed_term",)).refused
    assert (fixed.line, fixed.code) == (None, "fixed_term")
    known = packaged_list("position")
    ended = next(one for one in known.codes.values() if one.valid_to is not None)
    back = version_of(known, [*rows_of(known, ended.code), Row(ended.code, ended.label)], DAY)
    assert [row.wrong[0].en for row in back.refused] == ["an ended code is not used again"]


def test_a_loaded_list_is_read_instead_of_the_packaged_one() -> None:
    version = handed_in("ethnicity", without=("01",))
    edition = Edition("e", {"ethnicity": list_of("ethnicity", version.plain())})
    form, content = catalogue(), {"ethnicity": "01"}
    packaged = lists_version()
    with reading(edition):
        assert code_list("ethnicity").on(DAY).keys() == packaged_list("ethnicity").codes.keys() - {"01"}
        assert lists_version() != packaged
        found = [one for one in validate(form, content, on=DAY, by="agency") if one.path == "ethnicity"]
        before = date(2026, 6, 30)
        earlier = [one for one in validate(form, content, on=before, by="agency") if one.path == "ethnicity"]
    assert [one.code for one in found] == ["code-not-then"]
    assert earlier == []
    assert lists_version() == packaged
