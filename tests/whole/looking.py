"""What a demo left behind, looked through for its people (`tests.whole.leftovers` knows how)."""

import email
import email.policy
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.cli.demo.leaving import DOCUMENTS, ENGINE, LOGS, METRICS, PEOPLE, ROWS, URLS
from api.cli.demo.person import PASSWORD
from models.form import catalogue, split
from tests.whole.leftovers import found, leaves
from tests.whole.playing import Played

FORM = "tt06_2023"


@dataclass(frozen=True)
class Left:
    """The leftovers of one performance."""

    played: Played

    @property
    def folder(self) -> Path:
        return self.played.out.with_name("left")

    @property
    def people(self) -> list[dict[str, Any]]:
        return list(json.loads((self.folder / PEOPLE).read_text()))

    @property
    def personal(self) -> set[str]:
        """Names, numbers, phones, addresses, and the password."""
        names = {person["birth_full_name"] for person in self.people}
        secret = {text for text in self.sealed if any(c.isdigit() for c in text) and len(text) >= 9}
        homes = {p["current_address"]["detail"] for p in self.people}
        # A family name is half of Việt Nam: what tells a person is the rest.
        given = {" ".join(name.split()[1:]) for name in names}
        return names | given | secret | homes | {PASSWORD}

    @property
    def sealed(self) -> set[str]:
        """Texts of the fields marked E, as far as they cannot also stand in an open field."""
        hidden: set[str] = set()
        open_: set[str] = set()
        for person in self.people:
            in_the_open, secret = split(catalogue(FORM), person)
            hidden |= set(leaves(secret))
            open_ |= set(leaves(in_the_open))
        return hidden - open_

    def files(self, *names: str) -> dict[str, bytes]:
        """Leftover files by name; a folder's name is all its files."""
        made = {}
        for name in names:
            place = self.folder / name
            for path in sorted(place.iterdir()) if place.is_dir() else [place]:
                made[f"{name}/{path.name}"] = path.name.encode() + b"\n" + path.read_bytes()
        return made

    def documents(self) -> dict[str, bytes]:
        """Files of the store: each name, and how the file begins and ends."""
        found = {path.name: path.read_bytes() for path in sorted((self.folder / DOCUMENTS).iterdir())}
        return {name: name.encode() + b"\n" + data[:4096] + data[-1024:] for name, data in found.items()}

    def mails(self) -> dict[str, bytes]:
        """Mails as they went out, and their texts; without the line that says to whom."""
        made = {}
        for path in sorted((self.played.out / "mails").glob("*.eml")):
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            del message["To"]
            made[path.name] = message.as_bytes() + str(message["Subject"]).encode()
            made[path.name] += message.get_content().encode()
        return made


def who_is_in(files: dict[str, bytes], texts: set[str]) -> dict[str, list[str]]:
    """Where somebody was found; empty is what is wanted."""
    hits = {name: found(sorted(texts), data) for name, data in files.items()}
    return {name: texts for name, texts in hits.items() if texts}


EVERYWHERE = (LOGS, URLS, METRICS, ENGINE)
"""Where nothing of a person may stand."""
ROWS_ONLY = (ROWS,)
"""Where nothing that is marked E may stand; names stay searchable there."""
