"""What the official asks about the own file: a correction, or a judgement by somebody above.

Neither changes a value. A correction that is accepted becomes a draft the official submits like any other
change, so that it is approved and signed; a dispute is shown with the profile until it is decided.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from models.command_registers import (
    AnswerRectification,
    DecideDispute,
    OpenDispute,
    RequestRectification,
    WithdrawRequest,
)
from models.command_shapes import Body
from models.form import digest, forms, tidy
from models.lifecycle.duties import bearer, by_policy, close_duty, open_duty, void_duty
from models.lifecycle.file_request import DISPUTE, RECTIFICATION, FileRequest
from models.lifecycle.guard import in_chapter, refuse
from models.lifecycle.life import Chapter, Life
from models.lifecycle.outcome import Notice, Outcome
from models.lifecycle.scene import Scene

UPDATE = "update_after_change"


def ask_rectification(life: Life, body: RequestRectification, scene: Scene) -> Outcome:
    """A correction is asked for; an answer is owed by the law's day, or by ours where it gives none."""
    words = {"wanted": body.wanted, "reason": body.reason}
    owed_by = ("hr_officer", life.agency_id)
    out = _opened(life, RECTIFICATION, body.path, None, words, owed_by, scene)
    return _told(out, "rectification_requested", "hr_officer", life.agency_id)


def open_dispute(life: Life, body: OpenDispute, scene: Scene) -> Outcome:
    """A value, a decision or a refusal is disputed; whoever the rule names decides, above the agency.

    Raises:
        RefusedError: ``wrong-state`` where the same is disputed already, ``not-found``.
    """
    if body.request_id is not None:
        about = _of(life, body.request_id)
        if about.kind != RECTIFICATION or about.state != "refused":
            refuse("wrong-state", "Yêu cầu này chưa bị từ chối.", "That request has not been refused.")
    if any(one.kind == DISPUTE and one.state == "open" and one.path == body.path for one in life.requests):
        refuse("wrong-state", "Nội dung này đang có khiếu nại chờ giải quyết.", "It is disputed already.")
    rule = scene.rule(DISPUTE)
    judge = bearer(rule, life.agency_id, scene) if rule is not None else ("head", scene.managing_agency_id)
    out = _opened(life, DISPUTE, body.path, body.request_id, {"reason": body.reason}, judge, scene)
    _told(out, "dispute_opened", judge[0], judge[1])
    return _told(out, "dispute_opened", "hr_officer", life.agency_id)


def _opened(
    life: Life,
    kind: str,
    path: str,
    about: UUID | None,
    words: dict[str, str],
    owed_by: tuple[str, UUID],
    scene: Scene,
) -> Outcome:
    rule, request_id = scene.rule(kind), scene.new_id("request")
    ours = by_policy(scene.policy.declarations.answer, scene)
    policy = rule is None or rule.deadline is None
    out = Outcome(status=201, answer={"request_id": str(request_id), "state": "open"})
    duty = None
    if rule is not None:
        by: dict[str, Any] = {"policy": True} if policy else {}
        duty = open_duty(
            out,
            scene,
            rule,
            agency_id=life.agency_id,
            event_on=scene.today,
            profile_id=life.profile_id,
            owed_by=owed_by,
            due=ours if policy else None,
            request=str(request_id),
            **by,
        )
    due_on = duty.due_on if duty is not None else ours[1] if ours is not None else None
    out.insert(
        "file_requests",
        id=request_id,
        profile_id=life.profile_id,
        kind=kind,
        state="open",
        path=path,
        about=about,
        words=words,
        asked_by=scene.actor_id,
        asked_at=scene.now,
        duty_id=duty.id if duty else None,
        due_on=due_on,
        due_by_policy=policy,
        rule_id=rule.rule.id if rule else None,
        citation=rule.citation if rule else None,
    )
    out.happened(f"{kind}.opened", rule, request=str(request_id), duty=str(duty.id) if duty else None)
    out.answer |= {"due_on": due_on.isoformat() if due_on else None, "due_by_policy": policy}
    return out


def answer_rectification(life: Life, body: AnswerRectification, scene: Scene) -> Outcome:
    """Accept, with a draft of what was accepted where the form knows the field; or refuse with the reason.

    Raises:
        RefusedError: ``not-found``, ``wrong-state``, ``malformed-request``.
    """
    asked = _open(life, body.request_id, RECTIFICATION)
    out = Outcome(answer={"request_id": str(asked.id), "accepted": body.accepted})
    number = None
    if body.accepted:
        if life.chapter in (Chapter.SERVICE, Chapter.TRANSFER):
            _owe_update(life, out, asked, scene)
        if body.corrected:
            number = _draft(life, out, body.corrected, scene)
    elif body.corrected:
        refuse("malformed-request", "Từ chối thì không nêu giá trị sửa.", "A refusal corrects nothing.")
    return _ended(life, out, asked, body.accepted, body.reason, scene, draft_number=number)


def decide_dispute(life: Life, body: DecideDispute, scene: Scene) -> Outcome:
    """Decide a dispute, never as who refused the request it is about.

    Raises:
        RefusedError: ``not-found``, ``own-approval``.
    """
    asked = _open(life, body.request_id, DISPUTE)
    before = next((one for one in life.requests if one.id == asked.about), None)
    person = before.ended_by_person if before is not None else None
    if (before is not None and before.ended_by == scene.actor_id) or (
        person is not None and person == scene.actor_profile_id
    ):
        refuse(
            "own-approval",
            "Người đã từ chối yêu cầu không được giải quyết khiếu nại về việc từ chối đó.",
            "Whoever refused the request may not decide the dispute about it.",
        )
    out = Outcome(answer={"request_id": str(asked.id), "upheld": body.upheld})
    serving = life.chapter in (Chapter.SERVICE, Chapter.TRANSFER)
    if body.upheld and serving and _field(asked.path) is not None:
        _owe_update(life, out, asked, scene)
    _told(out, "dispute_decided", "hr_officer", life.agency_id)
    return _ended(life, out, asked, body.upheld, body.reason, scene, document=body.document)


def withdraw(life: Life, body: WithdrawRequest, scene: Scene) -> Outcome:
    """The official takes it back; nobody owes an answer any more."""
    asked = _open(life, body.request_id)
    out = Outcome(answer={"request_id": str(asked.id), "state": "withdrawn"})
    for duty in life.duties:
        if duty.id == asked.duty_id:
            void_duty(out, scene, duty, "withdrawn")
    out.insert(
        "file_request_ended", id=asked.id, state="withdrawn", reason=None, ended_by=scene.actor_id,
        ended_role=scene.actor_role, document=None, late_days=None, draft_number=None,
    )  # fmt: skip
    return out.happened(f"{asked.kind}.withdrawn", scene.rule(asked.kind), request=str(asked.id))


def _ended(
    life: Life,
    out: Outcome,
    asked: FileRequest,
    accepted: bool,
    reason: str,
    scene: Scene,
    *,
    document: str | None = None,
    draft_number: int | None = None,
) -> Outcome:
    late = None
    for duty in life.duties:
        if duty.id == asked.duty_id:
            late = close_duty(out, scene, duty)
    state = "accepted" if accepted else "refused"
    out.insert(
        "file_request_ended", id=asked.id, state=state, reason=reason, ended_by=scene.actor_id,
        ended_role=scene.actor_role, document=document, late_days=late, draft_number=draft_number,
    )  # fmt: skip
    rule = scene.rule(asked.kind)
    out.happened(
        f"{asked.kind}.answered",
        rule,
        request=str(asked.id),
        accepted=accepted,
        duty=str(asked.duty_id) if asked.duty_id else None,
    )
    out.answer |= {"late_days": late, "draft_number": draft_number}
    if life.account is not None:
        out.notices.append(
            Notice(
                f"{asked.kind}_answered",
                life.agency_id,
                account_id=life.account.id,
                citation=rule.citation if rule else None,
                facts={"accepted": accepted},
            )
        )
    return out


def _owe_update(life: Life, out: Outcome, asked: FileRequest, scene: Scene) -> None:
    """The official now owes the change itself, by the ordinary way and within its own period."""
    rule = scene.rule(UPDATE)
    if rule is None:
        return
    duty = open_duty(
        out,
        scene,
        rule,
        agency_id=life.agency_id,
        event_on=scene.today,
        label=str(asked.id),
        profile_id=life.profile_id,
        account_id=life.account.id if life.account else None,
        change=RECTIFICATION,
    )
    out.happened(
        "change.noticed", rule, kind=RECTIFICATION, changed_on=scene.today.isoformat(), duty=str(duty.id)
    )


def _draft(life: Life, out: Outcome, corrected: dict[str, Any], scene: Scene) -> int:
    """The official's next draft with the corrected fields: a proposal, approved like any other change."""
    in_chapter(life, Chapter.DECLARATION, Chapter.SERVICE, Chapter.TRANSFER)
    form = forms().get(life.base_form)
    if form is None or life.base is None or life.account is None:
        refuse("wrong-state", "Hồ sơ chưa có dữ liệu để sửa.", "There is no content yet to correct.")
    unknown = sorted(set(corrected) - set(form.by_name))
    if unknown:
        refuse(
            "malformed-request",
            f"Mẫu không có mục: {', '.join(unknown)}.",
            f"The form has no field: {', '.join(unknown)}.",
        )
    content = tidy(form, {**life.base, **corrected})
    number = life.draft.number if life.draft else life.newest + 1
    out.insert(
        "draft_prefilled",
        id=life.draft.id if life.draft else scene.new_id("draft"),
        number=number,
        based_on=life.revision_number or None,
        form=form.version,
        content=content,
        digest=digest(content),
        before=life.draft.digest if life.draft else None,
        author=life.account.id,
    )
    out.happened("draft.corrected", scene.rule(RECTIFICATION), number=number, fields=len(corrected))
    return number


def _field(path: str) -> str | None:
    """The field of a form a path begins with, if it is one."""
    name = path.split("[")[0].split(".")[0]
    return name if any(name in form.by_name for form in forms().values()) else None


def _of(life: Life, request_id: UUID) -> FileRequest:
    found = next((one for one in life.requests if one.id == request_id), None)
    if found is None:
        refuse("not-found", "Không có yêu cầu này.", "There is no such request.")
    return found


def _open(life: Life, request_id: UUID, kind: str | None = None) -> FileRequest:
    found = _of(life, request_id)
    if kind is not None and found.kind != kind:
        refuse("not-found", "Không có yêu cầu này.", "There is no such request.")
    if found.state != "open":
        refuse("wrong-state", "Yêu cầu đã kết thúc.", "The request has ended.")
    return found


def _told(out: Outcome, kind: str, role: str, agency_id: UUID) -> Outcome:
    out.notices.append(Notice(kind, agency_id, role=role))
    return out


DECISIONS: dict[type[Body], Callable[[Life, Any, Scene], Outcome]] = {
    RequestRectification: ask_rectification,
    AnswerRectification: answer_rectification,
    OpenDispute: open_dispute,
    DecideDispute: decide_dispute,
    WithdrawRequest: withdraw,
}
