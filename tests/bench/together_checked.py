"""The history that many at once have left, read by plain SQL and judged without the product's code.

What is held: at every instant each file has exactly one custodian (its custodies join without gap or
overlap, one of them open, the one its row names; also looked at again and again meanwhile); each client's
answer is the command's row, and what was done stands in the history, what was refused does not; each chain
of events is without a gap and its hashes are right (SHA-256 over RFC 8785); each accepted transfer, and
each plan carried out on its day and approved by another than its authors, is a change of hands, in the
same order, and there is no other; whoever acted held the role in that place on that day, or was lent it by
somebody who did, by a delegation that nobody had been told was over; whoever lent or took back could.
"""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta, timezone
from itertools import pairwise
from typing import Any
from uuid import UUID

import psycopg
import rfc8785
from psycopg.rows import namedtuple_row

HANOI = timezone(timedelta(hours=7))
NEW_SIDE = ("accept_transfer", "refuse_transfer")
MOVES = ("request_transfer", "report_transfer", "hand_over", "withdraw_transfer", *NEW_SIDE)
RIGHTS: dict[str, tuple[str, ...]] = {
    "approve": ("approver", "head"),
    "change_fields": ("hr_officer",),
    "draft_reorganisation": ("department_officer",),
    "approve_reorganisation": ("department_head",),
    "delegate": ("head",),
    "revoke_delegation": ("head",),
} | dict.fromkeys(MOVES, ("hr_officer",))
"""Which roles of the stage may do what, as the regulation it runs on has it (QĐ 6187/QĐ-UBND): a head
lends the right to approve (art. 6.4.c); it is taken back by either side of it, or by a head above."""
EVERYWHERE = ("department_officer", "department_head")
"""Roles that reach the whole authority, wherever they are held."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing asked, as its client knows it."""

    command_id: UUID
    status: int
    code: str
    sent: float
    answered: float
    revoked: UUID | None = None
    """The delegation it took back."""


@dataclass
class Found:
    """What was read, and what is wrong with it."""

    wrong: list[str] = field(default_factory=list)
    events: int = 0
    custody: int = 0
    moves: int = 0
    lent: int = 0


async def watch(url: str, stop: asyncio.Event) -> tuple[int, int]:
    """Look again and again whether every file has one custodian; how often, and how often it was not so."""
    looked = torn = 0
    one = (
        "SELECT count(*) FROM profiles p WHERE (SELECT count(*) FROM custody c WHERE c.profile_id = p.id"
        " AND c.ends_on IS NULL AND c.agency_id = p.agency_id) <> 1 OR (SELECT count(*) FROM custody c"
        " WHERE c.profile_id = p.id AND c.ends_on IS NULL) <> 1"
    )
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        while not stop.is_set():
            row = await (await connection.execute(one)).fetchone()
            looked, torn = looked + 1, torn + (row[0] if row else 1)
            await asyncio.sleep(0.2)
    return looked, torn


def check(url: str, seen: Sequence[Seen]) -> Found:
    """Judge everything; each violation is a line."""
    with psycopg.connect(url) as connection:
        return _judged(connection, seen)


def _judged(connection: psycopg.Connection[Any], seen: Sequence[Seen]) -> Found:
    found = Found()

    def rows(query: str) -> list[Any]:
        with connection.cursor(row_factory=namedtuple_row) as cursor:
            return cursor.execute(query).fetchall()

    events = rows("SELECT * FROM events ORDER BY stream_id, number")
    commands = {row.id: row for row in rows("SELECT * FROM commands")}
    custody = rows("SELECT * FROM custody ORDER BY profile_id, starts_on, ends_on NULLS LAST")
    profiles = {row.id: row for row in rows("SELECT * FROM profiles")}
    cases = {row.id: row for row in rows("SELECT * FROM cases")}
    lent = {row.id: row for row in rows("SELECT * FROM delegations")}
    grants = rows("SELECT * FROM grants")
    above = rows("SELECT * FROM agency_lines")
    plans = {row.id: row for row in rows("SELECT * FROM reorganisations")}
    approved = rows("SELECT id, profile_id, state FROM revisions WHERE state = 'approved'")
    found.events, found.custody, found.lent = len(events), len(custody), len(lent)
    held = _custody(found, custody, profiles)
    chains = _chains(found, events, profiles)
    _answers(found, seen, commands, events)
    _moves(found, chains, held, cases, plans)
    _plans(found, plans)
    _approved(found, approved, profiles)
    places: Places = defaultdict(list)
    for row in above:
        places[row.descendant_id].append(row)
    _authority(found, events, commands, cases, lent, grants, places, seen)
    return found


Places = dict[UUID, list[Any]]
"""The lines of the tree above each unit, with their days."""


def _above(places: Places, unit: UUID, day: date) -> set[UUID]:
    """The agencies at or above a unit on a day; on the day a plan is carried out, before it and after it."""
    return {
        row.ancestor_id
        for row in places[unit]
        if row.valid_from <= day and (row.valid_to is None or day <= row.valid_to)
    }


PLANTED = (
    "UPDATE custody SET starts_on = starts_on + 1, follows = follows + 1 WHERE id ="
    " (SELECT id FROM custody WHERE follows IS NOT NULL AND ends_on IS NULL LIMIT 1)",
    "UPDATE profiles SET agency_id = (SELECT id FROM agencies a WHERE a.id <> profiles.agency_id LIMIT 1)"
    " WHERE id = (SELECT id FROM profiles LIMIT 1)",
    "UPDATE events SET facts = facts || jsonb_build_object('x', 1) WHERE position ="
    " (SELECT max(position) FROM events)",
    "UPDATE commands SET status = 599 WHERE id = (SELECT command_id FROM events WHERE command_id IS NOT NULL"
    " LIMIT 1)",
    "UPDATE grants SET valid_to = valid_from WHERE role = 'hr_officer'",
    "UPDATE delegations SET delegator_id = (SELECT account_id FROM grants WHERE role = 'department_officer')"
    " WHERE id = (SELECT d.id FROM delegations d WHERE NOT EXISTS (SELECT 1 FROM events e"
    "   WHERE e.delegation_id = d.id) LIMIT 1)",
    "UPDATE reorganisations SET effective_on = effective_on + 300 WHERE begun_at IS NOT NULL",
)
"""Each spoils the history in another way."""
KINDS = len(PLANTED)


def plant(url: str, seen: Sequence[Seen]) -> int:
    """How many of these the checker finds, each planted alone and taken out again."""
    found = 0
    for statement in PLANTED:
        with psycopg.connect(url) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute(statement)
            found += bool(_judged(connection, seen).wrong)
            connection.rollback()
    return found


def _custody(found: Found, rows: Sequence[Any], profiles: dict[UUID, Any]) -> dict[UUID, list[Any]]:
    held: dict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        held[row.profile_id].append(row)
    for profile_id, profile in profiles.items():
        mine = held[profile_id]
        if [row.ends_on is None for row in mine] != [False] * (len(mine) - 1) + [True]:
            found.wrong.append(f"{profile_id}: not exactly one custody is open, the last")
        elif mine[-1].agency_id != profile.agency_id:
            found.wrong.append(f"{profile_id}: its row names another custodian")
        for before, after in pairwise(mine):
            if before.ends_on != after.starts_on or after.follows != before.ends_on:
                found.wrong.append(f"{profile_id}: a gap or an overlap at {after.starts_on}")
    return held


def _chains(found: Found, events: Sequence[Any], profiles: dict[UUID, Any]) -> dict[UUID, list[Any]]:
    chains: dict[UUID, list[Any]] = defaultdict(list)
    for event in events:
        chains[event.stream_id].append(event)
    for stream, chain in chains.items():
        last = "0" * 64
        for number, event in enumerate(chain, start=1):
            if event.number != number or event.previous_hash != last or event.hash != _hash(event):
                found.wrong.append(f"{stream}: its chain is broken at {event.number}")
                break
            last = event.hash
        profile = profiles.get(stream)
        if profile is not None and (profile.last_event, profile.last_hash) != (len(chain), last):
            found.wrong.append(f"{stream}: its row knows another end of its chain")
    return chains


def _hash(event: Any) -> str:
    content = {
        "stream_id": str(event.stream_id),
        "number": event.number,
        "kind": event.kind,
        "at": event.at.astimezone(timezone.utc).isoformat(),  # noqa: UP017 — the spelling is the hash's, not ours
        "actor_id": str(event.actor_id) if event.actor_id else None,
        "actor_role": event.actor_role,
        "rule_id": event.rule_id,
        "citation": event.citation,
        "rule_set_hash": event.rule_set_hash,
        "facts": event.facts,
    }
    if event.on_behalf_of is not None:
        content["on_behalf_of"] = str(event.on_behalf_of)
        content["delegation_id"] = str(event.delegation_id) if event.delegation_id else None
    return hashlib.sha256(event.previous_hash.encode() + rfc8785.dumps(content)).hexdigest()


def _answers(found: Found, seen: Sequence[Seen], commands: dict[UUID, Any], events: Sequence[Any]) -> None:
    told = defaultdict(list)
    for event in events:
        if event.command_id is not None:
            told[event.command_id].append(event)
    for one in seen:
        row = commands.get(one.command_id)
        if row is None or (row.status or 202) != one.status:
            found.wrong.append(f"{one.command_id}: its row does not say what its client was told")
        elif one.status >= 400 and told[one.command_id] and row.verb != "approve":
            found.wrong.append(f"{one.command_id}: refused, and yet something happened")
        elif one.status < 400 and not told[one.command_id]:
            found.wrong.append(f"{one.command_id}: done, and nothing is told of it")


def _moves(
    found: Found,
    chains: dict[UUID, list[Any]],
    held: dict[UUID, list[Any]],
    cases: dict[UUID, Any],
    plans: dict[UUID, Any],
) -> None:
    for profile_id, mine in held.items():
        links: list[tuple[UUID | None, UUID | None, date]] = [(None, None, mine[0].starts_on)]
        for event in chains.get(profile_id, ()):
            day = event.at.astimezone(HANOI).date()
            if event.kind in ("transfer.accepted", "transfer.within"):
                case = cases[UUID(event.facts["case"])]
                if case.state == "accepted":
                    found.moves += 1
                    links.append((case.id, case.to_agency_id, day))
            elif event.kind == "profile.reorganised":
                plan = plans[UUID(event.facts["reorganisation"])]
                if plan.begun_at is None or day < plan.effective_on:
                    found.wrong.append(f"{profile_id}: moved by a plan before its day")
                on = plan.effective_on
                if links[-1][2] >= on:  # who came on the very day has come to the heir
                    on = links.pop()[2]
                links.append((plan.id, UUID(event.facts["to_agency"]), on))
        moved = [(row.case_id, row.agency_id) for row in mine]
        wanted = [(case_id, agency) for case_id, agency, _ in links]
        if wanted[0] == (None, None):
            wanted[0] = moved[0]
        if moved != wanted:
            found.wrong.append(f"{profile_id}: changes of hands are not its accepted transfers and plans")


def _plans(found: Found, plans: dict[UUID, Any]) -> None:
    for plan in plans.values():
        if plan.begun_at is None:
            continue
        early = plan.begun_at.astimezone(HANOI).date() < plan.effective_on
        if early or plan.approver_id is None or plan.approver_id in plan.authors:
            found.wrong.append(f"{plan.id}: begun before its day, or without another's approval")


def _approved(found: Found, approved: Sequence[Any], profiles: dict[UUID, Any]) -> None:
    mine = defaultdict(list)
    for row in approved:
        mine[row.profile_id].append(row.id)
    for profile_id, profile in profiles.items():
        if mine[profile_id] != [profile.approved_revision_id]:
            found.wrong.append(f"{profile_id}: not exactly one revision stands approved")


def _authority(
    found: Found,
    events: Sequence[Any],
    commands: dict[UUID, Any],
    cases: dict[UUID, Any],
    lent: dict[UUID, Any],
    grants: Sequence[Any],
    places: Places,
    seen: Sequence[Seen],
) -> None:
    asked = {one.command_id: one for one in seen}
    over = {one.revoked: one.answered for one in seen if one.revoked and one.status < 400}
    for event in events:
        command = commands.get(event.command_id)
        one = asked.get(event.command_id)
        if command is None or one is None or command.verb not in RIGHTS:
            continue
        place = event.agency_id
        if command.verb in NEW_SIDE:
            place = cases[command.subject_id].to_agency_id
        if command.subject_id in lent:
            place = _lent_for(found, event, lent[command.subject_id])
            if place is None:
                continue
        whose, day = event.on_behalf_of or event.actor_id, event.at.astimezone(HANOI).date()
        if event.actor_role not in RIGHTS[command.verb]:
            found.wrong.append(f"{event.command_id}: {command.verb} as {event.actor_role}")
        elif not any(
            g.account_id == whose
            and g.role == event.actor_role
            and (g.role in EVERYWHERE or g.agency_id in _above(places, place, day))
            and g.valid_from <= day
            and (g.valid_to is None or day < g.valid_to)
            for g in grants
        ):
            found.wrong.append(f"{event.command_id}: {command.verb} without the role in that place")
        if event.delegation_id is not None:
            borrowed = lent.get(event.delegation_id)
            _borrowed(found, event, borrowed, _above(places, place, day), day, one, over)


def _lent_for(found: Found, event: Any, lending: Any) -> UUID | None:
    """The part of the tree for which a right was lent, or taken back by one above; none by its two sides."""
    if event.kind == "delegation.given":
        if (lending.delegator_id, str(lending.delegate_id)) != (event.actor_id, event.facts["delegate"]):
            found.wrong.append(f"{event.command_id}: lent in another's name or to another")
        return UUID(event.facts["agency"])
    taken_back_by_a_side = event.actor_id in (lending.delegator_id, lending.delegate_id)
    return None if taken_back_by_a_side else UUID(str(lending.agency_id))


def _borrowed(
    found: Found,
    event: Any,
    lending: Any,
    places: set[UUID],
    day: Any,
    one: Seen,
    over: dict[UUID, float],
) -> None:
    """A right that was lent: to whoever acted, for that place and day, and not known to be taken back."""
    if (
        lending is None
        or (lending.delegator_id, lending.delegate_id) != (event.on_behalf_of, event.actor_id)
        or lending.agency_id not in places
        or not lending.valid_from <= day < lending.valid_to
        or one.sent > over.get(lending.id, float("inf"))
    ):
        found.wrong.append(f"{event.command_id}: by a delegation that did not carry it")
