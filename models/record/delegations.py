"""A delegation's rows: found under the lock, judged against what else is lent, saved."""

from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.access import Actor
from models.commands import Delegate
from models.database import Query, together
from models.lifecycle.delegation import END_VI, STATE_VI, Lent
from models.lifecycle.giving import Edge, Giving, Party
from models.lifecycle.outcome import Outcome
from models.messages import Ask, Moment
from models.record.actors import delegation_of
from models.record.sql import inserting, updating

# One delegation of an authority at a time: a circle or a second loan of the same thing is seen by whoever
# comes second. NO KEY: rows that refer to the authority need not wait.
LOCK = text("SELECT 1 FROM authorities WHERE authority_id = :authority FOR NO KEY UPDATE")
DELEGATION = text(
    "SELECT d.*, hoso_delegation(d.id, 5) AS standing,"
    " (SELECT json_agg(k.id ORDER BY k.id) FROM delegations k WHERE k.through = d.id AND k.state <> 'ended')"
    " AS children,"
    " (SELECT json_agg(c.ancestor_id ORDER BY c.depth) FROM agency_closure c"
    " WHERE c.descendant_id = d.agency_id AND c.valid_to IS NULL) AS ancestors,"
    " (SELECT department_id FROM authorities WHERE authority_id = d.authority_id) AS department_id"
    " FROM delegations d WHERE d.id = :id"
)
_LINE = (
    "ARRAY(SELECT c.ancestor_id FROM agency_closure c WHERE c.descendant_id = {agency}"
    " AND c.valid_to IS NULL ORDER BY c.depth)"
)
_PARTY = text(
    f"SELECT a.id, a.profile_id, a.state, {_LINE.format(agency='a.agency_id')} AS line"  # noqa: S608 — no input
    " FROM accounts a WHERE a.id = :id"
)
_PLACE = text(
    f"SELECT {_LINE.format(agency='g.id')} AS line, g.kind,"  # noqa: S608 — no input
    " coalesce(g.standing, CASE WHEN g.has_account THEN 'subordinate' ELSE 'constituent' END) AS standing,"
    " (SELECT u.department_id FROM authorities u WHERE u.authority_id = g.authority_id) AS department_id"
    " FROM agencies g WHERE g.id = :id AND g.valid_from <= :day AND (g.valid_to IS NULL OR g.valid_to > :day)"
)
_EDGES = text(
    "SELECT d.delegator_id, coalesce(d.delegator_profile_id, d.delegator_id) AS giver,"  # noqa: S608 — no input
    " coalesce(d.delegate_profile_id, d.delegate_id) AS receiver, d.valid_from, d.valid_to,"
    f" {_LINE.format(agency='d.agency_id')} AS line FROM delegations d"
    " WHERE d.state <> 'ended' AND d.what = :what AND d.valid_to > :from AND d.valid_from < :to"
)
_STIR = text(
    "INSERT INTO outbox (authority_id, workflow_id, payload, created_at)"
    " SELECT authority_id, 'delegation/' || id, '{}', :now FROM delegations WHERE state <> 'ended'"
    " AND (delegator_id = ANY (:accounts) OR delegate_id = ANY (:accounts))"
)


def lent_of(row: Any) -> Lent:
    """The state of a delegation from its row."""
    return Lent(
        id=row.id,
        what=row.what,
        delegator_id=row.delegator_id,
        delegate_id=row.delegate_id,
        agency_id=row.agency_id,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        state=row.state,
        warned=row.warned,
        standing=delegation_of(row.standing),
        children=tuple(UUID(one) for one in row.children or ()),
    )


async def giving(connection: AsyncConnection, actor: Actor, body: Delegate, day: Any) -> Giving:
    """Who gives and receives, where, and what is lent of the same right meanwhile."""
    parties, places, edges = await together(
        connection,
        [
            (_PARTY, {"id": body.delegate_id}),
            (_PLACE, {"id": body.agency_id, "day": day}),
            (_EDGES, {"what": body.what, "from": body.valid_from, "to": body.valid_to}),
        ],
    )
    party = parties[0] if parties else None
    place = places[0] if places else None
    return Giving(
        actor=actor,
        delegate=Party(party.id, party.profile_id, party.state, tuple(party.line)) if party else None,
        line=tuple(place.line) if place else (),
        department_id=place.department_id if place else None,
        facts={"agency": place.standing, "kind": place.kind} if place else {},
        edges=tuple(
            Edge(e.delegator_id, e.giver, e.receiver, tuple(e.line), e.valid_from, e.valid_to) for e in edges
        ),
    )


def saving_delegation(ask: Ask, outcome: Outcome, *, new: bool) -> Query:
    """The delegation's own row: written when it is given, changed afterwards."""
    if new:
        return inserting(
            "delegations",
            {"id": ask.subject_id, "authority_id": ask.authority_id, "version": 1, **outcome.subject},
        )
    return updating("delegations", {"id": ask.subject_id}, outcome.subject, next_version=True)


async def stir(connection: AsyncConnection, accounts: list[UUID], now: Any) -> None:
    """An account changed hands or was closed: the delegations it stands in look at themselves again."""
    await connection.execute(_STIR, {"accounts": accounts, "now": now})


def moment_of(row: Any, status: int, **more: Any) -> Moment:
    """Where a delegation stands, in words without anybody's name."""
    said = STATE_VI[row.state]
    if row.end_reason is not None:
        said += f": {END_VI[row.end_reason]}"
    return Moment(
        version=row.version,
        chapter=row.state,
        words=f"{row.what} · {row.valid_from:%d/%m/%Y} → {row.valid_to:%d/%m/%Y} · {said}"[:400],
        next_wake_at=row.next_wake_at,
        status=status,
        **more,
    )
