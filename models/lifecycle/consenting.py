"""Reading beyond one's scope: with the authority's written consent, and the official's where law asks.

A consent names one reader, one file, what it is for, up to which level of restriction, and from when to when.
It ends by its date without anybody doing anything, and at once where it is taken back.
"""

from datetime import date, timedelta
from uuid import UUID

from models.command_consents import AllowAccess, AnswerConsent, AskConsent, RevokeAccess, WithdrawConsent
from models.lifecycle.consent import Consent
from models.lifecycle.guard import refuse
from models.lifecycle.life import Life
from models.lifecycle.outcome import Notice, Outcome
from models.lifecycle.scene import Scene
from models.regulations.ruleset import Obligation

DAY = timedelta(days=1)
WRITTEN, ELECTRONIC = "consent_access", "electronic_consent"


def allow(life: Life, body: AllowAccess, scene: Scene) -> Outcome:
    """The authority's written consent; the official and the reader are told."""
    rule = _rule(WRITTEN, scene)
    _period(body.starts_on, body.ends_on, scene)
    out, consent_id = _new(life, body, scene, "written", "given", rule)
    out.happened("consent.written", rule, consent=str(consent_id), until=body.ends_on.isoformat())
    _tell_person(life, out, "access_allowed", rule)
    return _tell_reader(life, out, body.account_id, "access_allowed", rule)


def revoke(life: Life, body: RevokeAccess, scene: Scene) -> Outcome:
    """The written consent ends."""
    return _end(life, _of(life, body.consent_id, "written", "given"), body.reason, "consent.revoked", scene)


def ask(life: Life, body: AskConsent, scene: Scene) -> Outcome:
    """The official is asked; nothing may be read before the answer."""
    rule = _rule(ELECTRONIC, scene)
    _period(body.starts_on, body.ends_on, scene)
    if life.account is None:
        refuse(
            "wrong-state",
            "Người có hồ sơ chưa có tài khoản để trả lời.",
            "The person has no account to answer with.",
        )
    out, consent_id = _new(life, body, scene, "electronic", "asked", rule)
    out.happened("consent.asked", rule, consent=str(consent_id), until=body.ends_on.isoformat())
    _tell_person(life, out, "consent_asked", rule)
    return out


def answer(life: Life, body: AnswerConsent, scene: Scene) -> Outcome:
    """Given or refused, by the official alone."""
    consent = _of(life, body.consent_id, "electronic", "asked")
    rule = scene.rule(ELECTRONIC)
    state = "given" if body.given else "refused"
    out = Outcome(answer={"consent_id": str(consent.id), "state": state})
    out.update("access_consents", {"id": consent.id}, state=state, answered_at=scene.now, reason=body.reason)
    out.happened(f"consent.{state}", rule, consent=str(consent.id))
    return _tell_reader(life, out, consent.account_id, f"consent_{state}", rule)


def withdraw(life: Life, body: WithdrawConsent, scene: Scene) -> Outcome:
    """The official takes the consent back."""
    consent = _of(life, body.consent_id, "electronic", "given")
    return _end(life, consent, body.reason, "consent.withdrawn", scene)


def _rule(slot: str, scene: Scene) -> Obligation:
    rule = scene.rule(slot)
    if rule is None:
        refuse(
            "no-consent-rule",
            "Quy định đang có hiệu lực không có việc đồng ý này.",
            "No law in force knows this consent.",
        )
    return rule


def _period(starts_on: date, ends_on: date, scene: Scene) -> None:
    if ends_on < starts_on or ends_on < scene.today:
        refuse("impossible-date", "Ngày kết thúc không hợp lý.", "The last day cannot be that day.")


def _new(
    life: Life, body: AllowAccess | AskConsent, scene: Scene, kind: str, state: str, rule: Obligation
) -> tuple[Outcome, UUID]:
    if life.account is not None and body.account_id == life.account.id:
        refuse("malformed-request", "Đây là hồ sơ của chính tài khoản đó.", "It is that account's own file.")
    if any(
        one.account_id == body.account_id and one.kind == kind
        for one in life.consents
        if one.open_on(scene.today)
    ):
        refuse(
            "wrong-state",
            "Tài khoản này đã có sự đồng ý hoặc đề nghị còn hiệu lực.",
            "A consent or a request for this account is open.",
        )
    consent_id = scene.new_id("consent")
    out = Outcome(
        status=201, answer={"consent_id": str(consent_id), "state": state, "citation": rule.citation}
    )
    out.insert(
        "access_consents",
        id=consent_id,
        profile_id=life.profile_id,
        account_id=body.account_id,
        kind=kind,
        state=state,
        purpose=body.purpose,
        document=body.document,
        level=body.level,
        starts_on=body.starts_on,
        ends_on=body.ends_on + DAY,
        asked_by=scene.actor_id,
        asked_at=scene.now,
        answered_at=scene.now if state == "given" else None,
        rule_id=rule.rule.id,
        citation=rule.citation,
    )
    return out, consent_id


def _of(life: Life, consent_id: UUID, kind: str, state: str) -> Consent:
    found = next((one for one in life.consents if one.id == consent_id and one.kind == kind), None)
    if found is None:
        refuse("not-found", "Không có sự đồng ý này.", "There is no such consent.")
    if found.state != state:
        refuse("wrong-state", "Sự đồng ý đã được trả lời hoặc đã chấm dứt.", "It was answered or has ended.")
    return found


def _end(life: Life, consent: Consent, reason: str | None, event: str, scene: Scene) -> Outcome:
    out = Outcome(answer={"consent_id": str(consent.id), "state": "ended"})
    out.update("access_consents", {"id": consent.id}, state="ended", ended_at=scene.now, reason=reason)
    rule = scene.rule(WRITTEN if consent.kind == "written" else ELECTRONIC)
    out.happened(event, rule, consent=str(consent.id))
    _tell_person(life, out, "consent_ended", rule)
    return _tell_reader(life, out, consent.account_id, "consent_ended", rule)


def _tell_person(life: Life, out: Outcome, kind: str, rule: Obligation | None) -> None:
    if life.account is not None:
        citation = rule.citation if rule else None
        out.notices.append(Notice(kind, life.agency_id, account_id=life.account.id, citation=citation))


def _tell_reader(life: Life, out: Outcome, reader: UUID, kind: str, rule: Obligation | None) -> Outcome:
    out.notices.append(
        Notice(kind, life.agency_id, account_id=reader, citation=rule.citation if rule else None)
    )
    return out
