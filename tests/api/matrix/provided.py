"""What the routes of the identity provider are about: what somebody who was there comes back with."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
from fastapi import FastAPI
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from api.oidc.identities import keys_of
from api.oidc.provider import Vouched
from models.database import Scope, transaction
from models.tables import IdentityRow
from tests.api.identity.provider import CLIENT, SECRET
from tests.api.matrix.fresh import OWN, Made
from tests.api.matrix.stage import NOBODY, NOW, Stage
from tests.api.over_http import PUBLIC

LOGGED_OUT = {"http://schemas.openid.net/event/backchannel-logout": {}}
POSITIONS = {
    "unlinkIdentity": "-o",
    "oidcCallback": "-o",
    "oidcBackChannelLogout": "-o",
}
"""``o``: with an identity that is linked to the asker's account; ``-``: with one that is linked to none."""


def with_provider(address: str) -> dict[str, Any]:
    """Settings of an installation that has one."""
    return {
        "public_url": PUBLIC,
        "oidc_issuer": address,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": SECRET,
    }


async def made_there(
    app: FastAPI, client: httpx.AsyncClient, stage: Stage, route: str, role: str, position: str
) -> Made | None:
    """What the cell is about; the identity of a role at the provider is called like it."""
    if route not in POSITIONS or (role == NOBODY and position == OWN):
        return None
    await _linked(app, stage, role, position == OWN)
    if route == "oidcCallback":
        return await _come_back(client, role)
    if route == "oidcBackChannelLogout":
        return await _logged_out(app, role) if position == OWN else Made(sent=_form("no.such.token"))
    return Made()


async def _linked(app: FastAPI, stage: Stage, role: str, wanted: bool) -> None:
    """The identity is linked to the role's account, or to none."""
    if role == NOBODY:
        return
    issuer, account = app.state.settings.oidc_issuer, stage.askers[role]
    identity = keys_of(app.state.tools.ring, Vouched(issuer, role, None, False)).identity
    values = {"identity": identity, "authority_id": stage.world.authority, "account_id": account}
    written = insert(IdentityRow).values(**values, issuer=issuer, linked_at=NOW).on_conflict_do_nothing()
    gone = delete(IdentityRow).where(IdentityRow.account_id == account)
    scope = Scope(stage.world.authority, account=account)
    async with transaction(app.state.tools.engine, scope) as connection:
        await connection.execute(written if wanted else gone)


async def _come_back(client: httpx.AsyncClient, role: str) -> Made:
    """A login begun here and vouched for there: the browser's cookie, and the address it is sent back to."""
    begun = await client.get("/api/v1/session/oidc/start")
    cookie = begun.headers["set-cookie"].partition(";")[0]
    async with httpx.AsyncClient(trust_env=False) as browser:
        vouched = await browser.get(f"{begun.headers['location']}&as={role}")
    query = dict(parse_qsl(urlsplit(vouched.headers["location"]).query))
    return Made(sent={"params": query}, headers={"Cookie": cookie})


async def _logged_out(app: FastAPI, role: str) -> Made:
    """The provider's own word that somebody logged out there."""
    told = {"logout": {"sub": role, "jti": role, "events": LOGGED_OUT}}
    async with httpx.AsyncClient(trust_env=False) as desk:
        answer = await desk.post(f"{app.state.settings.oidc_issuer}/desk", json=told)
    return Made(sent=_form(answer.json()["token"]))


def _form(token: str) -> dict[str, Any]:
    return {"content": f"logout_token={token}".encode()}
