"""``/duties``, ``/inbox``, ``/today``, ``/me``: what is owed, and to whom it was said."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.paging import After, Limit
from api.reading import duties, explanations, inbox, me, today
from api.scope import Read
from models.regulations import Slot

router = APIRouter(tags=["Nghĩa vụ"])


@router.get("/duties", operation_id="listDuties", summary="Nghĩa vụ đang mở / open duties")
async def list_duties(
    read: Read,
    whose: Annotated[duties.Whose | None, Query(title="Của tôi, hay của cơ quan tôi")] = None,
    slot: Annotated[Slot | None, Query(title="Loại nghĩa vụ")] = None,
    overdue: Annotated[bool | None, Query(title="Quá hạn")] = None,
    due_before: Annotated[date | None, Query(title="Đến hạn trước ngày")] = None,
    limit: Limit = 50,
    after: After = None,
) -> duties.Duties:
    """By due date, those without one last. By default the agency's for those who hold a role, else mine."""
    chosen = whose or ("agency" if read.who.held else "mine")
    return await duties.listed(
        read, whose=chosen, slot=slot, overdue=overdue, due_before=due_before, limit=limit, after=after
    )


@router.get("/duties/{duty_id}", operation_id="getDuty", summary="Một nghĩa vụ / one duty")
async def get_duty(read: Read, duty_id: UUID) -> duties.DutyDetail:
    """With the rule's text and the hashes of the law and the calendar that were read when it opened."""
    return await duties.one(read, duty_id)


@router.get(
    "/duties/{duty_id}/explanation",
    operation_id="explainDuty",
    summary="Vì sao có nghĩa vụ này / why this is owed",
)
async def explain_duty(read: Read, duty_id: UUID) -> explanations.Explanation:
    """Event, rules with their words, every period day by day, who holds the post today, what comes next.

    Told under the law and the calendar the duty was opened with, however long ago.
    """
    return await explanations.of_duty(read, duty_id)


@router.get("/inbox", operation_id="listInbox", summary="Hộp thông báo / the inbox")
async def list_inbox(
    read: Read,
    unread: Annotated[bool, Query(title="Chỉ thông báo chưa đọc")] = False,
    limit: Limit = 50,
    after: After = None,
) -> inbox.Inbox:
    """To this account and to the posts it holds, the newest first."""
    return await inbox.listed(read, unread=unread, limit=limit, after=after)


@router.post("/inbox/{notice_id}/read", status_code=204, operation_id="markRead", summary="Đánh dấu đã đọc")
async def mark_read(read: Read, notice_id: UUID) -> None:
    """Mark one notice read; repeating it changes nothing."""
    await inbox.mark(read, notice_id)


@router.get("/today", operation_id="getToday", summary="Việc hôm nay / the morning list")
async def get_today(read: Read) -> today.Today:
    """Due today, overdue, returned, newly arrived, waiting on others: each with the calls that settle it."""
    return await today.today(read)


@router.get("/me", operation_id="getMe", summary="Việc của tôi / what I owe")
async def get_me(read: Read) -> me.Me:
    """What I owe, by when, why; where my last submission stands; my next step."""
    return await me.me(read)
