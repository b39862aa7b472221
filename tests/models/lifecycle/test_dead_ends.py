"""Dead ends on invented trees: each way of having no signer, the proposal, and a brute-force model."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.access import Actor, Allowed, Delegation, Grant, Target, may
from models.lifecycle.dead_ends import Finder, Somebody, Step
from models.regulations import in_force

TODAY = date(2026, 3, 10)
LAW = in_force("hanoi", TODAY)
CITY, CULTURE, MUSEUM, HEALTH = (UUID(int=n) for n in (1, 2, 3, 4))
ABOVE = {CITY: (CITY,), CULTURE: (CULTURE, CITY), MUSEUM: (MUSEUM, CULTURE, CITY), HEALTH: (HEALTH, CITY)}
AUTHORITY = UUID(int=99)
SINCE = TODAY - timedelta(days=400)
PERSON, AUTHOR = UUID(int=50), UUID(int=51)
SIGNERS = ("approver", "head")


def account(n: int, *grants: Grant, state: str = "active", person: UUID | None = None, **more) -> Somebody:
    place = grants[0].agency_id if grants else CULTURE
    return Somebody(Actor(UUID(int=n), person, AUTHORITY, grants), state, place, **more)


def post(role: str, agency: UUID, until: date | None = None, since: date = SINCE) -> Grant:
    return Grant(role, agency, since, until)


def step(agency: UUID = MUSEUM, **target) -> Step:
    about = {"profile_id": PERSON, "author_account_id": AUTHOR, **target}
    return Step("approval", PERSON, agency, Target(agency, ABOVE[agency], **about), SIGNERS, "r", "Điều 7")


def found(people: list[Somebody], one: Step | None = None, **more):
    return list(Finder(people, TODAY, LAW, **more).dead_ends([one or step()]))


def test_somebody_above_who_can_sign_is_no_dead_end() -> None:
    assert found([account(1, post("head", CULTURE))]) == []


@pytest.mark.parametrize(
    ("who", "code"),
    [
        (account(1, post("head", CULTURE, until=TODAY)), "left"),
        (account(1, post("head", CULTURE, since=TODAY + timedelta(days=1))), "not-yet"),
        (account(1, post("head", CULTURE), state="suspended"), "suspended"),
        (account(1, post("head", CULTURE), state="cancelled"), "left"),
        (account(1, post("head", CULTURE), state="default_password"), "default-password"),
        (account(1, post("head", CULTURE), person=PERSON), "own-approval"),
        (
            replace(account(1, post("head", CULTURE)), actor=account(51, post("head", CULTURE)).actor),
            "own-approval",
        ),
    ],
)
def test_each_way_of_having_nobody(who: Somebody, code: str) -> None:
    (one,) = found([who])
    assert [why.code for why in one.why] == [code]


def test_certificates_count_only_where_people_sign_by_their_own() -> None:
    bare = account(1, post("head", CULTURE))
    assert found([bare]) == []
    (one,) = found([bare], certificates=True)
    assert [why.code for why in one.why] == ["no-certificate"]
    assert [(two.remedy, two.because) for two in one.proposals] == [("restore", "no-certificate")]
    until = replace(bare, certified=((SINCE, TODAY),))
    (one,) = found([until], certificates=True)
    assert [why.code for why in one.why] == ["certificate-ends"]
    assert found([replace(bare, certified=((SINCE, TODAY + timedelta(days=1)),))], certificates=True) == []


def test_a_head_elsewhere_is_nobody_here_and_is_not_proposed() -> None:
    (one,) = found([account(1, post("head", HEALTH))])
    assert (one.why, one.proposals) == ((), ())


def test_a_delegate_is_barred_where_the_delegator_is_the_subject() -> None:
    head = account(1, post("head", CULTURE), person=PERSON)
    lent = Delegation(UUID(int=9), "approval", head.actor, CULTURE, (CITY,), SINCE, TODAY + timedelta(days=9))
    delegate = account(2)
    delegate = replace(delegate, actor=replace(delegate.actor, delegations=(lent,)))
    (one,) = found([head, delegate])
    assert {why.code for why in one.why} == {"own-approval"}
    other = step(profile_id=UUID(int=60))
    assert found([replace(head, state="suspended"), delegate], other) == [], "the delegate signs for others"
    over = replace(delegate, actor=replace(delegate.actor, delegations=(replace(lent, over=True),)))
    (one,) = found([over], other)
    assert [why.code for why in one.why] == ["delegation-ended"]


def test_the_proposal_is_the_nearest_who_then_could_sign() -> None:
    head = account(1, post("head", CULTURE), person=PERSON)
    near, far = account(2, post("hr_officer", MUSEUM)), account(3, post("hr_officer", CITY))
    author = account(AUTHOR.int, post("hr_officer", MUSEUM))
    (one,) = found([far, head, author, near])
    assert [two.account_id.int for two in one.proposals] == [2, 3], "neither the author nor the subject"
    assert {(two.remedy, two.role, two.agency_id) for two in one.proposals} == {
        ("give_post", "approver", MUSEUM)
    }


DAYS = st.sampled_from([None, TODAY, TODAY + timedelta(days=1)])
GRANTS = st.builds(
    Grant,
    st.sampled_from(["approver", "head", "hr_officer", "department_head"]),
    st.sampled_from(list(ABOVE)),
    st.sampled_from([SINCE, TODAY + timedelta(days=1)]),
    DAYS,
)
STATES = st.sampled_from(["active", "active", "suspended", "default_password", "cancelled"])
CERTIFIED = st.sampled_from([(), ((SINCE, TODAY),), ((SINCE, TODAY + timedelta(days=9)),)])


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Somebody], list[Step]]:
    people = [
        Somebody(
            Actor(UUID(int=n), draw(st.sampled_from([None, PERSON, UUID(int=60)])), AUTHORITY, tuple(grants)),
            draw(STATES),
            draw(st.sampled_from(list(ABOVE))),
            draw(CERTIFIED),
        )
        for n, grants in enumerate(draw(st.lists(st.lists(GRANTS, max_size=2), max_size=4)), start=1)
    ]
    for n in range(1, len(people)):
        if draw(st.booleans()):
            agency = draw(st.sampled_from(list(ABOVE)))
            lent = Delegation(
                UUID(int=70 + n), "approval", people[n - 1].actor, agency, ABOVE[agency], SINCE,
                draw(st.sampled_from([TODAY, TODAY + timedelta(days=5)])), draw(st.booleans()),
            )  # fmt: skip
            people[n] = replace(people[n], actor=replace(people[n].actor, delegations=(lent,)))
    steps = [
        step(
            draw(st.sampled_from(list(ABOVE))),
            profile_id=draw(st.sampled_from([PERSON, UUID(int=60)])),
            author_account_id=UUID(int=draw(st.integers(1, 5))),
            subject_account_id=UUID(int=draw(st.integers(1, 5))),
        )
        for _ in range(draw(st.integers(1, 4)))
    ]
    return people, steps


def brute(people: list[Somebody], one: Step, *, certificates: bool) -> bool:
    """Asked of everybody by itself, in the words of the issue."""
    for who in people:
        if who.state != "active":
            continue
        if certificates and not any(start <= TODAY < end for start, end in who.certified):
            continue
        if isinstance(may(who.actor, "approve", one.target, TODAY, LAW, among=one.among), Allowed):
            return False
    return True


@settings(max_examples=150)
@given(worlds(), st.booleans())
def test_as_the_brute_force_model_says(world: tuple[list[Somebody], list[Step]], certificates: bool) -> None:
    people, steps = world
    ends = list(Finder(people, TODAY, LAW, certificates).dead_ends(steps))
    assert [one.step for one in ends] == [
        one for one in steps if brute(people, one, certificates=certificates)
    ]
    for one in ends:
        for proposal in one.proposals:
            mended = [_mended(who, proposal) for who in people]
            assert not brute(mended, one.step, certificates=certificates), "a proposal that would not help"


def _mended(who: Somebody, proposal) -> Somebody:
    if who.actor.account_id != proposal.account_id:
        return who
    if proposal.remedy == "restore":
        return replace(who, state="active", certified=((SINCE, TODAY + timedelta(days=9)),))
    grant = Grant(proposal.role, proposal.agency_id, TODAY)
    return replace(who, actor=replace(who.actor, grants=(*who.actor.grants, grant)))
