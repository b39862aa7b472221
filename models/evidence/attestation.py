"""A statement signed by a seal: a JSON Web Signature (RFC 7515) that carries its certificates (``x5c``).

Beside PAdES, because what is attested lies inside a PDF signature's dictionary and must be small. The
algorithms are those of RFC 7518 (3.1) that our own policy allows; where that names none for a key (a curve
that is not NIST's), nothing is attested.
"""

from __future__ import annotations

import binascii
import json
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import rfc8785
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from models.evidence.algorithms import current_policy

MAXIMUM_CHARACTERS = 32 * 1024
TYPE = "hoso-competence+jws"


class AttestationError(ValueError):
    """The statement is malformed, or its signature is not that of its certificate."""


@dataclass(frozen=True, slots=True)
class Algorithm:
    """How a statement is signed.

    Args:
        name: of RFC 7518, 3.1. mechanism, digest: as a CMS names them, and our own policy.
        curve: the one on which it is ECDSA, as `cryptography` names it; RSA has none.
    """

    name: str
    mechanism: str
    digest: str
    curve: str = ""


_HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
# Of those that fit a key and its padding, the first is what our own seals sign with; a reader takes any. A
# curve is bound to its hash (RFC 7518, 3.4).
_KNOWN = (
    Algorithm("ES256", "ecdsa", "sha256", "secp256r1"),
    Algorithm("ES384", "ecdsa", "sha384", "secp384r1"),
    Algorithm("ES512", "ecdsa", "sha512", "secp521r1"),
    Algorithm("PS256", "rsassa_pss", "sha256"),
    Algorithm("PS384", "rsassa_pss", "sha384"),
    Algorithm("PS512", "rsassa_pss", "sha512"),
    Algorithm("RS256", "rsassa_pkcs1v15", "sha256"),
    Algorithm("RS384", "rsassa_pkcs1v15", "sha384"),
    Algorithm("RS512", "rsassa_pkcs1v15", "sha512"),
)


@dataclass(frozen=True, slots=True)
class Attested:
    """The payload, and the certificates that came with it (signer first); nothing says yet who is trusted."""

    payload: bytes
    chain: tuple[asn1_x509.Certificate, ...]


def algorithm_of(certificate: bytes, mechanism: str) -> Algorithm:
    """With what the key of a certificate (DER) signs statements, its signatures being of this mechanism.

    Raises:
        AttestationError: the policy allows no statement by it, or RFC 7518 names no algorithm for it.
    """
    key = _key_of(certificate)
    found = next((one for one in _KNOWN if one.mechanism == mechanism and _fits(one, key)), None)
    if found is None:
        raise AttestationError(f"no statement is signed by {mechanism} with this key")
    return found


def to_be_signed(payload: bytes, chain: Sequence[bytes], algorithm: Algorithm) -> bytes:
    """The signing input: whoever holds the key of the first certificate signs these bytes, hashed with
    ``algorithm.digest``. It is `algorithm_of` that certificate.
    """
    header = {
        "alg": algorithm.name,
        "typ": TYPE,
        "x5c": [b64encode(one).decode("ascii") for one in chain],
    }
    return _encoded(rfc8785.dumps(header)) + b"." + _encoded(payload)


def assembled(signing_input: bytes, signature: bytes) -> str:
    """The compact form; an ECDSA value comes in DER, as libraries and tokens give it (RFC 7518, 3.4 wants
    r ‖ s).
    """
    header = json.loads(_decoded(signing_input.split(b".")[0]))
    if _named(header["alg"]).curve:
        size = _width(_key_of(b64decode(header["x5c"][0])))
        first, second = utils.decode_dss_signature(signature)
        signature = first.to_bytes(size, "big") + second.to_bytes(size, "big")
    return (signing_input + b"." + _encoded(signature)).decode("ascii")


def opened(statement: str) -> Attested:
    """Check the signature by the first certificate it carries.

    Raises:
        AttestationError: in any form but the one that `assembled` gives, or with a wrong signature.
    """
    try:
        return _opened(statement)
    except AttestationError:
        raise
    except (
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        RecursionError,
        InvalidSignature,
        UnsupportedAlgorithm,
    ) as error:
        raise AttestationError(f"not an attestation: {type(error).__name__}") from error


def _opened(statement: str) -> Attested:
    if len(statement) > MAXIMUM_CHARACTERS:
        raise AttestationError("the attestation is too long")
    header_part, payload_part, signature_part = statement.encode("ascii").split(b".")
    header: Any = json.loads(_decoded(header_part))
    chain = [b64decode(one, validate=True) for one in header["x5c"]]
    signing_input = header_part + b"." + payload_part
    payload, signature = _decoded(payload_part), _decoded(signature_part)
    algorithm = _named(header["alg"])
    spelt = to_be_signed(payload, chain, algorithm)
    if spelt != signing_input or _encoded(signature) != signature_part:
        raise AttestationError("the attestation is spelt otherwise")
    key = _key_of(chain[0])
    if not _fits(algorithm, key):
        raise AttestationError("the attestation's algorithm is not that of its key, or is not allowed")
    _verify(key, algorithm, signature, signing_input)
    return Attested(payload, tuple(asn1_x509.Certificate.load(one, strict=True) for one in chain))


def _named(name: Any) -> Algorithm:
    found = next((one for one in _KNOWN if one.name == name), None)
    if found is None:
        raise AttestationError("the attestation names no algorithm that is known")
    return found


def _key_of(certificate: bytes) -> Any:
    return x509.load_der_x509_certificate(certificate).public_key()


def _fits(algorithm: Algorithm, key: Any) -> bool:
    """Whether it is an algorithm of this kind of key, and the policy allows both."""
    if isinstance(key, ec.EllipticCurvePublicKey):
        kind, suits = "ec", algorithm.curve == key.curve.name
    elif isinstance(key, rsa.RSAPublicKey):
        kind, suits = "rsa", not algorithm.curve
    else:
        return False
    mechanism, digest = algorithm.mechanism, algorithm.digest
    return suits and not current_policy().objection(
        key=kind, bits=key.key_size, mechanism=mechanism, digest=digest
    )


def _width(key: ec.EllipticCurvePublicKey) -> int:
    """Bytes of each half of an ECDSA value: 66 of P-521, whose 521 bits fill no 65."""
    return (key.curve.key_size + 7) // 8


def _verify(key: Any, algorithm: Algorithm, signature: bytes, data: bytes) -> None:
    digest = _HASHES[algorithm.digest]()
    if algorithm.curve:
        size = _width(key)
        if len(signature) != 2 * size:
            raise AttestationError(f"an {algorithm.name} value has {2 * size} bytes")
        parts = (int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big"))
        key.verify(utils.encode_dss_signature(*parts), data, ec.ECDSA(digest))
    elif algorithm.mechanism == "rsassa_pss":
        # A salt as long as the hash (RFC 7518, 3.5).
        key.verify(signature, data, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
    else:
        key.verify(signature, data, padding.PKCS1v15(), digest)


def _encoded(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")


def _decoded(text: bytes) -> bytes:
    try:
        return urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    except binascii.Error as error:
        raise AttestationError("not base64url") from error
