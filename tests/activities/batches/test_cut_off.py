"""A round cut off by ``kill -9`` or a token pulled out goes on at the exact item; a list is whole or not.

Whatever the moment: nothing is signed twice, nothing is skipped, and nothing unsigned is shown as signed.
"""

import asyncio
import json
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event
from time import sleep
from typing import Any
from uuid import UUID

import pytest
from temporalio.exceptions import ApplicationError

from activities.batches.rounds import PATIENCE, approve_batch
from activities.signing.errors import SignerAwayError
from activities.signing.issuing import SignerName
from activities.signing.office import SigningOffice
from activities.signing.signer import DevelopmentSigners, Signer
from models.evidence import verify
from models.messages import MonthStart
from tests.activities.batches.conftest import OPENING, batch, chosen, items_of, month_of, submitted
from tests.activities.batches.test_one_list import confirm, cut, list_of
from tests.world import World

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
async def listed(world: World, months, run) -> tuple[Any, list[UUID]]:
    """Culture's open list with four people, in the order of their ids."""
    people = sorted([await submitted(world, n) for n in range(1, 5)])
    world.now = OPENING
    await run(months.open_agency_months, MonthStart(authority_id=world.authority, month="2026-01"))
    return await month_of(world, world.culture), people


async def _killed(database: Any, folder: Path, pki: Path, given: Any, *, at: int, after: bool) -> None:
    """Run the round in a process of its own and kill it where it stands still."""
    argument = {
        "database": database.url("worker"),
        "folder": str(folder),
        "pki": str(pki),
        "at": at,
        "after": after,
        "batch": json.loads(given.model_dump_json()),
    }
    command = [sys.executable, "-m", "tests.activities.batches.batch_process", json.dumps(argument)]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    assert await process.stdout.readline() == b"standing still\n"
    process.send_signal(signal.SIGKILL)
    assert await process.wait() == -signal.SIGKILL


async def _each_once(world: World, signing: SigningOffice, people: list[UUID]) -> None:
    approvals = await world.rows("SELECT profile_id, state, document_sha256 FROM approvals")
    assert sorted(a.profile_id for a in approvals) == people
    assert {a.state for a in approvals} == {"signed"}
    trust = signing.signers._keystore.trust()
    assert all(
        verify(signing.store.get(world.authority, sha), trust).valid
        for sha in {a.document_sha256 for a in approvals}
    )
    told = await world.rows("SELECT stream_id FROM events WHERE kind = 'approval.signed'")
    assert sorted(row.stream_id for row in told) == people
    results = await world.rows("SELECT profile_id, outcome FROM approval_results WHERE outcome = 'approved'")
    assert sorted(row.profile_id for row in results) == people


@pytest.mark.parametrize("after", [False, True])
async def test_a_killed_worker_s_single_signatures_go_on(
    world, database, listed, months, run, signing, tmp_path, pki, after: bool
) -> None:
    month, people = listed
    given = batch(world, month, await chosen(world, month.id))
    await _killed(database, tmp_path, pki, given, at=3, after=after)
    items = await items_of(world, month.id)
    assert "listed" in {item.state for item in items.values()}
    result = await run(months.approve_batch, given)
    assert (result.done, result.refused) == (4, 0)
    await _each_once(world, signing, people)


@pytest.mark.parametrize("after", [False, True])
async def test_a_killed_worker_s_list_is_whole_or_not_at_all(
    world, database, listed, months, run, signing, tmp_path, pki, after: bool
) -> None:
    month, people = listed
    shown = await cut(world, months, run, month)
    given = batch(world, month, (await confirm(world, month, shown)).id)
    await _killed(database, tmp_path, pki, given, at=1, after=after)
    assert not await world.rows("SELECT 1 FROM approvals")
    waiting = await list_of(world, shown.id)
    assert (waiting.state, waiting.document_sha256) == ("signing", None)
    result = await run(months.approve_batch, given)
    assert (result.done, result.refused) == (4, 0)
    assert (await list_of(world, shown.id)).state == "signed"
    await _each_once(world, signing, people)


class Pulled:
    """Development keys behind a token that is there for so many signatures. It is found gone by another lane
    while those are being made: they end ``late`` after it is, at the worst moment for them.
    """

    def __init__(self, real: DevelopmentSigners, left: int, late: float) -> None:
        self._keystore, self.real, self.left, self.late = real._keystore, real, left, late
        self.gone = Event()

    def signer_for(self, name: SignerName) -> Signer:
        if self.left <= 0:
            self.gone.set()
            raise SignerAwayError("token-away", "token x: TokenNotPresent")
        self.left -= 1
        if self.late:
            assert self.gone.wait(60)
            sleep(self.late)
        return self.real.signer_for(name)

    def seal_for(self, agency_id: str, agency: str) -> Signer:
        return self.real.seal_for(agency_id, agency)


def _office(signing: SigningOffice, left: int, late: float = 0) -> tuple[SigningOffice, Pulled]:
    token = Pulled(signing.signers, left, late)
    return replace(signing, signers=token, threads=ThreadPoolExecutor(4)), token


async def test_a_token_pulled_out_stops_at_the_item_and_goes_on_there(
    world, listed, months, run, signing
) -> None:
    month, people = listed
    office, token = _office(signing, 2, late=0.3)

    async def go(given: Any) -> Any:
        return await approve_batch(world.tools, office, given)

    given = batch(world, month, await chosen(world, month.id))
    with pytest.raises(ApplicationError) as told:
        await run(go, given)
    assert told.value.type == "token-away"
    # What was being signed when the token went is written, not thrown away.
    states = [row.state for row in await world.rows("SELECT state FROM approvals")]
    assert states.count("signed") == 2
    assert "failed" not in states, "nothing is given up"
    (round_,) = await world.rows("SELECT trouble FROM approval_rounds")
    assert round_.trouble == "token-away"
    token.left, token.late = 2, 0
    result = await run(go, given, attempt=2)
    assert (result.done, result.refused) == (4, 0)
    assert token.left == 0, "exactly the two that were missing were signed"
    (round_,) = await world.rows("SELECT trouble FROM approval_rounds")
    assert round_.trouble is None
    await _each_once(world, signing, people)


async def test_a_token_that_stays_away_leaves_the_rest_to_people(world, listed, run, signing) -> None:
    month, people = listed
    office, _ = _office(signing, 0)

    async def go(given: Any) -> Any:
        return await approve_batch(world.tools, office, given)

    given = batch(world, month, await chosen(world, month.id))
    result = await run(go, given, attempt=PATIENCE + 1)
    assert (result.done, result.refused) == (0, 4)
    items = await items_of(world, month.id)
    assert {(items[p].state, items[p].reason) for p in people} == {("listed", "token-away")}
    left = await world.rows("SELECT DISTINCT state FROM revisions")
    assert [row.state for row in left] == ["submitted"]


async def test_a_list_waits_for_its_token_and_ends_when_it_stays_away(
    world, listed, months, run, signing
) -> None:
    month, _ = listed
    office, token = _office(signing, 0)

    async def go(given: Any) -> Any:
        return await approve_batch(world.tools, office, given)

    shown = await cut(world, months, run, month)
    given = batch(world, month, (await confirm(world, month, shown)).id)
    with pytest.raises(ApplicationError):
        await run(go, given)
    assert (await list_of(world, shown.id)).state == "signing"
    await run(go, given, attempt=PATIENCE + 1)
    ended = await list_of(world, shown.id)
    assert (ended.state, ended.reason) == ("failed", "token-away")
    assert not await world.rows("SELECT 1 FROM approvals")
    again = await cut(world, months, run, month)
    token.left = 1
    result = await run(go, batch(world, month, (await confirm(world, month, again)).id))
    assert result.done == 4
