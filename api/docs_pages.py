"""The API's documentation page, whole without internet: Swagger UI's files come from an installed package.

Nothing is loaded from elsewhere, and the page's policy (CSP) would not allow it. The application itself is
made with `docs_url=None, redoc_url=None`, because the framework's own pages load theirs from the network.
"""

import html
import json
from importlib.resources import files

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from models.errors import RefusedError

PACKAGE, FOLDER = "fastapi_swagger", "resources"
ASSETS = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "favicon-32x32.png": "image/png",
}
POLICY = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}

_PAGE = """<!doctype html>
<html lang="vi">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" type="image/png" href="{here}/assets/favicon-32x32.png">
<link rel="stylesheet" href="{here}/assets/swagger-ui.css">
</head>
<body>
<main id="docs"></main>
<noscript>{title}: <a href="{openapi}">OpenAPI (JSON)</a></noscript>
<script src="{here}/assets/swagger-ui-bundle.js"></script>
<script src="{here}/start.js"></script>
</body>
</html>
"""


def docs_router(
    openapi_url: str = "/openapi.json", title: str = "hoso — API", here: str = "/docs"
) -> APIRouter:
    """Routes `here`, `here`/start.js and `here`/assets/…; ModuleNotFoundError without the package."""
    folder = files(PACKAGE).joinpath(FOLDER)
    assets = {name: folder.joinpath(name).read_bytes() for name in ASSETS}
    page = _PAGE.format(title=html.escape(title), here=here, openapi=html.escape(openapi_url))
    start = {"url": openapi_url, "dom_id": "#docs", "deepLinking": True, "validatorUrl": None}
    router = APIRouter(prefix=here, include_in_schema=False)

    @router.get("", response_class=HTMLResponse)
    def docs() -> HTMLResponse:
        return HTMLResponse(page, headers=POLICY)

    @router.get("/start.js")
    def start_script() -> Response:
        return Response(
            f"SwaggerUIBundle({json.dumps(start)});\n", media_type="text/javascript", headers=POLICY
        )

    @router.get("/assets/{name}")
    def asset(name: str) -> Response:
        if name not in assets:
            raise RefusedError.of("not-found")
        headers = {**POLICY, "Cache-Control": "public, max-age=86400"}
        return Response(assets[name], media_type=ASSETS[name], headers=headers)

    return router
