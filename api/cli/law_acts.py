"""``hoso law load``, ``hoso law adopt``, ``hoso calendar proclaim``: recorded acts, each with its preview.

They run where the installation is administered, in the database's worker role; the same is offered over the
API to administrators. What was recorded is reckoned here at once; by the running system if this is cut off.
"""

import asyncio
import json as jsonlib
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import UUID

import typer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api.cli.deadline import parse_day, refuse
from models.calendar.loader import load_year
from models.calendar.source import SourceError
from models.database import Scope, engine_for, transaction
from models.errors import RefusedError
from models.key_opening import open_ring
from models.lifecycle.rebasing import Judged
from models.record.basis import basis_of
from models.record.lawmaking import (
    Planner,
    Preview,
    Warrant,
    adopting,
    carry_out,
    loading,
    preview,
    proclaiming,
)
from models.record.recompute import Recomputed, recompute
from models.record.tools import Tools
from models.regulations import Regulation, in_story, load_beside
from models.settings import DatabaseRole, Settings

calendar_app = typer.Typer(
    no_args_is_help=True, help="Lịch ngày nghỉ, ngày làm bù / the calendar of days off"
)

Authority = Annotated[str, typer.Option(help="Mã cơ quan quản lý / code of the authority")]
Document = Annotated[str, typer.Option(help="Văn bản làm căn cứ / the document it stands on")]
Approver = Annotated[str | None, typer.Option(help="Tên đăng nhập người phê duyệt / login of the approver")]
OnlyPreview = Annotated[
    bool, typer.Option("--preview", help="Chỉ xem trước, không ghi / show what would move, write nothing")
]
Json = Annotated[bool, typer.Option("--json", help="Kết quả dạng JSON / machine-readable")]
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]
SHOWN = 20
T = TypeVar("T")

_AUTHORITY = text("SELECT authority_id, regulation FROM authorities WHERE code = :code")
_APPROVER = text("SELECT id FROM accounts WHERE login = :login")


def load(
    file: File,
    authority: Authority,
    document: Document,
    approver: Approver = None,
    preview: OnlyPreview = False,
    json: Json = False,
) -> None:
    """Nạp văn bản quy định / Load a regulation. Exit: 0 recorded, 1 refused, 2 wrong question."""

    async def planned(tools: Tools, authority_id: UUID, code: str) -> Planner:
        return loading(await _read(tools, authority_id, code, file))

    _run(authority, planned, document, approver, only_preview=preview, json=json)


def adopt(
    regulation: Annotated[str, typer.Argument(help="Mã văn bản / id of the document")],
    authority: Authority,
    starts: Annotated[str, typer.Option("--from", help="Từ ngày / from the day, YYYY-MM-DD")],
    document: Document,
    approver: Approver = None,
    preview: OnlyPreview = False,
    json: Json = False,
) -> None:
    """Tiếp nhận văn bản chỉ biết qua nguồn khác / Adopt a document known from reports, from a day on."""
    day = parse_day(starts)

    async def planned(_tools: Tools, _authority_id: UUID, _code: str) -> Planner:
        return adopting(regulation, day)

    _run(authority, planned, document, approver, only_preview=preview, json=json)


@calendar_app.callback()
def _calendar() -> None:
    """Lịch ngày nghỉ, ngày làm bù / the calendar of days off and days worked in exchange."""


@calendar_app.command()
def proclaim(
    file: File,
    authority: Authority,
    document: Document,
    approver: Approver = None,
    preview: OnlyPreview = False,
    json: Json = False,
) -> None:
    """Công bố lịch của một năm / Proclaim a year's days off and days worked in exchange."""

    async def planned(_tools: Tools, _authority_id: UUID, _code: str) -> Planner:
        return proclaiming(load_year(file))

    _run(authority, planned, document, approver, only_preview=preview, json=json)


def settings_now() -> Settings:
    """The installation's settings, as every command on the law reads them."""
    return Settings()


Planned = Callable[[Tools, UUID, str], Awaitable[Planner]]


def _run(
    authority: str, planned: Planned, document: str, approver: str | None, *, only_preview: bool, json: bool
) -> None:
    """Preview, and unless only that was asked for record the act and reckon again."""
    if not document.strip():
        refuse("cần văn bản làm căn cứ / the document is needed")
    try:
        asyncio.run(
            _done(authority, planned, document.strip(), approver, only_preview=only_preview, json=json)
        )
    except SourceError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    except RefusedError as error:
        said = error.refusal
        typer.echo(f"{said.detail_vi} / {said.detail_en} ({said.code})", err=True)
        raise typer.Exit(1) from error


async def _done(
    authority: str, planned: Planned, document: str, approver: str | None, *, only_preview: bool, json: bool
) -> None:
    settings = settings_now()
    ring = open_ring(settings)
    tools = Tools(engine_for(settings.database_url(DatabaseRole.WORKER)), ring)
    try:
        authority_id, code = await _authority(tools, authority)
        approver_id = await _account(tools, authority_id, approver) if approver else None
        planner = await planned(tools, authority_id, code)
        seen = await preview(tools, authority_id, planner)
        report: dict[str, Any] = {**_report(seen), "recorded": not only_preview}
        if not only_preview:
            made = await carry_out(
                tools, authority_id, planner, Warrant(document, approver_id), datetime.now(UTC)
            )
            typer.echo(f"  … đã ghi nhận / recorded: {', '.join(map(str, made.ids))}", err=True)
            report["loads"] = [str(one) for one in made.ids]
            report["moved"] = await _reckoned(tools, authority_id)
    finally:
        await tools.engine.dispose()
    _show(report, seen, json=json)


async def _reckoned(tools: Tools, authority_id: UUID) -> int:
    def beat(done: Recomputed) -> None:
        typer.echo(f"  … {done.seen} nghĩa vụ / duties", err=True)

    return (await recompute(tools, authority_id, datetime.now(UTC), beat=beat)).moved


async def _authority(tools: Tools, code: str) -> tuple[UUID, str]:
    found = await _row(tools.engine, code)
    return found.authority_id, found.regulation


async def authority_named(engine: AsyncEngine, code: str) -> UUID:
    """The authority of a code; exits with status 2 where there is none."""
    named: UUID = (await _row(engine, code)).authority_id
    return named


async def _row(engine: AsyncEngine, code: str) -> Any:
    async with engine.connect() as connection:
        found = (await connection.execute(_AUTHORITY, {"code": code})).one_or_none()
    if found is None:
        refuse(f"không có cơ quan / no such authority: {code}")
    return found


async def _account(tools: Tools, authority_id: UUID, login: str) -> UUID:
    async with transaction(tools.engine, Scope(authority_id, everything=True)) as connection:
        found: UUID | None = await connection.scalar(_APPROVER, {"login": login})
    if found is None:
        refuse(f"không có tài khoản / no such account: {login}")
    return found


async def _read(tools: Tools, authority_id: UUID, code: str, file: Path) -> Regulation:
    """The document, checked beside those that are loaded."""
    async with transaction(tools.engine, Scope(authority_id, everything=True)) as connection:
        basis = await basis_of(connection, tools.shelf, authority_id)
    return load_beside(file, in_story(code, basis.laws).regulations)


def _report(seen: Preview) -> dict[str, Any]:
    return {
        "loads_planned": [
            {
                "from": start.isoformat(),
                "hash": rules.hash,
                "documents": [one.id for one in rules.regulations],
            }
            for start, rules in seen.plan.laws
        ],
        "calendar": seen.plan.calendar.hash if seen.plan.calendar else None,
        "duties": len(seen.moves),
        "kept": seen.kept,
        "agencies": [{"code": code, "name": name, "duties": n} for _, code, name, n in seen.agencies],
        "moves": [_move(one) for one in seen.moves],
    }


def _move(one: Judged) -> dict[str, Any]:
    duty = one.before.duty
    return {
        "duty": str(duty.id),
        "agency": str(duty.agency_id),
        "slot": duty.slot,
        "from": _day(duty.due_on),
        "to": _day(one.due[1]),
        "citation": one.obligation.citation,
        "why": list(one.why),
    }


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _show(report: dict[str, Any], seen: Preview, *, json: bool) -> None:
    if json:
        typer.echo(jsonlib.dumps(report, ensure_ascii=False))
        return
    for start, rules in seen.plan.laws:
        typer.echo(f"{start:%d/%m/%Y}  {rules.hash[:12]}  {', '.join(one.id for one in rules.regulations)}")
    if seen.plan.calendar is not None:
        typer.echo(f"lịch / calendar  {seen.plan.calendar.hash[:12]}")
    done = "đã dời / moved" if report["recorded"] else "sẽ dời / would move"
    typer.echo(
        f"{report.get('moved', len(seen.moves))} nghĩa vụ {done}; giữ nguyên luật cũ / kept: {seen.kept}"
    )
    for _, code, name, of_agency in seen.agencies:
        typer.echo(f"{of_agency:6d}  {code}  {name}")
    for one in seen.moves[:SHOWN]:
        typer.echo(f"  {one.before.duty.id}  {_shown(one)}")
    if len(seen.moves) > SHOWN:
        typer.echo(f"  … và {len(seen.moves) - SHOWN} nghĩa vụ khác / more: --json")


def _shown(one: Judged) -> str:
    duty = one.before.duty
    was, now = duty.due_on, one.due[1]
    dates = " → ".join(f"{day:%d/%m/%Y}" if day else "chưa rõ / unknown" for day in (was, now))
    return f"{duty.slot}: {dates}; {'; '.join(reason(why) for why in one.why) or one.obligation.citation}"


def reason(why: dict[str, Any]) -> str:
    """One reason of a move in words."""
    if "rule" in why:
        return f"{why['instead_of']} → {why['citation']}"
    if "year" in why:
        return f"lịch năm / calendar of {why['year']}"
    kind = "nghỉ / off" if why["off"] else "làm việc / worked"
    return f"{date.fromisoformat(why['day']):%d/%m/%Y} {kind} ({why['act']})"
