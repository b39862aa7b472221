"""From a command's fate to an HTTP answer: the same at every repetition."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastapi import Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from api.problems import answer as problem
from models.errors import Refusal
from models.record.commands import Fate


class Answered(BaseModel):
    """A command that was decided; ``answer`` depends on the verb."""

    command_id: UUID
    verb: str
    settled: bool = Field(description="Đã có kết quả / decided")
    status: int | None = Field(description="Mã trạng thái HTTP của kết quả / HTTP status of the result")
    answer: dict[str, Any] | None


def answered(fate: Fate) -> Answered:
    """The fate as a body."""
    return Answered(
        command_id=fate.id, verb=fate.verb, settled=fate.settled, status=fate.status, answer=fate.answer
    )


def respond(request: Request, fate: Fate, once: Mapping[str, str] | None = None) -> JSONResponse:
    """The answer of a command: its own, a problem when it was refused, or 202 while it is not decided.

    ``once`` is said in this answer only and kept nowhere (a one-time password).
    """
    address = f"/api/v1/commands/{fate.id}"
    if not fate.settled:
        return JSONResponse(
            answered(fate).model_dump(mode="json"), status_code=202, headers={"Location": address}
        )
    assert fate.status is not None
    if fate.status >= 400 and fate.answer is not None and "code" in fate.answer:
        return problem(Refusal.from_json(fate.answer), request.state.request_id)
    body = answered(fate).model_dump(mode="json")
    return JSONResponse({**body, **(once or {})}, status_code=fate.status, headers={"Content-Location": address})
