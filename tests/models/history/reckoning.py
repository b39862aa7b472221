"""The history reckoned again by nobody's help: leaves, roots and links from the definitions."""

import hashlib
from datetime import UTC
from typing import Any

import rfc8785


def text_of(value: Any) -> str | None:
    return None if value is None else str(value)


def leaf(row: Any) -> bytes:
    content = {
        "authority_id": str(row.authority_id),
        "stream_id": str(row.stream_id),
        "number": row.number,
        "position": row.position,
        "profile_id": text_of(row.profile_id),
        "agency_id": str(row.agency_id),
        "command_id": text_of(row.command_id),
        "hash": row.hash,
    }
    return hashlib.sha256(b"\x00" + rfc8785.dumps(content)).digest()


def link(row: Any) -> str:
    content = {
        "stream_id": str(row.stream_id),
        "number": row.number,
        "kind": row.kind,
        "at": row.at.astimezone(UTC).isoformat(),
        "actor_id": text_of(row.actor_id),
        "actor_role": row.actor_role,
        "rule_id": row.rule_id,
        "citation": row.citation,
        "rule_set_hash": row.rule_set_hash,
        "facts": row.facts,
    }
    if row.on_behalf_of is not None:
        content |= {"on_behalf_of": str(row.on_behalf_of), "delegation_id": text_of(row.delegation_id)}
    return hashlib.sha256(row.previous_hash.encode() + rfc8785.dumps(content)).hexdigest()


def mth(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962 over leaf hashes."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + mth(leaves[:split]) + mth(leaves[split:])).digest()
