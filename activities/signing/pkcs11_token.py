"""Keys in a token or a hardware security module (PKCS#11 v2.40): an agency's seal that never leaves it.

The session stays open and keys stay found: a signature is one call. A token that was pulled out and put back
is found again, with a new login, at the next signature; until then signing answers that the token is away.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import new as hashed
from hashlib import sha256
from pathlib import Path
from threading import RLock
from typing import Any, TypeVar

import pkcs11
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from pkcs11 import MGF, Attribute, KeyType, Mechanism, ObjectClass
from pkcs11 import exceptions as trouble
from pkcs11.util.ec import encode_ecdsa_signature

from activities.signing.errors import CannotSignError, SignerAwayError
from activities.signing.pades import CmsKey

T = TypeVar("T")

_LOCKED = (
    trouble.PinIncorrect,
    trouble.PinInvalid,
    trouble.PinExpired,
    trouble.PinLocked,
    trouble.PinLenRange,
    trouble.UserPinNotInitialized,
)
"""A PIN that is refused is never tried again by itself: a token locks after a few."""


@dataclass(frozen=True, slots=True)
class TokenPlace:
    """Which token of which module. ``pin`` is asked for at each login and never kept here."""

    module: Path
    label: str
    pin: Callable[[], str]


@dataclass(frozen=True, slots=True)
class FoundKey:
    """A key of the present session and how it signs."""

    handle: Any
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    pss: bool


class Token:
    """One token, its session kept. Safe to share between threads: calls take turns, as the session asks."""

    def __init__(self, place: TokenPlace) -> None:
        self._place = place
        self._lock = RLock()
        self._session: Any = None
        self._found: dict[str, FoundKey] = {}
        self._refused: str | None = None

    def key(self, name: str) -> FoundKey:
        """The key with this label or, in hex, this id, and its certificate.

        Raises:
            CannotSignError: ``signer-unknown``, the token is there and has no such key or certificate.
            SignerAwayError: see its codes.
        """
        return self._doing(lambda: self._key(name))

    def sign(self, name: str, data: bytes, digest: str = "sha256") -> bytes:
        """The raw signature over ``data``, as a CMS holds it: RSA with SHA-256, ECDSA with the digest named.
        Raises as `key`.
        """
        return self._doing(lambda: self._sign(self._key(name), data, digest))

    def close(self) -> None:
        """Log out."""
        with self._lock:
            self._forget()

    def _doing(self, work: Callable[[], T]) -> T:
        """Work on the present session; once more on a new one, where the token had been away meanwhile."""
        with self._lock:
            fresh = self._session is None
            try:
                return self._with_session(work)
            except trouble.PKCS11Error as error:
                self._forget()
                if fresh:
                    raise self._away(error) from error
            try:
                return self._with_session(work)
            except trouble.PKCS11Error as error:
                self._forget()
                raise self._away(error) from error

    def _with_session(self, work: Callable[[], T]) -> T:
        if self._session is None:
            self._session = self._open()
        return work()

    def _open(self) -> Any:
        if not self._place.module.is_file():
            raise SignerAwayError("token-module-missing", f"there is no module {self._place.module.name}")
        pin = self._place.pin()
        if self._refused == (tried := sha256(pin.encode()).hexdigest()):
            raise self._locked()
        library = pkcs11.lib(str(self._place.module))
        # A module learns of tokens that came or went only when it is begun again.
        library.reinitialize()
        try:
            return library.get_token(token_label=self._place.label).open(user_pin=pin)
        except _LOCKED as error:
            self._refused = tried
            raise self._locked() from error

    def _locked(self) -> SignerAwayError:
        return SignerAwayError(
            "token-locked", f"token {self._place.label}: the PIN was refused; mend it, then try again"
        )

    def _away(self, error: Exception) -> SignerAwayError:
        return SignerAwayError("token-away", f"token {self._place.label}: {type(error).__name__}")

    def _forget(self) -> None:
        session, self._session = self._session, None
        self._found.clear()
        if session is not None:
            _quietly_closed(session)

    def _key(self, name: str) -> FoundKey:
        if name not in self._found:
            self._found[name] = self._search(name)
        return self._found[name]

    def _search(self, name: str) -> FoundKey:
        keys = self._objects(ObjectClass.PRIVATE_KEY, name)
        if not keys:
            raise CannotSignError("signer-unknown", "the token has no such key")
        if len(keys) > 1:
            raise CannotSignError("signer-unknown", "the token has several keys of that name")
        handle = keys[0]
        held = [x509.load_der_x509_certificate(bytes(one[Attribute.VALUE])) for one in self._certificates()]
        own = self._certificates(handle[Attribute.ID])
        if not own:
            raise CannotSignError("signer-unknown", "the token has no certificate for that key")
        certificate = x509.load_der_x509_certificate(bytes(own[0][Attribute.VALUE]))
        return FoundKey(handle, certificate, _above(certificate, held), self._knows_pss())

    def _objects(self, kind: ObjectClass, name: str) -> list[Any]:
        found = list(self._session.get_objects({Attribute.CLASS: kind, Attribute.LABEL: name}))
        if found or not _is_hex(name):
            return found
        return list(self._session.get_objects({Attribute.CLASS: kind, Attribute.ID: bytes.fromhex(name)}))

    def _certificates(self, key_id: bytes | None = None) -> list[Any]:
        wanted: dict[Attribute, Any] = {Attribute.CLASS: ObjectClass.CERTIFICATE}
        return list(self._session.get_objects(wanted | ({Attribute.ID: key_id} if key_id else {})))

    def _knows_pss(self) -> bool:
        return Mechanism.SHA256_RSA_PKCS_PSS in self._session.token.slot.get_mechanisms()

    def _sign(self, key: FoundKey, data: bytes, digest: str) -> bytes:
        if key.handle.key_type is KeyType.EC:
            # Hashed here: not every token hashes for ECDSA itself. It answers r and s side by side.
            raw = key.handle.sign(hashed(digest, data).digest(), mechanism=Mechanism.ECDSA)
            return bytes(encode_ecdsa_signature(raw))
        if key.pss:
            salt = (Mechanism.SHA256, MGF.SHA256, 32)
            return bytes(key.handle.sign(data, mechanism=Mechanism.SHA256_RSA_PKCS_PSS, mechanism_param=salt))
        return bytes(key.handle.sign(data, mechanism=Mechanism.SHA256_RSA_PKCS))


class TokenKey(CmsKey):
    """A key of a token, for the CMS of a signature."""

    def __init__(self, token: Token, name: str) -> None:
        found = token.key(name)
        self._token, self._name = token, name
        is_ec = isinstance(found.certificate.public_key(), ec.EllipticCurvePublicKey)
        super().__init__(found.certificate, found.chain, pss=is_ec or found.pss)
        self.certificate = found.certificate

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        """The token's signature; a dry run, which only measures, leaves the token alone."""
        if dry_run:
            return bytes(512)
        return self._token.sign(self._name, data, digest_algorithm)


def _above(certificate: x509.Certificate, held: list[x509.Certificate]) -> tuple[x509.Certificate, ...]:
    """The certificates above one, nearest first, as far as the token holds them."""
    chain: list[x509.Certificate] = []
    below = certificate
    while below.issuer != below.subject:
        issuer = next((one for one in held if one.subject == below.issuer), None)
        if issuer is None or issuer in chain:
            break
        chain.append(issuer)
        below = issuer
    return tuple(chain)


def _is_hex(name: str) -> bool:
    return len(name) % 2 == 0 and all(one in "0123456789abcdefABCDEF" for one in name)


def _quietly_closed(session: Any) -> bool:
    """Close a session; one whose token is gone is closed already."""
    try:
        session.close()
    except trouble.PKCS11Error:
        return False
    return True
