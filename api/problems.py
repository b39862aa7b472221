"""Refusals as problem documents (RFC 9457), and the published catalogue of their codes.

Every answer of the API that is not a success has this one shape, whoever refused: an act, the framework or
an accident. Nothing the caller sent is repeated in it, and nothing of an accident but an id to find it by.
"""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

import psycopg
import sqlalchemy.exc
import structlog
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from temporalio.service import RPCError, RPCStatusCode

from api.engine_away import NO_ANSWER, never_reached
from api.malformed import malformed
from models.documents import StoreAwayError
from models.errors import CATALOGUE, Refusal, RefusedError
from models.identifiers import new_id
from models.problem_catalogue import Problem

MEDIA_TYPE = "application/problem+json"
REQUEST_ID = "X-Request-Id"

_FROM_STATUS = {
    400: "malformed-request",
    401: "not-authenticated",
    403: "not-permitted",
    404: "not-found",
    405: "method-not-allowed",
    408: "request-timeout",
    413: "request-too-large",
    415: "unsupported-media-type",
    428: "precondition-required",
    429: "rate-limited",
}
_PATIENCE = {
    "rate-limited": 30,
    "in-flight": 2,
    "engine-unavailable": 5,
    "answer-too-slow": 30,
    "database-unavailable": 5,
    "documents-unavailable": 10,
}
_DATABASE_GONE = (
    psycopg.OperationalError,
    sqlalchemy.exc.OperationalError,
    sqlalchemy.exc.InterfaceError,
    sqlalchemy.exc.TimeoutError,
)
_ENGINE_GONE = (RPCStatusCode.UNAVAILABLE, *NO_ANSWER)

log = structlog.stdlib.get_logger(__name__)
router = APIRouter(prefix="/problems", tags=["Mã lỗi"])


def document(refusal: Refusal, instance: str) -> dict[str, Any]:
    """The members of the problem document; `instance` is an opaque id of this one occurrence."""
    problem = refusal.problem
    members: dict[str, Any] = {
        "type": problem.uri,
        "code": problem.code,
        "title": problem.title_vi,
        "title_en": problem.title_en,
        "status": problem.status,
        "detail": refusal.detail_vi or problem.meaning_vi,
        "detail_en": refusal.detail_en or problem.meaning_en,
        "remedy": problem.remedy_vi,
        "remedy_en": problem.remedy_en,
        "instance": instance,
    }
    if refusal.citation:
        members["citation"] = refusal.citation
    if refusal.fields:
        members["errors"] = [one.to_json() for one in refusal.fields]
    return {**refusal.extra, **members}


def answer(refusal: Refusal, request_id: UUID, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The refusal as a response; `Retry-After` (seconds) and `WWW-Authenticate` where they belong."""
    problem = refusal.problem
    sent = {"Content-Language": "vi", "Cache-Control": "no-store", **(headers or {})}
    patience = refusal.extra.get("retry_after", _PATIENCE.get(problem.code))
    if patience is not None:
        sent["Retry-After"] = str(patience)
    if problem.status == HTTPStatus.UNAUTHORIZED:
        sent["WWW-Authenticate"] = "Bearer"
    content = document(refusal, f"urn:uuid:{request_id}")
    return JSONResponse(content, problem.status, sent, media_type=MEDIA_TYPE)


class RequestIds:
    """ASGI middleware: an id for every request, and an `internal` problem for what nobody caught.

    It stands outside the framework's own handler, which would answer and then raise again, so that the text
    of an accident (it may quote a row) goes to no log but ours.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = new_id()
        scope.setdefault("state", {})["request_id"] = request_id
        begun = False

        async def send_with_id(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                message["headers"] = [
                    *message.get("headers", ()),
                    (REQUEST_ID.lower().encode(), str(request_id).encode()),
                ]
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        except Exception as accident:
            code = code_of(accident)
            log.exception("unhandled error", request_id=str(request_id), method=scope["method"], code=code)
            if begun:
                raise
            await answer(Refusal(code), request_id)(scope, receive, send_with_id)


def code_of(accident: BaseException) -> str:
    """Whose absence was the cause (`database-`, `engine-`, `documents-unavailable`), `answer-too-slow` where
    a statement took longer than it may, else `internal`."""
    causes = list(_causes(accident))
    if any(isinstance(cause, psycopg.errors.QueryCanceled) for cause in causes):
        return "answer-too-slow"
    for cause in causes:
        if isinstance(cause, _DATABASE_GONE):
            return "database-unavailable"
        if (isinstance(cause, RPCError) and cause.status in _ENGINE_GONE) or never_reached(cause):
            return "engine-unavailable"
        if isinstance(cause, StoreAwayError):
            return "documents-unavailable"
    return "internal"


def _causes(accident: BaseException) -> Iterator[BaseException]:
    """The accident, and what each is said to come from."""
    cause: BaseException | None = accident
    while cause is not None:
        yield cause
        cause = cause.__cause__


def install(app: FastAPI) -> None:
    """Give an application its problem documents, request ids and the published catalogue."""
    app.add_middleware(RequestIds)
    app.add_exception_handler(RefusedError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.include_router(router)


def responses(*codes: str) -> dict[int | str, dict[str, Any]]:
    """What a route may refuse with, for `responses=` of its decorator: shown in OpenAPI by status."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for code in codes:
        problem = CATALOGUE[code]
        entry = by_status.setdefault(
            problem.status, {"description": "", "content": {MEDIA_TYPE: {"examples": {}}}}
        )
        entry["description"] = "; ".join(filter(None, [entry["description"], problem.title_vi]))
        example = document(Refusal(code), "urn:uuid:00000000-0000-7000-8000-000000000000")
        entry["content"][MEDIA_TYPE]["examples"][code] = {"value": example}
    return by_status


@router.get("", operation_id="listProblems", summary="Mọi mã lỗi / Every code the API refuses with")
def list_problems() -> list[dict[str, Any]]:
    """The catalogue, sorted by code."""
    return [_published(CATALOGUE[code]) for code in sorted(CATALOGUE)]


@router.get(
    "/{code}", operation_id="getProblem", summary="Một mã lỗi / One code", responses=responses("not-found")
)
def get_problem(code: str) -> dict[str, Any]:
    """What a code means and what to do about it: the `type` of a problem document leads here."""
    if code not in CATALOGUE:
        raise RefusedError.of("not-found")
    return _published(CATALOGUE[code])


def _published(problem: Problem) -> dict[str, Any]:
    return {
        "type": problem.uri,
        "code": problem.code,
        "status": problem.status,
        "title": problem.title_vi,
        "title_en": problem.title_en,
        "meaning": problem.meaning_vi,
        "meaning_en": problem.meaning_en,
        "remedy": problem.remedy_vi,
        "remedy_en": problem.remedy_en,
        "retry": problem.retry,
    }


def _request_id(request: Request) -> UUID:
    found: UUID = request.state.request_id
    return found


async def _refused(request: Request, refused: Exception) -> JSONResponse:
    assert isinstance(refused, RefusedError)
    return answer(refused.refusal, _request_id(request))


async def _invalid(request: Request, invalid: Exception) -> JSONResponse:
    assert isinstance(invalid, RequestValidationError)
    return answer(malformed(invalid.errors()), _request_id(request))


async def _http(request: Request, raised: Exception) -> JSONResponse:
    """What the framework refuses by itself. Its own text is dropped: it may quote the request."""
    assert isinstance(raised, HTTPException)
    otherwise = "internal" if raised.status_code >= 500 else "malformed-request"
    code = _FROM_STATUS.get(raised.status_code, otherwise)
    return answer(Refusal(code), _request_id(request), raised.headers)
