"""The identity provider as this side sees it: what it publishes, its keys, its tokens.

OpenID Connect Discovery 1.0, Core 1.0 (3.1.3.7), Back-Channel Logout 1.0 (2.6). The provider's clock is the
world's, so tokens are judged by the system's clock, whatever clock the installation plays in. Nothing of a
token but the subject and the session's name is used, and neither is kept as it is.
"""

import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from models.errors import RefusedError

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Signatures by a key pair: neither ``none`` nor a secret both sides hold."""

SKEW = 60
"""Seconds by which the two clocks may differ."""

OLDEST = 600
"""Seconds after which a token is no answer to a login of now."""

KEPT = 3600.0
"""Seconds for which the provider's description is believed."""

BETWEEN = 30.0
"""Seconds between two looks for new keys that a stranger's token may cause."""

TIMEOUT = httpx.Timeout(10.0)
LARGEST = 512 * 1024
LOGOUT = "http://schemas.openid.net/event/backchannel-logout"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Client:
    """How this installation is known to the provider."""

    issuer: str
    client_id: str
    client_secret: str | None
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class Vouched:
    """Whom the provider vouches for; ``second_factor``: whether it says that it asked for more than one."""

    issuer: str
    subject: str
    session: str | None
    second_factor: bool


@dataclass(slots=True)
class Provider:
    """One provider; its description and keys are fetched when first needed, and again when keys rotate."""

    client: Client
    http: httpx.AsyncClient
    _described: dict[str, Any] = field(default_factory=dict)
    _described_at: float = 0.0
    _keys: KeySet | None = None
    _keys_at: float = 0.0

    async def described(self) -> dict[str, Any]:
        """The provider's metadata.

        Raises:
            RefusedError: ``provider-unavailable``; also for a description of somebody else.
        """
        if not self._described or time.monotonic() - self._described_at > KEPT:
            issuer = self.client.issuer
            found = await self._json("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            endpoints = [found.get(f"{name}_endpoint") for name in ("authorization", "token")]
            if found.get("issuer") != issuer or not all(map(self._safe, [*endpoints, found.get("jwks_uri")])):
                raise RefusedError.of("provider-unavailable")
            self._described, self._described_at = found, time.monotonic()
        return self._described

    async def redeem(self, code: str, verifier: str, nonce: str) -> Vouched:
        """Exchange a code for the identity it stands for.

        Raises:
            RefusedError: ``oidc-failed``, ``provider-unavailable``.
        """
        described = await self.described()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.client.redirect_uri,
            "code_verifier": verifier,
            "client_id": self.client.client_id,
        }
        auth = None
        if self.client.client_secret is not None:
            auth = httpx.BasicAuth(self.client.client_id, self.client.client_secret)
        answer = await self._json("POST", described["token_endpoint"], data=form, auth=auth)
        claims = await self._claims(str(answer.get("id_token", "")), stranger=False)
        if claims.get("nonce") != nonce:
            raise RefusedError.of("oidc-failed")
        return self._vouched(claims)

    async def logged_out(self, token: str) -> tuple[str, Vouched | None, str | None]:
        """The ``jti`` of a logout token, whom it logs out, and which of their sessions (none: all).

        Raises:
            RefusedError: ``oidc-failed``, ``provider-unavailable``.
        """
        claims = await self._claims(token, stranger=True)
        events, sid, jti = claims.get("events"), claims.get("sid"), claims.get("jti")
        right = isinstance(events, dict) and LOGOUT in events and "nonce" not in claims
        if not right or not isinstance(jti, str) or not (claims.get("sub") or sid):
            raise RefusedError.of("oidc-failed")
        return jti, self._vouched(claims) if claims.get("sub") else None, str(sid) if sid else None

    def _vouched(self, claims: dict[str, Any]) -> Vouched:
        subject, session, methods = claims.get("sub"), claims.get("sid"), claims.get("amr")
        if not isinstance(subject, str) or not 1 <= len(subject) <= 255:
            raise RefusedError.of("oidc-failed")
        several = isinstance(methods, list) and "mfa" in methods  # RFC 8176
        return Vouched(self.client.issuer, subject, session if isinstance(session, str) else None, several)

    async def _claims(self, token: str, *, stranger: bool) -> dict[str, Any]:
        """The claims of a token of this provider for this client, now."""
        claims = await self._signed(token, stranger=stranger)
        now = int(time.time())
        registry = jwt.JWTClaimsRegistry(
            now=now,
            leeway=SKEW,
            iss={"essential": True, "value": self.client.issuer},
            aud={"essential": True, "value": self.client.client_id},
            exp={"essential": not stranger},
            iat={"essential": True},
        )
        try:
            registry.validate(claims)
        except JoseError as wrong:
            raise RefusedError.of("oidc-failed") from wrong
        others = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        party = claims.get("azp", None if others else self.client.client_id)
        if party != self.client.client_id or claims["iat"] < now - OLDEST - SKEW:
            raise RefusedError.of("oidc-failed")
        return claims

    async def _signed(self, token: str, *, stranger: bool) -> dict[str, Any]:
        for look_again in (False, True):
            keys = await self._published(look_again, stranger)
            try:
                return dict(jwt.decode(token, keys, algorithms=ALGORITHMS).claims)
            except InvalidKeyIdError as unknown:  # keys may have rotated since
                if look_again:
                    raise RefusedError.of("oidc-failed") from unknown
            except (JoseError, ValueError) as wrong:
                raise RefusedError.of("oidc-failed") from wrong
        raise AssertionError("unreachable")

    async def _published(self, again: bool, stranger: bool) -> KeySet:
        now = time.monotonic()
        allowed = not stranger or now - self._keys_at > BETWEEN
        if self._keys is None or now - self._keys_at > KEPT or (again and allowed):
            found = await self._json("GET", (await self.described())["jwks_uri"])
            try:
                self._keys = KeySet.import_key_set({"keys": [k for k in found["keys"] if _signs(k)]})
            except (JoseError, KeyError, TypeError, ValueError) as wrong:
                raise RefusedError.of("provider-unavailable") from wrong
            self._keys_at = now
        return self._keys

    def _safe(self, address: object) -> bool:
        """https; plain http only between processes of one machine, issuer and endpoint alike."""
        if not isinstance(address, str):
            return False
        issuer, there = urlsplit(self.client.issuer), urlsplit(address)
        plain = issuer.scheme == there.scheme == "http" and issuer.hostname in LOOPBACK
        return there.scheme == "https" or (plain and there.hostname in LOOPBACK)

    async def _json(self, method: str, address: str, **more: Any) -> dict[str, Any]:
        if not self._safe(address):
            raise RefusedError.of("provider-unavailable")
        try:
            answer = await self.http.request(method, address, timeout=TIMEOUT, **more)
            found = answer.json() if len(answer.content) <= LARGEST else None
        except (httpx.HTTPError, ValueError) as away:
            raise RefusedError.of("provider-unavailable") from away
        if answer.status_code in (400, 401) and method == "POST":
            raise RefusedError.of("oidc-failed")
        if answer.status_code != 200 or not isinstance(found, dict):
            raise RefusedError.of("provider-unavailable")
        return found


def _signs(key: dict[str, Any]) -> bool:
    return key.get("use", "sig") == "sig" and key.get("kty") in ("RSA", "EC", "OKP")
