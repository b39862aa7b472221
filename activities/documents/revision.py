"""An incremental update that adds objects and leaves the rest of the file as it stands."""

from __future__ import annotations

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter


class Revision(IncrementalPdfFileWriter):
    """pyHanko would rewrite title, producer and dates with the machine's clock at every update.

    Here the metadata stay as they were typeset: the legal instant is ours to give, the two copies (XMP and
    information dictionary, ISO 19005-3, 6.6.2.3) stay equal, and the same input gives the same bytes.
    """

    def _update_meta(self) -> None:
        return
