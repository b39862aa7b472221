"""Which account an identity is linked to. Linked by the person, logged in here and at the provider: never by
name, address or number that two people might share. The subject is kept under a keyed hash: with many
providers it is the personal ID number.
"""

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from sqlalchemy import insert, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api import auth
from api.oidc.provider import OLDEST, SKEW, Vouched
from api.scope import Asker, token_hash
from models.database import Scope, transaction
from models.errors import RefusedError
from models.key_ring import KeyRing, Purpose
from models.record.tools import Tools
from models.tables import IdentityRow, IdentitySessionRow, UsedAssertionRow

_ENTER = text("SELECT set_config('hoso.identity', :identity, true)")
_LINKED = text("SELECT authority_id, account_id FROM identities WHERE identity = :identity")
_MAY = text("SELECT 1 FROM accounts WHERE id = :id AND state = 'active' AND suspended_at IS NULL")
_SEEN = text("UPDATE identities SET last_used_at = :now WHERE identity = :identity")
_UNLINK = text("DELETE FROM identities WHERE account_id = :id AND issuer = :issuer")
_SESSIONS = text("SELECT authority_id, account_id, session FROM identity_sessions WHERE identity = :identity")
_OF_SID = text("SELECT authority_id, account_id, session FROM identity_sessions WHERE sid = :identity")
_END = text("DELETE FROM sessions WHERE token_hash = :hash")
_PRUNE = text("DELETE FROM used_assertions WHERE account_id = :id AND expires_at < :now")
LOGOUT_LASTS = timedelta(seconds=OLDEST + 2 * SKEW)
"""How long the provider takes a notice of logout for a fresh one, and a little more."""


@dataclass(frozen=True, slots=True)
class Keys:
    """An identity and its session at the provider, as they are kept."""

    identity: str
    sid: str | None


def keyed(ring: KeyRing, issuer: str, kind: str, value: str) -> str:
    """HMAC-SHA-256 under a key of its own use; issuer and value cannot be shifted against each other."""
    secret = ring.current(Purpose.BLIND_INDEX).derived(b"identity", issuer.encode(), kind.encode())
    return hmac.digest(secret, value.encode(), "sha256").hex()


def keys_of(ring: KeyRing, who: Vouched) -> Keys:
    """What is kept of an identity."""
    sid = keyed(ring, who.issuer, "sid", who.session) if who.session else None
    return Keys(keyed(ring, who.issuer, "sub", who.subject), sid)


async def enter(tools: Tools, who: Vouched, now: datetime, terms: auth.Terms) -> auth.Opened:
    """Open a session of the account the identity is linked to.

    Raises:
        RefusedError: ``identity-not-linked``; also for an account that may not be used.
    """
    keys = keys_of(tools.ring, who)
    async with tools.engine.begin() as connection:
        await connection.execute(_ENTER, {"identity": keys.identity})
        found = (await connection.execute(_LINKED, {"identity": keys.identity})).one_or_none()
    if found is None:
        raise RefusedError.of("identity-not-linked")
    scope = Scope(found.authority_id, account=found.account_id)
    async with transaction(tools.engine, scope) as connection:
        if await connection.scalar(_MAY, {"id": found.account_id}) is None:
            raise RefusedError.of("identity-not-linked")
        await connection.execute(_SEEN, {"identity": keys.identity, "now": now})
        opened = await auth.open_session(
            connection, scope, now, terms, device="OIDC", second_factor=who.second_factor
        )
        await connection.execute(
            insert(IdentitySessionRow).values(
                session=token_hash(opened.token),
                authority_id=found.authority_id,
                account_id=found.account_id,
                identity=keys.identity,
                sid=keys.sid,
            )
        )
    return opened


async def link(tools: Tools, asker: Asker, who: Vouched) -> None:
    """Link the identity to the asker's account.

    Raises:
        RefusedError: ``identity-taken``.
    """
    keys = keys_of(tools.ring, who)
    try:
        async with transaction(tools.engine, asker.scope) as connection:
            await connection.execute(
                insert(IdentityRow).values(
                    identity=keys.identity,
                    authority_id=asker.authority_id,
                    account_id=asker.account_id,
                    issuer=who.issuer,
                    linked_at=asker.now,
                )
            )
    except IntegrityError as taken:
        raise RefusedError.of("identity-taken") from taken


async def unlink(connection: AsyncConnection, asker: Asker, issuer: str) -> bool:
    """Whether there was a link."""
    values = {"id": asker.account_id, "issuer": issuer}
    return (await connection.execute(_UNLINK, values)).rowcount > 0


async def end_sessions(tools: Tools, keys: tuple[str | None, str | None], notice: str) -> int:
    """End what was opened by an identity, or by one session at the provider; answers how many.

    ``notice`` is the notice's own id: what it ended once it never ends again, so that whoever kept it puts
    nobody out who has come in since (Back-Channel Logout 1.0, 2.6).
    """
    identity, sid = keys
    async with tools.engine.begin() as connection:
        key, query = (sid, _OF_SID) if sid is not None else (identity, _SESSIONS)
        await connection.execute(_ENTER, {"identity": key})
        found = (await connection.execute(query, {"identity": key})).all()
    whose: dict[Scope, list[str]] = {}
    for one in found:
        whose.setdefault(Scope(one.authority_id, account=one.account_id), []).append(one.session)
    return sum([await _end(tools.engine, scope, sessions, notice) for scope, sessions in whose.items()])


async def _end(engine: AsyncEngine, scope: Scope, sessions: list[str], notice: str) -> int:
    now = datetime.now(UTC)  # the provider's clock, which is nobody's virtual one
    once = {
        "assertion": sha256(f"logout {scope.account} {notice}".encode()).hexdigest(),
        "authority_id": scope.authority,
        "account_id": scope.account,
        "expires_at": now + LOGOUT_LASTS,
    }
    async with transaction(engine, scope) as connection:
        await connection.execute(_PRUNE, {"id": scope.account, "now": now - LOGOUT_LASTS})
        fresh = upsert(UsedAssertionRow).on_conflict_do_nothing().values(once)
        if await connection.scalar(fresh.returning(UsedAssertionRow.assertion)) is None:
            return 0
        await connection.execute(_END, [{"hash": one} for one in sessions])
    return len(sessions)
