"""The paper of a report's signing session: measured and fixed once, rendered from what was fixed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Row

from activities.reviews.office import ReviewOffice
from activities.reviews.signing import FIELD, capacity_of, entitled, fixed, rendered, report_row, signing_of
from activities.signing.errors import CannotSignError
from activities.signing.papers import Paper
from models.calendar import legal_date
from models.database import Scope, transaction
from models.messages import ReportSigning
from models.record.law_of import LawOf


@dataclass(frozen=True, slots=True)
class ReportPapers:
    """As the office signs a report with a key at hand, up to the signature."""

    office: ReviewOffice

    async def paper(self, session: Row[Any], now: datetime) -> Paper:
        """See ``PaperSource``.

        Raises:
            CannotSignError: ``signature-superseded``.
        """
        scope = Scope(session.authority_id, everything=True)
        async with transaction(self.office.tools.engine, scope) as connection:
            row = await report_row(connection, session.document_id)
            law, _ = await self.office.tools.law(
                connection, LawOf.report(session.authority_id, row.id), legal_date(now)
            )
        if row.signature_id is None or row.signer_id != session.account_id:
            raise CannotSignError("signature-superseded", "another signature was asked for meanwhile")
        request = ReportSigning(
            authority_id=session.authority_id, report_id=row.id, signature_id=row.signature_id, now=now
        )
        row = await fixed(self.office, request, row, law)
        post, _, reason = capacity_of(row)
        return Paper(
            signing=signing_of(row, law),
            authority_code=row.authority_code,
            field=FIELD,
            signer=row.signer,
            post=post,
            agency=row.signer_agency,
            reason=reason,
            make=partial(rendered, row),
            why=entitled(row, law),
        )
