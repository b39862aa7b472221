"""The department's gate over all lists at once: what waits with what differs, and the decisions about it."""

import asyncio
import json
from collections.abc import Iterable
from http import HTTPStatus
from typing import Annotated, Literal, NamedTuple
from uuid import UUID, uuid5

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from api.paging import After
from api.reading import gate_items
from api.routers.acting import Act, Acting
from api.routers.cases import on_month
from api.routers.read_work import FewItems
from api.scope import Read
from models.command_lists import LONGEST
from models.command_shapes import NamedFields, Reason
from models.commands import ReleaseMonth, SendBackItems
from models.errors import RefusedError

router = APIRouter(prefix="/gate", tags=["Cuối tháng"])

AT_ONCE = 8
"""Lists judged at the same time: each is a workflow of its own."""


Outcome = Literal["released", "sent_back", "accepted", "left"]


class Decision(BaseModel):
    """What the department decides about one item."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    agency_month_id: UUID = Field(title="Danh sách")
    profile_id: UUID = Field(title="Hồ sơ")
    reason: Reason | None = Field(
        default=None,
        title="Lý do trả lại",
        description="Có lý do: trả lại; không có: phê duyệt / with a reason sent back, without one approved",
    )
    fields: NamedFields = ()


class Decisions(BaseModel):
    """Many at once, of any lists."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    decisions: tuple[Decision, ...] = Field(title="Quyết định", min_length=1, max_length=LONGEST)


class Word(NamedTuple):
    """What is said of one list in one act: approved, or sent back with a reason and perhaps fields."""

    agency_month_id: UUID
    reason: str | None
    fields: tuple[str, ...]


class Decided(BaseModel):
    """What became of one of them."""

    agency_month_id: UUID = Field(title="Danh sách")
    profile_id: UUID = Field(title="Hồ sơ")
    outcome: Outcome = Field(
        title="Hồ sơ đã",
        description="`accepted`: đã nhận, chưa có kết quả, hỏi lại theo command_id; `left`: không còn chờ"
        " hoặc bị từ chối, xem code / `accepted`: ask for the command again; `left`: see `code`",
    )
    command_id: UUID = Field(title="Lệnh")
    status: int = Field(title="Kết quả", description="Mã trạng thái HTTP / HTTP status of its own answer")
    code: str | None = Field(default=None, title="Mã từ chối")


class Results(BaseModel):
    """One result for each decision, in their order."""

    results: list[Decided] = Field(title="Kết quả")


@router.get("/items", operation_id="listGateItems", summary="Hồ sơ chờ Sở Nội vụ, Vụ TCCB phê duyệt")
async def list_items(
    read: Read,
    agency: Annotated[UUID | None, Query(title="Cơ quan, đơn vị")] = None,
    agency_month: Annotated[UUID | None, Query(title="Danh sách")] = None,
    limit: FewItems = 20,
    after: After = None,
) -> gate_items.GateItems:
    """Mọi danh sách, từng mục khác với CSDLQG đang giữ / all lists, field by field against what they hold."""
    return await gate_items.waiting(read, agency=agency, agency_month=agency_month, limit=limit, after=after)


@router.post(
    "/decisions", operation_id="decideAtGate", summary="Phê duyệt, trả lại nhiều hồ sơ của nhiều danh sách"
)
async def decide(act: Act, body: Decisions) -> Results:
    """Mỗi hồ sơ một kết quả; hồ sơ không còn chờ thì để lại / one result each, what waits no more is left."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(word: Word, profiles: list[UUID]) -> dict[tuple[UUID, UUID], Decided]:
        async with turns:
            return await _judge(act, word, profiles)

    groups = _groups(body.decisions)
    answers = await asyncio.gather(*(one(*group) for group in groups.items()))
    found = {key: value for answer in answers for key, value in answer.items()}
    return Results(results=[found[d.agency_month_id, d.profile_id] for d in body.decisions])


def _groups(decisions: Iterable[Decision]) -> dict[Word, list[UUID]]:
    """By list, reason and fields: each is one act of its list. The first word about an item counts."""
    said: dict[tuple[UUID, UUID], Word] = {}
    for one in decisions:
        word = Word(one.agency_month_id, one.reason, one.fields if one.reason else ())
        said.setdefault((one.agency_month_id, one.profile_id), word)
    groups: dict[Word, list[UUID]] = {}
    for (_, profile_id), word in said.items():
        groups.setdefault(word, []).append(profile_id)
    return groups


async def _judge(act: Acting, word: Word, profiles: list[UUID]) -> dict[tuple[UUID, UUID], Decided]:
    """One list's act, and what it came to for each of its profiles."""
    named, (month_id, reason, fields) = tuple(sorted(profiles)), word
    mine = act.for_item(uuid5(month_id, "\n".join([reason or "", *fields])))
    body = (
        SendBackItems(profiles=named, reason=reason, fields=fields, partial=True)
        if reason
        else ReleaseMonth(profiles=named, partial=True)
    )
    left: set[str] = set()
    try:
        said = await on_month(mine, month_id, body)
    except RefusedError as refused:
        status, code = refused.refusal.problem.status, refused.refusal.code
    else:
        answer = json.loads(bytes(said.body))
        status, code = said.status_code, answer.get("code")
        left = set((answer.get("answer") or {}).get("left", ()))
    outcome = _outcome(status, reason)
    return {
        (month_id, one): Decided(
            agency_month_id=month_id,
            profile_id=one,
            outcome="left" if str(one) in left else outcome,
            command_id=mine.command_id,
            status=HTTPStatus.CONFLICT if str(one) in left else status,
            code=_why_left(act, one) if str(one) in left else code,
        )
        for one in named
    }


def _why_left(act: Acting, profile_id: UUID) -> str:
    """The own file waits for somebody else; what else is left waits no more."""
    return "own-approval" if profile_id == act.who.actor.person_profile_id else "wrong-state"


def _outcome(status: int, reason: str | None) -> Outcome:
    if status >= HTTPStatus.BAD_REQUEST:
        return "left"
    if status == HTTPStatus.ACCEPTED:
        return "accepted"
    return "sent_back" if reason else "released"
