"""Agencies as a workbook wants them: compared, and written as operations on the dated tree."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.organisation.closure import circles
from models.identifiers import new_id
from models.lifecycle.tree import State, Tree, TreeError
from models.lifecycle.tree_changes import Change, Create, Operation, apply
from models.record.tree import keep_tree, locked_tree, plain
from models.tables import AgencyChangeRow

Verdict = Literal["create", "update", "same", "conflict"]
COMPARED = ("name", "kind", "parent_id", "has_account", "standing")


@dataclass(frozen=True, slots=True)
class Warrant:
    """From which day, on which document, by whom and when recorded."""

    on: date
    document: str
    actor_id: UUID | None
    at: datetime


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
    the caller refused it for; or a code of ``TreeError``: another day does not bear it."""

    wanted: Wanted
    verdict: Verdict
    agency: Agency | None = None
    problem: str = ""


# An ended agency keeps its code as long as nobody else has it.
_AGENCIES = text(
    "SELECT agency_id, code, name, kind, parent_id, has_account, ended, standing FROM agency_spans"
    " WHERE valid_from <= hoso_today() AND (valid_to IS NULL OR valid_to > hoso_today())"
    " ORDER BY ended DESC"
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


def bearable(tree: Tree, judged: Mapping[str, Judged], on: date) -> tuple[dict[str, Judged], Tree]:
    """The verdicts with what the tree does not bear, on this day or one to come, made conflicts; and the tree
    that the rest leads to."""
    found = dict(judged)
    while True:
        asked = [(code, _operation(one, tree, on)) for code, one in found.items()]
        done = [(code, one) for code, one in asked if one is not None]
        try:
            # What a stock of before calls its agencies is taken as it comes.
            return found, apply(tree, [one for _, one in done], coded=False)
        except TreeError as error:
            code = done[error.line][0]
            found[code] = Judged(found[code].wanted, "conflict", found[code].agency, error.code)


async def write_agencies(
    connection: AsyncConnection, authority_id: UUID, judged: Mapping[str, Judged], warrant: Warrant
) -> dict[str, Judged]:
    """Write what is new or changed from a day on, as operations on the tree like any other; answers the
    verdicts as they are then."""
    before = await locked_tree(connection, authority_id)
    settled, after = bearable(before, judged, warrant.on)
    found = [
        one for one in (_operation(one, before, warrant.on) for one in settled.values()) if one is not None
    ]
    await keep_tree(connection, authority_id, before, after, warrant.on)
    if found:
        rows = [
            {
                "id": new_id(),
                "authority_id": authority_id,
                "agency_id": one.agency_id,
                "operation": "imported",
                "effective_on": warrant.on,
                "document": warrant.document,
                "facts": plain(one.fields) if isinstance(one, Change) else {},
                "actor_id": warrant.actor_id,
                "recorded_at": warrant.at,
            }
            for one in found
        ]
        await connection.execute(insert(AgencyChangeRow), rows)
    return settled


def _operation(one: Judged, tree: Tree, on: date) -> Operation | None:
    wanted = one.agency
    if wanted is None or one.verdict not in ("create", "update"):
        return None
    if one.verdict == "create":
        state = State(
            wanted.code, wanted.name, wanted.kind, wanted.parent_id, wanted.has_account, wanted.standing
        )
        return Create(wanted.id, on, state)
    was = tree.state(wanted.id, on)
    values = {name: getattr(wanted, name) for name in COMPARED}
    return Change(wanted.id, on, {n: v for n, v in values.items() if was is None or getattr(was, n) != v})
