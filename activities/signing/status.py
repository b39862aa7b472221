"""Whether a certificate was revoked: asked before anything is signed with its key. Unknown is not valid.

OCSP (RFC 6960) first, a revocation list (RFC 5280, 5) where OCSP gives no answer; of every certificate of the
chain below the trusted root. Answers are believed only as `pyhanko_certvalidator` proves them (signature,
delegation, period) and are used again for as long as they say.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from threading import Lock
from typing import Any

import httpx
from asn1crypto import crl, ocsp, x509
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import (
    ExpiredError,
    InsufficientRevinfoError,
    NotYetValidError,
    PathBuildingError,
    ValidationError,
)
from pyhanko_certvalidator.errors import RevokedError as FoundRevokedError

from activities.signing.errors import CannotSignError, NotNowError
from models.evidence import TrustList

TOLERANCE = timedelta(minutes=5)
"""How far the clocks of others may stand from ours."""
LARGEST = 16 * 1024 * 1024
"""Bytes of the longest revocation list read."""


@dataclass(frozen=True, slots=True)
class StatusAnswer:
    """A certificate that may sign at an instant, and what proves it."""

    chain: tuple[bytes, ...]
    """The certificate and those above it to the trusted root, nearest first, DER."""
    ocsps: tuple[bytes, ...]
    """OCSP responses, DER."""
    crls: tuple[bytes, ...]
    """Revocation lists, DER."""
    until: datetime
    """When the earliest of the answers must be asked for anew."""
    path: Any
    """The validated path, as pyHanko embeds it."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What was fetched about one certificate."""

    ocsp: bytes | None
    crl: bytes | None
    since: datetime
    until: datetime


class StatusDesk:
    """Asks the responders. One per process; safe to share between threads.

    Args:
        trust: the roots that are accepted.
        http: a client with its time-out set; the desk does not close it.
        ocsp_url: asked in place of what certificates name.
        crl_urls: lists asked in place of what certificates name.
    """

    def __init__(
        self,
        trust: TrustList,
        http: httpx.Client,
        *,
        ocsp_url: str | None = None,
        crl_urls: Sequence[str] = (),
        keep: int = 4096,
    ) -> None:
        self._trust, self._http = trust, http
        self._ocsp_url, self._crl_urls = ocsp_url, tuple(crl_urls)
        self._anchors = [anchor.parsed() for anchor in trust.anchors]
        self._kept: dict[bytes, StatusAnswer] = {}
        self._fetched: dict[bytes, _Found] = {}
        self._keep = keep
        self._lock = Lock()

    def check(
        self, certificate: x509.Certificate, above: Iterable[x509.Certificate], at: datetime
    ) -> StatusAnswer:
        """The proof that a certificate may sign at ``at`` (aware).

        Raises:
            CannotSignError: ``certificate-revoked``, ``certificate-untrusted`` or
                ``certificate-not-valid-then``.
            NotNowError: ``revocation-unavailable``, nobody answers; ``revocation-unknown``, the answers do
                not tell. What was to be signed waits.
        """
        key = certificate.sha256
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and at <= kept.until and certificate.not_valid_after >= at:
            return kept
        made = self._check(certificate, list(above), at)
        with self._lock:
            while len(self._kept) >= self._keep:
                self._kept.pop(next(iter(self._kept)))
            self._kept[key] = made
        return made

    def _check(
        self, certificate: x509.Certificate, above: list[x509.Certificate], at: datetime
    ) -> StatusAnswer:
        chain = self._chain(certificate, above)
        found = [self._about(one, issuer, at) for one, issuer in pairwise(chain)]
        ocsps = tuple(one.ocsp for one in found if one.ocsp is not None)
        crls = tuple(one.crl for one in found if one.crl is not None)
        # Answers newer than the act are welcome: the certificate must be good on both days.
        moment = max([at, *(one.since for one in found)])
        try:
            path = self._validated(chain, ocsps, crls, moment)
        except Exception:
            with self._lock:  # what did not prove anything is asked again the next time
                for one in chain:
                    self._fetched.pop(one.sha256, None)
            raise
        until = min((one.until for one in found), default=at)
        return StatusAnswer(tuple(one.dump() for one in chain), ocsps, crls, until, path)

    def _chain(self, certificate: x509.Certificate, above: list[x509.Certificate]) -> list[x509.Certificate]:
        """Nearest first, ending with a trusted root."""
        chain, known = [certificate], [*above, *self._anchors]
        roots = {anchor.sha256 for anchor in self._anchors}
        while chain[-1].sha256 not in roots:
            one = chain[-1]
            issuer = next((c for c in known if c.subject == one.issuer and _issued_by(one, c)), None)
            if issuer is None or len(chain) > 8:
                raise CannotSignError(
                    "certificate-untrusted", "the certificate does not lead to an authority of the trust list"
                )
            chain.append(issuer)
        return chain

    def _validated(
        self, chain: list[x509.Certificate], ocsps: Sequence[bytes], crls: Sequence[bytes], moment: datetime
    ) -> Any:
        context = ValidationContext(
            trust_roots=self._anchors,
            other_certs=chain[1:],
            moment=moment,
            allow_fetching=False,
            revocation_mode="require",
            time_tolerance=TOLERANCE,
            ocsps=[ocsp.OCSPResponse.load(one) for one in ocsps],
            crls=[crl.CertificateList.load(one) for one in crls],
        )
        try:
            validator: Any = CertificateValidator(chain[0], chain[1:], context)
            path = asyncio.run(validator.async_validate_usage(set()))
        except FoundRevokedError as error:
            raise CannotSignError(
                "certificate-revoked", "the certificate or one above it is revoked"
            ) from error
        except (ExpiredError, NotYetValidError) as error:
            raise CannotSignError(
                "certificate-not-valid-then", "the certificate is not valid at the signing time"
            ) from error
        except InsufficientRevinfoError as error:
            raise NotNowError("revocation-unknown", "no answer tells that the certificate is good") from error
        except (ValidationError, PathBuildingError) as error:
            raise CannotSignError("certificate-untrusted", "the certificate's chain does not hold") from error
        if _listed(chain, crls):
            raise CannotSignError("certificate-revoked", "the certificate or one above it is revoked")
        return path

    def _about(self, one: x509.Certificate, issuer: x509.Certificate, at: datetime) -> _Found:
        kept = self._fetched.get(one.sha256)
        if kept is not None and at <= kept.until:
            return kept
        found = self._by_ocsp(one, issuer, at) or self._by_list(one, at)
        if found is None:
            raise NotNowError("revocation-unavailable", "neither OCSP nor a revocation list answers")
        with self._lock:
            while len(self._fetched) >= self._keep:
                self._fetched.pop(next(iter(self._fetched)))
            # Kept only while in force: `until` of a list that has ended lies before every later act.
            self._fetched[one.sha256] = found
        return found

    def _by_ocsp(self, one: x509.Certificate, issuer: x509.Certificate, at: datetime) -> _Found | None:
        urls = [self._ocsp_url] if self._ocsp_url else one.ocsp_urls
        for url in urls:
            nonce = secrets.token_bytes(16)
            body = _question(one, issuer, nonce).dump()
            data = self._fetch(url, body)
            try:
                answer = (
                    None if data is None else _single(ocsp.OCSPResponse.load(data, strict=True), one, nonce)
                )
            except (ValueError, TypeError, KeyError):
                continue  # rubbish is no answer
            if answer is None or data is None:
                continue
            since, until = answer
            return _Found(data, None, since, until)
        return None

    def _by_list(self, one: x509.Certificate, at: datetime) -> _Found | None:
        for url in self._crl_urls or _list_urls(one):
            data = self._fetch(url, None)
            try:
                listed = (
                    None if data is None else crl.CertificateList.load(data, strict=True)["tbs_cert_list"]
                )
                if listed is None or listed["issuer"] != one.issuer or not listed["next_update"].native:
                    continue
                since, until = listed["this_update"].native, listed["next_update"].native
            except (ValueError, TypeError, KeyError):
                continue
            return _Found(None, data, since, until)
        return None

    def _fetch(self, url: str, body: bytes | None) -> bytes | None:
        """The bytes of an answer, or None: nobody there, too late, too long, an error."""
        try:
            if body is None:
                answer = self._http.get(url)
            else:
                kinds = {"content-type": "application/ocsp-request", "accept": "application/ocsp-response"}
                answer = self._http.post(url, content=body, headers=kinds)
        except httpx.HTTPError:
            return None
        return answer.content if answer.status_code == 200 and len(answer.content) <= LARGEST else None


def _question(one: x509.Certificate, issuer: x509.Certificate, nonce: bytes) -> ocsp.OCSPRequest:
    asked = ocsp.CertId(
        {
            "hash_algorithm": {"algorithm": "sha256"},
            "issuer_name_hash": issuer.subject.sha256,
            "issuer_key_hash": issuer.public_key.sha256,
            "serial_number": one.serial_number,
        }
    )
    body = ocsp.TBSRequest(
        {
            "request_list": [ocsp.Request({"req_cert": asked})],
            "request_extensions": [{"extn_id": "nonce", "extn_value": nonce}],
        }
    )
    return ocsp.OCSPRequest({"tbs_request": body})


def _single(
    response: ocsp.OCSPResponse, one: x509.Certificate, nonce: bytes
) -> tuple[datetime, datetime] | None:
    """From when to when the answer about this certificate holds; None where it is no answer to our question.

    A nonce that is not ours is somebody else's answer; none at all is a responder that answers from stock.
    """
    if response["response_status"].native != "successful":
        return None
    data = response.response_data
    given = response.nonce_value
    if given is not None and given.native != nonce:
        return None
    (single,) = (s for s in data["responses"] if s["cert_id"]["serial_number"].native == one.serial_number)
    until = single["next_update"].native
    since = single["this_update"].native
    return since, until if until is not None else since + TOLERANCE


def _listed(chain: Sequence[x509.Certificate], crls: Sequence[bytes]) -> bool:
    """Whether any list names one of the chain, from whatever day on: in doubt nothing is signed."""
    ours = {(one.issuer.dump(), one.serial_number) for one in chain}
    for data in crls:
        body = crl.CertificateList.load(data)["tbs_cert_list"]
        issuer = body["issuer"].dump()
        if any((issuer, entry["user_certificate"].native) in ours for entry in body["revoked_certificates"]):
            return True
    return False


def _list_urls(one: x509.Certificate) -> list[str]:
    points = one.crl_distribution_points_value
    return [] if points is None else [point.url for point in one.crl_distribution_points if point.url]


def _issued_by(one: x509.Certificate, issuer: x509.Certificate) -> bool:
    """By key identifiers where both are there; the signature itself is proven later."""
    wanted, has = one.authority_key_identifier, issuer.key_identifier
    return wanted is None or has is None or bool(wanted == has)
