"""The commands about the end of an archived file, and who may give them."""

from uuid import UUID

from models.command_disposal import ApproveDisposal, EndHold, PlaceHold, ProposeDisposal, WithdrawDisposal
from models.commands import Body

AUTHORITY = ("culture.head", "department", "department.head")
ALLOWED: dict[str, tuple[str, ...]] = {
    "place_hold": AUTHORITY,
    "end_hold": AUTHORITY,
    "propose_disposal": AUTHORITY,
    "withdraw_disposal": AUTHORITY,
    "approve_disposal": ("culture.head", "department.head"),
}
NOBODY = UUID(int=1)
WHY = "không đúng"


def made() -> list[Body]:
    """One of each."""
    return [
        PlaceHold(document="1", reason=WHY),
        EndHold(hold_id=NOBODY, document="2", reason=WHY),
        ProposeDisposal(document="3", reason=WHY),
        ApproveDisposal(disposal_id=NOBODY, document="4"),
        WithdrawDisposal(disposal_id=NOBODY, reason=WHY),
    ]
