"""What keeps the sealer from its work, kept where the administrator sees it: `sealers`, and the inbox."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from psycopg.types.json import Jsonb
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from models.database import Scope, transaction

GRACE = timedelta(hours=1)
"""What mends itself within the hour is no message."""
AT_ONCE = frozenset({"log-broken", "second-place-differs", "second-place-ahead"})
"""These are one at once: somebody may have changed something."""
SIGN_OF_LIFE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Trouble:
    """How the sealer of one authority is; no ``code``: well."""

    code: str | None = None
    since: datetime | None = None
    retry_at: datetime | None = None
    noted_at: datetime | None = None
    """When this was last written down."""

    def at(self, code: str | None, now: datetime, pause: timedelta) -> "Trouble":
        """After a look: the same trouble goes on, another begins, or it is over."""
        if code is None:
            return replace(self, code=None, since=None, retry_at=None)
        if code == self.code and self.retry_at is not None and now < self.retry_at:
            return self
        since = self.since if code == self.code else now
        return replace(self, code=code, since=since, retry_at=now + pause)

    def stale(self, now: datetime) -> bool:
        """Whether it is time for a sign of life."""
        return self.noted_at is None or now - self.noted_at >= SIGN_OF_LIFE


_RECALL = text("SELECT * FROM sealers WHERE authority_id = :authority")
_NOTE = text(
    "INSERT INTO sealers (authority_id, looked_at, trouble, trouble_since, retry_at) VALUES"
    " (:authority, :now, :trouble, :since, :retry) ON CONFLICT (authority_id) DO UPDATE SET"
    " looked_at = :now, trouble = :trouble, trouble_since = :since, retry_at = :retry"
)
_TELL = text(
    "INSERT INTO notices (id, authority_id, agency_id, role, kind, facts, created_at) SELECT :id,"
    " a.authority_id, g.id, 'administrator', 'history_trouble', :facts, :now FROM authorities a"
    " JOIN agencies g ON g.id = coalesce(a.ict_department_id, a.department_id)"
    " WHERE a.authority_id = :authority ON CONFLICT (id) DO NOTHING"
)


async def recall(engine: AsyncEngine, authority_id: UUID) -> Trouble:
    """How the sealer of an authority was when it last wrote it down, in this process or another."""
    async with transaction(engine, Scope(authority_id, everything=True)) as connection:
        row = (await connection.execute(_RECALL, {"authority": authority_id})).one_or_none()
    return Trouble() if row is None else Trouble(row.trouble, row.trouble_since, row.retry_at, row.looked_at)


async def note(engine: AsyncEngine, authority_id: UUID, trouble: Trouble, now: datetime) -> Trouble:
    """Write it down; tell the administrators what lasts, once for each time it begins."""
    values = {
        "authority": authority_id,
        "now": now,
        "trouble": trouble.code,
        "since": trouble.since,
        "retry": trouble.retry_at,
    }
    async with transaction(engine, Scope(authority_id, everything=True)) as connection:
        await connection.execute(_NOTE, values)
        if trouble.since is not None and (trouble.code in AT_ONCE or now - trouble.since >= GRACE):
            told = {
                "id": uuid5(authority_id, f"{trouble.code}:{trouble.since.isoformat()}"),
                "authority": authority_id,
                "facts": Jsonb({"trouble": trouble.code, "since": trouble.since.isoformat()}),
                "now": now,
            }
            await connection.execute(_TELL, told)
    return replace(trouble, noted_at=now)
