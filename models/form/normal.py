"""One content, one spelling: NFC, single spaces, nothing empty; canonical JSON (RFC 8785) and its hash."""

import hashlib
import unicodedata
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import rfc8785

from models.canonical import dumps, plain_dumps

from .dates import PartialDate
from .fields import Catalogue, Field

Content = Mapping[str, Any]

_DEEPEST = 8  # the form needs 3; deeper nesting is left as it came, for validation to refuse


def normalise(content: Content) -> dict[str, Any]:
    """The content with texts in NFC and trimmed, empty values left out at every depth. Idempotent.

    Inner runs of spaces become one space, line breaks stay. Decimals and dates become their text.
    """
    return _mapping(content)


def normal_text(text: str) -> str:
    """One text as :func:`normalise` leaves it."""
    if "\n" not in text and "\r" not in text:
        return " ".join(unicodedata.normalize("NFC", text).split())
    unified = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    return "\n".join(" ".join(line.split()) for line in unified.split("\n")).strip("\n")


def _mapping(content: Content, depth: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in content.items():
        normal = normal_text(value) if type(value) is str else _value(value, depth + 1)
        if normal or not is_empty(normal):
            found[key] = normal
    return found


def _value(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return normal_text(value)
    if value is None or isinstance(value, int) or depth > _DEEPEST:
        return value
    if isinstance(value, Mapping):
        return _mapping(value, depth)
    if isinstance(value, list | tuple):
        items = [_value(item, depth + 1) for item in value]
        return [item for item in items if item or not is_empty(item)]
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date | PartialDate):
        return str(value)
    return value


def is_empty(value: Any) -> bool:
    """Absent, an empty text, list or object. Zero and False are values."""
    return not value and (value is None or isinstance(value, (str, list, dict)))


def canonical(content: Content) -> bytes:
    """RFC 8785 bytes of the normalised content.

    ValueError for what has no single spelling: floats (decimals travel as strings), integers beyond 2^53,
    lone surrogates, bottomless nesting.
    """
    return _spelt(normalise(content))


def digest_of_tidy(content: Content) -> str:
    """The digest of what `tidy` answered, which is in its normal form already."""
    return hashlib.sha256(_spelt(content)).hexdigest()


def _spelt(normal: Content) -> bytes:
    try:
        # What is spelt the plain way holds no float: one look at each value, not two.
        spelt = plain_dumps(normal)
        if spelt is not None:
            return spelt
        _refuse_floats(normal)
        return dumps(normal)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError) as error:
        raise ValueError(f"no canonical form: {type(error).__name__}") from error


def digest(content: Content) -> str:
    """SHA-256 of the canonical bytes, 64 hexadecimal digits."""
    return hashlib.sha256(canonical(content)).hexdigest()


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise ValueError("a float has no place in the form: decimals travel as strings")
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _refuse_floats(inner)


def tidy(cat: Catalogue, content: Content) -> dict[str, Any]:
    """Normalised, and spelt as the catalogue wants: names in capitals, decimals with their fixed places.

    Never refuses: what it does not understand it leaves for :func:`validate`. Idempotent.
    """
    return {key: _tidied(cat.by_name.get(key), value) for key, value in normalise(content).items()}


def _tidied(field: Field | None, value: Any) -> Any:
    if field is None:
        return value
    if isinstance(value, list):
        return [_tidied(field, item) for item in value]
    if isinstance(value, dict) and field.is_table:
        return {key: _tidied(field.column.get(key), cell) for key, cell in value.items()}
    if not isinstance(value, str):
        return value
    if field.upper:
        return unicodedata.normalize("NFC", value.upper())
    if field.kind == "decimal" and is_decimal(value, field.places):
        return fixed(value, field.places)
    return value


def is_decimal(text: str, places: int) -> bool:
    """Plain ASCII digits with at most so many decimals after a point."""
    whole, point, part = text.partition(".")
    if not (text.isascii() and whole.isdigit() and len(whole) <= 15):
        return False
    return part.isdigit() and len(part) <= places if point else True


def fixed(text: str, places: int) -> str:
    """The decimal with exactly so many places."""
    return format(Decimal(text).quantize(Decimal(1).scaleb(-places)), "f")
