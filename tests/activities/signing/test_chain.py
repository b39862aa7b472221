"""A chain of signatures from the submission to the approval: real rows, real signatures on one file."""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from activities.signing.keystore import Keystore
from activities.signing.office import SigningOffice
from activities.signing.signer import DevelopmentSigners
from models.commands import SubmitDeclaration
from models.database import engine_for
from models.evidence import verify
from models.messages import SignRequest
from models.record.commands import Fate
from tests.chains import rolling
from tests.forms import COMPLETE
from tests.notaries import quiet
from tests.stores import store_in
from tests.world import World, build, tools_for

REVIEWERS = ("culture.hr", "culture.hr_head", "culture.head")


@pytest.fixture
async def world(database: Any, tmp_path: Path) -> AsyncIterator[World]:
    engine = engine_for(database.url("worker"), pool_size=4)
    law = rolling(own_signature=True)
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


async def through(world: World, office: SigningOffice, profile: UUID, asked: Fate) -> dict[str, Any]:
    """The signature that a command prepared, made and recorded as the workflow does; the answer's facts."""
    approval = world.moment.to_sign
    assert approval is not None, asked.answer
    request = SignRequest(
        authority_id=world.authority, profile_id=profile, approval_id=approval, now=world.now
    )
    made = await office.sign(request)
    assert not made.failure
    await world.step(
        "complete_approval",
        profile,
        approval=str(approval),
        settles=str(asked.id),
        document=made.document,
        certificate=made.certificate,
    )
    row = await world.one("SELECT answer, status FROM commands WHERE id = :id", id=asked.id)
    assert row.status == 200
    return dict(row.answer)


async def declared(world: World, office: SigningOffice) -> UUID:
    """A first declaration, signed by the official."""
    profile = await world.employ(until="declaration")
    revision, digest = await world.draft(profile, COMPLETE, evidence=("e" * 64,))
    asked = await world.ask("person", SubmitDeclaration(revision_id=revision, digest=digest), profile)
    waiting = await world.one("SELECT chapter, pending_revision_id FROM profiles WHERE id = :p", p=profile)
    assert (waiting.chapter, waiting.pending_revision_id) == ("declaration", revision)
    await through(world, office, profile, asked)
    return profile


async def owed(world: World, profile: UUID) -> list[tuple[str, str, int]]:
    rows = await world.rows(
        "SELECT slot, party, (facts ->> 'step')::int AS step FROM duties WHERE profile_id = :p"
        " AND state = 'open' AND facts ? 'step' ORDER BY opened_at",
        p=profile,
    )
    return [(row.slot, row.party, row.step) for row in rows]


async def test_four_signatures_on_one_file_in_the_order_of_the_law(
    world: World, office: SigningOffice
) -> None:
    profile = await declared(world, office)
    expected = [
        [("review_step", "hr_officer", 1)],
        [("review_step", "hr_head", 2)],
        [("approval_window", "head", 3)],
    ]
    documents = []
    for who, duties in zip(REVIEWERS, expected, strict=True):
        assert await owed(world, profile) == duties
        world.now += timedelta(days=1)
        asked = await world.ask(who, await world.pending(profile), profile)
        documents.append((await through(world, office, profile, asked))["document"])
    assert await owed(world, profile) == []
    row = await world.one("SELECT chapter, status FROM profiles WHERE id = :p", p=profile)
    assert (row.chapter, row.status) == ("service", "working")
    steps = await world.rows(
        "SELECT step, approver_role, state FROM approvals WHERE profile_id = :p ORDER BY step", p=profile
    )
    assert [(one.step, one.approver_role, one.state) for one in steps] == [
        (0, "official", "signed"),
        (1, "hr_officer", "signed"),
        (2, "hr_head", "signed"),
        (3, "head", "signed"),
    ]
    verdict = verify(office.store.get(world.authority, documents[-1]), office.signers._keystore.trust())
    assert verdict.valid, verdict.problems
    assert [one.field for one in verdict.signatures] == ["official", "step1", "step2", "authority"]
    records = [one.competence for one in verdict.signatures]
    assert [one and one["role"] for one in records] == ["official", "hr_officer", "hr_head", "head"]
    assert all(one and one["rules"] and one["authority"] == str(world.authority) for one in records)
    assert len(set(documents)) == 3


async def test_a_step_out_of_turn_is_refused_with_the_article(world: World, office: SigningOffice) -> None:
    profile = await declared(world, office)
    for who in ("culture.hr_head", "culture.head", "culture.approver"):
        refused = await world.ask(who, await world.pending(profile), profile)
        assert refused.status == 403
        assert refused.answer["code"] == "not-competent"
        assert refused.answer["citation"]
    assert await owed(world, profile) == [("review_step", "hr_officer", 1)]


async def test_the_own_signature_that_fails_leaves_a_draft(world: World) -> None:
    profile = await world.employ(until="declaration")
    revision, digest = await world.draft(profile, COMPLETE, evidence=("e" * 64,))
    asked = await world.ask("person", SubmitDeclaration(revision_id=revision, digest=digest), profile)
    facts = {"approval": str(world.moment.to_sign), "settles": str(asked.id)}
    await world.step("fail_approval", profile, **facts, reason="signing-unavailable")
    row = await world.one(
        "SELECT p.chapter, p.pending_revision_id, r.state FROM profiles p JOIN revisions r ON r.id = :r"
        " WHERE p.id = :p",
        p=profile,
        r=revision,
    )
    assert (row.chapter, row.pending_revision_id, row.state) == ("declaration", None, "draft")
    again = await world.ask("person", SubmitDeclaration(revision_id=revision, digest=digest), profile)
    assert world.moment.to_sign is not None, again.answer
