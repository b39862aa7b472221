"""Agencies that stand and that a later workbook does not name: never ended for that; shown, ended when asked.

Ended one by one by the same act as anybody's (``POST /agencies/ends``), the lowest first, so every rule of it
holds: an agency with people or units in it is refused and stays.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import Any
from unicodedata import normalize
from uuid import UUID, uuid5

from python_calamine import CalamineWorkbook

from models.form import workbook
from models.form.fields import catalogue
from models.form.workbook import FIRST_ROW

Get = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Standing:
    """An agency that stands and is not named."""

    id: UUID
    code: str
    name: str
    depth: int


def codes_in(data: bytes) -> frozenset[str]:
    """The codes on the workbook's sheet of agencies."""
    sheet = workbook(catalogue("tt06_2023"))[0]
    book = CalamineWorkbook.from_filelike(BytesIO(data))
    title = next(name for name in book.sheet_names if normalize("NFC", name.strip()) == sheet.title)
    rows = book.get_sheet_by_name(title).to_python(skip_empty_area=False)
    names = [str(cell).strip() for cell in rows[FIRST_ROW - 2]]
    place = names.index("code")
    return frozenset(str(row[place]).strip() for row in rows[FIRST_ROW - 1 :] if str(row[place]).strip())


def missing(get: Get, named: frozenset[str]) -> list[Standing]:
    """What stands today and is not named, the lowest first; never the top, nor who keeps the database.

    ``get`` answers a page of ``GET /agencies`` for its parameters.
    """
    lines = {line["id"]: line for line in _pages(get)}

    def depth(line: dict[str, Any]) -> int:
        above = lines.get(line["parent_id"] or "")
        return 0 if above is None else 1 + depth(above)

    found = [
        Standing(UUID(line["id"]), line["code"], line["name"], depth(line))
        for line in lines.values()
        if line["code"] not in named
        and line["parent_id"] is not None
        and not (line["keeps_database"] or line["operates_database"])
    ]
    return sorted(found, key=lambda one: (-one.depth, one.code))


def _pages(get: Get) -> Iterator[dict[str, Any]]:
    after = None
    while True:
        page = get({"limit": 200} | ({"after": after} if after else {}))
        yield from page["items"]
        after = page["next"]
        if after is None:
            return


def body_of(one: Standing, document: str, on: date) -> dict[str, Any]:
    """What ``POST /agencies/ends`` is asked."""
    return {"agency_id": str(one.id), "document": document, "effective_on": on.isoformat()}


def key_of(key: str, one: Standing) -> str:
    """The Idempotency-Key of one agency under the import's: asked twice, ended once."""
    return str(uuid5(one.id, f"{key}/end"))
