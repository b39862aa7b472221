"""What a certificate must satisfy before anything is signed with its key: time and algorithms.

The law's own choice of algorithms is data (``models/evidence/algorithms.yaml``); a refusal names the text.
"""

from __future__ import annotations

from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from activities.signing.errors import CannotSignError
from activities.signing.pades import DIGEST
from models.evidence.algorithms import current_policy


def check_certificate(certificate: x509.Certificate, mechanism: str, at: datetime) -> None:
    """Refuse a certificate that could not sign validly at ``at``, an aware instant.

    Args:
        mechanism: name of the signature algorithm as a CMS writes it, such as ``rsassa_pss`` or ``ecdsa``.

    Raises:
        CannotSignError: ``signing-time-invalid``, ``certificate-not-valid-then``, ``certificate-purpose`` or
            ``algorithm-not-allowed``, which names the legal text.
    """
    if at.tzinfo is None:
        raise CannotSignError("signing-time-invalid", "the signing time has no time zone")
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise CannotSignError(
            "certificate-not-valid-then", "the certificate is not valid at the signing time"
        )
    _purpose(certificate)
    key = certificate.public_key()
    kind = "ec" if isinstance(key, ec.EllipticCurvePublicKey) else "rsa"
    if not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
        raise CannotSignError("algorithm-not-allowed", f"{type(key).__name__} is not allowed")
    policy = current_policy()
    objection = policy.objection(key=kind, bits=key.key_size, mechanism=mechanism, digest=DIGEST)
    if objection:
        raise CannotSignError("algorithm-not-allowed", f"{objection} is not allowed by {policy.source}")
    end = policy.end_of(kind, key.key_size)
    if end is not None and at >= end.at:
        raise CannotSignError("algorithm-not-allowed", f"{kind} {key.key_size} bit has ended: {end.source}")


def _purpose(certificate: x509.Certificate) -> None:
    """A key usage, where there is one, must include signing (RFC 5280, 4.2.1.3)."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not (usage.digital_signature or usage.content_commitment):
        raise CannotSignError("certificate-purpose", "the certificate is not meant for signatures")
