"""Worlds with offices that sign approvals and exports; the trust list their files are judged by."""

from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from activities.exports.office import ExportOffice
from activities.signing.keystore import Keystore
from activities.signing.office import SigningOffice
from activities.signing.signer import DevelopmentSigners
from models.command_exports import ExportDossier
from models.commands import Body, SubmitDeclaration
from models.database import engine_for
from models.evidence import TrustList
from models.messages import ExportRequest, SignRequest
from models.record.commands import Fate
from models.regulations import in_force
from tests.forms import COMPLETE
from tests.notaries import quiet
from tests.stores import store_in
from tests.world import World, build, tools_for

Offices = tuple[SigningOffice, ExportOffice]
BODY = ExportDossier(purpose="Bổ nhiệm lại", recipient="Ban Tổ chức Thành ủy")


@pytest.fixture
async def world(database: Any, tmp_path: Path) -> AsyncIterator[World]:
    engine = engine_for(database.url("worker"), pool_size=4)
    yield await build(tools_for(engine, tmp_path), datetime(2026, 3, 2, 3, 0, tzinfo=UTC))
    await engine.dispose()


@pytest.fixture
async def ministry(database: Any, tmp_path: Path) -> AsyncIterator[World]:
    """An authority under the ministry's rules."""
    engine = engine_for(database.url("worker"), pool_size=4)
    now = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
    yield await build(tools_for(engine, tmp_path), now, law=in_force("moha", now.date()))
    await engine.dispose()


@pytest.fixture
def offices(world: World, tmp_path: Path) -> Offices:
    return _offices(world, tmp_path)


@pytest.fixture
def ministry_offices(ministry: World, tmp_path: Path) -> Offices:
    return _offices(ministry, tmp_path)


def _offices(world: World, tmp_path: Path) -> Offices:
    Keystore(tmp_path / "pki").create()
    signers, store = (
        DevelopmentSigners(tmp_path / "pki"),
        store_in(tmp_path / "documents", world.tools),
    )
    with_them = (world.tools, store, signers, ThreadPoolExecutor(1))
    return SigningOffice(*with_them, quiet(tmp_path / "pki")), ExportOffice(
        *with_them, quiet(tmp_path / "pki")
    )


async def approve(world: World, offices: Offices, profile: UUID) -> str:
    """A real signature on what waits; answers the file."""
    asked = await world.ask("culture.approver", await world.pending(profile), profile)
    return await signed(world, offices, profile, asked)


async def signed(world: World, offices: Offices, profile: UUID, asked: Fate) -> str:
    """The signature that a command prepared, made and recorded; answers the file."""
    approval = world.moment.to_sign
    assert approval is not None, asked.answer
    request = SignRequest(
        authority_id=world.authority, profile_id=profile, approval_id=approval, now=world.now
    )
    made = await offices[0].sign(request)
    facts = {"approval": str(approval), "settles": str(asked.id)}
    await world.step(
        "complete_approval", profile, **facts, document=made.document, certificate=made.certificate
    )
    return made.document


async def employed(world: World, offices: Offices) -> tuple[UUID, str]:
    profile = await world.employ(until="review")
    return profile, await approve(world, offices, profile)


async def export(world: World, offices: Offices, profile: UUID, who: str, body: Body) -> Fate:
    """Ask, make, record: as the profile's workflow does."""
    asked = await world.ask(who, body, profile)
    if (export_id := world.moment.to_export) is None:
        return asked
    request = ExportRequest(authority_id=world.authority, export_id=export_id, now=world.now)
    made = await offices[1].make_export(request)
    assert await offices[1].make_export(request) == made, "the same export is the same file"
    facts = {"export": str(export_id), "settles": str(asked.id), "step": str(asked.id)}
    await world.step("complete_export", profile, **facts, document=made.document)
    return await world.ask(who, body, profile, key=asked.id)


async def served(world: World, offices: Offices) -> UUID:
    """Somebody under the ministry's rules whose first declaration every step of the chain has signed."""
    profile = await world.employ(agency=world.culture, until="declaration")
    revision, digest = await world.draft(profile, COMPLETE, evidence=("e" * 64,))
    asked = await world.ask("person", SubmitDeclaration(revision_id=revision, digest=digest), profile)
    await signed(world, offices, profile, asked)
    for who in ("culture.hr", "culture.hr_head", "culture.head"):
        await signed(world, offices, profile, await world.ask(who, await world.pending(profile), profile))
    return profile


@pytest.fixture
def trusted(tmp_path: Path) -> Callable[[], TrustList]:
    return lambda: TrustList.parse((tmp_path / "pki" / "trust.json").read_bytes())
