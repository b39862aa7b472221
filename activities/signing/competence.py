"""The record of competence that goes into a signature: why it is this signer's to give, attested by the
managing authority's seal (see ``models/evidence/competence.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

from pyhanko.pdf_utils.reader import PdfFileReader

from activities.signing.errors import CannotSignError, SignerAwayError
from activities.signing.issuing import SignerName
from activities.signing.keystore import KeystoreError
from activities.signing.signer import KeySigner, Signers
from models.evidence import TrustList
from models.evidence.attachment import stated_in
from models.evidence.competence import CompetenceRecord, Delegation, is_known_seal
from models.logs import logger

LASTS = timedelta(hours=1)
"""How long after the record its signature may be given: it is made at once, a timestamp may be late."""

log = logger("signing")


@dataclass(frozen=True, slots=True)
class Entitlement:
    """Why a signature is somebody's to give, as the act that asked for it found.

    Args:
        authority_id, authority: whose seal attests it. role: of ``access/roles.yaml``, under which was asked.
        rule_set: hash of the rules in force. rules: their ids. lent: the delegation, where one signs for
        another.
    """

    authority_id: UUID
    authority: str
    role: str
    rule_set: str
    rules: tuple[str, ...]
    lent: Delegation | None = None


def lent_by(row: Any) -> Delegation | None:
    """The delegation of a row that names ``on_behalf``, ``delegated_by``, ``lent_from`` and ``lent_to``."""
    if row.on_behalf is None:
        return None
    return Delegation(row.on_behalf, row.delegated_by, row.lent_from, row.lent_to)


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
        self,
        why: Entitlement,
        signer: SignerName,
        pdf: bytes,
        place: str,
        now: datetime,
        until: datetime,
        stated: tuple[str, str] | None = None,
    ) -> str:
        """The attested record for one signature; empty without a seal.

        Args:
            why: what the act that asked for the signature stood on.
            signer: the subject of the certificate that signs.
            pdf: what is about to be signed. place: the field.
            now: when it was found competent. until: the last instant at which it may be signed.
            stated: code and digest of the document, where whoever made it just now knows them; what does not
                agree with it is refused when the signed file is judged.
        """
        try:
            seal = self.signers.seal_for(str(why.authority_id), why.authority)
            if not isinstance(seal, KeySigner):
                return ""
            document = stated or stated_in(PdfFileReader(BytesIO(pdf)))
            record = _record(why, signer, document, place, now, until)
            attested = seal.attest(record.canonical(), now)
        except (CannotSignError, SignerAwayError, KeystoreError) as error:
            log.warning("competence.no_seal", code=error.code)
            return ""
        chain = tuple(one.dump() for one in seal.certificates)
        day = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return attested if is_known_seal(chain, record.authority, self.trust, day) else ""


def _record(
    why: Entitlement,
    signer: SignerName,
    stated: tuple[str | None, str | None],
    place: str,
    now: datetime,
    until: datetime,
) -> CompetenceRecord:
    code, digest = stated
    return CompetenceRecord(
        document=code or "",
        digest=digest or "",
        field=place,
        account=signer.serial,
        name=signer.common_name,
        post=signer.post,
        agency=signer.organisation,
        role=why.role,
        rule_set=why.rule_set,
        rules=why.rules,
        citation="; ".join(why.rules),
        starts_at=now,
        ends_at=until,
        authority=str(why.authority_id),
        authority_name=why.authority,
        delegation=why.lent,
    )
