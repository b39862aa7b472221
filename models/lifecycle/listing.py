"""Many approvals under one signature: a list is cut, shown, and signed as it was shown or not at all.

Shown is signed: the document whose digest the approver confirms is the very file that gets the signature.
What somebody may not sign (the own file, a chain of signatures on one file) never gets onto the list and says
why.
"""

from dataclasses import dataclass
from uuid import UUID

from models.command_lists import ApproveByList, CutList
from models.commands import Approve
from models.lifecycle.approval import approved, lateness, signable
from models.lifecycle.competence import competent, signers
from models.lifecycle.guard import refuse
from models.lifecycle.life import AgencyMonth, Approval, Life, ShownList
from models.lifecycle.month import OPENING, WHOLE_STOCK, approving, chosen_of
from models.lifecycle.outcome import Notice, Outcome
from models.lifecycle.scene import Scene
from models.lifecycle.session_ends import closed, withdrawn
from models.lifecycle.steps import Step, own_signature

CHANGED = "list-changed"
UNNAMED = ("approver", "head")
"""Who approves where no rule of the list's kind names anybody."""


def cut(month: AgencyMonth, body: CutList, scene: Scene) -> Outcome:
    """Have what waits (or some of it) frozen as a list for this approver; it is shown when it is ready."""
    if month.kind == WHOLE_STOCK:
        competent(scene.rule(OPENING[WHOLE_STOCK][0]), scene)
    return _cutting(month, chosen_of(month, body.profiles), scene)


def _cutting(month: AgencyMonth, chosen: set[UUID], scene: Scene, **more: object) -> Outcome:
    list_id = scene.new_id("list")
    named = {"list_id": str(list_id), "chosen": sorted(str(p) for p in chosen)}
    out = Outcome(status=202, answer={**named, **more})
    out.insert(
        "approval_lists",
        id=list_id,
        agency_month_id=month.id,
        command_id=scene.act_id,
        account_id=scene.actor_id,
        account_role=scene.actor_role,
        on_behalf_of=scene.on_behalf_of,
        delegation_id=scene.delegation_id,
        state="cutting",
        requested_at=scene.now,
    )
    round_of(out, month, scene.act_id, scene, "cut", list_id, len(chosen))
    rule = approving(month.kind, scene)
    return out.happened("list.cut_requested", rule, month=month.month, chosen=len(chosen), list=str(list_id))


def round_of(
    out: Outcome,
    month: AgencyMonth,
    command_id: UUID,
    scene: Scene,
    kind: str,
    list_id: UUID,
    chosen: int,
) -> None:
    """The next round of the month: a list to be cut, or to be signed, for the command that asked for it."""
    out.insert(
        "approval_rounds",
        command_id=command_id,
        agency_month_id=month.id,
        number=month.version + 1,
        chosen=chosen,
        accepted_at=scene.now,
        done_at=None,
        kind=kind,
        list_id=list_id,
    )


def show(month: AgencyMonth, facts: dict[str, object], scene: Scene) -> Outcome:
    """The list is frozen: its document lies ready, and nothing on it changes any more."""
    shown = month.shown
    if shown is None or shown.state != "cutting":
        return Outcome()  # shown by an attempt whose answer was lost
    fixed = {name: facts[name] for name in ("size", "root", "digest", "prepared_sha256")}
    out = Outcome(answer={"list_id": str(shown.id), **fixed})
    out.update("approval_lists", {"id": shown.id}, state="shown", shown_at=scene.now, **fixed)
    out.notices.append(
        Notice(
            "list_ready",
            month.agency_id,
            account_id=shown.account_id,
            facts={"month": month.month, "items": facts["size"], "left": facts["left"]},
        )
    )
    rule = approving(month.kind, scene)
    return out.happened(
        "list.shown", rule, month=month.month, list=str(shown.id), **fixed, left=facts["left"]
    )


def fail(month: AgencyMonth, reason: str, scene: Scene) -> Outcome:
    """The list came to nothing, and nothing on it is approved."""
    shown = month.shown
    if shown is None or shown.state not in ("cutting", "signing"):
        return Outcome()
    out = Outcome(answer={"list_id": str(shown.id), "reason": reason})
    out.update("approval_lists", {"id": shown.id}, state="failed", reason=reason, ended_at=scene.now)
    _end_session(out, month, shown, "cancelled", scene, reason)
    out.notices.append(
        Notice(
            "list_failed",
            month.agency_id,
            account_id=shown.account_id,
            facts={"month": month.month, "reason": reason},
        )
    )
    rule = approving(month.kind, scene)
    return out.happened("list.failed", rule, month=month.month, list=str(shown.id), reason=reason)


def own_left(month: AgencyMonth, items: int, scene: Scene) -> Outcome:
    """Files stay behind because nobody approves what is their own: whoever else signs here is told."""
    rule = approving(month.kind, scene)
    out = Outcome(answer={"items": items})
    for role in signers(rule) if rule is not None else UNNAMED:
        out.notices.append(
            Notice(
                "own_files_wait",
                month.agency_id,
                role=role,
                citation=rule.citation if rule else None,
                facts={"month": month.month, "items": items},
            )
        )
    return out.happened("list.own_left", rule, month=month.month, items=items)


def _end_session(
    out: Outcome, month: AgencyMonth, shown: ShownList, state: str, scene: Scene, reason: str | None = None
) -> None:
    for session in month.sessions:
        if session.document_id == shown.id:
            closed(out, session, state, scene, reason)


def approve_by_list(month: AgencyMonth, body: ApproveByList, scene: Scene) -> Outcome:
    """Confirm exactly the list that was shown; it is signed next, wholly or not at all."""
    if month.kind == WHOLE_STOCK:
        competent(scene.rule(OPENING[WHOLE_STOCK][0]), scene)
    shown = confirmed(month, body.list_id, body.digest, scene)
    if not body.recut:
        refuse_changed(shown)
    if shown.changed:
        still = set(shown.profiles) & {i.profile_id for i in month.items if i.state == "listed"}
        if not still:
            refuse("wrong-state", "Danh sách không còn hồ sơ nào chờ.", "Nothing of the list waits any more.")
        out = _cutting(month, still, scene, recut=True)
        for session in month.sessions:
            if session.document_id == shown.id:
                withdrawn(out, session, month.agency_id, scene, CHANGED)
        return out.update("approval_lists", {"id": shown.id}, state="superseded", ended_at=scene.now)
    refuse_while_open(month, shown)
    out = Outcome(status=202, answer={"list_id": str(shown.id), "chosen": [str(p) for p in shown.profiles]})
    round_of(out, month, scene.act_id, scene, "list", shown.id, len(shown.profiles))
    out.update("approval_lists", {"id": shown.id}, state="signing")
    rule = approving(month.kind, scene)
    return out.happened(
        "list.approval_requested",
        rule,
        month=month.month,
        chosen=len(shown.profiles),
        list=str(shown.id),
        digest=body.digest,
    )


def refuse_changed(shown: ShownList) -> None:
    """Refuse a list of which something is no longer what was shown.

    Raises:
        RefusedError: ``list-changed``.
    """
    if shown.changed:
        n = len(shown.changed)
        refuse(
            CHANGED,
            f"{n} hồ sơ trên danh sách đã có phiên bản mới, bị trả lại hoặc không còn chờ phê duyệt.",
            f"{n} profiles on the list have a newer revision, were sent back or wait no more.",
            changed=n,
            first=str(shown.changed[0]),
        )


def refuse_while_open(month: AgencyMonth, shown: ShownList) -> None:
    """Refuse what would sign a list that is given out for a signature already.

    Raises:
        RefusedError: ``in-flight``.
    """
    if any(session.document_id == shown.id for session in month.sessions):
        refuse(
            "in-flight",
            "Danh sách đang chờ chữ ký trong một phiên ký; hoàn tất hoặc huỷ phiên ký đó trước.",
            "The list waits for a signature in a signing session; complete or cancel that one first.",
        )


def confirmed(month: AgencyMonth, list_id: UUID, digest: str, scene: Scene) -> ShownList:
    """The list, if it was cut for who acts, was shown, and is the one that was looked at.

    Raises:
        RefusedError: ``wrong-state``, ``not-found``, ``list-of-another``, ``list-not-ready``,
            ``list-differs``.
    """
    if month.state == "closed":
        refuse("wrong-state", "Danh sách tháng này đã kết thúc.", "This month's list is closed.")
    shown = month.shown
    if shown is None or shown.id != list_id:
        refuse("not-found", "Không có danh sách phê duyệt này.", "There is no such approval list.")
    if shown.account_id != scene.actor_id:
        refuse(
            "list-of-another",
            "Danh sách này lập cho người ký khác.",
            "This list was cut for another signer.",
        )
    if shown.state != "shown":
        refuse(
            "list-not-ready",
            "Danh sách chưa lập xong, đã ký, hoặc đã hủy.",
            "The list is still being cut, was signed, or came to nothing.",
            state=shown.state,
        )
    if shown.digest != digest:
        refuse(
            "list-differs",
            "Danh sách được xác nhận không phải danh sách đã hiển thị.",
            "What is confirmed is not the list that was shown.",
        )
    return shown


@dataclass(frozen=True, slots=True)
class Listed:
    """One row of a list about to be signed."""

    list_id: UUID
    position: int
    profile_id: UUID
    revision_id: UUID
    digest: str


def may_stand(life: Life, row: Listed, scene: Scene) -> Step | None:
    """Whether this approver may sign this revision by a list; answers the step of its chain.

    Raises:
        RefusedError: as for a single signature; ``not-by-list`` where it belongs on the file itself.
    """
    _, step = signable(life, Approve(revision_id=row.revision_id, digest=row.digest), scene)
    rule = step.obligation if step else None
    if rule is not None and not scene.policy.approvals.lets(rule.rule_ids):
        refuse(
            "not-by-list",
            "Quy định này phải ký trên từng hồ sơ.",
            "This rule wants a signature on each file.",
            citation=rule.citation,
        )
    if (step is not None and step.of > 1) or own_signature(life, scene) is not None:
        refuse(
            "not-by-list",
            "Hồ sơ có chuỗi chữ ký trên cùng một tệp nên phải ký trên tệp đó.",
            "The file carries a chain of signatures, and this one belongs on the same file.",
            citation=rule.citation if rule else None,
        )
    return step


def by_list(
    life: Life, row: Listed, document: str, certificate: str, scene: Scene, month: AgencyMonth
) -> Outcome:
    """One revision approved by the list's signature, with its row as its evidence."""
    step = may_stand(life, row, scene)
    rule = step.obligation if step else None
    pending = life.pending
    assert pending is not None
    assert scene.actor_id is not None
    approval = Approval(
        id=scene.new_id("approval"),
        revision_id=pending.id,
        digest=pending.digest,
        approver_id=scene.actor_id,
        approver_role=scene.actor_role,
        agency_month_id=month.id,
        rule_ids=rule.rule_ids if rule else (),
        late_days=lateness(month, step, scene),
        step=step.number if step else 1,
        on_behalf_of=scene.on_behalf_of,
        delegation_id=scene.delegation_id,
    )
    out = Outcome()
    late = approved(out, life, approval, document, scene, month, list=str(row.list_id), list_row=row.position)
    return out.insert(
        "approvals",
        id=approval.id,
        profile_id=life.profile_id,
        revision_id=pending.id,
        agency_month_id=month.id,
        approver_id=approval.approver_id,
        approver_role=approval.approver_role,
        on_behalf_of=approval.on_behalf_of,
        delegation_id=approval.delegation_id,
        digest=pending.digest,
        rule_ids=list(approval.rule_ids),
        rule_set_hash=scene.law.hash,
        state="signed",
        late_days=late,
        requested_at=scene.now,
        signed_at=scene.now,
        document_sha256=document,
        certificate=certificate,
        step=approval.step,
        facts={},
        list_id=row.list_id,
        list_row=row.position,
    )


def signed(month: AgencyMonth, size: int, document: str, certificate: str, scene: Scene) -> Outcome:
    """The whole list is approved: its one signature and its file become facts."""
    shown = month.shown
    assert shown is not None
    out = Outcome(answer={"list_id": str(shown.id), "approved": size, "document": document})
    out.update(
        "approval_lists",
        {"id": shown.id},
        state="signed",
        document_sha256=document,
        certificate=certificate,
        ended_at=scene.now,
    )
    _end_session(out, month, shown, "done", scene)
    rule = approving(month.kind, scene)
    names = {"on_behalf_of": str(scene.on_behalf_of), "delegation_id": str(scene.delegation_id)}
    return out.happened(
        "list.signed",
        rule,
        month=month.month,
        list=str(shown.id),
        items=size,
        document=document,
        certificate=certificate,
        digest=shown.digest,
        **(names if scene.on_behalf_of else {}),
    )
