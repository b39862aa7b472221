"""The rows of scenes, past triggers and policies: as they lie in the database whoever asks."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg import sql

from tests.models.access.scenes import ACCOUNT, AGENCY, OTHER, Giver, Scene

NOW = datetime(2026, 3, 2, 3, tzinfo=UTC)
STRANGER = 99
"""Number of an account that is nobody's here."""
Row = dict[str, Any]


def token_of(scene: Scene) -> str:
    """What the asker's session is found by."""
    return sha256(scene.authority.bytes).hexdigest()


def write(superuser: "psycopg.Connection[Any]", scenes: Iterable[Scene]) -> None:
    """Every row of some scenes, a statement for each table."""
    tables: dict[str, list[Row]] = {}
    for scene in scenes:
        for table, row in rows_of(scene):
            tables.setdefault(table, []).append({"authority_id": scene.authority, **row})
    superuser.execute("SET session_replication_role = replica")
    for table, rows in tables.items():
        columns = sql.SQL(", ").join(map(sql.Identifier, rows[0]))
        statement = sql.SQL(
            "INSERT INTO {table} ({columns})"
            " SELECT {columns} FROM jsonb_populate_recordset(NULL::{table}, %s)"
        ).format(table=sql.Identifier(table), columns=columns)
        superuser.execute(statement, [json.dumps(rows, default=str)])


def rows_of(scene: Scene) -> Iterator[tuple[str, Row]]:
    """Table and row, without the authority's id."""
    yield "authorities", {
        "code": str(scene.authority), "name": "x", "regulation": "hanoi", "national_code": "H",
        "installed_on": "2025-01-01",
    }  # fmt: skip
    yield from _tree(scene)
    for number in range(len(scene.people)):
        yield from _person(scene, number)
    yield from _asker(scene)
    for number, giver in enumerate(scene.givers):
        yield from _giver(scene, number, giver)
    for number in range(len(scene.loans)):
        yield "delegations", _loan(scene, number)
    for consent in range(len(scene.consents)):
        yield "access_consents", _consent(scene, consent)


def _tree(scene: Scene) -> Iterator[tuple[str, Row]]:
    for unit, parent in enumerate(scene.parents):
        agency = scene.id(AGENCY, unit)
        yield "agencies", {
            "id": agency, "code": agency, "name": "x", "kind": "unit", "has_account": True,
            "parent_id": scene.id(AGENCY, parent) if parent is not None else None,
            "valid_from": "2025-01-01",
        }  # fmt: skip
        for depth, above in enumerate(scene.above(unit)):
            yield "agency_lines", {
                "ancestor_id": scene.id(AGENCY, above), "descendant_id": agency, "depth": depth,
                "valid_from": "2025-01-01",
            }  # fmt: skip


def _person(scene: Scene, number: int) -> Iterator[tuple[str, Row]]:
    person, file = scene.people[number], scene.person(number)
    agency = scene.id(AGENCY, person.unit)
    about = {"profile_id": file, "agency_id": agency}
    case = uuid4()
    yield "profiles", {
        "id": file, "agency_id": agency, "category": "civil_servant", "full_name": "x", "version": 1,
        "id_number_index": f"\\x{file.hex}", "chapter": "archive" if person.archived else "service",
        "status": "working", "revision_number": 1, "foretold": [], "last_event": 0, "last_hash": "0",
        "created_at": NOW, "case_id": case if person.move and not person.move.over else None,
        "merged_into": scene.person(person.merged_into) if person.merged_into is not None else None,
    }  # fmt: skip
    yield "custody", {"id": uuid4(), **about, "starts_on": "2025-01-01"}
    yield "revisions", {
        "id": uuid4(), "profile_id": file, "number": 1, "form_version": "tt06_2023", "content": {},
        "sealed": "\\x", "key_id": "k", "digest": "0", "state": "approved", "author_id": file,
        "evidence": [], "saved_at": NOW,
    }  # fmt: skip
    yield "duties", {
        "id": uuid4(), **about, "slot": "s", "party": "person", "rule_id": "r", "citation": "c",
        "rule_set_hash": "0", "calendar_hash": "0", "event_on": "2026-03-01", "state": "open", "facts": {},
        "opened_at": NOW, "late_days": 0, "ladder_step": 0,
    }  # fmt: skip
    yield "events", {
        "stream_id": file, "number": 1, **about, "kind": "k", "at": NOW, "actor_role": "system",
        "rule_set_hash": "0", "facts": {}, "previous_hash": "0", "hash": "0",
    }  # fmt: skip
    yield "notices", {
        "id": uuid4(), **about, "role": "hr_officer", "kind": "k", "facts": {}, "created_at": NOW,
    }  # fmt: skip
    yield "attachments", {
        "id": uuid4(), "profile_id": file, "sha256": "0", "size": 1, "media_type": "x/y", "kind": "evidence",
        "uploaded_by": file, "uploaded_at": NOW,
    }  # fmt: skip
    yield "national_records", {
        "id": uuid4(), "profile_id": file, "command_id": uuid4(), "asked_by": file, "fetched_at": NOW,
        "state": "fetched", "form_version": "f", "mapping": "m", "national_id": file, "held_by": "",
        "status": "s", "revision_digest": "0", "sealed": "\\x", "key_id": "k", "filled": [], "kept": [],
        "unfit": [],
    }  # fmt: skip
    yield "national_proposals", {
        "id": uuid4(), "profile_id": file, "revision_id": file, "state": "open", "form_version": "f",
        "fields": [], "sealed": "\\x", "key_id": "k", "found_at": NOW,
    }  # fmt: skip
    if person.move:
        yield "cases", {
            "id": case, "kind": "transfer", "profile_id": file, "from_agency_id": agency,
            "to_agency_id": scene.id(AGENCY, person.move.unit), "mode": "x", "document": "d",
            "effective_on": "2026-03-01", "state": person.move.state, "version": 1, "facts": {},
            "opened_at": NOW, "closed_at": NOW if person.move.over else None,
        }  # fmt: skip
    if person.stay:
        stay = person.stay
        yield "shares", {
            "id": uuid4(), "profile_id": file, "kind": "secondment", "from_agency_id": agency,
            "agency_id": scene.id(AGENCY, stay.unit), "starts_on": stay.begins, "ends_on": stay.ends,
            "document": "d", "state": stay.state, "warned": 0, "next_on": stay.ends, "opened_at": NOW,
            "ended_at": NOW if stay.state == "ended" else None,
        }  # fmt: skip


def _account(scene: Scene, number: int, **more: Any) -> Row:
    account = scene.id(ACCOUNT, number)
    return {
        "id": account, "kind": "agency", "login": account, "display_name": "x", "password_hash": "x",
        "state": "active", "profile_id": None, "agency_id": scene.id(AGENCY, 0), "created_at": NOW,
        "suspended_at": None, "failed_logins": 0, **more,
    }  # fmt: skip


def _roles(scene: Scene, number: int, held: Iterable[Any]) -> Iterator[tuple[str, Row]]:
    for one in held:
        yield "grants", {
            "id": uuid4(), "account_id": scene.id(ACCOUNT, number), "agency_id": scene.id(AGENCY, one.unit),
            "role": one.role, "valid_from": one.begins, "valid_to": one.ends, "level": one.level,
        }  # fmt: skip


def _asker(scene: Scene) -> Iterator[tuple[str, Row]]:
    own = scene.person(scene.own) if scene.own is not None else None
    kind = "personal" if scene.personal else "agency"
    yield "accounts", _account(scene, 0, kind=kind, profile_id=own)
    yield from _roles(scene, 0, scene.grants)
    yield "sessions", {
        "token_hash": token_of(scene), "id": uuid4(), "account_id": scene.id(ACCOUNT, 0), "created_at": NOW,
        "expires_at": NOW + timedelta(hours=8), "must_change": False,
    }  # fmt: skip


def _giver(scene: Scene, number: int, giver: Giver) -> Iterator[tuple[str, Row]]:
    suspended = NOW if giver.suspended else None
    holder = scene.id(OTHER, number)
    yield (
        "accounts",
        _account(scene, number + 1, state=giver.state, suspended_at=suspended, profile_id=holder),
    )
    yield from _roles(scene, number + 1, giver.roles)


def _holder(scene: Scene, number: int) -> UUID:
    """Who held a giver's account when it lent: somebody else, where it has changed hands."""
    return scene.id(OTHER, STRANGER if scene.givers[number].person_changed else number)


def _loan(scene: Scene, number: int) -> Row:
    loan = scene.loans[number]
    first = loan.through
    givers = [loan.giver] if first is None else [loan.giver, scene.loans[first].giver]
    return {
        "id": scene.id(OTHER, 200 + number), "delegator_id": scene.id(ACCOUNT, loan.giver + 1),
        "delegator_profile_id": _holder(scene, loan.giver),
        "delegate_id": scene.id(ACCOUNT, 0 if loan.to is None else loan.to + 1),
        "delegate_profile_id": None if loan.to is None else _holder(scene, loan.to),
        "what": loan.what, "agency_id": scene.id(AGENCY, loan.unit), "role": "head",
        "through": scene.id(OTHER, 200 + first) if first is not None else None,
        "parties": [scene.id(ACCOUNT, one + 1) for one in givers], "valid_from": loan.begins,
        "valid_to": loan.ends, "document": "d", "state": loan.state, "warned": False,
        "ended_at": NOW if loan.state == "ended" else None, "rule_set_hash": "0", "version": 1,
        "created_at": NOW,
    }  # fmt: skip


def _consent(scene: Scene, number: int) -> Row:
    consent = scene.consents[number]
    return {
        "id": scene.id(OTHER, 300 + number), "profile_id": scene.person(consent.person),
        "account_id": scene.id(ACCOUNT, 0 if consent.to_asker else STRANGER), "kind": consent.kind,
        "state": consent.state, "purpose": "x", "document": "d", "level": consent.level,
        "starts_on": consent.begins, "ends_on": consent.ends, "asked_by": scene.id(ACCOUNT, STRANGER),
        "asked_at": NOW, "ended_at": NOW if consent.state == "ended" else None, "rule_id": "r",
        "citation": "c",
    }  # fmt: skip
