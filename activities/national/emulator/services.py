"""The endpoints a partner calls: token, packets, receipts, standing, lookup, status."""

import hashlib
import json
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from activities.national.emulator.faults import Faults
from activities.national.emulator.formats import Format, value_at
from activities.national.emulator.partners import Partners
from activities.national.emulator.records import Records
from activities.national.emulator.seals import Seals
from activities.national.emulator.store import Store
from activities.national.emulator.units import Units

__all__ = ["Services"]

MAX_ITEMS = 1000
MAX_BYTES = 32 * 1024 * 1024
_AGENCY = re.compile(r"(?=.{3,35}$)[A-Z]\d{2}(\.[0-9A-Z]+)*")

Body = list[dict[str, Any]]
Work = Callable[[Format, Request, Body], JSONResponse]


class Services:
    """All services of all formats on one router."""

    def __init__(
        self, store: Store, partners: Partners, faults: Faults, records: Records, known: dict[str, Format]
    ) -> None:
        self._store, self._partners, self._faults, self._records = store, partners, faults, records
        self._seals, self._units = Seals(store.folder), Units(store)
        self.router = APIRouter()
        self.router.add_api_route("/token", self.token, methods=["POST"], response_model=None)
        for form in known.values():
            self._add(form, "", self.packet, sealed=True)
            self._add(form, "/receipts", self.receipts, "GET")
            self._add(form, "/known", self.known)
            self._add(form, "/difference", self.difference)
            self._add(form, "/held", self.held)
            self._add(form, "/lookup", self.lookup)
            self._add(form, "/status", self.status, sealed=True)
            self._add(form, "/units", self.units, sealed=True)

    def _add(
        self, form: Format, path: str, work: Work, method: str = "POST", *, sealed: bool = False
    ) -> None:
        endpoint = self._guarded(form, work, sealed=sealed)
        self.router.add_api_route(form.service + path, endpoint, methods=[method], response_model=None)

    def _guarded(self, form: Format, work: Work, *, sealed: bool) -> Callable[[Request], Awaitable[Response]]:
        """Maintenance, token, key pair, body, seal, then the work with the fault its turn draws."""

        async def endpoint(request: Request) -> Response:
            closed = self._faults.closed()
            if closed:
                return closed
            admitted = self._partners.admits(request.headers.get("authorization"))
            if not admitted or not self._pair_holds(request):
                return JSONResponse({"error_code": "100", "message": "AUTHEN_ERROR", "result": None}, 401)
            crowd = self._faults.crowded()
            if crowd:
                return crowd
            raw = b"" if request.method == "GET" else await _received(request)
            data: Body | str = [] if request.method == "GET" else _data(raw)
            if isinstance(data, str):
                return _no("500", data)
            if sealed and not self._seals.holds(request.headers, raw):
                return _no("107", "SEAL_INCORRECT")
            body = data
            return await self._faults.around(lambda: work(form, request, body))

        return endpoint

    def _pair_holds(self, request: Request) -> bool:
        pair = request.headers.get("lgspaccesstoken")
        return not self._faults.now.keys_revoked and self._partners.knows(pair)

    async def token(self, request: Request) -> Response:
        """RFC 6749 §4.4, with its §5.2 errors."""
        closed = self._faults.closed()
        if closed:
            return closed
        form = await request.form()
        if form.get("grant_type") != "client_credentials":
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        if not self._pair_holds(request):
            return JSONResponse({"error": "invalid_client"}, 401)
        seconds = self._faults.now.token_seconds
        self._store.remember("tokens_issued", self._store.setting("tokens_issued", 0) + 1)
        token = self._partners.issue(seconds)
        return JSONResponse({"access_token": token, "token_type": "Bearer", "expires_in": seconds})

    def packet(self, form: Format, request: Request, data: Body) -> JSONResponse:
        """Take a packet in; a TRAN_CODE seen before gets the answer it got then."""
        return self._once(form, request, data, "profiles", self._take_in)

    def status(self, form: Format, request: Request, data: Body) -> JSONResponse:
        """Take status changes in, by the same rule."""
        return self._once(form, request, data, "status", self._change)

    def units(self, form: Format, request: Request, data: Body) -> JSONResponse:
        """Take units of the tree in, by the same rule."""
        return self._once(form, request, data, "units", self._plant)

    def receipts(self, form: Format, request: Request, _data: Body) -> JSONResponse:
        """Where a packet's items stand; each poll brings them nearer to their decision."""
        code = request.headers.get("tran_code", "")
        with self._store.transaction():
            self._store.write("update packets set polls = polls + 1 where tran_code = %s", code)
        self._records.settle(code)
        if not self._store.row(
            "select 1 from packets where tran_code = %s and service = %s", code, form.service
        ):
            return _no("404", "Không có gói tin")
        return _yes({"tran_code": code, "items": self._items(code)})

    def known(self, form: Format, _request: Request, data: Body) -> JSONResponse:
        """How revisions stand, by key."""
        self._records.settle()
        return _yes({"items": [self._records.standing(form, str(one.get("item_key"))) for one in data]})

    def difference(self, form: Format, _request: Request, data: Body) -> JSONResponse:
        """How revisions stand, by content."""
        self._records.settle()
        shown = [(str(value_at(one, form.item_key)), one) for one in data]
        return _yes({"items": [self._records.standing(form, key, one) for key, one in shown]})

    def held(self, form: Format, request: Request, data: Body) -> JSONResponse:
        """What is recorded for the sender, a page at a time."""
        asked = data[0] if len(data) == 1 else {}
        after, most = str(asked.get("after", "")), asked.get("most", 0)
        sender = request.headers.get("sender_code", "")
        if not isinstance(most, int) or not 1 <= most <= MAX_ITEMS or not _AGENCY.fullmatch(sender):
            return _no("500", "DATA_INCORRECT")
        self._records.settle()
        return _yes(self._records.held(form, sender, after, most))

    def lookup(self, form: Format, request: Request, data: Body) -> JSONResponse:
        """One person's record; every look is written down."""
        person = value_at(data[0], form.person) if len(data) == 1 else None
        if not isinstance(person, str) or not person:
            return _no("500", "Thiếu số định danh")
        self._records.settle()
        result = self._records.lookup(form, person)
        with self._store.transaction():
            reason = request.headers.get("tran_code", "")[:64]
            self._store.write(
                "insert into lookups values (%s, %s, %s, %s)",
                time.time(),
                form.service,
                reason,
                result["found"],
            )
        return _yes(result)

    def _once(
        self,
        form: Format,
        request: Request,
        data: Body,
        kind: str,
        work: Callable[[Format, str, str, Body], list[dict[str, Any]]],
    ) -> JSONResponse:
        sender, receiver, code = (
            request.headers.get(name, "") for name in ("sender_code", "receiver_code", "tran_code")
        )
        if not (_AGENCY.fullmatch(sender) and _AGENCY.fullmatch(receiver)):
            return _no("106", "AGENCY_ID_INCORRECT")
        if not 8 <= len(code) <= 64 or not 1 <= len(data) <= MAX_ITEMS:
            return _no("500", "DATA_INCORRECT")
        digest = hashlib.sha256(json.dumps([form.service, kind, sender, data]).encode()).hexdigest()
        stored = self._store.row("select * from packets where tran_code = %s", code)
        if stored and stored["body_hash"] != digest:
            return _no("409", "TRAN_CODE đã dùng cho gói tin khác")
        if stored:
            with self._store.transaction():
                self._store.write("update packets set sendings = sendings + 1 where tran_code = %s", code)
            return _yes(json.loads(stored["answer"]))
        with self._store.transaction():
            packet = (code, form.service, kind, sender, receiver, digest, "", time.time())
            self._store.write("insert into packets values (%s, %s, %s, %s, %s, %s, %s, %s, 1, 0)", *packet)
            answer = {"tran_code": code, "items": work(form, sender, code, data)}
            self._store.write("update packets set answer = %s where tran_code = %s", json.dumps(answer), code)
        return _yes(answer)

    def _take_in(self, form: Format, sender: str, code: str, data: Body) -> list[dict[str, Any]]:
        rows: list[tuple[Any, ...]] = []
        for position, body in enumerate(data):
            status, fault = self._records.first_answer(form, sender, body)
            said = (fault.code, fault.field or None, fault.message) if fault else ("", None, "")
            key, profile = value_at(body, form.item_key), value_at(body, form.profile_id)
            rows.append(
                (code, position, str(key), str(profile), json.dumps(body), time.time(), status, *said)
            )
        self._store.write_many("insert into items values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)", rows)
        return self._items(code)

    def _change(self, form: Format, sender: str, _code: str, data: Body) -> list[dict[str, Any]]:
        return [self._records.change_status(form, sender, body) for body in data]

    def _plant(self, form: Format, sender: str, _code: str, data: Body) -> list[dict[str, Any]]:
        return [self._units.take_in(form, sender, body) for body in data]

    def _items(self, code: str) -> list[dict[str, Any]]:
        names = "item_key, status, code, field, message"
        rows = self._store.rows(f"select {names} from items where tran_code = %s order by position", code)  # noqa: S608
        return [dict(row) for row in rows]


async def _received(request: Request) -> bytes:
    """The body's bytes as they came; one byte too many where there are too many."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MAX_BYTES:
            break
    return bytes(raw)


def _data(raw: bytes) -> Body | str:
    """The packet's list, or what is wrong with it."""
    if len(raw) > MAX_BYTES:
        return "Gói tin quá lớn"
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        return "Không phải JSON"
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, list) or not all(isinstance(one, dict) for one in data):
        return "Thiếu danh sách data"
    return data


def _yes(result: dict[str, Any]) -> JSONResponse:
    return JSONResponse({"error_code": "0", "message": "OK", "result": result})


def _no(code: str, message: str) -> JSONResponse:
    return JSONResponse({"error_code": code, "message": message, "result": None})
