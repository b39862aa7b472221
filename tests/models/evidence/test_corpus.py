"""The corpus of damage, a mutation or two of each kind; `python -m tests.bench --only corpus` makes
hundreds of each.
"""

import pytest

from models.evidence import verify_file
from tests.models.evidence import longterm, samples
from tests.models.evidence.corpus.goods import DEMANDED, GOOD
from tests.models.evidence.corpus.kinds import Kind, kinds, on_real_files

EACH = 2


@pytest.mark.parametrize("name", GOOD)
def test_no_good_file_is_refused(name: str) -> None:
    verdict = verify_file(GOOD[name](), samples.trust(), at=longterm.NOW, minimum=DEMANDED.get(name))
    assert verdict.problems == ()
    assert verdict.valid


def test_there_are_enough_kinds() -> None:
    names = [kind.name for kind in kinds()]
    assert len(names) == len(set(names)) >= 50


@pytest.mark.parametrize("kind", on_real_files(), ids=lambda kind: f"{kind.name}: {kind.goods[0]}")
def test_no_damage_to_a_real_file_is_accepted(kind: Kind) -> None:
    damaged, demanded = kind.mutation(0)
    assert not verify_file(damaged, samples.trust(), at=longterm.NOW, minimum=demanded).valid


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.name)
def test_no_damage_is_accepted(kind: Kind) -> None:
    for number, damaged, demanded in kind.mutations(EACH):
        verdict = verify_file(damaged, samples.trust(), at=longterm.NOW, minimum=demanded)
        assert not verdict.valid, number
        assert verdict.problems
