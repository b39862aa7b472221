"""Formulas in exports: whatever people wrote, no workbook that leaves here holds one."""

import re
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from openpyxl import Workbook, load_workbook

import api
from api import bulk_fields, bulk_workbook
from api.reading import registers
from models.form import catalogue, cells_of, guarded, workbook
from models.form.workbook import choices_of, sheet_named

HOSTILE = (
    '=HYPERLINK("http://evil.example","Xem")', "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1+1", "\r=1+1",
    "'=1+1",
)  # fmt: skip
WRITERS = {
    "reading/registers.py": "texts of a register, each through `_cell`",
    "bulk_workbook.py": "results of an order, each through `_cell`",
    "bulk_fields.py": "fields of the form through `cells_of`, names and reasons guarded",
    "reading/plan_template.py": "words of our own only",
    "cli/sample/writing.py": "the empty template and invented people: words of our own and of the code lists",
}
"""Every module that writes a workbook, and how what it writes is kept from being a formula."""


def kinds(*rows: list[Any]) -> set[str]:
    """What the cells of these rows are once written and read again: ``f`` is a formula."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("x")
    for row in rows:
        sheet.append(row)
    out = BytesIO()
    book.save(out)
    return {cell.data_type for row in load_workbook(BytesIO(out.getvalue())).worksheets[0] for cell in row}


def test_formulas_the_check_itself_sees_one() -> None:
    assert "f" in kinds(["=1+1"])


def test_formulas_everything_that_writes_a_workbook_is_known() -> None:
    folder = Path(api.__file__).parents[1]
    writing = {
        path.relative_to(folder).as_posix()
        for name in ("models", "workflows", "activities", "api")
        for path in (folder / name).rglob("*.py")
        if re.search(
            r"openpyxl import .*\bWorkbook\b|\bcsv\.(?:writer|DictWriter)\(", path.read_text(encoding="utf-8")
        )
    }
    assert writing == {f"api/{one}" for one in WRITERS}


@pytest.mark.parametrize("text", HOSTILE)
def test_formulas_none_in_any_export(text: str) -> None:
    person = SimpleNamespace(id=uuid4(), full_name=text, form_version=None)
    form = catalogue("tt06_2023")
    told = {"recruiting_agency": text, "gender": text, "birth_date": text, "other_names": [text]}
    rows = [
        [registers._cell(text)],
        [bulk_workbook._cell(text)],
        bulk_fields._left_out(person, form),
        cells_of(sheet_named(form, "profiles"), told),
    ]
    assert kinds(*rows) <= {"s", "n"}
    shown = [cell for row in rows for cell in row if isinstance(cell, str) and text.strip() in cell]
    assert len(shown) >= 7, "it is shown, as a text"
    assert all(cell.startswith("'") for cell in shown)


def test_formulas_no_word_of_a_code_list_is_one() -> None:
    lists = {column.choices for sheet in workbook(catalogue("tt06_2023")) for column in sheet.columns}
    words = [word for name in lists if name for word in choices_of(name)]
    assert len(words) > 100
    assert [word for word in words if guarded(word) != word] == []
