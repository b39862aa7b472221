"""How long backups stay: three months by the law, the last good one for ever."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from models.backups.keeping import Held, State, may_go, months_before

TODAY = date(2026, 6, 1)


def _held(*months: tuple[str, State]) -> list[Held]:
    return [Held(month, date.fromisoformat(f"{month}-01"), state) for month, state in months]


def test_older_than_three_months_goes_once_a_newer_one_is_good() -> None:
    held = _held(("2026-01", "good"), ("2026-02", "good"), ("2026-03", "good"), ("2026-05", "good"))
    assert may_go(held, TODAY, 3) == ["2026-01", "2026-02"]  # 1 March is three months old, not older
    assert may_go(held, TODAY, 6) == []


def test_the_last_good_one_never_goes() -> None:
    assert may_go(_held(("2025-01", "good")), TODAY, 3) == []
    held = _held(("2025-01", "good"), ("2025-02", "damaged"), ("2026-05", "damaged"), ("2026-06", "made"))
    assert may_go(held, TODAY, 3) == []
    assert may_go(_held(("2025-01", "damaged"), ("2025-02", "damaged")), TODAY, 3) == []


@given(
    st.lists(
        st.tuples(st.integers(min_value=0, max_value=900), st.sampled_from(["made", "good", "damaged"])),
        max_size=20,
    ),
    st.integers(min_value=1, max_value=12),
)
def test_always_a_good_one_is_left(backups: list[tuple[int, State]], months: int) -> None:
    held = [Held(str(n), TODAY - timedelta(days=age), state) for n, (age, state) in enumerate(backups)]
    gone = set(may_go(held, TODAY, months))
    left = [one for one in held if one.id not in gone]
    assert any(one.state == "good" for one in left) == any(one.state == "good" for one in held)
    assert all(one.made_on < months_before(TODAY, months) for one in held if one.id in gone)


def test_months_before() -> None:
    assert months_before(date(2026, 5, 31), 3) == date(2026, 2, 28)
    assert months_before(date(2024, 5, 31), 3) == date(2024, 2, 29)
    assert months_before(date(2026, 1, 15), 1) == date(2025, 12, 15)
