"""Two acts on one profile at once: a named refusal or a re-routing, exactly one custodian, nothing half-done.

The start is a transfer that is handed over, with a submission that waits for its signature. Each pair runs in
both orders with both acts already waiting for the profile's row, so that the second reads what the first
wrote; and once without any order.
"""

import asyncio
from itertools import permutations
from uuid import UUID

import pytest
from sqlalchemy import text

from models.calendar import legal_date
from models.commands import AcceptTransfer, Body, RequestTransfer, Separate, WithdrawTransfer
from models.database import transaction
from models.record.commands import Fate
from models.record.tree import locked_tree
from tests.models.record.plans import approve as approve_plan
from tests.models.record.plans import drafted
from tests.world import World

# What each act answers alone. A signature that is being made has no answer yet: 202.
ALONE = {
    "accept": 200,
    "separate": "transfer-open",
    "approve": 202,
    "second": "transfer-open",
    "withdraw": 200,
}
AFTER = {
    ("accept", "separate"): "not-permitted",
    ("accept", "approve"): "not-permitted",
    ("accept", "second"): "not-permitted",
    ("accept", "withdraw"): "not-permitted",
    ("approve", "accept"): "in-flight",
    ("withdraw", "accept"): "wrong-state",
    ("withdraw", "separate"): 201,
    ("withdraw", "second"): 201,
}
"""Where the answer differs from the act's answer alone."""
PAIRS = list(permutations(ALONE, 2))


async def start(world: World) -> tuple[UUID, UUID]:
    profile = await world.employ()
    await world.submit(profile, changed_on=legal_date(world.now))
    return profile, await world.transfer(profile)


async def ask(world: World, act: str, profile: UUID, case: UUID) -> Fate:
    day = legal_date(world.now)
    bodies: dict[str, tuple[str, Body, bool]] = {
        "accept": ("health.hr", AcceptTransfer(), True),
        "withdraw": ("culture.hr", WithdrawTransfer(reason="nhầm người"), True),
        "separate": ("culture.hr", Separate(kind="retired", effective_on=day, document="3/QĐ"), False),
        "approve": ("culture.approver", await world.pending(profile), False),
        "second": (
            "culture.hr",
            RequestTransfer(
                to_agency_id=world.department, mode="luân chuyển", effective_on=day, document="9/QĐ"
            ),
            False,
        ),
    }
    who, body, of_case = bodies[act]
    if of_case:
        return await world.ask(who, body, case, subject="transfer")
    return await world.ask(who, body, profile)


def said(fate: Fate) -> str | int:
    """The code of a refusal, or the status."""
    if not fate.settled:
        return 202
    assert fate.answer is not None
    return fate.answer.get("code", fate.status)


async def queued(world: World, profile: UUID, case: UUID, acts: tuple[str, str]) -> list[Fate]:
    """Both acts wait for the row, the first one first; then the row is let go."""
    tasks = []
    async with transaction(world.tools.engine, world.scope) as holder:
        await holder.execute(text("SELECT 1 FROM profiles WHERE id = :p FOR UPDATE"), {"p": profile})
        for number, act in enumerate(acts, start=1):
            tasks.append(asyncio.create_task(ask(world, act, profile, case)))
            async with asyncio.timeout(20):
                while await waiters(world) < number:  # noqa: ASYNC110 — another process is waited for
                    await asyncio.sleep(0.005)
    return [await task for task in tasks]


async def waiters(world: World) -> int:
    """How many connections wait for a lock; asked in a transaction of its own, which alone sees news."""
    (row,) = await world.rows(
        "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event_type = 'Lock'"
    )
    return int(row.n)


async def check(world: World, profile: UUID) -> None:
    """What holds after whatever happened."""
    row = await world.one(
        "SELECT p.*, k.agency_id AS custodian FROM profiles p JOIN custody k ON k.profile_id = p.id"
        " AND k.ends_on IS NULL WHERE p.id = :p",
        p=profile,
    )
    assert row.agency_id == row.custodian
    cases = await world.rows("SELECT * FROM cases WHERE profile_id = :p AND closed_at IS NULL", p=profile)
    assert [c.id for c in cases] == ([row.case_id] if row.case_id else [])
    sides = {row.custodian} | {c.from_agency_id for c in cases} | {c.to_agency_id for c in cases}
    for duty in await world.rows("SELECT * FROM duties WHERE profile_id = :p AND state = 'open'", p=profile):
        assert duty.agency_id in (sides if duty.case_id else {row.custodian}), duty.slot
        assert duty.case_id in (None, row.case_id)
    events = await world.rows("SELECT number FROM events WHERE stream_id = :p ORDER BY number", p=profile)
    assert [e.number for e in events] == list(range(1, row.last_event + 1))
    waiting = await world.rows(
        "SELECT id, state FROM revisions WHERE profile_id = :p AND state IN ('submitted', 'signing')",
        p=profile,
    )
    assert [r.id for r in waiting] == ([row.pending_revision_id] if row.pending_revision_id else [])
    signing = await world.rows(
        "SELECT revision_id FROM approvals WHERE profile_id = :p AND state = 'signing'", p=profile
    )
    assert [r.id for r in waiting if r.state == "signing"] == [a.revision_id for a in signing]


@pytest.mark.parametrize(("first", "second"), PAIRS)
async def test_in_a_fixed_order_the_second_knows_what_the_first_did(
    world: World, first: str, second: str
) -> None:
    profile, case = await start(world)
    one, two = await queued(world, profile, case, (first, second))
    assert said(one) == ALONE[first]
    assert said(two) == AFTER.get((first, second), ALONE[second])
    await check(world, profile)


async def test_without_an_order_the_answers_are_those_of_one_order(world: World) -> None:
    seen = set()
    for first, second in [("accept", "approve"), ("accept", "withdraw"), ("withdraw", "second")]:
        profile, case = await start(world)
        fates = await asyncio.gather(*(ask(world, act, profile, case) for act in (first, second)))
        answers = tuple(said(f) for f in fates)
        orders = {
            (ALONE[first], AFTER.get((first, second), ALONE[second])),
            (AFTER.get((second, first), ALONE[first]), ALONE[second]),
        }
        assert answers in orders
        seen.add(answers)
        await check(world, profile)
    assert seen


async def test_many_at_once_leave_one_custodian(world: World) -> None:
    profile, case = await start(world)
    fates = await asyncio.gather(*(ask(world, act, profile, case) for act in ALONE))
    assert any(f.settled for f in fates)
    await check(world, profile)


async def test_a_signature_prepared_before_a_withdrawal_still_counts(world: World) -> None:
    profile, case = await start(world)
    prepared, _ = await queued(world, profile, case, ("approve", "withdraw"))
    approval = await world.one(
        "SELECT id FROM approvals WHERE profile_id = :p AND state = 'signing'", p=profile
    )
    done = await world.signed(profile, approval.id, prepared.id)
    assert done.chapter == "service"
    await check(world, profile)


async def test_a_separation_come_due_ends_the_signature_and_the_command_learns_it(world: World) -> None:
    profile = await world.employ()
    await world.submit(profile, changed_on=legal_date(world.now))
    later = legal_date(world.now).replace(day=20)
    leaving = Separate(kind="retired", effective_on=later, document="3/QĐ")
    assert (await world.ask("culture.hr", leaving, profile)).status == 201
    world.now = world.now.replace(day=19)
    approve = await world.pending(profile)
    prepared = await world.ask("culture.approver", approve, profile)
    signing = world.moment.to_sign
    assert signing is not None
    world.now = world.now.replace(day=20)
    assert (await world.step("wake", profile)).chapter == "separation"
    await world.signed(profile, signing, prepared.id)
    await check(world, profile)
    again = await world.ask("culture.approver", approve, profile, key=prepared.id)
    assert said(again) == "wrong-state"


MERGE = {"op": "merge", "units": ["H26.02.01"], "into": "H26.02"}
PLACE = {"op": "place", "unit": "H26.02.01", "to": "H26.03"}


@pytest.mark.parametrize("turn", [1, -1])
async def test_of_two_plans_of_one_unit_approved_at_once_one_stands(world: World, turn: int) -> None:
    """Both wait for the tree's lock, in either order; the second sees what the first came to hold."""
    first, second = [await drafted(world, line) for line in (MERGE, PLACE)][::turn]
    tasks = []
    async with transaction(world.tools.engine, world.scope) as holder:
        await locked_tree(holder, world.authority)
        for number, case in enumerate((first, second), start=1):
            tasks.append(asyncio.create_task(approve_plan(world, case)))
            async with asyncio.timeout(20):
                while await waiters(world) < number:  # noqa: ASYNC110 — another process is waited for
                    await asyncio.sleep(0.005)
    one, two = [await task for task in tasks]
    assert (one.status, said(two)) == (200, "plan-impossible")
    assert two.answer is not None
    assert two.answer["extra"]["fault"] == "unit-in-another-plan"
    rows = await world.rows("SELECT id FROM reorganisations WHERE state = 'approved'")
    assert [row.id for row in rows] == [first]


async def test_of_two_plans_approved_without_an_order_one_stands(world: World) -> None:
    cases = [await drafted(world, line) for line in (MERGE, PLACE)]
    fates = await asyncio.gather(*(approve_plan(world, case) for case in cases))
    assert sorted(str(said(one)) for one in fates) == ["200", "plan-impossible"]
