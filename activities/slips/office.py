"""Making one slip: typeset by who hands over, signed by whom the rule names, else sealed by the agency."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.documents.beside import beside
from activities.documents.errors import DocumentError
from activities.documents.slip import render_slip
from activities.documents.store import DocumentStore
from activities.signing.competence import LASTS, CompetenceDesk, Entitlement
from activities.signing.errors import PAUSE, CannotSignError, PausedError, SignerAwayError
from activities.signing.issuing import SignerName
from activities.signing.notary import Notary, SignedFile
from activities.signing.pausing import may_sign
from activities.signing.proofs import Signing, address, keep_proof, no_trouble, note_trouble, present
from activities.signing.signer import Signer, Signers
from activities.slips.paper import data_of, field_of, header_of, slip_of
from models.access import roles
from models.activity_interfaces import SlipActivities
from models.database import Scope, transaction
from models.documents import StoreLockedError
from models.lifecycle.competence import BY_SIGNATURE
from models.lifecycle.slips import DISPOSAL
from models.messages_slips import SlipMade, SlipRequest
from models.record.disposing import files_of
from models.record.tools import Tools

_SLIP = text(
    "SELECT s.*, k.mode, k.document, k.effective_on, k.facts, k.from_agency_id, k.to_agency_id,"
    " f.name AS from_agency, t.name AS to_agency, g.name AS agency, p.full_name, p.staff_number,"
    " r.number AS revision, r.digest, r.evidence, u.name AS authority, u.code AS authority_code,"
    " a.display_name AS signer, h.name AS signer_agency,"
    " (SELECT v.document_sha256 FROM approvals v WHERE v.revision_id = s.revision_id AND v.state = 'signed'"
    "   AND v.list_id IS NULL ORDER BY v.step DESC LIMIT 1) AS approved_file,"
    " b.document_sha256 AS before, b.state AS state_before"
    " FROM slips s JOIN cases k ON k.id = s.case_id JOIN profiles p ON p.id = s.profile_id"
    " JOIN agencies f ON f.id = k.from_agency_id LEFT JOIN agencies t ON t.id = k.to_agency_id"
    " JOIN agencies g ON g.id = s.agency_id JOIN authorities u ON u.authority_id = s.authority_id"
    " LEFT JOIN revisions r ON r.id = s.revision_id LEFT JOIN accounts a ON a.id = s.asked_by"
    " LEFT JOIN agencies h ON h.id = a.agency_id LEFT JOIN slips b ON b.id = s.follows_id WHERE s.id = :id"
)
_PAPERS = text(
    "SELECT sha256, size, pages FROM attachments WHERE profile_id = :profile AND sha256 = ANY (:evidence)"
    " ORDER BY uploaded_at, sha256"
)
_KEEP = text(
    "UPDATE slips SET document_sha256 = :document, certificate = :certificate, failure = :unsigned"
    " WHERE id = :id AND document_sha256 IS NULL"
)
LOCKED = timedelta(hours=1)
"""Between two attempts at a document that the bucket's own lock keeps."""
REASONS = {
    "hand_over": "Bàn giao hồ sơ, tài khoản",
    "receipt": "Tiếp nhận hồ sơ, tài khoản",
    "end_of_management": "Thôi quản lý hồ sơ",
    "disposal": "Hủy hồ sơ hết thời hạn lưu trữ",
}
NO_KEY = "external-signature-needed"
"""No key of this agency is here: where nothing asks for a signature, the slip goes without."""


@dataclass(frozen=True, slots=True)
class _Made:
    document: str
    content: str
    signed: SignedFile | None
    certificate: str | None
    unsigned: str


@dataclass(frozen=True, slots=True)
class SlipOffice(SlipActivities):
    """Typesets, signs and keeps; nobody waits for it, so it is tried until it is made."""

    tools: Tools
    store: DocumentStore
    signers: Signers
    threads: ThreadPoolExecutor
    notary: Notary

    @activity.defn(name="make_slip")
    async def make_slip(self, request: SlipRequest) -> SlipMade:
        """See the interface. A refusal to sign is an answer where the rule asks for the signature.

        Raises:
            ApplicationError: a key is away, or who must vouch for it, or the slip before it is not made yet;
                ``documents-locked``: what was disposed of is still kept by its bucket, and no minutes say
                otherwise.
        """
        try:
            return await self._slip(request)
        except SignerAwayError as away:
            pause = PAUSE if isinstance(away, PausedError) else None
            raise ApplicationError(away.code, type=away.code, next_retry_delay=pause) from away
        except StoreLockedError as kept:
            raise ApplicationError(kept.code, type=kept.code, next_retry_delay=LOCKED) from kept

    async def _slip(self, request: SlipRequest) -> SlipMade:
        scope = Scope(request.authority_id, everything=True)
        async with transaction(self.tools.engine, scope) as connection:
            row = (await connection.execute(_SLIP, {"id": request.slip_id})).one()
            named = {"profile": row.profile_id, "evidence": list(row.evidence or ())}
            papers = list((await connection.execute(_PAPERS, named)).all())
            gone = await files_of(connection, row.profile_id) if row.kind == DISPOSAL else []
        if row.document_sha256 is not None:
            return SlipMade(document=row.document_sha256, unsigned=row.failure or "")
        if row.follows_id is not None and row.state_before == "making":
            raise ApplicationError("the slip that it signs is being made", type="slip-before-it")
        if row.follows_id is not None and row.before is None:
            return SlipMade(failure="slip-before-it")
        now = present(request.now).replace(microsecond=0)
        own = _signing_of(row, "")
        try:
            await may_sign(self.tools, self.notary, request.authority_id, row.authority_code, now)
            made = await beside(self.threads, self._make, row, papers, gone, now)
        except (CannotSignError, DocumentError) as refused:
            async with transaction(self.tools.engine, scope) as connection:
                await no_trouble(connection, own.id)
            return SlipMade(failure=refused.code)
        except (SignerAwayError, StoreLockedError) as away:
            async with transaction(self.tools.engine, scope) as connection:
                await note_trouble(connection, own, away.code, now)
            raise
        async with transaction(self.tools.engine, scope) as connection:
            kept = {"id": row.id, "document": made.document, "certificate": made.certificate}
            if (await connection.execute(_KEEP, {**kept, "unsigned": made.unsigned or None})).rowcount:
                if made.signed is not None and made.certificate is not None:
                    own = _signing_of(row, made.content)
                    await keep_proof(connection, own, made.signed, made.document, made.certificate, now)
                await no_trouble(connection, own.id)
            row = (await connection.execute(_SLIP, {"id": request.slip_id})).one()
        return SlipMade(document=row.document_sha256, unsigned=row.failure or "")

    def _make(self, row: Row[Any], papers: list[Row[Any]], gone: list[str], now: datetime) -> _Made:
        _destroyed(self.store, row.authority_id, gone)
        data = data_of(row, papers, gone)
        if row.before is not None:
            pdf = self.store.get(row.authority_id, row.before)
        else:
            pdf = render_slip(slip_of(row, papers, gone), header_of(row), data, now)
        content, unsigned = address(data), ""
        try:
            signed, certificate = self._signed(row, pdf, now)
        except CannotSignError as refused:
            if refused.code != NO_KEY or row.signature != "none_stated":
                raise
            signed, certificate, unsigned = None, None, NO_KEY
        stored = self.store.put(row.authority_id, signed.pdf if signed else pdf, "application/pdf")
        return _Made(stored.sha256, content, signed, certificate, unsigned)

    def _signed(self, row: Row[Any], pdf: bytes, now: datetime) -> tuple[SignedFile, str]:
        signer, field = self._signer(row), field_of(row)
        why = Entitlement(
            row.authority_id, row.authority, row.asked_role, row.rule_set_hash, tuple(row.rule_ids)
        )
        desk = CompetenceDesk(self.signers, self.notary.trust)
        made = self.notary.sign(
            signer,
            pdf,
            field=field,
            reason=REASONS[row.kind],
            location=row.agency,
            signed_at=now,
            level=self.notary.level_of(row.authority_code),
            competence=desk.statement(why, signer.certificate.name, pdf, field, now, now + LASTS),
        )
        return made, signer.certificate.sha256

    def _signer(self, row: Row[Any]) -> Signer:
        """Whose signature the rule asks for: a person's where it names one, else the agency's seal."""
        if row.signature not in BY_SIGNATURE or row.asked_by is None:
            return self.signers.seal_for(str(row.agency_id), row.agency)
        post = roles().roles[row.asked_role].vi
        return self.signers.signer_for(SignerName(row.signer, row.signer_agency, post, str(row.asked_by)))


def _destroyed(store: DocumentStore, authority_id: UUID, gone: list[str]) -> None:
    """All of it, or the lock that keeps some; again after a crash: what is gone already is no trouble."""
    locked: list[StoreLockedError] = []
    for digest in gone:
        try:
            store.forget(authority_id, digest)
        except StoreLockedError as kept:
            locked.append(kept)
    if locked:
        raise locked[0]


def _signing_of(row: Row[Any], content: str) -> Signing:
    return Signing(row.id, row.authority_id, "slip", row.asked_by, content, row.rule_set_hash)
