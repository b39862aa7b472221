"""What an open duty would be under the law and calendar as they are loaded now: the same reckoning, again.

A duty keeps the law it stands on unless another covers its event. The day that decides is that of the event,
or the day the duty was opened where that is later: an event of long ago is answered by the law of the day it
was told, one still to come by the law of its own day. The calendar is always the newest.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from models.calendar import Calendar, MissingYear, NoPeriod, start_of_day
from models.lifecycle.duties import bearer, earliest, ladder, next_wake, succeeded
from models.lifecycle.life import PERSON, Duty
from models.lifecycle.outcome import DutyRebased, Notice, Outcome
from models.lifecycle.review_dates import review_dates
from models.lifecycle.scene import Scene
from models.lifecycle.steps import Step, owed_by
from models.regulations import Clock, Obligation, Policy, Rule, RuleSet, Slot, oblige

RECKONED = ("clocks", "no_period", "due_unknown", "policy_date", "succession")
"""Facts of a duty that reckoning gives, and that are another's when it is reckoned again."""
WINDOW = "last_n_calendar_days_of_month"
Due = tuple[date | None, date | None, datetime | None]


@dataclass(frozen=True, slots=True)
class Standing:
    """An open duty with what it was reckoned from, and what the law may ask about its subject."""

    duty: Duty
    nominal_due_on: date | None
    law_hash: str
    calendar_hash: str
    facts: Mapping[str, Any]
    asked: Mapping[str, str]
    submitted_on: date | None = None
    """When the submission was made whose signature is owed; a total period runs from it."""
    period: str | None = None
    """The period of the review whose report is owed."""

    @property
    def day(self) -> date:
        """The day whose law answers."""
        return max(self.duty.event_on, self.duty.opened_on)


@dataclass(frozen=True)
class Basis:
    """Everything loaded for an authority: each law with the day from which it stands, and the calendar.

    ``laws`` are in the order in which they prevail: by day, and of one day the later load last.
    """

    laws: tuple[tuple[date, RuleSet], ...]
    calendar: Calendar
    policy: Policy
    calendars: Mapping[str, Calendar]
    """Every calendar ever loaded, by hash: what a duty was reckoned with before."""
    loads: Mapping[str, UUID] = field(default_factory=dict)
    """The newest load of each content, by its hash: what a move is put down to."""
    regimes: Mapping[str, tuple[tuple[date, RuleSet], ...]] = field(default_factory=dict)
    """The same of other regulations under which parts of the tree are or were, by whose they are."""

    def on(self, day: date, regime: str | None = None) -> RuleSet | None:
        """The law of a day, the authority's own or a regime's; none before the first load."""
        laws = self.laws if regime is None else self.regimes.get(regime, ())
        return next((law for start, law in reversed(laws) if start <= day), None)

    def known(self, law_hash: str) -> RuleSet | None:
        """A law by its content."""
        every = (*self.laws, *(one for laws in self.regimes.values() for one in laws))
        return next((law for _, law in every if law.hash == law_hash), None)

    def regime_of(self, law_hash: str) -> str | None:
        """Whose regulation a law is; none for the authority's own."""
        return next(
            (name for name, laws in self.regimes.items() if any(law.hash == law_hash for _, law in laws)),
            None,
        )

    def covering(self, standing: Standing) -> RuleSet | None:
        """The law that a duty stands under now: the newest of the regulation it was opened under, as of its
        day. That another regulation binds the unit since is decided on that day, once (`switching`)."""
        return self.on(standing.day, self.regime_of(standing.law_hash))

    def current(self, standing: Standing) -> bool:
        """Whether a duty was reckoned with just this law and calendar."""
        law = self.covering(standing)
        return (
            standing.calendar_hash == self.calendar.hash and law is not None and standing.law_hash == law.hash
        )


@dataclass(frozen=True, slots=True)
class Judged:
    """A duty reckoned again. ``kept`` says that the newer law has no answer and the older one stays."""

    before: Standing
    law: RuleSet
    calendar: Calendar
    obligation: Obligation
    due: Due
    facts: dict[str, Any]
    kept: bool
    why: tuple[dict[str, Any], ...]
    passed_on: bool = False
    """The newer rule lays it on another party or post than the one it was opened under."""
    loads: tuple[UUID, ...] = ()
    """The loads whose content it stands on now and did not before; of a kept one, the law that is silent."""

    @property
    def moved(self) -> bool:
        """Whether anything a person is shown is another: who owes it, the date, the rule, other periods."""
        duty = self.before.duty
        return (
            self.passed_on
            or self.due != (self.before.nominal_due_on, duty.due_on, duty.due_at)
            or (self.obligation.rule.id, self.obligation.citation) != (duty.rule_id, duty.citation)
            or _shown(self.facts) != _shown(self.before.facts)
        )


def _shown(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts as they are compared: which periods run until when, however much else is told of each."""
    clocks = [(one["rule"], one["citation"], one["due"]) for one in facts.get("clocks", ())]
    return {**facts, "clocks": clocks}


def judge(standing: Standing, basis: Basis, newer: RuleSet | None = None) -> Judged | None:
    """Reckon one duty again; none where no law that was ever loaded knows it.

    ``newer`` is the law it goes over to, where it does not stay under the regulation it was opened under.
    """
    newer, older = newer or basis.covering(standing), basis.known(standing.law_hash)
    law, found = newer, _obligation(standing, newer, older) if newer else None
    if found is None:
        law, found = older, _obligation(standing, older, older) if older else None
    if law is None or found is None:
        return None
    due, reckoned = _due(standing, found, law, basis)
    kept = {name: value for name, value in standing.facts.items() if name not in RECKONED}
    facts = kept | succeeded(found) | reckoned
    judged = Judged(standing, law, basis.calendar, found, due, facts, law is not newer, ())
    judged = replace(judged, passed_on=_passed_on(judged, older), loads=_loads(judged, newer, basis))
    return replace(judged, why=_why(judged, basis)) if judged.moved else judged


def _passed_on(judged: Judged, older: RuleSet | None) -> bool:
    """Whether the rule's own words lay it on somebody else; a step of a chain goes by who may sign it."""
    was = _obligation(judged.before, older, older) if older is not None else None
    now = judged.obligation
    # Policy (a correction, an answer) is laid on whoever it was, whatever the rule beside it says.
    if was is None or judged.before.duty.returned or judged.before.facts.get("policy"):
        return False
    return (was.party, was.post) != (now.party, now.post)


def _loads(judged: Judged, newer: RuleSet | None, basis: Basis) -> tuple[UUID, ...]:
    law = newer if judged.kept and newer is not None else judged.law
    hashes = [law.hash] if law.hash != judged.before.law_hash else []
    hashes += [judged.calendar.hash] if judged.calendar.hash != judged.before.calendar_hash else []
    return tuple(basis.loads[one] for one in hashes if one in basis.loads)


def _obligation(standing: Standing, law: RuleSet, older: RuleSet | None) -> Obligation | None:
    """What this law asks where the duty's own law asked for the duty; none where it asks nothing."""
    duty = standing.duty
    if duty.slot == Slot.REVIEW_STEP:
        return next((oblige(Slot.REVIEW_STEP, (r,)) for r in law.rules if r.id == duty.rule_id), None)
    found = law.slot(duty.slot, **standing.asked)
    if duty.report_id is None:
        was = older.slot(duty.slot, **standing.asked) if older else None
        if was is not None and was.rule.id == duty.rule_id:
            return found
    # The facts of today no longer lead to the rule it stands on (a transfer, say): the rule itself is asked.
    rule = next((r for r in law.rules if r.id == duty.rule_id), None)
    return oblige(Slot(duty.slot), (rule, *_beneath(rule, law, standing))) if rule else None


def _beneath(rule: Rule, law: RuleSet, standing: Standing) -> list[Rule]:
    """The rules of other documents that answer the same purpose."""
    several = law.every(standing.duty.slot)
    return [r for r in several if r.regulation != rule.regulation and r.when.fits(standing.asked)]


def _due(standing: Standing, found: Obligation, law: RuleSet, basis: Basis) -> tuple[Due, dict[str, Any]]:
    """Nominal date, date and instant, with what is to be said beside them; as `duties.open_duty` does it."""
    duty = standing.duty
    if duty.report_id is not None:
        return _report_due(standing, law, basis)
    if standing.facts.get("policy"):
        return _policy_due(standing, basis)
    clocks = [(clock, duty.event_on) for clock in found.clocks]
    if duty.agency_month_id is not None and found.deadline is not None and found.deadline.unit == WINDOW:
        # The window of the list, whatever runs beside it; it was opened also where its year was missing.
        due, said = _reckoned(clocks[:1], basis.calendar)
        kept: Due = (standing.nominal_due_on, duty.due_on, duty.due_at)
        return (kept, {}) if "due_unknown" in said else (due, said)
    total = law.slot("change_total", **standing.asked) if "step" in standing.facts else None
    if total is not None and standing.submitted_on is not None:
        clocks += [(clock, standing.submitted_on) for clock in total.clocks]
    clocks += _beside(standing, law, {clock.rule_id for clock, _ in clocks})
    due, said = _reckoned(clocks, basis.calendar)
    if "no_period" in said and duty.due_on is not None and found.rule.id == duty.rule_id:
        # The period was another rule's alone, which is not told with the duty: its date stays.
        return (standing.nominal_due_on, duty.due_on, duty.due_at), {}
    return due, said


def _beside(standing: Standing, law: RuleSet, known: set[str]) -> list[tuple[Clock, date]]:
    """Periods of other rules that run for it from days of their own, as they were told with the duty."""
    found: list[tuple[Clock, date]] = []
    for told in standing.facts.get("clocks", ()):
        rule = next((one for one in law.rules if one.id == told["rule"]), None)
        if rule is None or rule.deadline is None or rule.id in known or "from" not in told:
            continue
        clock = Clock(
            rule_id=rule.id, citation=rule.citation, citation_en=rule.citation_en, deadline=rule.deadline
        )
        found.append((clock, date.fromisoformat(told["from"])))
    return found


def _policy_due(standing: Standing, basis: Basis) -> tuple[Due, dict[str, Any]]:
    """A period that no text gives keeps its length in working days; only the calendar may move it."""
    duty, before = standing.duty, basis.calendars.get(standing.calendar_hash)
    ours = basis.policy.declarations
    days = ours.correction if duty.returned else ours.answer
    try:
        if standing.nominal_due_on is not None and before is not None:
            days = before.working_days_between(duty.event_on, standing.nominal_due_on)
        day = basis.calendar.add_working_days(duty.event_on, days)
    except MissingYear as missing:
        return (None, None, None), {"due_unknown": missing.year}
    return (day, day, start_of_day(day + timedelta(days=1))), {}


def _reckoned(clocks: list[tuple[Clock, date]], calendar: Calendar) -> tuple[Due, dict[str, Any]]:
    nothing: Due = (None, None, None)
    if not clocks:
        return nothing, {"no_period": True}
    try:
        nominal, due_on, due_at, several = earliest(clocks, calendar)
    except NoPeriod:
        return nothing, {"no_period": True}
    except MissingYear as missing:
        return nothing, {"due_unknown": missing.year}
    return (nominal, due_on, due_at), {"clocks": several} if several else {}


def _report_due(standing: Standing, law: RuleSet, basis: Basis) -> tuple[Due, dict[str, Any]]:
    """A report's day is that of its review; one that the texts give none has none."""
    duty, policy = standing.duty, basis.policy.reviews
    said = {name: standing.facts[name] for name in RECKONED if name in standing.facts}
    kept: Due = (standing.nominal_due_on, duty.due_on, duty.due_at)
    dates = review_dates(standing.period, law, basis.calendar, policy) if standing.period else None
    if duty.due_on is None or dates is None:
        return kept, said
    return (dates.nominal_due_on, dates.due_on, dates.due_at), said | {"policy_date": dates.policy}


def _why(judged: Judged, basis: Basis) -> tuple[dict[str, Any], ...]:
    """The reasons of a change: another rule, each day that counts otherwise with the act that says so."""
    standing, duty, rule = judged.before, judged.before.duty, judged.obligation.rule
    why: list[dict[str, Any]] = []
    if judged.law.hash != standing.law_hash and _reads_otherwise(judged, basis):
        why.append({"rule": rule.id, "citation": judged.obligation.citation, "instead_of": duty.citation})
    old = basis.calendars.get(standing.calendar_hash)
    if old is not None and old.hash != judged.calendar.hash:
        why += _days(old, judged)
    return tuple(why)


def _reads_otherwise(judged: Judged, basis: Basis) -> bool:
    older = basis.known(judged.before.law_hash)
    was = _obligation(judged.before, older, older) if older else None
    now = judged.obligation
    return was is None or (was.rule.id, was.citation, was.clocks) != (now.rule.id, now.citation, now.clocks)


def _days(old: Calendar, judged: Judged) -> list[dict[str, Any]]:
    """Days of the period that are off or worked only by the newer calendar; a year that was missing."""
    duty, (_, due_on, _) = judged.before.duty, judged.due
    years = {year.year for year in judged.calendar.years} - {year.year for year in old.years}
    unknown = judged.before.facts.get("due_unknown")
    if unknown is not None:
        return [{"year": unknown, "loaded": unknown in years}]
    ends = [day for day in (duty.due_on, due_on, judged.due[0]) if day is not None]
    if not ends:
        return []
    found: list[dict[str, Any]] = []
    for step in range(1, (max(ends) - duty.event_on).days + 1):
        day = duty.event_on + timedelta(days=step)
        try:
            was, note = old.explain(day), judged.calendar.explain(day)
        except MissingYear as missing:
            return [*found, {"year": missing.year, "loaded": missing.year in years}]
        if was.off != note.off:
            found.append({"day": day.isoformat(), "off": note.off, "act": note.source})
    return found


def rebase(
    out: Outcome,
    scene: Scene,
    judged: Judged,
    *,
    account_id: UUID | None = None,
    agency_id: UUID | None = None,
    **told: Any,
) -> Duty:
    """Move a duty to where it stands now, with its event and a word to whoever owes it.

    What the ladder has said about the old date it says again about a later one. Where the newer rule lays it
    on somebody else, it follows: ``agency_id`` is who holds the subject, from whom the rule's party is found.
    """
    duty, (nominal, due_on, due_at) = judged.before.duty, judged.due
    found = judged.obligation
    party, owing = duty.party, duty.agency_id
    if judged.passed_on:
        party, owing = _bearer(found, agency_id or duty.agency_id, scene)
        told |= {"party_before": duty.party, "party": party}
    moved = replace(
        duty,
        rule_id=found.rule.id,
        citation=found.citation,
        due_on=due_on,
        due_at=due_at,
        ladder_step=0,
        party=party,
        agency_id=owing,
    )
    said = [number for number, _, day in ladder(moved, scene) if day <= scene.today]
    moved = replace(moved, ladder_step=min(duty.ladder_step, max(said, default=0)))
    subject_id = duty.report_id or duty.agency_month_id or duty.case_id or duty.profile_id
    assert subject_id is not None, "every duty has a subject"
    moved = replace(moved, next_wake_at=next_wake(moved, scene, subject_id))
    out.rebased[duty.id] = DutyRebased(moved, nominal, judged.facts, judged.law.hash, judged.calendar.hash)
    out.happened(
        "duty.moved",
        found,
        duty=str(duty.id),
        slot=duty.slot,
        due_before=duty.due_on.isoformat() if duty.due_on else None,
        due=due_on.isoformat() if due_on else None,
        why=list(judged.why),
        **told,
    )
    changed_hands = (party, owing) != (duty.party, duty.agency_id)
    if due_on != duty.due_on or changed_hands:
        out.notices.append(_notice("duty_moved", moved, duty.due_on, account_id))
    if changed_hands:
        gone = replace(duty, citation=found.citation, due_on=due_on)
        out.notices.append(_notice("duty_passed_on", gone, duty.due_on, account_id))
    return moved


def keep(out: Outcome, judged: Judged, *, account_id: UUID | None = None) -> None:
    """Tell whoever owes it that newer law is silent on its purpose, so that it is owed as it was."""
    duty = judged.before.duty
    out.happened(
        "duty.kept",
        judged.obligation,
        duty=str(duty.id),
        slot=duty.slot,
        due=duty.due_on.isoformat() if duty.due_on else None,
    )
    out.notices.append(_notice("duty_kept", duty, duty.due_on, account_id))


def _bearer(found: Obligation, agency_id: UUID, scene: Scene) -> tuple[str, UUID]:
    if found.slot != Slot.REVIEW_STEP:
        return bearer(found, agency_id, scene)
    number = next((n for n, one in enumerate(scene.chain(), 1) if one.rule.id == found.rule.id), 1)
    return owed_by(Step(number, number, found), agency_id, scene)


def _notice(kind: str, duty: Duty, before: date | None, account_id: UUID | None) -> Notice:
    own = duty.party == PERSON
    return Notice(
        kind,
        duty.agency_id,
        role=None if own else duty.party,
        account_id=account_id if own else None,
        duty_id=duty.id,
        citation=duty.citation,
        due_on=duty.due_on,
        facts={"slot": duty.slot, "before": before.isoformat() if before else None},
    )
