"""A plan taken back: what it made is undone, what was decided since stays or stops it, with the line."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from models.lifecycle.reorganisation import Compiled, Former, PlanError, plain_state
from models.lifecycle.reorganisation_plan import compile_plan
from models.lifecycle.tree_changes import End, Operation, apply, recode, rename, reparent
from tests.models.lifecycle.test_reorganisation import (
    ARCHIVE,
    CASE,
    CLINIC,
    CULTURE,
    HEALTH,
    LATER_CASE,
    MERGE,
    ON,
    ROOT,
    compiled,
    new,
    plan,
    tree,
)

LATER = ON + timedelta(9)


def back(of: Compiled, since: Sequence[Operation] = (), *, on: date = LATER, **kept: Any) -> Compiled:
    """The plan that takes one back, after what was done since."""
    former = Former.from_json({**of.former.to_json(), **kept}, ON, {ROOT})
    line = {"op": "restore", "of": str(CASE), "line": 4}
    return compile_plan(plan(line, on=on), apply(of.after, since), LATER_CASE, former={CASE: former})


def faults(of: Compiled, *since: Operation, on: date = LATER) -> list[tuple[int, str, str | None]]:
    with pytest.raises(PlanError) as found:
        back(of, since, on=on)
    return [(one.line, one.code, one.unit) for one in found.value.faults]


def test_a_name_given_later_stays() -> None:
    made = back(compiled(MERGE), [rename(CULTURE, ON + timedelta(5), "Sở Văn hoá và Y tế")])
    now = made.after.on(LATER)
    assert now[HEALTH] == tree().on(ON)[HEALTH]
    assert (now[CULTURE].name, now[CLINIC].parent_id) == ("Sở Văn hoá và Y tế", HEALTH)


def test_of_a_unit_changed_twice_only_what_the_plan_changed_is_changed_back() -> None:
    both = compiled({"op": "recode", "unit": "H26.1", "code": "H26.9"})
    made = back(both, [rename(CULTURE, ON + timedelta(5), "Khác")])
    assert (made.after.on(LATER)[CULTURE].code, made.after.on(LATER)[CULTURE].name) == ("H26.1", "Khác")
    again = back(both, [recode(CULTURE, ON + timedelta(5), "H26.1")])
    assert again.after.digest(LATER) == tree().digest(LATER), "somebody did it by hand"


def test_what_was_decided_otherwise_since_is_a_fault_of_the_line() -> None:
    named = compiled({"op": "rename", "unit": "H26.1", "name": "Một"})
    assert faults(named, rename(CULTURE, ON + timedelta(5), "Hai")) == [(4, "changed-since", "H26.1")]
    assert faults(compiled(MERGE), reparent(CLINIC, ON + timedelta(5), ARCHIVE)) == [
        (4, "changed-since", "H26.2.1")
    ]


def test_what_took_over_and_went_on_to_another_does_not_come_back_empty() -> None:
    into = compiled({"op": "merge", "units": ["H26.2.1"], "into": "H26.2"})
    assert faults(into, End(HEALTH, ON + timedelta(5))) == [(4, "changed-since", "H26.2")]
    one = compiled({"op": "consolidate", "units": ["H26.1.1", "H26.1.2"], "into": new("H26.7")})
    ((unit, _),) = one.created.items()
    assert faults(one, End(unit, ON + timedelta(5))) == [(4, "changed-since", "H26.7")]


def test_a_plan_is_not_taken_back_before_its_day() -> None:
    assert faults(compiled(MERGE), on=ON - timedelta(1)) == [(4, "before-the-plan", str(CASE))]


def test_a_plan_kept_without_what_it_left_goes_by_the_tree_of_its_day() -> None:
    of = compiled(MERGE)
    kept: dict[str, Any] = {"units": of.former.to_json()["units"], "links": []}
    former = Former.from_json(kept, ON)
    assert former.left is None
    since = apply(of.after, [rename(CULTURE, ON + timedelta(5), "Khác")])
    made = compile_plan(
        plan({"op": "restore", "of": str(CASE)}, on=LATER), since, LATER_CASE, former={CASE: former}
    )
    assert made.after.on(LATER)[CULTURE].name == "Khác"
    assert plain_state(made.after.state(HEALTH, LATER)) == kept["units"][str(HEALTH)]


def test_whoever_takes_a_plan_back_is_asked_where_it_was_decided() -> None:
    place = compiled({"op": "place", "unit": "H26.1.1", "to": "H26.2"})
    made = back(place)
    assert (made.opening, made.closing) == ((), ())
    assert (made.places, made.touched) == ({ROOT}, place.touched), "its units are held, too"
