"""Workbooks for tests: the sample generator's people, set out as a test wants them."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from api.cli.sample.generating import AS_OF
from api.cli.sample.organisation import Agency, agencies
from api.cli.sample.people import Person, person
from api.cli.sample.writing import open_book
from models.form import cells_of, workbook

ROOT, OFFICE, DEPARTMENT = agencies()[:3]
"""The city, its office (H26.01) and its department of home affairs (H26.02)."""


def someone(index: int, agency: Agency = OFFICE, **changes: Any) -> Person:
    """Person number ``index`` of the sample, with some fields of the form changed."""
    made = person(7, index, agency, 5, ROOT.code, AS_OF)
    made.content.update(changes)
    return made


def post(login: str, role: str, holder: Person | None = None, **changes: str) -> dict[str, Any]:
    """A line of ``Vị trí`` in the office."""
    values = {
        "login": login,
        "role": role,
        "agency_code": OFFICE.code,
        "title": "Chuyên viên",
        "holder_name": "Người giữ vị trí",
        "email": f"{login}@example.invalid",
    }
    if holder is not None:
        values["holder_name"] = holder.content["birth_full_name"]
        values["holder_citizen_id"] = holder.content["citizen_id_number"]
    return values | changes


def book(
    people: Sequence[Person] = (),
    posts: Sequence[Mapping[str, Any]] = (),
    offices: Sequence[Agency] = (ROOT, OFFICE, DEPARTMENT),
    raw: Mapping[tuple[str, int, str], Any] | None = None,
) -> bytes:
    """The bytes of a workbook. ``raw``: (sheet's name, row, column's name) → the cell as typed."""
    made = open_book(drop_downs=False)
    sheets = {sheet.name: sheet for sheet in workbook(made.cat)}
    rows: dict[str, list[Mapping[str, Any]]] = {name: [] for name in sheets}
    rows["agencies"] = [office.row() for office in offices]
    rows["posts"] = list(posts)
    for one in people:
        rows["profiles"].append({**one.extras, **one.content})
        key = {"citizen_id_number": one.content.get("citizen_id_number")}
        for table in made.cat.tables:
            rows[table.name] += [{**key, **values} for values in one.content.get(table.name, ())]
    for name, sheet in sheets.items():
        for number, values in enumerate(rows[name], start=3):
            cells = cells_of(sheet, values)
            for place, column in enumerate(sheet.columns):
                if raw and (name, number, column.name) in raw:
                    cells[place] = raw[name, number, column.name]
            made.add(sheet, cells)
    out = BytesIO()
    made.save(out)  # type: ignore[arg-type] — openpyxl writes to any binary file
    return out.getvalue()
