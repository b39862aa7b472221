"""Command rows: durable before anything is done, settled once."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from models.access import Actor
from models.commands import BY_VERB, Body
from models.database import Query, Scope, entering, together
from models.errors import RefusedError
from models.keys import Sealed
from models.record.actors import ACTOR_OF_COMMAND, actor_of
from models.record.tools import Tools


@dataclass(frozen=True, slots=True)
class Command:
    """A command with its actor as of now."""

    id: UUID
    verb: str
    body: Body
    actor: Actor
    account_state: str
    expected: int | None
    settled: bool
    status: int
    accepted_at: datetime
    """When it was written down: what lateness is judged by, however long it then waited."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a command: for its caller, also long after."""

    id: UUID
    account_id: UUID
    verb: str
    workflow_id: str
    subject_id: UUID
    settled: bool
    status: int | None
    answer: dict[str, Any] | None
    accepted_at: datetime
    settled_at: datetime | None
    second_factor_at: datetime | None = None
    fresh: bool = False
    """Whether this very request wrote the command down; a repetition finds it written."""


async def accept(
    connection: AsyncConnection,
    tools: Tools,
    *,
    command_id: UUID,
    authority_id: UUID,
    account_id: UUID,
    body: Body,
    received: bytes,
    workflow_id: str,
    subject_id: UUID,
    expected_revision: int | None,
    now: datetime,
    second_factor_at: datetime | None = None,
) -> Fate:
    """Write the command down, or find it written: the same key for another body or subject is refused.

    ``received`` are the canonical bytes the caller sent; what the server adds to ``body`` (a password's hash)
    does not make a repetition another command.

    Raises:
        RefusedError: ``key-reused``.
    """
    digest = hashlib.sha256(body.verb.encode() + b"\0" + received).hexdigest()
    sealed = tools.cipher.seal(authority_id, "commands", command_id, "body", body.model_dump_json().encode())
    row = {
        "id": command_id,
        "authority_id": authority_id,
        "account_id": account_id,
        "verb": body.verb,
        "workflow_id": workflow_id,
        "subject_id": subject_id,
        "body": sealed.data,
        "key_id": sealed.key_id,
        "body_hash": digest,
        "expected_revision": expected_revision,
        "accepted_at": now,
        "second_factor_at": second_factor_at,
    }
    written, (stored,) = await together(connection, [(_WRITE_DOWN, row), (_ROW, {"id": command_id})])
    if (stored.body_hash, stored.subject_id) != (digest, subject_id):
        raise RefusedError.of(
            "key-reused",
            "Idempotency-Key này đã dùng cho một yêu cầu có nội dung khác.",
            "This Idempotency-Key was used for a request with another body.",
        )
    return replace(_fate(stored), fresh=bool(written))


_WRITE_DOWN = text(
    "INSERT INTO commands (id, authority_id, account_id, verb, workflow_id, subject_id, body, key_id,"
    " body_hash, expected_revision, accepted_at, second_factor_at) VALUES (:id, :authority_id, :account_id,"
    " :verb, :workflow_id, :subject_id, :body, :key_id, :body_hash, :expected_revision, :accepted_at,"
    " :second_factor_at)"
    " ON CONFLICT DO NOTHING RETURNING id"
)
_ROW = text("SELECT * FROM commands WHERE id = :id")
_SETTLE = text(
    "UPDATE commands SET settled_at = :now, status = :status, answer = :answer"
    " WHERE id = :id AND settled_at IS NULL"
)


def _fate(row: Any) -> Fate:
    return Fate(
        id=row.id,
        account_id=row.account_id,
        verb=row.verb,
        workflow_id=row.workflow_id,
        subject_id=row.subject_id,
        settled=row.settled_at is not None,
        status=row.status,
        answer=row.answer,
        accepted_at=row.accepted_at,
        settled_at=row.settled_at,
        second_factor_at=row.second_factor_at,
    )


async def fate(connection: AsyncConnection, command_id: UUID) -> Fate | None:
    """What became of a command; none where there is none, or not for this asker."""
    row = (await connection.execute(_ROW, {"id": command_id})).one_or_none()
    return _fate(row) if row is not None else None


async def fate_at_once(engine: AsyncEngine, scope: Scope, command_id: UUID) -> Fate | None:
    """The same in one round trip, transaction and all: the last thing every caller waits for."""
    async with engine.connect() as connection:
        queries: list[Query] = [entering(scope), (_ROW, {"id": command_id})]
        rows = (await together(connection, queries, commit=True))[1]
    return _fate(rows[0]) if rows else None


_WITH_ACTOR = text(
    f"SELECT c.*, {ACTOR_OF_COMMAND} AS actor FROM commands c WHERE c.id = :id"  # noqa: S608 — no input
)


def command_query(command_id: UUID) -> Query:
    """What loads a command with its actor; `command_of` makes it of the row."""
    return _WITH_ACTOR, {"id": command_id}


def command_of(tools: Tools, authority_id: UUID, row: Any) -> Command:
    """The command with its body opened and its actor's present roles."""
    body = tools.cipher.open(authority_id, "commands", row.id, "body", Sealed(row.key_id, bytes(row.body)))
    assert row.actor is not None, "a command without an account cannot have been accepted"
    actor, state = actor_of(row.actor)
    return Command(
        id=row.id,
        verb=row.verb,
        body=BY_VERB[row.verb].model_validate_json(body),
        actor=actor,
        account_state=state,
        expected=row.expected_revision,
        settled=row.settled_at is not None,
        status=row.status or 200,
        accepted_at=row.accepted_at,
    )


def settling(command_id: UUID, status: int, answer: dict[str, Any], now: datetime) -> Query:
    """Give the command its answer; a second answer changes nothing."""
    return _SETTLE, {"id": command_id, "status": status, "answer": Jsonb(answer), "now": now}
