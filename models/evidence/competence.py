"""Records of competence: who was entitled to give a signature, by which rule and for how long.

A record is attested by the managing authority's seal and stands in the dictionary of the signature it is
about, or, where an agent elsewhere writes that dictionary, in the form field laid out beside the signature's
own: the signature covers it either way. It names document, content, field and signer, so it fits no other.
A document that promises records (keyword ``hoso-competence:<authority id>``) is not valid without one in
every signature.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

import rfc8785
from asn1crypto import x509
from pyhanko.pdf_utils.rw_common import PdfHandler
from pyhanko.sign.validation import EmbeddedPdfSignature
from pyhanko_certvalidator import CertificateValidator
from pyhanko_certvalidator.errors import PathError, ValidationError

from models.evidence.algorithms import algorithms_of, current_policy, kind_of
from models.evidence.attestation import Attested, opened
from models.evidence.revocation import RevocationData, context, state_of
from models.evidence.trust import TrustList
from models.evidence.verdict import VIETNAM, Problem, SignatureVerdict, problem

KEY = "/HosoCompetence"
"""Entry of the signature dictionary that holds the attestation."""
FIELD_SUFFIX = "-competence"
"""Ends the name of the text field that holds the attestation where a signing agent writes the dictionary."""
KIND, VERSION = "competence-record", 1
TOLERANCE = timedelta(minutes=5)
_FOR_EVER = datetime.max.replace(tzinfo=UTC)
_LONGEST_NAME = 64
"""Longer names are cut in a certificate (RFC 5280, appendix A.1), not in a record."""


class CompetenceError(ValueError):
    """Not a record of competence."""


@dataclass(frozen=True, slots=True)
class Delegation:
    """The right was lent: by whom, by which document, from which day to which (both included)."""

    on_behalf_of: str
    document: str
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class CompetenceRecord:
    """Why this signature was this person's to give.

    Args:
        document: the document's code. digest: SHA-256 of its content, hex. field: the signature's field.
        account, name, post, agency: the signer as in the certificate (serialNumber, CN, title, O).
        role: of ``access/roles.yaml``. rule_set: hash of the rules in force. rules: their ids. citation: in
        words. starts_at, ends_at: the instants between which it may be signed.
        authority, authority_name: whose seal attests this; the seal's certificate has the id as serialNumber.
    """

    document: str
    digest: str
    field: str
    account: str
    name: str
    post: str
    agency: str
    role: str
    rule_set: str
    rules: tuple[str, ...]
    citation: str
    starts_at: datetime
    ends_at: datetime
    authority: str
    authority_name: str
    delegation: Delegation | None = None

    def canonical(self) -> bytes:
        """The record as it is attested: canonical JSON (RFC 8785), instants in UTC."""
        written = {one.name: getattr(self, one.name) for one in fields(self)}
        lent = self.delegation
        return rfc8785.dumps(
            written
            | {
                "kind": KIND,
                "version": VERSION,
                "rules": list(self.rules),
                "starts_at": self.starts_at.astimezone(UTC).isoformat(),
                "ends_at": self.ends_at.astimezone(UTC).isoformat(),
                "delegation": lent
                and {
                    "on_behalf_of": lent.on_behalf_of,
                    "document": lent.document,
                    "starts_on": lent.starts_on.isoformat(),
                    "ends_on": lent.ends_on.isoformat(),
                },
            }
        )

    @classmethod
    def of(cls, data: bytes) -> CompetenceRecord:
        """Read a record; CompetenceError unless it is exactly what ``canonical`` gives."""
        try:
            said = json.loads(data)
            lent = said["delegation"]
            record = cls(
                **{one.name: said[one.name] for one in fields(cls)}
                | {
                    "rules": tuple(said["rules"]),
                    "starts_at": datetime.fromisoformat(said["starts_at"]),
                    "ends_at": datetime.fromisoformat(said["ends_at"]),
                    "delegation": lent
                    and Delegation(
                        lent["on_behalf_of"],
                        lent["document"],
                        date.fromisoformat(lent["starts_on"]),
                        date.fromisoformat(lent["ends_on"]),
                    ),
                }
            )
            same = record.canonical() == data
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise CompetenceError(f"not a record of competence: {type(error).__name__}") from error
        if not same:
            raise CompetenceError("the record is not canonical")
        return record


async def examine_competence(
    signature: EmbeddedPdfSignature,
    verdict: SignatureVerdict,
    stated: tuple[str | None, str | None, str | None],
    trust: TrustList,
    data: RevocationData,
    shown_at: datetime | None,
) -> tuple[dict[str, Any] | None, tuple[Problem, ...]]:
    """The record in a signature, and what is wrong with it. ``stated``: the document's code, digest and the
    authority that promises records. ``shown_at``: when the signature can first be shown to have existed.

    Nothing promised and nothing there: no problem, and nobody can tell. A record that is there must hold in
    any case.
    """
    signed = signature.reader.get_historical_resolver(signature.signed_revision)
    beside = record_beside(signed, verdict.field)
    if record_beside(signature.reader, verdict.field) != beside:
        # Filling a field is a permitted change; exchanging what an earlier signer has signed is not.
        return None, (problem("changed-after-signing", field=verdict.field),)
    within = signature.sig_object.get(KEY)
    written = {str(one) for one in (within, beside) if one is not None}
    if not written:
        missing = (problem("competence-missing", field=verdict.field),)
        return None, missing if stated[2] else ()
    try:
        (only,) = written
        attested = opened(only)
        record = CompetenceRecord.of(attested.payload)
    except ValueError:  # two that differ, or neither an attestation nor a record
        return None, (problem("competence-broken", field=verdict.field),)
    wrong = await _objection(attested, record, verdict, stated, trust, data, shown_at)
    if wrong:
        return None, (problem(wrong, field=verdict.field),)
    return to_json(record), ()


def record_beside(revision: PdfHandler, field: str) -> str | None:
    """What stands in the text field laid out for the record of a signature's field; none where it is empty,
    or where none was laid out.
    """
    form = revision.root["/AcroForm"] if "/AcroForm" in revision.root else {}  # noqa: SIM401 - its get() does not follow references
    fields = form["/Fields"] if "/Fields" in form else ()  # noqa: SIM401 - the same
    for one in (entry.get_object() for entry in fields):
        if one.get("/T") == f"{field}{FIELD_SUFFIX}" and one.get("/FT") == "/Tx":
            return str(one["/V"]) if "/V" in one else None
    return None


async def _objection(
    attested: Attested,
    record: CompetenceRecord,
    verdict: SignatureVerdict,
    stated: tuple[str | None, str | None, str | None],
    trust: TrustList,
    data: RevocationData,
    shown_at: datetime | None,
) -> str | None:
    code, digest, authority = stated
    until = await _known(attested.chain, record.authority, trust, data, record.starts_at)
    if until is None or (shown_at and shown_at >= until) or (authority and record.authority != authority):
        return "competence-untrusted"
    about = (record.document, record.digest, record.field, record.account)
    names = (verdict.signer, verdict.organisation, verdict.post)
    said = tuple(one[:_LONGEST_NAME] for one in (record.name, record.agency, record.post))
    if about != (code, digest, verdict.field, verdict.serial) or said != names:
        return "competence-of-another"
    return None if _within(record, verdict) else "competence-outside-its-time"


@lru_cache(maxsize=256)
def is_known_seal(chain: tuple[bytes, ...], authority: str, trust: TrustList, at: datetime) -> bool:
    """Whether a reader would trust records attested by this seal (DER, seal first): asked before one is
    signed.
    """
    certificates = tuple(x509.Certificate.load(one, strict=True) for one in chain)
    until = asyncio.run(_known(certificates, authority, trust, RevocationData(), at))
    return until is not None and at < until


_JUDGED: dict[tuple[tuple[bytes, ...], str, TrustList, datetime], tuple[datetime | None]] = {}
"""What `_known` found of seals about which no revocation data travel: a batch signs hundreds at once."""
_MOST = 256


async def _known(
    chain: tuple[x509.Certificate, ...], authority: str, trust: TrustList, data: RevocationData, at: datetime
) -> datetime | None:
    """When the algorithms of the seal end, if it is that of the authority named, under the reader's trust, at
    an instant; else None.
    """
    if data.certificates or data.ocsps or data.crls:
        return await _judged(chain, authority, trust, data, at)
    asked = (tuple(one.dump() for one in chain), authority, trust, at)
    # Threads share it: what was looked up is not looked up twice.
    if (found := _JUDGED.get(asked)) is None:
        if len(_JUDGED) >= _MOST:
            _JUDGED.clear()
        found = _JUDGED[asked] = (await _judged(chain, authority, trust, data, at),)
    return found[0]


async def _judged(
    chain: tuple[x509.Certificate, ...], authority: str, trust: TrustList, data: RevocationData, at: datetime
) -> datetime | None:
    seal, above = chain[0], list(chain[1:])
    if str(seal.subject.native.get("serial_number", "")) != authority:
        return None
    view = context(trust, data.certificates_only, at)
    validator: Any = CertificateValidator(seal, above, validation_context=view)
    try:
        path = await validator.async_validate_usage({"digital_signature"})
    except (ValidationError, PathError):
        return None
    revoked = await state_of(path, trust, data, at, proven=True) == "revoked"
    # The anchor is trusted by being listed, not by its own signature.
    return None if revoked else _lasts(list(path.iter_certs(include_root=False)))


def _lasts(issued: list[x509.Certificate]) -> datetime | None:
    """When the algorithms of a seal and of those above it end; None where one of them is not allowed."""
    policy = current_policy()
    for one in issued:
        if policy.certificate_objection(**algorithms_of(one, one["signature_algorithm"])):
            return None
    ends = (policy.end_of(*kind_of(one)) for one in issued)
    return min((end.at for end in ends if end), default=_FOR_EVER)


def _within(record: CompetenceRecord, verdict: SignatureVerdict) -> bool:
    """Whether the time stated, and the time proven, lie within the record and within the delegation's
    days.
    """
    for at in (verdict.signed_at, verdict.proven_at):
        if at is None:
            continue
        if not record.starts_at - TOLERANCE <= at <= record.ends_at + TOLERANCE:
            return False
        lent, day = record.delegation, at.astimezone(VIETNAM).date()
        if lent and not lent.starts_on <= day <= lent.ends_on:
            return False
    return verdict.signed_at is not None


def to_json(record: CompetenceRecord) -> dict[str, Any]:
    """The record as shown with a verdict."""
    shown: dict[str, Any] = json.loads(record.canonical())
    return shown
