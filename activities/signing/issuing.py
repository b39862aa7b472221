"""Issuing X.509 certificates for development keys: pure functions over `cryptography`, no files.

The profile follows RFC 5280 and, for signers, ETSI EN 319 412-2: key usage contentCommitment, serialNumber
in the subject holds the opaque account id (never a personal ID number), title the post, organizationName
the agency.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

KeyKind = Literal["ec", "rsa"]
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

VALID_FROM = datetime(2020, 1, 1, tzinfo=UTC)
VALID_TO = datetime(2045, 12, 31, 23, 59, 59, tzinfo=UTC)
"""Development certificates span the years a demonstration in virtual time may visit."""

_PRINTABLE = re.compile(r"[A-Za-z0-9 '()+,./:=?-]*")
ORGANISATION = "hoso - môi trường thử nghiệm"
_LONGEST = {
    NameOID.COMMON_NAME: 64,
    NameOID.ORGANIZATION_NAME: 64,
    NameOID.TITLE: 64,
    NameOID.SERIAL_NUMBER: 64,
}
"""Upper bounds of RFC 5280, appendix A.1; longer names are cut, never refused."""


@dataclass(frozen=True, slots=True)
class SignerName:
    """Who signs. ``serial`` is the opaque account (or agency) id.

    Raises:
        ValueError: an id with other letters than a PrintableString has (RFC 5280, 4.1.2.4).
    """

    common_name: str
    organisation: str
    post: str
    serial: str

    def __post_init__(self) -> None:
        """A serialNumber is a PrintableString: an id with other letters is an error of ours, not of the
        user.
        """
        if not _PRINTABLE.fullmatch(self.serial):
            raise ValueError("an account id holds letters, digits and -'()+,./:=? only")


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate with its key and the certificates above it, nearest first."""

    certificate: x509.Certificate
    key: PrivateKey
    chain: tuple[x509.Certificate, ...] = ()

    def der(self) -> bytes:
        """The certificate in DER."""
        return self.certificate.public_bytes(Encoding.DER)


def new_key(kind: KeyKind) -> PrivateKey:
    """A fresh ECDSA P-256 or RSA-2048 key (both allowed by TT 15/2025/TT-BKHCN)."""
    if kind == "ec":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def issue_root(
    common_name: str, *, valid_from: datetime = VALID_FROM, valid_to: datetime = VALID_TO
) -> Issued:
    """A self-signed root that may have one level of authorities below it."""
    key = new_key("ec")
    name = _name(SignerName(common_name, ORGANISATION, "", ""))
    builder = _builder(name, name, key, valid_from, valid_to)
    builder = _as_authority(builder, path_length=1)
    builder = builder.add_extension(
        x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
    )
    return Issued(builder.sign(key, hashes.SHA256()), key)


def issue_authority(
    parent: Issued,
    common_name: str,
    *,
    key: PrivateKey | None = None,
    valid_from: datetime = VALID_FROM,
    valid_to: datetime = VALID_TO,
    services: str | None = None,
) -> Issued:
    """An issuing authority below ``parent`` that may issue to signers only.

    ``services``: base address of who answers for its revocation, named in it (RFC 5280, 4.2.1.13, 4.2.2.1).
    ``key``: one that was made elsewhere.
    """
    key = key or new_key("ec")
    name = _name(SignerName(common_name, ORGANISATION, "", ""))
    builder = _builder(name, parent.certificate.subject, key, valid_from, valid_to)
    return _signed(_answered(_as_authority(builder, path_length=0), services, "root"), parent, key)


def issue_signer(
    parent: Issued,
    name: SignerName,
    *,
    kind: KeyKind = "ec",
    key: PrivateKey | None = None,
    valid_from: datetime = VALID_FROM,
    valid_to: datetime = VALID_TO,
    services: str | None = None,
) -> Issued:
    """A certificate for a person's signature or an agency's seal; ``services`` as for authorities, ``key``
    one that was made elsewhere.
    """
    key = key or new_key(kind)
    builder = _builder(_name(name), parent.certificate.subject, key, valid_from, valid_to)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(digital_signature=True, content_commitment=True), critical=True)
    return _signed(_answered(builder, services, "issuing"), parent, key)


def issue_responder(parent: Issued, common_name: str) -> Issued:
    """Who answers about revocation in the authority's place (RFC 6960, 4.2.2.2); itself not asked about."""
    builder, key = _service_builder(parent, common_name, VALID_FROM, VALID_TO)
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING])
    builder = builder.add_extension(usage, critical=False)
    return _signed(builder.add_extension(x509.OCSPNoCheck(), critical=False), parent, key)


def issue_timestamper(
    parent: Issued,
    common_name: str,
    *,
    valid_from: datetime = VALID_FROM,
    valid_to: datetime = VALID_TO,
    services: str | None = None,
) -> Issued:
    """A timestamp authority: that purpose alone, and critically so (RFC 3161, 2.3); ``services`` as above."""
    builder, key = _service_builder(parent, common_name, valid_from, valid_to)
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    builder = _answered(builder.add_extension(usage, critical=True), services, "issuing")
    return _signed(builder, parent, key)


def _service_builder(
    parent: Issued, common_name: str, valid_from: datetime, valid_to: datetime
) -> tuple[x509.CertificateBuilder, PrivateKey]:
    key = new_key("ec")
    name = _name(SignerName(common_name, ORGANISATION, "", ""))
    builder = _builder(name, parent.certificate.subject, key, valid_from, valid_to)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    return builder.add_extension(_usage(digital_signature=True), critical=True), key


def _answered(builder: x509.CertificateBuilder, services: str | None, issuer: str) -> x509.CertificateBuilder:
    """Names where revocation is answered and the issuer is found, where there is such a place."""
    if services is None:
        return builder
    at = x509.UniformResourceIdentifier
    access = x509.AuthorityInformationAccess(
        [
            x509.AccessDescription(AuthorityInformationAccessOID.OCSP, at(f"{services}/ocsp")),
            x509.AccessDescription(
                AuthorityInformationAccessOID.CA_ISSUERS, at(f"{services}/ca/{issuer}.cer")
            ),
        ]
    )
    lists = x509.DistributionPoint([at(f"{services}/crl/{issuer}.crl")], None, None, None)
    builder = builder.add_extension(access, critical=False)
    return builder.add_extension(x509.CRLDistributionPoints([lists]), critical=False)


def _name(name: SignerName) -> x509.Name:
    parts = (
        (NameOID.COUNTRY_NAME, "VN"),
        (NameOID.ORGANIZATION_NAME, name.organisation),
        (NameOID.TITLE, name.post),
        (NameOID.SERIAL_NUMBER, name.serial),
        (NameOID.COMMON_NAME, name.common_name),
    )
    return x509.Name([x509.NameAttribute(oid, text[: _LONGEST.get(oid, 2)]) for oid, text in parts if text])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: PrivateKey, valid_from: datetime, valid_to: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid_from)
        .not_valid_after(valid_to)
    )


def _as_authority(builder: x509.CertificateBuilder, *, path_length: int) -> x509.CertificateBuilder:
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
    return builder.add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)


def _signed(builder: x509.CertificateBuilder, parent: Issued, key: PrivateKey) -> Issued:
    above = x509.AuthorityKeyIdentifier.from_issuer_public_key(parent.key.public_key())
    below = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = builder.add_extension(above, critical=False).add_extension(below, critical=False)
    certificate = builder.sign(parent.key, hashes.SHA256())
    return Issued(certificate, key, (parent.certificate, *parent.chain))


def _usage(
    *,
    digital_signature: bool = False,
    content_commitment: bool = False,
    key_cert_sign: bool = False,
    crl_sign: bool = False,
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=content_commitment,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )
