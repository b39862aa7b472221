"""The commands about two profiles of one person, and who may give them."""

from uuid import UUID

from models.command_merging import ApproveProfileMerge, ProposeProfileMerge, WithdrawProfileMerge
from models.commands import Body

PROPOSERS = ("culture.hr", "department")
ALLOWED: dict[str, tuple[str, ...]] = {
    "propose_profile_merge": PROPOSERS,
    "withdraw_profile_merge": PROPOSERS,
    "approve_profile_merge": ("culture.head", "department.head"),
}
NOBODY = UUID(int=1)


def made() -> list[Body]:
    """One of each."""
    return [
        ProposeProfileMerge(survivor_id=NOBODY, document="1/ĐN", reason="trùng hồ sơ"),
        ApproveProfileMerge(merge_id=NOBODY, document="2/QĐ"),
        WithdrawProfileMerge(merge_id=NOBODY, reason="không đúng"),
    ]
