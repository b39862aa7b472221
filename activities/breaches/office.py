"""Making one notification of a breach: typeset and sealed by who answers for breaches, then kept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.breaches.paper import FIELD, asked_of, data_of, header_of, notice_of
from activities.documents.beside import beside
from activities.documents.errors import DocumentError
from activities.documents.notice import render_notice
from activities.documents.store import DocumentStore
from activities.signing.errors import PAUSE, CannotSignError, PausedError, SignerAwayError
from activities.signing.notary import Notary, SignedFile
from activities.signing.pausing import may_sign
from activities.signing.proofs import Signing, address, keep_proof, no_trouble, note_trouble, present
from activities.signing.signer import Signers
from models.activity_interfaces import BreachActivities
from models.database import Scope, transaction
from models.messages_admin import BreachNoticeMade, BreachNoticeRequest
from models.record.breaching import story_of
from models.record.tools import Tools

_NOTICE = text(
    "SELECT b.*, n.id AS notice_id, n.document_sha256, n.sealer_id, n.asked_at, n.rule_set_hash,"
    " s.name AS sealer, g.name AS agency, u.name AS authority, u.code AS authority_code"
    " FROM breach_notices n JOIN breaches b ON b.id = n.breach_id JOIN agencies s ON s.id = n.sealer_id"
    " JOIN agencies g ON g.id = b.agency_id JOIN authorities u ON u.authority_id = n.authority_id"
    " WHERE n.id = :id"
)
_KEEP = text(
    "UPDATE breach_notices SET document_sha256 = :document, certificate = :certificate"
    " WHERE id = :id AND document_sha256 IS NULL"
)
REASON = "Thông báo vi phạm quy định về bảo vệ dữ liệu cá nhân"


@dataclass(frozen=True, slots=True)
class _Made:
    document: str
    content: str
    signed: SignedFile
    certificate: str


@dataclass(frozen=True, slots=True)
class BreachOffice(BreachActivities):
    """Typesets, seals and keeps. It is tried until it is made: people look for it where they asked for it."""

    tools: Tools
    store: DocumentStore
    signers: Signers
    threads: ThreadPoolExecutor
    notary: Notary

    @activity.defn(name="make_breach_notice")
    async def make_breach_notice(self, request: BreachNoticeRequest) -> BreachNoticeMade:
        """See the interface. That nobody here can seal it is an answer.

        Raises:
            ApplicationError: the key is away, or who must vouch for it.
        """
        try:
            return await self._notice(request)
        except SignerAwayError as away:
            pause = PAUSE if isinstance(away, PausedError) else None
            raise ApplicationError(away.code, type=away.code, next_retry_delay=pause) from away

    async def _notice(self, request: BreachNoticeRequest) -> BreachNoticeMade:
        scope, one = Scope(request.authority_id, everything=True), {"id": request.notice_id}
        async with transaction(self.tools.engine, scope) as connection:
            row = (await connection.execute(_NOTICE, one)).one()
        if row.document_sha256 is not None:
            return BreachNoticeMade(document=row.document_sha256)
        now, signing = present(request.now).replace(microsecond=0), _signing_of(row, "")
        try:
            await may_sign(self.tools, self.notary, request.authority_id, row.authority_code, now)
            made = await beside(self.threads, self._make, row, now)
        except (CannotSignError, DocumentError) as refused:
            async with transaction(self.tools.engine, scope) as connection:
                await no_trouble(connection, signing.id)
            return BreachNoticeMade(failure=refused.code)
        except SignerAwayError as away:
            async with transaction(self.tools.engine, scope) as connection:
                await note_trouble(connection, signing, away.code, now)
            raise
        async with transaction(self.tools.engine, scope) as connection:
            kept = {**one, "document": made.document, "certificate": made.certificate}
            if (await connection.execute(_KEEP, kept)).rowcount:
                signing = _signing_of(row, made.content)
                await keep_proof(connection, signing, made.signed, made.document, made.certificate, now)
            row = (await connection.execute(_NOTICE, one)).one()
        return BreachNoticeMade(document=row.document_sha256)

    def _make(self, row: Row[Any], now: datetime) -> _Made:
        written, said = asked_of(story_of(self.tools, row.authority_id, row), str(row.notice_id))
        data = data_of(row, written, said)
        pdf = render_notice(notice_of(row, written, said, now), header_of(row), data, now)
        signer = self.signers.seal_for(str(row.sealer_id), row.sealer)
        signed = self.notary.sign(
            signer,
            pdf,
            field=FIELD,
            reason=REASON,
            location=row.sealer,
            signed_at=now,
            level=self.notary.level_of(row.authority_code),
        )
        stored = self.store.put(row.authority_id, signed.pdf, "application/pdf")
        return _Made(stored.sha256, address(data), signed, signer.certificate.sha256)


def _signing_of(row: Row[Any], content: str) -> Signing:
    return Signing(row.notice_id, row.authority_id, "breach", None, content, row.rule_set_hash)
