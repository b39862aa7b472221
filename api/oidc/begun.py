"""A login begun and not yet come back: sealed into a cookie of the browser that began it.

What must be the same when the browser returns (state, nonce, PKCE verifier, whom it is to be linked to) is
encrypted with a key of the ring, so every API process reads it and nothing is stored. It serves one browser
for ten minutes; the code it goes with is good for once at the provider.
"""

import json
import secrets
import time
from base64 import urlsafe_b64encode
from dataclasses import asdict, dataclass, field
from hashlib import sha256

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from models.errors import RefusedError
from models.key_ring import KeyRing, Purpose

MINUTES = 10


def _random() -> str:
    return secrets.token_urlsafe(32)


@dataclass(frozen=True, slots=True)
class Begun:
    """One login; ``session``: the hash of the session whose account the identity is to be linked to."""

    session: str | None = None
    state: str = field(default_factory=_random)
    nonce: str = field(default_factory=_random)
    verifier: str = field(default_factory=_random)
    until: int = field(default_factory=lambda: int(time.time()) + 60 * MINUTES)

    @property
    def challenge(self) -> str:
        """``code_challenge`` of method S256 (RFC 7636, 4.2)."""
        return urlsafe_b64encode(sha256(self.verifier.encode()).digest()).decode().rstrip("=")


def _key(ring: KeyRing) -> OctKey:
    return OctKey.import_key(ring.current(Purpose.BLIND_INDEX).derived(b"oidc login"))


def sealed(ring: KeyRing, begun: Begun) -> str:
    """For the cookie."""
    return jwe.encrypt_compact({"alg": "dir", "enc": "A256GCM"}, json.dumps(asdict(begun)), _key(ring))


def opened(ring: KeyRing, cookie: str | None) -> Begun:
    """What was begun.

    Raises:
        RefusedError: ``oidc-failed`` where nothing was, by this browser, or too long ago.
    """
    try:
        found = jwe.decrypt_compact(cookie or "", _key(ring), algorithms=["dir", "A256GCM"])
        begun = Begun(**json.loads(found.plaintext or b"{}"))
    except (JoseError, ValueError, TypeError) as wrong:
        raise RefusedError.of("oidc-failed") from wrong
    if begun.until < time.time():
        raise RefusedError.of("oidc-failed")
    return begun
