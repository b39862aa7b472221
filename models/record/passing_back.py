"""What a plan passed on goes back when it is taken back: what still stands as that plan put it.

The plan's own events (``*.passed_on``) say what came whence; rights say it by their ids. Whatever was
decided since stays as it is. What ended by the plan (a right nobody doubled, a report the heir gives) is not
begun again by itself: it is counted for the preview, and given again by people.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.calendar import legal_date
from models.database import Scope, together, transaction
from models.lifecycle.moving import Reshaping
from models.lifecycle.passing_on import Right, pass_rights
from models.record.delegations import LOCK, stir
from models.record.moving import staged
from models.record.passing_on import (
    HELD,
    OFFICES,
    POSTS,
    RIGHTS_NAMED,
    Streams,
    facts_of,
    give_on,
    holding_of,
    kept,
    post_of,
    right_of,
)
from models.record.tools import Tools

_FORMER = text(
    "SELECT id, effective_on, day FROM reorganisations WHERE id = ANY (:of) ORDER BY done_at DESC, id"
)
_CAME = (
    " JOIN events e ON e.stream_id = {stream} AND e.kind = '{kind}.passed_on'"
    " AND e.facts ->> 'reorganisation' = :told AND e.facts ->> 'to_agency' = CAST(t.agency_id AS text)"
)
"""Of a thing ``t``: the plan put it where it stands."""
_HOME = "CAST(e.facts ->> 'from_agency' AS uuid)"
_THINGS = text(
    f"SELECT 'account' AS kind, t.id, t.agency_id AS at, {_HOME} AS home, NULL::int AS version"  # noqa: S608 — fragments of our own
    " FROM accounts t"
    f"{_CAME.format(stream='t.id', kind='account')} WHERE t.agency_id = ANY (:heirs)"
    f" UNION ALL SELECT 'breach', t.id, t.agency_id, {_HOME}, NULL FROM breaches t"
    f"{_CAME.format(stream='t.id', kind='breach')} WHERE t.agency_id = ANY (:heirs) AND t.state <> 'closed'"
    f" UNION ALL SELECT 'report', t.id, t.agency_id, {_HOME}, NULL FROM review_reports t"
    f"{_CAME.format(stream='t.id', kind='report')} WHERE t.agency_id = ANY (:heirs) AND t.state = 'open'"
    f" AND NOT EXISTS (SELECT 1 FROM review_reports o WHERE o.review_id = t.review_id AND o.whole = t.whole"
    f"   AND o.agency_id = {_HOME})"
    # One right is lent once for a part and a time: what was lent there since goes before.
    f" UNION ALL SELECT 'delegation', t.id, t.agency_id, {_HOME}, t.version FROM delegations t"
    f"{_CAME.format(stream='t.id', kind='delegation')} WHERE t.agency_id = ANY (:heirs)"
    " AND t.state <> 'ended' AND NOT EXISTS (SELECT 1 FROM delegations o WHERE o.id <> t.id"
    "   AND o.state <> 'ended' AND o.delegator_id = t.delegator_id AND o.what = t.what"
    f"   AND o.agency_id = {_HOME}"
    "   AND daterange(o.valid_from, o.valid_to) && daterange(t.valid_from, t.valid_to)) ORDER BY 1, 2"
)
_TABLES = {
    "account": "accounts",
    "breach": "breaches",
    "report": "review_reports",
    "delegation": "delegations",
}
_DUTIES = text(
    f"SELECT t.id, t.slot, t.agency_id AS at, {_HOME} AS home,"  # noqa: S608 — fragments of our own
    " coalesce(t.agency_month_id, t.report_id) AS stream FROM duties t"
    f"{_CAME.format(stream='coalesce(t.agency_month_id, t.report_id, :of)', kind='duty')}"
    " AND e.facts ->> 'duty' = CAST(t.id AS text) WHERE t.agency_id = ANY (:heirs) AND t.state = 'open'"
    " ORDER BY t.id"
)
_OFFICES = text(
    "SELECT facts ->> 'office' AS office, CAST(facts ->> 'from_agency' AS uuid) AS home,"
    " CAST(facts ->> 'to_agency' AS uuid) AS at FROM events WHERE stream_id = :of"
    " AND kind = 'office.passed_on' AND facts ->> 'reorganisation' = :told ORDER BY number"
)
# A right of a unit that ended ended on the day; what goes on elsewhere has an id that is made of it.
_ENDED = text(
    "SELECT g.id, g.agency_id, g.valid_from <= :on AS begun, false AS bare FROM grants g"
    " WHERE g.agency_id = ANY (:ended) AND g.valid_to = greatest(g.valid_from, :on) UNION ALL"
    " SELECT h.id, p.agency_id, h.valid_from <= :on, true FROM post_holders h"
    " JOIN agency_posts p ON p.id = h.post_id"
    " WHERE h.grant_id IS NULL AND p.agency_id = ANY (:ended) AND h.valid_to = greatest(h.valid_from, :on)"
)
# The numbers and the posts a unit had, from the day on which it stands again.
_QUOTAS = text(
    "INSERT INTO agency_quotas (id, authority_id, agency_id, kind, code, title, number, valid_from, valid_to,"
    " document) SELECT DISTINCT ON (o.agency_id, o.kind, o.code)"
    " md5(CAST(:self AS text) || 'quota:' || o.id)::uuid, o.authority_id, o.agency_id, o.kind, o.code,"
    " o.title, o.number, CAST(:back AS date), NULL::date, o.document"
    " FROM agency_quotas o WHERE o.agency_id = ANY (:ended)"
    " AND o.valid_from <= :on AND o.valid_to = :on AND NOT EXISTS (SELECT 1 FROM agency_quotas n"
    "   WHERE n.agency_id = o.agency_id AND n.kind = o.kind AND n.code = o.code"
    "   AND (n.valid_to IS NULL OR n.valid_to > :back))"
    " ORDER BY o.agency_id, o.kind, o.code, o.valid_from DESC"
)
_POSTS = text(
    "INSERT INTO agency_posts (id, authority_id, agency_id, kind, title, valid_from, document)"
    " SELECT md5(CAST(:self AS text) || 'post:' || o.id)::uuid, o.authority_id, o.agency_id, o.kind, o.title,"
    " CAST(:back AS date),"
    " o.document FROM agency_posts o WHERE o.agency_id = ANY (:ended)"
    " AND o.valid_from <= :on AND o.valid_to = :on AND NOT EXISTS (SELECT 1 FROM agency_posts n"
    "   WHERE n.agency_id = o.agency_id AND n.kind = o.kind AND n.title IS NOT DISTINCT FROM o.title"
    "   AND n.valid_to IS NULL)"
)
# A post the plan made where there was none goes with who held it.
_MADE = text(
    "UPDATE agency_posts SET valid_to = greatest(valid_from, :back) WHERE id = ANY (CAST(:made AS uuid[]))"
    " AND valid_to IS NULL AND NOT EXISTS (SELECT 1 FROM post_holders h WHERE h.post_id = agency_posts.id"
    "   AND (h.valid_to IS NULL OR h.valid_to > :back))"
)


async def pass_back(tools: Tools, authority_id: UUID, reshaping: Reshaping, now: datetime) -> None:
    """Give back what the plans that are taken back had passed on; done again it finds nothing more."""
    if not reshaping.undone:
        return
    scope = Scope(authority_id, everything=True, on=legal_date(now))
    async with transaction(tools.engine, scope) as connection:
        await together(connection, [(LOCK, {"authority": authority_id})])
        stage, reshaping = await staged(connection, tools, authority_id, reshaping, now, ())
        for row in (await connection.execute(_FORMER, {"of": list(reshaping.undone)})).all():
            streams = Streams()
            back = await _given_back(connection, row, reshaping, streams)
            await kept(connection, stage, reshaping, streams)
            made = sorted({post_of(row.id, one.agency_id, one.role) for one in back})
            await connection.execute(_MADE, {"made": made, "back": reshaping.on})
            await stir(connection, sorted({one.account_id for one in back}), now)


def _heirs(row: Any) -> dict[UUID, UUID]:
    return {UUID(unit): UUID(heir) for unit, heir in row.day["heirs"].items()}


async def _given_back(
    connection: AsyncConnection, row: Any, reshaping: Reshaping, streams: Streams
) -> list[Right]:
    """All that one plan had passed on; answers the rights that go back, as they stood."""
    heirs = _heirs(row)
    where = {"of": row.id, "told": str(row.id), "heirs": sorted(set(heirs.values()))}
    ended = {
        "self": str(reshaping.id),
        "ended": sorted(heirs),
        "on": row.effective_on,
        "back": reshaping.on,
    }
    await together(connection, [(_QUOTAS, ended), (_POSTS, ended)])
    things, duties, offices, own = await together(
        connection, [(_THINGS, where), (_DUTIES, where), (_OFFICES, where), (OFFICES, {})]
    )
    for one in things:
        _thing(one, reshaping, streams)
    for one in duties:
        out = streams.of(one.stream or reshaping.id, one.home)
        out.update("duties", {"id": one.id}, agency_id=one.home)
        facts = facts_of(reshaping, one.at, one.home)
        out.happened("duty.passed_on", None, duty=str(one.id), slot=one.slot, **facts)
    for one in offices:
        if getattr(own[0], one.office) == one.at:
            out = streams.of(reshaping.id, one.home)
            await connection.execute(_SEATS[one.office], {"home": one.home})
            out.happened("office.passed_on", None, office=one.office, **facts_of(reshaping, one.at, one.home))
    return await _rights(connection, row, reshaping, streams)


_SEATS = {
    name: text(f"UPDATE authorities SET {name} = :home WHERE authority_id = hoso_authority()")  # noqa: S608 — our own names
    for name in ("department_id", "ict_department_id")
}


def _thing(one: Any, reshaping: Reshaping, streams: Streams) -> None:
    out = streams.of(one.id, one.home)
    version = {"version": one.version + 1} if one.version is not None else {}
    out.update(_TABLES[one.kind], {"id": one.id}, agency_id=one.home, **version)
    out.happened(f"{one.kind}.passed_on", None, **facts_of(reshaping, one.at, one.home))
    if one.kind == "delegation":
        out.tell.append((f"delegation/{one.id}", {}))


def _went_on(reorganisation_id: UUID, former: Any) -> UUID:
    """The id of the grant, or of the holding that gives no role, that goes on in its place."""
    return (holding_of if former.bare else right_of)(reorganisation_id, former.id)


async def _rights(
    connection: AsyncConnection, row: Any, reshaping: Reshaping, streams: Streams
) -> list[Right]:
    """Rights that went on with a unit's heir go back; none where the post there was filled since."""
    heirs = _heirs(row)
    former = (await connection.execute(_ENDED, {"ended": sorted(heirs), "on": row.effective_on})).all()
    homes: dict[UUID | None, UUID] = {_went_on(row.id, one): one.agency_id for one in former}
    found, held, posts = await together(
        connection,
        [
            (RIGHTS_NAMED, {"ids": list(homes), "on": reshaping.on}),
            (HELD, {"there": sorted(heirs), "on": reshaping.on}),
            (POSTS, {"there": sorted(heirs)}),
        ],
    )
    rights = [Right(**one._asdict()) for one in found]
    there = [(one.agency_id, one.role, one.account_id) for one in held]
    known = {(one.agency_id, one.kind): one.id for one in posts}
    moved: list[Right] = []
    for home in sorted(heirs):
        mine = [one for one in rights if homes.get(one.grant_id or one.holder_id) == home]
        aims = {one.agency_id: home for one in mine}
        for one in pass_rights(mine, heirs=aims, destinations={}, held=there):
            if one.to is not None:
                give_on(streams.of(one.right.account_id, home), one, known, reshaping)
                moved.append(one.right)
    return moved


_LOST = text(
    "SELECT (SELECT count(*) FROM cases c WHERE c.state = 'withdrawn'"
    "   AND c.facts ->> 'reorganisation' = CAST(r.id AS text)) AS transfers,"
    " (SELECT count(*) FROM shares s WHERE s.reason = 'reorganised' AND s.ended_at >= r.begun_at"
    "   AND s.ended_at <= r.done_at) AS secondments,"
    " (SELECT count(*) FROM review_reports t WHERE t.agency_id = ANY (:ended) AND t.state = 'not_owed'"
    "   AND EXISTS (SELECT 1 FROM events e WHERE e.stream_id = t.id AND e.kind = 'report.passed_on'"
    "     AND e.facts ->> 'reorganisation' = CAST(r.id AS text))) AS reports,"
    # Rights that people who were placed out of a unit that stands on left there.
    " (SELECT count(*) FROM reorganisation_items i JOIN accounts a ON a.profile_id = i.profile_id"
    "   AND a.kind = 'personal' JOIN grants g ON g.account_id = a.id AND g.agency_id <> ALL (:ended)"
    "   AND g.valid_to = greatest(g.valid_from, r.effective_on) WHERE i.reorganisation_id = r.id"
    "   AND i.state = 'moved' AND i.from_agency_id <> ALL (:ended)"
    "   AND i.from_agency_id <> i.to_agency_id) AS left"
    " FROM reorganisations r WHERE r.id = :of"
)
_WENT_ON = text(
    "SELECT id FROM grants WHERE id = ANY (:ids) UNION ALL SELECT id FROM post_holders WHERE id = ANY (:ids)"
)


async def not_given_back(connection: AsyncConnection, undone: Iterable[UUID]) -> tuple[int, int]:
    """What taking these plans back does not begin again: rights that lapsed with them; transfers,
    secondments and reports that came to an end by them."""
    rights = ended = 0
    for row in (await connection.execute(_FORMER, {"of": list(undone)})).all():
        units: Sequence[UUID] = sorted(_heirs(row))
        on: date = row.effective_on
        former = (await connection.execute(_ENDED, {"ended": units, "on": on})).all()
        wanted = [_went_on(row.id, one) for one in former if one.begun]
        went = (await connection.execute(_WENT_ON, {"ids": wanted})).all()
        lost = (await connection.execute(_LOST, {"of": row.id, "ended": units})).one()
        rights += len(wanted) - len(went) + lost.left
        ended += lost.transfers + lost.secondments + lost.reports
    return rights, ended
