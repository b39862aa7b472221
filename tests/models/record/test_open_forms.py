"""Forms of versions that sealed fewer fields: what is sealed today moves behind the seal unchanged."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from models import key_ring
from models.database import engine_for
from models.errors import SealBrokenError
from models.form import catalogue, digest, open_fields, sealing
from models.keys import Purpose, Sealed
from models.record import resealing
from tests.forms import COMPLETE
from tests.models.record.resealed import form, turn, written
from tests.world import World, build, tools_for

START = datetime(2025, 12, 1, 3, 0, tzinfo=UTC)
RESTRICTED = {"ethnicity", "religion"}


@pytest.fixture
async def world(database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setattr(resealing, "BATCH", 2)
    monkeypatch.setattr(key_ring, "LEARNS_WITHIN", 0.0)
    engine = engine_for(database.url("worker"), pool_size=2)
    yield await build(tools_for(engine, tmp_path), START)
    await engine.dispose()


def sealed_less(older: pytest.MonkeyPatch) -> None:
    """Forms are written as before restricted fields were sealed: only those marked E were."""
    older.setattr(
        sealing,
        "open_fields",
        lambda form: frozenset(field.name for field in form.fields if not field.encrypted),
    )


async def forms_of_before(world: World) -> dict[UUID, dict[str, object]]:
    """Three approved forms and a draft, written by an older version; what each says."""
    with pytest.MonkeyPatch.context() as older:
        sealed_less(older)
        people = [await world.employ() for _ in range(3)]
        people.append(await world.employ(until="declaration"))
        await world.draft(people[-1], {**COMPLETE, "blood_type": "A"})
    return {p: await form(world, p) for p in people}


async def in_the_open(world: World) -> set[str]:
    names = await world.rows("SELECT DISTINCT jsonb_object_keys(content) AS name FROM revisions")
    return {row.name for row in names}


_FORMS = "SELECT id, content, sealed, key_id, digest, xmin FROM revisions ORDER BY id"


async def test_fields_of_older_forms_move_behind_the_seal(world: World) -> None:
    said = await forms_of_before(world)
    before = await world.rows(_FORMS)
    assert await in_the_open(world) >= {*RESTRICTED, "blood_type", "gender"}
    assert await resealing.too_open(world.tools.engine, world.authority) == 4
    assert await written(resealing.seal_open(world.tools, world.authority)) == {"revisions": 4}
    shown = await in_the_open(world)
    assert shown <= open_fields(catalogue("tt06_2023"))
    assert "gender" in shown
    after = await world.rows(_FORMS)
    assert [row.digest for row in after] == [row.digest for row in before]
    for profile, words in said.items():
        assert await form(world, profile) == words, "nobody who may read it sees a difference"
    assert {digest(words) for words in said.values()} == {row.digest for row in after}
    assert not any(RESTRICTED & row.content.keys() for row in after)
    assert await resealing.too_open(world.tools.engine, world.authority) == 0
    assert await written(resealing.seal_open(world.tools, world.authority)) == {}
    assert await world.rows(_FORMS) == after, "not even written again"


async def test_who_dies_half_way_leaves_whole_forms_and_goes_on(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And whoever goes on seals under the key of then."""
    said = await forms_of_before(world)
    seal, sealed = world.tools.cipher.seal, 0

    def dies(*place: object) -> Sealed:
        nonlocal sealed
        sealed += 1
        if sealed == 4:
            raise KeyboardInterrupt
        return seal(*place)  # type: ignore[arg-type]  # passed on as it came

    with monkeypatch.context() as dying:
        dying.setattr(type(world.tools.cipher), "seal", lambda _, *place: dies(*place))
        with pytest.raises(KeyboardInterrupt):
            await written(resealing.seal_open(world.tools, world.authority))
    assert sealed == 4
    assert await resealing.too_open(world.tools.engine, world.authority) == 2, "the batch it was at is undone"
    for profile, words in said.items():
        assert await form(world, profile) == words
    new = turn(tmp_path, Purpose.FIELDS, world.authority)
    assert await written(resealing.seal_open(world.tools, world.authority)) == {"revisions": 2}
    assert (await resealing.uses(world.tools.engine, world.authority))[new.id] == {"revisions": 2}
    for profile, words in said.items():
        assert await form(world, profile) == words


async def test_a_field_both_open_and_sealed_is_not_taken_for_true(world: World) -> None:
    profile = await world.employ(until="declaration")
    await world.draft(profile, COMPLETE)
    forged = """UPDATE revisions SET content = content || '{"religion": "forged"}' RETURNING id"""
    await world.rows(forged)
    with pytest.raises(SealBrokenError, match="forged"):
        await written(resealing.seal_open(world.tools, world.authority))
