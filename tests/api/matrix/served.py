"""The whole API over a database with two authorities; the engine's part is done by its own act, at once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import create_async_engine

from api import commands
from api.commands import Addressed, Engine
from models.documents import DocumentStore
from models.identifiers import WorkflowKind, parse_workflow_id
from models.messages import Ask, Subject
from models.record.act import act
from models.record.tools import Tools
from tests.api.matrix.papers import scans
from tests.api.matrix.stage import NOW, Stage
from tests.stores import store_in
from tests.web import application
from tests.world import DOORS

SUBJECTS: dict[WorkflowKind, Subject] = {
    WorkflowKind.MONTH_END: "agency_month",
    WorkflowKind.RECOMPUTE: "law",
}
"""What a workflow's acts are about, where it is not called as its workflows are."""


class Still:
    """A clock that stands where the world stands."""

    async def now(self) -> Any:
        return NOW


@asynccontextmanager
async def served(database: Any, stage: Stage, folder: Path, **settings: object) -> AsyncIterator[FastAPI]:
    """The application as its role of the database. What is asked of a workflow is decided here by the ``act``
    that the workflow's local activity would call, as the worker: the engine only carries the question.
    """
    engine = create_async_engine(database.url("api"), pool_size=2)
    worker = create_async_engine(database.url("worker"), pool_size=2)
    deciding = Tools(worker, stage.world.tools.ring)

    async def decided(_: Engine, command: Addressed, patience: timedelta) -> None:
        kind = parse_workflow_id(command.workflow_id).kind
        subject = SUBJECTS.get(kind, cast(Subject, kind.value))
        asked = Ask(
            authority_id=command.authority_id,
            subject=subject,
            subject_id=command.subject_id,
            command_id=command.command_id,
            now=NOW,
        )
        await DOORS.get(subject, act)(deciding, asked)

    made = application(database.settings(folder, **settings))
    made.state.tools = Tools(engine, stage.world.tools.ring)
    made.state.clock, made.state.temporal = Still(), None
    made.state.documents = stage.documents or _scanned(stage, folder)
    made.state.engine = Engine(None, "none", made.state.tools)  # type: ignore[arg-type]  # nothing is sent
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(commands, "put", decided)
        yield made
    if hasattr(made.state, "oidc"):
        await made.state.oidc.http.aclose()
    await engine.dispose()
    await worker.dispose()


def _scanned(stage: Stage, folder: Path) -> DocumentStore:
    store = store_in(folder / "documents", stage.world.tools)
    scans(store, stage.world.authority)
    return store


def client_of(app: FastAPI, address: str = "http://hoso") -> httpx.AsyncClient:
    """A client of this application, in this process."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=address)
