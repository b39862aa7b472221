"""``/oauth/token`` for service accounts, and the keys they are known by."""

from datetime import datetime
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID, uuid5

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api import service_accounts
from api.reading import service_keys
from api.reading.service_keys import ServiceKey
from api.routers.acting import RESPONSES, Act
from api.scope import Asker, Read, clock_of, tools_of
from models.access import Verb, reach
from models.command_accounts import OpenServiceAccount, RegisterServiceKey, WithdrawServiceKey
from models.errors import RefusedError

tokens = APIRouter(prefix="/oauth", tags=["Tài khoản dịch vụ"])
accounts = APIRouter(prefix="/service-accounts", tags=["Tài khoản dịch vụ"], responses=RESPONSES)
keys = APIRouter(prefix="/service-accounts/{account_id}/keys", tags=["Tài khoản dịch vụ"])

TOKEN = "/api/v1/oauth/token"  # noqa: S105 — a path
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class AccessToken(BaseModel):
    """RFC 6749, 5.1. No scope is asked for or told: it may what the account's grants say."""

    access_token: str = Field(title="Mã phiên")
    token_type: str = Field(default="Bearer", title="Loại")
    expires_in: int = Field(title="Số giây còn hiệu lực")


class NewKey(BaseModel):
    """A public key and the document that decided it."""

    model_config = ConfigDict(extra="forbid")
    jwk: dict[str, Any] = Field(title="Khóa công khai (JWK, RFC 7517)")
    document: str = Field(title="Số và ngày văn bản", min_length=3, max_length=300)
    expires_at: datetime | None = Field(default=None, title="Hết hạn lúc", description="Nhiều nhất 2 năm")


@tokens.post(
    "/token",
    operation_id="getAccessToken",
    summary="Mã phiên cho tài khoản dịch vụ / an access token",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/x-www-form-urlencoded": {
                    "schema": {
                        "type": "object",
                        "required": ["grant_type", "client_assertion_type", "client_assertion"],
                        "properties": {
                            "grant_type": {"const": "client_credentials"},
                            "client_assertion_type": {"const": ASSERTION},
                            "client_assertion": {"type": "string"},
                        },
                    }
                }
            },
        }
    },
)
async def get_access_token(request: Request, response: Response) -> AccessToken:
    """A session of ten minutes for a signed assertion (RFC 7523, 2.2): ``iss`` and ``sub`` are the account's
    id, ``aud`` this address, ``exp`` at most five minutes ahead, ``jti`` never used before."""
    sent = parse_qs((await request.body()).decode("ascii", "replace"))
    form = {name: values[0] for name, values in sent.items() if len(values) == 1}
    if form.get("grant_type") != "client_credentials" or form.get("client_assertion_type") != ASSERTION:
        raise RefusedError.of("malformed-request", extra={"error": "unsupported_grant_type"})
    now = await clock_of(request).now()
    audience = request.app.state.settings.public_address + TOKEN
    opened = await service_accounts.enter(
        tools_of(request), form.get("client_assertion", ""), (audience,), now
    )
    lasts = int((opened.expires_at - now).total_seconds())
    return AccessToken(access_token=opened.token, expires_in=lasts)


def _administrator(who: Asker) -> None:
    """Only who administers the whole authority.

    Raises:
        RefusedError: ``not-permitted``.
    """
    if not reach(who.actor, Verb.ADMINISTER, who.today).everywhere:
        raise RefusedError.of("not-permitted")


@accounts.post(
    "", operation_id="openServiceAccount", summary="Tạo tài khoản dịch vụ / an account for a program"
)
async def open_service_account(act: Act, body: OpenServiceAccount) -> JSONResponse:
    """Không có mật khẩu; làm được gì là do khóa và vai trò được cấp / it has no password."""
    _administrator(act.who)
    return await act.on_account(uuid5(act.command_id, "account"), body)


@keys.post(
    "", operation_id="registerServiceKey", summary="Đăng ký khóa / register a key", responses=RESPONSES
)
async def register_service_key(act: Act, account_id: UUID, body: NewKey) -> JSONResponse:
    """Register a public key of a service account. Two may hold at once: so keys rotate without a gap. The
    answer's ``kid`` is the one of assertions: the JWK thumbprint (RFC 7638)."""
    _administrator(act.who)
    if body.expires_at is not None and body.expires_at.tzinfo is None:
        raise RefusedError.of("key-unfit")
    kid, public = service_accounts.fit(body.jwk)
    asked = RegisterServiceKey(kid=kid, jwk=public, document=body.document, expires_at=body.expires_at)
    return await act.on_account(account_id, asked)


@keys.get("", operation_id="listServiceKeys", summary="Các khóa / its keys")
async def list_service_keys(read: Read, account_id: UUID) -> list[ServiceKey]:
    """Every key that was ever registered, the withdrawn ones too."""
    _administrator(read.who)
    return await service_keys.listed(read, account_id)


@keys.post(
    "/withdrawals",
    operation_id="withdrawServiceKey",
    summary="Rút khóa / withdraw a key",
    responses=RESPONSES,
)
async def withdraw_service_key(act: Act, account_id: UUID, body: WithdrawServiceKey) -> JSONResponse:
    """Khóa không mở được gì nữa / the key opens nothing from now on."""
    _administrator(act.who)
    return await act.on_account(account_id, body)
