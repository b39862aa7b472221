"""A key that cannot be reached: the approval waits, unsigned, and goes on when the key is back."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from temporalio.exceptions import ActivityError, ApplicationError, RetryState, TimeoutType
from temporalio.exceptions import TimeoutError as EngineTimeoutError

from activities.signing.errors import PAUSE, PausedError, SignerAwayError
from activities.signing.issuing import SignerName
from activities.signing.keystore import Keystore
from activities.signing.office import SigningOffice
from activities.signing.pausing import unpaused
from activities.signing.signer import DevelopmentSigners, Signer
from models.command_admin import PauseParty, ResumeParty
from models.commands import SubmitDeclaration
from models.database import engine_for
from models.messages import SignRequest
from tests.chains import rolling
from tests.forms import COMPLETE
from tests.notaries import quiet
from tests.stores import store_in
from tests.world import build, tools_for
from workflows.trying import AWAY, why


class Away:
    """A token that is not there."""

    def signer_for(self, name: SignerName) -> Signer:
        raise SignerAwayError("token-away", "token x: TokenNotPresent")

    def seal_for(self, agency_id: str, agency: str) -> Signer:
        raise SignerAwayError("token-away", "token x: TokenNotPresent")


async def test_nothing_is_signed_and_nothing_refused(database: Any, tmp_path: Path) -> None:
    engine = engine_for(database.url("worker"), pool_size=4)
    world = await build(
        tools_for(engine, tmp_path), datetime(2026, 3, 2, 3, 0, tzinfo=UTC), law=rolling(own_signature=True)
    )
    Keystore(tmp_path / "pki").create()
    store, threads = (
        store_in(tmp_path / "documents", world.tools),
        ThreadPoolExecutor(1),
    )
    office = SigningOffice(world.tools, store, Away(), threads, quiet(tmp_path / "pki"))
    profile = await world.employ(until="declaration")
    revision, digest = await world.draft(profile, COMPLETE, evidence=("e" * 64,))
    await world.ask("person", SubmitDeclaration(revision_id=revision, digest=digest), profile)
    approval = world.moment.to_sign
    assert approval is not None
    request = SignRequest(
        authority_id=world.authority, profile_id=profile, approval_id=approval, now=world.now
    )
    with pytest.raises(ApplicationError) as told:
        await office.sign_approval(request)
    assert told.value.type == "token-away"
    kept = "SELECT state, document_sha256 FROM approvals WHERE id = :id"
    assert tuple(await world.one(kept, id=approval)) == ("signing", None)
    back = replace(office, signers=DevelopmentSigners(tmp_path / "pki"))
    signed = await back.sign_approval(request)
    assert signed.document
    assert (await office.sign_approval(request)) == signed, "the file that is kept is the answer"
    await engine.dispose()


async def test_what_is_paused_waits_and_says_so(database: Any, tmp_path: Path) -> None:
    """An administrator pauses signing: nothing is asked of a key; resumed, the same approval is signed."""
    engine = engine_for(database.url("worker"), pool_size=4)
    world = await build(tools_for(engine, tmp_path), datetime(2026, 3, 2, 3, 0, tzinfo=UTC))
    Keystore(tmp_path / "pki").create()
    hands = (
        store_in(tmp_path / "documents", world.tools),
        DevelopmentSigners(tmp_path / "pki"),
        ThreadPoolExecutor(1),
    )
    office = SigningOffice(world.tools, *hands, quiet(tmp_path / "pki"))
    profile = await world.employ(until="review")
    await world.ask("culture.approver", await world.pending(profile), profile)
    assert world.moment.to_sign is not None
    request = SignRequest(
        authority_id=world.authority, profile_id=profile, approval_id=world.moment.to_sign, now=world.now
    )
    pause = PauseParty(party="signers", reason="thay thiết bị ký")
    assert (await world.ask("admin", pause, world.authority, subject="administration")).status == 201
    with pytest.raises(ApplicationError) as told:
        await office.sign_approval(request)
    assert (told.value.type, told.value.next_retry_delay) == ("signers-paused", PAUSE)
    row = await world.one("SELECT reason FROM signing_troubles")
    assert row.reason == "signers-paused"
    resume = ResumeParty(party="signers", reason="đã thay")
    assert (await world.ask("admin", resume, world.authority, subject="administration")).status == 200
    # No timestamps are asked for at this level: pausing them keeps nobody.
    vouching = PauseParty(party="timestamps", reason="TSA bảo trì")
    assert (await world.ask("admin", vouching, world.authority, subject="administration")).status == 201
    assert (await office.sign_approval(request)).document
    assert not await world.rows("SELECT 1 FROM signing_troubles")
    with pytest.raises(PausedError):
        await unpaused(world.tools, world.authority, world.now, "timestamps")
    await engine.dispose()


def failed(cause: BaseException) -> ActivityError:
    error = ActivityError(
        "failed",
        scheduled_event_id=1,
        started_event_id=2,
        identity="",
        activity_type="sign_approval",
        activity_id="1",
        retry_state=RetryState.MAXIMUM_ATTEMPTS_REACHED,
    )
    error.__cause__ = cause
    return error


@pytest.mark.parametrize("code", AWAY)
def test_the_workflow_tells_the_trouble_by_its_name(code: str) -> None:
    assert why(failed(ApplicationError("x", type=code))) == code


@pytest.mark.parametrize(
    "cause",
    [
        ApplicationError("x", type="KeystoreError"),
        EngineTimeoutError("x", type=TimeoutType.START_TO_CLOSE, last_heartbeat_details=()),
    ],
)
def test_anything_else_is_unavailable(cause: BaseException) -> None:
    assert why(failed(cause)) == "signing-unavailable"
