"""An agency's seal in a hardware security module: found by its label, kept, lost and found again."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from activities.signing import pkcs11_token
from activities.signing.errors import CannotSignError, SignerAwayError
from activities.signing.issuing import Issued, SignerName, issue_signer
from activities.signing.pkcs11_token import Token, TokenKey, TokenPlace
from activities.signing.signer import DevelopmentSigners, KeySigner, Pkcs12Signer
from activities.signing.sources import ChosenSigners, NoSigners, TokenSigners, signers_of
from models.evidence import verify
from models.evidence.attestation import opened
from models.settings import MissingSettingError, Settings
from tests.activities.signing.hardware import LABEL, PIN, Hardware, plugged_in
from tests.models.evidence import competence, samples

SEAL = SignerName("Sở Nội vụ thành phố Hà Nội", "Sở Nội vụ thành phố Hà Nội", "", "agency-1")


@pytest.fixture
def hardware(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hardware:
    return plugged_in(tmp_path / "hsm", monkeypatch)


def sealed_by(hardware: Hardware, kind: str = "ec") -> Issued:
    issued = issue_signer(samples.authority(), SEAL, kind="rsa" if kind == "rsa" else "ec")
    hardware.add(issued, "agency-1", "0a01")
    return issued


def seal(signers: TokenSigners, pdf: bytes) -> bytes:
    signer = signers.seal_for("agency-1", SEAL.common_name)
    return signer.sign_pdf(
        pdf, field="official", reason="Đóng dấu", location="Hà Nội", signed_at=samples.FIRST_AT
    )


@pytest.mark.parametrize(
    ("kind", "algorithm"), [("ec", "ecdsa 256 sha256"), ("rsa", "rsassa_pss 2048 sha256")]
)
def test_a_seal_that_never_leaves_the_token(hardware: Hardware, kind: str, algorithm: str) -> None:
    issued = sealed_by(hardware, kind)
    signers = TokenSigners(hardware.token())
    signed = seal(signers, samples.unsigned())
    verdict = verify(signed, samples.trust())
    assert verdict.valid, verdict.problems
    assert (verdict.signatures[0].signer, verdict.signatures[0].algorithm) == (SEAL.common_name, algorithm)
    found = signers.seal_for("agency-1", "")
    assert found.certificate.serial_number == f"{issued.certificate.serial_number:x}"
    assert found is signers.seal_for("agency-1", "")


@pytest.mark.parametrize(
    ("kind", "algorithm"),
    [
        ("P-384", "ecdsa 384 sha256"),
        ("P-521", "ecdsa 521 sha256"),
        ("rsa", "rsassa_pkcs1v15 2048 sha256"),
    ],
)
def test_a_token_s_key_of_another_kind_seals_and_attests(
    hardware: Hardware, monkeypatch: pytest.MonkeyPatch, kind: str, algorithm: str
) -> None:
    issued = issue_signer(samples.authority(), SEAL, key=competence.KEYS[kind]())
    hardware.add(issued, "agency-1", "0a01")
    if kind == "rsa":
        monkeypatch.setattr(Token, "_knows_pss", lambda _: False)
    signers = TokenSigners(hardware.token())
    signer = signers.seal_for("agency-1", SEAL.common_name)
    assert isinstance(signer, KeySigner)
    said = opened(signer.attest(b"{}", samples.FIRST_AT))
    assert (said.payload, said.chain[0].dump()) == (b"{}", issued.der())
    verdict = verify(seal(signers, samples.small_blank()), samples.trust())
    assert verdict.valid, verdict.problems
    assert verdict.signatures[0].algorithm == algorithm


def test_a_token_without_pss_signs_as_the_policy_still_allows(
    hardware: Hardware, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed_by(hardware, "rsa")
    monkeypatch.setattr(Token, "_knows_pss", lambda _: False)
    verdict = verify(seal(TokenSigners(hardware.token()), samples.unsigned()), samples.trust())
    assert verdict.valid, verdict.problems
    assert verdict.signatures[0].algorithm == "rsassa_pkcs1v15 2048 sha256"


def test_found_by_id_where_the_label_is_not_the_agency_s(hardware: Hardware) -> None:
    hardware.add(issue_signer(samples.authority(), SEAL), "con dấu", "0b02")
    key = TokenKey(hardware.token(), "0b02")
    signed = samples.sign(samples.unsigned(), KeySigner(key.certificate, key))  # type: ignore[arg-type]  # any signer
    assert verify(signed, samples.trust()).valid


def test_the_session_is_kept(hardware: Hardware, monkeypatch: pytest.MonkeyPatch) -> None:
    """One login and one search for many signatures, from several threads."""
    sealed_by(hardware)
    logins, searches = counted(monkeypatch, "_open"), counted(monkeypatch, "_search")
    signers = TokenSigners(hardware.token())
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(lambda _: seal(signers, samples.small_blank()), range(8)))
    assert len(set(made)) == len(made)
    assert all(verify(one, samples.trust()).valid for one in made)
    assert (logins(), searches()) == (1, 1)


def counted(monkeypatch: pytest.MonkeyPatch, name: str) -> Callable[[], int]:
    kept: Any = getattr(Token, name)
    calls: list[int] = []

    def counting(self: Token, *arguments: Any) -> Any:
        calls.append(1)
        return kept(self, *arguments)

    monkeypatch.setattr(Token, name, counting)
    return lambda: len(calls)


def test_pulled_out_in_the_middle_of_a_batch(hardware: Hardware) -> None:
    """What was signed stays signed, the rest waits by name, and goes on at the exact item."""
    sealed_by(hardware)
    signers = TokenSigners(hardware.token())
    items = {f"HS-{number}": samples.small_blank(str(number)) for number in range(4)}
    done: dict[str, bytes] = {}

    def round_() -> str:
        for code, pdf in items.items():
            if code in done:
                continue
            if len(done) == 2 and not (hardware.folder / "drawer").exists() and not back:
                hardware.pull_out()
            try:
                done[code] = seal(signers, pdf)
            except SignerAwayError as away:
                return away.code if PIN not in str(away) else "told the PIN"
        return ""

    back: list[bool] = []
    assert round_() == "token-away"
    assert list(done) == ["HS-0", "HS-1"]
    assert round_() == "token-away"
    before = dict(done)
    hardware.put_back()
    back.append(True)
    assert round_() == ""
    assert list(done) == list(items)
    assert {code: done[code] for code in before} == before
    assert all(verify(one, samples.trust()).valid for one in done.values())


def test_a_token_in_again_before_the_next_signature_is_not_noticed(hardware: Hardware) -> None:
    sealed_by(hardware)
    signers = TokenSigners(hardware.token())
    seal(signers, samples.small_blank())
    hardware.pull_out()
    hardware.put_back()
    assert verify(seal(signers, samples.small_blank()), samples.trust()).valid


def test_a_refused_pin_is_tried_once(hardware: Hardware, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token locks after a few wrong PINs: none is tried again until it is another one."""
    sealed_by(hardware)
    pins = ["000000"]
    signers = TokenSigners(Token(TokenPlace(hardware.module, LABEL, lambda: pins[0])))
    opened: list[str] = []
    kept = pkcs11_token.pkcs11.lib

    def noted(path: str) -> Any:
        opened.append(path)
        return kept(path)

    monkeypatch.setattr(pkcs11_token.pkcs11, "lib", noted)
    for _ in range(5):
        with pytest.raises(SignerAwayError) as refused:
            seal(signers, samples.small_blank())
        assert refused.value.code == "token-locked"
        assert "000000" not in str(refused.value)
    assert len(opened) == 1
    pins[0] = PIN
    assert verify(seal(signers, samples.small_blank()), samples.trust()).valid


def test_no_such_key_no_certificate_two_keys(hardware: Hardware) -> None:
    issued = sealed_by(hardware)
    signers = TokenSigners(hardware.token())
    with pytest.raises(CannotSignError) as unknown:
        signers.signer_for(SignerName("x", "x", "", "agency-2"))
    assert unknown.value.code == "signer-unknown"
    hardware.add(issued, "agency-1", "0a02")
    with pytest.raises(CannotSignError, match="several"):
        TokenSigners(hardware.token()).seal_for("agency-1", "")
    hardware.util(
        "--import",
        str(_pem(hardware, issued)),
        "--token",
        LABEL,
        "--label",
        "bare",
        "--id",
        "0c",
        "--pin",
        PIN,
    )
    with pytest.raises(CannotSignError, match="no certificate"):
        TokenSigners(hardware.token()).seal_for("bare", "")


def _pem(hardware: Hardware, issued: Issued) -> Path:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    file = hardware.folder / "bare.pem"
    file.write_bytes(issued.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return file


def test_no_module(tmp_path: Path) -> None:
    token = Token(TokenPlace(tmp_path / "none.so", "x", lambda: PIN))
    with pytest.raises(SignerAwayError) as missing:
        token.key("agency-1")
    assert missing.value.code == "token-module-missing"


def test_weak_keys_of_a_token_refuse_to_sign(hardware: Hardware, monkeypatch: pytest.MonkeyPatch) -> None:
    from activities.signing import issuing

    monkeypatch.setattr(issuing, "new_key", lambda _: rsa.generate_private_key(65537, 1024))
    hardware.add(issue_signer(samples.authority(), SEAL), "agency-1", "0a01")
    with pytest.raises(CannotSignError) as weak:
        seal(TokenSigners(hardware.token()), samples.small_blank())
    assert weak.value.code == "algorithm-not-allowed"
    assert "TT 15/2025" in str(weak.value)


def test_chosen_by_settings(hardware: Hardware, tmp_path: Path) -> None:
    sealed_by(hardware)
    pin = tmp_path / "pin"
    pin.write_text(PIN + "\n")
    pin.chmod(0o600)
    settings = Settings(
        data=tmp_path,
        person_signer="external",
        seal_signer="token",
        token_module=hardware.module,
        token_label=LABEL,
        token_pin_file=pin,
    )
    signers = signers_of(settings)
    assert isinstance(signers, ChosenSigners)
    assert isinstance(signers.persons, NoSigners)
    assert signers.seal_for("agency-1", "").certificate.name.serial == "agency-1"
    with pytest.raises(CannotSignError) as needed:
        signers.signer_for(SEAL)
    assert needed.value.code == "external-signature-needed"
    pin.chmod(0o644)
    with pytest.raises(SignerAwayError, match="0600"):
        signers_of(settings).seal_for("agency-1", "")
    pin.unlink()
    with pytest.raises(SignerAwayError, match="cannot be read"):
        signers_of(settings).seal_for("agency-1", "")
    with pytest.raises(MissingSettingError) as unnamed:
        signers_of(Settings(data=tmp_path, person_signer="external", seal_signer="token"))
    assert unnamed.value.variable == "HOSO_TOKEN_MODULE"
    plain = signers_of(Settings(data=tmp_path, pki_url="http://127.0.0.1:8091"))
    assert isinstance(plain, ChosenSigners)
    assert isinstance(plain.persons, DevelopmentSigners)
    assert plain.persons is plain.seals
    with pytest.raises(CannotSignError):
        NoSigners().seal_for("agency-1", "")


def test_outside_the_embedded_mode_nobody_signs_with_a_development_key_unless_told(tmp_path: Path) -> None:
    for said, asked in (({}, "HOSO_PERSON_SIGNER"), ({"person_signer": "external"}, "HOSO_SEAL_SIGNER")):
        with pytest.raises(MissingSettingError) as unsaid:
            signers_of(Settings(data=tmp_path, **said))
        assert unsaid.value.variable == asked
    told = signers_of(Settings(data=tmp_path, person_signer="development", seal_signer="external"))
    assert isinstance(told, ChosenSigners)
    assert isinstance(told.seals, NoSigners)


def test_a_signature_of_the_token_costs_no_more_than_one_of_a_file(hardware: Hardware) -> None:
    """The key is loaded once: no login, no search, no parsing at each signature."""
    issued = sealed_by(hardware)
    pdf, signers, file = samples.small_blank(), TokenSigners(hardware.token()), Pkcs12Signer(issued)
    spent = {}
    for name, work in {"token": lambda: seal(signers, pdf), "file": lambda: samples.sign(pdf, file)}.items():
        work()
        times = []
        for _ in range(5):
            start = time.process_time()
            work()
            times.append(time.process_time() - start)
        spent[name] = min(times)
    assert spent["token"] < spent["file"] + 0.010


def test_expired_certificate(hardware: Hardware) -> None:
    expired = issue_signer(samples.authority(), SEAL, valid_to=datetime(2024, 1, 1, tzinfo=UTC))
    hardware.add(expired, "agency-1", "0a01")
    with pytest.raises(CannotSignError) as refused:
        seal(TokenSigners(hardware.token()), samples.small_blank())
    assert refused.value.code == "certificate-not-valid-then"
