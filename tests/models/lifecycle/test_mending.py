"""What the department sent back is owed as a correction by whoever can mend it, under each regulation."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from models.lifecycle import mending, separation
from models.lifecycle.life import PERSON, Chapter
from models.lifecycle.outcome import Outcome
from models.lifecycle.sent_back import SentBack
from models.regulations import in_force
from tests.models.lifecycle.scenes import CULTURE, MONTH, changed, event, life, opened, scene

DAY = date(2026, 1, 28)
BACK = SentBack(MONTH, UUID(int=50), 4, "tt06_2023", "Thiếu quyết định nâng lương")


def asked(*fields: str, authority: str = "hanoi", **more: Any) -> Outcome:
    told = scene(DAY, role="system", law=in_force(authority, DAY))
    return separation.look(life(sent_back=replace(BACK, fields=fields), **more), told)


@pytest.mark.parametrize(
    ("authority", "gate"),
    [
        pytest.param(
            "hanoi", "Quy chế kèm QĐ 6187/QĐ-UBND, Điều 14.2", marks=pytest.mark.rule("hanoi.art14.2")
        ),
        pytest.param("moha", "Quy chế kèm QĐ 832/QĐ-BNV, Điều 7.3", marks=pytest.mark.rule("moha.art7.3")),
    ],
)
@pytest.mark.parametrize(
    ("fields", "party"),
    [
        ((), "hr_officer"),
        (("ethnicity",), PERSON),
        (("ethnicity", "education[0].institution"), PERSON),
        (("ethnicity", "managing_authority_id"), "hr_officer"),
    ],
)
def test_the_duty_goes_to_whoever_can_mend_all_of_it(
    authority: str, gate: str, fields: tuple[str, ...], party: str
) -> None:
    out = asked(*fields, authority=authority)
    (one,) = out.opened
    assert (one.duty.slot, one.duty.party, one.duty.agency_id) == ("update_after_change", party, CULTURE)
    assert one.duty.returned
    assert (one.facts["policy"], one.facts["sent_back"], one.facts["gate"]) == (True, 4, str(MONTH))
    assert one.facts["fields"] == list(fields)
    # Five working days of policy after Wednesday, 28 January 2026.
    assert one.duty.due_on == date(2026, 2, 4)
    told = event(out, "gate.sent_back")
    assert (told.citation, told.facts["party"], told.facts["revision"]) == (gate, party, 4)
    assert BACK.reason not in str([e.facts for e in out.events] + [n.facts for n in out.notices])


def test_the_words_of_the_department_stand_beside_the_form() -> None:
    said = changed(asked("ethnicity"), "revisions")["returned_fields"]
    assert said == [{"path": "ethnicity", "reason": BACK.reason}, {"reason": BACK.reason}]


def test_without_an_account_hr_mends_it_and_of_who_has_left_nobody_does() -> None:
    assert opened(asked("ethnicity", account=None), "update_after_change").duty.party == "hr_officer"
    for chapter in (Chapter.SEPARATION, Chapter.ARCHIVE):
        assert asked("ethnicity", chapter=chapter).empty
    out = Outcome()
    mending.ask(out, life(), scene(DAY))
    assert out.empty, "nothing came back"
