"""One signature from outside for a whole list: prepared, signed elsewhere, and all approved or nothing."""

import asyncio
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from activities.signing.assurance import Level
from activities.signing.issuing import Issued
from activities.signing.notary import Notary
from activities.signing.sessions import SessionOffice
from activities.signing.sources import NoSigners
from models.command_lists import ApproveByList
from models.command_sessions import CancelListSigning, CompleteListSigning, OpenListSigning
from models.command_signing import RegisterCertificate, WithdrawCertificate
from models.database import transaction
from models.evidence import verify
from models.messages import MonthStart, SessionRequest
from models.record.commands import Fate, fate
from tests.activities.batches.conftest import batch, items_of, month_of, submitted
from tests.activities.batches.test_one_list import cut, list_of, send_back
from tests.activities.signing import agent, openssl
from tests.activities.signing.desk import Seals, certificate, issued_to
from tests.activities.signing.test_outside import job
from tests.models.evidence import samples
from tests.world import World
from worker import papers_of

WHO = "culture.approver"


@dataclass
class Desk:
    """A list of four that was shown, an outside signer's key, and the steps the month's workflow takes."""

    world: World
    months: Any
    run: Callable[..., Any]
    office: SessionOffice
    folder: Path
    issued: Issued
    month: Any
    people: list[UUID]
    shown: Any = None
    late: timedelta = timedelta(0)
    """How much later than the act a worker comes to the work it asks for."""

    async def register(self, who: str = WHO) -> UUID:
        body = RegisterCertificate(**certificate(self.issued), document="12/GCN")
        done = await self.world.ask("admin", body, self.world.accounts[who], subject="certificate")
        assert done.status == 201, done.answer
        return UUID(done.answer["certificate_id"])

    async def ask(self, body: Any, who: str = WHO) -> Fate:
        return await self.world.ask(who, body, self.month.id, subject="agency_month")

    async def open(self, registered: UUID, who: str = WHO, **more: Any) -> Fate:
        body = {"list_id": self.shown.id, "digest": self.shown.digest, "certificate_id": registered}
        asked = await self.ask(OpenListSigning(**{**body, "token_hash": uuid4().hex * 2, **more}), who)
        session = self.world.moment.to_prepare
        if session is None:
            return asked
        laid_out = await self.office.prepare_session(self.request(session))
        facts = {"session": str(session), "settles": str(asked.id)}
        if laid_out.failure:
            await self.step("session_failed", **facts, reason=laid_out.failure)
        else:
            await self.step("session_prepared", **facts)
        return await self.fate(asked)

    async def complete(self, body: CompleteListSigning, who: str = WHO) -> Fate:
        asked = await self.ask(body, who)
        session = self.world.moment.to_finish
        if session is None:
            return asked
        made = await self.office.finish_session(self.request(session))
        facts = {"session": str(session), "settles": str(asked.id)}
        assert not made.approval
        if made.failure:
            await self.step("session_refused", **facts, reason=made.failure)
        else:
            await self.step("session_judged", **facts)
        return await self.fate(asked)

    async def round(self, asked: Fate) -> Any:
        """The month's next round, as its workflow runs it."""
        waiting = await self.world.rows(
            "SELECT command_id, list_id FROM approval_rounds WHERE done_at IS NULL"
        )
        assert [tuple(one) for one in waiting] == [(asked.id, self.shown.id)]
        result = await self.run(self.months.approve_batch, batch(self.world, self.month, asked.id))
        await self.step("approvals_done", round=str(asked.id))
        return result

    async def step(self, internal: Any, **facts: str) -> None:
        await self.world.step(internal, self.month.id, subject="agency_month", **facts)

    def request(self, session: UUID) -> SessionRequest:
        now = self.world.now + self.late
        return SessionRequest(authority_id=self.world.authority, session_id=session, now=now)

    async def fate(self, asked: Fate) -> Fate:
        async with transaction(self.world.tools.engine, self.world.scope) as connection:
            found = await fate(connection, asked.id)
        assert found is not None
        return found

    async def session(self) -> Any:
        return (
            await self.world.rows(
                "SELECT * FROM signing_sessions WHERE kind = 'list' ORDER BY opened_at DESC, id LIMIT 1"
            )
        )[0]

    async def signature(self) -> CompleteListSigning:
        """What OpenSSL makes of the open session."""
        row = await self.session()
        value = openssl.signature(self.folder, self.issued, row.mechanism, bytes(row.attributes))
        return CompleteListSigning(session_id=row.id, prepared=row.prepared, value=b64encode(value).decode())

    async def states(self) -> tuple[str, str, set[str]]:
        """Of the session, the list, and the items that stood on it."""
        items = await items_of(self.world, self.month.id)
        shown = await list_of(self.world, self.shown.id)
        assert (shown.state == "signed") == (shown.document_sha256 is not None), "nothing half-done"
        return (await self.session()).state, shown.state, {one.state for one in items.values()}

    async def notices(self, kind: str) -> list[Any]:
        return await self.world.rows("SELECT account_id, facts FROM notices WHERE kind = :k", k=kind)


@pytest.fixture
async def desk(world: World, months, run, signing, tmp_path: Path) -> Desk:
    people = sorted([await submitted(world, n) for n in range(1, 5)])
    world.now = datetime.now(UTC)
    await run(months.open_agency_months, MonthStart(authority_id=world.authority, month=f"{world.now:%Y-%m}"))
    month = await month_of(world, world.culture, f"{world.now:%Y-%m}")
    # Nobody's key is here: whatever is signed, is signed outside.
    object.__setattr__(signing, "signers", NoSigners())
    notary = Notary(samples.trust(), Level.B_B, None, None)
    papers = papers_of(world.tools, signing.store)
    office = SessionOffice(world.tools, signing.store, ThreadPoolExecutor(1), notary, papers, Seals())
    made = Desk(world, months, run, office, tmp_path, issued_to(), month, people)
    made.shown = await cut(world, months, run, month)
    assert made.shown.size == 4
    return made


async def test_one_value_approves_them_all(desk: Desk) -> None:
    """OpenSSL signs what was given out; the four are approved by that one file, each with its row."""
    opened = await desk.open(await desk.register())
    assert opened.status == 201, opened.answer
    assert opened.answer["list_id"] == str(desk.shown.id)
    assert await desk.states() == ("open", "shown", {"listed"})
    desk.world.now += timedelta(minutes=5)
    done = await desk.complete(await desk.signature())
    assert done.status == 202, done.answer
    assert await desk.states() == ("completing", "signing", {"listed"}), "judged, and nothing approved yet"
    result = await desk.round(done)
    assert (result.done, result.refused) == (4, 0)
    assert await desk.states() == ("done", "signed", {"approved"})
    approvals = await desk.world.rows("SELECT * FROM approvals")
    assert {a.profile_id for a in approvals} == set(desk.people)
    assert {(a.state, a.list_id) for a in approvals} == {("signed", desk.shown.id)}
    ((document, by),) = {(a.document_sha256, a.certificate) for a in approvals}
    assert document == done.answer["document"]
    assert by == (await desk.world.one("SELECT sha256 FROM certificates")).sha256
    signed = desk.office.store.get(desk.world.authority, document)
    assert signed.startswith(desk.office.store.get(desk.world.authority, desk.shown.prepared_sha256)), (
        "shown is signed"
    )
    verdict = verify(signed, samples.trust(), at=desk.world.now)
    assert verdict.valid, verdict.problems
    assert verdict.content_digest == desk.shown.digest
    assert verdict.signatures[0].competence is not None
    assert verdict.signatures[0].competence["digest"] == desk.shown.digest
    proof = await desk.world.one("SELECT kind, document_sha256 FROM signature_proofs")
    assert tuple(proof) == ("list", document)
    assert (await desk.session()).value is None


async def test_every_step_twice_is_done_once(desk: Desk) -> None:
    """An activity or an act whose answer was lost is asked again; nothing is signed or approved twice."""
    await desk.open(await desk.register())
    row = await desk.session()
    again = await desk.office.prepare_session(desk.request(row.id))
    assert again.document == row.prepared
    done = await desk.complete(await desk.signature())
    made = await desk.office.finish_session(desk.request(row.id))
    assert made.document == done.answer["document"]
    await desk.step("session_judged", session=str(row.id), settles=str(done.id))
    assert len(await desk.world.rows("SELECT 1 FROM approval_rounds WHERE kind = 'list'")) == 1
    first = await desk.round(done)
    assert await desk.run(desk.months.approve_batch, batch(desk.world, desk.month, done.id)) == first
    assert len(await desk.world.rows("SELECT 1 FROM approvals")) == 4
    assert len(await desk.world.rows("SELECT 1 FROM signature_proofs")) == 1


async def test_an_agent_sends_the_whole_file_back(desk: Desk) -> None:
    opened = await desk.open(await desk.register(), how="file")
    row = await desk.session()
    prepared = desk.office.store.get(desk.world.authority, row.prepared)
    assert opened.answer["prepared"] == sha256(prepared).hexdigest()
    shown = desk.office.store.get(desk.world.authority, desk.shown.prepared_sha256)
    assert prepared.startswith(shown), "the very file that was shown"
    assert b"/Page" not in prepared[len(shown) :], "and the record of competence, which no page shows"
    wrong = desk.office.store.put(
        desk.world.authority, await asyncio.to_thread(samples.small_once), "application/pdf"
    ).sha256
    body = CompleteListSigning(session_id=row.id, prepared=row.prepared, returned=wrong)
    refused = await desk.complete(body)
    assert (refused.status, refused.answer["code"]) == (422, "signature-not-accepted")
    assert refused.answer["extra"]["reason"] == "not-the-prepared-document"
    assert await desk.states() == ("open", "shown", {"listed"})
    returned = await asyncio.to_thread(agent.sign, prepared, job(desk.folder, desk.issued, row.field))
    kept = desk.office.store.put(desk.world.authority, returned, "application/pdf").sha256
    desk.world.now = datetime.now(UTC)
    done = await desk.complete(body.model_copy(update={"returned": kept}))
    assert (done.status, done.answer.get("document")) == (202, kept), done.answer
    assert (await desk.round(done)).done == 4
    assert await desk.states() == ("done", "signed", {"approved"})


async def test_another_signature_leaves_it_open(desk: Desk) -> None:
    await desk.open(await desk.register())
    good, row = await desk.signature(), await desk.session()
    other = openssl.signature(desk.folder, issued_to(), row.mechanism, bytes(row.attributes))
    refused = await desk.complete(good.model_copy(update={"value": b64encode(other).decode()}))
    assert (refused.status, refused.answer["extra"]["reason"]) == (422, "signature-value-wrong")
    assert await desk.states() == ("open", "shown", {"listed"})
    assert (await desk.complete(good)).status == 202


class TestChanged:
    """A list that is no longer what was shown is signed by nobody."""

    async def test_the_month_looks_and_cancels(self, desk: Desk) -> None:
        await desk.open(await desk.register())
        good = await desk.signature()
        await send_back(desk.world, desk.people[0])
        await desk.step("look")
        assert (await desk.session()).state == "cancelled"
        (told,) = await desk.notices("signing_cancelled")
        assert told.account_id == desk.world.accounts[WHO]
        assert told.facts == {"signs": "list", "reason": "list-changed"}
        late = await desk.complete(good)
        assert (late.status, late.answer["code"]) == (409, "signing-session-ended")
        assert not await desk.world.rows("SELECT 1 FROM approvals WHERE state = 'signed'")

    async def test_the_signature_comes_first(self, desk: Desk) -> None:
        """Before anybody looked: the completion itself finds it out, cancels and says so."""
        await desk.open(await desk.register())
        await send_back(desk.world, desk.people[0])
        refused = await desk.complete(await desk.signature())
        assert (refused.status, refused.answer["code"]) == (409, "list-changed")
        assert refused.answer["extra"]["changed"] == 1
        assert (await desk.states())[:2] == ("cancelled", "shown")
        assert len(await desk.notices("signing_cancelled")) == 1
        assert not await desk.world.rows("SELECT 1 FROM approvals WHERE state = 'signed'")

    async def test_between_judging_and_approving(self, desk: Desk) -> None:
        """The signature was good and one row is gone: nothing is approved, the list says why."""
        await desk.open(await desk.register())
        done = await desk.complete(await desk.signature())
        await send_back(desk.world, desk.people[0])
        assert (await desk.round(done)).done == 0
        assert (await desk.states())[:2] == ("cancelled", "failed")
        assert (await list_of(desk.world, desk.shown.id)).reason == "list-changed"
        assert len(await desk.notices("list_failed")) == 1
        assert not await desk.world.rows("SELECT 1 FROM approvals WHERE state = 'signed'")

    async def test_cut_again_takes_it_away(self, desk: Desk) -> None:
        await desk.open(await desk.register())
        await send_back(desk.world, desk.people[0])
        body = ApproveByList(list_id=desk.shown.id, digest=desk.shown.digest, recut=True)
        assert (await desk.ask(body)).status == 202
        assert (await desk.states())[:2] == ("cancelled", "superseded")

    async def test_a_changed_list_is_not_given_out(self, desk: Desk) -> None:
        await send_back(desk.world, desk.people[0])
        refused = await desk.open(await desk.register())
        assert (refused.status, refused.answer["code"]) == (409, "list-changed")


async def test_what_does_not_fit_is_refused_by_name(desk: Desk) -> None:
    mine = await desk.register()
    for change, who, code in (
        ({"digest": "0" * 64}, WHO, "list-differs"),
        ({"list_id": uuid4()}, WHO, "not-found"),
        ({}, "culture.head", "list-of-another"),
        ({}, "culture.hr", "not-permitted"),
        ({"certificate_id": uuid4()}, WHO, "certificate-not-registered"),
        ({"mechanism": "rsassa_pss"}, WHO, "malformed-request"),
    ):
        refused = await desk.open(mine, who, **change)
        assert refused.answer["code"] == code, (change, who, refused.answer)
    assert (await desk.open(mine)).status == 201
    assert (await desk.open(mine)).answer["code"] == "in-flight", "one open session for a list"
    by_own_key = ApproveByList(list_id=desk.shown.id, digest=desk.shown.digest)
    assert (await desk.ask(by_own_key)).answer["code"] == "in-flight"
    good = await desk.signature()
    for change, who, code in (
        ({"prepared": "0" * 64}, WHO, "signing-session-stale"),
        ({"session_id": uuid4()}, WHO, "signing-session-ended"),
        ({}, "culture.head", "not-found"),
        ({"value": None, "returned": "1" * 64}, WHO, "malformed-request"),
    ):
        refused = await desk.complete(good.model_copy(update=change), who)
        assert refused.answer["code"] == code, (change, who, refused.answer)
    withdrawal = WithdrawCertificate(certificate_id=mine, reason="mất thiết bị")
    await desk.world.ask("admin", withdrawal, desk.world.accounts[WHO], subject="certificate")
    assert (await desk.complete(good)).answer["code"] == "certificate-not-registered"
    assert await desk.states() == ("open", "shown", {"listed"})


async def test_given_up_and_opened_again(desk: Desk) -> None:
    mine = await desk.register()
    await desk.open(mine)
    row = await desk.session()
    assert (await desk.ask(CancelListSigning(session_id=row.id), "culture.head")).answer[
        "code"
    ] == "not-found"
    assert (await desk.ask(CancelListSigning(session_id=row.id))).status == 200
    assert await desk.states() == ("cancelled", "shown", {"listed"})
    desk.world.now += timedelta(minutes=1)
    assert (await desk.open(mine)).status == 201


async def test_its_time_ends(desk: Desk) -> None:
    """By the month's own wake, which comes when the session's time is over; the signer is told."""
    await desk.open(await desk.register(), minutes=10)
    good = await desk.signature()
    month = await desk.world.one("SELECT next_wake_at FROM agency_months WHERE id = :m", m=desk.month.id)
    assert month.next_wake_at == (await desk.session()).expires_at
    desk.world.now += timedelta(minutes=11)
    assert (await desk.complete(good)).answer["code"] == "signing-session-ended"
    await desk.step("wake")
    assert await desk.states() == ("expired", "shown", {"listed"})
    assert len(await desk.notices("signing_expired")) == 1


async def test_a_certificate_that_ends_before_it_is_laid_out(desk: Desk) -> None:
    """Good when the session was asked for, expired when a worker came to it: nothing is given out."""
    ends = desk.world.now + timedelta(minutes=40)
    desk.issued = issued_to(valid_from=desk.world.now - timedelta(days=1), valid_to=ends)
    mine = await desk.register()
    desk.late = timedelta(hours=1)
    refused = await desk.open(mine)
    assert (refused.status, refused.answer["code"]) == (422, "signature-failed"), refused.answer
    assert refused.answer["extra"]["reason"] == "certificate-not-valid-then"
    assert await desk.states() == ("failed", "shown", {"listed"})


async def test_the_month_closes_over_it(desk: Desk) -> None:
    """Nobody signs a list of a month that has ended; whoever is signing is told, also mid-way."""
    await desk.open(await desk.register())
    good = await desk.signature()
    asked = await desk.ask(good)
    session = desk.world.moment.to_finish
    assert session is not None
    await desk.step("close_month")
    assert (await desk.session()).state == "cancelled"
    assert len(await desk.notices("signing_cancelled")) == 1
    await desk.step("session_judged", session=str(session), settles=str(asked.id))
    answered = await desk.fate(asked)
    assert (answered.status, answered.answer["code"]) == (409, "signing-session-ended")
    assert not await desk.world.rows("SELECT 1 FROM approvals WHERE state = 'signed'")
