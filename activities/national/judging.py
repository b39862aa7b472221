"""A record of theirs beside ours: what differs, and what is to be done about it. Pure."""

from collections.abc import Mapping as Lookup
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from activities.national.adapter import HeldRecord, PacketItem
from activities.national.comparing import differing, fields_of
from activities.national.mappings import Mapping, ValueRefusedError
from models.lifecycle.life import LEAVING, Status

IN_SERVICE = "in_service"


@dataclass(frozen=True, slots=True)
class Ours:
    """Our side: the profile's row, the revision compared, and its packet's item where it can be expressed."""

    row: Any
    revision_id: UUID | None
    item: PacketItem | ValueRefusedError | None


@dataclass(frozen=True, slots=True)
class Found:
    """One difference; ``theirs`` are the values of a proposal, by field, None where they emptied one."""

    national_id: UUID
    profile_id: UUID | None
    kind: str
    fields: tuple[str, ...]
    repair: str
    revision_id: UUID | None = None
    theirs: Lookup[str, Any] = field(default_factory=dict, repr=False)

    def waiting(self) -> "Found":
        """The same where somebody has been asked already."""
        return replace(self, repair="under_way")


def judge_theirs(mapping: Mapping, record: HeldRecord, ours: Ours | None) -> Found | None:
    """None where both sides hold the same.

    What they corrected by themselves is proposed to the person, never taken over; whatever else differs is
    ours to send again, unless it is on its way. A record of nobody we know, or one of somebody who left and
    still serves there, is for people to look into.
    """
    if ours is None:
        return Found(record.profile_id, None, "unknown_here", (), "by_hand")
    known = record.profile_id
    if Status(ours.row.status) in LEAVING:
        if record.status != IN_SERVICE:
            return None
        return Found(known, known, "status", (), "by_hand")
    if not isinstance(ours.item, PacketItem):
        return Found(known, known, "fields", (), "by_hand")
    differ = differing(mapping, ours.item.body, record.body)
    corrected = fields_of(mapping, record.corrected) & differ.keys()
    older = record.revision_digest != ours.row.digest
    if not differ and not older:
        return None
    names = tuple(sorted(differ))
    if ours.row.under_way:
        return Found(known, known, "fields", names, "under_way")
    if not corrected:
        return Found(known, known, "fields", names, "resend")
    theirs = mapping.to_content(record.body)
    proposed = {name: theirs.get(name) for name in corrected}
    return Found(known, known, "fields", names, "proposal", ours.revision_id, proposed)
