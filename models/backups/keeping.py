"""Which backups may go: pure. The law says how long they stay; the last good one always stays."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

State = Literal["made", "good", "damaged"]


@dataclass(frozen=True, slots=True)
class Held:
    """One backup: when it was made (legal date) and what its check said; ``made`` is not checked yet."""

    id: str
    made_on: date
    state: State


def months_before(day: date, months: int) -> date:
    """The same day so many months earlier; the month's last where it has none."""
    number = day.year * 12 + day.month - 1 - months
    year, month = divmod(number, 12)
    for last in range(day.day, 27, -1):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    return date(year, month + 1, day.day)


def may_go(held: Sequence[Held], today: date, months: int) -> list[str]:
    """Ids of the backups that may be removed today.

    A backup goes only once it is older than ``months`` (hanoi.art11.1; moha.art10.2: "tối thiểu ba tháng nếu
    đã có phiên bản sao lưu mới") and a newer one was restored and found good. So the newest good one never
    goes, nor, where none was ever good, any at all.
    """
    good = [one.made_on for one in held if one.state == "good"]
    newest = max(good, default=None)
    limit = months_before(today, months)
    return [one.id for one in held if newest is not None and one.made_on < newest and one.made_on < limit]
