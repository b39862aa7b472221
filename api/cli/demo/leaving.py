"""What the servers of a demo know at its end, for whoever looks through it: logs, URLs, metrics, rows,
documents, the engine.

Nothing is decoded or opened here: it is what somebody finds who has the machine and not the keys. Beside it
stands what the story's people declared, which is what must not be found.
"""

import json
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import psycopg
from psycopg import sql
from psycopg.rows import tuple_row
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.history.v1 import History
from temporalio.api.workflowservice.v1 import (
    DescribeWorkflowExecutionRequest,
    GetWorkflowExecutionHistoryRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError

from api.cli.demo.servers import Servers
from models.documents import FolderBlobs

LOGS, URLS, ROWS, ENGINE, PEOPLE = "logs", "urls.txt", "rows.copy", "engine", "people.json"
DOCUMENTS, METRICS = "documents", "metrics.txt"

MOST_RUNS = 50
"""Runs of one workflow that are written out."""

_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
_WORKFLOWS = (
    "SELECT workflow_id FROM commands UNION SELECT 'profile/' || id FROM profiles"
    " UNION SELECT 'transfer/' || id FROM cases UNION SELECT 'import/' || id FROM imports"
    " UNION SELECT kind || '/' || authority_id FROM authorities,"
    " (VALUES ('digest'), ('recompute'), ('renewal')) AS lasting (kind)"
    " UNION SELECT 'month-end/' || authority_id || '/' || month FROM month_ends"
    " UNION SELECT 'month-end/' || agency_id || '/' || month FROM agency_months"
)


class Urls:
    """Every address that was asked for, as an access log would have it."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def __call__(self, request: httpx.Request) -> None:
        """A hook of the client: one line per request."""
        self.seen.append(f"{request.method} {request.url}")


async def leave(
    servers: Servers, client: Client, urls: Urls, people: list[dict[str, Any]], folder: Path
) -> None:
    """Write it all below ``folder``, while the servers still run; ``people`` are their forms.

    Raises:
        OSError: the folder cannot be written.
        httpx.HTTPError: the worker's metrics cannot be read.
    """
    ids = _files(servers, urls, people, folder)
    async with httpx.AsyncClient(trust_env=False) as web:
        served = await web.get(f"http://{servers.settings.metrics_address}/metrics")
        (folder / METRICS).write_bytes(served.raise_for_status().content)
    for one in sorted(ids):
        await _engine(client, one, folder / ENGINE)


def _files(servers: Servers, urls: Urls, people: list[dict[str, Any]], folder: Path) -> list[str]:
    """All but the engine's part; answers the ids of the workflows there may be."""
    for made in (folder / LOGS, folder / ENGINE, folder / DOCUMENTS):
        made.mkdir(parents=True, exist_ok=True)
    (folder / URLS).write_text("\n".join(urls.seen) + "\n", encoding="utf-8")
    (folder / PEOPLE).write_text(json.dumps(people, ensure_ascii=False, indent=1), encoding="utf-8")
    for log in servers.folder.glob("*.log"):
        shutil.copyfile(log, folder / LOGS / log.name)
    for name in (blobs := FolderBlobs(servers.settings.documents)).names():
        (folder / DOCUMENTS / name.replace("/", "_")).write_bytes(blobs.read(name))
    with psycopg.connect(servers.postgres.url(database="hoso"), row_factory=tuple_row) as connection:
        _rows(connection, folder / ROWS)
        return [str(row[0]) for row in connection.execute(_WORKFLOWS)]


def _rows(connection: "psycopg.Connection[tuple[object, ...]]", path: Path) -> None:
    """A plain dump of the data, as ``pg_dump --data-only`` writes it."""
    tables = [str(row[0]) for row in connection.execute(_TABLES)]
    with path.open("wb") as file, connection.cursor() as cursor:
        for table in tables:
            file.write(f"COPY {table} FROM stdin;\n".encode())
            with cursor.copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))) as copy:
                for piece in copy:
                    file.write(piece)
            file.write(b"\\.\n")


async def _engine(client: Client, workflow_id: str, folder: Path) -> None:
    """A workflow's runs as the engine keeps them, descriptions and histories; nothing where it has none."""
    service, name, run_id = client.workflow_service, workflow_id.replace("/", "_"), ""
    with suppress(RPCError):  # a workflow that never was, or a run no longer kept
        for number in range(MOST_RUNS):
            execution = WorkflowExecution(workflow_id=workflow_id, run_id=run_id)
            about = DescribeWorkflowExecutionRequest(namespace=client.namespace, execution=execution)
            described = await service.describe_workflow_execution(about)
            history = await _history(client, execution)
            (folder / f"{name}.{number}.described").write_bytes(described.SerializeToString())
            (folder / f"{name}.{number}.history").write_bytes(history.SerializeToString())
            begun = history.events[0].workflow_execution_started_event_attributes
            run_id = begun.continued_execution_run_id
            if not run_id:
                return


async def _history(client: Client, execution: WorkflowExecution) -> History:
    whole = History()
    request = GetWorkflowExecutionHistoryRequest(namespace=client.namespace, execution=execution)
    while True:
        page = await client.workflow_service.get_workflow_execution_history(request)
        whole.events.extend(page.history.events)
        if not page.next_page_token:
            return whole
        request.next_page_token = page.next_page_token
