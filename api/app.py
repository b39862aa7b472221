"""The API: thin. It writes commands down, puts them to the engine, and reads from PostgreSQL."""

from models import starting

# isort: split
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from api import codec_server, passwords
from api.clock import EngineClock, SystemClock
from api.commands import Engine
from api.description import DescribedAPI
from api.docs_pages import docs_router
from api.hardening import harden
from api.problems import install
from api.relay import Relay
from api.routers import ROUTERS
from models.database import engine_for
from models.documents import documents_of
from models.key_opening import open_ring
from models.logs import configure
from models.record.tools import Tools
from models.settings import DatabaseRole, Settings
from workflows.connection import connect

starting.settled()

OPENAPI = "/api/v1/openapi.json"
REACHED_WITHIN = 5.0
"""Seconds that a start waits for the database; it begins without, too."""
TITLE = "hoso — Quản lý hồ sơ cán bộ, công chức, viên chức"


@asynccontextmanager
async def _running(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    configure(settings.log_format, settings.log_level, "api")
    passwords.configure(settings.login_cost)
    ring = open_ring(settings)
    database = engine_for(
        settings.database_url(DatabaseRole.API),
        pool_size=settings.database_pool,
        statement_seconds=settings.statement_seconds,
    )
    client = await connect(settings, ring, lazy=True)
    tools = Tools(database, ring)
    app.state.tools, app.state.temporal = tools, client
    app.state.documents = documents_of(settings, tools.cipher)
    app.state.clock = EngineClock(client) if settings.clock == "engine" else SystemClock()
    app.state.engine = Engine(client, settings.task_queue, tools)
    relay = Relay(
        app.state.engine,
        database,
        app.state.clock,
        settings.libpq_url(DatabaseRole.API),
        backups=settings.monthly_backups and settings.clock == "system",
    )
    await _first_connection(database)
    task = asyncio.create_task(relay.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await database.dispose()


async def _first_connection(database: AsyncEngine) -> None:
    """Let SQLAlchemy ask the server what it is before anybody uses the engine.

    It does so in an engine's first connection, and whoever is cancelled meanwhile leaves that one open: the
    relay, where an API ends as soon as it began. A database that is away is met later by whoever needs it.
    """
    with suppress(DBAPIError, OSError):
        async with asyncio.timeout(REACHED_WITHIN), database.begin():
            pass


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application; ``settings`` are read from the environment unless given."""
    app = DescribedAPI(
        title=TITLE,
        version="0.1.0",
        description="API của hệ thống hồ sơ: mọi thời hạn kèm điều luật / every deadline with its article.",
        openapi_url=OPENAPI,
        docs_url=None,
        redoc_url=None,
        lifespan=_running,
    )
    app.state.settings = settings or Settings()
    install(app)
    harden(app)
    app.include_router(docs_router(OPENAPI, TITLE))
    app.include_router(codec_server.router)
    for router in ROUTERS:
        app.include_router(router, prefix="/api/v1")
    return app


def __getattr__(name: str) -> FastAPI:
    """``api.app:app`` for a server: made when asked for, so that importing this module reads no settings."""
    if name == "app":
        return create_app()
    raise AttributeError(name)
