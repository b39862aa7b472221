"""Signers whose keys or padding are at the edge of the policy or below it. They sign correctly."""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from activities.signing import issuing
from activities.signing.pades import LoadedKey
from activities.signing.signer import Pkcs12Signer
from tests.models.evidence import samples


class _Unchecked(Pkcs12Signer):
    def _check(self, signed_at: object) -> None:
        return


class _OldPadding(LoadedKey):
    """PKCS#1 v1.5, the padding before PSS."""

    def __init__(self, issued: issuing.Issued) -> None:
        super().__init__(issued)
        self.prefer_pss = False
        self._signature_mechanism = None

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        assert isinstance(self._key, rsa.RSAPrivateKey)
        return self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())


def _issued(key: issuing.PrivateKey) -> issuing.Issued:
    return issuing.issue_signer(samples.authority(), samples.OFFICIAL, key=key)


def short_rsa() -> Pkcs12Signer:
    """RSA of 1024 bits."""
    return _Unchecked(_issued(rsa.generate_private_key(public_exponent=65537, key_size=1024)))


def small_curve() -> Pkcs12Signer:
    """ECDSA of 224 bits."""
    return _Unchecked(_issued(ec.generate_private_key(ec.SECP224R1())))


def old_padding() -> Pkcs12Signer:
    """RSA of 2048 bits with PKCS#1 v1.5."""
    return padded_as_before(_issued(issuing.new_key("rsa")))


def padded_as_before(issued: issuing.Issued) -> Pkcs12Signer:
    """PKCS#1 v1.5 with this RSA key, as a token that knows no other padding."""
    signer = _Unchecked(issued)
    signer._key = _OldPadding(issued)
    return signer
