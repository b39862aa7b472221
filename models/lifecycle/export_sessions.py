"""An export signed by a key that is elsewhere: the same judgement, the same log, the seal set after it.

What is taken was the approved dossier of a day. Where something newer is approved on that very day before
the signature comes, the session ends, and its signer is told.
"""

from uuid import UUID

from models.command_sessions import CancelExportSigning, CompleteExportSigning, OpenExportSigning
from models.lifecycle.exporting import AUTHORITY, asked, places_of, rule_of, told, unmade
from models.lifecycle.guard import refuse
from models.lifecycle.life import Life, Session
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene
from models.lifecycle.session_ends import closed
from models.lifecycle.sessions import found_open, given, opening, reserve, stands, taken
from models.regulations import Obligation


def open_for_export(life: Life, body: OpenExportSigning, scene: Scene) -> Outcome:
    """Judge the export as any other, and reserve it for the person's signature from outside."""
    rule, places = _may(scene)
    out = asked(life, body, scene, rule, legal=True, recipient=body.recipient, places=places)
    # Not its own answer yet: an unsettled answer that names an export has it made by keys at hand.
    export_id = UUID(out.answer.pop("export_id"))
    terms = opening(body, scene)
    reserve(out, "export", life.profile_id, export_id, body, terms, scene, life.exportable)
    return out.happened("signing.opened", rule, export=str(export_id), **terms.told)


def _may(scene: Scene) -> tuple[Obligation, tuple[str, ...]]:
    """The rule and the places, once who acts is to sign in person.

    Raises:
        RefusedError: ``not-permitted``, ``not-competent``.
    """
    rule = rule_of(scene)
    places = places_of(rule, scene)
    if AUTHORITY not in places:
        refuse(
            "not-competent",
            "Vai trò này xuất hồ sơ bằng chữ ký số của cơ quan, không bằng chữ ký của mình; xuất như thường.",
            "This role exports under the agency's seal and not by a signature of its own; export as usual.",
            citation=rule.citation,
            signature=rule.signature,
        )
    return rule, places


def complete(life: Life, body: CompleteExportSigning, scene: Scene) -> Outcome:
    """Take what came back, to be judged."""
    session = found_open(life.export_sessions, body.session_id, scene)
    stands(session, body, scene)
    _may(scene)
    given(session, body)
    return taken(session, body, scene)


def cancel(life: Life, body: CancelExportSigning, scene: Scene) -> Outcome:
    """The signer gives up: nothing leaves."""
    session = found_open(life.export_sessions, body.session_id, scene)
    if session.state == "completing":
        refuse("in-flight", "Chữ ký đang được kiểm tra.", "A signature is being checked.")
    out = Outcome(answer={"session_id": str(session.id), "export_id": str(session.document_id)})
    unmade(out, session.document_id, "by-signer")
    return closed(out, session, "cancelled", scene, "by-signer")


def failed(life: Life, session: Session, reason: str, scene: Scene) -> Outcome:
    """The document could not be laid out."""
    out = unmade(Outcome(), session.document_id, reason)
    return closed(out, session, "failed", scene, reason)


def judged(life: Life, session: Session, scene: Scene) -> Outcome:
    """The signature is good: the export is made."""
    if session.state != "completing" or session.document is None:
        return Outcome()
    export = str(session.document_id)
    out = Outcome(
        status=201,
        answer={"session_id": str(session.id), "export_id": export, "document": session.document},
    )
    out.update("exports", {"id": session.document_id}, state="made", made_at=scene.now)
    rule = scene.rule("export_signature")
    out.happened("dossier.exported", rule, export=export, document=session.document)
    if rule is not None:
        told(out, life, rule)
    return closed(out, session, "done", scene)
