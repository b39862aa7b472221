"""Every route × every role × every position, asked for real: who is let in is what ``expected.yaml`` says.

A command is asked with the ETag of a revision that is still to come: who may not is refused before that is
looked at (403, 404), who may is told 412 and nothing moves. `make test` asks half of the cells
that let in and a sixth of the others, of each route, role and position; the rest is marked `exhaustive`.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

import httpx
import pytest
import yaml
from fastapi import FastAPI

from tests.api.matrix.asking import Route, routes
from tests.api.matrix.fresh import OWN, made_for, used
from tests.api.matrix.stage import NAMES, NO_ROLE, NOBODY, POSITIONS, Stage

PARTS = 8
SHUT = {401, 403, 404}
NOT_ABOUT_ACCESS = {"login-failed"}
"""Who asked was known; what was wrong is the password in the body."""
UNKNOWN = "unknown-agency"
"""A foreign authority's agency named in a body is as unknown as one that does not exist."""
ONE_IN = 6
DEAR = {"previewAttachment"}
"""Routes that start a process for whoever is let in."""

Cell = tuple[Route, str, str, bool]
"""Route, role, position, and whether it lets in."""


@cache
def table() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("expected.yaml").read_text())
    return read


def lets_in(route: str) -> dict[str, set[str]]:
    """The positions of a route for each role that the table names."""
    found: dict[str, set[str]] = {}
    for positions, who in table()["groups"][table()["routes"][route]].items():
        for name in who:
            for role in table()["roles"].get(name, [name]):
                found.setdefault(role, set()).update(positions)
    return found


def cells(app: FastAPI, stage: Stage) -> Iterator[Cell]:
    for route in routes(app.openapi()):
        if route.id not in table()["routes"]:
            continue  # test_openapi.py says so
        expected = lets_in(route.id)
        for role in (NOBODY, *stage.tokens):
            for position in route.positions(stage):
                yield route, role, position, position in expected.get(role, ())


def drawn(cell: Cell) -> bool:
    """Whether `make test` asks it."""
    route, role, position, let_in = cell
    always = role == NO_ROLE and position in "-s"
    dear = not let_in or route.id in DEAR
    return always or crc32(f"{route.id} {role} {position}".encode()) % (ONE_IN if dear else 2) == 0


async def asked(client: httpx.AsyncClient, stage: Stage, cell: Cell) -> str | None:
    """Ask a cell; what is wrong with the answer, if anything is."""
    route, role, position, let_in = cell
    made = await made_for(stage, route.id, role, position)
    request = route.request(stage, position, made)
    if role != NOBODY and not {"Authorization", "Cookie"} & set(request["headers"]):
        request["headers"]["Authorization"] = f"Bearer {stage.tokens[role]}"
    answer = await client.request(**request)
    status, code = verdict(answer)
    where = f"{route.id} as {role} at {POSITIONS.get(position, 'nothing in the tree')}: {status} {code}"
    if status == 500:
        return where
    inside = code != UNKNOWN and (status not in SHUT or code in NOT_ABOUT_ACCESS)
    if inside and route.method != "GET":
        used(stage, route.id, role, position)
    if inside != let_in:
        return f"{where}, expected {'to be let in' if let_in else 'a refusal'}"
    if inside and route.method == "GET" and not 200 <= status < 300 and code != "not-logged-yet":
        return f"{where}, expected an answer"
    told = {one for one in foreign(role) if any(name in answer.text for name in stage.names(one))}
    own = {position, "s"} if made is not None and position == OWN else {position}  # made about that agency
    if answer.is_success and told - own:
        return f"{where}, which tells of {', '.join(POSITIONS[one] for one in told)}"
    named = {one for one in unnamed(role) if NAMES[one] in answer.text}
    if answer.is_success and named:
        return f"{where}, which names {', '.join(POSITIONS[one] for one in named)}"
    return None


def verdict(answer: httpx.Response) -> tuple[int, str]:
    """Status and problem code; of an answer about several, the first one's."""
    if "json" not in answer.headers.get("Content-Type", "") or not answer.content:
        return answer.status_code, ""
    said = answer.json()
    if not isinstance(said, dict):
        return answer.status_code, ""
    first = (said.get("results") or [said])[0]
    return first.get("status") if first is not said else answer.status_code, str(first.get("code") or "")


def foreign(role: str) -> str:
    """Positions nothing of which is told to this role, whatever it asks."""
    wide = [*table()["roles"]["wide_readers"], "administrator"]
    within = [*table()["roles"]["subtree_readers"], "archivist"]
    return "z" if role in wide else "fz" if role in within else "sufz"


def unnamed(role: str) -> str:
    """Positions nobody of which is named to this role, though ids may be: it reads no file there."""
    readers = [*table()["roles"]["wide_readers"], *table()["roles"]["subtree_readers"]]
    return foreign(role) if role in readers else "sufz"


async def failures(
    app: FastAPI, client: httpx.AsyncClient, stage: Stage, part: int, first: bool
) -> list[str]:
    chosen = [one for one in list(cells(app, stage))[part::PARTS] if drawn(one) is first]
    assert len(chosen) > 100
    return [wrong for one in chosen if (wrong := await asked(client, stage, one)) is not None]


@pytest.mark.parametrize("part", range(PARTS))
async def test_each_cell_is_as_the_table_says(
    part: int, app: FastAPI, client: httpx.AsyncClient, stage: Stage
) -> None:
    wrong = await failures(app, client, stage, part, True)
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


@pytest.mark.exhaustive
@pytest.mark.parametrize("part", range(PARTS))
async def test_the_other_cells_are_as_the_table_says(
    part: int, app: FastAPI, client: httpx.AsyncClient, stage: Stage
) -> None:
    wrong = await failures(app, client, stage, part, False)
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


def test_what_make_test_asks_has_every_route_role_and_position(app: FastAPI, stage: Stage) -> None:
    every = list(cells(app, stage))
    asked = [one for one in every if drawn(one)]
    for place in (lambda one: one[0].id, lambda one: one[1], lambda one: one[2]):
        assert {place(one) for one in asked} == {place(one) for one in every}
