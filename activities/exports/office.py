"""Making one export: the approved dossier of a day as a document that stands by itself."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from activities.documents.beside import beside
from activities.documents.errors import DocumentError
from activities.documents.profile import render_profile
from activities.documents.store import DocumentStore
from activities.exports.paper import cover_of, header_of, sealed_by
from activities.signing.competence import LASTS, CompetenceDesk, Entitlement, lent_by
from activities.signing.errors import CannotSignError, SignerAwayError
from activities.signing.issuing import SignerName
from activities.signing.notary import Notary, SignedFile
from activities.signing.patience import patiently
from activities.signing.pausing import may_sign
from activities.signing.proofs import Signing, keep_proof, no_trouble, note_trouble, present, sealing
from activities.signing.signer import Signer, Signers
from models.access import roles
from models.activity_interfaces import ExportActivities
from models.calendar import legal_date
from models.database import Scope, transaction
from models.form import canonical, digest
from models.lifecycle.exporting import AGENCY
from models.messages import ExportRequest, Signed
from models.record.law_of import LawOf
from models.record.load import content_of
from models.record.tools import Tools

_EXPORT = text(
    "SELECT e.*, r.number, r.form_version, r.submitted_at, r.saved_at, p.full_name, p.agency_id,"
    " g.name AS agency_today, u.name AS authority_today,"
    " u.code AS authority_code, u.department_id, d.name AS department,"
    " a.display_name AS signer, h.name AS signer_agency, b.display_name AS on_behalf,"
    " l.document AS delegated_by, l.valid_from AS lent_from, l.valid_to AS lent_to"
    " FROM exports e JOIN revisions r ON r.id = e.revision_id JOIN profiles p ON p.id = e.profile_id"
    " JOIN agencies g ON g.id = p.agency_id JOIN authorities u ON u.authority_id = e.authority_id"
    " LEFT JOIN agencies d ON d.id = u.department_id JOIN accounts a ON a.id = e.asked_by"
    " JOIN agencies h ON h.id = a.agency_id LEFT JOIN accounts b ON b.id = e.on_behalf_of"
    " LEFT JOIN delegations l ON l.id = e.delegation_id WHERE e.id = :id"
)
_APPROVALS = text(
    "SELECT s.signed_at, s.step, s.approver_role, s.certificate, s.document_sha256, s.facts, s.list_id,"
    " s.list_row, s.agency_name, s.authority_name, a.display_name AS signer"
    " FROM approvals s JOIN accounts a ON a.id = s.approver_id"
    " WHERE s.profile_id = :profile AND s.revision_id = :revision AND s.state = 'signed' ORDER BY s.step"
)
KEEP = text(
    "UPDATE exports SET document_sha256 = :document, certificates = CAST(:certificates AS jsonb)"
    " WHERE id = :id AND document_sha256 IS NULL"
)


@dataclass(frozen=True, slots=True)
class Taken:
    """An export's row with all that its paper needs."""

    row: Row[Any]
    approvals: list[Row[Any]]
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Made:
    """The file of an export and its signatures in order, each with its certificate's fingerprint."""

    document: str
    signed: list[tuple[SignedFile, str]]


@dataclass(frozen=True, slots=True)
class ExportOffice(ExportActivities):
    """Typesets, signs and keeps; the heavy part runs in threads of its own."""

    tools: Tools
    store: DocumentStore
    signers: Signers
    threads: ThreadPoolExecutor
    notary: Notary

    @activity.defn(name="make_export")
    async def make_export(self, request: ExportRequest) -> Signed:
        """The same export always answers the same file, once one was kept; a refusal to sign is an answer."""
        return await patiently(self._export(request))

    async def taken(self, authority_id: UUID, export_id: UUID, now: datetime) -> Taken:
        """An export as it was asked for, in the words of the lists in force now.

        Raises:
            CannotSignError: ``content-mismatch``, the revision is not what its hash says.
        """
        async with transaction(self.tools.engine, Scope(authority_id, everything=True)) as connection:
            row = (await connection.execute(_EXPORT, {"id": export_id})).one()
            named = {"profile": row.profile_id, "revision": row.revision_id}
            approvals = list((await connection.execute(_APPROVALS, named)).all())
            content = await content_of(connection, self.tools, authority_id, row.revision_id)
            await self.tools.law(connection, LawOf.authority(authority_id), legal_date(now))
        if digest(content) != row.digest:
            raise CannotSignError("content-mismatch", "the revision's content is not what its hash says")
        return Taken(row, approvals, content)

    async def _export(self, request: ExportRequest) -> Signed:
        scope = Scope(request.authority_id, everything=True)
        at = present(request.now).replace(microsecond=0)
        own: Signing | None = None
        try:
            taken = await self.taken(request.authority_id, request.export_id, at)
            if taken.row.document_sha256 is not None:
                return Signed(document=taken.row.document_sha256)
            own = signing_of(taken.row)
            if taken.row.places:
                code = taken.row.authority_code
                await may_sign(self.tools, self.notary, request.authority_id, code, at)
            made = await beside(self.threads, self._make, taken, at)
        except (CannotSignError, DocumentError) as refused:
            async with transaction(self.tools.engine, scope) as connection:
                await no_trouble(connection, request.export_id)
            return Signed(failure=refused.code)
        except SignerAwayError as away:
            assert own is not None, "nobody is away before anything is signed"
            async with transaction(self.tools.engine, scope) as connection:
                await note_trouble(connection, own, away.code, at)
            raise
        async with transaction(self.tools.engine, scope) as connection:
            await _kept(connection, own, made, at)
            row = (await connection.execute(_EXPORT, {"id": request.export_id})).one()
        return Signed(document=row.document_sha256)

    def _make(self, taken: Taken, at: datetime) -> Made:
        pdf, signed = self.rendered(taken, at), []
        for place in taken.row.places:
            made, certificate = self.signed(taken.row, place, pdf, at)
            signed.append((made, certificate))
            pdf = made.pdf
        return Made(self.store.put(taken.row.authority_id, pdf, "application/pdf").sha256, signed)

    def rendered(self, taken: Taken, at: datetime) -> bytes:
        """The export before any signature, with the signed file of its approval attached."""
        original = self._original(taken)
        cover = cover_of(taken.row, taken.approvals, original, at)
        return render_profile(
            taken.content, header_of(taken.row, taken.approvals), canonical(taken.content), at, cover
        )

    def signed(self, row: Row[Any], place: str, pdf: bytes, at: datetime) -> tuple[SignedFile, str]:
        """One signature by a key at hand, and its certificate's fingerprint.

        Raises:
            CannotSignError, SignerAwayError: as ``Notary.sign``.
        """
        signer, reason = self._signer(row, place)
        desk = CompetenceDesk(self.signers, self.notary.trust)
        made = self.notary.sign(
            signer,
            pdf,
            field=place,
            reason=reason,
            location=row.signer_agency,
            signed_at=at,
            level=self.notary.level_of(row.authority_code),
            competence=desk.statement(entitled(row), signer.certificate.name, pdf, place, at, at + LASTS),
        )
        return made, signer.certificate.sha256

    def _original(self, taken: Taken) -> bytes | None:
        """The signed file of the last step, which bears the signatures of all before it.

        A list signed for many is not attached: it names other people.
        """
        kept = [one.document_sha256 for one in taken.approvals if one.document_sha256 and one.list_id is None]
        return self.store.get(taken.row.authority_id, kept[-1]) if kept else None

    def _signer(self, row: Row[Any], place: str) -> tuple[Signer, str]:
        post, reason = capacity_of(row)
        if place == AGENCY:
            agency_id, agency = sealed_by(row)
            return self.signers.seal_for(str(agency_id), agency), REASON
        name = SignerName(row.signer, row.signer_agency, post, str(row.asked_by))
        return self.signers.signer_for(name), reason


REASON = "Xuất hồ sơ điện tử"


def capacity_of(row: Row[Any]) -> tuple[str, str]:
    """As what the person signs an export, and why: words of the certificate and of the visible mark."""
    if row.on_behalf is None:
        return roles().roles[row.asked_role].vi, REASON
    return (
        "Người được uỷ quyền",
        f"{REASON}, thừa uỷ quyền (TUQ.) của {row.on_behalf} theo {row.delegated_by}",
    )


def entitled(row: Row[Any]) -> Entitlement:
    """Why the export is its signers' to give: the rule that says whose signatures it needs.

    The agency's seal stands under the role of whoever had it set.
    """
    return Entitlement(
        row.authority_id,
        row.authority_today,
        row.asked_role,
        row.rule_set_hash,
        tuple(row.rule_ids),
        lent_by(row),
    )


def signing_of(row: Row[Any]) -> Signing:
    """Which signature it is, for its proof and its troubles."""
    return Signing(
        row.id, row.authority_id, "export", row.asked_by, row.digest, row.rule_set_hash, row.delegation_id
    )


async def _kept(connection: AsyncConnection, own: Signing, made: Made, at: datetime) -> None:
    """Write the file's hash down, once, with what proves each of its signatures."""
    certificates = json.dumps([certificate for _, certificate in made.signed])
    values = {"id": own.id, "document": made.document, "certificates": certificates}
    if not (await connection.execute(KEEP, values)).rowcount:
        return
    # The first is the export's own, by whoever it is; where a person signed, the seal after it has its own.
    for (signed, certificate), signing in zip(made.signed, (own, sealing(own)), strict=False):
        await keep_proof(connection, signing, signed, made.document, certificate, at)
    await no_trouble(connection, own.id)
