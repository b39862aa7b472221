"""Signing sessions and certificates as decisions are told of them."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.command_signing import CompleteSigning, SigningTerms
from models.lifecycle.life import Certificate, Life, Session
from models.lifecycle.scene import Scene
from models.record.commands import Command

SESSION = (
    "(SELECT json_build_object('id', x.id, 'document_id', x.document_id, 'revision_id', x.revision_id,"
    " 'revision', x.revision, 'account_id', x.account_id, 'certificate_id', x.certificate_id, 'how', x.how,"
    " 'state', x.state, 'prepared', x.prepared, 'expires_at', x.expires_at, 'opened_by', x.opened_by,"
    " 'completed_by', x.completed_by) FROM signing_sessions x WHERE x.profile_id = p.id"
    " AND x.closed_at IS NULL)"
)
"""The open session of a profile ``p``; the constraint knows no second one."""
_CERTIFICATE = text(
    "SELECT id, sha256, key_kind, valid_from, valid_to FROM certificates WHERE id = :id"
    " AND account_id = :account AND withdrawn_at IS NULL"
)


def session_of(s: dict[str, Any] | None) -> Session | None:
    """A session from its JSON."""
    if s is None:
        return None
    return Session(
        id=UUID(s["id"]),
        document_id=UUID(s["document_id"]),
        revision_id=UUID(s["revision_id"]),
        revision=s["revision"],
        account_id=UUID(s["account_id"]),
        certificate_id=UUID(s["certificate_id"]),
        how=s["how"],
        state=s["state"],
        prepared=s["prepared"],
        expires_at=datetime.fromisoformat(s["expires_at"]),
        opened_by=UUID(s["opened_by"]),
        completed_by=UUID(s["completed_by"]) if s["completed_by"] else None,
    )


async def certified(connection: AsyncConnection, command: Command, life: Life | None, scene: Scene) -> Scene:
    """The scene with the certificate a session is opened or completed with, if it is the actor's own."""
    match command.body:
        case SigningTerms(certificate_id=wanted):
            pass
        case CompleteSigning() if life is not None and life.session is not None:
            wanted = life.session.certificate_id
        case _:
            return scene
    values = {"id": wanted, "account": command.actor.account_id}
    row = (await connection.execute(_CERTIFICATE, values)).one_or_none()
    return replace(scene, certificate=Certificate(*row)) if row is not None else scene


def working(life: Life | None, command: Command) -> dict[str, UUID]:
    """What a command that was decided before and not answered still waits for: its session's next step."""
    session = life.session if life is not None else None
    if session is None:
        return {}
    if session.opened_by == command.id and session.state == "preparing":
        return {"to_prepare": session.id}
    if session.completed_by == command.id and session.state == "completing":
        return {"to_finish": session.id}
    return {}


def awaited_step(answer: dict[str, Any]) -> dict[str, UUID]:
    """What the workflow does next, from an answer that does not settle its command."""
    if "session_id" not in answer:
        return {"to_sign": UUID(answer["approval_id"])} if "approval_id" in answer else {}
    return {"to_finish" if "finish" in answer else "to_prepare": UUID(answer["session_id"])}
