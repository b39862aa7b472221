"""What a person says is wrong in their data, and the answer they are owed."""

from models.commands import AnswerError, ReportError
from models.lifecycle.duties import by_policy, close_duty, open_duty
from models.lifecycle.guard import in_chapter, refuse
from models.lifecycle.life import Chapter, Life
from models.lifecycle.outcome import Notice, Outcome
from models.lifecycle.scene import Scene


def report_error(life: Life, body: ReportError, scene: Scene) -> Outcome:
    """The person says at once that data is wrong (hanoi.art16.2, phu_yen.art18.2), also if entered for them.

    Where the law asks for the notice, the agency owes an answer; its period is policy, no text gives one.
    """
    entered = (
        life.pending is not None and life.account is not None and life.pending.author_id != life.account.id
    )
    if not (entered and life.chapter is Chapter.REVIEW):
        in_chapter(life, Chapter.SERVICE, Chapter.TRANSFER)
    rule = scene.rule("error_notice")
    out = Outcome(status=201, answer={"paths": list(body.paths)})
    out.happened("error.reported", rule, paths=list(body.paths))
    citation = rule.citation if rule else None
    out.notices.append(Notice("error_reported", life.agency_id, role="hr_officer", citation=citation))
    if rule is None:
        return out
    duty = open_duty(
        out,
        scene,
        rule,
        agency_id=life.agency_id,
        event_on=scene.today,
        profile_id=life.profile_id,
        owed_by=("hr_officer", life.agency_id),
        due=by_policy(scene.policy.declarations.answer, scene),
        policy=True,
        paths=list(body.paths),
    )
    out.answer |= {"duty_id": str(duty.id), "answer_due_on": duty.due_on.isoformat() if duty.due_on else None}
    return out


def answer_error(life: Life, body: AnswerError, scene: Scene) -> Outcome:
    """Answer it; an error is then corrected by returning or declaring, never by this act."""
    duty = next((d for d in life.owed("error_notice") if d.id == body.duty_id), None)
    if duty is None:
        refuse(
            "not-found", "Không có sai sót nào đang chờ trả lời.", "No reported error waits for an answer."
        )
    out = Outcome(answer={"duty_id": str(duty.id), "accepted": body.accepted})
    out.answer["late_days"] = close_duty(out, scene, duty)
    rule = scene.rule("error_notice")
    out.happened("error.answered", rule, duty=str(duty.id), accepted=body.accepted)
    if life.account is not None:
        out.notices.append(
            Notice(
                "error_answered",
                life.agency_id,
                account_id=life.account.id,
                duty_id=duty.id,
                citation=duty.citation,
                facts={"accepted": body.accepted},
            )
        )
    return out
