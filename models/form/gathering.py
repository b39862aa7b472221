"""From sheets to people: the rows of all sheets per person, and every refusal brought back to its cell."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from .cells import CellIssue, Header, cell_issue, read_header, read_row
from .fields import Catalogue, catalogue
from .issues import FieldIssue, problem
from .validating import row_problems, validate
from .workbook import FIRST_ROW, KEYS, Column, Sheet, people_of, workbook

Rows = Iterable[Sequence[Any]]


@dataclass(frozen=True)
class Line:
    """A row of the sheets ``Cơ quan`` or ``Vị trí``: its number and its values."""

    row: int
    values: Mapping[str, Any]


@dataclass
class Candidate:
    """One person, on the form whose sheet they stand in.

    ``extras``: what the import adds to the form (agency, category, login, e-mail).

    ``places`` tells where table rows came from (``education[0]`` → sheet, row); ``issues`` holds what could
    not be understood, :func:`judge` adds what is not allowed.
    """

    row: int
    content: dict[str, Any]
    extras: dict[str, Any]
    form: Catalogue
    places: dict[str, tuple[Sheet, int]] = field(default_factory=dict)
    issues: list[CellIssue] = field(default_factory=list)
    meant: list[str] = field(default_factory=list)
    """Paths whose old value was replaced by the code that it is decided to mean."""


@dataclass
class Gathered:
    """A whole workbook. ``issues`` are those of no single person: sheets, columns, agencies, orphans."""

    agencies: list[Line] = field(default_factory=list)
    posts: list[Line] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)
    issues: list[CellIssue] = field(default_factory=list)


def gather(cat: Catalogue, book: Mapping[str, Rows], *, on: date, also: Sequence[Catalogue] = ()) -> Gathered:
    """Put a workbook together. ``book``: sheet title → its rows, the two heading rows included.

    ``also``: forms besides the general one, each with a sheet of its own people. Later sheets may be missing;
    without any people's sheet there is nobody. Nothing is dropped in silence: a row that belongs to nobody, a
    key that stands twice or an agency nobody knows is an issue at its cell.
    """
    result = Gathered()
    agencies, posts, *_ = workbook(cat)
    result.agencies = _lines(agencies, book, result.issues, on)
    result.posts = _lines(posts, book, result.issues, on)
    held = [form for form in (cat, *also) if people_of(form).title in book]
    if not held:
        result.issues.append(cell_issue(people_of(cat), 0, None, problem("missing-sheet")))
        return result
    people: dict[tuple[str, Any], Candidate] = {}
    for form in held:
        _people(form, book, result, people)
    for form in held:
        for sheet in workbook(form)[3:]:
            for row, values, issues in _read(sheet, book, result.issues):
                _place(sheet, row, values, issues, people, result)
    known = {line.values.get("code") for line in result.agencies}
    if known:
        _agencies(agencies, result)
        _known_agencies(posts, known, result)
    return result


def judge(candidate: Candidate, *, on: date) -> tuple[CellIssue, ...]:
    """All that keeps a candidate out: what was not understood and what the form refuses, each at its cell."""
    cat = candidate.form
    about = catalogue("workbook")
    issues = list(candidate.issues)
    known = {(issue.sheet, issue.row, issue.field) for issue in issues}
    found = [
        *validate(about, candidate.extras, on=on, by="agency"),
        *validate(cat, candidate.content, on=on, by="agency"),
    ]
    for what in found:
        issue = _at_cell(candidate, what)
        if (issue.sheet, issue.row, issue.field) not in known:
            issues.append(issue)
    return tuple(issues)


def cell_at(candidate: Candidate, path: str) -> tuple[Sheet, int, str]:
    """Sheet, row and column's name where a path of the form stands in the workbook."""
    head, _, rest = path.partition(".")
    sheet, row = candidate.places.get(head, (people_of(candidate.form), candidate.row))
    return sheet, row, rest if head in candidate.places else path.partition("[")[0]


def _at_cell(candidate: Candidate, what: FieldIssue) -> CellIssue:
    sheet, row, name = cell_at(candidate, what.path)
    column = sheet.by_name.get(name) or sheet.by_name.get(f"{name}.province")
    label = column.label if column else what.label
    name = column.name if column else name
    return CellIssue(sheet.title, row, label, name, what.code, what.message_vi, what.message_en, what.source)


def _read(
    sheet: Sheet, book: Mapping[str, Rows], issues: list[CellIssue]
) -> Iterator[tuple[int, dict[str, Any], list[CellIssue]]]:
    """The rows of a sheet that hold something, as values and the issues of their cells."""
    header: Header | None = None
    for row, cells in enumerate(book.get(sheet.title, ()), start=1):
        if row == FIRST_ROW - 1:
            header, wrong = read_header(sheet, cells)
            issues.extend(wrong)
        elif row >= FIRST_ROW and header is not None:
            values, refused = read_row(header, row, cells)
            if values or refused:
                yield row, values, list(refused)
    if header is None and sheet.title in book:
        issues.extend(read_header(sheet, ())[1])


def _lines(sheet: Sheet, book: Mapping[str, Rows], issues: list[CellIssue], on: date) -> list[Line]:
    table = catalogue("workbook").by_name[sheet.name]
    lines = []
    first: dict[Any, int] = {}
    key = sheet.columns[0]
    for row, values, refused in _read(sheet, book, issues):
        cells = {issue.field for issue in refused}
        problems = [pair for pair in row_problems(table, values, on) if pair[0] not in cells]
        issues.extend(refused)
        issues.extend(cell_issue(sheet, row, sheet.by_name[name], what) for name, what in problems)
        earlier = first.setdefault(values.get(key.name), row)
        if earlier != row:
            issues.append(cell_issue(sheet, row, key, problem("duplicate-key", row=str(earlier))))
        elif not refused and not problems:
            lines.append(Line(row, values))
    return lines


def _people(
    cat: Catalogue, book: Mapping[str, Rows], result: Gathered, people: dict[tuple[str, Any], Candidate]
) -> None:
    extra = {field.name for field in catalogue("workbook").scalars}
    sheet = people_of(cat)
    for row, values, refused in _read(sheet, book, result.issues):
        content = {name: value for name, value in values.items() if name not in extra}
        extras = {name: value for name, value in values.items() if name in extra}
        person = Candidate(row, content, extras, cat, issues=refused)
        result.candidates.append(person)
        for name in KEYS:
            if name not in content:
                continue
            earlier = people.setdefault((name, content[name]), person)
            if earlier is not person:
                place = f"{earlier.row}" if earlier.form is cat else f"{earlier.row} ({earlier.form.sheet})"
                twice = problem("duplicate-key", row=place)
                person.issues.append(cell_issue(sheet, row, sheet.by_name[name], twice))


def _place(
    sheet: Sheet,
    row: int,
    values: dict[str, Any],
    refused: list[CellIssue],
    people: Mapping[tuple[str, Any], Candidate],
    result: Gathered,
) -> None:
    key = next((name for name in KEYS if name in values), KEYS[0])
    person = people.get((key, values.get(key)))
    if person is None:
        result.issues.extend(refused)
        result.issues.append(cell_issue(sheet, row, sheet.by_name[key], problem("unknown-person")))
        return
    rows = person.content.setdefault(sheet.name, [])
    person.places[f"{sheet.name}[{len(rows)}]"] = (sheet, row)
    person.issues.extend(refused)
    rows.append({name: value for name, value in values.items() if name not in KEYS})


def _known_agencies(posts: Sheet, known: set[Any], result: Gathered) -> None:
    what = problem("unknown-agency")
    for line in result.posts:
        if line.values["agency_code"] not in known:
            result.issues.append(cell_issue(posts, line.row, posts.by_name["agency_code"], what))
    for person in result.candidates:
        profiles, unit = people_of(person.form), person.form.by_meaning["employing_unit_id"].name
        for name, value in (
            ("agency_code", person.extras.get("agency_code")),
            (unit, person.content.get(unit)),
        ):
            if value is not None and value not in known:
                person.issues.append(cell_issue(profiles, person.row, profiles.by_name[name], what))


def _agencies(sheet: Sheet, result: Gathered) -> None:
    """Parents must be in the sheet and the tree must have no circle."""
    parent = {line.values["code"]: line.values.get("parent_code") for line in result.agencies}
    column: Column = sheet.by_name["parent_code"]
    for line in result.agencies:
        above = line.values.get("parent_code")
        if above is not None and above not in parent:
            result.issues.append(cell_issue(sheet, line.row, column, problem("unknown-agency")))
        elif _circles(line.values["code"], parent):
            result.issues.append(cell_issue(sheet, line.row, column, problem("agency-cycle")))


def _circles(code: str, parent: Mapping[str, Any]) -> bool:
    seen = {code}
    above = parent.get(code)
    while above is not None and above not in seen:
        seen.add(above)
        above = parent.get(above)
    return above is not None
