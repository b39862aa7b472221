"""Who reads by consent: each kind that law asks for, on its days, up to its level, and only that file."""

from datetime import date
from uuid import UUID

import pytest

from models.access import Actor, Allowed, Consent, Denied, Grant, Target, may, reach
from models.regulations import RuleSet, in_force

TODAY = date(2026, 7, 6)
SCHOOL, OTHER = UUID(int=12), UUID(int=13)
FILE, ANOTHER = UUID(int=21), UUID(int=22)
ABOUT = Target(SCHOOL, (SCHOOL,), FILE)


def consent(kind: str, *, level: int = 2, file: UUID = FILE, ends: date = date(2026, 8, 1)) -> Consent:
    return Consent(UUID(int=40), file, kind, TODAY, ends, level)


def reader(*consents: Consent, grants: tuple[Grant, ...] = ()) -> Actor:
    return Actor(UUID(int=30), None, UUID(int=1), grants, (), consents)


def hanoi() -> RuleSet:
    return in_force("hanoi", TODAY)


def with_decree() -> RuleSet:
    return in_force("hanoi", TODAY, adopted={"nd27_2026": date(2026, 7, 1)})


@pytest.mark.rule("hanoi.art8.3.b")
def test_a_written_consent_opens_that_file_on_its_days_alone() -> None:
    rules, actor = hanoi(), reader(consent("written"))
    answer = may(actor, "read_profile", ABOUT, TODAY, rules)
    assert isinstance(answer, Allowed)
    assert (answer.role, answer.slot, answer.level) == ("consent_reader", "consent_access", 2)
    assert "Điều 8.3" in (answer.citation or "")
    for refused in (
        may(actor, "read_profile", Target(SCHOOL, (SCHOOL,), ANOTHER), TODAY, rules),
        may(actor, "read_profile", ABOUT, date(2026, 7, 5), rules),
        may(actor, "read_profile", ABOUT, date(2026, 8, 1), rules),
        may(actor, "export", ABOUT, TODAY, rules),
        may(actor, "read_profile", ABOUT, TODAY, rules.without("hanoi.art8.3.b")),
    ):
        assert isinstance(refused, Denied)
    assert reach(actor, "read_profile", TODAY, rules).profiles == {FILE}
    assert reach(actor, "read_profile", TODAY, rules.without("hanoi.art8.3.b")).profiles == frozenset()


@pytest.mark.rule("nd27.art20.4")
def test_where_the_decree_is_in_force_the_official_consents_too() -> None:
    rules = with_decree()
    for held in ((consent("written"),), (consent("electronic"),)):
        refused = may(reader(*held), "read_profile", ABOUT, TODAY, rules)
        assert isinstance(refused, Denied)
        assert refused.code == "consent-needed"
        assert "Điều 20.4" in refused.reason_vi
        assert reach(reader(*held), "read_profile", TODAY, rules).profiles == frozenset()
    both = may(
        reader(consent("written", level=3), consent("electronic", level=1)),
        "read_profile",
        ABOUT,
        TODAY,
        rules,
    )
    assert isinstance(both, Allowed)
    assert both.level == 1
    alone = may(reader(consent("written")), "read_profile", ABOUT, TODAY, rules.without("nd27.art20.4"))
    assert isinstance(alone, Allowed)


@pytest.mark.rule("nd27.art20.4")
def test_personnel_work_needs_no_consent_and_other_reading_does() -> None:
    rules = with_decree()
    for role in ("hr_officer", "head", "auditor"):
        actor = reader(grants=(Grant(role, SCHOOL, date(2026, 1, 1)),))
        assert isinstance(may(actor, "read_profile", ABOUT, TODAY, rules), Allowed), role
    post = (Grant("consent_reader", SCHOOL, date(2026, 1, 1)),)
    assert isinstance(may(reader(grants=post), "read_profile", ABOUT, TODAY, rules), Denied)
    assert reach(reader(grants=post), "read_profile", TODAY, rules).subtrees == frozenset()
    given = reader(consent("electronic"), grants=post)
    assert isinstance(may(given, "read_profile", ABOUT, TODAY, rules), Allowed)
    assert isinstance(may(reader(grants=post), "read_profile", ABOUT, TODAY, hanoi()), Allowed)
