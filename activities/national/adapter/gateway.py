"""The one way to the national database: token, packets and receipts as platforms like NDXP use them."""

import json
import ssl
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx

from activities.national.adapter.connection import Connection
from activities.national.adapter.errors import BadAnswerError, BadPacketError, SeveralRecordsError
from activities.national.adapter.messages import (
    Acknowledgement,
    HeldPage,
    HeldRecord,
    ItemDifference,
    ItemResult,
    NationalRecord,
    Packet,
    PacketItem,
    Receipt,
)
from activities.national.adapter.pace import Pace
from activities.national.adapter.replies import (
    Found,
    WireDifference,
    WirePage,
    WireResult,
    parse,
    read,
    request,
)
from activities.national.adapter.token import Session, TokenKeeper

__all__ = ["NationalGateway", "client_for", "open_gateway"]


class NationalGateway:
    """One authority's connection. Every call is safe to repeat; every failure is one of `adapter.errors`.

    The client is the caller's: one per process, closed by whoever opened it (`open_gateway` does both).
    """

    def __init__(
        self, http: httpx.AsyncClient, connection: Connection, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._http = http
        self._connection = connection
        self._tokens = TokenKeeper(http, connection, clock)

    async def close(self) -> None:
        """Give back the connections; nothing can be asked after it."""
        await self._http.aclose()

    @property
    def max_items(self) -> int:
        """How many items one packet may hold."""
        return self._connection.max_items

    async def send(self, packet: Packet) -> Acknowledgement:
        """Hand over a packet. The same TRAN_CODE sent again brings the same answer and no second effect."""
        self._check_size(packet.items)
        result = await self._hand_over("", packet)
        items = _results(result, packet.tran_code)
        _same_keys([item.key for item in packet.items], [item.key for item in items])
        return Acknowledgement(packet.tran_code, items)

    async def receipts(self, tran_code: str) -> Receipt:
        """Where each item of a packet stands now. PacketUnknownError if the packet never arrived."""
        answer = await self._answer("GET", "/receipts", {"TRAN_CODE": tran_code})
        return Receipt(_results(read(answer), tran_code), answer.content)

    async def known(self, keys: Sequence[str]) -> tuple[ItemDifference, ...]:
        """How each revision stands over there, asked by key alone: no content leaves the house."""
        return await self._differences("/known", [{"item_key": key} for key in keys], keys)

    async def compare(self, items: Sequence[PacketItem]) -> tuple[ItemDifference, ...]:
        """The same with content, so that changed items come back with the fields that differ."""
        return await self._differences("/difference", _bodies(items), [item.key for item in items])

    async def held(self, sender: str, after: str, most: int) -> HeldPage:
        """A page of what is recorded for the sender's authority, whatever we believe of it."""
        result = await self._post("/held", [{"after": after, "most": most}], {"SENDER_CODE": sender})
        page = parse(WirePage, result, "held")
        records = tuple(
            HeldRecord(one.profile_id, one.revision_digest, one.status, one.corrected, one.item)
            for one in page.records
        )
        return HeldPage(records, page.next)

    async def find_person(self, query: dict[str, Any], reason: str) -> NationalRecord | None:
        """Look a person up before intake. `query` is `mapping.person_query(…)`; None: no national record.

        SeveralRecordsError when more than one person answers to the number.
        """
        result = await self._post("/lookup", [query], {"TRAN_CODE": reason})
        found = parse(Found, result, "person")
        if not found.found:
            return None
        if found.matches > 1:
            raise SeveralRecordsError
        if found.profile_id is None or found.item is None:
            raise BadAnswerError("person")
        return NationalRecord(
            found.profile_id, found.held_by, found.status, found.revision_digest, found.item
        )

    async def report_status(self, packet: Packet) -> Acknowledgement:
        """Tell that people left or moved; items are `mapping.status_item(…)`, settled at once."""
        self._check_size(packet.items)
        result = await self._hand_over("/status", packet)
        items = _results(result, packet.tran_code)
        _same_keys([item.key for item in packet.items], [item.key for item in items])
        return Acknowledgement(packet.tran_code, items)

    async def tell_units(self, packet: Packet) -> Acknowledgement:
        """Tell of the tree; items are `mapping.unit_item(…)`, the upper units first, settled at once."""
        self._check_size(packet.items)
        result = await self._hand_over("/units", packet)
        items = _results(result, packet.tran_code)
        _same_keys([item.key for item in packet.items], [item.key for item in items])
        return Acknowledgement(packet.tran_code, items)

    def _check_size(self, items: Sequence[PacketItem]) -> None:
        if len(items) > self.max_items:
            raise BadPacketError("TOO_MANY_ITEMS")

    async def _differences(
        self, path: str, data: list[dict[str, Any]], keys: Sequence[str]
    ) -> tuple[ItemDifference, ...]:
        answer = parse(list[WireDifference], _member(await self._post(path, data, {}), "items"), "difference")
        _same_keys(keys, [one.item_key for one in answer])
        by_key = {one.item_key: one for one in answer}
        return tuple(ItemDifference(key, by_key[key].state, by_key[key].fields) for key in keys)

    async def _post(self, path: str, data: list[dict[str, Any]], headers: dict[str, str]) -> Any:
        body = _packed(data)
        headers = {"Content-Type": "application/json", **headers}
        return await self._call("POST", path, headers, content=body)

    async def _hand_over(self, path: str, packet: Packet) -> Any:
        """A packet that changes something there: sealed."""
        route = _route(packet)
        body = _packed(_bodies(packet.items))
        headers = {"Content-Type": "application/json", **route}
        if self._connection.seal is not None:
            headers["X-Packet-Seal"] = self._connection.seal.over(body, route)
        return await self._call("POST", path, headers, content=body)

    async def _call(self, method: str, path: str, headers: dict[str, str], **content: Any) -> Any:
        return read(await self._answer(method, path, headers, **content))

    async def _answer(
        self, method: str, path: str, headers: dict[str, str], **content: Any
    ) -> httpx.Response:
        session = await self._tokens.get()
        answer = await self._exchange(method, path, headers, session, **content)
        if answer.status_code == 401:
            # Once: a token may have been withdrawn early; a fresh one refused as well means the pair is.
            self._tokens.forget(session)
            session = await self._tokens.get()
            answer = await self._exchange(method, path, headers, session, **content)
            if answer.status_code == 401:
                self._tokens.forget(session)
        return answer

    async def _exchange(
        self, method: str, path: str, headers: dict[str, str], session: Session, **content: Any
    ) -> httpx.Response:
        own = {"Authorization": f"Bearer {session.token}", "lgspaccesstoken": session.pair}
        return await request(
            self._http, method, self._connection.service + path, headers=own | headers, **content
        )


def client_for(connection: Connection) -> httpx.AsyncClient:
    """A client: TLS as configured, no proxies from the environment, no redirects, as many calls as agreed."""
    limits = httpx.Timeout(connection.answer_timeout, connect=connection.connect_timeout)
    # Plain http, to this machine only, has no TLS to set up.
    verify = ssl.create_default_context(cafile=connection.ca_file) if connection.encrypted else False
    # Before every request of the client, the token's too, in whichever lane it is made.
    before: list[Callable[..., Any]] = []
    if connection.calls_per_second is not None:
        before.append(Pace(connection.calls_per_second))
    return httpx.AsyncClient(
        base_url=connection.base_url,
        timeout=limits,
        trust_env=False,
        verify=verify,
        event_hooks={"request": before},
    )


@asynccontextmanager
async def open_gateway(connection: Connection) -> AsyncIterator[NationalGateway]:
    """A gateway with its own client, closed at the end."""
    async with client_for(connection) as http:
        yield NationalGateway(http, connection)


def _packed(data: list[dict[str, Any]]) -> bytes:
    return json.dumps({"data": data}, ensure_ascii=False, separators=(",", ":")).encode()


def _bodies(items: Sequence[PacketItem]) -> list[dict[str, Any]]:
    return [dict(item.body) for item in items]


def _route(packet: Packet) -> dict[str, str]:
    return {
        "SENDER_CODE": packet.sender,
        "RECEIVER_CODE": packet.receiver,
        "TRAN_CODE": packet.tran_code,
    }


def _member(result: object, name: str) -> object:
    return result.get(name) if isinstance(result, dict) else None


def _results(result: object, tran_code: str) -> tuple[ItemResult, ...]:
    """The items of an answer, which must be about the packet that was asked for."""
    if _member(result, "tran_code") != tran_code:
        raise BadAnswerError("tran_code")
    return tuple(one.ours() for one in parse(list[WireResult], _member(result, "items"), "items"))


def _same_keys(sent: Sequence[str], answered: Sequence[str]) -> None:
    """An item left out of an answer would be lost silently, a foreign one would settle another's duty."""
    if sorted(sent) != sorted(answered):
        raise BadAnswerError("items")
