"""All kinds of damage with what each is done to, and the mutations of a kind, the same for the same
number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random

from tests.models.evidence.corpus import (
    bytes_damage,
    competence_damage,
    identity_damage,
    list_damage,
    update_damage,
)
from tests.models.evidence.corpus.goods import DEMANDED, GOOD, REAL, SMALL


@dataclass(frozen=True)
class Kind:
    """One kind of damage. ``demand`` is the reader's level, beside that of the file it is done to."""

    name: str
    damage: Callable[[bytes, Random], bytes]
    goods: Sequence[str]
    demand: str = "B-B"

    def mutation(self, number: int) -> tuple[bytes, str]:
        """The damaged file and the level its reader demands."""
        chance = Random(f"{self.name}/{number}")
        good = self.goods[number % len(self.goods)]
        whole = GOOD[good]()
        while (damaged := self.damage(whole, chance)) == whole:
            continue
        return damaged, max(self.demand, DEMANDED.get(good, "B-B"), key=("B-B", "B-T", "B-LT", "B-LTA").index)

    def mutations(self, count: int) -> Iterator[tuple[int, bytes, str]]:
        for number in range(count):
            yield number, *self.mutation(number)


_PDF = (*SMALL, *REAL)
"""The small ones first: the suite's two mutations of a kind are done to these, the bench's to all in turn."""
_NEEDS = {
    "bit flip: after the last signature": ("slip, B-LT",),
    "timestamp of another file": ("slip, B-T", "slip, B-LT", "slip, B-LTA"),
    "timestamp taken out": ("slip, B-T",),
    "update: signature in another field": ("slip, B-B", "slip, two signatures"),
}


def kinds() -> list[Kind]:
    """Every kind, by name."""
    found = [
        Kind(name, damage, _NEEDS.get(name, _PDF))
        for name, damage in (bytes_damage.KINDS | update_damage.KINDS).items()
    ]
    found += [
        Kind(name, damage, _NEEDS.get(name, ("slip, B-B",)), identity_damage.DEMANDS.get(name, "B-B"))
        for name, damage in identity_damage.KINDS.items()
    ]
    found += [Kind(name, damage, ("evidence of a profile",)) for name, damage in list_damage.KINDS.items()]
    found += [
        Kind(name, damage, ("record of competence",)) for name, damage in competence_damage.KINDS.items()
    ]
    return found


def on_real_files() -> list[Kind]:
    """For the suite: every real file with a few kinds of damage, each kind on one of them."""
    general = [kind for kind in kinds() if kind.goods == _PDF]
    return [
        replace(kind, goods=(tuple(REAL)[at % len(REAL)],)) for at, kind in enumerate(general) if not at % 3
    ]
