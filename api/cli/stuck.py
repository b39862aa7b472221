"""``hoso stuck``: what stands still in every authority, worst first, each with the command that helps.

Asks PostgreSQL and the engine directly, so that it answers while the API does not.
Exit status: 0 nothing has failed (warnings allowed), 1 something has, 2 PostgreSQL could not be asked.
"""

import asyncio
import json as jsonlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, NoReturn, TypeVar
from uuid import UUID

import typer
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from api.commands import Engine
from api.engine_away import ENGINE_AWAY
from api.starting import rebuild
from api.stuck import remedies
from api.stuck.gathering import StuckList, gather
from models.database import engine_for
from models.errors import HosoError, RefusedError
from models.key_opening import open_ring
from models.record.tools import Tools
from models.settings import DatabaseRole, Settings
from workflows.connection import connect

FINE, FAILED, UNKNOWN = 0, 1, 2
DAY, HOUR = 86_400, 3_600
T = TypeVar("T")

stuck_app = typer.Typer(invoke_without_command=True, help="Việc đang tắc / what stands still")

Json = Annotated[bool, typer.Option("--json", help="Kết quả dạng JSON / machine-readable")]
Workflow = Annotated[str, typer.Argument(help="Mã quy trình / the workflow's id")]

_AUTHORITIES = text("SELECT authority_id, code FROM authorities ORDER BY code")


@dataclass(frozen=True, slots=True)
class Opened:
    """What the commands here work with."""

    settings: Settings
    tools: Tools
    client: Client | None
    authorities: dict[str, UUID]

    @property
    def database(self) -> AsyncEngine:
        """The database as the API's role."""
        return self.tools.engine

    @property
    def engine(self) -> Engine:
        """The engine as the API has it."""
        if self.client is None:
            raise RefusedError.of("engine-unavailable")
        return Engine(self.client, self.settings.task_queue, self.tools)


@asynccontextmanager
async def opened() -> AsyncIterator[Opened]:
    """Settings, database, and the engine where it answers."""
    settings = Settings()
    ring = open_ring(settings)
    database = engine_for(settings.database_url(DatabaseRole.API), pool_size=2)
    try:
        client = None
        with suppress(TimeoutError, OSError, *ENGINE_AWAY):
            client = await asyncio.wait_for(connect(settings, ring), 10)
        async with database.connect() as connection:
            rows = list(await connection.execute(_AUTHORITIES))
        yield Opened(settings, Tools(database, ring), client, {row.code: row.authority_id for row in rows})
    finally:
        await database.dispose()


def run(work: Callable[[Opened], Awaitable[T]]) -> T:
    """The work's answer; what is wrong in one line."""

    async def done() -> T:
        async with opened() as found:
            return await work(found)

    try:
        return asyncio.run(done())
    except RefusedError as error:
        said = error.refusal
        refused(
            f"{said.detail_vi or said.problem.meaning_vi} / {said.detail_en or said.problem.meaning_en}",
            FAILED,
        )
    except (HosoError, OSError) as error:
        refused(" ".join(str(error).split()), UNKNOWN)
    except (SQLAlchemyError, *ENGINE_AWAY) as error:
        refused(type(error).__name__, UNKNOWN)


def refused(why: str, status: int) -> NoReturn:
    """Say why not, and leave."""
    typer.echo(f"LỖI / ERROR: {why}", err=True)
    raise typer.Exit(status)


@stuck_app.callback()
def stuck(context: typer.Context, json: Json = False) -> None:
    """Mọi việc đang tắc, kèm lệnh xử lý / everything that stands still, with its remedy."""
    if context.invoked_subcommand is not None:
        return

    async def all_of(found: Opened) -> dict[str, StuckList]:
        now = datetime.now(UTC)
        about = (found.client, found.settings, found.tools.ring)
        return {
            code: await gather(found.database, *about, one, now) for code, one in found.authorities.items()
        }

    lists = run(all_of)
    if json:
        typer.echo(
            jsonlib.dumps(
                {code: one.model_dump(mode="json") for code, one in lists.items()}, ensure_ascii=False
            )
        )
    else:
        for code, one in lists.items():
            _show(code, one)
    raise typer.Exit(FAILED if any(one.failed for one in lists.values()) else FINE)


def _show(code: str, found: StuckList) -> None:
    typer.echo(f"{code}: {found.failed} hỏng / failed, {found.warnings} cảnh báo / warnings")
    for one in found.items:
        sign = "✗" if one.level == "failed" else "!"
        what = " ".join(part for part in (one.workflow_id or one.subject, one.code, f"× {one.count}") if part)
        typer.echo(f"  {sign} {_age(one.age_seconds):>6}  {one.words} / {one.words_en}: {what}")
        asked = f"{one.remedy.call.method} {one.remedy.call.path}" if one.remedy.call else ""
        typer.echo(f"           → {one.remedy.words}: {one.remedy.command or asked}")


def _age(seconds: int) -> str:
    size, sign = abs(seconds), "-" if seconds < 0 else ""
    if size >= DAY:
        return f"{sign}{size // DAY}d"
    return f"{sign}{size // HOUR}h" if size >= HOUR else f"{sign}{size // 60}m"


async def first_that(found: Opened, work: Callable[[UUID], Awaitable[T]]) -> T:
    """Do it in the authority it belongs to.

    Raises:
        RefusedError: ``not-found``, where it belongs to none.
    """
    for authority_id in found.authorities.values():
        try:
            return await work(authority_id)
        except RefusedError as error:
            if error.refusal.code != "not-found":
                raise
    raise RefusedError.of("not-found", "Không có gì đang chờ ở đó.", "Nothing waits there.")


@stuck_app.command("retry")
def retry(workflow_id: Workflow) -> None:
    """Thử lại ngay công việc đang chờ của một quy trình / try a workflow's waiting activities at once."""

    async def work(found: Opened) -> int:
        client = found.engine.client
        return await first_that(found, lambda one: remedies.retry(client, found.database, one, workflow_id))

    typer.echo(f"{workflow_id}: {run(work)} việc được thử lại / tried again")


@stuck_app.command("resend")
def resend(
    which: Annotated[str, typer.Argument(help="Mã lệnh hoặc số của tin / a command's id, a line's number")],
) -> None:
    """Gửi lại một lệnh hoặc một tin chưa gửi được / put a command, or say a line, again."""
    try:
        what = int(which) if which.isdecimal() else UUID(which)
    except ValueError:
        refused(f"không phải mã lệnh, số tin / neither: {which[:40]}", UNKNOWN)

    async def work(found: Opened) -> None:
        await first_that(found, lambda one: remedies.resend(found.engine, found.database, one, what))

    run(work)
    typer.echo(f"{which}: đã gửi / sent")


def rebuild_one(workflow_id: str) -> None:
    """One workflow stopped and started from its rows; for ``hoso engine rebuild``."""

    async def work(found: Opened) -> None:
        client, queue = found.engine.client, found.settings.task_queue
        await first_that(found, lambda one: rebuild(client, queue, found.database, one, workflow_id))

    run(work)
    typer.echo(f"{workflow_id}: đã dựng lại / rebuilt")
