"""How a signing session ends without a signature, and when it must next be looked at."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from models.lifecycle.exporting import unmade
from models.lifecycle.life import Life, Session
from models.lifecycle.outcome import Insert, Notice, Outcome
from models.lifecycle.scene import Scene
from models.lifecycle.steps import OWN


def expire(out: Outcome, life: Life, scene: Scene) -> None:
    """Close sessions whose time is over; the signer is told. A signature being judged is judged first."""
    for session in life.sessions:
        if not is_over(session, scene):
            continue
        if session.kind == "export":
            unmade(out, session.document_id, "expired")
        else:
            waits_again(out, life)
        told(closed(out, session, "expired", scene), session, "signing_expired", life.agency_id)


def overtaken(out: Outcome, life: Life, scene: Scene) -> None:
    """Something newer was approved: what would leave as of today is not the approved dossier any more."""
    for session in life.export_sessions:
        if session.state != "completing" and (session.as_of or scene.today) >= scene.today:
            unmade(out, session.document_id, "newer-revision")
            withdrawn(out, session, life.agency_id, scene, "newer-revision")


def is_over(session: Session, scene: Scene) -> bool:
    """Whether a session's time has passed and no signature of it is being judged."""
    return session.state != "completing" and session.expires_at <= scene.now


def displaced(out: Outcome, life: Life, scene: Scene) -> None:
    """A newer revision, or a return, takes the document away from its session; the signer is told."""
    session = life.session
    if session is None or life.approval is None:
        return
    out.update("approvals", {"id": life.approval.id}, state="failed")
    closed(out, session, "cancelled", scene, "newer-revision")
    told(out, session, "signing_cancelled", life.agency_id)


def withdrawn(out: Outcome, session: Session, agency_id: UUID, scene: Scene, reason: str) -> Outcome:
    """Cancel a session whose document is not to be signed any more; the signer is told why."""
    closed(out, session, "cancelled", scene, reason)
    return told(out, session, "signing_cancelled", agency_id, reason=reason)


def held(life: Life) -> bool:
    """Whether what is being signed can no longer be taken away: by our own key, or its signature has come."""
    return life.session is None or life.session.state == "completing"


def wakes(sessions: Iterable[Session], outcome: Outcome) -> datetime | None:
    """When the time of the first open session is over, as they stand once ``outcome`` is written."""
    open_: dict[object, tuple[str, datetime | None]] = {
        one.id: (one.state, one.expires_at) for one in sessions
    }
    for write in outcome.writes:
        if write.table != "signing_sessions":
            continue
        session_id = write.values["id"] if isinstance(write, Insert) else write.key["id"]
        state, ends = open_.get(session_id, ("", None))
        open_[session_id] = write.values.get("state", state), write.values.get("expires_at", ends)
    waiting = [ends for state, ends in open_.values() if state in ("preparing", "open")]
    return min((ends for ends in waiting if ends is not None), default=None)


def waits_again(out: Outcome, life: Life) -> None:
    """Nothing was signed: an approval's revision waits for approval, an own signature's is a draft again."""
    made = life.approval
    if made is None:
        return
    out.update("approvals", {"id": made.id}, state="failed")
    if made.step != OWN:
        out.update("revisions", {"id": made.revision_id}, state="submitted")
        return
    state = "superseded" if life.draft is not None else "draft"
    out.update("revisions", {"id": made.revision_id}, state=state)
    out.subject["pending_revision_id"] = None


def closed(out: Outcome, session: Session, state: str, scene: Scene, reason: str | None = None) -> Outcome:
    """The session's end, with its event. A value that came is not kept: it is in the file by now."""
    out.update(
        "signing_sessions", {"id": session.id}, state=state, closed_at=scene.now, value=None, reason=reason
    )
    more = {"reason": reason} if reason else {}
    return out.happened(f"signing.{state}", None, session=str(session.id), **named(session), **more)


def named(session: Session) -> dict[str, object]:
    """What a session is for, as events and notices say it."""
    return {"revision": session.revision} if session.kind == "approval" else {"signs": session.kind}


def told(out: Outcome, session: Session, kind: str, agency_id: UUID, **more: str) -> Outcome:
    """A line for the signer's inbox."""
    facts = {**named(session), **more}
    out.notices.append(Notice(kind, agency_id, account_id=session.account_id, facts=facts))
    return out
