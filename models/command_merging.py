"""What people may ask where one person has two profiles: one of them is closed into the other, as a case."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from models.command_shapes import Body, Reason, Text


class ProposeProfileMerge(Body):
    """Propose to close this profile into another one of the same person; nothing happens before the decision.

    No text says how; that each person has one dossier, whose code is the personal ID number, is the law
    (nd27.art16.3).
    """

    verb: ClassVar[str] = "propose_profile_merge"
    survivor_id: UUID = Field(description="Hồ sơ được giữ lại / the profile that goes on")
    document: Text = Field(description="Số văn bản đề nghị / document it is proposed by")
    reason: Reason
    number_from: Literal["survivor", "duplicate"] = Field(
        default="survivor",
        description="Số định danh đúng là của hồ sơ nào / whose personal ID number is the right one",
    )
    identity_document: Text | None = Field(
        default=None,
        description="Văn bản xác nhận hai số là của một người, khi hai số khác nhau / what proves one person",
    )


class ApproveProfileMerge(Body):
    """Somebody else decides it: this profile is closed, both histories stay."""

    verb: ClassVar[str] = "approve_profile_merge"
    merge_id: UUID
    document: Text = Field(description="Số văn bản quyết định / number of the decision")


class WithdrawProfileMerge(Body):
    """The proposal is taken back or turned down; both profiles stay as they are."""

    verb: ClassVar[str] = "withdraw_profile_merge"
    merge_id: UUID
    reason: Reason


MERGES = (ProposeProfileMerge, ApproveProfileMerge, WithdrawProfileMerge)
