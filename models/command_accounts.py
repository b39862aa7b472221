"""What is asked about other people's accounts: opened, handed over, suspended; roles granted and taken back.

Each names the document it stands on: access is granted, restricted, extended and cancelled on a written
request of the competent agency (hanoi.art19.4).
"""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from models.command_shapes import Body, Day, FieldName, Login, Reason, Text

Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254)]
Hash = Annotated[str, StringConstraints(max_length=500)]
ONCE = "Máy chủ tự đặt / set by the server"


class AccountAct(Body):
    """An act on somebody's account; ``document`` is the written request or decision it stands on."""

    verb: ClassVar[str] = ""
    subject: ClassVar[str] = "account"
    document: Text = Field(description="Số văn bản đề nghị hoặc quyết định / the document it stands on")


class OpenAgencyAccount(AccountAct):
    """Create an agency's account: the department for agencies at the top, these for those below them
    (hanoi.art9.1.a, 9.2; phu_yen.art8.1.a, 8.2.a)."""

    verb: ClassVar[str] = "open_agency_account"
    agency_id: UUID
    login: Login
    display_name: Text = Field(description="Người giữ hoặc tên vị trí / who holds it, or the post")
    holder_profile_id: UUID | None = Field(default=None, description="Hồ sơ của người giữ / the holder's")
    email: Email | None = None
    password_hash: Hash = Field(default="", description=ONCE)


class HandOverAccount(AccountAct):
    """The account of an agency passes to somebody else, who gets a password of the own
    (binh_dinh.II.4.b.2; hanoi.art3.6)."""

    verb: ClassVar[str] = "hand_over_account"
    display_name: Text
    holder_profile_id: UUID | None = None
    email: Email | None = None
    password_hash: Hash = Field(default="", description=ONCE)


class IssuePassword(AccountAct):
    """A new one-time password for an agency's account: the invitation again, or after a loss."""

    verb: ClassVar[str] = "issue_password"
    password_hash: Hash = Field(default="", description=ONCE)


class SuspendAccount(AccountAct):
    """Nobody gets in by this account until it is resumed; what is open ends at once."""

    verb: ClassVar[str] = "suspend_account"
    reason: Reason


class ResumeAccount(AccountAct):
    """The account may be used again, under the password it had."""

    verb: ClassVar[str] = "resume_account"


class CloseAccount(AccountAct):
    """An agency's account is given up for good: its roles end, nobody gets in again."""

    verb: ClassVar[str] = "close_account"
    reason: Reason


class ResetSecondFactor(AccountAct):
    """The holder lost the device: the second factor is taken away and must be enrolled anew."""

    verb: ClassVar[str] = "reset_second_factor"
    reason: Reason


class EndSessions(AccountAct):
    """End one session of the account, or all."""

    verb: ClassVar[str] = "end_sessions"
    session_id: UUID | None = Field(default=None, description="Bỏ trống: mọi phiên / all of them")
    reason: Reason


Level = Annotated[int, Field(ge=1, le=4, description="Độ hạn chế tiếp cận / level of restriction, 1 to 4")]


class GrantRole(AccountAct):
    """Give a role over a part of the tree for a period, half-open (hanoi.art18.1, 19.4; moha.art12.2).

    With a ``level`` its holder sees fields up to that level of restriction (hanoi.art4.3), else up to the
    role's.
    """

    verb: ClassVar[str] = "grant_role"
    role: FieldName
    agency_id: UUID
    valid_from: Day | None = Field(default=None, description="Bỏ trống: từ hôm nay / left out: from today")
    valid_to: Day | None = Field(
        default=None, description="Ngày đầu tiên không còn vai trò / the first day without it"
    )
    level: Level | None = None


class Appoint(GrantRole):
    """Put somebody into a post of an agency, also as acting; its role comes with it (hanoi.art18.1)."""

    verb: ClassVar[str] = "appoint"
    role: FieldName = Field(title="Vị trí", description="head, deputy, hr_head, hr_officer, approver …")
    acting: bool = Field(default=False, title="Quyền, phụ trách", description="stands in for the holder")
    title: Text | None = Field(default=None, title="Chức danh")


class Relieve(AccountAct):
    """Take somebody out of a post from a day on; the role goes with it."""

    verb: ClassVar[str] = "relieve"
    holder_id: UUID = Field(title="Lượt giữ vị trí")
    relieved_on: Day = Field(title="Ngày thôi giữ", description="the first day without it")


class RestrictGrant(AccountAct):
    """Shorten a role, narrow it to an agency below, let its holder see less of a form, or all of these."""

    verb: ClassVar[str] = "restrict_grant"
    grant_id: UUID
    valid_to: Day | None = None
    agency_id: UUID | None = None
    level: Level | None = None

    @model_validator(mode="after")
    def _something(self) -> "RestrictGrant":
        if self.valid_to is None and self.agency_id is None and self.level is None:
            raise ValueError("cần ngày, cơ quan hoặc độ hạn chế / a last day, an agency or a level is needed")
        return self


class ExtendGrant(AccountAct):
    """Lengthen a role; without a day it has no end."""

    verb: ClassVar[str] = "extend_grant"
    grant_id: UUID
    valid_to: Day | None = None


class RevokeGrant(AccountAct):
    """Take a role back: from this moment the account no longer has it, running sessions included."""

    verb: ClassVar[str] = "revoke_grant"
    grant_id: UUID
    reason: Reason


class OpenServiceAccount(AccountAct):
    """Open an account for a program: no password, no right before a key and a role are given to it."""

    verb: ClassVar[str] = "open_service_account"
    agency_id: UUID
    login: Login
    display_name: Text = Field(description="Tên hệ thống, phần mềm / the program")


class RegisterServiceKey(AccountAct):
    """Register a public key of a service account (RFC 7517); its id is its thumbprint (RFC 7638)."""

    verb: ClassVar[str] = "register_service_key"
    kid: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{20,100}$")]
    jwk: dict[FieldName, Annotated[str, StringConstraints(max_length=2000)]] = Field(max_length=6)
    expires_at: AwareDatetime | None = Field(default=None, description="Nhiều nhất 2 năm / two years at most")


class WithdrawServiceKey(AccountAct):
    """Withdraw a key: it opens nothing any more."""

    verb: ClassVar[str] = "withdraw_service_key"
    kid: Annotated[str, StringConstraints(min_length=1, max_length=200)]


SERVICE_ACTS = (OpenServiceAccount, RegisterServiceKey, WithdrawServiceKey)
ACCOUNT_ACTS = (
    OpenAgencyAccount,
    HandOverAccount,
    IssuePassword,
    SuspendAccount,
    ResumeAccount,
    CloseAccount,
    ResetSecondFactor,
    EndSessions,
    GrantRole,
    RestrictGrant,
    ExtendGrant,
    RevokeGrant,
    *SERVICE_ACTS,
    Appoint,
    Relieve,
)
