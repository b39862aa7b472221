"""A breach of personal data: written down, notified within the law's hours, closed. Pure.

The clock is one of hours: it runs from the moment the breach was known, through nights and rest days, and
ends at an instant (Civil Code art. 147.1). Late is never hidden: the hours after it stay with the breach.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from models.calendar import MissingYear, late_days, legal_date
from models.command_registers import AddToBreach, CloseBreach, IssueBreachNotice, NotifyBreach, RecordBreach
from models.lifecycle import breach_issuing
from models.lifecycle.duties import bearer
from models.lifecycle.guard import refuse
from models.lifecycle.life import Duty
from models.lifecycle.outcome import DutyClosed, DutyOpened, Notice, Outcome
from models.lifecycle.scene import Scene
from models.regulations import Obligation

SLOT = "breach_notice"
OPEN, NOTIFIED, CLOSED = "open", "notified", "closed"
STATE_VI: Mapping[str, str] = {OPEN: "chờ thông báo", NOTIFIED: "đã thông báo", CLOSED: "đã kết thúc"}
HOUR = timedelta(hours=1)
UNIT = "hours"


@dataclass(frozen=True, slots=True)
class Breach:
    """One breach as decisions see it."""

    id: UUID
    agency_id: UUID
    state: str
    version: int
    known_at: datetime
    due_at: datetime | None
    duty: Duty | None = None
    people: int = 0
    files: frozenset[UUID] = field(default_factory=frozenset)
    next_wake_at: datetime | None = None
    making: UUID | None = None
    """Its notification that is being made now."""


def record(breach_id: UUID, body: RecordBreach, scene: Scene) -> Outcome:
    """Write it down and start the clock; whoever notifies is told at once.

    Raises:
        RefusedError: ``future-date``, ``period-invalid``.
    """
    if body.known_at > scene.now:
        refuse("future-date", "Lúc phát hiện ở tương lai.", "It was detected in the future.")
    if body.happened_at is not None and body.happened_at > body.known_at:
        refuse("period-invalid", "Sự việc xảy ra sau khi phát hiện.", "It happened after it was detected.")
    rule = scene.rule(SLOT)
    out = Outcome(status=201, answer={"breach_id": str(breach_id)})
    duty = _duty(out, breach_id, body, scene, rule) if rule is not None else None
    due_at = duty.due_at if duty else None
    out.subject |= {
        "agency_id": body.agency_id,
        "state": OPEN,
        "kind": body.kind,
        "known_at": body.known_at,
        "happened_at": body.happened_at,
        "people": body.people,
        "data": list(body.data),
        "recorded_by": scene.actor_id,
        "recorded_role": scene.actor_role,
        "recorded_at": scene.now,
        "duty_id": duty.id if duty else None,
        "due_at": due_at,
        "rule_id": rule.rule.id if rule else None,
        "citation": rule.citation if rule else None,
        "next_wake_at": duty.next_wake_at if duty else None,
    }
    _concern(out, breach_id, body.profiles, frozenset())
    out.happened(
        "breach.recorded",
        rule,
        breach=str(breach_id),
        what=body.kind,
        known_at=body.known_at.isoformat(),
        people=body.people,
        files=len(set(body.profiles)),
        due_at=due_at.isoformat() if due_at else None,
    )
    out.answer |= {"due_at": due_at.isoformat() if due_at else None, "citation": rule and rule.citation}
    return out


def _duty(out: Outcome, breach_id: UUID, body: RecordBreach, scene: Scene, rule: Obligation) -> Duty | None:
    """The duty to notify: due at an instant, never rolled off a rest day."""
    deadline = rule.deadline
    if deadline is None or deadline.unit != UNIT or deadline.n is None:
        return None
    due_at = body.known_at + HOUR * deadline.n
    due_on = legal_date(due_at - timedelta(microseconds=1))
    party, agency_id = bearer(rule, body.agency_id, scene)
    duty = Duty(
        id=scene.new_id("duty:breach"),
        slot=SLOT,
        party=party,
        agency_id=agency_id,
        rule_id=rule.rule.id,
        citation=rule.citation,
        event_on=legal_date(body.known_at),
        due_on=due_on,
        due_at=due_at,
        opened_on=scene.today,
    )
    duty = replace(duty, ladder_step=_passed(due_at, scene), next_wake_at=None)
    duty = replace(duty, next_wake_at=_next(duty, scene))
    facts = {UNIT: deadline.n, "breach": str(breach_id), "due_at": due_at.isoformat()}
    out.opened.append(DutyOpened(duty, due_on, facts))
    late = due_at <= scene.now
    out.happened(
        "duty.opened", rule, duty=str(duty.id), slot=SLOT, party=party, due=due_on.isoformat(),
        event_on=duty.event_on.isoformat(), late=late,
    )  # fmt: skip
    told = Notice(
        "duty_opened_late" if late else "duty_opened", agency_id, role=party, duty_id=duty.id,
        citation=duty.citation, due_on=due_on, facts={"slot": SLOT, **facts},
    )  # fmt: skip
    out.notices.append(told)
    return duty


def _passed(due_at: datetime, scene: Scene) -> int:
    """Steps of the ladder that had passed when it opened: said by the notice that opened it."""
    steps = scene.policy.breaches.steps
    return sum(due_at + HOUR * step.offset_hours <= scene.now for step in steps)


def _next(duty: Duty, scene: Scene) -> datetime | None:
    steps = scene.policy.breaches.steps
    if duty.due_at is None or duty.ladder_step >= len(steps):
        return None
    return duty.due_at + HOUR * steps[duty.ladder_step].offset_hours


def _concern(out: Outcome, breach_id: UUID, profiles: tuple[UUID, ...], known: frozenset[UUID]) -> None:
    for profile_id in sorted(set(profiles) - known):
        out.insert("breach_files", breach_id=breach_id, profile_id=profile_id)


def add(breach: Breach, body: AddToBreach, scene: Scene) -> Outcome:
    """What has become known since.

    Raises:
        RefusedError: ``wrong-state``.
    """
    _not_closed(breach)
    out = Outcome(answer={"breach_id": str(breach.id)})
    if body.people is not None:
        out.subject["people"] = body.people
    _concern(out, breach.id, body.profiles, breach.files)
    new = set(body.profiles) - breach.files
    out.happened("breach.added", None, breach=str(breach.id), people=body.people, files=len(new))
    return out


def issue(breach: Breach, body: IssueBreachNotice, scene: Scene) -> Outcome:
    """Its notification is to be made as a file under a seal; also another one, later.

    Raises:
        RefusedError: ``wrong-state``.
    """
    _not_closed(breach)
    return breach_issuing.issue(breach.id, breach.agency_id, breach.making, body, scene)


def notify(breach: Breach, body: NotifyBreach, scene: Scene) -> Outcome:
    """The notification went out; by how much late, if it was, stays written.

    Raises:
        RefusedError: ``wrong-state``, ``future-date``, ``period-invalid``.
    """
    if breach.state != OPEN:
        refuse("wrong-state", "Đã thông báo hoặc đã kết thúc.", "It was notified or closed before.")
    if body.sent_at > scene.now:
        refuse("future-date", "Lúc gửi ở tương lai.", "It was sent in the future.")
    if body.sent_at < breach.known_at:
        refuse("period-invalid", "Gửi trước khi phát hiện.", "It was sent before it was detected.")
    late = hours_late(breach.due_at, body.sent_at)
    out = Outcome(answer={"breach_id": str(breach.id), "late_hours": late})
    out.subject |= {
        "state": NOTIFIED,
        "notified_at": body.sent_at,
        "notified_by": scene.actor_id,
        "notified_to": body.recipient,
        "notified_document": body.document,
        "late_hours": late,
        "next_wake_at": None,
    }
    if breach.duty is not None:
        on = legal_date(body.sent_at)
        out.closed.append(DutyClosed(breach.duty.id, "met", on, _days(breach.duty, on, late, scene)))
        out.happened("duty.met", scene.rule(SLOT), duty=str(breach.duty.id), slot=SLOT, late_hours=late)
    out.happened(
        "breach.notified", scene.rule(SLOT), breach=str(breach.id), sent_at=body.sent_at.isoformat(),
        late_hours=late,
    )  # fmt: skip
    out.notices.append(Notice("breach_notified", breach.agency_id, role="head", facts={"late_hours": late}))
    return out


def close(breach: Breach, body: CloseBreach, scene: Scene) -> Outcome:
    """The matter ends; without a notification only with the reason why none was owed.

    Raises:
        RefusedError: ``wrong-state``, ``breach-not-notified``.
    """
    _not_closed(breach)
    rule = scene.rule(SLOT)
    if breach.state == OPEN and breach.duty is not None and body.not_notifiable is None:
        refuse(
            "breach-not-notified",
            "Chưa thông báo; nếu không phải thông báo thì phải nêu lý do.",
            "It has not been notified; say why it need not be, if so.",
            citation=breach.duty.citation,
        )
    out = Outcome(answer={"breach_id": str(breach.id)})
    out.subject |= {
        "state": CLOSED,
        "closed_at": scene.now,
        "closed_by": scene.actor_id,
        "next_wake_at": None,
    }
    if breach.state == OPEN and breach.duty is not None:
        assert body.not_notifiable is not None
        # The reason may tell of the matter; the sealed story has it.
        out.closed.append(DutyClosed(breach.duty.id, "void", scene.today, reason="không phải thông báo"))
        out.happened("duty.void", rule, duty=str(breach.duty.id), slot=SLOT, reason="not_notifiable")
    out.happened("breach.closed", rule, breach=str(breach.id), notified=breach.state == NOTIFIED)
    return out


def wake(breach: Breach, scene: Scene) -> Outcome:
    """Reminders and escalations that are due, of the last instant reached, never a pile of missed ones."""
    out, duty = Outcome(), breach.duty
    if duty is None or breach.state != OPEN or duty.due_at is None:
        return out
    steps = scene.policy.breaches.steps
    reached = [n for n, one in enumerate(steps) if duty.due_at + HOUR * one.offset_hours <= scene.now]
    fresh = [n for n in reached if n >= duty.ladder_step]
    if not fresh:
        return out
    overdue = duty.due_at <= scene.now
    before = steps[duty.ladder_step - 1].offset_hours if duty.ladder_step else None
    if overdue and (before is None or before < 0):
        out.happened("duty.overdue", scene.rule(SLOT), duty=str(duty.id), slot=SLOT, due=str(duty.due_on))
    last = steps[fresh[-1]].offset_hours
    for number in fresh:
        if steps[number].offset_hours == last:
            _send(out, duty, scene, number, overdue=overdue)
    moved = replace(duty, ladder_step=fresh[-1] + 1)
    wake_at = _next(moved, scene)
    out.touched[duty.id] = (moved.ladder_step, wake_at)
    out.subject["next_wake_at"] = wake_at
    return out


def _send(out: Outcome, duty: Duty, scene: Scene, number: int, *, overdue: bool) -> None:
    step = scene.policy.breaches.steps[number]
    agency_id, role = duty.agency_id, duty.party
    if step.to == "unit_head":
        role = "head"
    elif step.to == "department":
        agency_id, role = scene.department_id or scene.managing_agency_id, "department_head"
    assert duty.due_at is not None
    facts = {
        "slot": SLOT,
        "step": number + 1,
        "overdue": overdue,
        "policy": True,
        "due_at": duty.due_at.isoformat(),
    }
    out.notices.append(
        Notice(
            step.kind, agency_id, role=role, duty_id=duty.id, citation=duty.citation, due_on=duty.due_on,
            facts=facts,
        )
    )  # fmt: skip
    out.happened(
        f"duty.{step.kind}", scene.rule(SLOT), duty=str(duty.id), slot=SLOT, to=step.to,
        offset_hours=step.offset_hours,
    )  # fmt: skip


def hours_late(due_at: datetime | None, at: datetime) -> int:
    """Begun hours after the instant; 0 in time or without one."""
    if due_at is None or at <= due_at:
        return 0
    return -((due_at - at) // HOUR)


def _days(duty: Duty, on: date, late: int, scene: Scene) -> int:
    """The same in working days, as every list of duties counts; at least one where it was late at all."""
    if not late or duty.due_on is None:
        return 0
    try:
        return max(1, late_days(duty.due_on, on, scene.calendar)[0])
    except MissingYear:
        return max(1, (on - duty.due_on).days)


def _not_closed(breach: Breach) -> None:
    if breach.state == CLOSED:
        refuse("wrong-state", "Sự cố đã kết thúc.", "The breach is closed.")


DECISIONS: Mapping[type[Any], Callable[[Breach, Any, Scene], Outcome]] = {
    AddToBreach: add,
    IssueBreachNotice: issue,
    NotifyBreach: notify,
    CloseBreach: close,
}
