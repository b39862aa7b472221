"""PostgreSQL and the engine compared, differences named and mended.

PostgreSQL keeps the truth: what should be awake is started, what the engine runs without a row is stopped,
and a workflow that missed an act looks again. Run at start, nightly, and by hand (``hoso reconcile``).
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from api.apart import Versions
from api.clock import Clock
from api.starting import COMPARES, COMPARING
from api.starting_bulk import start_orders
from api.starting_imports import start_imports
from api.starting_lasting import LASTING
from api.starting_mending import mended
from api.starting_once import start_once
from api.starting_recompute import start_recompute
from api.starting_renewal import looked_until, start_renewal
from api.starting_slips import UNMADE, start_slips
from models.calendar import legal_date
from models.database import Scope, transaction
from models.errors import IdentifierError
from models.identifiers import (
    WorkflowKind,
    WorkflowName,
    agency_month_workflow,
    backup_workflow,
    bulk_workflow,
    digest_workflow,
    month_end_workflow,
    parse_workflow_id,
    profile_workflow,
    reconciliation_workflow,
    review_workflow,
    transfer_workflow,
)
from models.lifecycle.review_dates import last_day, periods_of, previous_period
from models.logs import logger
from models.messages import (
    AgencyMonthStart,
    DigestStart,
    Life,
    MonthStart,
    Move,
    ReviewStart,
)
from models.messages_admin import BackupStart, ReconciliationRun
from models.record.basis import basis_of
from models.record.left_behind import bereft
from models.record.months import months_between
from models.record.recompute import survey
from models.record.shelf import Shelf
from workflows.agency_month import AgencyMonthWorkflow
from workflows.backup import BackupWorkflow
from workflows.digest import DigestWorkflow
from workflows.month_end import MonthEndWorkflow
from workflows.profile import ProfileWorkflow
from workflows.reconciliation import ReconciliationWorkflow
from workflows.review import ReviewWorkflow
from workflows.transfer import TransferWorkflow

HORIZON = timedelta(days=45)
"""How far ahead of its next wake a profile has a workflow."""
MISSED = timedelta(minutes=10)
STUCK = timedelta(days=1)
"""After which a month that still makes its lists keeps no later one waiting."""
ENDING = timedelta(days=90)
"""Ahead of its end an archive timestamp is asked about; the worker's setting decides what is due."""

log = logger("reconcile")


@dataclass(slots=True)
class Findings:
    """What was apart, by kind; each was mended, but for what is said to be only named."""

    started: list[str] = field(default_factory=list)
    woken: list[str] = field(default_factory=list)
    behind: list[str] = field(default_factory=list)
    ahead: list[str] = field(default_factory=list)
    """Workflows of a later database than the rows, which were restored: begun anew."""
    orphans: list[str] = field(default_factory=list)
    unsaid: list[str] = field(default_factory=list)
    """Lines to workflows this version does not know: kept, for a relay of the version that wrote them."""
    unreckoned: list[str] = field(default_factory=list)
    """Open duties that newer law or another calendar should have moved; they are reckoned again."""
    stranded: list[str] = field(default_factory=list)
    """Profiles with a report of a move that outlived its case; they are looked at, and it is made."""
    tree: list[str] = field(default_factory=list)  # closures and labels of agencies; made again
    ending: list[str] = field(default_factory=list)
    """Archives with timestamps that soon end; they are renewed."""
    bereft: list[str] = field(default_factory=list)
    """Custody, duties and cases at units that have ended: named, for a plan that passes them on."""

    @property
    def total(self) -> int:
        """How many differences there were."""
        return sum(len(getattr(self, kind)) for kind in self.__slots__)


_AUTHORITIES = text("SELECT authority_id, installed_on FROM authorities ORDER BY authority_id")
_PROFILES = text(
    "SELECT id, next_wake_at FROM profiles WHERE chapter <> 'archive' AND (next_wake_at < :horizon"
    " OR chapter = 'separation') OR chapter = 'archive' AND next_wake_at < :now ORDER BY id"
)
_TRANSFERS = text(
    "SELECT id, profile_id, next_wake_at FROM cases WHERE kind = 'transfer' AND closed_at IS NULL ORDER BY id"
)
_MONTHS = text(
    "SELECT id, agency_id, month, closes_at, next_wake_at FROM agency_months WHERE state <> 'closed'"
    " ORDER BY id"
)
_LINES = text("SELECT DISTINCT workflow_id FROM outbox WHERE sent_at IS NULL ORDER BY workflow_id")
_ENDING = text("SELECT 1 FROM archived_files WHERE ends_at < :before LIMIT 1")
_MONTH_ENDS = text("SELECT month, state, opened_at FROM month_ends")
_REVIEWS = text(
    "SELECT w.period, w.state, (SELECT min(t.next_wake_at) FROM review_reports t WHERE t.review_id = w.id"
    " AND t.state IN ('open', 'signing')) AS wake FROM reviews w"
)
# Earlier releases archived without making it; a profile that was reopened since keeps it likewise.
_STRANDED = text(
    "SELECT DISTINCT d.profile_id AS id FROM duties d JOIN cases c ON c.id = d.case_id"
    " WHERE d.state = 'open' AND d.slot = 'move_out_report' AND c.closed_at IS NOT NULL ORDER BY 1"
)
# A workflow that is about to give its subject its row is no orphan: the command was written down before it.
_ASKED = "UNION ALL SELECT 1 FROM commands WHERE subject_id = :id AND settled_at IS NULL"
_EXISTS = {
    WorkflowKind.PROFILE: text(f"SELECT 1 FROM profiles WHERE id = :id {_ASKED}"),  # noqa: S608 — no input
    WorkflowKind.TRANSFER: text("SELECT 1 FROM cases WHERE id = :id"),
    WorkflowKind.DELEGATION: text(f"SELECT 1 FROM delegations WHERE id = :id {_ASKED}"),  # noqa: S608 — no input
    WorkflowKind.BREACH: text(f"SELECT 1 FROM breaches WHERE id = :id {_ASKED}"),  # noqa: S608 — no input
    WorkflowKind.REORGANISATION: text(f"SELECT 1 FROM reorganisations WHERE id = :id {_ASKED}"),  # noqa: S608
}


class Reconciler:
    """Compares and mends for every authority of the installation."""

    def __init__(
        self,
        client: Client,
        task_queue: str,
        database: AsyncEngine,
        clock: Clock,
        *,
        backups: bool = False,
    ) -> None:
        self._client, self._queue, self._database, self._clock = client, task_queue, database, clock
        self._shelf = Shelf()
        self._backups = backups

    async def run(self, *, every: bool = False) -> Findings:
        """Everything once; ``every``: also each workflow that wakes soon is asked what it knows."""
        findings = Findings()
        now = await self._clock.now()
        async with self._database.begin() as connection:
            authorities = list(await connection.execute(_AUTHORITIES))
        for authority in authorities:
            await self._calendar_workflows(authority, now, findings)
            await self._reviews(authority, now, findings)
            await self._sleepers(authority.authority_id, now, findings)
            await self._cases(authority.authority_id, now, findings)
            started = (self._client, self._queue, self._database, authority.authority_id)
            findings.started += await start_imports(*started)
            findings.started += map(bulk_workflow, await start_orders(*started))
            slips = await self._rows(authority.authority_id, UNMADE)
            findings.started += await start_slips(self._client, self._queue, authority.authority_id, slips)
            await self._lasting(authority.authority_id, now, findings)
            await self._comparison(authority.authority_id, now, findings)
            await self._versions(authority.authority_id, now, findings, every=every)
            await self._unreckoned(authority.authority_id, findings)
            await self._unsaid(authority.authority_id, findings)
            await self._stranded(authority.authority_id, findings)
            findings.tree += await mended(self._client, self._queue, self._database, authority[0], now)
            await self._archive(authority.authority_id, now, findings)
            scope = Scope(authority.authority_id, everything=True, on=legal_date(now))
            async with transaction(self._database, scope) as connection:
                findings.bereft += await bereft(connection, legal_date(now))
        if self._backups and authorities:
            await self._backup(now, findings)
        await self._orphans([a.authority_id for a in authorities], findings)
        log.info("reconcile.done", **{k: len(getattr(findings, k)) for k in findings.__slots__})
        return findings

    async def _rows(self, authority_id: UUID, query: TextClause, **parameters: Any) -> list[Row[Any]]:
        async with transaction(self._database, Scope(authority_id, everything=True)) as connection:
            return list(await connection.execute(query, parameters))

    async def _start(
        self, run: Any, argument: Any, workflow_id: str, summary: str, *, again: bool = True
    ) -> bool:
        """Start a workflow unless it runs; answers whether it had to be started."""
        return await start_once(
            self._client,
            self._queue,
            run,
            argument,
            workflow_id=workflow_id,
            summary=summary,
            again=again,
        )

    async def _calendar_workflows(self, authority: Row[Any], now: datetime, findings: Findings) -> None:
        """The digest, and the months since installation: those that were missed are caught up."""
        authority_id = authority.authority_id
        digest = digest_workflow(authority_id)
        if await self._start(
            DigestWorkflow.run, DigestStart(authority_id=authority_id), digest, "Bản tin sáng"
        ):
            findings.started.append(digest)
        rows = {row.month: row for row in await self._rows(authority_id, _MONTH_ENDS)}
        for month in months_between(authority.installed_on.strftime("%Y-%m"), f"{legal_date(now):%Y-%m}"):
            row = rows.get(month)
            if row is not None and row.state == "closed":
                continue
            workflow_id = month_end_workflow(authority_id, month)
            start = MonthStart(authority_id=authority_id, month=month)
            if await self._start(
                MonthEndWorkflow.run, start, workflow_id, f"Cuối tháng {month}", again=False
            ):
                findings.started.append(workflow_id)
                return  # it starts the next one itself, once its lists are made: none is made before them
            making = row is None or (row.state == "opening" and row.opened_at > now - STUCK)
            if making and await self._runs(workflow_id):
                return

    async def _runs(self, workflow_id: str) -> bool:
        described = await self._client.get_workflow_handle(workflow_id).describe()
        return described.status is WorkflowExecutionStatus.RUNNING

    async def _backup(self, now: datetime, findings: Findings) -> None:
        """The month's backup waits for its night; one whose workflow is gone is begun again."""
        month = f"{legal_date(now):%Y-%m}"
        start, name = BackupStart(month=month), backup_workflow(month)
        if await self._start(BackupWorkflow.run, start, name, f"Sao lưu tháng {month}", again=False):
            findings.started.append(name)

    async def _reviews(self, authority: Row[Any], now: datetime, findings: Findings) -> None:
        """The reviews of this quarter and year, those before that never opened, and what is open."""
        authority_id, today = authority.authority_id, legal_date(now)
        rows = {row.period: row for row in await self._rows(authority_id, _REVIEWS)}
        current = set(periods_of(today))
        before = {
            period for period in map(previous_period, current) if last_day(period) > authority.installed_on
        }
        for period in sorted(current | before | rows.keys()):
            start = ReviewStart(authority_id=authority_id, period=period)
            workflow_id = review_workflow(authority_id, period)
            # One before that has ended without a row had nothing to open: it does not begin again.
            again = period in current or period in rows
            row = rows.get(period)
            if row is not None and row.state == "closed":
                continue
            summary = f"Rà soát dữ liệu {period}"
            if await self._start(ReviewWorkflow.run, start, workflow_id, summary, again=again):
                findings.started.append(workflow_id)
            elif row is not None:
                await self._wake(workflow_id, row.wake, now, findings)

    async def _sleepers(self, authority_id: UUID, now: datetime, findings: Findings) -> None:
        """Profiles whose wake is near have a workflow; a wake that has passed is looked at again."""
        for row in await self._rows(authority_id, _PROFILES, now=now, horizon=now + HORIZON):
            workflow_id = profile_workflow(row.id)
            life = Life(authority_id=authority_id, profile_id=row.id)
            if await self._start(ProfileWorkflow.run, life, workflow_id, "Hồ sơ"):
                findings.started.append(workflow_id)
            else:
                await self._wake(workflow_id, row.next_wake_at, now, findings)

    async def _wake(self, workflow_id: str, due: datetime | None, now: datetime, findings: Findings) -> None:
        """A workflow whose instant has passed looks again."""
        if due is not None and due < now - MISSED:
            await self._client.get_workflow_handle(workflow_id).signal("heard")
            findings.woken.append(workflow_id)

    async def _cases(self, authority_id: UUID, now: datetime, findings: Findings) -> None:
        """Open transfers and months have their workflow; a wake that has passed is looked at again."""
        for row in await self._rows(authority_id, _TRANSFERS):
            move = Move(authority_id=authority_id, transfer_id=row.id, profile_id=row.profile_id)
            workflow_id = transfer_workflow(row.id)
            if await self._start(TransferWorkflow.run, move, workflow_id, "Chuyển hồ sơ"):
                findings.started.append(workflow_id)
            else:
                await self._wake(workflow_id, row.next_wake_at, now, findings)
        for row in await self._rows(authority_id, _MONTHS):
            workflow_id = agency_month_workflow(row.agency_id, row.month)
            start = AgencyMonthStart(
                authority_id=authority_id,
                agency_id=row.agency_id,
                agency_month_id=row.id,
                month=row.month,
                closes_at=row.closes_at,
            )
            summary = f"Danh sách tháng {row.month}"
            if await self._start(AgencyMonthWorkflow.run, start, workflow_id, summary):
                findings.started.append(workflow_id)
            else:
                await self._wake(workflow_id, row.next_wake_at, now, findings)

    async def _lasting(self, authority_id: UUID, now: datetime, findings: Findings) -> None:
        """What is not over has its workflow; where its instant has passed, that one looks again."""
        own = {"authority_id": authority_id}
        for kind, (query, run, summary, start) in LASTING.items():
            for row in await self._rows(authority_id, query):
                workflow_id = str(WorkflowName(kind, row.id))
                if await self._start(run, start(own, row.id), workflow_id, summary):
                    findings.started.append(workflow_id)
                else:
                    await self._wake(workflow_id, row.next_wake_at, now, findings)

    async def _versions(self, authority_id: UUID, now: datetime, findings: Findings, *, every: bool) -> None:
        """A workflow that never learned of an act looks again; one of a later database begins anew."""
        versions = Versions(self._client, self._queue, self._database, authority_id, self._shelf)
        await versions.compare(now, now + HORIZON if every else None)
        findings.behind += versions.behind
        findings.ahead += versions.ahead

    async def _comparison(self, authority_id: UUID, now: datetime, findings: Findings) -> None:
        """A comparison with the national database that was under way goes on: none else is begun before."""
        for row in await self._rows(authority_id, COMPARING):
            start = ReconciliationRun(authority_id=authority_id, reconciliation_id=row.id, now=now)
            workflow_id = reconciliation_workflow(authority_id)
            if await self._start(ReconciliationWorkflow.run, start, workflow_id, COMPARES):
                findings.started.append(workflow_id)

    async def _unreckoned(self, authority_id: UUID, findings: Findings) -> None:
        """Open duties whose hashes are not those of what is loaded, and that would come out otherwise."""
        async with transaction(self._database, Scope(authority_id, everything=True)) as connection:
            try:
                basis = await basis_of(connection, self._shelf, authority_id)
            except LookupError:
                return  # installed without law: nothing can have been opened
            moved = [str(one.before.duty.id) async for one in survey(connection, basis) if one.moved]
        if moved:
            findings.unreckoned += moved
            await start_recompute(self._client, self._queue, authority_id)

    async def _stranded(self, authority_id: UUID, findings: Findings) -> None:
        """A workflow that starts looks at its profile first; one that runs is told to."""
        for row in await self._rows(authority_id, _STRANDED):
            workflow_id = profile_workflow(row.id)
            life = Life(authority_id=authority_id, profile_id=row.id)
            if not await self._start(ProfileWorkflow.run, life, workflow_id, "Hồ sơ"):
                await self._client.get_workflow_handle(workflow_id).signal("heard")
            findings.stranded.append(workflow_id)

    async def _unsaid(self, authority_id: UUID, findings: Findings) -> None:
        """Lines whose address this version cannot read; nothing of theirs is lost, nothing is done here."""
        for row in await self._rows(authority_id, _LINES):
            try:
                parse_workflow_id(row.workflow_id)
            except IdentifierError:
                findings.unsaid.append(row.workflow_id)

    async def _archive(self, authority_id: UUID, now: datetime, findings: Findings) -> None:
        """Files whose archive timestamp soon ends are renewed: the workflow itself says which are due."""
        if await self._rows(authority_id, _ENDING, before=looked_until(now, ENDING)):
            findings.ending.append(await start_renewal(self._client, self._queue, authority_id))

    async def _orphans(self, authorities: list[UUID], findings: Findings) -> None:
        """Running workflows of subjects that no authority has: stopped, with the reason in their history."""
        try:
            async for execution in self._client.list_workflows("ExecutionStatus = 'Running'"):
                try:
                    name = parse_workflow_id(execution.id)
                except IdentifierError:
                    continue
                known = name.kind not in _EXISTS or await self._known(authorities, name.kind, name.subject)
                if not known and await self._stopped(execution.id):
                    findings.orphans.append(execution.id)
        except RPCError as error:
            if error.status is not RPCStatusCode.UNIMPLEMENTED:  # the test server keeps no lists
                raise

    async def _stopped(self, workflow_id: str) -> bool:
        """Stop a workflow; false where it had ended, which the engine's list learns a little later."""
        try:
            await self._client.get_workflow_handle(workflow_id).terminate(reason="no such row in PostgreSQL")
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return False
        return True

    async def _known(self, authorities: list[UUID], kind: WorkflowKind, subject: UUID | None) -> bool:
        for authority_id in authorities:
            if await self._rows(authority_id, _EXISTS[kind], id=subject):
                return True
        return False
