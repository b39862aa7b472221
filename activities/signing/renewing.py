"""Archive timestamps renewed (ETSI EN 319 142-1, 5.5) before the newest ends; goes on at the very file."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.documents.store import DocumentStore
from activities.signing.archiving import archive_ends
from activities.signing.errors import PAUSE, CannotSignError, NotNowError, PausedError
from activities.signing.notary import Notary
from activities.signing.pausing import unpaused
from activities.signing.proofs import present
from models.activity_interfaces import RenewalActivities
from models.database import Scope, transaction
from models.documents import StoreError
from models.evidence.algorithms import current_policy
from models.logs import logger
from models.messages import RenewalDone, RenewalStart
from models.record.tools import Tools

PAGE = 50

# In order of the day they end: where a night is too short, the most urgent were renewed.
_DUE = text(
    "SELECT document_sha256, current_sha256, ends_at FROM archived_files WHERE ends_at < :before"
    " AND renewed_at < :now AND (ends_at, document_sha256) > (:ends_at, :document)"
    " ORDER BY ends_at, document_sha256 LIMIT :page"
)
_RENEWED = text(
    "UPDATE archived_files SET current_sha256 = :new, ends_at = :ends_at, renewals = renewals + 1,"
    " renewed_at = :now, trouble = NULL, tried_at = :now WHERE document_sha256 = :document"
    " AND current_sha256 = :current"
)
_TROUBLE = text(
    "UPDATE archived_files SET trouble = :trouble, tried_at = :now WHERE document_sha256 = :document"
)

_BEYOND = text(
    "SELECT document_sha256, current_sha256 FROM archived_files WHERE ends_at > :end"
    " AND coalesce(tried_at, renewed_at) < :since AND document_sha256 > :after"
    " ORDER BY document_sha256 LIMIT :page"
)
_MEASURED = text(
    "UPDATE archived_files SET ends_at = least(ends_at, :ends_at), tried_at = :now"
    " WHERE document_sha256 = :document"
)

log = logger("renewal")


@dataclass(frozen=True, slots=True)
class RenewalOffice(RenewalActivities):
    """One per worker process. It may be stopped anywhere: a row says what its file has."""

    tools: Tools
    store: DocumentStore
    notary: Notary
    threads: ThreadPoolExecutor
    ahead: timedelta
    """How long before its end a timestamp is renewed."""

    @activity.defn(name="renew_archive")
    async def renew_archive(self, start: RenewalStart) -> RenewalDone:
        """Renew every file that is due; with ``everything`` all of them, as when an algorithm is to end.

        Raises:
            ApplicationError: the timestamp authority or a responder is away; what was renewed stays renewed,
                and the next attempt goes on at the file that waits.
        """
        assert start.now is not None, "the workflow says what time it is"
        now = present(start.now).replace(microsecond=0)
        before = datetime.max.replace(tzinfo=now.tzinfo) if start.everything else now + self.ahead
        for end in current_policy().ends:
            if now < end.at <= now + self.ahead:
                await self._measure(start.authority_id, end.at, now)
        renewed = failed = 0
        after: tuple[datetime, str] = (datetime.min.replace(tzinfo=now.tzinfo), "")
        while page := await self._page(start, before, after):
            for row in page:
                good = await self._one(start.authority_id, row, now)
                renewed, failed = renewed + good, failed + (not good)
                activity.heartbeat(renewed, failed)
            after = page[-1].ends_at, page[-1].document_sha256
        log.info("renewal.done", count=renewed, refused=failed)
        return RenewalDone(renewed=renewed, failed=failed)

    async def _measure(self, authority_id: UUID, end: datetime, now: datetime) -> None:
        """Look once at each file that was to prove beyond an algorithm's end: it may not have been known."""
        loop, scope = asyncio.get_running_loop(), Scope(authority_id, everything=True)
        after, since = "", end - self.ahead
        while True:
            values = {"end": end, "since": since, "after": after, "page": PAGE}
            async with transaction(self.tools.engine, scope) as connection:
                page = list(await connection.execute(_BEYOND, values))
            if not page:
                return
            for row in page:
                try:
                    ends = await loop.run_in_executor(
                        self.threads, self._ends, authority_id, row.current_sha256
                    )
                except (CannotSignError, StoreError) as refused:
                    await self._note(authority_id, row, refused.code, now)
                    continue
                measured = {"ends_at": ends, "now": now, "document": row.document_sha256}
                async with transaction(self.tools.engine, scope) as connection:
                    await connection.execute(_MEASURED, measured)
                activity.heartbeat(row.document_sha256)
            after = page[-1].document_sha256

    def _ends(self, authority_id: UUID, current: str) -> datetime:
        return archive_ends(self.store.get(authority_id, current))

    async def _page(
        self, start: RenewalStart, before: datetime, after: tuple[datetime, str]
    ) -> list[Row[Any]]:
        # What this round has renewed is newer than its beginning: an attempt after the first skips it.
        assert start.now is not None
        begun = start.now.replace(microsecond=0)
        values = {"before": before, "now": begun, "ends_at": after[0], "document": after[1], "page": PAGE}
        async with transaction(self.tools.engine, Scope(start.authority_id, everything=True)) as connection:
            return list(await connection.execute(_DUE, values))

    async def _one(self, authority_id: UUID, row: Row[Any], now: datetime) -> bool:
        loop = asyncio.get_running_loop()
        try:
            await unpaused(self.tools, authority_id, now, "timestamps")
            new, ends_at = await loop.run_in_executor(self.threads, self._renew, authority_id, row, now)
        except NotNowError as away:
            await self._note(authority_id, row, away.code, now)
            pause = PAUSE if isinstance(away, PausedError) else None
            raise ApplicationError(away.code, type=away.code, next_retry_delay=pause) from away
        except (CannotSignError, StoreError) as refused:
            await self._note(authority_id, row, refused.code, now)
            return False
        values = {"new": new, "ends_at": ends_at, "now": now, "document": row.document_sha256}
        async with transaction(self.tools.engine, Scope(authority_id, everything=True)) as connection:
            await connection.execute(_RENEWED, {**values, "current": row.current_sha256})
        return True

    def _renew(self, authority_id: UUID, row: Row[Any], now: datetime) -> tuple[str, datetime]:
        renewed, ends_at = self.notary.renew(self.store.get(authority_id, row.current_sha256), now)
        if ends_at <= row.ends_at:
            # The authority's certificate, or its algorithm, ends as soon: one more each night helps nobody.
            raise CannotSignError("timestamp-ends-no-later", "a new timestamp would prove no longer")
        return self.store.put(authority_id, renewed, "application/pdf").sha256, ends_at

    async def _note(self, authority_id: UUID, row: Row[Any], code: str, now: datetime) -> None:
        async with transaction(self.tools.engine, Scope(authority_id, everything=True)) as connection:
            values = {"trouble": code, "now": now, "document": row.document_sha256}
            await connection.execute(_TROUBLE, values)
