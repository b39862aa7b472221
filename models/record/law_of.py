"""Whose law: that of the unit that keeps the thing asked about, on the day asked about.

A part of the tree can come under another managing authority's regulation (``agency_regimes``). The law of a
unit on a day is then that of the nearest agency at or above it, as the tree stands that day, for which such a
regime holds; where there is none, the authority's own. There is no way to ask for law without saying whose.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Literal
from uuid import UUID

from sqlalchemy import TextClause, text

from models.calendar import Calendar
from models.database import Query
from models.messages import Ask
from models.regulations import RuleSet

Kind = Literal["authority", "unit", "profile", "transfer", "agency_month", "review", "delegation"]


@dataclass(frozen=True, slots=True)
class LawOf:
    """Whose law is asked for: the authority's own, a unit's, or the law of who has a thing."""

    authority_id: UUID
    kind: Kind
    id: UUID | None = None

    @classmethod
    def authority(cls, authority_id: UUID) -> "LawOf":
        """The managing authority as a whole: what is about no unit of it (roles over all of it, backups,
        the tree, plans, campaigns of its own)."""
        return cls(authority_id, "authority")

    @classmethod
    def unit(cls, authority_id: UUID, agency_id: UUID) -> "LawOf":
        """An agency or unit, and whatever it keeps: its people's files, lists, accounts, reports."""
        return cls(authority_id, "unit", agency_id)

    @classmethod
    def report(cls, authority_id: UUID, report_id: UUID) -> "LawOf":
        """A report of a data review: under the regulation that bound its agency when the review was opened,
        to its end."""
        return cls(authority_id, "review", report_id)

    @classmethod
    def subject(cls, ask: Ask) -> "LawOf":
        """The unit in whose hands the subject of an act is when the act's transaction looks.

        A subject that is still to be made is nobody's: the authority's law, until the act says where.
        """
        if ask.subject in _HOLDERS:
            return cls(ask.authority_id, ask.subject, ask.subject_id)  # type: ignore[arg-type] # narrowed by the table
        return cls.authority(ask.authority_id)

    def on(self, day: date) -> Query:
        """What finds the hashes of the law and of the newest calendar, in one row."""
        return _IN_FORCE[self.kind], {"authority": self.authority_id, "id": self.id, "day": day}


_HOLDERS: Mapping[str, str] = MappingProxyType(
    {
        "profile": "(SELECT agency_id FROM profiles WHERE id = :id)",
        "transfer": "(SELECT p.agency_id FROM cases k JOIN profiles p ON p.id = k.profile_id"
        " WHERE k.id = :id)",
        "agency_month": "(SELECT agency_id FROM agency_months WHERE id = :id)",
        "review": "(SELECT agency_id FROM review_reports WHERE id = :id)",
        "delegation": "(SELECT agency_id FROM delegations WHERE id = :id)",
    }
)
"""The unit in whose hands a subject is."""

_HOLDS = (
    " FROM agency_regimes r JOIN agency_lines c ON c.ancestor_id = r.agency_id"
    " WHERE r.authority_id = :authority AND r.valid_from <= :day"
    " AND (r.valid_to IS NULL OR r.valid_to > :day) AND c.valid_from <= :day"
    " AND (c.valid_to IS NULL OR c.valid_to > :day)"
)
"""Every regime that holds on the day beside every unit it binds then."""
_NAMED = " JOIN agencies g ON g.id = r.agency_id WHERE "
_OWN = (
    "(SELECT hash FROM rule_set_loads WHERE authority_id = :authority AND valid_from <= :day"
    " ORDER BY valid_from DESC, loaded_at DESC, id DESC LIMIT 1)"
)
_OTHER = (
    "(SELECT l.hash FROM regime_loads l WHERE l.authority_id = :authority AND l.regulation = g.regulation"
    " AND l.valid_from <= :day ORDER BY l.valid_from DESC, l.loaded_at DESC, l.id DESC LIMIT 1)"
)
_CALENDAR = (
    "(SELECT hash FROM calendar_loads WHERE authority_id = :authority"
    " ORDER BY loaded_at DESC, id DESC LIMIT 1)"
)
_LISTS = (
    "(SELECT string_agg(hash, ',' ORDER BY hash) FROM (SELECT DISTINCT ON (code_list) hash"
    " FROM code_list_versions WHERE authority_id = :authority AND state = 'loaded' AND valid_from <= :day"
    " ORDER BY code_list, valid_from DESC, decided_at DESC, id DESC) v)"
)
"""Code lists are the whole authority's, whatever law binds a unit: none loaded, the packaged ones."""


_OPENED = (
    "(SELECT (w.opened_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date FROM review_reports t"
    " JOIN reviews w ON w.id = t.review_id WHERE t.id = :id)"
)
"""The day whose regime a report stays under."""


def _of(holder: str, day: str = ":day") -> TextClause:
    # The newest date that has come decides, and of two loads for one date the later. A regime under the
    # authority's own regulation finds no load of another, and so the authority's own.
    holds = f"{_HOLDS.replace(':day', day)} AND c.descendant_id = {holder}"
    return text(
        f"SELECT coalesce((SELECT {_OTHER} FROM (SELECT r.regulation{holds}"  # noqa: S608 — fragments of our own
        f" ORDER BY c.depth LIMIT 1) g), {_OWN}) AS rule_set, {_CALENDAR} AS calendar,"
        f" {_LISTS} AS code_lists,"
        " EXISTS (SELECT 1 FROM agency_regimes WHERE authority_id = :authority) AS divided"
    )


_IN_FORCE: Mapping[str, TextClause] = MappingProxyType(
    {
        "authority": text(
            f"SELECT {_OWN} AS rule_set, {_CALENDAR} AS calendar, {_LISTS} AS code_lists,"  # noqa: S608 — fragments of our own
            " EXISTS (SELECT 1 FROM agency_regimes WHERE authority_id = :authority) AS divided"
        ),
        "unit": _of("CAST(:id AS uuid)"),
        **{kind: _of(holder, _OPENED if kind == "review" else ":day") for kind, holder in _HOLDERS.items()},
    }
)

DIVIDED = text("SELECT EXISTS (SELECT 1 FROM agency_regimes WHERE authority_id = hoso_authority())")
"""Whether a part of the tree of the transaction's authority ever came under another regulation."""
_UNITS = text(
    f"SELECT g.unit, {_OTHER} AS rule_set FROM (SELECT DISTINCT ON (c.descendant_id)"  # noqa: S608 — fragments of our own
    f" c.descendant_id AS unit, r.regulation{_HOLDS}"
    " AND (CAST(:units AS uuid[]) IS NULL OR c.descendant_id = ANY (CAST(:units AS uuid[])))"
    " ORDER BY c.descendant_id, c.depth) g"
)


_REGIME = text(
    "SELECT r.regulation, r.agency_id, g.code, g.name AS agency, r.valid_from, r.valid_to, r.document,"
    f" r.duties, r.duties_by, r.duties_citation, r.reorganisation_id{_HOLDS.replace(' WHERE ', _NAMED, 1)}"
    " AND c.descendant_id = :unit ORDER BY c.depth LIMIT 1"
)


def regime_at(authority_id: UUID, agency_id: UUID, day: date) -> Query:
    """The regime that binds a unit on a day, with the agency it was written for; no row where none does."""
    return _REGIME, {"authority": authority_id, "unit": agency_id, "day": day}


def regimes_of(authority_id: UUID, units: Sequence[UUID] | None, day: date) -> Query:
    """The units, of those named or of all, that a regime binds on the day, with the hash of its law."""
    return _UNITS, {
        "authority": authority_id,
        "units": list(units) if units is not None else None,
        "day": day,
    }


@dataclass(frozen=True, slots=True)
class Laws:
    """The law of every unit asked about on one day, and the newest calendar: what a batch reads once."""

    own: RuleSet
    """The authority's own."""
    calendar: Calendar
    by_unit: Mapping[UUID, RuleSet] = field(default_factory=dict)
    """Of the units that a regime binds that day."""

    def of(self, agency_id: UUID) -> RuleSet:
        """The law of a unit."""
        return self.by_unit.get(agency_id, self.own)

    def units_under(self, law: RuleSet) -> list[UUID]:
        """The units of a regime that have just this law; what the authority's own binds is not listed."""
        return sorted(unit for unit, found in self.by_unit.items() if found.hash == law.hash)

    @property
    def every(self) -> tuple[RuleSet, ...]:
        """Each law once, the authority's own first."""
        found = {law.hash: law for law in (self.own, *self.by_unit.values())}
        return tuple(found.values())
