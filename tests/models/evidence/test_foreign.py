"""Signatures in files made elsewhere: they hold, they do not, or nobody here knows their authority."""

from datetime import timedelta

import pytest

from activities.signing.issuing import issue_authority, issue_root, issue_signer
from activities.signing.signer import Pkcs12Signer
from api.cli.demo.papers import paper
from models.evidence import Anchor, TrustList
from models.evidence.foreign import judge
from models.evidence.trust import TrustList as Trust
from tests.models.evidence import samples

READ_AT = samples.READ_AT


def states(pdf: bytes, trust: Trust | None = None) -> list[str]:
    return [one.state for one in judge(pdf, trust or samples.trust(), READ_AT)]


def test_who_signed_and_when() -> None:
    first, second = judge(samples.small_twice(), samples.trust(), READ_AT)
    assert (first.state, second.state) == ("valid", "valid")
    assert (first.verdict.signer, second.verdict.signer) == (
        samples.OFFICIAL.common_name,
        samples.HEAD.common_name,
    )
    assert (first.verdict.signed_at, second.verdict.signed_at) == (samples.FIRST_AT, samples.SECOND_AT)
    told = first.to_json()
    assert (told["state"], told["signer"], told["remarks"]) == ("valid", samples.OFFICIAL.common_name, [])
    assert told["signed_at"] == samples.FIRST_AT.isoformat()


def test_an_authority_that_nobody_listed_is_unknown_and_not_false() -> None:
    root = issue_root("CA gốc khác")
    stranger = Pkcs12Signer(
        issue_signer(issue_authority(root, "CA cấp phát khác"), samples.OFFICIAL, kind="ec")
    )
    signed = samples.sign(samples.small_blank(), stranger)
    (found,) = judge(signed, samples.trust(), READ_AT)
    assert found.state == "unknown"
    assert [one.code for one in found.remarks] == ["untrusted-signer"]
    assert found.verdict.signer == samples.OFFICIAL.common_name
    assert states(signed, TrustList.of([Anchor("CA gốc khác", root.der())])) == ["valid"]


@pytest.mark.parametrize("part", [0.2, 0.5])
def test_a_changed_file_is_invalid(part: float) -> None:
    broken = bytearray(samples.small_once())
    at = broken.find(b"stream\n", int(len(broken) * part)) + 40
    broken[at] ^= 0x01
    assert set(states(bytes(broken))) <= {"invalid"}
    start, _ = samples.container(samples.small_once())
    damaged = bytearray(samples.small_once())
    damaged[start + 400] = ord("0") if damaged[start + 400] != ord("0") else ord("1")
    assert states(bytes(damaged)) == ["invalid"]


def test_a_signature_of_tomorrow_is_invalid() -> None:
    early = samples.FIRST_AT - timedelta(days=1)
    (found,) = judge(samples.small_once(), samples.trust(), early)
    assert found.state == "invalid"
    assert "signed-in-future" in [one.code for one in found.remarks]


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7\n%%EOF", b"nonsense", paper("not signed")])
def test_without_signatures_there_is_nothing_to_judge(data: bytes) -> None:
    assert judge(data, samples.trust(), READ_AT) == ()


def test_older_forms_of_signature_hold_with_a_remark() -> None:
    """adbe.pkcs7.detached is what many desks in Viet Nam still make (ISO 32000-1, 12.8.3.3)."""
    old = samples.small_once().replace(b"/ETSI.CAdES.detached", b"/adbe.pkcs7.detached ")
    (found,) = judge(old, samples.trust(), READ_AT)
    assert "signature-format" in [one.code for one in found.remarks]
    assert found.state == "invalid", "its bytes were changed after signing, so the signature is broken"
