"""Many rows by one statement are the same rows; where that could not be so, they go one by one."""

import json
from datetime import UTC, date, datetime
from uuid import uuid4, uuid5

import pytest
from psycopg.types.json import Jsonb
from sqlalchemy import text

from models.database import Query, Scope, together, transaction
from models.record.sets import in_sets
from models.record.sql import inserting, updating
from tests.world import World

AT = datetime(2026, 1, 27, 3, 0, 0, 123456, tzinfo=UTC)
_ROWS = (
    "SELECT * FROM notices WHERE kind = :kind AND authority_id = :a ORDER BY facts ->> 'n', facts ->> 'new'"
)


def notice(world: World, kind: str, number: int) -> dict[str, object]:
    """A row with every type that rows have: text of any kind, dates, instants, JSON, nothing."""
    return {
        "id": uuid5(world.authority, f"{kind}:{number}"),
        "authority_id": world.authority,
        "agency_id": world.culture,
        "role": "hr_officer",
        "kind": kind,
        "citation": f"Điều {number}, \\ \" ' \u2028",
        "due_on": date(2026, 1, number) if number % 2 else None,
        "facts": {"n": number, "deep": [None, True, "\\x41"]},
        "created_at": AT,
    }


async def test_a_set_writes_what_single_rows_write(world: World) -> None:
    single = [[inserting("notices", notice(world, "single", n))] for n in range(1, 5)]
    several = [[inserting("notices", notice(world, "set", n))] for n in range(1, 5)]
    gathered = in_sets(several)
    assert (len(gathered), len(in_sets(single[:1]))) == (1, 1)
    async with transaction(world.tools.engine, Scope(world.authority, everything=True)) as connection:
        await together(connection, [query for one in single for query in one])
        await together(connection, gathered)
    rows = [
        [
            {**row._mapping, "id": None, "kind": None}
            for row in await world.rows(_ROWS, kind=kind, a=world.authority)
        ]
        for kind in ("single", "set")
    ]
    assert rows[0] == rows[1]
    assert len(rows[0]) == 4


async def test_each_row_of_a_set_of_changes_is_its_own(world: World) -> None:
    rows = [notice(world, "set", n) for n in range(1, 4)]
    changed: list[list[Query]] = [
        [updating("notices", {"id": row["id"], "kind": "set"}, {"facts": {"new": n}, "citation": None})]
        for n, row in enumerate(rows[:2])
    ]
    async with transaction(world.tools.engine, Scope(world.authority, everything=True)) as connection:
        await together(connection, in_sets([[inserting("notices", row)] for row in rows]))
        await together(connection, in_sets(changed))
    kept = [(row.facts, row.citation) for row in await world.rows(_ROWS, kind="set", a=world.authority)]
    assert kept == [(rows[2]["facts"], rows[2]["citation"]), ({"new": 0}, None), ({"new": 1}, None)]


def test_sealed_bytes_and_the_next_version_go_with_the_set() -> None:
    sealed = [
        [updating("accounts", {"id": uuid4()}, {"email_sealed": bytes([0, 255]), "email_key": "k"})] * 1
        for _ in range(2)
    ]
    ((_, values),) = in_sets(sealed)
    assert [row["email_sealed"] for row in json.loads(values["rows"])] == ["\\x00ff"] * 2
    version = [[updating("profiles", {"id": uuid4()}, {}, next_version=True)] for _ in range(2)]
    ((statement, _),) = in_sets(version)
    assert "version = t.version + 1" in str(statement)


def test_what_comes_first_for_one_comes_first_for_all() -> None:
    def row(table: str) -> Query:
        return inserting(table, {"authority_id": uuid4()})

    found = in_sets([[row("events")], [row("duties"), row("events"), row("notices")], [row("duties")]])
    assert [str(statement).split()[2] for statement, _ in found] == ["duties", "events", "notices"]


def test_orders_that_contradict_each_other_are_kept_row_by_row() -> None:
    one, other = inserting("duties", {"id": uuid4()}), inserting("events", {"authority_id": uuid4()})
    assert in_sets([[one, other], [other, one]]) == [one, other, other, one]


def test_a_row_changed_twice_and_foreign_statements_are_left_alone() -> None:
    key = {"id": uuid4()}
    twice = [[updating("duties", key, {"state": "met"})], [updating("duties", key, {"state": "void"})]]
    assert in_sets(twice) == [query for one in twice for query in one]
    foreign: list[list[Query]] = [[(text("SELECT :a"), {"a": 1})], [(text("SELECT :a"), {"a": 2})]]
    assert in_sets(foreign) == [query for one in foreign for query in one]


def test_what_has_no_json_is_an_error_here_and_not_in_the_database() -> None:
    queries = [[inserting("notices", {"facts": Jsonb(1), "citation": object()})] for _ in range(2)]
    with pytest.raises(TypeError, match="object"):
        in_sets(queries)
