"""``/profiles/{id}/consents``: reading beyond one's scope, in writing or by the official's own consent."""

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from api.reading import consents
from api.routers.acting import RESPONSES, Act
from api.scope import Read
from models.command_consents import AllowAccess, AnswerConsent, AskConsent, RevokeAccess, WithdrawConsent

router = APIRouter(prefix="/profiles/{profile_id}", tags=["Quyền truy cập"])


@router.get("/consents", operation_id="listConsents", summary="Sự đồng ý cho xem hồ sơ / consents to read")
async def list_consents(read: Read, profile_id: UUID) -> list[consents.Consent]:
    """Asked, given, refused and ended ones, the newest first: for the person and for who reads the file."""
    return await consents.of_profile(read, profile_id)


@router.post(
    "/consents", operation_id="allowAccess", summary="Đồng ý bằng văn bản cho xem hồ sơ", responses=RESPONSES
)
async def allow_access(act: Act, profile_id: UUID, body: AllowAccess) -> JSONResponse:
    """Cơ quan có thẩm quyền đồng ý, từ ngày – đến ngày / the authority's written consent, from–to."""
    return await act.on_profile(profile_id, body)


@router.post(
    "/consents/revocations",
    operation_id="revokeAccess",
    summary="Chấm dứt việc cho xem hồ sơ",
    responses=RESPONSES,
)
async def revoke_access(act: Act, profile_id: UUID, body: RevokeAccess) -> JSONResponse:
    """Hết hiệu lực ngay / it ends at once."""
    return await act.on_profile(profile_id, body)


@router.post(
    "/consent-requests",
    operation_id="askConsent",
    summary="Đề nghị người có hồ sơ đồng ý cho xem",
    responses=RESPONSES,
)
async def ask_consent(act: Act, profile_id: UUID, body: AskConsent) -> JSONResponse:
    """Ngoài công tác cán bộ / outside personnel work: nothing is shown before the answer."""
    return await act.on_profile(profile_id, body)


@router.post(
    "/consent-requests/answers",
    operation_id="answerConsent",
    summary="Đồng ý hoặc không đồng ý cho xem hồ sơ",
    responses=RESPONSES,
)
async def answer_consent(act: Act, profile_id: UUID, body: AnswerConsent) -> JSONResponse:
    """Do chính người có hồ sơ trả lời / by the person alone."""
    return await act.on_profile(profile_id, body)


@router.post(
    "/consents/withdrawals",
    operation_id="withdrawConsent",
    summary="Rút lại sự đồng ý cho xem hồ sơ",
    responses=RESPONSES,
)
async def withdraw_consent(act: Act, profile_id: UUID, body: WithdrawConsent) -> JSONResponse:
    """Hết hiệu lực ngay / it ends at once."""
    return await act.on_profile(profile_id, body)
