"""An incremental update that adds objects and leaves the rest of the file as it stands."""

from __future__ import annotations

from typing import Any

from pyhanko.pdf_utils import generic as untyped_generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from models.evidence.tail import identifier

generic: Any = untyped_generic


class Revision(IncrementalPdfFileWriter):
    """pyHanko would rewrite title, producer and dates with the machine's clock at every update.

    Here the metadata stay as they were typeset: the legal instant is ours to give, the two copies (XMP and
    information dictionary, ISO 19005-3, 6.6.2.3) stay equal, and the same input gives the same bytes. The
    changing half of the file's identifier comes from content too, where pyHanko draws it at random: whoever
    verifies knows what must stand there.
    """

    @classmethod
    def _handle_id(cls, prev: Any) -> Any:
        """pyHanko's hook for the identifier; it offers no other way in."""
        inherited: Any = super()._handle_id
        kept = inherited(prev)
        prev.stream.seek(0)
        return generic.ArrayObject([kept[0], generic.ByteStringObject(identifier(prev.stream.read()))])

    def _update_meta(self) -> None:
        return
