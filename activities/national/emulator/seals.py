"""Is a packet sealed by a key that was handed in? Judged by hand: no code of the adapter's.

`SEALS/*.pem` are the public keys handed in. A seal is a detached JWS (RFC 7515 appendix F, RFC 7797: the
payload is the body as it came), ES256, in `X-Packet-Seal`; its protected header repeats the packet's route.
"""

import base64
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

__all__ = ["Seals"]

_ROUTE = ("sender_code", "receiver_code", "tran_code")


class Seals:
    """The keys handed in; a folder, so that one may be added or withdrawn while this runs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "seals"
        self._keys: dict[Path, tuple[int, ec.EllipticCurvePublicKey]] = {}
        if not self._folder.exists():
            self._folder.mkdir(mode=0o700)
            _sample(folder / "seal.key", self._folder / "sample.pem")

    def holds(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether the seal is one of theirs, over this very body on this very route."""
        try:
            head, payload, signature = headers.get("x-packet-seal", "").split(".")
            said: dict[str, Any] = json.loads(_bytes(head))
            mark = _bytes(signature)
        except ValueError:
            return False
        right = isinstance(said, dict) and said.get("alg") == "ES256" and said.get("b64") is False
        if payload or not right or said.get("crit") != ["b64"] or len(mark) != 64:
            return False
        if any(said.get(name) != headers.get(name) for name in _ROUTE):
            return False
        key = self._known(said.get("kid"))
        if key is None:
            return False
        r, s = (int.from_bytes(half) for half in (mark[:32], mark[32:]))
        try:
            key.verify(encode_dss_signature(r, s), head.encode() + b"." + body, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True

    def _known(self, named: object) -> ec.EllipticCurvePublicKey | None:
        """The key whose fingerprint is named: SHA-256 of its SubjectPublicKeyInfo, hexadecimal."""
        for path in sorted(self._folder.glob("*.pem")):
            key = self._read(path)
            if key is not None and _fingerprint(key) == named:
                return key
        return None

    def _read(self, path: Path) -> ec.EllipticCurvePublicKey | None:
        changed = path.stat().st_mtime_ns
        if path not in self._keys or self._keys[path][0] != changed:
            try:
                key = serialization.load_pem_public_key(path.read_bytes())
            except ValueError:
                return None
            if not isinstance(key, ec.EllipticCurvePublicKey):
                return None
            self._keys[path] = (changed, key)
        return self._keys[path][1]


def _fingerprint(key: ec.EllipticCurvePublicKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return hashlib.sha256(key.public_bytes(serialization.Encoding.DER, form)).hexdigest()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _sample(private: Path, public: Path) -> None:
    """A key for the sample partner, already handed in: a desk has nobody to walk over with a certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with os.fdopen(os.open(private, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(pem)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public.write_bytes(key.public_key().public_bytes(serialization.Encoding.PEM, form))
