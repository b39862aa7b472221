"""The small world of a demo: an authority, its agencies, people in posts, and the law it lives under."""

from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict

from api.cli.demo.problems import StoryError
from api.cli.sample.writing import add_all, open_book
from models.form import cells_of, workbook
from models.lifecycle.competence import signers
from models.regulations import Obligation, RuleSet, Trial, law_of

FILE = Path(__file__).with_name("worlds.yaml")
PASSWORD = "nghiệp vụ hồ sơ 2468"  # noqa: S105 — of accounts that exist for a minute
Pair = tuple[str, str]
KEEPERS = ("department", "managing_authority")
"""Parties for which the department that keeps the database acts."""


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Agency(_Read):
    """An agency; `account`: whether it synchronises for itself; `short` is its name in the story."""

    code: str
    name: str
    kind: str
    parent: str | None = None
    account: bool = True
    standing: Literal["constituent", "subordinate"] | None = None
    operates: bool = False
    short: Pair


class Post(_Read):
    """A post with its account; the story calls whoever holds it `title`."""

    role: str
    agency: str
    title: Pair


class Form(_Read):
    """What the people's forms say of where they work."""

    recruiter: str
    unit: str
    new_unit: str


class World(_Read):
    """Everything a story needs to know beside the law. Pairs are Vietnamese, English."""

    name: str
    national_code: str
    document: str
    drafts: tuple[str, ...] = ()
    """Drafts the authority is run on, on trial."""
    place: Pair
    whence: Pair
    homes: Pair
    agencies: dict[str, Agency]
    posts: dict[str, Post]
    form: Form

    def desk(self, agency: str) -> str:
        """The agency whose officers act for this one: itself, or the one above where it has no account."""
        one = self.agencies[agency]
        return agency if one.account or one.parent is None else self.desk(one.parent)

    def facts(self, agency: str) -> dict[str, str]:
        """What the law may ask about an agency."""
        one = self.agencies[agency]
        return {
            "agency": one.standing or ("subordinate" if one.account else "constituent"),
            "kind": one.kind,
        }

    def holder(self, role: str, agency: str) -> str:
        """The name in the cast of whoever holds a role in an agency.

        Raises:
            StoryError: nobody does.
        """
        for name, post in self.posts.items():
            if (post.role, post.agency) == (role, agency):
                return name
        raise StoryError(f"không ai giữ vị trí / nobody holds the post: {role}, {agency}")

    def signer(self, rule: Obligation, agency: str) -> str:
        """The name in the cast of whoever signs under a rule about somebody of an agency.

        Raises:
            StoryError: nobody in the story may.
        """
        able = signers(rule)
        named = (rule.post,) if rule.post in able else ()
        place = "keeper" if rule.party in KEEPERS else self.desk(agency)
        for role in (*named, *able):
            for name, post in self.posts.items():
                if (post.role, post.agency) == (role, place):
                    return name
        raise StoryError(f"không ai được ký / nobody may sign: {rule.citation}, {agency}")

    def login(self, name: str) -> str:
        """A post's login, named after the post and not after a person."""
        post = self.posts[name]
        return f"{post.role.replace('_', '-')}.{self.agencies[post.agency].code.lower().replace('.', '-')}"


@dataclass
class Laws:
    """The law of the story's authority on any of its days. `trial` began when the story did."""

    authority: str
    trial: Trial | None = None
    _known: dict[date, RuleSet] = field(default_factory=dict)

    def on(self, day: date) -> RuleSet:
        """The law of a day, resolved once."""
        if day not in self._known:
            self._known[day] = law_of(self.authority, day, self.trial)
        return self._known[day]


@cache
def worlds() -> dict[str, World]:
    """Every world there is, by its authority's name in the law."""
    read: Any = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {name: World.model_validate(one) for name, one in read.items()}


def write_workbook(world: World, out: Path) -> Path:
    """The import workbook of a world: agencies and posts; its people come in the story."""
    book = open_book(drop_downs=False)
    sheets = {sheet.name: sheet for sheet in workbook(book.cat)}
    agencies = (_line(world, one) for one in world.agencies.values())
    add_all(book, sheets["agencies"], (cells_of(sheets["agencies"], line) for line in agencies))
    posts = (_post(world, name) for name in world.posts)
    add_all(book, sheets["posts"], (cells_of(sheets["posts"], line) for line in posts))
    book.save(out)
    return out


def _line(world: World, agency: Agency) -> dict[str, Any]:
    line = {
        "code": agency.code,
        "name": agency.name,
        "kind": agency.kind,
        "has_account": "yes" if agency.account else "no",
    }
    line |= {"parent_code": world.agencies[agency.parent].code} if agency.parent else {}
    line |= {"standing": agency.standing} if agency.standing else {}
    return line | ({"operates_database": "yes"} if agency.operates else {})


def _post(world: World, name: str) -> dict[str, Any]:
    post, login = world.posts[name], world.login(name)
    return {
        "login": login,
        "role": post.role,
        "agency_code": world.agencies[post.agency].code,
        "title": post.title[0],
        "holder_name": post.title[0],
        "email": f"{login}@example.invalid",
    }
