"""How a signing session ends without a signature, and when it must next be looked at."""

from datetime import datetime

from models.lifecycle.life import Life, Session
from models.lifecycle.outcome import Notice, Outcome
from models.lifecycle.scene import Scene
from models.lifecycle.steps import OWN


def expire(out: Outcome, life: Life, scene: Scene) -> None:
    """Close a session whose time is over; the signer is told. A signature being judged is judged first."""
    session = life.session
    if session is None or session.state == "completing" or scene.now < session.expires_at:
        return
    waits_again(out, life)
    told(closed(out, session, "expired", scene), life, session, "signing_expired")


def displaced(out: Outcome, life: Life, scene: Scene) -> None:
    """A newer revision, or a return, takes the document away from its session; the signer is told."""
    session = life.session
    if session is None or life.approval is None:
        return
    out.update("approvals", {"id": life.approval.id}, state="failed")
    told(closed(out, session, "cancelled", scene, "newer-revision"), life, session, "signing_cancelled")


def held(life: Life) -> bool:
    """Whether what is being signed can no longer be taken away: by our own key, or its signature has come."""
    return life.session is None or life.session.state == "completing"


def wakes(life: Life, outcome: Outcome) -> datetime | None:
    """When an open session's time is over, as it stands once ``outcome`` is written."""
    session = life.session
    state, ends = (session.state, session.expires_at) if session is not None else ("", None)
    for write in outcome.writes:
        if write.table == "signing_sessions":
            state, ends = write.values.get("state", state), write.values.get("expires_at", ends)
    return ends if state in ("preparing", "open") else None


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
    return out.happened(f"signing.{state}", None, session=str(session.id), revision=session.revision, **more)


def told(out: Outcome, life: Life, session: Session, kind: str) -> None:
    """A line for the signer's inbox."""
    out.notices.append(
        Notice(kind, life.agency_id, account_id=session.account_id, facts={"revision": session.revision})
    )
