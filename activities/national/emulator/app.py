"""The emulator put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, PlainTextResponse
from starlette.middleware.trustedhost import TrustedHostMiddleware

from activities.national.emulator.admin import Admin
from activities.national.emulator.faults import Faults
from activities.national.emulator.formats import formats
from activities.national.emulator.page import render
from activities.national.emulator.partners import Partners
from activities.national.emulator.records import Records
from activities.national.emulator.services import Services
from activities.national.emulator.store import Store

__all__ = ["create_app"]


def create_app(folder: Path) -> FastAPI:
    """One emulator whose memory is `folder`."""
    store = Store(folder)
    faults, partners, known = Faults(store), Partners(store), formats()
    records = Records(store, faults, known)
    admin = Admin(store, partners, faults, records)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        store.close()

    app = FastAPI(title="National database emulator", lifespan=lifespan, docs_url=None, redoc_url=None)
    # A web page elsewhere that resolves its own name to this machine is turned away by its Host header.
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
    app.include_router(Services(store, partners, faults, records, known).router)
    app.include_router(admin.router)

    @app.exception_handler(psycopg.OperationalError)
    async def without_memory(_request: Request, _error: Exception) -> PlainTextResponse:
        return PlainTextResponse("Lỗi hệ thống", 500)

    @app.get("/", response_class=HTMLResponse)
    async def page(request: Request) -> HTMLResponse:
        records.settle()
        text = render(await admin.summary(), faults.now, request.url.netloc)
        return HTMLResponse(text, headers={"Cache-Control": "no-store"})

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    return app
