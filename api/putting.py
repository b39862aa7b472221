"""Commands the engine never answered, put again: side by side, and none in the way of another.

Every sweep goes through all of them. Of one workflow they are put one after another, in the order they came
in but the longest untried first; a workflow that does not answer is left alone for a while that grows, and is
then asked with less patience. So whatever can be answered is, however much else cannot.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.service import RPCError, RPCStatusCode

from api.clock import Clock
from api.commands import PATIENCE, Addressed, Engine, attempt
from api.engine_away import ENGINE_AWAY, never_reached
from models.database import Scope, transaction
from models.errors import IdentifierError
from models.logs import logger

LATE = timedelta(seconds=30)
"""A command the engine has not answered for so long is put again."""
BATCH = 200
LANES = 16
"""Commands that wait for their answers at once."""
BRIEF = timedelta(seconds=2)
"""How long one is waited for that did not answer before: what the engine has of it, it will do."""
FIRST_SILENCE, LONGEST_SILENCE = 2.0, 30.0
"""Seconds for which a workflow that does not answer is left alone."""
HOUR = 3600.0
UNKNOWN = (IdentifierError, KeyError, ValueError)
"""What a line or a command of a newer version comes out as here: it waits for a relay that knows it."""
NOT_NOW = (RPCStatusCode.UNAVAILABLE, RPCStatusCode.RESOURCE_EXHAUSTED)

log = logger("relay")

_UNHEARD = text(
    "SELECT id, authority_id, verb, workflow_id, subject_id, accepted_at FROM commands"
    " WHERE heard_at IS NULL AND accepted_at < :before AND (accepted_at, id) > (:at, :id)"
    " ORDER BY accepted_at, id LIMIT :most"
)
_BEGINNING = (datetime.min.replace(tzinfo=UTC), UUID(int=0))


@dataclass(slots=True)
class Silence:
    """Until when a workflow is left alone, in seconds of the loop's clock, and for how long it was."""

    until: float
    lasts: float


class EngineAwayError(Exception):
    """Nothing can be put to anybody just now."""


class Unheard:
    """Puts the commands of any authority again; remembers who did not answer."""

    def __init__(
        self,
        engine: Engine,
        database: AsyncEngine,
        clock: Clock,
        wonder: Callable[[str, Exception], None],
    ) -> None:
        """``wonder`` is told of addresses that nobody here knows."""
        self._engine, self._database, self._clock, self._wonder = engine, database, clock, wonder
        self._silent: dict[str, Silence] = {}
        self._tried: dict[UUID, float] = {}

    async def put(self, authority_id: UUID) -> int:
        """One sweep through an authority's commands; answers how many were put."""
        said, before = 0, await self._clock.now() - LATE
        async for rows in self._pages(authority_id, before):
            lives: dict[str, list[Row[Any]]] = {}
            for row in rows:
                lives.setdefault(row.workflow_id, []).append(row)
            lanes = asyncio.Semaphore(LANES)
            ended = await asyncio.gather(
                *(self._one_after_another(of_one, lanes) for of_one in lives.values()), return_exceptions=True
            )
            said += sum(one for one in ended if isinstance(one, int))
            failed = [one for one in ended if isinstance(one, BaseException)]
            if any(isinstance(one, EngineAwayError) for one in failed):
                break
            if failed:
                raise failed[0]
        return said

    async def _pages(self, authority_id: UUID, before: datetime) -> AsyncIterator[list[Row[Any]]]:
        after, seen = _BEGINNING, set[UUID]()
        while True:
            async with transaction(self._database, Scope(authority_id, everything=True)) as connection:
                values = {"before": before, "most": BATCH, "at": after[0], "id": after[1]}
                rows = list(await connection.execute(_UNHEARD, values))
            seen.update(row.id for row in rows)
            yield rows
            if len(rows) < BATCH:
                self._forget(seen)
                return
            after = rows[-1].accepted_at, rows[-1].id

    def _forget(self, seen: set[UUID]) -> None:
        """Some were answered to others, who put them themselves: those need not be remembered for ever."""
        if len(self._tried) + len(self._silent) > 10 * BATCH:
            self._tried = {one: at for one, at in self._tried.items() if one in seen}
            self._silent = {one: how for one, how in self._silent.items() if how.until > _now() - HOUR}

    async def _one_after_another(self, rows: Iterable[Row[Any]], lanes: asyncio.Semaphore) -> int:
        """Commands of one workflow, until it does not answer; how many were put.

        Raises:
            EngineAwayError: no workflow could be asked now.
        """
        said = 0
        for row in sorted(rows, key=lambda one: self._tried.get(one.id, 0.0)):
            silence = self._silent.get(row.workflow_id)
            if silence is not None and silence.until > _now():
                break
            async with lanes:
                answered = await self._again(row, BRIEF if row.id in self._tried else PATIENCE)
            said += 1
            if answered:
                self._silent.pop(row.workflow_id, None)
                self._tried.pop(row.id, None)
                continue
            lasts = min(silence.lasts * 2, LONGEST_SILENCE) if silence is not None else FIRST_SILENCE
            self._tried[row.id], self._silent[row.workflow_id] = _now(), Silence(_now() + lasts, lasts)
        return said

    async def _again(self, row: Row[Any], patience: timedelta) -> bool:
        """Whether the engine answered. What is of a version to come waits, too."""
        command = Addressed(row.id, row.authority_id, row.verb, row.workflow_id, row.subject_id)
        log.info("command.put_again", command_id=str(row.id), verb=row.verb)
        try:
            return await attempt(self._engine, command, patience) is not None
        except UNKNOWN as error:
            self._wonder(row.workflow_id, error)
        except ENGINE_AWAY as error:
            status = error.status if isinstance(error, RPCError) else None
            code = status.name if status is not None else "CONNECT"
            log.warning("relay.not_said", workflow_id=row.workflow_id, code=code)
            if status in NOT_NOW or never_reached(error):
                raise EngineAwayError from error
        return False


def _now() -> float:
    return asyncio.get_running_loop().time()
