"""Declaring, correcting, and how a change becomes known."""

from datetime import date
from itertools import chain

from models.command_fields import ChangeFields
from models.commands import EnterForm, ReturnForCorrection, SubmitDeclaration
from models.errors import FieldRefusal, Refusal, RefusedError
from models.form import catalogue, owned_by, validate
from models.identifiers import agency_month_workflow
from models.lifecycle.duties import close_duty, days_late, open_correction
from models.lifecycle.forms import is_field, on_the_right_form
from models.lifecycle.guard import in_chapter, not_own, refuse
from models.lifecycle.life import AgencyMonth, Approval, Chapter, Duty, Life, Revision
from models.lifecycle.outcome import Notice, Outcome
from models.lifecycle.scene import Scene
from models.lifecycle.session_ends import displaced, held
from models.lifecycle.steps import OWN, open_step, own_signature, places, steps_of, void_steps
from models.regulations import Obligation

FIRST = ("first_declaration", "intake_check", "intake_unconnected")
CHANGE = ("update_after_change", "transfer_check", "intake_check")


def _judge_form(draft: Revision, scene: Scene) -> None:
    """Refuse a form that is incomplete or wrong, field by field (hanoi.art6.2: complete and uniform)."""
    assert draft.content is not None
    on_the_right_form(draft, scene)
    form = catalogue(draft.form_version)
    # The draft carries what the authority wrote along; the person answers for the own part only.
    own = owned_by(form, draft.content, "person")
    issues = validate(form, own, on=scene.today, by="person")
    if issues:
        standard = scene.rule("form_standard")
        raise RefusedError.of(
            "invalid-form",
            f"Hồ sơ còn {len(issues)} chỗ chưa đúng hoặc chưa đủ.",
            f"The form has {len(issues)} places that are wrong or missing.",
            citation=standard.citation if standard else None,
            fields=tuple(FieldRefusal(i.path, i.label, i.message_vi, i.message_en) for i in issues),
        )


def submit(life: Life, body: SubmitDeclaration, scene: Scene) -> Outcome:
    """Submit the draft. Duties are met by submission, not by approval; a late one is accepted and flagged."""
    draft, answered = _ready(life, body, scene)
    if (own := own_signature(life, scene)) is not None:
        return _to_be_signed(life, draft, body, own, scene)
    return write_submission(life, draft, answered, body.changed_on, scene)


def submit_again(life: Life, scene: Scene) -> Outcome:
    """Put what was approved before the rule up for its first approval under it (phu_yen.art6.1).

    The authority's choice, not the person's act: the author stays who declared it, and nothing is owed by
    anybody until it is signed. Nothing where the person has begun something newer meanwhile.
    """
    rule = scene.rule("whole_stock_approval")
    stands = life.approved_revision_id is not None and life.chapter is Chapter.SERVICE
    if rule is None or not stands or life.pending is not None or life.draft is not None:
        return Outcome()
    number = life.newest + 1
    revision_id = scene.new_id("again")
    out = Outcome(subject={"pending_revision_id": revision_id, "revision_number": number})
    out.insert("submitted_again", id=revision_id, source=life.approved_revision_id, number=number)
    out.happened("declaration.submitted_again", rule, revision=number)
    if len(steps_of(life, scene)) > 1:
        open_step(out, scene, life, 1, scene.today, number)
    return out


def enter(life: Life, body: EnterForm, scene: Scene) -> Outcome:
    """Submit for the person what they supplied on a confirmed form (phu_yen.art5.2.c); they are told.

    Whoever enters it becomes its author, so that they cannot approve it (R4).
    """
    rule = scene.rule("agency_entry")
    if rule is None or own_signature(life, scene) is not None:
        refuse(
            "not-competent",
            "Quy chế không để cơ quan nhập thay người có hồ sơ.",
            "The rule in force does not let the agency enter the form for the person.",
        )
    draft, answered = _ready(life, body, scene)
    if body.confirmed_form not in draft.evidence:
        refuse(
            "evidence-required",
            "Bản nháp phải kèm bản số hóa của mẫu đã được cơ quan có thẩm quyền xác nhận.",
            "The draft must carry the scanned form confirmed by the competent authority.",
            citation=rule.citation,
        )
    out = write_submission(life, draft, answered, body.changed_on, scene)
    out.update("revisions", {"id": draft.id}, author_id=scene.actor_id)
    out.happened("declaration.entered", rule, revision=draft.number, confirmed_form=body.confirmed_form)
    if life.account is not None:
        out.notices.append(
            Notice(
                "entered_for_you",
                life.agency_id,
                account_id=life.account.id,
                citation=rule.citation,
                facts={"revision": draft.number},
            )
        )
    return out


def _ready(life: Life, body: SubmitDeclaration, scene: Scene) -> tuple[Revision, tuple[Duty, ...]]:
    """The draft that may be submitted now, and the duties that this meets."""
    in_chapter(life, Chapter.DECLARATION, Chapter.REVIEW, Chapter.SERVICE, Chapter.TRANSFER)
    draft = life.draft
    if draft is None or draft.id != body.revision_id:
        refuse("not-found", "Không có bản nháp này.", "There is no such draft.")
    if draft.digest != body.digest:
        refuse(
            "stale-revision",
            "Bản nháp đã thay đổi sau khi Anh/Chị xem.",
            "The draft has changed since you looked at it.",
            current_revision=draft.number,
        )
    if life.pending is not None:
        refuse(
            "in-flight",
            "Một bản khai khác đang chờ phê duyệt.",
            "Another submission is still waiting for approval.",
            pending_revision=life.pending.number,
        )
    first = life.stage in (Chapter.DECLARATION, Chapter.REVIEW)
    answered = answered_by(life, body, scene.today, first=first)
    rule = scene.rule("update_after_change")
    if body.changed_on is not None and body.changed_on > scene.today:
        refuse("future-date", "Ngày thay đổi chưa tới.", "The date of the change lies in the future.")
    if not first and body.changed_on is None and not answered:
        refuse(
            "impossible-date",
            "Cần ngày có thông tin thay đổi để tính thời hạn cập nhật.",
            "The date the information changed is needed to reckon the period.",
            citation=rule.citation if rule else None,
        )
    if not first and rule is not None and rule.evidence_required and not draft.evidence:
        refuse(
            "evidence-required",
            "Bản cập nhật phải kèm bản số hóa của tài liệu đã được cấp có thẩm quyền xác nhận.",
            "An update needs the digitised copy of the document certified by the competent authority.",
            citation=rule.citation,
        )
    if not first and rule is not None and rule.evidence_certified and not draft.certified:
        refuse(
            "evidence-required",
            "Tài liệu kèm theo chưa ghi cơ quan xác nhận và ngày xác nhận; quy chế đòi bản số hóa của"
            " tài liệu đã được cấp có thẩm quyền xác nhận.",
            "No attached file says which authority certified it and when; the rule asks for the digitised"
            " copy of a document certified by the competent authority.",
            citation=rule.citation,
        )
    _judge_form(draft, scene)
    return draft, answered


def _to_be_signed(
    life: Life, draft: Revision, body: SubmitDeclaration, own: Obligation, scene: Scene
) -> Outcome:
    """Reserve the draft for the official's own signature: submitted is what has been signed (moha.art7.2)."""
    approval_id = scene.new_id("approval")
    out = Outcome(settles=False, answer={"approval_id": str(approval_id), "revision": draft.number})
    out.insert(
        "approvals",
        id=approval_id,
        profile_id=life.profile_id,
        revision_id=draft.id,
        agency_month_id=None,
        approver_id=scene.actor_id,
        approver_role=scene.actor_role,
        digest=draft.digest,
        rule_ids=list(own.rule_ids),
        rule_set_hash=scene.law.hash,
        state="signing",
        late_days=0,
        requested_at=scene.now,
        step=OWN,
        facts={
            "field": "official",
            "places": places(life, scene),
            "changed_on": body.changed_on.isoformat() if body.changed_on else None,
            "answers": [str(one) for one in body.answers],
        },
    )
    out.update("revisions", {"id": draft.id}, state="signing")
    out.subject = {"pending_revision_id": draft.id}
    out.happened("declaration.prepared", own, revision=draft.number, digest=draft.digest)
    return out


def signed(life: Life, approval: Approval, document: str, certificate: str, scene: Scene) -> Outcome:
    """The official has signed: what was declared is submitted."""
    draft = life.pending
    assert draft is not None
    facts = approval.facts
    changed_on = date.fromisoformat(facts["changed_on"]) if facts["changed_on"] else None
    body = SubmitDeclaration(
        revision_id=draft.id,
        digest=draft.digest,
        changed_on=changed_on,
        # A duty that ended while the signature was made needs no answer any more.
        answers=tuple(d.id for d in life.owed(*CHANGE) if str(d.id) in facts["answers"]),
    )
    first = life.stage in (Chapter.DECLARATION, Chapter.REVIEW)
    out = write_submission(life, draft, answered_by(life, body, scene.today, first=first), changed_on, scene)
    out.answer |= {"approval_id": str(approval.id), "document": document}
    return out.update(
        "approvals",
        {"id": approval.id},
        state="signed",
        signed_at=scene.now,
        document_sha256=document,
        certificate=certificate,
    )


def not_signed(life: Life, approval: Approval, code: str, scene: Scene) -> Outcome:
    """The official's signature could not be made: the draft is a draft again, nothing was submitted."""
    refusal = Refusal("signature-failed", extra={"reason": code})
    out = Outcome(status=refusal.problem.status, answer=refusal.to_json())
    out.update("approvals", {"id": approval.id}, state="failed")
    # Who began another draft meanwhile goes on with that one.
    out.update(
        "revisions", {"id": approval.revision_id}, state="superseded" if life.draft is not None else "draft"
    )
    out.subject = {"pending_revision_id": None}
    out.happened("approval.failed", None, approval=str(approval.id), reason=code)
    return out


def write_submission(
    life: Life, draft: Revision, answered: tuple[Duty, ...], changed_on: date | None, scene: Scene
) -> Outcome:
    """What submitting writes: duties met, the review begun, HR told."""
    first = life.stage in (Chapter.DECLARATION, Chapter.REVIEW)
    rule = scene.rule("first_declaration" if first else "update_after_change")
    out = Outcome(answer={"revision": draft.number})
    late = max((close_duty(out, scene, duty) for duty in answered), default=0)
    if not first and changed_on is not None and not any(duty.returned for duty in answered):
        late = max(late, days_late(rule, changed_on, scene))
    out.answer["late_days"] = late
    out.update("revisions", {"id": draft.id}, state="submitted", submitted_at=scene.now)
    out.subject = {"pending_revision_id": draft.id, "revision_number": draft.number}
    if life.chapter is Chapter.DECLARATION:
        out.subject["chapter"] = Chapter.REVIEW
    out.happened(
        "declaration.submitted",
        rule,
        revision=draft.number,
        digest=draft.digest,
        late_days=late,
        **({"changed_on": changed_on.isoformat()} if changed_on else {}),
    )
    out.notices.append(
        Notice("submission_arrived", life.agency_id, role="hr_officer", facts={"late_days": late})
    )
    open_step(out, scene, life, 1, scene.today, draft.number)
    return out


def answered_by(
    life: Life, body: SubmitDeclaration | ChangeFields, today: date, *, first: bool
) -> tuple[Duty, ...]:
    """The open duties a submission meets: those named, of the same change date, of the stage."""
    owed = life.owed(*CHANGE)
    if first:  # it declares everything, so it also tells what changed until today
        return tuple(d for d in life.owed(*FIRST, *CHANGE) if d.event_on <= today)
    named = [d for d in owed if d.id in body.answers]
    if len(named) != len(set(body.answers)):
        refuse("not-found", "Nghĩa vụ được nêu không còn mở.", "A duty that was named is not open.")
    dated = (d for d in owed if body.changed_on is not None and d.event_on == body.changed_on)
    standing = (d for d in owed if d.slot != "update_after_change" or d.returned)
    return tuple(dict.fromkeys(chain(named, dated, standing)))


def return_for_correction(
    life: Life, body: ReturnForCorrection, scene: Scene, month: AgencyMonth | None = None
) -> Outcome:
    """Give a submission back with named fields; the person goes on from the same content (R5).

    It leaves the month's list it stands on: what comes back is another revision.
    """
    pending = life.pending
    states = ("submitted",) if held(life) else ("submitted", "signing")
    if pending is None or pending.id != body.revision_id or pending.state not in states:
        refuse(
            "wrong-state", "Bản khai này không chờ phê duyệt.", "This submission is not waiting for approval."
        )
    not_own(scene, life, pending.author_id)
    known = catalogue(pending.form_version)
    unknown = [f.path for f in body.fields if not is_field(known, f.path)]
    if unknown:
        refuse(
            "malformed-request",
            "Có trường không thuộc mẫu hồ sơ.",
            "A field is not part of the form.",
            path=unknown[0],
        )
    number = life.draft.number if life.draft else life.revision_number + 1
    out = Outcome(answer={"revision": pending.number, "draft_number": number})
    fields = [{"path": f.path, "reason": f.reason} for f in body.fields]
    out.update(
        "revisions", {"id": pending.id}, state="returned", returned_fields=[*fields, {"reason": body.reason}]
    )
    out.subject = {"pending_revision_id": None}
    displaced(out, life, scene)
    void_steps(out, scene, life, "returned")
    if life.draft is None:  # what the person has begun meanwhile is kept
        out.insert("draft_from", id=scene.new_id("draft"), source=pending.id, number=number)
        out.subject["revision_number"] = number
    if life.chapter is Chapter.REVIEW:
        out.subject["chapter"] = Chapter.DECLARATION
    out.happened("declaration.returned", None, revision=pending.number, fields=[f.path for f in body.fields])
    if month is not None:
        leave_list(out, scene, month, life, "returned")
    _ask_again(out, life, pending, scene)
    return out


def leave_list(out: Outcome, scene: Scene, month: AgencyMonth, life: Life, reason: str) -> None:
    """Take a profile off the month's list before it was approved; the list's own workflow hears of it."""
    out.update(
        "month_items",
        {"agency_month_id": month.id, "profile_id": life.profile_id, "state": "listed"},
        state="returned",
        reason=reason,
        changed_at=scene.now,
    )
    out.tell.append((agency_month_workflow(month.agency_id, month.month), {"month": month.id}))


def _ask_again(out: Outcome, life: Life, pending: Revision, scene: Scene) -> None:
    """The duty to correct what was returned, under the rule of its chapter."""
    rule = scene.rule("first_declaration" if life.stage is Chapter.REVIEW else "update_after_change")
    if rule is None:
        return
    open_correction(out, scene, rule, life, label=f"return:{pending.number}")
