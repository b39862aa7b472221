"""Agencies as an import or a reorganisation wants them: compared, written, and their closure recomputed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.organisation.closure import changes, circles, closure
from models.identifiers import new_id
from models.tables import AgencyClosureRow, AgencyRow

Verdict = Literal["create", "update", "same", "conflict"]


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency as it stands; ``ended`` when its code belongs to one that exists no longer."""

    id: UUID
    code: str
    name: str
    kind: str
    parent_id: UUID | None
    has_account: bool
    ended: bool = False
    standing: str | None = None
    """``constituent`` (thuộc) or ``subordinate`` (trực thuộc); none where nobody said it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An agency as it should stand; the parent is named by code."""

    code: str
    name: str
    kind: str
    parent_code: str | None
    has_account: bool
    standing: str | None = None
    """None leaves it as it is."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What would become of one wanted agency. ``problem``: unknown-parent, agency-ended, agency-cycle or what
    the caller refused it for."""

    wanted: Wanted
    verdict: Verdict
    agency: Agency | None = None
    problem: str = ""


_AGENCIES = text(
    "SELECT id, code, name, kind, parent_id, has_account, valid_to IS NOT NULL AS ended, standing"
    " FROM agencies"
)
_UPDATE = text(
    "UPDATE agencies SET name = :name, kind = :kind, parent_id = :parent, has_account = :has,"
    " standing = :standing WHERE id = :id"
)
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('agencies/' || :authority, 0))")
_PARENTS = text("SELECT id, parent_id FROM agencies WHERE valid_to IS NULL")
_OPEN = text("SELECT ancestor_id, descendant_id, depth FROM agency_lines WHERE valid_to IS NULL")
_END = text(
    "UPDATE agency_lines SET valid_to = :on"
    " WHERE ancestor_id = :up AND descendant_id = :down AND valid_to IS NULL"
)


async def load_agencies(connection: AsyncConnection) -> dict[str, Agency]:
    """All agencies of the authority by code."""
    return {row.code: Agency(*row) for row in await connection.execute(_AGENCIES)}


def judge_agencies(
    known: Mapping[str, Agency], wanted: Sequence[Wanted], refused: Mapping[str, str] | None = None
) -> dict[str, Judged]:
    """Compare, by code. What stands under a refused agency is refused with it; ids are made for new ones.

    ``refused``: codes that are refused whatever they say, with the problem.
    """
    standing = {code: one.id for code, one in known.items() if not one.ended}
    ids = standing | {one.code: new_id() for one in wanted if one.code not in known}
    problems = {one.code: "agency-ended" for one in wanted if one.code in known and known[one.code].ended}
    problems |= refused or {}
    spread = True
    while spread:  # a refusal takes along what stands below, however deep
        along = [
            one.code
            for one in wanted
            if one.code not in problems
            and one.parent_code is not None
            and (
                one.parent_code not in ids
                or (one.parent_code in problems and one.parent_code not in standing)
            )
        ]
        problems |= dict.fromkeys(along, "unknown-parent")
        spread = bool(along)
    kept = [one for one in wanted if one.code not in problems]
    problems |= _round(standing, known, kept, ids)
    return {one.code: _judged(one, known.get(one.code), ids, problems.get(one.code, "")) for one in wanted}


def _round(
    standing: Mapping[str, UUID], known: Mapping[str, Agency], kept: Iterable[Wanted], ids: Mapping[str, UUID]
) -> dict[str, str]:
    parents = {known[code].id: known[code].parent_id for code in standing}
    codes: dict[UUID, str] = {}
    for one in kept:
        codes[ids[one.code]] = one.code
        parents[ids[one.code]] = ids[one.parent_code] if one.parent_code is not None else None
    return {codes[agency]: "agency-cycle" for agency in circles(parents) if agency in codes}


def _judged(wanted: Wanted, known: Agency | None, ids: Mapping[str, UUID], problem: str) -> Judged:
    if problem:
        return Judged(wanted, "conflict", known, problem)
    agency = Agency(
        id=ids[wanted.code],
        code=wanted.code,
        name=wanted.name,
        kind=wanted.kind,
        parent_id=ids[wanted.parent_code] if wanted.parent_code is not None else None,
        has_account=wanted.has_account,
        standing=wanted.standing or (known.standing if known is not None else None),
    )
    if known is None:
        return Judged(wanted, "create", agency)
    return Judged(wanted, "same" if replace(known, ended=False) == agency else "update", agency)


async def write_agencies(
    connection: AsyncConnection, authority_id: UUID, judged: Iterable[Judged], on: date
) -> None:
    """Write what is new or changed, and recompute the closure from ``on``."""
    created: list[dict[str, object]] = []
    updated: list[dict[str, object]] = []
    for one in judged:
        agency = one.agency
        if agency is None:
            continue
        if one.verdict == "create":
            created.append(
                {
                    "id": agency.id,
                    "authority_id": authority_id,
                    "code": agency.code,
                    "name": agency.name,
                    "kind": agency.kind,
                    "parent_id": agency.parent_id,
                    "has_account": agency.has_account,
                    "standing": agency.standing,
                    "valid_from": on,
                }
            )
        elif one.verdict == "update":
            updated.append(
                {
                    "id": agency.id,
                    "name": agency.name,
                    "kind": agency.kind,
                    "parent": agency.parent_id,
                    "has": agency.has_account,
                    "standing": agency.standing,
                }
            )
    if created:
        # Parents before children: each row must find the one above it.
        depths = _depths({row["id"]: row["parent_id"] for row in created})
        created.sort(key=lambda row: depths[row["id"]])
        await connection.execute(insert(AgencyRow), created)
    if updated:
        await connection.execute(_UPDATE, updated)
    if created or updated:
        await recompute_closure(connection, authority_id, on)


def _depths(parents: Mapping[object, object]) -> dict[object, int]:
    depths: dict[object, int] = {}
    for agency in parents:
        above, depth = parents[agency], 0
        while above in parents:
            above, depth = parents[above], depth + 1
        depths[agency] = depth
    return depths


async def recompute_closure(connection: AsyncConnection, authority_id: UUID, on: date) -> int:
    """Make the open rows say what the parent links say, from ``on``; answers how many rows changed.

    Raises:
        CircleError: the parent links go round; nothing is written.
    """
    await connection.execute(_LOCK, {"authority": str(authority_id)})
    parents = {row.id: row.parent_id for row in await connection.execute(_PARENTS)}
    # An agency whose parent has ended stands at the top until somebody says otherwise.
    standing = {agency: above if above in parents else None for agency, above in parents.items()}
    known = {(row.ancestor_id, row.descendant_id): row.depth for row in await connection.execute(_OPEN)}
    found = changes(known, closure(standing))
    if found.ended:
        await connection.execute(_END, [{"up": up, "down": down, "on": on} for up, down in found.ended])
    if found.begun:
        row = upsert(AgencyClosureRow)
        again = row.on_conflict_do_update(
            index_elements=["ancestor_id", "descendant_id", "valid_from"],
            set_={"depth": row.excluded.depth, "valid_to": None},
        )
        await connection.execute(
            again,
            [
                {
                    "authority_id": authority_id,
                    "ancestor_id": up,
                    "descendant_id": down,
                    "valid_from": on,
                    "depth": depth,
                }
                for (up, down), depth in found.begun.items()
            ],
        )
    return len(found.ended) + len(found.begun)
