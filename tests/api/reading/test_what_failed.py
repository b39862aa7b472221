"""What an approver is shown of a file: what changed since it was approved, and all that did not pass."""

import asyncio
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, text

from models.tables import AgencyMonthRow, ApprovalRow, GrantRow, MonthItemRow
from tests.api.reading.world import CONTENT, NOW, Caller, World

JANUARY = {"opens_on": date(2026, 1, 27), "nominal_end": date(2026, 1, 31), "rolled_end": date(2026, 2, 2)}
FEBRUARY = {"opens_on": date(2026, 2, 24), "nominal_end": date(2026, 2, 28), "rolled_end": date(2026, 3, 2)}
BACK = [
    {"path": "religion", "reason": "ghi lại cho đúng"},
    {"path": "main_assigned_work", "reason": "ghi rõ hơn"},
    {"reason": "sửa hai mục"},
]


async def _month(c: Any, world: World, name: str, state: str, days: dict[str, date]) -> UUID:
    month = uuid4()
    await c.execute(
        insert(AgencyMonthRow).values(
            id=month, authority_id=world.authority, agency_id=world.a, month=name, state=state, version=1,
            listed=1, opened_at=NOW, closes_at=NOW, summary={}, **days,
        )
    )  # fmt: skip
    return month


async def _item(
    c: Any, world: World, month: UUID, profile: UUID, revision: UUID, state: str, why: Any
) -> None:
    await c.execute(
        insert(MonthItemRow).values(
            agency_month_id=month, profile_id=profile, authority_id=world.authority, revision_id=revision,
            digest="0" * 64, state=state, reason=why, changed_at=NOW - timedelta(days=30),
        )
    )  # fmt: skip


@pytest.fixture(scope="module")
def past(world: World) -> dict[str, UUID]:
    """Revision 1 sent; 2 approved and refused nationally; 3 returned; 4 waits, a signature of it failed."""
    ids: dict[str, UUID] = {}

    async def write(c: Any) -> None:
        person = await world.profile(c, "Lê Thị Bền", world.a)
        author = await world.account(c, "ben", kind="personal", profile_id=person)
        phone = [{**CONTENT, "contact_phone": f"091111111{n}"} for n in range(4)]
        first = await world.revision(c, person, 1, "superseded", CONTENT, author)
        second = await world.revision(c, person, 2, "approved", {**phone[0], "gender": "female"}, author)
        await world.revision(c, person, 3, "returned", phone[1], author, returned_fields=BACK)
        fourth = await world.revision(c, person, 4, "submitted", {**phone[2], "gender": "female"}, author)
        query = text(
            "UPDATE profiles SET synced_revision_id = :first, approved_revision_id = :second,"
            " pending_revision_id = :fourth WHERE id = :id"
        )
        await c.execute(query, {"first": first, "second": second, "fourth": fourth, "id": person})
        january = await _month(c, world, "2026-01", "closed", JANUARY)
        ids["month"] = await _month(c, world, "2026-02", "open", FEBRUARY)
        await _item(c, world, january, person, second, "rejected", "E012 Giới tính: không có trong danh mục")
        await _item(c, world, ids["month"], person, fourth, "listed", None)
        failed = uuid4()
        await c.execute(
            insert(ApprovalRow).values(
                id=failed, authority_id=world.authority, profile_id=person, revision_id=fourth,
                approver_id=world.accounts["approver.a"], approver_role="approver", digest="0" * 64,
                rule_ids=[], rule_set_hash="0", state="failed", late_days=0, requested_at=NOW,
            )
        )  # fmt: skip
        told = {"approval": str(failed), "reason": "certificate-revoked"}
        await world.event(c, person, 1, kind="declaration.returned", facts={"revision": 3})
        await world.event(c, person, 2, kind="approval.failed", facts=told)
        low = await world.account(c, "low.approver", agency_id=world.a)
        await c.execute(
            insert(GrantRow).values(
                id=uuid4(), authority_id=world.authority, account_id=low, agency_id=world.a, role="approver",
                valid_from=date(2025, 1, 1), level=1, document="3/QĐ",
            )
        )  # fmt: skip

    asyncio.run(world.written(write))
    return ids


async def test_what_waits_is_compared_with_what_was_approved_not_with_what_was_sent(
    past: dict[str, UUID], caller: Caller
) -> None:
    await caller.login("approver.a")
    (item,) = (await caller.ok(f"/agency-months/{past['month']}"))["items"]
    assert (item["number"], item["compared_with"]) == (4, 2)
    assert item["changed"] == ["Số điện thoại liên hệ"], "the gender was seen and approved with revision 2"


async def test_each_earlier_failure_is_shown_and_words_to_who_may_read_the_file(
    past: dict[str, UUID], callers: Callable[[], Caller]
) -> None:
    whole = await callers().login("approver.a")
    (item,) = (await whole.ok(f"/agency-months/{past['month']}"))["items"]
    told = [(one["kind"], one["revision"], one["code"], one["reason"]) for one in item["failures"]]
    assert sorted(told) == [
        ("rejected", 2, None, "E012 Giới tính: không có trong danh mục"),
        ("returned", 3, None, "sửa hai mục"),
        ("signature", 4, "certificate-revoked", None),
    ]
    assert all(one["at"] for one in item["failures"])
    (back,) = [one["fields"] for one in item["failures"] if one["kind"] == "returned"]
    assert [(one["path"], one["reason"]) for one in back] == [
        ("religion", "ghi lại cho đúng"),
        ("main_assigned_work", "ghi rõ hơn"),
    ]
    low = await callers().login("low.approver")
    (item,) = (await low.ok(f"/agency-months/{past['month']}"))["items"]
    assert sorted((one["kind"], one["revision"], one["code"], one["reason"]) for one in item["failures"]) == [
        ("rejected", 2, None, None),
        ("returned", 3, None, None),
        ("signature", 4, "certificate-revoked", None),
    ]
    (back,) = [one["fields"] for one in item["failures"] if one["kind"] == "returned"]
    assert [one["path"] for one in back] == ["main_assigned_work"]
