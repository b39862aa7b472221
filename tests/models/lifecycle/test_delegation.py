"""Giving, agreeing to, announcing and ending a delegation: every yes and every refusal."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from models.access import Actor, Delegables, Delegation, Grant, delegables
from models.commands import AgreeDelegation, Delegate, RevokeDelegation
from models.errors import Refusal, RefusedError
from models.lifecycle.delegation import Lent, agree, give, revoke, wake
from models.lifecycle.giving import Edge, Giving, Party
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene
from models.regulations import Rule, RuleSet, in_force
from tests.models.lifecycle.scenes import CALENDAR, CITY, CULTURE, DEPARTMENT, HEALTH, scene

DAY = date(2026, 3, 2)
HANOI, MUSEUM, STORE = UUID(int=1), UUID(int=60), UUID(int=61)
LINES = {
    CITY: (CITY,),
    CULTURE: (CULTURE, CITY),
    HEALTH: (HEALTH, CITY),
    MUSEUM: (MUSEUM, CULTURE, CITY),
    STORE: (STORE, MUSEUM, CULTURE, CITY),
}
HEAD, DEPUTY, THIRD, GIVEN = (UUID(int=n) for n in (70, 71, 72, 73))
SINCE = date(2025, 1, 1)
DEEP = Delegables.model_validate({**delegables().model_dump(), "depth": 2})


def actor(*grants: Grant, account: UUID = HEAD, profile: UUID | None = None, **more: Any) -> Actor:
    return Actor(account, profile, HANOI, grants or (Grant("head", CULTURE, SINCE),), **more)


def party(account: UUID = DEPUTY, agency: UUID = CULTURE, **changes: Any) -> Party:
    return replace(Party(account, None, "active", LINES[agency]), **changes)


def giving(agency: UUID = MUSEUM, **changes: Any) -> Giving:
    return replace(Giving(actor(), party(), LINES[agency], department_id=DEPARTMENT), **changes)


def body(agency: UUID = MUSEUM, **changes: Any) -> Delegate:
    values = {
        "delegate_id": DEPUTY,
        "what": "approval",
        "agency_id": agency,
        "valid_from": DAY,
        "valid_to": DAY + timedelta(days=30),
        "document": "7/QĐ-SVH",
    }
    return Delegate.model_validate({**values, **changes})


def given(one: Giving | None = None, what: Delegate | None = None, at: Scene | None = None) -> Outcome:
    return give(one or giving(), GIVEN, what or body(), at or scene(DAY, role="head", actor_id=HEAD))


def refused(
    one: Giving | None = None,
    what: Delegate | None = None,
    at: Scene | None = None,
    table: Delegables | None = None,
) -> Refusal:
    with pytest.raises(RefusedError) as caught:
        give(one or giving(), GIVEN, what or body(), at or scene(DAY, role="head", actor_id=HEAD), table)
    return caught.value.refusal


def law(**slots: str) -> RuleSet:
    """Hà Nội's law with slots given to rules of one's choice, each altered copy of article 6.4."""
    rules = in_force("hanoi", DAY)
    base = rules.rule("hanoi.art6.4.c").model_dump()
    more = [
        Rule.model_validate({**base, "id": f"test.art{n}", "slot": (slot,), "citation": f"Điều {words}"})
        for n, (slot, words) in enumerate(slots.items(), start=1)
    ]
    return rules.model_copy(update={"rules": (*rules.rules, *more)})


# --- giving


@pytest.mark.rule("hanoi.art6.4.c")
def test_a_head_lends_approval_by_article_6_4() -> None:
    out = given()
    assert (out.status, out.answer) == (201, {"delegation_id": str(GIVEN), "state": "granted"})
    assert out.subject["role"] == "head"
    assert out.subject["parties"] == [HEAD]
    (event,) = out.events
    assert (event.kind, event.rule_id) == ("delegation.given", "hanoi.art6.4.c")
    assert event.citation is not None
    assert "Điều 6.4" in event.citation
    (notice,) = out.notices
    assert (notice.kind, notice.account_id) == ("delegation_given", DEPUTY)
    assert "7/QĐ" not in str(event.facts), "events hold ids, dates and counts"


@pytest.mark.rule("hanoi.art6.4.c")
def test_by_article_6_4_only_the_head_lends_approval() -> None:
    approver = giving(actor=actor(Grant("approver", CULTURE, SINCE)))
    refusal = refused(approver)
    assert refusal.code == "delegation-beyond-right"
    assert "Điều 6.4" in str(refusal.citation)
    assert given(
        approver, at=scene(DAY, law=in_force("hanoi", DAY).replace("hanoi.art6.4.c", party="approver"))
    )


@pytest.mark.rule("hanoi.art9.2")
def test_top_level_agencies_lend_the_creation_of_accounts_by_article_9_2() -> None:
    what = body(what="account_creation")
    out = given(giving(actor=actor(Grant("hr_officer", CULTURE, SINCE))), what)
    assert out.events[0].rule_id == "hanoi.art9.2"
    below = giving(actor=actor(Grant("hr_officer", MUSEUM, SINCE)), delegate=party(agency=MUSEUM))
    assert refused(below, what).code == "delegation-beyond-right"
    wide = in_force("hanoi", DAY).replace("hanoi.art9.2", party="agency")
    assert given(below, what, scene(DAY, law=wide))


@pytest.mark.rule("hanoi.art14.1")
def test_synchronising_is_lent_by_article_14_1() -> None:
    out = given(what=body(what="sync"))
    assert out.events[0].rule_id == "hanoi.art14.1"
    gone = in_force("hanoi", DAY).without("hanoi.art14.1")
    assert refused(what=body(what="sync"), at=scene(DAY, law=gone)).code == "delegation-not-allowed"


@pytest.mark.rule("hanoi.art6.4.c")
def test_where_the_law_is_silent_it_is_refused_with_what_the_law_allows() -> None:
    refusal = refused(at=scene(DAY, law=in_force("hanoi", DAY).without("hanoi.art6.4.c")))
    assert refusal.code == "delegation-not-allowed"
    assert "Điều 9.2" in str(refusal.citation)
    assert "Điều 14.1" in str(refusal.citation)
    assert "phê duyệt dữ liệu" in refusal.detail_vi
    assert "tạo lập tài khoản cá nhân" in refusal.detail_vi
    assert "the creation of personal accounts" in refusal.detail_en
    nothing = law()
    for rule in ("hanoi.art6.4.c", "hanoi.art9.2", "hanoi.art14.1"):
        nothing = nothing.without(rule)
    bare = refused(at=scene(DAY, law=nothing))
    assert bare.citation is None
    assert "không việc nào" in bare.detail_vi


@pytest.mark.parametrize(
    ("begins", "ends"),
    [(DAY, DAY), (DAY + timedelta(days=2), DAY + timedelta(days=1)), (DAY - timedelta(days=1), DAY)],
)
def test_dates_that_cannot_be_are_refused(begins: date, ends: date) -> None:
    assert refused(what=body(valid_from=begins, valid_to=ends)).code == "impossible-date"


def test_an_unknown_agency_is_refused() -> None:
    assert refused(giving(line=())).code == "unknown-agency"


@pytest.mark.parametrize(
    "one",
    [
        giving(delegate=None),
        giving(delegate=party(state="cancelled")),
        giving(delegate=party(HEAD)),
        giving(actor=actor(profile=UUID(int=5)), delegate=party(profile_id=UUID(int=5))),
        giving(delegate=party(agency=HEALTH)),
    ],
    ids=["nobody", "cancelled", "oneself", "the same person", "another agency's"],
)
def test_an_unfit_delegate_is_refused(one: Giving) -> None:
    assert refused(one).code == "unfit-delegate"


@pytest.mark.parametrize(
    "grant",
    [
        Grant("head", STORE, SINCE),
        Grant("head", HEALTH, SINCE),
        Grant("hr_officer", CULTURE, SINCE),
        Grant("head", CULTURE, SINCE, DAY),
        Grant("head", CULTURE, DAY + timedelta(days=1)),
        Grant("head", CULTURE, SINCE, DAY + timedelta(days=29)),
        Grant("head", CULTURE, SINCE, None, THIRD),
    ],
    ids=["smaller", "elsewhere", "other role", "ended", "not begun", "ends within", "delegated role"],
)
def test_nobody_lends_more_than_the_own_right(grant: Grant) -> None:
    assert refused(giving(actor=actor(grant))).code == "delegation-beyond-right"


# --- where another law is in force


def elsewhere(authority: str, *drafts: str) -> Scene:
    return scene(DAY, role="head", actor_id=HEAD, law=in_force(authority, DAY, simulate=drafts))


@pytest.mark.rule("phu_yen.art8.2.a")
@pytest.mark.rule("phu_yen.art14")
def test_a_text_that_says_nothing_of_approval_lets_it_not_be_lent_but_what_it_names() -> None:
    at = elsewhere("phu_yen", "phu_yen_2024")
    refusal = refused(at=at)
    assert refusal.code == "delegation-not-allowed"
    assert "Điều 8.2.a" in str(refusal.citation)
    assert "Điều 14" in str(refusal.citation)
    assert given(what=body(what="sync"), at=at).events[0].rule_id == "phu_yen.art14"
    officer = giving(actor=actor(Grant("hr_officer", CULTURE, SINCE)))
    accounts = body(what="account_creation")
    assert given(officer, accounts, at).events[0].rule_id == "phu_yen.art8.2.a"
    below = giving(actor=actor(Grant("hr_officer", MUSEUM, SINCE)), delegate=party(agency=MUSEUM))
    assert refused(below, accounts, at).code == "delegation-beyond-right"
    for gone, what in (("phu_yen.art14", "sync"), ("phu_yen.art8.2.a", "account_creation")):
        without = replace(at, law=at.law.without(gone))
        assert refused(officer, body(what=what), without).code == "delegation-not-allowed"


@pytest.mark.rule("binh_dinh.II.4.b.3")
def test_a_guidance_that_asks_for_an_agreement_in_writing_makes_it_wait() -> None:
    at = elsewhere("binh_dinh")
    out = given(at=at)
    assert (out.subject["state"], out.events[0].rule_id) == ("waiting", "binh_dinh.II.4.b.3")
    assert "Mục II.4.b" in str(out.notices[0].citation)
    done = agree(lent(state="waiting"), AgreeDelegation(document="9/SNV"), at)
    assert done.events[0].rule_id == "binh_dinh.II.4.b.3"
    assert refused(what=body(what="sync"), at=at).code == "delegation-not-allowed"
    gone = replace(at, law=at.law.without("binh_dinh.II.4.b.3"))
    assert refused(at=gone).code == "delegation-not-allowed"


@pytest.mark.rule("binh_dinh.II.2.b")
def test_a_rule_for_public_service_units_answers_for_them() -> None:
    at = elsewhere("binh_dinh")
    units = {"agency": "subordinate", "kind": "public_service_unit", "category": "public_employee"}
    assert given(at=replace(at, facts=units)).events[0].rule_id == "binh_dinh.II.2.b"
    low = giving(actor=actor(Grant("head", MUSEUM, SINCE)), delegate=party(agency=MUSEUM), line=LINES[MUSEUM])
    assert refused(low, at=replace(at, facts=units)).code == "delegation-beyond-right"
    assert given(low, at=at), "the general rule names no top-level agency"


def test_a_text_without_any_delegation_lends_nothing() -> None:
    refusal = refused(at=elsewhere("moha"))
    assert (refusal.code, refusal.citation) == ("delegation-not-allowed", None)


# --- passing on


def received(**changes: Any) -> Delegation:
    ends = DAY + timedelta(days=30)
    base = Delegation(UUID(int=80), "approval", actor(), CULTURE, LINES[CULTURE], DAY, ends)
    return replace(base, **changes)


def deputy(**changes: Any) -> Giving:
    own = Actor(DEPUTY, None, HANOI, (), (received(**changes),))
    return giving(actor=own, delegate=party(THIRD))


def test_what_was_lent_is_not_lent_on() -> None:
    refusal = refused(deputy(), body(delegate_id=THIRD))
    assert (refusal.code, refusal.extra["depth"]) == ("delegation-too-deep", 1)


def test_unless_the_policy_allows_it_and_then_within_its_dates_and_no_deeper() -> None:
    at = scene(DAY, role="head", actor_id=DEPUTY)
    out = give(deputy(), GIVEN, body(delegate_id=THIRD), at, DEEP)
    assert out.subject["through"] == UUID(int=80)
    assert out.subject["parties"] == [HEAD, DEPUTY]
    long = body(delegate_id=THIRD, valid_to=DAY + timedelta(days=31))
    assert refused(deputy(), long, at, DEEP).code == "delegation-beyond-right"
    twice = replace(received(), delegator=Actor(THIRD, None, HANOI, (), (received(),)))
    again = giving(actor=Actor(DEPUTY, None, HANOI, (), (twice,)), delegate=party(UUID(int=99)))
    assert refused(again, body(delegate_id=UUID(int=99)), at, DEEP).code == "delegation-too-deep"
    assert refused(deputy(over=True), body(delegate_id=THIRD), at, DEEP).code == "delegation-beyond-right"


# --- circles and overlaps


def edge(giver: UUID, receiver: UUID, agency: UUID = CULTURE, **changes: Any) -> Edge:
    base = Edge(giver, giver, receiver, LINES[agency], DAY, DAY + timedelta(days=30))
    return replace(base, **changes)


@pytest.mark.parametrize(
    ("edges", "circle"),
    [
        ((edge(DEPUTY, HEAD),), True),
        ((edge(DEPUTY, HEAD, STORE),), True),
        ((edge(DEPUTY, HEAD, HEALTH),), False),
        (
            (edge(DEPUTY, HEAD, valid_from=DAY + timedelta(days=30), valid_to=DAY + timedelta(days=40)),),
            False,
        ),
        ((edge(DEPUTY, THIRD), edge(THIRD, HEAD)), True),
        ((edge(DEPUTY, THIRD, STORE), edge(THIRD, HEAD, CITY)), True),
        ((edge(DEPUTY, THIRD, STORE), edge(THIRD, HEAD, HEALTH)), False),
        (
            (
                edge(DEPUTY, THIRD, valid_to=DAY + timedelta(days=5)),
                edge(THIRD, HEAD, valid_from=DAY + timedelta(days=5)),
            ),
            False,
        ),
        ((edge(THIRD, DEPUTY), edge(THIRD, HEAD)), False),
    ],
)
def test_a_circle_is_refused_where_and_when_it_would_close(edges: tuple[Edge, ...], circle: bool) -> None:
    if circle:
        assert refused(giving(edges=edges)).code == "delegation-cycle"
    else:
        assert given(giving(edges=edges))


def test_the_same_thing_is_lent_once_at_a_time() -> None:
    again = refused(giving(edges=(edge(HEAD, THIRD, MUSEUM),)))
    assert (again.code, again.extra["valid_from"]) == ("delegation-overlap", DAY.isoformat())
    after = edge(HEAD, THIRD, MUSEUM, valid_from=DAY + timedelta(days=30), valid_to=DAY + timedelta(days=40))
    for one in (edge(HEAD, THIRD, STORE), edge(THIRD, UUID(int=9), MUSEUM), after):
        assert given(giving(edges=(one,)))


# --- the department's agreement


def lent(**changes: Any) -> Lent:
    ends = DAY + timedelta(days=30)
    standing = Delegation(GIVEN, "approval", actor(), MUSEUM, LINES[MUSEUM], DAY, ends)
    base = Lent(
        GIVEN, "approval", HEAD, DEPUTY, MUSEUM, DAY, ends, "granted", warned=False, standing=standing
    )
    return replace(base, **changes)


def test_where_the_law_asks_for_an_agreement_it_waits_for_it() -> None:
    at = scene(DAY, law=law(delegation_agreement="II.4.b"))
    out = given(at=at)
    assert out.subject["state"] == "waiting"
    (notice,) = out.notices
    assert (notice.kind, notice.agency_id, notice.role) == (
        "delegation_waiting",
        DEPARTMENT,
        "department_officer",
    )
    assert notice.citation is not None
    assert "II.4.b" in notice.citation
    agreed = agree(lent(state="waiting"), AgreeDelegation(document="9/SNV"), at)
    assert agreed.subject["state"] == "granted"
    assert agreed.subject["agreed_on"] == DAY
    assert {one.account_id for one in agreed.notices} == {HEAD, DEPUTY}
    assert agreed.events[0].citation is not None
    assert "II.4.b" in agreed.events[0].citation


@pytest.mark.parametrize("one", [lent(), lent(state="ended"), lent(state="waiting", valid_to=DAY)])
def test_only_what_waits_is_agreed_to(one: Lent) -> None:
    with pytest.raises(RefusedError) as caught:
        agree(one, AgreeDelegation(document="9/SNV"), scene(DAY))
    assert caught.value.refusal.code == "wrong-state"


# --- the end


@pytest.mark.parametrize(("who", "reason"), [(HEAD, "revoked"), (CITY, "revoked"), (DEPUTY, "renounced")])
def test_it_ends_at_once_and_what_rests_on_it_hears(who: UUID, reason: str) -> None:
    out = revoke(lent(children=(THIRD,)), RevokeDelegation(reason="không cần nữa"), scene(DAY, actor_id=who))
    assert (out.subject["state"], out.subject["end_reason"]) == ("ended", reason)
    assert out.subject["next_wake_at"] is None
    assert {one.account_id for one in out.notices} == {HEAD, DEPUTY}
    assert out.tell == [(f"delegation/{THIRD}", {})]


def test_what_has_ended_is_not_ended_again() -> None:
    with pytest.raises(RefusedError) as caught:
        revoke(lent(state="ended"), RevokeDelegation(reason="không cần"), scene(DAY))
    assert caught.value.refusal.code == "wrong-state"


def test_both_are_told_three_working_days_before_the_end_and_at_the_end() -> None:
    one = lent(valid_to=date(2026, 3, 23))  # the last day is Sunday the 22nd
    assert CALENDAR.subtract_working_days(date(2026, 3, 22), 3) == date(2026, 3, 18)
    early = wake(one, scene(date(2026, 3, 17), hour=23))
    assert (early.notices, early.subject["warned"]) == ([], False)
    warning = wake(one, scene(date(2026, 3, 18), hour=6))
    assert [(n.kind, n.due_on) for n in warning.notices] == [("delegation_ending", date(2026, 3, 22))] * 2
    assert {n.account_id for n in warning.notices} == {HEAD, DEPUTY}
    again = wake(replace(one, warned=True), scene(date(2026, 3, 19)))
    assert again.notices == []
    assert str(again.subject["next_wake_at"]).startswith("2026-03-22")  # the 23rd, at night in Viet Nam
    over = wake(replace(one, warned=True), scene(date(2026, 3, 23), hour=6))
    assert (over.subject["state"], over.subject["end_reason"]) == ("ended", "expired")
    assert [n.kind for n in over.notices] == ["delegation_ended"] * 2


def test_a_short_one_is_not_announced_as_ending() -> None:
    out = given(what=body(valid_to=DAY + timedelta(days=2)))
    assert out.subject["warned"] is True


def test_a_missing_calendar_year_falls_back_to_calendar_days() -> None:
    far = given(
        giving(actor=actor(Grant("head", CULTURE, SINCE))), body(valid_to=date(2080, 6, 1)), scene(DAY)
    )
    assert str(far.subject["next_wake_at"]).startswith("2080-05-2")


@pytest.mark.parametrize("over", [True, False])
def test_it_ends_itself_when_it_is_worth_nothing_any_more(over: bool) -> None:
    gone = lent().standing if not over else replace(lent().standing, over=True)
    gone = gone if over else replace(gone, delegator=actor(Grant("hr_officer", CULTURE, SINCE)))
    out = wake(lent(standing=gone), scene(DAY))
    assert out.subject["end_reason"] == "not_in_force"
    assert wake(lent(state="ended"), scene(DAY)).empty


def test_what_is_still_to_begin_is_not_ended_before() -> None:
    begins = DAY + timedelta(days=10)
    later = replace(lent().standing, valid_from=begins)
    out = wake(lent(valid_from=begins, standing=later), scene(DAY))
    assert "state" not in out.subject
    waiting = wake(lent(state="waiting", standing=replace(later, over=True)), scene(DAY))
    assert "state" not in waiting.subject
