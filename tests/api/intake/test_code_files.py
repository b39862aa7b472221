"""The file of a code list's newer version: a workbook, CSV or YAML; what is wrong is named with its line."""

import csv
from io import BytesIO, StringIO

import pytest
from openpyxl import Workbook

from api.intake.code_files import CodeFileError, read_codes
from models.form.codes import packaged_list


def table(*, without: str = "01") -> list[list[str]]:
    """The list as somebody hands it in: one people left out, one called otherwise, one new."""
    head = ["Mã", "Tên", "label_en", "Mã thay thế"]
    rows = [[one.code, one.label, one.label_en, ""] for one in packaged_list("ethnicity").codes.values()]
    rows = [row for row in rows if row[0] != without]
    rows[0][1] += " (tên mới)"
    return [head, *rows, ["99.1", "Dân tộc thử", "invented", ""]]


def as_csv(rows: list[list[str]]) -> bytes:
    text = StringIO()
    csv.writer(text, delimiter=";").writerows(rows)
    return text.getvalue().encode()


def as_workbook(rows: list[list[str]]) -> bytes:
    book, made = Workbook(), BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(made)
    return made.getvalue()


def as_yaml(rows: list[list[str]]) -> bytes:
    return "\n".join(
        f'- {{code: "{row[0]}", label: "{row[1]}", label_en: "{row[2]}"}}' for row in rows[1:]
    ).encode()


def test_a_workbook_csv_and_yaml_say_the_same() -> None:
    found = [read_codes(made(table())) for made in (as_workbook, as_csv, as_yaml)]
    assert found[0] == found[1] == found[2]
    assert (found[0][-1].code, found[0][-1].label) == ("99.1", "Dân tộc thử")
    (dated,) = read_codes(b"code,label,valid_from,salary_group\n1,A,1/7/2026,A1\n")
    assert (dated.valid_from.isoformat(), dated.columns) == ("2026-07-01", {"salary_group": "A1"})


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"code,name\n1,A\n", 1),
        (b"code,label\n1,A\n2,B,,\n3," + b"x" * 301, 4),
        (b"code,label,valid_from\n1,A,soon\n", 2),
        (b"- {code: [1], label: A}\n", 1),
        (b"- {code: '1', label: A\n", 2),
        (b"\xff\xfe", 1),
        (b"code,label\n", 1),
    ],
)
def test_a_file_that_cannot_be_read_names_its_line(data: bytes, line: int) -> None:
    with pytest.raises(CodeFileError) as wrong:
        read_codes(data)
    assert wrong.value.line == line
