"""Reorganisations as people see them: what a plan would touch, every plan with its state and progress."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from api.paging import cursor, key_of, page
from api.reading import permits
from api.reading.reorganisation_shapes import (
    GivenBack,
    Happened,
    InversePlan,
    MovedPeople,
    MovedPerson,
    PlanFault,
    PlanMonth,
    PlanPreview,
    PlanUnit,
    PlanWarning,
    Reorganisation,
    ReorganisationLine,
    Reorganisations,
)
from api.reading.reorganisation_touched import TouchedLines, What, touched_lines
from api.scope import Reading
from models.access import Verb
from models.command_reorganisation import Plan, Restore
from models.database import Scope, transaction
from models.lifecycle.reorganisation import STATE_VI, WITHDRAWN, Former
from models.lifecycle.reorganisation_words import FAULTS, WARNINGS
from models.record.reorganisation_rights import anywhere, role_for
from models.record.reorganisation_rows import Judged, canonical, judge_plan, quoted
from models.record.scheduled_months import Scheduled, scheduled_months
from models.record.touched import Touched, touched
from models.record.tree import load_tree

TITLE = 500
"""Characters of a plan's title."""
READERS = (Verb.PLAN_REORGANISATION, Verb.APPROVE_REORGANISATION)


_COLUMNS = (
    "r.*, g.name AS agency, coalesce((r.day -> 'told' ->> 'moved')::int, n.moved, 0) AS moved,"
    " coalesce((r.day -> 'told' ->> 'left')::int, n.\"left\", 0) AS \"left\","
    " coalesce(n.waiting, 0) AS waiting FROM reorganisations r JOIN agencies g ON g.id = r.agency_id"
    " LEFT JOIN LATERAL (SELECT count(*) FILTER (WHERE i.state = 'moved') AS moved,"
    " count(*) FILTER (WHERE i.state = 'left') AS \"left\","
    " count(*) FILTER (WHERE i.state = 'waiting') AS waiting FROM reorganisation_items i"
    " WHERE i.reorganisation_id = r.id) n ON r.state = 'executing'"
)
"""People are counted while they are moved; what came of it is kept with the day."""
_LIST = f"SELECT {_COLUMNS} WHERE {{where}} ORDER BY r.drafted_at DESC, r.id DESC LIMIT :limit"
_ONE = text(f"SELECT {_COLUMNS} WHERE r.id = :id")
_HISTORY = text(
    "SELECT at, kind, actor_id, actor_role, facts FROM events WHERE stream_id = :id ORDER BY number"
)
_PEOPLE = text(
    "SELECT * FROM reorganisation_items WHERE reorganisation_id = :id AND position > :after"
    " AND (CAST(:state AS text) IS NULL OR state = :state) ORDER BY position LIMIT :limit"
)
_TOP = text("SELECT hoso_top()")


async def preview(read: Reading, plan: Plan) -> PlanPreview:
    """What a plan would do, for whoever may plan or approve it.

    It is counted over the whole authority, so that nothing touched is left out; the answer holds numbers and
    units only.

    Raises:
        RefusedError: ``not-permitted``.
    """
    await _may_read(read)
    return await _previewed(read, plan, uuid5(read.who.authority_id, canonical(plan)[1]), places=True)


async def preview_of(read: Reading, reorganisation_id: UUID) -> PlanPreview:
    """The same of a plan that was drafted, as things stand now.

    Raises:
        RefusedError: ``not-found``, ``not-permitted``.
    """
    row = await _row(read, reorganisation_id)
    return await _previewed(read, Plan.model_validate(row.plan), reorganisation_id, places=False)


async def _previewed(read: Reading, plan: Plan, reorganisation_id: UUID, *, places: bool) -> PlanPreview:
    """``places``: whether the asker must have the right under every place the plan changes."""
    law, _ = await read.own_law()
    actor = read.who.actor
    scope = Scope(read.who.authority_id, everything=True, on=read.today)
    async with transaction(read.tools.engine, scope) as connection:
        tree = await load_tree(connection)
        judged = await judge_plan(connection, read.tools.shelf, plan, reorganisation_id, tree)
        if judged.compiled is not None and places:
            root = await _root(connection)
            role_for(actor, READERS, tree, judged.compiled.places, read.today, law, root)
        found = await touched(connection, judged, read.today)
        months = await scheduled_months(
            connection, read.tools.shelf, read.who.authority_id, judged, read.today
        )
    return told(judged, found, months)


async def _root(connection: AsyncConnection) -> UUID:
    root: UUID = (await connection.execute(_TOP)).scalar_one()
    return root


async def touched_of(
    read: Reading, reorganisation_id: UUID, what: What, limit: int, after: str | None
) -> TouchedLines:
    """What a drafted plan touches, one by one.

    Raises:
        RefusedError: ``not-found``, ``not-permitted``, ``malformed-request``.
    """
    return await touched_lines(read, await _row(read, reorganisation_id), what, limit, after)


def told(judged: Judged, found: Touched, months: Iterable[Scheduled]) -> PlanPreview:
    """What was judged and counted, as it is shown."""
    plan, compiled = judged.plan, judged.compiled
    decision = plan.decision
    return PlanPreview(
        plan_hash=canonical(plan)[1],
        effective_on=plan.effective_on,
        document=quoted(decision.number, decision.signed_on, decision.issuer),
        possible=not judged.faults,
        faults=[
            PlanFault(
                line=one.line,
                code=one.code,
                message=FAULTS[one.code][0],
                message_en=FAULTS[one.code][1],
                unit=one.unit,
                on=one.day,
                count=one.count,
            )
            for one in judged.faults
        ],
        warnings=[_warning(one.code, one.count, one.units) for one in found.warnings],
        units=[PlanUnit.model_validate(one, from_attributes=True) for one in found.units],
        scheduled_months=[PlanMonth.model_validate(one, from_attributes=True) for one in months],
        tree_before=compiled.before.digest(compiled.on) if compiled else None,
        tree_after=compiled.after.digest(compiled.on) if compiled else None,
        **{name: getattr(found, name) for name in _COUNTED},
        **{name: list(getattr(found, name)) for name in _NAMED},
    )


_COUNTED = (
    "people", "unplaced", "open_duties", "approvals", "transfers", "delegations", "accounts", "months",
    "other_law",
)  # fmt: skip
_NAMED = ("sync_agents", "approvers_lost", "without_head", "codes_closed")


def _warning(code: str, count: int, units: tuple[str, ...] = ()) -> PlanWarning:
    vi, en = WARNINGS[code]
    return PlanWarning(code=code, count=count, words=vi, words_en=en, units=list(units))


async def _may_read(read: Reading) -> None:
    law, _ = await read.own_law()
    anywhere(read.who.actor, READERS, read.today, law)


async def listed(read: Reading, state: str | None, limit: int, after: str | None) -> Reorganisations:
    """Plans that concern units in the asker's scope, the newest first.

    Raises:
        RefusedError: ``not-permitted``, ``malformed-request``.
    """
    await _may_read(read)
    key = key_of(after, datetime.fromisoformat, UUID)
    where = "(CAST(:state AS text) IS NULL OR r.state = :state)"
    values: dict[str, Any] = {"limit": limit + 1, "state": state}
    if key is not None:
        where += " AND (r.drafted_at, r.id) < (CAST(:at AS timestamptz), CAST(:last AS uuid))"
        values |= {"at": key[0], "last": key[1]}
    rows, more = page((await read.connection.execute(text(_LIST.format(where=where)), values)).all(), limit)
    return Reorganisations(
        items=[ReorganisationLine.model_validate(_line(row)) for row in rows],
        next=cursor(rows[-1].drafted_at.isoformat(), rows[-1].id) if more else None,
    )


def _line(row: Any) -> dict[str, Any]:
    return {
        **row._mapping,
        "document": quoted(row.decision_number, row.decision_on, row.decision_issuer),
        "state_vi": STATE_VI[row.state],
    }


async def _row(read: Reading, reorganisation_id: UUID) -> Any:
    await _may_read(read)
    row = (await read.connection.execute(_ONE, {"id": reorganisation_id})).one_or_none()
    if row is None:
        raise permits.missing()
    return row


async def one(read: Reading, reorganisation_id: UUID) -> Reorganisation:
    """One plan with its lines, its answers, its inverse and what happened to it.

    Raises:
        RefusedError: ``not-found``, ``not-permitted``.
    """
    row = await _row(read, reorganisation_id)
    history = await read.connection.execute(_HISTORY, {"id": reorganisation_id})
    return Reorganisation.model_validate(
        {
            **_line(row),
            "warnings": [_warning(one["code"], one["count"]) for one in row.warnings],
            "tree_before": row.former_digest,
            "tree_after": row.after_digest,
            "codes_closed": (row.day or {}).get("codes_closed", []),
            "inverse": _inverse(row) if row.state != WITHDRAWN else None,
            "gives_back": _given_back(row),
            "history": [Happened.model_validate(event._mapping) for event in history],
        }
    )


def _inverse(row: Any) -> InversePlan:
    title = f"Hoàn lại: {row.title}"[:TITLE]
    return InversePlan(title=title, operations=[Restore(op="restore", of=row.id, line=1)])


def _given_back(row: Any) -> list[GivenBack]:
    """From what the plan was to leave, or left: a unit that it began ends, one that it ended stands again."""
    former = Former.from_json(row.former, row.effective_on)
    if former.left is None:
        return []  # a plan of before this was kept
    return [
        GivenBack(
            agency_id=unit,
            what="ends" if not fields else "resumes" if former.left[unit] is None else "changes",
            fields=fields,
        )
        for unit, fields in former.given_back.items()
    ]


async def people(
    read: Reading, reorganisation_id: UUID, state: str | None, limit: int, after: str | None
) -> MovedPeople:
    """Whom it moves and how far that is; empty before its day.

    Raises:
        RefusedError: ``not-found``, ``not-permitted``, ``malformed-request``.
    """
    await _row(read, reorganisation_id)
    key = key_of(after, int)
    values = {"id": reorganisation_id, "after": key[0] if key else 0, "state": state, "limit": limit + 1}
    rows, more = page((await read.connection.execute(_PEOPLE, values)).all(), limit)
    return MovedPeople(
        items=[MovedPerson.model_validate(row._mapping) for row in rows],
        next=cursor(rows[-1].position) if more else None,
    )
