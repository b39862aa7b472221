"""``hoso stuck``, ``party``, ``maintenance``, ``keys escrow-check``: said, done and refused at the server."""

import asyncio
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from joserfc.jwk import ECKey
from typer.testing import CliRunner

from api.cli import main
from models.command_accounts import OpenServiceAccount
from models.database import engine_for
from models.keys import MasterKey
from tests.world import World, build, tools_for

runner = CliRunner()


@pytest.fixture
def world(database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """An authority, with the settings of its installation in the environment; no engine runs."""
    (tmp_path / "keys").mkdir()

    async def made() -> World:
        engine = engine_for(database.url("worker"), pool_size=1)
        world = await build(tools_for(engine, tmp_path / "keys"), datetime.now(UTC))
        await engine.dispose()
        return world

    server = database.server
    values = {
        "DATA": tmp_path,
        "DATABASE_PORT": server.port,
        "DATABASE_NAME": database.name,
        "DATABASE_SSLMODE": "disable",
        "DATABASE_WORKER_PASSWORD": server.passwords["hoso_worker"],
        "DATABASE_API_PASSWORD": server.passwords["hoso_api"],
        "TEMPORAL_ADDRESS": "127.0.0.1:1",
    }
    for name, value in values.items():
        monkeypatch.setenv(f"HOSO_{name}", str(value))
    return asyncio.run(made())


def said(*words: object) -> tuple[int, str]:
    done = runner.invoke(main.build(str(words[0])), [str(word) for word in words])
    return done.exit_code, done.output


def test_paused_shown_resumed(world: World) -> None:
    by = f"admin-{world.authority.hex[:6]}"
    status, text = said("party", "pause", "national", "--by", by, "--reason", "khoá bị thu hồi")
    assert status == 0, text
    status, text = said("party", "pause", "national", "--by", by, "--reason", "lần nữa")
    assert (status, "paused already" in text) == (1, True)
    status, text = said("stuck", "--json")
    assert status == 1, text
    found = {one["kind"]: one for one in json.loads(text)["hanoi"]["items"]}
    assert {"engine-away", "party-paused"} <= found.keys()
    status, text = said("stuck")
    assert "hoso party resume national --by LOGIN" in text
    assert "An outside party is paused" in text
    somebody = f"department-{world.authority.hex[:6]}"
    status, text = said("party", "resume", "national", "--by", somebody, "--reason", "không được phép")
    assert status == 1, "an officer of the department does not administer"
    assert said("party", "resume", "national", "--by", by, "--reason", "đã có khoá")[0] == 0
    assert said("party", "pause", "weather", "--by", by, "--reason", "không có")[0] == 2
    assert said("party", "pause", "mail", "--by", "nobody", "--reason", "không có")[0] == 2


def test_the_escrowed_copy_is_tried_and_recorded(world: World, tmp_path: Path) -> None:
    """It opens the ring in use; a former one opens backups of its time, and proves nothing."""
    keys, escrow = tmp_path / "keys", tmp_path / "brought.key"
    escrow.touch(mode=0o600)
    escrow.write_text((keys / "master.key").read_text())
    by = ("--by", f"admin-{world.authority.hex[:6]}", "--document", "9/BB")

    def tried(which: Path) -> tuple[int, str]:
        return said("keys", "escrow-check", which, *by)

    def proven() -> bool:
        found = json.loads(said("stuck", "--json")[1])["hanoi"]["items"]
        return "escrow-unproven" not in {one["kind"] for one in found}

    assert not proven(), "installed long ago, never tried"
    status, text = tried(keys / "master.key")
    assert (status, "no copy" in text) == (2, True)
    status, text = tried(escrow)
    assert (status, text) == (0, f"check_value: {MasterKey.from_file(escrow).check_value}\n")
    assert proven()
    of_then = tmp_path / "backups" / "hoso-2025-12"
    of_then.mkdir(parents=True)
    shutil.copy(keys / "keyring.json", of_then)
    assert said("keys", "master")[0] == 0
    assert not proven(), "another master key since"
    status, text = tried(escrow)
    assert (status, "hoso-2025-12" in text) == (2, True), text
    escrow.write_text(MasterKey.make().text)
    assert "neither" in tried(escrow)[1]
    escrow.chmod(0o644)
    assert "chmod 600" in tried(escrow)[1]
    assert not proven(), "nothing else was recorded"


def test_announced_and_lifted(world: World) -> None:
    by = f"admin-{world.authority.hex[:6]}"
    words = ("--by", by, "--document", "6/TB", "--from", "2099-01-01T20:00", "--to", "2099-01-01T22:00")
    status, text = said("maintenance", "announce", *words)
    assert status == 0, text
    one = text.split()[-1]
    assert said("maintenance", "announce", *words)[0] == 1, "it overlaps"
    assert said("maintenance", "lift", one, "--by", by, "--reason", "hoãn")[0] == 0
    assert said("maintenance", "announce", *words[:-1], "mai")[0] == 2


def test_what_ends_is_renewed_and_what_is_vacant_filled(world: World, tmp_path: Path) -> None:
    """Each remedy that ``hoso stuck`` names, typed: done by who may, refused to who may not."""
    suffix = world.authority.hex[:6]
    by, officer = f"admin-{suffix}", f"department-{suffix}"
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Người Thử")])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .add_extension(
            x509.KeyUsage(
                digital_signature=True, content_commitment=True, key_encipherment=False,
                data_encipherment=False, key_agreement=False, key_cert_sign=False, crl_sign=False,
                encipher_only=False, decipher_only=False,
            ),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (tmp_path / "new.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (tmp_path / "new.jwk").write_text(json.dumps(ECKey.generate_key("P-256").as_dict(private=False)))
    approver = ("--account", str(world.accounts["culture.approver"]))
    paper = ("--document", "7/QĐ-SNV")

    register = ("certificate", "register", tmp_path / "new.pem", *approver, *paper)
    assert said(*register, "--by", f"health.hr-{suffix}")[0] == 1, "another agency's account"
    status, text = said(*register, "--by", by)
    assert status == 0, text
    certificate = text.split()[-1]
    withdraw = ("certificate", "withdraw", certificate, *approver, "--by", by, "--reason", "bị thu hồi")
    assert said(*withdraw)[0] == 0
    assert said(*withdraw)[0] == 1, "withdrawn already"
    assert said("certificate", "register", tmp_path / "nothing", *approver, *paper, "--by", by)[0] == 2

    fill = ("post", "fill", "hr_head", "--agency", world.museum, *approver, *paper)
    assert said(*fill, "--by", officer)[0] == 0
    assert said(*fill, "--by", officer)[0] == 1, "the role is held"
    assert said(*fill, "--by", officer, "--from", "mai")[0] == 2
    renew = ("service-key", "register", tmp_path / "new.jwk", *approver, *paper, "--by", by)
    assert said(*renew)[0] == 1, "it is no service account"
    service = uuid4()

    async def opened() -> int | None:
        body = OpenServiceAccount(
            agency_id=world.culture, login="phan.mem", display_name="Phần mềm", document="7/QĐ-SNV"
        )
        done = await world.ask("admin", body, service, subject="account")
        await world.tools.engine.dispose()
        return done.status

    assert asyncio.run(opened()) == 201
    mine = (*renew[:3], "--account", "phan.mem", *renew[5:])
    status, text = said(*mine)
    assert status == 0, text
    kid = text.split()[-1]
    gone = ("service-key", "withdraw", kid, "--account", service, *paper, "--by", by)
    assert said(*gone)[0] == 0
    assert said(*gone)[0] == 1, "withdrawn already"
    (tmp_path / "new.jwk").write_text("{}")
    assert said(*mine)[0] == 2


def test_remedies_say_why_not(world: World) -> None:
    profile = "profile/00000000-0000-7000-8000-000000000000"
    for words in (
        ("stuck", "retry", profile),
        ("engine", "rebuild", "--workflow", profile),
        ("stuck", "resend", "7"),
    ):
        assert said(*words)[0] == 1, "the engine is away"
    assert said("stuck", "resend", "x")[0] == 2
