"""What goes over and what comes back, in our words.

What may hold personal data (`body`, `message`, `personal_id_number`) stays out of `repr`, hence of logs.
"""

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import Any
from uuid import UUID

from activities.national.adapter.errors import BadPacketError

__all__ = [
    "Acknowledgement",
    "Difference",
    "HeldPage",
    "HeldRecord",
    "ItemDifference",
    "ItemHeader",
    "ItemResult",
    "ItemStatus",
    "NationalRecord",
    "Packet",
    "PacketItem",
    "PersonQuery",
    "Receipt",
    "StatusChange",
    "StatusKind",
    "UnitChange",
    "tran_code_for",
]

# QĐ 20/2020/QĐ-TTg: electronic identifier of an agency, at most 35 characters.
_AGENCY = re.compile(r"(?=.{3,35}$)[A-Z]\d{2}(\.[0-9A-Z]+)*")
_TRAN_CODE = re.compile(r"[A-Za-z0-9.-]{8,64}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class ItemStatus(StrEnum):
    """Where one item stands on the other side."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class Difference(StrEnum):
    """How our revision stands to what the national database holds."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    PENDING = "pending"


class StatusKind(StrEnum):
    """Why a person leaves (`profile_status` in the law); `moved_out` is a transfer to another authority."""

    MOVED_OUT = "moved_out"
    RETIRED = "retired"
    RESIGNED = "resigned"
    DISMISSED = "dismissed"
    DOWNSIZED = "downsized"
    CONTRACT_ENDED = "contract_ended"
    DECEASED = "deceased"


@dataclass(frozen=True, slots=True)
class ItemHeader:
    """What identifies one revision of one profile.

    `signed_document` is the SHA-256 of the signed PDF the revision rests on.

    Raises BadPacketError("DIGEST") for a digest that is not 64 lower-case hexadecimal digits.
    """

    profile_id: UUID
    revision_digest: str
    approved_on: date
    signed_document: str | None = None

    def __post_init__(self) -> None:
        for digest in (self.revision_digest, self.signed_document):
            if digest is not None and not _DIGEST.fullmatch(digest):
                raise BadPacketError("DIGEST")

    @property
    def key(self) -> str:
        """Equal exactly for the same revision of the same profile: what makes sending twice harmless."""
        return f"{self.profile_id}.{self.revision_digest}"


@dataclass(frozen=True, slots=True)
class PacketItem:
    """One profile's revision in the shape of the packet; `key` is its header's key."""

    key: str
    body: Mapping[str, Any] = dataclasses.field(repr=False)


@dataclass(frozen=True, slots=True)
class Packet:
    """One request. The same `tran_code` with the same items may be sent any number of times.

    Raises BadPacketError: AGENCY_ID_INCORRECT, TRAN_CODE_MALFORMED, EMPTY, DUPLICATE_KEY.
    """

    sender: str
    receiver: str
    tran_code: str
    items: tuple[PacketItem, ...] = dataclasses.field(repr=False)

    def __post_init__(self) -> None:
        if not (_AGENCY.fullmatch(self.sender) and _AGENCY.fullmatch(self.receiver)):
            raise BadPacketError("AGENCY_ID_INCORRECT")
        if not _TRAN_CODE.fullmatch(self.tran_code):
            raise BadPacketError("TRAN_CODE_MALFORMED")
        if not self.items:
            raise BadPacketError("EMPTY")
        if len({item.key for item in self.items}) < len(self.items):
            raise BadPacketError("DUPLICATE_KEY")


@dataclass(frozen=True, slots=True)
class ItemResult:
    """The other side's word on one item: `field` is a path in the packet, `message` may quote data."""

    key: str
    status: ItemStatus
    code: str = ""
    field: str | None = None
    message: str = dataclasses.field(default="", repr=False)

    @property
    def settled(self) -> bool:
        """True once no later poll will say otherwise."""
        return self.status is not ItemStatus.PENDING


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where the items of a packet stand, and the answer that says so, byte by byte."""

    items: tuple[ItemResult, ...]
    raw: bytes = dataclasses.field(repr=False)


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """The packet arrived. `sent` is False when there was nothing to send and nothing was."""

    tran_code: str
    items: tuple[ItemResult, ...]
    sent: bool = True


@dataclass(frozen=True, slots=True)
class ItemDifference:
    """One item against the record there; `fields` are the packet paths that differ (names, never values)."""

    key: str
    state: Difference
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PersonQuery:
    """Does this person have a national record? `reason` is the id of the case that asks."""

    reason: str
    personal_id_number: str = dataclasses.field(repr=False)


@dataclass(frozen=True, slots=True)
class NationalRecord:
    """A record found: its holder ("" between two), status, revision, and content in packet shape."""

    profile_id: UUID
    held_by: str
    status: str
    revision_digest: str
    body: Mapping[str, Any] = dataclasses.field(repr=False)


@dataclass(frozen=True, slots=True)
class HeldRecord:
    """One record of those held for us; ``corrected``: packet paths that the other side changed itself."""

    profile_id: UUID
    revision_digest: str
    status: str
    corrected: tuple[str, ...]
    body: Mapping[str, Any] = dataclasses.field(repr=False)


@dataclass(frozen=True, slots=True)
class HeldPage:
    """Records in the order of their profiles; ``next`` asks for those after them, "" where there are none."""

    records: tuple[HeldRecord, ...]
    next: str


@dataclass(frozen=True, slots=True)
class StatusChange:
    """A person leaves: `effective_on` is the date of the decision, `to_agency` the receiver if any."""

    profile_id: UUID
    kind: StatusKind
    effective_on: date
    to_agency: str | None = None

    def __post_init__(self) -> None:
        if self.to_agency is not None and not _AGENCY.fullmatch(self.to_agency):
            raise BadPacketError("AGENCY_ID_INCORRECT")

    @property
    def key(self) -> str:
        """The same for the same fact, whenever it is told."""
        return f"{self.profile_id}.{self.kind}.{self.effective_on:%Y%m%d}"


@dataclass(frozen=True, slots=True)
class UnitChange:
    """A unit of the tree as it stands from a day on; ``ends_on`` is the first day on which it no longer does.

    ``parent`` is the code above it, None at the top.
    """

    agency_id: UUID
    code: str
    name: str
    parent: str | None
    starts_on: date
    ends_on: date | None = None

    @property
    def digest(self) -> str:
        """Of all that is told: another one is told again."""
        said = [self.code, self.name, self.parent or "", f"{self.starts_on}", f"{self.ends_on or ''}"]
        return sha256("\x1f".join(said).encode()).hexdigest()

    @property
    def key(self) -> str:
        """The same for the same unit standing the same way."""
        return f"{self.agency_id}.{self.starts_on:%Y%m%d}.{self.digest[:32]}"


def tran_code_for(purpose: str, items: tuple[PacketItem, ...]) -> str:
    """A TRAN_CODE that a retry of the same work finds again.

    `purpose` is an id of ours without personal data, such as month end, agency and attempt: a rejected item
    that is sent again unchanged next month is new work and needs another purpose.
    """
    digest = sha256("\n".join([purpose, *sorted(item.key for item in items)]).encode()).hexdigest()
    return f"hoso-{digest[:40]}"
