"""What people may ask about an archived file whose keeping has an end: legal holds, and its disposal."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from models.command_shapes import Body, Reason, Text


class PlaceHold(Body):
    """Nothing of the file is disposed of while the hold stands: an inspection, a dispute, a court.

    No text here names a hold; the archive law's duty to keep what is still needed is read so (policy).
    """

    verb: ClassVar[str] = "place_hold"
    document: Text = Field(description="Số văn bản yêu cầu giữ / the document that asks for it")
    reason: Reason


class EndHold(Body):
    """The hold ends; when the file may go is then the retention rule's to say again."""

    verb: ClassVar[str] = "end_hold"
    hold_id: UUID
    document: Text = Field(description="Số văn bản thôi giữ / the document that ends it")
    reason: Reason


class ProposeDisposal(Body):
    """Propose to dispose of an archived file that has been kept as long as the rule wants (nd27.art21)."""

    verb: ClassVar[str] = "propose_disposal"
    document: Text = Field(description="Số biên bản xét hủy / minutes that found it of no further worth")
    reason: Reason


class ApproveDisposal(Body):
    """Somebody else decides it: the file's content is destroyed, and cannot be had again."""

    verb: ClassVar[str] = "approve_disposal"
    disposal_id: UUID
    document: Text = Field(description="Số quyết định hủy / number of the decision")


class WithdrawDisposal(Body):
    """The proposal is taken back or turned down; the file stays."""

    verb: ClassVar[str] = "withdraw_disposal"
    disposal_id: UUID
    reason: Reason


DISPOSALS = (PlaceHold, EndHold, ProposeDisposal, ApproveDisposal, WithdrawDisposal)
