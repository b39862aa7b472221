"""The workbook a plan of reorganisation is written in: two sheets, with what may be chosen."""

from io import BytesIO

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.worksheet.datavalidation import DataValidation

from api.intake.plans import ABOUT, BODY, COLUMNS, DUTIES, HEAD, OPERATIONS, STANDING, YES

ROWS = 2000
"""Rows in which words can be chosen."""
_CHOICES = {"op": OPERATIONS, "has_account": YES, "standing": STANDING, "duties": DUTIES}


def plan_template() -> bytes:
    """An empty workbook."""
    book = Workbook()
    head = book.active
    assert head is not None, "a new workbook has a sheet"
    head.title = HEAD
    for number, label in enumerate(ABOUT, start=1):
        head.cell(number, 1, label).font = Font(bold=True)
    head.column_dimensions["A"].width = 28
    head.column_dimensions["B"].width = 60
    body = book.create_sheet(BODY)
    for number, (label, name) in enumerate(COLUMNS.items(), start=1):
        head_cell = body.cell(1, number, label)
        head_cell.font = Font(bold=True)
        column = head_cell.column_letter
        body.column_dimensions[column].width = 24
        if name in _CHOICES:
            words = DataValidation("list", formula1=f'"{",".join(_CHOICES[name])}"', allow_blank=True)
            body.add_data_validation(words)
            words.add(f"{column}2:{column}{ROWS}")
    body.freeze_panes = "B2"
    made = BytesIO()
    book.save(made)
    return made.getvalue()
