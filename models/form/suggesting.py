"""Which code an old value means: the successor of an ended code, then the labels nearest to a text.

Texts are compared as people mistype Vietnamese: without capitals, marks, punctuation and word order.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from typing import Literal

from .codes import CodeList

LEAST = 0.6
"""Below this likeness a label is no suggestion; policy."""
MOST = 5

Because = Literal["same", "replaced_by", "alike"]


@dataclass(frozen=True)
class Suggestion:
    """A code of the list on that day, and how sure it is, from 0 to 1."""

    code: str
    label: str
    score: float
    because: Because


def bare(text: str) -> str:
    """A text without capitals, marks and punctuation, single spaces; đ is d."""
    plain = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    letters = "".join(char for char in plain if not unicodedata.combining(char))
    return " ".join(re.findall(r"[a-z0-9]+", letters))


def suggest(known: CodeList, value: str, on: date) -> tuple[Suggestion, ...]:
    """The codes in use on a day that an old code or a free text may mean, the likeliest first."""
    usable = known.on(on)
    meant = known.resolve(value)
    entry = known.codes.get(meant) if meant is not None else None
    if entry is not None and entry.code in usable:
        return (Suggestion(entry.code, entry.label, 1.0, "same"),)
    found: list[Suggestion] = []
    seen = set()
    while entry is not None and entry.replaced_by and entry.code not in seen:
        seen.add(entry.code)
        entry = known.codes[entry.replaced_by]
        if entry.code in usable:
            found.append(Suggestion(entry.code, entry.label, 1.0, "replaced_by"))
            break
    wanted = bare(known.label(meant) if meant is not None else value)
    alike = (
        Suggestion(code, one.label, round(likeness(wanted, bare(one.label)), 2), "alike")
        for code, one in usable.items()
        if all(code != other.code for other in found)
    )
    near = sorted((one for one in alike if one.score >= LEAST), key=lambda one: (-one.score, one.code))
    return (*found, *near)[:MOST]


def likeness(one: str, other: str) -> float:
    """How alike two bare texts are, from 0 to 1: as they stand, or with their words in order."""
    if not one or not other:
        return 0.0
    straight = SequenceMatcher(None, one, other, autojunk=False).ratio()
    words, others = " ".join(sorted(one.split())), " ".join(sorted(other.split()))
    return max(straight, SequenceMatcher(None, words, others, autojunk=False).ratio())
