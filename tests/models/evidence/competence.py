"""Signatures with records of competence, honest and otherwise; the seal signs by `cryptography` alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils import generic

from activities.documents.fields import state_beside
from activities.documents.header import SignaturePlace, Slip
from activities.documents.slip import render_slip
from activities.signing.issuing import Issued, PrivateKey, SignerName, issue_signer
from models.evidence.attestation import Algorithm, algorithm_of, assembled, to_be_signed
from models.evidence.competence import KEY, CompetenceRecord, Delegation
from models.form.normal import canonical
from tests.models.evidence import longterm, samples

AUTHORITY = "auth-hanoi"
PROMISED = f"hoso-competence:{AUTHORITY}"

RECORD = CompetenceRecord(
    document=samples.HEADER.code,
    digest=sha256(canonical(samples.CONTENT)).hexdigest(),
    field="official",
    account="acc-head",
    name=samples.HEAD.common_name,
    post=samples.HEAD.post,
    agency=samples.HEAD.organisation,
    role="agency_head",
    rule_set="a" * 64,
    rules=("hanoi.art6.4",),
    citation="Điều 6 khoản 4 Quyết định 6187/QĐ-UBND",
    starts_at=samples.FIRST_AT - timedelta(hours=1),
    ends_at=samples.FIRST_AT + timedelta(hours=8),
    authority=AUTHORITY,
    authority_name="Sở Nội vụ thành phố Hà Nội",
)
LENT = Delegation("Nguyễn Văn Trưởng", "Quyết định 12/QĐ-SNV", date(2025, 3, 1), date(2025, 3, 31))


KEYS: dict[str, Callable[[], PrivateKey]] = {
    "ec": lambda: ec.generate_private_key(ec.SECP256R1()),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "P-521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "rsa": lambda: rsa.generate_private_key(65537, 2048),
    # What the policy or RFC 7518 does not know.
    "P-224": lambda: ec.generate_private_key(ec.SECP224R1()),
    "brainpool": lambda: ec.generate_private_key(ec.BrainpoolP256R1()),
    "rsa 1024": lambda: rsa.generate_private_key(65537, 1024),
}


@cache
def seal(serial: str = AUTHORITY, kind: str = "ec") -> Issued:
    name = SignerName("Sở Nội vụ thành phố Hà Nội", "Sở Nội vụ thành phố Hà Nội", "", serial)
    return issue_signer(samples.authority(), name, key=KEYS[kind]())


@cache
def head() -> Issued:
    return issue_signer(samples.authority(), samples.HEAD)


def attested(
    record: CompetenceRecord | bytes, by: Issued | None = None, algorithm: Algorithm | None = None
) -> str:
    issued = by or seal()
    chain = [one.public_bytes(Encoding.DER) for one in (issued.certificate, *issued.chain)]
    is_ec = isinstance(issued.key, ec.EllipticCurvePrivateKey)
    chosen = algorithm or algorithm_of(chain[0], "ecdsa" if is_ec else "rsassa_pss")
    payload = record if isinstance(record, bytes) else record.canonical()
    data = to_be_signed(payload, chain, chosen)
    digest: hashes.HashAlgorithm = getattr(hashes, chosen.digest.upper())()
    if isinstance(issued.key, ec.EllipticCurvePrivateKey):
        return assembled(data, issued.key.sign(data, ec.ECDSA(digest)))
    pss = padding.PSS(padding.MGF1(digest), digest.digest_size)
    chosen_padding = pss if chosen.mechanism == "rsassa_pss" else padding.PKCS1v15()
    return assembled(data, issued.key.sign(data, chosen_padding, digest))


@cache
def paper(promised: bool = True) -> bytes:
    """A slip that promises records, or does not."""
    from activities.documents import profile

    places = (SignaturePlace("official", "Bên giao"), SignaturePlace("authority", "Bên nhận"))
    slip = Slip("Phiếu chuyển hồ sơ", "Điều 9", (), (), places)
    kept = profile.keywords
    profile.keywords = lambda *stated: (*kept(*stated), *([PROMISED] if promised else []))  # type: ignore[assignment]  # one more keyword than the product states yet
    try:
        return render_slip(slip, samples.HEADER, canonical(samples.CONTENT), samples.ISSUED_AT)
    finally:
        profile.keywords = kept


def signed(
    statement: str | None,
    *,
    promised: bool = True,
    at: datetime = samples.FIRST_AT,
    by: Issued | None = None,
    beside: bool = False,
    **more: Any,
) -> bytes:
    """The slip signed by the head with this statement in the signature's dictionary, or in the field beside
    it, as an agent's file has it.
    """
    pdf, entries = paper(promised), {}
    if statement is not None and beside:
        pdf = state_beside(pdf, "official", statement)
    elif statement is not None:
        entries = {KEY: generic.pdf_string(statement)}
    return longterm.sign(pdf, by or head(), at=at, entries=entries, **more)


def record(**changes: Any) -> CompetenceRecord:
    return replace(RECORD, **changes)
