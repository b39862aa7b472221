"""Plans on a tree: each operation, each thing that cannot be and its line, random plans and their inverse."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.command_reorganisation import Plan
from models.lifecycle.reorganisation import Census, Compiled, Fault, Former, PlanError, unit_id
from models.lifecycle.reorganisation_plan import check_people, compile_plan, held_elsewhere
from models.lifecycle.reorganisation_words import FAULTS
from models.lifecycle.tree import Link, State, Tree
from models.lifecycle.tree_changes import Create, apply, rename
from models.lifecycle.tree_lines import lines

DAY, ON = date(2026, 3, 1), date(2026, 7, 1)
ROOT, CULTURE, HEALTH, MUSEUM, ARCHIVE, CLINIC = (UUID(int=n) for n in range(1, 7))
CASE, LATER_CASE = UUID(int=100), UUID(int=101)
DECISION = {"number": "12/QĐ-UBND", "signed_on": "2026-06-01", "issuer": "UBND Thành phố"}


def state(code: str, parent: UUID | None = None, **more: Any) -> State:
    return State(code, f"Đơn vị {code}", "agency", parent, **more)


def tree() -> Tree:
    states = {
        ROOT: state("H26"),
        CULTURE: state("H26.1", ROOT, has_account=True),
        HEALTH: state("H26.2", ROOT),
        MUSEUM: state("H26.1.1", CULTURE),
        ARCHIVE: state("H26.1.2", CULTURE),
        CLINIC: state("H26.2.1", HEALTH),
    }
    return apply(Tree(), [Create(unit, DAY, one) for unit, one in states.items()])


def plan(*operations: dict[str, Any], on: date = ON) -> Plan:
    given = {"title": "Sắp xếp", "decision": DECISION, "effective_on": on, "operations": operations}
    return Plan.model_validate(given)


def compiled(*operations: dict[str, Any], case: UUID = CASE, **how: Any) -> Compiled:
    return compile_plan(plan(*operations), how.pop("of", tree()), case, **how)


def wrong(*operations: dict[str, Any], **how: Any) -> list[tuple[int, str]]:
    with pytest.raises(PlanError) as found:
        compiled(*operations, **how)
    assert {one.code for one in found.value.faults} <= set(FAULTS)
    return [(one.line, one.code) for one in found.value.faults]


def new(code: str, **more: Any) -> dict[str, Any]:
    return {"code": code, "name": f"Đơn vị mới {code}", **more}


MERGE = {"op": "merge", "units": ["H26.2"], "into": "H26.1"}


def test_a_merger_takes_people_and_units_along() -> None:
    made = compiled(MERGE)
    assert made.between.state(HEALTH, ON) is not None  # while people are moved, their unit stands
    assert made.after.state(HEALTH, ON) is None
    assert made.after.on(ON)[CLINIC].parent_id == CULTURE
    assert [(one.unit, one.to, one.people) for one in made.placements] == [(HEALTH, CULTURE, None)]
    assert made.after.links == (Link(HEALTH, CULTURE, ON, "merged"),)
    assert (made.heirs, made.codes_closed) == ({HEALTH: CULTURE}, ("H26.2",))
    assert made.places == {ROOT, CULTURE}, "whoever takes over is asked, too"


def test_whoever_takes_its_own_superior_over_comes_to_stand_in_its_place() -> None:
    made = compiled({"op": "merge", "units": ["H26.1"], "into": "H26.1.1"})
    assert made.after.on(ON)[MUSEUM].parent_id == ROOT
    assert made.after.on(ON)[ARCHIVE].parent_id == MUSEUM


def test_a_new_unit_may_take_over_the_code_of_a_former_one() -> None:
    both = {"op": "consolidate", "units": ["H26.1", "H26.2"], "into": new("H26.1", has_account=True)}
    made = compiled(both)
    unit = unit_id(CASE, "H26.1")
    assert made.between.on(ON)[unit].code == "H26.1.T1"
    assert made.after.on(ON)[unit].code == "H26.1"
    assert made.after.on(ON)[unit].parent_id == ROOT
    assert {made.after.on(ON)[one].parent_id for one in (MUSEUM, ARCHIVE, CLINIC)} == {unit}
    assert made.codes_closed == ("H26.2",)
    recode = {"op": "recode", "unit": "H26.1", "code": "H26.2"}
    taken = compiled(MERGE, recode)
    assert taken.between.on(ON)[CULTURE].code == "H26.1"
    assert taken.after.on(ON)[CULTURE].code == "H26.2"


def test_a_division_ends_the_unit_and_a_separation_does_not() -> None:
    parts = {"op": "divide", "unit": "H26.1.1", "into": [new("H26.1.7"), new("H26.1.8", under="H26.2")]}
    made = compiled(parts, {"op": "place", "unit": "H26.1.1", "to": "H26.1.7"})
    one, other = (unit_id(CASE, code) for code in ("H26.1.7", "H26.1.8"))
    assert made.after.on(ON)[one].parent_id == CULTURE
    assert made.after.on(ON)[other].parent_id == HEALTH
    assert made.heirs == {MUSEUM: one}
    assert {link.kind for link in made.after.links} == {"divided"}
    apart = compiled({"op": "separate", "unit": "H26.1", "into": new("H26.3")})
    assert apart.after.state(CULTURE, ON) is not None
    assert apart.ended == {}
    assert apart.after.links == (Link(CULTURE, unit_id(CASE, "H26.3"), ON, "separated"),)


def test_names_codes_and_places_in_the_tree() -> None:
    made = compiled(
        {"op": "rename", "unit": "H26.1", "name": "Sở Văn hoá, Thể thao"},
        {"op": "recode", "unit": "H26.1", "code": "H26.9"},
        {"op": "reparent", "unit": str(MUSEUM), "under": "H26.2"},
        {"op": "move_authority", "unit": "H26.2", "regulation": "binh_dinh", "duties": "rebase"},
    )
    assert made.after.on(ON)[CULTURE].name == "Sở Văn hoá, Thể thao"
    assert made.after.on(ON)[MUSEUM].parent_id == HEALTH
    assert [(one.agency_id, one.regulation, one.duties) for one in made.regimes] == [
        (HEALTH, "binh_dinh", "rebase")
    ]
    assert None in made.places  # whose law binds is decided at the top
    assert made.codes_closed == ("H26.1",)


IMPOSSIBLE: Mapping[str, tuple[list[dict[str, Any]], list[tuple[int, str]]]] = {
    "unknown": ([MERGE, {"op": "dissolve", "unit": "H99"}], [(2, "unknown-unit")]),
    "unknown target": ([{"op": "reparent", "unit": "H26.1", "under": "H99"}], [(1, "unknown-unit")]),
    "cycle": ([MERGE, {"op": "reparent", "unit": "H26.1", "under": "H26.1.1"}], [(2, "agency-cycle")]),
    "twice": ([MERGE, {"op": "dissolve", "unit": "H26.2"}], [(2, "unit-twice")]),
    "ended and renamed": (
        [{"op": "rename", "unit": "H26.2", "name": "Tên"}, MERGE],
        [(2, "unit-twice")],
    ),
    "named twice": ([{"op": "rename", "unit": "H26.2", "name": str(n)} for n in (1, 2)], [(2, "unit-twice")]),
    "into itself": ([{"op": "merge", "units": ["H26.1"], "into": "H26.1"}], [(1, "into-itself")]),
    "into what ends": (
        [MERGE, {"op": "merge", "units": ["H26.1.1"], "into": "H26.2"}],
        [(2, "target-ends")],
    ),
    "units left": ([{"op": "dissolve", "unit": "H26.2"}], [(1, "agency-has-units")]),
    "code taken": ([{"op": "recode", "unit": "H26.2", "code": "H26.1"}], [(1, "code-taken")]),
    "code of another new one": (
        [{"op": "separate", "unit": unit, "into": new("H26.5")} for unit in ("H26.1", "H26.2")],
        [(2, "code-taken")],
    ),
    "code malformed": (
        [MERGE, {"op": "separate", "unit": "H26.1", "into": new("26/5")}],
        [(2, "code-malformed")],
    ),
    "nothing changes": (
        [{"op": "rename", "unit": "H26.1", "name": "Đơn vị H26.1"}],
        [(1, "nothing-changes")],
    ),
    "no such plan": ([{"op": "restore", "of": str(LATER_CASE)}], [(1, "unknown-plan")]),
    "every line that is wrong": (
        [{"op": "dissolve", "unit": "H97"}, MERGE, {"op": "dissolve", "unit": "H98", "line": 40}],
        [(1, "unknown-unit"), (40, "unknown-unit")],
    ),
}


@pytest.mark.parametrize("case", IMPOSSIBLE)
def test_what_cannot_be_is_said_of_its_line(case: str) -> None:
    operations, expected = IMPOSSIBLE[case]
    assert wrong(*operations) == expected


def test_a_closed_month_takes_no_plan() -> None:
    assert wrong({**MERGE, "line": 7}, earliest=ON + timedelta(1)) == [(7, "month-closed")]
    assert compiled(MERGE, earliest=ON)


def faults(made: Compiled, census: Census) -> list[tuple[int, str, int | None]]:
    return [(one.line, one.code, one.count) for one in check_people(made, census)]


def test_everybody_is_placed_once_and_from_where_they_are() -> None:
    def place(*people: str, unit: str = "H26.1.1", **more: Any) -> dict[str, Any]:
        return {"op": "place", "unit": unit, "to": "H26.2", "people": people, **more}

    ends = {"op": "dissolve", "unit": "H26.1.1"}
    who = {name: (UUID(int=n), MUSEUM) for n, name in enumerate(("a", "b", "c"), 50)}
    census = Census({MUSEUM: 3}, {**who, "z": (UUID(int=60), CLINIC)})
    assert faults(compiled(ends, place("a", "b", "c")), census) == []
    assert faults(compiled(ends, place("a")), census) == [(1, "people-not-placed", 2)]
    rest = {"op": "place", "unit": "H26.1.1", "to": "H26.1"}
    assert faults(compiled(ends, place("a"), rest), census) == []
    assert faults(compiled(ends, place("a", "z"), place("a", "y"), rest), census) == [
        (2, "person-elsewhere", None),
        (3, "person-twice", None),
        (3, "unknown-person", None),
    ]
    assert wrong(place("a", "a")) == [(1, "person-twice")]
    assert wrong(rest, rest) == [(2, "unit-twice")]
    assert wrong(ends, {**rest, "unit": "H26.2", "to": "H26.1.1"}) == [(2, "target-ends")]


def test_two_plans_do_not_touch_one_unit() -> None:
    made = compiled({"op": "rename", "unit": "H26.1.1", "name": "Khác"}, MERGE)
    held = held_elsewhere(made, {CLINIC: LATER_CASE, ARCHIVE: LATER_CASE, CULTURE: LATER_CASE})
    assert [(one.line, one.code, one.unit) for one in held] == [
        (2, "unit-in-another-plan", "H26.1"),
        (2, "unit-in-another-plan", "H26.2.1"),
    ]
    place = {"op": "place", "unit": "H26.1.1", "to": "H26.2", "line": 7}
    law = {"op": "move_authority", "unit": "H26.1.2", "regulation": "moha", "line": 9}
    giving = held_elsewhere(compiled(place, law), dict.fromkeys((MUSEUM, ARCHIVE), LATER_CASE))
    assert [(one.line, one.unit) for one in giving] == [(7, "H26.1.1"), (9, "H26.1.2")]


def test_what_was_done_meanwhile_stays_when_a_plan_is_taken_back() -> None:
    first = compiled(MERGE)
    kept = first.former.to_json()
    meanwhile = apply(first.after, [rename(ARCHIVE, ON + timedelta(5), "Kho lưu trữ")])
    back = compile_plan(
        plan({"op": "restore", "of": str(CASE)}, on=ON + timedelta(9)),
        meanwhile,
        LATER_CASE,
        former={CASE: Former.from_json(kept, ON)},
    )
    now = back.after.on(ON + timedelta(9))
    assert now[HEALTH] == tree().on(ON)[HEALTH]
    assert now[CLINIC].parent_id == HEALTH
    assert now[ARCHIVE].name == "Kho lưu trữ"
    assert back.after.links[-1] == Link(CULTURE, HEALTH, ON + timedelta(9), "restored")
    assert back.undone == {CASE: 1}


Units = Mapping[str, UUID]
People = dict[str, UUID]


def _random_tree(chance: random.Random, size: int) -> Tree:
    codes = ["H26", *(f"H26.{n}" for n in range(1, size))]
    units = [uuid5(ROOT, code) for code in codes]
    made = [Create(units[0], DAY, state(codes[0]))]
    below = ((n, units[chance.randrange(n)]) for n in range(1, size))
    made += [Create(units[n], DAY, state(codes[n], above)) for n, above in below]
    return apply(Tree(), made)


OPERATIONS = (
    "merge", "consolidate", "divide", "separate", "dissolve", "reparent", "rename", "recode",
    "move_authority", "place", "all",
)  # fmt: skip


def random_line(chance: random.Random, codes: list[str], people: People, units: Units) -> dict[str, Any]:
    """Mostly about a unit no other line is about, so that plans of several lines are often possible."""
    one = codes.pop() if codes and chance.random() < 0.9 else chance.choice([*units])
    staying = sorted(set(units) - {one} - set(codes)) if chance.random() < 0.9 else [*units]
    other = chance.choice(staying or [*units])
    fresh = new(chance.choice([one, other, *(f"H26.9.{n}" for n in range(30))]))
    if chance.random() < 0.4:
        fresh["under"] = other
    staff = [name for name, unit in people.items() if unit == units[one]]
    match chance.choice(OPERATIONS):
        case "merge":
            return {"op": "merge", "units": [one], "into": other}
        case "consolidate":
            return {"op": "consolidate", "units": [one, other], "into": fresh}
        case "divide":
            return {"op": "divide", "unit": one, "into": [fresh, new(f"H26.8.{chance.randrange(99)}")]}
        case "separate":
            return {"op": "separate", "unit": one, "into": fresh}
        case "dissolve":
            return {"op": "dissolve", "unit": one}
        case "reparent":
            return {"op": "reparent", "unit": one, "under": other}
        case "rename":
            return {"op": "rename", "unit": one, "name": f"Tên mới {chance.randrange(99)}"}
        case "recode":
            return {"op": "recode", "unit": one, "code": fresh["code"]}
        case "move_authority":
            under = {"under": other} if chance.random() < 0.3 else {}
            regulation = chance.choice(("binh_dinh", "moha"))
            return {"op": "move_authority", "unit": one, "regulation": regulation, **under}
        case "place":
            named = chance.sample(staff, min(2, len(staff)))
            return {"op": "place", "unit": one, "to": other, "people": named}
        case _:
            return {"op": "place", "unit": one, "to": other}


def _moved(made: Compiled, people: People) -> People:
    """Everybody where the placements say, named ones first: what a day does to them, read off by hand."""
    after = dict(people)
    for one in made.placements:
        if one.people is None:
            after |= {name: one.to for name, unit in people.items() if unit == one.unit}
    for one in made.placements:
        after |= dict.fromkeys(one.people or (), one.to)
    return after


def _judged(given_plan: Plan, before: Tree, census: Census) -> tuple[Compiled | None, Sequence[Fault]]:
    try:
        made = compile_plan(given_plan, before, CASE)
    except PlanError as error:
        return None, error.faults
    return made, check_people(made, census)


def _named_rightly(given_plan: Plan, found: Sequence[Fault], before: Tree, census: Census) -> None:
    """Without the lines that are named their fault is gone, unless another line says the same of the unit."""
    named = {one.line for one in found}
    rest = tuple(one for one in given_plan.operations if one.line not in named)
    if not rest:
        return
    _, still = _judged(given_plan.model_copy(update={"operations": rest}), before, census)
    said = {one.line: one.model_dump_json() for one in rest}
    was = {(one.code, one.unit) for one in found}
    for one in still:
        if (one.code, one.unit) in was:
            assert f'"{one.unit}"' in said[one.line], one


def _wrong_line_is_named(given_plan: Plan, chance: random.Random, before: Tree, units: Units) -> None:
    """A possible plan with one impossible line put in anywhere: just this line is named."""
    text = given_plan.model_dump_json()
    known = chance.choice(
        [one for one in units if f'"code":"{one}"' not in text]
    )  # a new unit may take a code
    spoiled, code = chance.choice(
        (
            ({"op": "dissolve", "unit": "H99"}, "unknown-unit"),
            ({"op": "merge", "units": [known], "into": known}, "into-itself"),
            ({"op": "place", "unit": known, "to": known, "people": ["p1"]}, "into-itself"),
            ({"op": "restore", "of": str(LATER_CASE)}, "unknown-plan"),
        )
    )
    given = [one.model_dump(mode="json") | {"line": 0} for one in given_plan.operations]
    at = chance.randrange(len(given) + 1)
    with pytest.raises(PlanError) as refused:
        compile_plan(plan(*given[:at], spoiled, *given[at:]), before, CASE)
    assert [(one.line, one.code) for one in refused.value.faults] == [(at + 1, code)]


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32), size=st.integers(3, 12), length=st.integers(1, 5))
def test_random_plans_keep_everybody_in_a_unit_that_stands(seed: int, size: int, length: int) -> None:
    chance = random.Random(seed)
    before = _random_tree(chance, size)
    units = {one.code: unit for unit, one in before.on(ON).items()}
    people = {f"p{n}": chance.choice([*units.values()]) for n in range(12)}
    codes = chance.sample(sorted(units)[1:], size // 2)
    given_plan = plan(*(random_line(chance, codes, people, units) for _ in range(length)))
    who = {name: (uuid5(CASE, name), unit) for name, unit in people.items()}
    census = Census(Counter(people.values()), who)
    made, found = _judged(given_plan, before, census)
    assert all(1 <= one.line <= length and one.code in FAULTS for one in found)
    if found:
        _named_rightly(given_plan, found, before, census)
    if made is None or found:
        return
    _wrong_line_is_named(given_plan, chance, before, units)
    for at in (made.between, made.after):
        assert lines(at)  # no circle
        standing = at.on(ON)
        parents = {one.parent_id for one in standing.values()} - {None}
        assert parents <= set(standing)
        assert len({one.code for one in standing.values()}) == len(standing)
    assert set(people.values()) <= set(made.between.on(ON))
    after = _moved(made, people)
    assert set(after.values()) <= set(made.after.on(ON)), "nobody is left in a unit that ended"
    assert set(made.heirs.values()) <= set(made.after.on(ON))
    for day in (ON, ON + timedelta(40)):
        back = compile_plan(
            plan({"op": "restore", "of": str(CASE)}, on=day),
            made.after,
            LATER_CASE,
            former={CASE: Former.from_json(made.former.to_json(), ON)},
        )
        assert back.after.digest(day) == before.digest(day)
