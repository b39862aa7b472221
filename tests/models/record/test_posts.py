"""Whoever moves or leaves does not take a post along: its account is locked, its role waits for the next."""

from uuid import uuid4

import pytest
from sqlalchemy import text

from models.commands import AcceptTransfer, Separate
from models.database import Scope, engine_for, transaction


async def hold_posts(world, profile) -> None:
    """Put the person into the approver's post, and give the own account a role, partly delegated."""
    own = (await world.one("SELECT account_id FROM profiles WHERE id = :p", p=profile)).account_id
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(
            text("UPDATE accounts SET profile_id = :p WHERE id = :a"),
            {"p": profile, "a": world.accounts["culture.approver"]},
        )
        for account, delegated in ((own, None), (world.accounts["health.hr"], own)):
            await connection.execute(
                text(
                    "INSERT INTO grants (id, authority_id, account_id, agency_id, role, valid_from,"
                    " delegation_of)"
                    " VALUES (:id, :a, :account, :agency, 'head', '2025-01-01', :of)"
                ),
                {
                    "id": uuid4(),
                    "a": world.authority,
                    "account": account,
                    "agency": world.culture,
                    "of": delegated,
                },
            )


@pytest.mark.parametrize("way", ["transfer", "separation"])
async def test_posts_stay_with_the_agency(world, way: str) -> None:
    profile = await world.employ()
    await hold_posts(world, profile)
    if way == "transfer":
        case = await world.transfer(profile)
        accepted = await world.ask("health.hr", AcceptTransfer(), case, subject="transfer")
        assert accepted.status == 200, accepted.answer
    else:
        left = await world.ask(
            "culture.hr", Separate(kind="retired", effective_on=world.now.date(), document="1/QĐ"), profile
        )
        assert left.status == 201, left.answer
    post = await world.one(
        "SELECT profile_id, password_hash, state FROM accounts WHERE id = :a",
        a=world.accounts["culture.approver"],
    )
    assert (post.profile_id, post.password_hash, post.state) == (None, "!", "default_password")
    ended = await world.rows("SELECT role FROM grants WHERE valid_to IS NOT NULL")
    assert [g.role for g in ended] == ["head", "head"], "the own role, and what was delegated from it"
    kept = await world.rows(
        "SELECT 1 FROM grants WHERE account_id = :a AND valid_to IS NULL",
        a=world.accounts["culture.approver"],
    )
    assert len(kept) == 1, "the post itself goes on"
    event = await world.one("SELECT facts, citation FROM events WHERE kind = 'posts.left'")
    assert event.facts["posts"] == 2
    assert "Điều 18.1" in event.citation
    assert await world.rows("SELECT 1 FROM notices WHERE kind = 'posts_vacant' AND role = 'head'")


async def test_the_next_holder_enrols_a_device_of_the_own(world, module_database) -> None:
    profile = await world.employ()
    await hold_posts(world, profile)
    post = world.accounts["culture.approver"]
    engine = engine_for(module_database.url("api"), pool_size=1)
    async with transaction(engine, Scope(world.authority, account=post)) as connection:
        values = {"account": post, "a": world.authority, "now": world.now}
        await connection.execute(
            text(
                "INSERT INTO second_factors (account_id, authority_id, secret, secret_key, begun_at,"
                " confirmed_at) VALUES (:account, :a, 'x', 'k', :now, :now)"
            ),
            values,
        )
        await connection.execute(
            text(
                "INSERT INTO recovery_codes (code_hash, account_id, authority_id) VALUES ('c', :account, :a)"
            ),
            values,
        )
    await engine.dispose()
    kept = "SELECT 1 FROM second_factors UNION ALL SELECT 1 FROM recovery_codes"
    assert len(await world.rows(kept)) == 2
    left = Separate(kind="retired", effective_on=world.now.date(), document="1/QĐ")
    assert (await world.ask("culture.hr", left, profile)).status == 201
    assert await world.rows(kept) == []
