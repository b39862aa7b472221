"""Signing sessions at B-LT, with the real responders: proven at prepare, asked again at completion."""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.exceptions import ApplicationError

from activities.signing.assurance import Level
from activities.signing.issuing import SignerName
from activities.signing.keystore import Keystore
from activities.signing.notary import Notary
from activities.signing.sessions import SessionOffice
from activities.signing.signer import DevelopmentSigners
from activities.signing.status import StatusDesk
from activities.signing.timestamping import TimestampDesk
from models.command_signing import CompleteSigning
from models.database import engine_for
from models.evidence import verify
from tests.activities.signing.desk import Desk, by_agent
from tests.pki import DevelopmentPki
from tests.stores import store_in
from tests.world import build, tools_for
from worker import papers_of


@pytest.fixture
async def desk(
    database: Any, tmp_path: Path, services: DevelopmentPki, http: httpx.Client
) -> AsyncIterator[Desk]:
    engine = engine_for(database.url("worker"), pool_size=4)
    world = await build(tools_for(engine, tmp_path), datetime.now(UTC))
    services.clock(world.now)
    stamps = TimestampDesk(f"{services.url}/tsa", services.trust, http)
    notary = Notary(services.trust, Level.B_LT, StatusDesk(services.trust, http), stamps)
    store, threads = (
        store_in(tmp_path / "documents", world.tools),
        ThreadPoolExecutor(1),
    )
    name = SignerName("Trần Văn Đức", "Sở Văn hóa", "Giám đốc", f"x-{world.authority.hex[:8]}")
    issued = Keystore(services.folder).signer(name)
    seals = DevelopmentSigners(services.folder)
    office = SessionOffice(world.tools, store, threads, notary, papers_of(world.tools, store), seals)
    yield Desk(world, office, tmp_path, issued, await world.employ(until="review"))
    await engine.dispose()


async def test_a_value_gets_its_timestamp_and_its_proof(desk: Desk, services: DevelopmentPki) -> None:
    await desk.open(await desk.register())
    done = await desk.signed_by_value()
    assert done.status == 200, done.answer
    verdict = verify(desk.office.store.get(desk.world.authority, done.answer["document"]), services.trust)
    assert verdict.valid, verdict.problems
    assert verdict.signatures[0].level == "B-LT"
    proof = await desk.world.one("SELECT level, token, answers FROM signature_proofs")
    assert (proof.level, bool(proof.token), bool(proof.answers)) == ("B-LT", True, True)


async def test_a_whole_file_gets_them_behind_the_agent_s_signature(
    desk: Desk, services: DevelopmentPki
) -> None:
    await desk.open(await desk.register(), how="file")
    row = await desk.session()
    returned = await by_agent(
        desk.office.store.get(desk.world.authority, row.prepared), desk, desk.issued, row.field
    )
    kept = desk.office.store.put(desk.world.authority, returned, "application/pdf").sha256
    desk.world.now = datetime.now(UTC)
    services.clock(desk.world.now)
    done = await desk.complete(CompleteSigning(session_id=row.id, prepared=row.prepared, returned=kept))
    assert done.status == 200, done.answer
    signed = desk.office.store.get(desk.world.authority, done.answer["document"])
    assert signed.startswith(returned)
    assert len(signed) > len(returned)
    verdict = verify(signed, services.trust)
    assert verdict.valid, verdict.problems
    assert next(one.level for one in verdict.signatures if one.field == row.field) in ("B-LT", "B-LTA")
    proof = await desk.world.one("SELECT token, stamped_at FROM signature_proofs")
    assert proof.token
    assert abs(proof.stamped_at - desk.world.now) < timedelta(minutes=1)


async def test_revoked_between_prepare_and_complete(desk: Desk, services: DevelopmentPki) -> None:
    await desk.open(await desk.register())
    services.revoke(f"{desk.issued.certificate.serial_number:x}")
    # Half an hour later no earlier answer holds any more.
    desk.world.now += timedelta(minutes=25)
    services.clock(desk.world.now)
    refused = await desk.signed_by_value()
    assert (refused.status, refused.answer["extra"]["reason"]) == (422, "certificate-revoked")
    assert await desk.states() == ("open", "signing", "signing")


async def test_nobody_answers(desk: Desk, services: DevelopmentPki) -> None:
    """Nothing is signed below its level: the value waits, told by name, until somebody answers."""
    await desk.open(await desk.register())
    row, value = await desk.session(), await desk.value()
    services.faults(tsa="down")
    body = CompleteSigning(session_id=row.id, prepared=row.prepared, value=value)
    asked = await desk.world.ask("culture.approver", body, desk.profile)
    session = desk.world.moment.to_finish
    assert session is not None
    with pytest.raises(ApplicationError) as away:
        await desk.office.finish_session(desk.request(session))
    assert away.value.type == "timestamp-unavailable"
    trouble = await desk.world.one("SELECT reason FROM signing_troubles")
    assert trouble.reason == "timestamp-unavailable"
    assert (await desk.states())[:2] == ("completing", "signing")
    # Hours later, long after the session's own time: it was signed in time, and nobody signs twice.
    desk.world.now += timedelta(hours=6)
    assert desk.world.now > row.expires_at
    services.mend()
    services.clock(desk.world.now)
    made = await desk.office.finish_session(desk.request(session))
    assert made.document, made.failure
    (one,) = verify(desk.office.store.get(desk.world.authority, made.document), services.trust).signatures
    assert one.competence is not None
    assert one.proven_at is not None
    assert one.proven_at > row.expires_at
    assert one.level in ("B-LT", "B-LTA"), "with answers of that hour"
    assert await desk.world.rows("SELECT 1 FROM signing_troubles") == []
    assert asked.settled is False
