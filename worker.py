"""The one place that knows all: settings → client → activities → workers.

``python worker.py workflows`` runs workflow tasks and their local activities, ``batches`` the month's
batches, ``activities`` everything else, ``all`` all of it in one process.
"""

from models import starting

# isort: split
import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, get_args

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Worker

from activities.acts.office import ActOffice
from activities.backups.office import BackupOffice
from activities.batches.list_papers import ListPapers
from activities.batches.office import MonthOffice
from activities.breaches.office import BreachOffice
from activities.bulk.office import BulkOffice
from activities.documents.store import DocumentStore, documents_of
from activities.exports.office import ExportOffice
from activities.exports.papers import ExportPapers
from activities.imports.office import ImportOffice
from activities.national.office import NationalOffice, gateway_of
from activities.notifications.office import DigestOffice
from activities.recomputing.office import RecomputeOffice
from activities.reorganising.office import ReorganisingOffice
from activities.reviews.office import ReviewOffice
from activities.reviews.report_papers import ReportPapers
from activities.sealing.sealer import Sealer
from activities.sealing.stamping import Stamps
from activities.signing.notary import Notary, notary_of
from activities.signing.office import SigningOffice
from activities.signing.papers import ApprovalPapers, PaperSource
from activities.signing.renewing import RenewalOffice
from activities.signing.sessions import SessionOffice
from activities.signing.sources import signers_of
from activities.slips.office import SlipOffice
from api.clock import Clock, EngineClock, SystemClock
from api.stuck.metering import Meter, runtime_of
from models.database import engine_for
from models.identifiers import batch_queue
from models.key_opening import open_ring
from models.logs import configure, logger, prepare_temporal_loggers
from models.record.tools import Tools
from models.settings import DatabaseRole, MissingSettingError, Settings
from workflows.connection import connect
from workflows.registry import WORKFLOWS, runner

starting.settled()

Part = Literal["workflows", "activities", "batches", "all"]

HEARTBEATS = timedelta(seconds=10)
"""Most time between two heartbeats of a batch that reach the engine."""

_WORKFLOW = TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW
_ACTIVITY = TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY


@dataclass(frozen=True, slots=True)
class Offices:
    """Every activity of the process, built once."""

    acts: ActOffice
    signing: SigningOffice
    sessions: SessionOffice
    months: MonthOffice
    national: NationalOffice
    digests: DigestOffice
    imports: ImportOffice
    bulk: BulkOffice
    reviews: ReviewOffice
    recomputing: RecomputeOffice
    reorganising: ReorganisingOffice
    exports: ExportOffice
    slips: SlipOffice
    breaches: BreachOffice
    backups: BackupOffice
    notary: Notary
    renewal: RenewalOffice

    async def close(self) -> None:
        """Give back what the offices hold, once no activity runs any more."""
        if self.national.gateway is not None:
            await self.national.gateway.close()
        self.notary.close()

    @property
    def local(self) -> list[Callable[..., Any]]:
        """Activities that run beside the workflow."""
        return [self.acts.act, self.acts.month_window]

    @property
    def batches(self) -> list[Callable[..., Any]]:
        """The month's batches: they may take every core for an hour, so they have a queue to themselves."""
        months = self.months
        return [
            months.open_agency_months,
            months.approve_batch,
            months.submit_batch,
            months.await_receipts,
            self.bulk.run_bulk,
            self.reorganising.move_people,
            self.national.reconcile_national,
        ]

    @property
    def remote(self) -> list[Callable[..., Any]]:
        """Activities beside the workflow workers; batches too, as workflows of before look for them here."""
        return [
            *self.batches,
            self.signing.sign_approval,
            self.sessions.prepare_session,
            self.sessions.finish_session,
            self.months.close_month_end,
            self.months.open_stock_lists,
            self.national.tell_status,
            self.national.tell_tree,
            self.national.pull_record,
            self.digests.send_digests,
            self.imports.import_workbook,
            self.recomputing.recompute_duties,
            self.renewal.renew_archive,
            self.exports.make_export,
            self.slips.make_slip,
            self.breaches.make_breach_notice,
            self.backups.plan_backup,
            self.backups.make_backup,
            self.backups.check_backup,
            self.backups.record_backup,
            self.reviews.plan_review,
            self.reviews.work_review,
            self.reviews.sign_report,
        ]


def papers_of(tools: Tools, store: DocumentStore) -> dict[str, PaperSource]:
    """Who knows the documents of signing sessions, by kind."""
    return {"approval": ApprovalPapers(tools, store), "list": ListPapers(tools, store)}


def offices(settings: Settings, tools: Tools) -> Offices:
    """Build the offices with their collaborators."""
    store = documents_of(settings, tools.cipher)
    threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="signing")
    signers, notary = signers_of(settings), notary_of(settings)
    signing = SigningOffice(tools, store, signers, threads, notary)
    gateway = gateway_of(settings)
    reviews = ReviewOffice(tools, store, signers, threads, notary)
    exports = ExportOffice(tools, store, signers, threads, notary)
    papers = papers_of(tools, store) | {"report": ReportPapers(reviews), "export": ExportPapers(exports)}
    return Offices(
        acts=ActOffice(tools),
        signing=signing,
        sessions=SessionOffice(tools, store, threads, notary, papers, signers),
        months=MonthOffice(settings, tools, signing, gateway),
        national=NationalOffice(settings, tools, gateway),
        digests=DigestOffice(settings, tools),
        imports=ImportOffice(settings, tools),
        bulk=BulkOffice(tools, signing),
        reviews=reviews,
        recomputing=RecomputeOffice(tools),
        reorganising=ReorganisingOffice(tools),
        exports=exports,
        slips=SlipOffice(tools, store, signers, threads, notary),
        breaches=BreachOffice(tools, store, signers, threads, notary),
        backups=BackupOffice(settings, tools, store, signers, threads, notary),
        notary=notary,
        renewal=RenewalOffice(tools, store, notary, threads, timedelta(days=settings.renew_before_days)),
    )


def workers(client: Client, settings: Settings, made: Offices, part: Part) -> list[Worker]:
    """The workers of one process."""
    grace = timedelta(seconds=settings.shutdown_seconds)
    found: list[Worker] = []
    if part in ("workflows", "all"):
        found.append(
            Worker(
                client,
                task_queue=settings.task_queue,
                workflows=WORKFLOWS,
                activities=made.local,
                workflow_runner=runner(),
                no_remote_activities=True,
                max_concurrent_workflow_tasks=settings.workflow_tasks,
                max_cached_workflows=settings.workflow_cache,
                graceful_shutdown_timeout=grace,
            )
        )
    if part in ("activities", "all"):
        found.append(
            Worker(
                client,
                task_queue=settings.task_queue,
                activities=made.remote,
                max_concurrent_activities=settings.activity_tasks,
                graceful_shutdown_timeout=grace,
            )
        )
    if part in ("batches", "all"):
        found.append(
            Worker(
                client,
                task_queue=batch_queue(settings.task_queue),
                activities=made.batches,
                max_concurrent_activities=settings.batch_tasks,
                # Not only when most of the time for one has gone: a moment's delay is no death.
                max_heartbeat_throttle_interval=HEARTBEATS,
                graceful_shutdown_timeout=grace,
            )
        )
    return found


async def polling(client: Client, task_queue: str, part: Part, stop: asyncio.Event) -> None:
    """Wait until the engine has been asked for work by this very process; `stop` ends the waiting.

    An engine that keeps no list of who polls (the time-skipping test server) is taken at its word.
    """
    own, batches = [(task_queue, _ACTIVITY)], [(batch_queue(task_queue), _ACTIVITY)]
    life = [(task_queue, _WORKFLOW)]
    asked = {"workflows": life, "activities": own, "batches": batches, "all": [*life, *own, *batches]}[part]
    for name, kind in asked:
        request = DescribeTaskQueueRequest(
            namespace=client.namespace, task_queue=TaskQueue(name=name), task_queue_type=kind
        )
        while not stop.is_set():
            try:
                found = await client.workflow_service.describe_task_queue(request)
            except RPCError as error:
                if error.status is RPCStatusCode.UNIMPLEMENTED:
                    return
                found = None  # the engine is coming or going: the workers themselves try again, too
            if found is not None and client.identity in {one.identity for one in found.pollers}:
                break
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), 0.1)


@contextmanager
def _ready_file(settings: Settings) -> Iterator[None]:
    """The file that says a worker is ready does not outlive it."""
    if settings.ready_file is not None:
        settings.ready_file.unlink(missing_ok=True)
    try:
        yield
    finally:
        if settings.ready_file is not None:
            settings.ready_file.unlink(missing_ok=True)


async def serve(part: Part, settings: Settings) -> None:
    """Work until told to stop; what was begun is finished first."""
    log = logger("worker")
    ring = open_ring(settings)
    engine = engine_for(settings.database_url(DatabaseRole.WORKER), pool_size=settings.database_pool)
    tools = Tools(engine, ring)
    runtime = runtime_of(settings)
    client = await connect(settings, ring, runtime=runtime)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(engine.dispose)
        made = offices(settings, tools)
        stack.push_async_callback(made.close)
        for worker in workers(client, settings, made, part):
            await stack.enter_async_context(worker)
        stack.enter_context(_ready_file(settings))
        await polling(client, settings.task_queue, part, stop)
        if part in ("activities", "all"):
            stack.push_async_callback(_stopped, asyncio.create_task(_sealing(settings, engine, client)))
        if runtime is not None:
            meter = Meter(runtime, settings, tools, _clock(settings, client).now, client)
            stack.push_async_callback(_stopped, asyncio.create_task(meter.run()))
        log.info("worker.ready", kind=part)
        if settings.ready_file is not None:
            settings.ready_file.touch()
        if part == "batches":
            step_back(settings.batch_nice)  # from now on: a slow start would only look like a broken one
        await stop.wait()
        log.info("worker.stopping", kind=part)


def step_back(by: int) -> None:
    """Let every other process go first, where the system knows how; a batch waits rather than a person.

    To Linux each thread has a niceness of its own, and only new ones inherit it. A process that leads a
    session of its own, as each child of ``hoso run`` does, steps back as that session: Linux may share the
    processor between sessions first (sched(7), autogroup); this one has nobody else.
    """
    if hasattr(os, "nice"):
        nice = os.nice(by)
        for thread in Path("/proc/self/task").glob("*"):
            with suppress(ProcessLookupError):
                os.setpriority(os.PRIO_PROCESS, int(thread.name), nice)
    if hasattr(os, "getsid") and os.getsid(0) == os.getpid():
        with suppress(
            OSError
        ):  # no such file, or not ours to write: the process has stepped back all the same
            Path("/proc/self/autogroup").write_text(str(by), encoding="ascii")


async def _sealing(settings: Settings, engine: AsyncEngine, client: Client) -> None:
    """Seal every authority's history, beside the activities; one process of all does it at a time."""
    url = settings.libpq_url(DatabaseRole.WORKER)
    with closing(Stamps(settings)) as stamps:
        await Sealer(engine, url, _clock(settings, client).now, stamps, settings.second_place_address).run()


def _clock(settings: Settings, client: Client) -> Clock:
    return EngineClock(client) if settings.clock == "engine" else SystemClock()


async def _stopped(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def main(arguments: list[str]) -> int:
    """Run the part named on the command line."""
    parts: dict[str, Part] = {name: name for name in get_args(Part)}
    part = parts.get(arguments[0] if arguments else "all")
    if part is None:
        print("usage: python worker.py workflows|activities|batches|all", file=sys.stderr)  # noqa: T201 — a usage line
        return 2
    settings = Settings()
    configure(settings.log_format, settings.log_level, part)
    prepare_temporal_loggers()
    try:
        asyncio.run(serve(part, settings))
    except MissingSettingError as missing:
        print(missing, file=sys.stderr)  # noqa: T201 — said in words, to whoever starts it
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
