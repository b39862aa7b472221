"""Rounds over a month's list: progress, time left, trouble, and what each item came to."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.paging import Page, cursor, key_of, page
from api.reading import permits
from api.scope import Reading


class Round(BaseModel):
    """One round."""

    command_id: UUID = Field(title="Yêu cầu")
    kind: str = Field(
        title="Loại", description="`single`: ký từng hồ sơ; `cut`: lập danh sách; `list`: ký danh sách"
    )
    list_id: UUID | None = Field(title="Danh sách phê duyệt")
    chosen: int = Field(title="Số hồ sơ được chọn")
    approved: int = Field(title="Đã phê duyệt")
    stays: int = Field(title="Ở lại, có lý do")
    waiting: int = Field(
        title="Còn phải làm",
        description="Với `cut`, `list`: số hồ sơ chưa qua bước cuối / not through the last phase yet",
    )
    phase: str | None = Field(
        title="Đang ở bước",
        description="Với `cut`: `describing` (so sánh), `judging` (kiểm tra), `typesetting` (dàn trang); với"
        " `list`: `judging`, `signing` (ký), `writing` (ghi nhận)",
    )
    phase_done: int | None = Field(title="Số hồ sơ đã qua bước này")
    told_at: datetime | None = Field(title="Tiến độ lúc", description="Theo đồng hồ máy chủ")
    accepted_at: datetime = Field(title="Nhận lúc")
    done_at: datetime | None = Field(title="Xong lúc")
    trouble: str | None = Field(
        title="Đang vướng",
        description="Ví dụ `token-away`: cắm lại thiết bị ký thì tiếp tục đúng hồ sơ đang dở",
    )
    seconds_left: int | None = Field(title="Còn khoảng (giây)", description="Theo tốc độ đến lúc này")


class Result(BaseModel):
    """One chosen item."""

    profile_id: UUID = Field(title="Hồ sơ")
    person: str | None = Field(title="Họ và tên", description="Không có khi ngoài phạm vi")
    outcome: str = Field(title="Kết quả", description="`approved` hoặc `stays` (ở lại)")
    reason: str | None = Field(title="Lý do")
    at: datetime = Field(title="Lúc")


class Results(Page):
    """A round with a page of its items, those that stay behind first."""

    round: Round = Field(title="Lượt phê duyệt")
    items: list[Result] = Field(title="Kết quả từng hồ sơ")


_COUNTED = {"cut": ("describing", "judging"), "list": ("judging", "writing")}
"""Phases of a round over a whole list that go through it item by item, the last one last."""

_ROUNDS = (
    "SELECT o.command_id, o.kind, o.list_id, o.chosen, o.accepted_at, o.done_at, o.trouble, o.phase,"
    " o.phase_done, o.told_at, extract(epoch FROM o.told_at - o.phase_at) AS phase_took,"
    " coalesce(s.approved, 0) AS approved, coalesce(s.stays, 0) AS stays, s.took FROM approval_rounds o"
    " LEFT JOIN LATERAL (SELECT count(*) FILTER (WHERE outcome = 'approved') AS approved,"
    " count(*) FILTER (WHERE outcome = 'stays') AS stays, extract(epoch FROM max(at) - min(at)) AS took"
    " FROM approval_results WHERE command_id = o.command_id) s ON true WHERE o.agency_month_id = :month"
)
_ALL = text(f"{_ROUNDS} ORDER BY o.number DESC LIMIT 200")
_ONE = text(f"{_ROUNDS} AND o.command_id = :command")
_RESULTS = text(
    "SELECT s.profile_id, p.full_name AS person, s.outcome, s.reason, s.at FROM approval_results s"
    " LEFT JOIN profiles p ON p.id = s.profile_id WHERE s.command_id = :command"
    " AND (s.outcome, s.profile_id) > (:outcome, CAST(:last AS uuid))"
    " ORDER BY s.outcome, s.profile_id LIMIT :limit"
)
_MONTH = text("SELECT agency_id FROM agency_months WHERE id = :month")
_NIL = UUID(int=0)


async def of_month(read: Reading, month_id: UUID) -> list[Round]:
    """The rounds of a list, the newest first.

    Raises:
        RefusedError: ``not-found``, ``not-permitted``.
    """
    await _seen(read, month_id)
    return [_round(row) for row in await read.connection.execute(_ALL, {"month": month_id})]


async def results(read: Reading, month_id: UUID, command_id: UUID, limit: int, after: str | None) -> Results:
    """What each item of one round came to.

    Raises:
        RefusedError: ``not-found``, ``not-permitted``.
    """
    await _seen(read, month_id)
    named = {"month": month_id, "command": command_id}
    row = (await read.connection.execute(_ONE, named)).one_or_none()
    if row is None:
        raise permits.missing()
    outcome, last = key_of(after, str, UUID) or ("", _NIL)
    values = {"command": command_id, "outcome": outcome, "last": last, "limit": limit + 1}
    items, more = page((await read.connection.execute(_RESULTS, values)).all(), limit)
    return Results(
        round=_round(row),
        items=[Result.model_validate(dict(item._mapping)) for item in items],
        next=cursor(items[-1].outcome, items[-1].profile_id) if more else None,
    )


async def _seen(read: Reading, month_id: UUID) -> None:
    agency_id = await read.connection.scalar(_MONTH, {"month": month_id})
    if agency_id is None:
        raise permits.missing()
    await permits.at(read, "read_profile", agency_id)


def _round(row: Any) -> Round:
    """A round as it stands. One by one its results tell the pace; over a whole list what it told beside."""
    running = row.done_at is None
    told = {
        "phase": row.phase if running else None,
        "phase_done": row.phase_done if running and row.phase is not None else None,
        "told_at": row.told_at if running else None,
    }
    waiting, left = (_of_list if row.kind in _COUNTED else _one_by_one)(row) if running else (0, None)
    return Round.model_validate({**row._mapping, **told, "waiting": waiting, "seconds_left": left})


def _one_by_one(row: Any) -> tuple[int, int | None]:
    """Items still to do, and about how many seconds they take."""
    answered = row.approved + row.stays
    waiting = max(0, row.chosen - answered)
    paced = waiting and answered > 1 and row.took
    return waiting, round(float(row.took) / (answered - 1) * waiting) if paced else None


def _of_list(row: Any) -> tuple[int, int | None]:
    """The same of a list that is cut or signed as one: a later phase is taken to go as fast as this one."""
    counted = _COUNTED[row.kind]
    last = row.phase == counted[-1]
    past = row.phase not in (None, *counted) and row.kind == "cut"  # typesetting: every item is through
    waiting = 0 if past else max(0, row.chosen - row.phase_done) if last else row.chosen
    if row.phase not in counted or not row.phase_done or not row.phase_took:
        return waiting, None
    ahead = max(0, row.chosen - row.phase_done) + (0 if last else row.chosen)
    return waiting, round(float(row.phase_took) / row.phase_done * ahead)
