"""The top of the tree is the one that stands: once another is in its place, acts and notices go there."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from activities.notifications.notices import notify_administrator
from models.calendar import legal_date
from models.database import Scope, engine_for, transaction
from models.lifecycle.tree import State
from models.lifecycle.tree_changes import Change, Create, End, apply
from models.record.comparing import order_after
from models.record.install import install_authority
from models.record.tree import keep_tree, locked_tree
from tests.models.record.conftest import START
from tests.world import World, build, tools_for


async def another_top(world: World, day: date) -> tuple[UUID, UUID]:
    """From ``day`` on another unit stands above all; answers the former top and the new."""
    async with transaction(world.tools.engine, world.scope) as connection:
        former = await connection.scalar(text("SELECT hoso_top()"))
        tree = await locked_tree(connection, world.authority)
        was = tree.state(former, day)
        assert was is not None
        new = UUID("ffffffff" + str(uuid4())[8:])  # no order of ids or of days finds it by chance
        made = Create(new, day, State("H99", "Thành phố mới", was.kind, None, True, None, None))
        moved = [Change(one, day, {"parent_id": new}) for one in sorted(tree.children(former, day))]
        after = apply(tree, [made, *moved, End(former, day)], earliest=None)
        await keep_tree(connection, world.authority, tree, after, legal_date(world.now))
    return former, new


async def test_the_one_that_stands_is_the_top(world: World) -> None:
    former, new = await another_top(world, legal_date(world.now) + timedelta(10))
    for days, top in ((9, former), (10, new)):
        scope = Scope(world.authority, everything=True, on=legal_date(world.now) + timedelta(days))
        async with transaction(world.tools.engine, scope) as connection:
            assert await connection.scalar(text("SELECT hoso_top()")) == top
    world.now += timedelta(10)
    await world.rows("UPDATE authorities SET department_id = NULL RETURNING 1")
    scope = Scope(world.authority, everything=True, on=legal_date(world.now))
    async with transaction(world.tools.engine, scope) as connection:
        await notify_administrator(connection, world.authority, "x", once="1", now=world.now)
    told = await world.one("SELECT agency_id FROM notices WHERE kind = 'x'")
    assert told.agency_id == new


@pytest.fixture
async def alone(database: Any, tmp_path: Path) -> AsyncIterator[World]:
    """An authority that is known by its own code, as installing finds it."""
    engine = engine_for(database.url("worker"), pool_size=2)
    yield await build(tools_for(engine, tmp_path), START)
    await engine.dispose()


async def test_what_the_authority_does_by_itself_is_told_there(alone: World) -> None:
    """A comparison that policy orders; and installing again finds what stands, not the code it once had."""
    world = alone
    _, new = await another_top(world, legal_date(world.now) + timedelta(10))
    world.now += timedelta(10)
    scope = Scope(world.authority, everything=True, on=legal_date(world.now))
    async with transaction(world.tools.engine, scope) as connection:
        await order_after(connection, world.tools, world.authority, "2025-09", world.now)
    told = await world.one("SELECT agency_id FROM events WHERE kind = 'reconciliation.ordered'")
    assert told.agency_id == new
    code = await world.one("SELECT code, national_code FROM authorities")
    again = await install_authority(
        world.tools, code=code.code, name="X", national_code=code.national_code, document="d", now=world.now
    )
    assert again.root_agency_id == new
