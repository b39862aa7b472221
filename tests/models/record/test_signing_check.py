"""What is told before the PIN is what the signature then says; and who is named can sign."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from models.calendar import legal_date
from models.command_lists import CutList
from models.commands import AgreeDelegation, RevokeDelegation
from models.database import engine_for, transaction
from models.errors import RefusedError
from models.record.signing_check import Barred, SigningCheck, check_signing
from models.regulations import RuleSet, in_force
from tests.chains import rolling
from tests.models.record.conftest import START
from tests.models.record.test_delegations import approves, lend, refused
from tests.world import World, build, tools_for


async def on_list(world: World, *profiles: UUID) -> UUID:
    """An open list of culture with these submissions, as the opening of a month leaves it."""
    month, day = uuid4(), legal_date(world.now)
    await world.rows(
        "INSERT INTO agency_months (id, authority_id, agency_id, month, state, opens_on, nominal_end,"
        " rolled_end, closes_at, version, listed, opened_at, summary) VALUES (:id, :a, :g, :m, 'open',"
        " :day, :day, :day, :now, 1, 1, :now, '{}') RETURNING id",
        id=month, a=world.authority, g=world.culture, m=f"{day:%Y-%m}", day=day, now=world.now,
    )  # fmt: skip
    await world.rows(
        "INSERT INTO month_items (agency_month_id, profile_id, authority_id, revision_id, digest, state,"
        " changed_at) SELECT :id, p.id, p.authority_id, r.id, r.digest, 'listed', :now FROM profiles p"
        " JOIN revisions r ON r.id = p.pending_revision_id WHERE p.id = ANY (:people) RETURNING 1",
        id=month, people=list(profiles), now=world.now,
    )  # fmt: skip
    return month


async def check(
    world: World, month: UUID, who: str, *, certificates: bool = False, lacking: RefusedError | None = None
) -> SigningCheck:
    async with transaction(world.tools.engine, world.scope) as connection:
        return await check_signing(
            connection,
            world.tools,
            authority_id=world.authority,
            month_id=month,
            account_id=world.accounts[who],
            now=world.now,
            certificates=certificates,
            lacking=lacking,
        )


def named(world: World, barred: Barred) -> dict[str, int]:
    logins = {account: who for who, account in world.accounts.items()}
    return {logins[who.account_id]: who.files for who in barred.able}


async def suspend(world: World, who: str) -> None:
    sql = "UPDATE accounts SET suspended_at = :now WHERE id = :id RETURNING 1"
    await world.rows(sql, now=world.now, id=world.accounts[who])


async def entered_by(world: World, profile: UUID, who: str) -> None:
    sql = "UPDATE revisions SET author_id = :a WHERE profile_id = :p RETURNING 1"
    await world.rows(sql, a=world.accounts[who], p=profile)


@pytest.fixture
async def under(module_database: Any, tmp_path: Path) -> AsyncIterator[Any]:
    """``await under(law)``: an authority under another law."""
    engine = engine_for(module_database.url("worker"), pool_size=4)

    async def made(law: RuleSet) -> World:
        return await build(tools_for(engine, tmp_path), START, second=True, law=law)

    yield made
    await engine.dispose()


async def test_who_is_suspended_is_not_named_and_who_was_lent_the_right_is(world: World) -> None:
    mine, other = [await world.employ(until="review") for _ in range(2)]
    month = await on_list(world, mine, other)
    await entered_by(world, mine, "culture.approver")
    found = await check(world, month, "culture.approver")
    (own,) = found.barred
    assert (own.refusal.code, own.profiles, found.signable, found.by_list) == (
        "own-approval",
        (mine,),
        (other,),
        1,
    )
    assert refused(await approves(world, "culture.approver", mine)) == own.refusal.code
    assert named(world, own) == {"culture.head": 1}
    _, given = await lend(world)
    assert given.status == 201, given.answer
    (own,) = (await check(world, month, "culture.approver")).barred
    assert named(world, own) == {"culture.head": 1, "culture.hr": 1}
    (hr,) = [who for who in own.able if who.account_id == world.accounts["culture.hr"]]
    assert (hr.role, hr.on_behalf_of) == ("head", world.accounts["culture.head"])
    await suspend(world, "culture.head")
    (own,) = (await check(world, month, "culture.approver")).barred
    assert named(world, own) == {}, "nor who acts for somebody suspended"
    sql = "UPDATE accounts SET suspended_at = NULL WHERE id = :id RETURNING 1"
    await world.rows(sql, id=world.accounts["culture.head"])
    # What the lender entered is the delegate's as little as the lender's.
    await entered_by(world, mine, "culture.head")
    (own,) = (await check(world, month, "culture.hr")).barred
    assert (own.refusal.code, named(world, own)) == ("own-approval", {"culture.approver": 1})


async def test_what_was_lent_and_has_ended_is_said(world: World) -> None:
    waiting = await world.employ(until="review")
    month = await on_list(world, waiting)
    lent, given = await lend(world)
    assert given.status == 201, given.answer
    found = await check(world, month, "culture.hr")
    assert (found.signable, found.barred, found.round) == ((waiting,), (), None)
    ended = await world.ask("culture.head", RevokeDelegation(reason="đã về"), lent, subject="delegation")
    assert ended.status == 200, ended.answer
    found = await check(world, month, "culture.hr")
    assert found.round is not None
    (ended_,) = found.barred
    assert {found.round.code, ended_.refusal.code} == {"delegation-ended"}
    assert refused(await approves(world, "culture.hr", waiting)) == "delegation-ended"
    asked = await world.ask("culture.hr", CutList(), month, subject="agency_month")
    assert refused(asked) == found.round.code
    assert named(world, ended_) == {"culture.approver": 1, "culture.head": 1}


async def test_a_file_that_waits_for_an_earlier_signature_is_whose_turn_it_is(under: Any) -> None:
    world = await under(rolling())
    waiting = await world.employ(until="review")
    month = await on_list(world, waiting)
    turn = ("culture.hr", "culture.hr_head", "culture.head")
    for number, who in enumerate(turn, start=1):
        for other in turn:
            found = await check(world, month, other)
            (barred,) = found.barred
            assert (barred.step, barred.steps) == (number, 3)
            if other == who:  # theirs, but on the file itself, which the whole chain signs
                assert barred.one_by_one
                assert (found.signable, found.by_list) == ((waiting,), 0)
                continue
            assert (barred.one_by_one, found.signable) == (False, ())
            assert named(world, barred) == {who: 1}
            assert refused(await approves(world, other, waiting)) == barred.refusal.code
        await world.sign(waiting, who)


async def test_whom_the_rule_lets_nobody_lend_is_not_the_delegate_s(under: Any) -> None:
    world = await under(in_force("binh_dinh", START.date()))
    lendable, kept = [await world.employ(until="review") for _ in range(2)]
    sql = (
        "UPDATE agencies SET kind = 'public_service_unit', standing = 'subordinate' WHERE id = :c RETURNING 1"
    )
    await world.rows(sql, c=world.culture)
    for profile, category in ((lendable, "public_employee"), (kept, "civil_servant")):
        await world.rows("UPDATE profiles SET category = :c WHERE id = :p RETURNING 1", c=category, p=profile)
    month = await on_list(world, lendable, kept)
    lent, given = await lend(world)
    assert given.status == 201, given.answer
    agreed = await world.ask("department", AgreeDelegation(document="8/SNV"), lent, subject="delegation")
    assert agreed.status == 200, agreed.answer
    found = await check(world, month, "culture.hr")
    (barred,) = found.barred
    assert (found.signable, barred.profiles) == ((lendable,), (kept,))
    assert refused(await approves(world, "culture.hr", kept)) == barred.refusal.code
    assert "culture.head" in named(world, barred)


async def test_where_keys_are_elsewhere_nobody_is_named_without_a_certificate(world: World) -> None:
    waiting = await world.employ(until="review")
    month = await on_list(world, waiting)
    lacking = RefusedError.of("certificate-not-registered", "Chưa đăng ký.", "None is registered.")
    (bare,) = (await check(world, month, "culture.approver", certificates=True, lacking=lacking)).barred
    assert (bare.refusal.code, bare.profiles, bare.able) == ("certificate-not-registered", (waiting,), ())
    await world.rows(
        "INSERT INTO certificates (id, authority_id, account_id, sha256, certificate, chain, subject, issuer,"
        " serial_number, key_kind, key_bits, valid_from, valid_to, document, registered_by, registered_at)"
        " VALUES (gen_random_uuid(), :a, :who, :sha, '', '[]', '', '', '1', 'ec', 256, :now, :ends, '1/GCN',"
        " :by, :now) RETURNING 1",
        a=world.authority, who=world.accounts["culture.head"], by=world.accounts["admin"],
        sha=uuid4().hex * 2, now=world.now, ends=world.now + timedelta(days=2),
    )  # fmt: skip
    (bare,) = (await check(world, month, "culture.approver", certificates=True, lacking=lacking)).barred
    assert named(world, bare) == {"culture.head": 1}
    world.now += timedelta(days=3)
    (bare,) = (await check(world, month, "culture.approver", certificates=True, lacking=lacking)).barred
    assert named(world, bare) == {}, "and not once it has ended"

    await world.rows("UPDATE agency_months SET state = 'closed' WHERE id = :id RETURNING 1", id=month)
    assert (await check(world, month, "culture.approver")).waiting == (), "on a closed list nothing waits"
