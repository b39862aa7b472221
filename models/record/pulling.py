"""A person's national record on its way in: the number to ask by, the row it waits in.

Fetching is I/O and no fact: the row waits, sealed, until an act has decided what becomes of it.
"""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.commands import BY_VERB, OpenProfile
from models.keys import Sealed
from models.lifecycle.life import Life
from models.lifecycle.pulled import Pulled
from models.record.load import content_of
from models.record.tools import Tools

_OPENED = text(
    "SELECT id, body, key_id FROM commands WHERE subject_id = :profile AND verb = 'open_profile'"
    " AND status = 201 ORDER BY accepted_at LIMIT 1"
)
_KEPT = text("SELECT id FROM national_records WHERE command_id = :command")
_KEEP = text(
    "INSERT INTO national_records (id, authority_id, profile_id, command_id, asked_by, fetched_at, state,"
    " form_version, mapping, national_id, held_by, status, revision_digest, sealed, key_id, filled, kept,"
    " unfit) VALUES (:id, :authority, :profile, :command, :asked_by, :now, 'fetched', :form, :mapping,"
    " :national_id, :held_by, :status, :digest, :sealed, :key, '[]', '[]', '[]') ON CONFLICT DO NOTHING"
)
_NEWEST = text("SELECT id FROM revisions WHERE profile_id = :profile ORDER BY number DESC LIMIT 1")
_INDEX = text("SELECT id_number_index FROM profiles WHERE id = :profile")
_ASKED_BY = text("SELECT account_id FROM commands WHERE id = :command")
_RECORD = text("SELECT * FROM national_records WHERE id = :id AND profile_id = :profile")


async def kept(connection: AsyncConnection, command_id: UUID) -> UUID | None:
    """The row an earlier attempt of the same command has kept."""
    found: UUID | None = await connection.scalar(_KEPT, {"command": command_id})
    return found


async def number_of(
    connection: AsyncConnection, tools: Tools, authority_id: UUID, profile_id: UUID
) -> str | None:
    """The personal ID number to ask by: as the profile was opened with it, else as the newest form says it.

    Only a number that is the profile's own by its index is answered.
    """
    row = (await connection.execute(_OPENED, {"profile": profile_id})).one_or_none()
    number: str | None = None
    if row is not None:
        sealed = Sealed(row.key_id, bytes(row.body))
        opened = BY_VERB[OpenProfile.verb].model_validate_json(
            tools.cipher.open(authority_id, "commands", row.id, "body", sealed)
        )
        assert isinstance(opened, OpenProfile)
        number = opened.personal_id_number
    else:
        revision = await connection.scalar(_NEWEST, {"profile": profile_id})
        content = await content_of(connection, tools, authority_id, revision) if revision else {}
        number = content.get("citizen_id_number")
    return number if number and await is_theirs(connection, tools, authority_id, profile_id, number) else None


async def is_theirs(
    connection: AsyncConnection, tools: Tools, authority_id: UUID, profile_id: UUID, number: str
) -> bool:
    """Whether the number is the one the profile is found by."""
    index = await connection.scalar(_INDEX, {"profile": profile_id})
    return index is not None and bytes(index) in tools.blind.candidates(authority_id, number)


async def keep(
    connection: AsyncConnection,
    tools: Tools,
    authority_id: UUID,
    *,
    profile_id: UUID,
    command_id: UUID,
    now: datetime,
    content: dict[str, Any],
    **about: Any,
) -> UUID:
    """Keep a record as it came, sealed; the same command keeps it once."""
    row_id = uuid5(command_id, "national-record")
    plain = json.dumps(content, ensure_ascii=False).encode()
    sealed = tools.cipher.seal(authority_id, "national_records", row_id, "sealed", plain)
    asked_by = await connection.scalar(_ASKED_BY, {"command": command_id})
    row = {
        **about,
        "id": row_id,
        "authority": authority_id,
        "profile": profile_id,
        "command": command_id,
        "asked_by": asked_by,
        "now": now,
        "sealed": sealed.data,
        "key": sealed.key_id,
    }
    await connection.execute(_KEEP, row)
    return row_id


def opened(tools: Tools, authority_id: UUID, row: Any) -> dict[str, Any]:
    """The content of a kept record."""
    sealed = Sealed(row.key_id, bytes(row.sealed))
    plain = tools.cipher.open(authority_id, "national_records", row.id, "sealed", sealed)
    content: dict[str, Any] = json.loads(plain)
    return content


async def with_pulled(connection: AsyncConnection, tools: Tools, life: Life, record_id: UUID) -> Life:
    """The life with the record and the content it is to fill."""
    authority = life.authority_id
    row = (await connection.execute(_RECORD, {"id": record_id, "profile": life.profile_id})).one()
    life = await with_base(connection, tools, life)
    pulled = Pulled(
        id=row.id,
        content=opened(tools, authority, row),
        form_version=row.form_version,
        asked_by=row.asked_by,
        fetched_at=row.fetched_at,
        held_by=row.held_by,
        status=row.status,
        digest=row.revision_digest,
    )
    return replace(life, pulled=pulled, base=life.base or {})


_FORM = text("SELECT form_version FROM revisions WHERE id = :id")


async def with_base(connection: AsyncConnection, tools: Tools, life: Life) -> Life:
    """The life with the content a new draft begins with: the draft's, else what was approved."""
    base = life.draft.id if life.draft else life.approved_revision_id
    if base is None:
        return life
    version = await connection.scalar(_FORM, {"id": base})
    content = await content_of(connection, tools, life.authority_id, base)
    return replace(life, base=content, base_form=str(version))


_ATTACHED = text(
    "SELECT sha256, certified_by IS NOT NULL AS certified FROM attachments WHERE profile_id = :id"
)


async def with_attached(connection: AsyncConnection, life: Life) -> Life:
    """The life with its files, for the act that names one of them."""
    rows = await connection.execute(_ATTACHED, {"id": life.profile_id})
    return replace(life, attached=tuple((row.sha256, row.certified) for row in rows))
