"""Development keys: made once, kept closed, shared by processes."""

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from activities.signing.development_pki.__main__ import main
from activities.signing.issuing import SignerName
from activities.signing.keystore import Keystore, KeystoreError, load_pkcs12
from activities.signing.signer import DevelopmentSigners

NAME = SignerName("Lê Thị Hồng Gấm", "Sở Nội vụ", "Phó giám đốc", "acc-7")


@pytest.fixture
def keystore(tmp_path: Path) -> Keystore:
    made = Keystore(tmp_path / "pki")
    assert made.create()
    return made


def test_made_once(keystore: Keystore) -> None:
    before = keystore.trust_file.read_bytes()
    assert keystore.create() is False
    assert keystore.trust_file.read_bytes() == before


def test_nobody_else_can_read(keystore: Keystore) -> None:
    keystore.signer(NAME)
    folder = keystore.trust_file.parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) == 9
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_subject_and_usage(keystore: Keystore) -> None:
    certificate = keystore.signer(NAME).certificate
    subject = {part.oid: part.value for part in certificate.subject}
    assert subject[NameOID.COMMON_NAME] == "Lê Thị Hồng Gấm"
    assert subject[NameOID.TITLE] == "Phó giám đốc"
    assert subject[NameOID.ORGANIZATION_NAME] == "Sở Nội vụ"
    assert subject[NameOID.SERIAL_NUMBER] == "acc-7"
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.content_commitment
    assert not usage.key_cert_sign
    assert certificate.not_valid_before_utc == datetime(2020, 1, 1, tzinfo=UTC)
    assert certificate.not_valid_after_utc.year == 2045


def test_chain_reaches_the_trust_list(keystore: Keystore) -> None:
    issued = keystore.signer(NAME)
    issuing, root = issued.chain
    issued.certificate.verify_directly_issued_by(issuing)
    issuing.verify_directly_issued_by(root)
    (anchor,) = keystore.trust().anchors
    assert anchor.certificate == root.public_bytes(Encoding.DER)


def test_same_signer_same_certificate(keystore: Keystore, tmp_path: Path) -> None:
    again = Keystore(tmp_path / "pki")
    assert keystore.signer(NAME).der() == again.signer(NAME).der()


@pytest.mark.parametrize("field", ["common_name", "organisation", "post", "serial"])
def test_a_change_of_post_is_another_certificate(keystore: Keystore, field: str) -> None:
    from dataclasses import replace

    assert keystore.signer(NAME).der() != keystore.signer(replace(NAME, **{field: "other"})).der()


def test_kinds_of_key(keystore: Keystore) -> None:
    assert isinstance(keystore.signer(NAME).key, ec.EllipticCurvePrivateKey)
    key = keystore.signer(NAME, "rsa").key
    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.key_size == 2048


def test_long_names_are_cut(keystore: Keystore) -> None:
    from dataclasses import replace

    issued = keystore.signer(replace(NAME, organisation="Trung tâm " * 20))
    (organisation,) = issued.certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    assert len(organisation.value) == 64


def test_many_at_once_get_one_certificate(tmp_path: Path) -> None:
    """Two workers starting together must not issue twice for one account."""
    Keystore(tmp_path / "pki").create()
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: Keystore(tmp_path / "pki").signer(NAME).der(), range(16)))
    assert len(set(made)) == 1
    assert not [name for name in os.listdir(tmp_path / "pki" / "signers") if name.startswith(".")]


def test_without_keys(tmp_path: Path) -> None:
    with pytest.raises(KeystoreError) as refused:
        DevelopmentSigners(tmp_path).signer_for(NAME)
    assert refused.value.code == "signing-keys-missing"
    assert "development_pki" in str(refused.value)


def test_exposed_keys(keystore: Keystore) -> None:
    keystore.signer(NAME)
    (file,) = (keystore.trust_file.parent / "signers").iterdir()
    file.chmod(0o644)
    with pytest.raises(KeystoreError) as refused:
        keystore.signer(NAME)
    assert refused.value.code == "signing-keys-exposed"


@pytest.mark.parametrize("data", [b"", b"nonsense", b"\x30\x03\x02\x01\x03"])
def test_damaged_file(data: bytes) -> None:
    with pytest.raises(KeystoreError) as refused:
        load_pkcs12(data, b"x")
    assert refused.value.code == "signing-keys-unreadable"


def test_wrong_passphrase(keystore: Keystore) -> None:
    data = (keystore.trust_file.parent / "root.p12").read_bytes()
    with pytest.raises(KeystoreError) as refused:
        load_pkcs12(data, b"wrong")
    assert refused.value.code == "signing-keys-unreadable"


def test_as_a_process(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "activities.signing.development_pki", "--dir", str(tmp_path / "pki")]
    first = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "made; trust list" in first.stdout
    second = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "already there" in second.stdout


def test_command_issues_named_signers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(tmp_path / "pki")
    assert main(["--dir", folder, "--signer", "acc-7|Lê Thị Hồng Gấm|Phó giám đốc|Sở Nội vụ"]) == 0
    assert len(list((tmp_path / "pki" / "signers").iterdir())) == 1
    assert main(["--dir", folder, "--signer", "too|few"]) == 2
    (tmp_path / "file").write_text("")
    assert main(["--dir", str(tmp_path / "file" / "pki")]) == 1
    assert "development keys" in capsys.readouterr().err


@pytest.mark.parametrize("serial", ["tài-khoản", "a_b", "a@b", "a\n"])
def test_ids_that_cannot_stand_in_a_certificate(serial: str) -> None:
    with pytest.raises(ValueError, match="account id"):
        SignerName("x", "x", "x", serial)
