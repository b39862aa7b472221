"""The notary: everything around a signature that is not the key.

Before it: the certificate is known not to be revoked. In it: timestamp and revocation data, by its level.
After it: the whole file is judged by our own verification, and what proves it is handed back to be recorded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from io import BytesIO
from pathlib import Path
from threading import Lock

import httpx
from asn1crypto import cms, x509
from pyhanko.pdf_utils.reader import PdfFileReader

from activities.signing.archiving import add_document_timestamp, archive_ends
from activities.signing.assurance import MARGIN, Assurance, Level
from activities.signing.errors import CannotSignError, NotNowError
from activities.signing.keystore import KeystoreError
from activities.signing.signer import Signer
from activities.signing.status import StatusAnswer, StatusDesk
from activities.signing.timestamping import LATEST, Sample, Stamper, TimestampDesk
from models.errors import HosoError
from models.evidence import TrustList, Verdict, verify
from models.settings import Settings


@dataclass(frozen=True, slots=True)
class SignedFile:
    """A signed file and what proves its newest signature."""

    pdf: bytes
    level: Level
    signer: StatusAnswer | None
    authority: StatusAnswer | None
    token: bytes | None
    """The signature's timestamp, DER."""
    stamped_at: datetime | None
    archive_ends: datetime | None
    """When the archive timestamp must have been renewed; None below B-LTA."""
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Desks:
    """Whom a notary believes and asks."""

    trust: TrustList
    status: StatusDesk | None
    timestamps: TimestampDesk | None
    http: httpx.Client | None = None


class Notary:
    """One per process; safe to share between threads.

    Args:
        trust: the authorities accepted.
        level: of signatures for which no other is asked.
        status: asks the responders; None: the installation does not ask (`revocation` is ``off``).
        timestamps: asks the timestamp authority; None: there is none, so only B-B can be made.
        http: the client of both, where the notary is to close it.
        levels: by code of an authority, where its level is another.
    """

    def __init__(
        self,
        trust: TrustList,
        level: Level,
        status: StatusDesk | None,
        timestamps: TimestampDesk | None,
        http: httpx.Client | None = None,
        levels: Mapping[str, Level] | None = None,
    ) -> None:
        self.level, self._levels = level, levels or {}
        self._desks: Callable[[], Desks] = lambda: Desks(trust, status, timestamps, http)
        self._open: Desks | None = None
        self._lock = Lock()

    @classmethod
    def late(cls, level: Level, levels: Mapping[str, Level], desks: Callable[[], Desks]) -> Notary:
        """Its desks are opened at the first signature: a worker may start before there are keys."""
        made = cls.__new__(cls)
        made.level, made._levels, made._desks = level, levels, desks
        made._open, made._lock = None, Lock()
        return made

    @property
    def desks(self) -> Desks:
        """Whom the notary asks. Raises KeystoreError while there is no trust list."""
        with self._lock:
            if self._open is None:
                self._open = self._desks()
            return self._open

    @property
    def trust(self) -> TrustList:
        """The authorities accepted."""
        return self.desks.trust

    @property
    def _status(self) -> StatusDesk | None:
        return self.desks.status

    def level_of(self, authority: str) -> Level:
        """The level of an authority's signatures, by its code."""
        return self._levels.get(authority, self.level)

    def asks(self, authority: str) -> bool:
        """Whether an authority's signatures need the word of others: a timestamp, or of revocation."""
        return self.level_of(authority).stamped or self._status is not None

    def close(self) -> None:
        """Give back the connections."""
        if self._open is not None and self._open.http is not None:
            self._open.http.close()

    def assure(
        self, certificates: Sequence[x509.Certificate], at: datetime, level: Level | None = None
    ) -> Assurance:
        """What a signature at ``at`` by the first of these certificates is given.

        Asked before every signature, whoever holds the key: at prepare, and again at completion.

        Raises:
            CannotSignError: the certificate is revoked, not trusted, or its time is over.
            NotNowError: whoever must answer does not.
        """
        level = level or self.level
        own = self._status.check(certificates[0], certificates[1:], at) if self._status else None
        if not level.stamped:
            return Assurance(level, own)
        desk = self._required()
        sample = desk.sample(at)
        authority = self._authority(sample, at) if level.proven else None
        return Assurance(level, own, authority, Stamper(desk, at), len(sample.token) + MARGIN)

    def sign(
        self,
        signer: Signer,
        pdf: bytes,
        *,
        field: str,
        reason: str,
        location: str,
        signed_at: datetime,
        level: Level | None = None,
        competence: str = "",
    ) -> SignedFile:
        """One more signature, with all its level asks for and its record of competence, judged.

        Raises:
            CannotSignError: as ``Signer.sign_pdf`` and ``assure``; ``signature-not-valid``: our own
                verification does not accept the result.
            NotNowError, SignerAwayError: what was to be signed waits.
        """
        assurance = replace(self.assure(signer.certificates, signed_at, level), competence=competence)
        signed = signer.sign_pdf(
            pdf, field=field, reason=reason, location=location, signed_at=signed_at, assurance=assurance
        )
        return self.finish(signed, assurance, signed_at)

    def finish(self, signed: bytes, assurance: Assurance, at: datetime) -> SignedFile:
        """What follows a signature that was made with ``assurance``: archive timestamp, judgement, record."""
        token = assurance.stamper.token if assurance.stamper else None
        if assurance.stamper is not None and token is None:
            raise CannotSignError("signature-not-valid", "the signature carries no timestamp")
        if assurance.authority is not None and token is not None:
            self._same_authority(token, assurance.authority)
        ends = None
        if assurance.level is Level.B_LTA:
            signed = self._archived(signed, at)
            ends = archive_ends(signed)
        stamped_at = _instant(token) if token else None
        verdict = verify(signed, self.trust, at=max(at, stamped_at or at))
        if not verdict.valid:
            codes = ", ".join(one.code for one in verdict.problems)
            raise CannotSignError("signature-not-valid", f"the signed file does not hold: {codes}")
        if assurance.level.proven and verdict.signatures[-1].level != assurance.level:
            # What was laid out hours ago holds the answers of that hour, and its timestamp came only now.
            signed, ends = self.renew(signed, at)
            verdict = verify(signed, self.trust, at=at + LATEST)
        reached = Level(verdict.signatures[-1].level)
        if list(Level).index(reached) < list(Level).index(assurance.level):
            raise CannotSignError("signature-not-valid", f"the signature is {reached} only")
        return SignedFile(
            signed, reached, assurance.signer, assurance.authority, token, stamped_at, ends, verdict
        )

    def renew(self, pdf: bytes, at: datetime) -> tuple[bytes, datetime]:
        """The file with fresh revocation data and one more timestamp over all; until when that proves.

        Raises:
            NotNowError: whoever must answer does not; the file stays as it is, to be tried again.
            CannotSignError: ``signature-not-valid``: the file does not hold as it is.
        """
        desk = self._required()
        answers = [self._authority(desk.sample(at), at)]
        for signature in PdfFileReader(BytesIO(pdf)).embedded_signatures:
            answers += self._fresh(signature.signer_cert, signature.other_embedded_certs, at)
        room = len(desk.sample(at).token)
        renewed = asyncio.run(add_document_timestamp(pdf, Stamper(desk, at), answers, room))
        verdict = verify(renewed, self.trust, at=at + LATEST)
        if not verdict.valid:
            codes = ", ".join(one.code for one in verdict.problems)
            raise CannotSignError("signature-not-valid", f"the renewed file does not hold: {codes}")
        return renewed, archive_ends(renewed)

    def _fresh(
        self, certificate: x509.Certificate, above: Sequence[x509.Certificate], at: datetime
    ) -> list[StatusAnswer]:
        """A certificate's answers of today, if it can still be asked about: what is in the file stays."""
        try:
            return [self._status.check(certificate, above, at)] if self._status else []
        except CannotSignError:
            return []  # ended or revoked since: the timestamps prove that it was good when it signed

    def _archived(self, signed: bytes, at: datetime) -> bytes:
        desk = self._required()
        room = len(desk.sample(at).token)
        return asyncio.run(add_document_timestamp(signed, Stamper(desk, at), [], room))

    def _authority(self, sample: Sample, at: datetime) -> StatusAnswer:
        if self._status is None:
            raise HosoError("B-LT needs revocation data: HOSO_REVOCATION must not be off")
        try:
            return self._status.check(sample.certificate, sample.above, at)
        except CannotSignError as refused:
            self._required().forget()
            raise NotNowError("timestamp-wrong", f"the timestamp authority's {refused.code}") from refused

    def _same_authority(self, token: bytes, answer: StatusAnswer) -> None:
        """The data in the file are of the certificate the token was signed with."""
        given = {one.chosen.dump() for one in cms.ContentInfo.load(token)["content"]["certificates"]}
        if answer.chain[0] not in given:
            self._required().forget()
            raise NotNowError("timestamp-wrong", "the timestamp authority signs by another certificate now")

    def _required(self) -> TimestampDesk:
        if self.desks.timestamps is None:
            raise HosoError("HOSO_TSA_URL chưa được đặt / is not set: the signature level needs timestamps")
        return self.desks.timestamps


def notary_of(settings: Settings) -> Notary:
    """The notary that the settings choose.

    Raises:
        HosoError: a level needs what is not set.
    """
    level = Level(settings.signature_level)
    levels = {code: Level(one) for code, one in settings.signature_levels.items()}
    highest = max([level, *levels.values()], key=list(Level).index)
    base = str(settings.pki_url).rstrip("/") if settings.pki_url else None
    ocsp_url = str(settings.ocsp_url) if settings.ocsp_url else base and f"{base}/ocsp"
    tsa_url = str(settings.tsa_url) if settings.tsa_url else base and f"{base}/tsa"
    lists = settings.crl_urls.split() or (
        [f"{base}/crl/{one}.crl" for one in ("issuing", "root")] if base else []
    )
    asks = settings.revocation == "required"
    if highest.stamped and tsa_url is None:
        raise HosoError("HOSO_TSA_URL chưa được đặt / is not set: the signature level needs timestamps")
    if highest.proven and not asks:
        raise HosoError("HOSO_REVOCATION is off: B-LT needs revocation data")

    def desks() -> Desks:
        trust = _trusted(settings.trust_list or settings.pki / "trust.json")
        http = httpx.Client(timeout=settings.status_timeout_seconds, trust_env=False)
        status = StatusDesk(trust, http, ocsp_url=ocsp_url, crl_urls=lists) if asks else None
        return Desks(trust, status, TimestampDesk(tsa_url, trust, http) if tsa_url else None, http)

    return Notary.late(level, levels, desks)


def _trusted(path: Path) -> TrustList:
    try:
        return TrustList.load(path)
    except OSError as error:
        raise KeystoreError("signing-keys-missing", f"{path.name}: no trust list can be read") from error


def _instant(token: bytes) -> datetime:
    made: datetime = (
        cms.ContentInfo.load(token)["content"]["encap_content_info"]["content"].parsed["gen_time"].native
    )
    return made
