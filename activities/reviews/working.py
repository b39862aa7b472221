"""Looking after one review: whatever is due now is done, and nothing twice.

The first look after the opening writes the campaign and opens each agency's duty; every working night until
the due date all profiles are measured; reminders go by the ladder; the next campaign's opening ends this one.
"""

from collections.abc import Sequence
from concurrent.futures import Executor
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from activities.reviews.figures import keep_figures
from activities.reviews.measuring import Round
from models.calendar import legal_date, start_of_day
from models.database import Scope, transaction
from models.messages import Ask, Internal, ReviewMoment, ReviewRun
from models.record.act import act
from models.record.reviews import Planned, close_review, next_measuring, open_review, planned
from models.record.tools import Tools

_UNOPENED = text("SELECT id FROM review_reports WHERE review_id = :review AND version = 0 ORDER BY id")
_DUE = text(
    "SELECT id FROM review_reports WHERE review_id = :review AND next_wake_at <= :now"
    " AND state IN ('open', 'signing') ORDER BY id"
)
_LEFT = text(
    "SELECT id FROM review_reports WHERE review_id = :review AND state IN ('open', 'signing') ORDER BY id"
)
_STANDING = text(
    "SELECT count(*) FILTER (WHERE t.state = 'sent') AS sent, count(*) FILTER (WHERE EXISTS"
    " (SELECT 1 FROM duties d WHERE d.report_id = t.id AND d.state = 'open')) AS owed,"
    " count(*) FILTER (WHERE t.state = 'signing') AS signing,"
    " min(t.next_wake_at) FILTER (WHERE t.state IN ('open', 'signing')) AS wake,"
    " coalesce(sum(t.version), 0) AS version"
    " FROM review_reports t WHERE t.review_id = :review"
)


async def work_review(tools: Tools, threads: Executor, run: ReviewRun) -> ReviewMoment:
    """One look after a review; answers where it stands and when the next look is."""
    scope = Scope(run.authority_id, everything=True)
    async with transaction(tools.engine, scope) as connection:
        plan = await planned(connection, tools, run.authority_id, run.period, legal_date(run.now))
        if plan.row is None:
            if plan.dates is None:
                return ReviewMoment(state="closed", words="không có kỳ báo cáo")
            opens_at = start_of_day(plan.dates.opens_on)
            if run.now < opens_at:
                return ReviewMoment(state="waiting", words="chờ mở kỳ rà soát", next_at=opens_at)
            await open_review(connection, tools, run.authority_id, plan, run.now)
            plan = await planned(connection, tools, run.authority_id, run.period, legal_date(run.now))
    assert plan.row is not None
    if plan.row.state == "closed":
        return ReviewMoment(state="closed", words="kỳ rà soát đã kết thúc")
    return await Looking(tools, threads, run, scope, plan).look()


class Looking:
    """One look after a review that is open."""

    def __init__(self, tools: Tools, threads: Executor, run: ReviewRun, scope: Scope, plan: Planned) -> None:
        self._tools, self._threads, self._run, self._scope, self._plan = tools, threads, run, scope, plan
        assert plan.row is not None
        self._row = plan.row
        self._review: UUID = plan.row.id

    async def look(self) -> ReviewMoment:
        """Open duties, measure, remind, close: each if it is due."""
        now = self._run.now
        await self._each(_UNOPENED, "open_report")
        if self._measures(now):
            laws, tools = self._plan.laws, self._tools
            await Round(tools, self._threads, self._run.authority_id, self._review, laws, now).run()
            async with transaction(tools.engine, self._scope) as connection:
                await keep_figures(connection, self._review, now)
        await self._each(_DUE, "wake", now=now)
        async with transaction(self._tools.engine, self._scope) as connection:
            standing = (await connection.execute(_STANDING, {"review": self._review})).one()
        over = now >= self._row.closes_at
        if (over or not standing.owed) and not standing.signing:
            await self._close()
            return ReviewMoment(state="closed", words=f"đã kết thúc, {standing.sent} báo cáo đã gửi")
        return ReviewMoment(
            state="open",
            words=f"{standing.sent} báo cáo đã gửi, còn {standing.owed}",
            next_at=self._next(standing, now, over=over),
            version=standing.version,
        )

    def _measures(self, now: datetime) -> bool:
        """Once at the opening, then every night until the due date; afterwards only what is signed."""
        measured = self._row.measured_at
        if measured is None:
            return True
        return legal_date(measured) < legal_date(now) and now < self._row.due_at

    def _next(self, standing: Row[Any], now: datetime, *, over: bool) -> datetime | None:
        if over:
            # A signature is being made: its end is heard; one awaited from outside has a time of its own.
            return standing.wake if standing.wake is not None and standing.wake > now else None
        times: list[datetime | None] = [standing.wake, self._row.closes_at]
        measuring = next_measuring(now, self._plan.laws.calendar)
        if measuring < self._row.due_at:
            times.append(measuring)
        return min(time for time in times if time is not None)

    async def _close(self) -> None:
        await self._each(_LEFT, "close_report")
        async with transaction(self._tools.engine, self._scope) as connection:
            await close_review(connection, self._tools, self._run.authority_id, self._plan, self._run.now)

    async def _each(self, query: TextClause, internal: Internal, **values: datetime) -> None:
        """One step of every report the query finds, decided where all facts are decided."""
        async with transaction(self._tools.engine, self._scope) as connection:
            reports = await _ids(connection, query, review=self._review, **values)
        for report_id in reports:
            await act(
                self._tools,
                Ask(
                    authority_id=self._run.authority_id,
                    subject="review",
                    subject_id=report_id,
                    internal=internal,
                    now=self._run.now,
                    bulk=True,
                ),
            )
            activity.heartbeat()


async def _ids(connection: AsyncConnection, query: TextClause, **values: object) -> Sequence[UUID]:
    return list((await connection.execute(query, values)).scalars())
