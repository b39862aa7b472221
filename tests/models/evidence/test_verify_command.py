"""``hoso verify``: words for people, JSON for machines, an honest exit status."""

import json
from pathlib import Path

import pytest
import typer
from asn1crypto import pem
from typer.testing import CliRunner

from api.cli.verify import verify
from tests.models.evidence import lists, longterm, samples

app = typer.Typer()
app.command()(verify)
runner = CliRunner()


@pytest.fixture
def trust(tmp_path: Path) -> str:
    file = tmp_path / "trust.json"
    file.write_text(samples.trust().to_json())
    return str(file)


def run(tmp_path: Path, pdf: bytes, *options: str) -> tuple[int, str]:
    file = tmp_path / "document.pdf"
    file.write_bytes(pdf)
    done = runner.invoke(app, [str(file), *options])
    return done.exit_code, done.output


def test_valid(tmp_path: Path, trust: str) -> None:
    status, said = run(tmp_path, samples.signed_twice(), "--trust", trust)
    assert status == 0
    assert said.index("HỢP LỆ") < said.index("VALID")
    for expected in (
        "Trần Văn Đức",
        "Giám đốc",
        "28/03/2025 10:05:00 +07:00",
        "HS-2025-000123",
        "not checked",
    ):
        assert expected in said


def test_invalid(tmp_path: Path, trust: str) -> None:
    status, said = run(tmp_path, samples.signed_once() + b"x", "--trust", trust)
    assert status == 1
    assert said.index("KHÔNG HỢP LỆ") < said.index("NOT VALID")


def test_not_signed(tmp_path: Path, trust: str) -> None:
    status, said = run(tmp_path, samples.unsigned(), "--trust", trust)
    assert (status, "no-signature" in said) == (1, True)


def test_unreadable(tmp_path: Path, trust: str) -> None:
    assert run(tmp_path, b"nonsense", "--trust", trust)[0] == 2


def test_no_such_file(tmp_path: Path, trust: str) -> None:
    done = runner.invoke(app, [str(tmp_path / "none.pdf"), "--trust", trust])
    assert done.exit_code == 2
    assert "The file cannot be opened" in done.output


@pytest.mark.parametrize("content", [None, "nonsense"])
def test_unusable_trust_list(tmp_path: Path, content: str | None) -> None:
    other = tmp_path / "other.json"
    if content is not None:
        other.write_text(content)
    status, said = run(tmp_path, samples.signed_once(), "--trust", str(other))
    assert status == 2
    assert said.index("Không đọc được danh sách tin cậy") < said.index("The trust list cannot be read")


def test_json(tmp_path: Path, trust: str) -> None:
    status, said = run(tmp_path, samples.signed_once(), "--trust", trust, "--json")
    assert status == 0
    assert json.loads(said)["signatures"][0]["serial"] == "acc-official"
    status, said = run(tmp_path, samples.signed_once(), "--trust", str(tmp_path / "none"), "--json")
    assert status == 2
    assert json.loads(said)["problems"][0]["code"] == "trust-list-unreadable"


def test_trust_list_of_this_installation(tmp_path: Path, trust: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSO_PKI", str(tmp_path))
    assert run(tmp_path, samples.signed_once())[0] == 0


@pytest.mark.parametrize(
    ("at", "status"), [("2025-03-27", 1), ("2025-03-28T01:00:00Z", 1), ("2025-03-29", 0), ("tomorrow", 2)]
)
def test_the_reader_s_present_may_be_given(tmp_path: Path, trust: str, at: str, status: int) -> None:
    found, said = run(tmp_path, samples.signed_once(), "--trust", trust, "--at", at)
    assert found == status, said
    assert ("signed-in-future" in said) is (status == 1)


def test_several_files_at_once(tmp_path: Path, trust: str) -> None:
    (tmp_path / "one.pdf").write_bytes(samples.small_once())
    (tmp_path / "two.hoso").write_bytes(lists.evidence().pack())
    (tmp_path / "bad.pdf").write_bytes(samples.small_once() + b"x")
    good = [str(tmp_path / "one.pdf"), str(tmp_path / "two.hoso")]
    done = runner.invoke(app, [*good, "--trust", trust])
    assert done.exit_code == 0, done.output
    assert done.output.count("HỢP LỆ") == 2
    assert "Dòng trong danh sách / row of the list: 3" in done.output
    done = runner.invoke(app, [*good, str(tmp_path / "bad.pdf"), "--trust", trust, "--json"])
    assert done.exit_code == 1
    assert [(Path(one["file"]).name, one["valid"]) for one in json.loads(done.output)] == [
        ("one.pdf", True),
        ("two.hoso", True),
        ("bad.pdf", False),
    ]


def test_a_level_and_a_revocation_list_of_the_reader(tmp_path: Path, trust: str) -> None:
    assert run(tmp_path, longterm.b_t(), "--trust", trust, "--level", "B-T")[0] == 0
    status, said = run(tmp_path, longterm.b_t(), "--trust", trust, "--level", "B-LT")
    assert (status, "revocation-unknown" in said) == (1, True)
    assert run(tmp_path, longterm.b_t(), "--trust", trust, "--level", "B-X")[0] == 2
    revoked = longterm.revocation_list(
        samples.authority(), samples.SECOND_AT, [(longterm.signer(), samples.ISSUED_AT)]
    )
    file = tmp_path / "list.crl"
    file.write_bytes(pem.armor("X509 CRL", revoked.dump()))
    status, said = run(tmp_path, longterm.b_t(), "--trust", trust, "--crl", str(file))
    assert (status, "certificate-revoked" in said) == (1, True)
    assert run(tmp_path, longterm.b_t(), "--trust", trust, "--crl", str(tmp_path / "none"))[0] == 2


def test_every_check_is_told_in_both_languages(tmp_path: Path, trust: str) -> None:
    said = run(tmp_path, longterm.b_lta(), "--trust", trust)[1]
    for expected in (
        "PAdES B-LTA",
        "TSA của phép thử",
        "✓ Thu hồi",
        "Revocation: no certificate",
        "– Danh sách",
    ):
        assert expected in said
