"""Fields against each other. Only the surely wrong is refused: a partial date has the benefit of doubt."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

from .codes import code_list
from .cross_checks import crossed
from .dated_codes import not_then
from .dates import PartialDate, add_months
from .fields import Catalogue, Field
from .issues import Problem, problem
from .kinds import DATED, as_date
from .normal import is_decimal
from .salary import group_of_rank, salary_source

Found = Iterator[tuple[str, Problem]]

# The articles below are known, not checked against the texts; what is shown to people says so.
_UNCHECKED = " (biết, chưa đối chiếu văn bản)"
_LABOUR = "Bộ luật Lao động 2019, Điều 3 khoản 1" + _UNCHECKED
_TERM = "Bộ luật Lao động 2019, Điều 20, Điều 21" + _UNCHECKED
_PARTY = "Điều lệ Đảng Cộng sản Việt Nam, Điều 1, Điều 5" + _UNCHECKED
_SERVICE = "Luật Nghĩa vụ quân sự 2015, Điều 30" + _UNCHECKED
_ORDERED = (
    ("party_official_on", "party_admission_on", _PARTY),
    ("discharged_on", "enlisted_on", "Luật Nghĩa vụ quân sự 2015, Điều 21, Điều 43" + _UNCHECKED),
    ("joined_current_agency_on", "first_recruited_on", ""),
    ("position_reappointed_on", "position_appointed_on", "NĐ 138/2020/NĐ-CP" + _UNCHECKED),
    ("contract_valid_to", "contract_valid_from", "Bộ luật Lao động 2019, Điều 20" + _UNCHECKED),
)
_AGES = (
    ("first_recruited_on", 15, _LABOUR),
    ("party_admission_on", 18, _PARTY),
    ("enlisted_on", 15, _SERVICE),
)
_OLDEST_YEAR = 1900


def contradictions(cat: Catalogue, content: Mapping[str, Any], on: date) -> Found:
    """Every surely wrong combination, with the path of the field to look at."""
    yield from _birth(cat, content, on)
    yield from _order(cat, content)
    yield from _salary(content)
    yield from _term(cat, content)
    for table in cat.tables:
        rows = content.get(table.name)
        if isinstance(rows, list):
            yield from _periods(table, rows)
    yield from _salary_rows(content)
    yield from _family(cat, content)
    yield from crossed(cat, content)
    yield from not_then(cat, content, on)


def _date(cat: Catalogue, content: Mapping[str, Any], name: str) -> PartialDate | None:
    field = cat.by_name.get(name)
    return as_date(field, content[name]) if field and name in content else None


def _birth(cat: Catalogue, content: Mapping[str, Any], on: date) -> Found:
    born = _date(cat, content, "birth_date")
    if born is None or born.surely_after(on):
        return
    if born.year < _OLDEST_YEAR:
        yield "birth_date", problem("too-old", year=str(_OLDEST_YEAR))
        return
    young = set()
    for name, age, source in _AGES:
        day = _date(cat, content, name)
        if day and not day.surely_before(born) and day.surely_before(add_months(born.earliest, 12 * age)):
            young.add(name)
            yield name, problem("too-young", age=str(age), source=source)
    for path, field, value in _dated_values(cat, content):
        day = as_date(field, value)
        if day is not None and path not in young and day.surely_before(born):
            yield path, problem("before-birth")


def _dated_values(cat: Catalogue, content: Mapping[str, Any]) -> Iterator[tuple[str, Field, Any]]:
    for field in cat.fields:
        value = content.get(field.name)
        if field.kind in DATED and field.birth and value is not None:
            yield field.name, field, value
        elif field.is_table and isinstance(value, list):
            for column in field.columns:
                if column.kind in DATED and column.birth:
                    for index, row in enumerate(value):
                        if isinstance(row, dict) and column.name in row:
                            yield f"{field.name}[{index}].{column.name}", column, row[column.name]


def _order(cat: Catalogue, content: Mapping[str, Any]) -> Found:
    for later, earlier, source in _ORDERED:
        after, before = _date(cat, content, later), _date(cat, content, earlier)
        if after and before and after.surely_before(before):
            field = cat.by_name[earlier]
            yield later, problem("before-other", other=(field.label, field.label_en), source=source)


def _term(cat: Catalogue, content: Mapping[str, Any]) -> Found:
    """A contract for a fixed term says when it ends."""
    if content.get("contract_type") == "fixed_term" and "contract_valid_to" not in content:
        kind = cat.by_name.get("contract_type")
        if kind is not None:
            label = code_list("contract_type").codes["fixed_term"]
            yield (
                "contract_valid_to",
                problem("missing-with", other=(label.label, label.label_en), source=_TERM),
            )


def _salary(content: Mapping[str, Any]) -> Found:
    rank = (
        code_list("rank").codes.get(content.get("rank_code", "")) if _is_text(content, "rank_code") else None
    )
    if rank is None:
        return
    title = content.get("rank_title")
    if isinstance(title, str) and title.casefold() != rank.label.casefold():
        yield "rank_title", problem("rank-mismatch", name=rank.label, source=code_list("rank").source)
    step, coefficient = content.get("salary_step"), content.get("salary_coefficient")
    yield from _step("salary_step", "salary_coefficient", rank.code, step, coefficient)


def _salary_rows(content: Mapping[str, Any]) -> Found:
    rows = content.get("salary_history")
    for index, row in enumerate(rows if isinstance(rows, list) else ()):
        if isinstance(row, dict):
            path = f"salary_history[{index}]"
            step, coefficient = row.get("step"), row.get("coefficient")
            yield from _step(f"{path}.step", f"{path}.coefficient", row.get("rank_code"), step, coefficient)


def _step(step_path: str, coefficient_path: str, rank_code: Any, step: Any, coefficient: Any) -> Found:
    group = group_of_rank(rank_code)
    if group is None or not isinstance(step, int) or step < 1:
        return
    if step > group.steps:
        yield step_path, problem("step-outside", steps=str(group.steps), source=salary_source())
        return
    right = group.coefficient(step)
    if isinstance(coefficient, str) and is_decimal(coefficient, 2) and Decimal(coefficient) != right:
        words = {"step": str(step), "coefficient": str(right)}
        yield coefficient_path, problem("coefficient-mismatch", source=salary_source(), **words)


def _periods(table: Field, rows: list[Any]) -> Found:
    if not {"from_month", "to_month"} <= set(table.column):
        return
    begin, end = table.column["from_month"], table.column["to_month"]
    spans = []
    for index, row in enumerate(rows):
        if not isinstance(row, dict):
            continue
        start, stop = as_date(begin, row.get("from_month")), as_date(end, row.get("to_month"))
        if start and stop and stop.surely_before(start):
            yield (
                f"{table.name}[{index}].to_month",
                problem("before-other", other=(begin.label, begin.label_en)),
            )
        elif start:
            spans.append((start, index, stop))
    if table.disjoint:
        yield from _overlaps(table, spans)


def _overlaps(table: Field, spans: list[tuple[PartialDate, int, PartialDate | None]]) -> Found:
    """Periods may touch in a month. An open period ends where the next one begins."""
    spans.sort(key=lambda span: (span[0], span[1]))
    for (_, first, stop), (start, second, _) in pairwise(spans):
        if stop and start.latest < stop.earliest:
            yield f"{table.name}[{second}].from_month", problem("overlap", row=str(first + 1))


def _family(cat: Catalogue, content: Mapping[str, Any]) -> Found:
    rows, born = content.get("family_members"), _date(cat, content, "birth_date")
    for index, row in enumerate(rows if isinstance(rows, list) else ()):
        if not isinstance(row, dict):
            continue
        path, relation, own = f"family_members[{index}]", row.get("relation"), row.get("side") == "own"
        if row.get("side") == "spouse" and relation in ("wife", "husband", "child"):
            yield f"{path}.relation", problem("relation-side")
        year = row.get("birth_year")
        if born is None or not own or not isinstance(year, int):
            continue
        if (relation in ("father", "mother") and year >= born.year) or (
            relation == "child" and year <= born.year
        ):
            yield f"{path}.birth_year", problem("relation-age")


def _is_text(content: Mapping[str, Any], name: str) -> bool:
    return isinstance(content.get(name), str)
