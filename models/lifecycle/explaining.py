"""Why a duty is owed: its rules, each period day by day, and what the law asks for next.

Told under the law and the calendar the duty was opened with, whatever has come into force since. A row keeps
the binding rule and the citation; the rules beside it are found again by what the citation names.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from models.calendar import Calendar, MissingYear, NoPeriod, Reckoning, reckon
from models.lifecycle.duties import bearer
from models.lifecycle.scene import Scene
from models.lifecycle.steps import Step, owed_by
from models.regulations import Clock, Obligation, Rule, RuleSet, Slot
from models.regulations.ruleset import oblige

CHAIN = "review_step"
"""Stands for every signature of the chain, the approval last."""
SENDING = (CHAIN, "event_sync_system", "event_sync_agency", "sync_window", "department_gate")

AFTER: Mapping[str, tuple[str, ...]] = {
    "account_request": ("personal_account", "default_password", "first_declaration", *SENDING),
    "personal_account": ("default_password", "first_declaration", *SENDING),
    "intake_request": ("intake_pull", "intake_account", "intake_check", *SENDING),
    "intake_account": ("default_password", "intake_check", *SENDING),
    "intake_pull": ("intake_check", *SENDING),
    "intake_unconnected": ("first_declaration", *SENDING),
    "default_password": ("first_declaration", *SENDING),
    "confirmed_form": ("agency_entry", *SENDING),
    "first_declaration": SENDING,
    "agency_entry": SENDING,
    "intake_check": SENDING,
    "transfer_check": SENDING,
    "update_after_change": SENDING,
    "review_step": SENDING,
    "approval_window": SENDING,
    "sync_window": ("department_gate",),
    "event_sync_system": ("department_gate",),
    "event_sync_agency": ("department_gate",),
    "dossier_creation": ("personal_account", "first_declaration", *SENDING),
    "transfer_request": ("transfer_hand_over", "transfer_receive", "transfer_account", "transfer_check"),
    "transfer_report": ("transfer_hand_over", "transfer_receive", "transfer_account", "transfer_check"),
    "transfer_hand_over": ("transfer_receive", "transfer_account", "transfer_check"),
    "transfer_receive": ("transfer_account", "transfer_check"),
    "transfer_account": ("default_password", "transfer_check"),
    "transfer_within": ("transfer_check",),
    "move_out": ("move_out_report", "national_transfer", "leaver_archive"),
    "move_out_report": ("national_transfer", "leaver_archive"),
    "status_change": ("leaver_archive",),
    "report_quarter": ("report_onward",),
    "report_year": ("report_onward",),
}
"""What follows a purpose in the order of life; a step the law has no rule for is left out."""


@dataclass(frozen=True, slots=True)
class Owed:
    """A duty as its row tells it: ``state`` is open, met or void."""

    slot: str
    rule_id: str
    citation: str
    event_on: date
    nominal_due_on: date | None
    due_on: date | None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClockTold:
    """One period of a duty. ``reckoning`` is none where its days cannot be told; ``doubt`` then says why."""

    rule: Rule
    event_on: date | None
    due_on: date | None
    binds: bool
    reckoning: Reckoning | None = None
    doubt: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Next:
    """A step the law asks for afterwards; ``number`` and ``of`` count the signatures of a chain."""

    slot: str
    obligation: Obligation
    party: str
    number: int | None = None
    of: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """Everything about why a duty is owed."""

    rules: tuple[Rule, ...]
    clocks: tuple[ClockTold, ...]
    next: tuple[Next, ...]
    notes: tuple[tuple[str, str], ...]


def explain(owed: Owed, scene: Scene, agency_id: UUID) -> Told:
    """Why it is owed. ``scene`` has the law and the calendar of its opening, and the subject's facts now.

    ``agency_id`` is the agency in whose work the subject stands; what comes next is laid on its posts.
    """
    obligation = found_again(scene.law, owed)
    rules = (obligation.rule, *obligation.also) if obligation is not None else ()
    clocks = _clocks(owed, scene.law, scene.calendar, obligation)
    return Told(rules, clocks, following(owed, scene, agency_id), tuple(_notes(owed, clocks)))


def found_again(law: RuleSet, owed: Owed) -> Obligation | None:
    """The obligation a duty rests on: its rule, and those beneath it that its citation names in order."""
    binding = next((rule for rule in law.rules if rule.id == owed.rule_id), None)
    if binding is None:
        return None
    rules, left = [binding], owed.citation.removeprefix(binding.citation)
    candidates = [rule for rule in law.every(owed.slot) if rule.id != binding.id]
    while left:
        fitting = [one for one in candidates if left.startswith(f"; {one.citation}")]
        if not fitting:
            break
        # "Điều 7" begins "Điều 7.1" too: the longest is the one that was written.
        best = max(fitting, key=lambda one: len(one.citation))
        rules.append(best)
        candidates.remove(best)
        left = left.removeprefix(f"; {best.citation}")
    return oblige(Slot(owed.slot), tuple(rules))


def _clocks(
    owed: Owed, law: RuleSet, calendar: Calendar, obligation: Obligation | None
) -> tuple[ClockTold, ...]:
    several = owed.facts.get("clocks") or []
    if several:
        first = min(str(one["due"]) for one in several)
        return tuple(_stored(one, first, owed, law, calendar) for one in several)
    if obligation is None or not obligation.clocks:
        return ()
    return (_single(obligation.clocks[0], owed, law, calendar),)


def _stored(one: Mapping[str, str], first: str, owed: Owed, law: RuleSet, calendar: Calendar) -> ClockTold:
    """One of several periods, as the row names them with the date each ends."""
    rule, due = law.rule(one["rule"]), date.fromisoformat(one["due"])
    start = date.fromisoformat(one["from"]) if "from" in one else owed.event_on
    reckoning = _reckoned(rule, start, calendar)
    binds = one["due"] == first
    if reckoning is None or reckoning.due != due:
        return ClockTold(rule, None, due, binds, doubt=_ELSEWHERE)
    return ClockTold(rule, start, due, binds, reckoning)


def _single(clock: Clock, owed: Owed, law: RuleSet, calendar: Calendar) -> ClockTold:
    rule = law.rule(clock.rule_id)
    reckoning = _reckoned(rule, owed.event_on, calendar)
    if owed.due_on is not None and reckoning is not None and reckoning.due == owed.due_on:
        return ClockTold(rule, owed.event_on, owed.due_on, True, reckoning)
    doubt = _POLICY if owed.facts.get("policy_date") or owed.facts.get("policy") else _ELSEWHERE
    if owed.due_on is None:
        doubt = _MISSING if "due_unknown" in owed.facts else _NONE
    return ClockTold(rule, owed.event_on, owed.due_on, owed.due_on is not None, doubt=doubt)


_ELSEWHERE = (
    "Hạn này do việc mở nghĩa vụ định (cửa sổ, kỳ báo cáo), không tính từ ngày phát sinh.",
    "This date was set where the duty was opened (a window, a reporting period), not counted from the event.",
)
_POLICY = (
    "Văn bản không định ngày: ngày này là chính sách của hệ thống.",
    "The text states no day: this one is policy of the system.",
)
_MISSING = (
    "Chưa có lịch làm việc của năm có liên quan nên chưa xác định được hạn.",
    "The calendar of a year it reaches is not loaded, so the date is not known yet.",
)
_NONE = ("Văn bản không định thời hạn.", "The text states no period.")


def _reckoned(rule: Rule, start: date, calendar: Calendar) -> Reckoning | None:
    if rule.deadline is None:
        return None
    try:
        return reckon(rule.deadline, start, calendar)
    except (MissingYear, NoPeriod):
        return None


def _notes(owed: Owed, clocks: tuple[ClockTold, ...]) -> list[tuple[str, str]]:
    """What a reader must know beside the dates."""
    found = []
    if owed.facts.get("policy"):
        found.append(
            (
                "Không văn bản nào định thời hạn này: số ngày là chính sách của hệ thống.",
                "No text gives this period: its length is policy of the system.",
            )
        )
    if any(one.reckoning is not None and one.reckoning.policy for one in clocks):
        found.append(
            (
                "Số ngày là chính sách của hệ thống; văn bản chỉ nói làm ngay.",
                "The number of days is policy; the text only says at once.",
            )
        )
    if any(one.rule.deadline is not None and one.rule.deadline.assumed_start for one in clocks):
        found.append(
            (
                "Văn bản không nói thời hạn tính từ khi nào: ngày bắt đầu là cách hiểu của hệ thống.",
                "The text does not say from when the period runs: the start is our reading.",
            )
        )
    if succession := owed.facts.get("succession"):
        found.append((str(succession["vi"]), str(succession["en"])))
    return found


def following(owed: Owed, scene: Scene, agency_id: UUID) -> tuple[Next, ...]:
    """The steps after this one, as far as the law has rules for them under the scene's facts."""
    found: list[Next] = []
    for slot in _ordered(AFTER.get(owed.slot, ()), scene):
        if slot == CHAIN:
            found += _signatures(owed, scene, agency_id)
        elif (obligation := scene.rule(slot)) is not None:
            found.append(Next(slot, obligation, bearer(obligation, agency_id, scene)[0]))
    return tuple(found)


def _ordered(slots: tuple[str, ...], scene: Scene) -> tuple[str, ...]:
    """The department's gate before the sending, where its rule sets it there."""
    gate = scene.rule("department_gate")
    if gate is None or gate.rule.position != "before_outgoing_call" or "sync_window" not in slots:
        return slots
    rest = [slot for slot in slots if slot != "department_gate"]
    rest.insert(rest.index("sync_window"), "department_gate")
    return tuple(rest)


def _signatures(owed: Owed, scene: Scene, agency_id: UUID) -> list[Next]:
    chain = scene.chain()
    steps = [Step(number, len(chain), one) for number, one in enumerate(chain, 1)]
    here = next((step.number for step in steps if step.obligation.rule.id == owed.rule_id), 0)
    return [
        Next(
            str(step.obligation.slot),
            step.obligation,
            owed_by(step, agency_id, scene)[0],
            step.number,
            step.of,
        )
        for step in steps
        if step.number > here
    ]
