"""``/session/browser``: the session of a page, in a cookie that no script reads."""

from datetime import datetime

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from api import browsers
from api.routers import session
from api.routers.session import SignIn
from api.scope import Who
from models.errors import RefusedError

router = APIRouter(prefix="/session/browser", tags=["Phiên làm việc"])


class BrowserSession(BaseModel):
    """The token is in the cookie; this is what the page says with each change."""

    csrf_token: str = Field(
        title="Mã chống giả mạo", description="Gửi trong X-CSRF-Token / sent with changes"
    )
    expires_at: datetime = Field(title="Hết hạn lúc")


@router.post(
    "", status_code=201, operation_id="signInBrowser", summary="Đăng nhập từ trình duyệt / sign in, by cookie"
)
async def sign_in_browser(request: Request, response: Response, body: SignIn) -> BrowserSession:
    """Open a session of this browser: always a new one, whatever cookie came with the request. It is refused
    to pages of other sites, which might log somebody in as somebody else."""
    browsers.from_page(request)
    opened = await session.sign_in(request, body)
    browsers.keep(response, request.app.state.settings, opened.token)
    return BrowserSession(csrf_token=browsers.csrf_token(opened.token), expires_at=opened.expires_at)


@router.get("", operation_id="getBrowserSession", summary="Mã chống giả mạo của phiên / its CSRF token")
async def get_browser_session(request: Request, who: Who) -> BrowserSession:
    """For a page that was loaded anew. Other sites cannot read the answer."""
    token = browsers.token_in(request)
    if token is None:
        raise RefusedError.of("not-authenticated")
    return BrowserSession(csrf_token=browsers.csrf_token(token), expires_at=who.expires_at)


@router.delete("", status_code=204, operation_id="signOutBrowser", summary="Đăng xuất / sign out")
async def sign_out_browser(request: Request, response: Response, who: Who) -> None:
    """End this session at once and take the cookie away."""
    await session.sign_out(request, who)
    browsers.forget(response, request.app.state.settings)
