"""Signatures in a PDF that was made elsewhere: each judged by itself, the document's own form is not ours.

A signature holds (``valid``), does not (``invalid``), or is whole but of an authority the trust list does
not name (``unknown``): Viet Nam's public and special certification authorities issue what the installation
has listed, and what it has not is not thereby false.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass
from datetime import datetime
from io import BytesIO
from typing import Any, Literal

from pyhanko.pdf_utils.reader import PdfFileReader

from models.evidence.levels import Reader
from models.evidence.revocation import embedded
from models.evidence.signature import CLOCK_TOLERANCE, Examined, examine
from models.evidence.timestamps import examine_timestamp
from models.evidence.trust import TrustList
from models.evidence.verdict import Problem, SignatureVerdict, problem
from models.evidence.verification import MAXIMUM_SIGNATURES

State = Literal["valid", "invalid", "unknown"]

_OTHER_FORM = frozenset({"signature-format", "signing-time-missing"})
"""Older forms of signature (adbe.pkcs7.detached): less is proven, nothing is disproved."""


@dataclass(frozen=True, slots=True)
class ForeignSignature:
    """One signature of an uploaded file: whether it holds, whose it is, and what there is to say of it."""

    state: State
    verdict: SignatureVerdict
    remarks: tuple[Problem, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values, instants in ISO 8601."""
        told = {
            key: value.isoformat() if isinstance(value, datetime) else value
            for key, value in asdict(self.verdict).items()
        }
        return {**told, "state": self.state, "remarks": [asdict(one) for one in self.remarks]}


def judge(pdf: bytes, trust: TrustList, at: datetime) -> tuple[ForeignSignature, ...]:
    """Judge every signature of a file, in the order in which they were made.

    Never raises on any bytes: what cannot be read has no signatures, and a signature that breaks its reader
    is invalid. ``at`` is the reader's present moment. Call it outside any event loop.
    """
    try:
        file = PdfFileReader(BytesIO(pdf), strict=False)
        signatures = list(file.embedded_regular_signatures)[:MAXIMUM_SIGNATURES]
        stamps = list(file.embedded_timestamp_signatures)[:MAXIMUM_SIGNATURES]
        reader = Reader(file, trust, embedded(file), at)
    except Exception:  # a hostile file may break the parser in any way
        return ()

    async def examine_all() -> list[Examined]:
        stamped = tuple([await examine_timestamp(pdf, one, trust, reader.data) for one in stamps])
        informed = Reader(file, trust, reader.data, at, stamped)
        return [await examine(pdf, one, informed) for one in signatures]

    return tuple(_told(one, at) for one in asyncio.run(examine_all()))


def _told(examined: Examined, at: datetime) -> ForeignSignature:
    verdict, remarks = examined.verdict, list(examined.problems)
    if verdict.signed_at is not None and verdict.signed_at > at + CLOCK_TOLERANCE:
        remarks.append(problem("signed-in-future", field=verdict.field))
    against = {one.code for one in remarks} - _OTHER_FORM
    state: State = "invalid"
    if not against:
        state = "valid"
    elif against == {"untrusted-signer"}:
        state = "unknown"
    return ForeignSignature(state, verdict, tuple(remarks))
