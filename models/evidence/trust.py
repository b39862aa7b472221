"""The trust list: the certification authorities a reader accepts, and nothing else.

Two forms are read: our JSON (``{"version": 1, "minimum_level", "anchors": [{"label", "pem"}]}``; the level
is that of PAdES which the reader demands, B-B where it is silent) and a plain bundle of PEM certificates.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from asn1crypto import pem, x509

from models.evidence.verdict import LEVELS

MAXIMUM_BYTES = 4 * 1024 * 1024
"""A national trust list is a few hundred KB; anything far beyond is not one."""


class TrustListError(Exception):
    """The trust list cannot be used. ``code`` is stable; the message says what is wrong with it."""

    code = "trust-list-unreadable"


@dataclass(frozen=True, slots=True)
class Anchor:
    """One accepted authority. ``label`` is how people know it; ``certificate`` is DER."""

    label: str
    certificate: bytes

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, hex."""
        return sha256(self.certificate).hexdigest()

    def parsed(self) -> x509.Certificate:
        """The certificate as asn1crypto reads it."""
        return x509.Certificate.load(self.certificate, strict=True)


@dataclass(frozen=True, slots=True)
class TrustList:
    """An immutable set of anchors, in the order given."""

    anchors: tuple[Anchor, ...]
    minimum_level: str = "B-B"
    """The PAdES level that this reader demands of every signature."""

    @classmethod
    def of(cls, anchors: Iterable[Anchor], minimum_level: str = "B-B") -> TrustList:
        """A checked list.

        Raises:
            TrustListError: it is empty, an entry is not a CA certificate, or the level is none of PAdES.
        """
        listed = tuple(anchors)
        if minimum_level not in LEVELS:
            raise TrustListError(f"“{minimum_level}” is not a level of PAdES")
        if not listed:
            raise TrustListError("the trust list names no authority")
        for anchor in listed:
            _require_authority(anchor)
        return cls(listed, minimum_level)

    @classmethod
    def parse(cls, data: bytes) -> TrustList:
        """Read JSON or PEM.

        Raises:
            TrustListError: too large, malformed, empty, or an entry is not a CA certificate.
        """
        if len(data) > MAXIMUM_BYTES:
            raise TrustListError("the trust list is larger than 4 MiB")
        try:
            if data.lstrip()[:1] != b"{":
                return cls.of(_from_pem(data))
            return cls.of(_from_json(data), json.loads(data).get("minimum_level", "B-B"))
        except (ValueError, KeyError, TypeError) as error:
            raise TrustListError(f"the trust list is malformed: {type(error).__name__}") from error

    @classmethod
    def load(cls, path: Path) -> TrustList:
        """Read a file; errors as in ``parse``, and OSError when it cannot be opened."""
        return cls.parse(path.read_bytes())

    def to_json(self) -> str:
        """The JSON form, stable for the same anchors."""
        entries = [
            {"label": anchor.label, "sha256": anchor.fingerprint, "pem": _pem(anchor.certificate)}
            for anchor in self.anchors
        ]
        document = {"version": 1, "minimum_level": self.minimum_level, "anchors": entries}
        return json.dumps(document, ensure_ascii=False, indent=2) + "\n"

    def to_pem(self) -> str:
        """The same authorities as one PEM bundle, for other tools."""
        return "".join(_pem(anchor.certificate) for anchor in self.anchors)

    def label_of(self, certificate: bytes) -> str:
        """The label of this DER certificate, or an empty string when it is not listed."""
        return next((anchor.label for anchor in self.anchors if anchor.certificate == certificate), "")


def _from_json(data: bytes) -> list[Anchor]:
    document = json.loads(data)
    if document["version"] != 1:
        raise ValueError("unknown version")
    return [
        Anchor(str(entry["label"]), _only_certificate(entry["pem"].encode())) for entry in document["anchors"]
    ]


def _from_pem(data: bytes) -> list[Anchor]:
    certificates = [der for name, _, der in pem.unarmor(data, multiple=True) if name == "CERTIFICATE"]
    return [
        Anchor(x509.Certificate.load(der, strict=True).subject.human_friendly, der) for der in certificates
    ]


def _only_certificate(data: bytes) -> bytes:
    name, _, der = pem.unarmor(data)
    if name != "CERTIFICATE":
        raise ValueError("not a certificate")
    return bytes(der)


def _pem(der: bytes) -> str:
    return bytes(pem.armor("CERTIFICATE", der)).decode("ascii")


def _require_authority(anchor: Anchor) -> None:
    try:
        constraints = anchor.parsed().basic_constraints_value
        is_authority = constraints is not None and bool(constraints["ca"].native)
    except (ValueError, TypeError) as error:
        raise TrustListError(f"“{anchor.label}” is not a certificate") from error
    if not is_authority:
        raise TrustListError(f"“{anchor.label}” is not a certification authority")
