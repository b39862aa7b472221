"""What an approver may ask of a month's list: approve it, have it cut, sign it as one, hold items."""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from models.command_shapes import Body, Digest, Reason

LONGEST = 5000
PARTIAL = (
    "Hồ sơ không còn chờ thì để lại và nêu tên, thay vì từ chối cả yêu cầu"
    " / leave what waits no more, and name it, instead of refusing the whole"
)
Profiles = Annotated[tuple[UUID, ...], Field(min_length=1, max_length=LONGEST)]


class ApproveList(Body):
    """Approve the month's list, or the named profiles on it, with a signature for each (hanoi.art7)."""

    verb: ClassVar[str] = "approve_list"
    subject: ClassVar[str] = "agency_month"
    profiles: tuple[UUID, ...] | None = Field(default=None, min_length=1, max_length=LONGEST)


class CutList(Body):
    """Have all that waits, or the named profiles, frozen and shown as a list to sign as one (hanoi.art7)."""

    verb: ClassVar[str] = "cut_list"
    subject: ClassVar[str] = "agency_month"
    profiles: tuple[UUID, ...] | None = Field(default=None, min_length=1, max_length=LONGEST)


class ApproveByList(Body):
    """Approve exactly the list that was shown, wholly or not at all, with one signature (hanoi.art7)."""

    verb: ClassVar[str] = "approve_by_list"
    subject: ClassVar[str] = "agency_month"
    list_id: UUID = Field(description="Danh sách đã xem / the list that was shown")
    digest: Digest = Field(description="SHA-256 của bản kê đã xem / of the manifest that was shown")
    recut: bool = Field(
        default=False,
        description="Nếu có hồ sơ đã thay đổi: lập lại danh sách để xem lại, thay vì từ chối"
        " / where something changed, cut it again to be shown again instead of refusing",
    )


class HoldItems(Body):
    """Hold items approved in error, before they are sent; afterwards only a new revision corrects them."""

    verb: ClassVar[str] = "hold_items"
    subject: ClassVar[str] = "agency_month"
    profiles: Profiles
    reason: Reason


class LiftHold(Body):
    """Let held items go out after all: what was approved was right."""

    verb: ClassVar[str] = "lift_hold"
    subject: ClassVar[str] = "agency_month"
    profiles: Profiles
    reason: Reason
