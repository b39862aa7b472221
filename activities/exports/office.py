"""Making one export: the approved dossier of a day as a document that stands by itself."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from temporalio import activity

from activities.documents.cover import Cover, Given
from activities.documents.errors import DocumentError
from activities.documents.header import DossierHeader, SignaturePlace, SlipLine
from activities.documents.profile import render_profile
from activities.documents.store import DocumentStore
from activities.signing.errors import CannotSignError
from activities.signing.issuing import SignerName
from activities.signing.notary import Notary
from activities.signing.patience import patiently
from activities.signing.proofs import present
from activities.signing.signer import Signer, Signers
from models.access import roles
from models.activity_interfaces import ExportActivities
from models.calendar import legal_date
from models.database import Scope, transaction
from models.evidence.verdict import VIETNAM
from models.form import canonical, digest
from models.lifecycle.exporting import AGENCY, AUTHORITY
from models.messages import ExportRequest, Signed
from models.record.load import content_of
from models.record.tools import Tools

_EXPORT = text(
    "SELECT e.*, r.number, r.form_version, r.submitted_at, r.saved_at, p.full_name, p.agency_id,"
    " g.name AS agency_today, u.name AS authority_today,"
    " u.code AS authority_code, u.department_id, d.name AS department,"
    " a.display_name AS signer, h.name AS signer_agency, b.display_name AS on_behalf,"
    " l.document AS delegated_by"
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
_KEEP = text(
    "UPDATE exports SET document_sha256 = :document, certificates = CAST(:certificates AS jsonb)"
    " WHERE id = :id AND document_sha256 IS NULL"
)
_DEPARTMENT = ("department_officer", "department_head")


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

    async def _export(self, request: ExportRequest) -> Signed:
        scope = Scope(request.authority_id, everything=True)
        async with transaction(self.tools.engine, scope) as connection:
            row = (await connection.execute(_EXPORT, {"id": request.export_id})).one()
            if row.document_sha256 is not None:
                return Signed(document=row.document_sha256)
            named = {"profile": row.profile_id, "revision": row.revision_id}
            approvals = list((await connection.execute(_APPROVALS, named)).all())
            content = await content_of(connection, self.tools, request.authority_id, row.revision_id)
        if digest(content) != row.digest:
            return Signed(failure="content-mismatch")
        loop = asyncio.get_running_loop()
        at = present(request.now).replace(microsecond=0)
        try:
            document, certificates = await loop.run_in_executor(
                self.threads, self._make, row, approvals, content, at
            )
        except (CannotSignError, DocumentError) as refused:
            return Signed(failure=refused.code)
        async with transaction(self.tools.engine, scope) as connection:
            kept = {"id": row.id, "document": document, "certificates": json.dumps(certificates)}
            await connection.execute(_KEEP, kept)
            row = (await connection.execute(_EXPORT, {"id": request.export_id})).one()
        return Signed(document=row.document_sha256)

    def _make(
        self, row: Row[Any], approvals: list[Row[Any]], content: dict[str, Any], at: datetime
    ) -> tuple[str, list[str]]:
        original = self._original(approvals)
        pdf = render_profile(
            content, _header(row, approvals), canonical(content), at, _cover(row, approvals, original, at)
        )
        certificates = []
        for place in row.places:
            signer, reason = self._signer(row, place)
            pdf = self.notary.sign(
                signer,
                pdf,
                field=place,
                reason=reason,
                location=row.signer_agency,
                signed_at=at,
                level=self.notary.level_of(row.authority_code),
            ).pdf
            certificates.append(signer.certificate.sha256)
        return self.store.put(pdf, "application/pdf").sha256, certificates

    def _original(self, approvals: list[Row[Any]]) -> bytes | None:
        """The signed file of the last step, which bears the signatures of all before it.

        A list signed for many is not attached: it names other people.
        """
        kept = [one.document_sha256 for one in approvals if one.document_sha256 and one.list_id is None]
        return self.store.get(kept[-1]) if kept else None

    def _signer(self, row: Row[Any], place: str) -> tuple[Signer, str]:
        if place == AGENCY:
            agency_id, agency = _sealed_by(row)
            return self.signers.seal_for(str(agency_id), agency), "Xuất hồ sơ điện tử"
        post = roles().roles[row.asked_role].vi
        reason = "Xuất hồ sơ điện tử"
        if row.on_behalf_of is not None:
            post = "Người được uỷ quyền"
            reason += f", thừa uỷ quyền (TUQ.) của {row.on_behalf} theo {row.delegated_by}"
        name = SignerName(row.signer, row.signer_agency, post, str(row.asked_by))
        return self.signers.signer_for(name), reason


def _sealed_by(row: Row[Any]) -> tuple[Any, str]:
    """The agency whose seal it bears: the department's where the department exports, else the custodian's."""
    if row.asked_role in _DEPARTMENT and row.department_id is not None:
        return row.department_id, row.department
    return row.agency_id, row.agency_today


def _header(row: Row[Any], approvals: list[Row[Any]]) -> DossierHeader:
    """The head of the paper as on the day of the approval; of a dossier taken over, as of today."""
    last = approvals[-1] if approvals else None
    laid_out = (last.facts.get("places") if last is not None else None) or ()
    return DossierHeader(
        code=code_of(row.id),
        managing_authority=(last.authority_name if last else None) or row.authority_today,
        employing_unit=(last.agency_name if last else None) or row.agency_today,
        revision=row.number,
        form=row.form_version,
        official_name=row.full_name,
        places=tuple(
            SignaturePlace(
                one["field"], "Người khai" if one["role"] == "official" else roles().roles[one["role"]].vi
            )
            for one in laid_out
        ),
    )


def _cover(row: Row[Any], approvals: list[Row[Any]], original: bytes | None, at: datetime) -> Cover:
    approved = approvals[-1].signed_at if approvals else row.submitted_at or row.saved_at
    lines = (
        ("Họ và tên", row.full_name),
        ("Dữ liệu như đã phê duyệt đến hết ngày", f"{row.as_of:%d/%m/%Y}"),
        ("Phê duyệt ngày", f"{legal_date(approved):%d/%m/%Y}, phiên bản {row.number}"),
        ("Mục đích", row.purpose),
        ("Nơi nhận", row.recipient),
        ("Người xuất", f"{row.signer}, {roles().roles[row.asked_role].vi}, {row.signer_agency}"),
        ("Thời gian xuất", _instant(at)),
    )
    return Cover(
        title="Bản xuất hồ sơ điện tử" if row.legal else "Bản in dữ liệu cá nhân",
        legal=row.citation or "",
        approved_on=legal_date(approved),
        lines=tuple(SlipLine(label, value) for label, value in lines),
        signatures=tuple(
            Given(
                one.signer,
                roles().roles[one.approver_role].vi,
                _instant(one.signed_at),
                one.certificate or "",
                one.facts.get("field", AUTHORITY),
            )
            for one in approvals
        ),
        note=_note(row, original, approvals),
        mark=_mark(row, at),
        watermark="" if row.legal else "Bản in để xem",
        places=tuple(_place(place, row) for place in row.places),
        original=original,
    )


def _mark(row: Row[Any], at: datetime) -> str:
    """What each page says of the copy it belongs to."""
    kind = "Bản xuất" if row.legal else "Bản in"
    return f"{kind} {code_of(row.id)} · {_instant(at)} · {row.signer} · nơi nhận: {row.recipient}"[:160]


def _note(row: Row[Any], original: bytes | None, approvals: list[Row[Any]]) -> str:
    told = []
    if original is not None:
        told.append("Tệp đã ký số khi phê duyệt được đính kèm nguyên vẹn trong tệp này.")
    told += [
        f"Phê duyệt theo danh sách đã ký số, dòng {one.list_row}, mã băm {one.document_sha256}."
        for one in approvals
        if one.list_id is not None
    ]
    if not approvals:
        told.append("Dữ liệu này được tiếp nhận khi nhập vào hệ thống, chưa có chữ ký số phê duyệt.")
    told.append(
        "Văn bản điện tử này có giá trị pháp lý như bản gốc văn bản giấy khi các chữ ký số dưới đây hợp lệ."
        if row.legal
        else "Bản in để rà soát, cập nhật thông tin cá nhân; không có chữ ký số, không thay thế bản gốc."
    )
    return " ".join(told)


def _place(place: str, row: Row[Any]) -> SignaturePlace:
    if place == AUTHORITY:
        return SignaturePlace(AUTHORITY, "Người có thẩm quyền", "(Ký số)", dated=True, name=row.signer)
    return SignaturePlace(AGENCY, "Cơ quan", "(Ký số của cơ quan)", dated=True, name=_sealed_by(row)[1])


def _instant(at: datetime) -> str:
    return f"{at.astimezone(VIETNAM):%d/%m/%Y %H:%M}"


def code_of(export_id: Any) -> str:
    """The export's code as printed on each page."""
    return f"HX-{export_id.hex[:16].upper()}"
