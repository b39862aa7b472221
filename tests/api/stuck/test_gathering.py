"""Everything that can stand still, made to stand still in rows and files; each found, with its remedy."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from sqlalchemy import text

from api.stuck import machine
from api.stuck.gathering import StuckList, gather
from api.stuck.kinds import KINDS
from api.stuck.rows import QUESTIONS
from models.command_admin import AnnounceMaintenance, CheckEscrow, PauseParty
from models.database import engine_for, transaction
from models.identifiers import (
    agency_month_workflow,
    digest_workflow,
    profile_workflow,
    reorganisation_workflow,
)
from models.key_changes import MasterPlace, change_master, ensure_keyring, rotate
from models.key_ring import MasterKey, Purpose
from models.settings import Settings
from tests.models.record.plans import approve, drafted
from tests.world import World, build, tools_for

START = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
NOW = START + timedelta(days=1)
OF_ENGINE = {"workflow-failing", "activity-failing", "worker-absent"}
"""Found in a real engine: tests/api/commands/test_stuck.py."""


@pytest.fixture
async def world(database: Any, tmp_path: Path) -> AsyncIterator[World]:
    engine = engine_for(database.url("worker"), pool_size=2)
    yield await build(tools_for(engine, tmp_path), START)
    await engine.dispose()


async def gathered(world: World, database: Any, settings: Settings, now: datetime = NOW) -> StuckList:
    """As the API's role sees it, with no engine."""
    engine = engine_for(database.url("api"), pool_size=1)
    try:
        return await gather(engine, None, settings, world.tools.ring, world.authority, now)
    finally:
        await engine.dispose()


async def test_nothing_is_stuck_but_the_engine(
    world: World, database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "LEAST_BYTES", 0)
    monkeypatch.setattr(machine, "LEAST_PART", 0.0)
    await world.rows("UPDATE authorities SET installed_on = '2026-03-02' RETURNING 1")
    found = await gathered(world, database, database.settings(tmp_path))
    assert [one.kind for one in found.items] == ["engine-away"]
    assert (found.failed, found.warnings) == (1, 0)


async def test_all_of_it_is_found_with_its_remedy(
    world: World, database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.employ(until="account")
    profile = await world.employ(until="review")
    plan = await drafted(world)
    assert (await approve(world, plan)).status == 200
    prepared = await world.ask("culture.approver", await world.pending(profile), profile)
    approval = world.moment.to_sign
    assert approval is not None
    await _stand_still(world, approval, prepared.id)
    await _month_stands_still(world, prepared.id)
    await certificates_end(world)
    await _service_key(world, database)
    await world.ask(
        "admin", PauseParty(party="mail", reason="đổi máy chủ"), world.authority, subject="administration"
    )
    window = AnnounceMaintenance(
        starts_at=NOW - timedelta(hours=1), ends_at=NOW + timedelta(hours=1), document="6/TB"
    )
    await world.ask("admin", window, world.authority, subject="administration")
    monkeypatch.setattr(machine, "LEAST_PART", 1.1)
    path = _certificate(tmp_path / "tls.pem", NOW + timedelta(days=3))
    settings = database.settings(tmp_path, temporal_ca_file=path)
    found = await gathered(world, database, settings)
    kinds = {one.kind for one in found.items}
    assert set(KINDS) - OF_ENGINE - {"key-former"} == kinds
    late = {one.code: one.count for one in found.items if one.kind == "wake-missed"}
    assert (late["profile"], late["agency_month"]) == (2, 1), "whatever sleeps and was not woken"
    vacant_posts = {one.code for one in found.items if one.kind == "post-vacant"}
    assert vacant_posts == {"hr_officer"}
    for one in found.items:
        assert one.words
        assert one.words_en
        assert one.remedy.command or one.remedy.call is not None, one
        assert "{" not in one.remedy.command, "everything is put in"
    by = {one.kind: one for one in found.items}
    assert by["signature-waits"].workflow_id == profile_workflow(profile)
    assert by["mail-unsent"].remedy.call is not None
    assert by["mail-unsent"].remedy.call.body == {"workflow_id": digest_workflow(world.authority)}
    assert by["party-paused"].remedy.command.startswith("hoso party resume mail ")
    assert by["command-unsettled"].remedy.command == f"hoso stuck resend {by['command-unsettled'].subject}"
    assert by["certificate-expiring"].age_seconds < 0, "still to come"
    assert (by["post-vacant"].code, by["post-vacant"].subject) == ("hr_officer", str(world.culture))
    stuck = by["reorganisation-stuck"]
    assert (stuck.subject, stuck.code, stuck.workflow_id) == (
        str(plan),
        "code-taken",
        reorganisation_workflow(plan),
    )
    assert stuck.remedy.call is not None
    assert (stuck.remedy.call.method, stuck.remedy.call.path) == ("GET", f"/reorganisations/{plan}/preview")
    assert by["seal-expiring"].subject == str(world.culture)
    assert by["tsa-expiring"].since == NOW + timedelta(days=5)
    for kind in ("round-waits", "packet-waits", "packet-refused"):
        assert by[kind].workflow_id == agency_month_workflow(world.culture, "2026-02"), kind
    assert by["backup-old"].since.date() < NOW.date()
    vacant = f"hoso post fill hr_officer --agency {world.culture} --account LOGIN --by LOGIN --document …"
    assert by["post-vacant"].remedy.command == vacant
    revoked = by["certificate-revoked"]
    assert revoked.subject == str(world.accounts["culture.approver"])
    assert f"hoso certificate withdraw {revoked.code} --account {revoked.subject} " in revoked.remedy.command
    levels = [one.level for one in found.items]
    assert levels == sorted(levels), "what has failed comes first"
    assert found.failed + found.warnings == len(found.items)


async def _stand_still(world: World, approval: Any, command: Any) -> None:
    ids = {"a": world.authority, "account": world.accounts["culture.approver"], "id": uuid4(), "now": START}
    later = {"soon": NOW + timedelta(days=9)}
    for sql, values in (
        ("UPDATE commands SET settled_at = NULL, status = NULL, answer = NULL WHERE id = :c", {"c": command}),
        ("INSERT INTO outbox (authority_id, workflow_id, payload, created_at) VALUES (:a, :w, '{}', :now)",
         {"w": "profile/none", "now": START}),
        ("UPDATE profiles SET next_wake_at = :now", {"now": START}),
        ("INSERT INTO mails (authority_id, account_id, day, state, open_items, attempts, last_error) VALUES"
         " (:a, :account, '2026-03-02', 'failed', 1, 3, '451')", {"account": ids["account"]}),
        ("INSERT INTO mails (authority_id, account_id, day, state, open_items, attempts, last_error) VALUES"
         " (:a, :account, '2026-03-02', 'refused', 1, 1, '550')", {"account": world.accounts["health.hr"]}),
        ("INSERT INTO signing_troubles (id, authority_id, kind, signer_id, reason, since, tried_at, tries)"
         " VALUES (:id, :a, 'approval', :account, 'token-away', :now, :now, 4)",
         {"id": approval, "account": ids["account"], "now": START}),
        ("INSERT INTO sealers (authority_id, looked_at, trouble, trouble_since) VALUES"
         " (:a, :now, 'second-place-away', :now)", {"now": START}),
        ("INSERT INTO archived_files (authority_id, document_sha256, current_sha256, ends_at, renewals,"
         " renewed_at, trouble, tried_at) VALUES (:a, 'x', 'x', :soon, 0, :now, 'timestamp-wrong', :now)",
         {"now": START, **later}),
        ("INSERT INTO certificates (id, authority_id, account_id, sha256, certificate, chain, subject,"
         " issuer, serial_number, key_kind, key_bits, valid_from, valid_to, document, registered_by,"
         " registered_at) VALUES (:id, :a, :account, 'f', '', '[]', 's', 'i', '1', 'ec', 256, :now, :soon,"
         " 'd', :account, :now)",
         {"id": uuid4(), "account": ids["account"], "now": START, **later}),
        ("INSERT INTO signing_sessions (id, authority_id, profile_id, document_id, revision_id, revision,"
         " account_id, certificate_id, how, mechanism, state, token_hash, opened_by, opened_at, expires_at,"
         " closed_at, reason) SELECT gen_random_uuid(), a.authority_id, a.profile_id, a.id, a.revision_id, 1,"
         " c.account_id, c.id, 'digest', 'm', 'failed', 't', c.account_id, :now, :soon, :now,"
         " 'certificate-revoked' FROM approvals a, certificates c WHERE a.id = :id",
         {"id": approval, "now": START, **later}),
        ("INSERT INTO backups (id, authority_id, month, state, ordered_at, folder, made_at, checked_at,"
         " problems) VALUES (:id, :a, '2026-03', 'damaged', :now, 'f', :now, :now, '[\"x: y\"]')",
         {"id": uuid4(), "now": START}),
        ("INSERT INTO backups (id, authority_id, month, state, ordered_at)"
         " VALUES (:id, :a, '2026-03', 'ordered', :now)",
         {"id": uuid4(), "now": START}),
        ("UPDATE grants SET valid_to = '2026-03-02' WHERE role = 'hr_officer'", {}),
        ("UPDATE reorganisations SET trouble = 'code-taken' WHERE authority_id = :a", {}),
    ):  # fmt: skip
        bound = {"a": world.authority} if ":a" in sql.replace(":account", "") else {}
        await world.rows(f"{sql} RETURNING 1", **values, **bound)


async def test_every_kind_of_wake_is_looked_at(world: World, database: Any, tmp_path: Path) -> None:
    """Each table that names an instant of its own, by the schema itself."""
    found = await world.rows(
        "SELECT table_name FROM information_schema.columns WHERE column_name = 'next_wake_at'"
    )
    asked = QUESTIONS["wake-missed"].text
    assert {row.table_name for row in found} - {"duties"} == set(
        re.findall(r"next_wake_at[^']*? FROM (\w+)", asked)
    )


async def test_work_of_a_suspended_holder_has_nobody(world: World, database: Any, tmp_path: Path) -> None:
    await world.employ(until="account")
    settings = database.settings(tmp_path)
    assert "post-vacant" not in {one.kind for one in (await gathered(world, database, settings)).items}
    await world.rows(
        "UPDATE accounts SET suspended_at = :now WHERE id = :a RETURNING 1",
        now=START, a=world.accounts["culture.hr"],
    )  # fmt: skip
    found = [one for one in (await gathered(world, database, settings)).items if one.kind == "post-vacant"]
    assert [(one.subject, one.code) for one in found] == [(str(world.culture), "hr_officer")]


async def test_a_former_key_that_nobody_retired_is_found(world: World, database: Any, tmp_path: Path) -> None:
    master = MasterKey.from_file(tmp_path / "master.key")
    former = world.tools.ring.current(Purpose.CODEC).id
    rotate(tmp_path / "keyring.json", master, Purpose.CODEC)
    ring = ensure_keyring(tmp_path / "keyring.json", None, tmp_path / "master.key")
    for days, expected in ((1, []), (150, [(former, "codec")])):
        now = datetime.now(UTC) + timedelta(days=days)
        found = [one for one in machine.former_keys(ring, now) if one.kind == "key-former"]
        assert [(one.subject, one.code) for one in found] == expected


async def test_an_escrowed_master_key_that_nobody_tried_is_found(
    world: World, database: Any, tmp_path: Path
) -> None:
    """Never tried, tried, long ago, and another key since: by what the act has recorded."""
    settings = database.settings(tmp_path)
    await world.rows("UPDATE authorities SET installed_on = '2026-03-02' RETURNING 1")

    async def said(days: int) -> str:
        found = await gathered(world, database, settings, START + timedelta(days=days))
        return " ".join(one.code for one in found.items if one.kind == "escrow-unproven")

    async def tried(check_value: str) -> Any:
        body = CheckEscrow(check_value=check_value, document="9/BB")
        return await world.ask("admin", body, world.authority, subject="administration")

    assert [await said(days) for days in (29, 31)] == ["", "never-checked"]
    wrong = await tried("0" * 16)
    assert (wrong.status, wrong.answer["code"]) == (409, "escrow-wrong")
    assert await said(31) == "never-checked"
    assert (await tried(world.tools.ring.check_value)).status == 201
    assert [await said(days) for days in (31, 179, 181)] == ["", "", "long-ago"]
    place = MasterPlace(None, tmp_path / "master.key")
    change_master(tmp_path / "keyring.json", place, lambda made: made.text)
    world.tools.ring.look_again()
    assert await said(1) == "another-key"
    assert (await tried(world.tools.ring.check_value)).status == 201
    assert await said(1) == ""


async def _month_stands_still(world: World, command: Any) -> None:
    ids = {"id": uuid4(), "a": world.authority, "g": world.culture, "now": START}
    await world.rows(
        "INSERT INTO agency_months (id, authority_id, agency_id, month, state, opens_on, nominal_end,"
        " rolled_end, closes_at, version, listed, opened_at, next_wake_at, summary) VALUES (:id, :a, :g,"
        " '2026-02', 'open', '2026-02-24', '2026-02-28', '2026-03-02', :now, 1, 0, :now, :now, '{}')"
        " RETURNING 1",
        **ids,
    )
    await world.rows(
        "INSERT INTO approval_rounds (command_id, authority_id, agency_month_id, number, chosen,"
        " accepted_at, trouble) VALUES (:c, :a, :id, 1, 3, :now, 'token-away') RETURNING 1",
        c=command, **{name: ids[name] for name in ("a", "id", "now")},
    )  # fmt: skip
    for number, state in enumerate(("sent", "refused")):
        await world.rows(
            "INSERT INTO submissions (id, authority_id, agency_id, agency_month_id, tran_code, kind, items,"
            " state, created_at, sent_at, settled_at, result) VALUES (gen_random_uuid(), :a, :g, :id, :tran,"
            " 'month', 3, :state, :at, :at, :at, '{\"code\": \"401\"}') RETURNING 1",
            tran=f"T{number}", state=state, at=START - timedelta(hours=1),
            **{name: ids[name] for name in ("a", "g", "id")},
        )  # fmt: skip


async def certificates_end(world: World) -> None:
    """A seal's, of which an older one had ended, and the timestamp authority's in the newest seal's token."""
    seal = [_issued("Sở Văn hóa", NOW + timedelta(days=days), str(world.culture)) for days in (-3, 8)]
    lasting = _issued("Sở Y tế", NOW + timedelta(days=300), str(world.health))
    for number, one in enumerate((*seal, lasting)):
        await world.rows(
            "INSERT INTO signature_materials (authority_id, sha256, kind, content)"
            " VALUES (:a, :sha, 'certificate', :der) RETURNING 1",
            a=world.authority, sha=f"{number:064d}", der=one.public_bytes(Encoding.DER),
        )  # fmt: skip
    stamping = _issued("TSA", NOW + timedelta(days=5), stamps=True)
    token = pkcs7.serialize_certificates([stamping, lasting], Encoding.DER)
    await world.rows(
        "INSERT INTO log_heads (authority_id, size, root, transaction, position, made_at)"
        " VALUES (:a, 1, '', 1, 1, :now) RETURNING 1",
        a=world.authority, now=START,
    )  # fmt: skip
    await world.rows(
        "INSERT INTO log_seals (authority_id, size, day, statement, token, sealed_at)"
        " VALUES (:a, 1, '2026-03-02', '', :token, :now) RETURNING 1",
        a=world.authority, token=token, now=START,
    )  # fmt: skip


async def _service_key(world: World, database: Any) -> None:
    """Registered by the API itself."""
    api = engine_for(database.url("api"), pool_size=1)
    async with transaction(api, world.scope) as connection:
        await connection.execute(
            text(
                "INSERT INTO service_keys (kid, authority_id, account_id, jwk, document, registered_at,"
                " registered_by, expires_at) VALUES ('k', :a, :account, '{}', 'd', :now, :account, :soon)"
            ),
            {"a": world.authority, "account": world.accounts["admin"], "now": START}
            | {"soon": NOW + timedelta(days=9)},
        )
    await api.dispose()


def _certificate(path: Path, ends: datetime) -> Path:
    path.write_bytes(_issued("temporal", ends).public_bytes(Encoding.PEM))
    return path


def _issued(common_name: str, ends: datetime, ours: str = "", *, stamps: bool = False) -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    named = [(NameOID.COMMON_NAME, common_name), (NameOID.SERIAL_NUMBER, ours)]
    name = x509.Name([x509.NameAttribute(oid, value) for oid, value in named if value])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(ends - timedelta(days=90))
        .not_valid_after(ends)
    )
    if stamps:
        made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    return made.sign(key, hashes.SHA256())
