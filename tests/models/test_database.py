"""Several statements in one round trip: in order, whole or not at all, with errors like every other's."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from models.database import Scope, engine_for, entering, together

SCOPE = Scope(uuid4(), everything=True)
ADD = text("INSERT INTO authorities VALUES (:id, :code, 'x', 'hanoi', 'H', NULL, '2025-01-01')")
COUNT = text("SELECT count(*) AS n FROM authorities")
WHO = text("SELECT current_setting('hoso.authority', true) AS who")


def authority(code: str = "a"):
    return ADD, {"id": SCOPE.authority, "code": code}


@pytest.fixture
async def engine(database) -> AsyncIterator[AsyncEngine]:
    made = engine_for(database.url("worker"), pool_size=2)
    yield made
    await made.dispose()


async def count(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return (await connection.execute(COUNT)).one().n


async def test_each_statement_sees_those_before_it(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        entered, added, (seen,), (who,) = await together(
            connection, [entering(SCOPE), authority(), (COUNT, {}), (WHO, {})]
        )
    assert entered[0].scope == "authority"
    assert added == []
    assert seen.n == 1
    assert who.who == str(SCOPE.authority)
    assert await count(engine) == 1


async def test_nothing_asked_is_nothing_sent(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        assert await together(connection, []) == []


async def test_commit_ends_the_transaction_and_with_it_the_scope(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await together(connection, [entering(SCOPE), authority()], commit=True)
        assert await count(engine) == 1  # another connection sees it already
        (after,) = await together(connection, [(WHO, {})])
    assert after[0].who == ""


@pytest.mark.parametrize("commit", [True, False])
async def test_one_that_fails_takes_all_with_it(engine: AsyncEngine, commit: bool) -> None:
    queries = [entering(SCOPE), authority("secret-a"), authority("secret-b"), (COUNT, {})]
    with pytest.raises(IntegrityError) as raised:
        async with engine.begin() as connection:
            await together(connection, queries, commit=commit)
    assert raised.value.orig.diag.constraint_name == "pk_authorities"
    assert "secret" not in str(raised.value)
    assert await count(engine) == 0
    async with engine.begin() as connection:  # the connection is as good as before
        await together(connection, [entering(SCOPE), authority()], commit=True)
    assert await count(engine) == 1


async def test_without_a_scope_nothing_may_be_written(engine: AsyncEngine) -> None:
    with pytest.raises(Exception, match="row-level security"):
        async with engine.begin() as connection:
            await together(connection, [authority()])
    assert await count(engine) == 0


async def test_a_lost_server_is_an_error_once(engine: AsyncEngine) -> None:
    end = text("SELECT pg_terminate_backend(pg_backend_pid())")
    with pytest.raises(OperationalError):
        async with engine.begin() as connection:
            await together(connection, [entering(SCOPE), authority(), (end, {}), (COUNT, {})], commit=True)
    assert await count(engine) == 0


async def test_rows_come_by_name_with_json_and_null(engine: AsyncEngine) -> None:
    query = text(
        """SELECT CAST('{"a": [1]}' AS jsonb) AS facts, CAST(:none AS date) AS day"""
        """ UNION ALL SELECT '2', NULL"""
    )
    async with engine.begin() as connection:
        (rows,) = await together(connection, [(query, {"none": None})])
    assert [(row.facts, row.day) for row in rows] == [({"a": [1]}, None), (2, None)]
