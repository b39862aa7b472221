"""What of an event is hashed: its link in its stream's chain, and its leaf in the authority's log."""

import json
from datetime import UTC
from typing import Any
from uuid import UUID

from models.evidence.merkle import leaf_hash
from models.record.write import event_hash

COLUMNS = (
    "e.position, e.transaction, e.authority_id, e.stream_id, e.number, e.profile_id, e.agency_id, e.kind,"
    " e.at, e.actor_id, e.actor_role, e.on_behalf_of, e.delegation_id, e.rule_id, e.citation,"
    " e.rule_set_hash, e.command_id, e.facts, e.previous_hash, e.hash"
)
"""Everything an event is; ``e`` is ``events``."""


def link_content(row: Any) -> dict[str, Any]:
    """What `models.record.write.chain` hashed after the previous event's hash."""
    content = {
        "stream_id": row.stream_id,
        "number": row.number,
        "kind": row.kind,
        "at": row.at.astimezone(UTC),
        "actor_id": row.actor_id,
        "actor_role": row.actor_role,
        "rule_id": row.rule_id,
        "citation": row.citation,
        "rule_set_hash": row.rule_set_hash,
        "facts": row.facts,
    }
    if row.on_behalf_of is not None:
        content |= {"on_behalf_of": row.on_behalf_of, "delegation_id": row.delegation_id}
    return content


def link_hash(row: Any) -> str:
    """The hash the event should have, from what it says and from the previous hash it names."""
    return event_hash(row.previous_hash, link_content(row))


def leaf_content(row: Any) -> bytes:
    """The leaf: canonical JSON (RFC 8785) of the link's hash and of what the link does not cover.

    Written out, because it is made for every event and checked for every event: all values are ids, numbers
    and hashes, and the keys stand in the order of the canonical form.
    """
    return (
        f'{{"agency_id":{_id(row.agency_id)},"authority_id":{_id(row.authority_id)},'
        f'"command_id":{_id(row.command_id)},"hash":{json.dumps(row.hash)},"number":{row.number},'
        f'"position":{row.position},"profile_id":{_id(row.profile_id)},"stream_id":{_id(row.stream_id)}}}'
    ).encode()


def leaf_of(row: Any) -> bytes:
    """The event's hash in the log."""
    return leaf_hash(leaf_content(row))


def _id(value: UUID | None) -> str:
    return "null" if value is None else f'"{value}"'
