"""The month of one agency: list, approval, submission, the department's gate (hanoi.art7, 14, 15)."""

from datetime import date, datetime, timedelta

from models.commands import ApproveList, ReleaseMonth, SendBackItems
from models.lifecycle.duties import bearer, close_duty, open_duty, void_duty
from models.lifecycle.guard import refuse
from models.lifecycle.life import AgencyMonth
from models.lifecycle.outcome import Notice, Outcome
from models.lifecycle.scene import Scene
from models.regulations import Obligation

OUTSTANDING = ("listed", "approved", "sent", "accepted")
"""Item states in which something is still to be done by somebody."""

GATE = ("gate", "closed")
"""States of a month in which the department may judge what was accepted."""


def open_month(month: AgencyMonth, listed: int, closes_at: datetime, scene: Scene) -> Outcome:
    """Freeze the list and open the duties to approve and to synchronise, due at the window's end."""
    out = Outcome(answer={"listed": listed})
    out.happened("month.opened", scene.rule("approval_window"), month=month.month, listed=listed)
    for slot in ("approval_window", "sync_window"):
        rule = scene.rule(slot)
        if rule is not None and listed:
            event_on, due = _period(rule, month, closes_at)
            open_duty(
                out,
                scene,
                rule,
                agency_id=month.agency_id,
                event_on=event_on,
                agency_month_id=month.id,
                due=due,
                month=month.month,
                listed=listed,
            )
    return out


def _period(
    rule: Obligation, month: AgencyMonth, closes_at: datetime
) -> tuple[date, tuple[date, date, datetime] | None]:
    """When the duty begins and ends: with the list's window, unless the rule reckons otherwise."""
    deadline = rule.deadline
    if deadline is None or deadline.unit != "last_n_calendar_days_of_month" or deadline.n is None:
        return month.opens_on, None
    opens = month.nominal_end - timedelta(days=deadline.n - 1)
    return opens, (month.nominal_end, month.rolled_end, closes_at)


def approve_list(month: AgencyMonth, body: ApproveList, scene: Scene) -> Outcome:
    """Choose what is approved now; each item is then signed by itself and answers for itself (R8, R9)."""
    if month.state == "closed":
        refuse("wrong-state", "Danh sách tháng này đã kết thúc.", "This month's list is closed.")
    waiting = {item.profile_id for item in month.items if item.state == "listed"}
    chosen = waiting if body.profiles is None else set(body.profiles)
    unknown = chosen - waiting
    if unknown:
        refuse(
            "not-found",
            f"{len(unknown)} hồ sơ không còn trên danh sách chờ phê duyệt.",
            f"{len(unknown)} profiles are not on the list waiting for approval.",
            count=len(unknown),
        )
    if not chosen:
        refuse(
            "wrong-state",
            "Danh sách không còn hồ sơ chờ phê duyệt.",
            "Nothing on the list waits for approval.",
        )
    out = Outcome(status=202, answer={"chosen": sorted(str(p) for p in chosen)})
    out.happened(
        "list.approval_requested", scene.rule("approval_window"), month=month.month, chosen=len(chosen)
    )
    return out


def approvals_done(month: AgencyMonth, scene: Scene) -> Outcome:
    """After a round of approvals: the duty is met when nothing on the list waits any more."""
    out = Outcome(answer=dict(month.counts))
    nothing_waits(month, out, scene)
    return out


def nothing_waits(month: AgencyMonth, out: Outcome, scene: Scene) -> None:
    """Meet the duty to approve once nothing on the list waits, however each item came to be approved."""
    if month.counts.get("listed", 0):
        return
    for duty in month.duties:
        if duty.slot == "approval_window":
            close_duty(out, scene, duty)


def submitted(month: AgencyMonth, tran_code: str, items: int, scene: Scene) -> Outcome:
    """The packet is on its way: the agency's part of the synchronisation is done (hanoi.art14.1)."""
    out = Outcome(answer={"tran_code": tran_code, "items": items})
    out.subject = {"state": "submitting"}
    # Approved one by one, from the profile: no round over the list has said so.
    nothing_waits(month, out, scene)
    out.happened(
        "month.submitted", scene.rule("sync_window"), month=month.month, tran_code=tran_code, items=items
    )
    return out


def receipts_in(month: AgencyMonth, scene: Scene) -> Outcome:
    """All receipts are in: the gate opens for the department, or the month is done."""
    out = Outcome(answer=dict(month.counts))
    for duty in month.duties:
        if (
            duty.slot == "sync_window"
            and not month.counts.get("listed", 0)
            and not month.counts.get("approved", 0)
        ):
            close_duty(out, scene, duty)
    gate = scene.rule("department_gate")
    out.happened("month.receipts", scene.rule("sync_window"), month=month.month, **month.counts)
    if gate is not None and month.counts.get("accepted", 0) and scene.department_id is not None:
        out.subject = {"state": "gate"}
        role, agency_id = bearer(gate, month.agency_id, scene)
        out.notices.append(
            Notice(
                "gate_waiting",
                agency_id,
                role=role,
                citation=gate.citation,
                facts={"month": month.month, "items": month.counts["accepted"]},
            )
        )
    else:
        out.subject = {"state": "open"}
    return out


def release(month: AgencyMonth, _body: ReleaseMonth, scene: Scene) -> Outcome:
    """The department approves what was sent (hanoi.art14.2)."""
    # The text gives the gate no end: what was sent can be approved after the agency's month has closed.
    if month.state not in GATE or not month.counts.get("accepted", 0):
        refuse(
            "wrong-state", "Không có dữ liệu chờ Sở Nội vụ phê duyệt.", "Nothing waits for the department."
        )
    rule = scene.rule("department_gate")
    out = Outcome(answer={"released": month.counts.get("accepted", 0)})
    out.subject = {} if month.state == "closed" else {"state": "open"}
    out.update(
        "month_items",
        {"agency_month_id": month.id, "state": "accepted"},
        state="released",
        changed_at=scene.now,
    )
    out.happened("month.released", rule, month=month.month, items=month.counts.get("accepted", 0))
    return out


def send_back(month: AgencyMonth, body: SendBackItems, scene: Scene) -> Outcome:
    """The department gives items back with a reason instead of approving them."""
    accepted = {item.profile_id for item in month.items if item.state == "accepted"}
    unknown = set(body.profiles) - accepted
    if month.state not in GATE or unknown:
        refuse(
            "wrong-state",
            "Có hồ sơ không chờ Sở Nội vụ phê duyệt.",
            "An item does not wait for the department.",
        )
    out = Outcome(answer={"sent_back": len(body.profiles)})
    for profile_id in body.profiles:
        out.update(
            "month_items",
            {"agency_month_id": month.id, "profile_id": profile_id},
            state="sent_back",
            reason=body.reason,
            changed_at=scene.now,
        )
    out.happened(
        "month.sent_back", scene.rule("department_gate"), month=month.month, items=len(body.profiles)
    )
    out.notices.append(
        Notice("items_sent_back", month.agency_id, role="hr_officer", facts={"items": len(body.profiles)})
    )
    return out


def close_month(month: AgencyMonth, scene: Scene) -> Outcome:
    """The month ends: done, or incomplete with what is carried to the next list."""
    left = sum(month.counts.get(state, 0) for state in OUTSTANDING)
    out = Outcome(answer={"left": left})
    out.subject = {"state": "closed", "closed_at": scene.now, "summary": {**month.counts, "left": left}}
    for duty in month.duties:
        if left:
            out.happened("duty.carried", scene.rule(duty.slot), duty=str(duty.id), left=left)
            void_duty(out, scene, duty, "carried")
        else:
            close_duty(out, scene, duty)
    out.happened("month.closed", scene.rule("sync_window"), month=month.month, left=left, **month.counts)
    return out
