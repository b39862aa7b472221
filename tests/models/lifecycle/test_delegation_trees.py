"""Random trees, people, delegations and days: decisions against a brute-force walk that knows nothing of
subtrees as sets, of intervals, or of what was decided when something was lent."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from api.scope import scope_of
from models.access import Actor, Allowed, Delegables, Delegation, Grant, Target, delegables, may, reach
from models.commands import Delegate
from models.errors import RefusedError
from models.lifecycle.delegation import give
from models.lifecycle.giving import Edge, Giving, Party
from models.regulations import in_force
from tests.models.lifecycle.scenes import CALENDAR, scene

START = date(2026, 3, 2)
SPAN = 8
HANOI = UUID(int=1)
LAW = in_force("hanoi", START)
DEEP = Delegables.model_validate({**delegables().model_dump(), "depth": 3})


def agency(n: int) -> UUID:
    return UUID(int=100 + n)


def account(n: int) -> UUID:
    return UUID(int=200 + n)


def day(n: int) -> date:
    return START + timedelta(days=n)


@dataclass
class Loan:
    """One delegation that was given: by whom to whom, where, on which days, and what it rests on."""

    giver: int
    receiver: int
    top: int
    days: range
    rests_on: "Loan | None"
    revoked: bool = False
    id: UUID = field(default=UUID(int=0))


@dataclass
class Town:
    """A tree of agencies, heads with the days on which they are head, and what was lent."""

    parents: list[int | None]
    homes: list[int]
    heads: list[tuple[int, int, range]]
    """Account, agency, days."""
    loans: list[Loan] = field(default_factory=list)

    def line(self, n: int) -> tuple[UUID, ...]:
        parent = self.parents[n]
        return (agency(n), *(self.line(parent) if parent is not None else ()))

    def below(self, place: int, top: int) -> bool:
        here: int | None = place
        while here is not None and here != top:
            here = self.parents[here]
        return here == top

    def everywhere_below(self, top: int) -> list[int]:
        return [n for n in range(len(self.parents)) if self.below(n, top)]

    # --- brute force: one day, one place, one person at a time

    def heads_at(self, who: int, place: int, on: int) -> bool:
        return any(a == who and on in days and self.below(place, top) for a, top, days in self.heads)

    def alive(self, loan: Loan, on: int) -> bool:
        """Whether a loan is worth anything: its day, and its giver's right over all of its part."""
        if loan.revoked or on not in loan.days:
            return False
        if loan.rests_on is not None:
            return self.alive(loan.rests_on, on) and self.below(loan.top, loan.rests_on.top)
        # One and the same office must cover the part: not two offices that happen to.
        return any(
            a == loan.giver and on in days and self.below(loan.top, top) for a, top, days in self.heads
        )

    def people(self, loan: Loan) -> set[int]:
        above = self.people(loan.rests_on) if loan.rests_on is not None else set()
        return {loan.giver, loan.receiver, *above}

    def slowly(self, who: int, place: int, on: int, about: int | None) -> bool:
        if about == who:
            return False
        if self.heads_at(who, place, on):
            return True
        return any(
            loan.receiver == who
            and self.alive(loan, on)
            and self.below(place, loan.top)
            and about not in self.people(loan)
            for loan in self.loans
        )

    def circle(self, place: int, on: int) -> bool:
        """Whether somebody's right comes back to them at this place on this day."""
        edges = [
            (loan.giver, loan.receiver)
            for loan in self.loans
            if on in loan.days and not loan.revoked and self.below(place, loan.top)
        ]
        for start, _ in edges:
            reached, waiting = set(), [start]
            while waiting:
                here = waiting.pop()
                for giver, receiver in edges:
                    if giver == here and receiver not in reached:
                        reached.add(receiver)
                        waiting.append(receiver)
            if start in reached:
                return True
        return False

    # --- the same facts as the decisions are told them

    def delegation(self, loan: Loan) -> Delegation:
        giver = (
            Actor(account(loan.giver), None, HANOI, (), (self.delegation(loan.rests_on),))
            if loan.rests_on is not None
            else Actor(account(loan.giver), None, HANOI, self.grants(loan.giver))
        )
        return Delegation(
            loan.id, "approval", giver, agency(loan.top), self.line(loan.top), day(loan.days.start),
            day(loan.days.stop), loan.revoked,
        )  # fmt: skip

    def grants(self, who: int) -> tuple[Grant, ...]:
        return tuple(
            Grant("head", agency(top), day(days.start), day(days.stop))
            for a, top, days in self.heads
            if a == who
        )

    def actor(self, who: int) -> Actor:
        lent = tuple(self.delegation(loan) for loan in self.loans if loan.receiver == who)
        return Actor(account(who), None, HANOI, self.grants(who), lent)

    def giving(self, giver: int, receiver: int, top: int) -> Giving:
        edges = tuple(
            Edge(account(one.giver), account(one.giver), account(one.receiver), self.line(one.top),
                 day(one.days.start), day(one.days.stop))
            for one in self.loans if not one.revoked
        )  # fmt: skip
        party = Party(account(receiver), None, "active", self.line(self.homes[receiver]))
        return Giving(self.actor(giver), party, self.line(top), edges)


@st.composite
def spans(draw: st.DrawFn) -> range:
    begins = draw(st.integers(0, SPAN - 1))
    return range(begins, draw(st.integers(begins + 1, SPAN)))


@st.composite
def towns(draw: st.DrawFn) -> Town:
    size = draw(st.integers(1, 5))
    parents = [None, *(draw(st.integers(0, n - 1)) for n in range(1, size))]
    places = st.integers(0, size - 1)
    people = draw(st.integers(2, 4))
    homes = [draw(places) for _ in range(people)]
    heads = draw(st.lists(st.tuples(st.integers(0, people - 1), places, spans()), min_size=1, max_size=4))
    return Town(parents, homes, heads)


wishes = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 4), spans(), st.integers(0, SPAN - 1)),
    min_size=1,
    max_size=7,
)


def lend(town: Town, giver: int, receiver: int, top: int, days: range, today: int) -> Loan | str:
    """Ask as a person would on a day; what was lent, or the code of the refusal."""
    body = Delegate(
        delegate_id=account(receiver), what="approval", agency_id=agency(top), valid_from=day(days.start),
        valid_to=day(days.stop), document="1",
    )  # fmt: skip
    at = scene(day(today), law=LAW, calendar=CALENDAR, actor_id=account(giver))
    loan = Loan(giver, receiver, top, days, None, id=UUID(int=900 + len(town.loans)))
    try:
        out = give(town.giving(giver, receiver, top), loan.id, body, at, DEEP)
    except RefusedError as refused:
        return refused.refusal.code
    through = out.subject["through"]
    loan.rests_on = next((one for one in town.loans if one.id == through), None)
    return loan


def run(town: Town, wanted: list[tuple[int, int, int, range, int]]) -> None:
    """Lend as wished, each wish on its own day, in the order of days."""
    for giver, receiver, top, days, today in sorted(wanted, key=lambda one: one[4]):
        who, whom = giver % len(town.homes), receiver % len(town.homes)
        answer = lend(town, who, whom, top % len(town.parents), days, today)
        if isinstance(answer, Loan):
            town.loans.append(answer)


@settings(max_examples=250, deadline=None)
@given(towns(), wishes, st.lists(st.integers(0, 6), max_size=2))
def test_what_may_be_done_equals_a_walk_over_every_day_place_and_person(
    town: Town, wanted: list[tuple[int, int, int, range, int]], revoked: list[int]
) -> None:
    run(town, wanted)
    for n in revoked:
        if n < len(town.loans):
            town.loans[n].revoked = True
    for who in range(len(town.homes)):
        actor = town.actor(who)
        for on in range(SPAN):
            covered = reach(actor, "approve", day(on), LAW)
            shown = scope_of(actor, day(on))
            for place in range(len(town.parents)):
                target = Target(agency(place), town.line(place))
                expected = town.slowly(who, place, on, None)
                assert isinstance(may(actor, "approve", target, day(on), LAW), Allowed) == expected
                assert covered.covers(target) == expected
                # Row-level security shows the same part of the tree, and no more.
                assert (not set(shown.agencies).isdisjoint(town.line(place))) == expected
                for about in range(len(town.homes)):
                    judged = Target(agency(place), town.line(place), author_account_id=account(about))
                    answer = may(actor, "approve", judged, day(on), LAW)
                    assert isinstance(answer, Allowed) == town.slowly(who, place, on, about)


@settings(max_examples=250, deadline=None)
@given(towns(), wishes)
def test_no_circle_on_any_day_at_any_place_and_nothing_deeper_than_the_policy(
    town: Town, wanted: list[tuple[int, int, int, range, int]]
) -> None:
    run(town, wanted)
    for on in range(SPAN):
        for place in range(len(town.parents)):
            assert not town.circle(place, on)
    for loan in town.loans:
        depth, one = 1, loan
        while one.rests_on is not None:
            depth, one = depth + 1, one.rests_on
        assert depth <= DEEP.depth


@settings(max_examples=250, deadline=None)
@given(towns(), wishes)
def test_a_circle_is_refused_only_where_one_would_close(
    town: Town, wanted: list[tuple[int, int, int, range, int]]
) -> None:
    for giver, receiver, top, days, today in sorted(wanted, key=lambda one: one[4]):
        who, whom = giver % len(town.homes), receiver % len(town.homes)
        place = top % len(town.parents)
        answer = lend(town, who, whom, place, days, today)
        if answer == "delegation-cycle":
            town.loans.append(Loan(who, whom, place, days, None))
            closed = [town.circle(n, on) for n in town.everywhere_below(place) for on in days]
            town.loans.pop()
            assert any(closed)
        elif isinstance(answer, Loan):
            town.loans.append(answer)


@settings(max_examples=250, deadline=None)
@given(towns(), st.integers(0, 3), st.integers(0, 3), st.integers(0, 4), spans(), st.integers(0, SPAN - 1))
def test_the_first_loan_is_given_exactly_by_whoever_is_head_of_it_then_and_now(
    town: Town, giver: int, receiver: int, top: int, days: range, today: int
) -> None:
    who, whom = giver % len(town.homes), receiver % len(town.homes)
    place = top % len(town.parents)
    asked = (today, days.start, days.stop - 1)
    offices = [
        (a, at) for a, at, held in town.heads
        if a == who and town.below(place, at) and all(on in held for on in asked)
    ]  # fmt: skip
    homes = town.homes[whom]
    fits = any(town.below(homes, at) for _, at in offices[:1]) or town.below(homes, place)
    expected = days.start >= today and bool(offices) and who != whom and fits
    assert isinstance(lend(town, who, whom, place, days, today), Loan) == expected
