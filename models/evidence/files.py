"""Any file that hoso hands out as evidence: a signed document, or a profile's evidence from an approval
list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from io import BytesIO

from pyhanko.pdf_utils.reader import PdfFileReader

from models.evidence.attachment import attached_data, is_canonical
from models.evidence.listing import ListingError, is_included, read_manifest
from models.evidence.profile_evidence import EvidenceFileError, ProfileEvidence, is_evidence_file
from models.evidence.trust import TrustList
from models.evidence.verdict import Problem, Verdict, problem
from models.evidence.verification import verify, with_checks


def verify_file(
    data: bytes,
    trust: TrustList,
    *,
    at: datetime | None = None,
    minimum: str | None = None,
    crls: Iterable[bytes] = (),
) -> Verdict:
    """Judge a file of either kind; arguments as in ``verify``. Never raises on any bytes."""
    if not is_evidence_file(data):
        return verify(data, trust, at=at, minimum=minimum, crls=crls)
    try:
        evidence = ProfileEvidence.unpack(data)
    except (EvidenceFileError, ListingError):
        malformed = (problem("evidence-file-malformed"),)
        return with_checks(Verdict(False, (), None, None, malformed, kind="profile-evidence"))
    signed = verify(evidence.list_pdf, trust, at=at, minimum=minimum, crls=crls)
    found = tuple(_row_problems(evidence, signed))
    judged = replace(
        signed,
        valid=signed.valid and not found,
        kind="profile-evidence",
        content_digest=evidence.row.digest,
        problems=(*signed.problems, *found),
        row=evidence.row.to_json(),
    )
    return with_checks(judged)


def _row_problems(evidence: ProfileEvidence, signed: Verdict) -> Iterator[Problem]:
    """The list is a list, the row is on it, and the revision is the one that the row names."""
    if signed.kind != "approval-list":
        yield problem("not-an-approval-list")
        return
    try:
        (content,) = set(attached_data(PdfFileReader(BytesIO(evidence.list_pdf))))
        manifest = read_manifest(content)
    except Exception:  # a list that the verifier could not read either: whatever breaks, nothing is proven
        yield problem("list-malformed")
        return
    at = evidence.row.position - 1
    listed = at < len(manifest.rows) and manifest.rows[at] == evidence.row
    proven = evidence.proof.size == len(manifest.rows) and is_included(
        evidence.row, evidence.proof, manifest.root
    )
    if not (listed and proven):
        yield problem("row-not-on-list")
    digest = sha256(evidence.revision).hexdigest()
    if digest != evidence.row.digest or not is_canonical(evidence.revision):
        yield problem("revision-not-on-list")
