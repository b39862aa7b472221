"""Reads the packaged calendar years, and refuses a file that contradicts itself, naming the line."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

from models.calendar.days import CalendarYear, SpecialDay
from models.calendar.source import Location, Problem, SourceError, parse, read

FOLDER = Path(__file__).parent / "years"


def load_year(path: Path, content: str | None = None) -> CalendarYear:
    """One year from its file, or from the content that came under its name.

    Raises SourceError with every problem found.
    """
    document = read(path, content)
    year = parse(document, CalendarYear)
    problems = [document.problem(where, what) for where, what in contradictions(year)]
    if problems:
        raise SourceError(problems)
    return year


@cache
def seed_years() -> tuple[CalendarYear, ...]:
    return tuple(load_year(path) for path in sorted(FOLDER.glob("*.yaml")))


def check_years(paths: list[Path]) -> list[Problem]:
    """Every problem of the given files; a year given twice is one."""
    problems: list[Problem] = []
    years: dict[int, str] = {}
    for path in paths:
        try:
            year = load_year(path).year
        except SourceError as error:
            problems += error.problems
            continue
        if year in years:
            problems.append(Problem(path.name, 1, f"năm {year} đã có trong / year already in {years[year]}"))
        years[year] = path.name
    return problems


def contradictions(year: CalendarYear) -> Iterator[tuple[Location, str]]:
    """What the shape of the file cannot say: each with the place of the value."""
    acts = {act.id for act in year.proclamations}
    counted = Counter(day.date for day in (*year.days, *year.working_days))
    for name in ("days", "working_days"):
        for index, day in enumerate(getattr(year, name)):
            for key, message in _wrong(day, year, acts, counted, name == "working_days"):
                yield (name, index, key), message


def _wrong(
    day: SpecialDay, year: CalendarYear, acts: set[str], counted: Counter[date], worked: bool
) -> Iterator[tuple[str, str]]:
    if day.date.year != year.year:
        yield "date", f"{day.date} không thuộc năm / is not in the year {year.year}"
    if counted[day.date] > 1:
        yield "date", f"ngày lặp lại / day given twice: {day.date}"
    if day.proclamation is not None and day.proclamation not in acts:
        yield "proclamation", f"không có thông báo / no such proclamation: {day.proclamation}"
    if day.kind == "statutory" and not day.law:
        yield "kind", f"thiếu điều luật / article missing: {day.date}"
    if day.kind == "proclaimed" and not (day.proclamation and day.swap):
        yield (
            "kind",
            f"thiếu thông báo hoặc ngày hoán đổi / proclamation or exchanged day missing: {day.date}",
        )
    if worked and day.date.weekday() < 5:
        yield "date", f"{day.date} vốn là ngày làm việc / is a working day already"
    if worked and day.kind == "statutory":
        yield "kind", "ngày làm bù phải do công bố / a worked rest day needs a proclamation"
    yield from _wrong_swap(day, year, worked)


def _wrong_swap(day: SpecialDay, year: CalendarYear, worked: bool) -> Iterator[tuple[str, str]]:
    # A swap across the turn of the year has its other half in another file.
    if day.swap is None or day.swap.year != year.year:
        return
    others = year.days if worked else year.working_days
    if not any(other.date == day.swap and other.swap == day.date for other in others):
        yield "swap", f"ngày hoán đổi không khớp / the exchanged day does not match: {day.date} ↔ {day.swap}"
