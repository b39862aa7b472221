"""What is asked about the national database: a comparison, and an answer to what it corrected."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from models.command_shapes import Body, Reason, Text


class OrderReconciliation(Body):
    """Have everything both sides hold compared, listed and repaired."""

    verb: ClassVar[str] = "order_reconciliation"
    subject: ClassVar[str] = "administration"
    document: Text = Field(description="Văn bản hoặc lý do / the document or the reason it stands on")


class AnswerProposal(Body):
    """Accept or dispute what the national database corrected by itself."""

    verb: ClassVar[str] = "answer_proposal"
    proposal_id: UUID
    accepted: bool = Field(description="true: đưa vào bản nháp để khai lại; false: gửi lại dữ liệu của ta")
    reason: Reason | None = Field(default=None, description="Cần khi không chấp nhận / needed to dispute")
