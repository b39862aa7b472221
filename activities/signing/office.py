"""Rendering and signing one prepared approval."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from temporalio import activity

from activities.documents.errors import DocumentError
from activities.documents.header import DossierHeader
from activities.documents.profile import render_profile
from activities.documents.store import DocumentStore
from activities.signing.errors import CannotSignError
from activities.signing.issuing import SignerName
from activities.signing.signer import DevelopmentSigners
from models.access import roles
from models.activity_interfaces import SigningActivities
from models.database import Scope, transaction
from models.form import canonical, digest
from models.messages import Signed, SignRequest
from models.record.load import content_of
from models.record.tools import Tools

FIELD = "authority"
"""The signature field of the managing authority on the form."""

_APPROVAL = text(
    "SELECT s.*, r.number, r.form_version, p.full_name, g.name AS agency, u.name AS authority,"
    " a.display_name AS approver, h.name AS approver_agency FROM approvals s"
    " JOIN revisions r ON r.id = s.revision_id"
    " JOIN profiles p ON p.id = s.profile_id JOIN agencies g ON g.id = p.agency_id"
    " JOIN authorities u ON u.authority_id = s.authority_id JOIN accounts a ON a.id = s.approver_id"
    " JOIN agencies h ON h.id = a.agency_id"
    " WHERE s.id = :id"
)
_KEEP = text(
    "UPDATE approvals SET document_sha256 = :document, certificate = :certificate"
    " WHERE id = :id AND document_sha256 IS NULL"
)


@dataclass(frozen=True, slots=True)
class SigningOffice(SigningActivities):
    """Renders, signs and keeps; the heavy part runs in threads of its own, away from the event loop."""

    tools: Tools
    store: DocumentStore
    signers: DevelopmentSigners
    threads: ThreadPoolExecutor

    @activity.defn(name="sign_approval")
    async def sign_approval(self, request: SignRequest) -> Signed:
        """Sign; the same approval always answers the same file, once one was kept."""
        return await self.sign(request)

    async def sign(self, request: SignRequest) -> Signed:
        """The signature itself, for the activity and for batches.

        A refusal by the signer (certificate, algorithm, form) is an answer; missing keys or a full disk are
        raised, to be tried again.
        """
        scope = Scope(request.authority_id, everything=True)
        async with transaction(self.tools.engine, scope) as connection:
            row = (await connection.execute(_APPROVAL, {"id": request.approval_id})).one()
            if row.document_sha256 is not None:
                return Signed(document=row.document_sha256, certificate=row.certificate)
            content = await content_of(connection, self.tools, request.authority_id, row.revision_id)
        if digest(content) != row.digest:
            return Signed(failure="content-mismatch")
        loop = asyncio.get_running_loop()
        try:
            signed, certificate = await loop.run_in_executor(
                self.threads, self._render_and_sign, row, content, request.now.replace(microsecond=0)
            )
        except (CannotSignError, DocumentError) as refused:
            return Signed(failure=refused.code)
        async with transaction(self.tools.engine, scope) as connection:
            await connection.execute(
                _KEEP, {"id": request.approval_id, "document": signed, "certificate": certificate}
            )
            kept = (await connection.execute(_APPROVAL, {"id": request.approval_id})).one()
        return Signed(document=kept.document_sha256, certificate=kept.certificate)

    def _render_and_sign(self, row: Row[Any], content: dict[str, Any], now: datetime) -> tuple[str, str]:
        header = DossierHeader(
            code=code_of(row.id),
            managing_authority=row.authority,
            employing_unit=row.agency,
            revision=row.number,
            form=row.form_version,
            official_name=row.full_name,
        )
        pdf = render_profile(content, header, canonical(content), now)
        post = roles().roles[row.approver_role].vi
        # Who signs may sit above the unit whose profile it is: the certificate names the signer's own agency.
        name = SignerName(row.approver, row.approver_agency, post, str(row.approver_id))
        signer = self.signers.signer_for(name)
        signed = signer.sign_pdf(
            pdf, field=FIELD, reason="Phê duyệt dữ liệu hồ sơ", location=row.approver_agency, signed_at=now
        )
        stored = self.store.put(signed, "application/pdf")
        return stored.sha256, signer.certificate.sha256


def code_of(approval_id: UUID) -> str:
    """The document's own code: opaque, printed on every page."""
    return f"HS-{approval_id.hex[:16].upper()}"
