"""``hoso codes``: a newer version of a code list previewed, handed in, and loaded by somebody else.

The same recorded acts as over the API, in the name of an account whose right `act` asks for: whoever hands a
version in does not load it.
"""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from api.cli.deadline import parse_day
from api.cli.law_acts import authority_named, settings_now
from api.cli.service import DONE, REFUSED, About, By, Why, leave, run_as
from api.intake.code_files import CodeFileError, read_codes
from api.reading.code_list_versions import ListPreview, previewed
from models.calendar import legal_date
from models.command_codes import CodeListVersion, CodeRow, DecideCodeList, ProposeCodeList
from models.command_shapes import Body
from models.database import Scope, engine_for, transaction
from models.errors import RefusedError
from models.identifiers import recompute_workflow
from models.key_opening import open_ring
from models.record.lawgiving import give_law
from models.record.tools import Tools
from models.settings import DatabaseRole
from models.workbook_guard import check_workbook

codes_app = typer.Typer(no_args_is_help=True, help="Phiên bản danh mục / versions of code lists")

LISTS = About("law", recompute_workflow, give_law)
FILE_BYTES = 2_000_000
SHOWN = 20

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help=".xlsx, CSV, YAML")]
Which = Annotated[UUID, typer.Argument(help="Phiên bản đã trình / the version that was handed in")]
ListName = Annotated[str, typer.Option("--list", help="Danh mục / the list, e.g. ethnicity")]
Starts = Annotated[str, typer.Option("--from", help="Dùng từ ngày / from the day, YYYY-MM-DD")]


@codes_app.command()
def preview(
    file: File,
    code_list: ListName,
    starts: Starts,
    authority: Annotated[str, typer.Option(help="Mã cơ quan quản lý / code of the authority")],
    json: Annotated[bool, typer.Option("--json", help="Kết quả dạng JSON / machine-readable")] = False,
) -> None:
    """Xem trước; không ghi gì / what it would touch; writes nothing. Exit: 0 loadable, 1 refused."""
    asked = CodeListVersion(starts=parse_day(starts), rows=_rows(file))
    try:
        seen = asyncio.run(_previewed(authority, code_list, asked))
    except RefusedError as error:
        said = error.refusal
        leave(f"{said.detail_vi} / {said.detail_en} ({said.code})", REFUSED)
    if json:
        typer.echo(seen.model_dump_json())
    else:
        _show(file, seen)
    raise typer.Exit(DONE if seen.loadable else REFUSED)


@codes_app.command()
def propose(
    file: File,
    code_list: ListName,
    starts: Starts,
    by: By,
    document: Annotated[str, typer.Option(help="Văn bản làm căn cứ / the document it stands on")],
) -> None:
    """Trình một phiên bản; người khác nạp / hand a version in; somebody else loads it."""
    rows, day = _rows(file), parse_day(starts)

    def made() -> Body:
        return ProposeCodeList(code_list=code_list, starts=day, rows=rows, document=document)

    run_as(by, None, LISTS, made, tells="version")


@codes_app.command()
def load(version: Which, code_list: ListName, by: By) -> None:
    """Nạp phiên bản do người khác trình / load a version that somebody else handed in."""
    run_as(by, None, LISTS, lambda: _decision(version, code_list, "load", None), tells="state")


@codes_app.command()
def refuse(version: Which, code_list: ListName, by: By, reason: Why) -> None:
    """Không nạp, nêu lý do / leave it, with the reason."""
    run_as(by, None, LISTS, lambda: _decision(version, code_list, "refuse", reason), tells="state")


def _decision(version: UUID, code_list: str, decision: str, reason: str | None) -> Body:
    values = {"version_id": version, "code_list": code_list, "decision": decision, "reason": reason}
    return DecideCodeList.model_validate(values)


def _rows(file: Path) -> list[CodeRow]:
    data = file.read_bytes()
    try:
        if len(data) > FILE_BYTES or data.startswith(b"PK"):
            check_workbook(data, FILE_BYTES)
        return read_codes(data)
    except CodeFileError as error:
        leave(f"{file}:{error.line}: {error.vi} / {error.en}", REFUSED)
    except RefusedError as error:
        leave(f"{file}: {error.refusal.detail_vi} / {error.refusal.detail_en}", REFUSED)


async def _previewed(authority: str, name: str, asked: CodeListVersion) -> ListPreview:
    settings = settings_now()
    tools = Tools(engine_for(settings.database_url(DatabaseRole.WORKER), pool_size=1), open_ring(settings))
    try:
        authority_id = await authority_named(tools.engine, authority)
        scope = Scope(authority_id, everything=True, on=legal_date(datetime.now(UTC)))
        async with transaction(tools.engine, scope) as connection:
            return await previewed(tools, connection, authority_id, name, asked)
    finally:
        await tools.engine.dispose()


def _show(file: Path, seen: ListPreview) -> None:
    for row in seen.rows:
        for wrong in row.problems:
            typer.echo(f"{file}: {row.code}: {wrong.message} / {wrong.message_en}", err=True)
    typer.echo(
        f"{seen.code_list} {seen.starts:%d/%m/%Y}: thêm / added {seen.added},"
        f" đổi tên / renamed {seen.renamed}, đổi khác / changed {seen.changed}, kết thúc / ended {seen.ended}"
    )
    typer.echo(f"{seen.profiles:6d}  hồ sơ sẽ có giá trị cũ / profiles would hold an old value")
    for one in seen.fields[:SHOWN]:
        typer.echo(f"{one.profiles:6d}  {one.label}: {one.code} {one.code_label} → {one.replaced_by or '?'}")
    for unit in seen.units[:SHOWN]:
        typer.echo(f"{unit.profiles:6d}  {unit.code}  {unit.name}")
