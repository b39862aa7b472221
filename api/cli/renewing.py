"""``hoso renew``: the archive's timestamps renewed, as ``hoso reconcile`` has it done each night."""

import asyncio
import json as jsonlib
from typing import Annotated

import typer
from sqlalchemy import text

from api.starting_renewal import start_renewal
from models.database import Scope, engine_for, transaction
from models.key_opening import open_ring
from models.settings import DatabaseRole, Settings
from workflows.connection import connect

_AUTHORITIES = text("SELECT authority_id, code FROM authorities ORDER BY code")
_STANDING = text(
    "SELECT count(*) AS files, min(ends_at) AS first, count(*) FILTER (WHERE trouble IS NOT NULL) AS troubled"
    " FROM archived_files"
)


def renew(
    everything: Annotated[
        bool, typer.Option("--all", help="Mọi tệp, như khi một thuật toán sắp hết hiệu lực / every file")
    ] = False,
    show: Annotated[bool, typer.Option("--show", help="Chỉ xem / only show")] = False,
    json: Annotated[bool, typer.Option("--json", help="Cho máy đọc / for machines")] = False,
) -> None:
    """Gia hạn dấu thời gian của tệp lưu trữ (PAdES B-LTA) / renew the archive's timestamps."""
    found = asyncio.run(_run(everything, show))
    if json:
        typer.echo(jsonlib.dumps(found, ensure_ascii=False))
        return
    for one in found:
        started = f"; đang chạy / running: {one['workflow']}" if one["workflow"] else ""
        first = one["first"] or "-"
        typer.echo(
            f"{one['authority']}: {one['files']} tệp / files, hết sớm nhất / first ends {first},"
            f" trục trặc / troubled {one['troubled']}{started}"
        )


async def _run(everything: bool, show: bool) -> list[dict[str, object]]:
    settings = Settings()
    ring = open_ring(settings)
    database = engine_for(settings.database_url(DatabaseRole.API))
    found: list[dict[str, object]] = []
    try:
        client = None if show else await connect(settings, ring)
        async with database.connect() as connection:
            authorities = list(await connection.execute(_AUTHORITIES))
        for one in authorities:
            scope = Scope(one.authority_id, everything=True)
            async with transaction(database, scope) as connection:
                row = (await connection.execute(_STANDING)).one()
            started = ""
            if client is not None and row.files:
                started = await start_renewal(
                    client, settings.task_queue, one.authority_id, everything=everything
                )
            first = row.first.isoformat() if row.first else None
            line = {"authority": one.code, "files": row.files, "first": first}
            found.append({**line, "troubled": row.troubled, "workflow": started})
    finally:
        await database.dispose()
    return found
