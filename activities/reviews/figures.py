"""How many profiles were measured and how many fail, by criterion and by unit: counts, never a person."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.lifecycle.quality import Criterion

_COUNTED = text(
    "SELECT a.id, a.code, a.name, hoso_first_rank(a.id) AS first_rank, count(p.id) AS profiles"
    " FROM agencies a JOIN profiles p ON p.agency_id = a.id AND p.chapter NOT IN ('separation', 'archive')"
    " GROUP BY a.id, a.code, a.name ORDER BY a.code"
)
_FAILING = text(
    "SELECT p.agency_id, k.criterion, count(*) AS n FROM review_findings f JOIN profiles p ON p.id ="
    " f.profile_id"
    " CROSS JOIN LATERAL (SELECT jsonb_object_keys(f.faults) AS criterion UNION ALL SELECT 'any') k"
    " WHERE f.review_id = :review GROUP BY 1, 2"
)
_NAMES = text("SELECT id, code, name FROM agencies")
_REPORTS = text("SELECT id, agency_id, whole FROM review_reports WHERE review_id = :review")
_KEEP = text("UPDATE review_reports SET figures = :figures, measured_at = :now WHERE id = :id")
_MEASURED = text("UPDATE reviews SET measured_at = :now WHERE id = :review")
ANY = "any"


@dataclass(slots=True)
class Unit:
    """One agency's count."""

    code: str
    name: str
    profiles: int = 0
    failing: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Unit") -> None:
        """Count another unit's profiles along."""
        self.profiles += other.profiles
        self.failing.update(other.failing)

    def plain(self) -> dict[str, Any]:
        """As it is kept and signed."""
        return {
            "code": self.code,
            "name": self.name,
            "profiles": self.profiles,
            "failing": self.failing[ANY],
            "criteria": {one.value: self.failing[one.value] for one in Criterion},
        }


async def keep_figures(
    connection: AsyncConnection, review_id: UUID, now: datetime, only: UUID | None = None
) -> None:
    """Write each report's figures from the newest measuring; ``only`` one report's."""
    rows = (await connection.execute(_COUNTED)).all()
    units = {row.id: Unit(row.code, row.name, row.profiles) for row in rows}
    rank = {row.id: row.first_rank for row in rows}
    for row in await connection.execute(_FAILING, {"review": review_id}):
        if row.agency_id in units:
            units[row.agency_id].failing[row.criterion] += row.n
    names = {row.id: Unit(row.code, row.name) for row in await connection.execute(_NAMES)}
    below = _by_first_rank(units, rank, names)
    for report in (await connection.execute(_REPORTS, {"review": review_id})).all():
        if only is not None and report.id != only:
            continue
        parts = below.values() if report.whole else _of(report.agency_id, units, rank)
        figures = together(names[report.agency_id], parts)
        await connection.execute(_KEEP, {"id": report.id, "figures": Jsonb(figures), "now": now})
    if only is None:
        await connection.execute(_MEASURED, {"review": review_id, "now": now})


def _by_first_rank(
    units: Mapping[UUID, Unit], rank: Mapping[UUID, UUID], names: Mapping[UUID, Unit]
) -> dict[UUID, Unit]:
    summed: dict[UUID, Unit] = defaultdict(lambda: Unit("", ""))
    for agency_id, unit in units.items():
        first = rank[agency_id]
        if first not in summed:
            summed[first] = Unit(names[first].code, names[first].name)
        summed[first].add(unit)
    return dict(summed)


def _of(agency_id: UUID, units: Mapping[UUID, Unit], rank: Mapping[UUID, UUID]) -> list[Unit]:
    return [unit for unit_id, unit in units.items() if rank[unit_id] == agency_id]


def together(named: Unit, parts: Iterable[Unit]) -> dict[str, Any]:
    """The sum with its parts in the order of their codes."""
    parts = sorted(parts, key=lambda one: one.code)
    whole = Unit(named.code, named.name)
    for part in parts:
        whole.add(part)
    return {**whole.plain(), "units": [part.plain() for part in parts]}
