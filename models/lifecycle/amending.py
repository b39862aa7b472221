"""A submission put right by whoever approves it, where the law lets them; elsewhere it goes back."""

from typing import Any

from models.commands import AmendSubmission
from models.errors import FieldRefusal, RefusedError
from models.form import MAY_WAIT, Catalogue, catalogue, diff, digest, owned_by, tidy, validate
from models.lifecycle.competence import competent
from models.lifecycle.guard import in_chapter, not_own, refuse
from models.lifecycle.life import AgencyMonth, Chapter, Life, Revision
from models.lifecycle.outcome import Notice, Outcome
from models.lifecycle.scene import Scene
from models.lifecycle.session_ends import displaced, held
from models.lifecycle.steps import awaited, own_signature
from models.regulations import Obligation


def amend(life: Life, body: AmendSubmission, scene: Scene, month: AgencyMonth | None) -> Outcome:
    """Make the next revision of what waits, with what changed told to the person (binh_dinh.II.2.a.3).

    The first one stays as it was submitted; the author stays the author, the event names who amended.
    """
    rule = _right(life, scene)
    pending = _waiting(life, body)
    not_own(scene, life, pending.author_id)
    step = awaited(life, scene)
    competent(step.obligation if step else None, scene)
    assert pending.content is not None
    form = catalogue(pending.form_version)
    content = judged_whole(form, pending.content, body.content, scene)
    changes = diff(form, pending.content, content)
    if not changes:
        refuse("nothing-to-submit", "Nội dung không có gì thay đổi.", "Nothing has been changed.")
    number = max(life.newest, pending.number) + 1
    revision_id, hashed = scene.new_id("amended"), digest(content)
    out = Outcome(
        answer={
            "revision_id": str(revision_id),
            "revision": number,
            "digest": hashed,
            "changed": [{"path": c.path, "label": c.label} for c in changes],
        }
    )
    out.insert(
        "amended",
        id=revision_id,
        source=pending.id,
        number=number,
        form=pending.form_version,
        content=content,
        digest=hashed,
    )
    out.update("revisions", {"id": pending.id}, state="superseded")
    displaced(out, life, scene)
    out.subject = {"pending_revision_id": revision_id, "revision_number": number}
    if month is not None:
        out.update(
            "month_items",
            {"agency_month_id": month.id, "profile_id": life.profile_id, "state": "listed"},
            revision_id=revision_id,
            digest=hashed,
            changed_at=scene.now,
        )
    paths = [change.path for change in changes]
    out.happened(
        "declaration.amended", rule, revision=number, before=pending.number, digest=hashed, fields=paths
    )
    if life.account is not None:
        out.notices.append(
            Notice(
                "submission_amended",
                life.agency_id,
                account_id=life.account.id,
                citation=rule.citation,
                facts={"revision": number, "before": pending.number, "fields": paths},
            )
        )
    return out


def _right(life: Life, scene: Scene) -> Obligation:
    """The rule that lets the approver edit.

    Raises:
        RefusedError: ``not-competent`` where there is none, or where officials sign what they declare.
    """
    rule = scene.rule("approver_edit")
    if rule is None or own_signature(life, scene) is not None:
        refuse(
            "not-competent",
            "Quy chế không cho người phê duyệt sửa bản khai; trả lại để người khai sửa.",
            "The rule in force does not let the approver amend a submission; return it for correction.",
        )
    return rule


def _waiting(life: Life, body: AmendSubmission) -> Revision:
    """The submission as the approver saw it, before anybody has signed it."""
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
    if pending.state == "signing" and held(life):
        refuse("in-flight", "Bản khai đang được ký.", "This submission is being signed.")
    if life.signed_steps:
        refuse(
            "wrong-state",
            "Bản khai đã có chữ ký của bước trước; chỉ có thể trả lại.",
            "The submission carries a signature already; it can only be returned.",
        )
    return pending


def judged_whole(
    form: Catalogue, before: dict[str, Any], changes: dict[str, Any], scene: Scene
) -> dict[str, Any]:
    """The whole content with the changes in it: as complete and as right as any declaration."""
    whole = {**before, **changes}
    content = {name: value for name, value in whole.items() if value is not None}
    issues = list(validate(form, owned_by(form, content, "person"), on=scene.today, by="person"))
    theirs = {name: content[name] for name in content if name not in owned_by(form, content, "person")}
    issues += [i for i in validate(form, theirs, on=scene.today, by="agency") if i.code not in MAY_WAIT]
    if issues:
        raise RefusedError.of(
            "invalid-form",
            f"Có {len(issues)} mục không ghi được.",
            f"{len(issues)} fields cannot be saved.",
            fields=tuple(FieldRefusal(i.path, i.label, i.message_vi, i.message_en) for i in issues),
        )
    return dict(tidy(form, content))
