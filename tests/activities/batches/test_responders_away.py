"""A month is signed while nobody tells of revocation, for hours: what was signed stays, the rest waits
unsigned and goes on at the exact item. Real OCSP, lists and timestamps (the development PKI's own process).
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.batches.rounds import PATIENCE, approve_batch
from activities.signing.assurance import Level
from activities.signing.notary import Notary
from activities.signing.office import SigningOffice
from activities.signing.signer import DevelopmentSigners
from activities.signing.status import StatusDesk
from activities.signing.timestamping import TimestampDesk
from models.evidence import verify
from models.messages import Batch, MonthStart
from tests.activities.batches.conftest import OPENING, batch, chosen, items_of, month_of, submitted
from tests.activities.batches.test_one_list import confirm, cut, list_of
from tests.pki import DevelopmentPki
from tests.world import World

HOUR = timedelta(hours=1)
AWAY = "revocation-unavailable"


@pytest.fixture
async def listed(world: World, months: Any, run: Any) -> tuple[Any, list[UUID]]:
    """Culture's open list with four people."""
    people = sorted([await submitted(world, n) for n in range(1, 5)])
    world.now = OPENING
    await run(months.open_agency_months, MonthStart(authority_id=world.authority, month="2026-01"))
    return await month_of(world, world.culture), people


@pytest.fixture
def office(signing: SigningOffice, services: DevelopmentPki, http: httpx.Client) -> SigningOffice:
    """Signs at B-LT: nothing without a timestamp and a word on revocation."""
    services.clock(OPENING)
    timestamps = TimestampDesk(f"{services.url}/tsa", services.trust, http)
    notary = Notary(services.trust, Level.B_LT, StatusDesk(services.trust, http), timestamps)
    return replace(signing, signers=DevelopmentSigners(services.folder), notary=notary)


@pytest.fixture
def attempt(client: Client, office: SigningOffice, services: DevelopmentPki) -> Any:
    """One attempt at a batch, so many hours after the first was due."""

    async def attempted(given: Batch, number: int, hours: int) -> Any:
        services.clock(OPENING + hours * HOUR)
        environment = ActivityEnvironment(client)
        due = environment.info.scheduled_time + hours * HOUR
        environment.info = replace(environment.info, attempt=number, current_attempt_scheduled_time=due)
        return await environment.run(approve_batch, office.tools, office, given)

    return attempted


async def refused_for_hours(attempt: Any, given: Batch) -> None:
    """Asked again and again: it is named, and never given up."""
    for number, hours in ((2, 1), (PATIENCE + 1, 3), (PATIENCE + 40, 6)):
        with pytest.raises(ApplicationError) as told:
            await attempt(given, number, hours)
        assert (told.value.type, told.value.non_retryable) == (AWAY, False)


async def documents(world: World) -> dict[UUID, str]:
    """What is shown as signed, by approval; all else of an approval is told to be under way."""
    rows = await world.rows("SELECT id, state, document_sha256 FROM approvals")
    signed = {row.id: row.document_sha256 for row in rows if row.state == "signed"}
    assert None not in signed.values()
    assert {(row.state, row.document_sha256) for row in rows if row.id not in signed} <= {("signing", None)}
    proofs = await world.rows("SELECT document_sha256 FROM signature_proofs")
    assert {row.document_sha256 for row in proofs} == set(signed.values())
    told = await world.rows("SELECT 1 FROM events WHERE kind = 'approval.signed'")
    assert len(told) == len(signed)
    return signed


def holds(office: SigningOffice, world: World, document: str) -> None:
    verdict = verify(office.store.get(world.authority, document), office.notary.trust)
    assert verdict.valid, verdict.problems
    assert [(one.level, one.revocation) for one in verdict.signatures] == [("B-LT", "good")]


async def test_single_signatures_stop_at_the_item_and_go_on_there(
    world: World, listed: Any, office: SigningOffice, attempt: Any, services: DevelopmentPki
) -> None:
    month, people = listed
    given = batch(world, month, await chosen(world, month.id))
    assert (await attempt(given.model_copy(update={"most": 2}), 1, 0)).more
    before = await documents(world)
    assert len(before) == 2
    services.faults(ocsp="down", crl="down")
    await refused_for_hours(attempt, given)
    assert await documents(world) == before, "nothing was signed, and nothing is shown as signed"
    items = await items_of(world, month.id)
    assert sorted(items[p].state for p in people) == ["approved", "approved", "listed", "listed"]
    lives = await world.rows(
        "SELECT id FROM profiles WHERE approved_revision_id IS NOT NULL AND id = ANY (:of)", of=people
    )
    assert {row.id for row in lives} == {p for p in people if items[p].state == "approved"}
    troubles = await world.rows("SELECT reason, tries FROM signing_troubles")
    assert [tuple(row) for row in troubles] == [(AWAY, 3)] * 2
    assert (await world.one("SELECT trouble FROM approval_rounds")).trouble == AWAY

    services.faults(ocsp="ok", crl="ok")
    result = await attempt(given, PATIENCE + 41, 7)
    assert (result.done, result.refused) == (4, 0)
    after = await documents(world)
    assert before.items() <= after.items(), "what was signed before was not signed again"
    assert len(set(after.values())) == 4
    for document in after.values():
        holds(office, world, document)
    proofs = await world.rows("SELECT signed_at FROM signature_proofs ORDER BY signed_at")
    assert [row.signed_at for row in proofs] == [OPENING] * 2 + [OPENING + 7 * HOUR] * 2
    assert await world.rows("SELECT 1 FROM signing_troubles") == []
    assert (await world.one("SELECT trouble FROM approval_rounds")).trouble is None


async def test_a_list_waits_whole_and_is_signed_whole(
    world: World,
    listed: Any,
    months: Any,
    run: Any,
    office: SigningOffice,
    attempt: Any,
    services: DevelopmentPki,
) -> None:
    month, _ = listed
    shown = await cut(world, months, run, month)
    given = batch(world, month, (await confirm(world, month, shown)).id)
    services.faults(ocsp="down", crl="down")
    await refused_for_hours(attempt, given)
    waiting = await list_of(world, shown.id)
    assert (waiting.state, waiting.document_sha256) == ("signing", None)
    assert await documents(world) == {}
    services.faults(ocsp="ok", crl="ok")
    assert (await attempt(given, PATIENCE + 41, 7)).done == 4
    signed = await list_of(world, shown.id)
    assert signed.state == "signed"
    rows = await world.rows("SELECT DISTINCT document_sha256 FROM approvals WHERE state = 'signed'")
    assert [row.document_sha256 for row in rows] == [signed.document_sha256]
    holds(office, world, signed.document_sha256)
