"""Which steps a move takes: read from the slots the law fills, never from whose law it is.

Between two agencies the profile is always handed over by the one and accepted by the other; everything else
is there because a rule asks for it: the new agency's request (moha.art8.2), the report to the managing
authority (hanoi.art12.1.a), a new account (phu_yen.art12.3), the person's check (hanoi.art12.1.b). Within one
agency a move has one side, where the law says so (moha.art8.1, phu_yen.art12.2).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from models.lifecycle.life import Case
from models.lifecycle.scene import Scene
from models.regulations import Obligation, RuleSet

STATES = ("requested", "asked", "reported", "handed_over", "accepted")
"""How far a transfer is; a step not in its route is passed over."""

Side = Literal["old", "new", "person"]


@dataclass(frozen=True, slots=True)
class Leg:
    """One step of a move: the command that does it, the state after it, who does it, the rule that asks."""

    name: str
    verb: str
    state: str
    side: Side
    rule: Obligation | None
    """None where no text asks for it: a hand-over takes two, which is this installation's policy."""
    limit: Obligation | None = None
    """The outer limit of the whole move that runs beside the step's own period."""


def route(
    law: RuleSet, facts: Mapping[str, str], other: Mapping[str, str], *, within: bool
) -> tuple[Leg, ...]:
    """The steps of a move under this law; ``other`` are the facts of the agency it goes to."""

    def asks(slot: str) -> Obligation | None:
        return of_both(law, slot, facts, other)

    if within and (rule := asks("transfer_within")) is not None:
        return (Leg("move", "hand_over", "accepted", "old", rule),)
    limit, report = asks("transfer_limit"), asks("transfer_report")
    legs = [
        Leg("ask", "ask_for_profile", "asked", "new", asks("transfer_request"), limit),
        Leg("report", "report_transfer", "reported", "old", report, limit),
    ]
    legs = [leg for leg in legs if leg.rule is not None]
    legs += [
        Leg("hand_over", "hand_over", "handed_over", "old", asks("transfer_hand_over"), limit),
        Leg("accept", "accept_transfer", "accepted", "new", asks("transfer_receive")),
    ]
    afterwards = [
        Leg("account", "create_account", "", "new", asks("transfer_account")),
        Leg("check", "submit_declaration", "", "person", asks("transfer_check")),
    ]
    return (*legs, *(leg for leg in afterwards if leg.rule is not None))


def of_both(law: RuleSet, slot: str, facts: Mapping[str, str], other: Mapping[str, str]) -> Obligation | None:
    """The rule for a purpose that fits both agencies.

    A text about moves between agencies of one standing (moha.art8.2: trực thuộc) asks it of the one that
    gives and of the one that receives.
    """
    there = {**facts, **other}
    for found in (law.slot(slot, **facts), law.slot(slot, **there)):
        if found is not None and found.rule.when.fits(facts) and found.rule.when.fits(there):
            return found
    return None


def route_of(case: Case, scene: Scene) -> tuple[Leg, ...]:
    """The steps of a running transfer under the law in force now."""
    return route(
        scene.law, scene.facts, case.facts.get("to", {}), within=bool(case.facts.get("within", False))
    )


def upcoming(legs: Sequence[Leg], state: str) -> Leg | None:
    """The step a transfer in this state waits for; none once it is accepted."""
    if state not in STATES:
        return None
    passed = STATES.index(state)
    return next((leg for leg in legs if leg.state and STATES.index(leg.state) > passed), None)


_KNOWN = {
    "document_effective_date": "effective_on",
    "decision_effective_date": "effective_on",
    "decision_date": "decided_on",
    "transfer_request_received_date": "asked_on",
    "dossier_handover_date": "handed_over_on",
}
"""Where a period begins, in the words of the regulations, to the date of the case that it is."""


def start_of(rule: Obligation, case: Case) -> date | None:
    """The day a rule's period begins in this case; none where that day is not known yet."""
    name = _KNOWN.get((rule.deadline.counted_from or "") if rule.deadline else "")
    if name == "effective_on":
        return case.effective_on
    told = case.facts.get(name) if name else None
    return date.fromisoformat(told) if told else None


def runs_from_decision(legs: Sequence[Leg]) -> Obligation | None:
    """The rule that needs the day of the decision; none where nothing runs from it."""
    for rule in (one for leg in legs for one in (leg.rule, leg.limit)):
        if rule and rule.deadline and rule.deadline.counted_from == "decision_date":
            return rule
    return None


def told(legs: Sequence[Leg], case: Case, due: Mapping[str, date | None]) -> list[dict[str, Any]]:
    """The steps for people: what, which command, whose turn, by when, under which article, done or not.

    ``due`` are the dates of the open duties by slot. A step without a rule is marked as policy.
    """
    passed = STATES.index(case.state) if case.state in STATES else len(STATES)
    whose = {"old": case.from_agency_id, "new": case.to_agency_id, "person": case.to_agency_id}
    lines: list[dict[str, Any]] = []
    for leg in legs:
        day = due.get(leg.rule.slot) if leg.rule else None
        lines.append(
            {
                "step": leg.name,
                "verb": leg.verb,
                "side": leg.side,
                "agency_id": str(whose[leg.side]),
                "due_on": day.isoformat() if day else None,
                "citation": leg.rule.citation if leg.rule else None,
                "limit": leg.limit.citation if leg.limit else None,
                "policy": leg.rule is None,
                "done": bool(leg.state) and STATES.index(leg.state) <= passed,
            }
        )
    return lines
