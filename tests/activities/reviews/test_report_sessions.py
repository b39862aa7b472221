"""A report signed by a key that is elsewhere: measured, given out, sent by the signature that comes back."""

from base64 import b64encode
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from temporalio.testing import ActivityEnvironment

from activities.reviews.office import ReviewOffice
from activities.reviews.report_papers import ReportPapers
from activities.signing.assurance import Level
from activities.signing.issuing import Issued
from activities.signing.notary import Notary
from activities.signing.sessions import SessionOffice
from activities.signing.sources import NoSigners
from models.command_sessions import CancelReportSigning, CompleteReportSigning, OpenReportSigning
from models.command_signing import RegisterCertificate
from models.commands import SignReport
from models.database import transaction
from models.evidence import verify
from models.messages import SessionRequest
from models.record.commands import Fate, fate
from tests.activities.reviews.conftest import OPENING, Campaign
from tests.activities.signing import openssl
from tests.activities.signing.desk import Seals, certificate, issued_to
from tests.models.evidence import samples
from tests.world import World

WHO = "culture.approver"


@dataclass
class Desk:
    """Culture's open report, an outside signer's key, and the steps the review's workflow takes."""

    world: World
    campaign: Campaign
    office: SessionOffice
    folder: Path
    issued: Issued
    report: UUID

    async def register(self, who: str = WHO) -> UUID:
        body = RegisterCertificate(**certificate(self.issued), document="12/GCN")
        done = await self.world.ask("admin", body, self.world.accounts[who], subject="certificate")
        assert done.status == 201, done.answer
        return UUID(done.answer["certificate_id"])

    async def ask(self, body: Any, who: str = WHO) -> Fate:
        return await self.world.ask(who, body, self.report, subject="review")

    async def open(self, registered: UUID, who: str = WHO, **more: Any) -> Fate:
        body = OpenReportSigning(certificate_id=registered, token_hash=uuid4().hex * 2, **more)
        asked = await self.ask(body, who)
        session = self.world.moment.to_prepare
        if session is None:
            return asked
        laid_out = await _run(self.office.prepare_session, self.request(session))
        facts = {"session": str(session), "settles": str(asked.id)}
        if laid_out.failure:
            await self.step("session_failed", **facts, reason=laid_out.failure)
        else:
            await self.step("session_prepared", **facts)
        return await self.fate(asked)

    async def complete(self, body: CompleteReportSigning, who: str = WHO) -> Fate:
        asked = await self.ask(body, who)
        session = self.world.moment.to_finish
        if session is None:
            return asked
        made = await _run(self.office.finish_session, self.request(session))
        facts = {"session": str(session), "settles": str(asked.id)}
        if made.failure:
            await self.step("session_refused", **facts, reason=made.failure)
        else:
            await self.step("session_judged", **facts)
        return await self.fate(asked)

    async def step(self, internal: Any, **facts: str) -> None:
        await self.world.step(internal, self.report, subject="review", **facts)

    def request(self, session: UUID) -> SessionRequest:
        return SessionRequest(authority_id=self.world.authority, session_id=session, now=self.world.now)

    async def fate(self, asked: Fate) -> Fate:
        async with transaction(self.world.tools.engine, self.world.scope) as connection:
            found = await fate(connection, asked.id)
        assert found is not None
        return found

    async def session(self) -> Any:
        return (await self.world.rows("SELECT * FROM signing_sessions ORDER BY opened_at DESC, id LIMIT 1"))[
            0
        ]

    async def signature(self, issued: Issued | None = None) -> CompleteReportSigning:
        """What OpenSSL makes of the open session."""
        row = await self.session()
        value = openssl.signature(self.folder, issued or self.issued, row.mechanism, bytes(row.attributes))
        return CompleteReportSigning(
            session_id=row.id, prepared=row.prepared, value=b64encode(value).decode()
        )

    async def states(self) -> tuple[str, str]:
        """Of the session and the report."""
        report = await self.campaign.report(self.world.culture)
        assert (report.state == "sent") == (report.document_sha256 is not None), "nothing half-done"
        return (await self.session()).state, report.state


async def _run(function: Any, request: SessionRequest) -> Any:
    """An activity as the engine runs it: measuring a report heartbeats."""
    return await ActivityEnvironment().run(function, request)


@pytest.fixture
async def desk(world: World, office: ReviewOffice, campaign: Campaign, tmp_path: Path) -> Desk:
    await campaign.look(OPENING)
    report = await campaign.report(world.culture)
    # Nobody's key is here: whatever is signed, is signed outside.
    without = replace(office, signers=NoSigners())
    notary = Notary(samples.trust(), Level.B_B, None, None)
    papers = {"report": ReportPapers(without)}
    sessions = SessionOffice(world.tools, office.store, office.threads, notary, papers, Seals())
    return Desk(world, campaign, sessions, tmp_path, issued_to(), report.id)


async def test_sent_by_a_value(desk: Desk) -> None:
    opened = await desk.open(await desk.register())
    assert opened.status == 201, opened.answer
    assert opened.answer["report_id"] == str(desk.report)
    assert await desk.states() == ("open", "signing")
    desk.world.now += timedelta(minutes=5)
    done = await desk.complete(await desk.signature())
    assert done.status == 200, done.answer
    assert await desk.states() == ("done", "sent")
    report = await desk.campaign.report(desk.world.culture)
    assert report.document_sha256 == done.answer["document"]
    assert report.certificate == (await desk.world.one("SELECT sha256 FROM certificates")).sha256
    verdict = verify(
        desk.office.store.get(desk.world.authority, report.document_sha256),
        samples.trust(),
        at=desk.world.now,
    )
    assert verdict.valid, verdict.problems
    record = verdict.signatures[0].competence
    assert record is not None
    assert (record["field"], record["account"]) == ("reporter", "x-1")
    proof = await desk.world.one("SELECT kind, document_sha256 FROM signature_proofs")
    assert tuple(proof) == ("report", report.document_sha256)
    assert not await desk.world.rows(
        "SELECT 1 FROM duties WHERE report_id = :r AND state = 'open'", r=desk.report
    )


async def test_every_step_twice_is_done_once(desk: Desk) -> None:
    await desk.open(await desk.register())
    row = await desk.session()
    assert (await _run(desk.office.prepare_session, desk.request(row.id))).document == row.prepared
    done = await desk.complete(await desk.signature())
    again = await _run(desk.office.finish_session, desk.request(row.id))
    assert again.document == done.answer["document"]
    await desk.step("session_judged", session=str(row.id), settles=str(done.id))
    assert (await desk.fate(done)).answer == done.answer
    assert len(await desk.world.rows("SELECT 1 FROM events WHERE kind = 'report.sent'")) == 1


async def test_what_does_not_fit_is_refused_by_name(desk: Desk) -> None:
    mine = await desk.register()
    for who, more, code in (
        ("culture.hr", {}, "not-permitted"),
        ("health.approver", {}, "not-permitted"),
        (WHO, {"certificate_id": uuid4()}, "certificate-not-registered"),
        ("culture.head", {}, "certificate-not-registered"),
    ):
        refused = await desk.open(more.get("certificate_id", mine), who)
        assert refused.answer["code"] == code, (who, refused.answer)
    assert (await desk.open(mine)).status == 201
    assert (await desk.open(mine)).answer["code"] == "in-flight"
    assert (await desk.ask(SignReport())).answer["code"] == "in-flight"
    good = await desk.signature()
    for change, who, code in (
        ({"prepared": "0" * 64}, WHO, "signing-session-stale"),
        ({"session_id": uuid4()}, WHO, "signing-session-ended"),
        ({}, "culture.head", "not-found"),
        ({"value": None, "returned": "1" * 64}, WHO, "malformed-request"),
    ):
        refused = await desk.complete(good.model_copy(update=change), who)
        assert refused.answer["code"] == code, (change, refused.answer)
    wrong = await desk.complete(await desk.signature(issued_to()))
    assert (wrong.status, wrong.answer["extra"]["reason"]) == (422, "signature-value-wrong")
    assert await desk.states() == ("open", "signing")
    assert (await desk.complete(good)).status == 200


async def test_given_up_the_report_waits_again(desk: Desk) -> None:
    mine = await desk.register()
    await desk.open(mine)
    give_up = CancelReportSigning(session_id=(await desk.session()).id)
    assert (await desk.ask(give_up, "culture.head")).answer["code"] == "not-found"
    assert (await desk.ask(give_up)).status == 200
    assert await desk.states() == ("cancelled", "open")
    desk.world.now += timedelta(minutes=1)
    assert (await desk.open(mine)).status == 201, "measured anew, under another signature"
    assert (await desk.complete(await desk.signature())).status == 200


async def test_its_time_ends(desk: Desk) -> None:
    """By the review's own look, which is asked for at the session's end."""
    await desk.open(await desk.register(), minutes=10)
    session = await desk.session()
    moment = await desk.campaign.look_at(desk.world.now)
    assert moment.next_at is not None
    assert moment.next_at <= session.expires_at
    late = await desk.signature()
    await desk.campaign.look_at(desk.world.now + timedelta(minutes=11))
    assert await desk.states() == ("expired", "open")
    assert (await desk.complete(late)).answer["code"] == "signing-session-ended"
    (told,) = await desk.world.rows("SELECT account_id, facts FROM notices WHERE kind = 'signing_expired'")
    assert (told.account_id, told.facts) == (desk.world.accounts[WHO], {"signs": "report"})
