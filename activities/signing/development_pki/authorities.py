"""The keys behind the services, and what each answers: OCSP and CRLs by certomancer, timestamps beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from asn1crypto import algos, crl, keys, ocsp, x509
from certomancer.services import CRLBuilder, RevocationInfoInterface, SimpleOCSPResponder, issuer_match
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from activities.signing.development_pki.switches import Revocations
from activities.signing.issuing import (
    VALID_FROM,
    VALID_TO,
    Issued,
    issue_authority,
    issue_responder,
    issue_root,
    issue_timestamper,
)
from activities.signing.keystore import ISSUING_NAME, Keystore

REASONS = ("key_compromise", "affiliation_changed", "superseded", "cessation_of_operation")
"""Why a signer's certificate is revoked (RFC 5280, 5.3.1), as far as a switch offers it."""


@dataclass(frozen=True)
class Authority:
    """One certification authority with the key that answers for it."""

    name: str
    issued: Issued
    responder: Issued

    @cached_property
    def certificate(self) -> x509.Certificate:
        """The authority's certificate."""
        return asn1(self.issued)


class Authorities:
    """The root, the issuing authority and the timestamp authority of one folder."""

    def __init__(self, keystore: Keystore, revocations: Revocations) -> None:
        self.keystore, self.revocations = keystore, revocations
        root, issuing = keystore.authority("root"), keystore.authority("issuing")
        answers = keystore.service("ocsp", lambda: issue_responder(issuing, f"{ISSUING_NAME} - OCSP"))
        self.known = (Authority("root", root, root), Authority("issuing", issuing, answers))
        self._issuing = issuing
        self.blind = False
        """A switch: know nothing about any certificate."""

    def named(self, name: str) -> Authority | None:
        """The authority of this name."""
        return next((one for one in self.known if one.name == name), None)

    def timestamper(self) -> Issued:
        """The timestamp authority's key, made at first use."""
        return self.keystore.service("tsa", lambda: self._new_timestamper(VALID_FROM, VALID_TO))

    def renew_timestamper(self, valid_from: datetime, valid_to: datetime) -> Issued:
        """Another key and certificate for the timestamp authority, as such authorities change theirs."""
        made = self._new_timestamper(valid_from, valid_to)
        self.keystore.replace_service("tsa", made)
        return made

    def _new_timestamper(self, valid_from: datetime, valid_to: datetime) -> Issued:
        return issue_timestamper(
            self._issuing,
            TSA_NAME,
            valid_from=valid_from,
            valid_to=valid_to,
            services=self.keystore.services,
        )

    def stranger(self) -> Issued:
        """A timestamp authority that no trust list names."""
        return issue_timestamper(issue_authority(issue_root("CA lạ"), "CA lạ cấp phát"), "TSA lạ")

    def ocsp_answer(self, request: ocsp.OCSPRequest, now: datetime, validity: timedelta) -> ocsp.OCSPResponse:
        """The answer to a request (RFC 6960); ``unauthorized`` for an issuer that is not ours."""
        wanted = request["tbs_request"]["request_list"][0]["req_cert"]
        for authority in self.known:
            if issuer_match(wanted, authority.certificate):
                return self._responder(authority, now, validity).build_ocsp_response(request)
        return ocsp.OCSPResponse({"response_status": "unauthorized"})

    def _responder(self, authority: Authority, now: datetime, validity: timedelta) -> SimpleOCSPResponder:
        return SimpleOCSPResponder(
            asn1(authority.responder),
            private(authority.responder),
            SHA256_ECDSA,
            now,
            _Status(authority.certificate, self.status_of),
            validity,
        )

    def status_of(self, serial: int) -> ocsp.CertStatus:
        """Good only when we issued it and nobody revoked it: silence about a stranger would be a lie."""
        text = f"{serial:x}"
        if self.blind:
            return ocsp.CertStatus("unknown")
        if (found := self.revocations.all().get(text)) is not None:
            info = {"revocation_time": _instant(found["at"]), "revocation_reason": found["reason"]}
            return ocsp.CertStatus("revoked", ocsp.RevokedInfo(info))
        return ocsp.CertStatus("good" if self.keystore.has_issued(text) else "unknown")

    def crl(self, authority: Authority, now: datetime, validity: timedelta) -> crl.CertificateList:
        """The list of what this authority revoked (RFC 5280, 5)."""
        builder = CRLBuilder(
            authority.certificate.subject,
            private(authority.issued),
            SHA256_ECDSA,
            authority.certificate.key_identifier_value,
        )
        ours = [
            CRLBuilder.format_revoked_cert(int(serial, 16), crl.CRLReason(one["reason"]), _instant(one["at"]))
            for serial, one in self.revocations.all().items()
            if self.keystore.issuer_of(serial) == authority.issued.certificate.subject
        ]
        return builder.build_crl(int(now.timestamp()), now, now + validity, ours)


class _Status(RevocationInfoInterface):
    """What certomancer's responder asks us."""

    def __init__(self, issuer: x509.Certificate, status: Callable[[int], ocsp.CertStatus]) -> None:
        self._issuer, self._status = issuer, status

    def get_issuer_cert(self) -> x509.Certificate:
        """Whose certificates this is about."""
        return self._issuer

    def check_revocation_status(
        self, cid: ocsp.CertId, at_time: datetime
    ) -> tuple[ocsp.CertStatus, list[Any]]:
        """Good, revoked or unknown."""
        return self._status(cid["serial_number"].native), []


TSA_NAME = "hoso TSA thử nghiệm"
SHA256_ECDSA = algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"})


def asn1(issued: Issued) -> x509.Certificate:
    """The certificate as asn1crypto reads it."""
    return x509.Certificate.load(issued.certificate.public_bytes(Encoding.DER))


def private(issued: Issued) -> keys.PrivateKeyInfo:
    """The key as certomancer wants it."""
    return keys.PrivateKeyInfo.load(
        issued.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    )


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
