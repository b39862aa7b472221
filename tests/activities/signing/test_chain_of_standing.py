"""Who signs depends on how the unit stands to its authority: two chains of one law on real rows and files."""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from activities.signing.keystore import Keystore
from activities.signing.office import SigningOffice
from activities.signing.signer import DevelopmentSigners
from models.commands import ReturnedField, ReturnForCorrection, SubmitDeclaration
from models.database import engine_for
from models.messages import SignRequest
from models.record.commands import Fate
from models.regulations import in_force
from tests.forms import COMPLETE
from tests.notaries import quiet
from tests.stores import store_in
from tests.world import World, build, tools_for

DEPARTMENT = ("department", "department.head")
UNIT = ("culture.hr", "culture.hr_head", "culture.head")


@pytest.fixture
async def world(database: Any, tmp_path: Path) -> AsyncIterator[World]:
    engine = engine_for(database.url("worker"), pool_size=4)
    law = in_force("moha", date(2026, 3, 2))
    yield await build(tools_for(engine, tmp_path), datetime(2026, 3, 2, 3, 0, tzinfo=UTC), law=law)
    await engine.dispose()


@pytest.fixture
def office(world: World, tmp_path: Path) -> SigningOffice:
    Keystore(tmp_path / "pki").create()
    signers = DevelopmentSigners(tmp_path / "pki")
    store, threads = (
        store_in(tmp_path / "documents", world.tools),
        ThreadPoolExecutor(1),
    )
    return SigningOffice(world.tools, store, signers, threads, quiet(tmp_path / "pki"))


async def through(world: World, office: SigningOffice, profile: UUID, asked: Fate) -> None:
    """The signature that a command prepared, made and recorded."""
    approval = world.moment.to_sign
    assert approval is not None, asked.answer
    request = SignRequest(
        authority_id=world.authority, profile_id=profile, approval_id=approval, now=world.now
    )
    made = await office.sign(request)
    assert not made.failure
    facts = {"approval": str(approval), "settles": str(asked.id)}
    await world.step(
        "complete_approval", profile, **facts, document=made.document, certificate=made.certificate
    )


async def declared(world: World, office: SigningOffice, agency: UUID) -> UUID:
    """A first declaration of somebody in ``agency``, signed by the official."""
    profile = await world.employ(agency=agency, until="declaration")
    revision, digest = await world.draft(profile, COMPLETE, evidence=("e" * 64,))
    asked = await world.ask("person", SubmitDeclaration(revision_id=revision, digest=digest), profile)
    await through(world, office, profile, asked)
    return profile


async def owed(world: World, profile: UUID) -> list[tuple[str, bool, date]]:
    """Role, whether it is the department's, and due date of the step that is waited for."""
    rows = await world.rows(
        "SELECT party, agency_id, due_on FROM duties WHERE profile_id = :p AND state = 'open'"
        " AND facts ? 'step'",
        p=profile,
    )
    return [(row.party, row.agency_id == world.department, row.due_on) for row in rows]


@pytest.mark.rule("moha.art7.2.a.1")
async def test_the_department_reviews_and_its_director_approves_for_a_constituent_unit(
    world: World, office: SigningOffice
) -> None:
    profile = await declared(world, office, world.museum)
    for who in (*UNIT, "department.head"):
        refused = await world.ask(who, await world.pending(profile), profile)
        assert refused.status == 403, who
    # Five working days from the declaration of Monday 2 March, ten from the officer's signature of 3 March.
    steps = [("department_officer", True, date(2026, 3, 9)), ("department_head", True, date(2026, 3, 17))]
    for who, expected in zip(DEPARTMENT, steps, strict=True):
        assert await owed(world, profile) == [expected]
        world.now += timedelta(days=1)
        await through(world, office, profile, await world.ask(who, await world.pending(profile), profile))
    row = await world.one("SELECT chapter FROM profiles WHERE id = :p", p=profile)
    assert row.chapter == "service"


@pytest.mark.rule("moha.art7.2.b.3")
async def test_a_subordinate_unit_reviews_and_approves_itself(world: World, office: SigningOffice) -> None:
    profile = await declared(world, office, world.culture)
    for who in DEPARTMENT:
        refused = await world.ask(who, await world.pending(profile), profile)
        assert (refused.status, refused.answer["code"]) == (403, "not-competent")
    # 2 March + 5; 3 March + 5; 4 March + 10 working days.
    steps = [
        ("hr_officer", False, date(2026, 3, 9)),
        ("hr_head", False, date(2026, 3, 10)),
        ("head", False, date(2026, 3, 18)),
    ]
    for who, expected in zip(UNIT, steps, strict=True):
        assert await owed(world, profile) == [expected]
        world.now += timedelta(days=1)
        await through(world, office, profile, await world.ask(who, await world.pending(profile), profile))
    row = await world.one("SELECT chapter FROM profiles WHERE id = :p", p=profile)
    assert row.chapter == "service"


async def test_the_department_gives_back_only_what_it_reviews(world: World, office: SigningOffice) -> None:
    for agency, status in ((world.culture, 403), (world.museum, 200)):
        profile = await declared(world, office, agency)
        body = ReturnForCorrection(
            revision_id=(await world.pending(profile)).revision_id,
            fields=(ReturnedField(path="hometown", reason="Sai"),),
            reason="Thiếu bản số hóa",
        )
        done = await world.ask("department", body, profile)
        assert done.status == status, done.answer
        if status == 403:
            assert done.answer["code"] == "not-competent"
            assert "Điều 7.2.b đoạn 1" in done.answer["citation"]
