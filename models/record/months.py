"""The month's window of an authority, by the law and calendar in force then."""

from datetime import date
from uuid import UUID

from models.calendar import month_window, start_of_day
from models.database import Scope, transaction
from models.messages import Window
from models.record.tools import Tools


def following(month: str) -> str:
    """The month after ``yyyy-mm``."""
    year, number = map(int, month.split("-"))
    return f"{year + number // 12:04d}-{number % 12 + 1:02d}"


async def window_of(tools: Tools, authority_id: UUID, month: str) -> Window:
    """When a month's window opens, ends, and gives way to the next month's."""
    year, number = map(int, month.split("-"))
    next_year, next_number = map(int, following(month).split("-"))
    async with transaction(tools.engine, Scope(authority_id, everything=True)) as connection:
        law, calendar = await tools.law(connection, authority_id, date(year, number, 28))
    rule = law.slot("approval_window")
    assert rule is not None
    assert rule.deadline is not None
    assert rule.deadline.n is not None
    window = month_window(year, number, rule.deadline.n, calendar)
    after = month_window(next_year, next_number, rule.deadline.n, calendar)
    return Window(
        opens_at=window.opens_at,
        overdue_at=window.overdue_at,
        closes_at=start_of_day(after.opens),
        next_month=following(month),
    )
