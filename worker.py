"""The one place that knows all: settings → client → activities → workers.

``python worker.py workflows`` runs workflow tasks and their local activities, ``activities`` everything
else, ``all`` both in one process (the embedded default).
"""

import asyncio
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from temporalio.client import Client
from temporalio.worker import Worker

from activities.acts.office import ActOffice
from activities.batches.office import MonthOffice
from activities.documents.store import DocumentStore
from activities.imports.office import ImportOffice
from activities.national.office import NationalOffice, gateway_of
from activities.notifications.office import DigestOffice
from activities.reviews.office import ReviewOffice
from activities.signing.office import SigningOffice
from activities.signing.signer import DevelopmentSigners
from models.database import engine_for
from models.keys import ensure_keyring
from models.logs import configure, logger, prepare_temporal_loggers
from models.record.tools import Tools
from models.settings import DatabaseRole, Settings
from workflows.connection import connect
from workflows.registry import WORKFLOWS, runner

Part = Literal["workflows", "activities", "all"]


@dataclass(frozen=True, slots=True)
class Offices:
    """Every activity of the process, built once."""

    acts: ActOffice
    signing: SigningOffice
    months: MonthOffice
    national: NationalOffice
    digests: DigestOffice
    imports: ImportOffice
    reviews: ReviewOffice

    @property
    def local(self) -> list[Callable[..., Any]]:
        """Activities that run beside the workflow."""
        return [self.acts.act, self.acts.month_window]

    @property
    def remote(self) -> list[Callable[..., Any]]:
        """Activities with a queue of their own."""
        return [
            self.signing.sign_approval,
            self.months.open_agency_months,
            self.months.close_month_end,
            self.months.approve_batch,
            self.months.submit_batch,
            self.months.await_receipts,
            self.national.tell_status,
            self.digests.send_digests,
            self.imports.import_workbook,
            self.reviews.plan_review,
            self.reviews.work_review,
            self.reviews.sign_report,
        ]


def offices(settings: Settings, tools: Tools) -> Offices:
    """Build the offices with their collaborators."""
    store = DocumentStore(settings.documents)
    threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="signing")
    signers = DevelopmentSigners(settings.pki)
    signing = SigningOffice(tools, store, signers, threads)
    gateway = gateway_of(settings)
    return Offices(
        acts=ActOffice(tools),
        signing=signing,
        months=MonthOffice(settings, tools, signing, gateway),
        national=NationalOffice(settings, tools, gateway),
        digests=DigestOffice(settings, tools),
        imports=ImportOffice(settings, tools),
        reviews=ReviewOffice(tools, store, signers, threads),
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
    return found


async def serve(part: Part, settings: Settings) -> None:
    """Work until told to stop; what was begun is finished first."""
    log = logger("worker")
    ring = ensure_keyring(
        settings.key_ring,
        settings.master_key.get_secret_value() if settings.master_key else None,
        settings.master_key_file,
    )
    engine = engine_for(settings.database_url(DatabaseRole.WORKER), pool_size=settings.database_pool)
    tools = Tools(engine, ring)
    client = await connect(settings, ring)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(engine.dispose)
        for worker in workers(client, settings, offices(settings, tools), part):
            await stack.enter_async_context(worker)
        log.info("worker.ready", kind=part)
        await stop.wait()
        log.info("worker.stopping", kind=part)


def main(arguments: list[str]) -> int:
    """Run the part named on the command line."""
    parts: dict[str, Part] = {"workflows": "workflows", "activities": "activities", "all": "all"}
    part = parts.get(arguments[0] if arguments else "all")
    if part is None:
        print("usage: python worker.py workflows|activities|all", file=sys.stderr)  # noqa: T201 — a usage line
        return 2
    settings = Settings()
    configure(settings.log_format, settings.log_level, part)
    prepare_temporal_loggers()
    asyncio.run(serve(part, settings))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
