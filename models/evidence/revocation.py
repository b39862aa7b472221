"""Revocation data that travels with a document or with the reader, and what it says about a chain.

A document carries OCSP responses (RFC 6960) and CRLs (RFC 5280, 5) in its security store (DSS, ETSI EN 319
142-1, 5.4). Nothing is fetched. Without an answer the state is ``unknown``: never ``good`` by silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from asn1crypto import crl, ocsp, x509
from pyhanko.pdf_utils.rw_common import PdfHandler
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.errors import NoDSSFoundError
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import (
    CRLValidationError,
    OCSPValidationError,
    RevokedError,
    ValidationError,
)
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.revinfo.validate_crl import verify_crl
from pyhanko_certvalidator.revinfo.validate_ocsp import verify_ocsp_response

from models.evidence.trust import TrustList

State = Literal["good", "revoked", "unknown"]

MAXIMUM_ANSWERS = 400
"""Certificates, responses and lists in one store: ten signatures with renewals need some sixty."""


@dataclass(frozen=True, slots=True)
class RevocationData:
    """Certificates, OCSP responses and CRLs, parsed."""

    certificates: tuple[x509.Certificate, ...] = ()
    ocsps: tuple[ocsp.OCSPResponse, ...] = ()
    crls: tuple[crl.CertificateList, ...] = ()

    def with_lists(self, lists: Iterable[bytes]) -> RevocationData:
        """The same with CRLs (DER) that the reader brought."""
        brought = tuple(crl.CertificateList.load(one, strict=True) for one in lists)
        return RevocationData(self.certificates, self.ocsps, self.crls + brought)

    @property
    def certificates_only(self) -> RevocationData:
        """Without the answers: pyHanko takes any answer of an issuer that is not about the certificate at
        hand for a failed check, so paths are built without, and `state_of` asks afterwards.
        """
        return RevocationData(self.certificates)

    def about(self, certificate: x509.Certificate) -> RevocationData:
        """Without the responses about other certificates: none of them can answer for this one, and each
        would be checked for nothing. Lists stay, for one may speak for another issuer (RFC 5280, 5.3.3).
        """
        serial = certificate.serial_number
        return replace(self, ocsps=tuple(one for one in self.ocsps if serial in _serials(one)))

    @property
    def answers(self) -> frozenset[bytes]:
        """The responses and lists, to tell whether one store holds what another does."""
        return frozenset(one.dump() for one in (*self.ocsps, *self.crls))


def embedded(revision: PdfHandler) -> RevocationData:
    """What the document's security store holds in this revision; empty without one.

    Raises:
        ValueError: it is too large, or malformed (other errors of the parsers below may come too).
    """
    try:
        store = DocumentSecurityStore.read_dss(revision)
    except NoDSSFoundError:
        return RevocationData()
    if len(store.certs) + len(store.ocsps) + len(store.crls) > MAXIMUM_ANSWERS:
        raise ValueError("the document's security store is too large")
    return RevocationData(
        tuple(store.load_certs()),
        tuple(ocsp.OCSPResponse.load(one.get_object().data, strict=True) for one in store.ocsps),
        tuple(crl.CertificateList.load(one.get_object().data, strict=True) for one in store.crls),
    )


def context(
    trust: TrustList, data: RevocationData, at: datetime, mode: str = "soft-fail"
) -> ValidationContext:
    """pyHanko's view of the reader's trust at an instant; a context is used once.

    Answers issued after ``at`` count for it too: they come, by nature, after the signature.
    """
    return ValidationContext(
        trust_roots=[anchor.parsed() for anchor in trust.anchors],
        other_certs=list(data.certificates),
        moment=at,
        allow_fetching=False,
        revocation_mode=mode,
        retroactive_revinfo=True,
        crls=list(data.crls),
        ocsps=list(data.ocsps),
    )


async def state_of(
    path: ValidationPath, trust: TrustList, data: RevocationData, at: datetime, *, proven: bool
) -> State:
    """Whether any certificate of a validated path was revoked at ``at``.

    ``proven`` says that a third party vouches for ``at``. Where only the signer states it, a revocation of
    any date counts: whoever holds a revoked key can date back.
    """
    if not proven and ever_revoked(path, data):
        return "revoked"
    if not data.ocsps and not data.crls:
        return "unknown"
    chain = tuple(one for one in path.iter_certs(include_root=False) if isinstance(one, x509.Certificate))
    known = replace(data, certificates=data.certificates + chain)
    later = [when for when in _revocations(data) if when > at]
    states: list[State] = []
    for one in chain:
        about = known.about(one)
        state = await _answered(one, path, context(trust, about, at))
        if state == "unknown" and await _revoked_later(
            one, path, [context(trust, about, when) for when in later]
        ):
            state = "good"
        states.append(state)
    return "revoked" if "revoked" in states else "unknown" if "unknown" in states else "good"


async def _answered(certificate: x509.Certificate, path: ValidationPath, view: ValidationContext) -> State:
    """One certificate: an OCSP response or else a CRL that holds and is about it.

    Asked one by one, because pyHanko's own pass over a path looks at embedded answers only where the
    certificate names a service to ask.
    """
    for ask in (verify_ocsp_response, verify_crl):
        try:
            await ask(certificate, path, view)
            return "good"
        except RevokedError:
            return "revoked"
        except (ValidationError, OCSPValidationError, CRLValidationError):
            continue
    return "unknown"


async def _revoked_later(
    certificate: x509.Certificate, path: ValidationPath, views: Iterable[ValidationContext]
) -> bool:
    """Whether a response says that the certificate was revoked at a later instant: until then it was good."""
    for view in views:
        try:
            await verify_ocsp_response(certificate, path, view)
        except RevokedError:
            return True
        except (ValidationError, OCSPValidationError):
            continue
    return False


def _revocations(data: RevocationData) -> set[datetime]:
    """The instants of all revocations that the responses tell of."""
    return {
        single["cert_status"].chosen["revocation_time"].native
        for response in data.ocsps
        for single in response.response_data["responses"]
        if single["cert_status"].name == "revoked"
    }


def ever_revoked(path: ValidationPath, data: RevocationData) -> bool:
    """Whether any answer, checked or not, says that a certificate of the path is revoked: doubt is enough."""
    chain = {
        (one.issuer.dump(), one.serial_number)
        for one in path.iter_certs(include_root=False)
        if isinstance(one, x509.Certificate)
    }
    listed = {
        (one.issuer.dump(), entry["user_certificate"].native)
        for one in data.crls
        for entry in one["tbs_cert_list"]["revoked_certificates"] or ()
    }
    answered = {serial for response in data.ocsps for serial in _revoked(response)}
    return bool(chain & listed) or bool({serial for _, serial in chain} & answered)


def _serials(response: ocsp.OCSPResponse) -> set[int]:
    answer: Any = response.response_data
    return {single["cert_id"]["serial_number"].native for single in answer["responses"]}


def _revoked(response: ocsp.OCSPResponse) -> Iterator[int]:
    answer: Any = response.response_data
    for single in answer["responses"]:
        if single["cert_status"].name == "revoked":
            yield single["cert_id"]["serial_number"].native
