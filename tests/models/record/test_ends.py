"""A unit ended by itself leaves nothing behind: what is in it is named and counted, also on a later day."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from models.command_accounts import Appoint
from models.command_tree import CreateAgency, EndAgency, SetQuota, WithdrawAgencyChange
from models.database import Scope, transaction
from models.messages import Ask
from models.record.administering import administer
from models.record.ended_ahead import ends_to_see_to
from models.record.left_behind import bereft
from tests.models.record.plans import approve, drafted
from tests.models.record.test_tree_acts import code, do, how, today
from tests.world import World

_LEFT: dict[str, str] = {
    "duties": "INSERT INTO duties (id, authority_id, agency_id, slot, party, rule_id, citation,"
    " rule_set_hash, calendar_hash, event_on, state, facts, opened_at, late_days, ladder_step) VALUES"
    " (gen_random_uuid(), :a, :m, 'x', 'head', 'r', 'c', 'h', 'h', '2025-12-01', 'open', '{}', now(), 0, 0)",
    "cases": "INSERT INTO cases (id, authority_id, profile_id, kind, state, from_agency_id, to_agency_id,"
    " mode, effective_on, document, opened_at, facts, version) SELECT gen_random_uuid(), :a, p.id,"
    " 'transfer', 'requested', :c, :m, 'điều động', '2025-12-09', '1/QĐ', now(), '{}', 1 FROM profiles p"
    " WHERE p.authority_id = :a",
    "lists": "INSERT INTO agency_months (id, authority_id, agency_id, month, state, opens_on, nominal_end,"
    " rolled_end, closes_at, version, listed, opened_at, summary) VALUES (gen_random_uuid(), :a, :m,"
    " '2025-12', 'open', '2025-12-27', '2025-12-31', '2025-12-31', now(), 1, 0, now(), '{}')",
    "accounts": "INSERT INTO accounts (id, authority_id, kind, login, display_name, password_hash, state,"
    " agency_id, created_at) VALUES (gen_random_uuid(), :a, 'agency', 'of-the-museum', 'x', '!', 'active',"
    " :m, now())",
    "posts": "INSERT INTO grants (id, authority_id, account_id, agency_id, role, valid_from)"
    " VALUES (gen_random_uuid(), :a, :hr, :m, 'archivist', '2025-01-01')",
    "offices": "UPDATE authorities SET ict_department_id = :m WHERE authority_id = :a",
}
"""What stands against the end of the museum, each by one row."""


async def left(world: World) -> tuple[int | None, str, dict[str, int]]:
    """What the end of the museum today is answered."""
    fate = await do(world, "department", EndAgency(agency_id=world.museum, **how(world)))
    extra = dict((fate.answer or {}).get("extra", {}))
    extra.pop("count", None)
    return *code(fate), extra


@pytest.mark.parametrize("what", _LEFT)
async def test_nothing_is_left_behind(world: World, what: str) -> None:
    if what == "cases":
        await world.employ(until="account")
    bound = {"a": world.authority, "m": world.museum, "c": world.culture, "hr": world.accounts["culture.hr"]}
    used = {name: value for name, value in bound.items() if f":{name}" in _LEFT[what]}
    await world.rows(f"{_LEFT[what]} RETURNING 1", **used)
    assert await left(world) == (409, "agency-occupied", {what: 1})


async def test_people_files_in_the_archive_and_plans_stand_against_it(world: World) -> None:
    """An archive is passed on by a plan, to the heir; who stands no longer keeps nothing."""
    profile = await world.employ(agency=world.museum)
    status, problem, extra = await left(world)
    assert (status, problem, extra["people"]) == (409, "agency-occupied", 1)
    await world.rows("UPDATE profiles SET chapter = 'archive' WHERE id = :p RETURNING id", p=profile)
    await world.rows(
        "UPDATE duties SET state = 'void' WHERE profile_id = :p AND state = 'open' RETURNING id", p=profile
    )
    assert await left(world) == (409, "agency-occupied", {"archived": 1})
    await approve(world, await drafted(world))
    assert await left(world) == (409, "agency-occupied", {"archived": 1, "plans": 1})


async def test_vacant_posts_and_staffing_end_with_their_unit(world: World) -> None:
    post = Appoint(
        role="archivist", agency_id=world.museum, valid_to=today(world) + timedelta(3), document="1"
    )
    held = await world.ask("department", post, world.accounts["culture.hr"], subject="account")
    assert held.status == 201, held.answer
    quota = SetQuota(agency_id=world.museum, kind="quota", code="civil_servant", number=3, **how(world))
    assert (await do(world, "department", quota)).status == 201
    assert await left(world) == (409, "agency-occupied", {"posts": 1})
    world.now += timedelta(3)
    assert (await left(world))[0] == 201
    for table in ("agency_posts", "agency_quotas"):
        row = await world.one(f"SELECT valid_to FROM {table} WHERE agency_id = :m", m=world.museum)
        assert row.valid_to == today(world), table


async def ahead(world: World, days: int) -> UUID:
    """The museum is to end, and the department of health to take over."""
    ends = EndAgency(agency_id=world.museum, successors=(world.health,), **how(world, days))
    done = await do(world, "department", ends)
    assert done.status == 201, done.answer
    return UUID(done.answer["change_id"])


async def seen_to(world: World) -> bool:
    """Whether the night finds something to do; then it is done."""
    asked = Ask(
        authority_id=world.authority,
        subject="administration",
        subject_id=world.authority,
        internal="mend_tree",
        now=world.now,
    )
    scope = Scope(world.authority, everything=True, on=today(world))
    async with transaction(world.tools.engine, scope) as connection:
        found = await ends_to_see_to(connection, today(world))
    await administer(world.tools, asked)
    return found


async def stands(world: World) -> bool:
    rows = await world.rows(
        "SELECT ended FROM agency_spans WHERE agency_id = :m AND valid_from <= :on"
        " AND (valid_to IS NULL OR valid_to > :on)",
        m=world.museum,
        on=today(world),
    )
    return [row.ended for row in rows] == [False]


async def test_an_end_decided_ahead_is_looked_at_again_on_its_day(world: World) -> None:
    change = await ahead(world, 5)
    await world.employ(agency=world.museum, until="account")
    world.now += timedelta(4)
    assert not await seen_to(world)
    world.now += timedelta(1)
    assert not await stands(world)
    scope = Scope(world.authority, everything=True, on=today(world))
    async with transaction(world.tools.engine, scope) as connection:
        named = await bereft(connection, today(world))
    assert any("people 1" in one and "H26.02.01" in one for one in named)
    assert await seen_to(world)
    assert await stands(world)
    assert not await seen_to(world)
    async with transaction(world.tools.engine, scope) as connection:
        assert await bereft(connection, today(world)) == []
        assert (await connection.execute(text("SELECT 1 FROM agency_links"))).all() == []
    row = await world.one("SELECT withdrawn_at FROM agency_changes WHERE id = :c", c=change)
    assert row.withdrawn_at is not None
    told = await world.rows(
        "SELECT account_id, role, facts FROM notices WHERE kind = 'agency_end_taken_back' ORDER BY role"
    )
    assert [(one.account_id, one.role) for one in told] == [
        (None, "administrator"),
        (world.accounts["department"], None),
    ]
    assert told[0].facts["left"]["people"] == 1
    event = await world.one("SELECT facts FROM events WHERE kind = 'agency.change_withdrawn'")
    assert (event.facts["reason"], event.facts["left"]) == ("agency-occupied", told[0].facts["left"])


async def test_an_end_to_come_of_an_empty_unit_takes_its_staffing_along(world: World) -> None:
    quota = SetQuota(agency_id=world.museum, kind="quota", code="civil_servant", number=3, **how(world))
    await do(world, "department", quota)
    await ahead(world, 5)
    world.now += timedelta(7)
    assert await seen_to(world)
    assert not await stands(world)
    row = await world.one("SELECT valid_to FROM agency_quotas WHERE agency_id = :m", m=world.museum)
    assert row.valid_to == today(world) - timedelta(2)
    assert not await seen_to(world)


async def test_an_end_that_cannot_be_taken_back_stands_and_is_named(world: World) -> None:
    """Another unit has the code since: nothing is changed behind anybody's back."""
    await ahead(world, 5)
    await world.employ(agency=world.museum, until="account")
    taken = CreateAgency(parent_id=world.culture, code="H26.02.01", name="Bảo tàng khác", **how(world, 5))
    assert (await do(world, "department", taken)).status == 201
    world.now += timedelta(5)
    assert await seen_to(world)
    assert not await stands(world)
    scope = Scope(world.authority, everything=True, on=today(world))
    async with transaction(world.tools.engine, scope) as connection:
        assert await bereft(connection, today(world))


async def test_a_withdrawn_end_names_no_successor(world: World) -> None:
    change = await ahead(world, 5)
    withdraw = WithdrawAgencyChange(change_id=change, document="13/QĐ")
    assert (await do(world, "department", withdraw)).status == 201
    assert await world.rows("SELECT 1 FROM agency_links WHERE authority_id = :a", a=world.authority) == []
    left_over: list[Any] = await world.rows(
        "SELECT operation FROM agency_changes WHERE agency_id = :m AND withdrawn_at IS NULL"
        " AND effective_on > :on",
        m=world.museum,
        on=today(world),
    )
    assert left_over == []
