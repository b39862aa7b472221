"""``/session/oidc``: log in with the province's identity provider; link and unlink an identity."""

from typing import Annotated
from urllib.parse import parse_qs, urlencode

import httpx
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field

from api import browsers
from api.oidc import begun as logins
from api.oidc import identities
from api.oidc.provider import Client, Provider
from api.routers.session import terms_of
from api.scope import ActiveWho, Read, asker, clock_of, tools_of
from models.errors import RefusedError
from models.settings import Settings

router = APIRouter(prefix="/session/oidc", tags=["Phiên làm việc"])

CALLBACK = "/api/v1/session/oidc/callback"
AFTER = "/docs"


class IdentityProvider(BaseModel):
    """Where one may log in."""

    name: str = Field(title="Tên")
    start: str = Field(title="Địa chỉ bắt đầu đăng nhập")
    logout: str | None = Field(title="Địa chỉ đăng xuất ở nơi định danh")


class Onward(BaseModel):
    """Where the browser goes next."""

    address: str = Field(title="Địa chỉ ở nơi định danh")


def _provider(request: Request) -> Provider:
    """The installation's provider.

    Raises:
        RefusedError: ``not-found`` where none is set.
    """
    state, settings = request.app.state, request.app.state.settings
    if settings.oidc_issuer is None:
        raise RefusedError.of("not-found")
    if not hasattr(state, "oidc"):
        secret = settings.oidc_client_secret
        client = Client(
            issuer=settings.oidc_issuer,
            client_id=settings.require("oidc_client_id"),
            client_secret=secret.get_secret_value() if secret is not None else None,
            redirect_uri=settings.public_address + CALLBACK,
        )
        state.oidc = Provider(client, httpx.AsyncClient(trust_env=False))
    found: Provider = state.oidc
    return found


def _cookie(settings: Settings) -> str:
    return "__Host-hoso-login" if browsers.secure(settings) else "hoso-login"


async def _begin(request: Request, begun: logins.Begun) -> str:
    provider = _provider(request)
    described = await provider.described()
    query = {
        "response_type": "code",
        "client_id": provider.client.client_id,
        "redirect_uri": provider.client.redirect_uri,
        "scope": "openid",
        "state": begun.state,
        "nonce": begun.nonce,
        "code_challenge": begun.challenge,
        "code_challenge_method": "S256",
    }
    address: str = described["authorization_endpoint"]
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"


def _remember(request: Request, response: Response, begun: logins.Begun) -> None:
    settings = request.app.state.settings
    response.set_cookie(
        _cookie(settings),
        logins.sealed(tools_of(request).ring, begun),
        max_age=60 * logins.MINUTES,
        path="/",
        secure=browsers.secure(settings),
        httponly=True,
        samesite="lax",
    )


@router.get("", operation_id="getIdentityProvider", summary="Nơi định danh / the identity provider")
async def get_identity_provider(request: Request) -> IdentityProvider:
    """Its name, where a login begins, and where one logs out there."""
    provider = _provider(request)
    settings: Settings = request.app.state.settings
    out = (await provider.described()).get("end_session_endpoint")
    query = {"client_id": provider.client.client_id, "post_logout_redirect_uri": settings.public_address}
    return IdentityProvider(
        name=settings.oidc_name,
        start="/api/v1/session/oidc/start",
        logout=f"{out}?{urlencode(query)}" if isinstance(out, str) else None,
    )


@router.get("/start", status_code=303, operation_id="startOidc", summary="Bắt đầu đăng nhập / begin")
async def start_oidc(request: Request) -> Response:
    """Send the browser to the provider."""
    begun = logins.Begun()
    response = RedirectResponse(await _begin(request, begun), 303)
    _remember(request, response, begun)
    return response


@router.post("/links", operation_id="linkIdentity", summary="Gắn danh tính với tài khoản / link an identity")
async def link_identity(request: Request, response: Response, who: ActiveWho) -> Onward:
    """Begin to link the identity at the provider to one's own account; it is done when the browser comes
    back from there in the same session."""
    begun = logins.Begun(session=who.token_hash)
    address = await _begin(request, begun)
    _remember(request, response, begun)
    return Onward(address=address)


@router.delete("/links", status_code=204, operation_id="unlinkIdentity", summary="Gỡ liên kết / unlink")
async def unlink_identity(request: Request, read: Read) -> None:
    """The identity opens nothing any more; sessions it opened go on until they are ended."""
    issuer = _provider(request).client.issuer
    if not await identities.unlink(read.connection, read.who, issuer):
        raise RefusedError.of("not-found")


@router.get("/callback", status_code=303, operation_id="oidcCallback", summary="Trở về / come back")
async def oidc_callback(
    request: Request,
    state: Annotated[str, Query(max_length=200)] = "",
    code: Annotated[str, Query(max_length=2000)] = "",
    iss: Annotated[str | None, Query(max_length=500)] = None,
) -> Response:
    """Where the provider sends the browser back to: the cookie session begins here."""
    provider, tools = _provider(request), tools_of(request)
    settings: Settings = request.app.state.settings
    begun = logins.opened(tools.ring, request.cookies.get(_cookie(settings)))
    # `iss` (RFC 9207) names who answers: a code of another provider is not taken to this one.
    if not code or state != begun.state or iss not in (None, provider.client.issuer):
        raise RefusedError.of("oidc-failed")
    vouched = await provider.redeem(code, begun.verifier, begun.nonce)
    response = RedirectResponse(AFTER, 303)
    response.delete_cookie(_cookie(settings), path="/", secure=browsers.secure(settings), httponly=True)
    if begun.session is not None:
        who = await asker(request, None)
        if who.token_hash != begun.session:
            raise RefusedError.of("oidc-failed")
        await identities.link(tools, who, vouched)
        return response
    now = await clock_of(request).now()
    opened = await identities.enter(tools, vouched, now, terms_of(settings))
    browsers.keep(response, settings, opened.token)
    return response


@router.post(
    "/back-channel-logout",
    operation_id="oidcBackChannelLogout",
    summary="Nơi định danh báo đăng xuất / the provider says: logged out",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/x-www-form-urlencoded": {
                    "schema": {
                        "type": "object",
                        "required": ["logout_token"],
                        "properties": {"logout_token": {"type": "string"}},
                    }
                }
            },
        }
    },
)
async def oidc_back_channel_logout(request: Request) -> None:
    """End the sessions opened by an identity, or by one session of it (Back-Channel Logout 1.0)."""
    provider, tools = _provider(request), tools_of(request)
    sent = parse_qs((await request.body()).decode("ascii", "replace"))
    notice, vouched, sid = await provider.logged_out(sent.get("logout_token", [""])[0])
    issuer = provider.client.issuer
    identity = identities.keys_of(tools.ring, vouched).identity if vouched is not None else None
    keyed = identities.keyed(tools.ring, issuer, "sid", sid) if sid is not None else None
    await identities.end_sessions(tools, (identity, keyed), notice)
