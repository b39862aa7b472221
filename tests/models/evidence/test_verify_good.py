"""Honest documents are accepted, whoever asks and however."""

import json
import os
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from models.evidence import verify
from models.form.normal import digest
from tests.models.evidence import samples


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_one_signature(kind: str) -> None:
    pdf = samples.sign(samples.unsigned(), samples.signer(samples.OFFICIAL, kind))
    verdict = verify(pdf, samples.trust(), at=samples.READ_AT)
    assert verdict.problems == ()
    assert verdict.valid
    (one,) = verdict.signatures
    assert (one.signer, one.post, one.serial) == ("Nguyễn Thị Ngọc Ánh", "Chuyên viên", "acc-official")
    assert one.organisation == "Sở Nội vụ thành phố Hà Nội"
    assert one.signed_at == samples.FIRST_AT
    assert one.anchor == "CA gốc của phép thử"
    assert one.algorithm == ("ecdsa 256 sha256" if kind == "ec" else "rsassa_pss 2048 sha256")
    assert one.covers_whole_file


def test_two_signatures_in_order() -> None:
    verdict = verify(samples.signed_twice(), samples.trust(), at=samples.READ_AT)
    assert verdict.valid, verdict.problems
    assert [one.field for one in verdict.signatures] == ["official", "authority"]
    assert [one.covers_whole_file for one in verdict.signatures] == [False, True]
    assert all(one.valid for one in verdict.signatures)


def test_the_order_of_signing_is_free() -> None:
    first = samples.sign(samples.unsigned(), samples.signer(samples.HEAD), "authority")
    second = samples.sign(first, samples.signer(), "official", samples.SECOND_AT)
    assert verify(second, samples.trust()).valid


def test_a_chain_of_ten_signers() -> None:
    from activities.documents.header import SignaturePlace
    from activities.documents.profile import render_profile
    from models.form.normal import canonical

    places = tuple(SignaturePlace(f"step{number}", f"Bước {number}") for number in range(10))
    header = replace(samples.HEADER, places=places)
    pdf = render_profile(samples.CONTENT, header, canonical(samples.CONTENT), samples.ISSUED_AT)
    for place in places:
        pdf = samples.sign(pdf, samples.signer(samples.HEAD), place.field)
    verdict = verify(pdf, samples.trust())
    assert verdict.valid, verdict.problems
    assert len(verdict.signatures) == 10


def test_code_and_digest_are_those_of_the_content() -> None:
    verdict = verify(samples.signed_once(), samples.trust())
    assert verdict.document_code == "HS-2025-000123"
    assert verdict.content_digest == digest(samples.CONTENT)


def test_a_certificate_that_expired_since_is_still_good() -> None:
    assert verify(samples.signed_once(), samples.trust(), at=datetime(2050, 1, 1, tzinfo=UTC)).valid


async def test_inside_a_running_event_loop() -> None:
    assert verify(samples.signed_once(), samples.trust()).valid


def test_verdict_as_json() -> None:
    document = json.loads(json.dumps(verify(samples.signed_twice(), samples.trust()).to_json()))
    assert document["valid"] is True
    assert document["signatures"][1]["signed_at"] == "2025-03-28T03:05:00+00:00"


def test_nothing_personal_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(0):
        verify(samples.sign(samples.unsigned(), samples.signer()), samples.trust())
    assert "Nguyễn" not in caplog.text


def test_second_opinion_by_pdfsig(tmp_path: Path) -> None:
    if shutil.which("pdfsig") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("pdfsig is missing: install poppler-utils")
        pytest.skip("pdfsig is missing: install poppler-utils")
    file = tmp_path / "signed.pdf"
    file.write_bytes(samples.signed_twice())
    said = subprocess.run(["pdfsig", "-nocert", str(file)], capture_output=True, text=True, check=True).stdout
    assert said.count("Signature is Valid.") == 2
    assert said.count("ETSI.CAdES.detached") == 2
    assert "Total document signed" in said
    broken = bytearray(samples.signed_twice())
    broken[len(samples.unsigned()) // 2] ^= 1
    file.write_bytes(broken)
    done = subprocess.run(["pdfsig", "-nocert", str(file)], capture_output=True, text=True, check=False)
    assert "Signature is Valid." not in done.stdout


def test_the_padding_of_tokens_in_service() -> None:
    """RSA with PKCS#1 v1.5: what the policy accepts beside PSS."""
    from tests.models.evidence import weak

    verdict = verify(samples.sign(samples.unsigned(), weak.old_padding()), samples.trust())
    assert verdict.valid, verdict.problems
    assert verdict.signatures[0].algorithm == "rsassa_pkcs1v15 2048 sha256"
