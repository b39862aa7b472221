"""Maintenance that comes back, reckoned by hand; and over the wire as any other maintenance."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from activities.national.adapter import MaintenanceError
from activities.national.emulator.nights import Window, closed_until
from tests.activities.national.conftest import Emulator

VN = timezone(timedelta(hours=7))


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """November 2026 in Viet Nam; the 1st and the 22nd are Sundays."""
    return datetime(2026, 11, day, hour, minute, tzinfo=VN)


SATURDAY_NIGHT = Window(weekdays=(6,), begins="22:00", ends="05:00")
NIGHTLY = Window(begins="01:00", ends="01:30")
AFTER_IT = Window(weekdays=(7,), begins="05:00", ends="06:00")


@pytest.mark.parametrize(
    ("windows", "announced", "now", "until"),
    [
        ((), None, at(21, 23), None),
        ((SATURDAY_NIGHT,), None, at(21, 21, 59), None),
        ((SATURDAY_NIGHT,), None, at(21, 22), at(22, 5)),
        ((SATURDAY_NIGHT,), None, at(22, 4, 59), at(22, 5)),
        ((SATURDAY_NIGHT,), None, at(22, 5), None),
        ((SATURDAY_NIGHT,), None, at(22, 22), None),
        ((NIGHTLY,), None, at(23, 1, 29), at(23, 1, 30)),
        ((NIGHTLY, SATURDAY_NIGHT), None, at(22, 1, 10), at(22, 5)),
        ((AFTER_IT, SATURDAY_NIGHT), None, at(21, 23), at(22, 6)),
        ((SATURDAY_NIGHT,), at(21, 23), at(21, 12), at(22, 5)),
        ((SATURDAY_NIGHT,), at(20, 23), at(21, 12), None),
        ((), at(23, 8), at(21, 12), at(23, 8)),
    ],
)
def test_when_it_is_over(windows, announced, now, until) -> None:
    assert closed_until(windows, announced, now.astimezone(UTC)) == until


@pytest.mark.parametrize("gap", [("22:00", "22:00"), ("24:00", "05:00"), ("9:00", "10:00")])
def test_hours_that_are_none_are_refused_and_change_nothing(emulator: Emulator, gap: tuple[str, str]) -> None:
    window = {"begins": gap[0], "ends": gap[1]}
    answer = emulator.call("POST", "/admin/faults", json={"maintenance_windows": [window]})
    assert (answer.status_code, answer.json()) == (422, {"not_understood": ["maintenance_windows"]})
    assert emulator.admin("GET", "/faults")["maintenance_windows"] == []


async def test_a_window_that_is_open_now_closes_the_other_side_until_its_end(
    gateway, emulator: Emulator
) -> None:
    now = datetime.now(VN)
    begins, ends = now - timedelta(minutes=5), now + timedelta(minutes=90)
    window = {"begins": f"{begins:%H:%M}", "ends": f"{ends:%H:%M}"}
    emulator.faults(maintenance_windows=[window])
    with pytest.raises(MaintenanceError) as closed:
        await gateway.receipts("T-1")
    assert abs(closed.value.retry_after - (ends - now)) < timedelta(minutes=2)
    page = emulator.call("GET", "/").text
    assert f"{ends:%H:%M}" in page
    emulator.faults(maintenance_windows=[])
