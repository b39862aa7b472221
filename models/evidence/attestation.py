"""A statement signed by a seal: a JSON Web Signature (RFC 7515) that carries its certificates (``x5c``).

Beside PAdES, because what is attested lies inside a PDF signature's dictionary and must be small. The
algorithms are those of RFC 7518 that our own policy allows.
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
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

MAXIMUM_CHARACTERS = 32 * 1024
TYPE = "hoso-competence+jws"
_PSS = padding.PSS(padding.MGF1(hashes.SHA256()), 32)


class AttestationError(ValueError):
    """The statement is malformed, or its signature is not that of its certificate."""


@dataclass(frozen=True, slots=True)
class Attested:
    """The payload, and the certificates that came with it (signer first); nothing says yet who is trusted."""

    payload: bytes
    chain: tuple[asn1_x509.Certificate, ...]


def to_be_signed(payload: bytes, chain: Sequence[bytes]) -> bytes:
    """The signing input: whoever holds the key signs these bytes with ``algorithm_of`` the first
    certificate.
    """
    key = x509.load_der_x509_certificate(chain[0]).public_key()
    header = {
        "alg": _algorithm(key),
        "typ": TYPE,
        "x5c": [b64encode(one).decode("ascii") for one in chain],
    }
    return _encoded(rfc8785.dumps(header)) + b"." + _encoded(payload)


def assembled(signing_input: bytes, signature: bytes) -> str:
    """The compact form; an ECDSA value comes in DER, as libraries and tokens give it (RFC 7518, 3.4 wants
    r ‖ s).
    """
    header = json.loads(_decoded(signing_input.split(b".")[0]))
    if header["alg"] == "ES256":
        first, second = utils.decode_dss_signature(signature)
        signature = first.to_bytes(32, "big") + second.to_bytes(32, "big")
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
    if to_be_signed(payload, chain) != signing_input or _encoded(signature) != signature_part:
        raise AttestationError("the attestation is spelt otherwise")
    _verify(x509.load_der_x509_certificate(chain[0]).public_key(), signature, signing_input)
    return Attested(payload, tuple(asn1_x509.Certificate.load(one, strict=True) for one in chain))


def _algorithm(key: Any) -> str:
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return "ES256"
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= 2048:
        return "PS256"
    raise AttestationError("an attestation is signed by P-256 or by RSA of 2048 bits or more")


def _verify(key: Any, signature: bytes, data: bytes) -> None:
    if isinstance(key, ec.EllipticCurvePublicKey):
        if len(signature) != 64:
            raise AttestationError("an ES256 value has 64 bytes")
        parts = (int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
        key.verify(utils.encode_dss_signature(*parts), data, ec.ECDSA(hashes.SHA256()))
    else:
        key.verify(signature, data, _PSS, hashes.SHA256())


def _encoded(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")


def _decoded(text: bytes) -> bytes:
    try:
        return urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    except binascii.Error as error:
        raise AttestationError("not base64url") from error
