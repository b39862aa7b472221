"""From a mapping file to a Mapping. Every mistake is refused with file and line before anything is sent."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from activities.national.adapter.messages import StatusKind
from activities.national.mappings.lines import Lines, read_lines
from activities.national.mappings.mapping import Link, Mapping, TableLink
from activities.national.mappings.transforms import Transform, code_transform, transform
from models.form.codes import code_list
from models.form.fields import Catalogue, Field, catalogue

__all__ = ["HERE", "load_mapping"]

HERE = Path(__file__).parent
PERSON = "citizen_id_number"
PARTS = ("province", "district", "commune", "detail")
HEADER = frozenset({"item_key", "profile_id", "revision_digest", "approved_on", "form", "signed_document"})
STATUS = frozenset({"item_key", "profile_id", "kind", "effective_on", "to_agency"})
KEYS = frozenset({"mapping", "stand-in", "version", "source", "form", "service", "header"})
KEYS |= frozenset({"status", "statuses", "kinds", "lists", "fields", "unsent"})
FROM = "valid-from"
TREE = "units"
UNITS = frozenset({"item_key", "code", "name", "parent", "starts_on", "ends_on"})
_OPTIONS = frozenset({"to", "as", "pattern", "codes", "prefix"})
_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)
_SERVICE = re.compile(r"(/[A-Za-z0-9._-]+)+")

Place = tuple[str, ...]


def load_mapping(path: Path | str) -> Mapping:
    """Read one mapping, by path or by the name of one that ships. MappingError says "file:line: reason"."""
    file = path if isinstance(path, Path) else HERE / f"{path}.yaml"
    return _Reader(read_lines(file)).mapping()


class _Reader:
    """One file being read against the catalogue of the form it names."""

    def __init__(self, lines: Lines) -> None:
        self.lines, self.data = lines, lines.data
        self.kinds: dict[str, Any] = {}
        self.lists: dict[str, Any] = {}

    def mapping(self) -> Mapping:
        """All of it, in an order that reports the outermost mistake first."""
        self.keys((), self.data, KEYS | {FROM, TREE}, KEYS)
        form = self.catalogue()
        service = self.text(("service",))
        if not _SERVICE.fullmatch(service):
            raise self.lines.refuse(("service",), "a path such as /a/b was expected")
        self.kinds, self.lists = self.section("kinds"), self.section("lists")
        self.check_lists(form)
        unsent = self.unsent(form)
        links, tables = self.fields(form, unsent)
        header, status = self.paths("header", HEADER), self.paths("status", STATUS)
        self.no_collision([*header.values(), *(one.theirs for one in links), *(one.theirs for one in tables)])
        person = next((link for link in links if link.ours == (PERSON,)), None)
        if person is None:
            raise self.lines.refuse(("unsent", PERSON), f"{PERSON} identifies the person and must be sent")
        return Mapping(
            name=self.text(("mapping",)),
            stand_in=self.data["stand-in"] is True,
            form=form.version,
            service=service,
            links=links,
            tables=tables,
            unsent=frozenset(unsent),
            header=header,
            status=status,
            statuses=self.statuses(),
            person=person,
            date=self.change(("kinds", "date"), self.kinds.get("date", {})),
            units=self.paths(TREE, UNITS) if TREE in self.data else {},
            valid_from=self.first_day(),
        )

    def catalogue(self) -> Catalogue:
        version = self.text(("form",))
        try:
            return catalogue(version)
        except KeyError:
            raise self.lines.refuse(("form",), f"there is no form {version!r}") from None

    def first_day(self) -> date:
        if FROM not in self.data:
            return date.min
        try:
            return date.fromisoformat(str(self.data[FROM]))
        except ValueError:
            raise self.lines.refuse((FROM,), "a day such as 2026-07-01 was expected") from None

    def section(self, name: str) -> dict[str, Any]:
        value = self.data[name]
        if not isinstance(value, dict):
            raise self.lines.refuse((name,), f"{name} must be a mapping")
        return value

    def text(self, place: Place) -> str:
        value: Any = self.data
        for step in place:
            value = value[step]
        if not isinstance(value, str) or not value:
            raise self.lines.refuse(place, f"{'.'.join(place)} must be text")
        return value

    def keys(
        self, place: Place, value: dict[str, Any], allowed: frozenset[str], needed: frozenset[str]
    ) -> None:
        for name in value:
            if name not in allowed:
                raise self.lines.refuse((*place, name), f"unknown key {name!r}")
        for name in sorted(needed):
            if name not in value:
                raise self.lines.refuse(place, f"{name!r} is missing")

    def paths(self, name: str, needed: frozenset[str]) -> dict[str, tuple[str, ...]]:
        section = self.section(name)
        self.keys((name,), section, needed, needed)
        found = {key: self.path((name, key), value) for key, value in section.items()}
        self.no_collision(list(found.values()))
        return found

    def path(self, place: Place, value: Any) -> tuple[str, ...]:
        if not isinstance(value, str) or not _PATH.fullmatch(value):
            raise self.lines.refuse(place, "a packet path such as a.b was expected")
        return tuple(value.split("."))

    def statuses(self) -> dict[StatusKind, str]:
        section = self.section("statuses")
        names = frozenset(map(str, StatusKind))
        self.keys(("statuses",), section, names, names)
        codes = {StatusKind(name): self.text(("statuses", name)) for name in section}
        if len(set(codes.values())) < len(codes):
            raise self.lines.refuse(("statuses",), "two statuses share a code")
        return codes

    def unsent(self, form: Catalogue) -> dict[str, str]:
        section = self.section("unsent")
        for name in section:
            if name not in form.by_name:
                raise self.lines.refuse(("unsent", name), f"the form has no field {name!r}")
            self.text(("unsent", name))
        return section

    def check_lists(self, form: Catalogue) -> None:
        fields = [field for _, field in form.walk()]
        for name in self.kinds:
            if name not in {field.kind for field in fields}:
                raise self.lines.refuse(("kinds", name), f"the form has no kind {name!r}")
            self.change(("kinds", name), self.kinds[name])
        for name in self.lists:
            if name not in {field.code_list for field in fields}:
                raise self.lines.refuse(("lists", name), f"the form uses no code list {name!r}")
            self.change(("lists", name), self.lists[name])
            self.check_codes(name)

    def check_codes(self, name: str) -> None:
        """A table of codes is closed: it must speak of every code there is, and of no other."""
        codes = self.lists[name].get("codes", {})
        ours = set(code_list(name).codes) if codes else set()
        for code in codes:
            if code not in ours:
                raise self.lines.refuse(("lists", name, "codes", code), f"{name} has no code {code!r}")
        missing = ours - codes.keys()
        if missing:
            raise self.lines.refuse(("lists", name, "codes"), f"{name}: {min(missing)!r} has no counterpart")

    def fields(
        self, form: Catalogue, unsent: dict[str, str]
    ) -> tuple[tuple[Link, ...], tuple[TableLink, ...]]:
        section = self.section("fields")
        for name in section:
            if name not in form.by_name:
                raise self.lines.refuse(("fields", name), f"the form has no field {name!r}")
            if name in unsent:
                raise self.lines.refuse(("fields", name), f"{name!r} is both sent and unsent")
        for field in form.fields:
            if field.name not in section and field.name not in unsent:
                raise self.lines.refuse(("fields",), f"{field.name!r} is neither sent nor listed as unsent")
        links: list[Link] = []
        tables: list[TableLink] = []
        for name, entry in section.items():
            field = form.by_name[name]
            if field.is_table:
                tables.append(self.table(field, entry))
            else:
                links.extend(self.links(field, entry, ("fields", name)))
        return tuple(links), tuple(tables)

    def table(self, field: Field, entry: Any) -> TableLink:
        place = ("fields", field.name)
        if not isinstance(entry, dict):
            raise self.lines.refuse(place, "a table needs 'to' and 'columns'")
        self.keys(place, entry, frozenset({"to", "columns"}), frozenset({"to", "columns"}))
        columns = entry["columns"]
        names = frozenset(field.column)
        if not isinstance(columns, dict):
            raise self.lines.refuse((*place, "columns"), "columns must be a mapping")
        for name in columns:
            if name not in names:
                reason = f"the table {field.name} has no column {name!r}"
                raise self.lines.refuse((*place, "columns", name), reason)
        self.keys((*place, "columns"), columns, names, names)
        links = [
            link
            for name, value in columns.items()
            for link in self.links(field.column[name], value, (*place, "columns", name))
        ]
        self.no_collision([link.theirs for link in links])
        return TableLink(field.name, self.path((*place, "to"), entry["to"]), tuple(links))

    def links(self, field: Field, entry: Any, place: Place) -> Iterator[Link]:
        if field.kind == "address":
            if not isinstance(entry, dict):
                raise self.lines.refuse(place, "an address needs a path for each of its parts")
            self.keys(place, entry, frozenset(PARTS), frozenset(PARTS))
            for part, value in entry.items():
                yield Link((field.name, part), self.path((*place, part), value), transform("plain"))
            return
        options = {"to": entry} if isinstance(entry, str) else entry
        if not isinstance(options, dict) or "to" not in options:
            raise self.lines.refuse(place, "a packet path, or a mapping with 'to', was expected")
        usual = self.lists.get(field.code_list or "") or self.kinds.get(field.kind, {})
        own = {name: value for name, value in options.items() if name != "to"}
        to = self.path(place, options["to"])
        yield Link((field.name,), to, self.change(place, own or usual))

    def change(self, place: Place, options: Any) -> Transform:
        """The transform a file asks for: `as`, with `pattern` for dates, or `codes`, or `prefix`."""
        if not isinstance(options, dict):
            raise self.lines.refuse(place, "'as', 'codes' or 'prefix' was expected")
        self.keys(place, options, _OPTIONS - {"to"}, frozenset())
        codes, prefix = options.get("codes", {}), options.get("prefix", "")
        if codes or prefix:
            if "as" in options or (codes and prefix) or not isinstance(codes, dict):
                raise self.lines.refuse(place, "either 'as', or 'codes', or 'prefix'")
            if len(set(codes.values())) < len(codes):
                raise self.lines.refuse((*place, "codes"), "two codes share a counterpart")
            return code_transform(codes, prefix)
        try:
            return transform(options.get("as", "plain"), options.get("pattern", "yyyyMMdd"))
        except KeyError as unknown:
            raise self.lines.refuse(place, f"unknown transform or pattern {unknown}") from None

    def no_collision(self, paths: list[tuple[str, ...]]) -> None:
        """No two values at one place, and none inside another."""
        taken: set[tuple[str, ...]] = set()
        for one in sorted(paths, key=len):
            if any(one[:length] in taken for length in range(1, len(one) + 1)):
                raise self.lines.refuse(("fields",), f"two values meet at {'.'.join(one)!r}")
            taken.add(one)
