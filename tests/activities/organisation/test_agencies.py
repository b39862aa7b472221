"""Agencies against the database: verdicts, refusals, and a closure that stays true on every day."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from uuid import UUID

import pytest
from sqlalchemy import text

from activities.organisation.agencies import (
    Judged,
    Wanted,
    Warrant,
    judge_agencies,
    load_agencies,
    write_agencies,
)
from models.database import Scope, engine_for, transaction
from models.keys import ensure_keyring
from models.record.install import install_authority
from models.record.tools import Tools
from models.record.tree import lines_apart, mend_lines
from tests.conftest import Database

TODAY = date(2025, 9, 15)


@pytest.fixture
async def place(database: Database, tmp_path: Path) -> AsyncIterator[tuple[Tools, Scope]]:
    """An installed authority: the tools and its scope."""
    ring = ensure_keyring(tmp_path / "ring.json", None, tmp_path / "master.key")
    tools = Tools(engine_for(database.url()), ring)
    made = await install_authority(
        tools,
        code="hanoi",
        name="Ủy ban nhân dân thành phố Hà Nội",
        national_code="H26",
        document="d",
        now=datetime(2025, 9, 15, 3, tzinfo=UTC),
    )
    yield tools, Scope(made.authority_id, everything=True, on=TODAY)
    await tools.engine.dispose()


def wanted(code: str, parent: str | None = "H26", **more: object) -> Wanted:
    values = {"name": code, "kind": "department", "has_account": True, **more}
    return Wanted(code=code, parent_code=parent, **values)  # type: ignore[arg-type] — a test says only what differs


async def upsert(place: tuple[Tools, Scope], *agencies: Wanted, on: date = TODAY) -> dict[str, Judged]:
    tools, scope = place
    async with transaction(tools.engine, replace(scope, on=on)) as connection:
        judged = judge_agencies(await load_agencies(connection), agencies)
        warrant = Warrant(on, "1/QĐ", None, datetime(2025, 9, 15, 3, tzinfo=UTC))
        return await write_agencies(connection, scope.authority, judged, warrant)


def verdicts(judged: dict[str, Judged]) -> dict[str, str]:
    return {code: one.problem or one.verdict for code, one in judged.items()}


async def test_create_update_same(place: tuple[Tools, Scope]) -> None:
    first = await upsert(place, wanted("H26.01.01", "H26.01"), wanted("H26.01"))
    assert verdicts(first) == {"H26.01.01": "create", "H26.01": "create"}
    again = await upsert(place, wanted("H26.01.01", "H26.01"), wanted("H26.01", name="Sở Nội vụ"))
    assert verdicts(again) == {"H26.01.01": "same", "H26.01": "update"}
    assert again["H26.01"].agency is not None
    assert first["H26.01"].agency is not None
    assert again["H26.01"].agency.id == first["H26.01"].agency.id
    tools, scope = place
    async with transaction(tools.engine, scope) as connection:
        names = {a.code: a.name for a in (await load_agencies(connection)).values()}
    assert names["H26.01"] == "Sở Nội vụ"


async def test_a_refused_agency_takes_along_what_stands_below_it(place: tuple[Tools, Scope]) -> None:
    judged = await upsert(
        place, wanted("A", "nowhere"), wanted("A.1", "A"), wanted("A.1.1", "A.1"), wanted("B")
    )
    assert verdicts(judged) == {
        "A": "unknown-parent",
        "A.1": "unknown-parent",
        "A.1.1": "unknown-parent",
        "B": "create",
    }
    tools, scope = place
    async with transaction(tools.engine, scope) as connection:
        assert set(await load_agencies(connection)) == {"H26", "B"}


async def test_a_circle_is_refused_also_when_part_of_it_stands(place: tuple[Tools, Scope]) -> None:
    await upsert(place, wanted("A"), wanted("A.1", "A"))
    judged = await upsert(place, wanted("A", "A.1"), wanted("C"))
    assert verdicts(judged) == {"A": "agency-cycle", "C": "create"}


async def test_the_code_of_an_ended_agency_is_not_used_again(place: tuple[Tools, Scope]) -> None:
    await upsert(place, wanted("A"), wanted("B"))
    tools, scope = place
    async with transaction(tools.engine, scope) as connection:
        await connection.execute(text("UPDATE agencies SET valid_to = :on WHERE code = 'A'"), {"on": TODAY})
    assert verdicts(await upsert(place, wanted("A"), wanted("A.1", "A"))) == {
        "A": "agency-ended",
        "A.1": "unknown-parent",
    }


async def test_a_closure_that_was_tampered_with_is_found_and_made_again(place: tuple[Tools, Scope]) -> None:
    await upsert(place, wanted("A"), wanted("A.1", "A"), wanted("B"))
    tools, scope = place
    async with transaction(tools.engine, scope) as connection:
        assert not await lines_apart(connection)
        await connection.execute(
            text(
                "UPDATE agency_lines SET depth = 2 WHERE depth = 1 AND descendant_id ="
                " (SELECT id FROM agencies WHERE code = 'A.1')"
            )
        )
        await connection.execute(
            text("DELETE FROM agency_lines WHERE ancestor_id = (SELECT id FROM agencies WHERE code = 'B')")
        )
        apart = await lines_apart(connection)
        assert (len(apart.missing), len(apart.surplus)) == (2, 1)
        assert await mend_lines(connection, scope.authority, TODAY) == apart
        assert not await lines_apart(connection)


async def test_what_a_later_day_does_not_bear_is_a_conflict(place: tuple[Tools, Scope]) -> None:
    """Planned: B stands below A.1 from tomorrow; then A.1 cannot be put below B today."""
    await upsert(place, wanted("A"), wanted("A.1", "A"), wanted("B"))
    await upsert(place, wanted("B", "A.1"), on=TODAY + timedelta(days=1))
    judged = await upsert(place, wanted("A.1", "B"), wanted("C"))
    assert verdicts(judged) == {"A.1": "agency-cycle", "C": "create"}


@pytest.mark.parametrize("seed", range(2))
async def test_on_every_day_the_closure_is_the_tree_of_that_day(
    place: tuple[Tools, Scope], seed: int
) -> None:
    """Random units, moved about on several days, twice on some: each day's rows against a walk that day."""
    rng = Random(seed)
    codes = [f"U{n}" for n in range(12)]
    parents: dict[str, str] = {}
    snapshots: dict[date, dict[str, str]] = {}
    for step in range(12):
        on = TODAY + timedelta(days=step // 2)
        moved = rng.sample(codes, 4)
        judged = await upsert(
            place, *(wanted(c, rng.choice(["H26", *parents, *moved])) for c in moved), on=on
        )
        for code, one in judged.items():
            if one.verdict in ("create", "update", "same"):
                assert one.wanted.parent_code is not None
                parents[code] = one.wanted.parent_code
        snapshots[on] = dict(parents)
    tools, scope = place
    async with transaction(tools.engine, scope) as connection:
        named = await connection.execute(text("SELECT code, id FROM agencies"))
        ids = {row.code: row.id for row in named}
        rows = list(await connection.execute(text("SELECT * FROM agency_lines")))
    assert len(parents) > 6
    for on, tree in snapshots.items():
        found: dict[tuple[UUID, UUID], int] = {}
        for row in rows:
            if row.valid_from <= on and (row.valid_to is None or on < row.valid_to):
                assert (row.ancestor_id, row.descendant_id) not in found, "one depth at a time"
                found[row.ancestor_id, row.descendant_id] = row.depth
        assert found == _walked(tree, ids)


def _walked(tree: dict[str, str], ids: dict[str, UUID]) -> dict[tuple[UUID, UUID], int]:
    expected = {(ids["H26"], ids["H26"]): 0}
    for code in tree:
        at: str | None = code
        depth = 0
        while at is not None:
            expected[ids[at], ids[code]] = depth
            at, depth = tree.get(at), depth + 1
    return expected
