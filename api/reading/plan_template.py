"""The workbook a plan of reorganisation is written in: two sheets, the kinds of line to choose from."""

from io import BytesIO

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.worksheet.datavalidation import DataValidation

from api.intake.plans import ABOUT, BODY, COLUMNS, HEAD, OPERATIONS

ROWS = 2000
"""Rows in which a kind of line can be chosen."""


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
    for number, label in enumerate(COLUMNS, start=1):
        body.cell(1, number, label).font = Font(bold=True)
        body.column_dimensions[body.cell(1, number).column_letter].width = 24
    kinds = DataValidation("list", formula1=f'"{",".join(OPERATIONS)}"', allow_blank=True)
    body.add_data_validation(kinds)
    kinds.add(f"A2:A{ROWS}")
    body.freeze_panes = "B2"
    made = BytesIO()
    book.save(made)
    return made.getvalue()
