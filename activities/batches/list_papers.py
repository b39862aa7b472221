"""The paper of an approval list's signing session: the very file that was shown."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text

from activities.signing.competence import Entitlement, lent_by
from activities.signing.papers import Paper
from activities.signing.proofs import Signing
from models.access import roles
from models.calendar import legal_date
from models.database import Scope, transaction
from models.documents import DocumentStore
from models.lifecycle.month import OPENING
from models.lifecycle.steps import LAST_FIELD
from models.record.law_of import LawOf
from models.record.tools import Tools
from models.regulations import RuleSet

REASON = "Phê duyệt danh sách dữ liệu hồ sơ"

_LIST = text(
    "SELECT l.id, l.authority_id, l.account_id, l.account_role, l.digest, l.prepared_sha256,"
    " l.on_behalf_of, l.delegation_id, a.display_name, g.name AS agency, b.display_name AS on_behalf,"
    " u.code AS authority_code, u.name AS authority, d.document AS delegated_by, d.valid_from AS lent_from,"
    " d.valid_to AS lent_to, m.kind, m.agency_id AS list_agency FROM approval_lists l"
    " JOIN agency_months m ON m.id = l.agency_month_id"
    " JOIN accounts a ON a.id = l.account_id JOIN agencies g ON g.id = a.agency_id"
    " JOIN authorities u ON u.authority_id = l.authority_id"
    " LEFT JOIN accounts b ON b.id = l.on_behalf_of LEFT JOIN delegations d ON d.id = l.delegation_id"
    " WHERE l.id = :id"
)


@dataclass(frozen=True, slots=True)
class ListPapers:
    """Shown is signed: nothing is rendered again."""

    tools: Tools
    store: DocumentStore

    async def paper(self, session: Row[Any], now: datetime) -> Paper:
        """See ``PaperSource``."""
        scope = Scope(session.authority_id, everything=True)
        async with transaction(self.tools.engine, scope) as connection:
            row = (await connection.execute(_LIST, {"id": session.document_id})).one()
            law, _ = await self.tools.law(
                connection, LawOf.unit(session.authority_id, row.list_agency), legal_date(now)
            )
        post, reason = capacity(row.account_role, row.on_behalf, row.delegated_by)
        return Paper(
            signing=Signing(
                row.id, row.authority_id, "list", row.account_id, row.digest, law.hash, row.delegation_id
            ),
            authority_code=row.authority_code,
            field=LAST_FIELD,
            signer=row.display_name,
            post=post,
            agency=row.agency,
            reason=reason,
            make=lambda _now: self.store.get(row.authority_id, row.prepared_sha256),
            why=entitled(row, row.account_role, row.kind, law),
            several=True,
        )


def entitled(row: Row[Any], role: str, kind: str, law: RuleSet) -> Entitlement:
    """Why a list is its signer's to approve: the rule that its kind is approved under."""
    slots = OPENING[kind]
    rule = law.slot(slots[0]) if slots else None
    rules = tuple(rule.rule_ids) if rule is not None else ()
    return Entitlement(row.authority_id, row.authority, role, law.hash, rules, lent_by(row))


def capacity(role: str, on_behalf: str | None, document: str | None) -> tuple[str, str]:
    """As what a list is signed and why: words of the certificate and of the visible mark."""
    if on_behalf is None:
        return roles().roles[role].vi, REASON
    reason = f"{REASON}, thừa uỷ quyền (TUQ.) của {on_behalf} theo {document}"
    return "Người được uỷ quyền phê duyệt", reason
