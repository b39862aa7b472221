"""The shape of a regulation file. Absent key = the text does not say; `notes` interpret, never bind."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from models.regulations.slots import Slot

Status = Literal["in_force", "draft", "repealed", "known_from_reports"]
Layer = Literal["local", "national"]
Unit = Literal[
    "working_days",
    "calendar_days",
    "hours",
    "last_n_calendar_days_of_month",
    "immediate",
    "date",
    "month",
    "months",
    "periodic",
    "open",
]
Kind = Literal[
    "access",
    "account",
    "approval",
    "data_standard",
    "deadline",
    "definition",
    "delegation",
    "duty",
    "infra",
    "interop",
    "legal_effect",
    "liability",
    "org",
    "principle",
    "prohibition",
    "report",
    "retention",
    "sanction",
    "scope",
    "security",
    "transfer",
]
Signature = Literal[
    "none_stated",
    "individual_digital",
    "officer_digital",
    "hr_head_digital",
    "head_digital",
    "authority_digital",
    "digital_any_step",
    "authority_or_agency",
    "authority_and_agency",
    "digital_signer_unspecified",
]
Party = Literal[
    "person",
    "head",
    "hr_head",
    "approver",
    "data_officer",
    "agency",
    "current_agency",
    "new_agency",
    "receiving_agency",
    "top_agency",
    "parent_agency",
    "managing_authority",
    "department",
    "ict_department",
    "approver_or_agency",
    "operator",
    "issuer",
    "everyone",
    "system",
]
Post = Literal["self", "head", "approver", "hr_head", "hr_officer", "administrator", "data_officer"]
Carrier = Literal["code", "people", "other_side"]
Standing = Literal["constituent", "subordinate"]
"""How an agency stands to its authority: one of its own parts (thuộc), or under it with dossiers of its own
(trực thuộc)."""
Category = Literal[
    "cadre", "civil_servant", "public_employee", "contract_worker", "special_association_worker"
]
Leaving = Literal[
    "moved_out", "retired", "resigned", "dismissed", "downsized", "contract_ended", "deceased", "merged_away"
]
Origin = Literal["recruited", "received", "received_with_national_record", "received_unconnected"]
Subject = Literal["first", "change"]
AgencyKind = Literal[
    "peoples_committee", "ministry", "department", "commune_committee", "internal_unit", "public_service_unit"
]
"""What kind of agency it is, in the codes of the list ``agency_kind``."""


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Sla(Frozen):
    """Our own length for "đồng thời", "ngay", "kịp thời": policy, not law."""

    working_days: int = Field(ge=0, le=30)
    policy: Literal[True]


class Deadline(Frozen):
    """A period. `roll`: a last day of rest gives way to the next working day (Civil Code art. 148.5)."""

    unit: Unit
    n: int | None = Field(default=None, ge=0, le=366)
    counted_from: str | None = None
    assumed_start: bool = False
    """The text does not say from when it counts: `counted_from` is our reading."""
    roll: bool = True
    recurrence: Literal["once", "monthly", "quarterly", "yearly", "unspecified"] | None = None
    window: str | None = None
    text: str | None = None
    maximum: bool = False
    derived_from: str | None = None
    min_retention_months: int | None = Field(default=None, ge=1)
    on_date: date | None = None
    days_of_year: tuple[Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")], ...] = ()
    strictly_before: bool = False
    sla: Sla | None = None
    concurrent: bool = False
    """Runs beside the periods of the layers above it; the earlier one binds."""

    @property
    def sla_working_days(self) -> int | None:
        """Working days of policy that give an "immediate" duty a date."""
        return None if self.sla is None else self.sla.working_days


class When(Frozen):
    """Facts under which a rule answers its slot; a key left out asks nothing of the facts."""

    agency: tuple[Standing, ...] = ()
    kind: tuple[AgencyKind, ...] = ()
    category: tuple[Category, ...] = ()
    leaving: tuple[Leaving, ...] = ()
    origin: tuple[Origin, ...] = ()
    subject: tuple[Subject, ...] = ()
    """What a review chain is about: the first declaration, or a change."""

    def fits(self, facts: Mapping[str, str]) -> bool:
        """Whether every fact asked about is known and one of those named."""
        return all(facts.get(key) in values for key, values in self.asked())

    def asked(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The facts it asks about, with the values that fit."""
        return tuple((key, getattr(self, key)) for key in type(self).model_fields if getattr(self, key))

    def overlaps(self, other: "When") -> bool:
        """Whether some facts fit both equally closely, so that neither is the more particular."""
        mine, theirs = dict(self.asked()), dict(other.asked())
        return mine.keys() == theirs.keys() and all(set(mine[key]) & set(theirs[key]) for key in mine)


class Source(Frozen):
    """Where the record was read: the text itself, or reports about it."""

    status: Literal["text", "known_from_reports"]
    url: str | None = None
    note: str | None = None


def _several(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Slots = Annotated[tuple[Slot, ...], BeforeValidator(_several)]


class Rule(Frozen):
    """One obligation or rule of a document.

    `party` is who bears it, in words every jurisdiction shares; `post` is who acts for that party;
    `carried_by` says whether code, people or the other side of a connection does it, and `shown` what people
    then see.
    """

    id: str = Field(pattern=r"^[a-z0-9_]+(\.[A-Za-z0-9]+)+$")
    citation: str = Field(pattern="Điều|[Mm]ục|[Tt]oàn văn")
    citation_en: str = Field(pattern=r"\b(art\. |[Ss]ection |[Ww]hole text)")
    kind: Kind
    actor: str = Field(min_length=1)
    actor_en: str = Field(min_length=1)
    party: Party
    post: Post | None = None
    text_vi: str = Field(min_length=1)
    text_en: str = Field(min_length=1)
    quote: str | None = None
    applies_to: str | None = None
    trigger: str | None = None
    deadline: Deadline | None = None
    evidence: str | None = None
    evidence_certified: bool = False
    """The evidence is the digitised copy of a document that a competent authority certified."""
    document_required: bool = False
    signature: Signature = "none_stated"
    next_approver: str | None = None
    on_overrun: str | None = None
    carried_by: Carrier
    carrier: str | None = None
    shown: str | None = None
    slot: Slots = ()
    when: When = When()
    after: str | None = None
    """The step of a review chain that comes before this one."""
    position: Literal["before_outgoing_call", "after"] | None = None
    scope: Literal["self", "own_agency", "subtree", "authority"] | None = None
    address: str | None = None
    items: tuple[str, ...] = ()
    notes: str | None = None
    source: Source
    regulation: str = ""
    """The document it stands in; the loader says it."""


class Header(Frozen):
    """What identifies a regulation and when it binds. Dates are inclusive; no `valid_to` = still in force."""

    id: str = Field(pattern=r"^[a-z0-9_]+$")
    title: str = Field(min_length=1)
    title_en: str = Field(min_length=1)
    number: str | None = Field(min_length=1)
    issued: date | None
    authority: str | None = Field(pattern=r"^[a-z0-9_]+$")
    layer: Layer
    status: Status
    valid_from: date | None
    valid_to: date | None
    prevails_over: tuple[str, ...] = ()
    roll: bool
    concurrent: bool = False
    """Whether its periods run beside those of the layers above it, the earlier binding."""
    immediate: Sla
    source: Source


class Regulation(Header):
    """A whole document in its own order, every period complete with the document's settings."""

    rules: tuple[Rule, ...] = Field(min_length=1)
    same_text_as: str | None = None
    """The document it has the text of (``models.regulations.copies``)."""

    @property
    def header(self) -> Header:
        return Header(**{name: getattr(self, name) for name in Header.model_fields})
