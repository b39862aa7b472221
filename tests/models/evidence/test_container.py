"""The one part of a signed file no signature covers: the container of the signature itself."""

from collections.abc import Callable

import pytest
from asn1crypto import cms

from models.evidence import verify
from models.evidence.container import _checked_der
from tests.models.evidence import samples


def repacked(change: Callable[[cms.ContentInfo], bytes]) -> bytes:
    """The signed slip with its container replaced by what ``change`` makes of it."""
    good = samples.small_once()
    start, end = samples.container(good)
    contained = cms.ContentInfo.load(bytes.fromhex(good[start:end].decode()))
    packed = change(contained).hex().encode()
    return good[:start] + packed.ljust(end - start, b"0") + good[end:]


def codes(pdf: bytes) -> set[str]:
    return {found.code for found in verify(pdf, samples.trust()).problems}


def test_unchanged_is_accepted() -> None:
    assert codes(repacked(lambda content: content.dump())) == set()


def test_foreign_certificate() -> None:
    from activities.signing.issuing import issue_root

    def add(content: cms.ContentInfo) -> bytes:
        certificates = content["content"]["certificates"]
        certificates.append(cms.CertificateChoices.load(issue_root("khác").der()))
        return content.dump(force=True)

    assert codes(repacked(add)) == {"signature-not-strict"}


def test_unsigned_attribute() -> None:
    def add(content: cms.ContentInfo) -> bytes:
        (signer,) = content["content"]["signer_infos"]
        signer["unsigned_attrs"] = cms.CMSAttributes([{"type": "1.2.3.4", "values": []}])
        return content.dump(force=True)

    assert codes(repacked(add)) & {"signature-not-strict", "signature-unreadable"}


def test_second_digest_algorithm() -> None:
    def add(content: cms.ContentInfo) -> bytes:
        content["content"]["digest_algorithms"].append({"algorithm": "sha512"})
        return content.dump(force=True)

    assert codes(repacked(add)) == {"signature-not-strict"}


def test_indefinite_length() -> None:
    """BER where DER is asked for: the same meaning in other bytes."""

    def loosen(content: cms.ContentInfo) -> bytes:
        data = content.dump()
        return data[:1] + b"\x80" + data[4:] + b"\0\0"

    assert codes(repacked(loosen))


def test_something_in_the_padding() -> None:
    assert codes(repacked(lambda content: content.dump() + b"\0\0x")) == {"signature-not-strict"}


def test_hex_in_two_cases() -> None:
    good = samples.small_once()
    start, end = samples.container(good)
    letter = next(at for at in range(start, end) if good[at : at + 1].isalpha())
    mixed = good[:letter] + good[letter : letter + 1].swapcase() + good[letter + 1 :]
    assert codes(mixed) == {"signature-not-strict"}


@pytest.mark.parametrize(
    "data",
    ["3080", "30810102", "3082000100", "30850000000001", "30020203", "0405", "3003020500", "30830000010500"],
)
def test_lengths_that_are_not_der(data: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        _checked_der(bytes.fromhex(data), 0)


def test_der_ends_where_it_says() -> None:
    assert _checked_der(bytes.fromhex("30050201010500") + b"rest", 0) == 7
