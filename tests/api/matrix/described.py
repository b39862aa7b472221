"""Requests that fit the description and requests that do not, of every operation, made by schemathesis: no
answer is a server error, an undocumented status, media type or shape.
"""

import itertools
import json
import warnings
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx
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
from tests.api.matrix.fresh import made_for
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
AWAY = {"trust-list-unreadable", "engine-unavailable"}
"""503 where no trust list is installed and no engine runs, as here: said, not an accident."""
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


class Wrong(NamedTuple):
    """What is wrong with an answer, and whether it is an accident of the server."""

    accident: bool
    told: str


async def ask(client: httpx.AsyncClient, stage: Stage, case: Any, role: str, known: bool) -> Wrong | None:
    """Send a request; what is wrong with its answer, none if nothing is."""
    if known:  # something that is there, where the request named something at random
        made = await made_for(stage, case.operation.definition.raw["operationId"], role, "s")
        there = {name: places["s"] for name, places in stage.targets.items() if "s" in places}
        there |= made.named if made is not None else {}
        for name in case.path_parameters or {}:
            if name in there:
                case.path_parameters[name] = str(there[name])
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
    if answer.status_code == 503 and answer.json()["code"] in AWAY:
        return None
    try:
        case.validate_response(answer, checks=CHECKS)
    except (Failure, FailureGroup) as wrong:
        told = " ".join(str(one) for one in getattr(wrong, "exceptions", [wrong]))
        name = case.operation.definition.raw["operationId"]
        said = f"{name} as {role}: {answer.status_code} {told[:400]} {answer.text[:200]}"
        return Wrong(answer.status_code >= 500, said)
    return None


async def wrong_answers(
    app: FastAPI, client: httpx.AsyncClient, stage: Stage, who: list[str], size: int, number: int
) -> tuple[int, list[Wrong]]:
    """How many were asked, and what was wrong, each kind once."""
    asked, wrong, turn = 0, Counter[Wrong](), itertools.cycle(who)
    for operation in operations(described(app)):
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            for case in drawn(operation, mode, size, number):
                found = await ask(client, stage, case, next(turn), asked % 2 == 0)
                asked += 1
                if found is not None:
                    wrong[found] += 1
    return asked, list(wrong)
