"""Slips that travel with a dossier: hand-over on transfer, end of management on separation."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from activities.documents.fields import lay_out
from activities.documents.header import DossierHeader, Slip
from activities.documents.profile import foundation
from activities.documents.typesetting import typeset


def render_slip(slip: Slip, header: DossierHeader, attached: bytes, issued_at: datetime) -> bytes:
    """Typeset a slip with its signature fields; ``attached`` is its data as canonical JSON, stated by digest.

    Raises:
        DocumentError: document-code-invalid or rendering-failed.
    """
    form = {
        "title": slip.title,
        "legal": slip.legal,
        "attached_description": "Dữ liệu của phiếu dạng JSON chuẩn hóa (RFC 8785)",
    }
    data = {
        **foundation(header, attached, issued_at, form),
        "lines": [asdict(line) for line in slip.lines],
        "documents": [asdict(document) for document in slip.documents],
        "places": [asdict(place) for place in slip.places],
    }
    done = typeset("slip.typ", data, attached=attached, issued_at=issued_at)
    return lay_out(done.pdf, done.signature_places)
