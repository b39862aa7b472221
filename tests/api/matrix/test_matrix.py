"""Every route × every role × every position, asked for real: who is let in is what ``expected.yaml`` says.

A command is asked with the ETag of a revision that is still to come: who may not is refused before that is
looked at (403, 404), who may is told 412 and nothing moves. `make test` asks half of the cells
that let in and a sixth of the others, of each route, role and position; the rest is marked `exhaustive`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any
from zlib import crc32

import httpx
import pytest
import yaml
from fastapi import FastAPI

from tests.api.matrix import provided
from tests.api.matrix.asking import Route, routes
from tests.api.matrix.fresh import OWN, Made, made_for, used
from tests.api.matrix.laws import LAWS, under_law
from tests.api.matrix.served import client_of, served
from tests.api.matrix.stage import NAMES, NO_ROLE, NOBODY, POSITIONS, Stage
from tests.api.over_http import PUBLIC

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
Making = Callable[[str, str, str], Awaitable[Made | None]]
"""What a route, asked by a role at a position, is about where it is made for that."""


@cache
def table() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("expected.yaml").read_text())
    return read


def groups() -> dict[str, str]:
    """The group of each route, and of each kind of thing that one is about."""
    kinds = {
        f"{one} {kind}": group for one, found in table()["kinds"].items() for kind, group in found.items()
    }
    return {**table()["routes"], **kinds}


def lets_in(group: str) -> dict[str, set[str]]:
    """The positions of a group for each role that the table names."""
    found: dict[str, set[str]] = {}
    for positions, who in table()["groups"][group].items():
        for name in who:
            for role in table()["roles"].get(name, [name]):
                found.setdefault(role, set()).update(positions)
    return found


def cells(app: FastAPI, stage: Stage, groups: Mapping[str, str]) -> Iterator[Cell]:
    """Every role about every position of these routes."""
    for route in routes(app.openapi(), table()["kinds"]):
        if route.id not in groups:
            continue  # test_openapi.py says so
        expected = lets_in(groups[route.id])
        for role in (NOBODY, *stage.tokens):
            for position in provided.POSITIONS.get(route.id) or route.positions(stage):
                yield route, role, position, position in expected.get(role, ())


def drawn(cell: Cell) -> bool:
    """Whether `make test` asks it."""
    route, role, position, let_in = cell
    always = role == NO_ROLE and position in "-s"
    dear = not let_in or route.id in DEAR
    return always or crc32(f"{route.id} {role} {position}".encode()) % (ONE_IN if dear else 2) == 0


async def asked(client: httpx.AsyncClient, stage: Stage, cell: Cell, making: Making) -> str | None:
    """Ask a cell; what is wrong with the answer, if anything is."""
    route, role, position, let_in = cell
    made = await making(route.id, role, position)
    client.cookies.clear()  # what one was given opens nothing to the next
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
    if inside and route.method == "GET" and not 200 <= status < 400 and code != "not-logged-yet":
        return f"{where}, expected an answer"
    own = {position, "s"} if made is not None and position == OWN else {position}  # made about that agency
    told = tells(answer, stage, role, own)
    return f"{where}, {told}" if told else None


def tells(answer: httpx.Response, stage: Stage, role: str, own: set[str]) -> str | None:
    """What an answer says of positions that this role is told nothing of; ``own`` is what was asked for."""
    if not answer.is_success:
        return None
    told = {one for one in foreign(role) if any(name in answer.text for name in stage.names(one))} - own
    named = {one for one in unnamed(role) if NAMES[one] in answer.text}
    said = [f"tells of {POSITIONS[one]}" for one in told] + [f"names {POSITIONS[one]}" for one in named]
    return ", ".join(said) or None


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


def part_of(found: Iterable[Cell], part: int, first: bool) -> list[Cell]:
    chosen = [one for one in list(found)[part::PARTS] if drawn(one) is first]
    assert len(chosen) > 100
    return chosen


async def all_right(client: httpx.AsyncClient, stage: Stage, chosen: Iterable[Cell], making: Making) -> None:
    wrong = [said for one in chosen if (said := await asked(client, stage, one, making)) is not None]
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


@pytest.mark.parametrize("part", range(PARTS))
async def test_each_cell_is_as_the_table_says(
    part: int, app: FastAPI, client: httpx.AsyncClient, stage: Stage
) -> None:
    await all_right(client, stage, part_of(cells(app, stage, groups()), part, True), partial(made_for, stage))


@pytest.mark.exhaustive
@pytest.mark.parametrize("part", range(PARTS))
async def test_the_other_cells_are_as_the_table_says(
    part: int, app: FastAPI, client: httpx.AsyncClient, stage: Stage
) -> None:
    await all_right(
        client, stage, part_of(cells(app, stage, groups()), part, False), partial(made_for, stage)
    )


def test_what_make_test_asks_has_every_route_role_and_position(app: FastAPI, stage: Stage) -> None:
    every = list(cells(app, stage, groups()))
    asked = [one for one in every if drawn(one)]
    for place in (lambda one: one[0].id, lambda one: one[1], lambda one: one[2]):
        assert {place(one) for one in asked} == {place(one) for one in every}


FILTERS = {
    "agency": "agency_id",
    "agency_id": "agency_id",
    "parent_id": "agency_id",
    "agency_month": "month_id",
}
"""What a list may be narrowed to, by the name of the parameter."""


def narrowed(app: FastAPI, stage: Stage) -> Iterator[tuple[Route, str, str, str]]:
    """Every list that can be narrowed to an agency, by every role to an agency that is not theirs."""
    for route in routes(app.openapi()):
        asked = {one["name"] for one in route.operation.get("parameters", ()) if one["in"] == "query"}
        for name in sorted(asked & FILTERS.keys()):
            for role in stage.tokens:
                for position in "fz":
                    yield route, name, role, position


async def none_tells(
    client: httpx.AsyncClient, stage: Stage, chosen: list[tuple[Route, str, str, str]]
) -> None:
    wrong = []
    for route, name, role, position in chosen:
        request = route.request(stage, "-")
        request["params"] = {**(request.get("params") or {}), name: stage.targets[FILTERS[name]][position]}
        request["headers"]["Authorization"] = f"Bearer {stage.tokens[role]}"
        answer = await client.request(**request)
        told = tells(answer, stage, role, set())
        if told or (answer.status_code >= 400 and answer.status_code not in SHUT):
            wrong.append(f"{route.id} of {name} {position} as {role}: {answer.status_code} {told}")
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


async def test_a_list_narrowed_to_another_agency_tells_no_more(
    app: FastAPI, client: httpx.AsyncClient, stage: Stage
) -> None:
    every = list(narrowed(app, stage))
    assert len(every) > 300
    await none_tells(client, stage, every[:: ONE_IN + 1])


@pytest.mark.exhaustive
async def test_no_list_narrowed_to_another_agency_tells_more(
    app: FastAPI, client: httpx.AsyncClient, stage: Stage
) -> None:
    await none_tells(client, stage, list(narrowed(app, stage)))


async def under(law: str, database: Any, beside: Stage, folder: Path, first: bool) -> None:
    """What that law lets somebody do, asked of people who live under it."""
    stage = await asyncio.to_thread(under_law, database, law, beside)
    async with served(database, stage, folder) as app, client_of(app) as client:
        chosen = [one for one in cells(app, stage, table()["by_law"][law]) if drawn(one) is first]
        assert {one[0].id for one in chosen} == set(table()["by_law"][law])
        assert any(let_in for *_, let_in in chosen)
        await all_right(client, stage, chosen, partial(made_for, stage))


@pytest.mark.parametrize("law", sorted(LAWS))
async def test_each_cell_under_another_law(
    law: str, module_database: Any, stage: Stage, tmp_path: Path
) -> None:
    await under(law, module_database, stage, tmp_path, True)


@pytest.mark.exhaustive
@pytest.mark.parametrize("law", sorted(LAWS))
async def test_the_other_cells_under_another_law(
    law: str, module_database: Any, stage: Stage, tmp_path: Path
) -> None:
    await under(law, module_database, stage, tmp_path, False)


async def beside_a_provider(database: Any, stage: Stage, folder: Path, address: str, first: bool) -> None:
    """Whoever comes from a real provider of identities, or says so."""
    settings = provided.with_provider(address)
    async with served(database, stage, folder, **settings) as app, client_of(app, PUBLIC) as client:
        chosen = [one for one in cells(app, stage, table()["with_provider"]) if drawn(one) is first]
        assert {one[0].id for one in chosen} == set(table()["with_provider"])
        await all_right(client, stage, chosen, partial(provided.made_there, app, client, stage))


async def test_each_cell_beside_a_provider(
    module_database: Any, stage: Stage, provider: str, tmp_path: Path
) -> None:
    await beside_a_provider(module_database, stage, tmp_path, provider, True)


@pytest.mark.exhaustive
async def test_the_other_cells_beside_a_provider(
    module_database: Any, stage: Stage, provider: str, tmp_path: Path
) -> None:
    await beside_a_provider(module_database, stage, tmp_path, provider, False)
