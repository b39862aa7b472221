"""The sealer of an installation: every authority's log within a minute, its head sealed once a day.

A process's task, not a workflow: it knows no case and no legal deadline, it works while the engine is away
(evidence must not depend on it), and a timer a minute would be thousands of engine events a day.
One process at a time leads (a lock in PostgreSQL that dies with its connection); what two could do at once is
held apart by the tables' keys all the same. Whatever was cut off is simply not there and is done next time.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import UUID

import psycopg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.sealing.stamping import Stamps
from activities.sealing.troubles import Trouble, note, recall
from activities.signing.errors import NotNowError, PausedError
from models.history import sealing
from models.history.appending import BATCH, append
from models.history.place import PlaceError, SecondPlace, WrittenBeforeError
from models.history.tree import LogBrokenError
from models.logs import logger
from models.record.service import paused_now

PAUSE = 10.0
"""Seconds between two looks: an event is in the log within a minute, with room for a slow one."""
FIRST, LONGEST = timedelta(minutes=1), timedelta(minutes=15)
"""The first and the longest pause before what failed is tried again."""
_LOCK = 4_817_203_555

log = logger("sealer")

_AUTHORITIES = text("SELECT authority_id FROM authorities ORDER BY authority_id")


class Sealer:
    """Runs beside the activities until it is cancelled.

    Args:
        engine: a database engine of the workers' role.
        listen_url: libpq address of the same role, for the connection that holds the lock.
        now: the present instant, virtual where the engine's is.
        stamps: the way to the timestamp authority.
        place: address of the second place.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        listen_url: str,
        now: Callable[[], Awaitable[datetime]],
        stamps: Stamps,
        place: str,
    ) -> None:
        self._engine, self._url, self._now, self._stamps, self._address = (
            engine,
            listen_url,
            now,
            stamps,
            place,
        )
        self._place: SecondPlace | None = None
        self._trusted: set[UUID] = set()
        """Authorities whose log was found to lead to its sealed heads since this process leads."""
        self._compared: set[UUID] = set()
        """Those whose second place was found to say what the database says."""
        self._troubles: dict[UUID, Trouble] = {}

    async def run(self) -> None:
        """Serve for ever; whatever fails is tried again, because nobody else would."""
        while True:
            try:
                await self._lead()
            except Exception as error:  # a sealer that dies is noticed by nobody
                log.warning("sealer.interrupted", code=type(error).__name__)
            await asyncio.sleep(PAUSE)

    async def _lead(self) -> None:
        """Work while this process holds the lock."""
        async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as connection:
            held = await (await connection.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,))).fetchone()
            if held is None or not held[0]:
                return
            self._trusted.clear()
            self._compared.clear()
            while True:
                await self.once()
                await connection.execute("SELECT 1")  # the lock is held only as long as this answers
                await asyncio.sleep(PAUSE)

    async def once(self) -> None:
        """Look after every authority once."""
        async with self._engine.begin() as connection:
            authorities = list((await connection.execute(_AUTHORITIES)).scalars())
        for authority_id in authorities:
            now = await self._now()
            before = self._troubles.get(authority_id) or await recall(self._engine, authority_id)
            found = before.at(await self._look(authority_id, now, before), now, _pause(before, now))
            if found.code != before.code:
                log.warning("sealer.trouble", authority_id=str(authority_id), code=found.code or "over")
            if found != before or found.stale(now):
                self._troubles[authority_id] = await note(self._engine, authority_id, found, now)

    async def _look(self, authority_id: UUID, now: datetime, before: Trouble) -> str | None:
        """Append, seal, export; answers the code of what went wrong, or of what still is."""
        try:
            if authority_id not in self._trusted:
                await sealing.check(self._engine, authority_id, None)
                self._trusted.add(authority_id)
            added = BATCH
            while added == BATCH:
                added = (await append(self._engine, authority_id, now, most=BATCH)).added
        except LogBrokenError as error:
            return self._said("log-broken", error)
        if before.code is not None and before.retry_at is not None and now < before.retry_at:
            return before.code
        return await self._seal(authority_id, now)

    async def _seal(self, authority_id: UUID, now: datetime) -> str | None:
        """Seal what is due, export what is sealed; a log that its exports contradict is not sealed again."""
        place: SecondPlace | None = None
        found: str | None = None
        try:
            place = await self._compared_place(authority_id, now)
        except WrittenBeforeError as error:
            return self._said("second-place-differs", error)
        except LogBrokenError as error:
            return self._said("second-place-ahead", error)
        except PlaceError as error:
            found = self._said("second-place-away", error)
        try:
            await self._unpaused(authority_id, now)
            await sealing.seal(self._engine, authority_id, now, self._stamps.at(now))
        except NotNowError as error:
            found = self._said(error.code, error)
        if place is not None:
            try:
                await sealing.export(self._engine, authority_id, place, now)
            except WrittenBeforeError as error:
                return self._said("second-place-differs", error)
            except PlaceError as error:
                return found or self._said("second-place-away", error)
        return found

    async def _compared_place(self, authority_id: UUID, now: datetime) -> SecondPlace:
        """The second place; the first time it is asked whether it says what the database says.

        A place that has nothing is a new one, and is given all.
        """
        if self._place is None:
            self._place = await asyncio.to_thread(SecondPlace, self._address)
        if authority_id not in self._compared:
            if not await sealing.check(self._engine, authority_id, self._place):
                await sealing.export(self._engine, authority_id, self._place, now, anew=True)
            self._compared.add(authority_id)
        return self._place

    async def _unpaused(self, authority_id: UUID, now: datetime) -> None:
        if "timestamps" in await paused_now(self._engine, authority_id, now):
            raise PausedError("timestamps-paused")  # events are appended meanwhile; a head is sealed later

    def _said(self, code: str, error: Exception) -> str:
        log.debug("sealer.failed", code=code, kind=type(error).__name__)
        return code


def _pause(before: Trouble, now: datetime) -> timedelta:
    """As long again as it has already lasted, within bounds."""
    lasted = now - before.since if before.since is not None else FIRST
    return min(max(lasted, FIRST), LONGEST)
