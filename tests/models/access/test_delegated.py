"""Rights somebody acts with on another's behalf: worth what the delegator may do on that day, and no more."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
import yaml

from api.scope import scope_of
from models.access import (
    Actor,
    Allowed,
    Delegation,
    Denied,
    Grant,
    Target,
    Verb,
    delegables,
    in_force,
    may,
    reach,
    read_delegables,
)
from models.regulations import in_force as law_in_force
from models.regulations.ruleset import RuleSet

TODAY = date(2026, 3, 2)
FROM, TO = date(2026, 3, 1), date(2026, 3, 11)
HANOI = UUID(int=1)
CITY, CULTURE, MUSEUM, HEALTH = (UUID(int=n) for n in (10, 11, 12, 13))
LINES = {
    CITY: (CITY,),
    CULTURE: (CULTURE, CITY),
    MUSEUM: (MUSEUM, CULTURE, CITY),
    HEALTH: (HEALTH, CITY),
}
HEAD, DEPUTY, THIRD = (UUID(int=n) for n in (20, 21, 22))
HEAD_PROFILE, DEPUTY_PROFILE, COLLEAGUE = (UUID(int=n) for n in (30, 31, 32))


def rules() -> RuleSet:
    return law_in_force("hanoi", TODAY)


def head(**changes: object) -> Actor:
    return replace(Actor(HEAD, HEAD_PROFILE, HANOI, (Grant("head", CULTURE, date(2025, 1, 1)),)), **changes)


def lent(agency: UUID = CULTURE, **changes: object) -> Delegation:
    base = Delegation(UUID(int=90), "approval", head(), agency, LINES[agency], FROM, TO)
    return replace(base, **changes)


def deputy(*delegations: Delegation, grants: tuple[Grant, ...] = ()) -> Actor:
    return Actor(DEPUTY, DEPUTY_PROFILE, HANOI, grants, delegations or (lent(),))


def about(agency: UUID = MUSEUM, **changes: object) -> Target:
    return replace(Target(agency, LINES[agency], COLLEAGUE), **changes)


def code(answer: Allowed | Denied) -> str:
    return "allowed" if isinstance(answer, Allowed) else answer.code


@pytest.mark.rule("hanoi.art6.4.c")
def test_a_delegate_approves_in_the_heads_name_and_cites_the_article() -> None:
    answer = may(deputy(), "approve", about(), TODAY, rules())
    assert isinstance(answer, Allowed)
    assert (answer.role, answer.delegation_of, answer.delegation_id) == ("head", HEAD, UUID(int=90))
    assert answer.citation is not None
    assert "Điều 6.4" in answer.citation
    gone = rules().without("hanoi.art6.4.c")
    assert code(may(deputy(), "approve", about(), TODAY, gone)) == "delegation-ended"
    assert not reach(deputy(), "approve", TODAY, gone).subtrees


@pytest.mark.parametrize("verb", ["return_for_correction", "read_profile"])
def test_what_the_work_needs_goes_along(verb: str) -> None:
    assert code(may(deputy(), verb, about(), TODAY, rules())) == "allowed"


@pytest.mark.parametrize("verb", sorted(set(Verb) - {"read_own", "declare"}))
def test_nothing_else_goes_along(verb: Verb) -> None:
    expected = "allowed" if verb in delegables().what["approval"].verbs else "not-permitted"
    assert code(may(deputy(), verb, about(), TODAY, rules())) == expected


@pytest.mark.parametrize(
    ("agency", "expected"),
    [(CULTURE, "allowed"), (MUSEUM, "allowed"), (CITY, "not-permitted"), (HEALTH, "not-permitted")],
)
def test_it_reaches_its_part_of_the_tree_and_no_further(agency: UUID, expected: str) -> None:
    assert code(may(deputy(), "approve", about(agency), TODAY, rules())) == expected
    assert reach(deputy(), "approve", TODAY, rules()).covers(about(agency)) == (expected == "allowed")
    assert reach(deputy(), "approve", TODAY, rules()).subtrees == {CULTURE}


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (FROM - timedelta(days=1), "delegation-ended"),
        (FROM, "allowed"),
        (TO - timedelta(days=1), "allowed"),
        (TO, "delegation-ended"),
    ],
)
def test_it_holds_half_open(day: date, expected: str) -> None:
    assert code(may(deputy(), "approve", about(), day, rules())) == expected


@pytest.mark.parametrize(
    "delegator",
    [
        head(grants=()),
        head(grants=(Grant("head", CULTURE, date(2025, 1, 1), TODAY),)),
        head(grants=(Grant("sync_agent", CULTURE, date(2025, 1, 1)),)),
        head(grants=(Grant("head", MUSEUM, date(2025, 1, 1)),)),
        head(grants=(Grant("head", HEALTH, date(2025, 1, 1)),)),
    ],
    ids=["no role", "ended today", "another role", "a smaller part", "elsewhere"],
)
def test_it_ends_with_the_delegators_own_right(delegator: Actor) -> None:
    actor = deputy(lent(delegator=delegator))
    assert code(may(actor, "approve", about(), TODAY, rules())) == "delegation-ended"
    assert not reach(actor, "approve", TODAY, rules()).subtrees
    assert scope_of(actor, TODAY).agencies == ()


def test_what_is_over_is_over_whatever_its_dates() -> None:
    assert code(may(deputy(lent(over=True)), "approve", about(), TODAY, rules())) == "delegation-ended"


def test_an_unknown_right_lends_nothing() -> None:
    assert code(may(deputy(lent(what="everything")), "approve", about(), TODAY, rules())) == "not-permitted"
    assert not in_force(lent(what="everything"), TODAY, rules())


@pytest.mark.parametrize("verb", ["approve", "return_for_correction"])
@pytest.mark.parametrize(
    "target",
    [
        about(profile_id=DEPUTY_PROFILE),
        about(subject_account_id=DEPUTY),
        about(author_account_id=DEPUTY),
        about(profile_id=HEAD_PROFILE),
        about(subject_account_id=HEAD),
        about(author_account_id=HEAD),
    ],
    ids=["own file", "own account", "own entry", "the head's file", "the head's account", "the head's entry"],
)
def test_never_the_own_file_nor_the_delegators(verb: str, target: Target) -> None:
    assert code(may(deputy(), verb, target, TODAY, rules())) == "own-approval"


def test_never_the_file_of_anybody_it_came_through() -> None:
    passed = Delegation(UUID(int=91), "approval", deputy(), MUSEUM, LINES[MUSEUM], FROM, TO)
    third = Actor(THIRD, None, HANOI, (), (passed,))
    assert code(may(third, "approve", about(), TODAY, rules())) == "allowed"
    for someone in (HEAD, DEPUTY, THIRD):
        mine = about(subject_account_id=someone)
        assert code(may(third, "approve", mine, TODAY, rules())) == "own-approval"


def test_the_end_of_the_first_ends_all_that_rest_on_it() -> None:
    for first in (lent(over=True), lent(valid_to=TODAY), lent(delegator=head(grants=()))):
        passed = Delegation(UUID(int=91), "approval", deputy(first), MUSEUM, LINES[MUSEUM], FROM, TO)
        third = Actor(THIRD, None, HANOI, (), (passed,))
        assert code(may(third, "approve", about(), TODAY, rules())) == "delegation-ended"


def test_a_right_of_ones_own_goes_before_a_borrowed_one() -> None:
    both = deputy(grants=(Grant("approver", CULTURE, date(2025, 1, 1)),))
    answer = may(both, "approve", about(), TODAY, rules())
    assert isinstance(answer, Allowed)
    assert (answer.role, answer.delegation_of) == ("approver", None)


def test_row_security_shows_the_lent_part_even_where_the_delegator_sees_everything() -> None:
    officer = Actor(HEAD, None, HANOI, (Grant("department_officer", CITY, date(2025, 1, 1)),))
    actor = deputy(lent(MUSEUM, what="account_creation", delegator=officer))
    scope = scope_of(actor, TODAY)
    assert (scope.everything, scope.agencies) == (False, (MUSEUM,))
    assert scope_of(actor, TO).agencies == ()


# --- the table


def test_the_table_reads_and_a_right_stands_once() -> None:
    text = yaml.safe_dump(delegables().model_dump(mode="json"), allow_unicode=True)
    assert read_delegables(text) == delegables()
    assert delegables().depth == 1
    doubled = yaml.safe_load(text)
    doubled["what"]["again"] = doubled["what"]["sync"]
    with pytest.raises(ValueError, match="two names"):
        read_delegables(yaml.safe_dump(doubled, allow_unicode=True))


@pytest.mark.parametrize(
    ("path", "to"),
    [(("depth",), 0), (("what", "sync", "slot"), "no_such_slot"), (("what", "sync", "verb"), "fly")],
)
def test_a_wrong_table_is_refused(path: tuple[str, ...], to: object) -> None:
    content = delegables().model_dump(mode="json")
    place = content
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    with pytest.raises(ValueError, match=path[-1]):
        read_delegables(yaml.safe_dump(content, allow_unicode=True))


PERSON = {"agency": "subordinate", "kind": "public_service_unit", "category": "public_employee"}


@pytest.mark.rule("binh_dinh.II.2.b")
@pytest.mark.parametrize(
    ("facts", "allowed"),
    [
        (PERSON, True),
        ({**PERSON, "category": "civil_servant"}, False),
        ({**PERSON, "category": "civil_servant", "kind": "agency"}, True),  # no such unit: the general rule
        ({}, True),  # a list: each person on it is asked about when their turn comes
    ],
)
def test_where_the_rule_names_a_category_only_its_people_are_lent(
    facts: dict[str, str], allowed: bool
) -> None:
    law = law_in_force("binh_dinh", TODAY)
    verdict = may(deputy(), "approve", about(facts=facts), TODAY, law)
    assert isinstance(verdict, Allowed) is allowed, verdict
    own = may(head(), "approve", about(facts=facts), TODAY, law)
    assert isinstance(own, Allowed), "the head's own right is not narrowed"
    if not allowed:
        assert isinstance(verdict, Denied)
        assert verdict.code == "not-permitted"


@pytest.mark.rule("hanoi.art14.1")
def test_whoever_synchronises_for_another_sees_the_lists_too() -> None:
    one = deputy(lent(what="sync"))
    for verb in ("sync", "read_profile", "read_reports"):
        verdict = may(one, verb, about(), TODAY, rules())
        assert isinstance(verdict, Allowed), verb
        assert (verdict.delegation_of, verdict.citation is not None) == (HEAD, True)
    for verb in ("approve", "pull_record"):  # not the head's own, or not part of it
        assert not isinstance(may(one, verb, about(), TODAY, rules()), Allowed), verb
