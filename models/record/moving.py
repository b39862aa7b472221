"""A reorganisation's people moved, share after share: decided one by one, written as sets.

The bulk sibling of ``act`` for what a plan approved with its list of people: same tables, same chains of
events, same next wakes. The rows of ``reorganisation_items`` are the cursor: what is ``moved`` was moved in
the transaction that says so, so a run that was cut off goes on at the next person, and nobody is moved twice.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from psycopg.types.json import Jsonb
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.calendar import legal_date
from models.database import Query, Scope, together, transaction
from models.identifiers import profile_workflow
from models.lifecycle.life import Life
from models.lifecycle.moving import Held, Place, Reshaping, follow, in_flight, move
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene
from models.lifecycle.wake import profile_wake
from models.messages import Ask
from models.record.crossing import crossing_of
from models.record.hearing import must_hear
from models.record.law_of import Laws
from models.record.load import LIVES, STANDING, life_of
from models.record.sets import in_sets
from models.record.sql import updating
from models.record.subjects import saving_profile
from models.record.tools import Tools
from models.record.write import chain, lines, written_rows
from models.record.writing import Writing

SHARE = 500
"""People moved in one transaction: short enough that nobody waits long for a profile's row."""

_ITEMS = text(
    "SELECT position, profile_id, from_agency_id, to_agency_id FROM reorganisation_items"
    " WHERE reorganisation_id = :id AND state = 'waiting' AND position > :after"
    " ORDER BY position LIMIT :most FOR NO KEY UPDATE"
)
_LOCK = text("SELECT 1 FROM profiles WHERE id = ANY (:ids) ORDER BY id FOR NO KEY UPDATE")
_CUSTODY = text(
    "SELECT profile_id, id, starts_on, follows IS NULL AS first FROM custody"
    " WHERE profile_id = ANY (:ids) AND ends_on IS NULL"
)
_PLACES = text(
    f"SELECT g.id, {STANDING} AS standing, g.kind, coalesce((SELECT c.ancestor_id FROM agency_closure c"  # noqa: S608 — a constant
    " WHERE c.descendant_id = g.id AND c.ancestor_id <> g.id ORDER BY c.depth LIMIT 1), g.id) AS above,"
    " hoso_sync_agent(g.id) AS agent FROM agencies g WHERE g.id = ANY (:ids)"
)
_OFFICES = text("SELECT department_id, ict_department_id FROM authorities WHERE authority_id = :authority")
UNSENT = ("listed", "approved", "held", "cleared")
"""Items of a month's list that no packet holds: what is still to be done follows the person."""
# Whoever stands on the list of one synchronising agency goes to the same list of the other (`lists_opened`).
_LISTS = text(
    "WITH going AS (SELECT i.*, s.agent, m.month FROM month_items i"
    " JOIN agency_months m ON m.id = i.agency_month_id"
    " JOIN jsonb_to_recordset(:rows) AS s (profile uuid, agent uuid) ON s.profile = i.profile_id"
    " WHERE m.state <> 'closed' AND i.state = ANY (:unsent) AND i.tran_code IS NULL"
    " AND m.agency_id IS DISTINCT FROM s.agent),"
    " gone AS (UPDATE month_items i SET state = 'moved', changed_at = :now FROM going g"
    " WHERE i.agency_month_id = g.agency_month_id AND i.profile_id = g.profile_id)"
    " INSERT INTO month_items (agency_month_id, profile_id, authority_id, revision_id, digest, state, reason,"
    " changed_at, changes) SELECT t.id, g.profile_id, g.authority_id, g.revision_id, g.digest, g.state,"
    " g.reason, :now, g.changes FROM going g JOIN agency_months t ON t.agency_id = g.agent"
    " AND t.month = g.month AND t.state <> 'closed' ON CONFLICT (agency_month_id, profile_id) DO UPDATE"
    " SET state = EXCLUDED.state, revision_id = EXCLUDED.revision_id, digest = EXCLUDED.digest,"
    " reason = EXCLUDED.reason, changed_at = EXCLUDED.changed_at, changes = EXCLUDED.changes"
    " WHERE month_items.state = 'moved'"
)


class LifeError(RuntimeError):
    """One profile's decision was not made: its cause says why, and the whole share is undone."""


@contextmanager
def _named(profile_id: UUID) -> Iterator[None]:
    """Whatever is raised of one life is said to be of that one."""
    try:
        yield
    except Exception as error:
        raise LifeError(profile_id) from error


@dataclass(slots=True)
class Moved:
    """What one share did. ``flying``: a signature is being made on them, they are asked for again."""

    moved: int = 0
    left: int = 0
    flying: int = 0
    last: int = 0
    """Position of the last person looked at; 0 where nobody waited."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The world in which a share is decided, read once for all of it."""

    tools: Tools
    authority_id: UUID
    now: datetime
    laws: Laws
    department_id: UUID | None
    ict_department_id: UUID | None
    agents: dict[UUID, UUID | None]

    def of_itself(self, agency_id: UUID) -> Scene:
        """The scene of what is about no person: an agency's posts, reports, accounts."""
        return Scene(
            now=self.now,
            law=self.laws.of(agency_id),
            calendar=self.laws.calendar,
            policy=self.tools.policy,
            act_id=agency_id,
            actor_id=None,
            actor_role="system",
            actor_profile_id=None,
            department_id=self.department_id,
            managing_agency_id=agency_id,
            ict_department_id=self.ict_department_id,
        )

    def scene(self, life: Life, reshaping: Reshaping, version: int) -> Scene:
        """Everything outside the profile that its decision may depend on.

        ``version`` of the profile's row: who came back before the day has ended is moved by another act.
        """
        known = {
            "category": life.category,
            "agency": life.standing,
            "kind": life.agency_kind,
            "origin": life.origin,
        }
        place = reshaping.places.get(life.agency_id)
        return replace(
            self.of_itself(life.agency_id),
            managing_agency_id=place.managing_id if place is not None else life.agency_id,
            act_id=uuid5(reshaping.id, f"{life.profile_id}:{version}"),
            facts={name: value for name, value in known.items() if value},
        )


async def move_share(
    tools: Tools,
    authority_id: UUID,
    reshaping: Reshaping,
    now: datetime,
    *,
    after: int = 0,
    most: int = SHARE,
    force: bool = False,
) -> Moved:
    """Move the next people that wait, behind a position, in one transaction.

    ``reshaping`` names the case, its day and the heirs of what ends; places are read here. ``force``: a
    signature that is being made is not waited for any longer; it fails and the submission waits again.
    """
    done = Moved()
    async with transaction(
        tools.engine, Scope(authority_id, everything=True, on=legal_date(now))
    ) as connection:
        values = {"id": reshaping.id, "after": after, "most": most}
        items = (await connection.execute(_ITEMS, values)).all()
        if not items:
            return done
        done.last = items[-1].position
        agencies = {one.from_agency_id for one in items} | {one.to_agency_id for one in items}
        stage, reshaping = await staged(connection, tools, authority_id, reshaping, now, agencies)
        ids = [one.profile_id for one in items]
        _, found, held = await together(
            connection, [(_LOCK, {"ids": ids}), (LIVES, {"ids": ids}), (_CUSTODY, {"ids": ids})]
        )
        rows = {row.id: row for row in found}
        custody = {row.profile_id: Held(row.id, row.starts_on, row.first) for row in held}
        ways = [_way(rows[one.profile_id], one, reshaping) for one in items]
        crossing = await crossing_of(connection, tools, authority_id, stage.laws, reshaping, ways)
        subjects: list[list[Query]] = []
        listed: list[dict[str, str | None]] = []
        for item, (life, to) in zip(items, ways, strict=True):
            row = rows[item.profile_id]
            if to is None:
                subjects.append([_settled(reshaping, item, now, "left", "moved-meanwhile")])
                done.left += 1
            elif in_flight(life) and not force:
                done.flying += 1
            else:
                scene = stage.scene(life, reshaping, row.version)
                with _named(life.profile_id):
                    if to == life.agency_id:
                        outcome = crossing.stayed(life, scene)
                    else:
                        outcome = move(life, custody[life.profile_id], to, reshaping, scene)
                        scene = crossing.carried(outcome, life, to, scene)
                    own = await written(connection, stage, row, life, outcome, scene, to)
                subjects.append([*own, _settled(reshaping, item, now, "moved")])
                agent = stage.agents.get(to)
                listed.append({"profile": str(life.profile_id), "agent": str(agent) if agent else None})
                done.moved += 1
        moving = [lists_moved(listed, now)] if listed else []
        await together(connection, [*in_sets(subjects), *moving])
    return done


def lists_moved(rows: Sequence[Mapping[str, str | None]], now: datetime) -> Query:
    """The items of these people go to the lists of whoever synchronises for them (``profile``, ``agent``)."""
    return _LISTS, {"rows": Jsonb(list(rows)), "unsent": list(UNSENT), "now": now}


def _way(row: Any, item: Any, reshaping: Reshaping) -> tuple[Life, UUID | None]:
    """Somebody who waits, and where to."""
    with _named(item.profile_id):
        life = life_of(row)
    return life, _where_to(life, item, reshaping)


def _where_to(life: Life, item: Any, reshaping: Reshaping) -> UUID | None:
    """Where the plan puts the person; whoever moved since then stays there, unless that place ends too."""
    if life.agency_id == item.from_agency_id:
        return UUID(str(item.to_agency_id))
    return reshaping.heirs.get(life.agency_id)


def _settled(reshaping: Reshaping, item: Any, now: datetime, state: str, reason: str | None = None) -> Query:
    key = {"reorganisation_id": reshaping.id, "profile_id": item.profile_id}
    moved_at = now if state == "moved" else None
    return updating("reorganisation_items", key, {"state": state, "reason": reason, "moved_at": moved_at})


async def staged(
    connection: AsyncConnection,
    tools: Tools,
    authority_id: UUID,
    reshaping: Reshaping,
    now: datetime,
    agencies: Iterable[UUID],
) -> tuple[Stage, Reshaping]:
    """The law of the day and every place concerned, as the transaction sees them."""
    named = {*agencies, *reshaping.heirs, *reshaping.heirs.values()}
    laws = await tools.laws(connection, authority_id, legal_date(now))
    rows, offices = await together(
        connection, [(_PLACES, {"ids": sorted(named)}), (_OFFICES, {"authority": authority_id})]
    )
    places = {row.id: Place(row.id, row.above, row.standing, row.kind, laws.of(row.id)) for row in rows}
    stage = Stage(
        tools,
        authority_id,
        now,
        laws,
        offices[0].department_id,
        offices[0].ict_department_id,
        {row.id: row.agent for row in rows},
    )
    return stage, replace(reshaping, places=places)


async def written(
    connection: AsyncConnection,
    stage: Stage,
    row: Any,
    life: Life,
    outcome: Outcome,
    scene: Scene,
    agency_id: UUID,
) -> list[Query]:
    """All rows of one profile's decision; its own workflow hears only of what cannot wait."""
    wake = profile_wake(life, outcome, life.profile_id)
    sooner = wake is not None and (row.next_wake_at is None or wake < row.next_wake_at)
    if sooner or must_hear(life.chapter, outcome):
        outcome.tell.append((profile_workflow(life.profile_id), {}))
    events = chain(
        outcome,
        scene,
        life.profile_id,
        row.last_event,
        row.last_hash,
        authority_id=stage.authority_id,
        agency_id=agency_id,
        profile_id=life.profile_id,
        command_id=None,
    )
    writing = Writing(stage.authority_id, life.profile_id, stage.tools, stage.now)
    own = [*await written_rows(connection, outcome, writing), *lines(outcome, scene, writing, events)]
    ask = Ask(
        authority_id=stage.authority_id,
        subject="profile",
        subject_id=life.profile_id,
        now=stage.now,
        bulk=True,
    )
    return [*own, saving_profile(life, ask, outcome, events)]


_BETWEEN = text(
    "SELECT DISTINCT p.id FROM profiles p LEFT JOIN cases c ON c.id = p.case_id"
    " LEFT JOIN shares h ON h.profile_id = p.id AND h.ended_at IS NULL"
    " LEFT JOIN duties d ON d.profile_id = p.id AND d.state = 'open'"
    " LEFT JOIN unnest(CAST(:units AS uuid[]), CAST(:above AS uuid[])) AS f (unit, above)"
    "   ON f.unit = p.agency_id AND f.above = d.agency_id"
    " WHERE p.id > :after AND (c.from_agency_id = ANY (:ended) OR c.to_agency_id = ANY (:ended)"
    " OR h.agency_id = ANY (:ended) OR h.from_agency_id = ANY (:ended) OR d.agency_id = ANY (:ended)"
    " OR f.unit IS NOT NULL) ORDER BY p.id LIMIT :most"
)
FIRST = UUID(int=0)


async def between(
    connection: AsyncConnection, reshaping: Reshaping, after: UUID, most: int
) -> Sequence[UUID]:
    """The next people who stay and whose cases, secondments or duties name what is no longer so."""
    values = {
        "ended": list(reshaping.heirs),
        "units": list(reshaping.formerly),
        "above": list(reshaping.formerly.values()),
        "after": after,
        "most": most,
    }
    return (await connection.scalars(_BETWEEN, values)).all()


async def follow_share(
    tools: Tools,
    authority_id: UUID,
    reshaping: Reshaping,
    now: datetime,
    *,
    after: UUID = FIRST,
    most: int = SHARE,
) -> UUID | None:
    """Cases, secondments and duties of people who stay, which name a unit that ends or one no longer above.

    Answers the last profile looked at, behind which to go on; none where nobody was left.

    Raises:
        LifeError: of one of them it cannot be decided; none of the share goes on then.
    """
    scope = Scope(authority_id, everything=True, on=legal_date(now))
    async with transaction(tools.engine, scope) as connection:
        ids = await between(connection, reshaping, after, most)
        if not ids:
            return None
        _, lives = await together(connection, [(_LOCK, {"ids": ids}), (LIVES, {"ids": ids})])
        known = []
        for row in lives:
            with _named(row.id):
                known.append((row, life_of(row)))
        units = {life.agency_id for _, life in known}
        stage, reshaping = await staged(connection, tools, authority_id, reshaping, now, units)
        subjects = []
        for row, life in known:
            scene = stage.scene(life, reshaping, row.version)
            with _named(life.profile_id):
                outcome = follow(life, reshaping, scene)
                if not outcome.empty:
                    agency = reshaping.heir(life.agency_id)
                    subjects.append(await written(connection, stage, row, life, outcome, scene, agency))
        await together(connection, in_sets(subjects))
    return ids[-1]


_FORMERLY = text(
    "SELECT agency_id, CAST(facts -> 'before' ->> 'parent_id' AS uuid) AS above FROM agency_changes"
    " WHERE case_id = :id AND withdrawn_at IS NULL AND facts -> 'before' ->> 'parent_id' IS NOT NULL"
)


async def formerly_below(connection: AsyncConnection, reshaping: Reshaping) -> Reshaping:
    """The same, with the units that the case has put below another agency."""
    rows = await connection.execute(_FORMERLY, {"id": reshaping.id})
    return replace(reshaping, formerly={row.agency_id: row.above for row in rows})
