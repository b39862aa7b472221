"""Signing sessions and certificates as decisions are told of them."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.command_signing import CompleteSigning, SigningTerms
from models.lifecycle.life import Certificate, Session
from models.lifecycle.scene import Scene
from models.record.commands import Command

_FIELDS = (
    "'id', x.id, 'document_id', x.document_id, 'revision_id', x.revision_id,"
    " 'revision', x.revision, 'account_id', x.account_id, 'certificate_id', x.certificate_id, 'how', x.how,"
    " 'state', x.state, 'prepared', x.prepared, 'expires_at', x.expires_at, 'opened_by', x.opened_by,"
    " 'completed_by', x.completed_by"
)
SESSION = (
    f"(SELECT json_build_object({_FIELDS}) FROM signing_sessions x WHERE x.profile_id = p.id"  # noqa: S608 — fragments above, no input
    " AND x.closed_at IS NULL)"
)
"""The open session of a profile ``p``; the constraint knows no second one."""


AS_OF = "(SELECT e.as_of FROM exports e WHERE e.id = x.export_id)"
"""The day of the export that a session ``x`` is for."""


def open_sessions(subject: str, changed: str = "false", as_of: str = "NULL") -> str:
    """SQL of the open sessions of what has an alias.

    ``changed`` says whether one (``x``) is stale, ``as_of`` of which day it is.
    """
    return (
        f"(SELECT coalesce(json_agg(json_build_object({_FIELDS}, 'kind', x.kind, 'document', x.document,"  # noqa: S608 — fragments, no input
        f" 'changed', {changed}, 'as_of', {as_of}, 'certificate', (SELECT c.sha256 FROM certificates c"
        f" WHERE c.id = x.certificate_id)) ORDER BY x.id), '[]') FROM signing_sessions x"
        f" WHERE x.subject_id = {subject}.id AND x.closed_at IS NULL)"
    )


_CERTIFICATE = text(
    "SELECT id, sha256, key_kind, valid_from, valid_to FROM certificates WHERE id = :id"
    " AND account_id = :account AND withdrawn_at IS NULL"
)


def session_of(s: dict[str, Any] | None) -> Session | None:
    """A session from its JSON."""
    return _session(s) if s is not None else None


def sessions_of(found: list[dict[str, Any]]) -> tuple[Session, ...]:
    """The open sessions of a subject from their JSON."""
    return tuple(_session(one) for one in found)


def _session(s: dict[str, Any]) -> Session:
    return Session(
        id=UUID(s["id"]),
        document_id=UUID(s["document_id"]),
        revision_id=UUID(s["revision_id"]) if s["revision_id"] else None,
        revision=s["revision"],
        account_id=UUID(s["account_id"]),
        certificate_id=UUID(s["certificate_id"]),
        how=s["how"],
        state=s["state"],
        prepared=s["prepared"],
        expires_at=datetime.fromisoformat(s["expires_at"]),
        opened_by=UUID(s["opened_by"]),
        completed_by=UUID(s["completed_by"]) if s["completed_by"] else None,
        kind=s.get("kind", "approval"),
        document=s.get("document"),
        certificate=s.get("certificate", ""),
        changed=s.get("changed", False),
        as_of=date.fromisoformat(s["as_of"]) if s.get("as_of") else None,
    )


async def certified(
    connection: AsyncConnection, command: Command, sessions: Iterable[Session], scene: Scene
) -> Scene:
    """The scene with the certificate a session is opened or completed with, if it is the actor's own."""
    match command.body:
        case SigningTerms(certificate_id=wanted):
            pass
        case CompleteSigning(session_id=session_id):
            named = [one.certificate_id for one in sessions if one.id == session_id]
            if not named:
                return scene
            (wanted,) = named
        case _:
            return scene
    values = {"id": wanted, "account": command.actor.account_id}
    row = (await connection.execute(_CERTIFICATE, values)).one_or_none()
    return replace(scene, certificate=Certificate(*row)) if row is not None else scene


def working(sessions: Iterable[Session], command: Command) -> dict[str, UUID]:
    """What a command that was decided before and not answered still waits for: its session's next step."""
    for session in sessions:
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
