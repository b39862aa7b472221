"""The people of the story as callers of the public HTTP API, each with a login and a session of their own."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from api.cli.demo.problems import StoryError

ROOT = "/api/v1"
PATIENCE = 30.0
"""Seconds of real time an accepted command has to be decided."""


@dataclass(frozen=True)
class Answer:
    """An answer of the API: its body, its ETag."""

    status: int
    body: Any
    etag: str | None

    @property
    def result(self) -> dict[str, Any]:
        """What a command answered."""
        found: dict[str, Any] = self.body["answer"] or {}
        return found


@dataclass
class Caller:
    """One person at a keyboard. `title` and `title_en` are what the story calls them."""

    http: httpx.AsyncClient
    login: str
    password: str
    title: str
    title_en: str
    token: str | None = field(default=None, repr=False)

    async def sign_in(self) -> None:
        """Open a session.

        Raises:
            StoryError: the login was refused.
        """
        body = {"login": self.login, "password": self.password}
        answer = await self.http.post(f"{ROOT}/session", json=body)
        if answer.status_code != 201:
            raise StoryError(f"{self.title}: không đăng nhập được / cannot sign in ({_code(answer)})")
        self.token = answer.json()["token"]

    async def get(self, path: str, **query: Any) -> Answer:
        """Read something."""
        return await self.call("GET", path, params={k: v for k, v in query.items() if v is not None})

    async def post(self, path: str, body: Any = None, *, match: str | None = None) -> Answer:
        """Ask for a change and wait until it is decided."""
        return await self.call("POST", path, json=body, match=match)

    async def call(self, method: str, path: str, *, match: str | None = None, **content: Any) -> Answer:
        """One request; a session that has run out in virtual time is opened anew.

        Raises:
            StoryError: the API refused it; the text holds the problem's code and its words.
        """
        answer = await self._send(method, path, match, content)
        if answer.status_code >= 400:
            raise StoryError(f"{self.title}: {method} {path}: {_said(answer)}")
        return await self._decided(answer)

    async def refused(self, code: str, method: str, path: str, **content: Any) -> dict[str, Any]:
        """A request that must be refused with this code; answers the problem document.

        Raises:
            StoryError: it was not refused, or for another reason.
        """
        answer = await self._send(method, path, content.pop("match", None), content)
        if answer.status_code < 400 or _code(answer) != code:
            said = _said(answer) if answer.status_code >= 400 else answer.status_code
            raise StoryError(f"{self.title}: {method} {path}: phải bị từ chối / not refused ({code}): {said}")
        problem: dict[str, Any] = answer.json()
        return problem

    async def _send(
        self, method: str, path: str, match: str | None, content: Mapping[str, Any]
    ) -> httpx.Response:
        key = uuid4().hex
        for attempt in (1, 2):
            if self.token is None:
                await self.sign_in()
            headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": key}
            if match is not None:
                headers["If-Match"] = match
            answer = await self.http.request(method, ROOT + path, headers=headers, **content)
            if answer.status_code != 401 or attempt == 2:
                break
            self.token = None
        return answer

    async def _decided(self, answer: httpx.Response) -> Answer:
        """The answer itself; of a command accepted with 202 its fate, asked until it is settled."""
        body = _body(answer)
        end = time.monotonic() + PATIENCE
        while isinstance(body, dict) and body.get("settled") is False:
            if time.monotonic() > end:
                raise StoryError(f"{self.title}: {body['verb']}: không có kết quả / no answer in time")
            await asyncio.sleep(0.1)
            body = (await self.get(f"/commands/{body['command_id']}")).body
            if (body["status"] or 0) >= 400:
                raise StoryError(f"{self.title}: {body['verb']}: {body['answer']}")
        return Answer(answer.status_code, body, answer.headers.get("ETag"))


def _body(answer: httpx.Response) -> Any:
    kind = answer.headers.get("content-type", "")
    return answer.json() if "json" in kind else answer.content


def _code(answer: httpx.Response) -> str:
    body = _body(answer)
    return str(body.get("code", answer.status_code)) if isinstance(body, dict) else str(answer.status_code)


def _said(answer: httpx.Response) -> str:
    body = _body(answer)
    if not isinstance(body, dict):
        return str(answer.status_code)
    fields = "; ".join(str(one) for one in body.get("errors") or ())
    words = [str(body[k]) for k in ("detail", "detail_en") if body.get(k)]
    return " / ".join([f"{answer.status_code} {body.get('code')}", *words, *([fields] if fields else [])])
