"""What the national side corrected by itself, kept sealed until an act has put it before somebody."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.keys import Sealed
from models.lifecycle.life import Life
from models.lifecycle.proposed import Proposal
from models.record.tools import Tools

_ALL = text("SELECT * FROM national_proposals WHERE profile_id = :profile ORDER BY found_at DESC, id")
_KEEP = text(
    "INSERT INTO national_proposals (id, authority_id, profile_id, revision_id, state, form_version, fields,"
    " sealed, key_id, found_at) VALUES (:id, :authority, :profile, :revision, 'fetched', :form,"
    " CAST(:fields AS jsonb), :sealed, :key, :now) ON CONFLICT (id) DO NOTHING"
)


async def keep(
    connection: AsyncConnection,
    tools: Tools,
    authority_id: UUID,
    *,
    reconciliation_id: UUID,
    profile_id: UUID,
    revision_id: UUID,
    form: str,
    fields: Mapping[str, Any],
    now: datetime,
) -> UUID | None:
    """Keep their values by field (None: emptied); None where the very same was put to the person before."""
    content = {name: value for name, value in fields.items() if value is not None}
    for row in (await connection.execute(_ALL, {"profile": profile_id})).all():
        same = row.revision_id == revision_id and set(row.fields) == set(fields)
        if same and row.state != "overtaken" and opened(tools, authority_id, row) == content:
            return row.id if row.state == "fetched" else None
    row_id = uuid5(reconciliation_id, f"proposal:{profile_id}")
    plain = json.dumps(content, ensure_ascii=False).encode()
    sealed = tools.cipher.seal(authority_id, "national_proposals", row_id, "sealed", plain)
    values: dict[str, Any] = {
        "id": row_id,
        "authority": authority_id,
        "profile": profile_id,
        "revision": revision_id,
        "form": form,
        "fields": json.dumps(sorted(fields)),
        "sealed": sealed.data,
        "key": sealed.key_id,
        "now": now,
    }
    await connection.execute(_KEEP, values)
    return row_id


def opened(tools: Tools, authority_id: UUID, row: Row[Any]) -> dict[str, Any]:
    """Their values by field."""
    sealed = Sealed(row.key_id, bytes(row.sealed))
    plain = tools.cipher.open(authority_id, "national_proposals", row.id, "sealed", sealed)
    content: dict[str, Any] = json.loads(plain)
    return content


async def with_proposals(connection: AsyncConnection, tools: Tools, life: Life) -> Life:
    """The life with what was proposed for it and not yet answered."""
    rows = (await connection.execute(_ALL, {"profile": life.profile_id})).all()
    found = (
        Proposal(
            id=row.id,
            state=row.state,
            form_version=row.form_version,
            fields=tuple(row.fields),
            content=opened(tools, life.authority_id, row),
        )
        for row in rows
        if row.state in ("fetched", "open")
    )
    return replace(life, proposals=tuple(found))
