"""The requests of one file: read for the act about one of them, written with what people said sealed."""

import json
from dataclasses import replace
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.database import together
from models.keys import Sealed
from models.lifecycle.file_request import FileRequest
from models.lifecycle.life import Life
from models.record.sql import inserting, updating
from models.record.tools import Tools
from models.record.writing import Writing

TABLE = "file_requests"
_ALL = text(
    "SELECT id, kind, state, path, about, duty_id, ended_by, (SELECT a.profile_id FROM accounts a"
    " WHERE a.id = ended_by) AS ended_by_person FROM file_requests WHERE profile_id = :profile"
    " ORDER BY asked_at, id"
)


async def with_requests(connection: AsyncConnection, life: Life) -> Life:
    """The life with its requests."""
    rows = await connection.execute(_ALL, {"profile": life.profile_id})
    return replace(life, requests=tuple(FileRequest(**row._mapping) for row in rows))


async def file_request(connection: AsyncConnection, writing: Writing, values: dict[str, Any]) -> None:
    """A request; what the official wrote is sealed."""
    words = json.dumps(values["words"], ensure_ascii=False).encode()
    sealed = writing.tools.cipher.seal(writing.authority_id, TABLE, values["id"], "words", words)
    row = {**values, "authority_id": writing.authority_id, "words": sealed.data, "words_key": sealed.key_id}
    await together(connection, [inserting(TABLE, row)])


async def file_request_ended(connection: AsyncConnection, writing: Writing, values: dict[str, Any]) -> None:
    """A request answered, decided or withdrawn; the reason is sealed."""
    reason = values["reason"]
    row = {name: value for name, value in values.items() if name not in ("id", "reason")}
    row["ended_at"] = writing.now
    if reason is not None:
        sealed = writing.tools.cipher.seal(
            writing.authority_id, TABLE, values["id"], "answer", reason.encode()
        )
        row |= {"answer": sealed.data, "answer_key": sealed.key_id}
    await together(connection, [updating(TABLE, {"id": values["id"]}, row)])


def said_in(tools: Tools, row: Any) -> dict[str, str]:
    """What the official wrote: ``wanted`` (of a correction) and ``reason``."""
    sealed = Sealed(row.words_key, bytes(row.words))
    words: dict[str, str] = json.loads(tools.cipher.open(row.authority_id, TABLE, row.id, "words", sealed))
    return words


def answered_in(tools: Tools, row: Any) -> str | None:
    """Why it was answered so; none where it has not been."""
    if row.answer is None:
        return None
    sealed = Sealed(row.answer_key, bytes(row.answer))
    return tools.cipher.open(row.authority_id, TABLE, row.id, "answer", sealed).decode()
