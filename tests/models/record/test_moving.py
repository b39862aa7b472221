"""People of a reorganisation moved: one custodian at every instant, every duty somebody's, once each."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from models.commands import GiveNotice
from models.database import engine_for, transaction
from models.lifecycle.moving import Reshaping
from models.record import moving_day
from models.record.moving import move_share
from models.record.moving_day import Day, move_all
from tests.models.record.test_merging import merged as made_one
from tests.world import World, build, tools_for

NOW = datetime(2025, 12, 1, 3, 0, tzinfo=UTC)
TODAY = date(2025, 12, 1)
DOCUMENT = "Nghị quyết số 12 ngày 20/11/2025"


@pytest.fixture
async def world(database: Any, tmp_path: Path) -> AsyncIterator[World]:
    engine = engine_for(database.url("worker"), pool_size=4)
    yield await build(tools_for(engine, tmp_path), NOW)
    await engine.dispose()


async def planned(
    world: World,
    people: dict[UUID, UUID],
    *,
    heirs: dict[UUID, UUID] | None = None,
    on: date = TODAY,
    placed: bool = True,
) -> Reshaping:
    """A case whose day has begun, with its frozen list of people."""
    case = uuid4()
    values = {
        "id": case,
        "a": world.authority,
        "g": world.department,
        "on": on,
        "by": world.accounts["admin"],
    }
    values |= {"now": world.now, "other": world.accounts["department"]}
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(
            text(
                "INSERT INTO reorganisations (id, authority_id, agency_id, title, decision_number,"
                " decision_on, decision_issuer, effective_on, plan, plan_hash, state, version, units,"
                " answers, warnings, author_id, authors, approver_id, drafted_at, approved_at, begun_at,"
                " former, former_digest) VALUES (:id, :a, :g, 'Sáp nhập', '12', :on, 'HĐND', :on,"
                " '{}', '', 'executing', 1, '{}', '{}', '[]', :by, ARRAY[CAST(:by AS uuid)], :other, :now,"
                " :now, :now, '{}', '')"
            ),
            values,
        )
        for position, (profile, to) in enumerate(people.items(), start=1):
            await connection.execute(
                text(
                    "INSERT INTO reorganisation_items (reorganisation_id, profile_id, authority_id,"
                    " position, from_agency_id, to_agency_id, placed, state) SELECT :id, p.id, :a, :n,"
                    " p.agency_id, :to, :placed, 'waiting' FROM profiles p WHERE p.id = :p"
                ),
                {"id": case, "a": world.authority, "n": position, "to": to, "p": profile, "placed": placed},
            )
    return Reshaping(case, on, DOCUMENT, heirs or {})


async def merged(world: World, people: list[UUID], **more: Any) -> tuple[Reshaping, Day]:
    """Culture merged into health with these people."""
    reshaping = await planned(
        world, dict.fromkeys(people, world.health), heirs={world.culture: world.health}, **more
    )
    return reshaping, await move_all(world.tools, world.authority, reshaping, world.now, share=2)


async def whole(world: World) -> list[Any]:
    """What contradicts the invariants, asked of the rows alone: nothing."""
    return await world.rows(
        "SELECT p.id, 'custody' FROM profiles p WHERE (SELECT count(*) FROM custody k"
        " WHERE k.profile_id = p.id AND k.ends_on IS NULL AND k.agency_id = p.agency_id) <> 1 UNION ALL"
        " SELECT d.id, 'duty' FROM duties d WHERE d.state = 'open' AND NOT EXISTS (SELECT 1 FROM agencies g"
        " WHERE g.id = d.agency_id AND g.valid_to IS NULL)"
    )


async def test_people_go_with_one_line_of_history_one_event_and_one_notice(world: World) -> None:
    people = [await world.employ() for _ in range(3)]
    world.now = datetime(2025, 12, 8, 3, 0, tzinfo=UTC)
    reshaping, day = await merged(world, people, on=date(2025, 12, 8))
    assert (day.moved, day.left, day.over) == (3, 0, True)
    for profile in people:
        lines = await world.rows(
            "SELECT agency_id, starts_on, ends_on, case_id FROM custody WHERE profile_id = :p ORDER BY 2",
            p=profile,
        )
        assert [tuple(one) for one in lines] == [
            (world.culture, TODAY, date(2025, 12, 8), None),
            (world.health, date(2025, 12, 8), None, reshaping.id),
        ]
        (told,) = await world.rows(
            "SELECT facts FROM events WHERE profile_id = :p AND kind = 'profile.reorganised'", p=profile
        )
        assert told.facts["to_agency"] == str(world.health)
        assert told.facts["document"] == DOCUMENT
        (notice,) = await world.rows(
            "SELECT n.agency_id FROM notices n JOIN accounts a ON a.id = n.account_id"
            " WHERE n.kind = 'reorganised' AND a.profile_id = :p AND a.agency_id = :h",
            p=profile,
            h=world.health,
        )
        assert notice.agency_id == world.health
    assert await whole(world) == []
    again = await move_all(world.tools, world.authority, reshaping, world.now)
    assert (again.moved, again.over) == (0, True)


async def test_whoever_came_on_the_very_day_is_moved_all_the_same(world: World) -> None:
    profile = await world.employ()
    await merged(world, [profile])
    back = await planned(world, {profile: world.museum})
    assert (await move_all(world.tools, world.authority, back, world.now)).moved == 1
    lines = await world.rows(
        "SELECT agency_id, case_id FROM custody WHERE profile_id = :p ORDER BY follows NULLS FIRST", p=profile
    )
    assert [tuple(one) for one in lines] == [(world.culture, None), (world.museum, back.id)]
    assert await whole(world) == []


async def test_what_is_owed_is_owed_by_the_posts_of_the_new_unit(world: World) -> None:
    profile = await world.employ()
    notice = GiveNotice(kind="salary", changed_on=TODAY, document="5/QĐ")
    await world.ask("culture.hr", notice, profile)
    before = await world.rows("SELECT id, due_on, rule_id FROM duties WHERE state = 'open' ORDER BY id")
    assert before
    await merged(world, [profile])
    after = await world.rows(
        "SELECT id, due_on, rule_id, agency_id FROM duties WHERE state = 'open' ORDER BY id"
    )
    assert [tuple(one)[:3] for one in after] == [tuple(one) for one in before]
    assert {one.agency_id for one in after} == {world.health}


async def test_a_submission_that_waits_is_approved_in_the_new_unit(world: World) -> None:
    profile = await world.employ(until="review")
    await merged(world, [profile])
    refused = await world.ask("culture.approver", await world.pending(profile), profile)
    assert refused.status == 403, refused.answer
    await world.sign(profile, "health.approver")
    row = await world.one("SELECT chapter, agency_id FROM profiles WHERE id = :p", p=profile)
    assert tuple(row) == ("service", world.health)


async def test_a_transfer_into_the_successor_is_done_by_the_merger(world: World) -> None:
    profile = await world.employ()
    case = await world.transfer(profile, "requested")
    await merged(world, [profile])
    row = await world.one("SELECT state, closed_at, facts FROM cases WHERE id = :c", c=case)
    assert (row.state, row.facts["reason"]) == ("withdrawn", "reorganised")
    assert row.closed_at is not None
    left = await world.one("SELECT chapter, case_id, agency_id FROM profiles WHERE id = :p", p=profile)
    assert tuple(left) == ("service", None, world.health)
    assert await world.rows("SELECT 1 FROM duties WHERE case_id = :c AND state = 'open'", c=case) == []
    told = await world.rows("SELECT 1 FROM outbox WHERE workflow_id = :w", w=f"transfer/{case}")
    assert told


async def test_a_transfer_to_a_unit_that_ends_goes_to_its_heir(world: World) -> None:
    profile = await world.employ()
    case = await world.transfer(profile, "requested")
    reshaping = await planned(world, {}, heirs={world.health: world.department})
    day = await move_all(world.tools, world.authority, reshaping, world.now)
    assert day.over
    row = await world.one("SELECT to_agency_id, state FROM cases WHERE id = :c", c=case)
    assert tuple(row) == (world.department, "requested")
    assert (
        await world.rows("SELECT 1 FROM duties WHERE agency_id = :h AND state = 'open'", h=world.health) == []
    )


async def held(world: World, who: str, role: str) -> None:
    """A post of culture held by somebody: with the role it gives, or a deputy's, which gives none."""
    values = {"post": uuid4(), "id": uuid4(), "a": world.authority, "g": world.culture, "kind": role}
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(
            text(
                "INSERT INTO agency_posts (id, authority_id, agency_id, kind, valid_from, document)"
                " VALUES (:post, :a, :g, :kind, '2025-01-01', '1/QĐ')"
            ),
            values,
        )
        await connection.execute(
            text(
                "INSERT INTO post_holders (id, authority_id, post_id, account_id, acting, valid_from,"
                " document, grant_id) VALUES (:id, :a, :post, :who, false, '2025-01-01', '1/QĐ',"
                " (SELECT id FROM grants WHERE account_id = :who AND role = :kind))"
            ),
            values | {"who": world.accounts[who]},
        )


async def test_posts_pass_on_where_nobody_is_doubled(world: World) -> None:
    people = [await world.employ(until="account")]
    await held(world, "culture.head", "head")
    await held(world, "culture.hr", "deputy")
    await held(world, "culture.approver", "approver")
    await merged(world, people)
    holders = await world.rows(
        "SELECT p.agency_id, p.kind, a.display_name, h.valid_to IS NULL AS now, h.grant_id IS NULL AS bare"
        " FROM post_holders h JOIN agency_posts p ON p.id = h.post_id JOIN accounts a ON a.id = h.account_id"
        " ORDER BY 2, 4"
    )
    assert [tuple(one) for one in holders] == [
        (world.culture, "approver", "culture.approver", False, False),
        (world.culture, "deputy", "culture.hr", False, True),
        (world.health, "deputy", "culture.hr", True, True),
        (world.culture, "head", "culture.head", False, False),
        (world.health, "head", "culture.head", True, False),
    ]
    assert (
        await world.rows(
            "SELECT 1 FROM agency_posts WHERE agency_id = :c AND valid_to IS NULL", c=world.culture
        )
        == []
    )
    rows = await world.rows(
        "SELECT a.display_name AS who, g.role, g.agency_id FROM grants g"
        " JOIN accounts a ON a.id = g.account_id"
        " WHERE g.valid_to IS NULL AND a.display_name LIKE 'culture%' ORDER BY 1"
    )
    # Health has an approver, but neither a head nor a head of personnel; officers of personnel are many.
    assert [tuple(one) for one in rows] == [
        ("culture.head", "head", world.health),
        ("culture.hr", "hr_officer", world.health),
        ("culture.hr_head", "hr_head", world.health),
    ]
    told = await world.rows("SELECT kind FROM events WHERE kind LIKE 'post.%' ORDER BY kind")
    assert [one.kind for one in told] == ["post.lapsed", *["post.passed_on"] * 4]
    assert await world.rows("SELECT 1 FROM accounts WHERE agency_id = :c", c=world.culture) == []


async def test_a_run_cut_off_between_shares_goes_on_at_the_next_person(world: World) -> None:
    people = [await world.employ() for _ in range(4)]
    reshaping = await planned(world, dict.fromkeys(people, world.health), heirs={world.culture: world.health})

    class CutError(Exception):
        pass

    def cut(day: Day) -> None:
        if day.moved >= 2:
            raise CutError

    with pytest.raises(CutError):
        await move_all(world.tools, world.authority, reshaping, world.now, share=2, beat=cut)
    states = await world.rows("SELECT state, count(*) AS n FROM reorganisation_items GROUP BY 1 ORDER BY 1")
    assert [tuple(one) for one in states] == [("moved", 2), ("waiting", 2)]
    # Between two shares everybody has one custodian; who waits is where they were, in a unit that stands.
    assert await whole(world) == []
    day = await move_all(world.tools, world.authority, reshaping, world.now, share=2)
    assert (day.moved, day.over) == (2, True)
    counted = await world.rows(
        "SELECT count(*) AS n FROM events WHERE kind = 'profile.reorganised' GROUP BY profile_id"
    )
    assert [one.n for one in counted] == [1, 1, 1, 1]


async def listed(world: World, profile: UUID) -> UUID:
    """The open list of culture's month with this person's submission on it, and its duty to approve."""
    month = uuid4()
    row = await world.one("SELECT id, digest FROM revisions WHERE profile_id = :p", p=profile)
    values = {"id": month, "a": world.authority, "g": world.culture, "p": profile, "now": world.now}
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(
            text(
                "INSERT INTO agency_months (id, authority_id, agency_id, month, kind, state, gate, opens_on,"
                " nominal_end, rolled_end, closes_at, version, listed, opened_at, summary) VALUES (:id, :a,"
                " :g, '2025-12', 'month', 'open', 'after', '2025-12-27', '2025-12-31', '2025-12-31',"
                " '2026-01-27', 0, 1, :now, '{}')"
            ),
            values,
        )
        await connection.execute(
            text(
                "INSERT INTO month_items (agency_month_id, profile_id, authority_id, revision_id, digest,"
                " state, changed_at) VALUES (:id, :p, :a, :r, :d, 'listed', :now)"
            ),
            values | {"r": row.id, "d": row.digest},
        )
    await world.step("open_month", month, subject="agency_month", listed=1)
    return month


async def test_what_waits_on_a_list_waits_on_the_successors_list(world: World) -> None:
    profile = await world.employ(until="review")
    world.now = datetime(2025, 12, 28, 3, 0, tzinfo=UTC)
    old = await listed(world, profile)
    reshaping, _ = await merged(world, [profile], on=date(2025, 12, 28))
    rows = await world.rows(
        "SELECT m.agency_id, i.state, m.listed FROM month_items i JOIN agency_months m"
        " ON m.id = i.agency_month_id WHERE i.profile_id = :p ORDER BY i.state",
        p=profile,
    )
    assert [tuple(one) for one in rows] == [(world.health, "listed", 1), (world.culture, "moved", 1)]
    owed = await world.rows(
        "SELECT slot, agency_id, agency_month_id <> :m AS new FROM duties WHERE state = 'open'"
        " AND agency_month_id IS NOT NULL ORDER BY slot, new",
        m=old,
    )
    # The former list is empty: nothing on it is to be approved, what is left of it is the heir's to end.
    assert [tuple(one) for one in owed] == [
        ("approval_window", world.health, True),
        ("sync_window", world.health, False),
        ("sync_window", world.health, True),
    ]
    told = await world.rows("SELECT DISTINCT workflow_id FROM outbox WHERE workflow_id LIKE 'month-end/%'")
    ours = {f"month-end/{agency}/2025-12" for agency in (world.culture, world.health)}
    assert {one.workflow_id for one in told} == ours
    await world.sign(profile, "health.approver")
    await move_all(world.tools, world.authority, reshaping, world.now)
    joined = await world.rows("SELECT 1 FROM events WHERE kind = 'month.joined'")
    assert len(joined) == 1
    assert await whole(world) == []


async def test_a_signature_being_made_is_waited_for_and_then_fails(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = await world.employ(until="review")
    waiting = await world.pending(profile)
    prepared = await world.ask("culture.approver", waiting, profile)
    approval = world.moment.to_sign
    assert approval is not None
    reshaping = await planned(world, {profile: world.health}, heirs={world.culture: world.health})
    share = await move_share(world.tools, world.authority, reshaping, world.now)
    assert (share.moved, share.flying) == (0, 1)
    monkeypatch.setattr(moving_day, "PATIENCE", 1)
    monkeypatch.setattr(moving_day, "PAUSE", 0.0)
    assert (await move_all(world.tools, world.authority, reshaping, world.now)).moved == 1
    # What comes of the old unit's signature afterwards is nobody's approval.
    await world.signed(profile, approval, prepared.id)
    left = await world.one(
        "SELECT a.state, r.state AS revision FROM approvals a JOIN revisions r ON r.id = a.revision_id"
        " WHERE a.id = :a",
        a=approval,
    )
    assert tuple(left) == ("failed", "submitted")
    await world.sign(profile, "health.approver")
    assert (await world.one("SELECT chapter FROM profiles WHERE id = :p", p=profile)).chapter == "service"


async def test_what_is_lent_for_a_unit_that_ends_is_lent_for_its_heir(world: World) -> None:
    lent = uuid4()
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(
            text(
                "INSERT INTO delegations (id, authority_id, delegator_id, delegate_id, what, agency_id, role,"
                " parties, valid_from, valid_to, document, state, warned, rule_set_hash, version, created_at)"
                " VALUES (:id, :a, :giver, :taker, 'approval', :g, 'approver', ARRAY[CAST(:giver AS uuid)],"
                " '2025-11-01', '2026-06-01', '7/UQ', 'granted', false, '', 1, :now)"
            ),
            {"id": lent, "a": world.authority, "g": world.culture, "now": world.now}
            | {"giver": world.accounts["culture.approver"], "taker": world.accounts["culture.head"]},
        )
    reshaping, _ = await merged(world, [])
    row = await world.one("SELECT agency_id, version, state FROM delegations WHERE id = :d", d=lent)
    assert tuple(row) == (world.health, 2, "granted")
    told = await world.one("SELECT kind, facts FROM events WHERE stream_id = :d", d=lent)
    assert (told.kind, told.facts["reorganisation"]) == ("delegation.passed_on", str(reshaping.id))
    # What it is worth now its own workflow asks: the giver is no approver any more.
    heard = await world.rows("SELECT 1 FROM outbox WHERE workflow_id = :w", w=f"delegation/{lent}")
    assert heard


async def test_what_was_merged_into_somebody_goes_with_them(world: World) -> None:
    kept, twice = await world.employ(), await world.employ()
    await made_one(world, twice, kept)
    plan = await planned(world, {kept: world.health})
    day = await move_all(world.tools, world.authority, plan, world.now)
    assert (day.moved, day.over) == (2, True)
    held = await world.rows(
        "SELECT DISTINCT p.agency_id AS named, c.agency_id AS held FROM profiles p JOIN custody c"
        " ON c.profile_id = p.id AND c.ends_on IS NULL WHERE p.id = ANY (:ids)",
        ids=[kept, twice],
    )
    assert [(one.named, one.held) for one in held] == [(world.health, world.health)]
