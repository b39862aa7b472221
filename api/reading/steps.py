"""What to do next, in words and as calls: derived here from the state, computed by no client."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from api.reading.duties import DutyLine
from models.lifecycle.life import PERSON, Chapter

ROOT = "/api/v1"


class Call(BaseModel):
    """A request that settles it."""

    verb: str = Field(title="Việc")
    title: str = Field(title="Tên việc")
    method: str = Field(title="Phương thức")
    path: str = Field(title="Đường dẫn")


CALLS: dict[str, tuple[str, str, str]] = {
    "change_password": ("Đổi mật khẩu", "PUT", "/session/password"),
    "save_draft": ("Ghi bản khai nháp", "PUT", "/profiles/{profile_id}/draft"),
    "submit_declaration": ("Nộp bản khai", "POST", "/profiles/{profile_id}/submissions"),
    "request_account": ("Yêu cầu tạo tài khoản", "POST", "/profiles/{profile_id}/account/requests"),
    "create_account": ("Tạo tài khoản cá nhân", "POST", "/profiles/{profile_id}/account"),
    "pull_national_record": (
        "Tiếp nhận hồ sơ từ CSDLQG",
        "POST",
        "/profiles/{profile_id}/national-record",
    ),
    "reset_password": ("Cấp lại mật khẩu", "POST", "/profiles/{profile_id}/account/one-time-passwords"),
    "answer_error": ("Trả lời sai sót", "POST", "/profiles/{profile_id}/error-reports/answers"),
    "answer_rectification": (
        "Trả lời yêu cầu sửa dữ liệu",
        "POST",
        "/profiles/{profile_id}/rectifications/answers",
    ),
    "decide_dispute": ("Giải quyết khiếu nại", "POST", "/profiles/{profile_id}/disputes/decisions"),
    "return_for_correction": ("Trả lại để sửa", "POST", "/profiles/{profile_id}/returns"),
    "approve": ("Phê duyệt và ký", "POST", "/profiles/{profile_id}/approvals"),
    "answer_proposal": (
        "Trả lời điều chỉnh của CSDL quốc gia",
        "POST",
        "/profiles/{profile_id}/national-proposals/answers",
    ),
    "withdraw_notice": ("Rút thông báo thay đổi", "POST", "/profiles/{profile_id}/notices/withdrawals"),
    "request_intake": ("Gửi văn bản đề nghị đồng bộ", "POST", "/profiles/{profile_id}/intake-requests"),
    "confirm_move_out": ("Xác nhận đã làm", "POST", "/profiles/{profile_id}/separations/confirmations"),
    "ask_for_profile": ("Đề nghị chuyển hồ sơ", "POST", "/transfers/{case_id}/request"),
    "report_transfer": ("Báo cáo việc chuyển", "POST", "/transfers/{case_id}/report"),
    "hand_over": ("Bàn giao hồ sơ", "POST", "/transfers/{case_id}/hand-over"),
    "accept_transfer": ("Tiếp nhận hồ sơ", "POST", "/transfers/{case_id}/acceptance"),
    "refuse_transfer": ("Từ chối tiếp nhận", "POST", "/transfers/{case_id}/refusal"),
    "withdraw_transfer": ("Rút việc chuyển", "POST", "/transfers/{case_id}/withdrawal"),
    "approve_list": ("Phê duyệt danh sách tháng", "POST", "/agency-months/{agency_month_id}/approvals"),
    "cut_list": ("Lập danh sách để ký một lần", "POST", "/agency-months/{agency_month_id}/approval-lists"),
    "hold_items": ("Giữ lại hồ sơ duyệt nhầm", "POST", "/agency-months/{agency_month_id}/holds"),
    "lift_hold": ("Thôi giữ hồ sơ", "POST", "/agency-months/{agency_month_id}/hold-lifts"),
    "release_month": ("Phê duyệt dữ liệu đồng bộ", "POST", "/agency-months/{agency_month_id}/release"),
    "agree_delegation": ("Thống nhất việc uỷ quyền", "POST", "/delegations/{delegation_id}/agreement"),
    "revoke_delegation": ("Chấm dứt uỷ quyền", "POST", "/delegations/{delegation_id}/revocation"),
    "send_back_items": ("Trả lại hồ sơ đồng bộ", "POST", "/agency-months/{agency_month_id}/returns"),
    "sign_report": ("Ký và gửi báo cáo rà soát", "POST", "/review-reports/{report_id}/signature"),
}
"""Verb to its words, method and path below ``/api/v1``; a test holds it against the routes that exist."""

SETTLES: dict[str, tuple[str, ...]] = {
    "first_declaration": ("save_draft", "submit_declaration"),
    "intake_check": ("save_draft", "submit_declaration"),
    "transfer_check": ("save_draft", "submit_declaration"),
    "update_after_change": ("save_draft", "submit_declaration"),
    "default_password": ("change_password",),
    "account_request": ("request_account",),
    "error_notice": ("answer_error",),
    "rectification": ("answer_rectification",),
    "dispute": ("decide_dispute",),
    "personal_account": ("create_account",),
    "lost_password": ("reset_password",),
    "intake_account": ("create_account",),
    "intake_pull": ("pull_national_record",),
    "intake_request": ("request_intake",),
    "intake_unconnected": ("save_draft", "submit_declaration"),
    "transfer_within": ("hand_over", "withdraw_transfer"),
    "transfer_request": ("ask_for_profile", "refuse_transfer"),
    "transfer_report": ("report_transfer", "hand_over", "withdraw_transfer"),
    "transfer_hand_over": ("hand_over", "withdraw_transfer"),
    "transfer_account": ("create_account",),
    "move_out_report": ("confirm_move_out",),
    "national_transfer": ("confirm_move_out",),
    "transfer_receive": ("accept_transfer", "refuse_transfer"),
    "approval_window": ("approve_list",),
    "whole_stock_approval": ("approve_list",),
    "sync_window": ("approve_list",),
    "department_gate": ("release_month", "send_back_items"),
    "report_quarter": ("sign_report",),
    "report_year": ("sign_report",),
    "report_onward": ("sign_report",),
}
"""Slot of a duty to the verbs that meet it."""


def calls(verbs: Sequence[str], **ids: Any) -> list[Call]:
    """The verbs as requests; one whose subject is not known is left out."""
    known = {name: value for name, value in ids.items() if value is not None}
    found = []
    for verb in verbs:
        title, method, path = CALLS[verb]
        try:
            where = ROOT + path.format(**known)
        except KeyError:
            continue
        found.append(Call.model_construct(verb=verb, title=title, method=method, path=where))
    return found


def settling(duty: DutyLine) -> list[Call]:
    """The requests that meet a duty."""
    return calls(
        SETTLES.get(duty.slot, ()),
        profile_id=duty.profile_id,
        case_id=duty.case_id,
        agency_month_id=duty.agency_month_id,
        report_id=duty.report_id,
    )


_CHAPTER = {
    Chapter.ACCOUNT: "Cơ quan tạo tài khoản cá nhân; người được cấp đổi mật khẩu mặc định.",
    Chapter.DECLARATION: "Người có hồ sơ khai đầy đủ và nộp bản khai.",
    Chapter.REVIEW: "Chờ người có thẩm quyền phê duyệt bản khai.",
    Chapter.SERVICE: "Không có việc phải làm; khi thông tin thay đổi thì cập nhật trong hạn.",
    Chapter.TRANSFER: "Chờ hai cơ quan hoàn tất việc chuyển hồ sơ.",
    Chapter.SEPARATION: "Chờ hoàn tất việc nghỉ, chuyển đi; sau đó hồ sơ được lưu trữ.",
    Chapter.ARCHIVE: "Hồ sơ đã lưu trữ; không còn việc phải làm.",
}


def next_step(chapter: str, owed: Sequence[DutyLine], *, draft: bool, pending: UUID | None) -> str:
    """One sentence in Vietnamese: the earliest thing owed, else what the chapter waits for."""
    personal = [duty for duty in owed if duty.party == PERSON]
    if any(duty.slot == "default_password" for duty in personal):
        return "Đổi mật khẩu mặc định."
    if pending is not None:
        return _CHAPTER[Chapter.REVIEW]
    if personal:
        first = personal[0]
        what = "Sửa các mục bị trả lại rồi nộp lại" if first.returned else "Hoàn thành và nộp bản khai"
        when = f" trước hết ngày {first.due_on:%d/%m/%Y}" if first.due_on else ""
        return f"{what}{when} ({first.citation})."
    if draft and chapter in (Chapter.SERVICE, Chapter.TRANSFER):
        return "Bản nháp chưa nộp: nộp để được phê duyệt."
    return _CHAPTER[Chapter(chapter)]
