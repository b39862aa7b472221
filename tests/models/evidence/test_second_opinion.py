"""Two verifiers that share no code with ours agree: poppler's pdfsig on the file, OpenSSL on the CMS cut
out of it.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from asn1crypto import cms

from activities.signing.issuing import issue_signer
from activities.signing.signer import Pkcs12Signer
from models.evidence import verify
from tests.models.evidence import competence, longterm, samples, weak
from tests.models.evidence.corpus.raw import Raw


def curve(kind: str) -> Pkcs12Signer:
    """The official, with a key on a stronger curve."""
    return Pkcs12Signer(issue_signer(samples.authority(), samples.OFFICIAL, key=competence.KEYS[kind]()))


FILES = {
    "B-B": samples.small_once,
    "B-B, RSA": lambda: samples.sign(samples.unsigned(), samples.signer(samples.OFFICIAL, "rsa")),
    "B-B, RSA with PKCS#1": lambda: samples.sign(samples.unsigned(), weak.old_padding()),
    "B-B, P-384": lambda: samples.sign(samples.small_blank(), curve("P-384")),
    "B-B, P-521": lambda: samples.sign(samples.small_blank(), curve("P-521")),
    "two signatures": samples.small_twice,
    "B-T": longterm.b_t,
    "B-LT": longterm.b_lt,
    "B-LTA": longterm.b_lta,
    "two signatures, B-LTA": longterm.two_signatures_lta,
}


def tool(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{name} is missing: install {package}")
        pytest.skip(f"{name} is missing: install {package}")
    return found


def signed_parts(pdf: bytes) -> list[tuple[bytes, bytes]]:
    """Container and covered bytes of each signature and timestamp, by the file's own words."""
    parts = []
    for start, end in Raw(pdf).containers():
        words = pdf[end : pdf.index(b"endobj", end)].split(b"/ByteRange")[1].split(b"]")[0].strip(b" [")
        first, length, second, rest = map(int, words.split())
        container = bytes.fromhex(pdf[start:end].decode())
        exact = cms.ContentInfo.load(container).dump()
        parts.append((exact, pdf[first : first + length] + pdf[second : second + rest]))
    return parts


def openssl(tmp_path: Path, container: bytes, covered: bytes) -> bool:
    """Whether OpenSSL accepts one signature over these bytes, to the same root, at the time of the
    samples.
    """
    (tmp_path / "one.der").write_bytes(container)
    (tmp_path / "covered").write_bytes(covered)
    (tmp_path / "root.pem").write_text(samples.trust().to_pem())
    at = str(int(samples.FIRST_AT.timestamp()))
    done = subprocess.run(
        [
            tool("openssl", "openssl"), "cms", "-verify", "-binary", "-inform", "DER", "-in", "one.der",
            "-content", "covered", "-CAfile", "root.pem", "-purpose", "any", "-attime", at,
            "-out", os.devnull,
        ],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )  # fmt: skip
    return done.returncode == 0


def is_token(container: bytes) -> bool:
    kind: str = cms.ContentInfo.load(container)["content"]["encap_content_info"]["content_type"].native
    return kind == "tst_info"


@pytest.mark.parametrize("name", FILES)
def test_openssl_agrees_on_every_signature(name: str, tmp_path: Path) -> None:
    pdf = FILES[name]()
    assert verify(pdf, samples.trust()).valid
    checked = 0
    for container, covered in signed_parts(pdf):
        if is_token(container):
            continue
        checked += 1
        assert openssl(tmp_path, container, covered)
        altered = bytearray(covered)
        altered[len(altered) // 2] ^= 1
        assert not openssl(tmp_path, container, bytes(altered))
    assert checked == len(verify(pdf, samples.trust()).signatures)


def test_openssl_agrees_on_the_timestamps(tmp_path: Path) -> None:
    """A document timestamp, and the token in a signature, by `openssl ts`."""
    pdf = longterm.b_lta()
    tokens = [part for part in signed_parts(pdf) if is_token(part[0])]
    (signed, _) = signed_parts(pdf)[0]
    (signer,) = cms.ContentInfo.load(signed)["content"]["signer_infos"]
    (attribute,) = signer["unsigned_attrs"]
    tokens.append((attribute["values"][0].dump(), signer["signature"].native))
    assert len(tokens) == 2
    (tmp_path / "root.pem").write_text(samples.trust().to_pem())
    for token, covered in tokens:
        assert stamped(tmp_path, token, covered)
        assert not stamped(tmp_path, token, covered + b"x")


def stamped(tmp_path: Path, token: bytes, covered: bytes) -> bool:
    (tmp_path / "token").write_bytes(token)
    (tmp_path / "data").write_bytes(covered)
    done = subprocess.run(
        [
            tool("openssl", "openssl"), "ts", "-verify", "-token_in", "-in", "token", "-data", "data",
            "-CAfile", "root.pem", "-attime", str(int(longterm.STAMPED_AT.timestamp())),
        ],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )  # fmt: skip
    return done.returncode == 0


def pdfsig(tmp_path: Path, pdf: bytes) -> str:
    file = tmp_path / "file.pdf"
    file.write_bytes(pdf)
    done = subprocess.run(
        [tool("pdfsig", "poppler-utils"), "-nocert", str(file)], capture_output=True, text=True, check=False
    )
    return done.stdout


@pytest.mark.parametrize("name", FILES)
def test_pdfsig_agrees_on_good_files(name: str, tmp_path: Path) -> None:
    pdf = FILES[name]()
    said = pdfsig(tmp_path, pdf)
    assert said.count("Signature is Valid.") == len(verify(pdf, samples.trust()).signatures)


@pytest.mark.parametrize("name", ["B-B", "two signatures", "B-T"])
def test_pdfsig_agrees_on_damaged_content(name: str, tmp_path: Path) -> None:
    pdf = bytearray(FILES[name]())
    start, _ = Raw(bytes(pdf)).streams(rb"/EmbeddedFile")[0]
    pdf[start + 20] ^= 1
    assert "Signature is Valid." not in pdfsig(tmp_path, bytes(pdf))
    assert not verify(bytes(pdf), samples.trust()).valid
