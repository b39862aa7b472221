"""``hoso openapi``: the API's description as committed in ``api/openapi.json``."""

import json

import typer

from api.app import create_app
from models.settings import Settings


def openapi() -> None:
    """In mô tả API (OpenAPI 3.1) / print the API's description."""
    document = create_app(Settings()).openapi()
    typer.echo(json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True))
