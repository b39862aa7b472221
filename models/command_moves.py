"""Entering, moving, being seconded, leaving and coming back: the bodies of those commands."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from models.command_shapes import Body, Day, LeavingKind, MoveKind, Reason, Text
from models.regulations.schema import Category, Origin


class RequestIntake(Body):
    """Ask the department in writing for the data of a person received from outside (phu_yen.art12.1.a)."""

    verb: ClassVar[str] = "request_intake"
    document: Text = Field(description="Số văn bản đề nghị / number of the written request")


class RequestTransfer(Body):
    """Move the profile to another agency of the same authority, or to another division of the same agency."""

    verb: ClassVar[str] = "request_transfer"
    to_agency_id: UUID
    mode: MoveKind
    effective_on: Day
    document: Text
    decided_on: Day | None = Field(
        default=None,
        description="Ngày ra quyết định, nếu thời hạn tính từ đó / its date, if a period runs from it",
    )
    acting_head: UUID | None = Field(
        default=None,
        description="Hồ sơ của người được đề nghị quyền, phụ trách đơn vị mà người rời đi đứng đầu"
        " / profile of who is proposed as acting head of the unit that the leaver heads",
    )


class ClaimTransfer(Body):
    """The new agency, having received the person, asks the old one for the profile (moha.art8.2)."""

    verb: ClassVar[str] = "claim_transfer"
    to_agency_id: UUID
    mode: Literal["điều động", "bổ nhiệm", "luân chuyển", "chuyển đổi vị trí công tác"]
    effective_on: Day
    document: Text
    decided_on: Day


class Second(Body):
    """Second the person to another agency for a time; the home agency keeps the profile (phu_yen.art16.5)."""

    verb: ClassVar[str] = "second"
    to_agency_id: UUID
    decided_on: Day
    starts_on: Day
    ends_on: Day = Field(description="Ngày biệt phái cuối cùng / the last day")
    document: Text


class EndSecondment(Body):
    """End a secondment before its date."""

    verb: ClassVar[str] = "end_secondment"
    reason: Reason


class Separate(Body):
    """The person leaves: out of the city, retirement, resignation, death … (hanoi.art12.2.1, 12.3)."""

    verb: ClassVar[str] = "separate"
    kind: LeavingKind
    effective_on: Day
    document: Text
    destination: Text | None = None
    covered_by_national_database: bool = False
    acting_head: UUID | None = Field(
        default=None,
        description="Hồ sơ của người được đề nghị quyền, phụ trách đơn vị mà người rời đi đứng đầu"
        " / profile of who is proposed as acting head of the unit that the leaver heads",
    )


class CancelSeparation(Body):
    """Take a separation back before it takes effect."""

    verb: ClassVar[str] = "cancel_separation"
    reason: Reason


class ConfirmMoveOut(Body):
    """The report on a move out, or the transfer in the national database, is done (moha.art8.4.b)."""

    verb: ClassVar[str] = "confirm_move_out"
    duty_id: UUID
    document: Text


class ReopenProfile(Body):
    """A former official enters the service again: the archived profile goes on, with its history."""

    verb: ClassVar[str] = "reopen_profile"
    agency_id: UUID
    category: Category = "civil_servant"
    origin: Origin = "recruited"
    event_on: Day = Field(description="Ngày quyết định hoặc hợp đồng / date of the decision or contract")
    document: Text


class AskForProfile(Body):
    """The new agency asks the old one for the profile, in a transfer the old one opened (moha.art8.2)."""

    verb: ClassVar[str] = "ask_for_profile"
    subject: ClassVar[str] = "transfer"


class ReportTransfer(Body):
    """Report the move to the managing authority of the same level (hanoi.art12.1.a)."""

    verb: ClassVar[str] = "report_transfer"
    subject: ClassVar[str] = "transfer"
    document: Text


class HandOver(Body):
    """Hand the dossier and the account over to the new agency (hanoi.art12.1.a)."""

    verb: ClassVar[str] = "hand_over"
    subject: ClassVar[str] = "transfer"
    handed_over_on: Day
    acting_head: UUID | None = Field(
        default=None,
        description="Như khi đề nghị chuyển; cơ quan mới đề nghị nhận thì không nêu được"
        " / as with the request; whoever claims a transfer cannot name anybody of the old unit",
    )


class AcceptTransfer(Body):
    """The new agency receives dossier and account (hanoi.art12.1.a)."""

    verb: ClassVar[str] = "accept_transfer"
    subject: ClassVar[str] = "transfer"


class RefuseTransfer(Body):
    """The new agency refuses, with its reason."""

    verb: ClassVar[str] = "refuse_transfer"
    subject: ClassVar[str] = "transfer"
    reason: Reason


class WithdrawTransfer(Body):
    """The old agency takes the transfer back before it was accepted."""

    verb: ClassVar[str] = "withdraw_transfer"
    subject: ClassVar[str] = "transfer"
    reason: Reason
