"""Whatever is asked in whatever order on whatever day, a life stays a life.

Walks are random but fixed by their seed, so that a failure names one and is found again.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from models.errors import RefusedError
from models.lifecycle.life import LEAVING, AccountState, Chapter, Life, Status
from models.lifecycle.outcome import Outcome
from tests.models.lifecycle.scenes import PROFILE
from tests.models.lifecycle.walking import Walk, begin

NEXT = {
    Chapter.ACCOUNT: {Chapter.DECLARATION, Chapter.SEPARATION},
    Chapter.DECLARATION: {Chapter.REVIEW, Chapter.TRANSFER, Chapter.SEPARATION},
    Chapter.REVIEW: {Chapter.DECLARATION, Chapter.SERVICE, Chapter.TRANSFER, Chapter.SEPARATION},
    Chapter.SERVICE: {Chapter.TRANSFER, Chapter.SEPARATION},
    Chapter.TRANSFER: {Chapter.DECLARATION, Chapter.REVIEW, Chapter.SERVICE},
    Chapter.SEPARATION: {Chapter.ARCHIVE},
    Chapter.ARCHIVE: set(),
}
ANYTHING = (
    *("create_account", "activate", "submit", "return", "approve", "notice", "withdraw_notice", "request"),
    *("report", "hand_over", "accept", "refuse", "withdraw", "separate", "cancel", "archive"),
)
ORDINARY = {
    Chapter.ACCOUNT: ("create_account", "activate"),
    Chapter.DECLARATION: ("submit", "submit", "submit", "request"),
    Chapter.REVIEW: ("approve", "approve", "approve", "return", "request"),
    Chapter.SERVICE: ("notice", "submit", "approve", "return", "request", "separate", "cancel"),
    Chapter.TRANSFER: ("report", "hand_over", "accept", "submit", "approve", "notice", "withdraw"),
    Chapter.SEPARATION: ("archive",),
    Chapter.ARCHIVE: ("notice",),
}
"""What people do in each chapter, so that walks get far; anything else is tried as well."""
SEEDS, WALKS, STEPS = range(6), 20, 70


def chapters_follow_each_other(walk: Walk, before: Life) -> None:
    before, after = before.chapter, walk.life.chapter
    assert after == before or after in NEXT[before], (before, after)


def one_case_at_a_time(walk: Walk, before: Life) -> None:
    case, chapter = walk.life.case, walk.life.chapter
    assert (chapter is Chapter.TRANSFER) == (case is not None and case.kind == "transfer")
    if chapter is Chapter.SEPARATION:
        assert case is not None
        assert case.state == "effective"
    assert case is None or not case.closed


def a_chapter_is_what_it_says(walk: Walk, before: Life) -> None:
    life = walk.life
    declared, waits = life.approved_revision_id is not None, life.pending is not None
    if life.chapter in (Chapter.DECLARATION, Chapter.REVIEW):
        assert not declared
        assert waits == (life.chapter is Chapter.REVIEW)
    if life.chapter is Chapter.SERVICE:
        assert declared


def what_waits_is_submitted_or_being_signed(walk: Walk, before: Life) -> None:
    pending, signing = walk.life.pending, walk.life.approval
    assert pending is None or pending.state in ("submitted", "signing")
    assert (signing is not None) == (pending is not None and pending.state == "signing")


def who_has_left_owes_nothing_but_a_covered_report(walk: Walk, before: Life) -> None:
    life = walk.life
    if life.chapter in (Chapter.SEPARATION, Chapter.ARCHIVE):
        assert {d.slot for d in life.duties} <= {"move_out_report"}
        assert not life.duties or life.chapter is Chapter.SEPARATION
        assert life.status in LEAVING
        assert life.pending is None
    else:
        assert life.status in (Status.PENDING, Status.WORKING)
    if life.chapter is Chapter.SERVICE:
        assert life.status is Status.WORKING


def a_leavers_access_is_gone(walk: Walk, before: Life) -> None:
    life = walk.life
    if life.account is not None:
        cancelled = life.account.state is AccountState.CANCELLED
        assert cancelled == (life.status in LEAVING)


def the_next_wake_lies_ahead(walk: Walk, before: Life) -> None:
    assert walk.wake is None or walk.wake > walk.now
    if walk.life.chapter is Chapter.ARCHIVE:
        assert walk.wake is None


def every_duty_cites_its_rule(walk: Walk, before: Life) -> None:
    for duty in walk.life.duties:
        assert duty.rule_id
        assert "Điều" in duty.citation
        assert (duty.due_on is None) == (duty.due_at is None)
        assert duty.profile_id == PROFILE or duty.case_id in walk.opened_cases


def open_duties_stand_with_the_custodian_or_a_side_of_the_case(walk: Walk, before: Life) -> None:
    life = walk.life
    for duty in life.duties:
        if duty.case_id is None:
            assert duty.agency_id == life.agency_id, duty.slot
        elif life.case is not None:
            assert duty.agency_id in (life.case.from_agency_id, life.case.to_agency_id)


def what_is_written_once_is_written_once(walk: Walk, before: Life) -> None:
    opened = [o.duty.id for o in walk.outcome.opened]
    assert len(set(opened)) == len(opened)
    closed = [c.duty_id for c in walk.outcome.closed]
    assert len(set(closed)) == len(closed)


INVARIANTS = (
    a_chapter_is_what_it_says,
    chapters_follow_each_other,
    one_case_at_a_time,
    what_waits_is_submitted_or_being_signed,
    who_has_left_owes_nothing_but_a_covered_report,
    a_leavers_access_is_gone,
    the_next_wake_lies_ahead,
    every_duty_cites_its_rule,
    open_duties_stand_with_the_custodian_or_a_side_of_the_case,
    what_is_written_once_is_written_once,
)


def decided(walk: Walk, chance: Random) -> Outcome | None:
    """One act, ordinary or not; none where it was refused, which changes nothing."""
    ordinary = chance.random() < 0.8
    act = chance.choice(ORDINARY[walk.life.chapter] if ordinary else ANYTHING)
    before = walk.life
    try:
        return walk.decide(act, chance.choice((0, 0, 0, 0, -9, -1, 1, 20)), chance.randrange(12))
    except RefusedError:
        assert walk.life is before
        return None


def check(walk: Walk, before: Life) -> None:
    for holds in INVARIANTS:
        holds(walk, before)


def act(walk: Walk, chance: Random) -> None:
    """Somebody asks for something, or a signature ends."""
    before = walk.life
    signing = before.approval is not None and chance.random() < 0.4
    out = walk.finish_signature(chance.random() < 0.8) if signing else decided(walk, chance)
    if out is not None:
        walk.write(out)
    check(walk, before)


def sleep(walk: Walk, days: int) -> None:
    """Nobody acts; every timer fires on its instant."""
    end = walk.now + timedelta(days=days)
    while walk.wake is not None and walk.wake <= end:
        walk.now = max(walk.now, walk.wake)
        before = walk.life
        walk.ring()
        check(walk, before)
    walk.now = end


@pytest.mark.parametrize("seed", SEEDS)
def test_a_life_stays_a_life(seed: int) -> None:
    chance, seen = Random(seed), Counter[str]()
    for _ in range(WALKS):
        walk = begin(datetime(2025, 1, 2, 2, tzinfo=UTC) + timedelta(days=chance.randrange(500)))
        for _ in range(STEPS):
            if chance.random() < 0.25:
                sleep(walk, chance.choice((1, 1, 3, 8, 30)))
            else:
                act(walk, chance)
            seen.update(event.kind for event in walk.outcome.events)
    for reached in ("transfer.accepted", "transfer.refused", "duty.escalation", "profile.archived"):
        assert seen[reached], f"no walk came to {reached}"
