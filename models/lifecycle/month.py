"""The month of one agency: list, approval, submission, the department's gate (hanoi.art7, 14, 15)."""

from datetime import date, datetime, timedelta
from uuid import UUID

from models.commands import ApproveList
from models.identifiers import agency_month_workflow
from models.lifecycle import gate, rhythm
from models.lifecycle.competence import competent
from models.lifecycle.duties import bearer, close_duty, open_duty, void_duty
from models.lifecycle.guard import refuse
from models.lifecycle.life import AgencyMonth
from models.lifecycle.outcome import Notice, Outcome
from models.lifecycle.scene import Scene
from models.lifecycle.session_ends import withdrawn
from models.regulations import Obligation

MONTH, WHOLE_STOCK, EVENT = "month", "whole_stock", "event"
OPEN_END = date(2099, 12, 31)
"""Stands for "no end" where a list needs a date: of a list of the whole stock nothing is ever overdue."""
OPENING: dict[str, tuple[str, ...]] = {
    MONTH: ("approval_window", "sync_window"),
    WHOLE_STOCK: ("whole_stock_approval",),
    EVENT: (),
}
"""The duties a list opens, the approval's first; what is on an event's list is owed by its profiles."""
OUTSTANDING = ("listed", "approved", "held", "cleared", "sent", "accepted")
"""Item states in which something is still to be done by somebody."""


def approving(kind: str, scene: Scene) -> Obligation | None:
    """The rule under which what stands on a list of this kind is approved; none on a running list."""
    slots = OPENING[kind]
    return scene.rule(slots[0]) if slots else None


def open_month(month: AgencyMonth, listed: int, closes_at: datetime, scene: Scene) -> Outcome:
    """Freeze the list and open the duties to approve and to synchronise, due at the window's end."""
    out = Outcome(answer={"listed": listed}, subject={"gate": gate.position(scene)})
    slots = OPENING[month.kind]
    out.happened("month.opened", scene.rule(slots[0]), month=month.month, listed=listed)
    for slot in slots:
        rule = scene.rule(slot)
        if rule is not None and listed:
            _owe(out, scene, month, rule, listed, closes_at)
    return out


def _owe(
    out: Outcome, scene: Scene, month: AgencyMonth, rule: Obligation, listed: int, closes_at: datetime
) -> None:
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


def refresh_stock(month: AgencyMonth, closes_at: datetime, scene: Scene) -> Outcome:
    """A list of the whole stock, looked after each month: late joiners make it owed again, and whoever owes
    it is reminded of what waits. Without a date in the text the reminder is policy, and says so."""
    waits = month.counts.get("listed", 0)
    out = Outcome(answer={"waiting": waits})
    rule = scene.rule(OPENING[month.kind][0])
    if rule is None or not waits:
        return out
    if not any(duty.slot == rule.slot for duty in month.duties):
        _owe(out, scene, month, rule, waits, closes_at)
    role, agency_id = bearer(rule, month.agency_id, scene)
    out.notices.append(
        Notice(
            "whole_stock_waiting",
            agency_id,
            role=role,
            citation=rule.citation,
            facts={"items": waits, "policy": True},
        )
    )
    out.happened("stock.reminded", rule, month=month.month, items=waits, policy=True)
    out.tell.append((agency_month_workflow(month.agency_id, month.month), {"month": month.id}))
    return out


def joined(month: AgencyMonth, closes_at: datetime, scene: Scene) -> Outcome:
    """A reorganisation brought people onto the list: what nobody owed so far is owed now, the list looks."""
    waits = month.counts.get("listed", 0)
    outstanding = sum(month.counts.get(state, 0) for state in OUTSTANDING)
    out = Outcome(answer=dict(month.counts))
    approval = scene.rule(OPENING[month.kind][0]) if OPENING[month.kind] else None
    out.happened("month.joined", approval, month=month.month, listed=waits)
    for number, slot in enumerate(OPENING[month.kind]):
        rule, items = scene.rule(slot), outstanding if number else waits
        if rule is not None and items and not any(duty.slot == slot for duty in month.duties):
            _owe(out, scene, month, rule, items, closes_at)
    out.tell.append((agency_month_workflow(month.agency_id, month.month), {"month": month.id}))
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


def chosen_of(month: AgencyMonth, profiles: tuple[UUID, ...] | None) -> set[UUID]:
    """What of the list is chosen to be approved now: all that waits, or the named profiles.

    Raises:
        RefusedError: the list is closed, a named profile does not wait, or nothing does.
    """
    if month.state == "closed":
        refuse("wrong-state", "Danh sách tháng này đã kết thúc.", "This month's list is closed.")
    waiting = {item.profile_id for item in month.items if item.state == "listed"}
    chosen = waiting if profiles is None else set(profiles)
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
    return chosen


def approve_list(month: AgencyMonth, body: ApproveList, scene: Scene) -> Outcome:
    """Choose what is approved now; each item is then signed by itself and answers for itself (R8, R9)."""
    if month.kind == WHOLE_STOCK and month.state != "closed":
        competent(scene.rule(OPENING[WHOLE_STOCK][0]), scene)
    chosen = chosen_of(month, body.profiles)
    out = Outcome(status=202, answer={"chosen": sorted(str(p) for p in chosen)})
    out.insert(
        "approval_rounds",
        command_id=scene.act_id,
        agency_month_id=month.id,
        number=month.version + 1,
        chosen=len(chosen),
        accepted_at=scene.now,
        done_at=None,
    )
    out.happened(
        "list.approval_requested", approving(month.kind, scene), month=month.month, chosen=len(chosen)
    )
    return out


def approvals_done(month: AgencyMonth, scene: Scene, round_: UUID | None = None) -> Outcome:
    """After a round of approvals: it is done; the duty is met when nothing on the list waits any more.

    Where the gate stands before the outgoing call, what was approved is put before the department.
    """
    out = Outcome(answer=dict(month.counts))
    if round_ in month.rounds:
        out.update("approval_rounds", {"command_id": round_}, done_at=scene.now)
    nothing_waits(month, out, scene)
    if month.gate == gate.BEFORE:
        gate.put(month, out, scene)
    return out


def nothing_waits(month: AgencyMonth, out: Outcome, scene: Scene) -> None:
    """Meet the duty to approve once nothing on the list waits, however each item came to be approved."""
    if month.counts.get("listed", 0):
        return
    for duty in month.duties:
        if duty.slot in OPENING[month.kind][:1]:
            close_duty(out, scene, duty)


def submitted(month: AgencyMonth, tran_code: str, items: int, scene: Scene) -> Outcome:
    """The packet is on its way: the agency's part of the synchronisation is done (hanoi.art14.1)."""
    out = Outcome(answer={"tran_code": tran_code, "items": items})
    # What was approved meanwhile still waits before the gate.
    waits = month.gate == gate.BEFORE and month.state == "gate"
    out.subject = {} if waits else {"state": "submitting"}
    # Approved one by one, from the profile: no round over the list has said so.
    nothing_waits(month, out, scene)
    out.happened(
        "month.submitted", sending_rule(month, scene), month=month.month, tran_code=tran_code, items=items
    )
    return out


def sending_rule(month: AgencyMonth, scene: Scene) -> Obligation | None:
    """The rule under which a list's items go out: the window's, or the event's own."""
    return rhythm.rule_of(scene, born_here=True) if month.kind == EVENT else scene.rule("sync_window")


def receipts_in(month: AgencyMonth, scene: Scene) -> Outcome:
    """All receipts are in: the gate opens for the department, or what was sent has come to its end."""
    out = Outcome(answer=dict(month.counts))
    for duty in month.duties:
        if (
            duty.slot == "sync_window"
            and not month.counts.get("listed", 0)
            and not month.counts.get("approved", 0)
            and not month.counts.get("held", 0)
            and not month.counts.get("cleared", 0)
        ):
            close_duty(out, scene, duty)
    out.happened("month.receipts", sending_rule(month, scene), month=month.month, **month.counts)
    gate.received(month, out, scene)
    return out


def close_month(month: AgencyMonth, scene: Scene) -> Outcome:
    """The month ends: done, or incomplete with what is carried to the next list.

    A running list has no next one: what joined it while its end was asked for keeps it open.
    """
    left = sum(month.counts.get(state, 0) for state in OUTSTANDING)
    if left and month.kind == EVENT:
        return Outcome()
    out = Outcome(answer={"left": left})
    out.subject = {"state": "closed", "closed_at": scene.now, "summary": {**month.counts, "left": left}}
    for round_ in month.rounds:
        # The next list is already being made: what the round had chosen and not reached stands on that one.
        out.update("approval_rounds", {"command_id": round_}, done_at=scene.now)
        out.happened(
            "list.round_overtaken", scene.rule("approval_window"), month=month.month, round=str(round_)
        )
    for session in month.sessions:
        withdrawn(out, session, month.agency_id, scene, "month-closed")
    for duty in month.duties:
        if left:
            out.happened("duty.carried", scene.rule(duty.slot), duty=str(duty.id), left=left)
            void_duty(out, scene, duty, "carried")
        else:
            close_duty(out, scene, duty)
    out.happened("month.closed", sending_rule(month, scene), month=month.month, left=left, **month.counts)
    return out
