"""A command is done once however often it is asked, and what a constraint knows is a refusal with a name."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from models.calendar import at_local, legal_date
from models.commands import (
    AcceptTransfer,
    ActivateAccount,
    CreateAccount,
    GiveNotice,
    HandOver,
    OpenProfile,
    ReportTransfer,
    RequestTransfer,
    SubmitDeclaration,
)
from models.database import engine_for, transaction
from models.errors import RefusedError
from models.lifecycle.duties import HELD
from models.messages import Ask
from models.record import act as module
from models.record.act import act
from models.record.commands import accept
from models.record.tools import Tools
from tests.forms import COMPLETE
from tests.world import World, build, tools_for

NUMBER = "000190000777"
WHEN = datetime(2025, 12, 1, 3, 0, tzinfo=UTC)


def opening(world: World, **changes: object) -> OpenProfile:
    given = {
        "agency_id": world.culture,
        "full_name": "Nguyễn Thị Thử",
        "personal_id_number": NUMBER,
        "event_on": legal_date(world.now),
        "document": "12/QĐ",
    }
    return OpenProfile(**{**given, **changes})


def notice(world: World) -> GiveNotice:
    return GiveNotice(kind="salary", changed_on=legal_date(world.now), document="5/QĐ")


async def counts(world: World) -> tuple[int, ...]:
    row = await world.one(
        "SELECT (SELECT count(*) FROM events) AS events, (SELECT count(*) FROM duties) AS duties,"
        " (SELECT count(*) FROM notices) AS notices, (SELECT sum(version) FROM profiles) AS versions,"
        " (SELECT count(*) FROM outbox) AS outbox, (SELECT count(*) FROM cases) AS cases,"
        " (SELECT count(*) FROM custody) AS custody, (SELECT count(*) FROM accounts) AS accounts"
    )
    return tuple(int(n or 0) for n in row)


# --- once


async def test_the_same_command_again_has_the_same_answer_and_does_nothing(world: World) -> None:
    profile, key = await world.employ(), uuid4()
    first = await world.ask("culture.hr", notice(world), profile, key=key)
    before = await counts(world)
    world.now += timedelta(days=3)
    repeated = await act(world.tools, asked(world, profile, key))
    assert repeated.status == 201
    assert await counts(world) == before
    (stored,) = await world.rows("SELECT answer, settled_at FROM commands WHERE id = :id", id=key)
    assert (stored.answer, stored.settled_at) == (first.answer, first.settled_at)


def asked(world: World, profile: UUID, key: UUID) -> Ask:
    return Ask(
        authority_id=world.authority, subject="profile", subject_id=profile, command_id=key, now=world.now
    )


async def test_a_refusal_is_an_answer_and_stays_one(world: World) -> None:
    profile, key = await world.employ(until="account"), uuid4()
    refused = await world.ask("culture.hr", notice(world), profile, key=key)
    assert (refused.status, refused.answer["code"]) == (409, "wrong-state")
    await world.ask("culture.hr", CreateAccount(login=f"x{key.hex[:8]}", password_hash="x"), profile)
    again = await world.ask("culture.hr", notice(world), profile, key=key)
    assert (again.status, again.answer) == (refused.status, refused.answer)


async def test_the_same_key_with_another_body_is_refused(world: World) -> None:
    profile, key = await world.employ(), uuid4()
    await world.ask("culture.hr", notice(world), profile, key=key)
    with pytest.raises(RefusedError, match="key-reused"):
        await world.ask("culture.hr", notice(world).model_copy(update={"document": "6/QĐ"}), profile, key=key)


async def test_the_same_command_twice_at_once_is_done_once(world: World) -> None:
    profile, key = await world.employ(), uuid4()
    await world.ask("culture.hr", notice(world), profile)
    before = await counts(world)
    one, two = await asyncio.gather(
        *(world.ask("culture.hr", notice(world), profile, key=key) for _ in range(2))
    )
    assert one.answer == two.answer
    after = await counts(world)
    assert (after[1], after[3]) == (before[1] + 1, before[3] + 1)


async def test_done_but_reported_as_failed_is_answered_by_asking_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The transaction committed, the process died before it could say so."""
    profile, key = await world.employ(), uuid4()
    whole = module._once

    async def dies(tools: Tools, one: Ask) -> object:
        await whole(tools, one)
        raise ConnectionResetError

    with monkeypatch.context() as patch:
        patch.setattr(module, "_once", dies)
        with pytest.raises(ConnectionResetError):
            await world.ask("culture.hr", notice(world), profile, key=key)
    before = await counts(world)
    again = await world.ask("culture.hr", notice(world), profile, key=key)
    assert (again.status, again.settled) == (201, True)
    assert await counts(world) == before


async def test_an_unknown_command_is_not_found(world: World) -> None:
    profile = await world.employ(until="account")
    assert (await act(world.tools, asked(world, profile, uuid4()))).status == 404


async def test_an_unknown_profile_is_not_found(world: World) -> None:
    fate = await world.ask("culture.hr", notice(world), uuid4())
    assert (fate.status, fate.answer["code"]) == (404, "not-found")


async def test_a_profile_is_opened_once(world: World) -> None:
    profile = await world.employ(until="account")
    fate = await world.ask("culture.hr", opening(world), profile)
    assert fate.answer["code"] == "wrong-state"


async def test_a_timer_that_fires_again_says_nothing_twice(world: World) -> None:
    profile = await world.employ()
    await world.ask("culture.hr", notice(world), profile)
    world.now += timedelta(days=3, hours=6)
    await world.step("wake", profile)
    before = await counts(world)
    await world.step("wake", profile)
    assert await counts(world) == before


# --- arrived

DUE = date(2025, 12, 8)
"""What changed on Monday 1 December 2025 is owed until then."""


async def declared(world: World, at: datetime) -> tuple[UUID, UUID]:
    """An official told of a change declares it at an instant; nobody has acted on it. Profile and command."""
    profile, command = await world.employ(), uuid4()
    assert (await world.ask("culture.hr", notice(world), profile)).answer["due_on"] == DUE.isoformat()
    changed_on, world.now = legal_date(world.now), at
    revision, digest = await world.draft(profile, COMPLETE, evidence=("e" * 64,))
    async with transaction(world.tools.engine, world.scope) as connection:
        await accept(
            connection,
            world.tools,
            command_id=command,
            authority_id=world.authority,
            account_id=world.accounts["person"],
            body=SubmitDeclaration(revision_id=revision, digest=digest, changed_on=changed_on),
            received=b"{}",
            workflow_id=f"profile/{profile}",
            subject_id=profile,
            expected_revision=None,
            now=at,
        )
    return profile, command


@pytest.mark.parametrize(
    ("arrived", "late"),
    [
        (at_local(DUE, 23, 59), 0),
        (at_local(DUE + timedelta(days=1), 0), 1),
    ],
)
async def test_late_is_what_arrives_late_and_not_what_had_to_wait(
    world: World, arrived: datetime, late: int
) -> None:
    """Accepted while the engine was away; it comes back two working days after the due date."""
    profile, command = await declared(world, arrived)
    world.now = at_local(DUE + timedelta(days=2), 8)
    assert (await act(world.tools, asked(world, profile, command))).status == 200
    stored = await world.one("SELECT answer FROM commands WHERE id = :c", c=command)
    assert stored.answer["late_days"] == late
    duty = await world.one(
        "SELECT met_on, late_days FROM duties WHERE profile_id = :p AND slot = 'update_after_change'",
        p=profile,
    )
    assert (duty.met_on, duty.late_days) == (legal_date(arrived), late)
    events = await world.rows(
        "SELECT at, facts FROM events WHERE command_id = :c"
        " AND kind IN ('duty.met', 'declaration.submitted')",
        c=command,
    )
    assert [(e.at, e.facts["late_days"]) for e in events] == [(world.now, late)] * 2
    told = await world.one(
        "SELECT facts FROM notices WHERE profile_id = :p AND kind = 'submission_arrived'"
        " ORDER BY created_at DESC LIMIT 1",
        p=profile,
    )
    assert told.facts["late_days"] == late


async def test_an_instant_that_is_yet_to_come_is_not_believed(world: World) -> None:
    """A process whose clock is ahead makes nobody late who is in time by the engine's."""
    profile, command = await declared(world, at_local(DUE + timedelta(days=3), 8))
    world.now = at_local(DUE, 20)
    assert (await act(world.tools, asked(world, profile, command))).status == 200
    stored = await world.one("SELECT answer FROM commands WHERE id = :c", c=command)
    assert stored.answer["late_days"] == 0


async def reminded(world: World, profile: UUID) -> list[str]:
    rows = await world.rows(
        "SELECT kind FROM notices WHERE profile_id = :p AND kind IN ('reminder', 'escalation')",
        p=profile,
    )
    return sorted(row.kind for row in rows)


async def wake(world: World, profile: UUID) -> datetime:
    """The engine's timer fires; answers when it is to fire again."""
    await world.step("wake", profile)
    row = await world.one("SELECT next_wake_at FROM profiles WHERE id = :p", p=profile)
    assert row.next_wake_at is not None
    return row.next_wake_at


async def test_nobody_is_chased_for_what_already_lies_there(world: World) -> None:
    """The engine comes back after the due date: the timer fires before the declaration is put again."""
    profile, command = await declared(world, at_local(DUE, 20))
    world.now = at_local(DUE + timedelta(days=1), 7)
    assert await wake(world, profile) == world.now + HELD
    assert (await act(world.tools, asked(world, profile, command))).status == 200
    world.now += HELD
    await world.step("wake", profile)
    assert await reminded(world, profile) == []
    overdue = "SELECT 1 FROM events WHERE profile_id = :p AND kind = 'duty.overdue'"
    assert not await world.rows(overdue, p=profile)


async def test_what_is_never_decided_silences_nobody(world: World) -> None:
    """A command of which nothing comes holds a step back once; the next one likewise."""
    profile, _ = await declared(world, at_local(DUE, 20))
    world.now = at_local(DUE + timedelta(days=1), 7)
    world.now = await wake(world, profile)
    again = await wake(world, profile)
    assert await reminded(world, profile) == ["escalation", "reminder"]
    assert legal_date(again) > legal_date(world.now), "the next step has its own night"
    world.now = again
    assert await wake(world, profile) == world.now + HELD


# --- stale


async def test_a_command_on_an_older_revision_is_refused(world: World) -> None:
    profile = await world.employ()
    fate = await world.ask("culture.hr", notice(world), profile, expected=7)
    assert (fate.status, fate.answer["code"]) == (412, "stale-revision")
    assert fate.answer["extra"] == {"current_revision": 1}
    assert (await world.ask("culture.hr", notice(world), profile, expected=1)).status == 201


async def test_the_approver_signs_what_waits_and_nothing_else(world: World) -> None:
    profile = await world.employ(until="review")
    body = await world.pending(profile)
    stale = await world.ask("culture.approver", body.model_copy(update={"digest": "0" * 64}), profile)
    assert stale.answer["code"] == "stale-revision"
    assert (await world.ask("culture.approver", body, profile)).settled is False
    again = await world.ask("culture.approver", body, profile)
    assert again.answer["code"] == "in-flight"


# --- constraints


async def test_one_open_profile_per_personal_number(world: World) -> None:
    assert (await world.ask("culture.hr", opening(world), uuid4())).status == 201
    before = await counts(world)
    second = await world.ask("culture.hr", opening(world), uuid4())
    assert (second.status, second.answer["code"]) == (409, "duplicate-person")
    assert await counts(world) == before


async def test_a_login_belongs_to_one_account(world: World) -> None:
    login = f"thu-{world.authority.hex[:8]}"
    one, two = [await world.employ(until="account") for _ in range(2)]
    assert (await world.ask("culture.hr", CreateAccount(login=login, password_hash="x"), one)).status == 201
    second = await world.ask("culture.hr", CreateAccount(login=login, password_hash="x"), two)
    assert second.answer["code"] == "duplicate-login"
    assert (await world.one("SELECT account_id FROM profiles WHERE id = :p", p=two)).account_id is None


async def test_nobody_moves_to_an_agency_that_is_not_there(world: World) -> None:
    profile = await world.employ()
    engine = engine_for(str(world.tools.engine.url.render_as_string(hide_password=False)), pool_size=1)
    other = await build(Tools(engine, world.tools.ring), world.now, second=True)
    await engine.dispose()
    gone = uuid4()
    await world.rows(
        "INSERT INTO agencies VALUES (:id, :a, 'X', 'Đã giải thể', 'agency', NULL, true, '2025-01-01',"
        " '2025-06-30') RETURNING id",
        id=gone,
        a=world.authority,
    )
    for nowhere in (uuid4(), other.culture, gone):
        body = RequestTransfer(
            to_agency_id=nowhere, mode="điều động", effective_on=legal_date(world.now), document="1/QĐ"
        )
        fate = await world.ask("culture.hr", body, profile)
        assert (fate.status, fate.answer["code"]) == (422, "unknown-agency")
    assert await world.rows("SELECT 1 FROM cases WHERE profile_id = :p", p=profile) == []


async def test_a_profile_changes_hands_once_a_day(world: World) -> None:
    profile = await world.employ()
    world.now += timedelta(days=1)
    case = await world.transfer(profile)
    assert (await world.ask("health.hr", AcceptTransfer(), case, subject="transfer")).status == 200
    day = legal_date(world.now)
    back = RequestTransfer(to_agency_id=world.culture, mode="điều động", effective_on=day, document="2/QĐ")
    asked_back = await world.ask("health.hr", back, profile)
    case = UUID(asked_back.answer["transfer_id"])
    for step in (ReportTransfer(document="3/BC"), HandOver(handed_over_on=day)):
        assert (await world.ask("health.hr", step, case, subject="transfer")).status == 200
    same_day = await world.ask("culture.hr", AcceptTransfer(), case, subject="transfer")
    assert (same_day.status, same_day.answer["code"]) == (409, "wrong-state")
    world.now += timedelta(days=1)
    assert (await world.ask("culture.hr", AcceptTransfer(), case, subject="transfer")).status == 200
    rows = await world.rows(
        "SELECT agency_id, starts_on, ends_on FROM custody WHERE profile_id = :p ORDER BY starts_on",
        p=profile,
    )
    assert [tuple(r) for r in rows] == [
        (world.culture, date(2025, 12, 1), date(2025, 12, 2)),
        (world.health, date(2025, 12, 2), date(2025, 12, 3)),
        (world.culture, date(2025, 12, 3), None),
    ]


async def law_begins(database: Any, world: World, day: str) -> None:
    """The owner of the schema moves what nobody else may: the date of a load."""
    owner = engine_for(database.url("migration"), pool_size=1)
    async with transaction(owner, world.scope) as connection:
        await connection.execute(
            text("UPDATE rule_set_loads SET valid_from = CAST(:on AS date)"), {"on": day}
        )
    await owner.dispose()


async def test_without_law_an_act_is_not_judged_but_tried_again(module_database, tmp_path) -> None:
    engine = engine_for(module_database.url("worker"), pool_size=2)
    world = await build(tools_for(engine, tmp_path), WHEN, second=True)
    await law_begins(module_database, world, "2030-01-01")
    profile, key = uuid4(), uuid4()
    with pytest.raises(LookupError):
        await world.ask("culture.hr", opening(world), profile, key=key)
    assert (await world.one("SELECT settled_at FROM commands WHERE id = :id", id=key)).settled_at is None
    await law_begins(module_database, world, "2025-01-01")
    assert (await world.ask("culture.hr", opening(world), profile, key=key)).status == 201
    await engine.dispose()


async def test_the_default_password_comes_first(world: World) -> None:
    profile = await world.employ(until="account")
    made = await world.ask(
        "culture.hr", CreateAccount(login=f"p{profile.hex[:9]}", password_hash="x"), profile
    )
    world.accounts["person"] = UUID(made.answer["account_id"])
    early = await world.ask("person", notice(world), profile)
    assert (early.status, early.answer["code"]) == (403, "password-change-required")
    assert (await world.ask("person", ActivateAccount(password_hash="y"), profile)).status == 200
