"""What changed, and what is sealed."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.form import Catalogue, catalogue, diff, join, level_of, normalise, split

rows = st.fixed_dictionaries(
    {},
    optional={
        "relation": st.sampled_from(["father", "mother", "child"]),
        "full_name": st.sampled_from(["A", "B", "C"]),
        "birth_year": st.integers(1950, 1953),
        "unknown": st.booleans(),
    },
)
contents = st.fixed_dictionaries(
    {},
    optional={
        "gender": st.sampled_from(["male", "female", "", None]),
        "salary_step": st.integers(0, 2) | st.booleans(),
        "other_names": st.lists(st.sampled_from(["A", "B", "C"]), max_size=4),
        "family_members": st.lists(rows, max_size=4),
        "hometown": st.dictionaries(st.sampled_from(["province", "commune"]), st.sampled_from(["01", "02"])),
        "unheard_of": st.integers(0, 2) | st.text(max_size=3),
    },
)


def _exact(value: Any) -> str:
    return repr(normalise(value)) if isinstance(value, dict) else repr(value)


@settings(deadline=None, max_examples=300)
@given(contents, contents)
def test_no_difference_exactly_when_both_are_the_same(before: dict[str, Any], after: dict[str, Any]) -> None:
    def sorted_keys(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: sorted_keys(value[key]) for key in sorted(value)}
        return [sorted_keys(item) for item in value] if isinstance(value, list) else value

    same = repr(sorted_keys(normalise(before))) == repr(sorted_keys(normalise(after)))
    assert (diff(catalogue(), before, after) == ()) is same


@settings(deadline=None)
@given(contents)
def test_split_and_join_lose_nothing(content: dict[str, Any]) -> None:
    in_the_open, sealed = split(catalogue(), content)
    assert join(in_the_open, sealed) == content
    assert not set(in_the_open) & {"family_members", "unheard_of"}


def test_what_is_marked_or_restricted_is_not_stored_in_the_open(
    cat: Catalogue, right: dict[str, Any]
) -> None:
    in_the_open, sealed = split(cat, right)
    marked = {name for name in right if cat.by_name[name].encrypted}
    restricted = {name for name in right if level_of(cat.by_name[name]).rank >= 3}
    assert set(sealed) == marked | restricted
    assert restricted - marked, "sensitive fields that no form marks"
    assert right["citizen_id_number"] not in repr(in_the_open)
    with pytest.raises(ValueError, match="both open and sealed: gender"):
        join({"gender": "male"}, {"gender": "female"})


def _paths(cat: Catalogue, before: Any, after: Any) -> list[tuple[str, str]]:
    return [(change.path, change.kind) for change in diff(cat, before, after)]


def test_scalars(cat: Catalogue, right: dict[str, Any]) -> None:
    after = copy.deepcopy(right)
    after["salary_coefficient"] = "5.42"
    after["work_strength"] = "Soạn thảo"
    del after["blood_type"]
    changes = diff(cat, right, after)
    assert [(change.path, change.kind) for change in changes] == [
        ("work_strength", "added"),
        ("salary_coefficient", "changed"),
        ("blood_type", "removed"),
    ]
    coefficient = changes[1]
    assert (coefficient.before, coefficient.after) == ("5.08", "5.42")
    assert (coefficient.label, coefficient.sensitivity, coefficient.encrypted) == ("Hệ số lương", "W", True)


def test_a_new_first_row_does_not_shift_the_others(cat: Catalogue, right: dict[str, Any]) -> None:
    after = copy.deepcopy(right)
    after["family_members"].insert(0, {"side": "own", "relation": "mother", "full_name": "Lò Thị Na"})
    changes = diff(cat, right, after)
    assert [(change.path, change.kind) for change in changes] == [("family_members[0]", "added")]
    assert changes[0].encrypted


def test_rows_are_matched_by_key_then_by_likeness(cat: Catalogue, right: dict[str, Any]) -> None:
    after = copy.deepcopy(right)
    after["family_members"][1]["birth_year"] = 2004
    after["education"][1]["degree_level"] = "doctor"
    after["education"].pop(0)
    assert _paths(cat, right, after) == [
        ("education[0]", "removed"),
        ("education[0].degree_level", "changed"),
        ("family_members[1].birth_year", "changed"),
    ]


def test_order_alone_is_said_once(cat: Catalogue, right: dict[str, Any]) -> None:
    after = copy.deepcopy(right)
    after["education"].reverse()
    (change,) = diff(cat, right, after)
    assert (change.path, change.kind, change.before, change.after) == ("education", "moved", [0, 1], [1, 0])


def test_repeating_scalars(cat: Catalogue) -> None:
    assert _paths(cat, {"other_names": ["A", "B"]}, {"other_names": ["B", "C"]}) == [
        ("other_names[0]", "removed"),
        ("other_names[1]", "added"),
    ]


def test_unknown_fields_are_shown_as_sensitive(cat: Catalogue) -> None:
    (change,) = diff(cat, {}, {"unheard_of": 1})
    assert (change.sensitivity, change.encrypted, change.kind) == ("S", True, "added")
