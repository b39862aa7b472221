"""One signature for a whole list: the document that was shown is signed, and everything on it approved."""

import asyncio
from dataclasses import replace
from uuid import UUID, uuid5

from sqlalchemy import text

from activities.batches.beating import beating, step
from activities.batches.list_papers import capacity, entitled
from activities.batches.progress import Progress
from activities.signing.competence import LASTS, CompetenceDesk
from activities.signing.errors import CannotSignError, SignerAwayError
from activities.signing.issuing import SignerName
from activities.signing.notary import SignedFile
from activities.signing.office import SigningOffice
from activities.signing.pausing import may_sign
from activities.signing.proofs import Signing, keep_proof, no_trouble, note_trouble, present
from models.database import Scope, transaction
from models.lifecycle.scene import Scene
from models.lifecycle.steps import LAST_FIELD
from models.messages import Ask, Batch, BatchResult
from models.record.act import act
from models.record.listing import Case, record_list
from models.record.tools import Tools

_SIGNER = text(
    "SELECT l.prepared_sha256, l.authority_id, a.display_name, g.name AS agency, b.display_name AS on_behalf,"
    " u.code AS authority_code, u.name AS authority, d.document AS delegated_by, d.valid_from AS lent_from,"
    " d.valid_to AS lent_to, s.document AS outside, c.sha256 AS certificate"
    " FROM approval_lists l JOIN accounts a ON a.id = l.account_id"
    " JOIN authorities u ON u.authority_id = l.authority_id"
    " JOIN agencies g ON g.id = a.agency_id LEFT JOIN accounts b ON b.id = :on_behalf"
    " LEFT JOIN delegations d ON d.id = :delegation"
    " LEFT JOIN signing_sessions s ON s.list_id = l.id AND s.completed_by = :command"
    " AND s.state = 'completing' LEFT JOIN certificates c ON c.id = s.certificate_id WHERE l.id = :id"
)


async def sign_list(tools: Tools, signing: SigningOffice, batch: Batch, list_id: UUID) -> BatchResult:
    """Sign and approve the list, wholly or not at all; why not is written beside it.

    Raises:
        SignerAwayError: the key cannot be reached now; nothing was signed, it is tried again.
    """
    assert batch.command_id is not None

    async def sign(case: Case, scene: Scene) -> tuple[str, str]:
        return await _signed(tools, signing, batch, case, scene)

    try:
        recorded = await record_list(
            tools,
            authority_id=batch.authority_id,
            month_id=batch.agency_month_id,
            command_id=batch.command_id,
            list_id=list_id,
            now=batch.now,
            sign=sign,
            tell=Progress(tools, batch).tell,
        )
        failure = recorded.failure
    except CannotSignError as refused:
        failure = refused.code
    if not failure:
        return BatchResult(done=recorded.approved)
    await fail_list(tools, batch, list_id, failure)
    return BatchResult()


async def fail_list(tools: Tools, batch: Batch, list_id: UUID, reason: str) -> None:
    """Write down that a list came to nothing, and why; what stood on it waits as before."""
    await act(
        tools,
        Ask(
            authority_id=batch.authority_id,
            subject="agency_month",
            subject_id=batch.agency_month_id,
            internal="list_failed",
            now=batch.now,
            facts={"list": str(list_id), "reason": reason},
            bulk=True,
        ),
    )


async def _signed(
    tools: Tools, signing: SigningOffice, batch: Batch, case: Case, scene: Scene
) -> tuple[str, str]:
    """The shown document with its signature, kept; and the certificate's fingerprint."""
    shown = case.month.shown
    assert shown is not None
    named = {"id": shown.id, "on_behalf": scene.on_behalf_of, "delegation": scene.delegation_id}
    named["command"] = case.command.id
    async with transaction(tools.engine, Scope(batch.authority_id, everything=True)) as connection:
        row = (await connection.execute(_SIGNER, named)).one()
    if row.outside is not None:
        return row.outside, row.certificate  # signed in a session, judged and kept
    post, reason = capacity(scene.actor_role, row.on_behalf, row.delegated_by)
    name = SignerName(row.display_name, row.agency, post, str(scene.actor_id))

    assert shown.digest is not None, "a list is signed as it was shown"
    now = present(batch.now).replace(microsecond=0)
    own = Signing(
        shown.id,
        batch.authority_id,
        "list",
        scene.actor_id,
        shown.digest,
        scene.law.hash,
        scene.delegation_id,
    )

    def work() -> tuple[SignedFile, str, str]:
        signer = signing.signers.signer_for(name)
        pdf = signing.store.get(batch.authority_id, row.prepared_sha256)
        why = entitled(row, scene.actor_role, case.month.kind, scene.law)
        desk = CompetenceDesk(signing.signers, signing.notary.trust)
        made = signing.notary.sign(
            signer,
            pdf,
            field=LAST_FIELD,
            reason=reason,
            location=row.agency,
            signed_at=now,
            level=signing.notary.level_of(row.authority_code),
            competence=desk.statement(why, signer.certificate.name, pdf, LAST_FIELD, now, now + LASTS),
        )
        stored = signing.store.put(batch.authority_id, made.pdf, "application/pdf")
        return made, stored.sha256, signer.certificate.sha256

    scope = Scope(batch.authority_id, everything=True)
    try:
        await may_sign(tools, signing.notary, batch.authority_id, row.authority_code, now)
        async with beating(step("signing")):
            loop = asyncio.get_running_loop()
            made, document, certificate = await loop.run_in_executor(signing.threads, work)
    except SignerAwayError as away:
        async with transaction(tools.engine, scope) as connection:
            await note_trouble(connection, own, away.code, now)
        raise
    except CannotSignError:
        async with transaction(tools.engine, scope) as connection:
            await no_trouble(connection, own.id)
        raise
    # Before the approvals that rest on it, under the document's own id: an attempt whose approvals come to
    # nothing signs anew, and each signature that was made has its proof.
    mine = replace(own, id=uuid5(shown.id, document))
    async with transaction(tools.engine, scope) as connection:
        await keep_proof(connection, mine, made, document, certificate, now)
        await no_trouble(connection, own.id)
    return document, certificate
