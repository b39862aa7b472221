"""``hoso reorganise``: what a plan's file would do, read where the installation is administered.

Nothing is written: a plan is drafted and approved over the API, each by an account of its own.
"""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import uuid5

import typer

from api.cli.law_acts import authority_named, settings_now
from api.intake.plans import PlanFileError, read_plan
from api.reading.reorganisation_shapes import PlanPreview
from api.reading.reorganisations import told
from models.calendar import legal_date
from models.command_reorganisation import Plan
from models.database import Scope, engine_for, transaction
from models.record.reorganisation_rows import canonical, judge_plan
from models.record.scheduled_months import scheduled_months
from models.record.shelf import Shelf
from models.record.touched import touched
from models.record.tree import load_tree
from models.settings import DatabaseRole

COUNTS = {
    "people": "người chuyển / people moved",
    "open_duties": "nghĩa vụ đang mở / open duties",
    "approvals": "bản khai chờ phê duyệt / approvals in flight",
    "transfers": "việc điều chuyển / transfers under way",
    "delegations": "uỷ quyền / delegations",
    "accounts": "tài khoản / accounts",
    "months": "danh sách cuối tháng đang mở / open month-end lists",
}


def reorganise(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    authority: Annotated[str, typer.Option(help="Mã cơ quan quản lý / code of the authority")],
    json: Annotated[bool, typer.Option("--json", help="Kết quả dạng JSON / machine-readable")] = False,
) -> None:
    """Xem trước phương án sắp xếp (YAML, .xlsx) / Preview a plan. Exit: 0 possible, 1 a line is wrong."""
    try:
        plan = read_plan(file.read_bytes())
    except PlanFileError as error:
        typer.echo(f"{file}:{error.line}: {error.vi} / {error.en}", err=True)
        raise typer.Exit(1) from error
    seen = asyncio.run(_previewed(authority, plan))
    if json:
        typer.echo(seen.model_dump_json())
    else:
        _show(file, seen)
    if not seen.possible:
        raise typer.Exit(1)


async def _previewed(authority: str, plan: Plan) -> PlanPreview:
    engine = engine_for(settings_now().database_url(DatabaseRole.WORKER), pool_size=1)
    try:
        authority_id = await authority_named(engine, authority)
        today = legal_date(datetime.now(UTC))
        async with transaction(engine, Scope(authority_id, everything=True, on=today)) as connection:
            tree = await load_tree(connection)
            named = uuid5(authority_id, canonical(plan)[1])
            shelf = Shelf()
            judged = await judge_plan(connection, shelf, plan, named, tree)
            months = await scheduled_months(connection, shelf, authority_id, judged, today)
            return told(judged, await touched(connection, judged, today), months)
    finally:
        await engine.dispose()


def _show(file: Path, seen: PlanPreview) -> None:
    for fault in seen.faults:
        about = f" ({fault.unit})" if fault.unit else ""
        typer.echo(f"{file}:{fault.line}: {fault.message}{about} / {fault.message_en}", err=True)
    typer.echo(f"{seen.effective_on:%d/%m/%Y}  {seen.document}  {seen.plan_hash[:12]}")
    for unit in seen.units:
        typer.echo(f"{unit.people:6d}  {unit.what:8}  {unit.code}  {unit.name}")
    for name, words in COUNTS.items():
        typer.echo(f"{getattr(seen, name):6d}  {words}")
    for month in seen.scheduled_months:
        typer.echo(f"{month.month}  {month.what:8}  {month.code}  {month.opens_on:%d/%m/%Y}  {month.name}")
    if seen.codes_closed:
        typer.echo(f"mã được đóng / codes closed: {', '.join(seen.codes_closed)}")
    for warning in seen.warnings:
        typer.echo(f"cảnh báo / warning  {warning.code}: {warning.count} {warning.words}")
