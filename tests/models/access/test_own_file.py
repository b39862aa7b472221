"""One's own file by a post's right, the second slot of a right, and the reasons told."""

from datetime import date
from uuid import UUID

import pytest

from models.access import Actor, Allowed, Denied, Grant, Target, Verb, explain, may, principles, reach
from models.regulations import RuleSet, in_force

TODAY = date(2026, 3, 2)
CITY, SCHOOL, OTHER = UUID(int=10), UUID(int=12), UUID(int=13)
OWN, COLLEAGUE = UUID(int=20), UUID(int=21)
ACCOUNT = UUID(int=30)

MINE = Target(SCHOOL, (SCHOOL, CITY), OWN)
ANOTHERS = Target(SCHOOL, (SCHOOL, CITY), COLLEAGUE)


def phu_yen() -> RuleSet:
    return in_force("phu_yen", TODAY, simulate=["phu_yen_2024"])


def holding(*roles: str, agency: UUID = SCHOOL) -> Actor:
    return Actor(ACCOUNT, OWN, UUID(int=1), tuple(Grant(role, agency, date(2026, 1, 1)) for role in roles))


@pytest.mark.rule("phu_yen.art3.4")
@pytest.mark.parametrize("role", ["hr_officer", "head", "department_head", "auditor"])
def test_a_posts_right_never_reaches_the_holders_own_file(role: str) -> None:
    rules, actor = phu_yen(), holding(role)
    assert isinstance(may(actor, "read_profile", ANOTHERS, TODAY, rules), Allowed)
    refused = may(actor, "read_profile", MINE, TODAY, rules)
    assert isinstance(refused, Denied)
    assert refused.code == "own-file"
    assert "Điều 3.4" in refused.reason_vi
    assert "art. 3.4" in refused.reason_en
    # As the person it is about one sees it (phu_yen.art7.3), and where the text is silent also by the post.
    assert isinstance(may(actor, "read_own", MINE, TODAY, rules), Allowed)
    assert isinstance(may(actor, "read_profile", MINE, TODAY, rules.without("phu_yen.art3.4")), Allowed)
    assert isinstance(may(actor, "read_profile", MINE, TODAY), Allowed)


@pytest.mark.rule("phu_yen.art3.4")
def test_a_list_leaves_ones_own_file_out() -> None:
    found = reach(holding("department_head"), "read_profile", TODAY, phu_yen())
    assert found.covers(ANOTHERS)
    assert not found.covers(MINE)
    assert found.never_profile == OWN
    assert reach(holding("department_head"), "read_profile", TODAY, in_force("hanoi", TODAY)).covers(MINE)


@pytest.mark.rule("phu_yen.art7.3.b")
def test_whoever_is_entrusted_with_the_data_reads_by_that_rule_alone() -> None:
    rules = phu_yen()
    both = may(holding("hr_officer"), "read_profile", ANOTHERS, TODAY, rules)
    assert isinstance(both, Allowed)
    assert "Điều 7.3" in (both.citation or "")
    ids = [rule.id for rule in rules.every("agency_access")]
    alone = rules
    for one in ids:
        alone = alone.without(one)
    by_trust = may(holding("hr_officer"), "read_profile", ANOTHERS, TODAY, alone)
    assert isinstance(by_trust, Allowed)
    # That rule speaks of the own agency: nothing below it.
    above = may(holding("hr_officer", agency=CITY), "read_profile", ANOTHERS, TODAY, alone)
    assert isinstance(above, Denied)
    assert isinstance(may(holding("head"), "read_profile", ANOTHERS, TODAY, alone), Denied)
    neither = alone.without("phu_yen.art7.3.b")
    assert isinstance(may(holding("hr_officer"), "read_profile", ANOTHERS, TODAY, neither), Denied)


def test_of_two_rights_to_read_the_one_that_sees_more_is_answered() -> None:
    for held in (("auditor", "head"), ("head", "auditor")):
        answer = may(holding(*held), "read_profile", ANOTHERS, TODAY, in_force("hanoi", TODAY))
        assert isinstance(answer, Allowed)
        assert (answer.role, answer.level) == ("head", 4)


@pytest.mark.rule("hanoi.art8.2")
def test_each_right_is_explained_with_its_article() -> None:
    rules = in_force("hanoi", TODAY)
    told = {one.verb: one for one in explain(holding("hr_officer"), ANOTHERS, TODAY, rules)}
    assert set(told) == set(Verb)
    read = told[Verb.READ_PROFILE]
    assert read.why_vi.startswith("Được xem hồ sơ vì là Người phụ trách tổ chức cán bộ; căn cứ: ")
    assert "Điều 8.2" in read.why_vi
    assert read.why_en.startswith("May see a profile because the account is HR officer; basis: ")
    assert "art. 8.2" in read.why_en
    assert isinstance(told[Verb.GATE].verdict, Denied)
    assert told[Verb.GATE].why_vi == "Tài khoản không có vai trò được phép phê duyệt dữ liệu đã gửi đồng bộ."
    audit = explain(holding("auditor"), ANOTHERS, TODAY, rules, [Verb.READ_PROFILE])[0]
    assert "không phải quy định của pháp luật" in audit.why_vi


@pytest.mark.rule("moha.art4.1")
@pytest.mark.rule("moha.art4.5")
def test_the_principles_behind_every_right_are_told_where_they_are_in_force() -> None:
    rules = in_force("moha", TODAY)
    assert [one.slot for one in principles(rules)] == [
        "access_by_duty",
        "access_by_grant",
        "restriction_levels",
    ]
    assert principles(rules)[0].citation.endswith("Điều 4.1")
    assert "chức trách, nhiệm vụ" in principles(rules)[0].text_vi
    assert principles(rules)[1].citation.endswith("Điều 4.5")
    kept = rules.without("moha.art4.1").without("moha.art4.5")
    assert [one.slot for one in principles(kept)] == ["restriction_levels"]
