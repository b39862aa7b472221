"""The steps of a signing session that its workflow asks for: laid out or not, judged good or not accepted."""

from typing import Any

from models.lifecycle import export_sessions, list_sessions, report_sessions, sessions
from models.lifecycle.life import AgencyMonth, Life, Report, Session
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene

STEPS = ("session_prepared", "session_failed", "session_refused", "session_judged")


Owner = Life | AgencyMonth | Report


def step(kind: str, owner: Owner, facts: dict[str, Any], scene: Scene) -> Outcome:
    """One step; where the session has ended meanwhile, whoever waits for it is told so."""
    session = next((one for one in owner.sessions if str(one.id) == str(facts["session"])), None)
    if session is None:
        return sessions.gone() if "settles" in facts else Outcome()
    match kind:
        case "session_prepared":
            return sessions.prepared(session, scene)
        case "session_refused":
            return sessions.refused(session, str(facts["reason"]), scene)
        case "session_failed":
            return _failed(owner, session, str(facts["reason"]), scene)
        case _:
            return _judged(owner, session, scene)


def _failed(owner: Owner, session: Session, reason: str, scene: Scene) -> Outcome:
    if session.state != "preparing":
        return Outcome()
    if isinstance(owner, Life) and session.kind == "export":
        return export_sessions.failed(owner, session, reason, scene)
    if isinstance(owner, Life):
        return sessions.failed(owner, session, reason, scene)
    if isinstance(owner, Report):
        return report_sessions.failed(owner, session, reason, scene)
    return sessions.unprepared(session, reason, scene)


def _judged(owner: Owner, session: Session, scene: Scene) -> Outcome:
    if isinstance(owner, Report):
        return report_sessions.judged(owner, session, scene)
    if isinstance(owner, Life):
        return export_sessions.judged(owner, session, scene)
    return list_sessions.judged(owner, session, scene)
