"""One signature from outside for a whole approval list: prepared, taken back, and all approved or nothing.

The list that was shown is what is given out. Nothing on it waits for the signature meanwhile: what is
changed, returned or approved by itself takes the list away from the session, and its signer is told.
"""

from models.command_sessions import CancelListSigning, CompleteListSigning, OpenListSigning
from models.errors import Refusal
from models.lifecycle.competence import competent
from models.lifecycle.guard import refuse
from models.lifecycle.life import AgencyMonth, Session
from models.lifecycle.listing import CHANGED, confirmed, refuse_changed, refuse_while_open, round_of
from models.lifecycle.month import OPENING, WHOLE_STOCK, approving
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene
from models.lifecycle.session_ends import closed, is_over, told, withdrawn
from models.lifecycle.sessions import found_open, given, opening, reserve, stands, taken


def open_for_list(month: AgencyMonth, body: OpenListSigning, scene: Scene) -> Outcome:
    """Give out exactly the list that was shown, to be signed elsewhere."""
    _may(month, scene)
    shown = confirmed(month, body.list_id, body.digest, scene)
    refuse_changed(shown)
    refuse_while_open(month, shown)
    terms = opening(body, scene)
    out = Outcome(settles=False, answer={"list_id": str(shown.id)})
    reserve(out, "list", month.id, shown.id, body, terms, scene)
    rule = approving(month.kind, scene)
    return out.happened(
        "signing.opened", rule, month=month.month, list=str(shown.id), digest=body.digest, **terms.told
    )


def _may(month: AgencyMonth, scene: Scene) -> None:
    if month.kind == WHOLE_STOCK:
        competent(scene.rule(OPENING[WHOLE_STOCK][0]), scene)


def complete(month: AgencyMonth, body: CompleteListSigning, scene: Scene) -> Outcome:
    """Take what came back, to be judged; a list that has changed meanwhile ends the session instead."""
    session = found_open(month.sessions, body.session_id, scene)
    stands(session, body, scene)
    _may(month, scene)
    shown = month.shown
    if shown is None or shown.state != "shown" or shown.changed:
        changed = len(shown.changed) if shown is not None else 0
        refusal = Refusal(
            CHANGED,
            "Danh sách đã thay đổi trong lúc chờ chữ ký; phiên ký bị huỷ, chưa hồ sơ nào được phê duyệt.",
            "The list changed while it waited for the signature; the session is cancelled, nothing approved.",
            extra={"changed": changed},
        )
        out = Outcome(status=refusal.problem.status, answer=refusal.to_json())
        return withdrawn(out, session, month.agency_id, scene, CHANGED)
    given(session, body)
    return taken(session, body, scene)


def cancel(month: AgencyMonth, body: CancelListSigning, scene: Scene) -> Outcome:
    """The signer gives up: the list stands as it was shown."""
    session = found_open(month.sessions, body.session_id, scene)
    if session.state == "completing":
        refuse("in-flight", "Chữ ký đang được kiểm tra.", "A signature is being checked.")
    out = Outcome(answer={"session_id": str(session.id), "list_id": str(session.document_id)})
    return closed(out, session, "cancelled", scene, "by-signer")


def judged(month: AgencyMonth, session: Session, scene: Scene) -> Outcome:
    """The signature is good: approving all that stands on the list is the next round of the month."""
    shown = month.shown
    if session.state != "completing" or shown is None or shown.state != "shown":
        return Outcome()  # taken before, by an attempt whose answer was lost
    assert session.completed_by is not None
    out = Outcome(
        status=202,
        answer={
            "session_id": str(session.id),
            "list_id": str(shown.id),
            "document": session.document,
            "chosen": [str(p) for p in shown.profiles],
        },
    )
    round_of(out, month, session.completed_by, scene, "list", shown.id, len(shown.profiles))
    out.update("approval_lists", {"id": shown.id}, state="signing")
    return out.happened(
        "list.approval_requested",
        approving(month.kind, scene),
        month=month.month,
        chosen=len(shown.profiles),
        list=str(shown.id),
        digest=shown.digest,
        session=str(session.id),
    )


def looked_after(out: Outcome, month: AgencyMonth, scene: Scene) -> Outcome:
    """End the sessions whose time is over, and those whose list is no longer what was shown."""
    for session in month.sessions:
        if session.changed:
            withdrawn(out, session, month.agency_id, scene, CHANGED)
        elif is_over(session, scene):
            told(closed(out, session, "expired", scene), session, "signing_expired", month.agency_id)
    return out
