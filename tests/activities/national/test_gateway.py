"""The adapter alone, byte by byte: headers as observed, answers that break the contract, no leaks."""

import base64
import json
import logging
import traceback
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from activities.national.adapter import (
    AccessRefusedError,
    BadAnswerError,
    BadPacketError,
    Connection,
    Credentials,
    ItemHeader,
    KeyRevokedError,
    MaintenanceError,
    NationalError,
    NationalGateway,
    Packet,
    PacketItem,
    PacketUnknownError,
    StatusChange,
    StatusKind,
    UnreachableError,
    read_key_file,
    tran_code_for,
)
from activities.national.service import poll_receipts

CREDENTIALS = Credentials("access", "s3cret", "hoso", "H26", "H26.x")
PACKET = Packet("H26.7", "G09", "tran-code-1", (PacketItem("k", {"SoDinhDanhCaNhan": "000123456789"}),))
TOKEN = {"access_token": "t", "token_type": "Bearer", "expires_in": 3600}
OK_ITEM = {"item_key": "k", "status": "pending"}


class Wire:
    """A scripted other side: token answers by default, service answers from a list; keeps every request."""

    def __init__(self, *answers: httpx.Response | Exception, token: Any = None) -> None:
        self.answers, self.token, self.seen = list(answers), token, []
        self.seen: list[httpx.Request]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        if request.url.path == "/token":
            return self.token or httpx.Response(200, json=TOKEN)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def gateway(self, clock: Callable[[], float] = lambda: 0.0) -> NationalGateway:
        http = httpx.AsyncClient(
            transport=httpx.MockTransport(self), base_url="https://gateway.example.invalid"
        )
        connection = Connection("https://gateway.example.invalid", "/svc", CREDENTIALS)
        return NationalGateway(http, connection, clock)


def reply(code: str = "0", result: Any = None, status: int = 200, **headers: str) -> httpx.Response:
    body = {"error_code": code, "message": "Trùng 000123456789", "result": result}
    return httpx.Response(status, json=body, headers=headers)


def accepted(*items: dict[str, Any]) -> httpx.Response:
    return reply(result={"tran_code": PACKET.tran_code, "items": list(items or (OK_ITEM,))})


class TestOnTheWire:
    async def test_the_token_is_asked_for_as_observed(self) -> None:
        wire = Wire(accepted())
        await wire.gateway().send(PACKET)
        asked = wire.seen[0]
        assert asked.content == b"grant_type=client_credentials"
        assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
        shown = json.loads(base64.b64decode(asked.headers["lgspaccesstoken"]))
        assert shown == {
            "AccessKey": "access",
            "SecretKey": "s3cret",
            "AppName": "hoso",
            "PartnerCode": "H26",
            "PartnerCodeCus": "H26.x",
        }

    async def test_a_packet_carries_its_route_in_headers_and_its_data_in_a_list(self) -> None:
        wire = Wire(accepted())
        await wire.gateway().send(PACKET)
        sent = wire.seen[1]
        assert (sent.method, sent.url.path) == ("POST", "/svc")
        names = ("authorization", "sender_code", "receiver_code", "tran_code")
        assert [sent.headers[name] for name in names] == ["Bearer t", "H26.7", "G09", "tran-code-1"]
        assert sent.headers["lgspaccesstoken"] == CREDENTIALS.header
        assert json.loads(sent.content) == {"data": [{"SoDinhDanhCaNhan": "000123456789"}]}

    async def test_no_personal_data_in_any_url(self) -> None:
        wire = Wire(accepted(), reply(result={"found": False}), reply(result={"items": []}))
        gateway = wire.gateway()
        await gateway.send(PACKET)
        await gateway.find_person({"SoDinhDanhCaNhan": "000123456789"}, "case")
        await gateway.known([])
        assert all("000123456789" not in str(request.url) for request in wire.seen)

    @pytest.mark.parametrize("code", ["0", "1"])
    async def test_both_observed_codes_mean_accepted(self, code: str) -> None:
        answer = reply(code, {"tran_code": PACKET.tran_code, "items": [OK_ITEM]})
        assert (await Wire(answer).gateway().send(PACKET)).items[0].key == "k"

    async def test_a_token_is_kept_for_nine_tenths_of_its_life(self) -> None:
        now = [0.0]
        wire = Wire(accepted(), accepted(), accepted())
        gateway = wire.gateway(lambda: now[0])
        for now[0] in (0.0, 3239.0, 3240.0):
            await gateway.send(PACKET)
        assert [request.url.path for request in wire.seen] == ["/token", "/svc", "/svc", "/token", "/svc"]

    async def test_a_refused_token_is_renewed_once_and_then_the_pair_is_to_blame(self) -> None:
        wire = Wire(reply("100", status=401), accepted())
        assert (await wire.gateway().send(PACKET)).sent
        wire = Wire(reply("100", status=401), reply("100", status=401))
        with pytest.raises(KeyRevokedError):
            await wire.gateway().send(PACKET)
        assert len(wire.seen) == 4


class TestFailures:
    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            (reply("100"), KeyRevokedError),
            (reply("101"), AccessRefusedError),
            (reply("106"), AccessRefusedError),
            (reply("404"), PacketUnknownError),
            (reply("500"), BadPacketError),
            (httpx.Response(413, text="too large"), BadPacketError),
            (httpx.Response(500, text="000123456789"), UnreachableError),
            (httpx.Response(502, text="000123456789"), UnreachableError),
            (httpx.Response(429, headers={"Retry-After": "7"}), UnreachableError),
            (httpx.Response(503), UnreachableError),
            (httpx.ReadTimeout("000123456789"), UnreachableError),
            (httpx.ConnectError("000123456789"), UnreachableError),
            (httpx.RemoteProtocolError("000123456789"), UnreachableError),
            (httpx.Response(200, text="<html>000123456789"), BadAnswerError),
            (httpx.Response(302, headers={"Location": "https://elsewhere.invalid"}), BadAnswerError),
            (httpx.Response(200, json=["000123456789"]), BadAnswerError),
            (reply(status=404), BadAnswerError),
            (reply(result={"tran_code": "another", "items": [OK_ITEM]}), BadAnswerError),
            (reply(result={"tran_code": PACKET.tran_code}), BadAnswerError),
            (accepted({"item_key": "k", "status": "000123456789"}), BadAnswerError),
            (accepted({"item_key": "000123456789", "status": "accepted"}), BadAnswerError),
            (accepted(OK_ITEM, OK_ITEM), BadAnswerError),
        ],
    )
    async def test_each_has_its_name_and_quotes_nothing(self, answer, error, caplog) -> None:
        caplog.set_level(logging.DEBUG)
        with pytest.raises(error) as failure:
            await Wire(answer).gateway().send(PACKET)
        assert isinstance(failure.value, NationalError)
        assert failure.value.__cause__ is None
        # The frames of this test hold the number; what an exception says of itself must not.
        said = [str(failure.value), repr(failure.value), repr(vars(failure.value)), caplog.text]
        said += traceback.format_exception(failure.value)
        assert not [text for text in said if "000123456789" in text]
        assert not [text for text in said if "s3cret" in text]

    @pytest.mark.parametrize(
        ("token", "error"),
        [
            (httpx.Response(400, json={"error": "invalid_client"}), KeyRevokedError),
            (httpx.Response(401), KeyRevokedError),
            (httpx.Response(403), KeyRevokedError),
            (httpx.Response(500), UnreachableError),
            (httpx.Response(503, headers={"Retry-After": "60"}), MaintenanceError),
            (httpx.Response(200, json={}), BadAnswerError),
            (httpx.Response(200, json=[]), BadAnswerError),
            (httpx.Response(200, text="?"), BadAnswerError),
            (httpx.Response(200, json=TOKEN | {"expires_in": 0}), BadAnswerError),
            (httpx.Response(200, json=TOKEN | {"access_token": ""}), BadAnswerError),
        ],
    )
    async def test_without_a_token_nothing_is_sent(
        self, token: httpx.Response, error: type[Exception]
    ) -> None:
        wire = Wire(accepted(), token=token)
        with pytest.raises(error):
            await wire.gateway().send(PACKET)
        assert len(wire.seen) == 1

    @pytest.mark.parametrize(
        ("retry_after", "seconds"),
        [("90", 90), ("Wed, 28 Jan 2026 17:01:30 GMT", 90), ("99999999999", 30 * 86400)],
    )
    async def test_retry_after_is_reckoned_by_the_other_sides_clock(
        self, retry_after: str, seconds: int
    ) -> None:
        headers = {"Retry-After": retry_after, "Date": "Wed, 28 Jan 2026 17:00:00 GMT"}
        with pytest.raises(MaintenanceError) as closed:
            await Wire(httpx.Response(503, headers=headers)).gateway().send(PACKET)
        assert closed.value.retry_after == timedelta(seconds=seconds)
        assert closed.value.until == datetime(2026, 1, 28, 17, tzinfo=UTC) + timedelta(seconds=seconds)

    async def test_codes_and_fields_that_are_none_are_not_repeated(self) -> None:
        rude = OK_ITEM | {"status": "rejected", "code": "000123456789", "field": "Số 000123456789"}
        (result,) = (await Wire(accepted(rude)).gateway().send(PACKET)).items
        assert (result.code, result.field) == ("UNREADABLE", "?")
        with pytest.raises(BadPacketError) as refused:
            await Wire(reply("Trùng 000123456789")).gateway().send(PACKET)
        assert refused.value.code == "UNREADABLE"

    async def test_receipts_about_other_items_are_refused(self) -> None:
        with pytest.raises(BadAnswerError):
            await poll_receipts(Wire(accepted()).gateway(), PACKET.tran_code, ["k", "lost"])

    async def test_a_person_found_without_a_record_is_refused(self) -> None:
        with pytest.raises(BadAnswerError):
            await Wire(reply(result={"found": True})).gateway().find_person({}, "case")


class TestOurOwnWords:
    @pytest.mark.parametrize(
        ("sender", "receiver", "code", "items", "refused"),
        [
            ("H26.", "G09", "tran-code-1", PACKET.items, "AGENCY_ID_INCORRECT"),
            ("H26", "G09" + ".1" * 17, "tran-code-1", PACKET.items, "AGENCY_ID_INCORRECT"),
            ("H26", "G09", "short", PACKET.items, "TRAN_CODE_MALFORMED"),
            ("H26", "G09", "with a\nnewline", PACKET.items, "TRAN_CODE_MALFORMED"),
            ("H26", "G09", "tran-code-1", (), "EMPTY"),
            ("H26", "G09", "tran-code-1", PACKET.items * 2, "DUPLICATE_KEY"),
        ],
    )
    def test_a_malformed_packet_cannot_be_made(self, sender, receiver, code, items, refused: str) -> None:
        with pytest.raises(BadPacketError) as error:
            Packet(sender, receiver, code, items)
        assert error.value.code == refused

    @pytest.mark.parametrize("digest", ["", "AB" * 32, "ab" * 31])
    def test_a_header_needs_a_real_digest(self, digest: str) -> None:
        with pytest.raises(BadPacketError, match="DIGEST"):
            ItemHeader(UUID(int=1), digest, date(2026, 1, 28))

    def test_a_status_change_needs_a_real_receiver(self) -> None:
        with pytest.raises(BadPacketError, match="AGENCY_ID_INCORRECT"):
            StatusChange(UUID(int=1), StatusKind.MOVED_OUT, date(2026, 1, 28), "Hà Nội")

    def test_a_tran_code_is_the_same_for_the_same_work_only(self) -> None:
        one, two = PacketItem("1", {}), PacketItem("2", {})
        assert tran_code_for("p", (one, two)) == tran_code_for("p", (two, one))
        others = {tran_code_for("p", (one, two)), tran_code_for("q", (one, two)), tran_code_for("p", (one,))}
        assert len(others) == 3
        assert Packet("H26", "G09", tran_code_for("p", (one,)), (one,))

    @pytest.mark.parametrize(
        "url", ["http://gateway.example.invalid", "http://10.0.0.1", "ftp://127.0.0.1", ""]
    )
    def test_the_key_pair_never_leaves_in_the_clear(self, url: str) -> None:
        with pytest.raises(ValueError, match="https"):
            Connection(url, "/svc", CREDENTIALS)

    @pytest.mark.parametrize(
        "url", ["https://gateway.example.invalid", "http://127.0.0.1:1", "http://localhost"]
    )
    def test_https_or_this_machine(self, url: str) -> None:
        assert "s3cret" not in repr(Connection(url, "/svc", CREDENTIALS))

    @pytest.mark.parametrize("text", [None, "not json", "[]", '{"access_key": "a"}'])
    def test_a_key_file_that_is_none_is_no_key(self, tmp_path, text: str | None) -> None:
        if text is not None:
            (tmp_path / "keys").write_text(text)
        with pytest.raises(KeyRevokedError):
            read_key_file(tmp_path / "keys")
