"""A duplicate closed into the profile that goes on, at once: rows, numbers, custody, both chains."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from models.calendar import legal_date
from models.command_merging import ApproveProfileMerge, ProposeProfileMerge
from models.commands import AcceptTransfer, GiveNotice, HandOver, OpenProfile, ReportTransfer, RequestTransfer
from models.database import transaction
from models.history.leaf import link_hash
from models.record.commands import Fate
from tests.world import World, build

BODY = {"document": "1/ĐN", "reason": "mở trùng"}


def proposing(survivor: UUID, **more: Any) -> ProposeProfileMerge:
    return ProposeProfileMerge(survivor_id=survivor, **BODY, **more)


async def merged(world: World, closing: UUID, survivor: UUID, who: str = "culture", **more: Any) -> Fate:
    """Proposed by the HR officer, or the department, and decided by the head."""
    asker, decider = ("culture.hr", "culture.head") if who == "culture" else ("department", "department.head")
    asked = await world.ask(asker, proposing(survivor, **more), closing)
    assert asked.status == 201, asked.answer
    decision = ApproveProfileMerge(merge_id=UUID(asked.answer["merge_id"]), document="2/QĐ")
    done = await world.ask(decider, decision, closing)
    assert done.status == 200, done.answer
    return done


async def row(world: World, profile: UUID) -> Any:
    return await world.one("SELECT * FROM profiles WHERE id = :p", p=profile)


def opening(world: World, number: str) -> OpenProfile:
    return OpenProfile(
        agency_id=world.culture,
        full_name="Nguyễn Thị Thử",
        personal_id_number=number,
        event_on=legal_date(world.now),
        document="12/QĐ",
    )


async def test_one_is_closed_and_both_chains_name_the_other(world: World) -> None:
    kept = await world.employ()
    twice = await world.employ()
    notice = GiveNotice(kind="salary", changed_on=legal_date(world.now), document="5")
    owed = await world.ask("culture.hr", notice, twice)
    assert owed.status == 201, owed.answer
    before = await row(world, twice)
    done = await merged(world, twice, kept)
    assert (done.answer["carried"], done.answer["survivor_id"]) == (1, str(kept))
    closed, goes_on = await row(world, twice), await row(world, kept)
    assert (closed.chapter, closed.status, closed.merged_into) == ("archive", "merged", kept)
    assert (closed.case_id, closed.next_wake_at, goes_on.merged_into) == (None, None, None)
    duty = await world.one("SELECT * FROM duties WHERE state = 'open' AND profile_id = :p", p=kept)
    assert (duty.slot, goes_on.next_wake_at) == ("update_after_change", duty.next_wake_at)
    assert await world.rows("SELECT 1 FROM duties WHERE state = 'open' AND profile_id = :p", p=twice) == []
    account = await world.one("SELECT state FROM accounts WHERE id = :a", a=before.account_id)
    assert account.state == "cancelled"
    for profile, kind, other in ((twice, "profile.merged", kept), (kept, "profile.merged_in", twice)):
        events = await world.rows("SELECT * FROM events WHERE stream_id = :p ORDER BY number", p=profile)
        told = next(event for event in events if event.kind == kind)
        assert str(other) in told.facts.values()
        previous = "0" * 64
        for event in events:
            assert (event.previous_hash, event.hash) == (previous, link_hash(event))
            previous = event.hash
        assert previous == (await row(world, profile)).last_hash
    ends = await world.one(
        "SELECT facts FROM events WHERE stream_id = :p AND kind = 'profile.merged_in'", p=kept
    )
    # The proposal stands between: what the survivor's chain names is the duplicate's as it was decided upon.
    named = await world.one(
        "SELECT hash FROM events WHERE stream_id = :p AND number = :n", p=twice, n=ends.facts["events"]
    )
    assert (named.hash, ends.facts["events"] > before.last_event) == (ends.facts["end"], True)
    lines = await world.rows("SELECT 1 FROM outbox WHERE workflow_id = :w", w=f"profile/{kept}")
    assert lines, "the survivor's workflow hears of what it owes now"


async def test_the_number_that_is_right_is_found_from_then_on(world: World) -> None:
    """A wrong number was entered at the opening: its profile is the one that was worked with."""
    right = f"000{uuid4().int % 10**9:09d}"
    wrong_number = await world.employ()
    empty = uuid4()
    assert (await world.ask("culture.hr", opening(world, right), empty)).status == 201
    refused = await world.ask("culture.hr", proposing(empty), wrong_number)
    assert refused.answer["code"] == "different-persons"
    said = {"identity_document": "9/CA", "number_from": "duplicate"}
    other_way = await world.ask("culture.hr", proposing(empty, **said), wrong_number)
    assert other_way.answer["code"] == "merge-wrong-way"
    index = bytes((await row(world, empty)).id_number_index)
    await merged(world, empty, wrong_number, **said)
    assert bytes((await row(world, wrong_number)).id_number_index) == index
    again = await world.ask("culture.hr", opening(world, right), uuid4())
    assert again.answer["code"] == "duplicate-person", "the number is the survivor's now"
    freed = f"000{wrong_number.int % 10**9:09d}"
    theirs = await world.ask("culture.hr", opening(world, freed), uuid4())
    assert theirs.status == 201, "the wrong number may be somebody else's right one"


async def test_two_agencies_profiles_are_the_department_s_to_merge(world: World) -> None:
    kept = await world.employ()
    other = replace(
        world,
        accounts=world.accounts
        | {"culture.hr": world.accounts["health.hr"], "culture.approver": world.accounts["health.approver"]},
    )
    elsewhere = await other.employ(agency=world.health)
    refused = await world.ask("culture.hr", proposing(elsewhere), kept)
    assert refused.answer["code"] == "merge-elsewhere", "both are the proposer's to reach, or neither"
    await merged(world, elsewhere, kept, who="department")
    closed = await row(world, elsewhere)
    held = await world.one(
        "SELECT agency_id FROM custody WHERE profile_id = :p AND ends_on IS NULL", p=elsewhere
    )
    assert (closed.agency_id, held.agency_id) == (world.culture, world.culture), "held by who holds the other"


async def test_what_was_merged_goes_where_the_profile_goes(world: World) -> None:
    kept, twice, first = await world.employ(), await world.employ(), await world.employ()
    await merged(world, first, twice)
    await merged(world, twice, kept)
    assert (await row(world, first)).merged_into == kept, "never a pointer to what is closed itself"
    later = replace(world, now=world.now + timedelta(days=2))
    day = legal_date(later.now)
    asked = await later.ask(
        "culture.hr",
        RequestTransfer(to_agency_id=world.health, mode="điều động", effective_on=day, document="1/QĐ"),
        kept,
    )
    case = UUID(asked.answer["transfer_id"])
    for step in (ReportTransfer(document="2/BC"), HandOver(handed_over_on=day)):
        await later.ask("culture.hr", step, case, subject="transfer")
    accepted = await later.ask("health.hr", AcceptTransfer(), case, subject="transfer")
    assert accepted.status == 200, accepted.answer
    for profile in (kept, twice, first):
        held = await world.one(
            "SELECT agency_id FROM custody WHERE profile_id = :p AND ends_on IS NULL", p=profile
        )
        assert (held.agency_id, (await row(world, profile)).agency_id) == (world.health, world.health)


async def test_what_was_merged_today_goes_along_today(world: World) -> None:
    """Its custody changed hands with the merge, the survivor's did not: it goes along."""
    kept = await world.employ()
    posts = {"culture.hr": world.accounts["health.hr"], "culture.approver": world.accounts["health.approver"]}
    other = replace(world, accounts=world.accounts | posts)
    elsewhere = await other.employ(agency=world.health)
    world.now += timedelta(days=1)
    await merged(world, elsewhere, kept, who="department")
    case = await world.transfer(kept)
    accepted = await world.ask("health.hr", AcceptTransfer(), case, subject="transfer")
    assert accepted.status == 200, accepted.answer
    lines = await world.rows(
        "SELECT agency_id, starts_on, ends_on, case_id FROM custody WHERE profile_id = :p ORDER BY starts_on",
        p=elsewhere,
    )
    first, today = legal_date(world.now) - timedelta(days=1), legal_date(world.now)
    assert [tuple(line) for line in lines] == [
        (world.health, first, today, None),
        (world.health, today, None, case),
    ]
    assert (await row(world, elsewhere)).agency_id == world.health


async def test_another_authority_s_profile_is_not_there(world: World) -> None:
    other = await build(world.tools, world.now, second=True)
    mine, theirs = await world.employ(), await other.employ()
    refused = await world.ask("department", proposing(theirs), mine)
    assert (refused.status, refused.answer["code"]) == (404, "merge-elsewhere")


async def test_who_holds_both_rights_cannot_propose_and_decide(world: World) -> None:
    kept, twice = await world.employ(), await world.employ()
    await world.rows(
        "INSERT INTO grants (id, authority_id, account_id, agency_id, role, valid_from)"
        " VALUES (gen_random_uuid(), :a, :who, :g, 'hr_officer', '2025-01-01') RETURNING id",
        a=world.authority, who=world.accounts["culture.head"], g=world.culture,
    )  # fmt: skip
    asked = await world.ask("culture.head", proposing(kept), twice)
    decision = ApproveProfileMerge(merge_id=UUID(asked.answer["merge_id"]), document="2/QĐ")
    refused = await world.ask("culture.head", decision, twice)
    assert refused.answer["code"] == "same-person"


async def test_the_database_closes_nothing_without_a_case(world: World) -> None:
    kept, twice = await world.employ(), await world.employ()
    with pytest.raises(IntegrityError, match="not to be merged"):
        async with transaction(world.tools.engine, world.scope) as connection:
            await connection.execute(
                text("UPDATE profiles SET chapter = 'archive', merged_into = :to WHERE id = :id"),
                {"to": kept, "id": twice},
            )
    await merged(world, twice, kept)
    with pytest.raises(IntegrityError, match="not to be merged"):
        async with transaction(world.tools.engine, world.scope) as connection:
            await connection.execute(
                text("UPDATE profiles SET chapter = 'service' WHERE id = :id"), {"id": twice}
            )
