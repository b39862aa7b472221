"""When every subject must next be woken, reckoned by brute force from rows: the calendar walked day by day.

Nothing of `models.lifecycle` or of the ladder's own reckoning is used: working days are the days that are not
days off, counted one after another; the minute of the night is worked out anew.
"""

import hashlib
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from models.calendar import Calendar
from tests.world import World

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
LADDER = (-2, 0, 1, 1, 3, 5)
"""Working days from the due date, as policy.yaml says; a test holds them to it."""
DAY = timedelta(days=1)
OWNERS = {
    "profiles": "profile_id = :id AND case_id IS NULL",
    "cases": "case_id = :id",
    "agency_months": "agency_month_id = :id",
    "review_reports": "report_id = :id",
}
"""Tables whose rows are woken for duties, and which duties are theirs."""


def night(subject: UUID, day: date) -> datetime:
    """The subject's own instant between midnight and six of a local day."""
    share = int.from_bytes(hashlib.sha256(subject.bytes).digest()[:4], "big") / 2**32
    midnight = datetime.combine(day, time(0), tzinfo=VIETNAM).astimezone(UTC)
    return midnight + timedelta(seconds=int(share * 6 * 3600))


def stepped(calendar: Calendar, due: date, offset: int) -> date:
    """The day of a step, by walking."""
    day, left = due, abs(offset)
    if offset == 0:
        while not calendar.is_working_day(day):
            day -= DAY
        return day
    while left:
        day += DAY if offset > 0 else -DAY
        left -= calendar.is_working_day(day)
    return day


def step_ahead(calendar: Calendar, opened: date, due: date, taken: int) -> date | None:
    """The day of the first step not taken that lies after the day the duty was opened."""
    days = [stepped(calendar, due, offset) for number, offset in enumerate(LADDER, start=1) if number > taken]
    return next((day for day in days if day > opened), None)


async def expected(world: World) -> dict[tuple[str, UUID], datetime]:
    """By table and id, the instant every owner of open duties must next be woken, and nothing else."""
    calendar, found = Calendar.seed(), {}
    for table, theirs in OWNERS.items():
        for (owner,) in await world.rows(f"SELECT id FROM {table}"):  # names of our own
            duties = await world.rows(
                f"SELECT opened_at, due_on, ladder_step FROM duties WHERE state = 'open' AND {theirs}",
                id=owner,
            )
            wakes = [night(owner, day) for day in await _foretold(world, table, owner)]
            for duty in duties:
                if duty.due_on is None:
                    continue
                opened = duty.opened_at.astimezone(VIETNAM).date()
                day = step_ahead(calendar, opened, duty.due_on, duty.ladder_step)
                if day is not None:
                    wakes.append(night(owner, day))
            if wakes:
                found[table, owner] = min(wakes)
    return found


async def reviews(world: World, now: datetime) -> dict[str, datetime]:
    """By period of every open review, when it must next be looked after: a report's duty, a night's measuring
    at one o'clock before a working day while there is time, or its end."""
    calendar, found = Calendar.seed(), {}
    wakes = await expected(world)
    night_of = datetime.combine(_worked_after(calendar, now), time(1), tzinfo=VIETNAM).astimezone(UTC)
    for review in await world.rows("SELECT id, period, closes_at, due_at FROM reviews WHERE state = 'open'"):
        reports = await world.rows("SELECT id FROM review_reports WHERE review_id = :r", r=review.id)
        times = [wakes[key] for (one,) in reports if (key := ("review_reports", one)) in wakes]
        times += [review.closes_at, *([night_of] if night_of < review.due_at else [])]
        found[review.period] = min(times)
    return found


def morning(now: datetime) -> datetime:
    """Eight o'clock of the next working day, of this one where it is still to come."""
    today = now.astimezone(VIETNAM)
    still = Calendar.seed().is_working_day(today.date()) and today.time() < time(8)
    day = today.date() if still else _worked_after(Calendar.seed(), now)
    return datetime.combine(day, time(8), tzinfo=VIETNAM).astimezone(UTC)


def _worked_after(calendar: Calendar, now: datetime) -> date:
    day = now.astimezone(VIETNAM).date() + DAY
    while not calendar.is_working_day(day):
        day += DAY
    return day


async def _foretold(world: World, table: str, owner: UUID) -> list[date]:
    """What the form itself foretells of somebody in service: a retirement, the end of a term."""
    if table != "profiles":
        return []
    row = await world.one("SELECT chapter, foretold FROM profiles WHERE id = :id", id=owner)
    serving = row.chapter in ("service", "transfer")
    return [date.fromisoformat(on) for _, on in row.foretold or ()] if serving else []


async def recorded(world: World) -> dict[tuple[str, UUID], datetime]:
    """The same as the record says."""
    found = {}
    for table in OWNERS:
        for owner, wake in await world.rows(f"SELECT id, next_wake_at FROM {table}"):  # names of our own
            if wake is not None:
                found[table, owner] = wake
    return found
