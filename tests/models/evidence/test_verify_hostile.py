"""Forged, damaged and tampered documents: not one is accepted, and none makes the verifier raise."""

import random
from datetime import UTC, datetime
from io import BytesIO

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.writer import copy_into_new_writer

from activities.signing.issuing import Issued, issue_authority, issue_root, issue_signer
from activities.signing.signer import Pkcs12Signer
from models.evidence import Anchor, TrustList, Verdict, verify
from tests.models.evidence import samples


def codes(verdict: Verdict) -> set[str]:
    return {found.code for found in verdict.problems}


def refused(pdf: bytes, trust: TrustList | None = None) -> set[str]:
    verdict = verify(pdf, trust or samples.trust(), at=samples.READ_AT)
    assert not verdict.valid
    assert verdict.problems
    assert all(found.vi and found.en for found in verdict.problems)
    return codes(verdict)


def test_bit_flips_anywhere() -> None:
    good = samples.small_once()
    chance = random.Random(20250328)
    accepted = []
    for position in sorted(chance.sample(range(len(good)), 500)):
        broken = bytearray(good)
        broken[position] ^= 1 << chance.randrange(8)
        if verify(bytes(broken), samples.trust()).valid:
            accepted.append(position)
    assert accepted == []


def test_bit_flips_in_the_second_revision() -> None:
    good = samples.small_twice()
    chance = random.Random(7)
    start = len(samples.small_once())
    for position in chance.sample(range(start, len(good)), 100):
        broken = bytearray(good)
        broken[position] ^= 0xFF
        assert not verify(bytes(broken), samples.trust()).valid, position


def test_every_byte_of_the_signature_counts() -> None:
    """The padding after the CMS is not signed, but it is not free either: only zeros may stand there."""
    good = samples.small_once()
    start, end = samples.container(good)
    for position in range(start, end, 67):
        broken = bytearray(good)
        broken[position] = ord("1") if broken[position] != ord("1") else ord("2")
        assert not verify(bytes(broken), samples.trust()).valid, (position, end - position)


@pytest.mark.parametrize("kept", [0, 1, 5, 100, 0.3, 0.9, 0.999, -1, -6])
def test_truncated(kept: float) -> None:
    good = samples.signed_once()
    refused(good[: int(kept * len(good)) if isinstance(kept, float) else kept])


@pytest.mark.parametrize("tail", [b"\n", b"x", b"%%EOF\n", b"\x00" * 4096, b"1 0 obj\n<<>>\nendobj\n%%EOF\n"])
def test_appended_bytes(tail: bytes) -> None:
    refused(samples.signed_once() + tail)
    refused(samples.signed_twice() + tail)


def test_two_documents_in_one_file() -> None:
    refused(samples.signed_once() + samples.signed_once())
    refused(samples.unsigned() + samples.signed_once())


def revised(pdf: bytes, change: str) -> bytes:
    """A revision appended by someone with a PDF library and no key."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    page = writer.root["/Pages"]["/Kids"][-1]
    if change == "page content":
        stream = writer.add_object(generic.StreamObject(stream_data=b"BT (9) Tj ET"))
        page[generic.pdf_name("/Contents")] = stream
        writer.update_container(page)
    elif change == "attachment":
        specification = writer.root["/AF"][0]
        data = specification["/EF"]["/F"]
        data._data = b"{}"
        data._encoded_data = None
        writer.update_container(data)
    elif change == "keywords":
        info = writer.trailer["/Info"].get_object()
        info[generic.pdf_name("/Keywords")] = generic.pdf_string("hoso-code:OTHER, hoso-sha256:" + "0" * 64)
        writer.update_container(info)
    elif change == "annotation":
        annotation = generic.DictionaryObject({generic.pdf_name("/Type"): generic.pdf_name("/Annot")})
        page[generic.pdf_name("/Annots")].append(writer.add_object(annotation))
        writer.update_container(page)
    elif change == "appearance":
        field = writer.root["/AcroForm"]["/Fields"][0]
        stream = writer.add_object(generic.StreamObject(stream_data=b"BT ET"))
        field[generic.pdf_name("/AP")] = generic.DictionaryObject({generic.pdf_name("/N"): stream})
        writer.update_container(field)
    else:
        writer.root[generic.pdf_name("/OpenAction")] = generic.DictionaryObject(
            {generic.pdf_name("/S"): generic.pdf_name("/JavaScript")}
        )
        writer.update_root()
    output = BytesIO()
    writer.write(output)
    return output.getvalue()


CHANGES = ["page content", "attachment", "keywords", "annotation", "appearance", "script"]


@pytest.mark.parametrize("change", CHANGES)
def test_revision_appended_after_signing(change: str) -> None:
    refused(revised(samples.signed_once(), change))


@pytest.mark.parametrize("change", CHANGES)
def test_revision_between_two_signatures(change: str) -> None:
    between = revised(samples.signed_once(), change)
    refused(samples.sign(between, samples.signer(samples.HEAD), "authority", samples.SECOND_AT))


@pytest.mark.parametrize("change", ["attachment", "keywords"])
def test_data_replaced_before_signing(change: str) -> None:
    """Even a valid signature does not make data match a digest it does not have."""
    assert "attachment-differs" in refused(
        samples.sign(revised(samples.unsigned(), change), samples.signer())
    )


def without(pdf: bytes, remove: str) -> bytes:
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    if remove == "attachment":
        del writer.root["/AF"]
        del writer.root["/Names"]
        writer.update_root()
    else:
        info = writer.trailer["/Info"].get_object()
        del info["/Keywords"]
        writer.update_container(info)
    output = BytesIO()
    writer.write(output)
    return output.getvalue()


def test_no_attachment() -> None:
    assert "attachment-missing" in refused(
        samples.sign(without(samples.unsigned(), "attachment"), samples.signer())
    )


def test_nothing_stated() -> None:
    found = refused(samples.sign(without(samples.unsigned(), "keywords"), samples.signer()))
    assert {"document-code-missing", "digest-missing"} <= found


def test_two_attachments_of_one_name() -> None:
    writer = IncrementalPdfFileWriter(BytesIO(samples.unsigned()))
    other = generic.StreamObject(stream_data=b"{}")
    name = generic.pdf_string("ho-so.json")
    specification = generic.DictionaryObject(
        {
            generic.pdf_name("/Type"): generic.pdf_name("/Filespec"),
            generic.pdf_name("/F"): name,
            generic.pdf_name("/EF"): generic.DictionaryObject(
                {generic.pdf_name("/F"): writer.add_object(other)}
            ),
        }
    )
    writer.root["/AF"].append(writer.add_object(specification))
    writer.update_container(writer.root["/AF"])
    writer.update_root()
    output = BytesIO()
    writer.write(output)
    assert "attachment-ambiguous" in refused(samples.sign(output.getvalue(), samples.signer()))


def test_not_signed() -> None:
    verdict = verify(samples.unsigned(), samples.trust())
    assert codes(verdict) == {"no-signature"}
    assert not verdict.valid
    assert verdict.document_code == "HS-2025-000123"


def test_signature_moved_to_another_document() -> None:
    good = samples.signed_once()
    other = samples.sign(samples.unsigned("khac"), samples.signer(samples.OFFICIAL))
    (start, end), (place, finish) = samples.container(good), samples.container(other)
    assert end - start == finish - place
    assert refused(other[:place] + good[start:end] + other[finish:]) == {"signature-broken"}


def under(authority: Issued, **validity: datetime) -> Pkcs12Signer:
    return Pkcs12Signer(issue_signer(authority, samples.OFFICIAL, **validity))


def test_signer_of_another_authority() -> None:
    stranger = issue_authority(issue_root("CA lạ"), "CA lạ")
    assert refused(samples.sign(samples.unsigned(), under(stranger))) == {"untrusted-signer"}


def test_authority_with_the_name_of_ours() -> None:
    """Same names, other keys: a chain is built by keys and not by names."""
    twin = issue_authority(issue_root("CA gốc của phép thử"), "CA cấp phát của phép thử")
    assert refused(samples.sign(samples.unsigned(), under(twin))) == {"untrusted-signer"}


def test_signer_who_poses_as_an_authority() -> None:
    """A signer's certificate may not issue others."""
    below = issue_signer(authority := issue_signer(samples.authority(), samples.HEAD), samples.OFFICIAL)
    assert authority.chain
    assert refused(samples.sign(samples.unsigned(), Pkcs12Signer(below))) == {"untrusted-signer"}


class Careless(Pkcs12Signer):
    """A signer that does not look at its certificate before signing."""

    def _check(self, signed_at: datetime) -> None:
        return


@pytest.mark.parametrize("at", [datetime(2019, 5, 1, tzinfo=UTC), datetime(2024, 5, 1, tzinfo=UTC)])
def test_certificate_not_valid_when_signed(at: datetime) -> None:
    issued = issue_signer(
        samples.authority(),
        samples.OFFICIAL,
        valid_from=datetime(2020, 1, 1, tzinfo=UTC),
        valid_to=datetime(2022, 1, 1, tzinfo=UTC),
    )
    assert refused(samples.sign(samples.unsigned(), Careless(issued), at=at)) & {
        "certificate-not-valid-then",
        "untrusted-signer",
    }


def test_authority_used_as_a_signer() -> None:
    assert refused(samples.sign(samples.unsigned(), Careless(samples.authority()))) == {"certificate-purpose"}


def test_weak_keys_and_padding() -> None:
    from tests.models.evidence import weak

    assert "algorithm-not-allowed" in refused(samples.sign(samples.unsigned(), weak.short_rsa()))
    assert "algorithm-not-allowed" in refused(samples.sign(samples.unsigned(), weak.small_curve()))


def test_signed_in_the_future() -> None:
    late = samples.sign(samples.unsigned(), samples.signer(), at=datetime(2026, 2, 1, tzinfo=UTC))
    assert refused(late) == {"signed-in-future"}


def test_second_signature_dated_before_the_first() -> None:
    early = datetime(2025, 3, 27, tzinfo=UTC)
    assert refused(samples.sign(samples.signed_once(), samples.signer(samples.HEAD), "authority", early)) == {
        "signing-order"
    }


def test_empty_trust_reaches_nobody() -> None:
    other = TrustList.of([Anchor("khác", issue_root("khác").der())])
    assert refused(samples.signed_once(), other) == {"untrusted-signer"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"%PDF-1.7",
        b"not a pdf",
        b"%PDF-1.7\n%%EOF",
        b"%PDF-1.7\nstartxref\n0\n%%EOF",
        b"%PDF-1.7\nstartxref\n999999999999999999999\n%%EOF",
        b"%PDF-1.7\n" + b"[" * 200_000,
        b"%PDF-1.7\nxref\n0 99999999\ntrailer<</Size 1/Root 1 0 R>>\nstartxref\n9\n%%EOF",
        b"%PDF-1.7\n1 0 obj\n" + b"<</A" * 50_000 + b"\nxref\n0 1\n0000000000 65535 f \n"
        b"trailer\n<</Root 1 0 R/Size 2>>\nstartxref\n250017\n%%EOF",
        bytes(range(256)) * 64,
    ],
)
def test_hostile_bytes(data: bytes) -> None:
    verdict = verify(data, samples.trust())
    assert not verdict.valid
    assert not verdict.readable


def test_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.evidence.verification.MAXIMUM_BYTES", 1000)
    assert refused(samples.signed_once()) == {"too-large"}


def test_encrypted() -> None:
    from pyhanko.pdf_utils.reader import PdfFileReader

    writer = copy_into_new_writer(PdfFileReader(BytesIO(samples.unsigned())))
    writer.encrypt("secret", "secret")
    output = BytesIO()
    writer.write(output)
    assert refused(output.getvalue()) == {"encrypted"}
