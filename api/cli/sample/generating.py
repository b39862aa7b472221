"""The sample workbook: agencies, posts and people, the same cells for the same seed."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

from models.form import Sheet, cells_of, people_of, workbook

from .contracts import on_contract, other_forms
from .dirt import EXPECTED, DirtyRow, decomposed, kind_of, spoil
from .organisation import Agency, agencies, posts
from .people import Person, person
from .writing import Book, add_all, open_book

AS_OF = date(2025, 9, 1)
WORKER = "contract_worker"


@dataclass(frozen=True)
class Sample:
    """What was written. ``dirty``: the rows an import must refuse, and why."""

    path: Path
    agencies: int
    posts: int
    officials: int
    dirty: tuple[DirtyRow, ...]


def sample(
    out: Path, officials: int = 500, seed: int = 1, *, as_of: date = AS_OF, authority: str = "hanoi"
) -> Sample:
    """Write the sample workbook of an authority's tree; no fact in it is later than ``as_of``.

    ValueError for less than one official or more than the invented numbers can tell apart (999,999).
    """
    if not 1 <= officials <= 999_999:
        raise ValueError("officials must be from 1 to 999,999")
    everyone = agencies(authority)
    places = _placed(everyone, officials, seed)
    others = other_forms(authority, as_of)
    book = open_book(others, drop_downs=False)
    sheets = {sheet.name: sheet for sheet in workbook(book.cat)}
    add_all(book, sheets["agencies"], (cells_of(sheets["agencies"], agency.row()) for agency in everyone))
    staff: dict[str, list[dict[str, Any]]] = defaultdict(list)
    dirty: list[DirtyRow] = []
    earlier: Person | None = None
    for index, (agency, place) in enumerate(places):
        someone = person(seed, index, agency, place, everyone[0].code, as_of)
        contract = others[0] if others and someone.extras["staff_category"] == WORKER else None
        kind = kind_of(index) if earlier and contract is None else None
        if kind is None:
            _keep_holder(staff, agency, place, someone)
        if contract is not None:
            sheet, signed = people_of(contract), on_contract(someone, contract, as_of)
            book.add(sheet, decomposed(index, cells_of(sheet, {**signed.extras, **signed.content})))
            continue
        dirty += _write(book, sheets, someone, kind, earlier)
        earlier = earlier or someone
    lines = list(posts(everyone, staff))
    add_all(book, sheets["posts"], (cells_of(sheets["posts"], line) for line in lines))
    book.save(out)
    return Sample(out, len(everyone), len(lines), officials, tuple(dirty))


def _keep_holder(staff: dict[str, list[dict[str, Any]]], agency: Agency, place: int, someone: Person) -> None:
    if place < 6:
        staff[agency.code].append(someone.content)


def _placed(everyone: tuple[Agency, ...], officials: int, seed: int) -> list[tuple[Agency, int]]:
    """Who works where: first someone for every agency, then by weight; with the place inside the agency."""
    rng = Random(f"{seed}/places")  # noqa: S311 - nothing secret
    chosen = list(everyone[:officials])
    rest = officials - len(chosen)
    chosen += rng.choices(everyone, [agency.weight for agency in everyone], k=rest)
    seen: dict[str, int] = defaultdict(int)
    result = []
    for agency in chosen:
        result.append((agency, seen[agency.code]))
        seen[agency.code] += 1
    return result


def _write(
    book: Book, sheets: dict[str, Sheet], someone: Person, kind: str | None, earlier: Person | None
) -> list[DirtyRow]:
    instead = spoil(someone, kind, earlier) if kind and earlier else {}
    profiles = sheets["profiles"]
    cells = cells_of(profiles, {**someone.extras, **someone.content})
    for place, column in enumerate(profiles.columns):
        if column.name in instead:
            cells[place] = instead[column.name]
    row = book.add(profiles, decomposed(someone.index, cells))
    last = _tables(book, sheets, someone, by_number=kind == "duplicate_id")
    if kind is None:
        return []
    field, code = EXPECTED[kind]
    if kind == "reversed_months":
        return [DirtyRow(kind, sheets["work_history"].title, last["work_history"], field, code)]
    return [DirtyRow(kind, profiles.title, row, field, code)]


def _tables(book: Book, sheets: dict[str, Sheet], someone: Person, *, by_number: bool) -> dict[str, int]:
    """Rows of the repeating tables; a person whose identity number is taken is named by staff number."""
    name = "staff_number" if by_number else "citizen_id_number"
    key = {name: someone.content[name]}
    last = {}
    for table in book.cat.tables:
        for values in someone.content.get(table.name, ()):
            cells = cells_of(sheets[table.name], {**key, **values})
            last[table.name] = book.add(sheets[table.name], decomposed(someone.index, cells))
    return last
