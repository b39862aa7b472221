"""Each authority's own law, walked over lives really lived under it, gives exactly the duties there are."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from models.calendar import legal_date
from models.commands import (
    AcceptTransfer,
    ActivateAccount,
    AskForProfile,
    Body,
    ClaimTransfer,
    CreateAccount,
    GiveNotice,
    HandOver,
    OpenProfile,
    ReopenProfile,
    ReportTransfer,
    RequestAccount,
    RequestIntake,
    RequestTransfer,
    Separate,
    SubmitDeclaration,
)
from models.database import engine_for
from models.regulations import in_force
from tests.api.simulations.lives import collected
from tests.api.simulations.test_simulating import START, real, told, walked
from tests.forms import COMPLETE
from tests.world import World, build, tools_for

LAWS: dict[str, dict[str, Any]] = {
    "hanoi": {},
    "hanoi with the decree": {"simulate": ["nd27_2026"]},
    "phu_yen": {"simulate": ["phu_yen_2024"]},
    "moha": {},
    "binh_dinh": {},
}
SIGNERS = ("culture.hr", "culture.hr_head", "culture.approver", "culture.head", "department.head")


@pytest.fixture(params=LAWS)
async def world(module_database: Any, tmp_path: Path, request: Any) -> AsyncIterator[World]:
    engine = engine_for(module_database.url("worker"), pool_size=4)
    law = in_force(request.param.split()[0], START.date(), **LAWS[request.param])
    yield await build(tools_for(engine, tmp_path), START, second=True, law=law)
    await engine.dispose()


async def done(world: World, whos: tuple[str, ...], body: Body, subject_id: UUID, **more: Any) -> Any:
    """The first of these people who may, does it; the answer, or none where nobody may."""
    for who in whos:
        fate = await world.ask(who, body, subject_id, **more)
        if (fate.status or 202) < 300:  # one that waits for its signature has no answer yet
            return fate
    return None


async def entered(world: World, origin: str = "recruited", agency: UUID | None = None) -> UUID:
    profile = uuid4()
    body = OpenProfile(
        agency_id=agency or world.culture,
        full_name="Nguyễn Thị Thử",
        personal_id_number=f"000{profile.int % 10**9:09d}",
        event_on=legal_date(world.now) - timedelta(days=2),
        document="12/QĐ",
        origin=origin,
    )
    assert await done(world, ("culture.hr",), body, profile)
    return profile


async def with_account(world: World, profile: UUID) -> None:
    world.now += timedelta(days=1)
    await done(world, ("culture.hr",), RequestAccount(document="3/YC"), profile)
    await done(world, ("culture.hr",), RequestIntake(document="4/CV"), profile)
    world.now += timedelta(days=1)
    body = CreateAccount(login=f"thu.{uuid4().hex[:12]}", password_hash="x")
    made = await done(world, ("culture.hr", "health.hr", "admin", "department"), body, profile)
    assert made is not None
    world.accounts["person"] = UUID(made.answer["account_id"])
    assert await done(world, ("person",), ActivateAccount(password_hash="y"), profile)


async def declared(world: World, profile: UUID, **changes: Any) -> None:
    """Submitted, with the person's own signature where the law asks for it."""
    world.now += timedelta(days=2)
    revision, digest = await world.draft(profile, COMPLETE, evidence=("e" * 64,))
    body = SubmitDeclaration(revision_id=revision, digest=digest, **changes)
    fate = await world.ask("person", body, profile)
    assert (fate.status or 202) < 300, fate.answer
    if world.moment.to_sign is not None:
        await world.signed(profile, world.moment.to_sign, fate.id)


async def approved(world: World, profile: UUID) -> None:
    """Every signature of the chain, each some days later."""
    pending = "SELECT pending_revision_id AS id FROM profiles WHERE id = :p"
    while (await world.one(pending, p=profile)).id is not None:
        world.now += timedelta(days=3)
        fate = await done(world, SIGNERS, await world.pending(profile), profile)
        assert fate is not None, "somebody may sign"
        assert world.moment.to_sign is not None
        await world.signed(profile, world.moment.to_sign, fate.id)


async def serving(world: World) -> UUID:
    profile = await entered(world)
    await with_account(world, profile)
    await declared(world, profile)
    await approved(world, profile)
    return profile


STEPS: dict[str, tuple[tuple[str, ...], Any]] = {
    "ask_for_profile": (("health.hr",), lambda _: AskForProfile()),
    "report_transfer": (("culture.hr",), lambda _: ReportTransfer(document="2/BC")),
    "hand_over": (("culture.hr",), lambda w: HandOver(handed_over_on=legal_date(w.now))),
    "accept_transfer": (("health.hr", "culture.hr"), lambda _: AcceptTransfer()),
}


async def moved(world: World, profile: UUID, to: UUID, *, until: int = 9, claim: bool = False) -> None:
    """A move step by step as the answers say what comes next, some days between."""
    day = legal_date(world.now)
    common: dict[str, Any] = {
        "to_agency_id": to,
        "mode": "điều động",
        "effective_on": day + timedelta(days=1),
        "decided_on": day,
        "document": "1/QĐ",
    }
    fate = None
    if claim:
        fate = await done(world, ("health.hr",), ClaimTransfer(**common), profile)
    fate = fate or await done(world, ("culture.hr",), RequestTransfer(**common), profile)
    assert fate is not None
    case, following = UUID(fate.answer["transfer_id"]), fate.answer["next"]
    while following is not None and following["verb"] in STEPS and until:
        world.now += timedelta(days=2)
        whos, body = STEPS[following["verb"]]
        fate = await done(world, whos, body(world), case, subject="transfer")
        assert fate is not None, following
        following, until = fate.answer.get("next"), until - 1
    account = await world.one("SELECT account_id FROM profiles WHERE id = :p", p=profile)
    if account.account_id is None:
        await with_account(world, profile)


async def left(world: World, profile: UUID, kind: str, **more: Any) -> None:
    body = Separate(kind=kind, effective_on=legal_date(world.now), document="9/QĐ", **more)
    assert await done(world, ("culture.hr", "health.hr"), body, profile)


async def live(world: World) -> None:
    """Entering, declaring, changing, moving in every way, leaving, coming back."""
    for origin in ("received", "received_with_national_record", "received_unconnected"):
        profile = await entered(world, origin)
        if origin == "received":
            await with_account(world, profile)
            await declared(world, profile)
    changing = await serving(world)
    notice = GiveNotice(kind="salary", changed_on=legal_date(world.now), document="5/QĐ")
    assert await done(world, ("culture.hr",), notice, changing)
    await declared(world, changing, changed_on=legal_date(world.now))
    await approved(world, changing)
    for steps in (0, 1, 2, 9):
        await moved(world, await serving(world), world.health, until=steps)
    await moved(world, await serving(world), world.health, claim=True)
    await moved(world, await serving(world), world.museum)
    await left(world, await serving(world), "retired")
    gone = await serving(world)
    await left(world, gone, "moved_out", destination="Huế", covered_by_national_database=True)
    world.now += timedelta(days=1)
    await world.step("archive", gone, told=True)
    back = ReopenProfile(agency_id=world.culture, event_on=legal_date(world.now), document="7/QĐ")
    assert await done(world, ("culture.hr",), back, gone)


async def test_its_own_law_gives_exactly_the_duties_there_are(world: World) -> None:
    await live(world)
    facts = await collected(world)
    found, there = told(walked(facts, world)), await real(world)
    assert sum(there.values()) > 25
    unlike = [*(("walked", *key) for key in found - there), *(("real", *key) for key in there - found)]
    told_apart = "\n".join(" ".join(map(str, one)) for one in unlike)
    assert not told_apart, told_apart
