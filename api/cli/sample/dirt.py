"""What is made wrong on purpose, and where: tests compare it with what an import answers."""

import unicodedata
from dataclasses import dataclass
from typing import Any

from .people import Person

SHARE = 50
_DECOMPOSED = 10
KINDS = ("wrong_code", "impossible_date", "missing_name", "duplicate_id", "text_in_number", "reversed_months")


@dataclass(frozen=True)
class DirtyRow:
    """A row an import must refuse: where, which field and with what code (see the form's messages)."""

    kind: str
    sheet: str
    row: int
    field: str
    code: str


def kind_of(index: int) -> str | None:
    """The dirt of person number ``index``: two in a hundred, every kind in turn."""
    return KINDS[(index // SHARE) % len(KINDS)] if index % SHARE == SHARE - 1 else None


def spoil(person: Person, kind: str, earlier: Person) -> dict[str, Any]:
    """Cells to write instead of the right ones: english_field → raw cell; changes tables in the content."""
    content = person.content
    if kind == "wrong_code":
        return {"ethnicity": "Dân tộc thứ 99"}
    if kind == "impossible_date":
        return {"birth_date": f"30/02/{content['birth_date'][:4]}"}
    if kind == "missing_name":
        return {"birth_full_name": None}
    if kind == "duplicate_id":
        return {"citizen_id_number": earlier.content["citizen_id_number"]}
    if kind == "text_in_number":
        return {"height_cm": "một mét sáu mươi"}
    last = content["work_history"][-1]
    content["work_history"][-1] = last | {"to_month": f"{int(last['from_month'][:4]) - 1}-01"}
    return {}


EXPECTED = {
    "wrong_code": ("ethnicity", "unknown-code"),
    "impossible_date": ("birth_date", "impossible-date"),
    "missing_name": ("birth_full_name", "missing"),
    "duplicate_id": ("citizen_id_number", "duplicate-key"),
    "text_in_number": ("height_cm", "wrong-type"),
    "reversed_months": ("to_month", "before-other"),
}


def decomposed(index: int, cells: list[Any]) -> list[Any]:
    """One row in ten is written in Unicode NFD, as some keyboards do."""
    if index % _DECOMPOSED != 3:
        return cells
    return [unicodedata.normalize("NFD", cell) if isinstance(cell, str) else cell for cell in cells]
