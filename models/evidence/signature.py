"""One signature examined: form, integrity, algorithms, chain, later changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from asn1crypto import x509
from pyhanko.sign.ades.report import AdESIndeterminate
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import (
    EmbeddedPdfSignature,
    PdfSignatureStatus,
    SignatureCoverageLevel,
    async_validate_pdf_signature,
)
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import ValidationContext

from models.evidence.algorithms import current_policy
from models.evidence.container import is_strict
from models.evidence.trust import TrustList
from models.evidence.verdict import Problem, SignatureVerdict, problem

PADES_SUBFILTER = "/ETSI.CAdES.detached"
PERMITTED_CHANGES = (ModificationLevel.NONE, ModificationLevel.LTA_UPDATES, ModificationLevel.FORM_FILLING)
SIGNING_USAGE = KeyUsageConstraints(
    key_usage={"digital_signature", "non_repudiation"}, match_all_key_usages=False
)
_TRUST_PROBLEMS: dict[object, str] = {
    AdESIndeterminate.OUT_OF_BOUNDS_NO_POE: "certificate-not-valid-then",
    AdESIndeterminate.NO_POE: "certificate-not-valid-then",
    AdESIndeterminate.CHAIN_CONSTRAINTS_FAILURE: "certificate-purpose",
}


@dataclass(frozen=True, slots=True)
class Examined:
    """A signature's verdict with the reasons against it."""

    verdict: SignatureVerdict
    problems: tuple[Problem, ...]


async def examine(pdf: bytes, signature: EmbeddedPdfSignature, trust: TrustList) -> Examined:
    """Examine one signature. Never raises: whatever breaks means the signature cannot be relied on."""
    field = "?"
    try:
        field = str(signature.field_name)
        signed_at = _signed_at(signature)
        status = await _validate(signature, trust, signed_at)
        problems = tuple(_problems(signature, status, signed_at, field))
        if not problems and not is_strict(pdf, signature, _chain(status)):
            problems = (problem("signature-not-strict", field=field),)
        return Examined(_verdict(signature, status, trust, signed_at, field, valid=not problems), problems)
    except Exception:  # CMS from a hostile file may break any parser below us in any way
        return Examined(_nothing_known(field), (problem("signature-unreadable", field=field),))


async def _validate(
    signature: EmbeddedPdfSignature, trust: TrustList, signed_at: datetime | None
) -> PdfSignatureStatus:
    context = ValidationContext(
        trust_roots=[anchor.parsed() for anchor in trust.anchors],
        moment=signed_at or datetime(1970, 1, 1, tzinfo=UTC),
        allow_fetching=False,
        revocation_mode="soft-fail",
    )
    return await async_validate_pdf_signature(
        signature, signer_validation_context=context, key_usage_settings=SIGNING_USAGE
    )


def _signed_at(signature: EmbeddedPdfSignature) -> datetime | None:
    stated = signature.self_reported_timestamp
    if stated is None or stated.tzinfo is None:
        return None
    return stated.astimezone(UTC)


def _problems(
    signature: EmbeddedPdfSignature, status: PdfSignatureStatus, signed_at: datetime | None, field: str
) -> list[Problem]:
    found: list[Problem] = []
    if str(signature.sig_object.get("/SubFilter")) != PADES_SUBFILTER:
        found.append(problem("signature-format", field=field))
    if signed_at is None:
        found.append(problem("signing-time-missing", field=field))
    if not (status.intact and status.valid):
        found.append(problem("signature-broken", field=field))
        return found
    found += _algorithm_problems(signature, status, field)
    if not status.trusted:
        indication = status.trust_problem_indic
        found.append(problem(_TRUST_PROBLEMS.get(indication, "untrusted-signer"), field=field))
    if status.modification_level not in PERMITTED_CHANGES or not status.docmdp_ok:
        found.append(problem("changed-after-signing", field=field))
    if status.coverage < SignatureCoverageLevel.ENTIRE_REVISION:
        found.append(problem("not-whole-file"))
    if not found and not status.bottom_line:
        found.append(problem("signature-broken", field=field))
    return found


def _algorithm_problems(
    signature: EmbeddedPdfSignature, status: PdfSignatureStatus, field: str
) -> list[Problem]:
    policy = current_policy()
    objections = [policy.objection(**_signature_algorithms(signature))]
    for certificate in _issued(status):
        algorithms = _algorithms(certificate, certificate["signature_algorithm"])
        objections.append(policy.certificate_objection(**algorithms))
    return [
        problem("algorithm-not-allowed", field=field, found=objection, source=policy.source)
        for objection in objections
        if objection
    ]


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
    used = _algorithms(signature.signer_cert, info["signature_algorithm"])
    stated = info["digest_algorithm"]["algorithm"].native
    # Both digests must be strong: the one over the document and the one inside the signature.
    weaker = stated if stated not in current_policy().digests else used["digest"]
    return used | {"digest": weaker}


def _algorithms(certificate: x509.Certificate, mechanism: Any) -> dict[str, Any]:
    key = certificate.public_key
    return {
        "key": key.algorithm.replace("rsassa_pss", "rsa"),
        "bits": key.bit_size,
        "mechanism": mechanism.signature_algo,
        "digest": mechanism.hash_algo,
    }


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
