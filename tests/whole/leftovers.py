"""Looking for people in bytes: every way a text may be written down, in anything a system leaves behind."""

import base64
import json
import unicodedata
import urllib.parse
from collections.abc import Iterable, Iterator
from functools import cache

SHORTEST = 6
"""Letters or digits below which a text is found in anything."""


def spellings(text: str) -> set[str]:
    """A text as people and programs write it: composed and decomposed, without accents, in any case."""
    plain = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    plain = plain.replace("đ", "d").replace("Đ", "D")
    forms = {unicodedata.normalize(form, text) for form in ("NFC", "NFD")} | {plain}
    forms |= {
        "".join(plain.split()),
        "-".join(plain.split()),
        "_".join(plain.split()),
        ".".join(plain.split()),
    }
    return {cased for one in forms for cased in (one, one.lower(), one.upper(), one.title())}


def encodings(text: str) -> Iterator[bytes]:
    """The bytes of one spelling wherever it may stand: plain, wide, escaped, in a URL, in hex, in base64."""
    plain = text.encode()
    yield plain
    yield text.encode("utf-16-le")
    yield text.encode("utf-16-be")
    escaped = json.dumps(text)[1:-1]
    yield escaped.encode()
    yield escaped.replace("\\u", "\\\\u").encode()
    yield urllib.parse.quote(text).encode()
    yield urllib.parse.quote_plus(text).encode()
    yield plain.hex().encode()
    for data in (plain, text.encode("utf-16-le")):
        yield from windows(data)


def windows(data: bytes) -> Iterator[bytes]:
    """What of the base64 of ``data`` is the same wherever it begins: three alignments, both ends cut."""
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + data)
        first = (0, 2, 3)[shift]
        last = len(encoded) - (0, 3, 2)[(shift + len(data)) % 3]
        kept = encoded[first:last]
        if len(kept) >= SHORTEST:
            yield kept
            yield kept.replace(b"+", b"-").replace(b"/", b"_")


@cache
def needles(text: str) -> frozenset[bytes]:
    """Everything to look for, in small letters; nothing for a text too short to be told from chance."""
    if sum(c.isalnum() for c in text) < SHORTEST:
        return frozenset()
    return frozenset(n.lower() for one in spellings(text) for n in encodings(one) if len(n) >= SHORTEST)


def found(texts: Iterable[str], data: bytes) -> list[str]:
    """Which of the texts stand in the bytes in any of these ways, whatever the case of plain letters."""
    folded = data.lower()
    unbroken = folded.replace(b"\r\n", b"").replace(b"\n", b"")  # base64 in lines
    return [text for text in texts if any(n in folded or n in unbroken for n in needles(text))]


def leaves(value: object) -> Iterator[str]:
    """Every text in a form."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    elif isinstance(value, str):
        yield value
