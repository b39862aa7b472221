"""``/accounts/{id}``: other people's accounts, opened, handed over, suspended; their roles and sessions."""

from secrets import token_urlsafe
from uuid import UUID, uuid5

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from api.passwords import hashed
from api.reading import accounts, sessions
from api.reading.sessions import OpenSession
from api.routers.acting import RESPONSES, Act, Acting
from api.scope import Read
from models.command_accounts import (
    Appoint,
    CloseAccount,
    EndSessions,
    ExtendGrant,
    GrantRole,
    HandOverAccount,
    IssuePassword,
    Level,
    OpenAgencyAccount,
    Relieve,
    ResetSecondFactor,
    RestrictGrant,
    ResumeAccount,
    RevokeGrant,
    SuspendAccount,
)
from models.command_shapes import Day, Reason, Text
from models.errors import RefusedError

router = APIRouter(prefix="/accounts", tags=["Tài khoản"], responses=RESPONSES)
reads = APIRouter(prefix="/accounts/{account_id}", tags=["Tài khoản"])


class GrantRestriction(BaseModel):
    """What is taken from a grant that stands in the address."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    document: Text
    valid_to: Day | None = None
    agency_id: UUID | None = None
    level: Level | None = None


class GrantExtension(BaseModel):
    """Until when a grant that stands in the address lasts now."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    document: Text
    valid_to: Day | None = None


class GrantRevocation(BaseModel):
    """Why a grant that stands in the address ends."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    document: Text
    reason: Reason


async def _with_password(
    act: Acting, account_id: UUID, body: OpenAgencyAccount | HandOverAccount | IssuePassword
) -> JSONResponse:
    """The act with a one-time password, told in the first answer only."""
    password = token_urlsafe(9)
    sent = body.model_copy(update={"password_hash": ""})
    complete = body.model_copy(update={"password_hash": await hashed(password)})
    return await act.on_account(account_id, complete, sent=sent, one_time_password=password)


@router.post("", operation_id="openAgencyAccount", summary="Tạo lập tài khoản cơ quan")
async def open_account(act: Act, body: OpenAgencyAccount) -> JSONResponse:
    """Cơ quan quản lý tạo cho cơ quan trực thuộc; cơ quan đó tạo cho đơn vị của mình / by the one above."""
    return await _with_password(act, uuid5(act.command_id, "account"), body)


@router.post("/{account_id}/handovers", operation_id="handOverAccount", summary="Bàn giao tài khoản cơ quan")
async def hand_over(act: Act, account_id: UUID, body: HandOverAccount) -> JSONResponse:
    """Người giữ mới nhận mật khẩu dùng một lần; phiên cũ kết thúc ngay / sessions end at once."""
    return await _with_password(act, account_id, body)


@router.post("/{account_id}/one-time-passwords", operation_id="issuePassword", summary="Cấp lại mật khẩu")
async def issue_password(act: Act, account_id: UUID, body: IssuePassword) -> JSONResponse:
    """Cho tài khoản cơ quan; chỉ hiện một lần / for an agency's account; shown once."""
    return await _with_password(act, account_id, body)


@router.post("/{account_id}/suspensions", operation_id="suspendAccount", summary="Tạm ngừng tài khoản")
async def suspend(act: Act, account_id: UUID, body: SuspendAccount) -> JSONResponse:
    """Không ai vào được bằng tài khoản này nữa / nobody gets in until it is resumed."""
    return await act.on_account(account_id, body)


@router.post("/{account_id}/resumptions", operation_id="resumeAccount", summary="Mở lại tài khoản")
async def resume(act: Act, account_id: UUID, body: ResumeAccount) -> JSONResponse:
    """Dùng lại với mật khẩu cũ / under the password it had."""
    return await act.on_account(account_id, body)


@router.post("/{account_id}/closures", operation_id="closeAccount", summary="Hủy tài khoản cơ quan")
async def close(act: Act, account_id: UUID, body: CloseAccount) -> JSONResponse:
    """Mọi vai trò của tài khoản kết thúc / its roles end."""
    return await act.on_account(account_id, body)


@router.post(
    "/{account_id}/second-factor-resets",
    operation_id="resetSecondFactor",
    summary="Đặt lại lớp xác thực thứ hai",
)
async def reset_second_factor(act: Act, account_id: UUID, body: ResetSecondFactor) -> JSONResponse:
    """Mất thiết bị và mã khôi phục / the device and the recovery codes are lost."""
    return await act.on_account(account_id, body)


@router.post("/{account_id}/session-ends", operation_id="endSessions", summary="Kết thúc phiên của tài khoản")
async def end_sessions(act: Act, account_id: UUID, body: EndSessions) -> JSONResponse:
    """Một phiên hoặc mọi phiên, ngay lập tức / one or all, at once."""
    return await act.on_account(account_id, body)


@router.post("/{account_id}/grants", operation_id="grantRole", summary="Cấp quyền")
async def grant_role(act: Act, account_id: UUID, body: GrantRole) -> JSONResponse:
    """Vai trò trong một phần của cây tổ chức, có thời hạn / over a part of the tree, for a period."""
    return await act.on_account(account_id, body)


@router.post("/{account_id}/posts", operation_id="appointToPost", summary="Giao vị trí")
async def appoint(act: Act, account_id: UUID, body: Appoint) -> JSONResponse:
    """Người giữ vị trí có vai trò của vị trí, kể cả quyền, phụ trách / the role comes with the post."""
    return await act.on_account(account_id, body)


@router.post("/{account_id}/reliefs", operation_id="relieveOfPost", summary="Thôi giữ vị trí")
async def relieve(act: Act, account_id: UUID, body: Relieve) -> JSONResponse:
    """Vai trò kết thúc cùng vị trí; nơi phải cử người được báo / whoever must fill it hears."""
    return await act.on_account(account_id, body)


@router.post(
    "/{account_id}/grants/{grant_id}/restrictions", operation_id="restrictGrant", summary="Hạn chế quyền"
)
async def restrict(
    act: Act,
    account_id: UUID,
    grant_id: UUID,
    body: GrantRestriction,
) -> JSONResponse:
    """Rút ngắn thời hạn, thu hẹp phạm vi, giảm độ được xem / shorter, narrower, or seeing less."""
    if body.valid_to is None and body.agency_id is None and body.level is None:
        raise RefusedError.of(
            "malformed-request",
            "Cần ngày kết thúc, cơ quan hoặc độ hạn chế để thu hẹp quyền.",
            "A last day, an agency or a level is needed.",
        )
    return await act.on_account(account_id, RestrictGrant(grant_id=grant_id, **body.model_dump()))


@router.post(
    "/{account_id}/grants/{grant_id}/extensions", operation_id="extendGrant", summary="Gia hạn quyền"
)
async def extend(
    act: Act,
    account_id: UUID,
    grant_id: UUID,
    body: GrantExtension,
) -> JSONResponse:
    """Kéo dài; bỏ trống ngày là không thời hạn / without a day it has no end."""
    return await act.on_account(account_id, ExtendGrant(grant_id=grant_id, **body.model_dump()))


@router.post(
    "/{account_id}/grants/{grant_id}/revocations", operation_id="revokeGrant", summary="Thu hồi quyền"
)
async def revoke(
    act: Act,
    account_id: UUID,
    grant_id: UUID,
    body: GrantRevocation,
) -> JSONResponse:
    """Có hiệu lực ngay, cả với phiên đang mở / at once, running sessions included."""
    return await act.on_account(account_id, RevokeGrant(grant_id=grant_id, **body.model_dump()))


@reads.get("/grants", operation_id="listGrants", summary="Vai trò đã, đang và sẽ có")
async def list_grants(read: Read, account_id: UUID) -> list[accounts.GrantLine]:
    """Kể cả vai trò đã hết, với văn bản cấp / ended ones too, each with its document."""
    return await accounts.grants_of(read, account_id)


@reads.get("/sessions", operation_id="listSessions", summary="Phiên đang mở của một tài khoản")
async def list_sessions(read: Read, account_id: UUID) -> list[OpenSession]:
    """Cho người quản trị / for administrators."""
    return await sessions.open_sessions(read, account_id)
