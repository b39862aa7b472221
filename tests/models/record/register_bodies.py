"""Breaches, corrections and disputes: who may, and one body of each verb."""

from datetime import datetime
from uuid import UUID

from models.command_registers import (
    AddToBreach,
    AnswerRectification,
    CloseBreach,
    DecideDispute,
    IssueBreachNotice,
    NotifyBreach,
    OpenDispute,
    RecordBreach,
    RequestRectification,
    WithdrawRequest,
)
from models.commands import Body

DEPARTMENT = ("department", "department.head")
RECORDERS = ("culture.hr", "culture.head", *DEPARTMENT, "admin")
ALLOWED: dict[str, tuple[str, ...]] = {
    "record_breach": RECORDERS,
    "add_to_breach": RECORDERS,
    "issue_breach_notice": DEPARTMENT,
    "notify_breach": DEPARTMENT,
    "close_breach": DEPARTMENT,
    "request_rectification": ("person",),
    "open_dispute": ("person",),
    "withdraw_request": ("person",),
    "answer_rectification": ("culture.hr", "culture.head"),
    "decide_dispute": ("culture.head", *DEPARTMENT),
}
NOBODY = UUID(int=1)
SAID = "Tệp bị gửi nhầm."


def breach(agency_id: UUID, now: datetime) -> RecordBreach:
    """A breach detected just now."""
    return RecordBreach(
        agency_id=agency_id, kind="disclosure", known_at=now, story=SAID, people=1, data=("basic",)
    )


def made(agency_id: UUID, now: datetime) -> list[Body]:
    """One of each."""
    reason = "không đúng"
    return [
        breach(agency_id, now),
        AddToBreach(story=SAID),
        IssueBreachNotice(document="1", recipient="2", measures=SAID, contact="3"),
        NotifyBreach(document="1", recipient="2", sent_at=now),
        CloseBreach(measures=SAID),
        RequestRectification(path="gender", wanted="nữ", reason=reason),
        AnswerRectification(request_id=NOBODY, accepted=True, reason=reason),
        OpenDispute(path="gender", reason=reason),
        DecideDispute(request_id=NOBODY, upheld=True, reason=reason, document="1"),
        WithdrawRequest(request_id=NOBODY),
    ]
