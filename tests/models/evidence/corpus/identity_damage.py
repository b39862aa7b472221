"""Damage by people with keys, and by answers that are wrong, stale or stripped: well-formed signatures that
must not count. Independent of what verifies: certificates by `cryptography`, containers by `asn1crypto`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from functools import cache
from random import Random
from typing import Any

from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from activities.signing.issuing import Issued, issue_authority, issue_root, issue_signer, issue_timestamper
from tests.models.evidence import longterm, samples, weak
from tests.models.evidence.corpus.raw import Raw

Damage = Callable[[bytes, Random], bytes]
VALID = (dt.datetime(2020, 1, 1, tzinfo=dt.UTC), dt.datetime(2045, 1, 1, tzinfo=dt.UTC))


def certificate(
    *,
    by: Issued | None = None,
    valid: tuple[dt.datetime, dt.datetime] = VALID,
    purposes: Sequence[x509.ObjectIdentifier] = (),
    signs: bool = True,
    authority: bool = False,
    name: str = "Nguyễn Thị Ngọc Ánh",
) -> Issued:
    """A certificate of any make; self-signed without an issuer."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    issuer, issuing = (by.certificate.subject, by.key) if by else (subject, key)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid[0])
        .not_valid_after(valid[1])
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=signs,
                content_commitment=signs,
                key_encipherment=not signs,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=authority,
                crl_sign=authority,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )
    if purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    chain = (by.certificate, *by.chain) if by else ()
    return Issued(builder.sign(issuing, hashes.SHA256()), key, chain)


def _signed(by: Callable[[Random], Issued]) -> Damage:
    """The same document, signed by somebody else at a time of chance."""

    def damage(pdf: bytes, chance: Random) -> bytes:
        at = samples.FIRST_AT + dt.timedelta(seconds=chance.randrange(10_000))
        return longterm.sign(longterm.slip(), by(chance), at=at)

    return damage


@cache
def _stranger() -> Issued:
    return issue_authority(issue_root("CA lạ"), "CA lạ cấp phát")


@cache
def _twin() -> Issued:
    return issue_authority(issue_root("CA gốc của phép thử"), "CA cấp phát của phép thử")


def _past(chance: Random) -> tuple[dt.datetime, dt.datetime]:
    end = samples.FIRST_AT - dt.timedelta(seconds=chance.randrange(1, 10**7))
    return (dt.datetime(2020, 1, 1, tzinfo=dt.UTC), end)


def _future(chance: Random) -> tuple[dt.datetime, dt.datetime]:
    start = samples.FIRST_AT + dt.timedelta(seconds=chance.randrange(20_000, 10**7))
    return (start, dt.datetime(2045, 1, 1, tzinfo=dt.UTC))


def _purpose(chance: Random) -> list[x509.ObjectIdentifier]:
    others = [
        ExtendedKeyUsageOID.SERVER_AUTH,
        ExtendedKeyUsageOID.CLIENT_AUTH,
        ExtendedKeyUsageOID.CODE_SIGNING,
        ExtendedKeyUsageOID.OCSP_SIGNING,
        ExtendedKeyUsageOID.TIME_STAMPING,
        x509.ObjectIdentifier(f"1.3.6.1.4.1.32473.{chance.randrange(10**6)}"),
    ]
    return chance.sample(others, chance.randint(1, 3))


def _weak(make: Callable[[], Any]) -> Damage:
    made = cache(make)

    def damage(pdf: bytes, chance: Random) -> bytes:
        at = samples.FIRST_AT + dt.timedelta(seconds=chance.randrange(10_000))
        return samples.sign(longterm.slip(), made(), at=at)

    return damage


def _revoked(pdf: bytes, chance: Random) -> bytes:
    """Revoked before it signed, by OCSP or by list, said by the right authority at any later time."""
    said = samples.FIRST_AT + dt.timedelta(days=chance.randrange(1, 25))
    when = samples.FIRST_AT - dt.timedelta(seconds=chance.randrange(1, 10**7))
    good = longterm.response(longterm.timestamper(), said)
    root = longterm.revocation_list(samples.root(), said)
    if chance.random() < 0.5:
        answers = ([longterm.response(longterm.signer(), said, when), good], [root])
    else:
        listed = longterm.revocation_list(samples.authority(), said, [(longterm.signer(), when)])
        answers = ([good], [listed, root])
    return longterm.with_store(longterm.b_t(), *answers, [])


def _revoked_later_without_proof(pdf: bytes, chance: Random) -> bytes:
    """A key revoked after the time that its holder states, and nobody else vouches for that time."""
    said = samples.FIRST_AT + dt.timedelta(days=chance.randrange(5, 25))
    when = samples.FIRST_AT + dt.timedelta(days=chance.randrange(1, 5))
    signed = longterm.sign(longterm.slip(), longterm.signer())
    return longterm.with_store(signed, [longterm.response(longterm.signer(), said, when)], [], [])


def _authority_revoked(pdf: bytes, chance: Random) -> bytes:
    said = samples.FIRST_AT + dt.timedelta(days=chance.randrange(1, 25))
    when = samples.FIRST_AT - dt.timedelta(seconds=chance.randrange(1, 10**7))
    lists = [longterm.revocation_list(samples.root(), said, [(samples.authority(), when)])]
    return longterm.with_store(longterm.b_t(), [], lists, [])


def _stripped(keep: str) -> Damage:
    """Validation data left out: what remains cannot reach the level that is demanded."""

    def damage(pdf: bytes, chance: Random) -> bytes:
        at = longterm.STAMPED_AT + dt.timedelta(seconds=chance.randrange(3600))
        answers = longterm.answers(at)
        if keep == "nothing":
            answers |= {"ocsps": [], "crls": []}
        elif keep == "lists":
            answers |= {"ocsps": []}
        elif keep == "one response":
            answers |= {"ocsps": [chance.choice(answers["ocsps"])]}
        else:
            answers |= {"crls": []}
        return longterm.with_store(longterm.b_t(), **answers)

    return damage


def _stale(pdf: bytes, chance: Random) -> bytes:
    """Answers from long before."""
    at = longterm.STAMPED_AT - dt.timedelta(days=chance.randrange(40, 400))
    return longterm.with_store(longterm.b_t(), **longterm.answers(at))


def _answers_of_a_stranger(pdf: bytes, chance: Random) -> bytes:
    at = longterm.STAMPED_AT + dt.timedelta(seconds=chance.randrange(3600))
    answers = longterm.answers(at)
    answers["ocsps"] = [
        longterm.response(one, at, by=_stranger()) for one in (longterm.signer(), longterm.timestamper())
    ]
    return longterm.with_store(longterm.b_t(), **answers)


def _stamped(by: Callable[[], Issued], imprint: bool = False, shift: int = 2) -> Damage:
    def damage(pdf: bytes, chance: Random) -> bytes:
        at = samples.FIRST_AT + dt.timedelta(seconds=shift + chance.randrange(100))
        stamper = longterm.Stamper(by(), at, chance.randbytes(32) if imprint else None)
        return longterm.sign(longterm.slip(), longterm.signer(), stamper=stamper)

    return damage


def _archived_by(by: Callable[[], Issued], imprint: bool = False) -> Damage:
    def damage(pdf: bytes, chance: Random) -> bytes:
        at = longterm.ARCHIVED_AT + dt.timedelta(seconds=chance.randrange(1000))
        stamper = longterm.Stamper(by(), at, chance.randbytes(32) if imprint else None)
        return longterm.archived(longterm.b_lt(), stamper)

    return damage


def _repacked(change: Callable[[Any, Random], None]) -> Damage:
    """The first signature's CMS taken apart and put back with something else that its signature does not
    cover.
    """

    def damage(pdf: bytes, chance: Random) -> bytes:
        start, end = Raw(pdf).containers()[0]
        content = cms.ContentInfo.load(bytes.fromhex(pdf[start:end].decode()))
        change(content["content"], chance)
        written = content.dump().hex().encode()
        assert len(written) <= end - start
        return pdf[:start] + written.ljust(end - start, b"0") + pdf[end:]

    return damage


def _token_removed(data: Any, chance: Random) -> None:
    """And something of chance in its place, so that each file is another."""
    (signer,) = data["signer_infos"]
    signer["unsigned_attrs"] = cms.CMSAttributes([])
    if chance.random() < 0.5:
        del signer["unsigned_attrs"]
    data["digest_algorithms"] = list(data["digest_algorithms"])


def _token_of_another(data: Any, chance: Random) -> None:
    at = samples.FIRST_AT + dt.timedelta(seconds=chance.randrange(2, 900))
    other = longterm.sign(
        longterm.slip(), longterm.signer(), at=at, stamper=longterm.Stamper(longterm.timestamper(), at)
    )
    first, last = Raw(other).containers()[0]
    (donor,) = cms.ContentInfo.load(bytes.fromhex(other[first:last].decode()))["content"]["signer_infos"]
    (signer,) = data["signer_infos"]
    signer["unsigned_attrs"] = donor["unsigned_attrs"]


def _certificate_added(data: Any, chance: Random) -> None:
    stranger = certificate(name=f"Người lạ {chance.randrange(10**6)}")
    added = cms.CertificateChoices("certificate", longterm.asn1(stranger))
    data["certificates"] = [*data["certificates"], added]


def _signer_replaced(data: Any, chance: Random) -> None:
    """The signature of one person under the certificate of another."""
    other = longterm.asn1(issue_signer(samples.authority(), samples.HEAD))
    (signer,) = data["signer_infos"]
    signer["sid"] = cms.SignerIdentifier(
        "issuer_and_serial_number",
        cms.IssuerAndSerialNumber({"issuer": other.issuer, "serial_number": other.serial_number}),
    )
    honest = longterm.asn1(longterm.signer()).subject
    kept = [one for one in data["certificates"] if one.chosen.subject != honest]
    data["certificates"] = [cms.CertificateChoices("certificate", other), *kept]


def _signer_twice(data: Any, chance: Random) -> None:
    (signer,) = data["signer_infos"]
    data["signer_infos"] = [signer, signer.copy()]


def _weaker_digest(data: Any, chance: Random) -> None:
    (signer,) = data["signer_infos"]
    signer["digest_algorithm"] = {"algorithm": chance.choice(["sha1", "md5", "sha224"])}


def _other_content(pdf: bytes, chance: Random) -> bytes:
    """The signature of one document moved into another."""
    at = samples.FIRST_AT + dt.timedelta(seconds=chance.randrange(10_000))
    later = at + dt.timedelta(seconds=1)
    one, other = (longterm.sign(longterm.slip(), longterm.signer(), at=when) for when in (at, later))
    (start, end), (place, finish) = Raw(one).containers()[0], Raw(other).containers()[0]
    return other[:place] + one[start:end] + other[finish:]


KINDS = {
    "signer of a stranger": _signed(lambda chance: issue_signer(_stranger(), samples.OFFICIAL)),
    "signer of a twin by name": _signed(lambda chance: issue_signer(_twin(), samples.OFFICIAL)),
    "self-signed": _signed(lambda chance: certificate()),
    "self-signed as an authority": _signed(lambda chance: certificate(authority=True)),
    "expired certificate": _signed(lambda chance: certificate(by=samples.authority(), valid=_past(chance))),
    "certificate not yet valid": _signed(
        lambda chance: certificate(by=samples.authority(), valid=_future(chance))
    ),
    "wrong purpose": _signed(lambda chance: certificate(by=samples.authority(), purposes=_purpose(chance))),
    "key that may not sign": _signed(lambda chance: certificate(by=samples.authority(), signs=False)),
    "issued by a signer": _signed(
        lambda chance: certificate(by=certificate(by=samples.authority(), name="Nguyễn Văn A"))
    ),
    "issued below the last authority": _signed(
        lambda chance: certificate(by=certificate(by=samples.authority(), authority=True, name="CA con"))
    ),
    "authority as a signer": _signed(lambda chance: samples.authority()),
    "short RSA key": _weak(weak.short_rsa),
    "small curve": _weak(weak.small_curve),
    "revoked before signing": _revoked,
    "revoked, time only stated": _revoked_later_without_proof,
    "authority revoked": _authority_revoked,
    "stripped: all answers": _stripped("nothing"),
    "stripped: responses": _stripped("lists"),
    "stripped: one response": _stripped("one response"),
    "stripped: list": _stripped("responses"),
    "stale answers": _stale,
    "answers of a stranger": _answers_of_a_stranger,
    "timestamp of something else": _stamped(longterm.timestamper, imprint=True),
    "timestamp of a stranger": _stamped(cache(lambda: issue_timestamper(_stranger(), "TSA lạ"))),
    "timestamp by a signer": _stamped(lambda: longterm.signer("head")),
    "timestamp long before": _stamped(longterm.timestamper, shift=-5000),
    "archive timestamp of something else": _archived_by(longterm.timestamper, imprint=True),
    "archive timestamp of a stranger": _archived_by(cache(lambda: issue_timestamper(_stranger(), "TSA lạ"))),
    "timestamp of another file": _repacked(_token_of_another),
    "timestamp taken out": _repacked(_token_removed),
    "certificate added to the container": _repacked(_certificate_added),
    "signature under another's certificate": _repacked(_signer_replaced),
    "signer twice": _repacked(_signer_twice),
    "weaker digest stated": _repacked(_weaker_digest),
    "signature of another document": _other_content,
}

DEMANDS = {
    "stripped: all answers": "B-LT",
    "stripped: responses": "B-LT",
    "stripped: one response": "B-LT",
    "stripped: list": "B-LT",
    "stale answers": "B-LT",
    "answers of a stranger": "B-LT",
    "timestamp taken out": "B-T",
}
"""What the reader demands where something was only left out."""
