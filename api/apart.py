"""Whether a workflow knows what its rows say: one behind them looks again, one ahead of them begins anew.

A workflow that still runs for what is over in its rows has missed the end: it looks again too, and ends.

An act is committed before its workflow hears of it, so a workflow that knows more than its rows is of another
database: one that was restored to an earlier day. It would take no answer older than what it knows.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from api.engine_away import NO_ANSWER
from api.starting import rebuild
from models.calendar import legal_date
from models.database import Scope, transaction
from models.errors import IdentifierError
from models.identifiers import (
    WorkflowKind,
    WorkflowName,
    agency_month_workflow,
    digest_workflow,
    parse_workflow_id,
    review_workflow,
)
from models.lifecycle.review_dates import next_period, periods_of, previous_period
from models.messages import DigestDone, Message, Moment, ReviewMoment
from models.record.basis import calendar_of
from models.record.mornings import next_morning
from models.record.shelf import Shelf

T = TypeVar("T", bound=Message)

_SILENT = (RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION, *NO_ANSWER)
"""It never ran or is gone; its tasks fail, which ``hoso stuck`` tells; no worker just now."""
RECENT = timedelta(days=1)
PATIENCE = timedelta(seconds=5)
_RECENT = text(
    "SELECT p.id, p.version FROM profiles p WHERE p.chapter <> 'archive' AND EXISTS"
    " (SELECT 1 FROM events e WHERE e.profile_id = p.id AND e.at > :since)"
)
_NEAR = text(
    "SELECT p.id, p.version FROM profiles p WHERE p.chapter <> 'archive' AND (p.next_wake_at < :horizon"
    " OR EXISTS (SELECT 1 FROM events e WHERE e.profile_id = p.id AND e.at > :since))"
)
_OTHERS: dict[WorkflowKind, TextClause] = {
    WorkflowKind.TRANSFER: text(
        "SELECT id, version FROM cases WHERE kind = 'transfer' AND closed_at IS NULL ORDER BY id"
    ),
    WorkflowKind.DELEGATION: text("SELECT id, version FROM delegations WHERE state <> 'ended' ORDER BY id"),
    WorkflowKind.BREACH: text("SELECT id, version FROM breaches WHERE state <> 'closed' ORDER BY id"),
    WorkflowKind.REORGANISATION: text(
        "SELECT id, version FROM reorganisations WHERE state NOT IN ('done', 'withdrawn') ORDER BY id"
    ),
    WorkflowKind.MONTH_END: text(
        "SELECT id, version, agency_id, month FROM agency_months WHERE state <> 'closed' ORDER BY id"
    ),
}
_REVIEWS = text(
    "SELECT w.period, w.state, (SELECT coalesce(sum(t.version), 0) FROM review_reports t"
    " WHERE t.review_id = w.id) AS version FROM reviews w"
)
_OVER: dict[WorkflowKind, TextClause] = {
    WorkflowKind.TRANSFER: text("SELECT version FROM cases WHERE id = :subject AND closed_at IS NOT NULL"),
    WorkflowKind.DELEGATION: text("SELECT version FROM delegations WHERE id = :subject AND state = 'ended'"),
    WorkflowKind.BREACH: text("SELECT version FROM breaches WHERE id = :subject AND state = 'closed'"),
    WorkflowKind.REORGANISATION: text(
        "SELECT version FROM reorganisations WHERE id = :subject AND state IN ('done', 'withdrawn')"
    ),
    WorkflowKind.MONTH_END: text(
        "SELECT version FROM agency_months WHERE agency_id = :subject AND month = :period"
        " AND state = 'closed'"
    ),
}
_RUNNING = (
    "ExecutionStatus = 'Running' AND WorkflowType IN ('TransferWorkflow', 'DelegationWorkflow',"
    " 'BreachWorkflow', 'ReorganisationWorkflow', 'AgencyMonthWorkflow')"
)
_TABLES = {
    WorkflowKind.PROFILE: "profiles",
    WorkflowKind.TRANSFER: "cases",
    WorkflowKind.DELEGATION: "delegations",
    WorkflowKind.BREACH: "breaches",
    WorkflowKind.REORGANISATION: "reorganisations",
    WorkflowKind.MONTH_END: "agency_months",
}


class SilentError(Exception):
    """A workflow does not say what it knows; ``nobody``: there was no worker to say it."""

    def __init__(self, *, nobody: bool = False) -> None:
        super().__init__()
        self.nobody = nobody


class Versions:
    """Compares the workflows of one authority with their rows."""

    def __init__(
        self, client: Client, queue: str, database: AsyncEngine, authority_id: UUID, shelf: Shelf
    ) -> None:
        self._client, self._queue, self._database, self._authority = client, queue, database, authority_id
        self._shelf = shelf
        self.behind: list[str] = []
        """Looked again."""
        self.ahead: list[str] = []
        """Begun anew from their rows."""

    async def compare(self, now: datetime, near: datetime | None) -> None:
        """What changed within a day and whatever is under way; ``near``: also whoever wakes before then."""
        query = _RECENT if near is None else _NEAR
        times = {"since": now - RECENT} | ({"horizon": near} if near is not None else {})
        async for row, workflow_id, knows in self._asked(WorkflowKind.PROFILE, query, times):
            if knows is None or knows < row.version:
                await self._look_again(workflow_id)
            else:
                await self._anew_if_ahead(WorkflowKind.PROFILE, row.id, workflow_id, knows)
        for kind, query in _OTHERS.items():
            async for row, workflow_id, knows in self._asked(kind, query, {}):
                if knows is None:
                    continue  # begun just now: it asks the facts first
                if knows < row.version:
                    await self._look_again(workflow_id)
                else:
                    await self._anew_if_ahead(kind, row.id, workflow_id, knows)
        await self._reviews(now, every=near is not None)
        await self._digest(now)
        await self._outlived()

    async def _reviews(self, now: datetime, *, every: bool) -> None:
        """Those that are open, and those that may run though no row says so.

        One that sleeps until it opens has no version: with ``every`` it reckons its day again, by these rows.
        """
        rows = {row.period: row for row in await self._rows(_REVIEWS)}
        current = periods_of(legal_date(now))
        around = (*map(previous_period, current), *map(next_period, current))
        for period in sorted({*current, *around, *rows}):
            if period in rows and rows[period].state == "closed":
                continue
            workflow_id = review_workflow(self._authority, period)
            try:
                moment = await self._where(workflow_id, ReviewMoment)
            except SilentError:
                continue
            if moment is None and every:
                await self._heard(workflow_id)
            if moment is None or moment.state == "closed":
                continue  # asleep until it opens, at its first look, or over: that one is begun again
            # Read after the workflow answered: what it had committed by then stands there.
            version = {row.period: row.version for row in await self._rows(_REVIEWS)}.get(period, 0)
            if moment.version < version:
                await self._look_again(workflow_id)
            elif moment.version > version:
                await self._anew(workflow_id)

    async def _digest(self, now: datetime) -> None:
        """It has no row: one that sleeps over the next morning of the rows' calendar is of another one."""
        workflow_id = digest_workflow(self._authority)
        try:
            done = await self._where(workflow_id, DigestDone)
        except SilentError:
            return
        async with transaction(self._database, Scope(self._authority, everything=True)) as connection:
            calendar = await calendar_of(connection, self._shelf, self._authority)
        if done is not None and calendar is not None and done.next_at > next_morning(now, calendar):
            await self._anew(workflow_id)

    async def _outlived(self) -> None:
        """Workflows that run for what is over, and know less of it than its row."""
        try:
            running = [one.id async for one in self._client.list_workflows(_RUNNING)]
        except RPCError as error:
            if error.status is RPCStatusCode.UNIMPLEMENTED:  # the test server keeps no lists
                return
            raise
        for workflow_id in running:
            try:
                name = parse_workflow_id(workflow_id)
            except IdentifierError:
                continue
            values = {"subject": name.subject, "period": name.period}
            async with transaction(self._database, Scope(self._authority, everything=True)) as connection:
                version = await connection.scalar(_OVER[name.kind], values)
            if version is None:
                continue  # under way, or another authority's
            try:
                knows = await self._knows(workflow_id)
            except SilentError:
                continue
            if knows is not None and knows < version:
                await self._look_again(workflow_id)

    async def _look_again(self, workflow_id: str) -> None:
        if await self._heard(workflow_id):
            self.behind.append(workflow_id)

    async def _heard(self, workflow_id: str) -> bool:
        """Have it look again; false where it has ended, which the engine's list learns a little later."""
        try:
            await self._client.get_workflow_handle(workflow_id).signal("heard")
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return False
        return True

    async def _knows(self, workflow_id: str) -> int | None:
        """The version a workflow knows; none before it has asked the facts.

        Raises:
            SilentError: no such workflow, or no answer.
            RPCError: the engine itself does not answer.
        """
        moment = await self._where(workflow_id, Moment)
        return moment.version if moment is not None else None

    async def _where(self, workflow_id: str, kind: type[T]) -> T | None:
        """What a workflow says of itself; none before it has looked.

        Raises:
            SilentError: no such workflow, or no answer.
            RPCError: the engine itself does not answer.
        """
        handle = self._client.get_workflow_handle(workflow_id)
        try:
            found: T | None = await handle.query("where", result_type=kind, rpc_timeout=PATIENCE)
        except WorkflowQueryFailedError as error:
            raise SilentError from error  # a worker of the version before does not know the question
        except RPCError as error:
            if error.status not in _SILENT:
                raise
            raise SilentError(nobody=error.status in NO_ANSWER) from error
        return found

    async def _rows(self, query: TextClause) -> Sequence[Row[Any]]:
        async with transaction(self._database, Scope(self._authority, everything=True)) as connection:
            return (await connection.execute(query)).all()

    async def _asked(
        self, kind: WorkflowKind, query: TextClause, values: dict[str, Any]
    ) -> AsyncIterator[tuple[Any, str, int | None]]:
        """The rows whose workflow answers, with the version it knows; none before it has asked the facts."""
        async with transaction(self._database, Scope(self._authority, everything=True)) as connection:
            rows = (await connection.execute(query, values)).all()
        for row in rows:
            workflow_id = str(WorkflowName(kind, row.id))
            if kind is WorkflowKind.MONTH_END:
                workflow_id = agency_month_workflow(row.agency_id, row.month)
            try:
                knows = await self._knows(workflow_id)
            except SilentError as silent:
                if silent.nobody and kind is not WorkflowKind.PROFILE:
                    return  # no worker just now: the next run sees it
                continue  # asleep in PostgreSQL only, or not just now: the next run sees it
            yield row, workflow_id, knows

    async def _anew_if_ahead(self, kind: WorkflowKind, subject: UUID, workflow_id: str, knows: int) -> None:
        """The row is read after the workflow answered: what it had committed by then stands there."""
        async with transaction(self._database, Scope(self._authority, everything=True)) as connection:
            version = await connection.scalar(_version(kind), {"id": subject})
        if version is not None and knows > version:
            await self._anew(workflow_id)

    async def _anew(self, workflow_id: str) -> None:
        await rebuild(self._client, self._queue, self._database, self._authority, workflow_id)
        self.ahead.append(workflow_id)


def _version(kind: WorkflowKind) -> TextClause:
    return text(f"SELECT version FROM {_TABLES[kind]} WHERE id = :id")  # noqa: S608 — names of our own tables
