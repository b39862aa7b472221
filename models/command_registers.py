"""What is asked about breaches of personal data, and about corrections and disputes of one's own file."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, JsonValue, StringConstraints

from models.command_shapes import Body, FieldName, Reason, Text

BreachKind = Literal["disclosure", "unauthorised_access", "loss", "alteration", "other"]
DataKind = Literal["basic", "sensitive"]
Story = Annotated[str, StringConstraints(strip_whitespace=True, min_length=10, max_length=8000)]
Path = Annotated[str, StringConstraints(min_length=1, max_length=120)]
Files = Annotated[tuple[UUID, ...], Field(max_length=2000)]
_WHOSE = "Hồ sơ của những người liên quan / the profiles of the people concerned"


class RecordBreach(Body):
    """Write down a breach of personal data: the law's clock runs from when it was known (pdpl.art23.1)."""

    verb: ClassVar[str] = "record_breach"
    subject: ClassVar[str] = "breach"
    agency_id: UUID = Field(description="Nơi xảy ra / where it happened")
    kind: BreachKind
    known_at: AwareDatetime = Field(description="Lúc phát hiện / when it was detected")
    happened_at: AwareDatetime | None = Field(
        default=None, description="Lúc xảy ra, nếu biết / when, if known"
    )
    story: Story = Field(description="Sự việc; không nêu tên người / the facts; name nobody")
    people: int = Field(ge=0, le=10_000_000, description="Số người liên quan, ước tính / people concerned")
    data: tuple[DataKind, ...] = Field(min_length=1, max_length=2)
    profiles: Files = Field(default=(), description=_WHOSE)


class AddToBreach(Body):
    """What has become known since; what was written before stays."""

    verb: ClassVar[str] = "add_to_breach"
    subject: ClassVar[str] = "breach"
    story: Story
    people: int | None = Field(default=None, ge=0, le=10_000_000)
    profiles: Files = Field(default=(), description=_WHOSE)


class NotifyBreach(Body):
    """The notification was sent to the agency in charge: by which document, when (pdpl.art23.1)."""

    verb: ClassVar[str] = "notify_breach"
    subject: ClassVar[str] = "breach"
    document: Text = Field(description="Số, ngày văn bản thông báo / number and date of the notification")
    recipient: Text = Field(description="Nơi nhận / to whom")
    sent_at: AwareDatetime = Field(description="Lúc gửi / when it was sent")


class IssueBreachNotice(Body):
    """Have the notification made as a file under the department's seal, to be sent (pdpl.art23.1)."""

    verb: ClassVar[str] = "issue_breach_notice"
    subject: ClassVar[str] = "breach"
    document: Text = Field(description="Số văn bản thông báo / the notification's number")
    recipient: Text = Field(description="Kính gửi / to whom")
    measures: Story = Field(description="Biện pháp đã và sẽ thực hiện / measures taken and to be taken")
    contact: Text = Field(description="Người phụ trách, cách liên hệ / who is in charge, how to be reached")
    late_reason: Reason | None = Field(
        default=None, description="Lý do chậm, nếu quá hạn / why it is late, if it is"
    )


class CloseBreach(Body):
    """The matter is closed: what was done; or why nothing had to be notified."""

    verb: ClassVar[str] = "close_breach"
    subject: ClassVar[str] = "breach"
    measures: Story = Field(description="Biện pháp khắc phục, kết quả / measures and result")
    not_notifiable: Reason | None = Field(
        default=None, description="Vì sao không phải thông báo / why nothing had to be notified"
    )


class RequestRectification(Body):
    """The official asks to have corrected what is not theirs to edit, or what stands approved (pdpl.art4)."""

    verb: ClassVar[str] = "request_rectification"
    path: Path = Field(description="Mục, hoặc sự việc / the field, or the fact")
    wanted: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
    reason: Reason


class AnswerRectification(Body):
    """Accept it, with the corrected fields as a proposal where the form knows them; or refuse and say why."""

    verb: ClassVar[str] = "answer_rectification"
    request_id: UUID
    accepted: bool
    reason: Reason
    corrected: dict[FieldName, JsonValue] | None = Field(
        default=None,
        max_length=20,
        description="Mục được sửa, nguyên cả mục / whole fields as they should read: a draft is made of them",
    )


class OpenDispute(Body):
    """The official disputes a value, a decision or the refusal of a correction (pdpl.art4)."""

    verb: ClassVar[str] = "open_dispute"
    path: Path = Field(description="Mục, hoặc quyết định / the field, or the decision")
    reason: Reason
    request_id: UUID | None = Field(default=None, description="Yêu cầu đã bị từ chối / the request refused")


class DecideDispute(Body):
    """Decide it, one way or the other; never by who refused the request it is about."""

    verb: ClassVar[str] = "decide_dispute"
    request_id: UUID
    upheld: bool = Field(description="Chấp nhận ý kiến của người có hồ sơ / the official is right")
    reason: Reason
    document: Text = Field(description="Số, ngày văn bản giải quyết / the decision's document")


class WithdrawRequest(Body):
    """The official takes a request or a dispute back."""

    verb: ClassVar[str] = "withdraw_request"
    request_id: UUID


BREACHES = (RecordBreach, AddToBreach, IssueBreachNotice, NotifyBreach, CloseBreach)
REQUESTS = (RequestRectification, AnswerRectification, OpenDispute, DecideDispute, WithdrawRequest)
