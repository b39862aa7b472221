"""Exports signed by a key that is elsewhere: given out, taken back, sealed after, or come to nothing."""

from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from activities.exports.papers import ExportPapers
from activities.signing.issuing import Issued, SignerName
from activities.signing.keystore import Keystore
from activities.signing.sessions import SessionOffice
from models.command_sessions import CancelExportSigning, CompleteExportSigning, OpenExportSigning
from models.command_signing import CompleteSigning, RegisterCertificate
from models.database import transaction
from models.evidence import TrustList, verify
from models.messages import SessionRequest
from models.record.commands import Fate, fate
from tests.activities.exports.conftest import BODY, Offices, approve, employed, served
from tests.activities.signing import openssl
from tests.activities.signing.desk import certificate
from tests.world import World

NAME = SignerName("Trần Văn Đức", "Sở Văn hóa", "Giám đốc", "x-1")


@dataclass
class Desk:
    """Somebody's dossier, the signer's own key, and the steps the profile's workflow takes."""

    world: World
    office: SessionOffice
    folder: Path
    issued: Issued
    profile: UUID

    async def register(self, who: str) -> UUID:
        body = RegisterCertificate(**certificate(self.issued), document="12/GCN")
        done = await self.world.ask("admin", body, self.world.accounts[who], subject="certificate")
        assert done.status == 201, done.answer
        return UUID(done.answer["certificate_id"])

    async def open(self, registered: UUID, who: str, **more: Any) -> Fate:
        said = BODY.model_dump() | more
        body = OpenExportSigning(**said, certificate_id=registered, token_hash=uuid4().hex * 2)
        asked = await self.world.ask(who, body, self.profile)
        assert self.world.moment.to_export is None, "nobody's key at hand is to sign it"
        session = self.world.moment.to_prepare
        if session is None:
            return asked
        laid_out = await self.office.prepare_session(self.request(session))
        assert not laid_out.failure
        facts = {"session": str(session), "settles": str(asked.id)}
        await self.world.step("session_prepared", self.profile, **facts)
        return await self.fate(asked)

    async def complete(self, body: CompleteSigning, who: str) -> Fate:
        asked = await self.world.ask(who, body, self.profile)
        session = self.world.moment.to_finish
        if session is None:
            return asked
        made = await self.office.finish_session(self.request(session))
        facts = {"session": str(session), "settles": str(asked.id)}
        if made.failure:
            await self.world.step("session_refused", self.profile, **facts, reason=made.failure)
        else:
            assert (await self.office.finish_session(self.request(session))).document == made.document
            await self.world.step("session_judged", self.profile, **facts)
            await self.world.step("session_judged", self.profile, **facts)
        return await self.fate(asked)

    def request(self, session: UUID) -> SessionRequest:
        return SessionRequest(authority_id=self.world.authority, session_id=session, now=self.world.now)

    async def fate(self, asked: Fate) -> Fate:
        async with transaction(self.world.tools.engine, self.world.scope) as connection:
            found = await fate(connection, asked.id)
        assert found is not None
        return found

    async def session(self) -> Any:
        newest = "SELECT * FROM signing_sessions ORDER BY opened_at DESC, id LIMIT 1"
        return (await self.world.rows(newest))[0]

    async def signature(self) -> CompleteExportSigning:
        """What OpenSSL makes of the open session."""
        row = await self.session()
        value = openssl.signature(self.folder, self.issued, row.mechanism, bytes(row.attributes))
        given = b64encode(value).decode()
        return CompleteExportSigning(session_id=row.id, prepared=row.prepared, value=given)

    async def states(self) -> tuple[str, str, str | None]:
        """Of the session and its export, and why that failed."""
        row = await self.world.one(
            "SELECT s.state, e.state AS export, e.failure FROM signing_sessions s"
            " JOIN exports e ON e.id = s.document_id ORDER BY s.opened_at DESC, s.id LIMIT 1"
        )
        return row.state, row.export, row.failure


def desk(world: World, offices: Offices, folder: Path, profile: UUID) -> Desk:
    """The signer's certificate is of an issuer that everybody here trusts; its key is at nobody's hand."""
    exports = offices[1]
    issued = Keystore(folder / "pki").signer(NAME, "ec")
    office = SessionOffice(
        world.tools,
        exports.store,
        ThreadPoolExecutor(1),
        exports.notary,
        {"export": ExportPapers(exports)},
        exports.signers,
    )
    return Desk(world, office, folder, issued, profile)


@pytest.mark.rule("moha.art9.4")
async def test_the_person_signs_elsewhere_and_the_agencys_seal_follows(
    ministry: World, ministry_offices: Offices, trusted: Callable[[], TrustList], tmp_path: Path
) -> None:
    one = desk(ministry, ministry_offices, tmp_path, await served(ministry, ministry_offices))
    mine = await one.register("culture.head")
    refused = await one.open(mine, "culture.hr")
    assert (refused.status, refused.answer["code"]) == (403, "not-competent")
    opened = await one.open(mine, "culture.head")
    assert opened.status == 201, opened.answer
    assert await one.states() == ("open", "making", None)
    wrong = (await one.signature()).model_copy(update={"value": b64encode(b"0" * 64).decode()})
    assert (await one.complete(wrong, "culture.head")).answer["extra"]["reason"] == "signature-value-wrong"
    assert await one.states() == ("open", "making", None), "unsigned, and waiting on"
    ministry.now += timedelta(minutes=5)
    done = await one.complete(await one.signature(), "culture.head")
    assert (done.status, done.answer["export_id"]) == (201, opened.answer["export_id"]), done.answer
    assert await one.states() == ("done", "made", None)
    verdict = verify(
        one.office.store.get(ministry.authority, done.answer["document"]), trusted(), at=ministry.now
    )
    assert verdict.valid, verdict
    assert [s.field for s in verdict.signatures] == ["authority", "agency"]
    # Why both were theirs to give stands in the file: the person's from the preparation on, the seal's after.
    records = [s.competence for s in verdict.signatures]
    assert [r and (r["role"], r["rules"]) for r in records] == [("head", ["moha.art9.4"])] * 2
    assert {c.name: c.result for c in verdict.checks}["competence"] == "passed"
    row = await ministry.one("SELECT document_sha256, certificates FROM exports WHERE state = 'made'")
    assert row.document_sha256 == done.answer["document"]
    proofs = await ministry.rows("SELECT certificate FROM signature_proofs WHERE kind = 'export'")
    assert {proof.certificate for proof in proofs} == set(row.certificates)
    assert len(proofs) == 2
    told = "SELECT count(*) FROM notices WHERE kind = 'dossier_exported'"
    assert (await ministry.one(told)).count == 1, "once it has left, and not when it was asked for"


@pytest.mark.rule("hanoi.art8.4")
async def test_what_comes_to_nothing_stays_in_the_log(world: World, offices: Offices, tmp_path: Path) -> None:
    who = "culture.approver"
    profile, _ = await employed(world, offices)
    one = desk(world, offices, tmp_path, profile)
    mine = await one.register(who)
    assert (await one.open(mine, "culture.hr")).answer["code"] == "not-competent", "the seal is at hand"
    assert (await one.open(uuid4(), who)).answer["code"] == "certificate-not-registered"
    await one.open(mine, who)
    give_up = CancelExportSigning(session_id=(await one.session()).id)
    assert (await world.ask("culture.head", give_up, profile)).answer["code"] == "not-found"
    assert (await world.ask(who, give_up, profile)).status == 200
    assert await one.states() == ("cancelled", "failed", "by-signer")

    world.now += timedelta(minutes=1)
    await one.open(mine, who, minutes=10)
    late = await one.signature()
    approval = CompleteSigning(**late.model_dump())
    refused = await world.ask(who, approval, profile)
    assert refused.answer["code"] in ("signing-session-ended", "not-permitted"), "no approval waits in it"
    ends = (await one.session()).expires_at
    row = await world.one("SELECT next_wake_at FROM profiles WHERE id = :p", p=profile)
    assert row.next_wake_at <= ends
    world.now = ends
    assert (await one.complete(late, who)).answer["extra"]["state"] == "expired"
    await world.step("wake", profile)
    assert await one.states() == ("expired", "failed", "expired")

    # Something newer is approved on the very day that the export is of.
    yesterday = world.now.date()
    world.now += timedelta(days=1)
    await one.open(mine, who, as_of=yesterday)
    past = await one.session()
    world.now += timedelta(minutes=1)
    await one.open(mine, who)
    stale = await one.signature()
    await world.submit(profile, changed_on=world.now.date())
    await approve(world, offices, profile)
    assert await one.states() == ("cancelled", "failed", "newer-revision")
    assert (await one.complete(stale, who)).answer["code"] == "signing-session-ended"
    # That of the day before is still what was approved on that day.
    kept = await world.one("SELECT state FROM signing_sessions WHERE id = :s", s=past.id)
    assert kept.state == "open"
    notices = "SELECT kind, facts FROM notices WHERE kind LIKE 'signing_%' ORDER BY kind"
    told = [(one.kind, one.facts) for one in await world.rows(notices)]
    assert told == [
        ("signing_cancelled", {"signs": "export", "reason": "newer-revision"}),
        ("signing_expired", {"signs": "export"}),
    ]
