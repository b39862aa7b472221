import re
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from api import docs_pages, problems


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI(docs_url=None, redoc_url=None)
    problems.install(app)
    app.include_router(docs_pages.docs_router())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hoso.invalid") as made:
        yield made


async def test_the_page_loads_nothing_from_elsewhere(client: httpx.AsyncClient) -> None:
    page = await client.get("/docs")
    assert page.status_code == 200
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert "//" not in re.sub(r"<!.*?>", "", page.text)
    assert not re.search(r"<script(?! src=)", page.text)


async def test_everything_the_page_names_is_served(client: httpx.AsyncClient) -> None:
    named = re.findall(r'(?:src|href)="([^"]+)"', (await client.get("/docs")).text)
    assert len(named) == 5
    for address in named:
        assert (await client.get(address)).status_code == 200, address


@pytest.mark.parametrize("name", sorted(docs_pages.ASSETS))
async def test_the_assets_are_whole(client: httpx.AsyncClient, name: str) -> None:
    asset = await client.get(f"/docs/assets/{name}")
    assert asset.headers["content-type"].startswith(docs_pages.ASSETS[name])
    assert asset.headers["x-content-type-options"] == "nosniff"
    assert len(asset.content) > 500
    if name.endswith(".js"):
        assert b"SwaggerUIBundle" in asset.content


async def test_the_start_script_names_our_description(client: httpx.AsyncClient) -> None:
    script = (await client.get("/docs/start.js")).text
    assert '"url": "/openapi.json"' in script
    assert '"validatorUrl": null' in script  # Swagger UI would otherwise ask a service on the internet


@pytest.mark.parametrize("name", ["main.py", "..%2fmain.py", "%2e%2e/main.py", "swagger-ui.css.map"])
async def test_nothing_else_of_the_package_is_served(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get(f"/docs/assets/{name}")).status_code == 404


async def test_the_page_is_not_part_of_the_description(client: httpx.AsyncClient) -> None:
    assert all("/docs" not in path for path in (await client.get("/openapi.json")).json()["paths"])
