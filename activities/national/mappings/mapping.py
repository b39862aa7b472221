"""A mapping at work: our content into a packet's item, and a national record back into our content."""

from collections.abc import Iterator
from collections.abc import Mapping as Lookup
from dataclasses import dataclass, field
from datetime import date as legal_day
from typing import Any

from activities.national.adapter.errors import NationalError
from activities.national.adapter.messages import (
    ItemHeader,
    PacketItem,
    PersonQuery,
    StatusChange,
    StatusKind,
    UnitChange,
)
from activities.national.mappings.transforms import Transform

__all__ = ["Link", "Mapping", "TableLink", "ValueRefusedError"]

Item = dict[str, Any]


class ValueRefusedError(NationalError):
    """A value cannot be expressed on the other side; `path` says which, nothing says what it was."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path


@dataclass(frozen=True, slots=True)
class Link:
    """One value of ours and its place in the packet; both are paths, outermost name first."""

    ours: tuple[str, ...]
    theirs: tuple[str, ...]
    change: Transform


@dataclass(frozen=True, slots=True)
class TableLink:
    """One repeating table: a list of rows there, whose columns are linked like fields."""

    ours: str
    theirs: tuple[str, ...]
    columns: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Mapping:
    """One reading of the other side's packet. `stand_in` marks that it is not the ministry's own."""

    name: str
    stand_in: bool
    form: str
    service: str
    links: tuple[Link, ...]
    tables: tuple[TableLink, ...]
    unsent: frozenset[str]
    header: Lookup[str, tuple[str, ...]]
    status: Lookup[str, tuple[str, ...]]
    statuses: Lookup[StatusKind, str]
    person: Link
    date: Transform
    units: Lookup[str, tuple[str, ...]] = field(default_factory=dict)
    """Where a unit of the tree goes; empty where the other side is told of no tree."""
    valid_from: legal_day = legal_day.min
    """The first day whose packets are made by it."""

    def to_item(self, content: Lookup[str, Any], header: ItemHeader) -> Item:
        """The packet's item for one revision. ValueRefusedError names the first value that cannot go over."""
        self._refuse_unknown(content)
        item: Item = {}
        for name, value in self._header(header):
            _put(item, self.header[name], value)
        for link in self.links:
            _carry(content, item, link.ours, link.theirs, link.change.out)
        for table in self.tables:
            rows = content.get(table.ours)
            if rows:
                _put(item, table.theirs, [_row(table, n, row) for n, row in enumerate(rows)])
        return item

    def item(self, content: Lookup[str, Any], header: ItemHeader) -> PacketItem:
        """The same with its key, ready for a packet."""
        return PacketItem(header.key, self.to_item(content, header))

    def to_content(self, item: Lookup[str, Any]) -> dict[str, Any]:
        """What a national record says in the words of our form (intake). Fields never sent are absent."""
        content: dict[str, Any] = {}
        for link in self.links:
            _carry(item, content, link.theirs, link.ours, link.change.back)
        for table in self.tables:
            rows = _get(item, table.theirs)
            if rows:
                content[table.ours] = [_row_back(table, n, row) for n, row in enumerate(rows)]
        return content

    def person_query(self, query: PersonQuery) -> Item:
        """A lookup by personal ID number, in the shape of the packet."""
        asked: Item = {}
        _put(asked, self.person.theirs, self.person.change.out(query.personal_id_number))
        return asked

    def path_of(self, place: str) -> str | None:
        """The path in our form of a place in their packet, also ``Bang[2].Cot``; none where it has none."""
        outer, _, rest = place.partition("]")
        name, bracket, row = outer.partition("[")
        if not bracket:
            return next((".".join(one.ours) for one in self.links if ".".join(one.theirs) == place), None)
        table = next((one for one in self.tables if ".".join(one.theirs) == name), None)
        if table is None or not row.isdecimal():
            return None
        inner = rest.removeprefix(".")
        column = next((".".join(one.ours) for one in table.columns if ".".join(one.theirs) == inner), "")
        return f"{table.ours}[{row}]" + (f".{column}" if column else "")

    def status_item(self, change: StatusChange) -> PacketItem:
        """A status change in the shape of the packet."""
        item: Item = {}
        _put(item, self.status["item_key"], change.key)
        _put(item, self.status["profile_id"], str(change.profile_id))
        _put(item, self.status["kind"], self.statuses[change.kind])
        _put(item, self.status["effective_on"], self.date.out(change.effective_on.isoformat()))
        if change.to_agency is not None:
            _put(item, self.status["to_agency"], change.to_agency)
        return PacketItem(change.key, item)

    def unit_item(self, unit: UnitChange) -> PacketItem:
        """A unit of the tree in the shape of the packet; what it has none of is left out."""
        said = {
            "item_key": unit.key,
            "code": unit.code,
            "name": unit.name,
            "parent": unit.parent,
            "starts_on": self.date.out(unit.starts_on.isoformat()),
            "ends_on": self.date.out(unit.ends_on.isoformat()) if unit.ends_on else None,
        }
        item: Item = {}
        for name, value in said.items():
            if value is not None:
                _put(item, self.units[name], value)
        return PacketItem(unit.key, item)

    def _header(self, header: ItemHeader) -> Iterator[tuple[str, str]]:
        yield "item_key", header.key
        yield "profile_id", str(header.profile_id)
        yield "revision_digest", header.revision_digest
        yield "approved_on", self.date.out(header.approved_on.isoformat())
        yield "form", self.form
        if header.signed_document is not None:
            yield "signed_document", header.signed_document

    def _refuse_unknown(self, content: Lookup[str, Any]) -> None:
        """What no line of the mapping speaks of would be lost in silence."""
        known = {link.ours[0] for link in self.links} | {table.ours for table in self.tables} | self.unsent
        for name in content:
            if name not in known:
                raise ValueRefusedError(name, "the mapping does not know this field")


def _row(table: TableLink, number: int, row: Any) -> Item:
    made: Item = {}
    place = f"{table.ours}[{number}]"
    if not isinstance(row, dict):
        raise ValueRefusedError(place, "a row was expected")
    unknown = row.keys() - {link.ours[0] for link in table.columns}
    if unknown:
        raise ValueRefusedError(f"{place}.{min(unknown)}", "the mapping does not know this column")
    for link in table.columns:
        _carry(row, made, link.ours, link.theirs, link.change.out, place)
    return made


def _row_back(table: TableLink, number: int, row: Any) -> Item:
    made: Item = {}
    for link in table.columns:
        _carry(row, made, link.theirs, link.ours, link.change.back, f"{table.ours}[{number}]")
    return made


def _carry(
    source: Any, target: Item, at: tuple[str, ...], to: tuple[str, ...], change: Any, place: str = ""
) -> None:
    """One value over, if it is there; each member of a list for itself."""
    value = _get(source, at)
    if value is None:
        return
    try:
        carried = [change(one) for one in value] if isinstance(value, list) else change(value)
    except ValueError as error:
        reason = str(error)
    else:
        _put(target, to, carried)
        return
    raise ValueRefusedError(".".join(filter(None, (place, *at))), reason)


def _get(source: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        if not isinstance(source, dict):
            return None
        source = source.get(name)
    return source


def _put(target: Item, path: tuple[str, ...], value: Any) -> None:
    for name in path[:-1]:
        target = target.setdefault(name, {})
    target[path[-1]] = value
