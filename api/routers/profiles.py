"""Changes of a profile: one route per command, each with the body of the command."""

from secrets import token_urlsafe
from typing import Annotated
from uuid import UUID, uuid5

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.passwords import hashed
from api.routers.acting import RESPONSES, Act, ActOnRevision
from models.command_exports import ExportDossier, PrintDossier
from models.command_fields import ChangeFields
from models.commands import (
    AmendSubmission,
    AnswerError,
    Approve,
    CancelSeparation,
    ConfirmMoveOut,
    CreateAccount,
    EndSecondment,
    EnterForm,
    GiveNotice,
    OpenProfile,
    PullNationalRecord,
    ReopenProfile,
    ReportError,
    ReportLostPassword,
    RequestAccount,
    RequestIntake,
    RequestTransfer,
    ResetPassword,
    ReturnForCorrection,
    Second,
    Separate,
    SubmitDeclaration,
    WithdrawNotice,
)

router = APIRouter(prefix="/profiles", tags=["Hồ sơ: việc làm"], responses=RESPONSES)


class NoticeToMany(BaseModel):
    """One decision and all whom it names."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    profiles: Annotated[list[UUID], Field(min_length=1, max_length=500)]
    notice: GiveNotice


@router.post("", operation_id="openProfile", summary="Mở hồ sơ")
async def open_profile(act: Act, body: OpenProfile) -> JSONResponse:
    """Mở hồ sơ cho người được tuyển dụng hoặc tiếp nhận / open the profile of a new person."""
    return await act.on_profile(uuid5(act.command_id, "profile"), body)


@router.post(
    "/{profile_id}/national-record",
    operation_id="pullNationalRecord",
    summary="Tiếp nhận hồ sơ từ Cơ sở dữ liệu quốc gia",
)
async def pull_national_record(act: Act, profile_id: UUID) -> JSONResponse:
    """Điền bản nháp từ hồ sơ trên CSDLQG, không ghi đè điều đã khai / fill the draft, overwrite nothing."""
    return await act.on_profile(profile_id, PullNationalRecord())


@router.post("/{profile_id}/account/requests", operation_id="requestAccount", summary="Yêu cầu tạo tài khoản")
async def request_account(act: Act, profile_id: UUID, body: RequestAccount) -> JSONResponse:
    """Đơn vị quản lý gửi yêu cầu tạo tài khoản / the managing unit asks for the account."""
    return await act.on_profile(profile_id, body)


@router.post(
    "/{profile_id}/account/lost-password-reports",
    operation_id="reportLostPassword",
    summary="Báo mất mật khẩu",
)
async def report_lost_password(act: Act, profile_id: UUID, body: ReportLostPassword) -> JSONResponse:
    """Báo mất hoặc lộ mật khẩu; tài khoản bị khóa ngay / the account is locked at once."""
    return await act.on_profile(profile_id, body)


@router.post("/{profile_id}/account", operation_id="createAccount", summary="Tạo tài khoản cá nhân")
async def create_account(act: Act, profile_id: UUID, body: CreateAccount) -> JSONResponse:
    """Tạo tài khoản; mật khẩu dùng một lần chỉ hiện trong câu trả lời đầu tiên / shown once."""
    password = token_urlsafe(9)
    complete = body.model_copy(update={"password_hash": await hashed(password)})
    sent = body.model_copy(update={"password_hash": ""})
    return await act.on_profile(profile_id, complete, sent=sent, one_time_password=password)


@router.post(
    "/{profile_id}/account/one-time-passwords",
    operation_id="resetPassword",
    summary="Cấp mật khẩu dùng một lần",
)
async def reset_password(act: Act, profile_id: UUID, body: ResetPassword) -> JSONResponse:
    """Cấp lại mật khẩu; chỉ hiện trong câu trả lời đầu tiên / shown once, in the first answer only."""
    password = token_urlsafe(9)
    complete = body.model_copy(update={"password_hash": await hashed(password)})
    sent = body.model_copy(update={"password_hash": ""})
    return await act.on_profile(profile_id, complete, sent=sent, one_time_password=password)


@router.post("/{profile_id}/submissions", operation_id="submitDeclaration", summary="Nộp bản khai")
async def submit_declaration(act: ActOnRevision, profile_id: UUID, body: SubmitDeclaration) -> JSONResponse:
    """Nộp bản nháp: tự khai lần đầu hoặc cập nhật thay đổi / submit the draft."""
    return await act.on_profile(profile_id, body)


@router.post("/{profile_id}/entries", operation_id="enterForm", summary="Nhập thay theo mẫu đã xác nhận")
async def enter_form(act: ActOnRevision, profile_id: UUID, body: EnterForm) -> JSONResponse:
    """Cơ quan nộp bản khai người có hồ sơ đã cung cấp theo mẫu có xác nhận / enter a confirmed form."""
    return await act.on_profile(profile_id, body)


@router.post(
    "/{profile_id}/error-reports/answers", operation_id="answerError", summary="Trả lời sai sót được báo"
)
async def answer_error(act: Act, profile_id: UUID, body: AnswerError) -> JSONResponse:
    """Trả lời người có hồ sơ về sai sót họ báo / answer what the person reported."""
    return await act.on_profile(profile_id, body)


@router.post("/{profile_id}/returns", operation_id="returnForCorrection", summary="Trả lại để sửa")
async def return_for_correction(
    act: ActOnRevision, profile_id: UUID, body: ReturnForCorrection
) -> JSONResponse:
    """Trả lại bản khai, nêu rõ trường cần sửa / return a submission with named fields."""
    return await act.on_profile(profile_id, body)


@router.post("/{profile_id}/amendments", operation_id="amendSubmission", summary="Sửa trước khi phê duyệt")
async def amend_submission(act: ActOnRevision, profile_id: UUID, body: AmendSubmission) -> JSONResponse:
    """Người phê duyệt sửa bản khai, nơi quy chế cho phép; người khai được báo / amend before approving."""
    return await act.on_profile(profile_id, body)


@router.post("/{profile_id}/field-changes", operation_id="changeFields", summary="Cơ quan sửa mục của hồ sơ")
async def change_fields(act: ActOnRevision, profile_id: UUID, body: ChangeFields) -> JSONResponse:
    """Trình phê duyệt bản đã duyệt với một số mục được sửa theo quyết định / fields, for approval."""
    return await act.on_profile(profile_id, body)


@router.post("/{profile_id}/approvals", operation_id="approve", summary="Phê duyệt bằng ký số")
async def approve(act: ActOnRevision, profile_id: UUID, body: Approve) -> JSONResponse:
    """Phê duyệt một bản khai bằng chữ ký số / approve one revision by signature."""
    return await act.on_profile(profile_id, body)


@router.post("/{profile_id}/notices", operation_id="giveNotice", summary="Thông báo thay đổi")
async def give_notice(act: Act, profile_id: UUID, body: GiveNotice) -> JSONResponse:
    """Thông báo quyết định làm thay đổi thông tin; bắt đầu thời hạn cập nhật / starts the clock."""
    return await act.on_profile(profile_id, body)


@router.post("/notices", operation_id="giveNoticeToMany", summary="Thông báo một quyết định cho nhiều người")
async def give_notice_to_many(act: Act, body: NoticeToMany) -> dict[str, list[dict[str, object]]]:
    """Một quyết định nêu nhiều người: mỗi người một kết quả / one decision, one result per person."""
    return {"results": await act.on_profiles(body.profiles, body.notice)}


@router.post("/{profile_id}/notices/withdrawals", operation_id="withdrawNotice", summary="Rút thông báo")
async def withdraw_notice(act: Act, profile_id: UUID, body: WithdrawNotice) -> JSONResponse:
    """Rút thông báo đưa nhầm / take back a notice given in error."""
    return await act.on_profile(profile_id, body)


@router.post("/{profile_id}/error-reports", operation_id="reportError", summary="Báo sai sót")
async def report_error(act: Act, profile_id: UUID, body: ReportError) -> JSONResponse:
    """Người có hồ sơ báo dữ liệu sai / the person reports wrong data."""
    return await act.on_profile(profile_id, body)


@router.post("/{profile_id}/transfers", operation_id="requestTransfer", summary="Đề nghị chuyển công tác")
async def request_transfer(act: Act, profile_id: UUID, body: RequestTransfer) -> JSONResponse:
    """Mở việc chuyển hồ sơ sang cơ quan khác trong thành phố / open a transfer."""
    return await act.on_profile(profile_id, body)


@router.post("/{profile_id}/intake-requests", operation_id="requestIntake", summary="Đề nghị đồng bộ dữ liệu")
async def request_intake(act: Act, profile_id: UUID, body: RequestIntake) -> JSONResponse:
    """Văn bản đề nghị Sở Nội vụ đồng bộ dữ liệu người tiếp nhận / the written request to the department."""
    return await act.on_profile(profile_id, body)


@router.post("/{profile_id}/secondments", operation_id="second", summary="Biệt phái có thời hạn")
async def second(act: Act, profile_id: UUID, body: Second) -> JSONResponse:
    """Cơ quan cử đi giữ hồ sơ; nơi đến được xem tới ngày kết thúc / the host reads until its last day."""
    return await act.on_profile(profile_id, body)


@router.post(
    "/{profile_id}/secondments/end", operation_id="endSecondment", summary="Kết thúc biệt phái trước hạn"
)
async def end_secondment(act: Act, profile_id: UUID, body: EndSecondment) -> JSONResponse:
    """Quyền xem của nơi đến chấm dứt ngay / the host's access ends at once."""
    return await act.on_profile(profile_id, body)


@router.post("/{profile_id}/reopening", operation_id="reopenProfile", summary="Mở lại hồ sơ đã lưu trữ")
async def reopen_profile(act: Act, profile_id: UUID, body: ReopenProfile) -> JSONResponse:
    """Người từng công tác vào làm việc lại / a former official enters the service again."""
    return await act.on_profile(profile_id, body)


@router.post(
    "/{profile_id}/separations/confirmations",
    operation_id="confirmMoveOut",
    summary="Xác nhận đã báo cáo hoặc điều chuyển trên CSDLQG",
)
async def confirm_move_out(act: Act, profile_id: UUID, body: ConfirmMoveOut) -> JSONResponse:
    """Việc đã làm ngoài hệ thống, có văn bản / done outside this system, by a document."""
    return await act.on_profile(profile_id, body)


@router.post("/{profile_id}/separations", operation_id="separate", summary="Thôi công tác")
async def separate(act: Act, profile_id: UUID, body: Separate) -> JSONResponse:
    """Chuyển ra ngoài, nghỉ hưu, thôi việc, từ trần / the person leaves."""
    return await act.on_profile(profile_id, body)


@router.post(
    "/{profile_id}/separations/cancellations", operation_id="cancelSeparation", summary="Hủy thôi công tác"
)
async def cancel_separation(act: Act, profile_id: UUID, body: CancelSeparation) -> JSONResponse:
    """Hủy trước ngày hiệu lực / take it back before its date."""
    return await act.on_profile(profile_id, body)


@router.post("/{profile_id}/exports", operation_id="exportDossier", summary="Xuất hồ sơ có ký số")
async def export_dossier(act: Act, profile_id: UUID, body: ExportDossier) -> JSONResponse:
    """Xuất hồ sơ đã phê duyệt thành văn bản điện tử có giá trị pháp lý, ghi mục đích và nơi nhận /
    a signed export with the legal value of the paper original."""
    return await act.on_profile(profile_id, body)


@router.post("/{profile_id}/prints", operation_id="printDossier", summary="In dữ liệu của mình")
async def print_dossier(act: Act, profile_id: UUID, body: PrintDossier) -> JSONResponse:
    """Người có hồ sơ in dữ liệu của mình, không có giá trị thay bản gốc / a print of one's own data."""
    return await act.on_profile(profile_id, body)
