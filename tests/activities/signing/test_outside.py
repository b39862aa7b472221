"""Signatures whose key is elsewhere: by value, with OpenSSL as the outside signer, and as a whole file."""

from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from asn1crypto.algos import DSASignature
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from activities.signing import outside
from activities.signing.errors import CannotSignError
from activities.signing.issuing import Issued, issue_signer
from activities.signing.outside import OutsideKey, ToSign, complete, prepare, value_of
from activities.signing.returned import accepted, valid
from activities.signing.signer import Pkcs12Signer
from models.evidence import verify
from tests.activities.signing import agent, openssl
from tests.models.evidence import competence, samples

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def issued(kind: str = "ec") -> Issued:
    return issue_signer(samples.authority(), samples.OFFICIAL, key=competence.KEYS[kind]())


def waiting(who: Issued, pdf: bytes | None = None, field: str = "official", *, pss: bool = True) -> ToSign:
    return prepare(
        pdf or samples.small_blank(),
        OutsideKey(who.certificate, who.chain, pss=pss),
        field=field,
        reason="Phê duyệt",
        location="Hà Nội",
        signed_at=samples.FIRST_AT if field == "official" else samples.SECOND_AT,
        appearance=None,
    )


def put_together(who: Issued, made: ToSign, value: bytes, *, pss: bool = True) -> bytes:
    checked = value_of(who.certificate, value, made.attributes, pss=pss)
    return complete(made, OutsideKey(who.certificate, who.chain, pss=pss, value=checked))


@pytest.mark.parametrize(
    ("kind", "mechanism"),
    [
        ("ec", "ecdsa"),
        ("P-384", "ecdsa"),
        ("P-521", "ecdsa"),
        ("rsa", "rsassa_pss"),
        ("rsa", "rsassa_pkcs1v15"),
    ],
)
def test_signed_by_openssl(tmp_path: Path, kind: str, mechanism: str) -> None:
    who, pss = issued(kind), mechanism != "rsassa_pkcs1v15"
    made = waiting(who, pss=pss)
    value = openssl.signature(tmp_path, who, mechanism, made.attributes)
    signed = put_together(who, made, value, pss=pss)
    assert len(signed) == len(made.pdf)
    assert signed[: made.start] == made.pdf[: made.start]
    assert signed[made.end :] == made.pdf[made.end :]
    verdict = verify(signed, samples.trust())
    assert verdict.valid, verdict.problems
    assert verdict.signatures[0].algorithm.startswith(mechanism)
    assert verdict.signatures[0].signed_at == samples.FIRST_AT


def test_a_chain_goes_on_outside(tmp_path: Path) -> None:
    """The second signature of a file, by another's token; the first one stays as it was."""
    who = issued()
    made = waiting(who, samples.small_once(), "authority")
    signed = put_together(who, made, openssl.signature(tmp_path, who, "ecdsa", made.attributes))
    verdict = verify(signed, samples.trust())
    assert verdict.valid, verdict.problems
    assert [one.field for one in verdict.signatures] == ["official", "authority"]
    assert signed.startswith(samples.small_once())


@pytest.mark.parametrize(("kind", "size"), [("ec", 32), ("P-384", 48), ("P-521", 66)])
def test_r_and_s_side_by_side_as_tokens_give_them(tmp_path: Path, kind: str, size: int) -> None:
    who = issued(kind)
    made = waiting(who)
    given: Any = DSASignature.load(openssl.signature(tmp_path, who, "ecdsa", made.attributes))
    raw = b"".join(given[part].native.to_bytes(size) for part in ("r", "s"))
    assert verify(put_together(who, made, raw), samples.trust()).valid


@pytest.mark.parametrize("fault", ["other key", "other data", "cut", "empty", "padding", "rubbish"])
def test_a_wrong_value_is_no_signature(tmp_path: Path, fault: str) -> None:
    who = issued("rsa")
    made = waiting(who)
    good = openssl.signature(tmp_path, who, "rsassa_pss", made.attributes)
    value = {
        "other key": lambda: openssl.signature(tmp_path, issued("rsa"), "rsassa_pss", made.attributes),
        "other data": lambda: openssl.signature(tmp_path, who, "rsassa_pss", made.attributes + b"x"),
        "cut": lambda: good[:-1],
        "empty": lambda: b"",
        "padding": lambda: openssl.signature(tmp_path, who, "rsassa_pkcs1v15", made.attributes),
        "rubbish": lambda: bytes(256),
    }[fault]()
    with pytest.raises(CannotSignError) as refused:
        put_together(who, made, value)
    assert refused.value.code == "signature-value-wrong"


@pytest.mark.parametrize("value", [b"", bytes(64), bytes(70), b"\x30\x06\x02\x01\x01\x02\x01\x01"])
def test_a_wrong_value_of_a_curve(value: bytes) -> None:
    who = issued()
    with pytest.raises(CannotSignError):
        put_together(who, waiting(who), value)


def test_a_field_that_is_filled_or_missing() -> None:
    who = issued()
    for pdf, field, code in [
        (samples.small_once(), "official", "already-signed"),
        (samples.small_blank(), "nobody", "signature-field-missing"),
        (b"%PDF-1.7", "official", "signature-failed"),
    ]:
        with pytest.raises(CannotSignError) as refused:
            waiting(who, pdf, field)
        assert refused.value.code == code


def test_what_does_not_fit_is_not_put_in() -> None:
    who = issued()
    with pytest.raises(CannotSignError) as refused:
        complete(
            replace(waiting(who), end=waiting(who).start + 20), OutsideKey(who.certificate, value=b"x" * 70)
        )
    assert refused.value.code == "signature-failed"
    assert outside.SALT == 32


def job(folder: Path, who: Issued, field: str = "official") -> dict[str, str]:
    packed = pkcs12.serialize_key_and_certificates(
        b"x", who.key, who.certificate, who.chain, BestAvailableEncryption(b"mat-khau")
    )
    (folder / "agent.p12").write_bytes(packed)
    return {"key": str(folder / "agent.p12"), "passphrase": "mat-khau", "field": field}


def judged(prepared: bytes, returned: bytes, who: Issued, field: str = "official") -> str:
    from hashlib import sha256

    try:
        accepted(
            prepared,
            returned,
            field=field,
            certificate=sha256(who.der()).hexdigest(),
            trust=samples.trust(),
            at=datetime.now(UTC),
        )
    except CannotSignError as refused:
        return refused.code
    return "accepted"


def test_a_whole_file_from_an_agent(tmp_path: Path) -> None:
    who, prepared = issued("rsa"), samples.small_blank()
    returned = agent.sign(prepared, job(tmp_path, who))
    assert judged(prepared, returned, who) == "accepted"


def test_a_whole_file_with_the_second_signature(tmp_path: Path) -> None:
    who, prepared = issued(), samples.small_once()
    assert (
        judged(prepared, agent.sign(prepared, job(tmp_path, who, "authority")), who, "authority")
        == "accepted"
    )


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("nothing signed", "not-the-prepared-document"),
        ("another document", "not-the-prepared-document"),
        ("a byte before", "not-the-prepared-document"),
        ("empty", "not-the-prepared-document"),
        ("other field", "other-field"),
        ("other certificate", "other-certificate"),
        ("two signatures", "not-one-signature"),
        ("changed, then signed", "not-one-signature"),
        ("signed, then changed", "not-one-signature"),
        ("changed and signed at once", "changed-beside-the-signature"),
        ("a byte of the value", "signature-not-valid"),
        ("rubbish behind", "signature-not-valid"),
        ("rubbish alone", "not-one-signature"),
        ("unknown authority", "signature-not-valid"),
    ],
)
def test_anything_else_is_refused(tmp_path: Path, fault: str, code: str) -> None:
    who, prepared = issued(), samples.small_blank()
    good = agent.sign(prepared, job(tmp_path, who))
    expected = who
    match fault:
        case "nothing signed":
            returned = prepared
        case "another document":
            returned = agent.sign(samples.small_blank("khác"), job(tmp_path, who))
        case "a byte before":
            returned = b"%" + good
        case "empty":
            returned = b""
        case "other field":
            returned = agent.sign(prepared, job(tmp_path, who, "authority"))
        case "other certificate":
            returned, expected = good, issued()
        case "two signatures":
            returned = agent.sign(good, job(tmp_path, who, "authority"))
        case "changed, then signed":
            returned = agent.sign(_changed(prepared), job(tmp_path, who))
        case "signed, then changed":
            returned = _changed(good)
        case "changed and signed at once":
            returned = _changed_while_signed(prepared, tmp_path, who)
        case "a byte of the value":
            at = good.rindex(b"/Contents <") + 400
            returned = good[:at] + (b"0" if good[at : at + 1] != b"0" else b"1") + good[at + 1 :]
        case "rubbish behind":
            returned = good + b"\n% more"
        case "rubbish alone":
            returned = prepared + b"\nrubbish"
        case _:
            from activities.signing.issuing import issue_root

            expected = issue_signer(issue_root("CA lạ"), samples.OFFICIAL)
            returned = agent.sign(prepared, job(tmp_path, expected))
    found = judged(prepared, returned, expected)
    assert found == code


def _changed(pdf: bytes) -> bytes:
    """One more update, which draws over the first page."""
    writer: Any = IncrementalPdfFileWriter(BytesIO(pdf))
    _draw(writer)
    output = BytesIO()
    writer.write(output)
    return output.getvalue()


def _draw(writer: Any) -> None:
    stream: Any = generic.StreamObject(stream_data=b"0 0 100 100 re f")
    writer.add_stream_to_page(0, writer.add_object(stream))


def _changed_while_signed(pdf: bytes, folder: Path, who: Issued) -> bytes:
    """Content of the page changed in the very update that signs."""
    from pyhanko.sign.fields import SigSeedSubFilter
    from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner

    given = job(folder, who)
    signer: Any = SimpleSigner.load_pkcs12(given["key"], passphrase=given["passphrase"].encode())
    writer: Any = IncrementalPdfFileWriter(BytesIO(pdf))
    _draw(writer)
    output = BytesIO()
    metadata = PdfSignatureMetadata(
        field_name="official", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES
    )
    PdfSigner(metadata, signer).sign_pdf(writer, output=output)
    return output.getvalue()


def test_our_own_validation_of_the_whole_file() -> None:
    valid(samples.small_twice(), samples.trust(), NOW)
    with pytest.raises(CannotSignError, match="signed-in-future"):
        valid(samples.small_twice(), samples.trust(), datetime(2025, 1, 1, tzinfo=UTC))
    unknown = Pkcs12Signer(issued())
    assert unknown.certificate.name.serial == "acc-official"
