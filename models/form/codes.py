"""Code lists: the closed vocabularies of the form, packaged with their source and how far it is trusted.

An authority may load newer versions of them by a recorded act. Which are read is said once, where its law is
read (`use_lists`), and holds for the task that reads it, as a locale does: the lists are the words of a form,
not facts that a decision weighs.
"""

import json
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property, lru_cache
from hashlib import sha256

from .loading import code_rows, document

OWN = frozenset({"code", "label", "label_en", "valid_from", "valid_to", "replaced_by"})
"""Columns every list may have; a list may add its own."""


@dataclass(frozen=True)
class Code:
    """One entry. ``extra`` holds the list's further columns, e.g. the salary group of a rank.

    Half-open in time: ``valid_to`` is the first day on which the code states nothing new; it stays readable.
    """

    code: str
    label: str
    label_en: str
    extra: Mapping[str, str] = field(default_factory=dict)
    valid_from: date | None = None
    valid_to: date | None = None
    replaced_by: str = ""
    """The code that says the same since it ended, where there is one."""

    def within(self, first: date, last: date) -> bool:
        """Whether it is in use on some day from ``first`` to ``last``."""
        begun = self.valid_from is None or self.valid_from <= last
        return begun and (self.valid_to is None or first < self.valid_to)


@dataclass(frozen=True)
class CodeList:
    """A closed vocabulary. ``status``: found, known or own (see ``code_lists/lists.yaml``)."""

    name: str
    title: str
    source: str
    status: str
    codes: Mapping[str, Code]

    def __contains__(self, code: object) -> bool:
        return code in self.codes

    @cached_property
    def dated(self) -> bool:
        """Whether any of its codes came or went."""
        return any(entry.valid_from or entry.valid_to for entry in self.codes.values())

    def on(self, day: date) -> Mapping[str, Code]:
        """The codes in use on a day."""
        return {code: entry for code, entry in self.codes.items() if entry.within(day, day)}

    def label(self, code: str) -> str:
        """The Vietnamese label; the code itself when the list does not have it."""
        found = self.codes.get(code)
        return found.label if found else code

    def resolve(self, text: str) -> str | None:
        """The code meant by a cell: the code, its label in any case, or ``code – label`` from a drop-down."""
        if text in self.codes:
            return text
        head, dash, _ = text.partition(" – ")
        if dash and head in self.codes:
            return head
        return self._labels.get(fold(text))

    @cached_property
    def _labels(self) -> Mapping[str, str]:
        """Codes by label; where one was used twice, the one that did not end."""
        entries = sorted(self.codes.values(), key=lambda entry: entry.valid_to or date.max)
        return {fold(entry.label): entry.code for entry in entries}


@dataclass(frozen=True)
class Edition:
    """The lists an authority has loaded, as they are in force on a day; the others are the packaged ones."""

    hash: str
    lists: Mapping[str, CodeList]


_IN_USE: ContextVar[Edition | None] = ContextVar("code_lists", default=None)


def use_lists(edition: Edition | None) -> None:
    """Read these lists from here on, in this task; none: the packaged ones."""
    _IN_USE.set(edition)


@contextmanager
def reading(edition: Edition | None) -> Iterator[None]:
    """The same for a block."""
    before = _IN_USE.set(edition)
    try:
        yield
    finally:
        _IN_USE.reset(before)


# The cells of a column say the same few things again and again.
@lru_cache(maxsize=1 << 12)
def fold(text: str) -> str:
    """A label's form for comparison: NFC, case folded, single spaces."""
    return unicodedata.normalize("NFC", " ".join(text.split())).casefold()


def code_list(name: str) -> CodeList:
    """The code list of that name as it is read now. KeyError when the catalogue of lists does not know it."""
    edition = _IN_USE.get()
    loaded = edition.lists.get(name) if edition else None
    return loaded if loaded is not None else packaged_list(name)


@cache
def packaged_list(name: str) -> CodeList:
    """The code list that comes with the program. KeyError when the catalogue of lists does not know it."""
    if name not in list_names():
        raise KeyError(name)
    return list_of(name, code_rows(name))


def list_of(name: str, rows: Sequence[Mapping[str, str]]) -> CodeList:
    """A list of these rows (columns as in its CSV), with the title and the source it is known by.

    Raises:
        ValueError: a code is replaced by one that is not there.
        KeyError: the catalogue of lists does not know it.
    """
    about = document("code_lists", "lists")[name]
    codes = {}
    for row in rows:
        extra = {key: value for key, value in row.items() if key not in OWN}
        codes[row["code"]] = Code(
            row["code"],
            row["label"],
            row.get("label_en") or row["label"],
            extra,
            _day(row.get("valid_from")),
            _day(row.get("valid_to")),
            row.get("replaced_by") or "",
        )
    astray = {entry.replaced_by for entry in codes.values() if entry.replaced_by} - codes.keys()
    if astray:
        raise ValueError(f"{name}: replaced by codes that are not in the list: {sorted(astray)}")
    return CodeList(name, about["title"], about["source"], about["status"], codes)


def _day(written: str | None) -> date | None:
    return date.fromisoformat(written) if written else None


@cache
def _packaged_version() -> str:
    lists = {name: code_rows(name) for name in sorted(document("code_lists", "lists"))}
    return sha256(json.dumps(lists, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def lists_version() -> str:
    """SHA-256 over all code lists as read now: another value means that a form may be judged otherwise."""
    edition = _IN_USE.get()
    packaged = _packaged_version()
    return sha256(f"{packaged}.{edition.hash}".encode()).hexdigest() if edition else packaged


def list_names() -> tuple[str, ...]:
    """The names of all code lists, in their catalogue's order."""
    return tuple(document("code_lists", "lists"))
