"""Opening, climbing and closing duties: the same for every kind of subject.

The ladder of reminders is policy, not law; the date it climbs towards is law.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from models.calendar import Calendar, MissingYear, NoPeriod, Reckoning, late_days, reckon, start_of_day
from models.lifecycle.life import PERSON, Duty, Life
from models.lifecycle.outcome import DutyClosed, DutyOpened, Notice, Outcome
from models.lifecycle.scene import Scene
from models.regulations import Clock, Obligation, Step, plan_steps

NIGHT = timedelta(hours=6)
"""Wakes are spread over 00:00–06:00, so that a shared due date does not wake everybody at once."""
HELD = timedelta(hours=1)
"""How long a step of the ladder waits for what was accepted before it and is not decided yet."""


def spread(subject_id: UUID) -> timedelta:
    """The subject's own minute of the night, the same every night."""
    share = int.from_bytes(sha256(subject_id.bytes).digest()[:4]) / 2**32
    return timedelta(seconds=int(share * NIGHT.total_seconds()))


def ladder(duty: Duty, scene: Scene) -> list[tuple[int, Step, date]]:
    """The steps still ahead of a duty with their days, in order; empty where it has no due date.

    What falls on the day the duty was opened is said by the notice that opened it.
    """
    if duty.due_on is None:
        return []
    try:
        plan = plan_steps(
            scene.policy,
            duty.opened_on,
            duty.due_on,
            scene.calendar,
            foreseen=duty.agency_month_id is not None or duty.report_id is not None,
        )
    except MissingYear:
        return []  # the ladder is policy: without its calendar year it is silent, the duty stays open
    numbered = ((scene.policy.steps.index(p.step) + 1, p.step, p.day) for p in plan)
    return [n for n in numbered if n[0] > duty.ladder_step and n[2] > duty.opened_on]


def next_wake(duty: Duty, scene: Scene, subject_id: UUID) -> datetime | None:
    """When the duty next needs attention; none where nothing is left to send."""
    rungs = ladder(duty, scene)
    return start_of_day(rungs[0][2]) + spread(subject_id) if rungs else None


OPERATING = ("operator", "ict_department")
"""Parties that are one agency for the whole authority: whoever operates the database and its accounts."""


def bearer(obligation: Obligation, agency_id: UUID, scene: Scene) -> tuple[str, UUID]:
    """Who owes it by the rule: the person, or a role of the agency the rule names."""
    rule = obligation.rule
    if rule.party == "person":
        return PERSON, agency_id
    if rule.party == "department" and scene.department_id is not None:
        return "department_officer", scene.department_id
    if rule.party in ("parent_agency", "managing_authority"):
        return rule.post or "hr_officer", scene.managing_agency_id
    if rule.party in OPERATING:
        # Where nobody else was named the database is operated by whoever keeps it.
        return rule.post or "administrator", scene.ict_department_id or scene.department_id or agency_id
    return rule.post or "hr_officer", agency_id


def succeeded(obligation: Obligation | None) -> dict[str, Any]:
    """The fact that an office the rule names no longer exists, and who stands in; nothing where all do."""
    note = obligation.succession_note if obligation else None
    return {"succession": note} if note else {}


def by_policy(working_days: int, scene: Scene) -> tuple[date, date, datetime] | None:
    """Nominal date, date and instant of a period that is policy; none where its calendar year is missing."""
    try:
        day = scene.calendar.add_working_days(scene.today, working_days)
    except MissingYear:
        return None
    return day, day, start_of_day(day + timedelta(days=1))


def open_duty(
    outcome: Outcome,
    scene: Scene,
    obligation: Obligation,
    *,
    agency_id: UUID,
    event_on: date,
    label: str = "",
    profile_id: UUID | None = None,
    case_id: UUID | None = None,
    agency_month_id: UUID | None = None,
    report_id: UUID | None = None,
    due: tuple[date, date, datetime] | None = None,
    account_id: UUID | None = None,
    owed_by: tuple[str, UUID] | None = None,
    beside: tuple[tuple[Obligation, date], ...] = (),
    quiet: bool = False,
    **facts: Any,
) -> Duty:
    """Open a duty under ``obligation`` from ``event_on`` and tell whoever the rule lays it on.

    ``due`` (nominal date, date, exclusive instant) is given for windows; otherwise the obligation's own
    period is reckoned. A regulation without a period opens a duty without a date; a calendar year that is
    missing opens it as unknown, to be recomputed, and tells the administrator. ``owed_by`` (role, agency) is
    given where the rule's own party does not say it; ``beside`` are other obligations whose periods run for
    this duty too, each from its own event. ``quiet``: what it asks for happens by itself, so only its ladder
    speaks.
    """
    party, agency_id = owed_by or bearer(obligation, agency_id, scene)
    nominal, due_on, due_at = due or (None, None, None)
    clocks = [(clock, event_on) for clock in obligation.clocks]
    clocks += [(clock, start) for other, start in beside for clock in other.clocks]
    if due is None and clocks:
        try:
            nominal, due_on, due_at, several = earliest(clocks, scene.calendar)
            facts |= {"clocks": several} if several else {}
        except NoPeriod:
            facts["no_period"] = True
        except MissingYear as missing:
            facts["due_unknown"] = missing.year
            outcome.notices.append(
                Notice(
                    "calendar_year_missing",
                    scene.department_id or agency_id,
                    role="administrator",
                    facts={"year": missing.year},
                )
            )
    elif due is None:
        facts["no_period"] = True
    stands_in = succeeded(obligation)
    facts |= stands_in
    subject_id = report_id or agency_month_id or case_id or profile_id
    assert subject_id is not None
    duty = Duty(
        id=scene.new_id(f"duty:{obligation.slot}:{label}"),
        slot=obligation.slot,
        party=party,
        agency_id=agency_id,
        rule_id=obligation.rule.id,
        citation=obligation.citation,
        event_on=event_on,
        due_on=due_on,
        due_at=due_at,
        opened_on=scene.today,
        profile_id=profile_id,
        case_id=case_id,
        agency_month_id=agency_month_id,
        report_id=report_id,
        returned=bool(facts.get("returned")),
        revision=facts.get("revision"),
        mapping=facts.get("mapping"),
    )
    # Opened with its dates already past: what was missed is said once, in the notice below.
    duty = replace(duty, next_wake_at=next_wake(duty, scene, subject_id))
    late = due_at is not None and due_at <= scene.now
    outcome.opened.append(DutyOpened(duty, nominal, facts, scene.law.hash))
    outcome.happened(
        "duty.opened",
        obligation,
        duty=str(duty.id),
        slot=duty.slot,
        party=party,
        due=due_on.isoformat() if due_on else None,
        event_on=event_on.isoformat(),
        late=late,
    )
    if quiet:
        return duty
    outcome.notices.append(
        Notice(
            "duty_opened_late" if late else "duty_opened",
            agency_id,
            role=None if party == PERSON else party,
            account_id=account_id if party == PERSON else None,
            duty_id=duty.id,
            citation=duty.citation,
            due_on=due_on,
            facts={"slot": duty.slot, **stands_in},
        )
    )
    return duty


def open_correction(
    outcome: Outcome,
    scene: Scene,
    obligation: Obligation,
    life: Life,
    *,
    label: str,
    party: str | None = None,
    **facts: Any,
) -> Duty:
    """Open the duty to correct a form that came back, owed by ``party`` of its unit, else as its rule says.

    No text gives a period for it: it is policy, and marked so.
    """
    return open_duty(
        outcome,
        scene,
        obligation,
        agency_id=life.agency_id,
        event_on=scene.today,
        label=label,
        profile_id=life.profile_id,
        account_id=life.account.id if life.account else None,
        owed_by=(party, life.agency_id) if party is not None else None,
        due=by_policy(scene.policy.declarations.correction, scene),
        returned=True,
        policy=True,
        **facts,
    )


def earliest(
    clocks: Sequence[tuple[Clock, date]], calendar: Calendar
) -> tuple[date, date, datetime, list[dict[str, str]]]:
    """The period that ends first, each from its own event, and all of them by rule where several run.

    Raises:
        NoPeriod: none of them ends on a date.
        MissingYear: a year is missing, so nobody knows which ends first.
    """
    reckoned: list[tuple[Clock, date, Reckoning]] = []
    silent: NoPeriod | None = None
    for clock, event_on in clocks:
        try:
            reckoned.append((clock, event_on, reckon(clock.deadline, event_on, calendar)))
        except NoPeriod as none:
            silent = none
    if not reckoned:
        raise silent or NoPeriod(None)
    first = min((found for *_, found in reckoned), key=lambda found: found.due_at)
    beside = [
        {
            "rule": clock.rule_id,
            "citation": clock.citation,
            "from": event_on.isoformat(),
            "due": found.due.isoformat(),
        }
        for clock, event_on, found in reckoned
    ]
    return first.nominal_due, first.due, first.due_at, beside if len(beside) > 1 else []


def close_duty(outcome: Outcome, scene: Scene, duty: Duty, *, met_on: date | None = None) -> int:
    """Meet a duty; answers how many working days late that was (0 when in time or without a date).

    What was accepted in time is in time, also where it then had to wait; none is met before it was opened.
    """
    on = met_on or scene.arrived_on
    late = 0
    if duty.due_on is not None and on > duty.due_on:
        late = _late(duty.due_on, on, scene.calendar)
    outcome.closed.append(DutyClosed(duty.id, "met", met_on or max(on, duty.opened_on), late))
    obligation = scene.rule(duty.slot)
    outcome.happened("duty.met", obligation, duty=str(duty.id), slot=duty.slot, late_days=late)
    return late


def days_late(obligation: Obligation | None, event_on: date, scene: Scene) -> int:
    """Working days that it arrived late for what ``event_on`` asked; 0 in time, without a period or calendar.

    An uncertain period is never held against anybody.
    """
    if obligation is None or obligation.deadline is None:
        return 0
    try:
        due = earliest([(clock, event_on) for clock in obligation.clocks], scene.calendar)[1]
    except (MissingYear, NoPeriod):
        return 0
    return _late(due, scene.arrived_on, scene.calendar) if scene.arrived_on > due else 0


def _late(due_on: date, on: date, calendar: Calendar) -> int:
    """Working days late; at least one, because the date has passed."""
    try:
        return max(1, late_days(due_on, on, calendar)[0])
    except MissingYear:
        return max(1, (on - due_on).days)


def void_duty(outcome: Outcome, scene: Scene, duty: Duty, reason: str) -> None:
    """Drop a duty that can no longer be owed, saying why."""
    outcome.closed.append(DutyClosed(duty.id, "void", scene.today, reason=reason))
    outcome.happened("duty.void", scene.rule(duty.slot), duty=str(duty.id), slot=duty.slot, reason=reason)


def climb(
    outcome: Outcome, scene: Scene, duty: Duty, *, subject_id: UUID, account_id: UUID | None = None
) -> None:
    """Send what the ladder has due now: the steps of the last day reached, never a pile of missed ones.

    Where something accepted still waits, it may be what is asked for: a step waits for it once, for `HELD`.
    """
    if duty.next_wake_at is None or duty.next_wake_at > scene.now:
        return
    reached = [rung for rung in ladder(duty, scene) if rung[2] <= scene.today]
    foreseen = next_wake(duty, scene, subject_id)
    if not reached:
        outcome.touched[duty.id] = (duty.ladder_step, foreseen)
        return
    # A wake that was moved once already stands at another instant than the ladder's own.
    if scene.unsettled and duty.next_wake_at == foreseen:
        outcome.touched[duty.id] = (duty.ladder_step, scene.now + HELD)
        return
    overdue = duty.due_at is not None and duty.due_at <= scene.now
    climbed = scene.policy.steps[: duty.ladder_step]
    if overdue and all(one.offset_working_days <= 0 for one in climbed):
        outcome.happened(
            "duty.overdue", scene.rule(duty.slot), duty=str(duty.id), slot=duty.slot, due=str(duty.due_on)
        )
    for number, step, day in reached:
        if day == reached[-1][2]:
            _send(outcome, scene, duty, number, step, account_id, overdue=overdue)
    number = reached[-1][0]
    reached_now = replace(duty, ladder_step=number)
    outcome.touched[duty.id] = (number, next_wake(reached_now, scene, subject_id))


def _send(
    outcome: Outcome,
    scene: Scene,
    duty: Duty,
    number: int,
    step: Step,
    account_id: UUID | None,
    *,
    overdue: bool,
) -> None:
    """One message of the ladder, with its event."""
    agency_id, role, account = _addressee(step, duty, scene, account_id)
    obligation = scene.rule(duty.slot)
    facts = {"slot": duty.slot, "step": number, "overdue": overdue, "policy": True}
    outcome.notices.append(
        Notice(
            step.kind,
            agency_id,
            role=role,
            account_id=account,
            duty_id=duty.id,
            citation=duty.citation,
            due_on=duty.due_on,
            facts={**facts, **succeeded(obligation)},
        )
    )
    outcome.happened(
        f"duty.{step.kind}",
        obligation,
        duty=str(duty.id),
        slot=duty.slot,
        to=step.to,
        offset=step.offset_working_days,
    )


def _addressee(
    step: Step, duty: Duty, scene: Scene, account_id: UUID | None
) -> tuple[UUID, str | None, UUID | None]:
    """Agency, role and account a step goes to; by post, resolved to people only when it is sent."""
    match step.to:
        case "unit_head":
            return duty.agency_id, "head", None
        case "managing_agency":
            return scene.managing_agency_id, "head", None
        case "department":
            return scene.department_id or scene.managing_agency_id, "department_officer", None
        case _ if duty.party == PERSON:
            return duty.agency_id, None, account_id
        case _:
            return duty.agency_id, duty.party, None
