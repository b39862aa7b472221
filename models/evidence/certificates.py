"""A signer's certificate as registered: read, and judged by the same policy as signatures."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as NotBase64
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from models.evidence.algorithms import current_policy

MECHANISM = {"ec": "ecdsa", "rsa": "rsassa_pss"}


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What a certificate says, in our words; ``der`` is the certificate itself."""

    der: bytes
    sha256: str
    subject: str
    common_name: str
    issuer: str
    serial_number: str
    key_kind: str
    key_bits: int
    valid_from: datetime
    valid_to: datetime
    is_authority: bool
    may_sign: bool

    def objection(self) -> str | None:
        """What the algorithm policy has against its key, in a few technical words, with the text's name."""
        policy = current_policy()
        mechanism = MECHANISM.get(self.key_kind, self.key_kind)
        found = policy.objection(key=self.key_kind, bits=self.key_bits, mechanism=mechanism, digest="sha256")
        return f"{found} ({policy.source})" if found else None


def read_certificate(text: str) -> CertificateFacts:
    """Read PEM, or the base64 of DER.

    Raises:
        ValueError: neither.
    """
    try:
        if "-----BEGIN" in text:
            certificate = x509.load_pem_x509_certificate(text.encode("ascii"))
        else:
            certificate = x509.load_der_x509_certificate(b64decode("".join(text.split()), validate=True))
    except (NotBase64, UnicodeError, ValueError) as error:
        raise ValueError("not a certificate in PEM or base64 DER") from error
    return facts_of(certificate)


def facts_of(certificate: x509.Certificate) -> CertificateFacts:
    """What a certificate says."""
    key = certificate.public_key()
    kind = (
        "ec"
        if isinstance(key, ec.EllipticCurvePublicKey)
        else "rsa"
        if isinstance(key, rsa.RSAPublicKey)
        else type(key).__name__
    )
    der = certificate.public_bytes(Encoding.DER)
    names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return CertificateFacts(
        der=der,
        sha256=sha256(der).hexdigest(),
        subject=certificate.subject.rfc4514_string(),
        common_name=str(names[0].value) if names else "",
        issuer=certificate.issuer.rfc4514_string(),
        serial_number=f"{certificate.serial_number:x}",
        key_kind=kind,
        key_bits=getattr(key, "key_size", 0),
        valid_from=certificate.not_valid_before_utc.astimezone(UTC),
        valid_to=certificate.not_valid_after_utc.astimezone(UTC),
        is_authority=_is_authority(certificate),
        may_sign=_may_sign(certificate),
    )


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _may_sign(certificate: x509.Certificate) -> bool:
    """A key usage, where there is one, must include signing (RFC 5280, 4.2.1.3)."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return usage.digital_signature or usage.content_commitment
