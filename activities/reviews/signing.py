"""Signing one report: measured once more, its data fixed, rendered, signed, kept."""

from __future__ import annotations

import asyncio
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import UUID

import rfc8785
from psycopg.types.json import Jsonb
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.documents.errors import DocumentError
from activities.documents.header import DossierHeader, SignaturePlace
from activities.documents.review import render_review
from activities.reviews.content import FORM, content_of, paper_of
from activities.reviews.figures import keep_figures
from activities.reviews.measuring import Round
from activities.signing.competence import LASTS, CompetenceDesk, Entitlement, lent_by
from activities.signing.errors import CannotSignError, SignerAwayError
from activities.signing.issuing import SignerName
from activities.signing.notary import SignedFile
from activities.signing.pausing import may_sign
from activities.signing.proofs import Signing, keep_proof, no_trouble, note_trouble, present
from models.access import roles
from models.calendar import legal_date
from models.database import Scope, transaction
from models.lifecycle.review import reports_each
from models.messages import ReportSigning, Signed
from models.record.law_of import LawOf
from models.regulations import RuleSet

if TYPE_CHECKING:
    from activities.reviews.office import ReviewOffice

FIELD = "reporter"
"""The signature field of whoever reports."""

_REPORT = text(
    "SELECT t.*, w.period, w.slot, coalesce(d.rule_id, w.rule_id) AS rule_id,"
    " coalesce(d.citation, w.citation) AS citation, coalesce(d.due_on, w.due_on) AS due_on,"
    " coalesce((d.facts ->> 'policy_date')::boolean, w.policy_date) AS policy_date, g.name AS agency,"
    " g.code AS agency_code, u.name AS authority,"
    " u.code AS authority_code, a.display_name AS signer, h.name AS signer_agency,"
    " o.display_name AS on_behalf, l.document AS delegated_by, l.valid_from AS lent_from,"
    " l.valid_to AS lent_to"
    " FROM review_reports t JOIN reviews w ON w.id = t.review_id JOIN agencies g ON g.id = t.agency_id"
    " LEFT JOIN LATERAL (SELECT * FROM duties o WHERE o.report_id = t.id AND NOT t.whole"
    "   ORDER BY o.opened_at DESC LIMIT 1) d ON true"
    " JOIN authorities u ON u.authority_id = t.authority_id LEFT JOIN accounts a ON a.id = t.signer_id"
    " LEFT JOIN agencies h ON h.id = a.agency_id LEFT JOIN accounts o ON o.id = t.on_behalf_of"
    " LEFT JOIN delegations l ON l.id = t.delegation_id WHERE t.id = :id"
)
_FIX = text(
    "UPDATE review_reports SET content = :content WHERE id = :id AND signature_id = :signature"
    " AND (content IS NULL OR content ->> 'signature' IS DISTINCT FROM :signature_text)"
)
_KEEP = text(
    "UPDATE review_reports SET document_sha256 = :document, certificate = :certificate WHERE id = :id"
    " AND signature_id = :signature AND document_sha256 IS NULL"
)


async def sign_report(office: ReviewOffice, signing: ReportSigning) -> Signed:
    """Sign; the same signature always answers the same file, once one was kept.

    A refusal by the signer is an answer; missing keys or a full disk are raised, to be tried again.
    """
    scope = Scope(signing.authority_id, everything=True)
    async with transaction(office.tools.engine, scope) as connection:
        row = (await connection.execute(_REPORT, {"id": signing.report_id})).one()
        law, _ = await office.tools.law(
            connection, LawOf.report(signing.authority_id, row.id), legal_date(signing.now)
        )
    if row.signature_id != signing.signature_id:
        return Signed(failure="signature-superseded")
    if row.document_sha256 is not None:
        return Signed(document=row.document_sha256, certificate=row.certificate)
    row = await fixed(office, signing, row, law)
    now = present(signing.now).replace(microsecond=0)
    own = signing_of(row, law)
    try:
        await may_sign(office.tools, office.notary, signing.authority_id, row.authority_code, now)
        made, document, certificate = await asyncio.get_running_loop().run_in_executor(
            office.threads, _render_and_sign, office, row, law, now
        )
    except (CannotSignError, DocumentError) as refused:
        async with transaction(office.tools.engine, scope) as connection:
            await no_trouble(connection, own.id)
        return Signed(failure=refused.code)
    except SignerAwayError as away:
        async with transaction(office.tools.engine, scope) as connection:
            await note_trouble(connection, own, away.code, now)
        raise
    async with transaction(office.tools.engine, scope) as connection:
        values = {"id": row.id, "signature": row.signature_id}
        values |= {"document": document, "certificate": certificate}
        if (await connection.execute(_KEEP, values)).rowcount:
            await keep_proof(connection, own, made, document, certificate, now)
        kept = (await connection.execute(_REPORT, {"id": row.id})).one()
    return Signed(document=kept.document_sha256, certificate=kept.certificate)


async def report_row(connection: AsyncConnection, report_id: UUID) -> Row[Any]:
    """A report with the names on its paper."""
    return (await connection.execute(_REPORT, {"id": report_id})).one()


async def fixed(office: ReviewOffice, signing: ReportSigning, row: Row[Any], law: RuleSet) -> Row[Any]:
    """The row with the data of this signature: measured now, written once."""
    if row.content is not None and row.content["signature"] == str(signing.signature_id):
        return row
    tools, scope = office.tools, Scope(signing.authority_id, everything=True)
    agency_id = None if row.whole else row.agency_id
    async with transaction(tools.engine, scope) as connection:
        laws = await tools.laws(connection, signing.authority_id, legal_date(signing.now))
    await Round(
        tools, office.threads, signing.authority_id, row.review_id, laws, signing.now, agency_id
    ).run()
    async with transaction(tools.engine, scope) as connection:
        await keep_figures(connection, row.review_id, signing.now, row.id)
        measured = (await connection.execute(_REPORT, {"id": row.id})).one()
        rule = law.slot(row.slot)
        each = rule is not None and reports_each(rule)
        content = await content_of(connection, measured, law, signing.now, each=each)
        content["signature"] = str(signing.signature_id)
        await connection.execute(
            _FIX,
            {
                "content": Jsonb(content),
                "id": row.id,
                "signature": signing.signature_id,
                "signature_text": str(signing.signature_id),
            },
        )
        return (await connection.execute(_REPORT, {"id": row.id})).one()


def signing_of(row: Row[Any], law: RuleSet) -> Signing:
    """Which signature it is, for its proof and its troubles."""
    content = sha256(rfc8785.dumps(row.content)).hexdigest()
    return Signing(
        row.signature_id, row.authority_id, "report", row.signer_id, content, law.hash, row.delegation_id
    )


def entitled(row: Row[Any], law: RuleSet) -> Entitlement:
    """Why the report is its signer's to give: the rule it is owed under."""
    return Entitlement(
        row.authority_id, row.authority, row.signer_role, law.hash, (row.rule_id,), lent_by(row)
    )


def rendered(row: Row[Any], now: datetime) -> bytes:
    """The report as it is signed, from the data that were fixed for its signature."""
    place = capacity_of(row)[1]
    header = DossierHeader(
        code=f"BC-{row.signature_id.hex[:16].upper()}",
        managing_authority=row.authority,
        employing_unit=row.agency,
        revision=1,
        form=FORM,
        places=(place,),
    )
    return render_review(paper_of(row.content), row.citation, header, rfc8785.dumps(row.content), now)


def _render_and_sign(
    office: ReviewOffice, row: Row[Any], law: RuleSet, now: datetime
) -> tuple[SignedFile, str, str]:
    post, _, reason = capacity_of(row)
    pdf = rendered(row, now)
    name = SignerName(row.signer, row.signer_agency, post, str(row.signer_id))
    signer = office.signers.signer_for(name)
    desk = CompetenceDesk(office.signers, office.notary.trust)
    made = office.notary.sign(
        signer,
        pdf,
        field=FIELD,
        reason=reason,
        location=row.signer_agency,
        signed_at=now,
        level=office.notary.level_of(row.authority_code),
        competence=desk.statement(entitled(row, law), signer.certificate.name, pdf, FIELD, now, now + LASTS),
    )
    stored = office.store.put(row.authority_id, made.pdf, "application/pdf")
    return made, stored.sha256, signer.certificate.sha256


def capacity_of(row: Any) -> tuple[str, SignaturePlace, str]:
    """As what the signer signs: the post in the certificate, the place on the paper, the signature's reason.

    Whoever signs by delegation is not the delegator: the place stands under the delegator's post ("TUQ.",
    Nghị định 30/2020/NĐ-CP), and both names and the document that lent the right stand on the paper.
    """
    post, reason = roles().roles[row.signer_role].vi, "Báo cáo rà soát dữ liệu"
    if row.on_behalf_of is None:
        return post, SignaturePlace(FIELD, post, "(Ký số)", dated=True, name=row.signer), reason
    lent = f"thừa uỷ quyền của {row.on_behalf} theo {row.delegated_by}"
    place = SignaturePlace(FIELD, f"TUQ. {post}", f"(Ký số, {lent})", dated=True, name=row.signer)
    return "Người được uỷ quyền ký báo cáo", place, f"{reason}, {lent} (TUQ.)"
