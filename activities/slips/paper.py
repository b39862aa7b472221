"""What stands on a slip: who hands what to whom by which decision; the data it states, as canonical JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import rfc8785
from sqlalchemy import Row

from activities.documents.header import DossierHeader, HandedOver, SignaturePlace, Slip, SlipLine
from models.lifecycle.life import STATUS_VI, Status
from models.lifecycle.slips import DISPOSAL, END, HAND_OVER

GIVER, RECEIVER = "giver", "receiver"
"""The fields of a transfer's slip, and of who ends the management: laid out before the first signature."""


TOLD = ("handed_over_on", "report", "minutes", "proposed_by")
"""Facts of the case that the slip states."""
TITLES = {END: "Phiếu thôi quản lý hồ sơ", DISPOSAL: "Biên bản hủy hồ sơ hết thời hạn lưu trữ"}


def code_of(row: Row[Any]) -> str:
    """The slip's own code, opaque; that of the hand-over on what is signed behind it."""
    return f"PC-{(row.follows_id or row.id).hex[:16].upper()}"


def field_of(row: Row[Any]) -> str:
    """Where this slip's signature stands."""
    return GIVER if row.kind in (HAND_OVER, END, DISPOSAL) else RECEIVER


def header_of(row: Row[Any]) -> DossierHeader:
    """The head of the paper."""
    return DossierHeader(
        code=code_of(row),
        managing_authority=row.authority,
        employing_unit=row.agency,
        revision=row.revision or 0,
    )


def data_of(row: Row[Any], papers: list[Row[Any]], gone: Sequence[str] = ()) -> bytes:
    """What the slip states, as canonical JSON (RFC 8785): its digest is stated and signed.

    ``gone`` are the files that a disposal destroyed.
    """
    disposed = {"destroyed": list(gone)} if row.kind == DISPOSAL else {}
    return rfc8785.dumps(
        {
            **disposed,
            "kind": f"slip.{row.kind}",
            "version": 1,
            "slip": str(row.id),
            "case": str(row.case_id),
            "profile": str(row.profile_id),
            "from": {"id": str(row.from_agency_id), "name": row.from_agency},
            "to": {"id": str(row.to_agency_id), "name": row.to_agency} if row.to_agency_id else None,
            "mode": row.mode,
            "document": row.document,
            "effective_on": row.effective_on.isoformat(),
            "facts": {name: row.facts[name] for name in TOLD if name in row.facts},
            "revision": {"number": row.revision, "sha256": row.digest} if row.revision else None,
            "approved_file": row.approved_file,
            "attachments": [{"sha256": one.sha256, "size": one.size} for one in papers],
            "rules": list(row.rule_ids),
            "rule_set": row.rule_set_hash,
        }
    )


def slip_of(row: Row[Any], papers: list[Row[Any]], gone: Sequence[str] = ()) -> Slip:
    """The words of the slip; ``gone`` as in `data_of`."""
    if row.kind == DISPOSAL:
        return _minutes(row, gone)
    return Slip(
        title=TITLES.get(row.kind, "Phiếu chuyển hồ sơ"),
        legal=row.citation or "Văn bản không quy định mẫu phiếu; lập theo chính sách của hệ thống",
        lines=tuple(SlipLine(label, value) for label, value in _lines(row) if value),
        documents=tuple(_handed_over(row, papers)),
        places=_places(row),
    )


def _minutes(row: Row[Any], gone: Sequence[str]) -> Slip:
    """Of a disposal: no name any more, only what was decided by whom and what is no longer there."""
    lines = [
        ("Mã hồ sơ", str(row.profile_id)),
        ("Đã thôi công tác vì", STATUS_VI[Status(row.mode)]),
        ("Phải giữ đến hết ngày", f"{row.effective_on:%d/%m/%Y}"),
        ("Biên bản xét hủy", str(row.facts["minutes"])),
        ("Quyết định hủy", row.document),
        ("Số tệp đã hủy", str(len(gone))),
    ]
    return Slip(
        title=TITLES[DISPOSAL],
        legal=row.citation or "",
        lines=tuple(SlipLine(label, value) for label, value in lines),
        documents=tuple(
            HandedOver(f"Tệp số hóa hoặc bản đã ký, SHA-256 {_short(one)}", "1 tệp") for one in gone
        ),
        places=_places(row),
    )


def _lines(row: Row[Any]) -> list[tuple[str, str]]:
    leaving = row.kind == END
    handed = row.facts.get("handed_over_on")
    return [
        ("Họ và tên", row.full_name),
        ("Số hiệu", row.staff_number or ""),
        ("Đơn vị quản lý hồ sơ" if leaving else "Bên giao", row.from_agency),
        ("Nơi chuyển đến" if leaving else "Bên nhận", row.to_agency or str(row.facts.get("to") or "")),
        ("Hình thức", STATUS_VI[Status(row.mode)] if leaving else row.mode),
        ("Theo văn bản", row.document),
        ("Có hiệu lực từ ngày", f"{row.effective_on:%d/%m/%Y}"),
        ("Ngày bàn giao", f"{date.fromisoformat(handed):%d/%m/%Y}" if handed else ""),
        ("Văn bản báo cáo", str(row.facts.get("report") or "")),
    ]


def _handed_over(row: Row[Any], papers: list[Row[Any]]) -> list[HandedOver]:
    """What the dossier consists of: each part by its hash, so that a page more or less shows."""
    found = []
    if row.revision:
        found.append(
            HandedOver(f"Dữ liệu hồ sơ, phiên bản {row.revision}, SHA-256 {_short(row.digest)}", "1")
        )
    if row.approved_file:
        found.append(HandedOver(f"Bản đã ký số khi phê duyệt, SHA-256 {_short(row.approved_file)}", "1 tệp"))
    found += [
        HandedOver(f"Tài liệu số hóa kèm theo, SHA-256 {_short(one.sha256)}", _count(one)) for one in papers
    ]
    return found


def _count(paper: Row[Any]) -> str:
    return f"{paper.pages} trang" if paper.pages else "1 tệp"


def _short(digest: str) -> str:
    """Enough of a digest to tell parts apart; all of it stands in the data attached."""
    return " ".join(digest[at : at + 8] for at in range(0, 32, 8))


def _places(row: Row[Any]) -> tuple[SignaturePlace, ...]:
    if row.kind in (END, DISPOSAL):
        return (SignaturePlace(GIVER, "Đơn vị quản lý hồ sơ", "(Ký số)", dated=True, name=row.from_agency),)
    return (
        SignaturePlace(GIVER, "Bên giao", "(Ký số)", dated=True, name=row.from_agency),
        # Signed on a later day, which the visible signature says; the paper is set on that of the hand-over.
        SignaturePlace(RECEIVER, "Bên nhận", "(Ký số)", name=row.to_agency or ""),
    )
