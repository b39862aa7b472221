"""The report of a data review: figures, a chart, tables, and the data it was made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from activities.documents.fields import lay_out
from activities.documents.header import DossierHeader
from activities.documents.profile import foundation
from activities.documents.typesetting import typeset

TITLE = "Báo cáo rà soát dữ liệu hồ sơ cán bộ, công chức, viên chức"


def render_review(
    paper: Mapping[str, Any], legal: str, header: DossierHeader, attached: bytes, issued_at: datetime
) -> bytes:
    """Typeset a report with its signature field; ``attached`` is its data as canonical JSON.

    Raises:
        DocumentError: document-code-invalid or rendering-failed.
    """
    form = {
        "title": TITLE,
        "legal": legal,
        "attached_description": "Số liệu của báo cáo dạng JSON chuẩn hóa (RFC 8785)",
    }
    data = {
        **foundation(header, attached, issued_at, form),
        **paper,
        "places": [asdict(place) for place in header.places],
    }
    done = typeset("review.typ", data, attached=attached, issued_at=issued_at)
    return lay_out(done.pdf, done.signature_places)
