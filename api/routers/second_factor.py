"""``/session/second-factor``: enrol a device, show its code again, recovery codes; one's open sessions."""

from typing import Annotated
from uuid import UUID

import pyotp
from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from api import auth, second_factor
from api.reading import sessions
from api.reading.sessions import OpenSession
from api.scope import Asker, Read, Who, tools_of
from models.database import transaction
from models.errors import RefusedError

router = APIRouter(prefix="/session/second-factor", tags=["Phiên làm việc"])
own = APIRouter(prefix="/me/sessions", tags=["Phiên làm việc"])

ISSUER = "hoso"

Code = Annotated[SecretStr, Field(title="Mã xác thực", min_length=1, max_length=40)]


class Begin(BaseModel):
    """The password, so that nobody enrols at an unattended desk; the former factor where there is one."""

    model_config = ConfigDict(extra="forbid")
    password: SecretStr = Field(title="Mật khẩu", min_length=1, max_length=200)
    code: Code | None = Field(default=None, title="Mã của thiết bị đang dùng hoặc mã khôi phục")


class Secret(BaseModel):
    """What the device needs; shown once."""

    secret: str = Field(title="Khóa (base32)")
    uri: str = Field(title="Địa chỉ otpauth", description="Hiện thành mã QR / to be shown as a QR code")


class Shown(BaseModel):
    """A code of the device; or a recovery code."""

    model_config = ConfigDict(extra="forbid")
    code: Code


class RecoveryCodes(BaseModel):
    """Codes that stand in for the device, each once; shown once."""

    recovery_codes: list[str] = Field(title="Mã khôi phục")


class Left(BaseModel):
    """How the second factor stands."""

    enrolled: bool = Field(title="Đã đăng ký")
    recovery_codes_left: int = Field(title="Số mã khôi phục còn lại")


def _holder(who: Asker) -> second_factor.Holder:
    return second_factor.Holder(who.account_id, who.authority_id)


def _wrong() -> RefusedError:
    return RefusedError.of("second-factor-wrong")


@router.get("", operation_id="getSecondFactor", summary="Lớp xác thực thứ hai của tôi")
async def get_second_factor(request: Request, who: Who) -> Left:
    """Whether a device is enrolled, and how many recovery codes are left."""
    async with transaction(tools_of(request).engine, who.scope) as connection:
        left = await second_factor.codes_left(connection, who.account_id)
    return Left(enrolled=who.second_factor, recovery_codes_left=left)


@router.post("", status_code=201, operation_id="beginSecondFactor", summary="Đăng ký lớp xác thực thứ hai")
async def begin(request: Request, who: Who, body: Begin) -> Secret:
    """Bắt đầu đăng ký; thiết bị trước đó thôi hiệu lực / a former device counts no more."""
    tools = tools_of(request)
    if who.must_change_password:
        raise RefusedError.of("password-change-required")
    await auth.same_person(tools.engine, who, body.password.get_secret_value())
    if who.second_factor:
        await _shown(request, who, body.code)
    async with transaction(tools.engine, who.scope) as connection:
        secret = await second_factor.begin(connection, tools, _holder(who), who.now)
    return Secret(secret=secret, uri=pyotp.TOTP(secret).provisioning_uri(name=who.login, issuer_name=ISSUER))


@router.post("/confirmations", operation_id="confirmSecondFactor", summary="Xác nhận thiết bị")
async def confirm(request: Request, who: Who, body: Shown) -> RecoveryCodes:
    """Mã đầu tiên của thiết bị; từ nay phải có khi đăng nhập / asked for from now on."""
    tools = tools_of(request)
    async with transaction(tools.engine, who.scope) as connection:
        code = body.code.get_secret_value()
        codes = await second_factor.confirm(connection, tools, _holder(who), code, who.now)
        if codes is None:
            raise _wrong()
        await second_factor.seen(connection, who.token_hash, who.now)
    await auth.end_other_sessions(tools.engine, who)
    return RecoveryCodes(recovery_codes=list(codes))


@router.post("/checks", status_code=204, operation_id="showSecondFactor", summary="Xác thực lại lớp thứ hai")
async def show(request: Request, who: Who, body: Shown) -> None:
    """Trước khi phê duyệt, ký hoặc cấp quyền / before approving, signing or granting."""
    await _shown(request, who, body.code)


@router.post("/recovery-codes", operation_id="renewRecoveryCodes", summary="Cấp lại mã khôi phục")
async def renew(request: Request, who: Who, body: Shown) -> RecoveryCodes:
    """Mã cũ thôi hiệu lực / former codes open nothing any more."""
    await _shown(request, who, body.code)
    async with transaction(tools_of(request).engine, who.scope) as connection:
        codes = await second_factor.fresh_codes(connection, _holder(who))
    return RecoveryCodes(recovery_codes=list(codes))


async def _shown(request: Request, who: Asker, code: SecretStr | None) -> None:
    """The second factor, here and now; a wrong code is counted.

    Raises:
        RefusedError: ``second-factor-wrong``, ``rate-limited``.
    """
    tools = tools_of(request)
    async with transaction(tools.engine, who.scope) as connection:
        given = code.get_secret_value() if code is not None else ""
        right = await second_factor.accepted(connection, tools, _holder(who), given, who.now)
        if right:
            await second_factor.seen(connection, who.token_hash, who.now)
    if not right:
        raise _wrong()


@own.get("", operation_id="listMySessions", summary="Các phiên đang mở của tôi / my open sessions")
async def list_sessions(read: Read) -> list[OpenSession]:
    """Thiết bị, lúc đăng nhập và lần dùng cuối (moha.art14.2) / devices and when they were last used."""
    return await sessions.open_sessions(read, read.who.account_id)


@own.delete("/{session_id}", status_code=204, operation_id="endMySession", summary="Kết thúc một phiên")
async def end_session(read: Read, session_id: UUID) -> None:
    """Thu hồi ngay / at once."""
    await sessions.end_own(read, read.who, session_id)
