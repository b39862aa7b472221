"""A newer version of a code list: judged row by row against the one before it, which is never lost.

A version names every code that is in use from its day on. What is not in it any more ends on that day and
stays readable: a form may state what was so before. Nothing in a form is changed by it.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from .codes import OWN, Code, CodeList, fold

MOST_ROWS = 5_000
FIXED = frozenset({"agency_kind", "agency_standing", "account_role", "yes_no", "province_2024"})
"""Lists of the program itself, and of what is past: there is no newer version of them."""
RULED: Mapping[str, frozenset[str]] = {
    "contract_type": frozenset({"fixed_term"}),
    "gender": frozenset({"male", "female"}),
    "discipline_side": frozenset({"party", "administrative"}),
}
"""Codes that a check of the form names: they may be called otherwise, not end."""
CODE = r"[A-Za-z0-9][A-Za-z0-9_.+/-]{0,59}"
"""How a code is written: ``male``, ``01.003``, ``A+``, ``12/12``."""
_CODE = re.compile(CODE)
_LABEL = 300

Became = Literal["same", "added", "renamed", "changed", "ended", "refused"]


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it was handed in. ``more``: the list's further columns, e.g. the salary group of a rank."""

    code: str
    label: str
    label_en: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    replaced_by: str = ""
    more: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a row, in both languages."""

    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of one row, counted from 1; a code that is in no row any more has none."""

    line: int | None
    code: str
    label: str
    became: Became
    before: str = ""
    """Its label until then, where that is another."""
    wrong: tuple[Wrong, ...] = ()


@dataclass(frozen=True, slots=True)
class Version:
    """The list as it would be from ``starts`` on, and how it differs."""

    name: str
    starts: date
    codes: tuple[Code, ...]
    rows: tuple[Judged, ...]

    @property
    def refused(self) -> tuple[Judged, ...]:
        """Rows that keep it from being loaded."""
        return tuple(row for row in self.rows if row.wrong)

    def of(self, *became: Became) -> tuple[str, ...]:
        """The codes that became so, in order."""
        return tuple(row.code for row in self.rows if row.became in became)

    def plain(self) -> list[dict[str, str]]:
        """The whole list as it is kept: every code with the columns of its CSV."""
        return [as_row(code) for code in self.codes]


def as_row(code: Code) -> dict[str, str]:
    """A code as its list's CSV has it; empty cells are left out."""
    days = {"valid_from": code.valid_from, "valid_to": code.valid_to}
    row = {"code": code.code, "label": code.label, "label_en": code.label_en, "replaced_by": code.replaced_by}
    dated = {name: day.isoformat() for name, day in days.items() if day is not None}
    return {name: value for name, value in {**row, **dated, **code.extra}.items() if value}


def version_of(known: CodeList, rows: Sequence[Row], starts: date) -> Version:
    """What the rows would make of the list from a day on."""
    found = list(_judged(known, rows, starts))
    codes = {code.code: code for code, _ in found if code is not None}
    answers = [answer for _, answer in found]
    for code in known.codes.values():
        if code.code not in codes:
            codes[code.code] = _ended(code, starts)
            if codes[code.code] is not code:
                answers.append(_gone(known, code))
    order = [*dict.fromkeys([*known.codes, *codes])]
    return Version(known.name, starts, tuple(codes[one] for one in order if one in codes), tuple(answers))


def _ended(code: Code, starts: date) -> Code:
    return code if code.valid_to is not None and code.valid_to <= starts else replace(code, valid_to=starts)


def _gone(known: CodeList, code: Code) -> Judged:
    if code.code in RULED.get(known.name, ()):
        wrong = Wrong(
            "biểu mẫu kiểm tra theo mã này, không thể kết thúc", "a check of the form names this code"
        )
        return Judged(None, code.code, code.label, "refused", wrong=(wrong,))
    return Judged(None, code.code, code.label, "ended")


def _judged(known: CodeList, rows: Sequence[Row], starts: date) -> Iterator[tuple[Code | None, Judged]]:
    times = Counter(row.code for row in rows)
    # Two codes of one name in use at once: nobody could say by the name which is meant.
    named = Counter(fold(row.label) for row in rows if row.valid_to is None)
    there = known.codes.keys() | times.keys()
    for line, row in enumerate(rows, start=1):
        before = known.codes.get(row.code)
        wrong = [*_shape(row, there), *_columns(known, row), *_days(row, before, starts)]
        if times[row.code] > 1:
            wrong.append(Wrong("mã lặp lại trong tệp", "the code stands twice in the file"))
        if row.valid_to is None and named[fold(row.label)] > 1:
            wrong.append(Wrong("tên trùng với mã khác đang dùng", "another code in use has this name"))
        if row.valid_to is not None and row.code in RULED.get(known.name, ()):
            wrong.append(
                Wrong(
                    "biểu mẫu kiểm tra theo mã này, không thể kết thúc", "a check of the form names this code"
                )
            )
        if wrong:
            yield before, Judged(line, row.code, row.label, "refused", wrong=tuple(wrong))
            continue
        code = _code(row, before, starts)
        yield code, _answer(line, code, before)


def _code(row: Row, before: Code | None, starts: date) -> Code:
    """The row as an entry; what it leaves empty stays as it was, and a new code begins with the version."""
    extra = dict(before.extra) if before else {}
    extra |= {name: value for name, value in (row.more or {}).items() if value}
    return Code(
        row.code,
        row.label,
        row.label_en or (before.label_en if before and before.label == row.label else row.label),
        extra,
        row.valid_from or (before.valid_from if before else starts),
        row.valid_to,
        row.replaced_by,
    )


def _answer(line: int, code: Code, before: Code | None) -> Judged:
    became: Became
    if before is None:
        became = "added"
    elif code.valid_to is not None and before.valid_to is None:
        became = "ended"
    elif code.label != before.label:
        became = "renamed"
    else:
        became = "same" if as_row(code) == as_row(before) else "changed"
    earlier = before.label if before is not None and before.label != code.label else ""
    return Judged(line, code.code, code.label, became, earlier)


def _shape(row: Row, there: "frozenset[str] | set[str]") -> Iterator[Wrong]:
    if not _CODE.fullmatch(row.code):
        yield Wrong("mã chỉ gồm chữ không dấu, số và . _ + / -", "a code is letters, digits and . _ + / -")
    if not row.label.strip() or len(row.label) > _LABEL:
        yield Wrong(f"tên phải có từ 1 đến {_LABEL} ký tự", f"a name has 1 to {_LABEL} characters")
    if row.replaced_by and (row.replaced_by not in there or row.replaced_by == row.code):
        yield Wrong("mã thay thế không có trong danh mục", "the code that replaces it is not in the list")


def _columns(known: CodeList, row: Row) -> Iterator[Wrong]:
    """Further columns: only the list's own, with values it already knows; a new code has them all."""
    values: dict[str, set[str]] = {}
    for code in known.codes.values():
        for name, value in code.extra.items():
            values.setdefault(name, set()).add(value)
    more = row.more or {}
    for name, value in more.items():
        if name in OWN or name not in values:
            yield Wrong(f"danh mục không có cột “{name}”", f"the list has no column '{name}'")
        elif value and value not in values[name]:
            yield Wrong(f"cột “{name}” không nhận giá trị này", f"column '{name}' does not take this value")
    if row.code not in known.codes:
        for name in sorted(values.keys() - {name for name, value in more.items() if value}):
            yield Wrong(f"mã mới thiếu cột “{name}”", f"a new code lacks column '{name}'")


def _days(row: Row, before: Code | None, starts: date) -> Iterator[Wrong]:
    if row.valid_from and row.valid_to and row.valid_to <= row.valid_from:
        yield Wrong("ngày hết hiệu lực phải sau ngày bắt đầu", "it ends on or before the day it begins")
    ended = before is not None and before.valid_to is not None and before.valid_to <= starts
    if ended and row.valid_to is None:
        yield Wrong("mã đã hết hiệu lực không dùng lại được; lập mã mới", "an ended code is not used again")
