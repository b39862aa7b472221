"""Signing sessions: the document laid out for a key that is elsewhere; what comes back judged and kept."""

from __future__ import annotations

import json
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from cryptography import x509
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from activities.documents.beside import beside
from activities.documents.errors import DocumentError
from activities.documents.fields import state_beside
from activities.documents.stamp import Stamp, stamp_style
from activities.signing.assurance import Assurance, Level
from activities.signing.checking import check_certificate
from activities.signing.competence import CompetenceDesk
from activities.signing.errors import CannotSignError, PausedError, SignerAwayError
from activities.signing.notary import Notary, SignedFile
from activities.signing.outside import OutsideKey, ToSign, complete, prepare, value_of
from activities.signing.papers import Paper, Papers
from activities.signing.patience import patiently
from activities.signing.pausing import may_sign, unpaused
from activities.signing.proofs import keep_proof, no_trouble, note_trouble, present, sealing
from activities.signing.returned import accepted, newest_timestamp
from activities.signing.signer import Signers, info_of
from activities.signing.timestamping import LATEST
from models.activity_interfaces import SessionActivities
from models.database import Scope, transaction
from models.documents import DocumentStore, StoreError
from models.evidence import verify
from models.messages import SessionRequest, Signed
from models.record.tools import Tools

LATE = timedelta(hours=24)
"""How long after a session its signature may get its timestamp: the authority may be away for hours. Later
ones are refused, since nobody can tell any more that the signer was still competent, and signed anew."""

_SESSION = text(
    "SELECT s.*, c.certificate, c.chain, c.sha256 AS fingerprint FROM signing_sessions s"
    " JOIN certificates c ON c.id = s.certificate_id WHERE s.id = :id"
)
_LAID_OUT = text(
    "UPDATE signing_sessions SET prepared = :prepared, field = :field, attributes = :attributes,"
    " room_start = :start, room_end = :end WHERE id = :id AND prepared IS NULL"
)
_KEEP = text("UPDATE signing_sessions SET document = :document WHERE id = :id AND document IS NULL")
_DOCUMENT = text("SELECT document FROM signing_sessions WHERE id = :id")


@dataclass(frozen=True, slots=True)
class SessionOffice(SessionActivities):
    """Prepares and judges; the notary proves the certificate good both times, and judges the signed file."""

    tools: Tools
    store: DocumentStore
    threads: ThreadPoolExecutor
    notary: Notary
    papers: Papers
    signers: Signers | None = None
    """Whose seal attests records of competence; none where no seal is at hand."""

    @activity.defn(name="prepare_session")
    async def prepare_session(self, request: SessionRequest) -> Signed:
        """See the interface. A refusal is an answer; a full disk is raised, to be tried again."""
        return await patiently(self._prepare(request))

    async def _prepare(self, request: SessionRequest) -> Signed:
        scope = Scope(request.authority_id, everything=True)
        session = await self._session(request)
        if session.prepared is not None:
            return Signed(document=session.prepared)
        now = request.now.replace(microsecond=0)
        try:
            paper = await self.papers[session.kind].paper(session, request.now)
            await may_sign(
                self.tools, self.notary, request.authority_id, paper.authority_code, present(request.now)
            )
            made = await beside(self.threads, self._lay_out, session, paper, now)
        except (CannotSignError, DocumentError, PausedError) as refused:
            return Signed(failure=refused.code)  # whoever opens a session is answered now
        async with transaction(self.tools.engine, scope) as connection:
            await connection.execute(_LAID_OUT, {**made, "id": session.id})
        return Signed(document=(await self._session(request)).prepared)

    async def _session(self, request: SessionRequest) -> Row[Any]:
        scope = Scope(request.authority_id, everything=True)
        async with transaction(self.tools.engine, scope) as connection:
            return (await connection.execute(_SESSION, {"id": request.session_id})).one()

    @activity.defn(name="finish_session")
    async def finish_session(self, request: SessionRequest) -> Signed:
        """See the interface. Kept once, the same file is the answer ever after.

        Who must vouch for the signature may be away for hours: it is tried again, nobody signs twice.
        """
        return await patiently(self._finish(request))

    async def _finish(self, request: SessionRequest) -> Signed:
        scope = Scope(request.authority_id, everything=True)
        session = await self._session(request)
        approval = str(session.document_id) if session.kind == "approval" else ""
        certificate = session.fingerprint
        now = present(request.now)
        try:
            paper = await self.papers[session.kind].paper(session, request.now)
        except CannotSignError as refused:
            return Signed(failure=refused.code, approval=approval)
        if (kept := session.document or paper.kept) is not None:
            return Signed(document=kept, certificate=certificate, approval=approval)
        try:
            if self.notary.asks(paper.authority_code):  # the signer has answered; who vouches has not
                await unpaused(self.tools, request.authority_id, now, "timestamps")
            made = await beside(self.threads, self._judge, session, paper, now)
        except CannotSignError as refused:
            async with transaction(self.tools.engine, scope) as connection:
                await no_trouble(connection, paper.signing.id)
            return Signed(failure=refused.code, approval=approval)
        except SignerAwayError as away:
            async with transaction(self.tools.engine, scope) as connection:
                await note_trouble(connection, paper.signing, away.code, now)
            raise
        async with transaction(self.tools.engine, scope) as connection:
            kept = await _kept(connection, session, paper, made, now)
        return Signed(document=kept, certificate=certificate, approval=approval)

    def _lay_out(self, session: Row[Any], paper: Paper, now: datetime) -> dict[str, Any]:
        """The bytes that are given out, kept; what is to be signed of them."""
        certificate = x509.load_der_x509_certificate(session.certificate)
        check_certificate(certificate, session.mechanism, now)
        key = _key(session, certificate)
        # Asked here already: nobody is to sign by a revoked certificate and learn of it afterwards.
        assurance = self.notary.assure(key.certificates, now, self.notary.level_of(paper.authority_code))
        pdf = paper.make(now)
        record = self._competence(session, paper, certificate, pdf, now)
        if session.how == "file":
            if record:  # the agent writes the signature's dictionary: what it signs must hold the record
                pdf = state_beside(pdf, paper.field, record)
            kept = self.store.put(session.authority_id, pdf, "application/pdf")
            fixed = {"prepared": kept.sha256, "field": paper.field}
            return {**fixed, "attributes": None, "start": None, "end": None}
        made = prepare(
            pdf,
            key,
            field=paper.field,
            reason=paper.reason,
            location=paper.agency,
            signed_at=now,
            appearance=stamp_style(Stamp(paper.signer, paper.post, paper.agency, now, paper.reason)),
            assurance=replace(assurance, competence=record),
        )
        return {
            "prepared": self.store.put(session.authority_id, made.pdf, "application/pdf").sha256,
            "field": paper.field,
            "attributes": made.attributes,
            "start": made.start,
            "end": made.end,
        }

    def _competence(
        self, session: Row[Any], paper: Paper, certificate: x509.Certificate, pdf: bytes, now: datetime
    ) -> str:
        """The record that goes into the prepared bytes: good for as long as the session is.

        And for a timestamp that is late: who signed in time has signed, though its authority was away.
        """
        if self.signers is None:
            return ""
        late = LATE if self.notary.level_of(paper.authority_code).stamped else timedelta(0)
        desk, who = CompetenceDesk(self.signers, self.notary.trust), info_of(certificate).name
        return desk.statement(paper.why, who, pdf, paper.field, now, session.expires_at + late)

    def _judge(self, session: Row[Any], paper: Paper, now: datetime) -> _Judged:
        """What is signed, as stored, with what followed the session's own signature."""
        own, seal, certificates = self._signed(session, paper, now), None, [session.fingerprint]
        if paper.after is not None:
            seal, certificate = paper.after(own.pdf, now)
            certificates.append(certificate)
        pdf = (seal or own).pdf
        kept = self.store.put(session.authority_id, pdf, "application/pdf")
        return _Judged(own, seal, kept.sha256, certificates)

    def _signed(self, session: Row[Any], paper: Paper, now: datetime) -> SignedFile:
        """The signed file, once it is what was prepared with the one signature that was asked for."""
        certificate = x509.load_der_x509_certificate(session.certificate)
        check_certificate(certificate, session.mechanism, now)
        key, level = _key(session, certificate), self.notary.level_of(paper.authority_code)
        assurance = self.notary.assure(key.certificates, now, level)
        prepared = self.store.get(session.authority_id, session.prepared)
        if session.how == "file":
            return self._whole(session, prepared, assurance, now)
        waiting = ToSign(prepared, session.room_start, session.room_end, bytes(session.attributes))
        pss = session.mechanism != "rsassa_pkcs1v15"
        value = value_of(certificate, b64decode(session.value), waiting.attributes, pss=pss)
        signed = complete(waiting, _key(session, certificate, value), assurance)
        return self.notary.finish(signed, assurance, now)

    def _whole(self, session: Row[Any], prepared: bytes, assurance: Assurance, now: datetime) -> SignedFile:
        """A file that came back, with the proof its level asks for added behind the agent's signature."""
        returned, trust = self._returned(session.authority_id, session.returned), self.notary.trust
        accepted(
            prepared, returned, field=session.field, certificate=session.fingerprint, trust=trust, at=now
        )
        signed, ends, token, stamped_at = returned, None, None, None
        if assurance.level.stamped:
            # A timestamp over the whole file proves the time as one inside the signature does (EN 319 142-1).
            signed, ends = self.notary.renew(returned, now)
            token, stamped_at = newest_timestamp(signed)
        verdict = verify(signed, trust, at=now + LATEST)
        reached = Level(next(one.level for one in verdict.signatures if one.field == session.field))
        if list(Level).index(reached) < list(Level).index(assurance.level):
            raise CannotSignError("signature-not-valid", f"the signature is {reached} only")
        return SignedFile(signed, reached, assurance.signer, None, token, stamped_at, ends, verdict)

    def _returned(self, authority_id: UUID, name: str) -> bytes:
        try:
            return self.store.get(authority_id, name)
        except StoreError as error:
            raise CannotSignError("not-the-prepared-document", "the file that came is not there") from error


@dataclass(frozen=True, slots=True)
class _Judged:
    """A session's signature and the seal after it; the file with both; whose certificates, in order."""

    own: SignedFile
    seal: SignedFile | None
    document: str
    certificates: list[str]


async def _kept(
    connection: AsyncConnection, session: Row[Any], paper: Paper, made: _Judged, now: datetime
) -> str:
    """Write the file's hash down, once; answers the one that stands."""
    document, certificate = made.document, made.certificates[0]
    if (await connection.execute(_KEEP, {"id": session.id, "document": document})).rowcount:
        own = paper.signing
        if paper.keep is not None:
            named = {"document": document, "certificate": certificate}
            named["certificates"] = json.dumps(made.certificates)
            await connection.execute(paper.keep, {"id": own.id, **named})
        mine = replace(own, id=uuid5(own.id, document)) if paper.several else own
        await keep_proof(connection, mine, made.own, document, certificate, now)
        if made.seal is not None:
            await keep_proof(connection, sealing(own), made.seal, document, made.certificates[1], now)
        await no_trouble(connection, own.id)
    found: str = await connection.scalar(_DOCUMENT, {"id": session.id})
    return found


def _key(session: Row[Any], certificate: x509.Certificate, value: bytes = b"") -> OutsideKey:
    chain = [x509.load_der_x509_certificate(b64decode(one)) for one in session.chain]
    return OutsideKey(certificate, chain, pss=session.mechanism != "rsassa_pkcs1v15", value=value)
