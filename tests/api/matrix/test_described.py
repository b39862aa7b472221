"""What the description says is what is answered: each operation a few times, with the roles in turn; as each
role more than 20,000 times in all by ``python -m tests.bench --only schemathesis``.
"""

import httpx
import pytest
from fastapi import FastAPI
from schemathesis import GenerationMode

from tests.api.matrix.described import ROLES, ask, described, drawn, operations, wrong_answers
from tests.api.matrix.stage import NOBODY, Stage


async def test_the_answers_are_as_described(app: FastAPI, client: httpx.AsyncClient, stage: Stage) -> None:
    asked, wrong = await wrong_answers(app, client, stage, ROLES, 2, 0)
    assert asked > 400
    if wrong:
        pytest.fail("\n".join(one.told for one in wrong), pytrace=False)


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
