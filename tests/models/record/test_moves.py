"""Moves on real rows: the new agency asks, a new account, one agency, secondment, coming back."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from models.calendar import legal_date
from models.command_accounts import Appoint
from models.commands import (
    AcceptTransfer,
    ActivateAccount,
    ClaimTransfer,
    CreateAccount,
    EndSecondment,
    HandOver,
    OpenProfile,
    RefuseTransfer,
    ReopenProfile,
    RequestTransfer,
    Second,
    Separate,
)
from models.database import Scope, engine_for, transaction
from models.record.commands import Fate
from models.regulations import RuleSet, in_force
from tests.models.record.conftest import START
from tests.world import World, build, tools_for

MOVING = ("transfer_report", "transfer_receive", "transfer_check")


def mixed() -> RuleSet:
    """A law nobody has: Hà Nội's, with the ministry's steps of a transfer and Phú Yên's new account."""
    law = in_force("hanoi", START.date())
    moha = in_force("moha", START.date())
    draft = in_force("phu_yen", START.date(), simulate=["phu_yen_2024"])
    kept = [rule for rule in law.rules if not set(rule.slot) & set(MOVING)]
    taken = [rule for rule in moha.rules if rule.id.startswith(("moha.art8.1", "moha.art8.2"))]
    return law.model_copy(update={"rules": (*kept, *taken, draft.rule("phu_yen.art12.3.b"))})


@pytest.fixture
async def sixth(module_database: Any, tmp_path: Path) -> AsyncIterator[World]:
    """An authority under that law."""
    engine = engine_for(module_database.url("worker"), pool_size=4)
    yield await build(tools_for(engine, tmp_path), START, second=True, law=mixed())
    await engine.dispose()


def code(fate: Fate) -> Any:
    return (fate.answer or {}).get("code", fate.status)


def claim(world: World) -> ClaimTransfer:
    day = legal_date(world.now)
    return ClaimTransfer(
        to_agency_id=world.health, mode="điều động", effective_on=day, decided_on=day, document="1/QĐ"
    )


async def test_the_new_agency_asks_and_makes_a_new_account(sixth: World) -> None:
    profile = await sixth.employ()
    old = sixth.accounts["person"]
    asked = await sixth.ask("health.hr", claim(sixth), profile)
    assert (asked.status, asked.answer["next"]["step"]) == (201, "hand_over")
    case = UUID(asked.answer["transfer_id"])
    duty = await sixth.one("SELECT * FROM duties WHERE case_id = :c AND state = 'open'", c=case)
    assert (duty.slot, duty.agency_id) == ("transfer_hand_over", sixth.culture)
    assert {clock["rule"] for clock in duty.facts["clocks"]} == {"moha.art8.2.b", "moha.art8.2.c"}
    day = legal_date(sixth.now)
    assert code(await sixth.ask("culture.hr", HandOver(handed_over_on=day), case, subject="transfer")) == 200
    done = await sixth.ask("health.hr", AcceptTransfer(), case, subject="transfer")
    assert (done.status, done.answer["next"]["step"]) == (200, "account")
    row = await sixth.one("SELECT agency_id, account_id, chapter FROM profiles WHERE id = :p", p=profile)
    assert (row.agency_id, row.account_id, row.chapter) == (sixth.health, None, "service")
    assert (await sixth.one("SELECT state FROM accounts WHERE id = :a", a=old)).state == "cancelled"
    made = await sixth.ask(
        "health.hr", CreateAccount(login=f"m.{uuid4().hex[:9]}", password_hash="x"), profile
    )
    assert made.status == 201, made.answer
    sixth.accounts["person"] = UUID(made.answer["account_id"])
    assert (await sixth.ask("person", ActivateAccount(password_hash="y"), profile)).status == 200
    await sixth.submit(profile, changed_on=day)
    states = await sixth.rows("SELECT state FROM accounts WHERE profile_id = :p ORDER BY state", p=profile)
    assert [one.state for one in states] == ["active", "cancelled"]
    owed = await sixth.rows(
        "SELECT slot FROM duties WHERE profile_id = :p AND state = 'open' AND slot LIKE 'transfer%'",
        p=profile,
    )
    assert owed == []


async def test_who_is_to_act_is_named_with_the_hand_over_of_a_claimed_transfer(sixth: World) -> None:
    """The claimant sees nobody of the old unit: who hands over names whom the leaver leaves in charge."""
    head = await sixth.employ()
    own = sixth.accounts["person"]
    other = await sixth.employ()
    post = Appoint(agency_id=sixth.museum, role="head", document="2/QĐ")
    assert (await sixth.ask("department", post, own, subject="account")).status == 201
    asked = await sixth.ask("health.hr", claim(sixth), head)
    case = UUID(asked.answer["transfer_id"])
    over = HandOver(handed_over_on=legal_date(sixth.now), acting_head=other)
    unfit = await sixth.ask("culture.hr", over, case, subject="transfer")
    assert (unfit.status, unfit.answer["extra"]["why"]) == (422, "not-of-unit"), "of the unit that is headed"
    within = await sixth.employ(agency=sixth.museum)
    account = sixth.accounts["person"]
    over = over.model_copy(update={"acting_head": within})
    assert (await sixth.ask("culture.hr", over, case, subject="transfer")).status == 200
    notice = await sixth.one("SELECT * FROM notices WHERE kind = 'acting_head_proposed'")
    assert (notice.agency_id, notice.role) == (sixth.department, "department_officer")
    assert (notice.facts["account"], notice.facts["agency"]) == (str(account), str(sixth.museum))
    kept = await sixth.one("SELECT facts FROM cases WHERE id = :c", c=case)
    assert kept.facts["acting_head"]["account"] == str(account)
    body = RefuseTransfer(reason="không nhận")
    assert (await sixth.ask("health.hr", body, case, subject="transfer")).status == 200
    off = await sixth.one("SELECT facts FROM notices WHERE kind = 'acting_head_withdrawn'")
    assert off.facts["account"] == str(account)


async def test_where_the_law_has_the_old_agency_open_it_a_claim_is_refused(world: World) -> None:
    profile = await world.employ()
    assert code(await world.ask("health.hr", claim(world), profile)) == "wrong-state"
    assert await world.rows("SELECT 1 FROM cases WHERE profile_id = :p", p=profile) == []


async def test_divisions_of_one_agency_move_it_in_one_act(sixth: World) -> None:
    await sixth.rows("UPDATE agencies SET kind = 'internal_unit' WHERE id = :m RETURNING id", m=sixth.museum)
    profile = await sixth.employ()
    day = legal_date(sixth.now)
    body = RequestTransfer(
        to_agency_id=sixth.museum, mode="luân chuyển", effective_on=day, document="1/QĐ", decided_on=day
    )
    moved = await sixth.ask("culture.hr", body, profile)
    assert (moved.status, moved.answer["state"], moved.answer["late_days"]) == (201, "accepted", 0)
    case = await sixth.one("SELECT * FROM cases WHERE profile_id = :p", p=profile)
    assert (case.state, case.closed_at is not None) == ("accepted", True)
    held = await sixth.one(
        "SELECT agency_id FROM custody WHERE profile_id = :p AND ends_on IS NULL", p=profile
    )
    assert held.agency_id == sixth.museum
    # Once a day: custody is kept by days.
    back = RequestTransfer(
        to_agency_id=sixth.culture, mode="luân chuyển", effective_on=day, document="2/QĐ", decided_on=day
    )
    assert code(await sixth.ask("culture.hr", back, profile)) in ("wrong-state", 201)


async def test_the_month_s_item_stays_listed_where_the_same_agency_synchronises(world: World) -> None:
    profile = await world.employ()
    await world.submit(profile, changed_on=legal_date(world.now))
    row = await world.one("SELECT pending_revision_id AS id FROM profiles WHERE id = :p", p=profile)
    month = uuid4()
    await world.rows(
        "INSERT INTO agency_months (id, authority_id, agency_id, month, state, opens_on, nominal_end,"
        " rolled_end, closes_at, version, listed, opened_at, summary) VALUES (:id, :a, :g, '2025-12', 'open',"
        " '2025-12-27', '2025-12-31', '2025-12-31', :now, 1, 0, :now, '{}') RETURNING id",
        id=month,
        a=world.authority,
        g=world.culture,
        now=world.now,
    )
    await world.rows(
        "INSERT INTO month_items (agency_month_id, profile_id, authority_id, revision_id, digest, state,"
        " changed_at) VALUES (:m, :p, :a, :r, 'd', 'listed', :now) RETURNING profile_id",
        m=month,
        p=profile,
        a=world.authority,
        r=row.id,
        now=world.now,
    )
    world.health, health = world.museum, world.health
    case = await world.transfer(profile)
    world.health = health
    done = await world.ask("culture.hr", AcceptTransfer(), case, subject="transfer")
    assert done.status == 200, done.answer
    item = await world.one("SELECT state FROM month_items WHERE profile_id = :p", p=profile)
    assert item.state == "listed"


# --- leaving and coming back; two authorities


async def left(world: World, kind: str = "retired", **more: Any) -> tuple[UUID, OpenProfile]:
    """A person who has left, and how a stranger would open a profile for them."""
    profile = await world.employ()
    day = legal_date(world.now)
    gone = await world.ask(
        "culture.hr", Separate(kind=kind, effective_on=day, document="3/QĐ", **more), profile
    )
    assert gone.status == 201, gone.answer
    await world.step("archive", profile, told=True)
    anew = OpenProfile(
        agency_id=world.culture,
        full_name="Nguyễn Thị Thử",
        personal_id_number=f"000{profile.int % 10**9:09d}",
        event_on=day,
        document="4/HĐ",
    )
    return profile, anew


async def test_a_former_official_s_profile_is_reopened_never_doubled(world: World) -> None:
    profile, anew = await left(world)
    person = world.accounts["person"]
    refused = await world.ask("culture.hr", anew, uuid4())
    assert (code(refused), refused.answer["extra"]["profile_id"]) == ("former-official", str(profile))
    again = ReopenProfile(agency_id=world.health, event_on=legal_date(world.now), document="4/HĐ")
    assert code(await world.ask("culture.hr", again, profile)) == "not-permitted"
    world.now += timedelta(days=1)
    assert await world.rows(
        "SELECT 1 FROM grants WHERE agency_id = :h AND role = 'hr_officer'", h=world.health
    )
    back = await world.ask("health.hr", again, profile)
    assert back.status == 201, back.answer
    row = await world.one("SELECT * FROM profiles WHERE id = :p", p=profile)
    assert (row.chapter, row.agency_id, row.account_id) == ("account", world.health, None)
    draft = await world.one("SELECT * FROM revisions WHERE profile_id = :p AND state = 'draft'", p=profile)
    first = await world.one("SELECT * FROM revisions WHERE profile_id = :p AND number = 1", p=profile)
    assert (draft.digest, draft.based_on, first.state) == (first.digest, 1, "superseded")
    made = await world.ask(
        "health.hr", CreateAccount(login=f"v.{uuid4().hex[:9]}", password_hash="x"), profile
    )
    assert made.status == 201, made.answer
    assert UUID(made.answer["account_id"]) != person
    events = await world.rows("SELECT number FROM events WHERE stream_id = :p ORDER BY number", p=profile)
    assert [e.number for e in events] == list(range(1, len(events) + 1))
    assert code(await world.ask("health.hr", again, profile)) == "wrong-state"


async def test_between_two_authorities_one_leaves_and_the_other_takes_in(
    world: World, module_database: Any, tmp_path: Path
) -> None:
    engine = engine_for(module_database.url("worker"), pool_size=2)
    (tmp_path / "other").mkdir()
    other = await build(tools_for(engine, tmp_path / "other"), world.now, second=True)
    profile = await world.employ()
    day = legal_date(world.now)
    short = RequestTransfer(to_agency_id=other.culture, mode="điều động", effective_on=day, document="1/QĐ")
    assert code(await world.ask("culture.hr", short, profile)) == "unknown-agency"
    away = Second(to_agency_id=other.culture, decided_on=day, starts_on=day, ends_on=day, document="1/QĐ")
    assert code(await world.ask("culture.hr", away, profile)) == "unknown-agency"
    foreign = ReopenProfile(agency_id=other.culture, event_on=day, document="4/HĐ")
    leaving = Separate(kind="moved_out", effective_on=day, document="3/QĐ", covered_by_national_database=True)
    assert (await world.ask("culture.hr", leaving, profile)).status == 201
    await world.step("archive", profile, told=True)
    assert code(await other.ask("culture.hr", foreign, profile)) == "not-found"
    entered = uuid4()
    body = OpenProfile(
        agency_id=other.culture,
        full_name="Nguyễn Thị Thử",
        personal_id_number=f"000{profile.int % 10**9:09d}",
        origin="received_with_national_record",
        event_on=day,
        document="5/QĐ",
    )
    opened = await other.ask("culture.hr", body, entered)
    assert opened.status == 201, opened.answer
    owed = await other.rows("SELECT slot FROM duties WHERE profile_id = :p AND state = 'open'", p=entered)
    assert [one.slot for one in owed] == ["intake_pull"]
    kept = await world.one("SELECT chapter, status, agency_id FROM profiles WHERE id = :p", p=profile)
    assert (kept.chapter, kept.status, kept.agency_id) == ("archive", "moved_out", world.culture)
    assert await other.rows("SELECT 1 FROM profiles WHERE id = :p", p=profile) == []
    await engine.dispose()


# --- secondment


def seconding(world: World, days: int = 60) -> Second:
    day = legal_date(world.now)
    return Second(
        to_agency_id=world.health,
        decided_on=day,
        starts_on=day,
        ends_on=day + timedelta(days=days),
        document="5/QĐ",
    )


async def seen(world: World, url: str, agency: UUID, profile: UUID) -> bool:
    """Whether row-level security shows the profile and its revisions to the API on behalf of an agency."""
    engine = engine_for(url, pool_size=1)
    async with transaction(engine, Scope(world.authority, agencies=(agency,))) as connection:
        rows = await connection.execute(
            text("SELECT 1 FROM profiles p JOIN revisions r ON r.profile_id = p.id WHERE p.id = :p"),
            {"p": profile},
        )
        found = rows.first() is not None
    await engine.dispose()
    return found


async def test_the_host_reads_while_it_runs_and_custody_stays(world: World, module_database: Any) -> None:
    url = module_database.url("api")
    profile = await world.employ()
    assert not await seen(world, url, world.health, profile)
    done = await world.ask("culture.hr", seconding(world), profile)
    assert done.status == 201, done.answer
    assert await seen(world, url, world.health, profile)
    assert not await seen(world, url, world.department, profile)
    row = await world.one("SELECT agency_id, next_wake_at FROM profiles WHERE id = :p", p=profile)
    assert (row.agency_id, row.next_wake_at is not None) == (world.culture, True)
    assert code(await world.ask("culture.hr", seconding(world), profile)) == "wrong-state"
    ended = await world.ask("culture.hr", EndSecondment(reason="rút về"), profile)
    assert ended.status == 200
    assert not await seen(world, url, world.health, profile)


async def test_it_returns_by_the_profile_s_own_timer(world: World, module_database: Any) -> None:
    profile = await world.employ()
    assert (await world.ask("culture.hr", seconding(world), profile)).status == 201
    kinds = []
    for _ in range(12):
        row = await world.one("SELECT next_wake_at FROM profiles WHERE id = :p", p=profile)
        share = await world.one("SELECT state FROM shares WHERE profile_id = :p", p=profile)
        if share.state == "ended":
            break
        world.now = max(world.now, row.next_wake_at)
        await world.step("wake", profile)
    share = await world.one("SELECT * FROM shares WHERE profile_id = :p", p=profile)
    assert (share.state, share.reason, legal_date(world.now)) == ("ended", "term", share.ends_on)
    kinds = [
        e.kind
        for e in await world.rows(
            "SELECT kind FROM events WHERE stream_id = :p AND kind LIKE 'secondment%' ORDER BY number",
            p=profile,
        )
    ]
    assert kinds == [
        "secondment.decided",
        "secondment.ending",
        "secondment.ending",
        "secondment.ended",
    ]
    assert not await seen(world, module_database.url("api"), world.health, profile)


# --- two at once, in both orders


RACING = {
    ("claim", "separate"): [201, "transfer-open"],
    ("separate", "claim"): [201, "separation-open"],
    ("claim", "claim"): [201, "transfer-open"],
    ("second", "separate"): [201, 201],
    ("separate", "second"): [201, "separation-open"],
    ("claim", "second"): [201, "transfer-open"],
    ("second", "second"): [201, "wrong-state"],
}


@pytest.mark.parametrize(("first", "second"), list(RACING))
async def test_the_second_of_two_knows_what_the_first_did(sixth: World, first: str, second: str) -> None:
    profile = await sixth.employ()
    day = legal_date(sixth.now)
    asks = {
        "claim": ("health.hr", claim(sixth)),
        "separate": ("culture.hr", Separate(kind="retired", effective_on=day, document="3/QĐ")),
        "second": ("culture.hr", seconding(sixth)),
    }
    tasks = []
    async with transaction(sixth.tools.engine, sixth.scope) as holder:
        await holder.execute(text("SELECT 1 FROM profiles WHERE id = :p FOR UPDATE"), {"p": profile})
        for number, one in enumerate((first, second), start=1):
            tasks.append(asyncio.create_task(sixth.ask(*asks[one], profile)))
            async with asyncio.timeout(20):
                while await waiting(sixth) < number:  # noqa: ASYNC110 — another process is waited for
                    await asyncio.sleep(0.005)
    assert [code(await task) for task in tasks] == RACING[first, second]
    row = await sixth.one("SELECT case_id, status FROM profiles WHERE id = :p", p=profile)
    cases = await sixth.rows("SELECT id FROM cases WHERE profile_id = :p AND closed_at IS NULL", p=profile)
    assert [one.id for one in cases] == ([row.case_id] if row.case_id else [])
    shares = await sixth.rows("SELECT 1 FROM shares WHERE profile_id = :p AND ended_at IS NULL", p=profile)
    assert len(shares) == (first == "second" and second != "separate")


async def waiting(world: World) -> int:
    (row,) = await world.rows(
        "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event_type = 'Lock'"
    )
    return int(row.n)
