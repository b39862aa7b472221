"""Certificates registered by a recorded act: by whom, of what kind, to one person only."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from activities.signing import issuing
from activities.signing.issuing import Issued, SignerName, issue_signer
from models.command_signing import RegisterCertificate, WithdrawCertificate
from models.database import engine_for
from models.record.commands import Fate
from tests.models.evidence import samples
from tests.world import World, build, tools_for

NAME = SignerName("Trần Văn Đức", "Sở Văn hóa", "Giám đốc", "x-1")


@pytest.fixture
async def world(database: Any, tmp_path: Path) -> AsyncIterator[World]:
    engine = engine_for(database.url("worker"), pool_size=4)
    yield await build(tools_for(engine, tmp_path), datetime.now(UTC))
    await engine.dispose()


def made(**validity: datetime) -> Issued:
    return issue_signer(samples.authority(), NAME, **validity)


def body(issued: Issued, *, above: tuple[Any, ...] | None = None) -> RegisterCertificate:
    chain = tuple(one.public_bytes(Encoding.PEM).decode() for one in (above or issued.chain))
    pem = issued.certificate.public_bytes(Encoding.PEM).decode()
    return RegisterCertificate(certificate=pem, chain=chain, document="12/GCN")


async def register(world: World, by: str, to: str, asked: RegisterCertificate) -> Fate:
    return await world.ask(by, asked, world.accounts[to], subject="certificate")


async def test_registered_once_with_its_event(world: World) -> None:
    issued = made()
    done = await register(world, "admin", "culture.approver", body(issued))
    assert done.status == 201, done.answer
    row = await world.one("SELECT * FROM certificates")
    assert bytes(row.certificate) == issued.der()
    assert (row.key_kind, row.key_bits, len(row.chain)) == ("ec", 256, 2)
    assert row.registered_by == world.accounts["admin"]
    event = await world.one("SELECT kind, facts, actor_id FROM events WHERE stream_id = :a", a=row.account_id)
    assert (event.kind, event.facts["certificate"]) == ("certificate.registered", row.sha256)
    assert done.answer["name_matches"] is False
    again = await world.ask("admin", body(issued), row.account_id, subject="certificate", key=done.id)
    assert again.answer == done.answer
    known = await register(world, "admin", "culture.approver", body(issued))
    assert (known.status, known.answer["code"]) == (409, "certificate-known")


async def test_withdrawn_and_registered_again_in_one_chain_of_events(world: World) -> None:
    issued, account = made(), world.accounts["culture.approver"]
    first = await register(world, "admin", "culture.approver", body(issued))
    gone = WithdrawCertificate(certificate_id=first.answer["certificate_id"], reason="Đổi thiết bị")
    assert (await world.ask("admin", gone, account, subject="certificate")).status == 200
    assert (await register(world, "admin", "culture.approver", body(issued))).status == 201
    events = await world.rows(
        "SELECT kind, number, hash, previous_hash FROM events WHERE stream_id = :a ORDER BY number", a=account
    )
    assert [one.number for one in events] == [1, 2, 3]
    assert [one.previous_hash for one in events[1:]] == [one.hash for one in events[:-1]]


async def test_one_person_one_certificate(world: World) -> None:
    issued = made()
    await register(world, "admin", "culture.approver", body(issued))
    refused = await register(world, "admin", "culture.head", body(issued))
    assert (refused.status, refused.answer["code"]) == (409, "certificate-of-another")


async def test_the_same_person_in_two_posts_signs_by_one_certificate(world: World) -> None:
    """All titles may be signed with one personal certificate (NĐ 68/2024/NĐ-CP)."""
    issued, profile = made(), await world.employ()
    await world.rows(
        "UPDATE accounts SET profile_id = :p WHERE id = :a RETURNING 1",
        p=profile,
        a=world.accounts["culture.head"],
    )
    assert (await register(world, "admin", "person", body(issued))).status == 201
    assert (await register(world, "admin", "culture.head", body(issued))).status == 201


@pytest.mark.parametrize(
    ("by", "to", "code"),
    [
        ("culture.approver", "culture.approver", "own-approval"),
        ("admin", "admin", "own-approval"),
        ("culture.approver", "culture.head", "not-permitted"),
        ("health.hr", "culture.head", "not-permitted"),
    ],
)
async def test_who_may_not(world: World, by: str, to: str, code: str) -> None:
    refused = await register(world, by, to, body(made()))
    assert (refused.status, refused.answer["code"]) == (403, code)
    assert await world.rows("SELECT 1 FROM certificates") == []


async def test_hr_registers_for_the_own_agency(world: World) -> None:
    assert (await register(world, "culture.hr", "culture.head", body(made()))).status == 201


async def test_unfit_certificates(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.now(UTC)
    root = Issued(samples.root().certificate, samples.root().key)
    weak = ec.generate_private_key(ec.SECP224R1())
    good = made()
    cases = {
        "authority": (body(root), "certificate-unfit"),
        "chain": (body(good, above=(good.certificate,)), "certificate-unfit"),
        "expired": (body(made(valid_to=now - timedelta(days=1))), "certificate-not-valid"),
        "rubbish": (RegisterCertificate(certificate="A" * 200, document="x"), "certificate-unfit"),
    }
    monkeypatch.setattr(issuing, "new_key", lambda _: weak)
    cases["weak"] = (body(made()), "certificate-unfit")
    for name, (asked, code) in cases.items():
        refused = await register(world, "admin", "culture.approver", asked)
        assert refused.answer["code"] == code, name
    assert "TT 15/2025" in str(refused.answer)


async def test_nobody_there(world: World) -> None:
    assert (await world.ask("admin", body(made()), world.authority, subject="certificate")).status == 404
