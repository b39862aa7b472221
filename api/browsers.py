"""Sessions of browsers: the token in a cookie no script reads, and what keeps other sites from using it.

Beside ``Authorization: Bearer`` a session may come in a cookie (``HttpOnly``, ``SameSite=Lax``; over https
``Secure``, with the prefix ``__Host-``, RFC 6265bis 4.1.3.2). A browser sends cookies by itself, so whatever
changes something must also carry ``X-CSRF-Token``, which only a page of ours can know, and must not come from
another origin (``Origin``, ``Sec-Fetch-Site``). The CSRF token is derived from the session's token: it ends
with it and cannot be planted from outside (OWASP's signed double submit). A link in a mail must find the
person logged in, hence ``Lax`` and not ``Strict``: a GET changes nothing here.
"""

import hmac
from urllib.parse import urlsplit

from fastapi import Request, Response

from models.errors import RefusedError
from models.settings import Settings

CSRF_HEADER = "X-CSRF-Token"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def secure(settings: Settings) -> bool:
    """Whether people reach this installation by https."""
    return settings.public_address.startswith("https://")


def cookie_name(settings: Settings) -> str:
    """Over https a name that no other host, path or plain connection can set."""
    return "__Host-hoso" if secure(settings) else "hoso"


def csrf_token(token: str) -> str:
    """What a page says with each change; tells nothing about the session's token."""
    return hmac.digest(token.encode("utf-8", "surrogatepass"), b"hoso csrf", "sha256").hex()


def keep(response: Response, settings: Settings, token: str) -> None:
    """Give the browser its session."""
    response.set_cookie(
        cookie_name(settings),
        token,
        max_age=int(settings.session_hours * 3600),  # by the browser's own clock
        path="/",
        secure=secure(settings),
        httponly=True,
        samesite="lax",
    )


def forget(response: Response, settings: Settings) -> None:
    """Take the session from the browser."""
    response.delete_cookie(
        cookie_name(settings), path="/", secure=secure(settings), httponly=True, samesite="lax"
    )


def token_in(request: Request) -> str | None:
    """The session's token from the cookie, once the request is known to come from a page of ours.

    Raises:
        RefusedError: ``csrf-failed``.
    """
    token = request.cookies.get(cookie_name(request.app.state.settings))
    if token is None or request.method in SAFE:
        return token
    from_page(request)
    said = request.headers.get(CSRF_HEADER, "")
    if not hmac.compare_digest(said.encode(), csrf_token(token).encode()):
        raise RefusedError.of("csrf-failed")
    return token


def from_page(request: Request) -> None:
    """Make sure that no other site's page sent this.

    Raises:
        RefusedError: ``csrf-failed``.
    """
    site = request.headers.get("sec-fetch-site", "none")
    origin = request.headers.get("origin")
    if site not in ("same-origin", "none") or (origin is not None and not _ours(request, origin)):
        raise RefusedError.of("csrf-failed")


def _ours(request: Request, origin: str) -> bool:
    settings: Settings = request.app.state.settings
    if settings.public_url is not None:
        public = urlsplit(settings.public_address)
        return origin == f"{public.scheme}://{public.netloc}"
    return origin == f"{request.url.scheme}://{request.headers.get('host', '')}"
