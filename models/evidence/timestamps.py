"""Timestamps (RFC 3161): a third party's word that something existed at an instant.

Two places: in a signature (B-T) over its value, and over the whole file up to there (document timestamp, ETSI
EN 319 142-1, 5.5). A timestamp proves as long as its authority's certificate lives; a later one that came in
time carries it on (renewal, B-LTA).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from asn1crypto import cms, tsp, x509
from pyhanko.sign.validation import EmbeddedPdfSignature, async_validate_pdf_timestamp
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter

from models.evidence.algorithms import current_policy
from models.evidence.container import is_strict_timestamp
from models.evidence.revocation import RevocationData, context, state_of
from models.evidence.trust import TrustList
from models.evidence.verdict import Problem, TimestampVerdict, problem


@dataclass(frozen=True, slots=True)
class Stamped:
    """A timestamp that holds: the instant it vouches for, until when (its certificates' or its algorithm's
    end), by which authority and chain.
    """

    at: datetime
    expires: datetime
    authority: str
    path: Any
    """The validated path (pyHanko); its certificates are the only ones a token may carry."""

    @property
    def chain(self) -> list[bytes]:
        """The certificates, DER."""
        return [one.dump() for one in self.path.iter_certs(include_root=True)]


@dataclass(frozen=True, slots=True)
class DocumentTimestamp:
    """A document timestamp examined: ``stamped`` only when it holds."""

    verdict: TimestampVerdict
    stamped: Stamped | None
    revision: int
    """Number of the revision it covers, counted as pyHanko does."""
    problems: tuple[Problem, ...]


async def examine_timestamp(
    pdf: bytes, timestamp: EmbeddedPdfSignature, trust: TrustList, data: RevocationData
) -> DocumentTimestamp:
    """Examine one document timestamp. Never raises, as with signatures."""
    field = "?"
    try:
        field = str(timestamp.field_name)
        at = instant_of(timestamp.signed_data)
        status = await async_validate_pdf_timestamp(timestamp, context(trust, data.certificates_only, at))
        stamped = await stamped_by(status, trust, data)
        problems = _objections(timestamp, status, stamped, field)
        if not problems and stamped and not is_strict_timestamp(pdf, timestamp, stamped.chain):
            problems = (problem("signature-not-strict", field=field),)
        authority = stamped.authority if stamped else ""
        verdict = TimestampVerdict(field, not problems, at, authority)
        return DocumentTimestamp(verdict, None if problems else stamped, timestamp.signed_revision, problems)
    except Exception:  # CMS from a hostile file may break any parser below us in any way
        broken = (problem("timestamp-broken", field=field),)
        return DocumentTimestamp(TimestampVerdict(field, False, None, ""), None, 0, broken)


def instant_of(token: cms.SignedData) -> datetime:
    """When the token says it was made. ValueError for anything that is no timestamp token."""
    content = token["encap_content_info"]["content"].parsed
    if not isinstance(content, tsp.TSTInfo):
        raise ValueError("not a timestamp token")
    made: datetime = content["gen_time"].native
    return made.astimezone(UTC)


def token_of(signature: EmbeddedPdfSignature) -> cms.SignedData | None:
    """The one timestamp token in a signature, or None. ValueError for several: one is enough to prove."""
    tokens = list(extract_tst_data_iter(signature.signer_info, signed=False))
    if len(tokens) > 1:
        raise ValueError("several timestamps in one signature")
    return tokens[0] if tokens else None


async def stamped_by(status: Any, trust: TrustList, data: RevocationData) -> Stamped | None:
    """What pyHanko's status of a token proves: nothing unless intact, valid, trusted and not known revoked
    then.
    """
    path = status.validation_path
    if path is None or not (status.intact and status.valid and status.trusted):
        return None
    if any(_weak(one) for one in path.iter_certs(include_root=False)):
        return None
    at = status.timestamp.astimezone(UTC)
    expires = current_policy().lasts(path.iter_certs(include_root=True))
    if at >= expires:
        return None
    if await state_of(path, trust, data, at, proven=True) == "revoked":
        return None
    subject = status.signing_cert.subject.native
    return Stamped(
        at=at,
        expires=expires,
        authority=str(subject.get("common_name", "")),
        path=path,
    )


def is_weak_token(token: cms.SignedData) -> bool:
    """Whether the token signs, or stamps, with an algorithm that is not accepted."""
    (signer,) = token["signer_infos"]
    imprint = token["encap_content_info"]["content"].parsed["message_imprint"]["hash_algorithm"]
    policy = current_policy()
    stated = (signer["digest_algorithm"]["algorithm"].native, imprint["algorithm"].native)
    # A timestamp authority is not our signer: its signature is held to what certificates are held to.
    return (
        not set(stated) <= policy.digests
        or signer["signature_algorithm"].signature_algo not in policy.certificate_mechanisms
    )


def _weak(certificate: x509.Certificate) -> bool:
    key, made = certificate.public_key, certificate["signature_algorithm"]
    return bool(
        current_policy().certificate_objection(
            key=key.algorithm.replace("rsassa_pss", "rsa"),
            bits=key.bit_size,
            mechanism=made.signature_algo,
            digest=made.hash_algo,
        )
    )


def _objections(
    timestamp: EmbeddedPdfSignature, status: Any, stamped: Stamped | None, field: str
) -> tuple[Problem, ...]:
    if not (status.intact and status.valid):
        return (problem("timestamp-broken", field=field),)
    if stamped is None or is_weak_token(timestamp.signed_data):
        return (problem("timestamp-untrusted", field=field),)
    return ()


def living(stamps: list[Stamped], at: datetime | None) -> list[Stamped]:
    """Those that still prove at the reader's instant: not expired, or carried on in time by one that
    lives.
    """
    alive: list[Stamped] = []
    for one in sorted(stamps, key=lambda stamp: stamp.at, reverse=True):
        carried = any(one.at <= later.at <= one.expires for later in alive)
        if at is None or at <= one.expires or carried:
            alive.append(one)
    return alive
