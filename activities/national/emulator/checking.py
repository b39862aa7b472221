"""Is one item fit for the national record? The first fault found is the one reported."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from activities.national.emulator.formats import FieldRule, Format, value_at

__all__ = ["Fault", "check_item"]

_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an item is refused. `message` may quote the value, as real services do."""

    code: str
    field: str
    message: str


def check_item(form: Format, body: dict[str, Any]) -> Fault | None:
    """The first fault of an item by the format's own rules, None if there is none."""
    return next(_faults(form, body), None)


def _faults(form: Format, body: dict[str, Any]) -> Iterator[Fault]:
    digest = value_at(body, form.digest)
    if not isinstance(digest, str) or len(digest) != 64 or not set(digest) <= _HEX:
        yield Fault("DIGEST_INCORRECT", form.digest, "Mã băm không đúng")
    if value_at(body, form.item_key) != f"{value_at(body, form.profile_id)}.{digest}":
        yield Fault("KEY_INCORRECT", form.item_key, "Khóa không khớp hồ sơ và mã băm")
    for path, rule in form.fields.items():
        yield from _field(path, rule, value_at(body, path))
    for table, columns in form.tables.items():
        yield from _table(table, columns, value_at(body, table))


def _table(table: str, columns: dict[str, FieldRule], rows: Any) -> Iterator[Fault]:
    if rows is None:
        return
    if not isinstance(rows, list):
        yield Fault("TYPE_INCORRECT", table, "Phải là danh sách")
        return
    for position, row in enumerate(rows):
        for column, rule in columns.items():
            yield from _field(f"{table}[{position}].{column}", rule, value_at(row, column))


def _field(path: str, rule: FieldRule, value: Any) -> Iterator[Fault]:
    if value is None or value == "":
        if rule.required:
            yield Fault("REQUIRED", path, "Thiếu trường bắt buộc")
        return
    for one in value if isinstance(value, list) else [value]:
        code = _wrong(rule, one)
        if code:
            yield Fault(code, path, f"Giá trị không hợp lệ: {one}")


def _wrong(rule: FieldRule, value: Any) -> str | None:
    if rule.kind == "number":
        return None if type(value) in (int, float) and value >= 0 else "TYPE_INCORRECT"
    if not isinstance(value, str):
        return "TYPE_INCORRECT"
    if len(value) > rule.max:
        return "TOO_LONG"
    if rule.digits and not (value.isascii() and value.isdigit() and len(value) == rule.digits):
        return "DIGITS_INCORRECT"
    if rule.date and not any(day_of(value, pattern) for pattern in rule.date.split("|")):
        return "DATE_INCORRECT"
    if rule.allowed and value not in rule.allowed:
        return "CODE_UNKNOWN"
    return None


def day_of(value: str, pattern: str) -> date | None:
    """The day a text names, written exactly so; else none."""
    try:
        day = datetime.strptime(value, pattern)  # noqa: DTZ007 — a legal date, no instant
    except ValueError:
        return None
    # Written back, because strptime also accepts "2026113" for %Y%m%d.
    return day.date() if day.strftime(pattern) == value else None
