"""Code lists: the closed vocabularies of the form, packaged with their source and how far it is trusted."""

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256

from .loading import code_rows, document


@dataclass(frozen=True)
class Code:
    """One entry. ``extra`` holds the list's further columns, e.g. the salary group of a rank."""

    code: str
    label: str
    label_en: str
    extra: Mapping[str, str] = field(default_factory=dict)


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

    def label(self, code: str) -> str:
        """The Vietnamese label; the code itself when the list does not have it."""
        found = self.codes.get(code)
        return found.label if found else code

    def resolve(self, text: str) -> str | None:
        """The code meant by a cell: the code, its label in any case, or ``code – label`` from a drop-down."""
        if text in self.codes:
            return text
        by_label = _labels(self.name)
        head, dash, _ = text.partition(" – ")
        if dash and head in self.codes:
            return head
        return by_label.get(fold(text))


def fold(text: str) -> str:
    """A label's form for comparison: NFC, case folded, single spaces."""
    return unicodedata.normalize("NFC", " ".join(text.split())).casefold()


@cache
def code_list(name: str) -> CodeList:
    """The code list of that name. KeyError when the catalogue of lists does not know it."""
    about = document("code_lists", "lists")[name]
    codes = {}
    for row in code_rows(name):
        extra = {key: value for key, value in row.items() if key not in ("code", "label", "label_en")}
        codes[row["code"]] = Code(row["code"], row["label"], row["label_en"], extra)
    return CodeList(name, about["title"], about["source"], about["status"], codes)


@cache
def _labels(name: str) -> Mapping[str, str]:
    return {fold(entry.label): entry.code for entry in code_list(name).codes.values()}


@cache
def lists_version() -> str:
    """SHA-256 over all code lists: another value means that a form may be judged otherwise."""
    lists = {name: code_rows(name) for name in sorted(document("code_lists", "lists"))}
    return sha256(json.dumps(lists, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
