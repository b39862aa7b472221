"""Data reviews: the days of a period, the campaign with a report for every agency, and its end."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from psycopg.types.json import Jsonb
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.calendar import Calendar, legal_date, start_of_day
from models.database import Scope, transaction
from models.lifecycle.outcome import Outcome
from models.lifecycle.review_dates import ReviewDates, campaign_dates, last_day, next_period
from models.lifecycle.scene import Scene
from models.messages import ReviewPlan, ReviewStart
from models.record.authority_stream import record_on_authority
from models.record.law_of import Laws
from models.record.months import next_working_day
from models.record.tools import Tools
from models.regulations import RuleSet

_REVIEW = text("SELECT * FROM reviews WHERE period = :period")
_PLACE = text(
    "SELECT u.department_id, hoso_top() AS root FROM authorities u WHERE u.authority_id = :authority"
)
_CREATE = text(
    "INSERT INTO reviews (id, authority_id, period, slot, rule_id, citation, rule_set_hash, state, opens_on,"
    " nominal_due_on, due_on, due_at, closes_at, policy_date, opened_at, summary) VALUES (:id, :authority,"
    " :period, :slot, :rule, :citation, :hash, 'open', :opens, :nominal, :due, :due_at, :closes_at, :policy,"
    " :now, '{}') ON CONFLICT DO NOTHING RETURNING id"
)
# Agencies of the first rank as the tree stands that day; the root too, where it holds profiles itself.
_REPORTERS = text(
    "SELECT a.id FROM agencies a LEFT JOIN agencies up ON up.id = a.parent_id"
    " WHERE a.valid_from <= :day AND (a.valid_to IS NULL OR a.valid_to > :day)"
    " AND (up.id IS NOT NULL AND up.parent_id IS NULL OR a.parent_id IS NULL AND EXISTS"
    "   (SELECT 1 FROM profiles p WHERE p.agency_id = a.id AND p.chapter NOT IN ('separation', 'archive')))"
    " ORDER BY a.id"
)
_REPORT = text(
    "INSERT INTO review_reports (id, authority_id, review_id, agency_id, whole, state, version, figures,"
    " late_days) VALUES (:id, :authority, :review, :agency, :whole, 'open', 0, '{}', 0)"
)
_CLOSE = text(
    "UPDATE reviews SET state = 'closed', closed_at = :now, summary = :summary"
    " WHERE id = :id AND state = 'open' RETURNING id"
)
_STATES = text("SELECT state, whole, late_days FROM review_reports WHERE review_id = :id")


@dataclass(frozen=True, slots=True)
class Planned:
    """One period's days with the law they were reckoned by, of those of the tree; the row once it is open."""

    dates: ReviewDates | None
    law: RuleSet
    laws: Laws
    row: Row[Any] | None


async def planned(
    connection: AsyncConnection, tools: Tools, authority_id: UUID, period: str, on: date
) -> Planned:
    """The days of a period by the laws in force on its last day, or today's where that is past.

    Raises:
        LookupError: no law or calendar is recorded for the authority and day.
    """
    laws = await tools.laws(connection, authority_id, max(last_day(period), on))
    row = (await connection.execute(_REVIEW, {"period": period})).one_or_none()
    found = campaign_dates(period, laws.every, laws.calendar, tools.policy.reviews)
    law, dates = found if found is not None else (laws.own, None)
    return Planned(dates, law, laws, row)


async def plan_of(tools: Tools, start: ReviewStart, now: datetime) -> ReviewPlan:
    """When the review opens, for the workflow that waits for it.

    Raises:
        LookupError: no law or calendar is recorded for the authority and day.
    """
    scope = Scope(start.authority_id, everything=True)
    async with transaction(tools.engine, scope) as connection:
        plan = await planned(connection, tools, start.authority_id, start.period, legal_date(now))
    following, ends_at = next_period(start.period), start_of_day(last_day(start.period) + timedelta(days=1))
    if plan.row is not None:
        over = plan.row.state == "closed"
        opened = None if over else plan.row.opened_at
        return ReviewPlan(opens_at=opened, over=over, ends_at=ends_at, next_period=following)
    opens_at = start_of_day(plan.dates.opens_on) if plan.dates is not None else None
    return ReviewPlan(opens_at=opens_at, ends_at=ends_at, next_period=following)


async def open_review(
    connection: AsyncConnection, tools: Tools, authority_id: UUID, plan: Planned, now: datetime
) -> UUID | None:
    """Write the campaign with a report for every agency, in one transaction: one that exists is complete."""
    dates = plan.dates
    rule = plan.law.slot(dates.slot) if dates is not None else None
    if dates is None or rule is None:
        return None
    review_id = uuid5(authority_id, f"review:{dates.period}")
    values = {
        "id": review_id,
        "authority": authority_id,
        "period": dates.period,
        "slot": dates.slot.value,
        "rule": rule.rule.id,
        "citation": rule.citation,
        "hash": plan.law.hash,
        "opens": dates.opens_on,
        "nominal": dates.nominal_due_on,
        "due": dates.due_on,
        "due_at": dates.due_at,
        "closes_at": start_of_day(dates.closes_on),
        "policy": dates.policy,
        "now": now,
    }
    if await connection.scalar(_CREATE, values) is None:
        return None
    place = (await connection.execute(_PLACE, {"authority": authority_id})).one()
    reports = await reporters(connection, authority_id, legal_date(now))
    for agency_id, whole in reports:
        report = {
            "id": uuid5(review_id, f"report:{agency_id}:{whole}"),
            "authority": authority_id,
            "review": review_id,
            "agency": agency_id,
            "whole": whole,
        }
        await connection.execute(_REPORT, report)
    outcome = Outcome().happened(
        "review.campaign_opened",
        rule,
        review=str(review_id),
        period=dates.period,
        due=dates.due_on.isoformat(),
        policy_date=dates.policy,
        reports=len(reports) - 1,
    )
    await _record(connection, tools, authority_id, place, plan, now, outcome, f"review:{dates.period}:opened")
    return review_id


async def reporters(
    connection: AsyncConnection, authority_id: UUID, on: date
) -> tuple[tuple[UUID, bool], ...]:
    """Who reports in a review opened on a day: each agency of the first rank; last, the whole."""
    place = (await connection.execute(_PLACE, {"authority": authority_id})).one()
    each = (await connection.execute(_REPORTERS, {"day": on})).scalars()
    return (*((agency, False) for agency in each), (place.department_id or place.root, True))


async def close_review(
    connection: AsyncConnection, tools: Tools, authority_id: UUID, plan: Planned, now: datetime
) -> None:
    """Record how the review ended; a second time changes nothing."""
    assert plan.row is not None
    states = (await connection.execute(_STATES, {"id": plan.row.id})).all()
    each = [row for row in states if not row.whole]
    summary = {
        "reports": sum(row.state != "not_owed" for row in each),
        "sent": sum(row.state == "sent" for row in each),
        "late": sum(row.state == "sent" and row.late_days > 0 for row in each),
        "missing": sum(row.state == "missing" for row in each),
        "whole_sent": any(row.whole and row.state == "sent" for row in states),
    }
    values = {"id": plan.row.id, "now": now, "summary": Jsonb(summary)}
    if await connection.scalar(_CLOSE, values) is None:
        return
    place = (await connection.execute(_PLACE, {"authority": authority_id})).one()
    outcome = Outcome().happened(
        "review.campaign_closed",
        plan.law.slot(plan.row.slot),
        review=str(plan.row.id),
        period=plan.row.period,
        **summary,
    )
    label = f"review:{plan.row.period}:closed"
    await _record(connection, tools, authority_id, place, plan, now, outcome, label)


async def _record(
    connection: AsyncConnection,
    tools: Tools,
    authority_id: UUID,
    place: Row[Any],
    plan: Planned,
    now: datetime,
    outcome: Outcome,
    label: str,
) -> None:
    """The campaign's own events stand in the authority's stream."""
    scene = Scene(
        now=now,
        law=plan.law,
        calendar=plan.laws.calendar,
        policy=tools.policy,
        act_id=uuid5(authority_id, label),
        actor_id=None,
        actor_role="system",
        actor_profile_id=None,
        department_id=place.department_id,
        managing_agency_id=place.root,
    )
    await record_on_authority(connection, scene, authority_id, place.root, outcome)


def next_measuring(now: datetime, calendar: Calendar) -> datetime:
    """The next measuring: 01:00 in Viet Nam before a working day, when nobody waits for the database."""
    return start_of_day(next_working_day(legal_date(now), calendar)[0]) + timedelta(hours=1)
