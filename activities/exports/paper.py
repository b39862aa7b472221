"""What stands on the paper of an export: its head, the leaf before the dossier, the marks on its pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row

from activities.documents.cover import Cover, Given
from activities.documents.header import DossierHeader, SignaturePlace, SlipLine
from models.access import roles
from models.calendar import legal_date
from models.evidence.verdict import VIETNAM
from models.lifecycle.exporting import AGENCY, AUTHORITY

_DEPARTMENT = ("department_officer", "department_head")


def sealed_by(row: Row[Any]) -> tuple[Any, str]:
    """The agency whose seal it bears: the department's where the department exports, else the custodian's."""
    if row.asked_role in _DEPARTMENT and row.department_id is not None:
        return row.department_id, row.department
    return row.agency_id, row.agency_today


def header_of(row: Row[Any], approvals: list[Row[Any]]) -> DossierHeader:
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


def cover_of(row: Row[Any], approvals: list[Row[Any]], original: bytes | None, at: datetime) -> Cover:
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
    return SignaturePlace(AGENCY, "Cơ quan", "(Ký số của cơ quan)", dated=True, name=sealed_by(row)[1])


def _instant(at: datetime) -> str:
    return f"{at.astimezone(VIETNAM):%d/%m/%Y %H:%M}"


def code_of(export_id: Any) -> str:
    """The export's code as printed on each page."""
    return f"HX-{export_id.hex[:16].upper()}"
