"""Telling the national database of the tree, beside the profiles that name its codes (CV 5034/BNV-CCVC)."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from activities.national.adapter import (
    BadPacketError,
    ItemResult,
    ItemStatus,
    NationalGateway,
    Packet,
    UnitChange,
    tran_code_for,
)
from activities.national.mappings import Mapping
from activities.national.trouble import tell_of_trouble
from activities.notifications.notices import notify_administrator
from models.calendar import legal_date
from models.database import Scope, transaction
from models.record.tools import Tools

# A span is told as it stands: again when its end or anything becomes another. The hash is `UnitChange`'s.
_UNITS = text(
    "SELECT s.agency_id, s.code, s.name, s.valid_from, s.valid_to, u.code AS parent, a.national_code"
    " FROM agency_spans s JOIN authorities a ON a.authority_id = s.authority_id"
    " LEFT JOIN LATERAL (SELECT p.code FROM agency_spans p WHERE p.agency_id = s.parent_id"
    "   AND p.valid_from <= s.valid_from AND p.code ~ :code ORDER BY p.valid_from DESC LIMIT 1) u ON true"
    " LEFT JOIN national_units n ON n.agency_id = s.agency_id AND n.valid_from = s.valid_from"
    " WHERE NOT s.ended AND s.valid_from <= :today AND s.code ~ :code AND length(s.code) <= 35"
    " AND n.content IS DISTINCT FROM encode(sha256(convert_to(concat_ws(chr(31), s.code, s.name,"
    "   coalesce(u.code, ''), s.valid_from::text, coalesce(s.valid_to::text, '')), 'UTF8')), 'hex')"
    " ORDER BY s.valid_from, s.code"
)
CODE = r"^[A-Z]\d{2}(\.[0-9A-Z]+)*$"
_TOLD = text(
    "INSERT INTO national_units (agency_id, valid_from, authority_id, content, refused, told_at) VALUES"
    " (:agency, :day, :authority, :content, :refused, :now) ON CONFLICT (agency_id, valid_from) DO UPDATE"
    " SET content = excluded.content, refused = excluded.refused, told_at = excluded.told_at"
)


async def tell_tree(
    tools: Tools, gateway: NationalGateway, mapping: Mapping, receiver: str, authority_id: UUID, now: datetime
) -> int:
    """Tell what has changed of the tree since it was last told; answers how many units.

    Units without a code of the platform's shape cannot be told and are left out. What the other side refuses
    is put before the administrators once, and told again when it changes.

    Raises:
        NationalError: no answer now.
    """
    if not mapping.units:
        return 0
    async with transaction(tools.engine, Scope(authority_id, everything=True)) as connection:
        values = {"today": legal_date(now), "code": CODE}
        rows = (await connection.execute(_UNITS, values)).all()
    due = [
        UnitChange(row.agency_id, row.code, row.name, row.parent, row.valid_from, row.valid_to)
        for row in rows
    ]
    for part in _parts(_upper_first(due), gateway.max_items):
        items = tuple(mapping.unit_item(unit) for unit in part)
        code = tran_code_for(f"units:{authority_id}", items)
        try:
            said = await gateway.tell_units(Packet(rows[0].national_code, receiver, code, items))
        except BadPacketError as refused:
            # A side that takes no tree does not keep the profiles waiting.
            await tell_of_trouble(tools, authority_id, refused, now)
            return 0
        await _write(tools, authority_id, part, said.items, now)
    return len(due)


def _upper_first(units: Sequence[UnitChange]) -> list[UnitChange]:
    """A parent before its children, older before newer; a code that two exchange is told in that order."""
    waiting = {unit.code for unit in units}
    ordered: list[UnitChange] = []
    left = list(units)
    while left:
        ready = [one for one in left if one.parent not in waiting or one.parent == one.code]
        ordered += ready or left  # a ring cannot be ordered: the other side will say so
        left = [one for one in left if one not in ready] if ready else []
        waiting = {one.code for one in left}
    return ordered


def _parts(units: Sequence[UnitChange], size: int) -> Iterator[Sequence[UnitChange]]:
    for start in range(0, len(units), size):
        yield units[start : start + size]


async def _write(
    tools: Tools, authority_id: UUID, part: Sequence[UnitChange], said: Sequence[ItemResult], now: datetime
) -> None:
    answers = {one.key: one for one in said}
    async with transaction(tools.engine, Scope(authority_id, everything=True)) as connection:
        for unit in part:
            answer = answers[unit.key]
            refused = answer.code if answer.status is ItemStatus.REJECTED else None
            values = {"agency": unit.agency_id, "day": unit.starts_on, "authority": authority_id, "now": now}
            await connection.execute(_TOLD, {**values, "content": unit.digest, "refused": refused})
            if refused is not None:
                await notify_administrator(
                    connection,
                    authority_id,
                    "national_unit_refused",
                    once=unit.key,
                    now=now,
                    code=refused,
                    unit=unit.code,
                )
