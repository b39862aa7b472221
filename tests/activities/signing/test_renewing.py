"""The archive's renewal: rows, real files, the real timestamp authority stopped in the middle of it."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.signing import archiving, renewing
from activities.signing.assurance import Level
from activities.signing.keystore import Keystore
from activities.signing.notary import Notary
from activities.signing.renewing import RenewalOffice
from activities.signing.signer import Pkcs12Signer
from activities.signing.status import StatusDesk
from activities.signing.timestamping import TimestampDesk
from models.database import engine_for
from models.evidence import verify
from models.evidence.algorithms import AlgorithmEnd, current_policy
from models.messages import RenewalDone, RenewalStart
from tests.models.evidence import samples
from tests.pki import DevelopmentPki
from tests.stores import store_in
from tests.world import World, build, tools_for

AT = samples.FIRST_AT
ENDS = datetime(2026, 1, 1, tzinfo=UTC)
NIGHT = ENDS - timedelta(days=30)


@pytest.fixture
async def world(database: Any, tmp_path: Path) -> AsyncIterator[World]:
    engine = engine_for(database.url("worker"), pool_size=4)
    yield await build(tools_for(engine, tmp_path), datetime(2026, 3, 2, 3, 0, tzinfo=UTC))
    await engine.dispose()


@pytest.fixture
async def office(world: World, tmp_path: Path, services: DevelopmentPki, http: httpx.Client) -> RenewalOffice:
    """Three files of level B-LTA that end one after another, and the authority's next certificate."""
    timestamps = TimestampDesk(f"{services.url}/tsa", services.trust, http)
    notary = Notary(services.trust, Level.B_LTA, StatusDesk(services.trust, http), timestamps)
    store = store_in(tmp_path / "documents", world.tools)
    period = {"valid_from": "2024-01-01T00:00:00Z", "valid_to": ENDS.isoformat()}
    services.admin("POST", "/timestamper", period)
    services.clock(AT)
    official = Pkcs12Signer(Keystore(services.folder).signer(samples.OFFICIAL))
    for number in range(3):
        blank = samples.small_blank(str(number))
        place = {"field": "official", "reason": "", "location": "", "signed_at": AT}
        made = await asyncio.to_thread(notary.sign, official, blank, **place)
        kept = store.put(world.authority, made.pdf, "application/pdf").sha256
        await world.rows(
            "INSERT INTO archived_files (authority_id, document_sha256, current_sha256, ends_at, renewals,"
            " renewed_at) VALUES (:authority, :kept, :kept, :ends, 0, :now) RETURNING 1",
            authority=world.authority,
            kept=kept,
            ends=ENDS + timedelta(days=number),
            now=AT,
        )
    services.clock(NIGHT)
    period = {"valid_from": "2025-06-01T00:00:00Z", "valid_to": "2035-01-01T00:00:00Z"}
    services.admin("POST", "/timestamper", period)
    timestamps.forget()
    return RenewalOffice(world.tools, store, notary, ThreadPoolExecutor(1), timedelta(days=90))


async def renew(office: RenewalOffice, world: World, at: datetime = NIGHT, **more: Any) -> RenewalDone:
    start = RenewalStart(authority_id=world.authority, now=at, **more)
    done: RenewalDone = await ActivityEnvironment().run(office.renew_archive, start)
    return done


async def rows(world: World) -> list[Any]:
    return await world.rows("SELECT * FROM archived_files ORDER BY document_sha256")


async def test_what_soon_ends_is_renewed_once(world: World, office: RenewalOffice) -> None:
    assert await renew(office, world, ENDS - timedelta(days=200)) == RenewalDone(renewed=0, failed=0)
    assert await renew(office, world) == RenewalDone(renewed=3, failed=0)
    for row in await rows(world):
        assert (row.renewals, row.ends_at.year, row.trouble) == (1, 2035, None)
        before, after = (
            office.store.get(world.authority, row.document_sha256),
            office.store.get(world.authority, row.current_sha256),
        )
        assert after.startswith(before)
        verdict = verify(after, office.notary.trust, at=ENDS + timedelta(days=1000))
        assert {one.level for one in verdict.signatures} == {"B-LTA"}
    assert await renew(office, world) == RenewalDone(renewed=0, failed=0)


async def test_everything_is_renewed_when_an_algorithm_ends(
    world: World, office: RenewalOffice, services: DevelopmentPki
) -> None:
    early = ENDS - timedelta(days=200)
    services.clock(early)
    assert await renew(office, world, early, everything=True) == RenewalDone(renewed=3, failed=0)


async def test_an_end_set_after_a_file_was_archived_makes_it_due(
    world: World, office: RenewalOffice, services: DevelopmentPki, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each file is looked at once, and what its newest timestamp then still proves is written down."""
    early = ENDS - timedelta(days=200)
    services.clock(early)
    end = AlgorithmEnd("ec", early + timedelta(days=60), "phép thử")
    policy = replace(current_policy(), ends=(end,))
    for module in (renewing, archiving):
        monkeypatch.setattr(module, "current_policy", lambda: policy)
    assert await renew(office, world, early - timedelta(days=40)) == RenewalDone(renewed=0, failed=0)
    # The authority still signs with that very algorithm: told, and not timestamped again each night.
    assert await renew(office, world, early) == RenewalDone(renewed=0, failed=3)
    told = {(row.ends_at, row.trouble, row.renewals) for row in await rows(world)}
    assert told == {(end.at, "timestamp-ends-no-later", 0)}
    # It has changed to one that lasts.
    monkeypatch.setattr(archiving, "current_policy", current_policy)
    assert await renew(office, world, early) == RenewalDone(renewed=3, failed=0)


async def test_it_goes_on_at_the_file_that_waits(
    world: World, office: RenewalOffice, services: DevelopmentPki, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process is killed when one file is renewed; started again, the other two follow."""
    one = office.notary.renew

    def then_gone(self: Notary, pdf: bytes, at: datetime) -> tuple[bytes, datetime]:
        made = one(pdf, at)
        services.stop(kill=True)
        return made

    with monkeypatch.context() as patch:
        patch.setattr(Notary, "renew", then_gone)
        with pytest.raises(ApplicationError) as trouble:
            # The second file meets a dead process: whatever answers first is what is told.
            await renew(office, world)
    assert trouble.value.type in ("timestamp-unavailable", "revocation-unavailable")
    assert sorted(row.renewals for row in await rows(world)) == [0, 0, 1]
    assert [row.trouble for row in await rows(world) if row.trouble] == [trouble.value.type]
    services.start()
    services.clock(NIGHT)
    assert await renew(office, world) == RenewalDone(renewed=2, failed=0)
    assert {(row.renewals, row.trouble) for row in await rows(world)} == {(1, None)}


async def test_a_file_that_does_not_hold_keeps_no_other_back(world: World, office: RenewalOffice) -> None:
    broken = office.store.put(world.authority, samples.small_blank("x"), "application/pdf").sha256
    first = (await rows(world))[0].document_sha256
    await world.rows(
        "UPDATE archived_files SET current_sha256 = :b WHERE document_sha256 = :d RETURNING 1",
        b=broken,
        d=first,
    )
    assert await renew(office, world) == RenewalDone(renewed=2, failed=1)
    assert (await rows(world))[0].trouble == "signature-not-valid"
