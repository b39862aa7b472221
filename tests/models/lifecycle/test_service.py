"""Pausing outside parties and announcing maintenance: what is decided, with every refusal."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from models.command_admin import AnnounceMaintenance, LiftMaintenance, PauseParty, ResumeParty
from models.errors import RefusedError
from models.lifecycle import service
from models.lifecycle.service import LONGEST, Window
from models.regulations import in_force
from tests.models.lifecycle.scenes import scene

SCENE = scene(date(2026, 3, 10))
HOUR = timedelta(hours=1)
ONE = UUID(int=7)


def announced(start: timedelta, end: timedelta) -> AnnounceMaintenance:
    return AnnounceMaintenance(starts_at=SCENE.now + start, ends_at=SCENE.now + end, document="6/TB")


def window(start: timedelta, end: timedelta) -> Window:
    return Window(ONE, SCENE.now + start, SCENE.now + end, "5/TB")


def code_of(work: Any, *arguments: Any) -> str:
    with pytest.raises(RefusedError) as refused:
        work(*arguments, SCENE)
    return refused.value.refusal.code


def test_a_party_is_paused_once_and_goes_on_once() -> None:
    body = PauseParty(party="national", reason="đổi khoá kết nối", until=SCENE.now + HOUR)
    (event,) = service.pause((), body, SCENE).events
    assert (event.kind, event.facts["party"]) == ("party.paused", "national")
    assert code_of(service.pause, ("national",), body) == "party-paused"
    late = PauseParty(party="mail", reason="đổi máy chủ", until=SCENE.now)
    assert code_of(service.pause, (), late) == "period-invalid"
    go_on = ResumeParty(party="national", reason="đã đổi xong")
    assert service.resume(("national",), go_on, SCENE).events[0].kind == "party.resumed"
    assert code_of(service.resume, ("mail",), go_on) == "party-not-paused"


@pytest.mark.parametrize(
    ("start", "end"), [(-HOUR, HOUR), (0 * HOUR, HOUR), (2 * HOUR, HOUR), (HOUR, HOUR + LONGEST + HOUR)]
)
def test_maintenance_is_announced_ahead_and_bounded(start: timedelta, end: timedelta) -> None:
    assert code_of(service.announce, (), announced(start, end)) == "period-invalid"


def test_two_do_not_overlap_and_what_is_over_is_not_lifted() -> None:
    there = window(HOUR, 3 * HOUR)
    assert code_of(service.announce, (there,), announced(2 * HOUR, 4 * HOUR)) == "period-invalid"
    assert service.announce((there,), announced(3 * HOUR, 4 * HOUR), SCENE).events
    lift = LiftMaintenance(maintenance_id=ONE, reason="xong sớm")
    assert service.lift(there, lift, SCENE).events[0].kind == "maintenance.lifted"
    assert code_of(service.lift, None, lift) == "not-found"
    assert code_of(service.lift, window(-2 * HOUR, -HOUR), lift) == "wrong-state"


@pytest.mark.rule("moha.art4.2")
def test_the_ministry_is_told_by_which_article() -> None:
    """Service is owed round the clock but for pauses that are announced; elsewhere no text says so."""
    day = date(2026, 3, 10)
    law = in_force("moha", day)
    event = service.announce((), announced(HOUR, 2 * HOUR), scene(day, law=law)).events[0]
    assert event.rule_id == "moha.art4.2"
    assert event.citation is not None
    assert "Điều 4.2" in event.citation
    for silent in (law.without("moha.art4.2"), in_force("hanoi", day)):
        (event,) = service.announce((), announced(HOUR, 2 * HOUR), scene(day, law=silent)).events
        assert event.citation is None
