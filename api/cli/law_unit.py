"""``hoso law unit``: which law binds a unit on a day, and why, as loaded for the authority."""

import asyncio
import json as jsonlib
from datetime import UTC, date, datetime
from typing import Annotated, Any

import typer
from sqlalchemy import text

from api.cli import law_acts
from api.cli.deadline import refuse
from models.calendar import legal_date
from models.database import Scope, engine_for, transaction
from models.record.law_of import LawOf, regime_at
from models.record.shelf import Shelf
from models.settings import DatabaseRole

_UNIT = text(
    "SELECT agency_id, name FROM agency_spans WHERE code = :code AND NOT ended AND valid_from <= :day"
    " AND (valid_to IS NULL OR valid_to > :day)"
)


def unit(
    authority: law_acts.Authority,
    code: Annotated[str, typer.Argument(help="Mã định danh của đơn vị / the unit's identifier")],
    on: Annotated[
        str | None, typer.Option(help="Ngày, hôm nay nếu bỏ trống / the day, today if none")
    ] = None,
    json: law_acts.Json = False,
) -> None:
    """Đơn vị áp dụng văn bản nào vào một ngày, vì sao / Which texts bind a unit on a day, and why."""
    try:
        day = date.fromisoformat(on) if on else legal_date(datetime.now(UTC))
    except ValueError:
        refuse(f"không phải ngày / no date: {on}")
    told = asyncio.run(_told(authority, code, day))
    if json:
        typer.echo(jsonlib.dumps(told, ensure_ascii=False, default=str))
        return
    typer.echo(f"{code}  {told['name']}  {day:%d/%m/%Y}  {told['hash'][:12]}")
    for one in told["documents"]:
        typer.echo(f"  {one}")
    regime = told["regime"]
    if regime is None:
        typer.echo("  quy chế của chính cơ quan quản lý / the managing authority's own")
        return
    ends = f" – {regime['valid_to']:%d/%m/%Y}" if regime["valid_to"] else ""
    typer.echo(
        f"  {regime['regulation']}: {regime['code']} {regime['agency']}, từ / from"
        f" {regime['valid_from']:%d/%m/%Y}{ends}; {regime['document']}"
    )


async def _told(authority: str, code: str, day: date) -> dict[str, Any]:
    engine = engine_for(law_acts.settings_now().database_url(DatabaseRole.WORKER), pool_size=1)
    try:
        authority_id = await law_acts.authority_named(engine, authority)
        async with transaction(engine, Scope(authority_id, everything=True, on=day)) as connection:
            found = (await connection.execute(_UNIT, {"code": code, "day": day})).one_or_none()
            if found is None:
                refuse(f"không có đơn vị {code} ngày {day} / no unit {code} on {day}")
            query, values = LawOf.unit(authority_id, found.agency_id).on(day)
            row = (await connection.execute(query, values)).one()
            if row.rule_set is None:
                refuse(f"chưa nạp quy định nào cho ngày {day} / no law is loaded for {day}")
            law = await Shelf().rules(connection, authority_id, row.rule_set)
            query, values = regime_at(authority_id, found.agency_id, day)
            regime = (await connection.execute(query, values)).one_or_none()
    finally:
        await engine.dispose()
    return {
        "agency_id": found.agency_id,
        "name": found.name,
        "hash": law.hash,
        "documents": [f"{one.id}  {one.number or one.title}" for one in law.regulations],
        "regime": regime._asdict() if regime is not None else None,
    }
