"""The record of competence that goes into a signature: why it is this signer's to give, attested by the
managing authority's seal (see ``models/evidence/competence.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from pyhanko.pdf_utils.reader import PdfFileReader

from activities.signing.errors import CannotSignError, SignerAwayError
from activities.signing.issuing import SignerName
from activities.signing.keystore import KeystoreError
from activities.signing.signer import KeySigner, Signers
from models.evidence import TrustList
from models.evidence.attachment import read_statement
from models.evidence.competence import CompetenceRecord, Delegation, is_known_seal
from models.logs import logger

LASTS = timedelta(hours=1)
"""How long after the record its signature may be given: it is made at once, a timestamp may be late."""

log = logger("signing")


@dataclass(frozen=True, slots=True)
class CompetenceDesk:
    """Writes records and has them attested.

    Where no seal is at hand, or the reader's trust list does not know it, the signature goes without a
    record, and whoever verifies is told that its competence is unknown: a person's approval does not wait
    for an agency's seal.
    """

    signers: Signers
    trust: TrustList

    def statement(
        self, row: Any, signer: SignerName, pdf: bytes, place: str, now: datetime, until: datetime
    ) -> str:
        """The attested record for one signature; empty without a seal.

        Args:
            row: the approval, with the names of ``APPROVAL``.
            signer: the subject of the certificate that signs.
            pdf: what is about to be signed. place: the field.
            now: when it was found competent. until: the last instant at which it may be signed.
        """
        try:
            seal = self.signers.seal_for(str(row.authority_id), row.authority)
            if not isinstance(seal, KeySigner):
                return ""
            record = _record(row, signer, pdf, place, now, until)
            attested = seal.attest(record.canonical(), now)
        except (CannotSignError, SignerAwayError, KeystoreError) as error:
            log.warning("competence.no_seal", code=error.code)
            return ""
        chain = tuple(one.dump() for one in seal.certificates)
        day = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return attested if is_known_seal(chain, record.authority, self.trust, day) else ""


def _record(
    row: Any, signer: SignerName, pdf: bytes, place: str, now: datetime, until: datetime
) -> CompetenceRecord:
    stated = read_statement(PdfFileReader(BytesIO(pdf)))
    lent = None
    if row.on_behalf_of is not None:
        lent = Delegation(row.on_behalf, row.delegated_by, row.lent_from, row.lent_to)
    return CompetenceRecord(
        document=stated.code or "",
        digest=stated.digest or "",
        field=place,
        account=signer.serial,
        name=signer.common_name,
        post=signer.post,
        agency=signer.organisation,
        role=row.approver_role,
        rule_set=row.rule_set_hash,
        rules=tuple(row.rule_ids),
        citation="; ".join(row.rule_ids),
        starts_at=now,
        ends_at=until,
        authority=str(row.authority_id),
        authority_name=row.authority,
        delegation=lent,
    )
