"""Gaps are filled from what is held elsewhere; what somebody entered stays, and it is said."""

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from models.form import catalogue, prefill, tidy
from tests.forms import COMPLETE

DAY = date(2026, 3, 2)
HELD = {**COMPLETE, "staff_number": "CC-1", "employing_unit_id": "H15.2", "employer_assessment": "tốt"}
OWN = tuple(f.name for f in catalogue().fields if f.owner == "person" and f.name in COMPLETE)


def test_an_empty_form_takes_all_that_is_the_persons_own() -> None:
    made = prefill(catalogue(), {}, HELD, on=DAY)
    assert set(made.filled) == set(OWN)
    assert (made.kept, made.unfit) == ((), ())
    assert made.content == {name: tidy(catalogue(), COMPLETE)[name] for name in OWN}
    assert not {"staff_number", "employing_unit_id", "employer_assessment"} & made.content.keys(), "not ours"


def test_what_was_entered_stays_and_is_named() -> None:
    entered = {"contact_phone": "0911111111", "gender": COMPLETE["gender"], "staff_number": "HN-7"}
    made = prefill(catalogue(), entered, HELD, on=DAY)
    assert made.content["contact_phone"] == "0911111111"
    assert made.content["staff_number"] == "HN-7", "the authority's own word stays"
    assert made.kept == ("contact_phone",), "the same value is no difference"
    assert "gender" not in made.filled


def test_a_value_the_form_refuses_is_left_out_and_named() -> None:
    made = prefill(catalogue(), {}, {**HELD, "gender": "không rõ", "unheard_of": "x"}, on=DAY)
    assert made.unfit == ("gender",)
    assert not {"gender", "unheard_of"} & made.content.keys()


values = st.dictionaries(st.sampled_from(OWN), st.just(None), max_size=8)


@settings(deadline=None, max_examples=60)
@given(values, values)
def test_nothing_entered_is_ever_lost_and_a_second_time_fills_nothing(mine: dict, theirs: dict) -> None:
    form = catalogue()
    entered = {name: COMPLETE[name] for name in mine}
    held = {name: COMPLETE[name] for name in theirs}
    made = prefill(form, entered, held, on=DAY)
    before = tidy(form, entered)
    assert {name: made.content[name] for name in before} == before
    assert set(made.content) == set(before) | set(made.filled)
    again = prefill(form, made.content, held, on=DAY)
    assert (again.filled, again.content) == ((), made.content)
