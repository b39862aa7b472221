"""An amended submission on real rows: both revisions stay, the second one is approved."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from models.commands import AmendSubmission
from models.database import engine_for, transaction
from models.record.load import content_of
from models.regulations import in_force
from tests.forms import COMPLETE
from tests.world import World, build, tools_for

START = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)


@pytest.fixture
async def world(module_database, tmp_path: Path) -> AsyncIterator[World]:
    engine = engine_for(module_database.url("worker"), pool_size=4)
    law = in_force("binh_dinh", START.date())
    made = await build(tools_for(engine, tmp_path), START, second=True, law=law)
    async with transaction(engine, made.scope) as connection:
        await connection.execute(text("UPDATE agencies SET kind = 'department'"))
    yield made
    await engine.dispose()


@pytest.mark.rule("binh_dinh.II.2.a.3")
async def test_amended_then_approved(world: World) -> None:
    profile = await world.employ(until="review")
    seen = await world.pending(profile)
    body = AmendSubmission(
        revision_id=seen.revision_id,
        digest=seen.digest,
        content={"birth_full_name": "NGUYỄN THỊ THỬ HAI"},
        reason="sai họ tên",
    )
    refused = await world.ask("culture.hr", body, profile)
    assert (refused.status, refused.answer["code"]) == (403, "not-permitted")
    done = await world.ask("culture.approver", body, profile)
    assert done.status == 200, done.answer
    rows = await world.rows(
        "SELECT id, number, based_on, state, author_id, digest FROM revisions WHERE profile_id = :p"
        " ORDER BY number",
        p=profile,
    )
    assert [(r.number, r.based_on, r.state) for r in rows] == [(1, None, "superseded"), (2, 1, "submitted")]
    assert rows[0].author_id == rows[1].author_id == world.accounts["person"]
    assert rows[1].digest == done.answer["digest"]
    async with transaction(world.tools.engine, world.scope) as connection:
        first = await content_of(connection, world.tools, world.authority, rows[0].id)
        second = await content_of(connection, world.tools, world.authority, rows[1].id)
    assert first == COMPLETE
    assert second == {**COMPLETE, "birth_full_name": "NGUYỄN THỊ THỬ HAI"}

    stale = await world.ask("culture.approver", body, profile)
    assert (stale.status, stale.answer["code"]) == (409, "wrong-state")
    await world.sign(profile)
    row = await world.one("SELECT approved_revision_id, chapter FROM profiles WHERE id = :p", p=profile)
    assert tuple(row) == (rows[1].id, "service")
