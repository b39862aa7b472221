"""Which PAdES baseline level a valid signature reaches (ETSI EN 319 142-1, 6.1).

B-B: the signature. B-T: a third party vouches for its time. B-LT: and the file carries revocation answers
for the whole chain. B-LTA: and a document timestamp covers those answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import EmbeddedPdfSignature

from models.evidence.revocation import RevocationData, State, embedded, state_of
from models.evidence.timestamps import DocumentTimestamp, Stamped, living
from models.evidence.trust import TrustList


@dataclass(frozen=True, slots=True)
class Reader:
    """What every signature of one file is examined with: the reader's trust and instant, the file's own data.

    ``timestamps`` are the document timestamps, examined, in the order of the file.
    """

    file: PdfFileReader
    trust: TrustList
    data: RevocationData
    at: datetime | None
    timestamps: tuple[DocumentTimestamp, ...] = ()
    stated: tuple[str | None, str | None, str | None] = (None, None, None)
    """What the document says of itself: code, digest, and the authority that promises records of
    competence.
    """

    @property
    def stamps(self) -> list[Stamped]:
        """The document timestamps that hold."""
        return [one.stamped for one in self.timestamps if one.stamped]


def covering(reader: Reader, signature: EmbeddedPdfSignature) -> Stamped | None:
    """The earliest living document timestamp over a signature."""
    alive = living(reader.stamps, reader.at)
    over = [
        one.stamped
        for one in reader.timestamps
        if one.revision > signature.signed_revision and one.stamped in alive
    ]
    return min((one for one in over if one), key=lambda one: one.at, default=None)


def proof(reader: Reader, token: Stamped | None, over: Stamped | None) -> Stamped | None:
    """What proves when a signature existed: its own timestamp while it lives, else one over the file."""
    if token and token in living([token, *reader.stamps], reader.at):
        return token
    return over


async def level(
    reader: Reader, signature: EmbeddedPdfSignature, status: Any, proven: Stamped | None, state: State
) -> str:
    """The level of a signature without problems."""
    if proven is None:
        return "B-B"
    if state != "good" or not await _answered(reader, reader.data, proven):
        return "B-T"
    for one in reader.timestamps:
        if (
            one.stamped
            and one.revision > signature.signed_revision
            and one.stamped in living(reader.stamps, reader.at)
        ):
            covered = embedded(reader.file.get_historical_resolver(one.revision))
            if await _good(reader, covered, status.validation_path, proven.at):
                return "B-LTA"
    return "B-LT"


async def _answered(reader: Reader, data: RevocationData, proven: Stamped) -> bool:
    """Whether the timestamp's own chain is answered for; a document timestamp may be the newest of the
    file.
    """
    if proven in reader.stamps:
        return True
    return await _good(reader, data, proven.path, proven.at)


async def _good(reader: Reader, data: RevocationData, path: Any, at: datetime) -> bool:
    return await state_of(path, reader.trust, data, at, proven=True) == "good"
