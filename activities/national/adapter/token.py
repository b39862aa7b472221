"""The access token: fetched once, shared by all calls, renewed before it expires or when it is refused."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from activities.national.adapter.connection import Connection
from activities.national.adapter.errors import BadAnswerError, KeyRevokedError
from activities.national.adapter.replies import refuse_closed, request

__all__ = ["Session", "TokenKeeper"]

_REFUSED = frozenset({400, 401, 403})


@dataclass(frozen=True, slots=True)
class Session:
    """A token and the `lgspaccesstoken` header of the pair it was issued on."""

    token: str = field(repr=False)
    pair: str = field(repr=False)


class TokenKeeper:
    """Client-credentials grant (RFC 6749 §4.4) with the `lgspaccesstoken` header as the credentials.

    `clock` counts seconds and only ever measures a token's age; it is no legal date.
    """

    def __init__(
        self, http: httpx.AsyncClient, connection: Connection, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._http = http
        self._connection = connection
        self._clock = clock
        self._token: Session | None = None
        self._expires = 0.0
        self._renewing = asyncio.Lock()

    async def get(self) -> Session:
        """A token that should still be accepted. Errors: KeyRevoked, Maintenance, Unreachable, BadAnswer."""
        async with self._renewing:
            if self._token is None or self._clock() >= self._expires:
                self._token, lifetime = await self._fetch()
                # A tenth early, so that a token does not die on its way.
                self._expires = self._clock() + lifetime * 0.9
            return self._token

    def forget(self, token: Session) -> None:
        """Drop a token that was refused, unless another call has already replaced it."""
        if self._token == token:
            self._token = None

    async def _fetch(self) -> tuple[Session, float]:
        pair = self._connection.pair().header
        answer = await request(
            self._http,
            "POST",
            self._connection.token_path,
            data={"grant_type": "client_credentials"},
            headers={"lgspaccesstoken": pair},
        )
        if answer.status_code in _REFUSED:
            raise KeyRevokedError
        refuse_closed(answer)
        token, lifetime = _read(answer)
        return Session(token, pair), lifetime


def _read(answer: httpx.Response) -> tuple[str, float]:
    try:
        body = answer.json()
        token, lifetime = body["access_token"], float(body["expires_in"])
    except (ValueError, KeyError, TypeError):
        token, lifetime = None, 0.0
    if not isinstance(token, str) or not token or lifetime <= 0:
        raise BadAnswerError("token")
    return token, lifetime
