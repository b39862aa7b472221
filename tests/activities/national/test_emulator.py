"""The emulator as a program: this machine only, nothing lost by `kill -9`, a page without a personal word."""

import asyncio
import itertools
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from activities.national.adapter import ItemStatus, open_gateway, tran_code_for
from activities.national.mappings import load_mapping
from activities.national.service import poll_receipts, submit_packet
from api.cli.embedded import EmbeddedPostgres
from tests.activities.national.conftest import Emulator
from tests.activities.national.contract import HANOI, MINISTRY, settle

_numbers = itertools.count(1)


@pytest.fixture
def own(tmp_path: Path, free_port: Callable[[], int], postgres: EmbeddedPostgres) -> Iterator[Emulator]:
    """An emulator of this test's own, to be killed."""
    name = f"other_side_{next(_numbers)}"
    postgres.create_other_side(name)
    one = Emulator(tmp_path / "data", free_port(), tmp_path / "log", postgres.other_side(name))
    one.start()
    yield one
    one.stop()


async def test_what_was_answered_survives_kill_9(own: Emulator, connect: Callable, person: Callable) -> None:
    mapping = load_mapping("stand_in")
    own.faults(settle_polls=2, settle_seconds=3600)
    one = person()
    item = mapping.item(one.content, one.header)
    code = tran_code_for("killed", (item,))
    async with open_gateway(connect(own, mapping)) as gateway:
        first = await submit_packet(gateway, HANOI, MINISTRY, code, [item])
        assert (await poll_receipts(gateway, code))[0].status is ItemStatus.PENDING
    own.kill()
    own.start()
    async with open_gateway(connect(own, mapping)) as gateway:
        assert await submit_packet(gateway, HANOI, MINISTRY, code, [item]) == first
        assert (await poll_receipts(gateway, code))[0].status is ItemStatus.ACCEPTED
    summary = own.summary()
    assert (summary["packets"], summary["sendings"], summary["writes"]) == (1, 2, 1)
    assert own.admin("GET", "/faults")["settle_seconds"] == 3600


async def test_a_kill_while_a_packet_is_on_its_way_is_cured_by_sending_it_again(
    own: Emulator, connect: Callable, person: Callable
) -> None:
    mapping = load_mapping("nested")
    own.faults(done_but_time_out_next=1, hang_seconds=60, settle_polls=1)
    one = person()
    item = mapping.item(one.content, one.header)
    code = tran_code_for("on its way", (item,))
    async with open_gateway(connect(own, mapping)) as gateway:
        sending = asyncio.create_task(submit_packet(gateway, HANOI, MINISTRY, code, [item]))
        await asyncio.to_thread(own.wait_for_a_packet)
        own.kill()
        lost = (await asyncio.gather(sending, return_exceptions=True))[0]
        assert type(lost).__name__ == "UnreachableError"
        own.start()
        assert (await submit_packet(gateway, HANOI, MINISTRY, code, [item])).sent
        assert (await poll_receipts(gateway, code))[0].status is ItemStatus.ACCEPTED
    assert own.summary()["writes"] == 1


class TestThisMachineOnly:
    def test_it_listens_on_the_loopback_address(self, emulator: Emulator) -> None:
        with socket.socket() as probe:
            probe.settimeout(1)
            assert probe.connect_ex(("127.0.0.2", emulator.port)) != 0

    def test_another_host_name_is_turned_away(self, emulator: Emulator) -> None:
        answer = emulator.call("GET", "/", headers={"Host": "attacker.example.invalid"})
        assert answer.status_code == 400

    def test_a_web_forms_post_cannot_press_a_switch(self, emulator: Emulator) -> None:
        for kind in ("text/plain", "application/x-www-form-urlencoded"):
            answer = emulator.call(
                "POST", "/admin/faults", content='{"keys_revoked": true}', headers={"Content-Type": kind}
            )
            assert answer.status_code == 422
        assert emulator.admin("GET", "/faults")["keys_revoked"] is False

    def test_the_key_pair_is_its_owners_alone(self, emulator: Emulator) -> None:
        mode = stat.S_IMODE((emulator.folder / "partners.json").stat().st_mode)
        assert mode == 0o600


class TestDoor:
    @pytest.mark.parametrize("path", ["", "/known", "/difference", "/lookup", "/status"])
    def test_without_a_token_nothing_is_done(self, emulator: Emulator, mapping, path: str) -> None:
        before = emulator.summary()
        for headers in ({}, {"Authorization": "Bearer guessed"}, {"Authorization": "Basic x"}):
            answer = emulator.call("POST", f"{mapping.service}{path}", json={"data": [{}]}, headers=headers)
            assert (answer.status_code, answer.json()["error_code"]) == (401, "100")
        assert emulator.summary() == before

    @pytest.mark.parametrize("header", ["", "!!!", "e30=", "W10=", "eyJBY2Nlc3NLZXkiOiJ4In0="])
    def test_without_the_pair_there_is_no_token(self, emulator: Emulator, header: str) -> None:
        answer = emulator.call(
            "POST", "/token", data={"grant_type": "client_credentials"}, headers={"lgspaccesstoken": header}
        )
        assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})

    def test_only_client_credentials_are_granted(self, emulator: Emulator, connect, mapping) -> None:
        header = connect(emulator, mapping).credentials.header
        answer = emulator.call(
            "POST", "/token", data={"grant_type": "password"}, headers={"lgspaccesstoken": header}
        )
        assert (answer.status_code, answer.json()) == (400, {"error": "unsupported_grant_type"})

    @pytest.mark.parametrize(
        "body",
        [b"", b"{", b"[]", b'{"data": {}}', b'{"data": ["x"]}', b"\xff", b'{"data": ' + b"[" * 200_000],
    )
    async def test_what_is_no_packet_is_refused_whole(
        self, emulator: Emulator, mapping, connect, body: bytes
    ) -> None:
        credentials = connect(emulator, mapping).credentials
        async with httpx.AsyncClient(base_url=emulator.url, trust_env=False, verify=False) as http:
            headers = {"lgspaccesstoken": credentials.header}
            grant = {"grant_type": "client_credentials"}
            token = (await http.post("/token", data=grant, headers=headers)).json()["access_token"]
            headers |= {"Authorization": f"Bearer {token}"}
            answer = await http.post(mapping.service, content=body, headers=headers)
        assert (answer.status_code, answer.json()["error_code"]) == (200, "500")

    @pytest.mark.parametrize(
        "switches",
        [{"refuse_percent": 101}, {"slow_seconds": -1}, {"unknown": 1}, {"maintenance_until": "2026-01-01"}],
    )
    def test_a_switch_that_makes_no_sense_is_refused_and_changes_nothing(
        self, emulator: Emulator, switches: dict[str, object]
    ) -> None:
        before = emulator.admin("GET", "/faults")
        answer = emulator.call("POST", "/admin/faults", json={"refuse_percent": 3, **switches}, timeout=5)
        assert (answer.status_code, answer.json()) == (422, {"not_understood": sorted(switches)})
        assert emulator.admin("GET", "/faults") == before


async def test_the_page_shows_what_arrived_and_no_personal_word(
    gateway, mapping, person, emulator: Emulator
) -> None:
    one = person()
    item = mapping.item(one.content, one.header)
    await settle(gateway, [item])
    emulator.faults(refuse_percent=100)
    other = person()
    await settle(gateway, [mapping.item(other.content, other.header)])
    emulator.faults(refuse_percent=7)
    answer = emulator.call("GET", "/")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert tran_code_for(f"{HANOI} 1", (item,)) in answer.text
    assert "refuse_percent" in answer.text
    held = [one for one in emulator.summary()["held"] if one["service"] == mapping.service]
    assert sum(one["n"] for one in held) >= 1
    row = next(one for one in held if one["status"] == "in_service")
    assert f"<td>{row['held_by']}</td><td>in_service</td><td>{row['n']}</td>" in answer.text
    assert "<td>REFUSED</td><td>–</td>" in answer.text
    (last, *_) = emulator.summary()["last_packets"]
    assert (last["items"], last["accepted"], last["rejected"]) == (1, 0, 1)
    words = ("Ước", "NGUYỄN", one.content["citizen_id_number"], "0900000000", "Tổ 3", "Sở Nội vụ")
    assert not [word for word in words if word in answer.text]


async def test_what_a_sender_writes_cannot_run_on_the_page(gateway, emulator: Emulator, mapping) -> None:
    route = {"TRAN_CODE": f"<script>{mapping.name}</script>", "SENDER_CODE": "H26", "RECEIVER_CODE": "G09"}
    body = b'{"data": [{}]}'
    seal = gateway._connection.seal.over(body, route)
    await gateway._call("POST", "", {**route, "X-Packet-Seal": seal}, content=body)
    page = emulator.call("GET", "/").text
    assert "<script>" not in page
    assert f"&lt;script&gt;{mapping.name}" in page
