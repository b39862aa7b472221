"""A duty that rests on a rule naming an office that no longer exists says who stands in."""

from dataclasses import replace
from datetime import date

from models.calendar import start_of_day
from models.lifecycle.duties import climb, open_duty
from models.lifecycle.outcome import Outcome
from models.regulations import in_force
from tests.models.lifecycle.scenes import CULTURE, PROFILE, scene

DAY = date(2026, 3, 2)
LAW = in_force("binh_dinh", DAY)
NOTE = "Phòng Nội vụ cấp huyện: từ 01/07/2025 là Phòng Văn hóa - Xã hội của Ủy ban nhân dân cấp xã"


def opened(law, kind: str, due: tuple | None = None):
    at = scene(DAY, law=law, facts={"kind": kind})
    obligation = at.rule("personal_account")
    assert obligation is not None
    out = Outcome()
    duty = open_duty(out, at, obligation, agency_id=CULTURE, event_on=DAY, profile_id=PROFILE, due=due)
    return at, out, duty


def test_the_duty_and_its_notice_carry_the_note() -> None:
    _, out, _ = opened(LAW, "commune_committee")
    assert out.opened[0].facts["succession"]["vi"].startswith(NOTE)
    assert out.opened[0].facts["succession"]["en"].startswith("home-affairs office of the district")
    assert out.notices[-1].facts["succession"]["vi"].startswith(NOTE)


def test_where_every_office_still_exists_nothing_is_said() -> None:
    _, out, _ = opened(LAW, "department")
    assert "succession" not in out.opened[0].facts
    assert "succession" not in out.notices[-1].facts
    _, out, _ = opened(in_force("binh_dinh", date(2025, 6, 30)), "commune_committee")
    assert "succession" not in out.opened[0].facts


def test_reminders_carry_it_too() -> None:
    due = date(2026, 3, 9)
    at, _, duty = opened(LAW, "commune_committee", (due, due, start_of_day(date(2026, 3, 10))))
    assert duty.next_wake_at is not None
    out = Outcome()
    climb(out, replace(at, now=duty.next_wake_at), duty, subject_id=PROFILE)
    assert out.notices
    assert all(notice.facts["succession"]["vi"].startswith(NOTE) for notice in out.notices)
