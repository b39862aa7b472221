"""What comes next where nothing is owed at this moment: by the law in force, marked as foreseen."""

from datetime import date, timedelta
from typing import Any

from api.cli.demo.telling import NextDuty
from api.cli.demo.words import ROLES, slot_words
from api.cli.demo.world import REGULATION
from models.calendar import Calendar, Window, month_window
from models.regulations import in_force


def window_after(day: date, calendar: Calendar, *, open_too: bool = False) -> Window:
    """The first month's window that opens after a day; with ``open_too`` the one that is open on it."""
    days = _days(day)
    found = month_window(day.year, day.month, days, calendar)
    if found.opens > day or (open_too and found.rolled_end >= day):
        return found
    following = found.nominal_end + timedelta(days=1)
    return month_window(following.year, following.month, days, calendar)


def _days(day: date) -> int:
    """Length of the window by the law in force.

    Raises:
        LookupError: it knows none.
    """
    rule = in_force(REGULATION, day).slot("approval_window")
    if rule is None or rule.deadline is None or rule.deadline.n is None:
        raise LookupError("the regulation knows no approval window")
    return rule.deadline.n


def foreseen(
    profile: dict[str, Any] | None, *, gate: bool, today: date, calendar: Calendar
) -> NextDuty | None:
    """The next thing to be done about a profile (as the API shows it); none once it is archived.

    ``gate``: a list waits for the department. A submission waits for the month's window, a decision for its
    date; otherwise what stands is the duty to declare every change.
    """
    if gate:
        return _duty("department_gate", "department_officer", None, today)
    if profile is None or profile["chapter"] == "archive":
        return None
    case = profile["open_case"]
    if case is not None and case["kind"] == "separation":
        slot = "move_out" if case["mode"] == "moved_out" else "leaver_archive"
        return _duty(slot, "hr_officer", date.fromisoformat(case["effective_on"]), today)
    due = window_after(today, calendar, open_too=True).rolled_end
    if profile["pending_revision_id"] is not None:
        return _duty("approval_window", "approver", due, today)
    if profile["approved_revision_id"] != profile["synced_revision_id"]:
        return _duty("sync_window", "approver", due, today)
    return _duty("update_after_change", "person", None, today)


def _duty(slot: str, party: str, due_on: date | None, today: date) -> NextDuty | None:
    rule = in_force(REGULATION, today).slot(slot)
    if rule is None:
        return None
    (what, what_en), (who, who_en) = slot_words(slot), ROLES[party]
    return NextDuty(slot, what, what_en, who, who_en, due_on, None, rule.citation, foreseen=True)
