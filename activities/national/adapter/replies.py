"""From an HTTP exchange to a result or one of our errors.

The other side answers `{"error_code", "message", "result"}`; "0" and "1" both mean accepted (observed on the
platform of another national database). No pydantic error leaves here: it would quote what it could not read.
"""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

import httpx
from pydantic import BaseModel, BeforeValidator, TypeAdapter, ValidationError

from activities.national.adapter.errors import (
    AccessRefusedError,
    BadAnswerError,
    BadPacketError,
    KeyRevokedError,
    MaintenanceError,
    PacketUnknownError,
    UnreachableError,
    safe_code,
)
from activities.national.adapter.messages import Difference, ItemResult, ItemStatus

__all__ = ["Found", "WireDifference", "WirePage", "WireResult", "parse", "read", "refuse_closed", "request"]

_ACCEPTED = frozenset({"0", "1"})
_ADDRESS = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\[\d{1,4}\])?(\.[A-Za-z_][A-Za-z0-9_]*(\[\d{1,4}\])?)*")
# A long run of digits in a path is no field name; it may be somebody's number.
_NUMBER = re.compile(r"\d{5}")

T = TypeVar("T")


def _path(value: object) -> object:
    if isinstance(value, str) and (
        len(value) > 120 or not _ADDRESS.fullmatch(value) or _NUMBER.search(value)
    ):
        return "?"
    return value


Path = Annotated[str, BeforeValidator(_path)]


class _Reply(BaseModel):
    error_code: str
    result: Any = None


class WireResult(BaseModel):
    """One item's result on the wire."""

    item_key: str
    status: ItemStatus
    code: str = ""
    field: Path | None = None
    message: str = ""

    def ours(self) -> ItemResult:
        """The same in our words, its code made fit for logs."""
        code = safe_code(self.code) if self.code else ""
        return ItemResult(self.item_key, self.status, code, self.field, self.message)


class WireDifference(BaseModel):
    """One item's standing on the wire."""

    item_key: str
    state: Difference
    fields: tuple[Path, ...] = ()


class WireHeld(BaseModel):
    """One record held for us."""

    profile_id: UUID
    revision_digest: str = ""
    status: str = ""
    corrected: tuple[Path, ...] = ()
    item: dict[str, Any]


class WirePage(BaseModel):
    """A page of them."""

    records: list[WireHeld]
    next: str = ""


class Found(BaseModel):
    """The answer to a person query."""

    found: bool
    matches: int = 1
    profile_id: UUID | None = None
    held_by: str = ""
    status: str = ""
    revision_digest: str = ""
    item: dict[str, Any] | None = None


async def request(http: httpx.AsyncClient, method: str, path: str, **content: Any) -> httpx.Response:
    """One exchange; a failure of transport is an UnreachableError with its kind, without its text."""
    try:
        return await http.request(method, path, **content)
    except httpx.ConnectError:
        reason = "connect"
    except httpx.TimeoutException:
        reason = "timeout"
    except httpx.TransportError:
        reason = "connection lost"
    raise UnreachableError(reason)


def refuse_closed(answer: httpx.Response) -> None:
    """Raise MaintenanceError or UnreachableError for an answer that is not the service's own."""
    pause = _pause(answer)
    if answer.status_code == 503 and pause is not None:
        raise MaintenanceError(_now(answer) + pause, pause)
    if answer.status_code in (408, 429) or answer.status_code >= 500:
        raise UnreachableError(f"http {answer.status_code}", pause)


def read(answer: httpx.Response) -> Any:
    """The `result` of an accepted call, or the error its HTTP status or error_code stands for."""
    refuse_closed(answer)
    if answer.status_code == 401:
        raise KeyRevokedError
    if answer.status_code == 413:
        raise BadPacketError("TOO_LARGE")
    try:
        body = answer.json()
    except ValueError:
        body = None
    reply = parse(_Reply, body, "envelope")
    if reply.error_code not in _ACCEPTED:
        raise _refusal(reply.error_code)
    if answer.status_code != 200:
        raise BadAnswerError("status")
    return reply.result


def parse(shape: type[T], value: object, what: str) -> T:
    """`value` as `shape`; BadAnswerError(what) otherwise, nothing of the value in it or chained to it."""
    try:
        return TypeAdapter(shape).validate_python(value)
    except ValidationError:
        pass
    raise BadAnswerError(what)


def _refusal(code: str) -> Exception:
    match code:
        case "100":
            return KeyRevokedError()
        case "101" | "106" | "107":
            return AccessRefusedError(code)
        case "404":
            return PacketUnknownError()
        case _:
            return BadPacketError(code)


def _pause(answer: httpx.Response) -> timedelta | None:
    """Retry-After (RFC 9110 §10.2.3) in either of its forms."""
    value = answer.headers.get("retry-after", "").strip()
    if value.isdigit():
        return timedelta(seconds=min(int(value), 30 * 86400))
    try:
        return max(parsedate_to_datetime(value) - _now(answer), timedelta())
    except (ValueError, TypeError):
        return None


def _now(answer: httpx.Response) -> datetime:
    """The other side's own clock, by which its Retry-After is meant; ours only when it sent no Date."""
    try:
        return parsedate_to_datetime(answer.headers["date"]).astimezone(UTC)
    except (KeyError, ValueError):
        return datetime.now(UTC)
