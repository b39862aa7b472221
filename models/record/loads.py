"""Loads of law and calendar: content once under its hash, each load a dated row of its own.

The newest date that has come decides which rule set is in force, and of two loads for one date the later:
so law that returns to earlier content is loaded like any other, and a date is corrected by another load.
"""

import json
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from models.calendar import Calendar
from models.identifiers import new_id
from models.regulations import RuleSet
from models.tables import CalendarLoadRow, CalendarRow, RegimeLoadRow, RuleSetLoadRow, RuleSetRow


@dataclass(frozen=True, slots=True)
class Load:
    """On what a load stands: whose law, the document, when, and who approved it (none at an installation)."""

    authority_id: UUID
    document: str
    now: datetime
    approver_id: UUID | None = None


async def load_rules(connection: AsyncConnection, load: Load, rules: RuleSet, valid_from: date) -> UUID:
    """Record that these rules are in force from ``valid_from`` on; the id of the load.

    The caller's transaction records the event beside it.
    """
    row = _row(load, rules.hash) | {"valid_from": valid_from}
    content = {**row, "content": json.loads(rules.to_json())}
    await connection.execute(upsert(RuleSetRow).values(content).on_conflict_do_nothing())
    load_id = new_id()
    await connection.execute(
        insert(RuleSetLoadRow).values({**row, "id": load_id, "approver_id": load.approver_id})
    )
    return load_id


async def load_regime(
    connection: AsyncConnection, load: Load, regulation: str, rules: RuleSet, valid_from: date
) -> UUID:
    """Record that from ``valid_from`` on these are the rules of another regulation, for the parts of the tree
    that it binds; the id of the load."""
    row = _row(load, rules.hash) | {"valid_from": valid_from}
    load_id = new_id()
    content = {**row, "content": json.loads(rules.to_json())}
    await connection.execute(upsert(RuleSetRow).values(content).on_conflict_do_nothing())
    values = {**row, "id": load_id, "regulation": regulation, "approver_id": load.approver_id}
    await connection.execute(insert(RegimeLoadRow).values(values))
    return load_id


async def load_calendar(connection: AsyncConnection, load: Load, calendar: Calendar) -> UUID:
    """Record that this calendar is reckoned with from now on; the id of the load."""
    row = _row(load, calendar.hash)
    content = {**row, "content": json.loads(calendar.to_json())}
    await connection.execute(upsert(CalendarRow).values(content).on_conflict_do_nothing())
    load_id = new_id()
    await connection.execute(
        insert(CalendarLoadRow).values({**row, "id": load_id, "approver_id": load.approver_id})
    )
    return load_id


async def rules_known(
    connection: AsyncConnection, authority_id: UUID, rules: RuleSet, valid_from: date
) -> bool:
    """Whether these rules were ever loaded for this very date."""
    table = RuleSetLoadRow
    found = select(table.id).where(
        table.authority_id == authority_id, table.hash == rules.hash, table.valid_from == valid_from
    )
    return (await connection.execute(found.limit(1))).first() is not None


async def calendar_known(connection: AsyncConnection, authority_id: UUID, calendar: Calendar) -> bool:
    """Whether this calendar was ever loaded."""
    table = CalendarLoadRow
    found = select(table.id).where(table.authority_id == authority_id, table.hash == calendar.hash)
    return (await connection.execute(found.limit(1))).first() is not None


def _row(load: Load, content_hash: str) -> dict[str, object]:
    return {
        "authority_id": load.authority_id,
        "hash": content_hash,
        "document": load.document,
        "loaded_at": load.now,
    }
