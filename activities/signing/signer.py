"""The seam behind which a key lives: a file in development, a token, a card or a remote service elsewhere."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Protocol

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from activities.documents.stamp import Stamp, stamp_style
from activities.signing.assurance import Assurance
from activities.signing.checking import check_certificate
from activities.signing.errors import CannotSignError
from activities.signing.issuing import Issued, KeyKind, SignerName
from activities.signing.keystore import Keystore, load_pkcs12
from activities.signing.pades import CmsKey, LoadedKey, sign_field
from models.evidence.attestation import AttestationError, algorithm_of, assembled, to_be_signed


@dataclass(frozen=True, slots=True)
class CertificateInfo:
    """What is recorded beside an approval: whose certificate, from whom, valid when."""

    name: SignerName
    issuer: str
    valid_from: datetime
    valid_to: datetime
    serial_number: str
    sha256: str


class Signer(Protocol):
    """Whoever can sign: the caller never sees the key."""

    @property
    def certificate(self) -> CertificateInfo:
        """The certificate that will appear in the signature."""

    @property
    def certificates(self) -> tuple[asn1_x509.Certificate, ...]:
        """The certificate and those known above it."""

    def sign_pdf(
        self,
        pdf: bytes,
        *,
        field: str,
        reason: str,
        location: str,
        signed_at: datetime,
        assurance: Assurance | None = None,
    ) -> bytes:
        """The document with one more signature; ``assurance`` is what goes into the file beside it.

        Raises:
            CannotSignError: see its codes; the document is then unchanged.
        """


class KeySigner:
    """A signer whose key is at hand, wherever it lies: the rules before a signature are the same for all.
    Safe to share between threads.
    """

    def __init__(self, certificate: x509.Certificate, key: CmsKey, *, visible: bool = True) -> None:
        self._certificate = certificate
        self._key = key
        self._visible = visible
        self._info = info_of(certificate)

    @property
    def certificate(self) -> CertificateInfo:
        """The certificate that will appear in the signature."""
        return self._info

    @property
    def certificates(self) -> tuple[asn1_x509.Certificate, ...]:
        """The certificate and those known above it."""
        return self._key.signing_cert, *self._key.cert_registry

    def sign_pdf(
        self,
        pdf: bytes,
        *,
        field: str,
        reason: str,
        location: str,
        signed_at: datetime,
        assurance: Assurance | None = None,
    ) -> bytes:
        """See ``Signer.sign_pdf``. The certificate's validity is judged at ``signed_at``, which is aware."""
        self._check(signed_at)
        name = self._info.name
        stamp = Stamp(name.common_name, name.post, name.organisation, signed_at, reason)
        return sign_field(
            pdf,
            self._key,
            field=field,
            reason=reason,
            location=location,
            signed_at=signed_at,
            appearance=stamp_style(stamp) if self._visible else None,
            assurance=assurance,
        )

    def attest(self, payload: bytes, at: datetime) -> str:
        """A statement signed with this key, for a seal to say something that is no document (RFC 7515).

        Raises:
            CannotSignError: the certificate may not sign then, or the key is of no kind a statement takes.
            SignerAwayError: the key cannot be reached now.
        """
        self._check(at)
        chain = [one.dump() for one in self.certificates]
        try:
            algorithm = algorithm_of(chain[0], self._key.mechanism().signature_algo)
        except AttestationError as error:
            raise CannotSignError("algorithm-not-allowed", str(error)) from error
        data = to_be_signed(payload, chain, algorithm)
        return assembled(data, asyncio.run(self._key.async_sign_raw(data, algorithm.digest)))

    def _check(self, signed_at: datetime) -> None:
        check_certificate(self._certificate, self._key.mechanism().signature_algo, signed_at)


class Pkcs12Signer(KeySigner):
    """A signer whose key came from a PKCS#12 file and stays parsed in memory."""

    def __init__(self, issued: Issued, *, visible: bool = True) -> None:
        self._issued = issued
        super().__init__(issued.certificate, LoadedKey(issued), visible=visible)

    @classmethod
    def open(cls, path: Path, passphrase: bytes) -> Pkcs12Signer:
        """Read a PKCS#12 file; KeystoreError when it or the passphrase is wrong."""
        return cls(load_pkcs12(path.read_bytes(), passphrase))


class Signers(Protocol):
    """Where signers come from: files in development, a token or a card with agencies' seals elsewhere."""

    def signer_for(self, name: SignerName) -> Signer:
        """The signer of this account in this post.

        Raises:
            CannotSignError: nobody signs here for this account (``signer-unknown``).
            SignerAwayError: the key cannot be reached now.
            KeystoreError: the keys were never made.
        """

    def seal_for(self, agency_id: str, agency: str) -> Signer:
        """The seal of an agency: a certificate without a person. Raises as ``signer_for``."""


class DevelopmentSigners:
    """Signers by account, from the development keys, issued at first use and kept open (bounded, oldest use
    out).
    """

    def __init__(self, folder: Path, *, kind: KeyKind = "ec", keep: int = 2048) -> None:
        self._keystore = Keystore(folder)
        self._kind = kind
        self._keep = keep
        self._open: OrderedDict[SignerName, Pkcs12Signer] = OrderedDict()
        self._lock = Lock()

    def signer_for(self, name: SignerName) -> Signer:
        """The signer of this account in this post; KeystoreError when the keys were never made."""
        return self._cached(name, lambda: Pkcs12Signer(self._keystore.signer(name, self._kind)))

    def seal_for(self, agency_id: str, agency: str) -> Signer:
        """The seal of an agency: a certificate without a person."""
        return self.signer_for(SignerName(agency, agency, "", agency_id))

    def _cached(self, name: SignerName, load: Callable[[], Pkcs12Signer]) -> Pkcs12Signer:
        with self._lock:
            found = self._open.get(name)
            if found is None:
                found = self._open[name] = load()
            self._open.move_to_end(name)
            while len(self._open) > self._keep:
                self._open.popitem(last=False)
            return found


def info_of(certificate: x509.Certificate) -> CertificateInfo:
    """What a certificate says of its subject, in our words."""

    def text(oid: x509.ObjectIdentifier) -> str:
        return next((str(one.value) for one in certificate.subject.get_attributes_for_oid(oid)), "")

    return CertificateInfo(
        name=SignerName(
            text(NameOID.COMMON_NAME),
            text(NameOID.ORGANIZATION_NAME),
            text(NameOID.TITLE),
            text(NameOID.SERIAL_NUMBER),
        ),
        issuer=certificate.issuer.rfc4514_string(),
        valid_from=certificate.not_valid_before_utc.astimezone(UTC),
        valid_to=certificate.not_valid_after_utc.astimezone(UTC),
        serial_number=f"{certificate.serial_number:x}",
        sha256=sha256(certificate.public_bytes(Encoding.DER)).hexdigest(),
    )
