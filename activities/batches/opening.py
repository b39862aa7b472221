"""Opening a month: every agency's list is frozen and its workflow started, as the tree stands that day.

A month that was missed is opened late in the same way; what an earlier list of the agency still held is
carried over first, so that no profile stands on two open lists.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from activities.batches.describing import describe
from activities.batches.stock import Held, open_campaigns
from activities.notifications.notices import notify_administrator
from models.calendar import legal_date, start_of_day
from models.database import Scope, transaction
from models.identifiers import agency_month_workflow
from models.lifecycle.month import OUTSTANDING
from models.messages import AgencyMonthStart, Ask, Internal, MonthOpened, MonthStart
from models.record.act import act
from models.record.law_of import DIVIDED, LawOf
from models.record.months import MonthDates, dates_by_law, dates_of
from models.record.tools import Tools
from workflows.agency_month import AgencyMonthWorkflow

_AGENCIES = text(
    "SELECT agency_id AS id FROM agency_spans WHERE has_account AND NOT ended AND valid_from <= :day"
    " AND (valid_to IS NULL OR valid_to > :day) AND agency_id > :after ORDER BY agency_id"
)
_MONTH_END = text(
    "INSERT INTO month_ends (authority_id, month, state, opens_on, nominal_end, rolled_end, opened_at)"
    " VALUES (:authority, :month, 'opening', :opens, :nominal, :rolled, :now) ON CONFLICT DO NOTHING"
)
_OPENED = text("UPDATE month_ends SET state = 'opened' WHERE month = :month AND state = 'opening'")
_EARLIER = text(
    "SELECT id FROM agency_months WHERE agency_id = :agency AND month < :month AND state <> 'closed'"
    " AND kind = 'month'"
    " ORDER BY month"
)
_LIST = text(
    "INSERT INTO agency_months (id, authority_id, agency_id, month, state, opens_on, nominal_end, rolled_end,"
    " closes_at, version, listed, opened_at, summary) VALUES (:id, :authority, :agency, :month, 'open',"
    " :opens,"
    " :nominal, :rolled, :closes, 0, 0, :now, '{}') ON CONFLICT DO NOTHING RETURNING id"
)
# A submission that waits goes before an approved revision not yet sent: its approval supersedes that one.
_ITEMS = text(
    "INSERT INTO month_items (agency_month_id, profile_id, authority_id, revision_id, digest, state, reason,"
    " refusal, changed_at)"
    " SELECT :id, p.id, p.authority_id, r.id, r.digest,"
    " CASE WHEN p.pending_revision_id IS NOT NULL THEN 'listed' ELSE coalesce(before.state, 'approved') END,"
    " CASE WHEN p.pending_revision_id IS NULL THEN before.reason END,"
    " CASE WHEN p.pending_revision_id IS NULL THEN before.refusal END, :now"
    " FROM profiles p JOIN revisions r ON r.id = coalesce(p.pending_revision_id, p.approved_revision_id)"
    # What was held stays held from list to list, until it is let go or a new revision is approved; what the
    # department sent back stays so until there is a new revision.
    " LEFT JOIN LATERAL (SELECT * FROM (SELECT i.state, i.reason, i.refusal FROM month_items i"
    "   JOIN agency_months m ON m.id = i.agency_month_id WHERE i.profile_id = p.id AND i.revision_id = r.id"
    "   ORDER BY m.opened_at DESC, m.id LIMIT 1) last WHERE last.state IN ('held', 'sent_back')) before"
    "   ON true"
    " WHERE p.agency_id IN (SELECT c.descendant_id FROM agency_closure c WHERE c.ancestor_id = :agency"
    "   AND c.valid_to IS NULL AND hoso_sync_agent(c.descendant_id) = :agency)"
    " AND p.chapter NOT IN ('separation', 'archive')"
    # What the list of the whole stock holds is approved and sent from there; what a running list holds is
    # sent from there, and stands here for a newer submission only.
    " AND NOT EXISTS (SELECT 1 FROM month_items i JOIN agency_months m ON m.id = i.agency_month_id"
    "   WHERE i.profile_id = p.id AND m.state <> 'closed' AND i.state = ANY (:outstanding)"
    "   AND (m.kind = 'whole_stock' OR m.kind = 'event' AND p.pending_revision_id IS NULL"
    # A month that was missed is opened after a later one only where somebody opens it by hand.
    "     OR m.kind = 'month' AND m.month > :month))"
    " AND (p.pending_revision_id IS NOT NULL OR p.approved_revision_id IS DISTINCT FROM p.synced_revision_id)"
)
# What nobody took (no connection, a packet refused as a whole) is tried again with each month.
_RUNNING = text(
    "INSERT INTO outbox (authority_id, workflow_id, payload, created_at)"
    " SELECT authority_id, 'month-end/' || agency_id || '/' || month, jsonb_build_object('month', id), :now"
    " FROM agency_months WHERE kind = 'event' AND state <> 'closed'"
)
_OPEN_LISTS = text("SELECT id FROM agency_months WHERE state <> 'closed' ORDER BY id")
# What stays sent back is nobody's to approve or to send: a list of nothing else is over at once.
_LISTED = text(
    "UPDATE agency_months SET listed = (SELECT count(*) FROM month_items WHERE agency_month_id = :id"
    " AND state <> 'sent_back') WHERE id = :id"
)
_STANDING = text(
    "SELECT m.id, m.state, m.version, m.listed, m.closes_at, (SELECT count(*) FROM month_items i"
    " WHERE i.agency_month_id = m.id AND i.state = 'listed') AS waiting"
    " FROM agency_months m WHERE m.agency_id = :agency AND m.month = :month"
)
_COUNTS = text(
    "SELECT count(*) FILTER (WHERE listed > 0) AS started, count(*) AS agencies FROM agency_months"
    " WHERE month = :month"
)
FIRST = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Opening:
    """One month being opened at one instant."""

    tools: Tools
    authority_id: UUID
    dates: MonthDates
    """Of the authority as a whole."""
    now: datetime
    divided: bool = False
    """Whether a part of its tree ever came under another regulation: its agencies may have other days."""

    @property
    def scope(self) -> Scope:
        """The authority as a whole."""
        return Scope(self.authority_id, everything=True, on=legal_date(self.now))

    async def act(self, internal: Internal, agency_month_id: UUID, **facts: int) -> None:
        """One step of a list, decided where all facts are decided."""
        await act(
            self.tools,
            Ask(
                authority_id=self.authority_id,
                subject="agency_month",
                subject_id=agency_month_id,
                internal=internal,
                now=self.now,
                facts=dict(facts),
                bulk=True,
            ),
        )


async def open_agency_months(tools: Tools, task_queue: str, start: MonthStart) -> MonthOpened:
    """Open the month for every agency with an account. What was opened before is left as it is."""
    # The engine's instant, not this machine's: in a demonstration only the engine knows what day it is.
    now = activity.info().current_attempt_scheduled_time
    scope = Scope(start.authority_id, everything=True, on=legal_date(now))
    async with transaction(tools.engine, scope) as connection:
        dates = await dates_by_law(connection, tools, start.authority_id, start.month)
        divided = bool(await connection.scalar(DIVIDED))
        opening = Opening(tools, start.authority_id, dates.own, now, divided)
        await _begin(connection, opening)
        await connection.execute(_RUNNING, {"now": now})
        after = _cursor()
        found = await connection.execute(_AGENCIES, {"day": legal_date(now), "after": after})
        agencies = list(found.scalars())
    stocks = await open_campaigns(tools, start.authority_id, now)
    coming = {one: dates.of(one).opens_on for one in agencies} if divided else {}
    waiting = {one: day for one, day in coming.items() if day > legal_date(now)}
    for agency_id in agencies:
        if agency_id in waiting:
            continue  # its own law opens later: asked for again on that day
        if (stock := stocks.of(agency_id)) is not None:
            held = await stock.refresh(agency_id)
            if held is not None:
                await _start(start.authority_id, task_queue, agency_id, held)
        listed = await open_list(opening, agency_id)
        if listed is not None:
            held = Held(listed.id, start.month, listed.closes_at)
            await _start(start.authority_id, task_queue, agency_id, held)
        activity.heartbeat(str(agency_id))
    await _describe(opening, agencies[-1] if agencies else after)
    async with transaction(tools.engine, opening.scope) as connection:
        await connection.execute(_OPENED, {"month": start.month})
        counts = (await connection.execute(_COUNTS, {"month": start.month})).one()
    again_at = start_of_day(min(waiting.values())) if waiting else None
    return MonthOpened(started=counts.started, agencies=counts.agencies, again_at=again_at)


async def _describe(opening: Opening, cursor: UUID) -> None:
    """Say of each item what changed, once all lists are open; a cut makes up for what is missing."""
    async with transaction(opening.tools.engine, opening.scope) as connection:
        lists = list((await connection.execute(_OPEN_LISTS)).scalars())

    async def beat(_: int) -> None:
        # The cursor stays what it is: a lost attempt opens no list again.
        activity.heartbeat(str(cursor))

    for month_id in lists:
        await describe(opening.tools, opening.authority_id, month_id, None, beat)


async def open_stock_lists(tools: Tools, task_queue: str, start: MonthStart) -> MonthOpened:
    """The lists of a campaign opened within a month; the month's own lists are left as they are."""
    now = activity.info().current_attempt_scheduled_time
    stocks = await open_campaigns(tools, start.authority_id, now)
    if not stocks.any:
        return MonthOpened(started=0, agencies=0)
    scope = Scope(start.authority_id, everything=True, on=legal_date(now))
    async with transaction(tools.engine, scope) as connection:
        found = await connection.execute(_AGENCIES, {"day": legal_date(now), "after": _cursor()})
        agencies = list(found.scalars())
    started = 0
    for agency_id in agencies:
        stock = stocks.of(agency_id)
        held = await stock.refresh(agency_id) if stock is not None else None
        if held is not None:
            await _start(start.authority_id, task_queue, agency_id, held)
            started += 1
        activity.heartbeat(str(agency_id))
    return MonthOpened(started=started, agencies=len(agencies))


@dataclass(frozen=True, slots=True)
class Listed:
    """An agency's list on which something is to be done."""

    id: UUID
    closes_at: datetime


async def open_list(opening: Opening, agency_id: UUID) -> Listed | None:
    """Freeze one agency's list, with its days by the agency's own law; none where nothing is to be done."""
    month = opening.dates.month
    async with transaction(opening.tools.engine, opening.scope) as connection:
        earlier = list((await connection.execute(_EARLIER, {"agency": agency_id, "month": month})).scalars())
    for agency_month_id in earlier:
        await opening.act("close_month", agency_month_id)
    async with transaction(opening.tools.engine, opening.scope) as connection:
        await _freeze(connection, opening, agency_id)
        row = (await connection.execute(_STANDING, {"agency": agency_id, "month": month})).one()
    if row.state == "closed":
        return None
    if row.version == 0:
        await opening.act("open_month", row.id, listed=row.listed)
    if not row.listed:
        # A row all the same: it answers "was it done?".
        await opening.act("close_month", row.id)
        return None
    if not row.waiting:
        await opening.act("approvals_done", row.id)
    return Listed(row.id, row.closes_at)


async def _begin(connection: AsyncConnection, opening: Opening) -> None:
    dates = opening.dates
    await connection.execute(_MONTH_END, {**_days(opening, dates), "authority": opening.authority_id})
    if dates.assumed_year is not None:
        await notify_administrator(
            connection,
            opening.authority_id,
            "calendar_year_missing",
            once=str(dates.assumed_year),
            now=opening.now,
            year=dates.assumed_year,
        )


async def _freeze(connection: AsyncConnection, opening: Opening, agency_id: UUID) -> None:
    """Row and items in one transaction: a list that exists is complete."""
    wanted = uuid5(agency_id, f"month:{opening.dates.month}")
    dates = opening.dates
    if opening.divided:
        whose = LawOf.unit(opening.authority_id, agency_id)
        dates = await dates_of(connection, opening.tools, whose, dates.month)
    values = {
        **_days(opening, dates),
        "id": wanted,
        "authority": opening.authority_id,
        "agency": agency_id,
        "closes": dates.closes_at,
    }
    if await connection.scalar(_LIST, values) is None:
        return
    await connection.execute(_ITEMS, {**values, "outstanding": list(OUTSTANDING)})
    await connection.execute(_LISTED, {"id": wanted})


def _days(opening: Opening, dates: MonthDates) -> dict[str, Any]:
    return {
        "month": dates.month,
        "opens": dates.opens_on,
        "nominal": dates.nominal_end,
        "rolled": dates.rolled_end,
        "now": opening.now,
    }


def _cursor() -> UUID:
    """The last agency an earlier attempt finished; only a short cut, rows decide."""
    details = activity.info().heartbeat_details
    return UUID(details[0]) if details else FIRST


async def _start(authority_id: UUID, task_queue: str, agency_id: UUID, held: Held) -> None:
    try:
        await activity.client().start_workflow(
            AgencyMonthWorkflow.run,
            AgencyMonthStart(
                authority_id=authority_id,
                agency_id=agency_id,
                agency_month_id=held.id,
                month=held.name,
                closes_at=held.closes_at,
            ),
            id=agency_month_workflow(agency_id, held.name),
            task_queue=task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            static_summary=f"Danh sách tháng {held.name}",
        )
    except WorkflowAlreadyStartedError:
        return  # it ran and ended: the month was closed in the meantime
