"""The seal over a packet, made by the adapter, judged by the other side's own code; a pair replaced."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from activities.national.adapter import (
    AccessRefusedError,
    KeyRevokedError,
    PacketSeal,
    UnreachableError,
    open_gateway,
    tran_code_for,
)
from activities.national.service import poll_receipts, submit_packet
from tests.activities.national.contract import HANOI, MINISTRY, settle

PEM = serialization.Encoding.PEM
PKCS8 = serialization.PrivateFormat.PKCS8
OPEN = serialization.NoEncryption()
ROUTE = {"SENDER_CODE": HANOI, "RECEIVER_CODE": MINISTRY, "TRAN_CODE": "tran-code-1"}


def written(folder: Path, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> Path:
    path = folder / "a.key"
    path.write_bytes(key.private_bytes(PEM, PKCS8, OPEN))
    return path


@pytest.fixture
def stranger(tmp_path: Path) -> PacketSeal:
    """A key that nobody has handed in."""
    return PacketSeal.read(written(tmp_path, ec.generate_private_key(ec.SECP256R1())))


class TestSeal:
    async def test_a_packet_without_a_seal_or_with_a_strangers_is_not_admitted(
        self, emulator, mapping, connect: Callable, person, stranger: PacketSeal
    ) -> None:
        one = person()
        item = mapping.item(one.content, one.header)
        before = emulator.summary()
        for seal in (None, stranger):
            async with open_gateway(connect(emulator, mapping, seal=seal)) as gateway:
                with pytest.raises(AccessRefusedError) as refused:
                    await submit_packet(gateway, HANOI, MINISTRY, tran_code_for("x", (item,)), [item])
            assert refused.value.code == "107"
        assert emulator.summary()["packets"] == before["packets"]

    @pytest.mark.parametrize("what", ["body", "SENDER_CODE", "RECEIVER_CODE", "TRAN_CODE", "seal"])
    async def test_what_was_changed_on_the_way_is_not_admitted(self, gateway, mapping, person, what) -> None:
        one = person()
        item = mapping.item(one.content, one.header)
        code = tran_code_for(what, (item,))
        route = {**ROUTE, "TRAN_CODE": code}
        body = json.dumps({"data": [item.body]}).encode()
        seal = gateway._connection.seal.over(body, route)
        changed = {"SENDER_CODE": "H15", "RECEIVER_CODE": "H26", "TRAN_CODE": code[:-1] + "."}
        sent = route | ({what: changed[what]} if what in changed else {})
        mark = seal[:-8] + "AAAAAAAA" if what == "seal" else seal
        with pytest.raises(AccessRefusedError):
            await gateway._call(
                "POST",
                "",
                {**sent, "X-Packet-Seal": mark},
                content=body.replace(b"Tham", b"Thom") if what == "body" else body,
            )
        assert await gateway._call("POST", "", {**route, "X-Packet-Seal": seal}, content=body)

    async def test_a_new_key_is_handed_in_while_both_sides_run(
        self, emulator, mapping, connect, person, tmp_path: Path
    ) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        seal = PacketSeal.read(written(tmp_path, key))
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        handed_in = emulator.folder / "seals" / "new.pem"
        handed_in.write_bytes(key.public_key().public_bytes(PEM, form))
        one = person()
        async with open_gateway(connect(emulator, mapping, seal=seal)) as gateway:
            (result,) = await settle(gateway, [mapping.item(one.content, one.header)])
            assert result.status == "accepted"
            handed_in.unlink()
            with pytest.raises(AccessRefusedError):
                await settle(gateway, [mapping.item(one.content, one.header)], turn="2")

    @pytest.mark.parametrize(
        "key", [ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048), None]
    )
    def test_only_a_key_on_p_256_seals(self, tmp_path: Path, key) -> None:
        path = written(tmp_path, key) if key else tmp_path / "missing"
        with pytest.raises(ValueError, match="no private key on P-256"):
            PacketSeal.read(path)

    def test_the_route_and_the_packet_are_what_is_sealed(self, stranger: PacketSeal) -> None:
        head, payload, mark = stranger.over(b'{"data":[]}', ROUTE).split(".")
        assert payload == "", "the body is not repeated in a header"
        assert len(head) > len(mark) == 86


async def test_a_pair_revoked_overnight_is_replaced_while_everything_runs(
    emulator, mapping, connect, person, tmp_path: Path
) -> None:
    pair = tmp_path / "pair.json"
    pair.write_bytes((emulator.folder / "partners.json").read_bytes())
    one = person()
    item = mapping.item(one.content, one.header)
    code = tran_code_for("revoked", (item,))
    async with open_gateway(connect(emulator, mapping, key_file=pair)) as gateway:
        await submit_packet(gateway, HANOI, MINISTRY, code, [item])
        emulator.admin("POST", "/keys", {})
        for _ in range(2):
            with pytest.raises(KeyRevokedError):
                await poll_receipts(gateway, code)
        pair.write_text("half of a file")
        with pytest.raises(KeyRevokedError):
            await poll_receipts(gateway, code)
        pair.write_bytes((emulator.folder / "partners.json").read_bytes())
        for _ in range(2):
            (result,) = await poll_receipts(gateway, code)
        assert result.status == "accepted"


class TestWorse:
    @pytest.mark.parametrize("fault", ["done_but_cut", "done_but_failed"])
    async def test_done_but_said_otherwise_is_done_once(
        self, gateway, mapping, person, emulator, fault: str
    ) -> None:
        one = person()
        item = mapping.item(one.content, one.header)
        code = tran_code_for(fault, (item,))
        before = emulator.summary()
        emulator.faults(**{f"{fault}_next": 1})
        with pytest.raises(UnreachableError):
            await submit_packet(gateway, HANOI, MINISTRY, code, [item])
        await submit_packet(gateway, HANOI, MINISTRY, code, [item])
        for _ in range(2):
            (result,) = await poll_receipts(gateway, code)
        assert result.status == "accepted"
        after = emulator.summary()
        assert (after["packets"] - before["packets"], after["writes"] - before["writes"]) == (1, 1)

    async def test_too_many_calls_are_told_when_to_come_again(self, gateway, emulator) -> None:
        emulator.faults(calls_per_second=1)
        answers = await asyncio.gather(*(gateway.known([]) for _ in range(6)), return_exceptions=True)
        late = [one for one in answers if isinstance(one, UnreachableError)]
        assert len(late) >= 3
        assert {(one.reason, one.retry_after.total_seconds()) for one in late} == {("http 429", 1.0)}
        assert emulator.summary()["fault_counts"]["crowded"] >= 3
