"""Names and stories are for who reads files: another role that reaches further tells neither."""

import asyncio
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert

from models.tables import AgencyMonthRow, CaseRow, GrantRow, MonthEndRow, NoticeRow
from tests.api.reading.world import NOW, TODAY, Caller, World, code_of

NAME = "NGUYỄN VĂN AN"
WINDOW = {"opens_on": date(2026, 2, 24), "nominal_end": date(2026, 2, 28), "rolled_end": date(2026, 3, 2)}


@pytest.fixture(scope="module")
def there(world: World) -> dict[str, UUID]:
    """An of A, about to move to B, with a duty; A's month; who keeps archives in A, alone or as HR of B."""
    ids = {name: uuid4() for name in ("moving", "month")}

    async def write(c: Any) -> None:
        ids["an"] = an = await world.profile(c, NAME, world.a)
        await world.account(c, "an", kind="personal", profile_id=an)
        await c.execute(
            insert(CaseRow).values(
                id=ids["moving"], authority_id=world.authority, kind="transfer", profile_id=an,
                from_agency_id=world.a, to_agency_id=world.b, mode="điều động",
                effective_on=date(2026, 3, 9), document="12/QĐ", state="reported", version=1, facts={},
                opened_at=NOW,
            )
        )  # fmt: skip
        facts = {"case": str(ids["moving"])}
        await world.event(c, an, 1, kind="transfer.requested", facts=facts)
        await world.event(c, an, 2, kind="duty.opened", facts={})
        await c.execute(
            insert(MonthEndRow).values(authority_id=world.authority, month="2026-02", state="open", **WINDOW)
        )
        await c.execute(
            insert(AgencyMonthRow).values(
                id=ids["month"], authority_id=world.authority, agency_id=world.a, month="2026-02",
                state="open", version=1, listed=1, opened_at=NOW, closes_at=NOW, summary={}, **WINDOW,
            )
        )  # fmt: skip
        await world.event(c, ids["month"], 1, kind="month.opened", profile_id=None)
        ids["duty"] = await world.duty(c, world.a, TODAY, party="hr_officer", profile_id=an)
        await world.account(c, "archivist.a", role="archivist")
        both = await world.account(c, "hr.b.archivist.a", role="hr_officer", agency_id=world.b)
        await c.execute(
            insert(GrantRow).values(
                id=uuid4(), authority_id=world.authority, account_id=both, agency_id=world.a,
                role="archivist", valid_from=date(2025, 1, 1),
            )
        )  # fmt: skip
        for role, agency in (
            ("hr_officer", world.a),
            ("archivist", world.a),
            ("administrator", world.department),
        ):
            await c.execute(
                insert(NoticeRow).values(
                    id=uuid4(), authority_id=world.authority, agency_id=agency, role=role, kind="escalated",
                    duty_id=ids["duty"], profile_id=an, facts={}, created_at=NOW,
                )
            )  # fmt: skip

    asyncio.run(world.written(write))
    return ids


@pytest.mark.parametrize(
    ("login", "case", "month"),
    [
        ("hr.a", 200, 200),
        ("hr.b", 200, 404),
        ("an", 200, 404),
        ("sonoivu", 200, 200),
        ("admin", 200, 200),
        ("archivist.a", 403, 403),
        ("hr.b.archivist.a", 200, 403),
    ],
)
async def test_the_story_of_a_case_or_a_month_is_for_who_reads_files_or_inspects_workflows(
    there: dict[str, UUID], caller: Caller, login: str, case: int, month: int
) -> None:
    await caller.login(login)
    for path, status, kinds in (
        (f"/transfers/{there['moving']}/timeline", case, ["transfer.requested"]),
        (f"/agency-months/{there['month']}/timeline", month, ["month.opened"]),
    ):
        answer = await caller.get(path)
        assert answer.status_code == status, (path, answer.text)
        if status == 200:
            seen = [one["kind"] for one in answer.json()["events"]]
            assert seen == kinds or (login.startswith("hr.b") and seen == []), "what lies on the own side"
        else:
            assert code_of(answer)[1] == ("not-found" if status == 404 else "not-permitted")


async def test_the_inbox_names_whom_one_reads_and_whom_ones_own_duty_concerns(
    there: dict[str, UUID], callers: Callable[[], Caller]
) -> None:
    told = {}
    for login in ("hr.a", "archivist.a", "hr.b.archivist.a", "admin"):
        (line,) = (await (await callers().login(login)).ok("/inbox"))["items"]
        assert (line["profile_id"], line["duty_id"]) == (str(there["an"]), str(there["duty"]))
        told[login] = line["person"]
    assert told == {"hr.a": NAME, "archivist.a": None, "hr.b.archivist.a": None, "admin": None}


async def test_the_morning_list_names_nobody_whom_only_another_role_reaches(
    there: dict[str, UUID], callers: Callable[[], Caller]
) -> None:
    told = {}
    for login in ("hr.a", "sonoivu", "hr.b.archivist.a"):
        (line,) = (await (await callers().login(login)).ok("/today"))["due_today"]["items"]
        assert line["duty_id"] == str(there["duty"])
        told[login] = line["person"]
    assert told == {"hr.a": NAME, "sonoivu": NAME, "hr.b.archivist.a": None}
