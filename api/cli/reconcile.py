"""``hoso reconcile`` and ``hoso engine rebuild``: PostgreSQL and the engine brought together.

Exit status: 0 compared, and mended where they were apart; 2 one of the two could not be asked.
"""

import asyncio
import json as jsonlib
from dataclasses import asdict
from typing import Annotated
from uuid import UUID

import typer

from api.cli.stuck import rebuild_one
from api.clock import SystemClock
from api.reconcile import Findings, Reconciler
from models.database import engine_for
from models.identifiers import profile_workflow
from models.key_opening import open_ring
from models.logs import configure
from models.settings import DatabaseRole, Settings
from workflows.connection import connect

engine_app = typer.Typer(no_args_is_help=True, help="Máy chủ quy trình (Temporal) / the workflow engine")

ENGINE_SECONDS = 10.0
"""How long the engine is waited for."""

Json = Annotated[bool, typer.Option("--json", help="Kết quả dạng JSON / machine-readable")]


async def _run(*, every: bool = False) -> Findings:
    settings = Settings()
    configure(settings.log_format, settings.log_level, "reconcile")
    url = settings.database_url(DatabaseRole.API)  # before any key is made: there may be no installation here
    ring = open_ring(settings)
    database = engine_for(url)
    try:
        client = await asyncio.wait_for(connect(settings, ring), ENGINE_SECONDS)
        reconciler = Reconciler(
            client, settings.task_queue, database, SystemClock(), backups=settings.monthly_backups
        )
        return await reconciler.run(every=every)
    finally:
        await database.dispose()


_SAID = {
    "started": "quy trình đã khởi động lại / workflows started",
    "woken": "quy trình lỡ hẹn đã được đánh thức / missed wakes",
    "behind": "quy trình chậm hơn dữ liệu / workflows behind the data",
    "ahead": "quy trình mới hơn dữ liệu, đã dựng lại / workflows ahead of restored data, begun anew",
    "unreckoned": "nghĩa vụ chưa tính lại theo luật, lịch mới / duties not under the newest law",
    "tree": "cây tổ chức cần dựng lại / trees made again",
    "stranded": "báo cáo chuyển ra ngoài còn treo / reports of moves left open",
    "unsaid": "tin nhắn của phiên bản mới hơn, được giữ lại / lines of a newer version, kept",
    "ending": "kho lưu trữ có dấu thời gian sắp hết / archives with timestamps about to end",
    "bereft": "hồ sơ, nghĩa vụ, việc tại đơn vị đã kết thúc / files, duties, cases at units that have ended",
    "orphans": "quy trình không có hồ sơ, đã dừng / workflows without a row, stopped",
}


def _show(findings: Findings, json: bool) -> None:
    if json:
        typer.echo(jsonlib.dumps(asdict(findings), ensure_ascii=False))
        return
    for kind, said in _SAID.items():
        found = getattr(findings, kind)
        typer.echo(f"{len(found):6d}  {said}")
        for one in found[:20]:
            typer.echo(f"        {one}")


def reconcile(json: Json = False) -> None:
    """So sánh dữ liệu với máy chủ quy trình và sửa chỗ lệch / compare and repair."""
    _show(asyncio.run(_run()), json)


@engine_app.command("rebuild")
def rebuild(
    json: Json = False,
    profile: Annotated[
        UUID | None, typer.Option("--profile", help="Chỉ quy trình của hồ sơ này / only this profile's")
    ] = None,
    workflow: Annotated[
        str | None, typer.Option("--workflow", help="Chỉ quy trình có mã này / only the one of this id")
    ] = None,
) -> None:
    """Dựng lại mọi quy trình từ PostgreSQL, trên một Temporal trống, cũ hơn hoặc mới hơn dữ liệu /
    start all workflows from PostgreSQL, whatever the engine knows.

    Một quy trình đang lỗi thì dừng và dựng lại riêng / one that fails is stopped and started by itself.
    """
    if profile is not None or workflow is not None:
        rebuild_one(profile_workflow(profile) if profile is not None else str(workflow))
        return
    _show(asyncio.run(_run(every=True)), json)
