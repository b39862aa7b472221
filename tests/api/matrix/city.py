"""A small authority with somebody logged in wherever one is needed: for what the matrix has no cell for."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from api.scope import token_hash
from models.calendar import legal_date
from models.database import transaction
from models.regulations import in_force
from tests.api.matrix.stage import NOW
from tests.world import World


@dataclass
class Session:
    """One open session of an account."""

    client: httpx.AsyncClient
    token: str
    account: UUID

    async def get(self, path: str) -> httpx.Response:
        return await self.client.get(f"/api/v1{path}", headers=self._headers())

    async def post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        headers = {**self._headers(), "Idempotency-Key": uuid4().hex}
        return await self.client.post(f"/api/v1{path}", json=body, headers=headers)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Hoso-Purpose": "kiem%20tra"}


@dataclass
class City:
    """The authority, its application, and how to come in."""

    world: World
    app: FastAPI
    client: httpx.AsyncClient

    async def session(self, account: UUID) -> Session:
        """Logged in for days, so that it is never the session's own end that shuts a door."""
        token = uuid4().hex
        await self.world.rows(
            "INSERT INTO sessions (token_hash, authority_id, account_id, created_at, expires_at)"
            " VALUES (:h, :a, :who, :now, :end) RETURNING id",
            h=token_hash(token), a=self.world.authority, who=account, now=NOW, end=NOW + timedelta(days=9),
        )  # fmt: skip
        return Session(self.client, token, account)

    async def named(self, name: str) -> Session:
        return await self.session(self.world.accounts[name])

    async def account(self, agency: UUID, *, kind: str = "agency", holder: UUID | None = None) -> UUID:
        """An account that may do nothing yet."""
        made = uuid4()
        await self.world.rows(
            "INSERT INTO accounts (id, authority_id, kind, login, display_name, password_hash, state,"
            " agency_id, profile_id, created_at) VALUES (:id, :a, :kind, :login, :login, 'x', 'active', :g,"
            " :holder, :now) RETURNING id",
            id=made, a=self.world.authority, kind=kind, login=made.hex, g=agency, holder=holder, now=NOW,
        )  # fmt: skip
        return made

    async def grant(self, account: UUID, role: str, agency: UUID) -> UUID:
        """A role without an end."""
        made = uuid4()
        await self.world.rows(
            "INSERT INTO grants (id, authority_id, account_id, agency_id, role, valid_from)"
            " VALUES (:id, :a, :who, :g, :role, '2025-01-01') RETURNING id",
            id=made, a=self.world.authority, who=account, g=agency, role=role,
        )  # fmt: skip
        return made

    async def second_factor(self, account: UUID) -> None:
        """Begun on a device; only the API may write one."""
        values = {"who": account, "a": self.world.authority, "now": NOW}
        scope = replace(self.world.scope, account=account)
        async with transaction(self.app.state.tools.engine, scope) as connection:
            await connection.execute(
                text(
                    "INSERT INTO second_factors (account_id, authority_id, secret, secret_key, begun_at)"
                    " VALUES (:who, :a, 'x', 'k', :now)"
                ),
                values,
            )

    async def with_decree(self) -> None:
        """From today on the authority is under NĐ 27/2026 too."""
        law = in_force("hanoi", TODAY, simulate=["nd27_2026"])
        await self.world.rows(
            "INSERT INTO rule_sets VALUES (:a, :h, :on, CAST(:c AS jsonb), 'thử', :now) RETURNING hash",
            a=self.world.authority, h=law.hash, on=TODAY, c=law.to_json(), now=NOW,
        )  # fmt: skip

    def at(self, now: datetime) -> None:
        """Move the clock by which requests are judged."""
        self.app.state.clock = _Standing(now)


@dataclass
class _Standing:
    instant: datetime

    async def now(self) -> datetime:
        return self.instant


TODAY = legal_date(NOW)
PAPER = {"document": "45/QĐ-SVH"}
WHY = {**PAPER, "reason": "hết nhiệm vụ"}
