"""What people may ask about reading beyond one's scope: the authority's consent, the official's own."""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from models.command_shapes import Body, Day, Reason, Text

Level = Annotated[int, Field(ge=1, le=3, description="Độ hạn chế tiếp cận / level of restriction, 1 to 3")]
_LAST = "Ngày cuối được xem / the last day"


class AllowAccess(Body):
    """The authority consents in writing that somebody beyond the scope reads the file (hanoi.art8.3)."""

    verb: ClassVar[str] = "allow_access"
    account_id: UUID = Field(description="Tài khoản được xem / the account that may read")
    document: Text = Field(description="Số văn bản đồng ý / number of the written consent")
    purpose: Text = Field(description="Mục đích / what it is for")
    starts_on: Day
    ends_on: Day = Field(description=_LAST)
    level: Level = 1


class RevokeAccess(Body):
    """The authority takes its written consent back; it ends at once."""

    verb: ClassVar[str] = "revoke_access"
    consent_id: UUID
    reason: Reason


class AskConsent(Body):
    """Ask the official to consent that somebody reads the file outside personnel work (nd27.art20.4)."""

    verb: ClassVar[str] = "ask_consent"
    account_id: UUID = Field(description="Tài khoản muốn xem / the account that would read")
    document: Text | None = Field(default=None, description="Văn bản đề nghị / the letter that asks")
    purpose: Text = Field(description="Mục đích / what it is for")
    starts_on: Day
    ends_on: Day = Field(description=_LAST)
    level: Level = 1


class AnswerConsent(Body):
    """The official gives or refuses the consent that was asked for (nd27.art20.4)."""

    verb: ClassVar[str] = "answer_consent"
    consent_id: UUID
    given: bool
    reason: Reason | None = None


class WithdrawConsent(Body):
    """The official withdraws a consent; it ends at once (nd27.art20.4)."""

    verb: ClassVar[str] = "withdraw_consent"
    consent_id: UUID
    reason: Reason | None = None
