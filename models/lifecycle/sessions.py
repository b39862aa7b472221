"""Signing sessions: a document version given out for a signature made elsewhere, and what becomes of it.

A session is opened by the very judgement that an approval (or a submission) is opened by, and completed only
for the version that was prepared, by the account and certificate it was opened with, while all of it still
holds. Nothing is signed until what came back was judged; until then the approval is being signed.
"""

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn
from uuid import UUID

from models.command_signing import CancelSigning, CompleteSigning, SigningTerms
from models.commands import OpenOwnSigning, OpenSigning
from models.errors import Refusal
from models.lifecycle import approval, declaration
from models.lifecycle.competence import competent
from models.lifecycle.guard import refuse
from models.lifecycle.life import AgencyMonth, Approval, Certificate, Exportable, Life, Session
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene
from models.lifecycle.session_ends import closed, waits_again
from models.lifecycle.steps import OWN, awaited

MECHANISMS = {"ec": ("ecdsa",), "rsa": ("rsassa_pss", "rsassa_pkcs1v15")}
"""How a kind of key may sign, the first by default; whether the law allows it is asked before signing."""


def open_for_approval(life: Life, body: OpenSigning, scene: Scene, month: AgencyMonth | None) -> Outcome:
    """Judge an approval as any other, and reserve it for a signature from outside."""
    terms = opening(body, scene)
    return _attached(approval.prepare(life, body, scene, month), life, body, terms, scene)


def open_for_submission(life: Life, body: OpenOwnSigning, scene: Scene) -> Outcome:
    """Judge a submission as any other, and reserve it for the official's own signature from outside."""
    terms = opening(body, scene)
    out = declaration.submit(life, body, scene)
    if out.settles:
        refuse(
            "wrong-state",
            "Quy chế không đòi người khai ký số bản khai; nộp bản khai như thường.",
            "The rule in force asks for no signature of the official; submit the declaration as usual.",
        )
    return _attached(out, life, body, terms, scene)


@dataclass(frozen=True, slots=True)
class Terms:
    """A certificate that may be signed with, how, and until when."""

    certificate: Certificate
    mechanism: str
    session_id: UUID
    expires_at: datetime
    how: str

    @property
    def told(self) -> dict[str, str]:
        """As the event of the opening says it."""
        return {"session": str(self.session_id), "certificate": self.certificate.sha256, "how": self.how}


def opening(body: SigningTerms, scene: Scene) -> Terms:
    """The terms of a session that is about to be opened.

    Raises:
        RefusedError: ``certificate-not-registered``, ``certificate-not-valid``, ``malformed-request``.
    """
    ends = scene.now + timedelta(minutes=body.minutes)
    certificate = _usable(scene, ends)
    return Terms(certificate, _mechanism(certificate, body), scene.new_id("session"), ends, body.how)


def _attached(out: Outcome, life: Life, body: SigningTerms, terms: Terms, scene: Scene) -> Outcome:
    revision = life.draft if isinstance(body, OpenOwnSigning) else life.pending
    assert revision is not None
    own = {"profile_id": life.profile_id, "revision_id": revision.id, "revision": revision.number}
    _row(out, body, terms, scene, kind="approval", document_id=scene.new_id("approval"), **own)
    return out.happened("signing.opened", None, revision=revision.number, **terms.told)


def reserve(
    out: Outcome,
    kind: str,
    subject_id: UUID,
    document_id: UUID,
    body: SigningTerms,
    terms: Terms,
    scene: Scene,
    of: Exportable | None = None,
) -> None:
    """The row of a session for what is no approval: a list, a report, an export (``of`` a revision)."""
    named = {} if of is None else {"revision_id": of.revision_id, "revision": of.number}
    _row(out, body, terms, scene, kind=kind, subject_id=subject_id, document_id=document_id, **named)


def _row(out: Outcome, body: SigningTerms, terms: Terms, scene: Scene, **of: object) -> None:
    out.insert(
        "signing_sessions",
        id=terms.session_id,
        **of,
        account_id=scene.actor_id,
        certificate_id=terms.certificate.id,
        how=terms.how,
        mechanism=terms.mechanism,
        state="preparing",
        token_hash=body.token_hash,
        opened_by=scene.act_id,
        opened_at=scene.now,
        expires_at=terms.expires_at,
    )
    out.answer |= {"session_id": str(terms.session_id), "expires_at": terms.expires_at.isoformat()}


def _usable(scene: Scene, until: datetime) -> Certificate:
    """The certificate named, registered to who acts and valid for the whole of the session.

    Raises:
        RefusedError: ``certificate-not-registered``, ``certificate-not-valid``.
    """
    certificate = scene.certificate
    if certificate is None:
        refuse(
            "certificate-not-registered",
            "Chứng thư này chưa được đăng ký cho tài khoản, hoặc đã được rút.",
            "This certificate is not registered to the account, or was withdrawn.",
        )
    if not certificate.valid_from <= scene.now or not until <= certificate.valid_to:
        refuse(
            "certificate-not-valid",
            "Chứng thư không có hiệu lực trong thời gian của phiên ký.",
            "The certificate is not valid for as long as the session lasts.",
            valid_from=certificate.valid_from.isoformat(),
            valid_to=certificate.valid_to.isoformat(),
        )
    return certificate


def _mechanism(certificate: Certificate, body: SigningTerms) -> str:
    allowed = MECHANISMS[certificate.key_kind]
    if body.mechanism is not None and body.mechanism not in allowed:
        refuse(
            "malformed-request",
            "Khóa của chứng thư không ký theo cách này.",
            "The certificate's key does not sign that way.",
            mechanism=body.mechanism,
        )
    return body.mechanism or allowed[0]


def prepared(session: Session, scene: Scene) -> Outcome:
    """The document is laid out: from now on the session may be completed."""
    if session.state != "preparing":
        return Outcome()
    named = {"revision": session.revision} if session.kind == "approval" else {}
    out = Outcome(
        status=201,
        answer={
            "session_id": str(session.id),
            f"{session.kind}_id": str(session.document_id),
            **named,
            "how": session.how,
            "prepared": session.prepared,
            "expires_at": session.expires_at.isoformat(),
        },
    )
    out.update("signing_sessions", {"id": session.id}, state="open")
    return out.happened("signing.prepared", None, session=str(session.id), prepared=session.prepared)


def failed(life: Life, session: Session, reason: str, scene: Scene) -> Outcome:
    """The document could not be laid out: what waited for its signature waits again."""
    made = life.approval
    if made is None:
        return Outcome()
    fail = declaration.not_signed if made.step == OWN else approval.fail
    out = fail(life, made, reason, scene)
    return closed(out, session, "failed", scene, reason)


def complete(life: Life, body: CompleteSigning, scene: Scene) -> Outcome:
    """Take what came back, to be judged: compare-and-set on session, account, version and certificate."""
    session = found_open(life.approval_sessions, body.session_id, scene)
    stands(session, body, scene)
    pending, made = life.pending, life.approval
    if pending is None or made is None or (pending.id, pending.digest) != (session.revision_id, made.digest):
        refuse("stale-revision", "Hồ sơ đã có phiên bản mới hơn.", "The form has a newer revision.")
    if made.step != OWN:
        step = awaited(life, scene)
        competent(step.obligation if step else None, scene)
    given(session, body)
    return taken(session, body, scene)


def stands(session: Session, body: CompleteSigning, scene: Scene) -> None:
    """Whether a session waits for a signature of the version that was signed, by a certificate still good.

    Raises:
        RefusedError: ``in-flight``, ``wrong-state``, ``signing-session-ended``, ``signing-session-stale``,
            ``certificate-not-registered``, ``certificate-not-valid``.
    """
    if session.state == "completing":
        refuse("in-flight", "Chữ ký đang được kiểm tra.", "A signature is being checked.")
    if session.state != "open":
        refuse("wrong-state", "Văn bản chưa chuẩn bị xong.", "The document is not prepared yet.")
    if session.expires_at <= scene.now:
        _ended("expired")
    if session.prepared != body.prepared:
        refuse(
            "signing-session-stale",
            "Bản đã ký không phải là bản đã chuẩn bị.",
            "What was signed is not what was prepared.",
            prepared=session.prepared,
        )
    _usable(scene, scene.now)


def given(session: Session, body: CompleteSigning) -> None:
    """Whether what came has the form the session waits for.

    Raises:
        RefusedError: ``malformed-request``.
    """
    came = {"digest": body.value, "file": body.returned}
    if came[session.how] is None or [v for k, v in came.items() if k != session.how] != [None]:
        refuse(
            "malformed-request",
            "Phiên ký này chờ một dạng chữ ký khác.",
            "This session waits for the other form of signature.",
            how=session.how,
        )
    if body.value is not None:
        _decodes(body.value)


def taken(session: Session, body: CompleteSigning, scene: Scene) -> Outcome:
    """What came is kept, to be judged next."""
    out = Outcome(settles=False, answer={"session_id": str(session.id), "finish": True})
    out.update(
        "signing_sessions",
        {"id": session.id},
        state="completing",
        value=body.value,
        returned=body.returned,
        completed_by=scene.act_id,
    )
    return out


def _decodes(value: str) -> None:
    try:
        b64decode(value, validate=True)
    except NotBase64:
        refuse("malformed-request", "Giá trị chữ ký không phải base64.", "The value is not base64.")


def refused(session: Session, reason: str, scene: Scene) -> Outcome:
    """What came back is no signature of the prepared document: the session waits on, unsigned."""
    if session.state != "completing":
        return Outcome()
    refusal = Refusal("signature-not-accepted", extra={"reason": reason})
    out = Outcome(status=refusal.problem.status, answer=refusal.to_json())
    out.update(
        "signing_sessions", {"id": session.id}, state="open", value=None, returned=None, completed_by=None
    )
    return out.happened("signing.refused", None, session=str(session.id), reason=reason)


def unprepared(session: Session, reason: str, scene: Scene) -> Outcome:
    """The document could not be laid out, and nothing had been reserved for it."""
    refusal = Refusal("signature-failed", extra={"reason": reason})
    out = Outcome(status=refusal.problem.status, answer=refusal.to_json())
    return closed(out, session, "failed", scene, reason)


def gone() -> Outcome:
    """The answer to whoever still waits for the next step of a session that has ended meanwhile."""
    refusal = Refusal("signing-session-ended", extra={"state": "closed"})
    return Outcome(status=refusal.problem.status, answer=refusal.to_json())


def accepted(out: Outcome, life: Life, made: Approval, scene: Scene) -> Outcome:
    """The signature became a fact: its session is done."""
    session = life.session
    if session is None or session.document_id != made.id:
        return out
    return closed(out, session, "done", scene)


def cancel(life: Life, body: CancelSigning, scene: Scene) -> Outcome:
    """The signer gives up: what waited for the signature waits again."""
    session = found_open(life.approval_sessions, body.session_id, scene)
    if session.state == "completing":
        refuse("in-flight", "Chữ ký đang được kiểm tra.", "A signature is being checked.")
    out = Outcome(answer={"session_id": str(session.id)})
    waits_again(out, life)
    return closed(out, session, "cancelled", scene, "by-signer")


def found_open(sessions: Iterable[Session], session_id: UUID, scene: Scene) -> Session:
    """The open session, if it is there and the actor's own.

    Raises:
        RefusedError: ``signing-session-ended``, ``not-found``.
    """
    session = next((one for one in sessions if one.id == session_id), None)
    if session is None:
        _ended("closed")
    if session.account_id != scene.actor_id:
        refuse("not-found", "Không có phiên ký này.", "There is no such signing session.")
    return session


def _ended(state: str) -> NoReturn:
    refuse(
        "signing-session-ended",
        "Phiên ký đã kết thúc; mở phiên mới để ký.",
        "The signing session has ended; open another one to sign.",
        state=state,
    )
