"""The codec server of the Temporal Web UI: opens payloads for those who may inspect the workflow they are of.

Every payload names the workflow it was made for, under the same seal as its content. Who asks needs the
permission ``inspect_workflow`` and must be able to see that workflow's profile, case or agency; one payload
outside that, or one whose name was altered, and nothing of the request is opened. Every call is logged, also
the refused. Payloads hold ids, dates and words only (``models.messages``).

On a desk (``hoso run``) the setting ``codec_open`` lets the page of the local Web UI read without a login.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request, Response
from fastapi.security import HTTPAuthorizationCredentials
from google.protobuf import json_format
from starlette.exceptions import HTTPException
from temporalio.api.common.v1 import Payload, Payloads

from api.reading.codec_subjects import must_be_readable
from api.scope import Asker, Reading, active_asker, asker, bearer, tools_of
from models.access import Verb, reach
from models.database import transaction
from models.errors import KeyUnknownError, RefusedError, SealBrokenError
from models.logs import logger
from workflows.payload_codec import ENCODING, SUBJECT, EncryptionCodec

router = APIRouter(prefix="/codec", include_in_schema=False)
log = logger("codec")

MOST = 2 * 1024 * 1024
"""Bytes of one request."""
UNKNOWN = "unknown"
"""In the log, who showed no token of a session."""


@contextmanager
def _logged(name: str, **more: int) -> Iterator[None]:
    """Every refusal of a call has its line: who asked, where that is known, and why not."""
    try:
        yield
    except RefusedError as error:
        log.warning("codec.refused", account_id=name, code=error.refusal.code, **more)
        raise
    except HTTPException as error:  # a body that is too long, or does not come
        log.warning("codec.refused", account_id=name, status=error.status_code, **more)
        raise


async def _allowed(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> Asker | None:
    """Who decodes: an account with the permission, or, where this is a desk, nobody in particular."""
    if credentials is None and request.app.state.settings.codec_open and _local(request):
        return None
    with _logged(UNKNOWN):
        if credentials is None:
            raise RefusedError.of("not-authenticated")
        who = await asker(request, credentials)
    with _logged(str(who.account_id)):
        active_asker(request, who)
        if not reach(who.actor, Verb.INSPECT_WORKFLOW, who.today).everywhere:
            raise RefusedError.of("not-permitted")
    return who


def _local(request: Request) -> bool:
    """From this machine, and from the Web UI's own page."""
    client, origin = request.client, request.headers.get("origin", "")
    if client is None or not ip_address(client.host).is_loopback:
        return False
    return _is_ui(request, origin)


def _is_ui(request: Request, origin: str) -> bool:
    ui = request.app.state.settings.temporal_ui_url
    if ui is None or not origin:
        return False
    mine, theirs = urlsplit(str(ui)), urlsplit(origin)
    names = {mine.hostname, "localhost"} if mine.hostname == "127.0.0.1" else {mine.hostname}
    return theirs.hostname in names and theirs.port == mine.port


def _cors(request: Request) -> dict[str, str]:
    origin = request.headers.get("origin", "")
    if not _is_ui(request, origin):
        return {}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Headers": "content-type, x-namespace, authorization",
        "Access-Control-Allow-Methods": "POST, OPTIONS",
        "Access-Control-Allow-Credentials": "true",
        "Vary": "Origin",
    }


@router.options("/decode")
async def preflight(request: Request) -> Response:
    """May this page ask? Only the Web UI's own."""
    return Response(status_code=204, headers=_cors(request))


@router.post("/decode")
async def decode(request: Request, who: Annotated[Asker | None, Depends(_allowed)]) -> Response:
    """Open the payloads of one history page."""
    name = str(who.account_id) if who is not None else "desk"
    with _logged(name):
        sealed = await _sealed(request)
    subjects = sorted({_subject(one) for one in sealed if one.metadata.get("encoding") == ENCODING})
    with _logged(name, count=len(sealed)):
        if who is not None:
            await _readable(request, who, subjects)
        try:
            opened = await EncryptionCodec(tools_of(request).ring).decode(sealed)
        except (SealBrokenError, KeyUnknownError) as error:
            raise RefusedError.of("malformed-request") from error
    for subject in subjects or [""]:
        log.info("codec.decoded", account_id=name, workflow_id=subject, count=len(sealed))
    answer = json_format.MessageToJson(Payloads(payloads=opened))
    return Response(answer, media_type="application/json", headers=_cors(request))


async def _sealed(request: Request) -> list[Payload]:
    """The payloads of the request.

    Raises:
        RefusedError: ``request-too-large``, ``malformed-request``.
    """
    body = await request.body()
    if len(body) > MOST:
        raise RefusedError.of("request-too-large")
    try:
        return list(json_format.Parse(body, Payloads()).payloads)
    except (json_format.ParseError, UnicodeDecodeError) as error:
        raise RefusedError.of("malformed-request") from error


def _subject(payload: Payload) -> str:
    """The workflow it says it is of; ``""`` where it says none: nobody's to read but the desk's."""
    return payload.metadata.get(SUBJECT, b"").decode("ascii", "replace")


async def _readable(request: Request, who: Asker, subjects: list[str]) -> None:
    tools = tools_of(request)
    async with transaction(tools.engine, who.scope) as connection:
        await must_be_readable(Reading(who, connection, tools), subjects)
