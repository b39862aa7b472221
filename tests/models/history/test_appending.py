"""Events go into the log in the order of commits: all, once, whoever else tries; none is changed there."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import rfc8785
from psycopg import errors

from models.database import enter
from models.evidence import merkle
from models.history import tree
from models.history.appending import append
from models.history.leaf import leaf_content
from models.history.tree import LogBrokenError
from models.migrations import migrate
from models.settings import DatabaseRole
from tests.models.history.reckoning import leaf, link, mth
from tests.world import World

TABLES = ("events", "log_leaves", "log_nodes", "log_heads", "log_seals", "sealers")


async def events(world: World) -> list[Any]:
    return await world.rows("SELECT * FROM events ORDER BY transaction, position")


async def leaves(world: World) -> list[Any]:
    return await world.rows("SELECT * FROM log_leaves ORDER BY index")


async def many(world: World, count: int) -> None:
    """More events in a stream of its own: rows only, their hashes are whatever they are."""
    rows = await world.rows(
        "INSERT INTO events (authority_id, stream_id, number, agency_id, kind, at, actor_role, rule_set_hash,"
        " facts, previous_hash, hash) SELECT :a, :s, n, :g, 'x', now(), 'system', '', '{}',"
        " repeat('0', 64), encode(sha256(n::text::bytea), 'hex') FROM generate_series(1, :n) n RETURNING 1",
        a=world.authority,
        s=uuid4(),
        g=world.culture,
        n=count,
    )
    assert len(rows) == count


async def test_the_log_is_every_event_in_the_order_of_commits(world: World) -> None:
    await world.employ()
    first = await append(world.tools.engine, world.authority, world.now)
    await world.employ(until="declaration")
    second = await append(world.tools.engine, world.authority, world.now)
    rows = await events(world)
    assert 0 < first.size < second.size == len(rows) == first.added + second.added
    assert [row.hash for row in rows] == [link(row) for row in rows]
    assert [(row.index, row.position, bytes(row.hash)) for row in await leaves(world)] == [
        (index, row.position, leaf(row)) for index, row in enumerate(rows)
    ]
    heads = await world.rows("SELECT * FROM log_heads ORDER BY size")
    assert [(h.size, h.previous_size, bytes(h.root)) for h in heads] == [
        (first.size, None, mth([leaf(row) for row in rows[: first.size]])),
        (second.size, first.size, mth([leaf(row) for row in rows])),
    ]
    assert (await append(world.tools.engine, world.authority, world.now)).added == 0
    assert len(await world.rows("SELECT 1 FROM log_heads")) == 2


async def test_proofs_from_the_rows_are_those_of_the_definition(world: World) -> None:
    await many(world, 700)
    while (await append(world.tools.engine, world.authority, world.now, most=97)).added:
        pass
    hashes = [leaf(row) for row in await events(world)]
    size, root = len(hashes), mth(hashes)
    async with world.tools.engine.begin() as connection:
        await enter(connection, world.scope)
        for index in (0, 1, 15, 16, 255, 256, 511, 600, size - 1):
            path = await tree.inclusion(connection, world.authority, index, size)
            assert merkle.includes(root, hashes[index], index, size, path)
        for first in (1, 16, 97, 255, 256, 300, size):
            path = await tree.consistency(connection, world.authority, first, size)
            assert merkle.extends(first, mth(hashes[:first]), size, root, path)
            assert await tree.root(connection, world.authority, first) == mth(hashes[:first])
    (inner,) = await world.rows("SELECT count(*) AS n FROM log_nodes")
    assert inner.n == size // 16 + size // 256


async def test_two_at_once_add_each_event_once(world: World) -> None:
    await many(world, 300)
    engine = world.tools.engine
    while True:
        done = await asyncio.gather(*(append(engine, world.authority, world.now, most=10) for _ in range(3)))
        if not any(one.added for one in done) and len(await leaves(world)) == 300:
            break
    assert [row.position for row in await leaves(world)] == [row.position for row in await events(world)]


async def test_whoever_commits_late_is_not_passed_over(world: World, module_database) -> None:
    """What waits for an older transaction waits in the log too; so its order is that of the change feed."""
    await world.employ(until="account")
    late = psycopg.connect(module_database.libpq_url(DatabaseRole.WORKER))
    try:
        late.execute("SELECT set_config('hoso.authority', %s, true)", [str(world.authority)])
        late.execute("SELECT set_config('hoso.scope', 'authority', true)")
        late.execute(
            "INSERT INTO events (authority_id, stream_id, number, agency_id, kind, at, actor_role,"
            " rule_set_hash, facts, previous_hash, hash) VALUES (%s, %s, 1, %s, 'late', now(), 'system', '',"
            " '{}', '', '')",
            [world.authority, uuid4(), world.culture],
        )
        await world.employ(until="account")  # begins and commits while the other still runs
        before = await append(world.tools.engine, world.authority, world.now)
        assert before.size < len(await events(world))
        late.commit()
    finally:
        late.close()
    await append(world.tools.engine, world.authority, world.now)
    rows = await events(world)
    assert rows[before.size].kind == "late"
    assert [row.position for row in await leaves(world)] == [row.position for row in rows]


async def test_a_log_that_does_not_lead_to_its_head_is_not_added_to(world: World, as_owner) -> None:
    await world.employ(until="account")
    size = (await append(world.tools.engine, world.authority, world.now)).size
    as_owner(
        "UPDATE log_leaves SET hash = sha256('x') WHERE authority_id = %s AND index = %s",
        world.authority,
        size - 1,
    )
    await world.employ(until="account")
    with pytest.raises(LogBrokenError, match="head"):
        await append(world.tools.engine, world.authority, world.now)
    as_owner("DELETE FROM log_leaves WHERE authority_id = %s AND index = %s", world.authority, size - 1)
    with pytest.raises(LogBrokenError, match="no node"):
        await append(world.tools.engine, world.authority, world.now)
    assert len(await world.rows("SELECT 1 FROM log_heads")) == 1


async def test_a_head_cannot_have_two_successors(world: World, module_database) -> None:
    await world.employ(until="account")
    head = await append(world.tools.engine, world.authority, world.now)
    sql = (
        "INSERT INTO log_heads (authority_id, size, previous_size, root, transaction, position, made_at)"
        " VALUES (:a, :size, :previous, '', 0, 0, now()) RETURNING 1"
    )

    async def successor(size: int, previous: int | None) -> None:
        await world.rows(sql, a=world.authority, size=size, previous=previous)

    await successor(head.size + 1, head.size)
    for size, previous, name in (
        (head.size + 2, head.size, "uq_log_heads"),
        (head.size + 2, None, "uq_log_heads"),
        (head.size + 2, head.size + 5, "ck_log_heads_grows"),
        (head.size + 9, head.size + 5, "fk_log_heads"),
    ):
        with pytest.raises(Exception, match=name):
            await successor(size, previous)


@pytest.mark.parametrize("role", ["api", "worker", "report"])
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("verb", ["update", "delete", "truncate"])
async def test_nobody_who_serves_may_change_the_history(
    world: World, module_database, role: str, table: str, verb: str
) -> None:
    await world.employ(until="account")
    await append(world.tools.engine, world.authority, world.now)
    sql = {
        "update": f"UPDATE {table} SET authority_id = authority_id",
        "delete": f"DELETE FROM {table}",
        "truncate": f"TRUNCATE {table}",
    }
    with psycopg.connect(module_database.libpq_url(role)) as connection:
        connection.execute("SELECT set_config('hoso.authority', %s, true)", [str(world.authority)])
        connection.execute("SELECT set_config('hoso.scope', 'authority', true)")
        if (role, table, verb) == ("worker", "sealers", "update"):
            connection.execute(sql[verb])  # how the sealer is, is no fact
            return
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute(sql[verb])


async def test_a_leaf_is_the_canonical_form_of_what_it_says(world: World) -> None:
    await world.employ(until="account")
    for row in await events(world):
        content = leaf_content(row)
        assert rfc8785.dumps(json.loads(content)) == content
    forged = type("Row", (), {**row._asdict(), "hash": '","number":7,"x":"'})
    assert json.loads(leaf_content(forged))["number"] == row.number


async def test_a_cluster_that_counts_anew_goes_on_in_the_old_order(
    world: World, as_owner, module_database
) -> None:
    """Restored elsewhere, a database's own rows have numbers that the new cluster has yet to reach."""
    await world.employ(until="account")
    as_owner("UPDATE events SET transaction = transaction + 1000000 WHERE authority_id = %s", world.authority)
    engine, authority = world.tools.engine, world.authority
    assert (await append(engine, authority, world.now)).added == 0  # they look as if they still ran
    migrate(module_database.url(DatabaseRole.MIGRATION))  # as the first thing after a restore
    try:
        old = len(await events(world))
        assert (await append(engine, authority, world.now)).added == old
        await world.employ(until="account")
        rows = await events(world)
        assert (await append(engine, authority, world.now)).size == len(rows) > old
        assert [row.position for row in await leaves(world)] == [row.position for row in rows]
        assert as_owner("SELECT hoso_renew_transactions() = hoso_transaction_base()") == [(True,)]
    finally:
        as_owner(
            "CREATE OR REPLACE FUNCTION hoso_transaction_base() RETURNS bigint LANGUAGE sql STABLE"
            " PARALLEL SAFE AS $$ SELECT 0::bigint $$"
        )
