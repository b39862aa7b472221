"""Offices that a text names and that no longer exist: who stands in, from which day, by what source. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field

from models.calendar.source import Document, Location, SourceError, parse, read
from models.regulations.schema import Frozen, Party, Rule

FILE = Path(__file__).with_name("succession.yaml")
UNVERIFIED = {"found": ("", ""), "unverified": ("; chưa kiểm chứng", "; unverified")}


class Origin(Frozen):
    """Where a succession was read. `unverified`: from memory, or an excerpt that does not say all of it."""

    status: Literal["found", "unverified"]
    url: str | None = None
    note: str | None = None


class Succession(Frozen):
    """One office and who stands in for it. Where `authority` is given, in that authority's documents only."""

    id: str = Field(pattern=r"^[a-z0-9_]+$")
    former: str = Field(min_length=1)
    former_en: str = Field(min_length=1)
    names: tuple[str, ...] = Field(min_length=1)
    parties: tuple[Party, ...] = ()
    authority: str | None = Field(default=None, pattern=r"^[a-z0-9_]+$")
    since: date
    successor: str = Field(min_length=1)
    successor_en: str = Field(min_length=1)
    source: Origin

    @property
    def text_vi(self) -> str:
        """The sentence that stands beside a citation."""
        return (
            f"{self.former}: từ {self.since:%d/%m/%Y} là {self.successor}{UNVERIFIED[self.source.status][0]}"
        )

    @property
    def text_en(self) -> str:
        doubt = UNVERIFIED[self.source.status][1]
        return f"{self.former_en}: since {self.since.isoformat()} {self.successor_en}{doubt}"

    def concerns(self, rule: Rule) -> bool:
        """Whether the rule names the office, or its party where that says which office is meant."""
        return rule.party in self.parties or _words(self.names).search(_text(rule)) is not None


class Successions(Frozen):
    """The file."""

    successions: tuple[Succession, ...]


@cache
def _words(names: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, names))})(?!\w)", re.IGNORECASE)


def _text(rule: Rule) -> str:
    """Everything a record says about who does it, who comes next, and in whose words."""
    return "\n".join(filter(None, (rule.actor, rule.next_approver, rule.carrier, rule.quote)))


def load_successions(path: Path = FILE) -> tuple[Succession, ...]:
    """The successions of a file. Raises SourceError with file and line of every problem found."""
    document = read(path)
    found = parse(document, Successions).successions
    problems = [document.problem(where, what) for where, what in _wrong(found, document)]
    if problems:
        raise SourceError(problems)
    return found


def _wrong(found: Sequence[Succession], document: Document) -> Iterator[tuple[Location, str]]:
    for index, one in enumerate(found):
        if any(one.id == other.id for other in found[:index]):
            yield ("successions", index, "id"), f"lặp lại / given twice: {one.id}"
        if one.source.status == "found" and one.source.url is None:
            yield ("successions", index, "source"), f"{one.id}: thiếu nguồn / the source is missing"
        if one.source.status == "unverified" and one.source.note is None:
            yield ("successions", index, "source"), f"{one.id}: thiếu lý do / say what is not verified"
        for other in found[:index]:
            if _rivals(one, other):
                yield ("successions", index, "since"), f"{one.id}: trùng với / the same as {other.id}"


def _rivals(one: Succession, other: Succession) -> bool:
    """Two answers to one question: the same office, the same day, the same authority."""
    names = {name.casefold() for name in one.names} & {name.casefold() for name in other.names}
    return bool(names) and (one.since, one.authority) == (other.since, other.authority)


@cache
def seed_successions() -> tuple[Succession, ...]:
    """The packaged successions."""
    return load_successions()


def standing(
    on: date, authority: str, rules: Iterable[Rule], successions: Sequence[Succession]
) -> tuple[Succession, ...]:
    """Those that matter for these rules of an authority on a day."""
    held = [one for one in successions if one.since <= on and one.authority in (None, authority)]
    rules = tuple(rules)
    return tuple(one for one in held if any(one.concerns(rule) for rule in rules))


def stands_in(rule: Rule, successions: Sequence[Succession]) -> tuple[Succession, ...]:
    """Who stands in for the offices a rule names; the newest where an office changed hands twice."""
    concerned = [one for one in successions if one.concerns(rule)]
    newest = sorted(concerned, key=lambda one: one.since)
    return tuple({one.former: one for one in newest}.values())
