"""``/session``: log in, who am I, change the password, log out."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from api import addresses, auth
from api.devices import device_of
from api.reading.account_rules import AccountRules, account_rules
from api.scope import Asker, Read, Who, clock_of, demanded, tools_of
from models.access import OFFICIAL, roles
from models.commands import ActivateAccount
from models.identifiers import new_id
from models.settings import Settings

router = APIRouter(prefix="/session", tags=["Phiên làm việc"])


class SignIn(BaseModel):
    """Login and password."""

    model_config = ConfigDict(extra="forbid")
    login: str = Field(title="Tên đăng nhập", min_length=1, max_length=100)
    password: SecretStr = Field(title="Mật khẩu", min_length=1, max_length=200)
    code: SecretStr | None = Field(
        default=None,
        title="Mã xác thực",
        description="Sáu số trên thiết bị hoặc mã khôi phục / six digits, or a recovery code",
        min_length=1,
        max_length=40,
    )
    device: str | None = Field(
        default=None,
        title="Tên thiết bị",
        description="Bỏ trống: theo trình duyệt / by the browser",
        min_length=1,
        max_length=60,
    )


class Session(BaseModel):
    """A new session; send its token as ``Authorization: Bearer``."""

    token: str = Field(title="Mã phiên", description="Chỉ hiện một lần / shown once")
    expires_at: datetime = Field(title="Hết hạn lúc")


class HeldRole(BaseModel):
    """A role held today."""

    role: str = Field(title="Vai trò")
    title: str = Field(title="Tên vai trò")
    title_en: str = Field(title="Tên vai trò (tiếng Anh)")
    agency_id: UUID | None = Field(title="Cơ quan", description="Không có với vai trò của chính mình")


class WhoAmI(BaseModel):
    """The account behind this session."""

    account_id: UUID = Field(title="Tài khoản")
    login: str = Field(title="Tên đăng nhập")
    display_name: str = Field(title="Họ và tên hoặc tên tài khoản")
    kind: str = Field(title="Loại tài khoản", description="personal, agency, service")
    authority_id: UUID = Field(title="Cơ quan quản lý cơ sở dữ liệu")
    agency_id: UUID = Field(title="Cơ quan, đơn vị")
    profile_id: UUID | None = Field(title="Hồ sơ của tôi")
    roles: list[HeldRole] = Field(title="Vai trò đang giữ")
    must_change_password: bool = Field(title="Phải đổi mật khẩu mặc định")
    second_factor: bool = Field(title="Đã đăng ký lớp xác thực thứ hai")
    must_enrol_second_factor: bool = Field(title="Phải đăng ký lớp xác thực thứ hai")
    second_factor_at: datetime | None = Field(title="Phiên này xác thực lớp thứ hai lúc")
    expires_at: datetime = Field(title="Phiên hết hạn lúc")


class NewPassword(BaseModel):
    """The present password and the new one."""

    model_config = ConfigDict(extra="forbid")
    old_password: SecretStr = Field(title="Mật khẩu đang dùng", min_length=1, max_length=200)
    new_password: SecretStr = Field(title="Mật khẩu mới", min_length=1, max_length=200)


@router.post("", status_code=201, operation_id="signIn", summary="Đăng nhập / sign in")
async def sign_in(request: Request, body: SignIn) -> Session:
    """Open a session. Every failure answers ``login-failed``, whatever its reason; an account with a second
    factor is asked for its ``code`` once the password is right (``second-factor-required``)."""
    now, tools = await clock_of(request).now(), tools_of(request)
    entry = auth.Entry(
        login=body.login,
        password=body.password.get_secret_value(),
        code=body.code.get_secret_value() if body.code is not None else None,
        device=body.device or device_of(request.headers.get("user-agent", "")),
        address=addresses.hashed(tools.ring, request.client.host) if request.client is not None else None,
    )
    opened = await auth.sign_in(tools, entry, now, terms_of(request.app.state.settings))
    return Session(token=opened.token, expires_at=opened.expires_at)


def terms_of(settings: Settings) -> auth.Terms:
    """How long sessions last in this installation."""
    return auth.Terms(
        lasts=timedelta(hours=settings.session_hours),
        idle=timedelta(minutes=settings.session_idle_minutes),
        address_attempts=settings.address_attempts,
    )


@router.get("", operation_id="whoAmI", summary="Tôi là ai / who am I")
async def who_am_i(request: Request, who: Who) -> WhoAmI:
    """The account, its roles today, and what must be done first: a new password, a second factor."""
    policy, demand = tools_of(request).policy, request.app.state.settings.second_factor
    return WhoAmI(
        account_id=who.account_id,
        login=who.login,
        display_name=who.display_name,
        kind=who.kind,
        authority_id=who.authority_id,
        agency_id=who.agency_id,
        profile_id=who.profile_id,
        roles=_roles(who),
        must_change_password=who.must_change_password,
        second_factor=who.second_factor,
        must_enrol_second_factor=not who.second_factor and demanded(who, policy, demand),
        second_factor_at=who.second_factor_at,
        expires_at=who.expires_at,
    )


@router.get("/rules", operation_id="readAccountRules", summary="Quy định về tài khoản này / its rules")
async def rules(read: Read) -> AccountRules:
    """Tài khoản này để làm gì, đăng nhập ở đâu, phải giữ gìn thế nào, theo điều nào / by which articles."""
    return await account_rules(read)


def _roles(who: Asker) -> list[HeldRole]:
    table = roles().roles
    own = [(OFFICIAL, None)] if who.profile_id is not None else []
    return [
        HeldRole(role=role, title=table[role].vi, title_en=table[role].en, agency_id=agency)
        for role, agency in (*own, *who.held)
        if role in table
    ]


@router.delete("", status_code=204, operation_id="signOut", summary="Đăng xuất / sign out")
async def sign_out(request: Request, who: Who) -> None:
    """End this session at once."""
    await auth.sign_out(tools_of(request).engine, who)


@router.put(
    "/password", status_code=204, operation_id="changePassword", summary="Đổi mật khẩu / change the password"
)
async def change_password(
    request: Request,
    who: Who,
    body: NewPassword,
    idempotency_key: Annotated[str | None, Header()] = None,
) -> Response:
    """Change the password; all other sessions of the account end.

    The first change of a personal account is an act (it meets the duty of hanoi.art6.2): it goes the way of
    every command and answers as such.
    """
    engine = tools_of(request).engine
    old, new = await auth.prepare_change(
        engine,
        who,
        body.old_password.get_secret_value(),
        body.new_password.get_secret_value(),
        request.app.state.settings.breached_passwords,
    )
    profile_id = auth.needs_activation(who)
    if profile_id is None:
        await auth.change(engine, who, old, new)
        return Response(status_code=204)
    from api.commands import send

    command = ActivateAccount(password_hash=new)
    key = idempotency_key or str(new_id())
    answer: Response = await send(request, who, command, subject_id=profile_id, key=key)
    if answer.status_code < 300:
        await auth.end_other_sessions(engine, who)
    return answer
