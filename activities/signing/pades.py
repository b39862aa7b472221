"""PAdES signatures (ETSI EN 319 142-1) into fields that were laid out beforehand. Synchronous: it is
CPU work.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from asn1crypto import x509 as asn1_x509
from asn1crypto.algos import RSASSAPSSParams, SignedDigestAlgorithm
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils import generic as untyped_generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter, enumerate_sig_fields
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes, Signer
from pyhanko.sign.signers.pdf_signer import PdfTBSDocument
from pyhanko.stamp import BaseStampStyle
from pyhanko_certvalidator.registry import SimpleCertificateStore
from pyhanko_certvalidator.util import process_pss_params

from activities.documents.revision import Revision
from activities.signing.assurance import WITH_THE_SIGNATURE, Assurance
from activities.signing.errors import CannotSignError
from activities.signing.issuing import Issued
from models.evidence.competence import KEY

generic: Any = untyped_generic

DIGEST = "sha256"

PSS = SignedDigestAlgorithm(
    {
        "algorithm": "rsassa_pss",
        "parameters": RSASSAPSSParams(
            {
                "hash_algorithm": {"algorithm": DIGEST},
                "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": DIGEST}},
                "salt_length": 32,
            }
        ),
    }
)
"""RSASSA-PSS with a salt as long as the hash (RFC 4055, 3.1): what tokens and remote services make."""

_HASHES = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}

# pyHanko names certificate subjects in its messages, and no personal data may reach a log.
logging.getLogger("pyhanko").setLevel(logging.CRITICAL + 1)


class CmsKey(Signer):
    """A key somewhere, with the certificate it belongs to, as the CMS of a signature needs it.

    Args:
        certificate: the signer's own.
        chain: the certificates above it, nearest first.
        pss: RSASSA-PSS for an RSA key (the circular's first choice); PKCS#1 v1.5 for a token that knows no
            other padding.
    """

    def __init__(
        self, certificate: x509.Certificate, chain: Iterable[x509.Certificate] = (), *, pss: bool = True
    ) -> None:
        registry: Any = _new_store()
        registry.register_multiple([_asn1(one) for one in chain])
        is_rsa = isinstance(certificate.public_key(), rsa.RSAPublicKey)
        super().__init__(
            prefer_pss=pss,
            embed_roots=True,
            cert_registry=registry,
            signing_cert=_asn1(certificate),
            signature_mechanism=PSS if is_rsa and pss else None,
        )

    @property
    def certificates(self) -> tuple[asn1_x509.Certificate, ...]:
        """The signer's certificate and those known above it."""
        return self.signing_cert, *self.cert_registry

    def mechanism(self) -> SignedDigestAlgorithm:
        """The signature algorithm that will be written into the CMS."""
        return self.get_signature_mechanism_for_digest(DIGEST)


class LoadedKey(CmsKey):
    """A key parsed once. pyHanko's own signer parses and checks it again at every signature (RSA: 75 ms of
    96 ms).
    """

    def __init__(self, issued: Issued) -> None:
        self._key = issued.key
        super().__init__(issued.certificate, issued.chain)

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        """The raw signature, as the abstract class asks for it; it never waits. ECDSA hashes as it is told,
        RSA as its mechanism says.
        """
        if isinstance(self._key, ec.EllipticCurvePrivateKey):
            return self._key.sign(data, ec.ECDSA(_HASHES[digest_algorithm]))
        scheme, digest = process_pss_params(self.mechanism()["parameters"])
        return self._key.sign(data, scheme, digest)


def sign_field(
    pdf: bytes,
    key: CmsKey,
    *,
    field: str,
    reason: str,
    location: str,
    signed_at: datetime,
    appearance: BaseStampStyle | None,
    assurance: Assurance | None = None,
) -> bytes:
    """Fill one empty field with a signature, as an incremental update.

    The first signature of a file also certifies it (ISO 32000-2, 12.8.2.2, level 2): any reader then
    refuses changes other than filling the remaining fields.

    ``assurance`` adds a timestamp to the signature and revocation data to its revision.

    Raises:
        NotNowError: the timestamp authority gives none.
        CannotSignError: not a PDF, no such field, or it is filled already.
    """
    with refusing():
        signer, writer = field_to_sign(
            pdf,
            key,
            field=field,
            reason=reason,
            location=location,
            appearance=appearance,
            assurance=assurance,
        )
        return asyncio.run(_sign(signer, writer, signed_at.astimezone(UTC), assurance))


@contextmanager
def refusing() -> Iterator[None]:
    """What pyHanko or a broken file raises, as our own refusal: without its text, which may name somebody.

    Raises:
        CannotSignError: ``signature-failed``.
    """
    try:
        yield
    except (PdfError, SigningError, ValueError, TypeError, KeyError, IndexError) as error:
        raise CannotSignError(
            "signature-failed", f"the document cannot be signed: {type(error).__name__}"
        ) from error


def field_to_sign(
    pdf: bytes,
    key: CmsKey,
    *,
    field: str,
    reason: str,
    location: str,
    appearance: BaseStampStyle | None,
    assurance: Assurance | None,
) -> tuple[PdfSigner, Revision]:
    """An update of the document about to fill this field, and who will: the same for every kind of key.

    Raises:
        CannotSignError: ``already-signed`` or ``signature-field-missing``.
    """
    writer = Revision(BytesIO(pdf))
    filled = {name for name, value, _ in enumerate_sig_fields(writer) if value is not None}
    _require_empty(writer, field, filled)
    metadata = PdfSignatureMetadata(
        field_name=field,
        md_algorithm=DIGEST,
        reason=reason,
        location=location,
        subfilter=SigSeedSubFilter.PADES,
        certify=not filled,
        docmdp_permissions=MDPPerm.FILL_FORMS,
        dss_settings=WITH_THE_SIGNATURE,
    )
    stamper = assurance.stamper if assurance else None
    return PdfSigner(metadata, key, timestamper=stamper, stamp_style=appearance), writer


def laid_out(
    signer: PdfSigner, writer: Revision, signed_at: datetime, assurance: Assurance | None
) -> PdfTBSDocument:
    """The document with room for the signature; the instant is ours and not the machine's clock."""
    session = signer.init_signing_session(writer, existing_fields_only=True)
    session.system_time = signed_at
    room = _reserved(signer) + (2 * assurance.room if assurance else 0)
    known = assurance.known if assurance else None
    document = session.prepare_tbs_document(validation_info=known, bytes_reserved=room)
    if assurance and assurance.competence:
        _state_competence(writer, signer.signature_meta.field_name, assurance.competence)
    return document


def _state_competence(writer: Revision, field: str | None, statement: str) -> None:
    """Into the signature's dictionary, which the signature covers."""
    (found,) = (value for name, value, _ in enumerate_sig_fields(writer) if name == field)
    found.get_object()[pdf_name(KEY)] = generic.TextStringObject(statement)


async def _sign(
    signer: PdfSigner, writer: Revision, signed_at: datetime, assurance: Assurance | None
) -> bytes:
    """pyHanko's own sequence."""
    document = laid_out(signer, writer, signed_at, assurance)
    digest, output = document.digest_tbs_document(output=BytesIO())
    signed = await document.perform_signature(
        digest.document_digest, PdfCMSSignedAttributes(signing_time=signed_at)
    )
    await signed.post_signature_processing(output)
    result: Any = output
    return bytes(result.getvalue())


def _reserved(signer: PdfSigner) -> int:
    """Hex digits to reserve: the certificates, the signature and some 700 bytes of attributes, with room to
    spare.
    """
    certificate = signer.signer.signing_cert
    assert certificate is not None
    chain = sum(len(one.dump()) for one in signer.signer.cert_registry)
    digits: int = 2 * (len(certificate.dump()) + chain + certificate.public_key.byte_size * 4 + 2048)
    return digits


def _require_empty(writer: Revision, field: str, filled: set[str]) -> None:
    if field in filled:
        raise CannotSignError("already-signed", f"field {field} already carries a signature")
    if field not in {name for name, _, _ in enumerate_sig_fields(writer)}:
        raise CannotSignError("signature-field-missing", f"the document has no signature field {field}")


_new_store: Any = SimpleCertificateStore


def _asn1(certificate: Any) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))
