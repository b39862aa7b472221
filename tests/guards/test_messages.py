"""What travels through the engine is small and says nothing about a person (design.md, principle 5)."""

import importlib
import inspect
import pkgutil
import re
from datetime import date, datetime, timedelta
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

import annotated_types
import pytest
from pydantic import BaseModel, Field, StringConstraints

import models

SCALARS = (UUID, int, float, bool, datetime, date, timedelta, NoneType)
LONGEST_TEXT, LONGEST_LIST = 500, 2_000
PERSONAL = re.compile(
    r"(^|_)(full_?name|first_name|last_name|personal_id|identity|birth|email|phone|address|password|secret|token)"
)


def limit(metadata: list[Any]) -> int | None:
    """The greatest length that annotations allow; None when there is none."""
    found: list[int] = []
    for one in metadata:
        if isinstance(one, annotated_types.MaxLen | annotated_types.Len):
            found += [] if one.max_length is None else [one.max_length]
        elif isinstance(one, StringConstraints):
            if one.max_length is not None:
                found.append(one.max_length)
            elif isinstance(one.pattern, str) and not re.search(r"[*+]|\{\d+,\}", one.pattern):
                found.append(len(one.pattern))
    return min(found, default=None)


def unbounded(kind: Any, metadata: list[Any]) -> str | None:
    """Why values of this annotation may grow without limit; None when they may not."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return unbounded(arguments[0], [*arguments[1:], *metadata])
    if origin in (Union, UnionType):
        return next((why for one in arguments if (why := unbounded(one, metadata))), None)
    if origin is Literal or kind in SCALARS:
        return None
    if kind is str:
        longest = limit(metadata)
        return None if longest is not None and longest <= LONGEST_TEXT else "text without a length"
    if origin is tuple and arguments and arguments[-1] is not Ellipsis:
        return next((why for one in arguments if (why := unbounded(one, []))), None)
    if origin in (list, tuple, set, frozenset, dict) or getattr(origin, "__name__", "") in (
        "Sequence",
        "Mapping",
    ):
        longest = limit(metadata)
        if longest is None or longest > LONGEST_LIST:
            return f"{kind} without a length"
        return next((why for one in arguments if one is not Ellipsis and (why := unbounded(one, []))), None)
    if inspect.isclass(kind) and issubclass(kind, BaseModel | Enum):
        return None
    return f"{kind} is no bounded kind"


def faults(model: type[BaseModel]) -> list[str]:
    found = []
    for name, field in model.model_fields.items():
        if why := unbounded(field.annotation, field.metadata):
            found.append(f"{model.__name__}.{name}: {why}")
        if PERSONAL.search(name):
            found.append(f"{model.__name__}.{name}: sounds personal")
    return found


def all_messages() -> list[type[BaseModel]]:
    names = [one.name for one in pkgutil.iter_modules(models.__path__) if one.name.startswith("messages")]
    assert {"messages", "messages_admin", "messages_bulk", "messages_slips"} <= set(names)
    files = [importlib.import_module(f"models.{name}") for name in names]
    found = [one for file in files for _, one in inspect.getmembers(file, inspect.isclass)]
    homes = {file.__name__ for file in files}
    return list({one for one in found if issubclass(one, BaseModel) and one.__module__ in homes})


def test_every_message_is_bounded_and_impersonal() -> None:
    models = all_messages()
    assert len(models) > 5, "the guard does not see the messages"
    assert [fault for model in models for fault in faults(model)] == []


def test_messages_can_be_read_by_older_workers_and_not_be_changed() -> None:
    for model in all_messages():
        assert model.model_config.get("extra") == "ignore", model.__name__
        assert model.model_config.get("frozen") is True, model.__name__


class Loose(BaseModel):
    text: str
    raw: bytes
    many: list[int]
    nested: Annotated[list[str], Field(max_length=3)]
    either: UUID | str
    pattern: Annotated[str, StringConstraints(pattern=r"^a+$")]
    anything: Any
    long: Annotated[str, StringConstraints(max_length=5_000)]
    values: dict[str, int] = Field(max_length=2)


class Tight(BaseModel):
    id: UUID
    word: Annotated[str, StringConstraints(max_length=10)]
    maybe: Annotated[str, StringConstraints(max_length=10)] | None
    month: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}$")]
    few: Annotated[tuple[UUID, ...], Field(max_length=100)] = ()
    pair: tuple[int, date]
    kind: Literal["a", "b"]
    inner: Loose


@pytest.mark.parametrize("name", list(Loose.model_fields))
def test_the_guard_catches(name: str) -> None:
    field = Loose.model_fields[name]
    assert unbounded(field.annotation, field.metadata)


def test_the_guard_lets_bounded_fields_pass() -> None:
    assert faults(Tight) == []


@pytest.mark.parametrize("name", ["full_name", "personal_id", "new_email", "birth_date"])
def test_personal_names_are_caught(name: str) -> None:
    assert PERSONAL.search(name)
