"""What the description says is what is answered: schemathesis makes requests that fit it and requests that do
not, as every role; no answer is a server error, an undocumented status, media type or shape.

`make test` asks each operation a few times with the roles in turn, `make demos` as each role more than 20,000
times in all.
"""

import itertools
import json
import warnings
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from models.access import roles
from tests.api.matrix.stage import NO_ROLE, NOBODY, Stage

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
ENDING = {"signOut", "signOutBrowser", "endMySession"}
"""They would end the session that asks; asked where sessions are tested."""
UNTRUSTED = "trust-list-unreadable"
"""503 where no trust list is installed, as here: said, not an accident."""
ROLES = sorted({*roles().roles, NO_ROLE, NOBODY})


def described(app: FastAPI) -> dict[str, Any]:
    """The description as a client gets it."""
    document: dict[str, Any] = json.loads(json.dumps(app.openapi()))
    return document


def operations(document: dict[str, Any]) -> Iterator[Any]:
    for found in schemathesis.openapi.from_dict(document).get_all_operations():
        operation = found.ok()
        if operation.definition.raw["operationId"] not in ENDING:
            yield operation


def drawn(operation: Any, mode: GenerationMode, size: int, number: int) -> list[Any]:
    """Requests to an operation: always the same of the same description."""
    cases: list[Any] = []

    @seed(number)
    @settings(
        max_examples=size,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def draw(case: Any) -> None:
        cases.append(case)

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            draw()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE, "nothing fits the description of this operation"
    return cases


async def ask(client: httpx.AsyncClient, stage: Stage, case: Any, role: str, known: bool) -> str | None:
    """Send a request; what is wrong with its answer, none if nothing is."""
    if known:  # something that is there, where the request named something at random
        for name in case.path_parameters or {}:
            if name in stage.targets:
                case.path_parameters[name] = str(stage.targets[name]["s"])
    try:
        sent = requests.Request(**case.as_transport_kwargs(base_url="http://hoso")).prepare()
    except (requests.RequestException, UnicodeError, ValueError):
        return None  # what no client can send
    headers = {name: value for name, value in sent.headers.items() if name != "Authorization"}
    if role != NOBODY:
        headers["Authorization"] = f"Bearer {stage.tokens[role]}"
    content = sent.body.encode() if isinstance(sent.body, str) else sent.body
    answer = await client.request(
        str(sent.method),
        str(sent.url),
        headers={k: v.encode() if isinstance(v, str) else v for k, v in headers.items()},
        content=content,
    )
    if answer.status_code == 503 and answer.json()["code"] == UNTRUSTED:
        return None
    try:
        case.validate_response(answer, checks=CHECKS)
    except (Failure, FailureGroup) as wrong:
        told = " ".join(str(one) for one in getattr(wrong, "exceptions", [wrong]))
        name = case.operation.definition.raw["operationId"]
        return f"{name} as {role}: {answer.status_code} {told[:400]} {answer.text[:200]}"
    return None


async def wrong_answers(
    app: FastAPI, client: httpx.AsyncClient, stage: Stage, who: list[str], size: int, number: int
) -> tuple[int, list[str]]:
    """How many were asked, and what was wrong, each kind once."""
    asked, wrong, turn = 0, Counter[str](), itertools.cycle(who)
    for operation in operations(described(app)):
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            for case in drawn(operation, mode, size, number):
                found = await ask(client, stage, case, next(turn), asked % 2 == 0)
                asked += 1
                if found is not None:
                    wrong[found] += 1
    return asked, list(wrong)


async def test_the_answers_are_as_described(app: FastAPI, client: httpx.AsyncClient, stage: Stage) -> None:
    asked, wrong = await wrong_answers(app, client, stage, ROLES, 2, 0)
    assert asked > 400
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


@pytest.mark.parametrize("breach", ["status", "media type", "shape"])
async def test_a_breach_is_found(breach: str, app: FastAPI, client: httpx.AsyncClient, stage: Stage) -> None:
    """The check itself, on a description that is not true of one operation."""
    document = described(app)
    path = "/api/v1/profiles/{profile_id}/custody"
    answers = document["paths"][path]["get"]["responses"]
    match breach:
        case "status":
            del answers["default"]
        case "media type":
            answers["default"] = {"description": "", "content": {"text/plain": {"schema": {}}}}
        case _:
            document["components"]["schemas"]["ProblemDocument"]["required"].append("missing")
    document["paths"] = {path: document["paths"][path]}
    (operation,) = operations(document)
    (case, *_) = drawn(operation, GenerationMode.POSITIVE, 2, 0)
    assert await ask(client, stage, case, NOBODY, known=True) is not None


@pytest.mark.demos
@pytest.mark.timeout(600)
@pytest.mark.parametrize("role", ROLES)
async def test_the_answers_to_each_role_are_as_described(
    role: str, app: FastAPI, client: httpx.AsyncClient, stage: Stage
) -> None:
    asked, wrong = await wrong_answers(app, client, stage, [role], 5, ROLES.index(role) + 1)
    assert asked * len(ROLES) > 20_000
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)
