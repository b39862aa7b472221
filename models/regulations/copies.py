"""A document with the text of another: its rules are those of the other, under its own ids and citations.

The file says which document has the same text (`same_text_as`), what it lacks (`leaves_out`), how ids and
citations read (`renamed`) and, clause by clause, its own words (`scanned`), which become the quotations.
Whether the words really agree is a matter for a test; here every clause must have some.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field

from models.calendar.source import Document, Location, Problem, SourceError, parse, read
from models.regulations.schema import Frozen

OWN = ("same_text_as", "leaves_out", "renamed", "scanned", "scanned_besides")


class Renaming(Frozen):
    """Words of the other document and what stands in their place here."""

    from_: str = Field(alias="from", min_length=1)
    to: str = Field(min_length=1)

    def apply(self, words: str) -> str:
        return words.replace(self.from_, self.to)


class Renamed(Frozen):
    """How ids and citations of the other document read here."""

    id: Renaming
    citation: Renaming
    citation_en: Renaming


class Copy(Frozen):
    """What a file says about the document whose text it has."""

    same_text_as: str = Field(pattern=r"^[a-z0-9_]+$")
    leaves_out: tuple[str, ...]
    renamed: Renamed
    scanned: Mapping[str, str] = Field(min_length=1)
    scanned_besides: tuple[str, ...] = ()


def expand(document: Document) -> Document:
    """The document with its rules written out; itself where it is nobody's copy.

    Raises:
        SourceError: the other document cannot be read, or its clauses and the words given here do not match.
    """
    value = document.value
    if not isinstance(value, dict) or "same_text_as" not in value:
        return document
    own = Document(document.path, {key: value[key] for key in OWN if key in value}, document.root)
    copy = parse(own, Copy)
    rules = _rules(document, copy)
    problems = [document.problem(where, what) for where, what in _unmatched(copy, rules)]
    if problems:
        raise SourceError(problems)
    kept = [_renamed(rule, copy) for rule in rules if rule["id"] not in copy.leaves_out]
    rest = {key: one for key, one in value.items() if key not in OWN[1:]}
    return Document(document.path, {**rest, "rules": kept}, document.root)


def _rules(document: Document, copy: Copy) -> list[dict[str, Any]]:
    other = document.path.with_name(f"{copy.same_text_as}.yaml")
    if not other.is_file():
        message = f"không có văn bản / there is no document {copy.same_text_as}"
        raise SourceError([document.problem(("same_text_as",), message)])
    value = read(other).value
    if not isinstance(value, dict) or not isinstance(value.get("rules"), list):
        raise SourceError([Problem(other.name, 1, "không có điều khoản / it has no rules")])
    return [rule for rule in value["rules"] if isinstance(rule, dict) and "id" in rule]


def _unmatched(copy: Copy, rules: list[dict[str, Any]]) -> Iterator[tuple[Location, str]]:
    ids = {rule["id"] for rule in rules}
    for name in sorted(set(copy.leaves_out) - ids):
        yield ("leaves_out",), f"dẫn chiếu không có / dangling reference: {name}"
    for name in sorted(set(copy.scanned) - ids):
        yield ("scanned", name), f"dẫn chiếu không có / dangling reference: {name}"
    for name in sorted(set(copy.scanned) & set(copy.leaves_out)):
        yield ("scanned", name), f"điều khoản không có trong văn bản này / left out and quoted: {name}"
    for name in sorted(ids - set(copy.scanned) - set(copy.leaves_out)):
        yield ("scanned",), f"thiếu lời văn của / its words are missing: {name}"


def _renamed(rule: dict[str, Any], copy: Copy) -> dict[str, Any]:
    names = copy.renamed
    changed = {
        **rule,
        "id": names.id.apply(rule["id"]),
        "citation": names.citation.apply(rule["citation"]),
        "citation_en": names.citation_en.apply(rule["citation_en"]),
        "quote": copy.scanned[rule["id"]],
    }
    if rule.get("after"):
        changed["after"] = names.id.apply(rule["after"])
    deadline = rule.get("deadline")
    if isinstance(deadline, dict) and deadline.get("derived_from"):
        changed["deadline"] = {**deadline, "derived_from": names.id.apply(deadline["derived_from"])}
    return changed
