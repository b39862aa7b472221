"""Documents of the levels B-T, B-LT and B-LTA, made with fixed times: timestamps, OCSP responses and CRLs
of our own authorities. pyHanko places them; what they say is made with `cryptography` and by the
development authority's own token code.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO
from typing import Any

from asn1crypto import cms, crl, ocsp, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp as made_ocsp
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, PdfTimeStamper
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation.dss import DocumentSecurityStore

from activities.documents.revision import Revision
from activities.signing.development_pki.timestamps import answer
from activities.signing.issuing import (
    Issued,
    issue_responder,
    issue_signer,
    issue_timestamper,
)
from activities.signing.pades import LoadedKey
from tests.models.evidence import samples

STAMPED_AT = samples.FIRST_AT + timedelta(seconds=2)
ARCHIVED_AT = samples.FIRST_AT + timedelta(minutes=5)


class Stamper(TimeStamper):
    """A timestamp authority in the test's own process, at a fixed instant; ``imprint`` replaces what it
    stamps.
    """

    def __init__(self, issued: Issued, at: datetime, imprint: bytes | None = None) -> None:
        super().__init__(include_nonce=False)
        self.issued, self.at, self.imprint = issued, at, imprint

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        if self.imprint is not None:
            req["message_imprint"]["hashed_message"] = self.imprint
        return tsp.TimeStampResp.load(answer(req, self.issued, self.at, ""))

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        _, request = self.request_cms(message_digest, md_algorithm)
        response = await self.async_request_tsa_response(request)
        return response["time_stamp_token"]


@cache
def timestamper() -> Issued:
    return issue_timestamper(samples.authority(), "TSA của phép thử")


@cache
def responder() -> Issued:
    return issue_responder(samples.authority(), "OCSP của phép thử")


def signer(name: str = "official", kind: str = "ec") -> Issued:
    return _signer(name, kind)


@cache
def _signer(name: str, kind: str) -> Issued:
    who = samples.OFFICIAL if name == "official" else samples.HEAD
    return issue_signer(samples.authority(), who, kind="rsa" if kind == "rsa" else "ec")


def sign(
    pdf: bytes,
    issued: Issued,
    *,
    field: str = "official",
    at: datetime = samples.FIRST_AT,
    stamper: Stamper | None = None,
    certify: bool = True,
    key: Any = None,
    entries: Mapping[str, Any] | None = None,
) -> bytes:
    """One signature, of level B-T with a stamper."""
    metadata = PdfSignatureMetadata(
        field_name=field,
        md_algorithm="sha256",
        reason="Phép thử",
        location="Hà Nội",
        subfilter=SigSeedSubFilter.PADES,
        certify=certify,
        docmdp_permissions=MDPPerm.FILL_FORMS,
    )
    pdf_signer = PdfSigner(metadata, key or LoadedKey(issued), timestamper=stamper)

    async def run() -> bytes:
        session = pdf_signer.init_signing_session(Revision(BytesIO(pdf)), existing_fields_only=True)
        session.system_time = at
        document = session.prepare_tbs_document(validation_info=None, bytes_reserved=16384)
        for name, value in (entries or {}).items():
            fields = [one.get_object() for one in session.pdf_out.root["/AcroForm"]["/Fields"]]
            (signed_in,) = (one for one in fields if one["/T"] == field)
            signed_in["/V"][pdf_name(name)] = value
        digest, output = document.digest_tbs_document(output=BytesIO())
        made = await document.perform_signature(
            digest.document_digest, PdfCMSSignedAttributes(signing_time=at)
        )
        await made.post_signature_processing(output)
        result: Any = output
        return bytes(result.getvalue())

    return asyncio.run(run())


def response(
    about: Issued,
    at: datetime,
    revoked_at: datetime | None = None,
    by: Issued | None = None,
    valid_days: int = 30,
) -> ocsp.OCSPResponse:
    """What the authority's responder says about a certificate that the authority issued."""
    answering = by or responder()
    status = made_ocsp.OCSPCertStatus.REVOKED if revoked_at else made_ocsp.OCSPCertStatus.GOOD
    builder = made_ocsp.OCSPResponseBuilder().add_response(
        cert=about.certificate,
        issuer=samples.authority().certificate,
        algorithm=hashes.SHA256(),
        cert_status=status,
        this_update=at,
        next_update=at + timedelta(days=valid_days),
        revocation_time=revoked_at,
        revocation_reason=x509.ReasonFlags.key_compromise if revoked_at else None,
    )
    builder = builder.responder_id(made_ocsp.OCSPResponderEncoding.HASH, answering.certificate)
    signed = builder.certificates([answering.certificate]).sign(answering.key, hashes.SHA256())
    return ocsp.OCSPResponse.load(signed.public_bytes(Encoding.DER))


def revocation_list(
    issuer: Issued, at: datetime, revoked: Sequence[tuple[Issued, datetime]] = (), valid_days: int = 30
) -> crl.CertificateList:
    """An authority's list."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(at)
        .next_update(at + timedelta(days=valid_days))
        .add_extension(x509.CRLNumber(int(at.timestamp())), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False
        )
    )
    for one, when in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(one.certificate.serial_number)
        builder = builder.add_revoked_certificate(entry.revocation_date(when).build())
    made = builder.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.DER)
    return crl.CertificateList.load(made)


def with_store(
    pdf: bytes,
    ocsps: Sequence[ocsp.OCSPResponse],
    crls: Sequence[crl.CertificateList],
    certs: Sequence[Issued],
) -> bytes:
    """The document with a security store holding these."""
    writer = Revision(BytesIO(pdf))
    DocumentSecurityStore.supply_dss_in_writer(
        writer, None, certs=[asn1(one) for one in certs], ocsps=list(ocsps), crls=list(crls)
    )
    output = BytesIO()
    writer.write(output)
    return output.getvalue()


def archived(pdf: bytes, stamper: Stamper) -> bytes:
    """The document with a document timestamp over all of it."""
    output = PdfTimeStamper(stamper).timestamp_pdf(Revision(BytesIO(pdf)), "sha256", bytes_reserved=16384)
    return bytes(output.getvalue())


def asn1(issued: Issued) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(issued.der())


@cache
def slip() -> bytes:
    """The unsigned slip with two places."""
    from activities.documents.header import SignaturePlace, Slip
    from activities.documents.slip import render_slip
    from models.form.normal import canonical

    places = (SignaturePlace("official", "Bên giao"), SignaturePlace("authority", "Bên nhận"))
    made = Slip("Phiếu chuyển hồ sơ", "Điều 9", (), (), places)
    return render_slip(made, samples.HEADER, canonical(samples.CONTENT), samples.ISSUED_AT)


def b_t(kind: str = "ec") -> bytes:
    return _b_t(kind)


@cache
def _b_t(kind: str) -> bytes:
    return sign(slip(), signer(kind=kind), stamper=Stamper(timestamper(), STAMPED_AT))


def answers(at: datetime, kind: str = "ec") -> dict[str, Any]:
    """What a store needs for our chain: the signer's and the timestamper's OCSP, the root's CRL."""
    return {
        "ocsps": [response(signer(kind=kind), at), response(timestamper(), at)],
        "crls": [revocation_list(samples.root(), at)],
        "certs": [signer(kind=kind), samples.authority(), timestamper(), responder()],
    }


def b_lt(kind: str = "ec") -> bytes:
    return _b_lt(kind)


@cache
def _b_lt(kind: str) -> bytes:
    return with_store(b_t(kind), **answers(STAMPED_AT + timedelta(seconds=10), kind))


def b_lta(kind: str = "ec") -> bytes:
    return _b_lta(kind)


@cache
def _b_lta(kind: str) -> bytes:
    return archived(b_lt(kind), Stamper(timestamper(), ARCHIVED_AT))


@cache
def two_signatures_lta() -> bytes:
    """The official at B-LTA, then the head's signature with its own timestamp, answers and archive
    timestamp.
    """
    head = issue_signer(samples.authority(), samples.HEAD)
    later = samples.SECOND_AT
    signed = sign(
        b_lta(), head, field="authority", at=later, stamper=Stamper(timestamper(), later), certify=False
    )
    stored = with_store(
        signed,
        [response(head, later), response(timestamper(), later)],
        [revocation_list(samples.root(), later)],
        [head],
    )
    return archived(stored, Stamper(timestamper(), later + timedelta(minutes=1)))


NOW = datetime(2026, 1, 5, tzinfo=UTC)
