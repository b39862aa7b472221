"""What must be heard is said again until it was heard: outbox lines, and commands without an answer.

One API process at a time does it (a lock in PostgreSQL), woken by the database or every few seconds.
"""

import asyncio
from contextlib import suppress
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from api.clock import Clock
from api.commands import PATIENCE, Addressed, Engine, put
from api.reconcile import Reconciler
from models.calendar import legal_date
from models.database import Scope, transaction
from models.identifiers import WorkflowKind, parse_workflow_id
from models.logs import logger
from models.messages import Life, Move
from workflows.profile import ProfileWorkflow
from workflows.transfer import TransferWorkflow

LATE = timedelta(seconds=30)
"""A command without an answer for so long is put again."""
PAUSE = 2.0
BATCH = 200
_LOCK = 4_817_203_552

log = logger("relay")

_AUTHORITIES = text("SELECT authority_id FROM authorities")
_UNSENT = text("SELECT * FROM outbox WHERE sent_at IS NULL ORDER BY id LIMIT :most")
_SENT = text("UPDATE outbox SET sent_at = :now WHERE id = :id")
_UNSETTLED = text(
    "SELECT id, authority_id, verb, workflow_id, subject_id FROM commands"
    " WHERE settled_at IS NULL AND accepted_at < :before ORDER BY accepted_at LIMIT :most"
)


class Relay:
    """Runs beside the API until it is cancelled."""

    def __init__(self, engine: Engine, database: AsyncEngine, clock: Clock, listen_url: str) -> None:
        self._engine, self._database, self._clock, self._url = engine, database, clock, listen_url
        self._reconciler = Reconciler(engine.client, engine.task_queue, database, clock)
        self._reconciled: date | None = None

    async def run(self) -> None:
        """Serve for ever; a lost connection is taken up again."""
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as connection:
                    await self._lead(connection)
            except (psycopg.Error, OSError) as error:
                log.warning("relay.database_away", reason=type(error).__name__)
            await asyncio.sleep(PAUSE)

    async def _lead(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Work while this process holds the lock."""
        held = await (await connection.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,))).fetchone()
        if held is None or not held[0]:
            return
        await connection.execute("LISTEN hoso_outbox")
        while True:
            await self._reconcile()
            await self.once()
            async for _ in connection.notifies(timeout=PAUSE, stop_after=1):
                pass

    async def _reconcile(self) -> None:
        """Once at the start, then once a night."""
        tonight = legal_date(await self._clock.now())
        if self._reconciled == tonight:
            return
        try:
            await self._reconciler.run()
        except RPCError as error:
            log.warning("relay.engine_away", status=error.status.name)
        else:
            self._reconciled = tonight

    async def once(self) -> int:
        """Say what is unsaid now; answers how much was said."""
        said = 0
        async with self._database.connect() as connection:
            authorities = [row.authority_id for row in await connection.execute(_AUTHORITIES)]
        for authority_id in authorities:
            with suppress(RPCError):
                said += await self._lines(authority_id)
            said += await self._commands(authority_id)
        return said

    async def _lines(self, authority_id: UUID) -> int:
        scope = Scope(authority_id, everything=True)
        async with transaction(self._database, scope) as connection:
            rows = list(await connection.execute(_UNSENT, {"most": BATCH}))
        for row in rows:
            await self._say(row)
            async with transaction(self._database, scope) as connection:
                await connection.execute(_SENT, {"id": row.id, "now": await self._clock.now()})
        return len(rows)

    async def _say(self, row: Row[Any]) -> None:
        """Signal the workflow; start it where it sleeps only in PostgreSQL."""
        name = parse_workflow_id(row.workflow_id)
        client, queue = self._engine.client, self._engine.task_queue
        assert name.subject is not None
        if name.kind is WorkflowKind.PROFILE:
            await client.start_workflow(
                ProfileWorkflow.run,
                Life(authority_id=row.authority_id, profile_id=name.subject),
                id=row.workflow_id,
                task_queue=queue,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                start_signal="heard",
                static_summary="Hồ sơ",
            )
        elif name.kind is WorkflowKind.TRANSFER:
            await client.start_workflow(
                TransferWorkflow.run,
                Move(
                    authority_id=row.authority_id,
                    transfer_id=name.subject,
                    profile_id=UUID(row.payload["profile_id"]),
                ),
                id=row.workflow_id,
                task_queue=queue,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                start_signal="heard",
                static_summary="Chuyển hồ sơ",
            )
        else:
            try:
                await client.get_workflow_handle(row.workflow_id).signal("heard")
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise  # a month that has ended needs to hear nothing

    async def _commands(self, authority_id: UUID) -> int:
        scope = Scope(authority_id, everything=True)
        before = await self._clock.now() - LATE
        async with transaction(self._database, scope) as connection:
            rows = list(await connection.execute(_UNSETTLED, {"before": before, "most": BATCH}))
        for row in rows:
            command = Addressed(row.id, row.authority_id, row.verb, row.workflow_id, row.subject_id)
            log.info("command.put_again", command=str(row.id), verb=row.verb)
            await put(self._engine, command, PATIENCE)
        return len(rows)
