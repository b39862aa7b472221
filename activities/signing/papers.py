"""What a signing session's document is, by kind: its bytes, its signer as printed, where its file is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from sqlalchemy import Row, TextClause, text

from activities.documents.profile import render_profile
from activities.signing.competence import Entitlement
from activities.signing.errors import CannotSignError
from activities.signing.notary import SignedFile
from activities.signing.office import APPROVAL, capacity_of, entitled, header_of, signing_of
from activities.signing.proofs import Signing
from models.calendar import legal_date
from models.database import Scope, transaction
from models.documents import DocumentStore
from models.form import canonical, digest
from models.lifecycle.steps import LAST_FIELD
from models.record.law_of import LawOf
from models.record.load import content_of
from models.record.tools import Tools


@dataclass(frozen=True, slots=True)
class Paper:
    """One document as a session signs it.

    ``make`` gives the bytes before the signature, at an instant; it runs in a thread. ``after`` adds the
    signature that follows the person's (an agency's seal) and answers the file with the certificate used.
    """

    signing: Signing
    authority_code: str
    field: str
    signer: str
    post: str
    agency: str
    reason: str
    make: Callable[[datetime], bytes]
    why: Entitlement
    """What makes it this signer's to give, for the record of competence."""
    after: Callable[[bytes, datetime], tuple[SignedFile, str]] | None = None
    keep: TextClause | None = None
    """Writes the file's hash where else it belongs, by ``id``: ``document``, ``certificate`` (the session's)
    and ``certificates`` (all of them, JSON).
    """
    kept: str | None = None
    """The file of an earlier attempt, if it was kept elsewhere than in the session's own row."""
    several: bool = False
    """Whether a signature over it may come to nothing and be made again, each with a proof of its own."""


class PaperSource(Protocol):
    """Who knows one kind of document."""

    async def paper(self, session: Row[Any], now: datetime) -> Paper:
        """The document of a session.

        Raises:
            CannotSignError: it is no longer what was to be signed.
        """
        ...


Papers = Mapping[str, PaperSource]
"""Sources by the session's kind."""

_KEEP = text(
    "UPDATE approvals SET document_sha256 = :document, certificate = :certificate"
    " WHERE id = :id AND document_sha256 IS NULL"
)


@dataclass(frozen=True, slots=True)
class ApprovalPapers:
    """The rendered form, or the file that earlier steps of its chain have signed."""

    tools: Tools
    store: DocumentStore

    async def paper(self, session: Row[Any], now: datetime) -> Paper:
        """See ``PaperSource``.

        Raises:
            CannotSignError: ``content-mismatch``.
        """
        scope = Scope(session.authority_id, everything=True)
        async with transaction(self.tools.engine, scope) as connection:
            row = (await connection.execute(APPROVAL, {"id": session.document_id})).one()
            content = await content_of(connection, self.tools, session.authority_id, row.revision_id)
            # The words of the form are those of the lists in force.
            await self.tools.law(connection, LawOf.authority(session.authority_id), legal_date(now))
        if digest(content) != row.digest:
            raise CannotSignError("content-mismatch", "the revision's content is not what its hash says")
        post, reason = capacity_of(row)
        return Paper(
            signing=signing_of(row),
            authority_code=row.authority_code,
            field=row.facts.get("field", LAST_FIELD),
            signer=row.approver,
            post=post,
            agency=row.approver_agency,
            reason=reason,
            make=partial(self._make, row, content),
            why=entitled(row),
            keep=_KEEP,
            kept=row.document_sha256,
        )

    def _make(self, row: Row[Any], content: dict[str, Any], now: datetime) -> bytes:
        if row.follows is not None:
            return self.store.get(row.authority_id, row.follows)
        return render_profile(content, header_of(row), canonical(content), now)
