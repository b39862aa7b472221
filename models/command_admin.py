"""What is asked of the installation as a whole, by those who administer it."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from models.command_shapes import Body, Reason, Text

Party = Literal["mail", "national", "timestamps", "signers"]
"""Who stands outside: the post, the national database, who vouches for signatures (TSA, OCSP), who signs."""
CheckValue = Annotated[
    str,
    Field(
        pattern="^[0-9a-f]{16}$",
        description="Dấu kiểm tra của khoá chủ / the master key's check value, as KEYS.txt names it",
    ),
]
WhichParty = Annotated[Party, Field(description="mail, national, timestamps, signers")]


class OrderBackup(Body):
    """Have a backup taken now, beside the month's own (hanoi.art11.1)."""

    verb: ClassVar[str] = "order_backup"
    subject: ClassVar[str] = "administration"
    document: Text = Field(description="Văn bản hoặc lý do / the document or the reason it stands on")


class CheckEscrow(Body):
    """The master key's copy that is kept elsewhere was brought, and opened the key ring."""

    verb: ClassVar[str] = "check_escrow"
    subject: ClassVar[str] = "administration"
    check_value: CheckValue
    document: Text = Field(description="Biên bản: ai giữ, mở ở đâu / the minutes: who keeps it, where")


class PauseParty(Body):
    """Send nothing to an outside party until it is resumed; what waits for it is kept."""

    verb: ClassVar[str] = "pause_party"
    subject: ClassVar[str] = "administration"
    party: WhichParty
    reason: Reason
    until: AwareDatetime | None = Field(
        default=None, description="Tự tiếp tục từ lúc này / goes on by itself from then; none: until resumed"
    )


class ResumeParty(Body):
    """Send to an outside party again."""

    verb: ClassVar[str] = "resume_party"
    subject: ClassVar[str] = "administration"
    party: WhichParty
    reason: Reason


class AnnounceMaintenance(Body):
    """Tell everybody that nothing can be changed for a while; reading goes on (moha.art4.2)."""

    verb: ClassVar[str] = "announce_maintenance"
    subject: ClassVar[str] = "administration"
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    document: Text = Field(description="Thông báo, lý do / the announcement or reason, as users read it")


class LiftMaintenance(Body):
    """Take an announced maintenance back, or end it early."""

    verb: ClassVar[str] = "lift_maintenance"
    subject: ClassVar[str] = "administration"
    maintenance_id: UUID
    reason: Reason


ADMINISTRATION: tuple[type[Body], ...] = (
    OrderBackup,
    CheckEscrow,
    PauseParty,
    ResumeParty,
    AnnounceMaintenance,
    LiftMaintenance,
)
"""All of them; done also while maintenance keeps everybody else from changing anything."""
