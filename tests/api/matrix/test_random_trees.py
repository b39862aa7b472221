"""Many more of the random authorities of tests/models/access/test_database_role.py."""

import random
from typing import Any

import pytest

from api.cli.embedded import EmbeddedPostgres
from tests.models.access.drawing import drawn
from tests.models.access.told import asked, differences

MANY = 400


@pytest.mark.exhaustive
def test_what_is_shown_and_read_is_what_a_walk_up_the_tree_finds(
    module_database: Any, postgres: EmbeddedPostgres
) -> None:
    dice = random.Random(5)
    scenes = [drawn(dice, number) for number in range(MANY)]
    answers = asked(module_database, postgres, scenes)
    wrong = [one for pair in zip(scenes, answers, strict=True) for one in differences(*pair)]
    assert wrong == []
