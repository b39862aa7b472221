"""Offline verification of a signed document: bytes in, verdict out.

Checked for every signature: PAdES form (ETSI EN 319 142-1), the CMS signature over its byte range (RFC
5652), algorithms (TT 15/2025/TT-BKHCN), the chain to the trust list at the signing time (RFC 5280),
timestamps (RFC 3161), revocation by the answers that travel with the file (RFC 6960, RFC 5280) and that
what was appended later is a permitted change (ISO 32000-2, 12.8.2.2). Then: the file is covered to its end,
and the attached canonical JSON has the digest the document states. What cannot be known offline is said to
be unknown.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from typing import Any

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import EmbeddedPdfSignature, SignatureCoverageLevel

from models.evidence.attachment import Statement, read_statement
from models.evidence.levels import Reader
from models.evidence.revocation import RevocationData, embedded
from models.evidence.security_store import is_accounted_for
from models.evidence.signature import CLOCK_TOLERANCE, Examined, examine
from models.evidence.tail import is_plain
from models.evidence.timestamps import examine_timestamp
from models.evidence.trust import TrustList
from models.evidence.verdict import (
    Problem,
    Result,
    SignatureVerdict,
    Verdict,
    checks,
    problem,
    reaches,
)

MAXIMUM_BYTES = 64 * 1024 * 1024
"""Largest file examined: a dossier with its photo and data is well under 1 MB."""

MAXIMUM_SIGNATURES = 64
"""Signatures and document timestamps in one file; a chain of ten renewed yearly for decades stays below."""

# pyHanko names certificate subjects in its warnings, and no personal data may reach a log.
for _name in ("pyhanko", "pyhanko_certvalidator"):
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)


def verify(
    pdf: bytes,
    trust: TrustList,
    *,
    at: datetime | None = None,
    minimum: str | None = None,
    crls: Iterable[bytes] = (),
) -> Verdict:
    """Judge a signed document.

    Never raises on any bytes: what cannot be read is a problem in the verdict.

    Args:
        pdf: the whole file.
        trust: the authorities the reader accepts, and the level the reader demands of everyone.
        at: the reader's present moment; signatures dated later are refused. Without it no clock is consulted.
        minimum: the PAdES level demanded here, if higher than the trust list's.
        crls: revocation lists (DER) that the reader has beside the file's own data.
    """
    verdict = _verify(pdf, trust, at, tuple(crls))
    return with_checks(_demanding(verdict, minimum or trust.minimum_level, trust.minimum_level))


def with_checks(verdict: Verdict) -> Verdict:
    """The verdict with the answer to every question, from its problems and from what nobody could answer."""
    unanswered: dict[str, Result] = {}
    if not all(one.revocation == "good" for one in verdict.signatures):
        unanswered["revocation"] = "unknown"
    if not all(one.proven_at for one in verdict.signatures):
        unanswered["timestamp"] = "unknown"
    if verdict.kind == "document":
        unanswered["list"] = "absent"
    if not all(one.competence for one in verdict.signatures):
        unanswered["competence"] = "unknown"
    return replace(verdict, checks=checks(verdict.problems, unanswered))


def _demanding(verdict: Verdict, *minimums: str) -> Verdict:
    """The verdict with what keeps it from the highest of the levels demanded."""
    demanded = max(
        minimums, key=lambda one: (reaches(one, "B-T"), reaches(one, "B-LT"), reaches(one, "B-LTA"))
    )
    low = [
        problem("revocation-unknown", field=one.field, minimum=demanded)
        if reaches(demanded, "B-LT") and one.revocation == "unknown" and one.proven_at
        else problem("level-too-low", field=one.field, level=one.level, minimum=demanded)
        for one in verdict.signatures
        if one.level and not reaches(one.level, demanded)
    ]
    return replace(verdict, valid=verdict.valid and not low, problems=(*verdict.problems, *low))


def _verify(pdf: bytes, trust: TrustList, at: datetime | None, crls: tuple[bytes, ...]) -> Verdict:
    if len(pdf) > MAXIMUM_BYTES:
        return _refused("too-large", limit_mib=MAXIMUM_BYTES // 1024**2)
    try:
        file = PdfFileReader(BytesIO(pdf), strict=True)
        if file.encrypted:
            return _refused("encrypted")
        everything = list(file.embedded_signatures)
        signatures = list(file.embedded_regular_signatures)
        timestamps = list(file.embedded_timestamp_signatures)
        if len(everything) > MAXIMUM_SIGNATURES or len(everything) != len(signatures) + len(timestamps):
            return _refused("unreadable")
    except Exception:  # a hostile file may break the parser in any way; all mean the same to the reader
        return _refused("unreadable")
    if not signatures:
        return Verdict(False, (), *_stated(file), (problem("no-signature"),))
    try:
        reader = Reader(file, trust, embedded(file).with_lists(crls), at)
        damaged: tuple[Problem, ...] = ()
    except Exception:  # as above
        reader, damaged = Reader(file, trust, RevocationData(), at), (problem("revocation-data-malformed"),)
    first = _first(file, signatures)
    if first is not None:
        reader = replace(reader, stated=(first.code, first.digest, first.competence))
    reader, examined = _outside_any_loop(pdf, signatures, timestamps, reader)
    problems = [
        *damaged,
        *_end_problems(pdf, file, everything, trust),
        *_statement_problems(file, signatures, first),
    ]
    return _judge(reader, examined, problems, first)


def _refused(code: str, **values: object) -> Verdict:
    return Verdict(False, (), None, None, (problem(code, **values),))


def _outside_any_loop(
    pdf: bytes,
    signatures: list[EmbeddedPdfSignature],
    timestamps: list[EmbeddedPdfSignature],
    reader: Reader,
) -> tuple[Reader, list[Examined]]:
    """pyHanko validates in coroutines although nothing waits; a caller's own loop must not matter."""

    async def examine_all() -> tuple[Reader, list[Examined]]:
        stamped = [await examine_timestamp(pdf, one, reader.trust, reader.data) for one in timestamps]
        informed = replace(reader, timestamps=tuple(stamped))
        return informed, [await examine(pdf, signature, informed) for signature in signatures]

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(examine_all())
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(examine_all())).result()


def _judge(
    reader: Reader, examined: list[Examined], problems: list[Problem], first: Statement | None
) -> Verdict:
    problems = [
        *(found for one in examined for found in one.problems),
        *(found for one in reader.timestamps for found in one.problems),
        *_time_problems([one.verdict for one in examined], reader),
        *problems,
    ]
    return Verdict(
        valid=not problems and all(one.verdict.valid for one in examined),
        signatures=tuple(one.verdict for one in examined),
        document_code=first.code if first else None,
        content_digest=first.digest if first else None,
        problems=tuple(dict.fromkeys(problems)),
        kind="approval-list" if first and first.is_list else "document",
        timestamps=tuple(one.verdict for one in reader.timestamps),
    )


def _end_problems(
    pdf: bytes, file: PdfFileReader, everything: list[EmbeddedPdfSignature], trust: TrustList
) -> Iterator[Problem]:
    """The last signature or timestamp covers the file to its end, or only validation data follow it."""
    try:
        last: Any = everything[-1]
        last.compute_integrity_info()
        if last.coverage == SignatureCoverageLevel.ENTIRE_FILE:
            return
        *_, start, length = last.byte_range
        level = last.diff_result.modification_level if last.diff_result else None
        anchors = [anchor.certificate for anchor in trust.anchors]
        plain = level == ModificationLevel.LTA_UPDATES and is_plain(pdf, start + length)
        if not plain or not is_accounted_for(file, anchors):
            yield problem("not-whole-file")
    except Exception:  # as in `_verify`
        yield problem("not-whole-file")


def _first(file: PdfFileReader, signatures: list[EmbeddedPdfSignature]) -> Statement | None:
    try:
        return read_statement(file.get_historical_resolver(signatures[0].signed_revision))
    except Exception:  # as in `_verify`; `_statement_problems` says so
        return None


def _statement_problems(
    file: PdfFileReader, signatures: list[EmbeddedPdfSignature], first: Statement | None
) -> Iterator[Problem]:
    if first is None:
        yield problem("unreadable")
        return
    yield from first.problems()
    try:
        if read_statement(file, first) != first:
            yield problem("changed-after-signing", field=str(signatures[0].field_name))
    except Exception:  # as in `_verify`
        yield problem("unreadable")


def _time_problems(verdicts: list[SignatureVerdict], reader: Reader) -> Iterator[Problem]:
    previous: datetime | None = None
    latest = reader.at + CLOCK_TOLERANCE if reader.at else None
    for one in verdicts:
        if one.signed_at is None:
            continue
        if latest is not None and max(one.signed_at, one.proven_at or one.signed_at) > latest:
            yield problem("signed-in-future", field=one.field)
        if previous is not None and one.signed_at < previous - CLOCK_TOLERANCE:
            yield problem("signing-order", field=one.field)
        previous = one.signed_at


def _stated(file: PdfFileReader) -> tuple[str | None, str | None]:
    try:
        statement = read_statement(file)
    except Exception:  # an unsigned document is refused anyway; what it states is a courtesy
        return None, None
    return statement.code, statement.digest
