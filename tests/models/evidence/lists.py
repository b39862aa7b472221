"""Signed approval lists and the evidence of profiles on them."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from hashlib import sha256

import rfc8785

from activities.documents.header import SignaturePlace, Slip
from activities.documents.slip import render_slip
from models.evidence.listing import ListRow, build_manifest, prove
from models.evidence.profile_evidence import ProfileEvidence
from tests.models.evidence import samples

ABOUT = {"list": "DS-2025-03", "month": "2025-03", "agency": "Sở Nội vụ"}
SIZE = 7


def revision(number: int) -> bytes:
    """A revision's canonical JSON."""
    return rfc8785.dumps({"birth_full_name": f"NGUYỄN VĂN {number}", "citizen_id_number": f"{number:012d}"})


@cache
def rows(size: int = SIZE) -> tuple[ListRow, ...]:
    return tuple(
        ListRow(
            number,
            f"{number:08x}-0000-4000-8000-000000000000",
            f"{number:08x}-0000-4000-8000-00000000000f",
            sha256(revision(number)).hexdigest(),
            ("Hệ số lương: 3,33 → 3,66",),
        )
        for number in range(1, size + 1)
    )


def document(manifest: bytes) -> bytes:
    """A signed document with this manifest attached; what is printed on it does not matter here."""
    slip = Slip("Danh sách phê duyệt", "Điều 7", (), (), (SignaturePlace("authority", "Người duyệt"),))
    header = replace(samples.HEADER, code="DS-2025-03")
    pdf = render_slip(slip, header, manifest, samples.ISSUED_AT)
    return samples.sign(pdf, samples.signer(samples.HEAD), "authority")


@cache
def signed_list() -> bytes:
    return document(build_manifest(ABOUT, rows()))


@cache
def other_list() -> bytes:
    """Another agency's list, as good as ours: its rows differ in order."""
    turned = [replace(row, position=at) for at, row in enumerate(reversed(rows()), start=1)]
    return document(build_manifest(ABOUT, turned))


def malformed_list() -> bytes:
    """A validly signed list whose stated root is not that of its rows."""
    made = json.loads(build_manifest(ABOUT, rows()))
    return document(rfc8785.dumps(made | {"root": "0" * 64}))


@cache
def evidence(position: int = 3) -> ProfileEvidence:
    """A profile's evidence; the last of an odd list has the shortest path."""
    return ProfileEvidence(
        signed_list(), rows()[position - 1], prove(rows())[position - 1], revision(position)
    )
