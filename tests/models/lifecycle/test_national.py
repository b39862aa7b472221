"""What the national database refused becomes a duty of whoever can mend it, once, until it is mended."""

from datetime import date
from typing import Any

import pytest

from models.lifecycle import national, rhythm
from models.lifecycle.life import PERSON, Duty
from models.lifecycle.outcome import Outcome
from tests.models.lifecycle.scenes import CULTURE, life, opened, scene

DAY = date(2026, 1, 28)
FACTS: dict[str, Any] = {"list": "l", "revision": 4, "form": "tt06_2023", "code": "CODE_UNKNOWN", "path": ""}


def refused(path: str = "", *duties: Duty, **more: Any) -> Outcome:
    return national.refused(life(duties=duties, **more), {**FACTS, "path": path}, scene(DAY))


def duty(path: str = "", **more: Any) -> Duty:
    return opened(refused(path, **more), "update_after_change").duty


@pytest.mark.parametrize(
    ("path", "party"),
    [
        ("ethnicity", PERSON),
        ("education[0].institution", PERSON),
        ("managing_authority_id", "hr_officer"),
        ("no_such_field", "hr_officer"),
        ("", "hr_officer"),
    ],
)
def test_it_goes_to_whoever_can_mend_the_field(path: str, party: str) -> None:
    out = refused(path)
    one = opened(out, "update_after_change")
    assert (one.duty.party, one.duty.agency_id) == (party, CULTURE)
    assert one.duty.returned
    assert one.facts["policy"] is True
    assert one.facts.get("path", "") == path
    assert one.facts["code"] == "CODE_UNKNOWN"
    # Five working days of policy after Wednesday, 28 January 2026.
    assert one.duty.due_on == date(2026, 2, 4)
    event = next(e for e in out.events if e.kind == "national.refused")
    assert event.facts["party"] == party


def test_without_an_account_nobody_but_hr_can_mend_it() -> None:
    assert duty("ethnicity", account=None).party == "hr_officer"


def test_asked_again_nothing_happens() -> None:
    assert refused("ethnicity", duty("ethnicity")).empty


def test_a_revision_accepted_later_meets_it_and_an_older_one_does_not() -> None:
    standing = duty("ethnicity")
    person = life(duties=(standing,))
    assert rhythm.synced(person, 3, scene(DAY)).empty
    out = rhythm.synced(person, 4, scene(DAY))
    assert [(c.duty_id, c.state) for c in out.closed] == [(standing.id, "met")]
