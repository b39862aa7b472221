"""Approving a revision: first the right to sign it, then the signature becomes the fact."""

from typing import Any

from models.calendar import MissingYear, late_days
from models.commands import Approve
from models.errors import Refusal
from models.form import foretold
from models.identifiers import agency_month_workflow
from models.lifecycle import rhythm
from models.lifecycle.competence import competent
from models.lifecycle.guard import in_chapter, not_own, refuse
from models.lifecycle.life import AgencyMonth, Approval, Chapter, Life, Revision, Status
from models.lifecycle.outcome import Notice, Outcome
from models.lifecycle.scene import Scene
from models.lifecycle.session_ends import overtaken
from models.lifecycle.steps import (
    Step,
    awaited,
    behalf,
    close_step,
    go_on,
    own_signature,
    places,
    steps_of,
)


def signable(life: Life, body: Approve, scene: Scene) -> tuple[Revision, Step | None]:
    """The revision this person may sign now, and the step of its chain.

    Raises:
        RefusedError: it does not wait, is not what was looked at, is being signed, is the own, or the rule
            names another signer.
    """
    in_chapter(life, Chapter.REVIEW, Chapter.SERVICE, Chapter.TRANSFER)
    pending = life.pending
    if pending is None or pending.id != body.revision_id:
        refuse(
            "wrong-state", "Bản khai này không chờ phê duyệt.", "This submission is not waiting for approval."
        )
    if pending.digest != body.digest:
        refuse(
            "stale-revision",
            "Nội dung chờ phê duyệt khác với nội dung Anh/Chị đã xem.",
            "What waits for approval is not what you looked at.",
            current_revision=pending.number,
        )
    if pending.state == "signing":
        refuse("in-flight", "Bản khai đang được ký.", "This submission is being signed.")
    not_own(scene, life, pending.author_id)
    step = awaited(life, scene)
    competent(step.obligation if step else None, scene)
    return pending, step


def prepare(life: Life, body: Approve, scene: Scene, month: AgencyMonth | None) -> Outcome:
    """Judge whether this person may sign this revision now, and reserve it for the signature."""
    pending, step = signable(life, body, scene)
    rule = step.obligation if step else None
    late = lateness(month, step, scene)
    approval_id = scene.new_id("approval")
    out = Outcome(settles=False, answer={"approval_id": str(approval_id), "revision": pending.number})
    out.insert(
        "approvals",
        id=approval_id,
        profile_id=life.profile_id,
        revision_id=pending.id,
        agency_month_id=month.id if month else None,
        approver_id=scene.actor_id,
        approver_role=scene.actor_role,
        on_behalf_of=scene.on_behalf_of,
        delegation_id=scene.delegation_id,
        digest=pending.digest,
        rule_ids=list(rule.rule_ids) if rule else [],
        rule_set_hash=scene.law.hash,
        state="signing",
        late_days=late,
        requested_at=scene.now,
        step=step.number if step else 1,
        facts=_facts(life, step, scene),
    )
    out.update("revisions", {"id": pending.id}, state="signing")
    out.happened(
        "approval.prepared",
        rule,
        revision=pending.number,
        approval=str(approval_id),
        digest=pending.digest,
    )
    return out


def _facts(life: Life, step: Step | None, scene: Scene) -> dict[str, Any]:
    """What signing and the act after it need, where the chain has more than the one step."""
    if step is None or (step.of == 1 and own_signature(life, scene) is None):
        return {}
    submitted_on = life.pending.submitted_on if life.pending else None
    return {
        "field": step.field,
        "places": places(life, scene),
        "submitted_on": (submitted_on or scene.today).isoformat(),
    }


def lateness(month: AgencyMonth | None, step: Step | None, scene: Scene) -> int:
    """Working days after the window's rolled end; early is never late (hanoi.art7: "trong vòng")."""
    on = scene.arrived_on
    if month is None or on <= month.rolled_end or not (step is None or step.windowed):
        return 0
    try:
        return max(1, late_days(month.rolled_end, on, scene.calendar)[0])
    except MissingYear:
        return max(1, (on - month.rolled_end).days)


def complete(
    life: Life, approval: Approval, document: str, certificate: str, scene: Scene, month: AgencyMonth | None
) -> Outcome:
    """The file is signed: the revision is the approved one from now on."""
    pending = life.pending
    assert pending is not None
    assert pending.content is not None
    steps = steps_of(life, scene)
    if approval.step < len(steps):
        return _signed(go_on(life, approval, document, scene), approval, document, certificate, scene)
    out = Outcome()
    late = approved(out, life, approval, document, scene, month)
    more = {"late_days": late} if late != approval.late_days else {}
    return _signed(out, approval, document, certificate, scene, **more)


def approved(
    out: Outcome,
    life: Life,
    approval: Approval,
    document: str,
    scene: Scene,
    month: AgencyMonth | None,
    **more: Any,
) -> int:
    """The pending revision is the approved one from now on; answers the working days it is late."""
    pending = life.pending
    assert pending is not None
    assert pending.content is not None
    steps = steps_of(life, scene)
    window = steps[-1].obligation if steps else None
    late = max(approval.late_days, close_step(out, scene, life))
    out.answer |= {
        "approval_id": str(approval.id),
        "revision": pending.number,
        "document": document,
        "late_days": late,
    }
    out.update("revisions", {"id": pending.id}, state="approved")
    if life.approved_revision_id is not None:
        out.update("revisions", {"id": life.approved_revision_id}, state="superseded")
    ahead = [f for f in foretold(pending.content, on=scene.today) if f.on > scene.today]
    out.subject = {
        "pending_revision_id": None,
        "approved_revision_id": pending.id,
        "foretold": [[f.kind, f.on.isoformat()] for f in ahead],
    }
    overtaken(out, life, scene)
    if life.stage is Chapter.REVIEW:
        out.subject["status"] = Status.WORKING
    if life.chapter is Chapter.REVIEW:
        out.subject["chapter"] = Chapter.SERVICE
    if month is not None:
        out.update(
            "month_items",
            {"agency_month_id": month.id, "profile_id": life.profile_id, "state": "listed"},
            state="approved",
            revision_id=pending.id,
            digest=pending.digest,
            changed_at=scene.now,
        )
        out.tell.append((agency_month_workflow(month.agency_id, month.month), {"month": month.id}))
    born_here = life.account is not None and pending.author_id == life.account.id
    rhythm.owe(out, life, pending.id, pending.number, scene, born_here=born_here, listed=month is not None)
    out.happened(
        "approval.signed",
        window,
        revision=pending.number,
        digest=approval.digest,
        document=document,
        approval=str(approval.id),
        late_days=late,
        after_nominal_end=bool(month and month.nominal_end < scene.arrived_on),
        **more,
        **behalf(approval),
    )
    if life.account is not None:
        out.notices.append(
            Notice(
                "revision_approved",
                life.agency_id,
                account_id=life.account.id,
                citation=window.citation if window else None,
                facts={"revision": pending.number},
            )
        )
    return late


def _signed(
    out: Outcome, approval: Approval, document: str, certificate: str, scene: Scene, **more: Any
) -> Outcome:
    """The signature and its file become facts."""
    out.answer |= behalf(approval)
    return out.update(
        "approvals",
        {"id": approval.id},
        state="signed",
        signed_at=scene.now,
        document_sha256=document,
        certificate=certificate,
        **more,
    )


def fail(life: Life, approval: Approval, code: str, scene: Scene) -> Outcome:
    """The signature could not be made: the submission waits again, nothing else changed."""
    refusal = Refusal("signature-failed", extra={"reason": code})
    out = Outcome(status=refusal.problem.status, answer=refusal.to_json())
    out.update("approvals", {"id": approval.id}, state="failed")
    out.update("revisions", {"id": approval.revision_id}, state="submitted")
    out.happened("approval.failed", None, approval=str(approval.id), reason=code)
    return out
