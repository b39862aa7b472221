"""What stands before every route: whose host, how much, how long, of what kind, how often; and the
headers that tell a browser to trust nothing more than it must (OWASP Secure Headers, RFC 6797, RFC 9110).
"""

import asyncio
from time import monotonic
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.browsers import secure
from api.problems import REQUEST_ID, answer
from api.rates import Left, rates_of
from models.errors import Refusal
from models.identifiers import new_id
from models.logs import logger
from models.settings import Settings

JSON_TYPES = ("application/json",)
FORM = "application/x-www-form-urlencoded"
TAKEN = frozenset(
    {*JSON_TYPES, "multipart/form-data", "application/octet-stream", "application/offset+octet-stream"}
)
"""Media types of requests. ``text/plain`` and forms, which any site's page can send, are not among them."""

FORM_PATHS = ("/api/v1/oauth/token", "/api/v1/session/oidc/back-channel-logout")
"""Where standards prescribe a form (RFC 6749, OpenID Connect Back-Channel Logout): no cookie is looked at."""

STRICT_PATHS = ("/api/v1/session", "/api/v1/session/browser", "/api/v1/oauth/token")
"""Where somebody may be guessing: a smaller quota by address."""

CODEC = "/codec/decode"
"""Of which each call is logged, also one that is refused before it comes in."""

ROOM = 64 * 1024
"""What a form adds to the file in it, in bytes."""

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none';"
    " form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}
HSTS = "max-age=31536000; includeSubDomains"

log = logger("codec")


class Hardening:
    """ASGI middleware, outermost: its headers are on every answer, an accident's too."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        settings: Settings = scope["app"].state.settings
        state = scope.setdefault("state", {})

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add(MutableHeaders(scope=message), settings, state.get("rate"))
            await send(message)

        headers = Headers(scope=scope)
        refusal = _unfit(scope, headers, settings) or _too_often(scope, settings)
        if refusal is None:
            bounded = _Bounded(receive, _largest(headers, settings), settings)
            await self.app(scope, bounded, send_with_headers)
            return
        request_id = new_id()
        if scope["path"] == CODEC:
            log.warning("codec.refused", request_id=str(request_id), code=refusal.problem.code)
        refused = answer(refusal, request_id, {REQUEST_ID: str(request_id)})
        await refused(scope, receive, send_with_headers)


class _Bounded:
    """The request's body, no longer and no slower than allowed."""

    def __init__(self, receive: Receive, largest: int, settings: Settings) -> None:
        self._receive, self._left, self._seconds = receive, largest, settings.request_seconds
        self._until = monotonic() + settings.body_seconds
        self._whole = False

    async def __call__(self) -> Message:
        if self._whole:  # what comes now is the end of the connection; it may take its time
            return await self._receive()
        try:
            left = max(self._until - monotonic(), 0)
            message = await asyncio.wait_for(self._receive(), min(self._seconds, left))
        except TimeoutError:
            raise HTTPException(408) from None
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            self._whole = not message.get("more_body", False)
            if self._left < 0:
                raise HTTPException(413)
        return message


def _add(headers: MutableHeaders, settings: Settings, left: Left | None) -> None:
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    if secure(settings):
        headers["Strict-Transport-Security"] = HSTS
    if left is not None:
        headers.update(left.headers())


def _media_type(headers: Headers) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def _largest(headers: Headers, settings: Settings) -> int:
    if _media_type(headers) in (*JSON_TYPES, FORM, ""):
        return settings.request_bytes
    return max(settings.attachment_bytes, settings.import_bytes, settings.verify_bytes) + ROOM


def _unfit(scope: Scope, headers: Headers, settings: Settings) -> Refusal | None:
    if not _known_host(headers.get("host", ""), _hosts(settings)):
        return Refusal("host-unknown")
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()):
        return Refusal("malformed-request")
    largest = _largest(headers, settings)
    if len(length) > 15 or int(length) > largest:
        return Refusal("request-too-large", extra={"largest": largest})
    has_body = length.strip("0") != "" or "transfer-encoding" in headers
    kind, path = _media_type(headers), scope["path"]
    form = path in FORM_PATHS and kind == FORM
    if has_body and path.startswith("/api/") and kind not in TAKEN and not form:
        return Refusal("unsupported-media-type")
    return None


def _hosts(settings: Settings) -> frozenset[str]:
    """Names this installation answers to; none: to any (a desk, where no public address is set)."""
    if settings.public_url is None:
        return frozenset()
    public = urlsplit(settings.public_address).hostname or ""
    return frozenset({public, settings.api_host, "127.0.0.1", "localhost", *settings.api_hosts.split()})


def _known_host(given: str, known: frozenset[str]) -> bool:
    """Whether the ``Host`` is one of ours, whatever its port (RFC 9110, 7.2)."""
    try:
        name = urlsplit(f"//{given}").hostname or ""
    except ValueError:
        return False
    return not known or name in known


def _too_often(scope: Scope, settings: Settings) -> Refusal | None:
    client = scope.get("client")
    if client is None:
        return None
    rates = rates_of(scope["app"].state)
    path: str = scope["path"]
    guessing = scope["method"] == "POST" and path in STRICT_PATHS
    if guessing:
        left = rates.take(("login", client[0]), settings.logins_per_minute)
    else:
        left = rates.take(("address", client[0]), settings.address_requests_per_minute)
    scope["state"]["rate"] = left
    return Refusal("rate-limited", extra={"retry_after": left.reset}) if left.refused else None


def harden(app: FastAPI) -> None:
    """Put an application behind all of it; to be added last, so that it stands outermost."""
    app.add_middleware(Hardening)
