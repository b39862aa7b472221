"""What a fired timer does: it asks what is due now, whatever it was set for."""

from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from models.calendar import start_of_day
from models.lifecycle.duties import climb, open_duty, spread
from models.lifecycle.life import AgencyMonth, Case, Chapter, Duty, Life
from models.lifecycle.list_sessions import looked_after
from models.lifecycle.month import nothing_waits
from models.lifecycle.outcome import Insert, Outcome
from models.lifecycle.scene import Scene
from models.lifecycle.secondment import share_wake, wake_share
from models.lifecycle.separation import take_effect
from models.lifecycle.session_ends import expire
from models.lifecycle.session_ends import wakes as session_wakes

ANSWERED_BY_LEAVING = ("retirement", "contract_end")
"""What a form foretells that a decided separation is the answer to: nobody has to declare it."""


def wake_profile(life: Life, scene: Scene, month: AgencyMonth | None = None) -> Outcome:
    """Reminders and escalations due, a separation whose date has come, changes the form foretold."""
    out = Outcome()
    case = life.case
    if (
        case is not None
        and case.kind == "separation"
        and case.state == "decided"
        and case.effective_on <= scene.today
    ):
        take_effect(life, case, out, scene, month)
        return out
    wake_share(life, out, scene)
    expire(out, life, scene)
    account_id = life.account.id if life.account else None
    for duty in life.duties:
        if duty.case_id is None:
            climb(out, scene, duty, subject_id=life.profile_id, account_id=account_id)
    come = [f for f in life.foretold if f[1] <= scene.today]
    rule = scene.rule("update_after_change")
    if come and rule is not None and life.chapter in (Chapter.SERVICE, Chapter.TRANSFER):
        leaving = case is not None and case.kind == "separation"
        for kind, on in come:
            if leaving and kind in ANSWERED_BY_LEAVING:
                continue
            open_duty(
                out,
                scene,
                rule,
                agency_id=life.agency_id,
                event_on=on,
                label=f"{kind}:{on}",
                profile_id=life.profile_id,
                account_id=account_id,
                foretold=kind,
            )
            out.happened("change.foretold", rule, kind=kind, changed_on=on.isoformat())
    if come:
        out.subject["foretold"] = [[kind, on.isoformat()] for kind, on in life.foretold if on > scene.today]
    return out


def wake_transfer(life: Life, case: Case, scene: Scene) -> Outcome:
    """Reminders about the steps of a transfer."""
    out = Outcome()
    for duty in life.duties:
        if duty.case_id == case.id:
            climb(out, scene, duty, subject_id=case.id)
    return out


def wake_month(month: AgencyMonth, scene: Scene) -> Outcome:
    """Reminders about a month's list; nobody is chased for a list on which nothing waits any more."""
    out = looked_after(Outcome(), month, scene)
    nothing_waits(month, out, scene)
    met = {closed.duty_id for closed in out.closed}
    for duty in month.duties:
        if duty.id not in met:
            climb(out, scene, duty, subject_id=month.id)
    return out


def after(duties: tuple[Duty, ...], outcome: Outcome) -> tuple[Duty, ...]:
    """The open duties once the outcome is written."""
    closed = {c.duty_id for c in outcome.closed}
    kept = [
        replace(d, ladder_step=outcome.touched[d.id][0], next_wake_at=outcome.touched[d.id][1])
        if d.id in outcome.touched
        else outcome.rebased[d.id].duty
        if d.id in outcome.rebased
        else d
        for d in duties
        if d.id not in closed
    ]
    return (*kept, *(o.duty for o in outcome.opened if o.duty.id not in closed))


def profile_wake(life: Life, outcome: Outcome, subject_id: UUID) -> datetime | None:
    """When a profile must next be looked at once ``outcome`` is written: the earliest of all reasons."""
    chapter = Chapter(outcome.subject.get("chapter", life.chapter))
    if chapter is Chapter.ARCHIVE:
        return session_wakes(life.sessions, outcome)
    times = [d.next_wake_at for d in after(life.duties, outcome) if d.case_id is None and d.next_wake_at]
    foretold = outcome.subject.get("foretold", [[k, d.isoformat()] for k, d in life.foretold])
    if foretold and chapter in (Chapter.SERVICE, Chapter.TRANSFER):
        first = min(datetime.fromisoformat(on).date() for _, on in foretold)
        times.append(start_of_day(first) + spread(subject_id))
    if (share := share_wake(life, outcome)) is not None:
        times.append(share)
    if (ends := session_wakes(life.sessions, outcome)) is not None:
        times.append(ends)
    if (effective := _separation_on(life, outcome)) is not None and chapter is not Chapter.SEPARATION:
        times.append(start_of_day(effective) + spread(subject_id))
    return min(times, default=None)


def _separation_on(life: Life, outcome: Outcome) -> date | None:
    """When a decided separation takes effect, as it stands once ``outcome`` is written."""
    if "case_id" not in outcome.subject:
        case = life.case
        return case.effective_on if case and case.kind == "separation" and case.state == "decided" else None
    opened = (w.values for w in outcome.writes if isinstance(w, Insert) and w.table == "cases")
    return next((v["effective_on"] for v in opened if v["kind"] == "separation"), None)
