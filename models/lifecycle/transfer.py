"""Moving to another agency of the same authority; custody changes in one act (hanoi.art12.1)."""

from datetime import date
from uuid import UUID

from models.commands import (
    AcceptTransfer,
    HandOver,
    RefuseTransfer,
    ReportTransfer,
    RequestTransfer,
    WithdrawTransfer,
)
from models.identifiers import profile_workflow, transfer_workflow
from models.lifecycle.duties import close_duty, open_duty, void_duty
from models.lifecycle.guard import in_chapter, no_open_case, open_transfer, refuse
from models.lifecycle.life import Case, Chapter, Life
from models.lifecycle.outcome import Notice, Outcome
from models.lifecycle.posts import leave_posts
from models.lifecycle.scene import Scene


def request(life: Life, body: RequestTransfer, scene: Scene) -> Outcome:
    """Open the case; the old agency owes the report to the managing authority at once."""
    no_open_case(life)
    in_chapter(life, Chapter.SERVICE, Chapter.REVIEW, Chapter.DECLARATION)
    if body.to_agency_id == life.agency_id:
        refuse("malformed-request", "Cơ quan đến trùng cơ quan đi.", "The new agency is the present one.")
    case_id = scene.new_id("transfer")
    out = Outcome(status=201, answer={"transfer_id": str(case_id)})
    out.insert(
        "cases",
        id=case_id,
        kind="transfer",
        profile_id=life.profile_id,
        from_agency_id=life.agency_id,
        to_agency_id=body.to_agency_id,
        mode=body.mode,
        effective_on=body.effective_on,
        document=body.document,
        state="requested",
        version=1,
        facts={"chapter_before": str(life.chapter)},
        opened_at=scene.now,
    )
    out.subject = {"case_id": case_id, "chapter": Chapter.TRANSFER}
    rule = scene.rule("transfer_report")
    out.happened(
        "transfer.requested", rule, case=str(case_id), to_agency=str(body.to_agency_id), mode=body.mode
    )
    if rule is not None:
        open_duty(out, scene, rule, agency_id=life.agency_id, event_on=scene.today, case_id=case_id)
    out.notices.append(Notice("transfer_announced", body.to_agency_id, role="hr_officer"))
    out.tell.append((transfer_workflow(case_id), {"profile_id": life.profile_id}))
    return out


def _duty_of(life: Life, case: Case, slot: str, out: Outcome, scene: Scene) -> None:
    for duty in life.owed(slot):
        if duty.case_id == case.id:
            close_duty(out, scene, duty)


def report(life: Life, case: Case | None, body: ReportTransfer, scene: Scene) -> Outcome:
    """The old agency reports to the managing authority of the same level."""
    case = open_transfer(life, case, "requested")
    out = Outcome(answer={"transfer_id": str(case.id), "state": "reported"})
    _change(out, case, state="reported", report=body.document)
    _duty_of(life, case, "transfer_report", out, scene)
    rule = scene.rule("transfer_report")
    out.happened("transfer.reported", rule, case=str(case.id))
    if scene.department_id is not None:
        out.notices.append(Notice("transfer_reported", scene.department_id, role="department_officer"))
    return out


def hand_over(life: Life, case: Case | None, body: HandOver, scene: Scene) -> Outcome:
    """Dossier and account are handed over; the new agency owes the receipt."""
    case = open_transfer(life, case, "reported")
    if body.handed_over_on > scene.today:
        refuse("future-date", "Ngày bàn giao chưa tới.", "The hand-over date lies in the future.")
    if body.handed_over_on < case.effective_on and body.handed_over_on < scene.today:
        refuse(
            "impossible-date",
            "Ngày bàn giao trước ngày quyết định có hiệu lực.",
            "The hand-over lies before the decision takes effect.",
        )
    assert case.to_agency_id is not None
    out = Outcome(answer={"transfer_id": str(case.id), "state": "handed_over"})
    _change(out, case, state="handed_over", handed_over_on=body.handed_over_on.isoformat())
    rule = scene.rule("transfer_receive")
    out.happened("transfer.handed_over", scene.rule("transfer_report"), case=str(case.id))
    if rule is not None:
        open_duty(
            out,
            scene,
            rule,
            agency_id=case.to_agency_id,
            event_on=body.handed_over_on,
            case_id=case.id,
        )
    return out


def accept(life: Life, case: Case | None, _body: AcceptTransfer, scene: Scene) -> Outcome:
    """The new agency receives: custody, account, duties and the month's item move in this one act."""
    case = open_transfer(life, case, "handed_over")
    if life.approval is not None:
        refuse(
            "in-flight",
            "Một bản khai của hồ sơ đang được ký; xin thử lại sau ít phút.",
            "A submission of this profile is being signed; try again in a moment.",
        )
    assert case.to_agency_id is not None
    to_agency, on = case.to_agency_id, scene.today
    out = Outcome(answer={"transfer_id": str(case.id), "state": "accepted", "agency_id": str(to_agency)})
    out.insert("custody_moved", id=scene.new_id("custody"), to_agency=to_agency, on=on, case_id=case.id)
    out.subject = {"agency_id": to_agency, "case_id": None, "chapter": life.stage}
    _change(out, case, state="accepted", closed_at=scene.now, accepted_on=on.isoformat())
    if life.account is not None:
        out.update("accounts", {"id": life.account.id}, agency_id=to_agency)
    rule = scene.rule("transfer_receive")
    out.happened(
        "transfer.accepted",
        rule,
        case=str(case.id),
        from_agency=str(case.from_agency_id),
        to_agency=str(to_agency),
    )
    for duty in life.duties:
        if duty.case_id == case.id:
            close_duty(out, scene, duty)
        elif duty.agency_id == case.from_agency_id:
            out.moved[duty.id] = to_agency
    out.insert("month_item_moved", to_agency=to_agency)
    leave_posts(life, out, scene)
    _check_duty(life, to_agency, on, out, scene)
    out.notices.append(Notice("transfer_accepted", case.from_agency_id, role="hr_officer"))
    out.tell.append((profile_workflow(life.profile_id), {}))
    return out


def _check_duty(life: Life, to_agency: UUID, on: date, out: Outcome, scene: Scene) -> None:
    """The person checks the own data after the move and updates it (hanoi.art12.1.b)."""
    rule = scene.rule("transfer_check")
    if rule is None or life.account is None or life.stage is Chapter.DECLARATION:
        return  # who has declared nothing yet has nothing to check
    open_duty(
        out,
        scene,
        rule,
        agency_id=to_agency,
        event_on=on,
        profile_id=life.profile_id,
        account_id=life.account.id,
    )


def refuse_transfer(life: Life, case: Case | None, body: RefuseTransfer, scene: Scene) -> Outcome:
    """The new agency refuses: the profile stays where it is."""
    case = open_transfer(life, case, "requested", "reported", "handed_over")
    return _end(life, case, "refused", body.reason, scene)


def withdraw(life: Life, case: Case | None, body: WithdrawTransfer, scene: Scene) -> Outcome:
    """The old agency takes the transfer back."""
    case = open_transfer(life, case, "requested", "reported", "handed_over")
    return _end(life, case, "withdrawn", body.reason, scene)


def _end(life: Life, case: Case, state: str, reason: str, scene: Scene) -> Outcome:
    out = Outcome(answer={"transfer_id": str(case.id), "state": state})
    _change(out, case, state=state, closed_at=scene.now, reason=reason)
    out.subject = {"case_id": None, "chapter": life.stage}
    for duty in life.duties:
        if duty.case_id == case.id:
            void_duty(out, scene, duty, state)
    out.happened(f"transfer.{state}", scene.rule("transfer_receive"), case=str(case.id))
    other = case.from_agency_id if state == "refused" else case.to_agency_id
    assert other is not None
    out.notices.append(Notice(f"transfer_{state}", other, role="hr_officer"))
    out.tell.append((profile_workflow(life.profile_id), {}))
    return out


def _change(out: Outcome, case: Case, *, state: str, closed_at: object = None, **facts: str) -> None:
    """Move the case on; its row is the second one an act on a transfer writes."""
    values: dict[str, object] = {
        "state": state,
        "version": case.version + 1,
        "facts": {**case.facts, **facts},
    }
    if closed_at is not None:
        values["closed_at"] = closed_at
    out.update("cases", {"id": case.id}, **values)
