"""The services put together: OCSP (RFC 6960), CRLs (RFC 5280), timestamps (RFC 3161), switches, a page."""

from __future__ import annotations

import asyncio
import base64
import binascii
import secrets
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import unquote_to_bytes

from asn1crypto import ocsp, tsp
from cryptography.hazmat.primitives.serialization import Encoding
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.middleware.trustedhost import TrustedHostMiddleware

from activities.signing.development_pki import timestamps
from activities.signing.development_pki.admin import Admin
from activities.signing.development_pki.authorities import Authorities
from activities.signing.development_pki.clock import clock_for
from activities.signing.development_pki.page import render
from activities.signing.development_pki.switches import Revocations, SwitchBoard
from activities.signing.keystore import Keystore

LARGEST = 16 * 1024
"""Bytes of the largest request answered: a true one has some hundred."""


class Services:
    """What the world asks: each call is answered as its switch says."""

    def __init__(self, folder: Path, engine: str | None) -> None:
        self.board = SwitchBoard(folder)
        self.authorities = Authorities(Keystore(folder), Revocations(folder))
        self._clock = clock_for(engine)

    async def now(self) -> datetime:
        """The instant all answers are given at, in whole seconds as their formats have it."""
        return (self.board.now.clock_at or await self._clock.now()).replace(microsecond=0)

    async def timestamp(self, request: Request) -> Response:
        """POST /tsa."""
        fault = self.board.now.tsa
        if (refused := await self._fault("tsa", fault)) is not None:
            return refused
        try:
            asked = tsp.TimeStampReq.load(await _body(request), strict=True)
            asked["message_imprint"]["hash_algorithm"]["algorithm"].native  # noqa: B018 — parsed now, not later
        except ValueError:
            return PlainTextResponse("not a timestamp request", 400)
        authority = self.authorities.stranger() if fault == "stranger" else self.authorities.timestamper()
        made = timestamps.answer(asked, authority, await self.now(), fault)
        return Response(made, media_type="application/timestamp-reply")

    async def status(self, data: bytes) -> Response:
        """POST /ocsp and GET /ocsp/<base64>."""
        fault = self.board.now.ocsp
        if (refused := await self._fault("ocsp", fault)) is not None:
            return refused
        if fault == "try_later":
            return _ocsp(ocsp.OCSPResponse({"response_status": "try_later"}))
        try:
            asked = ocsp.OCSPRequest.load(data, strict=True)
            asked["tbs_request"]["request_list"][0]["req_cert"]["serial_number"].native  # noqa: B018 — as above
        except (ValueError, IndexError):
            return _ocsp(ocsp.OCSPResponse({"response_status": "malformed_request"}))
        if fault == "other_nonce":
            asked = _with_another_nonce(asked)
        now = await self.now()
        if fault == "stale":
            now -= timedelta(days=30)
        validity = timedelta(seconds=self.board.now.ocsp_valid_seconds)
        self.authorities.blind = fault == "unknown"
        return _ocsp(self.authorities.ocsp_answer(asked, now, validity))

    async def crl(self, name: str) -> Response:
        """GET /crl/<authority>.crl."""
        fault = self.board.now.crl
        if (refused := await self._fault("crl", fault)) is not None:
            return refused
        authority = self.authorities.named(name)
        if authority is None:
            return PlainTextResponse("no such authority", 404)
        now = await self.now() - (timedelta(days=400) if fault == "stale" else timedelta(0))
        made = self.authorities.crl(authority, now, timedelta(seconds=self.board.now.crl_valid_seconds))
        return Response(made.dump(), media_type="application/pkix-crl")

    async def certificate(self, name: str) -> Response:
        """GET /ca/<authority>.cer."""
        authority = self.authorities.named(name)
        if authority is None:
            return PlainTextResponse("no such authority", 404)
        der = authority.issued.certificate.public_bytes(Encoding.DER)
        return Response(der, media_type="application/pkix-cert")

    async def _fault(self, service: str, fault: str) -> Response | None:
        self.board.asked[service] += 1
        if fault == "hang":
            await asyncio.sleep(self.board.now.hang_seconds)
            return PlainTextResponse("too late", 504)
        if fault == "down":
            return PlainTextResponse("service down", 503)
        return PlainTextResponse("<html>Welcome", 200) if fault == "rubbish" else None


def create_app(folder: Path, engine: str | None = None) -> FastAPI:
    """The development PKI of one folder; ``engine`` is the address of a test server whose time it takes."""
    services = Services(folder, engine)
    app = FastAPI(title="Development PKI", docs_url=None, redoc_url=None)
    # A web page elsewhere that resolves its own name to this machine is turned away by its Host header.
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
    app.include_router(Admin(services.board, services.authorities, services.now).router)
    app.post("/tsa")(services.timestamp)

    @app.post("/ocsp")
    async def ocsp_by_post(request: Request) -> Response:
        return await services.status(await _body(request))

    @app.get("/ocsp/{asked:path}")
    async def ocsp_by_get(asked: str) -> Response:
        try:
            data = base64.b64decode(unquote_to_bytes(asked), validate=True)
        except (binascii.Error, ValueError):
            data = b""
        return await services.status(data)

    app.get("/crl/{name}.crl")(services.crl)
    app.get("/ca/{name}.cer")(services.certificate)

    @app.get("/", response_class=HTMLResponse)
    async def page(request: Request) -> HTMLResponse:
        text = render(services.authorities, services.board, await services.now(), request.url.netloc)
        return HTMLResponse(text, headers={"Cache-Control": "no-store"})

    @app.get("/health")
    async def health() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    return app


async def _body(request: Request) -> bytes:
    data = await request.body()
    return data if len(data) <= LARGEST else b""


def _ocsp(made: ocsp.OCSPResponse) -> Response:
    return Response(made.dump(), media_type="application/ocsp-response")


def _with_another_nonce(request: ocsp.OCSPRequest) -> ocsp.OCSPRequest:
    """The same question as if somebody else had asked it."""
    nonce = {"extn_id": "nonce", "extn_value": secrets.token_bytes(16)}
    listed = request["tbs_request"]["request_list"]
    body = ocsp.TBSRequest({"request_list": listed, "request_extensions": [nonce]})
    return ocsp.OCSPRequest({"tbs_request": body})
