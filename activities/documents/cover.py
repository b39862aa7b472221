"""The leaf before a dossier that is taken out, and the marks on each of its pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from activities.documents.header import SignaturePlace, SlipLine

ORIGINAL_NAME = "ban-da-phe-duyet.pdf"
"""The signed file of the approval, attached to its export."""


@dataclass(frozen=True, slots=True)
class Given:
    """A signature that the approved dossier bears."""

    signer: str
    capacity: str
    at: str
    certificate: str
    field: str

    def printed(self) -> dict[str, str]:
        """The row of the table; of the fingerprint enough to tell certificates apart."""
        return {
            "signer": self.signer,
            "capacity": self.capacity,
            "at": self.at,
            "certificate": " ".join(self.certificate[at : at + 8] for at in range(0, 32, 8)),
        }


@dataclass(frozen=True, slots=True)
class Cover:
    """What stands on the leaf.

    ``mark`` is printed at the foot of each page, ``watermark`` behind it. ``original`` is the signed file of
    the approval, attached as it is; ``approved_on`` decides which version of the form the paper follows.
    """

    title: str
    legal: str
    approved_on: date
    lines: tuple[SlipLine, ...]
    signatures: tuple[Given, ...]
    note: str
    mark: str
    watermark: str = ""
    places: tuple[SignaturePlace, ...] = ()
    original: bytes | None = None

    def printed(self, dated: str) -> dict[str, Any]:
        """The values ``export.typ`` reads."""
        return {
            "title": self.title,
            "legal": self.legal,
            "lines": [asdict(line) for line in self.lines],
            "signatures": [one.printed() for one in self.signatures],
            "note": self.note,
            "mark": self.mark,
            "watermark": self.watermark,
            "places": [asdict(place) for place in self.places],
            "dated": dated,
            "original": list(self.original) if self.original is not None else None,
            "original-name": ORIGINAL_NAME,
            "original-type": "application/pdf",
            "original-description": "Bản đã ký số khi phê duyệt",
        }

    def given(self, places: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """The paper's own places with what was signed there, in words; empty where nobody did."""
        by_field = {one.field: one for one in self.signatures}
        told = []
        for place in places:
            one = by_field.get(place["field"])
            told.append(
                {**place, "signed": f"Đã ký số: {one.signer}\n{one.at}" if one else "", "dated": False}
            )
        return told
