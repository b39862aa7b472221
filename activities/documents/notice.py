"""Official notices of an agency: numbered points under a number, a date and a seal (NĐ 30/2020/NĐ-CP)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from activities.documents.fields import lay_out
from activities.documents.header import DossierHeader, SignaturePlace
from activities.documents.profile import foundation
from activities.documents.typesetting import typeset
from models.lifecycle.breach_notice import Point


@dataclass(frozen=True, slots=True)
class AgencyNotice:
    """What a notice says. ``dated`` is the whole line; ``place`` is where the seal goes."""

    title: str
    subject: str
    number: str
    dated: str
    recipient: str
    legal: str
    points: Sequence[Point]
    place: SignaturePlace


def render_notice(notice: AgencyNotice, header: DossierHeader, attached: bytes, issued_at: datetime) -> bytes:
    """Typeset a notice with its signature field; ``attached`` is its data as canonical JSON (RFC 8785).

    Raises:
        DocumentError: document-code-invalid or rendering-failed.
    """
    form = {
        "title": notice.title,
        "legal": notice.legal,
        "attached_description": "Dữ liệu của thông báo dạng JSON chuẩn hóa (RFC 8785)",
    }
    data = {
        **foundation(header, attached, issued_at, form),
        "subject": notice.subject,
        "number": notice.number,
        "dated": notice.dated,
        "recipient": notice.recipient,
        "points": [asdict(point) for point in notice.points],
        "places": [asdict(notice.place)],
    }
    done = typeset("notice.typ", data, attached=attached, issued_at=issued_at)
    return lay_out(done.pdf, done.signature_places)
