"""Whose law a unit has on a day: asked of the database, and of a walk by hand over the same rows."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from models.database import engine_for, together, transaction
from models.record.law_of import LawOf, regimes_of
from tests.models.record.conftest import START
from tests.world import World, build, tools_for

FIRST = START.date()
UNITS, DAYS, TREES = 14, 400, 6
"""Units and days of one random tree; how many trees."""
OTHERS = ("binh_dinh", "moha")
Forest = list[dict[UUID, UUID | None]]


@pytest.fixture
async def world(module_database: Any, tmp_path: Path) -> AsyncIterator[World]:
    engine = engine_for(module_database.url("worker"), pool_size=2)
    yield await build(tools_for(engine, tmp_path), START, second=True)
    await engine.dispose()


class Drawn:
    """A random tree that changes on some days, with regimes and loads of two other regulations."""

    def __init__(self, random: Random) -> None:
        self.units = [UUID(int=random.getrandbits(128), version=4) for _ in range(UNITS)]
        inner = sorted(random.sample(range(1, DAYS), 3))
        self.edges = [0, *inner, DAYS]
        self.forests: Forest = [self._forest(random) for _ in pairwise(self.edges)]
        self.regimes = [one for unit in random.sample(self.units, 6) for one in self._regimes(random, unit)]
        self.loads = [
            (name, f"{name}-{start}", start)
            for name in OTHERS
            for start in sorted(random.sample(range(DAYS), 2))
        ]

    def _forest(self, random: Random) -> dict[UUID, UUID | None]:
        order = random.sample(self.units, len(self.units))
        return {
            one: random.choice(order[:n]) if n and random.random() < 0.9 else None
            for n, one in enumerate(order)
        }

    def _regimes(self, random: Random, unit: UUID) -> list[tuple[UUID, str, int, int | None]]:
        start, change = sorted(random.sample(range(DAYS), 2))
        end = random.choice([None, change])
        found = [(unit, random.choice((*OTHERS, "hanoi")), start, end)]
        return found if end is None else [*found, (unit, random.choice(OTHERS), change, None)]

    def line(self, unit: UUID, day: int) -> list[UUID]:
        """The unit and all above it, the nearest first: one step after the other."""
        at = next(n for n, (a, b) in enumerate(pairwise(self.edges)) if a <= day < b)
        found, here = [], unit
        while here is not None:
            found.append(here)
            here = self.forests[at][here]  # type: ignore[assignment] # none ends the walk
        return found

    def by_hand(self, unit: UUID, day: int, own: str) -> str:
        """The hash of the law of a unit on a day."""
        for above in self.line(unit, day):
            for agency, name, start, end in self.regimes:
                if agency == above and start <= day and (end is None or day < end):
                    loaded = [
                        (at, content) for other, content, at in self.loads if other == name and at <= day
                    ]
                    return max(loaded)[1] if loaded else own
        return own


async def written(connection: Any, world: World, drawn: Drawn) -> None:
    """The drawn rows; the tree's lines are those of the walk."""
    authority = world.authority
    await connection.execute(
        text("INSERT INTO agencies VALUES (:id, :a, :code, 'x', 'agency', NULL, false, :on, NULL)"),
        [{"id": one, "a": authority, "code": f"X{n:02d}", "on": FIRST} for n, one in enumerate(drawn.units)],
    )
    await connection.execute(
        text(
            "INSERT INTO agency_lines (authority_id, ancestor_id, descendant_id, valid_from, depth, valid_to)"
            " VALUES (:a, :above, :unit, :start, :depth, :end)"
        ),
        [
            {
                "a": authority,
                "above": above,
                "unit": unit,
                "depth": depth,
                "start": day(start),
                "end": day(end),
            }
            for start, end in pairwise(drawn.edges)
            for unit in drawn.units
            for depth, above in enumerate(drawn.line(unit, start))
        ],
    )
    await connection.execute(
        text(
            "INSERT INTO agency_regimes (id, authority_id, agency_id, regulation, valid_from, valid_to,"
            " duties, document) VALUES (gen_random_uuid(), :a, :unit, :name, :start, :end, 'keep', 'x')"
        ),
        [
            {"a": authority, "unit": unit, "name": name, "start": day(start), "end": day(end)}
            for unit, name, start, end in drawn.regimes
        ],
    )
    for name, content, start in drawn.loads:
        row = {"a": authority, "h": content, "on": day(start), "name": name, "now": world.now}
        await connection.execute(
            text("INSERT INTO rule_sets VALUES (:a, :h, :on, CAST('{}' AS jsonb), 'x', :now)"), row
        )
        await connection.execute(
            text(
                "INSERT INTO regime_loads (id, authority_id, regulation, hash, valid_from, document,"
                " loaded_at) VALUES (gen_random_uuid(), :a, :name, :h, :on, 'x', :now)"
            ),
            row,
        )


def day(n: int | None) -> date | None:
    return FIRST + timedelta(days=n) if n is not None else None


@pytest.mark.parametrize("seed", range(TREES))
async def test_the_law_of_a_unit_is_what_a_walk_by_hand_finds(world: World, seed: int) -> None:
    random = Random(seed)
    drawn = Drawn(random)
    async with transaction(world.tools.engine, world.scope) as connection:
        own = await connection.scalar(text("SELECT hash FROM rule_sets"))
        await written(connection, world, drawn)
        for at in (*random.sample(range(DAYS), 8), *drawn.edges[:-1]):
            when = day(at)
            assert when is not None
            asked = [LawOf.unit(world.authority, unit).on(when) for unit in drawn.units]
            rows = await together(connection, [*asked, regimes_of(world.authority, None, when)])
            found = {unit: row[0].rule_set for unit, row in zip(drawn.units, rows, strict=False)}
            assert found == {unit: drawn.by_hand(unit, at, own) for unit in drawn.units}, (seed, when)
            batch = {row.unit: row.rule_set or own for row in rows[-1]}
            assert {unit: batch.get(unit, own) for unit in drawn.units} == found
        await connection.rollback()
