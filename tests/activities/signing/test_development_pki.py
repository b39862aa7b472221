"""The development PKI as a process, judged by OpenSSL: OCSP, CRL, timestamps, switches, a restart."""

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from typer.testing import CliRunner

from activities.signing.issuing import Issued, SignerName
from activities.signing.keystore import Keystore
from api.cli.pki import pki_app
from tests.pki import DevelopmentPki, running

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl command judges here")


def issued(services: DevelopmentPki, serial: str) -> Issued:
    return Keystore(services.folder).signer(SignerName("Trần Văn Đức", "Sở Nội vụ", "Giám đốc", serial))


def openssl(*arguments: object) -> str:
    answer = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True)
    return answer.stdout + answer.stderr


def files(services: DevelopmentPki, folder: Path, one: Issued) -> tuple[Path, Path]:
    leaf, chain = folder / "leaf.pem", folder / "chain.pem"
    leaf.write_bytes(one.certificate.public_bytes(Encoding.PEM))
    chain.write_bytes(b"".join(above.public_bytes(Encoding.PEM) for above in one.chain))
    return leaf, chain


def ocsp(services: DevelopmentPki, folder: Path, one: Issued, *more: object) -> str:
    leaf, chain = files(services, folder, one)
    url = f"{services.url}/ocsp"
    return openssl("ocsp", "-issuer", chain, "-cert", leaf, "-url", url, "-CAfile", chain, *more)


def test_certificates_of_first_use_are_answered_and_revoked(services: DevelopmentPki, tmp_path: Path) -> None:
    one = issued(services, "acc-revoked")
    said = ocsp(services, tmp_path, one)
    assert "Response verify OK" in said
    assert "leaf.pem: good" in said
    services.revoke(f"{one.certificate.serial_number:x}")
    said = ocsp(services, tmp_path, one)
    assert "leaf.pem: revoked" in said
    assert "keyCompromise" in said
    listed = x509.load_der_x509_crl(services.call("GET", "/crl/issuing.crl").content)
    assert listed.get_revoked_certificate_by_serial_number(one.certificate.serial_number) is not None
    assert listed.is_signature_valid(one.chain[0].public_key())
    above = x509.load_der_x509_crl(services.call("GET", "/crl/root.crl").content)
    assert above.is_signature_valid(one.chain[1].public_key())
    assert len(above) == 0


def test_a_stranger_is_not_called_good(services: DevelopmentPki, tmp_path: Path) -> None:
    from activities.signing.issuing import issue_signer

    issuing = Keystore(services.folder).authority("issuing")
    never_kept = issue_signer(issuing, SignerName("Ai", "Đâu", "", "acc-x"))
    assert "leaf.pem: unknown" in ocsp(services, tmp_path, never_kept)


def test_the_issuing_authority_is_answered_by_the_root(services: DevelopmentPki, tmp_path: Path) -> None:
    keystore = Keystore(services.folder)
    issuing, root = keystore.authority("issuing"), keystore.authority("root")
    assert ": good" in ocsp(services, tmp_path, Issued(issuing.certificate, issuing.key, (root.certificate,)))


def test_a_certificate_names_who_answers_for_it(services: DevelopmentPki) -> None:
    one = issued(services, "acc-named").certificate
    access = one.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    assert {d.access_location.value for d in access} == {
        f"{services.url}/ocsp",
        f"{services.url}/ca/issuing.cer",
    }
    assert (
        services.call("GET", "/ca/issuing.cer").content
        == Keystore(services.folder).authority("issuing").der()
    )


def timestamp(services: DevelopmentPki, folder: Path) -> str:
    data, query, reply = folder / "data", folder / "q.tsq", folder / "r.tsr"
    data.write_bytes(b"content")
    openssl("ts", "-query", "-data", data, "-sha256", "-cert", "-out", query)
    reply.write_bytes(services.call("POST", "/tsa", content=query.read_bytes()).content)
    trust = services.folder / "trust.pem"
    return (
        openssl("ts", "-verify", "-data", data, "-in", reply, "-CAfile", trust)
        + openssl("ts", "-verify", "-queryfile", query, "-in", reply, "-CAfile", trust)
        + openssl("ts", "-reply", "-in", reply, "-text")
    )


def test_openssl_accepts_the_timestamps(services: DevelopmentPki, tmp_path: Path) -> None:
    services.clock(datetime(2026, 3, 28, 2, 5, tzinfo=UTC))
    said = timestamp(services, tmp_path)
    assert said.count("Verification: OK") == 2
    assert "Mar 28 02:05:00 2026 GMT" in said


@pytest.mark.parametrize("fault", ["other_nonce", "other_hash", "stranger"])
def test_wrong_timestamps_are_wrong(services: DevelopmentPki, tmp_path: Path, fault: str) -> None:
    services.faults(tsa=fault)
    assert timestamp(services, tmp_path).count("Verification: OK") < 2


def test_weak_digests_get_no_timestamp(services: DevelopmentPki, tmp_path: Path) -> None:
    query, data = tmp_path / "q.tsq", tmp_path / "data"
    data.write_bytes(b"content")
    openssl("ts", "-query", "-data", data, "-sha1", "-out", query)
    reply = tmp_path / "r.tsr"
    reply.write_bytes(services.call("POST", "/tsa", content=query.read_bytes()).content)
    assert "Rejected" in openssl("ts", "-reply", "-in", reply, "-text")


@pytest.mark.parametrize("path", ["/tsa", "/ocsp"])
def test_rubbish_is_refused_calmly(services: DevelopmentPki, path: str) -> None:
    answer = services.call("POST", path, content=b"\x30\x03nonsense")
    assert answer.status_code in (200, 400)
    assert len(answer.content) < 100


@pytest.mark.parametrize(("service", "path"), [("tsa", "/tsa"), ("ocsp", "/ocsp"), ("crl", "/crl/root.crl")])
def test_each_service_can_be_switched_off(services: DevelopmentPki, service: str, path: str) -> None:
    services.faults(**{service: "down"})
    method = "GET" if service == "crl" else "POST"
    assert services.call(method, path, content=b"x").status_code == 503
    services.mend()
    assert services.call(method, path, content=b"x").status_code != 503


def test_unknown_switches_are_named(services: DevelopmentPki) -> None:
    answer = services.call("POST", "/admin/faults", json={"tsa": "sleepy"})
    assert answer.status_code == 422
    assert answer.json() == {"not_understood": ["tsa"]}


def test_nothing_is_forgotten_by_kill_9(tmp_path: Path, free_port: Callable[[], int]) -> None:
    with running(tmp_path / "pki", free_port) as services:
        one = issued(services, "acc-kill")
        services.revoke(f"{one.certificate.serial_number:x}")
        services.faults(tsa="down")
        services.stop(kill=True)
        services.start()
        assert services.admin("GET", "/faults")["tsa"] == "down"
        assert ": revoked" in ocsp(services, tmp_path, one)
        services.stop()
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", services.port)) != 0


def test_the_page_names_no_person(services: DevelopmentPki) -> None:
    one = issued(services, "acc-page")
    page = services.call("GET", "/").text
    assert f"{one.certificate.serial_number:x}" in page
    assert "acc-page" in page
    assert "Trần Văn Đức" not in page


def test_another_host_and_a_form_cannot_press_buttons(services: DevelopmentPki) -> None:
    assert services.call("GET", "/", headers={"Host": "attacker.example.invalid"}).status_code == 400
    form = services.call("POST", "/admin/revocations", data={"serial": "1"})
    assert form.status_code == 422


def test_the_command_lists_revokes_and_breaks(
    services: DevelopmentPki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = issued(services, "acc-command")
    serial = f"{one.certificate.serial_number:x}"
    data = ["--data", str(tmp_path)]
    assert CliRunner().invoke(pki_app, ["list", *data]).exit_code == 1, "no address is known"
    monkeypatch.setenv("HOSO_PKI_URL", services.url)
    assert "revoked" in CliRunner().invoke(pki_app, ["revoke", serial, *data]).output
    listed = json.loads(CliRunner().invoke(pki_app, ["list", "--json", *data]).output)
    assert next(line for line in listed if line["serial"] == serial)["revoked_at"]
    assert CliRunner().invoke(pki_app, ["revoke", "abc123", *data]).exit_code == 1
    CliRunner().invoke(pki_app, ["fault", "tsa=down", *data])
    assert services.admin("GET", "/faults")["tsa"] == "down"
    assert CliRunner().invoke(pki_app, ["fault", "tsa=sleepy", *data]).exit_code == 1
    CliRunner().invoke(pki_app, ["mend", *data])
    assert services.admin("GET", "/faults")["tsa"] == "ok"


def test_another_timestamp_key(services: DevelopmentPki, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    period = {"valid_from": datetime(2024, 1, 1, tzinfo=UTC), "valid_to": now + timedelta(days=30)}
    made = services.admin("POST", "/timestamper", {k: v.isoformat() for k, v in period.items()})
    assert timestamp(services, tmp_path).count("Verification: OK") == 2
    listed = services.admin("GET", "/certificates")
    assert (
        next(one for one in listed if one["serial"] == made["serial"])["valid_to"]
        == f"{period['valid_to']:%Y-%m-%d}"
    )


def test_it_is_ready_within_seconds(tmp_path: Path, free_port: Callable[[], int]) -> None:
    began = time.monotonic()
    with running(tmp_path / "pki", free_port):
        assert time.monotonic() - began < 30
