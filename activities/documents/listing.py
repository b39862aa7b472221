"""An approval list on paper: one row per revision, its manifest attached for the one signature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from activities.documents.apart import typeset_apart
from activities.documents.fields import lay_out
from activities.documents.header import DossierHeader, SlipLine
from activities.documents.profile import foundation
from activities.documents.typesetting import typeset

TITLE = "Danh sách phê duyệt dữ liệu hồ sơ"
HEAD = ("STT", "Mã hồ sơ", "Họ và tên", "Nội dung thay đổi", "SHA-256 của phiên bản")
NOTE = (
    "Một chữ ký số trên danh sách này phê duyệt đúng các phiên bản có giá trị băm nêu trên; mỗi hồ sơ chứng"
    " minh được riêng bằng dòng của mình và đường dẫn băm (RFC 6962) tới gốc ghi trong tệp đính kèm."
)
SHORT = 16
"""Hex digits printed in a line of the digest's cell: all 64 stand there, in four lines."""


@dataclass(frozen=True, slots=True)
class PaperRow:
    """One printed row. ``code`` is the profile's own opaque code, ``changes`` words of the form."""

    code: str
    name: str
    changes: str
    digest: str


def render_list(
    rows: Sequence[PaperRow],
    subtitle: str,
    facts: Sequence[SlipLine],
    legal: str,
    header: DossierHeader,
    manifest: bytes,
    issued_at: datetime,
    *,
    apart: bool = False,
) -> bytes:
    """Typeset a list with its signature field; ``manifest`` is attached and its SHA-256 printed and stated.

    The same bytes with ``apart``, which has a large list set in a process of its own.

    Raises:
        DocumentError: document-code-invalid or rendering-failed.
    """
    form = {
        "title": TITLE,
        "legal": legal,
        "attached_description": "Bản kê của danh sách dạng JSON chuẩn hóa (RFC 8785)",
    }
    data = {
        **foundation(header, manifest, issued_at, form),
        "subtitle": subtitle,
        "facts": [asdict(fact) for fact in facts],
        "head": list(HEAD),
        "rows": [
            [str(number), row.code, row.name, row.changes, _broken(row.digest)]
            for number, row in enumerate(rows, start=1)
        ],
        "note": NOTE,
        "places": [asdict(place) for place in header.places],
    }
    setting = typeset_apart if apart else typeset
    done = setting("list.typ", data, attached=manifest, issued_at=issued_at)
    return lay_out(done.pdf, done.signature_places)


def _broken(digest: str) -> str:
    """The whole digest, with a place to break after every so many digits."""
    return " ".join(digest[at : at + SHORT] for at in range(0, len(digest), SHORT))
