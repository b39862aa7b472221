"""The closure against a walk up the tree, on random forests and after random moves."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.organisation.closure import CircleError, below, changes, circles, closure


def agency(number: int) -> UUID:
    return UUID(int=number + 1)


@st.composite
def forests(draw: st.DrawFn) -> dict[UUID, UUID | None]:
    """Each agency under an earlier one or at the top, then shuffled so that order tells nothing."""
    size = draw(st.integers(1, 25))
    links: list[tuple[UUID, UUID | None]] = [(agency(0), None)]
    for number in range(1, size):
        above = draw(st.one_of(st.none(), st.integers(0, number - 1)))
        links.append((agency(number), None if above is None else agency(above)))
    return dict(draw(st.permutations(links)))


@st.composite
def tangles(draw: st.DrawFn) -> dict[UUID, UUID | None]:
    """Any links at all, circles included."""
    size = draw(st.integers(1, 12))
    return {agency(n): draw(st.one_of(st.none(), st.integers(0, size - 1).map(agency))) for n in range(size)}


def walk(one: UUID, parents: dict[UUID, UUID | None]) -> list[UUID] | None:
    """The line from an agency to its root, step by step; none where it never ends."""
    line: list[UUID] = [one]
    while (above := parents[line[-1]]) is not None:
        if len(line) > len(parents):
            return None
        line.append(above)
    return line


@given(forests())
def test_the_closure_is_what_a_walk_finds(parents: dict[UUID, UUID | None]) -> None:
    expected = {}
    for one in parents:
        line = walk(one, parents)
        assert line is not None
        expected |= {(above, one): depth for depth, above in enumerate(line)}
    assert closure(parents) == expected


@given(tangles())
def test_circles_are_those_whose_walk_never_ends(parents: dict[UUID, UUID | None]) -> None:
    lost = frozenset(one for one in parents if walk(one, parents) is None)
    assert circles(parents) == lost
    if lost:
        with pytest.raises(CircleError) as raised:
            closure(parents)
        assert raised.value.members == lost
    else:
        assert {down for _, down in closure(parents)} == set(parents)


@given(forests(), forests())
def test_changes_lead_from_one_tree_to_the_other(
    before: dict[UUID, UUID | None], after: dict[UUID, UUID | None]
) -> None:
    known, wanted = closure(before), closure(after)
    found = changes(known, wanted)
    kept = {pair: depth for pair, depth in known.items() if pair not in found.ended}
    assert not set(kept) & set(found.begun)
    assert {**kept, **found.begun} == wanted
    same = changes(wanted, wanted)
    assert not same.ended
    assert not same.begun


@given(forests(), st.integers(0, 24))
def test_below_is_everything_whose_walk_passes(parents: dict[UUID, UUID | None], number: int) -> None:
    top = agency(number)
    expected = {one for one in parents if top in (walk(one, parents) or ())}
    assert below([top], closure(parents)) == expected


def test_a_parent_that_is_no_agency_is_an_error() -> None:
    with pytest.raises(KeyError):
        closure({agency(1): agency(2)})
