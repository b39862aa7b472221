"""The packet formats this side understands: one YAML file per service, its own reading of the contract."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

__all__ = ["FieldRule", "Format", "formats", "value_at"]

_FOLDER = Path(__file__).parent / "formats"


@dataclass(frozen=True, slots=True)
class FieldRule:
    """What a field must look like. `allowed` is a code list; `date` is a strptime pattern."""

    required: bool = False
    kind: str = "text"
    max: int = 1000
    digits: int = 0
    date: str = ""
    allowed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Format:
    """One service: where an item carries its key, profile, digest and person, and the rules of its fields."""

    service: str
    item_key: str
    profile_id: str
    digest: str
    person: str
    fields: dict[str, FieldRule]
    tables: dict[str, dict[str, FieldRule]]
    status: dict[str, str]
    statuses: dict[str, str] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    unit_date: str = "%Y%m%d"


def formats() -> dict[str, Format]:
    """All formats by the path of their service."""
    found = [_read(path) for path in sorted(_FOLDER.glob("*.yaml"))]
    return {one.service: one for one in found}


def _read(path: Path) -> Format:
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    lists = {name: frozenset(map(str, codes)) for name, codes in raw["lists"].items()}
    fields = {name: _rule(rule, lists) for name, rule in raw["fields"].items()}
    tables = {
        name: {column: _rule(rule, lists) for column, rule in columns.items()}
        for name, columns in raw["tables"].items()
    }
    head = {name: raw[name] for name in ("service", "item_key", "profile_id", "digest", "person")}
    return Format(
        **head,
        fields=fields,
        tables=tables,
        status=raw["status"],
        statuses=raw["statuses"],
        units=raw["units"],
        unit_date=raw["unit_date"],
    )


def _rule(raw: dict[str, Any], lists: dict[str, frozenset[str]]) -> FieldRule:
    known = dict(raw)
    name = known.pop("list", None)
    return FieldRule(**known, allowed=lists[name] if name else frozenset())


def value_at(body: Any, path: str) -> Any:
    """The value at a dotted path, None where the way there ends."""
    for step in path.split("."):
        if not isinstance(body, dict):
            return None
        body = body.get(step)
    return body
