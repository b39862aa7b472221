"""An outcome to rows: everything a decision wants written, in the transaction that decided it."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any
from uuid import UUID, uuid5

from psycopg.types.json import Jsonb
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.canonical import dumps
from models.database import Query, together
from models.lifecycle.outcome import DutyRebased, Insert, Outcome, Update
from models.lifecycle.scene import Scene
from models.record.special import SPECIAL
from models.record.sql import inserting, updating
from models.record.writing import Writing

GENESIS = "0" * 64
"""Previous hash of a stream's first event."""


_AS_IT_IS = frozenset((str, int, bool, type(None)))


def plain(value: Any) -> Any:
    """A value as JSON can hold it, the same every time."""
    if type(value) in _AS_IT_IS:
        return value
    match value:
        case Enum():
            return value.value
        case UUID() | date() | datetime():
            return value.isoformat() if not isinstance(value, UUID) else str(value)
        case Mapping():
            return {str(k): plain(v) for k, v in value.items()}
        case list() | tuple():
            return [plain(v) for v in value]
        case _:
            return value


_LAST = text("SELECT number, hash FROM events WHERE stream_id = :id ORDER BY number DESC LIMIT 1")


async def end_of_stream(connection: AsyncConnection, stream_id: UUID) -> tuple[int, str]:
    """Number and hash of a stream's newest event: what the next one is chained to."""
    row = (await connection.execute(_LAST, {"id": stream_id})).one_or_none()
    return (row.number, row.hash) if row is not None else (0, GENESIS)


def event_hash(previous: str, content: Mapping[str, Any]) -> str:
    """SHA-256 over the previous event's hash and this event's canonical JSON (RFC 8785)."""
    return hashlib.sha256(previous.encode() + dumps(plain(content))).hexdigest()


def chain(
    outcome: Outcome, scene: Scene, stream_id: UUID, last: int, last_hash: str, **common: Any
) -> list[dict[str, Any]]:
    """The outcome's events as rows, each chained to the one before."""
    rows: list[dict[str, Any]] = []
    # Told, and hashed, only where it is so: a chain of former days keeps its hashes.
    behalf = (
        {"on_behalf_of": scene.on_behalf_of, "delegation_id": scene.delegation_id}
        if scene.on_behalf_of is not None
        else {}
    )
    for number, event in enumerate(outcome.events, start=last + 1):
        content = {
            "stream_id": stream_id,
            "number": number,
            "kind": event.kind,
            "at": scene.now,
            "actor_id": scene.actor_id,
            "actor_role": scene.actor_role,
            "rule_id": event.rule_id,
            "citation": event.citation,
            "rule_set_hash": scene.law.hash,
            "facts": plain(event.facts),
            **behalf,
        }
        digest = event_hash(last_hash, content)
        rows.append({**content, **common, "previous_hash": last_hash, "hash": digest})
        last_hash = digest
    return rows


async def write(
    connection: AsyncConnection,
    outcome: Outcome,
    scene: Scene,
    writing: Writing,
    *,
    events: list[dict[str, Any]],
) -> None:
    """Write all but the subject's own row."""
    await together(
        connection,
        [*await written_rows(connection, outcome, writing), *lines(outcome, scene, writing, events)],
    )


async def save(
    connection: AsyncConnection,
    table: str,
    subject_id: UUID,
    values: Mapping[str, Any],
    outcome: Outcome,
    scene: Scene,
    writing: Writing,
    *,
    new: bool,
    **common: Any,
) -> None:
    """A subject that is no profile: its own row, new or of the next version, then what the outcome wants.

    Its events are chained to the end of its own stream; ``common`` stands in every one of them.
    """
    number, digest = await end_of_stream(connection, subject_id)
    stamp = {"authority_id": writing.authority_id, "profile_id": None, **common}
    events = chain(outcome, scene, subject_id, number, digest, **stamp)
    if new:
        first = {"id": subject_id, "authority_id": writing.authority_id, "version": 1}
        own = inserting(table, {**first, **values})
    else:
        own = updating(table, {"id": subject_id}, values, next_version=True)
    await together(connection, [own])
    await write(connection, outcome, scene, writing, events=events)


async def written_rows(connection: AsyncConnection, outcome: Outcome, writing: Writing) -> list[Query]:
    """Inserts and updates in the decision's own order; what needs a look first is written at once."""
    queries: list[Query] = []
    for one in outcome.writes:
        special = SPECIAL.get(one.table)
        match one:
            case Insert(values=values) if special is not None:
                await together(connection, queries)
                queries = []
                await special(connection, writing, values)
            case Insert(table=table, values=values):
                queries.append(inserting(table, {**values, "authority_id": writing.authority_id}))
            case Update(table=table, key=key, values=values):
                queries.append(updating(table, key, values))
    return queries


def lines(outcome: Outcome, scene: Scene, writing: Writing, events: list[dict[str, Any]]) -> list[Query]:
    """Duties, events, lines for inboxes and for other workflows."""
    return [
        *_duties(outcome, scene, writing),
        *(inserting("events", event) for event in events),
        *notices_of(outcome, scene, writing),
        *(
            inserting(
                "outbox",
                {
                    "authority_id": writing.authority_id,
                    "workflow_id": workflow_id,
                    "payload": plain(payload),
                    "created_at": scene.now,
                },
            )
            for workflow_id, payload in outcome.tell
        ),
    ]


def notices_of(outcome: Outcome, scene: Scene, writing: Writing) -> Iterator[Query]:
    """The outcome's lines for inboxes, each under an id of its own act's."""
    for n, notice in enumerate(outcome.notices):
        row = {
            "id": uuid5(scene.act_id, f"notice:{n}"),
            "authority_id": writing.authority_id,
            "account_id": notice.account_id,
            "agency_id": notice.agency_id,
            "role": notice.role,
            "kind": notice.kind,
            "duty_id": notice.duty_id,
            "profile_id": writing.profile_id,
            "citation": notice.citation,
            "due_on": notice.due_on,
            "facts": plain(notice.facts),
            "created_at": scene.now,
        }
        yield inserting("notices", row)


_REBASE = text(
    "UPDATE duties SET rule_id = :rule, citation = :citation, rule_set_hash = :law,"
    " calendar_hash = :calendar, nominal_due_on = :nominal, due_on = :due_on, due_at = :due_at,"
    " facts = :facts, ladder_step = :step, next_wake_at = :wake, party = :party, agency_id = :agency"
    " WHERE id = :id"
)


def _duties(outcome: Outcome, scene: Scene, writing: Writing) -> Iterator[Query]:
    for o in outcome.opened:
        row = {
            "id": o.duty.id,
            "authority_id": writing.authority_id,
            "agency_id": o.duty.agency_id,
            "profile_id": o.duty.profile_id or writing.profile_id,
            "case_id": o.duty.case_id,
            "agency_month_id": o.duty.agency_month_id,
            "report_id": o.duty.report_id,
            "slot": str(o.duty.slot),
            "party": o.duty.party,
            "rule_id": o.duty.rule_id,
            "citation": o.duty.citation,
            "rule_set_hash": o.law or scene.law.hash,
            "calendar_hash": scene.calendar.hash,
            "event_on": o.duty.event_on,
            "nominal_due_on": o.nominal_due_on,
            "due_on": o.duty.due_on,
            "due_at": o.duty.due_at,
            "state": "open",
            "facts": plain(o.facts),
            "opened_at": scene.now,
            "late_days": 0,
            "ladder_step": o.duty.ladder_step,
            "next_wake_at": o.duty.next_wake_at,
        }
        yield inserting("duties", row)
    for duty_id, (step, wake) in outcome.touched.items():
        yield updating("duties", {"id": duty_id}, {"ladder_step": step, "next_wake_at": wake})
    for duty_id, agency_id in outcome.moved.items():
        yield updating("duties", {"id": duty_id}, {"agency_id": agency_id})
    for one in outcome.rebased.values():
        yield _REBASE, _rebased(one)
    for closed in outcome.closed:
        ended = {
            "state": closed.state,
            "met_on": closed.on if closed.state == "met" else None,
            "late_days": closed.late_days,
            "reason": closed.reason,
            "next_wake_at": None,
        }
        yield updating("duties", {"id": closed.duty_id}, ended)


def _rebased(one: DutyRebased) -> dict[str, Any]:
    return {
        "id": one.duty.id,
        "rule": one.duty.rule_id,
        "citation": one.duty.citation,
        "law": one.rule_set_hash,
        "calendar": one.calendar_hash,
        "nominal": one.nominal_due_on,
        "due_on": one.duty.due_on,
        "due_at": one.duty.due_at,
        "facts": Jsonb(plain(one.facts)),
        "step": one.duty.ladder_step,
        "party": one.duty.party,
        "agency": one.duty.agency_id,
        "wake": one.duty.next_wake_at,
    }
