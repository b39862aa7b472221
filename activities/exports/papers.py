"""The paper of an export's signing session: the dossier for the person's key, the agency's seal after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Row

from activities.exports.office import KEEP, ExportOffice, capacity_of, entitled, signing_of
from activities.signing.errors import CannotSignError
from activities.signing.papers import Paper
from models.lifecycle.exporting import AGENCY, AUTHORITY


@dataclass(frozen=True, slots=True)
class ExportPapers:
    """As the office makes an export with keys at hand, but for the person's own signature."""

    office: ExportOffice

    async def paper(self, session: Row[Any], now: datetime) -> Paper:
        """See ``PaperSource``.

        Raises:
            CannotSignError: ``content-mismatch``; ``signature-superseded``, it is not being made any more.
        """
        taken = await self.office.taken(session.authority_id, session.document_id, now)
        row = taken.row
        if row.state == "failed" or row.asked_by != session.account_id:
            raise CannotSignError("signature-superseded", "the export is not being made any more")
        post, reason = capacity_of(row)
        sealed = AGENCY in row.places
        return Paper(
            signing=signing_of(row),
            authority_code=row.authority_code,
            field=AUTHORITY,
            signer=row.signer,
            post=post,
            agency=row.signer_agency,
            reason=reason,
            make=partial(self.office.rendered, taken),
            why=entitled(row),
            after=partial(self.office.signed, row, AGENCY) if sealed else None,
            keep=KEEP,
            kept=row.document_sha256,
        )
