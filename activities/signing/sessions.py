"""Signing sessions: the document laid out for a key that is elsewhere; what comes back judged and kept."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography import x509
from sqlalchemy import Row, text
from temporalio import activity

from activities.documents.errors import DocumentError
from activities.documents.profile import render_profile
from activities.documents.stamp import Stamp, stamp_style
from activities.signing.assurance import Assurance, Level
from activities.signing.checking import check_certificate
from activities.signing.errors import CannotSignError, SignerAwayError
from activities.signing.notary import Notary, SignedFile
from activities.signing.office import APPROVAL, capacity_of, header_of, signing_of
from activities.signing.outside import OutsideKey, ToSign, complete, prepare, value_of
from activities.signing.patience import patiently
from activities.signing.proofs import keep_proof, no_trouble, note_trouble, present
from activities.signing.returned import accepted, newest_timestamp
from activities.signing.timestamping import LATEST
from models.activity_interfaces import SessionActivities
from models.database import Scope, transaction
from models.documents import DocumentStore, StoreError
from models.evidence import verify
from models.form import canonical, digest
from models.lifecycle.steps import LAST_FIELD
from models.messages import SessionRequest, Signed
from models.record.load import content_of
from models.record.tools import Tools

_SESSION = text(
    "SELECT s.*, c.certificate, c.chain, c.sha256 AS fingerprint FROM signing_sessions s"
    " JOIN certificates c ON c.id = s.certificate_id WHERE s.id = :id"
)
_LAID_OUT = text(
    "UPDATE signing_sessions SET prepared = :prepared, field = :field, attributes = :attributes,"
    " room_start = :start, room_end = :end WHERE id = :id AND prepared IS NULL"
)
_KEEP = text(
    "UPDATE approvals SET document_sha256 = :document, certificate = :certificate"
    " WHERE id = :id AND document_sha256 IS NULL"
)


@dataclass(frozen=True, slots=True)
class SessionOffice(SessionActivities):
    """Prepares and judges; the notary proves the certificate good both times, and judges the signed file."""

    tools: Tools
    store: DocumentStore
    threads: ThreadPoolExecutor
    notary: Notary

    @activity.defn(name="prepare_session")
    async def prepare_session(self, request: SessionRequest) -> Signed:
        """See the interface. A refusal is an answer; a full disk is raised, to be tried again."""
        return await patiently(self._prepare(request))

    async def _prepare(self, request: SessionRequest) -> Signed:
        scope = Scope(request.authority_id, everything=True)
        async with transaction(self.tools.engine, scope) as connection:
            session = (await connection.execute(_SESSION, {"id": request.session_id})).one()
            if session.prepared is not None:
                return Signed(document=session.prepared)
            row = (await connection.execute(APPROVAL, {"id": session.document_id})).one()
            content = await content_of(connection, self.tools, request.authority_id, row.revision_id)
        if digest(content) != row.digest:
            return Signed(failure="content-mismatch")
        loop, now = asyncio.get_running_loop(), request.now.replace(microsecond=0)
        try:
            made = await loop.run_in_executor(self.threads, self._lay_out, session, row, content, now)
        except (CannotSignError, DocumentError) as refused:
            return Signed(failure=refused.code)
        async with transaction(self.tools.engine, scope) as connection:
            await connection.execute(_LAID_OUT, {"id": session.id, **made})
            kept = (await connection.execute(_SESSION, {"id": session.id})).one()
        return Signed(document=kept.prepared)

    @activity.defn(name="finish_session")
    async def finish_session(self, request: SessionRequest) -> Signed:
        """See the interface. Kept once, the same file is the answer ever after.

        Who must vouch for the signature may be away for hours: it is tried again, nobody signs twice.
        """
        return await patiently(self._finish(request))

    async def _finish(self, request: SessionRequest) -> Signed:
        scope = Scope(request.authority_id, everything=True)
        async with transaction(self.tools.engine, scope) as connection:
            session = (await connection.execute(_SESSION, {"id": request.session_id})).one()
            row = (await connection.execute(APPROVAL, {"id": session.document_id})).one()
        approval = str(session.document_id)
        if row.document_sha256 is not None:
            return Signed(document=row.document_sha256, certificate=row.certificate, approval=approval)
        signing, now = signing_of(row), present(request.now)
        loop = asyncio.get_running_loop()
        try:
            made = await loop.run_in_executor(self.threads, self._judge, session, row, now)
        except CannotSignError as refused:
            async with transaction(self.tools.engine, scope) as connection:
                await no_trouble(connection, signing.id)
            return Signed(failure=refused.code, approval=approval)
        except SignerAwayError as away:
            async with transaction(self.tools.engine, scope) as connection:
                await note_trouble(connection, signing, away.code, now)
            raise
        document, certificate = self.store.put(made.pdf, "application/pdf").sha256, session.fingerprint
        async with transaction(self.tools.engine, scope) as connection:
            values = {"id": row.id, "document": document, "certificate": certificate}
            if (await connection.execute(_KEEP, values)).rowcount:
                await keep_proof(connection, signing, made, document, certificate, now)
            kept = (await connection.execute(APPROVAL, {"id": row.id})).one()
        return Signed(document=kept.document_sha256, certificate=kept.certificate, approval=approval)

    def _lay_out(
        self, session: Row[Any], row: Row[Any], content: dict[str, Any], now: datetime
    ) -> dict[str, Any]:
        """The bytes that are given out, kept; what is to be signed of them."""
        certificate = x509.load_der_x509_certificate(session.certificate)
        check_certificate(certificate, session.mechanism, now)
        key = _key(session, certificate)
        # Asked here already: nobody is to sign by a revoked certificate and learn of it afterwards.
        assurance = self.notary.assure(key.certificates, now, self.notary.level_of(row.authority_code))
        if row.follows is not None:
            pdf = self.store.get(row.follows)
        else:
            pdf = render_profile(content, header_of(row), canonical(content), now)
        field = row.facts.get("field", LAST_FIELD)
        if session.how == "file":
            kept = self.store.put(pdf, "application/pdf")
            return {"prepared": kept.sha256, "field": field, "attributes": None, "start": None, "end": None}
        post, reason = capacity_of(row)
        made = prepare(
            pdf,
            key,
            field=field,
            reason=reason,
            location=row.approver_agency,
            signed_at=now,
            appearance=stamp_style(Stamp(row.approver, post, row.approver_agency, now, reason)),
            assurance=assurance,
        )
        return {
            "prepared": self.store.put(made.pdf, "application/pdf").sha256,
            "field": field,
            "attributes": made.attributes,
            "start": made.start,
            "end": made.end,
        }

    def _judge(self, session: Row[Any], row: Row[Any], now: datetime) -> SignedFile:
        """The signed file, once it is what was prepared with the one signature that was asked for."""
        certificate = x509.load_der_x509_certificate(session.certificate)
        check_certificate(certificate, session.mechanism, now)
        key, level = _key(session, certificate), self.notary.level_of(row.authority_code)
        assurance = self.notary.assure(key.certificates, now, level)
        prepared = self.store.get(session.prepared)
        if session.how == "file":
            return self._whole(session, prepared, assurance, now)
        waiting = ToSign(prepared, session.room_start, session.room_end, bytes(session.attributes))
        pss = session.mechanism != "rsassa_pkcs1v15"
        value = value_of(certificate, b64decode(session.value), waiting.attributes, pss=pss)
        signed = complete(waiting, _key(session, certificate, value), assurance)
        return self.notary.finish(signed, assurance, now)

    def _whole(self, session: Row[Any], prepared: bytes, assurance: Assurance, now: datetime) -> SignedFile:
        """A file that came back, with the proof its level asks for added behind the agent's signature."""
        returned, trust = self._returned(session.returned), self.notary.trust
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

    def _returned(self, name: str) -> bytes:
        try:
            return self.store.get(name)
        except StoreError as error:
            raise CannotSignError("not-the-prepared-document", "the file that came is not there") from error


def _key(session: Row[Any], certificate: x509.Certificate, value: bytes = b"") -> OutsideKey:
    chain = [x509.load_der_x509_certificate(b64decode(one)) for one in session.chain]
    return OutsideKey(certificate, chain, pss=session.mechanism != "rsassa_pkcs1v15", value=value)
