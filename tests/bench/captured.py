"""The statements an act really issues, taken from the act itself, so that the bare cost runs the same."""

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

import psycopg
from psycopg.types.json import Jsonb

from models.commands import GiveNotice
from models.messages import Ask
from models.record.act import act
from tests.world import World

Statement = tuple[str, Any]


@contextmanager
def statements() -> Iterator[list[Statement]]:
    """Every statement this process sends by an asynchronous connection meanwhile, with its parameters."""
    found: list[Statement] = []
    one, many = psycopg.AsyncCursor.execute, psycopg.AsyncCursor.executemany

    async def execute(self: Any, query: Any, params: Any = None, **options: Any) -> Any:
        found.append((str(query), _plain(params)))
        return await one(self, query, params, **options)

    async def executemany(self: Any, query: Any, params_seq: Any, **options: Any) -> Any:
        rows = list(params_seq)
        found.append((str(query), [_plain(row) for row in rows]))
        return await many(self, query, rows, **options)

    with (
        patch.object(psycopg.AsyncCursor, "execute", execute),
        patch.object(psycopg.AsyncCursor, "executemany", executemany),
    ):
        yield found


def _plain(parameters: Any) -> Any:
    """Parameters as a pickle can carry them."""
    if isinstance(parameters, dict):
        return {name: _value(value) for name, value in parameters.items()}
    return [_value(value) for value in parameters] if parameters is not None else None


def _value(value: Any) -> Any:
    return Jsonb(value.obj) if isinstance(value, Jsonb) else value


def notice(number: int, today: date) -> GiveNotice:
    """A light command: it opens one duty, and with it one line for an inbox and two events."""
    changed_on = today - timedelta(days=number % 3)
    return GiveNotice(kind="reward", changed_on=changed_on, document=f"{number}/QĐ-SVH")


async def of_a_notice(world: World, profile_id: UUID) -> tuple[UUID, list[Statement]]:
    """A command's id and all that its act sends; the law is already read, as in a warm process."""
    today = world.now.date()
    await world.ask("culture.hr", notice(1, today), profile_id)
    key = uuid4()
    sent: list[Statement] = []

    async def watched(tools: Any, ask: Ask) -> Any:
        with statements() as found:
            moment = await act(tools, ask)
        sent.extend(found)
        return moment

    with patch("tests.world.act", watched):
        fate = await world.ask("culture.hr", notice(2, today), profile_id, key=key)
    assert fate.status == 201, fate
    return key, sent


def keep(file: Path, found: dict[str, Any]) -> None:
    """Write what the bare worker needs."""
    file.write_bytes(pickle.dumps(found))
