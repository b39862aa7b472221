"""SQL in what is asked for: every text a list or a search takes is a value of its statement, never a part.

The texts are found in the description of the API, so a new one is tried as soon as it is described. What a
request sends to PostgreSQL is caught on its way: the text must be among the values and in no statement.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy import event

import api
from api.paging import cursor
from tests.api.attacks.test_requests import theirs
from tests.api.reading.world import PASSWORD, Caller, World, code_of

__all__ = ["theirs"]

Json = dict[str, Any]
Place = tuple[str, str]
"""An operation and one of its texts."""
DOCUMENT: Json = json.loads((Path(api.__file__).parent / "openapi.json").read_text(encoding="utf-8"))
SEARCHES = {"searchProfiles"}
"""Reads that are sent with POST, their texts in the body."""
NOT_A_READ = {"verifyFile", "importWorkbook"}

SQL = (
    "' OR '1'='1",
    "'; DROP TABLE sessions; --",
    "x') UNION SELECT password_hash FROM accounts --",
    "%' || pg_sleep(9) || '",
    "\\'; SELECT 1; --",
    ":name %(name)s $1 {0}",
)
MARK = SQL[1]
"""The one tried where one has to do."""
FORGED = ((MARK,), (MARK, "{id}"))
"""Cursors made by hand, as lists ordered by a text have them."""

REACHES: set[Place] = {
    ("listAgencies", "q"),
    ("listAgenciesBehind", "rule"),
    ("searchProfiles", "name"),
    ("searchProfiles", "staff_number"),
    ("listMonthEnds", "after"),
    ("listReviewReports", "after"),
    ("listAgencies", "after"),
    ("listAccounts", "after"),
}
"""Texts that must arrive in PostgreSQL, so that the test does not pass by never asking anything."""


def texts() -> Iterator[tuple[str, Json, str, Json]]:
    """Path, operation, name and schema of every text a read takes."""
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            name = operation["operationId"]
            if method == "get":
                for one in operation.get("parameters", ()):
                    if one["in"] == "query":
                        yield path, operation, one["name"], one["schema"]
            elif name in SEARCHES:
                body = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
                schema = DOCUMENT["components"]["schemas"][body.rpartition("/")[2]]
                for member, inner in schema["properties"].items():
                    yield path, operation, member, inner


def takes(schema: Json, said: str) -> bool:
    """Whether a schema lets the text in."""
    choices = schema.get("anyOf", [schema])
    return any(
        one.get("type") == "string"
        and "format" not in one
        and "enum" not in one
        and len(said) <= one.get("maxLength", len(said))
        and ("pattern" not in one or re.search(one["pattern"], said) is not None)
        for one in choices
    )


class Wire:
    """What goes to PostgreSQL."""

    def __init__(self, app: FastAPI) -> None:
        self.sent: list[tuple[str, str]] = []
        event.listen(app.state.tools.engine.sync_engine, "before_cursor_execute", self._caught)

    def _caught(self, *told: Any) -> None:
        values = told[3].values() if isinstance(told[3], dict) else told[3]
        self.sent.append((told[2], "\n".join(map(str, values))))

    def arrived(self, said: str) -> bool:
        """Whether the text was a value of a statement; asserts that it was in none."""
        assert not [statement for statement, _ in self.sent if said in statement]
        return any(said in values for _, values in self.sent)


@pytest.fixture
def wire(app: FastAPI) -> Wire:
    return Wire(app)


def addressed(path: str, world: World, profile: UUID) -> str:
    """A path under the API's own, with something there where there is something."""
    there = {"agency_id": world.a, "profile_id": profile}
    return re.sub(r"\{(\w+)\}", lambda one: str(there.get(one[1], uuid4())), path.removeprefix("/api/v1"))


async def test_sql_in_any_text_of_a_list_or_search_is_a_value(
    caller: Caller, world: World, theirs: UUID, wire: Wire
) -> None:
    await caller.login("sonoivu")
    reached: set[Place] = set()
    tried: set[Place] = set()
    unasked: set[Place] = set()
    for path, operation, name, schema in texts():
        place = (operation["operationId"], name)
        for said in SQL if name != "after" else (MARK,):
            if not takes(schema, said):
                continue
            tried.add(place)
            wire.sent.clear()
            at = addressed(path, world, theirs)
            if place[0] in SEARCHES:
                answer = await caller.post(
                    at, json={name: said, **({} if name != "after" else {"name": "an"})}
                )
            else:
                answer = await caller.get(at, params={name: said})
            assert answer.status_code < 500, (place, said, answer.text)
            assert str(theirs) not in answer.text or "{profile_id}" in path, place
            if wire.arrived(said):
                reached.add(place)
            elif answer.status_code < 400:
                unasked.add(place)
    forged = {(o["operationId"], n): p for p, o, n, _ in texts() if n == "after"}
    assert len(forged) > 40
    for place, path in forged.items():
        for parts in FORGED:
            wire.sent.clear()
            after = cursor(*(part.format(id=uuid4()) for part in parts))
            at = addressed(path, world, theirs)
            if place[0] in SEARCHES:
                answer = await caller.post(at, json={"name": "an", "after": after})
            else:
                answer = await caller.get(at, params={"after": after})
            assert answer.status_code < 500, (place, parts, answer.text)
            if wire.arrived(MARK):
                reached.add(place)
            elif answer.status_code < 400:
                unasked.add(place)
    assert unasked == set(), (
        "taken, and never asked for: whatever it was, nobody was told that it is no such text"
    )
    assert REACHES - reached == set(), sorted(reached)
    assert len(tried) > 40


async def test_sql_outside_of_parameters_is_a_value_too(
    caller: Caller, world: World, theirs: UUID, wire: Wire
) -> None:
    """What is told beside the request and kept: who logs in, with what, what somebody reads for."""
    for said in SQL:
        wire.sent.clear()
        assert code_of(await caller.post("/session", json={"login": said, "password": said})) == (
            401,
            "login-failed",
        )
        assert wire.arrived(said), "the login is looked up"
        wire.sent.clear()
        body = {"login": "hr.a", "password": PASSWORD, "device": said}
        assert (await caller.post("/session", json=body)).status_code == 201
        assert wire.arrived(said), "the device is kept with the session"
    await caller.login("hr.a")
    for said in SQL:
        wire.sent.clear()
        await caller.ok(f"/profiles/{theirs}/custody")
        answer = await caller.get(f"/profiles/{theirs}", headers={"Hoso-Purpose": quote(said)})
        assert answer.status_code == 200, answer.text
        wire.arrived(said)
    assert (await caller.ok("/session"))["login"] == "hr.a", "no table was dropped"
