"""``hoso audit verify``: the whole history of one authority reckoned again, row by row, in one pass.

What is compared: each event with its own hash, with its predecessor in its stream, with its leaf in the log
and with that leaf in the second place; the leaves with every inner node and every head; the sealed heads with
their timestamps and with the second place. Rows stream by; of an event no more is kept than its number.

What cannot be known: whoever owns the database can change, in every table at once, what has not been exported
under a seal yet. `Report.proven` says up to where nobody can.
"""

from collections.abc import Iterator
from itertools import chain, islice, repeat
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import namedtuple_row

from models.evidence.merkle import Growing, Node
from models.history import seals
from models.history.exports import Exports, Witness
from models.history.findings import Finding, Report
from models.history.leaf import COLUMNS, leaf_of
from models.history.place import SecondPlace
from models.history.streams import Streams
from models.history.tree import kept

_FETCH = 5_000
_LEAVES = "SELECT index, position, hash FROM log_leaves WHERE authority_id = %(a)s ORDER BY index"
_POSITIONS = "SELECT position FROM events WHERE authority_id = %(a)s ORDER BY transaction, position"
_EVENTS = f"SELECT {COLUMNS} FROM events e WHERE e.position = ANY (%(p)s) AND e.authority_id = %(a)s"  # noqa: S608 — constants
_PROFILES = "SELECT id, last_event, last_hash FROM profiles WHERE authority_id = %(a)s"
_HEADS = "SELECT * FROM log_heads WHERE authority_id = %(a)s ORDER BY size"
_NODES = "SELECT level, index, hash FROM log_nodes WHERE authority_id = %(a)s"


class Audit:
    """One authority's audit on one connection, in one snapshot."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        authority_id: UUID,
        place: SecondPlace | None,
        witness: Witness,
    ) -> None:
        """Prepare it; ``connection`` is in a transaction of its own that sees the whole authority.

        Raises:
            PlaceError: the second place cannot be reached.
        """
        self._connection, self._authority, self._witness = connection, authority_id, witness
        self._exports = Exports(authority_id, place) if place is not None else None
        self._streams, self._growing = Streams(), Growing()
        self._nodes: dict[Node, bytes] = {}
        self._roots: dict[int, bytes] = {}
        self._wanted: set[int] = set()
        self._logged: set[int] = set()
        """Positions of the events that have a leaf."""
        self._end = 0
        """Leaves the database has, were none missing between them."""
        self.report = Report(authority_id)

    def run(self) -> Report:
        """Everything, in order.

        Raises:
            psycopg.Error: the database cannot be read.
            PlaceError: the second place cannot be reached.
        """
        heads = list(self._rows(_HEADS))
        self._wanted = {head.size for head in heads}
        if self._exports is not None:
            self._wanted |= {head.size for head in self._exports.heads}
            self._exports.examine(self._witness)
        self._log()
        self._outside(heads[-1] if heads else None)
        self._chains()
        self._tree(heads)
        self._sealed()
        self.report.streams = len(self._streams)
        return self.report

    def _rows(self, sql: str) -> Iterator[Any]:
        with self._connection.cursor(name="audit", row_factory=namedtuple_row) as cursor:
            cursor.itersize = _FETCH
            cursor.execute(sql, {"a": self._authority})
            yield from cursor

    def _events(self, positions: list[int]) -> dict[int, Any]:
        """Events by their key: a join over the whole log could be planned in the square of its length."""
        with self._connection.cursor(row_factory=namedtuple_row) as cursor:
            found: list[Any] = list(cursor.execute(_EVENTS, {"a": self._authority, "p": positions}))
        return {row.position: row for row in found}

    def _log(self) -> None:
        """The leaves in order, each with its event and with what the second place has."""
        exported = self._exports.leaves() if self._exports is not None else iter(())
        beside = chain(exported, repeat(None))
        for leaves in _batches(self._rows(_LEAVES)):
            events = self._events([row.position for row in leaves])
            for row in leaves:
                while self._growing.size < row.index:
                    self.report.add(Finding("leaf-missing", self._growing.size))
                    self._grow(next(beside) or bytes(32))
                self._grow(self._leaf(row, events.get(row.position), next(beside)))
                self.report.logged += 1
                self._end = row.index + 1
                self._logged.add(row.position)
        for leaf in exported:  # the log ends before what was exported of it
            self.report.add(Finding("leaf-missing", self._growing.size, detail="exported"))
            self._grow(leaf)

    def _leaf(self, row: Any, event: Any, beside: bytes | None) -> bytes:
        """Judge one leaf; answers the one to reckon on with, so that one finding does not make a thousand."""
        leaf = bytes(row.hash)
        if beside is not None and leaf != beside:
            self.report.add(Finding("leaf-differs", row.index, row.position))
        if event is None:
            self.report.add(Finding("event-missing", row.index, row.position))
            return beside or leaf
        self.report.events += 1
        for finding in self._streams.follow(event, row.index):
            self.report.add(finding)
        if leaf_of(event) != (beside or leaf):
            where = Finding("event-differs", row.index, row.position, event.stream_id, event.number)
            self.report.add(where)
        return beside or leaf

    def _grow(self, leaf: bytes) -> None:
        for node, found in self._growing.append(leaf):
            if kept(node):
                self._nodes[node] = found
        if self._growing.size in self._wanted:
            self._roots[self._growing.size] = self._growing.root

    def _outside(self, head: Any) -> None:
        """Events without a leaf: those after the newest head wait for the sealer, others were slipped in."""
        newest = (head.transaction, head.position) if head is not None else (-1, 0)
        outside = (row for row in self._rows(_POSITIONS) if row.position not in self._logged)
        for rows in _batches(outside):
            events = self._events([row.position for row in rows])
            for row in (events[one.position] for one in rows):
                self.report.events += 1
                for finding in self._streams.follow(row, None):
                    self.report.add(finding)
                if (row.transaction, row.position) > newest:
                    self.report.waiting += 1
                else:
                    where = Finding("event-inserted", None, row.position, row.stream_id, row.number)
                    self.report.add(where)

    def _chains(self) -> None:
        for finding in self._streams.gaps():
            self.report.add(finding)
        for row in self._rows(_PROFILES):
            for finding in self._streams.cut(row.id, row.last_event, row.last_hash):
                self.report.add(finding)

    def _tree(self, heads: list[Any]) -> None:
        """Nodes and heads against the leaves."""
        for row in self._rows(_NODES):
            if self._nodes.pop((row.level, row.index), None) != bytes(row.hash):
                self.report.add(Finding("node-differs", row.index << row.level, detail=f"level {row.level}"))
        for level, index in self._nodes:
            self.report.add(Finding("node-differs", index << level, detail=f"no level {level}"))
        previous = None
        for head in heads:
            self.report.heads += 1
            if head.size > self._end:
                self.report.add(Finding("log-cut", self._end, detail=f"head of {head.size}"))
            elif self._roots[head.size] != bytes(head.root) or head.previous_size != previous:
                self.report.add(Finding("head-differs", head.size - 1, detail=f"head of {head.size}"))
            previous = head.size
        if self._end > (previous or 0):
            self.report.add(Finding("head-differs", self._end - 1, detail="leaves without a head"))

    def _sealed(self) -> None:
        if self._exports is not None:
            for finding in self._exports.findings:
                self.report.add(finding)
            self.report.exported = len(self._exports.heads)
        rows = list(self._rows(seals.ALL))
        self.report.seals = len(rows)
        for finding in seals.compare(
            rows, self._authority, self._roots, self._end, self._exports, self._witness
        ):
            self.report.add(finding)
        self._prove()

    def _prove(self) -> None:
        """Up to where a seal in the second place vouches for what is here."""
        if self._exports is None:
            return
        for size, (statement, at) in sorted(self._exports.witnessed.items()):
            if self._roots.get(size) == statement.root and size <= min(self._end, self.report.first_bad):
                self.report.proven, self.report.proven_at = size, at


def _batches(rows: Iterator[Any]) -> Iterator[list[Any]]:
    """As many as are fetched at once."""
    while batch := list(islice(rows, _FETCH)):
        yield batch
