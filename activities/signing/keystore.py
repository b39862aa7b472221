"""The folder of development keys: PKCS#12 files (RFC 7292) that only their owner can read.

Layout: ``passphrase``, ``root.p12``, ``issuing.p12``, ``trust.json``, ``trust.pem``, ``signers/*.p12``;
``issued/<serial>.cer``, what was issued, for whoever answers about it; ``services.url``, where those answer.
Created whole by one process, then shared by several: files appear under their final name complete or not at
all, the first writer wins.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from activities.signing.issuing import (
    Issued,
    KeyKind,
    PrivateKey,
    SignerName,
    issue_authority,
    issue_root,
    issue_signer,
)
from models.evidence import Anchor, TrustList
from models.key_files import write_private

ROOT_NAME = "hoso CA gốc thử nghiệm"
ISSUING_NAME = "hoso CA cấp phát thử nghiệm"


class KeystoreError(Exception):
    """The folder of keys cannot be used. ``code`` is stable; the message names the file and the remedy."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Keystore:
    """Development keys in one folder. Every file is 0600, every folder 0700."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._issuing: Issued | None = None

    @property
    def trust_file(self) -> Path:
        """Where the trust list (JSON) lies, for those who verify."""
        return self._folder / "trust.json"

    def create(self) -> bool:
        """Make passphrase, root, issuing authority and trust list. Returns False when they were there
        already.
        """
        if self.trust_file.exists():
            return False
        for name in ("signers", "issued"):
            (self._folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        _write_once(self._folder / "passphrase", secrets.token_urlsafe(32).encode())
        root = self._kept("root", lambda: issue_root(ROOT_NAME))
        services = self.services
        issuing = self._kept("issuing", lambda: issue_authority(root, ISSUING_NAME, services=services))
        anchor = issuing.chain[-1] if issuing.chain else root.certificate
        trust = TrustList.of([Anchor(ROOT_NAME, Issued(anchor, root.key).der())])
        _write_once(self._folder / "trust.pem", trust.to_pem().encode())
        _write_once(self.trust_file, trust.to_json().encode())
        return True

    def trust(self) -> TrustList:
        """The authorities of this folder. Raises KeystoreError when the folder was never created."""
        return TrustList.parse(self._read(self.trust_file))

    def signer(self, name: SignerName, kind: KeyKind = "ec") -> Issued:
        """Key and certificate of this signer, issued at first use. A new post or agency means a new
        certificate.
        """
        identity = "\x1f".join((kind, name.serial, name.common_name, name.organisation, name.post))
        stem = sha256(identity.encode()).hexdigest()[:32]
        services = self.services
        return self._kept(
            f"signers/{stem}", lambda: issue_signer(self._authority(), name, kind=kind, services=services)
        )

    def announce(self, url: str) -> None:
        """Say where status and timestamps are answered: certificates issued from now on name it."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self._folder / "services.url").write_text(url, encoding="ascii")
        (self._folder / "services.url").chmod(0o600)

    def authority(self, name: str) -> Issued:
        """The ``root`` or the ``issuing`` authority's own key, for the process that answers for them."""
        return self._load(self._folder / f"{name}.p12")

    def service(self, name: str, issue: Callable[[], Issued]) -> Issued:
        """The key of a service beside the authorities, made at first use."""
        return self._kept(name, issue)

    def replace_service(self, name: str, made: Issued) -> None:
        """Another key and certificate for a service."""
        (self._folder / f"{name}.p12").unlink(missing_ok=True)
        self._kept(name, lambda: made)

    def has_issued(self, serial: str) -> bool:
        """Whether a certificate of this serial number (hex) was issued here."""
        return (self._folder / "issued" / f"{serial}.cer").exists()

    def issuer_of(self, serial: str) -> x509.Name | None:
        """Who issued this serial number (hex), if anybody here."""
        found = next((one for one in self.issued() if f"{one.serial_number:x}" == serial), None)
        return None if found is None else found.issuer

    def issued(self) -> list[x509.Certificate]:
        """Every certificate issued here, in the order of their serial numbers' text."""
        files = sorted((self._folder / "issued").glob("*.cer"))
        return [x509.load_der_x509_certificate(one.read_bytes()) for one in files]

    @property
    def services(self) -> str | None:
        """Base address of the services, where it was announced."""
        path = self._folder / "services.url"
        return path.read_text(encoding="ascii").strip() if path.exists() else None

    def _authority(self) -> Issued:
        if self._issuing is None:
            self._issuing = self._load(self._folder / "issuing.p12")
        return self._issuing

    def _kept(self, stem: str, issue: Callable[[], Issued]) -> Issued:
        path = self._folder / f"{stem}.p12"
        if not path.exists():
            _write_once(path, _packed(issue(), self._passphrase()))
        kept = self._load(path)
        index = self._folder / "issued" / f"{kept.certificate.serial_number:x}.cer"
        if not index.exists():  # folders made before there was an index get theirs at the first use
            index.parent.mkdir(mode=0o700, exist_ok=True)
            _write_once(index, kept.der())
        return kept

    def _passphrase(self) -> bytes:
        return self._read(self._folder / "passphrase")

    def _read(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            remedy = "run `python -m activities.signing.development_pki --dir DIR` first"
            raise KeystoreError("signing-keys-missing", f"{path.name} cannot be read; {remedy}") from error

    def _load(self, path: Path) -> Issued:
        data = self._read(path)
        if path.stat().st_mode & 0o077:
            raise KeystoreError(
                "signing-keys-exposed", f"{path.name} is readable by others; set its mode to 0600"
            )
        return load_pkcs12(data, self._passphrase())


def load_pkcs12(data: bytes, passphrase: bytes) -> Issued:
    """Open a PKCS#12 file.

    Raises:
        KeystoreError: wrong passphrase, damaged, or without certificate and an EC or RSA key.
    """
    try:
        key, certificate, others = pkcs12.load_key_and_certificates(data, passphrase)
    except ValueError as error:
        raise KeystoreError(
            "signing-keys-unreadable", "the PKCS#12 file or its passphrase is wrong"
        ) from error
    if certificate is None or not isinstance(key, PrivateKey):
        raise KeystoreError(
            "signing-keys-unreadable", "the PKCS#12 file lacks a certificate or an EC or RSA key"
        )
    return Issued(certificate, key, tuple(others))


def _packed(issued: Issued, passphrase: bytes) -> bytes:
    return pkcs12.serialize_key_and_certificates(
        b"hoso", issued.key, issued.certificate, issued.chain, BestAvailableEncryption(passphrase)
    )


def _write_once(path: Path, data: bytes) -> None:
    """Write unless the file exists: another process's stands."""
    with suppress(FileExistsError):
        write_private(path, data, replace=False)
