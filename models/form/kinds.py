"""One value against one field: type, shape, code list, bounds. No other field is looked at here."""

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from .codes import code_list
from .dates import PartialDate
from .fields import Field
from .issues import Problem, problem
from .normal import is_decimal
from .places import communes, former_provinces, provinces

TEXT = ("chuỗi ký tự", "a text")
ADDRESS_KEYS = ("province", "commune", "district", "detail", "abroad")
_PATTERNS: dict[str, tuple[re.Pattern[str], tuple[str, str]]] = {
    "citizen_id": (re.compile(r"[0-9]{12}"), ("12 chữ số", "12 digits")),
    "social_insurance": (re.compile(r"[0-9]{10}"), ("10 chữ số", "10 digits")),
    "health_insurance": (
        re.compile(r"[0-9]{10}|[A-Z]{2}[0-9]{13}"),
        ("10 chữ số, hoặc 2 chữ cái và 13 chữ số", "10 digits, or 2 letters and 13 digits"),
    ),
    "phone": (re.compile(r"0[0-9]{9,10}|\+84[0-9]{9,10}"), ("số điện thoại", "a phone number")),
    "org_unit": (re.compile(r"[A-Za-z0-9][A-Za-z0-9.\-]{0,63}"), ("mã định danh cơ quan", "an agency code")),
    "email": (
        re.compile(r"[^@\s]{1,64}@[A-Za-z0-9.\-]{1,190}"),
        ("địa chỉ thư điện tử", "an e-mail address"),
    ),
    "login": (
        re.compile(r"[a-z0-9][a-z0-9._\-]{1,63}"),
        ("chữ thường, số, dấu chấm", "lower-case letters, digits, dots"),
    ),
    "attachment": (re.compile(r"[0-9a-f]{64}"), ("mã băm SHA-256 của tệp", "the SHA-256 of a file")),
    "money": (
        re.compile(r"0|[1-9][0-9]{0,14}"),
        ("số tiền bằng đồng, chỉ gồm chữ số", "whole VND, digits only"),
    ),
}
_DATE_SHAPES = {
    "date": (re.compile(r"[0-9]{4}-[0-9][0-9]-[0-9][0-9]"), ("năm-tháng-ngày", "YYYY-MM-DD")),
    "partial_date": (
        re.compile(r"[0-9]{4}(-[0-9][0-9](-[0-9][0-9])?)?"),
        ("năm, năm-tháng hoặc năm-tháng-ngày", "YYYY[-MM[-DD]]"),
    ),
    "month": (re.compile(r"[0-9]{4}(-[0-9][0-9])?"), ("năm-tháng hoặc năm", "YYYY-MM or YYYY")),
}
DATED = frozenset((*_DATE_SHAPES, "year"))


def check(field: Field, value: Any, on: date) -> Problem | None:
    """What is wrong with a value taken alone; ``on`` is the day of checking, for dates that must be past."""
    return _CHECKS.get(field.kind, _patterned)(field, value, on)


def as_date(field: Field, value: Any) -> PartialDate | None:
    """The value as a partial date; None when it is none or not a possible one."""
    try:
        return PartialDate(value) if field.kind == "year" else PartialDate.parse(value)
    except (TypeError, ValueError):
        return None


def readable(text: str, *, lines: bool) -> bool:
    """No control, invisible, private or unassigned characters; line breaks only where ``lines``."""
    if text.isprintable():
        return True
    return all(char.isprintable() or (lines and char == "\n") for char in text)


def _string(field: Field, value: Any, on: date) -> Problem | None:
    if not isinstance(value, str):
        return problem("wrong-type", expected=TEXT)
    if not readable(value, lines=field.kind == "text"):
        return problem("unreadable-character")
    if field.max is not None and len(value) > field.max:
        return problem("too-long", max=str(field.max))
    if field.upper and value != unicodedata.normalize("NFC", value.upper()):
        return problem("upper-case")
    return None


def _code(field: Field, value: Any, on: date) -> Problem | None:
    if not isinstance(value, str):
        return problem("wrong-type", expected=TEXT)
    known = code_list(field.code_list or "")
    return None if value in known else problem("unknown-code", list=known.title, source=known.source)


def _dated(field: Field, value: Any, on: date) -> Problem | None:
    shape, expected = _DATE_SHAPES[field.kind]
    if not isinstance(value, str):
        return problem("wrong-type", expected=(f"ngày ghi dạng {expected[0]}", f"a date as {expected[1]}"))
    if not shape.fullmatch(value):
        return problem("bad-format", expected=expected)
    day = as_date(field, value)
    return problem("impossible-date") if day is None else _past(field, day, on)


def _year(field: Field, value: Any, on: date) -> Problem | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return problem("wrong-type", expected=("năm bằng số", "a year as a number"))
    day = as_date(field, value)
    return problem("out-of-range", min="1000", max="9999") if day is None else _past(field, day, on)


def _past(field: Field, day: PartialDate, on: date) -> Problem | None:
    if field.past and day.surely_after(on):
        return problem("future-date", on=(f"{on:%d/%m/%Y}", on.isoformat()))
    return None


def _integer(field: Field, value: Any, on: date) -> Problem | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return problem("wrong-type", expected=("số nguyên", "a whole number"))
    return _bounded(field, Decimal(value))


def _decimal(field: Field, value: Any, on: date) -> Problem | None:
    places = 2 if field.kind == "percent" else field.places
    example = ("số ghi bằng chuỗi, dấu chấm thập phân", "a number as text with a decimal point")
    if not isinstance(value, str):
        return problem("wrong-type", expected=example)
    if not is_decimal(value, places):
        many = (f"số có tối đa {places} chữ số thập phân", f"a number with at most {places} decimals")
        return problem("bad-format", expected=many)
    return _bounded(field, Decimal(value))


def _bounded(field: Field, number: Decimal) -> Problem | None:
    low, high = (Decimal(0), Decimal(100)) if field.kind == "percent" else (field.min, field.max)
    if (low is not None and number < low) or (high is not None and number > high):
        return problem("out-of-range", min=str(low), max=str(high))
    return None


def _patterned(field: Field, value: Any, on: date) -> Problem | None:
    pattern, expected = _PATTERNS[field.kind]
    if not isinstance(value, str):
        return problem("wrong-type", expected=TEXT)
    return None if pattern.fullmatch(value) else problem("bad-format", expected=expected)


def _address(field: Field, value: Any, on: date) -> Problem | None:
    """Today's units by code; with a district the units of before 1 July 2025; or a place abroad."""
    if not isinstance(value, dict):
        return problem(
            "wrong-type", expected=("địa chỉ gồm tỉnh, xã", "an address with province and commune")
        )
    for key, part in value.items():
        if key not in ADDRESS_KEYS:
            return problem("unknown-field")
        if not isinstance(part, str):
            return problem("wrong-type", expected=TEXT)
        if not readable(part, lines=False):
            return problem("unreadable-character")
        if len(part) > 300:
            return problem("too-long", max="300")
    return _units(field, value)


def _units(field: Field, value: dict[str, str]) -> Problem | None:
    law = "QĐ 19/2025/QĐ-TTg"
    former = "district" in value
    if field.current and (former or "abroad" in value):
        return problem("place-former", source=law)
    if "abroad" in value:
        return problem("place-unknown") if "province" in value or "commune" in value or former else None
    if "province" not in value:
        return problem("place-missing")
    province, commune = value["province"], value.get("commune")
    if province not in (former_provinces() if former else provinces()):
        return problem("place-unknown", source=law)
    if commune is None:
        return None
    if former:
        return (
            None
            if re.fullmatch(r"[0-9]{5}", commune)
            else problem("bad-format", expected=("5 chữ số", "5 digits"))
        )
    unit = communes().get(commune)
    if unit is None:
        return problem("place-unknown", source=law)
    return None if unit.province == province else problem("commune-elsewhere", source=law)


_CHECKS: dict[str, Callable[[Field, Any, date], Problem | None]] = {
    "string": _string,
    "text": _string,
    "code": _code,
    "address": _address,
    "date": _dated,
    "partial_date": _dated,
    "month": _dated,
    "year": _year,
    "integer": _integer,
    "decimal": _decimal,
    "percent": _decimal,
}
