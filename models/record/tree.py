"""The dated tree of agencies between its rows and its value: read whole, kept whole, checked (R26).

Who changes the tree holds its lock, reads it, has ``models.lifecycle.tree_changes`` make another of it and
keeps that one: spans, the closure of everything at or below what was touched, and the row of each agency as
it stands today, which lists and keys of other tables go by. A change of a day to come needs nobody on that
day: whoever reads asks by date.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.lifecycle.tree import Link, Span, State, Tree
from models.lifecycle.tree_lines import Line, lines
from models.tables import AgencyClosureRow, AgencyRow, AgencySpanRow

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('agencies/' || :authority, 0))")
_KEPT = text("SELECT set_config('hoso.tree', 'kept', true)")
_WRITTEN = text("SELECT set_config('hoso.tree', '', true)")
_SPANS = text(
    "SELECT agency_id, valid_from, valid_to, code, name, kind, parent_id, has_account, standing, legacy_code,"
    " ended FROM agency_spans ORDER BY agency_id, valid_from"
)
_LINKS = text(
    "SELECT predecessor_id, successor_id, effective_on, kind FROM agency_links ORDER BY effective_on, id"
)
_LINES = text(
    "SELECT ancestor_id, descendant_id, valid_from, valid_to, depth FROM agency_lines"
    " WHERE CAST(:of AS uuid[]) IS NULL OR descendant_id = ANY (CAST(:of AS uuid[]))"
)
_LINE_GONE = text(
    "DELETE FROM agency_lines WHERE ancestor_id = :up AND descendant_id = :down AND valid_from = :since"
)
_SPANS_GONE = text("DELETE FROM agency_spans WHERE agency_id = :agency AND valid_from >= :since")
_SEEN = text(
    "UPDATE authorities SET tree_seen_on = :today WHERE authority_id = :authority"
    " AND (tree_seen_on IS NULL OR tree_seen_on < :today)"
)
_OTHERWISE = (
    "s.agency_id = g.id AND s.valid_from <= :today AND (s.valid_to IS NULL OR s.valid_to > :today)"
    " AND (g.code, g.name, g.kind, g.parent_id, g.has_account, g.standing, g.valid_to IS NOT NULL)"
    " IS DISTINCT FROM (s.code, s.name, s.kind, s.parent_id, s.has_account, s.standing, s.ended)"
)
_BEHIND = text(f"SELECT 1 FROM agencies g, agency_spans s WHERE {_OTHERWISE} LIMIT 1")  # noqa: S608 — no input
_BROUGHT = text(
    "UPDATE agencies g SET code = s.code, name = s.name, kind = s.kind, parent_id = s.parent_id,"  # noqa: S608 — no input
    " has_account = s.has_account, standing = s.standing,"
    " valid_to = CASE WHEN s.ended THEN coalesce(g.valid_to, s.valid_from) END"
    f" FROM agency_spans s WHERE {_OTHERWISE}"
)


@dataclass(frozen=True, slots=True)
class Apart:
    """What the closure says otherwise than the tree: lines that are missing and lines too many."""

    missing: frozenset[Line]
    surplus: frozenset[Line]

    def __bool__(self) -> bool:
        return bool(self.missing or self.surplus)


async def locked_tree(connection: AsyncConnection, authority_id: UUID) -> Tree:
    """The tree, which nobody else changes until this transaction ends."""
    await connection.execute(_LOCK, {"authority": str(authority_id)})
    return await load_tree(connection)


async def load_tree(connection: AsyncConnection) -> Tree:
    """The tree of the authority in scope, all its days."""
    spans: dict[UUID, list[Span]] = {}
    for agency, since, until, *state in await connection.execute(_SPANS):
        spans.setdefault(agency, []).append(Span(since, until, State(*state)))
    links = tuple(Link(*row) for row in await connection.execute(_LINKS))
    return Tree({agency: tuple(found) for agency, found in spans.items()}, links)


async def keep_tree(
    connection: AsyncConnection, authority_id: UUID, before: Tree, after: Tree, today: date
) -> None:
    """Write what ``after`` says otherwise than ``before``; the caller holds the lock.

    Links are the caller's to write, with the document they stand on.
    """
    changed = [one for one, spans in after.spans.items() if before.spans.get(one) != spans]
    if changed:
        await connection.execute(_KEPT)
        await _begin(connection, authority_id, after, [one for one in changed if one not in before.spans])
        await _respan(connection, authority_id, before, after, changed)
        affected = before.ever_below(set(changed)) | after.ever_below(set(changed))
        await _reline(connection, authority_id, after, affected)
        await connection.execute(_SEEN, {"today": today, "authority": authority_id})
    await bring_up(connection, today)


async def bring_up(connection: AsyncConnection, today: date) -> int:
    """Bring the agencies' own rows to a day; answers how many had stood otherwise."""
    await connection.execute(_KEPT)
    found = (await connection.execute(_BROUGHT, {"today": today})).rowcount
    await connection.execute(_WRITTEN)
    return found


async def behind(connection: AsyncConnection, today: date) -> bool:
    """Whether some agency's own row stands otherwise than the agency does today."""
    return (await connection.execute(_BEHIND, {"today": today})).first() is not None


async def _begin(
    connection: AsyncConnection, authority_id: UUID, after: Tree, created: Sequence[UUID]
) -> None:
    """The rows of new agencies, as they are on their first day; the one above is named once all are there."""
    rows = []
    for agency in created:
        first = after.spans[agency][0]
        rows.append(
            {
                "id": agency,
                "authority_id": authority_id,
                "code": first.state.code,
                "name": first.state.name,
                "kind": first.state.kind,
                "parent_id": None,
                "has_account": first.state.has_account,
                "standing": first.state.standing,
                "valid_from": first.since,
            }
        )
    if rows:
        await connection.execute(insert(AgencyRow), rows)


async def _respan(
    connection: AsyncConnection, authority_id: UUID, before: Tree, after: Tree, changed: Sequence[UUID]
) -> None:
    gone: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    for agency in changed:
        was, now = before.spans.get(agency, ()), after.spans[agency]
        pairs = enumerate(zip(was, now, strict=False))
        same = next((n for n, (a, b) in pairs if a != b), min(len(was), len(now)))
        if same < len(was):
            gone.append({"agency": agency, "since": was[same].since})
        rows += [
            _row(authority_id, agency, span, follows=span.since if same + n else None)
            for n, span in enumerate(now[same:])
        ]
    if gone:
        await connection.execute(_SPANS_GONE, gone)
    if rows:
        await connection.execute(insert(AgencySpanRow), rows)


def _row(authority_id: UUID, agency: UUID, span: Span, *, follows: date | None) -> dict[str, Any]:
    state = span.state
    return {
        "agency_id": agency,
        "authority_id": authority_id,
        "valid_from": span.since,
        "valid_to": span.until,
        "follows": follows,
        "code": state.code,
        "name": state.name,
        "kind": state.kind,
        "parent_id": state.parent_id,
        "has_account": state.has_account,
        "standing": state.standing,
        "legacy_code": state.legacy_code,
        "ended": state.ended,
    }


async def _reline(
    connection: AsyncConnection, authority_id: UUID, tree: Tree, agencies: Iterable[UUID] | None
) -> Apart:
    """Make the closure of some agencies, or of all, what the tree says; answers what had been apart."""
    of = None if agencies is None else sorted(agencies)
    found = await connection.execute(_LINES, {"of": of})
    known = frozenset(Line(up, down, since, until, depth) for up, down, since, until, depth in found)
    wanted = lines(tree, of)
    apart = Apart(wanted - known, known - wanted)
    if apart.surplus:
        gone = [{"up": x.ancestor_id, "down": x.descendant_id, "since": x.since} for x in apart.surplus]
        await connection.execute(_LINE_GONE, gone)
    if apart.missing:
        rows = [
            {
                "authority_id": authority_id,
                "ancestor_id": x.ancestor_id,
                "descendant_id": x.descendant_id,
                "valid_from": x.since,
                "valid_to": x.until,
                "depth": x.depth,
            }
            for x in apart.missing
        ]
        await connection.execute(insert(AgencyClosureRow), rows)
    return apart


async def lines_apart(connection: AsyncConnection) -> Apart:
    """The closure compared with the tree it was made of; nothing is written.

    Raises:
        TreeError: ``agency-cycle``.
    """
    found = await connection.execute(_LINES, {"of": None})
    known = frozenset(Line(up, down, since, until, depth) for up, down, since, until, depth in found)
    wanted = lines(await load_tree(connection))
    return Apart(wanted - known, known - wanted)


async def mend_lines(connection: AsyncConnection, authority_id: UUID, today: date) -> Apart:
    """Make the whole closure of the tree again and bring the agencies' rows to today."""
    tree = await locked_tree(connection, authority_id)
    apart = await _reline(connection, authority_id, tree, None)
    await bring_up(connection, today)
    return apart


def plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of an operation as JSON."""
    return {name: str(value) if isinstance(value, UUID) else value for name, value in fields.items()}
