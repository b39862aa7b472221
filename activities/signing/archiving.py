"""Document timestamps (ETSI EN 319 142-1, 5.5): over the whole file, again and again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

from asn1crypto import crl, ocsp
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers import PdfTimeStamper
from pyhanko.sign.validation.dss import DocumentSecurityStore

from activities.documents.revision import Revision
from activities.signing.assurance import MARGIN
from activities.signing.errors import CannotSignError
from activities.signing.pades import DIGEST
from activities.signing.status import StatusAnswer
from activities.signing.timestamping import Stamper
from models.evidence.algorithms import current_policy


async def add_document_timestamp(
    pdf: bytes, stamper: Stamper, answers: Sequence[StatusAnswer], room: int
) -> bytes:
    """One more revision: the answers into the security store, then a timestamp over everything.

    Args:
        room: bytes of a token of this authority.

    Raises:
        NotNowError: the timestamp authority gives none.
        CannotSignError: ``signature-failed``, the file cannot be read.
    """
    try:
        writer = Revision(BytesIO(pdf))
        if answers:
            DocumentSecurityStore.supply_dss_in_writer(
                writer,
                None,
                paths=[one.path for one in answers],
                ocsps=[ocsp.OCSPResponse.load(o) for one in answers for o in one.ocsps],
                crls=[crl.CertificateList.load(c) for one in answers for c in one.crls],
            )
        output: Any = await PdfTimeStamper(stamper).async_timestamp_pdf(
            writer, DIGEST, bytes_reserved=2 * (room + MARGIN), output=BytesIO()
        )
    except (PdfError, SigningError, ValueError, TypeError, KeyError, IndexError) as error:
        raise CannotSignError(
            "signature-failed", f"the document cannot be timestamped: {type(error).__name__}"
        ) from error
    return bytes(output.getvalue())


def archive_ends(pdf: bytes) -> datetime:
    """Until when the newest document timestamp proves: its certificate's end, or its algorithm's.

    Raises:
        CannotSignError: ``signature-failed``, there is none.
    """
    stamps = PdfFileReader(BytesIO(pdf)).embedded_timestamp_signatures
    if not stamps:
        raise CannotSignError("signature-failed", "the document has no archive timestamp")
    return current_policy().lasts([stamps[-1].signer_cert])
