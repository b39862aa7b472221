"""What waits for the department, before the outgoing call or after it; nobody else sees it as theirs."""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select, update

from models.tables import (
    AgencyMonthRow,
    MonthItemRow,
    NationalDifferenceRow,
    ProfileRow,
    ReconciliationRow,
)
from tests.api.reading.world import CONTENT, NOW, Caller, World, code_of

LISTS = {
    # name: gate, state of the list, states of its items
    "before": ("before_outgoing_call", "gate", ("approved", "approved", "listed")),
    "before.closed": ("before_outgoing_call", "closed", ("approved",)),
    "before.cleared": ("before_outgoing_call", "open", ("cleared", "accepted")),
    "after": ("after", "gate", ("accepted", "approved")),
    "after.closed": ("after", "closed", ("accepted",)),
    "after.sending": ("after", "submitting", ("accepted", "sent")),
    "none": ("none", "open", ("approved", "accepted")),
}


@pytest.fixture(scope="module")
def lists(world: World) -> dict[str, UUID]:
    """A list of A for each case, a month each."""
    ids = {name: uuid4() for name in LISTS}

    async def write(c: Any) -> None:
        for n, (name, (gate, state, items)) in enumerate(LISTS.items(), start=1):
            day = date(2025, n, 25)
            await c.execute(
                insert(AgencyMonthRow).values(
                    id=ids[name], authority_id=world.authority, agency_id=world.a, month=f"2025-{n:02}",
                    state=state, gate=gate, version=1, listed=len(items), opened_at=NOW, closes_at=NOW,
                    summary={}, opens_on=day, nominal_end=day, rolled_end=day,
                )
            )  # fmt: skip
            for m, one in enumerate(items):
                profile = await world.profile(c, f"Người {n}.{m}", world.a)
                author = await world.account(c, f"n{n}{m}", kind="personal", profile_id=profile)
                revision = await world.revision(c, profile, 1, "approved", CONTENT, author)
                await c.execute(
                    insert(MonthItemRow).values(
                        agency_month_id=ids[name], profile_id=profile, authority_id=world.authority,
                        revision_id=revision, digest="0" * 64, state=one, changed_at=NOW,
                    )
                )  # fmt: skip
                if (name, m) == ("after", 0):
                    await _held(world, c, ids[name], profile, author)

    asyncio.run(world.written(write))
    return ids


NEWER = {**CONTENT, "birth_name": "Người Khác"}


async def _held(world: World, c: Any, list_id: UUID, profile: UUID, author: UUID) -> None:
    """What they accepted of the first on the list before; the last comparison found a field different."""
    newer = await world.revision(c, profile, 2, "approved", NEWER, author)
    first = select(MonthItemRow.revision_id).where(MonthItemRow.profile_id == profile).scalar_subquery()
    await c.execute(update(ProfileRow).where(ProfileRow.id == profile).values(synced_revision_id=newer))
    await c.execute(
        insert(AgencyMonthRow).values(
            id=(earlier := uuid4()), authority_id=world.authority, agency_id=world.a, month="2024-12",
            state="closed", gate="none", version=1, listed=1, opened_at=NOW, closes_at=NOW, summary={},
            opens_on=date(2024, 12, 27), nominal_end=date(2024, 12, 31), rolled_end=date(2024, 12, 31),
        )
    )  # fmt: skip
    await c.execute(
        insert(MonthItemRow).values(
            agency_month_id=earlier, profile_id=profile, authority_id=world.authority, revision_id=first,
            digest="0" * 64, state="released", changed_at=datetime(2025, 1, 2, 3, tzinfo=UTC),
        )
    )  # fmt: skip
    here = (MonthItemRow.agency_month_id == list_id) & (MonthItemRow.profile_id == profile)
    await c.execute(update(MonthItemRow).where(here).values(revision_id=newer))
    run = uuid4()
    await c.execute(
        insert(ReconciliationRow).values(
            id=run, authority_id=world.authority, ordered_by=author, document="12", state="done",
            cursor="", compared=1, ordered_at=NOW, ended_at=NOW,
        )
    )  # fmt: skip
    await c.execute(
        insert(NationalDifferenceRow).values(
            id=uuid4(), authority_id=world.authority, reconciliation_id=run, national_id=profile,
            profile_id=profile, kind="fields", fields=["ethnicity"], repair="under_way", repaired=False,
            found_at=NOW,
        )
    )  # fmt: skip


async def test_the_departments_morning_shows_what_waits_at_its_gate(
    lists: dict[str, UUID], callers: Callable[[], Caller]
) -> None:
    group = (await (await callers().login("sonoivu")).ok("/today"))["at_gate"]
    assert group["count"] == 3
    waiting = {line["agency_month_id"]: line for line in group["items"]}
    assert set(waiting) == {str(lists[name]) for name in ("before", "after", "after.closed")}
    before = waiting[str(lists["before"])]
    assert (before["items"], before["what"], before["party"]) == (2, "department_gate", "department_officer")
    assert before["citation"].endswith("Điều 14.2")
    assert [c["verb"] for c in before["calls"]] == ["release_month", "send_back_items"]
    assert all(str(lists["before"]) in c["path"] for c in before["calls"])
    assert waiting[str(lists["after"])]["items"] == 1


async def test_an_agency_sees_no_gate_of_its_own(
    lists: dict[str, UUID], callers: Callable[[], Caller]
) -> None:
    hr = await callers().login("hr.a")
    assert (await hr.ok("/today"))["at_gate"] == {"count": 0, "items": []}


@pytest.mark.parametrize(
    ("name", "at_gate", "verbs"),
    [
        ("before", 2, ["release_month", "send_back_items", "approve_list", "cut_list", "hold_items"]),
        ("before.closed", 0, []),
        ("before.cleared", 0, ["hold_items"]),
        ("after", 1, ["release_month", "send_back_items", "hold_items"]),
        ("after.closed", 1, ["release_month", "send_back_items"]),
        ("after.sending", 0, []),
        ("none", 0, ["hold_items"]),
    ],
)
async def test_a_list_says_what_waits_and_which_calls_settle_it(
    lists: dict[str, UUID], caller: Caller, name: str, at_gate: int, verbs: list[str]
) -> None:
    await caller.login("sonoivu")
    one = await caller.ok(f"/agency-months/{lists[name]}")
    assert (one["gate"], one["at_gate"]) == (LISTS[name][0], at_gate)
    assert [c["verb"] for c in one["calls"]] == verbs


async def test_what_waits_is_shown_item_by_item_with_what_they_hold_otherwise(
    lists: dict[str, UUID], callers: Callable[[], Caller]
) -> None:
    officer = await callers().login("sonoivu")
    page = await officer.ok("/gate/items", limit=3)
    found = page["items"]
    assert len(found) == 3
    found += (await officer.ok("/gate/items", limit=3, after=page["next"]))["items"]
    assert sorted(one["agency_month_id"] for one in found) == sorted(
        str(lists[name]) for name in ("before", "before", "after", "after.closed")
    )
    (known,) = [one for one in found if one["held"]]
    assert (known["agency_month_id"], known["gate"], known["number"]) == (str(lists["after"]), "after", 2)
    assert known["held"] == {"number": 1, "on": "2025-01-02"}
    assert [(c["path"], c["after"]) for c in known["changed"]] == [("birth_name", "Người Khác")]
    assert (known["held_otherwise"], known["compared_on"]) == (["Dân tộc"], f"{NOW:%Y-%m-%d}")
    assert {(one["held"], len(one["changed"])) for one in found if one is not known} == {(None, 0)}
    only = await officer.ok("/gate/items", agency_month=str(lists["after"]))
    assert [one["profile_id"] for one in only["items"]] == [known["profile_id"]]
    assert (await officer.ok("/gate/items", agency=str(lists["after"])))["items"] == [], (
        "no agency of this id"
    )
    hr = await callers().login("hr.a")
    assert code_of(await hr.get("/gate/items")) == (403, "not-permitted")
