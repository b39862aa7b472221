"""A workbook of 10,000 people through the import's own workflow and a real worker, beside a bare loop.

A row is one person with the whole form; the lines of the repeating tables come on top and are not counted.
"""

import asyncio
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
from temporalio.client import Client

from api.cli.sample import sample
from models.database import engine_for
from models.documents import FolderBlobs
from models.messages import ImportDone, ImportStart
from models.record.install import Installed, install_authority
from models.record.tools import Tools
from models.settings import DatabaseRole
from models.workbook_vault import WorkbookVault
from tests.bench.machine import Meter, peak_bytes
from tests.bench.report import Figure, Say
from tests.bench.stage import Stage, stage
from workflows.payload_codec import data_converter
from workflows.workbook_import import ImportWorkflow

_ADMINISTRATOR = (
    "INSERT INTO accounts (id, authority_id, kind, login, display_name, password_hash, state,"
    " agency_id, created_at) VALUES (%(id)s, %(a)s, 'agency', 'bench.administrator', 'x', '!', 'active',"
    " %(root)s, now())"
)
_GRANT = (
    "INSERT INTO grants (id, authority_id, account_id, agency_id, role, valid_from)"
    " VALUES (%(id)s, %(a)s, %(id)s, %(root)s, 'administrator', '2025-01-01')"
)
_IMPORT = (
    "INSERT INTO imports (id, authority_id, account_id, sha256, dry_run, state, counts, issues, created_at)"
    " VALUES (%s, %s, %s, %s, %s, 'waiting', '{}', '[]', now())"
)


@dataclass(frozen=True, slots=True)
class Took:
    """One import."""

    seconds: float
    spent: dict[str, float]
    done: ImportDone
    peak: int


async def run(say: Say, *, quick: bool) -> list[Figure]:
    """The bare loop, a dry run, the import; each in processes that have done nothing before."""
    size = 1000 if quick else 10_000
    with stage() as built:
        book = built.folder / "people.xlsx"
        made = sample(book, size)
        say(f"workbook: {made.officials} people, {book.stat().st_size / 2**20:.1f} MiB")
        bare = await _bare(built, book)
        say(f"bare: {bare['seconds']:.1f} s for {bare['rows']} lines of all sheets")
        desk = await _Desk.open(built)
        data = await asyncio.to_thread(book.read_bytes)
        dry = await desk.bring(data, dry_run=True)
        say(f"dry run: {dry.seconds:.1f} s")
        real = await desk.bring(data, dry_run=False)
        say(f"import: {real.seconds:.1f} s, {real.done.created} created, {real.done.refused} refused")
        await desk.tools.engine.dispose()
    rate = size / bare["seconds"]
    return [
        _figure("import, dry run", dry, size, 500, rate),
        _figure("import, committed", real, size, 150, rate),
        Figure(
            "import, most memory of the worker",
            max(dry.peak, real.peak) / 2**20,
            "MiB",
            512,
            bare=bare["peak"] / 2**20,
            sizes=f"{size} people; each import in a new worker process",
        ),
    ]


def _figure(name: str, took: Took, size: int, budget: float, bare: float) -> Figure:
    return Figure(
        name,
        size / took.seconds,
        "people/s",
        budget,
        "higher",
        bare=bare,
        sizes=f"{size} people with all repeating tables",
        where={one: seconds / size * 1000 for one, seconds in took.spent.items() if seconds},
        note="time in ms of CPU per person; bare reads all cells and inserts them as they are. "
        f"Beside it {size / took.seconds / bare:.2f}",
    )


@dataclass
class _Desk:
    """An installed authority with its administrator."""

    built: Stage
    tools: Tools
    installed: Installed
    account: UUID
    client: Client

    @classmethod
    async def open(cls, built: Stage) -> "_Desk":
        tools = Tools(engine_for(built.settings.database_url(DatabaseRole.WORKER)), built.ring)
        installed = await install_authority(
            tools,
            code="hanoi",
            name="UBND thành phố Hà Nội",
            national_code="H26",
            document="QĐ 6187/QĐ-UBND",
            now=datetime.now(UTC),
        )
        account = uuid4()
        values = {"id": account, "a": installed.authority_id, "root": installed.root_agency_id}
        with psycopg.connect(built.superuser) as connection:
            connection.execute(_ADMINISTRATOR, values)
            connection.execute(_GRANT, values)
        client = await Client.connect(
            built.settings.temporal_address, data_converter=data_converter(built.ring)
        )
        return cls(built, tools, installed, account, client)

    async def bring(self, data: bytes, *, dry_run: bool) -> Took:
        """Import the workbook in worker processes of its own."""
        built, authority = self.built, self.installed.authority_id
        digest = WorkbookVault(FolderBlobs(built.settings.documents), self.tools.cipher).keep(authority, data)
        workers = [built.worker("workflows"), built.worker("activities")]
        start = ImportStart(authority_id=authority, import_id=uuid4())
        with psycopg.connect(built.superuser) as connection:
            connection.execute(_IMPORT, [start.import_id, authority, self.account, digest, dry_run])
        await asyncio.sleep(5.0)  # the workers have started
        meter, begun = Meter(built.processes), time.perf_counter()
        done: ImportDone = await self.client.execute_workflow(
            ImportWorkflow.run, start, id=f"import/{start.import_id}", task_queue=built.settings.task_queue
        )
        seconds, peak = time.perf_counter() - begun, peak_bytes(built.processes["worker.activities"])
        took = Took(seconds, meter.spent(), done, peak)
        for worker in workers:
            built.stop(worker)
        assert done.created > 0, built.sql("SELECT issues FROM imports WHERE id = %s", start.import_id)
        return took


async def _bare(built: Stage, book: Path) -> dict[str, Any]:
    """Read with calamine and insert by COPY, in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.bench.bare_import",
        str(book),
        built.superuser,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    seconds, rows, peak = output.split()
    return {"seconds": float(seconds), "rows": int(rows), "peak": int(peak)}
