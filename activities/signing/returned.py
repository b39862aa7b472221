"""A whole file back from a signing agent: taken only if it is what was given out, and one signature.

What a local agent does to a file is its own affair; what is accepted is judged from the bytes: those prepared
are an exact prefix, and the rest is one incremental update with one signature, in the field foreseen, by the
certificate of the session, valid as the reader's own rules say (``models.evidence``).
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from io import BytesIO

from asn1crypto import cms
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY, ModificationLevel, SuspiciousModification
from pyhanko.sign.fields import MDPPerm

from activities.signing.errors import CannotSignError
from models.evidence import TrustList, verify


def accepted(
    prepared: bytes,
    returned: bytes,
    *,
    field: str,
    certificate: str,
    trust: TrustList,
    at: datetime,
) -> None:
    """Refuse a file that is not the prepared one with exactly the signature that was asked for.

    Args:
        certificate: SHA-256 of the session's certificate, in hex.
        at: the present moment; a signature dated later is refused.

    Raises:
        CannotSignError: ``not-the-prepared-document``, ``not-one-signature``, ``other-field``,
            ``changed-beside-the-signature``, ``other-certificate``, or ``signature-not-valid`` with what
            verification found.
    """
    if not returned.startswith(prepared) or len(returned) == len(prepared):
        raise CannotSignError("not-the-prepared-document", "the file is not the one that was given out")
    try:
        before, after = PdfFileReader(BytesIO(prepared)), PdfFileReader(BytesIO(returned))
        had, has = before.embedded_signatures, after.embedded_signatures
        updates = after.xrefs.total_revisions - before.xrefs.total_revisions
    except (PdfError, ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise CannotSignError("signature-not-valid", "the file cannot be read") from error
    if updates != 1 or len(has) != len(had) + 1:
        raise CannotSignError("not-one-signature", "the file has more or less than one signature added")
    added = has[-1]
    if added.field_name != field:
        raise CannotSignError("other-field", "the signature stands in another field")
    if not _only_signs(after, before.xrefs.total_revisions - 1, field):
        raise CannotSignError("changed-beside-the-signature", "the update changes more than its field")
    if sha256(added.signer_cert.dump()).hexdigest() != certificate:
        raise CannotSignError("other-certificate", "the signature is of another certificate")
    valid(returned, trust, at)


def _only_signs(returned: PdfFileReader, prepared: int, field: str) -> bool:
    """Whether what was added since a revision fills that one field (ISO 32000-2, 12.8.2.2, level 2).

    Verification compares with signed revisions only: for the first signature of a file there is none.
    """
    try:
        found = DEFAULT_DIFF_POLICY.review_file(returned, prepared, doc_mdp=MDPPerm.FILL_FORMS)
    except (PdfError, ValueError, TypeError, KeyError, IndexError, AttributeError):
        return False
    if isinstance(found, SuspiciousModification):
        return False
    return found.modification_level <= ModificationLevel.FORM_FILLING and found.changed_form_fields == {field}


def valid(signed: bytes, trust: TrustList, at: datetime) -> None:
    """Refuse a signed file that a reader would not accept: our own validation of the whole of it.

    Raises:
        CannotSignError: ``signature-not-valid``; the message names the reader's problem codes.
    """
    verdict = verify(signed, trust, at=at)
    if not verdict.valid:
        codes = ", ".join(sorted({one.code for one in verdict.problems}))
        raise CannotSignError("signature-not-valid", codes or "not valid")


def newest_timestamp(pdf: bytes) -> tuple[bytes, datetime]:
    """The token of a file's last document timestamp, DER, and its instant."""
    stamp = PdfFileReader(BytesIO(pdf)).embedded_timestamp_signatures[-1]
    token = cms.ContentInfo.load(stamp.pkcs7_content)
    made: datetime = token["content"]["encap_content_info"]["content"].parsed["gen_time"].native
    return token.dump(), made
