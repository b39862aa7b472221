"""From a command's fate to an HTTP answer: the same at every repetition."""

from collections.abc import Mapping
from datetime import datetime
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
    second_factor_at: datetime | None = Field(
        default=None,
        description="Phiên gửi xác thực lớp thứ hai lúc / when its session showed a second factor",
    )


def answered(fate: Fate) -> Answered:
    """The fate as a body."""
    return Answered(
        command_id=fate.id,
        verb=fate.verb,
        settled=fate.settled,
        status=fate.status,
        answer=fate.answer,
        second_factor_at=fate.second_factor_at,
    )


def respond(request: Request, fate: Fate, once: Mapping[str, str] | None = None) -> JSONResponse:
    """The answer of a command: its own, a problem when it was refused, or 202 while it is not decided.

    ``once`` (a one-time password) is said to the request that wrote the command down and to no repetition:
    only that one's secret is in the command.
    """
    address = f"/api/v1/commands/{fate.id}"
    if fate.settled and fate.status is not None and fate.status >= 400 and fate.answer is not None:
        return problem(Refusal.from_json(fate.answer), request.state.request_id)
    body = answered(fate).model_dump(mode="json")
    said = {**body, **(once or {})} if fate.fresh else body
    if not fate.settled:
        return JSONResponse(said, status_code=202, headers={"Location": address})
    assert fate.status is not None
    return JSONResponse(said, status_code=fate.status, headers={"Content-Location": address})
