"""The consents of one file, for the act that gives, asks, answers or ends one."""

from dataclasses import replace

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.command_consents import AllowAccess, AnswerConsent, AskConsent, RevokeAccess, WithdrawConsent
from models.commands import Body
from models.errors import RefusedError
from models.lifecycle.consent import Consent
from models.lifecycle.life import Life

CONSENTS = (AllowAccess, AnswerConsent, AskConsent, RevokeAccess, WithdrawConsent)

_ALL = text(
    "SELECT id, account_id, kind, state, ends_on FROM access_consents WHERE profile_id = :profile ORDER BY id"
)
_READER = text("SELECT 1 FROM accounts WHERE id = :id AND state <> 'cancelled'")


async def with_consents(connection: AsyncConnection, life: Life, body: Body) -> Life:
    """The life with its consents.

    Raises:
        RefusedError: ``not-found`` where the reader named is no account that may be used.
    """
    named = body.account_id if isinstance(body, AllowAccess | AskConsent) else None
    if named is not None and await connection.scalar(_READER, {"id": named}) is None:
        raise RefusedError.of("not-found", "Không tìm thấy tài khoản.", "There is no such account.")
    rows = await connection.execute(_ALL, {"profile": life.profile_id})
    return replace(life, consents=tuple(Consent(**row._mapping) for row in rows))
