"""A confused deputy: one call about many, some of whom are no business of whoever calls.

The list is one agency's and its batch acts with rights over everything; so whoever is named must be on it.
"""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert

from models import tables as t
from models.command_lists import ApproveList, CutList, HoldItems, LiftHold
from models.commands import Body, ReleaseMonth, SendBackItems
from models.database import engine_for, transaction
from tests.world import World, build, tools_for

DAY = datetime(2026, 1, 28, 3, 0, tzinfo=UTC)
WHY = "thử"


@pytest.fixture
async def city(module_database: Any, tmp_path: Path) -> AsyncIterator[World]:
    engine = engine_for(module_database.url("worker"), pool_size=4)
    yield await build(tools_for(engine, tmp_path), DAY, second=True)
    await engine.dispose()


async def listed(city: World, agency: UUID, *people: UUID, state: str = "listed") -> UUID:
    """An agency's open month with these people on it."""
    month = uuid4()
    async with transaction(city.tools.engine, city.scope) as connection:
        await connection.execute(
            insert(t.AgencyMonthRow).values(
                id=month, authority_id=city.authority, agency_id=agency, month="2026-01", state="open",
                opens_on=date(2026, 1, 27), nominal_end=date(2026, 1, 31), rolled_end=date(2026, 2, 2),
                closes_at=datetime(2026, 2, 23, 17, tzinfo=UTC), version=1, listed=len(people), opened_at=DAY,
                summary={},
            )
        )  # fmt: skip
        for person in people:
            row = await city.one("SELECT pending_revision_id AS id FROM profiles WHERE id = :p", p=person)
            await connection.execute(
                insert(t.MonthItemRow).values(
                    agency_month_id=month, authority_id=city.authority, profile_id=person,
                    revision_id=row.id, digest="0" * 64, state=state, changed_at=DAY,
                )
            )  # fmt: skip
    return month


async def test_naming_somebody_of_another_agency_beside_ones_own_does_nothing_for_either(
    city: World,
) -> None:
    ours = await city.employ(until="review")
    theirs = await city.employ(agency=city.museum, until="review")
    month, elsewhere = await listed(city, city.culture, ours), await listed(city, city.health, theirs)
    calls: list[tuple[str, Body]] = [
        ("culture.approver", ApproveList(profiles=(ours, theirs))),
        ("culture.approver", CutList(profiles=(ours, theirs))),
        ("culture.approver", HoldItems(profiles=(ours, theirs), reason=WHY)),
        ("culture.approver", LiftHold(profiles=(ours, theirs), reason=WHY)),
        ("department", SendBackItems(profiles=(ours, theirs), reason=WHY)),
        ("department", ReleaseMonth(profiles=(ours, theirs))),
    ]
    for who, body in calls:
        refused = await city.ask(who, body, month, subject="agency_month")
        assert refused.status in (404, 409, 422), (body.verb, refused.answer)
        assert str(theirs) not in str(refused.answer), "nobody is told who waits elsewhere"
    states = await city.rows(
        "SELECT profile_id, state FROM month_items WHERE authority_id = :a", a=city.authority
    )
    assert {(one.profile_id, one.state) for one in states} == {(ours, "listed"), (theirs, "listed")}
    assert not await city.rows("SELECT 1 FROM approval_rounds WHERE agency_month_id = :m", m=elsewhere)


async def test_anothers_list_is_not_acted_on_however_it_is_called(city: World) -> None:
    theirs = await city.employ(agency=city.museum, until="review")
    month = await listed(city, city.health, theirs, state="approved")
    for body in (
        ApproveList(),
        ApproveList(profiles=(theirs,)),
        CutList(),
        HoldItems(profiles=(theirs,), reason=WHY),
    ):
        refused = await city.ask("culture.approver", body, month, subject="agency_month")
        assert (refused.status, refused.answer["code"]) == (403, "not-permitted")
    with_hr = await city.ask("culture.hr", ApproveList(), month, subject="agency_month")
    assert with_hr.status == 403
