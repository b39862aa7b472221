"""Rendering and signing one prepared approval."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from temporalio import activity

from activities.documents.beside import beside
from activities.documents.errors import DocumentError
from activities.documents.header import DossierHeader, SignaturePlace
from activities.documents.profile import render_profile
from activities.documents.store import DocumentStore
from activities.signing.competence import LASTS, CompetenceDesk, Entitlement, lent_by
from activities.signing.errors import CannotSignError, SignerAwayError
from activities.signing.issuing import SignerName
from activities.signing.notary import Notary, SignedFile
from activities.signing.patience import patiently
from activities.signing.pausing import may_sign
from activities.signing.proofs import Signing, keep_proof, no_trouble, note_trouble, present
from activities.signing.signer import Signers
from models.access import roles
from models.activity_interfaces import SigningActivities
from models.calendar import legal_date
from models.database import Scope, transaction
from models.form import canonical, digest
from models.lifecycle.steps import LAST_FIELD as FIELD
from models.lifecycle.steps import OWN
from models.messages import Signed, SignRequest
from models.record.law_of import LawOf
from models.record.load import content_of
from models.record.tools import Tools

APPROVAL = text(
    "SELECT s.*, r.number, r.form_version, p.full_name, g.name AS agency, u.name AS authority,"
    " u.code AS authority_code,"
    " (SELECT f.document_sha256 FROM approvals f WHERE f.profile_id = s.profile_id"
    "   AND f.revision_id = s.revision_id AND f.state = 'signed' ORDER BY f.step DESC LIMIT 1) AS follows,"
    " a.display_name AS approver, h.name AS approver_agency, b.display_name AS on_behalf,"
    " d.document AS delegated_by, d.valid_from AS lent_from, d.valid_to AS lent_to FROM approvals s"
    " JOIN revisions r ON r.id = s.revision_id"
    " JOIN profiles p ON p.id = s.profile_id JOIN agencies g ON g.id = p.agency_id"
    " JOIN authorities u ON u.authority_id = s.authority_id JOIN accounts a ON a.id = s.approver_id"
    " JOIN agencies h ON h.id = a.agency_id LEFT JOIN accounts b ON b.id = s.on_behalf_of"
    " LEFT JOIN delegations d ON d.id = s.delegation_id"
    " WHERE s.id = :id"
)
"""One approval with the names on its paper; ``follows`` is the file that its chain has signed so far."""
_KEEP = text(
    "UPDATE approvals SET document_sha256 = :document, certificate = :certificate"
    " WHERE id = :id AND document_sha256 IS NULL"
)


@dataclass(frozen=True, slots=True)
class SigningOffice(SigningActivities):
    """Renders, signs and keeps; the heavy part runs in threads of its own, away from the event loop."""

    tools: Tools
    store: DocumentStore
    signers: Signers
    threads: ThreadPoolExecutor
    notary: Notary

    @activity.defn(name="sign_approval")
    async def sign_approval(self, request: SignRequest) -> Signed:
        """Sign; the same approval always answers the same file, once one was kept."""
        return await patiently(self.sign(request))

    async def sign(self, request: SignRequest) -> Signed:
        """The signature itself, for the activity and for batches.

        A refusal by the signer (certificate, algorithm, form) is an answer; missing keys, a token that is
        away, a timestamp authority that does not answer (`SignerAwayError`) or a full disk are raised, to be
        tried again; the trouble stands in its row meanwhile.
        """
        scope = Scope(request.authority_id, everything=True)
        async with transaction(self.tools.engine, scope) as connection:
            row = (await connection.execute(APPROVAL, {"id": request.approval_id})).one()
            if row.document_sha256 is not None:
                return Signed(document=row.document_sha256, certificate=row.certificate)
            content = await content_of(connection, self.tools, request.authority_id, row.revision_id)
            # The words of the form are those of the lists in force.
            await self.tools.law(connection, LawOf.authority(request.authority_id), legal_date(request.now))
        if digest(content) != row.digest:
            return Signed(failure="content-mismatch")
        signing = signing_of(row)
        now = present(request.now).replace(microsecond=0)
        try:
            await may_sign(self.tools, self.notary, request.authority_id, row.authority_code, now)
            made, document, certificate = await beside(self.threads, self._render_and_sign, row, content, now)
        except (CannotSignError, DocumentError) as refused:
            async with transaction(self.tools.engine, scope) as connection:
                await no_trouble(connection, signing.id)
            return Signed(failure=refused.code)
        except SignerAwayError as away:
            async with transaction(self.tools.engine, scope) as connection:
                await note_trouble(connection, signing, away.code, now)
            raise
        async with transaction(self.tools.engine, scope) as connection:
            values = {"id": request.approval_id, "document": document, "certificate": certificate}
            if (await connection.execute(_KEEP, values)).rowcount:
                await keep_proof(connection, signing, made, document, certificate, now)
            kept = (await connection.execute(APPROVAL, {"id": request.approval_id})).one()
        return Signed(document=kept.document_sha256, certificate=kept.certificate)

    def _render_and_sign(
        self, row: Row[Any], content: dict[str, Any], now: datetime
    ) -> tuple[SignedFile, str, str]:
        if row.follows is not None:
            pdf = self.store.get(row.authority_id, row.follows)
        else:
            pdf = render_profile(content, header_of(row), canonical(content), now)
        post, reason = capacity_of(row)
        # Who signs may sit above the unit whose profile it is: the certificate names the signer's own agency.
        name = SignerName(row.approver, row.approver_agency, post, str(row.approver_id))
        signer, field = self.signers.signer_for(name), row.facts.get("field", FIELD)
        desk = CompetenceDesk(self.signers, self.notary.trust)
        stated = (code_of(row.id), row.digest) if row.follows is None else None
        who, until = signer.certificate.name, now + LASTS
        made = self.notary.sign(
            signer,
            pdf,
            field=field,
            reason=reason,
            location=row.approver_agency,
            signed_at=now,
            level=self.notary.level_of(row.authority_code),
            competence=desk.statement(entitled(row), who, pdf, field, now, until, stated),
        )
        stored = self.store.put(row.authority_id, made.pdf, "application/pdf")
        return made, stored.sha256, signer.certificate.sha256


def signing_of(row: Row[Any]) -> Signing:
    """Which signature it is, for its proof and its troubles."""
    return Signing(
        row.id,
        row.authority_id,
        "approval",
        row.approver_id,
        row.digest,
        row.rule_set_hash,
        row.delegation_id,
    )


def entitled(row: Row[Any]) -> Entitlement:
    """Why the approval is its signer's to give, as its act found."""
    return Entitlement(
        row.authority_id,
        row.authority,
        row.approver_role,
        row.rule_set_hash,
        tuple(row.rule_ids),
        lent_by(row),
    )


def header_of(row: Row[Any]) -> DossierHeader:
    """What is printed around the form, with a place for each signature of its chain."""
    laid_out = row.facts.get("places") or ()
    return DossierHeader(
        code=code_of(row.id),
        managing_authority=row.authority,
        employing_unit=row.agency,
        revision=row.number,
        form=row.form_version,
        official_name=row.full_name,
        places=tuple(_place(one, row.full_name) for one in laid_out),
    )


def _place(place: dict[str, str], official: str) -> SignaturePlace:
    if place["role"] == "official":
        return SignaturePlace("official", "Người khai", "(Ký tên, ghi rõ họ tên)", name=official)
    return SignaturePlace(place["field"], roles().roles[place["role"]].vi, "(Ký số)", dated=True)


def _reason(row: Row[Any]) -> str:
    """What the signature says it was given for."""
    if row.step == OWN:
        return "Xác nhận nội dung đã khai"
    if row.facts.get("field", FIELD) == FIELD:
        return "Phê duyệt dữ liệu hồ sơ"
    return "Rà soát, xác thực dữ liệu hồ sơ"


def capacity_of(row: Any) -> tuple[str, str]:
    """As what the signer signs and why: words of the certificate and of the visible mark.

    Whoever signs by delegation is not the delegator: the post says so, the reason names whose right it is and
    the document that lent it (hanoi.art6.4.c; NĐ 30/2020/NĐ-CP, "TUQ.").
    """
    if row.on_behalf_of is None:
        return roles().roles[row.approver_role].vi, _reason(row)
    reason = f"{_reason(row)}, thừa uỷ quyền (TUQ.) của {row.on_behalf} theo {row.delegated_by}"
    return "Người được uỷ quyền phê duyệt", reason


def code_of(approval_id: UUID) -> str:
    """The document's own code: opaque, printed on every page."""
    return f"HS-{approval_id.hex[:16].upper()}"
