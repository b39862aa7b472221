"""The top of the tree is the one that stands: once another is in its place, acts and notices go there."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import text

from activities.notifications.notices import notify_administrator
from models.calendar import legal_date
from models.database import Scope, transaction
from models.lifecycle.tree import State
from models.lifecycle.tree_changes import Change, Create, End, apply
from models.record.tree import keep_tree, locked_tree
from tests.world import World


async def test_the_one_that_stands_is_the_top(world: World) -> None:
    day = legal_date(world.now) + timedelta(10)
    async with transaction(world.tools.engine, world.scope) as connection:
        former = await connection.scalar(text("SELECT hoso_top()"))
        tree = await locked_tree(connection, world.authority)
        was = tree.state(former, day)
        assert was is not None
        new = UUID(int=(1 << 128) - 1)  # no order of ids or of days finds it by chance
        made = Create(new, day, State("H99", "Thành phố mới", was.kind, None, True, None, None))
        moved = [Change(one, day, {"parent_id": new}) for one in sorted(tree.children(former, day))]
        after = apply(tree, [made, *moved, End(former, day)], earliest=None)
        await keep_tree(connection, world.authority, tree, after, legal_date(world.now))
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
