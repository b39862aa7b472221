"""A master key that only a token or hardware security module can unwrap (PKCS#11 v2.40).

What is kept (in the master key's file or the environment) is the master key wrapped by a key that never
leaves the token: AES key wrap (RFC 3394) by a secret key, or RSA-OAEP (RFC 8017, with SHA-1 as its hash, the
one every module has; OAEP does not rest on its collision resistance) by a private key. It is unwrapped once,
at start; then the token may go.
"""

import base64
import binascii
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass

from models.errors import KeyRingDamagedError, KeyRingMissingError
from models.key_ring import KEY_BYTES, MasterKey

AES, RSA = "aes-key-wrap", "rsa-oaep"


@dataclass(frozen=True, slots=True)
class TokenPlace:
    """Which token of which module. ``pin`` is asked for at each login and never kept here."""

    module: Path
    label: str
    pin: Callable[[], str]


def is_wrapped(text: str) -> bool:
    """Whether a master key's text is one a token has to unwrap."""
    return text.lstrip().startswith("{")


def wrap_master(master: MasterKey, token: TokenPlace, label: str) -> str:
    """The master key wrapped by the token's key of that label: JSON, to be kept like the key itself.

    Raises:
        KeyRingMissingError: the token, or such a key in it, cannot be reached.
    """
    with _session(token) as session:
        found = list(session.get_objects({Attribute.LABEL: label}))
        secret = next((one for one in found if one.object_class is ObjectClass.SECRET_KEY), None)
        public = next((one for one in found if one.object_class is ObjectClass.PUBLIC_KEY), None)
        if secret is not None:
            mechanism, wrapped = (
                AES,
                secret.wrap_key(_held(session, master), mechanism=Mechanism.AES_KEY_WRAP),
            )
        elif public is not None:
            mechanism, wrapped = RSA, public.encrypt(master.material, mechanism=Mechanism.RSA_PKCS_OAEP)
        else:
            raise _missing(f"{label}: không có khoá này trong token / the token has no such key")
    kept = {"key": label, "mechanism": mechanism, "wrapped": base64.b64encode(wrapped).decode()}
    return json.dumps(kept)


def unwrap_master(text: str, token: TokenPlace | None) -> MasterKey:
    """The master key, unwrapped in the token.

    Raises:
        KeyRingMissingError: no token is set, or it, or the key in it, cannot be reached.
        KeyRingDamagedError: the text is none of ours, or the token's key is not the one that wrapped it.
    """
    try:
        kept = json.loads(text)
        label, mechanism = str(kept["key"]), kept["mechanism"]
        wrapped = base64.b64decode(kept["wrapped"], validate=True)
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise _damaged() from None
    if token is None:
        raise _missing("khoá chủ nằm trong token, hãy đặt token_module, token_label / no token is set")
    with _session(token) as session:
        kind = ObjectClass.SECRET_KEY if mechanism == AES else ObjectClass.PRIVATE_KEY
        key = next(iter(session.get_objects({Attribute.LABEL: label, Attribute.CLASS: kind})), None)
        if key is None:
            raise _missing(f"{label}: không có khoá này trong token / the token has no such key")
        try:
            material = (
                _unwrapped(key, wrapped)
                if mechanism == AES
                else bytes(key.decrypt(wrapped, mechanism=Mechanism.RSA_PKCS_OAEP))
            )
        except pkcs11.PKCS11Error:
            raise _damaged() from None
    if len(material) != KEY_BYTES:
        raise _damaged()
    return MasterKey(material)


def _unwrapped(key: Any, wrapped: bytes) -> bytes:
    template = {Attribute.EXTRACTABLE: True, Attribute.SENSITIVE: False}
    opened = key.unwrap_key(
        ObjectClass.SECRET_KEY,
        KeyType.GENERIC_SECRET,
        wrapped,
        mechanism=Mechanism.AES_KEY_WRAP,
        store=False,
        template=template,
    )
    return bytes(opened[Attribute.VALUE])


def _held(session: Any, master: MasterKey) -> Any:
    """The master key as an object of this session: a token wraps objects, not bytes."""
    return session.create_object(
        {
            Attribute.CLASS: ObjectClass.SECRET_KEY,
            Attribute.KEY_TYPE: KeyType.GENERIC_SECRET,
            Attribute.VALUE: master.material,
            Attribute.TOKEN: False,
            Attribute.EXTRACTABLE: True,
            Attribute.SENSITIVE: False,
        }
    )


@contextmanager
def _session(place: TokenPlace) -> Iterator[Any]:
    """A session that has logged in; closed at once afterwards."""
    try:
        library = pkcs11.lib(str(place.module))
        try:
            token = library.get_token(token_label=place.label)
        except pkcs11.NoSuchToken:
            library.reinitialize()  # a module learns of tokens that came or went only when it is begun again
            token = library.get_token(token_label=place.label)
        with token.open(user_pin=place.pin()) as session:
            yield session
    except (pkcs11.PKCS11Error, RuntimeError, OSError) as error:
        raise _missing(
            f"token {place.label}: không dùng được / cannot be used: {type(error).__name__}"
        ) from error


def _missing(text: str) -> KeyRingMissingError:
    return KeyRingMissingError(text)


def _damaged() -> KeyRingDamagedError:
    return KeyRingDamagedError(
        "khoá chủ không mở được bằng khoá của token / the token's key does not unwrap this master key"
    )
