"""What a reorganisation leaves to people, read from the rows when it is done and each morning until met."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.calendar import legal_date
from models.database import Scope, together, transaction
from models.lifecycle.duties import close_duty
from models.lifecycle.outcome import Outcome
from models.lifecycle.reorganisation import Reorganised
from models.lifecycle.residue import SLOT, Left, leave
from models.lifecycle.scene import Scene
from models.record.authority_stream import authority_scene
from models.record.dead_ends import find_dead_ends
from models.record.load import DUTY, duty_of
from models.record.tools import Tools
from models.record.write import GENESIS, chain, lines
from models.record.writing import Writing

# Every agency that somebody came to or stayed in under another law; how many came.
_ARRIVED = text(
    "SELECT to_agency_id AS agency, count(*) FILTER (WHERE from_agency_id <> to_agency_id) AS n,"
    " count(*) FILTER (WHERE NOT placed) AS unplaced FROM reorganisation_items"
    " WHERE reorganisation_id = :id AND state = 'moved' GROUP BY 1"
)
_HEADLESS = text(
    "SELECT s.agency_id FROM agency_spans s WHERE s.agency_id = ANY (:agencies) AND NOT s.ended"
    " AND s.valid_from <= :day AND (s.valid_to IS NULL OR s.valid_to > :day) AND NOT EXISTS"
    " (SELECT 1 FROM grants g JOIN accounts a ON a.id = g.account_id WHERE g.agency_id = s.agency_id"
    "   AND g.role IN ('head', 'department_head') AND g.valid_from <= :day"
    "   AND (g.valid_to IS NULL OR g.valid_to > :day) AND a.state <> 'cancelled')"
)
# Duties of a post that nobody holds there or above: in these agencies and those above them.
_UNHELD = text(
    "WITH owed AS (SELECT d.agency_id, d.party, count(*) AS n FROM duties d WHERE d.state = 'open'"
    " AND d.party <> 'person' AND d.slot <> :slot AND d.agency_id IN (SELECT c.ancestor_id"
    "   FROM agency_closure c WHERE c.descendant_id = ANY (:agencies)) GROUP BY 1, 2)"
    " SELECT o.agency_id, sum(o.n)::int AS n FROM owed o WHERE NOT EXISTS (SELECT 1 FROM agency_closure c"
    "   JOIN grants g ON g.agency_id = c.ancestor_id AND g.role = o.party AND g.valid_from <= :day"
    "   AND (g.valid_to IS NULL OR g.valid_to > :day) JOIN accounts a ON a.id = g.account_id"
    "   AND a.state <> 'cancelled' AND a.suspended_at IS NULL WHERE c.descendant_id = o.agency_id)"
    " GROUP BY 1 ORDER BY 1"
)
# Who works on personnel for an agency: its own officer, else the nearest above.
_OFFICERS = text(
    "SELECT DISTINCT ON (c.descendant_id) c.descendant_id AS agency, c.ancestor_id AS held_in"
    " FROM agency_closure c JOIN grants g ON g.agency_id = c.ancestor_id AND g.role = 'hr_officer'"
    " AND g.valid_from <= :day AND (g.valid_to IS NULL OR g.valid_to > :day)"
    " JOIN accounts a ON a.id = g.account_id AND a.state <> 'cancelled' AND a.suspended_at IS NULL"
    " WHERE c.descendant_id = ANY (:agencies) ORDER BY c.descendant_id, c.depth"
)
_OPEN = text(
    f"SELECT {DUTY} AS duty, d.case_id, d.facts, d.agency_id FROM duties d"  # noqa: S608 — a constant
    " WHERE d.case_id IS NOT NULL AND d.slot = :slot AND d.state = 'open' AND d.facts ? 'residue'"
    " ORDER BY d.case_id, d.id"
)
_UNPLACED = text(
    "SELECT i.reorganisation_id, i.to_agency_id FROM reorganisation_items i JOIN profiles p"
    " ON p.id = i.profile_id AND p.agency_id = i.to_agency_id WHERE NOT i.placed"
    " AND i.reorganisation_id = ANY (:ids) GROUP BY 1, 2"
)
# Units that stand elsewhere by it, or under another law, and all below them: others sign there.
_RESHAPED = text(
    "SELECT DISTINCT c.descendant_id FROM agency_closure c"
    " WHERE c.ancestor_id = ANY (CAST(:switched AS uuid[]))"
    " OR c.ancestor_id IN (SELECT agency_id FROM agency_changes WHERE case_id = :id AND withdrawn_at IS NULL"
    "   AND jsonb_exists(facts -> 'before', 'parent_id'))"
)
_LAST = text("SELECT number, hash FROM events WHERE stream_id = :id ORDER BY number DESC LIMIT 1")
_LOCK = text("SELECT 1 FROM reorganisations WHERE id = :id FOR NO KEY UPDATE")


async def residue(
    connection: AsyncConnection, tools: Tools, case: Reorganised, scene: Scene, out: Outcome
) -> None:
    """Put into ``out`` what is left and to whom; called when the case is done, in its own transaction."""
    rows = (await connection.execute(_ARRIVED, {"id": case.id})).all()
    switched = {unit: one for one in case.switches for unit in one.units if unit not in case.ended}
    agencies = {row.agency for row in rows} | set(case.heirs.values()) | set(case.created)
    agencies -= set(case.ended)
    reshaped = set(await connection.scalars(_RESHAPED, {"id": case.id, "switched": sorted(switched)}))
    if not agencies and not reshaped:
        return
    signing = (agencies | reshaped) - set(case.ended)
    left = await _left(connection, tools, case.authority_id, scene.now, agencies, signing, scene)
    left += [Left("unplaced", row.agency, row.unplaced) for row in rows if row.unplaced]
    arrived = {row.agency: row.n for row in rows if row.n}
    named = {*agencies, *switched, *(one.agency_id for one in left)}
    owed_by = await _officers(connection, named, scene)
    leave(out, scene, case.id, left, arrived, owed_by, case.codes_closed, switched)


async def _left(
    connection: AsyncConnection,
    tools: Tools,
    authority_id: UUID,
    now: datetime,
    headed: Iterable[UUID],
    signing: Iterable[UUID],
    scene: Scene,
) -> list[Left]:
    """Units of ``headed`` without a head; in those of ``signing`` steps nobody can sign and duties of posts
    that nobody holds, there or above: today."""
    heads = await connection.scalars(_HEADLESS, {"agencies": sorted(headed), "day": scene.today})
    left = [Left("head", agency) for agency in sorted(heads)]
    named = sorted(signing)
    ends = await find_dead_ends(connection, tools, authority_id, now, certificates=False, agencies=named)
    steps = Counter(one.step.custodian_id for one in ends if one.on == scene.today)
    left += [Left("signer", agency, count) for agency, count in sorted(steps.items())]
    unheld = await connection.execute(_UNHELD, {"agencies": named, "day": scene.today, "slot": SLOT})
    return left + [Left("post", row.agency_id, row.n) for row in unheld]


async def _officers(
    connection: AsyncConnection, agencies: Iterable[UUID], scene: Scene
) -> dict[UUID, tuple[str, UUID]]:
    """Role and agency that work on personnel for each; the department where nobody does."""
    named = sorted(agencies)
    found = await connection.execute(_OFFICERS, {"agencies": named, "day": scene.today})
    held = {row.agency: ("hr_officer", row.held_in) for row in found}
    top = scene.department_id
    return {one: held.get(one, ("department_officer", top) if top else ("hr_officer", one)) for one in named}


async def settle_residue(tools: Tools, authority_id: UUID, now: datetime) -> int:
    """Meet the duties whose reason is gone: a head was appointed, somebody signs, the people were placed."""
    scope = Scope(authority_id, everything=True, on=legal_date(now))
    async with transaction(tools.engine, scope) as connection:
        rows = (await connection.execute(_OPEN, {"slot": SLOT})).all()
        if not rows:
            return 0
        scene = await authority_scene(connection, tools, authority_id, authority_id, now)
        over = await _over(connection, tools, authority_id, rows, scene)
        for case_id, mine in over.items():
            await _meet(connection, tools, authority_id, case_id, mine, scene)
    return sum(len(mine) for mine in over.values())


async def _over(
    connection: AsyncConnection, tools: Tools, authority_id: UUID, rows: Sequence[Any], scene: Scene
) -> dict[UUID, list[Any]]:
    """The duties that are met, by case."""
    agencies = {UUID(row.facts["agency"]) for row in rows}
    still = {
        (one.what, one.agency_id)
        for one in await _left(connection, tools, authority_id, scene.now, agencies, agencies, scene)
    }
    waiting = await connection.execute(_UNPLACED, {"ids": sorted({row.case_id for row in rows})})
    unplaced = {tuple(row) for row in waiting}
    over: dict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        agency = UUID(row.facts["agency"])
        what = row.facts["residue"]
        stands = (row.case_id, agency) in unplaced if what == "unplaced" else (what, agency) in still
        if not stands:
            over[row.case_id].append(row)
    return over


async def _meet(
    connection: AsyncConnection,
    tools: Tools,
    authority_id: UUID,
    case_id: UUID,
    rows: Sequence[Any],
    scene: Scene,
) -> None:
    await connection.execute(_LOCK, {"id": case_id})
    out = Outcome()
    for row in rows:
        close_duty(out, scene, duty_of(row.duty))
    last = (await connection.execute(_LAST, {"id": case_id})).one_or_none()
    number, digest = (last.number, last.hash) if last is not None else (0, GENESIS)
    common = {"authority_id": authority_id, "agency_id": rows[0].agency_id, "profile_id": None}
    events = chain(out, scene, case_id, number, digest, **common, command_id=None)
    writing = Writing(authority_id, None, tools, scene.now)
    await together(connection, lines(out, scene, writing, events))
