"""The evidence of one profile on an approval list, as one file that anyone can open and verify offline.

A ZIP archive (.hoso) of three parts, stored without compression: the signed list, the row with its proof, and
the revision's canonical JSON. Of every archive exactly one spelling is accepted, the one that ``pack``
writes: readers that disagree about an archive (names twice, bytes between members) find nothing to
disagree about.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import rfc8785

from models.evidence.listing import ListingError, ListRow, Proof

MEDIA_TYPE = "application/vnd.hoso.evidence+zip"
LIST_NAME, ROW_NAME, REVISION_NAME = "danh-sach.pdf", "dong.json", "ho-so.json"
"""The signed list, the row with its proof, the revision's canonical JSON."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""ZIP knows no earlier instant; the parts carry their own times."""


class EvidenceFileError(ValueError):
    """Not an evidence file, or not in the one accepted spelling."""


@dataclass(frozen=True, slots=True)
class ProfileEvidence:
    """The parts: the list's PDF, the row, its proof, and the revision's canonical JSON (RFC 8785)."""

    list_pdf: bytes
    row: ListRow
    proof: Proof
    revision: bytes

    def pack(self) -> bytes:
        """The file. The same parts give the same bytes."""
        written = BytesIO()
        proven = rfc8785.dumps({"row": self.row.to_json(), "proof": self.proof.to_json()})
        parts = ((LIST_NAME, self.list_pdf), (ROW_NAME, proven), (REVISION_NAME, self.revision))
        with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
            for name, data in parts:
                member = zipfile.ZipInfo(name, _EPOCH)
                member.create_system, member.external_attr = 3, 0o644 << 16  # alike on every machine
                archive.writestr(member, data)
        return written.getvalue()

    @classmethod
    def unpack(cls, data: bytes) -> ProfileEvidence:
        """Read a file.

        Raises:
            EvidenceFileError: it is not exactly what ``pack`` would write from its parts.
        """
        try:
            found = _members(data)
            evidence = cls(found[LIST_NAME], *_proven(found[ROW_NAME]), found[REVISION_NAME])
        except (ListingError, EvidenceFileError):
            raise
        except Exception as error:  # a hostile archive may break the reader in any way
            raise EvidenceFileError(f"not an evidence file: {type(error).__name__}") from error
        if evidence.pack() != data:
            raise EvidenceFileError("the archive holds more than its parts")
        return evidence


def is_evidence_file(data: bytes) -> bool:
    """Whether the bytes claim to be an archive (a PDF may not begin like one)."""
    return data[:4] == b"PK\3\4"


def _members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(data)) as archive:
        members = archive.infolist()
        if [one.filename for one in members] != [LIST_NAME, ROW_NAME, REVISION_NAME]:
            raise EvidenceFileError("the archive does not hold exactly list, row and revision")
        # Stored: no part is larger than the file, whatever the directory says.
        if any(one.compress_type != zipfile.ZIP_STORED or one.file_size > len(data) for one in members):
            raise EvidenceFileError("the parts of an evidence file are stored without compression")
        return {one.filename: archive.read(one) for one in members}


def _proven(data: bytes) -> tuple[ListRow, Proof]:
    document: Any = json.loads(data)
    if not isinstance(document, dict) or set(document) != {"row", "proof"}:
        raise EvidenceFileError("the row's part has exactly row and proof")
    return ListRow.of(document["row"]), Proof.of(document["proof"])
