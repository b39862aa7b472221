"""The sample workbook, written and read back from disk: exactly the announced rows are wrong."""

import re
import unicodedata
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from python_calamine import CalamineWorkbook
from typer.testing import CliRunner

from api.cli.sample import AS_OF, Sample, sample, sample_app, template
from api.cli.sample.contracts import other_forms
from api.cli.sample.data import AUTHORITIES
from api.cli.sample.dirt import KINDS
from models.form import Gathered, catalogue, completeness, digest, gather, judge, workbook

OFFICIALS = 500
Sheets = dict[str, list[list[Any]]]


def _read(path: Path) -> Sheets:
    book = CalamineWorkbook.from_path(str(path))
    return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """The workbook of the default size."""
    return sample(tmp_path_factory.mktemp("sample") / "hanoi.xlsx", OFFICIALS)


@pytest.fixture(scope="module")
def sheets(made: Sample) -> Sheets:
    """Its cells."""
    return _read(made.path)


@pytest.fixture(scope="module")
def gathered(sheets: Sheets) -> Gathered:
    """Its people."""
    return gather(catalogue(), sheets, on=AS_OF)


def test_the_refused_rows_are_exactly_the_announced_ones(made: Sample, gathered: Gathered) -> None:
    assert gathered.issues == []
    assert len(gathered.candidates) == OFFICIALS
    issues = [issue for person in gathered.candidates for issue in judge(person, on=AS_OF)]
    refused = [(issue.sheet, issue.row, issue.field, issue.code) for issue in issues]
    announced = [(row.sheet, row.row, row.field, row.code) for row in made.dirty]
    assert sorted(refused) == sorted(announced)
    assert len(made.dirty) == OFFICIALS // 50
    assert {row.kind for row in made.dirty} == set(KINDS)


def test_the_authority(gathered: Gathered) -> None:
    agencies = {line.values["code"]: line.values for line in gathered.agencies}
    assert agencies["H26"]["name"] == "Ủy ban nhân dân thành phố Hà Nội"
    assert sum(values["kind"] == "commune_committee" for values in agencies.values()) == 126
    assert "Sở Nội vụ" in {values["name"] for values in agencies.values()}
    without = [values for values in agencies.values() if values["has_account"] == "no"]
    assert len(without) >= 5
    assert {values["kind"] for values in without} == {"public_service_unit", "internal_unit"}


def test_every_agency_with_an_account_has_its_posts(gathered: Gathered) -> None:
    posts = {(line.values["agency_code"], line.values["role"]) for line in gathered.posts}
    for line in gathered.agencies:
        expected = line.values["has_account"] == "yes"
        for role in ("head", "hr_officer", "approver"):
            assert ((line.values["code"], role) in posts) is expected
    roles = [line.values["role"] for line in gathered.posts]
    assert roles.count("administrator") == 1
    assert roles.count("department_officer") == 3
    assert roles.count("department_head") == 1, "who decides over the whole authority"
    known = {person.content.get("citizen_id_number") for person in gathered.candidates}
    holders = [
        line.values["holder_citizen_id"] for line in gathered.posts if "holder_citizen_id" in line.values
    ]
    assert len(holders) == len(set(holders)) > 100
    assert set(holders) <= known


def test_no_number_can_belong_to_anyone(sheets: Sheets, gathered: Gathered) -> None:
    for person in gathered.candidates:
        assert person.content["citizen_id_number"].startswith("000")
        assert person.content["social_insurance_number"].startswith("00")
        assert person.content["contact_phone"].startswith("0000")
        assert person.extras["email"].endswith("@example.invalid")
    for line in gathered.posts:
        assert line.values["email"].endswith("@example.invalid")
    text = "\n".join(str(cell) for rows in sheets.values() for row in rows for cell in row)
    assert set(re.findall(r"\b\d{12}\b", text)) == set(re.findall(r"\b000\d{9}\b", text))


OTHER_PAY = {
    "salary_percent",
    "position_salary_step",
    "position_salary_percent",
    "position_beyond_frame_percent",
    "position_beyond_frame_effective_on",
}
"""Of item 29 and 30: pay that nobody in the sample is on."""


def test_all_38_items_and_every_accent_occur(gathered: Gathered) -> None:
    cat = catalogue()
    filled = set().union(*(person.content.keys() for person in gathered.candidates))
    never = {field.name for field in cat.fields} - filled
    # A picture is no cell of a workbook; whoever is in office today was a child when the former regime ended.
    assert never <= {"portrait_photo", "former_regime_service", *OTHER_PAY}
    assert {field.item.split(".")[0] for field in cat.fields if field.name in filled} >= {
        str(number) for number in range(1, 39)
    }
    names = "".join(person.content.get("birth_full_name", "") for person in gathered.candidates)
    vowels = "AĂÂEÊIOÔƠUƯY"
    accented = {
        unicodedata.normalize("NFC", vowel + mark)
        for vowel in vowels
        for mark in ("", "\u0300", "\u0301", "\u0309", "\u0303", "\u0323")
    } | {"Đ"}
    assert accented - set(names) == set()


def test_some_rows_are_decomposed_and_read_the_same(sheets: Sheets, gathered: Gathered) -> None:
    rows = sheets["Hồ sơ"][2:]
    decomposed = [
        row for row in rows if any(isinstance(c, str) and c != unicodedata.normalize("NFC", c) for c in row)
    ]
    assert OFFICIALS * 0.08 <= len(decomposed) <= OFFICIALS * 0.12
    assert all(unicodedata.is_normalized("NFC", repr(person.content)) for person in gathered.candidates)


def test_nothing_is_later_than_the_day_it_is_as_of(gathered: Gathered) -> None:
    latest = AS_OF.isoformat()
    for person in gathered.candidates:
        for row in (person.content, *person.content.get("work_history", ())):
            for value in row.values():
                if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d(-\d\d)?", value):
                    assert value <= latest


def test_clean_forms_are_complete(made: Sample, gathered: Gathered) -> None:
    dirty = {row.row for row in made.dirty if row.sheet == "Hồ sơ"}
    for person in gathered.candidates:
        if person.row not in dirty:
            filled, asked = completeness(catalogue(), person.content)
            assert filled == asked


def test_the_same_seed_gives_the_same_cells_and_another_does_not(tmp_path: Path) -> None:
    one, two = (_read(sample(tmp_path / f"{n}.xlsx", 60, seed=7).path) for n in range(2))
    other = _read(sample(tmp_path / "other.xlsx", 60, seed=8).path)
    assert one == two
    assert one["Hồ sơ"] != other["Hồ sơ"]


def test_a_repeated_reading_changes_no_digest(sheets: Sheets, gathered: Gathered) -> None:
    again = gather(catalogue(), sheets, on=AS_OF)
    first = [digest(person.content) for person in gathered.candidates]
    assert first == [digest(person.content) for person in again.candidates]
    assert len(set(first)) == OFFICIALS


@pytest.mark.parametrize("officials", [0, -1, 1_000_000])
def test_impossible_sizes_are_refused(tmp_path: Path, officials: int) -> None:
    with pytest.raises(ValueError, match="officials"):
        sample(tmp_path / "x.xlsx", officials)
    assert not (tmp_path / "x.xlsx").exists()


def test_one_official_is_enough(tmp_path: Path) -> None:
    found = gather(catalogue(), _read(sample(tmp_path / "x.xlsx", 1).path), on=AS_OF)
    assert found.issues == []
    assert judge(found.candidates[0], on=AS_OF) == ()


def test_the_template_has_its_drop_downs_and_no_rows(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(template(tmp_path / "template.xlsx"))
    for sheet in workbook(catalogue()):
        page = book[sheet.title]
        assert page.max_row == 2
        assert [cell.value for cell in page[2]] == [column.name for column in sheet.columns]
        assert [cell.value.removesuffix(" *") for cell in page[1]] == [
            column.label for column in sheet.columns
        ]
        listed = {str(rule.sqref).split(":")[0] for rule in page.data_validations.dataValidation}
        assert len(listed) == sum(column.choices is not None for column in sheet.columns)
    profiles = workbook(catalogue())[2]
    own = openpyxl.utils.get_column_letter(1 + [c.name for c in profiles.columns].index("gender"))
    rules = book[profiles.title].data_validations.dataValidation
    (gender,) = (rule for rule in rules if str(rule.sqref).startswith(f"{own}3:"))
    column = next(c for c in book["Danh mục"].iter_cols() if c[0].value == "gender")
    assert [cell.value for cell in column if cell.value] == ["gender", "Nam", "Nữ"]
    letter = column[0].column_letter
    assert gender.formula1 == f"'Danh mục'!${letter}$2:${letter}$3"
    empty = gather(catalogue(), _read(tmp_path / "template.xlsx"), on=date(2026, 1, 1))
    assert (empty.issues, empty.candidates) == ([], [])


def test_the_commands(tmp_path: Path) -> None:
    runner = CliRunner()
    out = tmp_path / "s.xlsx"
    done = runner.invoke(sample_app, ["sample", str(out), "--officials", "3"])
    assert done.exit_code == 0
    assert "3 hồ sơ" in done.output
    assert out.exists()
    assert runner.invoke(sample_app, ["template", str(tmp_path / "t.xlsx")]).exit_code == 0
    assert runner.invoke(sample_app, ["sample", str(out), "--officials", "0"]).exit_code == 2


@pytest.mark.parametrize("authority", AUTHORITIES[1:])
def test_each_authority_has_a_sample_of_its_own_tree(authority: str, tmp_path: Path) -> None:
    made = sample(tmp_path / "sample.xlsx", 200, authority=authority)
    others = other_forms(authority, AS_OF)
    gathered = gather(catalogue(), _read(made.path), on=AS_OF, also=others)
    assert gathered.issues == []
    assert len(gathered.candidates) == made.officials
    for one in gathered.candidates:
        worker = one.extras["staff_category"] == "contract_worker"
        assert one.form.version == ("tt05_2023" if worker and others else "tt06_2023")
    assert [form.version for form in others] == (["tt05_2023"] if authority == "phu_yen" else [])
    if others:
        assert any(one.form is others[0] for one in gathered.candidates)
    issues = [issue for person in gathered.candidates for issue in judge(person, on=AS_OF)]
    refused = sorted((issue.sheet, issue.row, issue.field, issue.code) for issue in issues)
    assert refused == sorted((row.sheet, row.row, row.field, row.code) for row in made.dirty)
    agencies = {line.values["code"]: line.values for line in gathered.agencies}
    (root,) = [values for values in agencies.values() if "parent_code" not in values]
    assert all(code.startswith(root["code"]) for code in agencies)
    assert not [values for values in agencies.values() if "Hà Nội" in values["name"]]
    assert "Hà Nội" not in {
        p.content.get("recruiting_agency", "").split(", ")[-1] for p in gathered.candidates
    }
    general = [p for p in gathered.candidates if p.form is catalogue()]
    assert {p.content["managing_authority_id"] for p in general} == {root["code"]}


def test_the_ministry_s_departments_are_parts_of_it_and_its_institutes_are_under_it(tmp_path: Path) -> None:
    gathered = gather(catalogue(), _read(sample(tmp_path / "m.xlsx", 30, authority="moha").path), on=AS_OF)
    standing = {line.values["name"]: line.values.get("standing") for line in gathered.agencies}
    assert standing["Vụ Công chức - Viên chức"] == standing["Phòng Đào tạo"] == "constituent"
    assert standing["Trung tâm Thông tin"] == standing["Viện Khoa học tổ chức nhà nước"] == "subordinate"
    operating = [line.values["name"] for line in gathered.agencies if line.values.get("operates_database")]
    assert operating == ["Trung tâm Thông tin"]
    roles = {(line.values["role"], line.values["agency_code"]) for line in gathered.posts}
    assert {("hr_head", "G09.21"), ("department_head", "G09.02"), ("department_officer", "G09.02")} <= roles


def test_an_unknown_authority_has_no_sample(tmp_path: Path) -> None:
    found = CliRunner().invoke(sample_app, ["sample", str(tmp_path / "x.xlsx"), "--authority", "atlantis"])
    assert found.exit_code == 2
    assert not (tmp_path / "x.xlsx").exists()
