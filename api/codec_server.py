"""The codec server of the Temporal Web UI: opens payloads for those who may inspect workflows.

It decrypts whatever it is given, so it asks who wants it and logs every call. Payloads hold ids, dates and
words only (``models.messages``); still, nobody reads them without the permission ``inspect_workflow``. On a
desk (``hoso run``) the setting ``codec_open`` lets the page of the local Web UI read without a login.
"""

from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request, Response
from fastapi.security import HTTPAuthorizationCredentials
from google.protobuf import json_format
from temporalio.api.common.v1 import Payloads

from api.scope import asker, bearer
from models.access import Verb, reach
from models.errors import RefusedError
from models.logs import logger
from workflows.payload_codec import EncryptionCodec

router = APIRouter(prefix="/codec", include_in_schema=False)
log = logger("codec")

MOST = 2 * 1024 * 1024
"""Bytes of one request."""


async def _allowed(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> str:
    """Who decodes: an account with the permission, or this desk."""
    if credentials is not None:
        who = await asker(request, credentials)
        inspects = reach(who.actor, Verb.INSPECT_WORKFLOW, who.today).everywhere
        if who.state == "default_password" or not inspects:
            raise RefusedError.of("not-permitted")
        return str(who.account_id)
    if request.app.state.settings.codec_open and _local(request):
        return "desk"
    raise RefusedError.of("not-authenticated")


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
async def decode(request: Request, who: Annotated[str, Depends(_allowed)]) -> Response:
    """Open the payloads of one history page."""
    body = await request.body()
    if len(body) > MOST:
        raise RefusedError.of("request-too-large")
    try:
        sealed = json_format.Parse(body, Payloads())
    except json_format.ParseError as error:
        raise RefusedError.of("malformed-request") from error
    codec = EncryptionCodec(request.app.state.tools.ring)
    opened = Payloads(payloads=await codec.decode(list(sealed.payloads)))
    log.info("codec.decoded", account_id=who, count=len(opened.payloads))
    return Response(json_format.MessageToJson(opened), media_type="application/json", headers=_cors(request))
