"""Delegations on a real database: given, acted by, ended; seen by row-level security; raced for."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api.scope import scope_of
from models.calendar import legal_date
from models.commands import (
    AgreeDelegation,
    CreateAccount,
    Delegate,
    OpenProfile,
    ReturnedField,
    ReturnForCorrection,
    RevokeDelegation,
    Separate,
)
from models.database import engine_for, transaction
from models.record.actors import load_actor
from models.record.commands import Fate
from models.regulations import Rule, in_force
from tests.world import World


async def lend(
    world: World, giver: str = "culture.head", receiver: str = "culture.hr", **changes: Any
) -> tuple[UUID, Fate]:
    """Ask for a delegation of approval over culture for a month."""
    day = legal_date(world.now)
    values = {
        "delegate_id": world.accounts[receiver],
        "what": "approval",
        "agency_id": world.culture,
        "valid_from": day,
        "valid_to": day + timedelta(days=30),
        "document": "7/QĐ-SVH",
    }
    lent = uuid4()
    asked = await world.ask(giver, Delegate.model_validate({**values, **changes}), lent, subject="delegation")
    return lent, asked


async def approves(world: World, who: str, profile: UUID) -> Fate:
    return await world.ask(who, await world.pending(profile), profile)


def refused(fate: Fate) -> str:
    assert fate.answer is not None
    return str(fate.answer.get("code", fate.status))


@pytest.mark.rule("hanoi.art6.4.c")
async def test_both_names_stand_on_what_a_delegate_does(world: World) -> None:
    profile = await world.employ(until="review")
    assert refused(await approves(world, "culture.hr", profile)) == "not-permitted"
    lent, given = await lend(world)
    assert given.status == 201, given.answer
    await world.sign(profile, "culture.hr")
    row = await world.one("SELECT * FROM approvals")
    head, hr = world.accounts["culture.head"], world.accounts["culture.hr"]
    assert (row.approver_id, row.approver_role, row.on_behalf_of, row.delegation_id) == (
        hr,
        "head",
        head,
        lent,
    )
    prepared = await world.one("SELECT * FROM events WHERE kind = 'approval.prepared'")
    assert (prepared.actor_id, prepared.on_behalf_of, prepared.delegation_id) == (hr, head, lent)
    signed = await world.one("SELECT facts FROM events WHERE kind = 'approval.signed'")
    assert signed.facts["on_behalf_of"] == str(head)
    answer = await world.one("SELECT answer FROM commands WHERE verb = 'approve' AND status = 200")
    assert answer.answer["on_behalf_of"] == str(head)
    story = await world.rows(
        "SELECT number, previous_hash, hash FROM events WHERE profile_id = :p ORDER BY 1", p=profile
    )
    assert all(b.previous_hash == a.hash for a, b in pairwise(story))


async def test_returning_by_delegation_tells_both_names_too(world: World) -> None:
    profile = await world.employ(until="review")
    lent, _ = await lend(world, receiver="culture.approver")
    await world.rows(
        "UPDATE grants SET valid_to = '2025-01-02' WHERE account_id = :a RETURNING 1",
        a=world.accounts["culture.approver"],
    )
    revision = (await world.pending(profile)).revision_id
    fields = (ReturnedField(path="gender", reason="sai giới"),)
    body = ReturnForCorrection(revision_id=revision, fields=fields, reason="sai giới")
    back = await world.ask("culture.approver", body, profile)
    assert back.status == 200, back.answer
    assert back.answer is not None
    assert back.answer["delegation_id"] == str(lent)


@pytest.mark.parametrize("way", ["revoked", "given back", "expired", "role ended", "holder changed"])
async def test_once_over_nothing_is_done_by_it(world: World, way: str) -> None:
    profile = await world.employ(until="review")
    if way == "holder changed":
        other = await world.employ()
        await world.rows(
            "UPDATE accounts SET profile_id = :p WHERE id = :a RETURNING 1",
            p=other,
            a=world.accounts["culture.head"],
        )
    lent, given = await lend(world)
    assert given.status == 201, given.answer
    if way in ("revoked", "given back"):
        who = "culture.head" if way == "revoked" else "culture.hr"
        ended = await world.ask(who, RevokeDelegation(reason="không cần nữa"), lent, subject="delegation")
        assert ended.status == 200, ended.answer
    elif way == "expired":
        world.now += timedelta(days=30)
    elif way == "role ended":
        await world.rows(
            "UPDATE grants SET valid_to = :d WHERE account_id = :a RETURNING 1",
            d=legal_date(world.now),
            a=world.accounts["culture.head"],
        )
    else:
        await world.rows(
            "UPDATE accounts SET profile_id = :p WHERE id = :a RETURNING 1",
            p=profile,
            a=world.accounts["culture.head"],
        )
    assert refused(await approves(world, "culture.hr", profile)) == "delegation-ended"
    moment = await world.step("wake", lent, subject="delegation")
    assert moment.chapter == "ended"
    row = await world.one("SELECT state, end_reason FROM delegations")
    reasons = {"revoked": "revoked", "given back": "renounced", "expired": "expired"}
    assert row.end_reason == reasons.get(way, "not_in_force")


async def test_whoever_leaves_leaves_both_sides_and_the_workflow_hears(world: World) -> None:
    leaver = await world.employ()
    await world.rows(
        "UPDATE accounts SET profile_id = :p WHERE id = :a RETURNING 1",
        p=leaver,
        a=world.accounts["culture.head"],
    )
    waiting = await world.employ(until="review")
    lent, given = await lend(world)
    assert given.status == 201, given.answer
    day = legal_date(world.now)
    gone = await world.ask("culture.hr", Separate(kind="retired", effective_on=day, document="1/QĐ"), leaver)
    assert gone.status == 201, gone.answer
    assert await world.rows("SELECT 1 FROM outbox WHERE workflow_id = :w", w=f"delegation/{lent}")
    assert refused(await approves(world, "culture.hr", waiting)) == "delegation-ended"
    assert (await world.step("wake", lent, subject="delegation")).chapter == "ended"


async def test_never_the_file_of_the_delegator(world: World) -> None:
    profile = await world.employ(until="review")
    await world.rows(
        "UPDATE accounts SET profile_id = :p WHERE id = :a RETURNING 1",
        p=profile,
        a=world.accounts["culture.head"],
    )
    await lend(world)
    assert refused(await approves(world, "culture.hr", profile)) == "own-approval"


@pytest.mark.rule("hanoi.art9.2")
async def test_a_delegate_creates_accounts_in_the_units_lent(world: World) -> None:
    lent, given = await lend(
        world, "culture.hr", "culture.approver", what="account_creation", agency_id=world.museum
    )
    assert given.status == 201, given.answer
    day = legal_date(world.now)
    for agency, status in ((world.museum, 201), (world.culture, 403)):
        profile = uuid4()
        body = OpenProfile(
            agency_id=agency,
            full_name="Thử",
            personal_id_number=f"000{profile.int % 10**9:09d}",
            event_on=day,
            document="1",
        )
        await world.ask("culture.hr", body, profile)
        login = f"thu.{profile.hex[:10]}"
        made = await world.ask("culture.approver", CreateAccount(login=login, password_hash="x"), profile)
        assert made.status == status, made.answer
    event = await world.one("SELECT * FROM events WHERE kind = 'account.created'")
    assert (event.on_behalf_of, event.delegation_id) == (world.accounts["culture.hr"], lent)


# --- the law and the department


async def new_law(world: World, *, without: tuple[str, ...] = (), agreement: bool = False) -> None:
    rules = in_force("hanoi", world.now.date())
    for one in without:
        rules = rules.without(one)
    if agreement:
        base = rules.rule("hanoi.art6.4.c").model_dump()
        more = Rule.model_validate({**base, "id": "test.art1", "slot": ("delegation_agreement",)})
        rules = rules.model_copy(update={"rules": (*rules.rules, more)})
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(
            text(
                "INSERT INTO rule_sets (authority_id, hash, valid_from, content, document, loaded_at) VALUES"
                " (:a, :h, :on, CAST(:c AS jsonb), 'thử', :now)"
            ),
            {
                "a": world.authority,
                "h": rules.hash,
                "on": world.now.date(),
                "c": rules.to_json(),
                "now": world.now,
            },
        )


@pytest.mark.rule("hanoi.art6.4.c")
async def test_a_law_that_is_silent_refuses_and_ends_what_was_lent(world: World) -> None:
    profile = await world.employ(until="review")
    lent, given = await lend(world)
    assert given.status == 201
    await new_law(world, without=("hanoi.art6.4.c",))
    assert refused(await approves(world, "culture.hr", profile)) in ("delegation-ended", "not-permitted")
    assert (await world.step("wake", lent, subject="delegation")).chapter == "ended"
    _, again = await lend(world)
    assert refused(again) == "delegation-not-allowed"
    assert again.answer is not None
    assert "Điều 9.2" in again.answer["citation"]


async def test_what_needs_an_agreement_waits_for_the_department(world: World) -> None:
    await new_law(world, agreement=True)
    profile = await world.employ(until="review")
    lent, given = await lend(world)
    assert given.answer is not None
    assert given.answer["state"] == "waiting"
    assert refused(await approves(world, "culture.hr", profile)) == "delegation-ended"
    assert await world.rows(
        "SELECT 1 FROM notices WHERE kind = 'delegation_waiting' AND agency_id = :d", d=world.department
    )
    yes = AgreeDelegation(document="9/SNV")
    assert refused(await world.ask("culture.head", yes, lent, subject="delegation")) == "not-permitted"
    assert (await world.ask("department", yes, lent, subject="delegation")).status == 200
    assert (await approves(world, "culture.hr", profile)).status is None


async def test_there_is_no_such_delegation(world: World) -> None:
    end = RevokeDelegation(reason="không cần")
    fate = await world.ask("culture.head", end, uuid4(), subject="delegation")
    assert (fate.status, refused(fate)) == (404, "not-found")


async def test_one_id_is_given_once(world: World) -> None:
    lent, _ = await lend(world)
    day = legal_date(world.now)
    again = Delegate(
        delegate_id=world.accounts["culture.hr"],
        what="sync",
        agency_id=world.culture,
        valid_from=day,
        valid_to=day + timedelta(days=1),
        document="1",
    )
    assert refused(await world.ask("culture.head", again, lent, subject="delegation")) == "wrong-state"


# --- races and constraints


async def test_two_at_once_lend_the_same_thing_once(world: World) -> None:
    both = await asyncio.gather(lend(world), lend(world, receiver="culture.approver"))
    assert sorted(fate.status for _, fate in both) == [201, 409]
    assert {refused(fate) for _, fate in both} == {"201", "delegation-overlap"}


async def test_the_database_itself_refuses_an_overlap(world: World) -> None:
    await lend(world)
    copy = (
        "INSERT INTO delegations SELECT (jsonb_populate_record(d, jsonb_build_object('id', CAST(:id AS text),"
        " 'valid_from', d.valid_from + CAST(:shift AS integer), 'valid_to', d.valid_to + 30))).*"
        " FROM delegations d WHERE d.state <> 'ended' LIMIT 1 RETURNING id"
    )
    with pytest.raises(Exception, match="ex_delegations_overlap"):
        await world.rows(copy, id=str(uuid4()), shift=29)
    assert len(await world.rows(copy, id=str(uuid4()), shift=30)) == 1


async def test_a_circle_is_seen_by_whoever_comes_second(world: World) -> None:
    await world.rows(
        "INSERT INTO grants (id, authority_id, account_id, agency_id, role, valid_from) VALUES"
        " (:id, :a, :who, :g, 'head', '2025-01-01') RETURNING id",
        id=uuid4(),
        a=world.authority,
        who=world.accounts["culture.hr"],
        g=world.culture,
    )
    there = lend(world)
    back = lend(world, "culture.hr", "culture.head", agency_id=world.museum)
    both = await asyncio.gather(there, back)
    assert {refused(fate) for _, fate in both} == {"201", "delegation-cycle"}


# --- row-level security


@pytest.fixture
async def api(module_database: Any) -> AsyncIterator[AsyncEngine]:
    engine = engine_for(module_database.url("api"), pool_size=1)
    yield engine
    await engine.dispose()


async def test_the_database_shows_a_delegate_the_lent_part_and_no_more(
    world: World, api: AsyncEngine
) -> None:
    culture, museum = await world.employ(), await world.employ(agency=world.museum)
    await lend(world, receiver="culture.hr", agency_id=world.museum)
    await world.rows(
        "UPDATE grants SET valid_to = '2025-01-02' WHERE account_id = :a RETURNING 1",
        a=world.accounts["culture.hr"],
    )
    async with transaction(world.tools.engine, world.scope) as connection:
        loaded = await load_actor(connection, world.accounts["culture.hr"])
    assert loaded is not None
    scope = scope_of(loaded[0], legal_date(world.now))
    async with transaction(api, scope) as connection:
        seen = set((await connection.execute(text("SELECT id FROM profiles"))).scalars())
        names = set((await connection.execute(text("SELECT id FROM accounts"))).scalars())
    assert seen == {museum}
    assert culture not in seen
    assert world.accounts["culture.head"] in names, "whose right it is, is known by name"
    assert world.accounts["health.hr"] not in names
