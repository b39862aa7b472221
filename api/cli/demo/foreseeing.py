"""What comes next where nothing is owed at this moment: by the law in force, marked as foreseen."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from api.cli.demo.telling import NextDuty
from api.cli.demo.words import role_words, slot_words
from models.calendar import Calendar, Window, month_window
from models.lifecycle.competence import signing_role
from models.regulations import RuleSet


def window_after(day: date, calendar: Calendar, law: RuleSet, *, open_too: bool = False) -> Window:
    """The first month's window that opens after a day; with ``open_too`` the one that is open on it."""
    days = _days(law)
    found = month_window(day.year, day.month, days, calendar)
    if found.opens > day or (open_too and found.rolled_end >= day):
        return found
    following = found.nominal_end + timedelta(days=1)
    return month_window(following.year, following.month, days, calendar)


def _days(law: RuleSet) -> int:
    """Length of the window; the last day where the law approves without one, as the months are made."""
    rule = law.slot("approval_window")
    if rule is None or rule.deadline is None or rule.deadline.unit != "last_n_calendar_days_of_month":
        return 1
    return rule.deadline.n or 1


def foreseen(
    profile: dict[str, Any] | None,
    *,
    gate: bool,
    today: date,
    calendar: Calendar,
    law: RuleSet,
    facts: Mapping[str, str],
    keeper: tuple[str, str],
) -> NextDuty | None:
    """The next thing to be done about a profile (as the API shows it); none once it is archived.

    ``gate``: a list waits for the department. A submission waits for the month's window, a decision for its
    date; otherwise what stands is the duty to declare every change. ``facts`` are the person's and its
    agency's, as the law asks about them; ``keeper`` is what the department is called.
    """

    def first(slots: Sequence[str], party: str, due_on: date | None, **more: str) -> NextDuty | None:
        for slot in slots:
            rule = law.slot(slot, **facts, **more)
            if rule is not None:
                what, what_en = slot_words(slot, rule.rule.position or "")
                who, who_en = role_words(signing_role(rule, party), keeper)
                return NextDuty(slot, what, what_en, who, who_en, due_on, None, rule.citation, foreseen=True)
        return None

    if gate:
        return first(("department_gate",), "department_officer", None)
    if profile is None or profile["chapter"] == "archive":
        return None
    case = profile["open_case"]
    if case is not None and case["kind"] == "separation":
        slots = (*(("move_out",) if case["mode"] == "moved_out" else ()), *_LEAVING)
        on = date.fromisoformat(case["effective_on"])
        return first(slots, "hr_officer", on, leaving=case["mode"])
    due = window_after(today, calendar, law, open_too=True).rolled_end
    if profile["pending_revision_id"] is not None:
        return first(("approval_window",), "approver", due)
    if profile["approved_revision_id"] != profile["synced_revision_id"]:
        found = first(_SYNC, "approver", due)
        if found is not None:
            return found
    return first(("update_after_change",), "person", None)


_LEAVING = ("status_change", "leaver_archive", "move_out")
_SYNC = ("sync_window", "department_gate", "sign_before_sync")
"""Purposes under which the law may speak of it, the nearest first."""
