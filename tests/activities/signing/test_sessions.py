"""Signing sessions on real rows: opened, prepared, completed by an outside signer, or ended otherwise."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from activities.signing.assurance import Level
from activities.signing.notary import Notary
from activities.signing.sessions import SessionOffice
from models.command_signing import CancelSigning, CompleteSigning, WithdrawCertificate
from models.commands import Approve, OpenOwnSigning, OpenSigning, ReturnedField, ReturnForCorrection
from models.database import engine_for
from models.evidence import verify
from tests.activities.signing.desk import Desk, Seals, by_agent, changed, issued_to
from tests.chains import rolling
from tests.forms import COMPLETE
from tests.models.evidence import samples
from tests.stores import store_in
from tests.world import build, tools_for
from worker import papers_of


@pytest.fixture
async def desk(database: Any, tmp_path: Path) -> AsyncIterator[Desk]:
    engine = engine_for(database.url("worker"), pool_size=4)
    world = await build(tools_for(engine, tmp_path), datetime.now(UTC))
    notary = Notary(samples.trust(), Level.B_B, None, None)
    store, threads = (
        store_in(tmp_path / "documents", world.tools),
        ThreadPoolExecutor(1),
    )
    office = SessionOffice(world.tools, store, threads, notary, papers_of(world.tools, store), Seals())
    yield Desk(world, office, tmp_path, issued_to(), await world.employ(until="review"))
    await engine.dispose()


@pytest.mark.parametrize("mechanism", ["ecdsa", "rsassa_pss", "rsassa_pkcs1v15"])
async def test_signed_by_value(desk: Desk, mechanism: str) -> None:
    """The whole way: registered, opened, prepared, signed by OpenSSL, judged, recorded."""
    desk.issued = issued_to(kind="ec" if mechanism == "ecdsa" else "rsa")
    opened = await desk.open(await desk.register(), mechanism=mechanism)
    assert opened.status == 201, opened.answer
    assert await desk.states() == ("open", "signing", "signing")
    row = await desk.session()
    assert opened.answer["prepared"] == row.prepared
    desk.world.now += timedelta(minutes=5)
    done = await desk.complete(
        CompleteSigning(session_id=row.id, prepared=row.prepared, value=await desk.value(mechanism))
    )
    assert done.status == 200, done.answer
    assert await desk.states() == ("done", "signed", "approved")
    signed = desk.office.store.get(desk.world.authority, done.answer["document"])
    verdict = verify(signed, samples.trust(), at=desk.world.now)
    assert verdict.valid, verdict.problems
    (one,) = verdict.signatures
    assert one.serial == "x-1"
    # The record stood in the prepared bytes already, good for as long as the session.
    assert one.competence is not None
    assert (one.competence["role"], one.competence["account"]) == ("approver", "x-1")
    assert datetime.fromisoformat(one.competence["ends_at"]) == row.expires_at
    approval = await desk.world.one("SELECT certificate FROM approvals WHERE profile_id = :p", p=desk.profile)
    registered = await desk.world.one("SELECT sha256 FROM certificates")
    assert approval.certificate == registered.sha256
    assert await desk.kinds() == ["signing.opened", "signing.prepared", "signing.done"]
    assert (await desk.session()).value is None


async def test_a_whole_file_comes_back(desk: Desk) -> None:
    await desk.open(await desk.register(), how="file")
    row = await desk.session()
    prepared = desk.office.store.get(desk.world.authority, row.prepared)
    assert row.attributes is None
    returned = await by_agent(prepared, desk, desk.issued, row.field)
    kept = desk.office.store.put(desk.world.authority, returned, "application/pdf").sha256
    desk.world.now = datetime.now(UTC)
    done = await desk.complete(CompleteSigning(session_id=row.id, prepared=row.prepared, returned=kept))
    assert done.status == 200, done.answer
    assert done.answer["document"] == kept
    assert await desk.states() == ("done", "signed", "approved")
    # The record stood beside the field before the file was given out: the agent's signature covers it.
    (one,) = verify(returned, samples.trust(), at=desk.world.now).signatures
    assert one.competence is not None
    assert (one.competence["account"], one.competence["field"]) == ("x-1", row.field)
    assert datetime.fromisoformat(one.competence["ends_at"]) == row.expires_at


async def test_an_agent_s_file_signed_when_the_session_was_over(desk: Desk) -> None:
    """In time it came back, but what it says of itself is a time for which nobody was entitled."""
    desk.world.now = datetime.now(UTC) - timedelta(hours=2)
    await desk.open(await desk.register(), how="file", minutes=60)
    row = await desk.session()
    prepared = desk.office.store.get(desk.world.authority, row.prepared)
    returned = await by_agent(prepared, desk, desk.issued, row.field)
    kept = desk.office.store.put(desk.world.authority, returned, "application/pdf").sha256
    refused = await desk.complete(CompleteSigning(session_id=row.id, prepared=row.prepared, returned=kept))
    assert (refused.status, refused.answer["extra"]["reason"]) == (422, "signature-not-valid")
    assert await desk.states() == ("open", "signing", "signing")


async def test_another_file_than_prepared(desk: Desk) -> None:
    """Refused by name; the session stays open, nothing is signed, and the right file is still taken."""
    await desk.open(await desk.register(), how="file")
    row = await desk.session()
    prepared = desk.office.store.get(desk.world.authority, row.prepared)
    wrong = {
        "not-the-prepared-document": await asyncio.to_thread(samples.small_once),
        "other-certificate": await by_agent(prepared, desk, issued_to(), row.field),
        "other-field": await by_agent(prepared, desk, desk.issued, "official"),
    }
    desk.world.now = datetime.now(UTC)
    for reason, data in wrong.items():
        kept = desk.office.store.put(desk.world.authority, data, "application/pdf").sha256
        body = CompleteSigning(session_id=row.id, prepared=row.prepared, returned=kept)
        refused = await desk.complete(body)
        assert (refused.status, refused.answer["code"]) == (422, "signature-not-accepted")
        assert refused.answer["extra"]["reason"] == reason
        assert await desk.states() == ("open", "signing", "signing")
    missing = await desk.complete(
        CompleteSigning(session_id=row.id, prepared=row.prepared, returned="0" * 64)
    )
    assert missing.answer["extra"]["reason"] == "not-the-prepared-document"
    right = await by_agent(prepared, desk, desk.issued, row.field)
    kept = desk.office.store.put(desk.world.authority, right, "application/pdf").sha256
    done = await desk.complete(CompleteSigning(session_id=row.id, prepared=row.prepared, returned=kept))
    assert done.status == 200


async def test_a_wrong_value_leaves_the_session_open(desk: Desk) -> None:
    await desk.open(await desk.register())
    row = await desk.session()
    wrong = await desk.value(issued=issued_to())
    refused = await desk.complete(CompleteSigning(session_id=row.id, prepared=row.prepared, value=wrong))
    assert (refused.status, refused.answer["extra"]["reason"]) == (422, "signature-value-wrong")
    assert await desk.states() == ("open", "signing", "signing")
    assert (await desk.signed_by_value()).status == 200


async def test_what_does_not_fit_is_refused_by_name(desk: Desk) -> None:
    """Compare-and-set: another version, another session, somebody else, the other form, no base64."""
    await desk.open(await desk.register())
    row, value = await desk.session(), await desk.value()
    good = CompleteSigning(session_id=row.id, prepared=row.prepared, value=value)
    for body, who, code in [
        (changed(good, prepared="0" * 64), "culture.approver", "signing-session-stale"),
        (changed(good, session_id=uuid4()), "culture.approver", "signing-session-ended"),
        (good, "culture.head", "not-found"),
        (good, "health.approver", "not-permitted"),
        (
            good.model_copy(update={"value": None, "returned": "1" * 64}),
            "culture.approver",
            "malformed-request",
        ),
        (good.model_copy(update={"returned": "1" * 64}), "culture.approver", "malformed-request"),
        (good.model_copy(update={"value": "A"}), "culture.approver", "malformed-request"),
    ]:
        refused = await desk.world.ask(who, body, desk.profile)
        assert refused.answer["code"] == code, (who, refused.answer)
        assert desk.world.moment.to_finish is None
    assert await desk.states() == ("open", "signing", "signing")
    assert (await desk.complete(good)).status == 200
    again = await desk.world.ask("culture.approver", good, desk.profile)
    assert again.answer["code"] == "signing-session-ended"


async def test_one_open_session_for_a_document(desk: Desk) -> None:
    mine = await desk.register()
    await desk.open(mine)
    for again in (
        await desk.open(mine),
        await desk.world.ask("culture.approver", await desk.world.pending(desk.profile), desk.profile),
    ):
        assert (again.status, again.answer["code"]) == (409, "in-flight")
    assert len(await desk.world.rows("SELECT 1 FROM signing_sessions")) == 1


async def test_who_may_not_approve_opens_no_session(desk: Desk) -> None:
    hr = await desk.register("culture.hr")
    refused = await desk.open(hr, "culture.hr")
    assert refused.status == 403
    stale = OpenSigning(revision_id=uuid4(), digest="0" * 64, certificate_id=hr)
    assert (await desk.world.ask("culture.approver", stale, desk.profile)).answer["code"] in (
        "wrong-state",
        "certificate-not-registered",
    )
    assert await desk.world.rows("SELECT 1 FROM signing_sessions") == []


async def test_the_certificate_must_be_the_signer_s_own_and_valid(desk: Desk) -> None:
    assert (await desk.open(uuid4())).answer["code"] == "certificate-not-registered"
    others = await desk.register("culture.head")
    assert (await desk.open(others)).answer["code"] == "certificate-not-registered"
    soon = issued_to(valid_to=desk.world.now + timedelta(minutes=10))
    short = await desk.register(issued=soon)
    assert (await desk.open(short)).answer["code"] == "certificate-not-valid"
    assert (await desk.open(short, mechanism="rsassa_pss", minutes=5)).answer["code"] == "malformed-request"
    assert (await desk.open(short, minutes=5)).status == 201


async def test_a_certificate_that_ends_between_prepare_and_complete(desk: Desk) -> None:
    desk.issued = issued_to(valid_to=desk.world.now + timedelta(minutes=31))
    mine = await desk.register()
    await desk.open(mine)
    await desk.world.rows(
        "UPDATE certificates SET valid_to = :t RETURNING 1", t=desk.world.now + timedelta(minutes=9)
    )
    desk.world.now += timedelta(minutes=10)
    refused = await desk.signed_by_value()
    assert refused.answer["code"] == "certificate-not-valid"
    assert await desk.states() == ("open", "signing", "signing")


async def test_a_certificate_withdrawn_meanwhile(desk: Desk) -> None:
    mine = await desk.register()
    await desk.open(mine)
    body = WithdrawCertificate(certificate_id=mine, reason="Mất thiết bị")
    account = desk.world.accounts["culture.approver"]
    assert (await desk.world.ask("admin", body, account, subject="certificate")).status == 200
    assert (await desk.signed_by_value()).answer["code"] == "certificate-not-registered"
    assert (await desk.world.ask("admin", body, account, subject="certificate")).status == 404


async def test_given_up_by_the_signer(desk: Desk) -> None:
    await desk.open(await desk.register())
    row = await desk.session()
    body = CancelSigning(session_id=row.id)
    assert (await desk.world.ask("culture.head", body, desk.profile)).status == 404
    assert (await desk.world.ask("culture.approver", body, desk.profile)).status == 200
    assert await desk.states() == ("cancelled", "failed", "submitted")
    assert (await desk.signed_by_value()).answer["code"] == "signing-session-ended"
    waits = await desk.world.pending(desk.profile)
    await desk.world.ask("culture.approver", waits, desk.profile)
    assert desk.world.moment.to_sign is not None, "the document waits for any competent signature again"


async def test_time_over(desk: Desk) -> None:
    """Refused at once, closed by the wake that was set for it; the signer is told; it can be opened again."""
    mine = await desk.register()
    await desk.open(mine, minutes=20)
    row = await desk.session()
    profile = await desk.world.one("SELECT next_wake_at FROM profiles WHERE id = :p", p=desk.profile)
    assert profile.next_wake_at <= row.expires_at
    desk.world.now = row.expires_at
    refused = await desk.signed_by_value()
    assert (refused.answer["code"], refused.answer["extra"]["state"]) == ("signing-session-ended", "expired")
    await desk.world.step("wake", desk.profile)
    assert await desk.states() == ("expired", "failed", "submitted")
    told = await desk.world.one("SELECT account_id FROM notices WHERE kind = 'signing_expired'")
    assert told.account_id == desk.world.accounts["culture.approver"]
    assert (await desk.open(mine)).status == 201


async def test_a_return_takes_the_document_away_with_a_notice(desk: Desk) -> None:
    await desk.open(await desk.register())
    waits = await desk.world.pending(desk.profile)
    body = ReturnForCorrection(
        revision_id=waits.revision_id,
        fields=(ReturnedField(path="birth_date", reason="Sai ngày sinh"),),
        reason="Sửa lại",
    )
    assert (await desk.world.ask("culture.hr", body, desk.profile)).status == 200
    assert await desk.states() == ("cancelled", "failed", "returned")
    notice = await desk.world.one("SELECT account_id, facts FROM notices WHERE kind = 'signing_cancelled'")
    assert notice.account_id == desk.world.accounts["culture.approver"]
    assert (await desk.signed_by_value()).answer["code"] == "signing-session-ended"


async def test_what_is_being_judged_is_not_taken_away(desk: Desk) -> None:
    await desk.open(await desk.register())
    row = await desk.session()
    body = CompleteSigning(session_id=row.id, prepared=row.prepared, value=await desk.value())
    asked = await desk.world.ask("culture.approver", body, desk.profile)
    session = desk.world.moment.to_finish
    waits = await desk.world.pending(desk.profile)
    away = ReturnForCorrection(
        revision_id=waits.revision_id, fields=(ReturnedField(path="birth_date", reason="Sai"),), reason="Sửa"
    )
    assert (await desk.world.ask("culture.hr", away, desk.profile)).answer["code"] == "wrong-state"
    other = await desk.world.ask("culture.approver", body, desk.profile)
    assert other.answer["code"] == "in-flight"
    give_up = await desk.world.ask("culture.approver", CancelSigning(session_id=row.id), desk.profile)
    assert give_up.answer["code"] == "in-flight"
    desk.world.now = row.expires_at + timedelta(minutes=1)
    await desk.world.step("wake", desk.profile)
    assert (await desk.states())[0] == "completing"
    assert session is not None
    one, two = [await desk.office.finish_session(desk.request(session)) for _ in range(2)]
    assert one == two, "the same file however often it is asked"
    assert one.document
    assert asked.id == (await desk.session()).completed_by


async def test_prepared_twice_is_the_same_document(desk: Desk) -> None:
    waits = await desk.world.pending(desk.profile)
    body = OpenSigning(**waits.model_dump(), certificate_id=await desk.register(), token_hash="a" * 64)
    asked = await desk.world.ask("culture.approver", body, desk.profile)
    session = desk.world.moment.to_prepare
    assert session is not None
    early = CompleteSigning(session_id=session, prepared="0" * 64, value="AAAA")
    assert (await desk.world.ask("culture.approver", early, desk.profile)).answer["code"] == "wrong-state"
    one, two = [await desk.office.prepare_session(desk.request(session)) for _ in range(2)]
    assert one == two
    assert asked.settled is False


async def test_the_officials_own_signature(database: Any, tmp_path: Path) -> None:
    """Where officials sign what they declare: submitted is what has been signed, also from outside."""
    engine = engine_for(database.url("worker"), pool_size=4)
    world = await build(tools_for(engine, tmp_path), datetime.now(UTC), law=rolling(own_signature=True))
    notary = Notary(samples.trust(), Level.B_B, None, None)
    store = store_in(tmp_path / "documents", world.tools)
    papers = papers_of(world.tools, store)
    office = SessionOffice(world.tools, store, ThreadPoolExecutor(1), notary, papers, Seals())
    desk = Desk(world, office, tmp_path, issued_to(), await world.employ(until="declaration"))
    mine = await desk.register("person")
    revision, digest = await world.draft(desk.profile, COMPLETE, evidence=("e" * 64,))
    body = OpenOwnSigning(revision_id=revision, digest=digest, certificate_id=mine, token_hash="b" * 64)
    assert (await desk.opened(await world.ask("person", body, desk.profile))).status == 201
    row = await desk.session()
    assert row.field == "official"
    give_up = await world.ask("person", CancelSigning(session_id=row.id), desk.profile)
    assert give_up.status == 200
    assert await desk.states() == ("cancelled", "failed", "draft")
    world.now += timedelta(minutes=1)
    again = body.model_copy(update={"token_hash": "c" * 64})
    assert (await desk.opened(await world.ask("person", again, desk.profile))).status == 201
    row = await desk.session()
    done = await desk.complete(
        CompleteSigning(session_id=row.id, prepared=row.prepared, value=await desk.value()), "person"
    )
    assert done.status == 200, done.answer
    assert await desk.states() == ("done", "signed", "submitted")
    await _approved_by_an_agent(desk)
    await engine.dispose()


async def _approved_by_an_agent(desk: Desk) -> None:
    """The next step of the chain, in an agent: its record is added to a file that carries a signature."""
    desk.world.now += timedelta(minutes=1)  # the newest session is looked for by when it was opened
    desk.issued = issued_to()
    opened = await desk.open(await desk.register("culture.hr"), "culture.hr", how="file")
    assert opened.status == 201, opened.answer
    row = await desk.session()
    prepared = desk.office.store.get(desk.world.authority, row.prepared)
    returned = await by_agent(prepared, desk, desk.issued, row.field)
    kept = desk.office.store.put(desk.world.authority, returned, "application/pdf").sha256
    desk.world.now = max(desk.world.now, datetime.now(UTC))
    body = CompleteSigning(session_id=row.id, prepared=row.prepared, returned=kept)
    done = await desk.complete(body, "culture.hr")
    assert done.status == 200, done.answer
    verdict = verify(returned, samples.trust(), at=desk.world.now)
    assert verdict.valid, verdict.problems
    assert [one.competence and one.competence["field"] for one in verdict.signatures] == [
        "official",
        row.field,
    ]


async def test_no_own_signature_where_the_law_asks_for_none(desk: Desk) -> None:
    profile = await desk.world.employ(until="declaration")
    mine = await desk.register("person")
    revision, digest = await desk.world.draft(profile, COMPLETE, evidence=("e" * 64,))
    body = OpenOwnSigning(revision_id=revision, digest=digest, certificate_id=mine, token_hash="b" * 64)
    assert (await desk.world.ask("person", body, profile)).answer["code"] == "wrong-state"


async def test_a_document_that_cannot_be_prepared(desk: Desk) -> None:
    """An untrusted or unfit key is found before anybody signs: what waited waits again."""
    mine = await desk.register()
    await desk.world.rows("UPDATE certificates SET certificate = :c RETURNING 1", c=samples.root().der())
    failed = await desk.open(mine)
    assert (failed.status, failed.answer["code"]) == (422, "signature-failed")
    assert failed.answer["extra"]["reason"] == "certificate-purpose"
    assert await desk.states() == ("failed", "failed", "submitted")


def test_approve_is_what_a_session_is_opened_by() -> None:
    assert issubclass(OpenSigning, Approve)
