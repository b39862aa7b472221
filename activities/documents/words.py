"""Values of the form in the words of the paper: codes as labels, dates and numbers as written in Viet Nam."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from models.form.codes import code_list
from models.form.fields import Field
from models.form.places import address_in_words

_BY_CODE = frozenset({"rank"})
"""Lists whose column on the form is "Mã số": the code itself is what is asked for."""


def in_words(field: Field, value: Any) -> str:
    """What is printed for a value; an empty string for an absent one. Values are printed, never judged."""
    if value is None or value == "":
        return ""
    if field.repeats and isinstance(value, list):
        return "; ".join(_one(field, item) for item in value)
    return _one(field, value)


def _one(field: Field, value: Any) -> str:
    if field.code_list is not None and field.code_list not in _BY_CODE:
        return code_list(field.code_list).label(str(value))
    if field.kind == "address" and isinstance(value, Mapping):
        return address_in_words({key: str(part) for key, part in value.items()})
    return _WRITERS.get(field.kind, str)(value)


def numeric_date(value: Any) -> str:
    """``1975-04-30`` as 30/04/1975, ``1975-04`` as 04/1975, ``1975`` as 1975: the form's own way of writing
    dates.
    """
    return "/".join(reversed(str(value).split("-")))


def grouped(value: Any) -> str:
    """12345678 as 12.345.678."""
    text = str(value)
    return f"{int(text):,}".replace(",", ".") if text.isdecimal() else text


def _decimal(value: Any) -> str:
    return str(value).replace(".", ",")


_WRITERS: Mapping[str, Callable[[Any], str]] = {
    "date": numeric_date,
    "partial_date": numeric_date,
    "month": numeric_date,
    "money": grouped,
    "decimal": _decimal,
    "percent": lambda value: f"{_decimal(value)}%",
}
