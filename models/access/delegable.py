"""What may be delegated, as data: delegation.yaml beside this file, read once and checked whole."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.access.catalogue import Verb
from models.regulations.slots import Slot


class Delegable(BaseModel):
    """One right that can be lent: its words, the slot of the law that allows it, verbs that go with it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    vi: str = Field(min_length=1)
    en: str = Field(min_length=1)
    slot: Slot
    verb: Verb
    along: tuple[Verb, ...] = ()
    duties: tuple[Slot, ...] = ()

    @property
    def verbs(self) -> tuple[Verb, ...]:
        """The right itself and what goes with it."""
        return (self.verb, *self.along)


class Delegables(BaseModel):
    """The whole table. ``depth`` is how often a right may be passed on: 1 means never by a delegate."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    depth: int = Field(ge=1, le=5)
    notice_working_days: int = Field(ge=0, le=30)
    what: Mapping[str, Delegable]

    @model_validator(mode="after")
    def _each_right_once(self) -> "Delegables":
        verbs = [one.verb for one in self.what.values()]
        if len(set(verbs)) != len(verbs):
            raise ValueError("one right stands under two names")
        return self


def read_delegables(text: str) -> Delegables:
    """The table in `text`; ValueError (pydantic's) names what is wrong with it."""
    content: Any = yaml.safe_load(text)
    return Delegables.model_validate(content)


@cache
def delegables() -> Delegables:
    """The table the installation runs with."""
    return read_delegables(files(__package__).joinpath("delegation.yaml").read_text(encoding="utf-8"))
