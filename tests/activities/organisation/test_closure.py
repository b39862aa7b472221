"""Circles in a workbook against a walk up the links, which may be any at all."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from activities.organisation.closure import circles


def agency(number: int) -> UUID:
    return UUID(int=number + 1)


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


@given(tangles())
def test_circles_are_those_whose_walk_never_ends(parents: dict[UUID, UUID | None]) -> None:
    lost = frozenset(one for one in parents if walk(one, parents) is None)
    assert circles(parents) == lost
