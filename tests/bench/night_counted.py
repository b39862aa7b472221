"""What became of deadlines, counted from the rows beside a list of everybody who was due.

Nothing of ours is asked: the instants are those at which PostgreSQL committed each row, whatever the row
itself says of its time (``track_commit_timestamp``); the counting is one loop over the list.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from tests.bench.report import Figure
from tests.bench.stage import Stage

COMMIT_TIMES: Mapping[str, str] = {"track_commit_timestamp": "on"}
"""What PostgreSQL must be started with."""
Told = tuple[str, str | None, UUID]
"""Whom a notice tells: its kind, the post (none: an account of one person's), the agency."""
_DUTIES = (
    "SELECT profile_id, ladder_step, pg_xact_commit_timestamp(xmin) FROM duties WHERE profile_id = ANY (%s)"
)
_NOTICES = (
    "SELECT profile_id, kind, role, agency_id, pg_xact_commit_timestamp(xmin) FROM notices"
    " WHERE profile_id = ANY (%s)"
)


@dataclass(frozen=True, slots=True)
class Due:
    """One line of the list: who, when, on which rung the duty then stands, and whom one wake tells."""

    profile: UUID
    at: datetime
    rung: int
    told: Counter[Told]


@dataclass(frozen=True, slots=True)
class Counted:
    """How many of the list; a profile is counted once however often something befell it."""

    listed: int
    early: int
    """Something of theirs was committed before it was due."""
    twice: int
    """They climbed more rungs, or somebody was told more often, than one wake does."""
    missing: int
    """They climbed no rung, or somebody was not told."""
    told: int
    """Notices in all."""
    latest: float
    """Seconds after it was due at which the last of all was committed."""


def told(built: Stage, profiles: Sequence[UUID]) -> dict[UUID, Counter[Told]]:
    """Whom the notices about each of them tell, and how often."""
    found: dict[UUID, Counter[Told]] = defaultdict(Counter)
    for profile, kind, role, agency, _ in _rows(built, _NOTICES, profiles):
        found[profile][kind, role, agency] += 1
    return found


def count(built: Stage, listed: Sequence[Due]) -> Counted:
    """Go through the list and look at each one's rows."""
    profiles = [one.profile for one in listed]
    rungs: dict[UUID, list[int]] = defaultdict(list)
    instants: dict[UUID, list[datetime]] = defaultdict(list)
    notices: dict[UUID, Counter[Told]] = defaultdict(Counter)
    for profile, rung, at in _rows(built, _DUTIES, profiles):
        rungs[profile].append(rung)
        if rung:  # else it is as it was laid down before
            instants[profile].append(at)
    for profile, kind, role, agency, at in _rows(built, _NOTICES, profiles):
        notices[profile][kind, role, agency] += 1
        instants[profile].append(at)
    early = twice = missing = 0
    for one in listed:
        climbed, heard = rungs[one.profile], notices[one.profile]
        early += any(at < one.at for at in instants[one.profile])
        twice += len(climbed) > 1 or any(rung > one.rung for rung in climbed) or bool(heard - one.told)
        missing += max(climbed, default=0) < one.rung or bool(one.told - heard)
    latest = max(((at - one.at).total_seconds() for one in listed for at in instants[one.profile]), default=0)
    return Counted(len(listed), early, twice, missing, sum(n.total() for n in notices.values()), latest)


def figures(what: str, counted: Counted) -> list[Figure]:
    """None early, none twice, none missing: each a figure."""
    sizes = (
        f"{counted.listed} on the list, {counted.told} notices; the last {counted.latest:.1f} s after it was"
        " due; by the instants at which PostgreSQL committed"
    )
    return [
        Figure(f"{what} early", counted.early, "", 0, sizes=sizes),
        Figure(f"{what} twice", counted.twice, "", 0),
        Figure(f"{what} missing", counted.missing, "", 0),
    ]


def _rows(built: Stage, query: str, profiles: Sequence[UUID]) -> list[tuple[Any, ...]]:
    with psycopg.connect(built.superuser, autocommit=True) as connection:
        return connection.execute(query, [list(profiles)]).fetchall()  # type: ignore[call-overload, no-any-return] # text of this file
