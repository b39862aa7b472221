"""Disposal of an archived file: proposed by one, decided by another, never while a hold stands. Pure.

Nothing is deleted by time alone: the rule says from when a file *may* go. What goes is the content; that
there was a file, who decided its end and the whole chain of its events stay (the tombstone).
"""

from calendar import monthrange
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from models.command_disposal import ApproveDisposal, EndHold, PlaceHold, ProposeDisposal, WithdrawDisposal
from models.command_shapes import Body
from models.lifecycle import slips
from models.lifecycle.archived import Archived
from models.lifecycle.guard import in_chapter, no_open_case, refuse
from models.lifecycle.life import Case, Chapter, Life
from models.lifecycle.outcome import Notice, Outcome
from models.lifecycle.scene import Scene
from models.regulations import Obligation

KIND, SLOT, APPROVER = "disposal", "archive_retention", "department_head"
PROPOSED, CARRIED_OUT, WITHDRAWN = "proposed", "carried_out", "withdrawn"


def kept_until(left_on: date, months: int) -> date:
    """The last day the file must be kept: the same day of the month, or that month's last.

    Counted from the day the leaving took effect, which is our reading: the texts give no start. It is no
    period within which somebody must act, so it does not give way to a working day.
    """
    years, month = divmod(left_on.month - 1 + months, 12)
    year = left_on.year + years
    return date(year, month + 1, min(left_on.day, monthrange(year, month + 1)[1]))


def retention(rule: Obligation | None) -> int | None:
    """Months a leaver's file is kept at least; none where no rule says so: then it is kept for ever."""
    return rule.deadline.min_retention_months if rule is not None and rule.deadline is not None else None


def place_hold(life: Life, body: PlaceHold, scene: Scene) -> Outcome:
    """Whatever chapter the life is in: a file may be needed before its owner has left."""
    hold_id = scene.new_id("hold")
    out = Outcome(status=201, answer={"hold_id": str(hold_id)})
    out.insert(
        "legal_holds",
        id=hold_id,
        profile_id=life.profile_id,
        document=body.document,
        reason=body.reason,
        placed_at=scene.now,
        placed_by=scene.actor_id,
    )
    return out.happened("hold.placed", scene.rule("leaver_archive"), hold=str(hold_id))


def end_hold(life: Life, body: EndHold, scene: Scene) -> Outcome:
    """It ends at once; ended ones stay written."""
    if all(one.id != body.hold_id for one in _of(life).holds):
        refuse("not-found", "Không có lệnh giữ này.", "There is no such hold.")
    out = Outcome(answer={"hold_id": str(body.hold_id)})
    out.update(
        "legal_holds",
        {"id": body.hold_id},
        ended_at=scene.now,
        ended_by=scene.actor_id,
        ended_document=body.document,
        ended_reason=body.reason,
    )
    return out.happened("hold.ended", scene.rule("leaver_archive"), hold=str(body.hold_id))


def propose(life: Life, body: ProposeDisposal, scene: Scene) -> Outcome:
    """It may go: its keeping has ended and nothing holds it. Nothing happens to it before the decision."""
    in_chapter(life, Chapter.ARCHIVE)
    no_open_case(life)
    rule, until = _may_go(life, scene)
    case = Case(
        id=scene.new_id("disposal"),
        kind=KIND,
        profile_id=life.profile_id,
        from_agency_id=life.agency_id,
        to_agency_id=None,
        mode=str(life.status),
        effective_on=until,
        document=body.document,
        state=PROPOSED,
        version=1,
        facts={"proposed_by": str(scene.actor_id), "reason": body.reason, "minutes": body.document},
    )
    out = Outcome(status=201, answer={"disposal_id": str(case.id), "kept_until": until.isoformat()})
    out.insert("cases", **_columns(case), opened_at=scene.now)
    out.subject = {"case_id": case.id}
    out.notices.append(Notice("disposal_proposed", _decides(scene), role=APPROVER, citation=rule.citation))
    return out.happened("disposal.proposed", rule, case=str(case.id), kept_until=until.isoformat())


def withdraw(life: Life, body: WithdrawDisposal, scene: Scene) -> Outcome:
    """By whoever may propose: the file stays as it is."""
    case = _proposed(life, body.disposal_id)
    out = Outcome(answer={"disposal_id": str(case.id), "state": WITHDRAWN})
    out.update(
        "cases",
        {"id": case.id},
        state=WITHDRAWN,
        version=case.version + 1,
        closed_at=scene.now,
        facts={**case.facts, "withdrawn": body.reason},
    )
    out.subject = {"case_id": None}
    return out.happened("disposal.withdrawn", scene.rule(SLOT), case=str(case.id))


def approve(life: Life, body: ApproveDisposal, scene: Scene) -> Outcome:
    """By another person than who proposed it; all is judged again, for a hold may have come meanwhile."""
    case = _proposed(life, body.disposal_id)
    _another_person(life, case, scene)
    rule, _ = _may_go(life, scene)
    out = Outcome(answer={"disposal_id": str(case.id), "state": CARRIED_OUT, "citation": rule.citation})
    out.update(
        "cases",
        {"id": case.id},
        state=CARRIED_OUT,
        version=case.version + 1,
        closed_at=scene.now,
        document=body.document,
    )
    out.subject = {"case_id": None}
    out.insert("shredded", on=scene.now)
    slips.asked(out, life, case, slips.DISPOSAL, rule, life.agency_id, scene)
    return out.happened("profile.disposed", rule, case=str(case.id), proposed_by=case.facts["proposed_by"])


DECISIONS: dict[type[Body], Callable[[Life, Any, Scene], Outcome]] = {
    PlaceHold: place_hold,
    EndHold: end_hold,
    ProposeDisposal: propose,
    ApproveDisposal: approve,
    WithdrawDisposal: withdraw,
}


def _may_go(life: Life, scene: Scene) -> tuple[Obligation, date]:
    archived = _of(life)
    rule = scene.rule(SLOT, leaving=archived.leaving or str(life.status))
    months = retention(rule)
    if rule is None or months is None:
        refuse(
            "no-retention-rule",
            "Chưa có quy định về thời hạn lưu trữ hồ sơ: hồ sơ được giữ mãi.",
            "No rule in force says how long the file is kept: it is kept for ever.",
        )
    if archived.left_on is None:
        refuse("retention-runs", "Không rõ ngày thôi công tác.", "The day of leaving is not recorded.")
    until = kept_until(archived.left_on, months)
    if scene.today <= until:
        refuse(
            "retention-runs",
            f"Hồ sơ phải được giữ đến hết ngày {until:%d/%m/%Y}.",
            f"The file must be kept until the end of {until.isoformat()}.",
            citation=rule.citation,
            kept_until=until.isoformat(),
        )
    if archived.holds:
        refuse(
            "legal-hold",
            f"Hồ sơ đang được giữ theo văn bản {archived.holds[0].document}.",
            f"The file is held by {archived.holds[0].document}.",
            hold_id=str(archived.holds[0].id),
        )
    return rule, until


def _another_person(life: Life, case: Case, scene: Scene) -> None:
    """Two persons: neither the same account nor two accounts of one person, nor one acting for the other."""
    names = {str(scene.actor_id), str(scene.on_behalf_of)}
    person = _of(life).proposer_profile_id
    if case.facts["proposed_by"] in names or (person is not None and person == scene.actor_profile_id):
        refuse(
            "same-person",
            "Người đề nghị không được tự quyết định việc hủy hồ sơ.",
            "Whoever proposed the disposal may not decide it.",
        )


def _proposed(life: Life, disposal_id: UUID) -> Case:
    case = life.case
    if case is None or case.kind != KIND or case.id != disposal_id:
        refuse("not-found", "Không có đề nghị hủy này.", "There is no such proposal.")
    return case


def _of(life: Life) -> Archived:
    assert life.archived is not None
    return life.archived


def _decides(scene: Scene) -> UUID:
    return scene.department_id or scene.managing_agency_id


def _columns(case: Case) -> dict[str, Any]:
    names = (
        "id",
        "kind",
        "profile_id",
        "from_agency_id",
        "to_agency_id",
        "mode",
        "effective_on",
        "document",
        "state",
        "version",
        "facts",
    )
    return {name: getattr(case, name) for name in names}
