"""``hoso law moves``: what each load of law or calendar moved, kept and read again years later."""

import asyncio
import json as jsonlib
from typing import Annotated, Any

import typer
from sqlalchemy import text

from api.cli import law_acts
from api.cli.deadline import refuse
from models.database import Scope, engine_for, transaction
from models.settings import DatabaseRole

_LOADS = text(
    "SELECT l.id, l.kind, l.starts, l.document, l.loaded_at,"
    " (SELECT count(*) FROM law_moves m WHERE m.load_id = l.id AND NOT m.kept) AS moved,"
    " (SELECT count(*) FROM law_moves m WHERE m.load_id = l.id AND m.kept) AS kept FROM"
    " (SELECT id, 'law' AS kind, valid_from AS starts, document, loaded_at FROM rule_set_loads UNION ALL"
    "  SELECT id, 'law', valid_from, document, loaded_at FROM regime_loads UNION ALL"
    "  SELECT id, 'calendar', NULL, document, loaded_at FROM calendar_loads) l ORDER BY l.loaded_at, l.id"
)
_MOVES = text(
    "SELECT m.duty_id, a.code AS agency, m.slot, m.kept, m.due_before, m.due, m.citation_before, m.citation,"
    " m.party_before, m.party, m.why, m.moved_at FROM law_moves m JOIN agencies a ON a.id = m.agency_id"
    " WHERE m.load_id = :load ORDER BY m.moved_at, m.id"
)


def moves(
    authority: law_acts.Authority,
    load: Annotated[
        str | None, typer.Argument(help="Lần nạp, hoặc đầu mã của nó / a load, or how its id begins")
    ] = None,
    json: law_acts.Json = False,
) -> None:
    """Các lần nạp, và từng nghĩa vụ một lần nạp đã dời / Loads, and each duty that one of them moved."""
    found, lines = asyncio.run(_found(authority, load))
    if json:
        typer.echo(jsonlib.dumps(lines if load else found, ensure_ascii=False, default=str))
        return
    for one in found:
        starts = f"{one['starts']:%d/%m/%Y}" if one["starts"] else "lịch / calendar"
        told = f"dời / moved {one['moved']}, giữ / kept {one['kept']}"
        typer.echo(f"{one['id']}  {starts}  {one['document']}  {told}")
    for line in lines:
        typer.echo(f"  {line['duty_id']}  {line['agency']}  {_shown(line)}")


async def _found(authority: str, load: str | None) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    settings = law_acts.settings_now()
    engine = engine_for(settings.database_url(DatabaseRole.WORKER))
    try:
        authority_id = await law_acts.authority_named(engine, authority)
        async with transaction(engine, Scope(authority_id, everything=True)) as connection:
            found = [dict(row._mapping) for row in await connection.execute(_LOADS)]
            if load is None:
                return found, []
            found = [one for one in found if str(one["id"]).startswith(load)]
            if len(found) != 1:
                refuse(f"không rõ lần nạp nào / not one load: {load}")
            rows = await connection.execute(_MOVES, {"load": found[0]["id"]})
            return found, [dict(row._mapping) for row in rows]
    finally:
        await engine.dispose()


def _shown(line: dict[str, Any]) -> str:
    if line["kept"]:
        return f"{line['slot']}: giữ theo / kept under {line['citation']}"
    days = (line["due_before"], line["due"])
    dates = " → ".join(f"{day:%d/%m/%Y}" if day else "chưa rõ / unknown" for day in days)
    why = "; ".join(law_acts.reason(one) for one in line["why"]) or line["citation"]
    hands = "" if line["party"] == line["party_before"] else f"; {line['party_before']} → {line['party']}"
    return f"{line['slot']}: {dates}; {why}{hands}"
