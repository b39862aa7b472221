"""Offline verification of a signed document: bytes in, verdict out.

Checked for every signature: PAdES form (ETSI EN 319 142-1), the CMS signature over its byte range (RFC
5652), algorithms (TT 15/2025/TT-BKHCN), the chain to the trust list at the signing time (RFC 5280), and
that what was appended later is a permitted change (ISO 32000-2, 12.8.2.2). Then: the last signature covers
the file to its end, and the attached canonical JSON has the digest the document states. Revocation cannot
be asked offline and is reported so.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from io import BytesIO

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import EmbeddedPdfSignature

from models.evidence.attachment import Statement, read_statement
from models.evidence.signature import Examined, examine
from models.evidence.trust import TrustList
from models.evidence.verdict import Problem, SignatureVerdict, Verdict, problem

MAXIMUM_BYTES = 64 * 1024 * 1024
"""Largest file examined: a dossier with its photo and data is well under 1 MB."""

CLOCK_TOLERANCE = timedelta(minutes=5)

# pyHanko names certificate subjects in its warnings, and no personal data may reach a log.
for _name in ("pyhanko", "pyhanko_certvalidator"):
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)


def verify(pdf: bytes, trust: TrustList, *, at: datetime | None = None) -> Verdict:
    """Judge a signed document.

    Never raises on any bytes: what cannot be read is a problem in the verdict.

    Args:
        pdf: the whole file.
        trust: the authorities the reader accepts.
        at: the reader's present moment; signatures dated later are refused. Without it no clock is consulted.
    """
    if len(pdf) > MAXIMUM_BYTES:
        return _refused("too-large", limit_mib=MAXIMUM_BYTES // 1024**2)
    try:
        reader = PdfFileReader(BytesIO(pdf), strict=True)
        if reader.encrypted:
            return _refused("encrypted")
        signatures = list(reader.embedded_signatures)
    except Exception:  # a hostile file may break the parser in any way; all mean the same to the reader
        return _refused("unreadable")
    if not signatures:
        return Verdict(False, (), *_stated(reader, None), (problem("no-signature"),))
    examined = _outside_any_loop(pdf, signatures, trust)
    return _judge(reader, signatures, examined, at)


def _refused(code: str, **values: object) -> Verdict:
    return Verdict(False, (), None, None, (problem(code, **values),))


def _outside_any_loop(pdf: bytes, signatures: list[EmbeddedPdfSignature], trust: TrustList) -> list[Examined]:
    """pyHanko validates in coroutines although nothing waits; a caller's own loop must not matter."""

    async def examine_all() -> list[Examined]:
        return [await examine(pdf, signature, trust) for signature in signatures]

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(examine_all())
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(examine_all())).result()


def _judge(
    reader: PdfFileReader,
    signatures: list[EmbeddedPdfSignature],
    examined: list[Examined],
    at: datetime | None,
) -> Verdict:
    problems = [found for one in examined for found in one.problems]
    problems += _time_problems([one.verdict for one in examined], at)
    if not examined[-1].verdict.covers_whole_file:
        problems.append(problem("not-whole-file"))
    code, digest = None, None
    try:
        first = _statement(reader, signatures[0])
        code, digest = first.code, first.digest
        problems += first.problems()
        if read_statement(reader) != first:
            problems.append(problem("changed-after-signing", field=examined[0].verdict.field))
    except Exception:  # as above: whatever breaks here, the data cannot be relied on
        problems.append(problem("unreadable"))
    return Verdict(
        valid=not problems and all(one.verdict.valid for one in examined),
        signatures=tuple(one.verdict for one in examined),
        document_code=code,
        content_digest=digest,
        problems=tuple(dict.fromkeys(problems)),
    )


def _time_problems(verdicts: list[SignatureVerdict], at: datetime | None) -> Iterator[Problem]:
    previous: datetime | None = None
    for one in verdicts:
        if one.signed_at is None:
            continue
        if at is not None and one.signed_at > at + CLOCK_TOLERANCE:
            yield problem("signed-in-future", field=one.field)
        if previous is not None and one.signed_at < previous - CLOCK_TOLERANCE:
            yield problem("signing-order", field=one.field)
        previous = one.signed_at


def _statement(reader: PdfFileReader, signature: EmbeddedPdfSignature) -> Statement:
    return read_statement(reader.get_historical_resolver(signature.signed_revision))


def _stated(reader: PdfFileReader, _: None) -> tuple[str | None, str | None]:
    try:
        statement = read_statement(reader)
    except Exception:  # an unsigned document is refused anyway; what it states is a courtesy
        return None, None
    return statement.code, statement.digest
