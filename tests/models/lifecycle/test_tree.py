"""The dated tree: operations, what is refused, the inverse, and the closure against a brute-force walk."""

import random
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.lifecycle.tree import Span, State, Tree, TreeError
from models.lifecycle.tree_changes import (
    Change,
    Create,
    End,
    Operation,
    Resume,
    Succeed,
    apply,
    inverse,
    recode,
    rename,
    reparent,
)
from models.lifecycle.tree_codes import groups, legacy_formed, well_formed
from models.lifecycle.tree_lines import lines

DAY = date(2026, 3, 1)
LATER = date(2026, 7, 1)
ROOT, CULTURE, HEALTH, UNIT = (UUID(int=n) for n in (1, 2, 3, 4))


def state(code: str, parent: UUID | None = None, **more: Any) -> State:
    return State(code, f"Đơn vị {code}", "agency", parent, **more)


def tree() -> Tree:
    return apply(
        Tree(),
        [
            Create(ROOT, DAY, state("H26")),
            Create(CULTURE, DAY, state("H26.1", ROOT)),
            Create(HEALTH, DAY, state("H26.2", ROOT)),
            Create(UNIT, DAY, state("H26.1.1", CULTURE)),
        ],
    )


def refused(operations: Sequence[Operation], **how: Any) -> TreeError:
    with pytest.raises(TreeError) as found:
        apply(tree(), operations, **how)
    return found.value


@pytest.mark.parametrize("code", ["H26", "G09.20", "H26.1.A7", "H26." + "1" * 31])
def test_identifiers_grow_from_left_to_right(code: str) -> None:
    assert well_formed(code)
    assert groups(code)[0] in ("H26", "G09")


@pytest.mark.parametrize(
    "code", ["", "26", "h26", "H26.", "H26..1", "H 26", "000.00.00.H49", "H26." + "1" * 32]
)
def test_what_is_no_identifier(code: str) -> None:
    assert not well_formed(code)
    assert refused([recode(CULTURE, LATER, code)]).code == "code-malformed"


def test_a_code_of_before_is_kept_beside() -> None:
    assert legacy_formed("000.00.00.H49")
    after = apply(tree(), [Change(CULTURE, LATER, {"legacy_code": "000.00.00.H49"})])
    assert after.on(LATER)[CULTURE].legacy_code == "000.00.00.H49"
    assert refused([Change(CULTURE, LATER, {"legacy_code": "H49"})]).code == "code-malformed"


def test_a_change_holds_from_its_day_on_and_not_before() -> None:
    after = apply(tree(), [rename(CULTURE, LATER, "Sở mới"), recode(CULTURE, LATER, "H26.9")])
    assert after.on(LATER - timedelta(1))[CULTURE].name == "Đơn vị H26.1"
    assert (after.on(LATER)[CULTURE].name, after.on(LATER)[CULTURE].code) == ("Sở mới", "H26.9")
    assert (after.by_code("H26.1", DAY), after.by_code("H26.1", LATER)) == (CULTURE, None)
    assert after.line(UNIT, LATER) == (UNIT, CULTURE, ROOT)


def test_what_is_recorded_late_goes_on_until_the_same_was_changed_again() -> None:
    planned = apply(tree(), [rename(CULTURE, LATER, "Sở mới")])
    day = date(2026, 4, 1)
    after = apply(planned, [rename(CULTURE, day, "Sở giữa"), reparent(CULTURE, day, HEALTH)])
    assert [(one.since, one.state.name, one.state.parent_id) for one in after.spans[CULTURE]] == [
        (DAY, "Đơn vị H26.1", ROOT),
        (day, "Sở giữa", HEALTH),
        (LATER, "Sở mới", HEALTH),
    ]


def test_a_subtree_moves_as_a_whole() -> None:
    after = apply(tree(), [reparent(CULTURE, LATER, HEALTH)])
    assert after.below(HEALTH, LATER) == {HEALTH, CULTURE, UNIT}
    assert after.below(HEALTH, DAY) == {HEALTH}
    assert after.below(UNIT, date(2020, 1, 1)) == set()


def test_two_agencies_exchange_their_codes_on_one_day() -> None:
    after = apply(tree(), [recode(CULTURE, LATER, "H26.2"), recode(HEALTH, LATER, "H26.1")])
    assert (after.by_code("H26.1", LATER), after.by_code("H26.2", LATER)) == (HEALTH, CULTURE)


def test_a_merged_agency_keeps_the_code_of_one_of_those_before() -> None:
    new = UUID(int=9)
    after = apply(
        tree(),
        [
            Create(new, LATER, state("H26.1", ROOT)),
            reparent(UNIT, LATER, new),
            End(CULTURE, LATER),
            End(HEALTH, LATER),
            Succeed(CULTURE, LATER, new, "consolidated"),
            Succeed(HEALTH, LATER, new, "consolidated"),
        ],
    )
    assert after.by_code("H26.1", LATER) == new
    assert after.line(UNIT, LATER) == (UNIT, new, ROOT)
    assert [link.predecessor_id for link in after.links] == [CULTURE, HEALTH]


@pytest.mark.parametrize(
    ("operations", "code", "line"),
    [
        ([reparent(CULTURE, LATER, UNIT)], "agency-cycle", 0),
        ([rename(ROOT, LATER, "x"), reparent(CULTURE, LATER, CULTURE)], "agency-cycle", 1),
        ([End(CULTURE, LATER)], "agency-has-units", 0),
        ([rename(UUID(int=99), LATER, "x")], "agency-unknown", 0),
        ([rename(CULTURE, DAY - timedelta(1), "x")], "agency-unknown", 0),
        ([reparent(UNIT, LATER, UUID(int=99))], "parent-not-standing", 0),
        ([End(UNIT, LATER), rename(UNIT, LATER, "x")], "agency-ended", 1),
        ([End(UNIT, LATER), End(UNIT, LATER)], "agency-ended", 1),
        ([Create(UNIT, LATER, state("H26.7"))], "agency-exists", 0),
        ([Create(UUID(int=9), LATER, state("H26.2"))], "code-taken", 0),
        ([recode(HEALTH, LATER, "H26.8"), recode(CULTURE, DAY, "H26.2")], "code-taken", 1),
        ([rename(CULTURE, LATER, "Đơn vị H26.1")], "nothing-changes", 0),
        ([Resume(CULTURE, LATER, {})], "nothing-changes", 0),
        ([Succeed(CULTURE, LATER, UUID(int=99), "merged")], "agency-unknown", 0),
        ([Create(UUID(int=9), LATER, state("H26.7", ROOT)), End(ROOT, LATER)], "agency-has-units", 1),
    ],
)
def test_what_the_tree_does_not_bear(operations: list[Operation], code: str, line: int) -> None:
    error = refused(operations)
    assert (error.code, error.line) == (code, line)


def test_nothing_moves_in_a_closed_month() -> None:
    error = refused([rename(ROOT, LATER, "x"), rename(CULTURE, DAY, "x")], earliest=date(2026, 6, 1))
    assert (error.code, error.line, error.day) == ("month-closed", 1, date(2026, 6, 1))
    assert apply(tree(), [rename(CULTURE, DAY, "x")], earliest=DAY).on(DAY)[CULTURE].name == "x"


def test_a_unit_whose_move_comes_later_still_holds_its_parent() -> None:
    """Ended on a day between: the error names the first day on which the unit would hang in the air."""
    planned = apply(tree(), [reparent(UNIT, LATER, HEALTH)])
    with pytest.raises(TreeError) as found:
        apply(planned, [End(CULTURE, date(2026, 5, 1))])
    assert (found.value.code, found.value.day) == ("agency-has-units", date(2026, 5, 1))
    assert CULTURE not in apply(planned, [End(CULTURE, LATER)]).on(LATER)


def test_a_circle_that_closes_later_is_found_on_its_day() -> None:
    planned = apply(tree(), [reparent(UNIT, LATER, HEALTH), reparent(CULTURE, LATER, UNIT)])
    with pytest.raises(TreeError) as found:
        apply(planned, [reparent(HEALTH, date(2026, 4, 1), CULTURE)])
    assert (found.value.code, found.value.day) == ("agency-cycle", LATER)


def grown(dice: random.Random, size: int, steps: int) -> tuple[Tree, list[Operation], Tree]:
    """A tree of random history and future, the last batch of operations, and the tree before those."""
    ids = [UUID(int=100 + n) for n in range(size)]
    made: list[Operation] = [
        Create(one, DAY, state(f"H26.{n}", ids[dice.randrange(n)] if n else None))
        for n, one in enumerate(ids)
    ]
    now = apply(Tree(), made)
    before, batch = now, list[Operation]()
    for step in range(steps):
        one, other, day = dice.choice(ids), dice.choice(ids), DAY + timedelta(dice.randrange(1, 200))
        attempt: list[Operation] = [
            dice.choice(
                [
                    reparent(one, day, other),
                    End(one, day),
                    rename(one, day, f"Tên {step}"),
                    recode(one, day, f"H26.{size + step}"),
                    Resume(one, day, {"parent_id": ids[0]}),
                    Create(UUID(int=1000 + step), day, state(f"H26.X{step}", other)),
                ]
            )
        ]
        try:
            after = apply(now, attempt)
        except TreeError:
            continue
        before, now, batch = now, after, attempt
    return now, batch, before


def walked(tree_: Tree, agency: UUID, top: UUID, day: date) -> bool:
    """One span and one step up at a time."""
    here: UUID | None = agency
    while here is not None:
        spans: list[Span] = [one for one in tree_.spans[here] if one.since <= day]
        if not spans or spans[-1].state.ended:
            return False
        if here == top:
            return True
        here = spans[-1].state.parent_id
    return False


def test_lines_are_what_a_walk_finds_on_any_day() -> None:
    dice, asked, yes = random.Random(20261121), 0, 0
    for _ in range(8):
        grown_, _, _ = grown(dice, 25, 60)
        found = lines(grown_)
        by_pair: dict[tuple[UUID, UUID], list[Any]] = {}
        for line in found:
            by_pair.setdefault((line.ancestor_id, line.descendant_id), []).append(line)
        ids = sorted(grown_.spans)
        for _ in range(1000):
            top, unit = dice.choice(ids), dice.choice(ids)
            day = DAY + timedelta(dice.randrange(-2, 210))
            holding = [one for one in by_pair.get((top, unit), []) if one.holds(day)]
            assert len(holding) <= 1
            assert bool(holding) == walked(grown_, unit, top, day), (top, unit, day)
            assert not holding or grown_.line(unit, day)[holding[0].depth] == top
            asked, yes = asked + 1, yes + bool(holding)
        some = grown_.ever_below({ids[1]})
        assert lines(grown_, some) == {one for one in found if one.descendant_id in some}
    assert asked == 8000
    assert yes > 400


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 90))
def test_an_inverse_restores_the_tree_as_it_would_stand(seed: int, days: int) -> None:
    after, batch, before = grown(random.Random(seed), 8, 20)
    if not batch:
        return
    on = batch[0].on + timedelta(days)
    back = inverse(before, after, batch, on)
    restored, faulty = attempted(after, back)
    if restored is None:
        # The former state is borne on its day; what was changed later by itself may not bear it then.
        assert faulty is not None
        assert faulty > on
        return
    assert restored.digest(on) == before.digest(on)
    assert after.digest(on - timedelta(1)) == restored.digest(on - timedelta(1))


def attempted(tree_: Tree, operations: Sequence[Operation]) -> tuple[Tree | None, date | None]:
    """The tree after them, or the day on which it would not bear them."""
    try:
        return apply(tree_, operations), None
    except TreeError as error:
        return None, error.day


def test_a_merger_is_undone_exactly() -> None:
    before = tree()
    merge = [
        reparent(UNIT, LATER, HEALTH),
        rename(HEALTH, LATER, "Sở Văn hoá và Y tế"),
        End(CULTURE, LATER),
        Succeed(CULTURE, LATER, HEALTH, "merged"),
    ]
    after = apply(before, merge)
    for on in (LATER, LATER + timedelta(30)):
        restored = apply(after, inverse(before, after, merge, on))
        assert restored.digest(on) == before.digest(on)
        assert restored.digest(on) != after.digest(on)
        assert restored.links[-1].kind == "restored"
