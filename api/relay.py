"""What must be heard is said again until it was heard: outbox lines, and commands the engine never answered.

A settled command counts as unheard too, until the engine has answered it: worker and server may have died
between the facts and the word of them, and the workflow would sleep past a wake that moved nearer. How the
unheard are put again is told in `api.putting`.

One API process at a time does it (a lock in PostgreSQL), woken by the database or every few seconds.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.service import RPCError, RPCStatusCode

from api.clock import Clock
from api.commands import Engine
from api.engine_away import ENGINE_AWAY, NO_ANSWER
from api.intake.resumable import forget_expired
from api.putting import LATE, UNKNOWN, Unheard
from api.reconcile import Reconciler
from api.saying import say
from api.starting_bulk import start_orders
from api.starting_imports import import_workflow, start_import
from models.calendar import legal_date
from models.database import Scope, transaction
from models.logs import logger

PAUSE = 2.0
BATCH = 200
_LOCK = 4_817_203_552

log = logger("relay")

_AUTHORITIES = text("SELECT authority_id FROM authorities")
_UNSENT = text("SELECT * FROM outbox WHERE sent_at IS NULL AND id > :after ORDER BY id LIMIT :most")
_SENT = text("UPDATE outbox SET sent_at = :now WHERE id = :id")
_WAITING = text(
    "SELECT id FROM imports WHERE state = 'waiting' AND created_at < :before ORDER BY created_at LIMIT :most"
)
_HEARD = text("UPDATE commands SET heard_at = :now WHERE id = ANY(:ids) AND heard_at IS NULL")
_NOT_NOW = (RPCStatusCode.UNAVAILABLE, RPCStatusCode.RESOURCE_EXHAUSTED, *NO_ANSWER)


class Relay:
    """Runs beside the API until it is cancelled."""

    def __init__(
        self, engine: Engine, database: AsyncEngine, clock: Clock, listen_url: str, *, backups: bool = False
    ) -> None:
        self._engine, self._database, self._clock, self._url = engine, database, clock, listen_url
        self._reconciler = Reconciler(engine.client, engine.task_queue, database, clock, backups=backups)
        self._unheard = Unheard(engine, database, clock, self._wonder)
        self._imports: set[UUID] = set()
        """Waiting imports the engine already has: they wait for a worker, not for us."""
        self._unknown: set[str] = set()
        """Addresses of lines and commands that are kept for a newer relay, said once."""
        self._reconciled: tuple[date, frozenset[UUID]] | None = None

    async def run(self) -> None:
        """Serve for ever; whatever fails is tried again, because nobody else would."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._again(self._lead))
            tasks.create_task(self._again(self.note_heard))

    async def _again(self, work: Callable[[], Awaitable[object]]) -> None:
        while True:
            try:
                await work()
            except Exception as error:  # a relay that dies is noticed by nobody
                log.warning("relay.interrupted", code=type(error).__name__)
            await asyncio.sleep(PAUSE)

    async def _lead(self) -> None:
        """Work while this process holds the lock."""
        async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as connection:
            held = await (await connection.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,))).fetchone()
            if held is None or not held[0]:
                return
            await connection.execute("LISTEN hoso_outbox")
            # Beside the lines, not before them: many subjects compared, or many commands that nobody answers,
            # must keep no line waiting.
            beside = [asyncio.create_task(self._again(one)) for one in (self._reconcile, self.put_again)]
            try:
                while True:
                    await self.say_all()
                    async for _ in connection.notifies(timeout=PAUSE, stop_after=1):
                        pass
            finally:
                for one in beside:
                    one.cancel()
                # They hold connections: whoever ends the relay closes the database next.
                await asyncio.gather(*beside, return_exceptions=True)

    async def _reconcile(self) -> None:
        """Once at the start, then once a night, and when an authority was installed meanwhile."""
        tonight = legal_date(await self._clock.now()), frozenset(await self._authorities())
        if self._reconciled == tonight:
            return
        try:
            await self._reconciler.run()
        except ENGINE_AWAY as error:
            log.warning("relay.engine_away", code=type(error).__name__)
        else:
            await forget_expired(self._database, tonight[1], await self._clock.now())
            self._reconciled = tonight

    async def once(self) -> int:
        """Say and put again what is unsaid and unheard now; answers how much that was."""
        return await self.say_all() + await self.put_again()

    async def say_all(self) -> int:
        """Say what is unsaid now; answers how much was said."""
        said = 0
        for authority_id in await self._authorities():
            said += await self._lines(authority_id)
            said += await self._begin_imports(authority_id)
            said += await self._begin_orders(authority_id)
        return said

    async def put_again(self) -> int:
        """Put again what the engine never answered; answers how many commands that was."""
        return sum([await self._unheard.put(authority_id) for authority_id in await self._authorities()])

    async def _authorities(self) -> list[UUID]:
        async with self._database.begin() as connection:
            return [row.authority_id for row in await connection.execute(_AUTHORITIES)]

    async def _lines(self, authority_id: UUID) -> int:
        """Say the oldest lines; those this version does not know are kept and passed over, each time anew."""
        said, after = 0, 0
        while True:
            async with transaction(self._database, Scope(authority_id, everything=True)) as connection:
                rows = list(await connection.execute(_UNSENT, {"most": BATCH, "after": after}))
            done, unknown = await self._batch(authority_id, rows)
            said += done
            if len(rows) < BATCH or unknown < len(rows):
                return said
            after = rows[-1].id

    async def _batch(self, authority_id: UUID, rows: list[Row[Any]]) -> tuple[int, int]:
        """How many lines were said, and how many are of a version to come."""
        said = unknown = 0
        for row in rows:
            try:
                await say(self._engine.client, self._engine.task_queue, row)
            except ENGINE_AWAY as error:
                code = error.status if isinstance(error, RPCError) else RPCStatusCode.UNAVAILABLE
                log.warning("relay.not_said", workflow_id=row.workflow_id, code=code.name)
                if code in _NOT_NOW:
                    break
                continue  # one line the engine refuses must not silence the others
            except UNKNOWN as error:
                unknown += 1
                self._wonder(row.workflow_id, error)
                continue
            async with transaction(self._database, Scope(authority_id, everything=True)) as connection:
                await connection.execute(_SENT, {"id": row.id, "now": await self._clock.now()})
            said += 1
        return said, unknown

    def _wonder(self, workflow_id: str, error: Exception) -> None:
        """Log an address nobody here knows, once a run; ``hoso reconcile`` names it too."""
        if workflow_id not in self._unknown:
            self._unknown.add(workflow_id)
            log.warning("relay.unknown_line", workflow_id=workflow_id, code=type(error).__name__)

    async def note_heard(self) -> None:
        """Write down which commands the engine has answered since the last time, by this process."""
        heard, now = dict(self._engine.heard), await self._clock.now()
        for authority_id in set(heard.values()):
            ids = [one for one, of in heard.items() if of == authority_id]
            async with transaction(self._database, Scope(authority_id, everything=True)) as connection:
                await connection.execute(_HEARD, {"ids": ids, "now": now})
        for one in heard:
            del self._engine.heard[one]

    async def _begin_imports(self, authority_id: UUID) -> int:
        """Start imports that were taken on while the engine was away."""
        before = await self._clock.now() - LATE
        async with transaction(self._database, Scope(authority_id, everything=True)) as connection:
            found = (await connection.execute(_WAITING, {"before": before, "most": BATCH})).scalars().all()
        started = 0
        for import_id in set(found) - self._imports:
            try:
                client, queue = self._engine.client, self._engine.task_queue
                started += await start_import(client, queue, authority_id, import_id)
            except ENGINE_AWAY as error:
                code = error.status.name if isinstance(error, RPCError) else "CONNECT"
                log.warning("relay.not_said", workflow_id=import_workflow(import_id), code=code)
                break
            self._imports.add(import_id)
        return started

    async def _begin_orders(self, authority_id: UUID) -> int:
        """Start bulk orders that were taken on while the engine was away."""
        before, engine = await self._clock.now() - LATE, self._engine
        try:
            started = await start_orders(
                engine.client,
                engine.task_queue,
                self._database,
                authority_id,
                before=before,
                told=self._imports,
            )
        except ENGINE_AWAY as error:
            log.warning("relay.engine_away", code=type(error).__name__)
            return 0
        self._imports.update(started)
        return len(started)
