"""Giving a delegation: every yes and every refusal."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from models.access import Actor, Delegation, Grant
from models.commands import AgreeDelegation
from models.lifecycle.delegation import agree, give
from models.lifecycle.giving import Edge, Giving
from models.lifecycle.scene import Scene
from models.regulations import in_force
from tests.models.lifecycle.lending import (
    DAY,
    DEEP,
    DEPUTY,
    GIVEN,
    HANOI,
    HEAD,
    LINES,
    MUSEUM,
    SINCE,
    STORE,
    THIRD,
    actor,
    body,
    given,
    giving,
    law,
    lent,
    party,
    refused,
)
from tests.models.lifecycle.scenes import CITY, CULTURE, HEALTH, scene

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


def test_what_is_lent_about_a_unit_that_is_no_more_stands_in_nobody_s_way() -> None:
    """Its line is empty, and nobody acts by it: neither a circle nor an overlap, and no error either."""
    gone = replace(edge(HEAD, DEPUTY), line=())
    back = replace(edge(DEPUTY, HEAD), line=())
    assert given(giving(edges=(gone, back)))
