"""``act`` on a real PostgreSQL: one working life, act by act."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from models.commands import (
    AcceptTransfer,
    ActivateAccount,
    Approve,
    CreateAccount,
    GiveNotice,
    HandOver,
    OpenProfile,
    ReportTransfer,
    RequestTransfer,
    ReturnedField,
    ReturnForCorrection,
    Separate,
    SubmitDeclaration,
)
from models.database import engine_for
from tests.world import World, build, tools_for

START = datetime(2025, 12, 1, 3, 0, tzinfo=UTC)


@pytest.fixture
async def world(database, tmp_path: Path) -> AsyncIterator[World]:
    engine = engine_for(database.url("worker"), pool_size=4)
    yield await build(tools_for(engine, tmp_path), START)
    await engine.dispose()


async def test_life(world: World, complete_form) -> None:
    profile = uuid4()
    opened = await world.ask(
        "culture.hr",
        OpenProfile(
            agency_id=world.museum,
            full_name="Nguyễn Thị Thử",
            personal_id_number="000190000001",
            origin="received",
            event_on=world.now.date(),
            document="12/QĐ-SVH",
        ),
        profile,
    )
    assert opened.status == 201, opened.answer
    account = await world.ask("culture.hr", CreateAccount(login="thu.nt", password_hash="x"), profile)
    assert account.status == 201, account.answer
    assert account.answer["late_days"] == 0
    world.accounts["person"] = (await world.one("SELECT account_id FROM profiles")).account_id
    early = await world.ask(
        "person", GiveNotice(kind="other", changed_on=world.now.date(), document="x"), profile
    )
    assert early.status == 403
    assert (await world.ask("person", ActivateAccount(password_hash="y"), profile)).status == 200
    revision, digest = await world.draft(profile, complete_form)
    submitted = await world.ask("person", SubmitDeclaration(revision_id=revision, digest=digest), profile)
    assert submitted.status == 200, submitted.answer
    returned = await world.ask(
        "culture.approver",
        ReturnForCorrection(
            revision_id=revision,
            fields=(ReturnedField(path="hometown", reason="sai xã"),),
            reason="sửa quê quán",
        ),
        profile,
    )
    assert returned.status == 200, returned.answer
    again = await world.one("SELECT id, digest FROM revisions WHERE state = 'draft'")
    assert (
        await world.ask("person", SubmitDeclaration(revision_id=again.id, digest=again.digest), profile)
    ).status == 200
    prepared = await world.ask(
        "culture.approver", Approve(revision_id=again.id, digest=again.digest), profile
    )
    assert not prepared.settled
    assert world.moment.to_sign is not None
    done = await world.step(
        "complete_approval",
        profile,
        approval=str(world.moment.to_sign),
        document="d" * 64,
        certificate="c" * 64,
        settles=str(prepared.id),
    )
    assert done.chapter == "service"
    moved = await world.ask(
        "culture.hr",
        RequestTransfer(
            to_agency_id=world.health, mode="điều động", effective_on=world.now.date(), document="1/QĐ"
        ),
        profile,
    )
    assert moved.status == 201, moved.answer
    case = UUID(moved.answer["transfer_id"])
    assert (
        await world.ask("culture.hr", ReportTransfer(document="2/BC"), case, subject="transfer")
    ).status == 200
    assert (
        await world.ask("culture.hr", HandOver(handed_over_on=world.now.date()), case, subject="transfer")
    ).status == 200
    assert (await world.ask("culture.hr", AcceptTransfer(), case, subject="transfer")).status == 403
    accepted = await world.ask("health.hr", AcceptTransfer(), case, subject="transfer")
    assert accepted.status == 200, accepted.answer
    world.now += timedelta(days=30)
    gone = await world.ask(
        "health.hr", Separate(kind="retired", effective_on=world.now.date(), document="3/QĐ"), profile
    )
    assert gone.status == 201, gone.answer
    archived = await world.step("archive", profile, told=True)
    assert archived.chapter == "archive"
    assert archived.next_wake_at is None
    events = await world.rows("SELECT kind, citation FROM events ORDER BY position")
    kinds = [e.kind for e in events]
    assert kinds[0] == "profile.opened"
    assert kinds[-1] == "profile.archived"
    for expected in ("declaration.returned", "approval.signed", "transfer.accepted", "separation.effective"):
        assert kinds.count(expected) == 1
    assert "Điều 12.2 mục 2.2.a" in next(e.citation for e in events if e.kind == "duty.opened")
