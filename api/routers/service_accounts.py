"""``/oauth/token`` for service accounts, and the keys they are known by."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api import service_accounts
from api.reading import service_keys
from api.reading.service_keys import ServiceKey
from api.scope import ActiveWho, Asker, Read, clock_of, tools_of
from models.access import Verb, reach
from models.errors import RefusedError

tokens = APIRouter(prefix="/oauth", tags=["Tài khoản dịch vụ"])
keys = APIRouter(prefix="/service-accounts/{account_id}/keys", tags=["Tài khoản dịch vụ"])

TOKEN = "/api/v1/oauth/token"  # noqa: S105 — a path
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
MOST_YEARS = 2


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


class Registered(BaseModel):
    """The key's id: the ``kid`` of assertions."""

    kid: str = Field(title="Mã khóa", description="JWK thumbprint (RFC 7638)")


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


@keys.post("", status_code=201, operation_id="registerServiceKey", summary="Đăng ký khóa / register a key")
async def register_service_key(
    request: Request, who: ActiveWho, account_id: UUID, body: NewKey
) -> Registered:
    """Register a public key of a service account. Two may hold at once: so keys rotate without a gap."""
    _administrator(who)
    latest = who.now + timedelta(days=366 * MOST_YEARS)
    expires = body.expires_at or latest
    if expires.tzinfo is None or not who.now < expires <= latest:
        raise RefusedError.of("key-unfit")
    kid = await service_accounts.register(
        tools_of(request), who, account_id, body.jwk, body.document, expires
    )
    return Registered(kid=kid)


@keys.get("", operation_id="listServiceKeys", summary="Các khóa / its keys")
async def list_service_keys(read: Read, account_id: UUID) -> list[ServiceKey]:
    """Every key that was ever registered, the withdrawn ones too."""
    _administrator(read.who)
    return await service_keys.listed(read, account_id)


@keys.delete(
    "/{kid}", status_code=204, operation_id="withdrawServiceKey", summary="Rút khóa / withdraw a key"
)
async def withdraw_service_key(request: Request, who: ActiveWho, account_id: UUID, kid: str) -> None:
    """The key opens nothing from now on."""
    _administrator(who)
    await service_accounts.withdraw(tools_of(request), who, account_id, kid)
