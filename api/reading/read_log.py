"""Each read of somebody else's file leaves a line, in the very transaction that answers it.

A line stands for a quarter of an hour: who reads the same part again within it, as the same and for the same,
writes nothing. What was answered is recorded, for the transaction commits before the answer leaves; what was
refused leaves no line.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from api.scope import Reading
from models.access import Allowed, roles
from models.errors import RefusedError
from models.identifiers import new_id

SLICE = timedelta(minutes=15)

_RECORD = text(
    "INSERT INTO dossier_reads (id, authority_id, profile_id, account_id, reader, role, agency_id, part,"
    " level, purpose, citation, delegation_id, began_at, at) VALUES (:id, :authority, :profile, :account,"
    " :reader, :role, :agency, :part, :level, :purpose, :citation, :delegation, :began_at, :now)"
    " ON CONFLICT DO NOTHING"
)


async def record(read: Reading, profile_id: UUID, verdict: Allowed) -> None:
    """Write down who reads which part of the file, as what and for what.

    Raises:
        RefusedError: ``purpose-required`` where the role must say it and has not.
    """
    if read.purpose is None and roles().roles[verdict.role].states_purpose:
        raise RefusedError.of("purpose-required")
    await read.connection.execute(_RECORD, _line(read, profile_id, verdict))


def _line(read: Reading, profile_id: UUID, verdict: Allowed) -> dict[str, Any]:
    who = read.who
    return {
        "id": new_id(),
        "authority": who.authority_id,
        "profile": profile_id,
        "account": who.account_id,
        "reader": who.display_name,
        "role": verdict.role,
        "agency": next((place for role, place in who.held if role == verdict.role), who.agency_id),
        "part": read.part,
        "level": verdict.level,
        "purpose": read.purpose,
        "citation": verdict.citation,
        "delegation": verdict.delegation_id,
        "began_at": slice_of(read.now),
        "now": read.now,
    }


async def record_several(read: Reading, profiles: Collection[UUID], verdict: Allowed) -> None:
    """Write down that something was read which tells of several files: a line for each, but the own.

    Raises:
        RefusedError: ``purpose-required`` as for a read.
    """
    about = sorted(one for one in set(profiles) if not read.who.is_about(one))
    if not about:
        return
    if read.purpose is None and roles().roles[verdict.role].states_purpose:
        raise RefusedError.of("purpose-required")
    await read.connection.execute(_RECORD, [_line(read, one, verdict) for one in about])


def slice_of(now: datetime) -> datetime:
    """The beginning of the quarter of an hour that an instant lies in."""
    return now - timedelta(seconds=now.timestamp() % SLICE.total_seconds())
