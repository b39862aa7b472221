"""Levels of restriction: what a reader of each level sees of a form, and what is named as withheld."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.access import roles
from models.form import (
    catalogue,
    diff,
    forms,
    level_of,
    levels,
    may_know,
    top_level,
    visible,
    withheld,
    withhold,
)
from tests.forms import COMPLETE

VERSIONS = sorted({form.version for form in forms().values()})


def ranks(version: str) -> dict[str, int]:
    return {path: level_of(field).rank for path, field in catalogue(version).walk()}


def test_levels_are_counted_from_one_each_with_words_and_source() -> None:
    assert list(levels()) == [1, 2, 3, 4]
    assert all(level.vi and level.en and level.source for level in levels().values())
    assert top_level() == 4
    assert {role.level for role in roles().roles.values()} <= set(levels())


def test_the_level_follows_what_the_decree_calls_basic_and_sensitive() -> None:
    of = ranks("tt06_2023")
    assert (of["staff_number"], of["birth_date"], of["religion"], of["planned_position"]) == (1, 2, 3, 4)
    assert of["salary_coefficient"] == 2, "sealed work data are never open to all"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("level", [0, 1, 2, 3, 4])
def test_each_field_is_either_seen_or_named_as_withheld(version: str, level: int) -> None:
    seen = {path for path, _ in visible(version, level).walk()}
    named = {path for path, _ in withheld(version, level)}
    assert not seen & named
    for path, rank in ranks(version).items():
        table = path.partition("[")[0]
        assert path in seen or path in named or table in named, path
        if rank > level:
            assert path not in seen
    assert (not named) == all(rank <= level for rank in ranks(version).values())


@given(st.sampled_from([0, 1, 2, 3]))
def test_withheld_values_stand_nowhere_in_what_is_shown(level: int) -> None:
    version = "tt06_2023"
    shown = withhold(version, {**COMPLETE, "invented_field": "x"}, level)
    for path, field in withheld(version, level):
        table, _, column = path.partition("[].")
        assert column or table not in shown
        for row in shown.get(table, []) if column else ():
            assert column not in row, field
    assert "invented_field" not in shown
    assert withhold(version, COMPLETE, top_level()) == COMPLETE


@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_difference_in_what_is_withheld_is_no_difference(level: int) -> None:
    version = "tt06_2023"
    other = {**COMPLETE, "planned_position": ["x"], "religion": "khac" if level < 3 else COMPLETE["religion"]}
    before, after = withhold(version, COMPLETE, level), withhold(version, other, level)
    assert diff(visible(version, level), before, after) == ()
    assert len(diff(catalogue(version), COMPLETE, other)) >= 1


def test_a_path_is_known_only_to_its_level() -> None:
    assert may_know("tt06_2023", "staff_number", 1)
    assert not may_know("tt06_2023", "religion", 2)
    assert may_know("tt06_2023", "birth_place.commune", 2)
    assert not may_know("tt06_2023", "no_such_field", 3)
    assert may_know("tt06_2023", "no_such_field", 4)
