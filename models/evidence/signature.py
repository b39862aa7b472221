"""One signature examined: form, integrity, algorithms, time, chain, revocation, later changes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from asn1crypto import x509
from pyhanko.sign.ades.report import AdESFailure, AdESIndeterminate
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import (
    EmbeddedPdfSignature,
    PdfSignatureStatus,
    SignatureCoverageLevel,
    async_validate_pdf_signature,
)
from pyhanko.sign.validation.settings import KeyUsageConstraints

from models.evidence import levels
from models.evidence.algorithms import algorithms_of, current_policy, kind_of
from models.evidence.competence import examine_competence
from models.evidence.container import is_strict
from models.evidence.levels import Reader
from models.evidence.revocation import State, context, state_of
from models.evidence.timestamps import Stamped, instant_of, is_weak_token, stamped_by, token_of
from models.evidence.trust import TrustList
from models.evidence.verdict import Problem, SignatureVerdict, problem

PADES_SUBFILTER = "/ETSI.CAdES.detached"
PERMITTED_CHANGES = (ModificationLevel.NONE, ModificationLevel.LTA_UPDATES, ModificationLevel.FORM_FILLING)
SIGNING_USAGE = KeyUsageConstraints(
    key_usage={"digital_signature", "non_repudiation"}, match_all_key_usages=False
)
SIGNING_PURPOSES = frozenset(
    {
        "any_extended_key_usage",
        "email_protection",
        "1.3.6.1.5.5.7.3.36",
        "microsoft_document_signing",
        "adobe_authentic_documents_trust",
    }
)
"""Where a certificate says what it is for, one of these must be among it (RFC 5280, 4.2.1.12): any, mail,
document signing (RFC 9336), and the two private purposes that document signers carried before RFC 9336."""
CLOCK_TOLERANCE = timedelta(minutes=5)
_TRUST_PROBLEMS: dict[object, str] = {
    AdESIndeterminate.OUT_OF_BOUNDS_NO_POE: "certificate-not-valid-then",
    AdESIndeterminate.NO_POE: "certificate-not-valid-then",
    AdESIndeterminate.CHAIN_CONSTRAINTS_FAILURE: "certificate-purpose",
    AdESIndeterminate.REVOKED_NO_POE: "certificate-revoked",
    AdESIndeterminate.REVOKED_CA_NO_POE: "certificate-revoked",
    AdESFailure.REVOKED: "certificate-revoked",
}


@dataclass(frozen=True, slots=True)
class Examined:
    """A signature's verdict with the reasons against it."""

    verdict: SignatureVerdict
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class _Times:
    """When it was signed: as stated, as its own timestamp (``carried``; ``token`` once it holds) says, and by
    what proof in the end.
    """

    stated: datetime | None
    carried: Any
    token: Stamped | None
    proof: Stamped | None

    @property
    def at(self) -> datetime:
        """The instant at which the chain must hold; the epoch, when nothing is known, is before any."""
        return self.proof.at if self.proof else self.stated or datetime(1970, 1, 1, tzinfo=UTC)


async def examine(pdf: bytes, signature: EmbeddedPdfSignature, reader: Reader) -> Examined:
    """Examine one signature. Never raises: whatever breaks means the signature cannot be relied on."""
    field = "?"
    try:
        field = str(signature.field_name)
        return await _examine(pdf, signature, reader, field)
    except Exception:  # CMS from a hostile file may break any parser below us in any way
        return Examined(_nothing_known(field), (problem("signature-unreadable", field=field),))


async def _examine(pdf: bytes, signature: EmbeddedPdfSignature, reader: Reader, field: str) -> Examined:
    token = token_of(signature)
    stated = _stated(signature)
    covering = levels.covering(reader, signature)
    at = instant_of(token) if token else covering.at if covering else stated
    status = await async_validate_pdf_signature(
        signature,
        signer_validation_context=context(
            reader.trust, reader.data.certificates_only, at or datetime(1970, 1, 1, tzinfo=UTC)
        ),
        ts_validation_context=context(reader.trust, reader.data.certificates_only, at)
        if token and at
        else None,
        key_usage_settings=SIGNING_USAGE,
    )
    validity = status.timestamp_validity
    stamped = await stamped_by(validity, reader.trust, reader.data) if token and validity else None
    times = _Times(stated, token, stamped, levels.proof(reader, stamped, covering))
    problems = _problems(signature, status, times, field)
    shown_at = times.proof.at if times.proof else reader.at or stated
    problems += _ended(status, shown_at, field)
    state: State = "unknown"
    if not problems:
        assert status.validation_path is not None, "a trusted signature has a chain"
        state = await state_of(
            status.validation_path, reader.trust, reader.data, times.at, proven=times.proof is not None
        )
        if state == "revoked":
            problems.append(problem("certificate-revoked", field=field))
        elif not is_strict(pdf, signature, _chain(status), stamped.chain if stamped else ()):
            problems.append(problem("signature-not-strict", field=field))
    verdict = replace(
        _verdict(signature, status, reader.trust, times.stated, field, valid=not problems),
        revocation=state,
        level="" if problems else await levels.level(reader, signature, status, times.proof, state),
        proven_at=times.proof.at if times.proof else None,
        timestamp_authority=times.proof.authority if times.proof else "",
    )
    if problems:
        return Examined(verdict, tuple(problems))
    record, found = await examine_competence(
        signature, verdict, reader.stated, reader.trust, reader.data, shown_at
    )
    return Examined(replace(verdict, valid=not found, competence=record), found)


def _stated(signature: EmbeddedPdfSignature) -> datetime | None:
    stated = signature.self_reported_timestamp
    if stated is None or stated.tzinfo is None:
        return None
    return stated.astimezone(UTC)


def _problems(
    signature: EmbeddedPdfSignature, status: PdfSignatureStatus, times: _Times, field: str
) -> list[Problem]:
    found: list[Problem] = []
    if str(signature.sig_object.get("/SubFilter")) != PADES_SUBFILTER:
        found.append(problem("signature-format", field=field))
    if times.stated is None:
        found.append(problem("signing-time-missing", field=field))
    elif times.proof and times.stated > times.proof.at + CLOCK_TOLERANCE:
        found.append(problem("signed-after-timestamp", field=field))
    if not (status.intact and status.valid):
        found.append(problem("signature-broken", field=field))
        return found
    found += _algorithm_problems(signature, status, field)
    if status.trusted and not _is_for_signing(status.signing_cert):
        found.append(problem("certificate-purpose", field=field))
    if not status.trusted:
        indication = status.trust_problem_indic
        found.append(problem(_TRUST_PROBLEMS.get(indication, "untrusted-signer"), field=field))
    if status.modification_level not in PERMITTED_CHANGES or not status.docmdp_ok:
        found.append(problem("changed-after-signing", field=field))
    if status.coverage < SignatureCoverageLevel.ENTIRE_REVISION:
        found.append(problem("not-whole-file"))
    found += _token_problems(status, times, field)
    if not found and not status.bottom_line:
        found.append(problem("signature-broken", field=field))
    return found


def _is_for_signing(certificate: x509.Certificate) -> bool:
    stated = certificate.extended_key_usage_value
    return stated is None or not SIGNING_PURPOSES.isdisjoint(stated.native)


def _token_problems(status: PdfSignatureStatus, times: _Times, field: str) -> list[Problem]:
    """A timestamp that is there must hold: one that does not is not better than none but worse."""
    if times.carried is None:
        return []
    found = status.timestamp_validity
    if found is None or not (found.intact and found.valid):
        return [problem("timestamp-broken", field=field)]
    if times.token is None or is_weak_token(times.carried):
        return [problem("timestamp-untrusted", field=field)]
    return []


def _algorithm_problems(
    signature: EmbeddedPdfSignature, status: PdfSignatureStatus, field: str
) -> list[Problem]:
    policy = current_policy()
    objections = [policy.objection(**_signature_algorithms(signature))]
    for certificate in _issued(status):
        algorithms = algorithms_of(certificate, certificate["signature_algorithm"])
        objections.append(policy.certificate_objection(**algorithms))
    return [
        problem("algorithm-not-allowed", field=field, found=objection, source=policy.source)
        for objection in objections
        if objection
    ]


def _ended(status: PdfSignatureStatus, at: datetime | None, field: str) -> list[Problem]:
    """An algorithm whose time was over when the signature can first be shown to have existed."""
    policy, found = current_policy(), []
    for certificate in _issued(status):
        key, bits = kind_of(certificate)
        end = policy.end_of(key, bits)
        if end is not None and at is not None and at >= end.at:
            told = {"found": f"{key} {bits} bit", "on": f"{end.at:%d/%m/%Y}", "source": end.source}
            found.append(problem("algorithm-ended", field=field, **told))
    return found


def _issued(status: PdfSignatureStatus) -> list[x509.Certificate]:
    """The chain without its anchor, which is trusted by being listed and not by its own signature."""
    path = status.validation_path
    certificates = [status.signing_cert] if path is None else list(path.iter_certs(include_root=False))
    return [one for one in certificates if isinstance(one, x509.Certificate)]


def _chain(status: PdfSignatureStatus) -> list[bytes]:
    path = status.validation_path
    assert path is not None, "a trusted signature has a chain"
    return [one.dump() for one in path.iter_certs(include_root=True)]


def _signature_algorithms(signature: EmbeddedPdfSignature) -> dict[str, Any]:
    info = signature.signer_info
    used = algorithms_of(signature.signer_cert, info["signature_algorithm"])
    stated = info["digest_algorithm"]["algorithm"].native
    # Both digests must be strong: the one over the document and the one inside the signature.
    weaker = stated if stated not in current_policy().digests else used["digest"]
    return used | {"digest": weaker}


def _verdict(
    signature: EmbeddedPdfSignature,
    status: PdfSignatureStatus,
    trust: TrustList,
    signed_at: datetime | None,
    field: str,
    *,
    valid: bool,
) -> SignatureVerdict:
    subject = signature.signer_cert.subject.native
    path: Any = status.validation_path if status.trusted else None
    anchor = path.trust_anchor.certificate.dump() if path is not None else b""
    algorithms = _signature_algorithms(signature)
    return SignatureVerdict(
        field=field,
        valid=valid,
        signer=_text(subject.get("common_name")),
        organisation=_text(subject.get("organization_name")),
        post=_text(subject.get("title")),
        serial=_text(subject.get("serial_number")),
        signed_at=signed_at,
        reason=_text(signature.sig_object.get("/Reason")),
        location=_text(signature.sig_object.get("/Location")),
        algorithm="{mechanism} {bits} {digest}".format(**algorithms),
        anchor=trust.label_of(anchor),
        covers_whole_file=status.coverage == SignatureCoverageLevel.ENTIRE_FILE,
    )


def _nothing_known(field: str) -> SignatureVerdict:
    return SignatureVerdict(field, False, "", "", "", "", None, "", "", "", "", False)


def _text(value: object) -> str:
    if value is None:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
