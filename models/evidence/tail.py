"""What follows the last signature: validation data (DSS) that nothing covers yet.

A file of level B-LT ends so. Its data are judged by their own signatures; everything else in that revision
must be exactly as one incremental writer writes it, identifier included, so that no byte of it can change
unseen.
"""

from __future__ import annotations

from hashlib import sha256
from io import BytesIO
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.signers.constants import ESIC_EXTENSION_1


class _Plain(IncrementalPdfFileWriter):
    """Writes objects and nothing of its own."""

    def _update_meta(self) -> None:
        return


def identifier(before: bytes) -> bytes:
    """The changing half of the file's identifier (ISO 32000-2, 14.4) after an update of ``before``: from
    content.
    """
    return sha256(before).digest()[:16]


def is_plain(pdf: bytes, covered: int) -> bool:
    """Whether the file after byte ``covered`` is one revision in the one spelling of our writer.

    Malformed input raises pyHanko's errors.
    """
    reader: Any = PdfFileReader(BytesIO(pdf), strict=True)
    written: Any = _Plain(BytesIO(pdf[:covered]))
    if reader.xrefs.total_revisions != written.prev.xrefs.total_revisions + 1:
        return False
    for reference in reader.xrefs.explicit_refs_in_revision(reader.xrefs.total_revisions - 1):
        written.objects[reference.generation, reference.idnum] = reader.get_object(reference)
    if not _same_catalogue(reader, written):
        return False
    own = 1 if written.stream_xrefs else 0  # the table of references has a number too, if it is a stream
    written.objects.pop((0, reader.trailer["/Size"] - own), None) if own else None
    written._lastobj_id = reader.trailer["/Size"] - 1 - own
    written._document_id[1] = generic.ByteStringObject(identifier(pdf[:covered]))
    output = BytesIO()
    written.write(output)
    return output.getvalue() == pdf


def _same_catalogue(reader: Any, before: Any) -> bool:
    """Whether the catalogue only gained its store, and the extension that announces one."""
    plain = _spelt(before.root)
    announcing: Any = _Plain(BytesIO(before.prev.stream.getvalue()))
    announcing.register_extension(ESIC_EXTENSION_1)
    return _spelt(reader.root) in (plain, _spelt(announcing.root))


def _spelt(catalogue: Any) -> dict[str, bytes]:
    found = {}
    for key in catalogue:
        output = BytesIO()
        catalogue.raw_get(key).write_to_stream(output, None)
        found[str(key)] = output.getvalue()
    found.pop("/DSS", None)
    return found
