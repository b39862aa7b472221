"""``hoso party`` and ``hoso maintenance``: an administrator's recorded acts, asked for where the server is.

The same commands as over the API, in the name of an account that administers: `act` asks whether it does.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, NoReturn
from uuid import UUID

import typer
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from models.calendar import at_local
from models.command_admin import (
    AnnounceMaintenance,
    LiftMaintenance,
    PauseParty,
    ResumeParty,
)
from models.command_shapes import Body
from models.database import Scope, engine_for, transaction
from models.errors import HosoError
from models.identifiers import administration_workflow, new_id
from models.key_opening import open_ring
from models.messages import Ask, Moment, Subject
from models.record.administering import administer
from models.record.commands import accept, fate
from models.record.tools import Tools
from models.settings import DatabaseRole, Settings

DONE, REFUSED, WRONG = 0, 1, 2

party_app = typer.Typer(
    no_args_is_help=True, help="Tạm dừng, tiếp tục một bên ngoài / pause an outside party"
)
maintenance_app = typer.Typer(no_args_is_help=True, help="Bảo trì có báo trước / announced maintenance")

By = Annotated[str, typer.Option("--by", help="Tên đăng nhập của quản trị / login of the administrator")]
Why = Annotated[str, typer.Option("--reason", help="Lý do / the reason")]
Which = Annotated[str, typer.Argument(help="mail, national, timestamps, signers")]
At = Annotated[
    str | None, typer.Option("--until", help="Đến lúc, giờ Việt Nam: 2026-03-10T17:00 / until, local time")
]

_ACCOUNT = text("SELECT id FROM accounts WHERE login = :login OR CAST(id AS text) = :login")
_AUTHORITIES = text("SELECT authority_id FROM authorities ORDER BY authority_id")


@dataclass(frozen=True, slots=True)
class About:
    """What an act is about: whose commands these are, and what carries them out."""

    subject: Subject
    workflow: Callable[[UUID], str]
    act: Callable[[Tools, Ask], Awaitable[Moment]]


INSTALLATION = About("administration", administration_workflow, administer)


@party_app.command("pause")
def pause(party: Which, by: By, reason: Why, until: At = None) -> None:
    """Không gửi gì tới bên này; việc chờ được giữ / nothing goes there, what waits is kept."""
    _run(by, lambda: PauseParty.model_validate({"party": party, "reason": reason, "until": _instant(until)}))


@party_app.command("resume")
def resume(party: Which, by: By, reason: Why) -> None:
    """Tiếp tục / it goes on."""
    _run(by, lambda: ResumeParty.model_validate({"party": party, "reason": reason}))


@maintenance_app.command("announce")
def announce(
    by: By,
    document: Annotated[str, typer.Option(help="Thông báo, lý do / the announcement, as users read it")],
    starts: Annotated[str, typer.Option("--from", help="Từ lúc, giờ Việt Nam / from, local time")],
    ends: Annotated[str, typer.Option("--to", help="Đến lúc / to")],
) -> None:
    """Báo trước cho mọi tài khoản; sau đó chỉ đọc / everybody is told; then only reading goes on."""
    times = {"starts_at": _instant(starts), "ends_at": _instant(ends)}
    _run(by, lambda: AnnounceMaintenance.model_validate({**times, "document": document}))


@maintenance_app.command("lift")
def lift(
    which: Annotated[UUID, typer.Argument(help="Lần bảo trì / the maintenance")], by: By, reason: Why
) -> None:
    """Huỷ, hoặc kết thúc sớm / take it back, or end it early."""
    _run(by, lambda: LiftMaintenance(maintenance_id=which, reason=reason))


def _instant(said: str | None) -> datetime | None:
    """A local wall-clock time, as people say it."""
    if said is None:
        return None
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        leave(f"không phải thời điểm / no instant: {said[:40]}", WRONG)
    return found if found.tzinfo is not None else at_local(found.date(), found.hour, found.minute)


def _run(by: str, body: Callable[[], Body]) -> None:
    run_as(by, None, INSTALLATION, body)


def run_as(by: str, whose: str | None, about: About, body: Callable[[], Body], tells: str = "") -> None:
    """Have the act done in the name of an account, about another's or the authority; say what came of it.

    ``tells`` is the member of the answer that is said, where it is not an id.
    """
    try:
        made = body()
    except ValueError as error:
        leave(" ".join(str(error).split())[:300], WRONG)
    try:
        status, answer = asyncio.run(_with_tools(lambda tools: _asked(tools, by, whose, about, made)))
    except (HosoError, OSError) as error:
        leave(" ".join(str(error).split()), WRONG)
    except SQLAlchemyError as error:
        leave(type(error).__name__, WRONG)
    if status >= 400:
        leave(f"{answer.get('detail') or answer.get('code')} / {answer.get('detail_en') or ''}", REFUSED)
    # An id first: it is what the next command asks for.
    told = sorted(answer.items(), key=lambda one: (one[0] != tells, not one[0].endswith("id")))
    typer.echo(next((f"{name}: {value}" for name, value in told), "xong / done"))


def leave(why: str, status: int) -> NoReturn:
    """Say why not, and leave."""
    typer.echo(f"LỖI / ERROR: {why}", err=True)
    raise typer.Exit(status)


async def _with_tools(
    work: Callable[[Tools], Awaitable[tuple[int, dict[str, Any]]]],
) -> tuple[int, dict[str, Any]]:
    settings = Settings()
    engine = engine_for(settings.database_url(DatabaseRole.WORKER), pool_size=2)
    try:
        return await work(Tools(engine, open_ring(settings)))
    finally:
        await engine.dispose()


async def _asked(
    tools: Tools, login: str, whose: str | None, about: About, body: Body
) -> tuple[int, dict[str, Any]]:
    """Accept the command and carry it out; its status and answer."""
    authority, account = await _who(tools, login)
    subject = authority if whose is None else await _account(tools, authority, whose)
    command, now = new_id(), datetime.now(UTC)
    scope = Scope(authority, everything=True)
    async with transaction(tools.engine, scope) as connection:
        await accept(
            connection,
            tools,
            command_id=command,
            authority_id=authority,
            account_id=account,
            body=body,
            received=body.model_dump_json().encode(),
            workflow_id=about.workflow(subject),
            subject_id=subject,
            expected_revision=None,
            now=now,
        )
    ask = Ask(authority_id=authority, subject=about.subject, subject_id=subject, command_id=command, now=now)
    moment = await about.act(tools, ask)
    async with transaction(tools.engine, scope) as connection:
        found = await fate(connection, command)
    return moment.status, dict(found.answer or {}) if found is not None else {}


async def _who(tools: Tools, login: str) -> tuple[UUID, UUID]:
    async with tools.engine.connect() as connection:
        authorities = list((await connection.execute(_AUTHORITIES)).scalars())
    for authority in authorities:
        account = await _found(tools, authority, login)
        if account is not None:
            return authority, account
    leave(f"không có tài khoản / no such account: {login[:60]}", WRONG)


async def _account(tools: Tools, authority: UUID, login: str) -> UUID:
    found = await _found(tools, authority, login)
    return found if found is not None else leave(f"không có tài khoản / no such account: {login[:60]}", WRONG)


async def _found(tools: Tools, authority: UUID, login: str) -> UUID | None:
    async with transaction(tools.engine, Scope(authority, everything=True)) as connection:
        account: UUID | None = await connection.scalar(_ACCOUNT, {"login": login})
    return account
