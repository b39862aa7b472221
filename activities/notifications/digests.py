"""The morning's round: one message per account and working day, from what is still open then (R38, R39).

A row per account and day is locked while its message is handed over and says afterwards what became of it,
so no two rounds send the same. Should the process die between the server's answer and the row, the message
goes again under the same Message-ID.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from temporalio import activity

from activities.notifications.idle_drafts import recall_idle_drafts
from activities.notifications.letter import Stationery, announcements, letter
from activities.notifications.notices import notify_administrator
from activities.notifications.open_work import OpenWork, work_of_posts
from activities.notifications.passwords import remind_of_passwords
from activities.notifications.post import MailDelayedError, MailRefusedError, Post, PostDownError, open_post
from activities.notifications.recipients import Recipient, recipients
from activities.readiness.board import look_over
from activities.readiness.vacancies import warn_of_vacancies
from activities.readiness.warnings import warn_of_dead_ends
from models.calendar import Calendar, at_local, legal_date
from models.database import Scope, transaction
from models.errors import SealBrokenError
from models.keys import Sealed
from models.logs import logger
from models.messages import DigestDone, DigestRun
from models.record.months import is_working_day
from models.record.mornings import HOUR, next_morning
from models.record.residue import settle_residue
from models.record.service import paused
from models.record.service import windows as maintenance
from models.record.tools import Tools
from models.settings import Settings

PAUSE = timedelta(minutes=30)
"""Between two tries of messages that could not be handed over."""
EVENING = 17
"""Local hour after which they wait for the next working day."""
PAUSED = "paused"
"""Why nothing is handed over while an administrator has paused the post."""
FIRST = UUID(int=0)

_ROW = text(
    "INSERT INTO mails (authority_id, account_id, day, state, open_items, attempts)"
    " VALUES (:authority, :account, :day, 'waiting', :open, 0) ON CONFLICT DO NOTHING"
)
_CLAIM = text(
    "SELECT attempts FROM mails WHERE account_id = :account AND day = :day AND state IN ('waiting', 'failed')"
    " FOR NO KEY UPDATE SKIP LOCKED"
)
_OUTCOME = text(
    "UPDATE mails SET state = :state, open_items = :open, attempts = attempts + 1, last_error = :error,"
    " sent_at = CASE WHEN :state = 'sent' THEN CAST(:now AS timestamptz) END"
    " WHERE account_id = :account AND day = :day"
)
_UNSENT = text("SELECT count(*) FROM mails WHERE day = :day AND state <> 'sent'")

log = logger("digests")


async def send_digests(tools: Tools, settings: Settings, run: DigestRun) -> DigestDone:
    """Send what is due this morning, if it is one; answers when to come again.

    Raises:
        LookupError: no law or calendar is recorded for the authority.
    """
    day, scope = legal_date(run.now), Scope(run.authority_id, everything=True)
    async with transaction(tools.engine, scope) as connection:
        laws = await tools.laws(connection, run.authority_id, day)
        calendar = laws.calendar
        working, missing = is_working_day(day, calendar)
        if missing is not None:
            await notify_administrator(
                connection,
                run.authority_id,
                "calendar_year_missing",
                once=str(missing),
                now=run.now,
                year=missing,
            )
        if not working or run.now < at_local(day, HOUR):
            return DigestDone(sent=0, failed=0, next_at=next_morning(run.now, calendar))
        await recall_idle_drafts(connection, calendar, tools.policy.declarations.idle_draft, day, run.now)
        await remind_of_passwords(connection, laws, tools.policy, day, run.now)
        found = await work_of_posts(connection, day, run.now)
        pauses, windows = await paused(connection, run.now), await maintenance(connection, run.now)
    await look_over(tools, scope, laws, run.now, activity.heartbeat)
    external = settings.person_signer == "external"
    await warn_of_dead_ends(tools, scope, run.now, certificates=external)
    await settle_residue(tools, scope.authority, run.now)
    await warn_of_vacancies(tools, scope, run.now)
    said = announcements(pauses.values(), windows)
    paper = Stationery(settings.smtp_from, f"{settings.public_address}/", run.now, laws, said)
    async with open_post(settings) as post:
        round_ = Round(tools, scope, post, paper, day, run.now)
        if "mail" in pauses:
            round_.down = PAUSED  # every message has its row and waits for a later round
        sent = await round_.through(found)
    async with transaction(tools.engine, scope) as connection:
        failed = await connection.scalar(_UNSENT, {"day": day}) or 0
        if round_.down not in (None, PAUSED):
            kind, once = "mail_post_down", day.isoformat()
            await notify_administrator(
                connection, run.authority_id, kind, once=once, now=run.now, code=round_.down
            )
    log.info("digest.done", accepted=sent, refused=failed)
    return DigestDone(
        sent=sent,
        failed=failed,
        next_at=next_try(run.now, calendar) if round_.left else next_morning(run.now, calendar),
    )


def next_try(now: datetime, calendar: Calendar) -> datetime:
    """Half an hour later while the office day lasts, else the next morning, from what is open then."""
    later = now + PAUSE
    return later if later < at_local(legal_date(now), EVENING) else next_morning(now, calendar)


@dataclass(slots=True)
class Round:
    """One round over the accounts of an authority."""

    tools: Tools
    scope: Scope
    post: Post
    paper: Stationery
    day: date
    now: datetime
    down: str | None = None
    left: int = 0
    """Messages that may still go today."""

    async def through(self, found: OpenWork) -> int:
        """Page by page; how many messages were handed over."""
        sent, after = 0, FIRST
        while True:
            async with transaction(self.tools.engine, self.scope) as connection:
                page, following = await recipients(
                    connection, found, self.paper.laws, self.now, self.day, after
                )
                rows = [
                    {
                        "authority": self.scope.authority,
                        "account": one.account_id,
                        "day": self.day,
                        "open": one.work.open,
                    }
                    for one in page
                ]
                if rows:
                    await connection.execute(_ROW, rows)
            for one in page:
                sent += await self._send(one)
                activity.heartbeat(sent)
            if following is None:
                return sent
            after = following

    async def _send(self, one: Recipient) -> bool:
        """Hand one message over, unless that was done today or the post is down; whether it went."""
        if self.down is not None:
            self.left += 1
            return False
        async with transaction(self.tools.engine, self.scope) as connection:
            key = {"account": one.account_id, "day": self.day}
            if (await connection.execute(_CLAIM, key)).one_or_none() is None:
                return False
            state, error = await self._hand_over(one)
            values = {**key, "state": state, "error": error, "open": one.work.open, "now": self.now}
            await connection.execute(_OUTCOME, values)
        self.left += state == "failed"
        return state == "sent"

    async def _hand_over(self, one: Recipient) -> tuple[str, str | None]:
        """What becomes of the row: its state, and the reason where the message did not go."""
        try:
            sealed = Sealed(one.email_key, one.email_sealed)
            address = self.tools.cipher.open(
                self.scope.authority, "accounts", one.account_id, "email", sealed
            )
            message = letter(self.paper, one.account_id, address.decode(), one.work)
        except (SealBrokenError, ValueError) as unusable:
            return "refused", type(unusable).__name__
        try:
            await self.post.send(message, f"{self.day}-{one.account_id}")
        except MailRefusedError as refused:
            return "refused", refused.code
        except MailDelayedError as delayed:
            return "failed", delayed.code
        except PostDownError as down:
            self.down = down.code
            return "failed", down.code
        return "sent", None
