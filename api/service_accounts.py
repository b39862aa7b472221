"""Service accounts: a signed assertion in, a short session out (RFC 7521, RFC 7523, ``private_key_jwt``).

An account of kind ``service`` has no password that opens anything: it signs with a key whose public half an
administrator has registered. The session it gets is as any other: what it may is what its grants say, on each
request, and it is ended with the account. Keys rotate by registering the next before the former is withdrawn.
"""

import time
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey, import_key
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert as upsert

from api import auth
from api.oidc.provider import SKEW
from models.database import Scope, transaction
from models.errors import RefusedError
from models.record.tools import Tools
from models.tables import UsedAssertionRow

LASTS = timedelta(minutes=10)
"""A session of a service account: short, for nobody logs it out."""

LONGEST = 300
"""Seconds an assertion may live."""

SHORTEST = 342
"""Characters of an RSA modulus of 2048 bits."""

_ALGORITHMS: dict[type[Any], tuple[str, ...]] = {
    RSAKey: ("RS256", "PS256"),
    ECKey: ("ES256", "ES384"),
    OKPKey: ("EdDSA", "Ed25519"),
}
_PUBLIC = ("kty", "crv", "x", "y", "n", "e")

_ENTER = text("SELECT set_config('hoso.service_key', :kid, true)")
_KEY = text(
    "SELECT authority_id, account_id, jwk FROM service_keys"
    " WHERE kid = :kid AND withdrawn_at IS NULL AND expires_at > :now"
)
_MAY = text(
    "SELECT 1 FROM accounts WHERE id = :id AND kind = 'service' AND state = 'active' AND suspended_at IS NULL"
)
_PRUNE = text("DELETE FROM used_assertions WHERE account_id = :id AND expires_at < :now")


def _refused() -> RefusedError:
    return RefusedError.of("client-assertion-refused", extra={"error": "invalid_client"})


async def enter(tools: Tools, assertion: str, audiences: tuple[str, ...], now: datetime) -> auth.Opened:
    """Open a session for an assertion. Its times are judged by the system's clock, as its signer's are.

    Raises:
        RefusedError: ``client-assertion-refused``, whatever the reason.
    """
    kid = _named(assertion)
    async with tools.engine.begin() as connection:
        await connection.execute(_ENTER, {"kid": kid})
        found = (await connection.execute(_KEY, {"kid": kid, "now": now})).one_or_none()
    if found is None:
        raise _refused()
    claims = _claims(assertion, found.jwk, found.account_id, audiences)
    scope = Scope(found.authority_id, account=found.account_id)
    async with transaction(tools.engine, scope) as connection:
        if await connection.scalar(_MAY, {"id": found.account_id}) is None:
            raise _refused()
        expires = datetime.fromtimestamp(claims["exp"] + SKEW, tz=now.tzinfo)
        once = upsert(UsedAssertionRow).on_conflict_do_nothing()
        values = {
            "assertion": sha256(f"{found.account_id} {claims['jti']}".encode()).hexdigest(),
            "authority_id": found.authority_id,
            "account_id": found.account_id,
            "expires_at": expires,
        }
        if await connection.scalar(once.values(values).returning(UsedAssertionRow.assertion)) is None:
            raise _refused()
        past = datetime.fromtimestamp(time.time() - 2 * SKEW, tz=now.tzinfo)
        await connection.execute(_PRUNE, {"id": found.account_id, "now": past})
        return await auth.open_session(connection, scope, now, auth.Terms(LASTS), device="API")


def _named(assertion: str) -> str:
    """The key id in the header, before anything of it is believed."""
    try:
        kid = jws.extract_compact(assertion.encode()).headers().get("kid")
    except (JoseError, ValueError):
        raise _refused() from None
    if not isinstance(kid, str) or not 1 <= len(kid) <= 200 or "\0" in kid:
        raise _refused()
    return kid


def _claims(assertion: str, jwk: dict[str, Any], account: UUID, audiences: tuple[str, ...]) -> dict[str, Any]:
    key = import_key(jwk)
    registry = jwt.JWTClaimsRegistry(
        now=int(time.time()),
        leeway=SKEW,
        iss={"essential": True, "value": str(account)},
        sub={"essential": True, "value": str(account)},
        aud={"essential": True, "values": list(audiences)},
        exp={"essential": True},
        jti={"essential": True},
    )
    try:
        claims: dict[str, Any] = jwt.decode(assertion, key, algorithms=list(_ALGORITHMS[type(key)])).claims
        registry.validate(claims)
    except (JoseError, ValueError) as wrong:
        raise _refused() from wrong
    aud, jti = claims["aud"], claims["jti"]
    far = claims["exp"] > time.time() + LONGEST + SKEW
    if (
        far
        or not isinstance(jti, str)
        or not 8 <= len(jti) <= 200
        or (isinstance(aud, list) and len(aud) != 1)
    ):
        raise _refused()
    return claims


def fit(jwk: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """A key's id and its public members; the id is the key's thumbprint (RFC 7638).

    Raises:
        RefusedError: ``key-unfit``; also for a private key, which belongs to nobody but its holder.
    """
    if jwk.get("kty") == "RSA" and len(str(jwk.get("n", ""))) < SHORTEST:
        raise RefusedError.of("key-unfit")
    try:
        key: Key = import_key(jwk)
    except (JoseError, ValueError, TypeError, KeyError) as wrong:
        raise RefusedError.of("key-unfit") from wrong
    curve = jwk.get("crv", "P-256")
    if type(key) not in _ALGORITHMS or key.is_private or curve not in ("P-256", "P-384", "Ed25519"):
        raise RefusedError.of("key-unfit")
    return key.thumbprint(), {name: jwk[name] for name in _PUBLIC if name in jwk}
