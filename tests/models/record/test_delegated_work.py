"""What a delegate does with what was lent: the sending, and for whom the rule lets it be lent."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from models.calendar import legal_date
from models.command_lists import HoldItems, LiftHold
from models.commands import AgreeDelegation
from models.database import engine_for
from models.regulations import in_force
from tests.models.record.test_delegations import approves, lend, refused
from tests.world import World, build, tools_for


async def listed(world: World, profile: UUID, state: str) -> UUID:
    """An open list of culture with one item, as a batch leaves it."""
    month = uuid4()
    day = legal_date(world.now)
    await world.rows(
        "INSERT INTO agency_months (id, authority_id, agency_id, month, state, opens_on, nominal_end,"
        " rolled_end, closes_at, version, listed, opened_at, summary) VALUES (:id, :a, :g, :m, 'open',"
        " :day, :day, :day, :now, 1, 1, :now, '{}') RETURNING id",
        id=month, a=world.authority, g=world.culture, m=f"{day:%Y-%m}", day=day, now=world.now,
    )  # fmt: skip
    await world.rows(
        "INSERT INTO month_items (agency_month_id, profile_id, authority_id, revision_id, digest, state,"
        " changed_at) SELECT :id, p.id, p.authority_id, r.id, r.digest, :state, :now FROM profiles p"
        " JOIN revisions r ON r.id = p.approved_revision_id WHERE p.id = :p RETURNING 1",
        id=month, p=profile, state=state, now=world.now,
    )  # fmt: skip
    return month


@pytest.mark.rule("hanoi.art14.1")
async def test_whoever_synchronises_for_another_holds_back_and_lets_go_before_it_is_sent(
    world: World,
) -> None:
    profile = await world.employ()
    month = await listed(world, profile, "approved")
    hold = HoldItems(profiles=(profile,), reason="sai đơn vị")
    refusal = await world.ask("culture.hr", hold, month, subject="agency_month")
    assert refused(refusal) == "not-permitted"
    lent, given = await lend(world, what="sync")
    assert given.status == 201, given.answer
    held = await world.ask("culture.hr", hold, month, subject="agency_month")
    assert held.status == 200, held.answer
    assert held.answer is not None
    assert held.answer["on_behalf_of"] == str(world.accounts["culture.head"])
    assert held.answer["delegation_id"] == str(lent)
    lifted = await world.ask(
        "culture.hr", LiftHold(profiles=(profile,), reason="đã rõ"), month, subject="agency_month"
    )
    assert lifted.status == 200, lifted.answer
    # What was lent is the sending, not the approving.
    waiting = await world.employ(until="review")
    assert refused(await approves(world, "culture.hr", waiting)) == "not-permitted"


@pytest.mark.rule("binh_dinh.II.2.b")
@pytest.mark.parametrize(("category", "allowed"), [("public_employee", True), ("civil_servant", False)])
async def test_in_a_public_service_unit_only_its_employees_are_approved_by_delegation(
    database: Any, tmp_path: Any, category: str, allowed: bool
) -> None:
    engine = engine_for(database.url("worker"), pool_size=4)
    now = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
    world = await build(tools_for(engine, tmp_path), now, law=in_force("binh_dinh", now.date()))
    profile = await world.employ(until="review")
    unit = (
        "UPDATE agencies SET kind = 'public_service_unit', standing = 'subordinate' WHERE id = :c RETURNING 1"
    )
    await world.rows(unit, c=world.culture)
    await world.rows("UPDATE profiles SET category = :c WHERE id = :p RETURNING 1", c=category, p=profile)
    lent, given = await lend(world)
    assert given.status == 201, given.answer
    agreed = await world.ask("department", AgreeDelegation(document="8/SNV"), lent, subject="delegation")
    assert agreed.status == 200, agreed.answer
    fate = await approves(world, "culture.hr", profile)
    assert (world.moment.to_sign is not None) is allowed, fate.answer
    if not allowed:
        assert refused(fate) == "not-permitted"
        await world.sign(profile, "culture.head")  # the head's own right is not narrowed
    await engine.dispose()
