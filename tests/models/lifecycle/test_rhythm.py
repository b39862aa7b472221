"""The clocks of an event beside the month's: what is owed at approval and at entry, and what meets it."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from models.commands import OpenProfile
from models.lifecycle import rhythm
from models.lifecycle.account import open_profile
from models.lifecycle.duties import open_duty
from models.lifecycle.life import Duty, Life
from models.lifecycle.outcome import Insert, Outcome
from models.lifecycle.scene import Scene
from models.lifecycle.wake import after
from models.regulations import in_force
from tests.models.lifecycle.scenes import AUTHORITY, CULTURE, DEPARTMENT, PROFILE, life, opened, scene

FRIDAY = date(2026, 8, 7)
REVISION, OLDER = UUID(int=71), UUID(int=70)


def adopted(day: date = FRIDAY, authority: str = "hanoi", **more: Any) -> Scene:
    law = in_force(authority, day, adopted={"nd27_2026": date(2026, 7, 1)})
    return scene(day, law=law, **more)


def owe(on: Scene, *, born_here: bool, listed: bool = False) -> Outcome:
    out = Outcome()
    rhythm.owe(out, life(), REVISION, 4, on, born_here=born_here, listed=listed)
    return out


def put(out: Outcome) -> list[dict[str, Any]]:
    return [w.values for w in out.writes if isinstance(w, Insert) and w.table == "event_item"]


@pytest.mark.rule("nd27.art19.system")
def test_data_born_here_is_sent_within_a_day_whatever_the_day() -> None:
    out = owe(adopted(), born_here=True)
    duty = opened(out, "event_sync_system").duty
    # One calendar day from Friday is Saturday, which rolls to Monday (Civil Code art. 148.5).
    assert (duty.due_on, duty.party, duty.agency_id) == (date(2026, 8, 10), "administrator", DEPARTMENT)
    assert duty.revision == 4
    assert out.notices == []
    assert [one["revision_id"] for one in put(out)] == [REVISION]


@pytest.mark.rule("nd27.art19.agency")
def test_data_an_agency_brought_in_is_sent_within_three_working_days() -> None:
    duty = opened(owe(adopted(), born_here=False), "event_sync_agency").duty
    assert (duty.due_on, duty.party, duty.agency_id) == (date(2026, 8, 12), "hr_officer", CULTURE)


def test_what_stands_on_an_open_list_says_so() -> None:
    assert [one["listed"] for one in put(owe(adopted(), born_here=True, listed=True))] == [True]


def test_a_law_that_knows_one_of_the_clocks_uses_it_for_both() -> None:
    law = in_force("hanoi", FRIDAY, adopted={"nd27_2026": date(2026, 7, 1)})
    only = law.without("nd27.art19.system")
    assert opened(owe(scene(FRIDAY, law=only), born_here=True), "event_sync_agency").duty.due_on


def test_where_no_law_asks_nothing_is_owed() -> None:
    assert owe(scene(FRIDAY), born_here=True).empty


def owed(number: int) -> Duty:
    out = Outcome()
    rule = adopted().rule("event_sync_system")
    assert rule is not None
    return open_duty(
        out, adopted(), rule, agency_id=CULTURE, event_on=FRIDAY, label=str(number), profile_id=PROFILE,
        revision=number,
    )  # fmt: skip


def sending(*numbers: int, **more: Any) -> Life:
    return life(duties=tuple(owed(n) for n in numbers), **more)


@pytest.mark.rule("nd27.art19.system")
def test_a_receipt_meets_what_was_owed_up_to_its_revision_and_sends_what_came_after() -> None:
    person = sending(3, 4, approved_revision_id=REVISION, synced_revision_id=OLDER)
    out = rhythm.synced(person, 3, adopted(date(2026, 8, 11)))
    assert [(c.duty_id, c.state) for c in out.closed] == [(person.duties[0].id, "met")]
    assert out.closed[0].late_days == 1
    assert [one["revision_id"] for one in put(out)] == [REVISION]


def test_told_again_nothing_happens() -> None:
    assert rhythm.synced(life(), 4, adopted()).empty
    held = sending(5, approved_revision_id=REVISION, synced_revision_id=REVISION)
    assert rhythm.synced(held, 4, adopted()).empty


def entering(day: date, decided: date, origin: Any = "recruited") -> Outcome:
    body = OpenProfile(
        agency_id=CULTURE,
        full_name="Nguyễn Thị Thử",
        personal_id_number="000123456789",
        event_on=decided,
        document="12/QĐ",
        origin=origin,
    )
    return open_profile(PROFILE, AUTHORITY, body, adopted(day))


@pytest.mark.rule("nd27.art18.2")
@pytest.mark.parametrize(
    ("day", "late", "due"),
    [
        (date(2026, 8, 10), 0, "2026-08-10"),  # decided on Friday: three days end on Monday
        (date(2026, 8, 12), 2, "2026-08-10"),
    ],
)
def test_opening_the_profile_creates_the_dossier_in_time_or_late(day: date, late: int, due: str) -> None:
    out = entering(day, FRIDAY)
    assert (out.answer["dossier"]["late_days"], out.answer["dossier"]["due_on"]) == (late, due)
    duty = opened(out, "dossier_creation").duty
    assert [(c.state, c.late_days) for c in out.closed if c.duty_id == duty.id] == [("met", late)]
    assert duty.id not in {one.id for one in after((), out)}, "it wakes nobody"


def test_whoever_is_received_has_a_dossier_already() -> None:
    assert "dossier" not in entering(FRIDAY, FRIDAY, "received").answer
