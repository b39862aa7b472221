"""What is recorded with an approval; how one waits for services that are away. Real rows, real services."""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.signing.assurance import Level
from activities.signing.errors import NotNowError
from activities.signing.notary import Notary
from activities.signing.office import SigningOffice
from activities.signing.signer import DevelopmentSigners
from activities.signing.status import StatusDesk
from activities.signing.timestamping import TimestampDesk
from models.commands import SubmitDeclaration
from models.database import engine_for
from models.messages import SignRequest
from tests.chains import rolling
from tests.forms import COMPLETE
from tests.pki import DevelopmentPki
from tests.stores import store_in
from tests.world import World, build, tools_for


@pytest.fixture
async def world(database: Any, tmp_path: Path) -> AsyncIterator[World]:
    engine = engine_for(database.url("worker"), pool_size=4)
    law = rolling(own_signature=True)
    yield await build(tools_for(engine, tmp_path), datetime(2026, 3, 2, 3, 0, tzinfo=UTC), law=law)
    await engine.dispose()


@pytest.fixture
def office(world: World, tmp_path: Path, services: DevelopmentPki, http: httpx.Client) -> SigningOffice:
    services.clock(world.now)
    timestamps = TimestampDesk(f"{services.url}/tsa", services.trust, http)
    notary = Notary(services.trust, Level.B_LT, StatusDesk(services.trust, http), timestamps)
    store, threads = (
        store_in(tmp_path / "documents", world.tools),
        ThreadPoolExecutor(1),
    )
    return SigningOffice(world.tools, store, DevelopmentSigners(services.folder), threads, notary)


async def prepared(world: World) -> SignRequest:
    """The official's own signature, asked for and not yet made."""
    profile = await world.employ(until="declaration")
    revision, digest = await world.draft(profile, COMPLETE, evidence=("e" * 64,))
    await world.ask("person", SubmitDeclaration(revision_id=revision, digest=digest), profile)
    assert world.moment.to_sign is not None
    return SignRequest(
        authority_id=world.authority,
        profile_id=profile,
        approval_id=world.moment.to_sign,
        now=world.now,
    )


async def troubles(world: World) -> list[tuple[UUID, str, int]]:
    rows = await world.rows("SELECT id, reason, tries FROM signing_troubles ORDER BY since")
    return [(row.id, row.reason, row.tries) for row in rows]


async def test_everything_that_proves_it_is_recorded(world: World, office: SigningOffice) -> None:
    request = await prepared(world)
    made = await office.sign(request)
    assert not made.failure
    proof = await world.one("SELECT * FROM signature_proofs WHERE id = :id", id=request.approval_id)
    approval = await world.one("SELECT * FROM approvals WHERE id = :id", id=request.approval_id)
    assert (proof.level, proof.kind, proof.document_sha256) == ("B-LT", "approval", made.document)
    assert proof.certificate == made.certificate == proof.chain[0]
    assert (proof.content_digest, proof.rule_set_hash) == (approval.digest, approval.rule_set_hash)
    assert len(proof.chain) == 3
    assert len(proof.answers) == 3
    assert proof.stamped_at == proof.signed_at == world.now
    kept = await world.rows("SELECT sha256, kind, content FROM signature_materials")
    assert all(sha256(one.content).hexdigest() == one.sha256 for one in kept)
    named = {*proof.chain, *proof.answers, proof.token}
    assert named <= {one.sha256 for one in kept}
    assert {one.kind for one in kept} == {"certificate", "ocsp", "timestamp"}


async def test_a_proof_is_written_once(world: World, office: SigningOffice) -> None:
    request = await prepared(world)
    first = await office.sign(request)
    assert await office.sign(request) == first
    assert len(await world.rows("SELECT 1 FROM signature_proofs")) == 1
    with pytest.raises(Exception, match="permission denied"):
        await world.rows("UPDATE signature_proofs SET level = 'B-B' RETURNING id")


@pytest.mark.parametrize(
    ("faults", "reason"),
    [
        ({"tsa": "down"}, "timestamp-unavailable"),
        ({"tsa": "other_hash"}, "timestamp-wrong"),
        ({"ocsp": "down", "crl": "down"}, "revocation-unavailable"),
        ({"ocsp": "unknown", "crl": "down"}, "revocation-unknown"),
    ],
)
async def test_an_approval_waits_with_a_named_trouble(
    world: World, office: SigningOffice, services: DevelopmentPki, faults: dict[str, str], reason: str
) -> None:
    request = await prepared(world)
    services.faults(**faults)
    for tries in (1, 2):
        with pytest.raises(NotNowError):
            await office.sign(request)
        assert await troubles(world) == [(request.approval_id, reason, tries)]
    row = await world.one(
        "SELECT state, document_sha256 FROM approvals WHERE id = :id", id=request.approval_id
    )
    assert tuple(row) == ("signing", None), "nothing is shown as signed"
    assert await world.rows("SELECT 1 FROM signature_proofs") == []
    services.faults(tsa="ok", ocsp="ok", crl="ok")
    assert (await office.sign(request)).document
    assert await troubles(world) == []


async def test_a_certificate_revoked_meanwhile_ends_the_waiting(
    world: World, office: SigningOffice, services: DevelopmentPki
) -> None:
    request = await prepared(world)
    services.faults(tsa="down")
    with pytest.raises(NotNowError):
        await office.sign(request)
    own = [one for one in services.admin("GET", "/certificates") if one["account"] and not one["revoked_at"]]
    row = await world.one("SELECT approver_id FROM approvals WHERE id = :id", id=request.approval_id)
    (mine,) = (one for one in own if one["account"] == str(row.approver_id))
    services.revoke(mine["serial"])
    services.mend()
    services.clock(world.now + timedelta(hours=2))
    later = request.model_copy(update={"now": world.now + timedelta(hours=2)})
    assert (await office.sign(later)).failure == "certificate-revoked"
    assert await troubles(world) == []


async def test_a_certificate_that_ends_while_waiting_does_not_sign(
    world: World, office: SigningOffice, services: DevelopmentPki
) -> None:
    request = await prepared(world)
    services.faults(tsa="down")
    with pytest.raises(NotNowError):
        await office.sign(request)
    services.mend()
    late = datetime(2046, 1, 1, 5, 0, tzinfo=UTC)
    services.clock(late)
    failure = (await office.sign(request.model_copy(update={"now": late}))).failure
    assert failure == "certificate-not-valid-then"


def attempt(number: int, waited: timedelta = timedelta(0)) -> ActivityEnvironment:
    environment = ActivityEnvironment()
    began = environment.info.scheduled_time
    environment.info = replace(
        environment.info, attempt=number, current_attempt_scheduled_time=began + waited
    )
    return environment


async def test_a_late_attempt_signs_with_its_own_hour(
    world: World, office: SigningOffice, services: DevelopmentPki
) -> None:
    request = await prepared(world)
    services.clock(world.now + timedelta(hours=5, seconds=2))
    await attempt(40, timedelta(hours=5)).run(office.sign_approval, request)
    proof = await world.one("SELECT * FROM signature_proofs WHERE id = :id", id=request.approval_id)
    assert proof.signed_at == world.now + timedelta(hours=5)
    assert proof.stamped_at == world.now + timedelta(hours=5, seconds=2)


async def test_others_are_awaited_without_end_and_our_own_side_is_not(
    world: World, office: SigningOffice, services: DevelopmentPki
) -> None:
    request = await prepared(world)
    services.faults(tsa="down")
    with pytest.raises(ApplicationError) as trouble:
        await attempt(400).run(office.sign_approval, request)
    assert (trouble.value.type, trouble.value.non_retryable) == ("timestamp-unavailable", False)
    services.mend()
    broken = replace(office, signers=DevelopmentSigners(Path("/nonexistent")))
    for number, last in ((4, False), (5, True)):
        with pytest.raises(Exception) as error:  # noqa: PT011 — the type is what is compared below
            await attempt(number).run(broken.sign_approval, request)
        assert getattr(error.value, "non_retryable", False) is last
