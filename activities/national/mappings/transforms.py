"""How single values change on their way into a packet, and back. Each is lossless or refuses."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["PATTERNS", "TRANSFORMS", "Transform", "code_transform", "transform"]

Change = Callable[[Any], Any]

# Year, month and day of a date that may be known to the year or the month only.
_ISO = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?")
PATTERNS = {
    "yyyyMMdd": ("", re.compile(r"(\d{4})(\d{2})?(\d{2})?"), False),
    "yyyy-MM-dd": ("-", re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?"), False),
    "dd/MM/yyyy": ("/", re.compile(r"(?:(?:(\d{2})/)?(\d{2})/)?(\d{4})"), True),
}


@dataclass(frozen=True, slots=True)
class Transform:
    """`out` makes the packet's value, `back` ours again; ValueError on what cannot be expressed."""

    out: Change
    back: Change


def transform(name: str, pattern: str = "yyyyMMdd") -> Transform:
    """A transform by its name in a mapping file; KeyError for an unknown name or pattern."""
    return _date(pattern) if name == "date" else TRANSFORMS[name]


def code_transform(codes: Mapping[str, str], prefix: str) -> Transform:
    """Codes by a closed table, or passed through with a prefix."""
    theirs = {code: ours for ours, code in codes.items()}

    def out(value: Any) -> Any:
        text = _text(value)
        return _looked_up(codes, text) if codes else prefix + text

    def back(value: Any) -> Any:
        text = _text(value)
        if codes:
            return _looked_up(theirs, text)
        if not text.startswith(prefix):
            raise ValueError("the prefix of the code is missing")
        return text.removeprefix(prefix)

    return Transform(out, back)


def _looked_up(table: Mapping[str, str], code: str) -> str:
    if code not in table:
        raise ValueError("the code has no counterpart")
    return table[code]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("text was expected")
    return value


def _plain(value: Any) -> Any:
    if not isinstance(value, str | int):
        raise ValueError("text or a whole number was expected")
    return value


def _upper(value: Any) -> str:
    return _text(value).upper()


def _money(value: Any) -> int:
    text = _text(value)
    if not (text.isascii() and text.isdigit()) or (text[0] == "0" and text != "0"):
        raise ValueError("a whole amount in đồng was expected")
    return int(text)


def _money_back(value: Any) -> str:
    if type(value) is not int or value < 0:
        raise ValueError("a whole amount in đồng was expected")
    return str(value)


def _swap(before: str, after: str) -> Change:
    shape = re.compile(rf"\d+(?:{re.escape(before)}\d+)?")

    def swapped(value: Any) -> str:
        text = _text(value)
        if not shape.fullmatch(text):
            raise ValueError("a decimal number was expected")
        return text.replace(before, after)

    return swapped


def _date(pattern: str) -> Transform:
    separator, shape, reverse = PATTERNS[pattern]

    def out(value: Any) -> str:
        parts = _parts(_ISO, _text(value), reverse=False)
        return separator.join(reversed(parts) if reverse else parts)

    def back(value: Any) -> str:
        return "-".join(_parts(shape, _text(value), reverse=reverse))

    return Transform(out, back)


def _parts(shape: re.Pattern[str], text: str, *, reverse: bool) -> list[str]:
    """Year, then month and day as far as they are known."""
    found = shape.fullmatch(text)
    if found is None:
        raise ValueError("a date was expected")
    groups = found.groups()
    return [part for part in (reversed(groups) if reverse else groups) if part]


TRANSFORMS: Mapping[str, Transform] = {
    "plain": Transform(_plain, _plain),
    "upper": Transform(_upper, _text),
    "money": Transform(_money, _money_back),
    "decimal": Transform(_swap(".", "."), _swap(".", ".")),
    "decimal_comma": Transform(_swap(".", ","), _swap(",", ".")),
}
