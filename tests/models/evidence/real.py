"""Files as the product makes them, of the kinds that are more than a slip, signed at several levels."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import cache

import rfc8785

from activities.documents.cover import Cover
from activities.documents.header import SignaturePlace, SlipLine
from activities.documents.listing import PaperRow, render_list
from activities.documents.profile import render_profile
from activities.documents.review import render_review
from activities.reviews.content import paper_of
from models.evidence.listing import build_manifest
from models.form.normal import canonical
from tests.activities.documents.test_review_report import content
from tests.models.evidence import lists, longterm, samples

LATER = longterm.STAMPED_AT + timedelta(seconds=10)


def _stamped(pdf: bytes, field: str) -> bytes:
    stamper = longterm.Stamper(longterm.timestamper(), longterm.STAMPED_AT)
    return longterm.sign(pdf, longterm.signer(), field=field, stamper=stamper)


@cache
def report() -> bytes:
    """A review's report with its figures attached, B-T."""
    told = content()
    header = replace(
        samples.HEADER,
        code="BC-2025-01",
        form="rà-soát-1",
        places=(SignaturePlace("reporter", "Người báo cáo"),),
    )
    paper = render_review(paper_of(told), "Điều 21.6", header, rfc8785.dumps(told), samples.ISSUED_AT)
    return _stamped(paper, "reporter")


@cache
def approval_list() -> bytes:
    """A list as it is shown and signed, its manifest attached, B-LT."""
    rows = [PaperRow(f"HS-{row.position}", "Nguyễn Thị Thử", "Lương", row.digest) for row in lists.rows()]
    header = replace(
        samples.HEADER, code="DS-2025-03", places=(SignaturePlace("authority", "Người phê duyệt"),)
    )
    facts = (SlipLine("Số hồ sơ", str(len(rows))),)
    manifest = build_manifest(lists.ABOUT, lists.rows())
    paper = render_list(rows, "Tháng 2025-03", facts, "Điều 7", header, manifest, samples.ISSUED_AT)
    return longterm.with_store(_stamped(paper, "authority"), **longterm.answers(LATER))


@cache
def export() -> bytes:
    """A dossier taken out: the approved file inside, the person's signature and the agency's seal."""
    cover = Cover(
        title="Bản xuất hồ sơ điện tử",
        legal="Điều 8.4",
        approved_on=date(2025, 3, 28),
        lines=(SlipLine("Mục đích", "Bổ nhiệm lại"), SlipLine("Nơi nhận", "Ban Tổ chức")),
        signatures=(),
        note="Tệp đã ký số khi phê duyệt được đính kèm nguyên vẹn trong tệp này.",
        mark="Bản xuất HX-1",
        places=(SignaturePlace("authority", "Người có thẩm quyền"), SignaturePlace("agency", "Cơ quan")),
        original=samples.signed_once(),
    )
    header = replace(samples.HEADER, code="HX-2025-01")
    paper = render_profile(samples.CONTENT, header, canonical(samples.CONTENT), samples.ISSUED_AT, cover)
    once = samples.sign(paper, samples.signer(samples.HEAD), "authority")
    return samples.sign(once, samples.signer(samples.OFFICIAL, "rsa"), "agency", samples.SECOND_AT)


@cache
def form() -> bytes:
    """The whole form, B-LT."""
    signed = _stamped(samples.unsigned(), "official")
    return longterm.with_store(signed, **longterm.answers(LATER))
