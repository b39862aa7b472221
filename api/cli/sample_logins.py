"""What the first load of ``hoso run`` decided, and what it tells: the sample logins, written down in the data
folder. Light on purpose: a second start has no more to do than to read it.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from api.cli.importing import Report
from models.access import roles

AUTHORITY = "Ủy ban nhân dân thành phố Hà Nội"
NOTES = "first-load.json"


@dataclass(frozen=True, slots=True)
class Login:
    """A sample login with its password; ``one_time`` is what it was first issued."""

    login: str
    role: str
    agency: str
    password: str
    one_time: str = ""


@dataclass(slots=True)
class FirstLoad:
    """What was loaded; iterating gives the lines to print."""

    logins: list[Login] = field(default_factory=list)
    counts: dict[str, Any] = field(default_factory=dict)
    done: bool = False

    def __iter__(self) -> Iterator[str]:
        if self.counts:
            yield from Report(UUID(int=0), False, self.counts, [])
        yield "Tài khoản mẫu / sample logins:"
        table = roles().roles
        for one in self.logins:
            yield f"  {one.login:<32} {one.password}   {table[one.role].vi}, {one.agency}"


def read(data: Path) -> FirstLoad:
    """What is written down in a data folder; nothing where no load was begun."""
    notes = data / NOTES
    with suppress(FileNotFoundError):
        found = json.loads(notes.read_text(encoding="utf-8"))
        return FirstLoad([Login(**one) for one in found["logins"]], found["counts"], found["done"])
    return FirstLoad()


def write(data: Path, state: FirstLoad) -> None:
    """Write down what was decided, whole or not at all, for its owner only."""
    notes = data / NOTES
    draft = notes.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.chmod(0o600)
    draft.write_text(json.dumps(asdict(state), ensure_ascii=False, indent=1), encoding="utf-8")
    draft.replace(notes)
