"""What is recorded with a signature, and what keeps one from being made: rows beside the approval's own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid5

from psycopg.types.json import Jsonb
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from activities.signing.notary import SignedFile

_MATERIAL = text(
    "INSERT INTO signature_materials (authority_id, sha256, kind, content)"
    " VALUES (:authority, :sha256, :kind, :content) ON CONFLICT DO NOTHING"
)
_PROOF = text(
    "INSERT INTO signature_proofs (id, authority_id, kind, document_sha256, content_digest, level,"
    " certificate, chain, answers, token, rule_set_hash, delegation_id, signed_at, stamped_at)"
    " VALUES (:id, :authority, :kind, :document, :digest, :level, :certificate, :chain, :answers, :token,"
    " :rules, :delegation, :signed_at, :stamped_at) ON CONFLICT DO NOTHING"
)
_ARCHIVED = text(
    "INSERT INTO archived_files (authority_id, document_sha256, current_sha256, ends_at, renewals,"
    " renewed_at) VALUES (:authority, :document, :document, :ends_at, 0, :now) ON CONFLICT DO NOTHING"
)
_TROUBLE = text(
    "INSERT INTO signing_troubles AS t (id, authority_id, kind, signer_id, reason, since, tried_at, tries)"
    " VALUES (:id, :authority, :kind, :signer, :reason, :now, :now, 1) ON CONFLICT (id) DO UPDATE"
    " SET reason = excluded.reason, tried_at = excluded.tried_at, tries = t.tries + 1"
)
_SETTLED = text("DELETE FROM signing_troubles WHERE id = :id")


@dataclass(frozen=True, slots=True)
class Signing:
    """Which signature: of an approval, a report, a list or an export."""

    id: UUID
    authority_id: UUID
    kind: str
    signer_id: UUID | None
    digest: str
    """SHA-256 of the canonical JSON that is signed."""
    rule_set_hash: str | None = None
    delegation_id: UUID | None = None


def sealing(signing: Signing) -> Signing:
    """The agency's seal on a file that a person has signed: a signature of its own, by nobody's hand."""
    return replace(signing, id=uuid5(signing.id, "seal"), signer_id=None, delegation_id=None)


async def keep_proof(
    connection: AsyncConnection,
    signing: Signing,
    made: SignedFile,
    document: str,
    certificate: str,
    at: datetime,
) -> None:
    """Record what proves a signature, in the transaction that records the signed file itself.

    Args:
        document, certificate: SHA-256 of the file as stored and of the signer's certificate.
    """
    answers = [one for one in (made.signer, made.authority) if one is not None]
    materials = [("certificate", c) for one in answers for c in one.chain]
    found = [("ocsp", o) for one in answers for o in one.ocsps]
    found += [("crl", c) for one in answers for c in one.crls]
    stamped = [("timestamp", made.token)] if made.token else []
    for kind, content in sorted({*materials, *found, *stamped}):  # one order, so that none waits for another
        values = {"authority": signing.authority_id, "sha256": address(content), "kind": kind}
        await connection.execute(_MATERIAL, {**values, "content": content})
    await connection.execute(
        _PROOF,
        {
            "id": signing.id,
            "authority": signing.authority_id,
            "kind": signing.kind,
            "document": document,
            "digest": signing.digest,
            "level": str(made.level),
            "certificate": certificate,
            "chain": Jsonb([address(one) for one in made.signer.chain] if made.signer else []),
            "answers": Jsonb(list(dict.fromkeys(address(one) for _, one in found))),
            "token": address(made.token) if made.token else None,
            "rules": signing.rule_set_hash,
            "delegation": signing.delegation_id,
            "signed_at": at,
            "stamped_at": made.stamped_at,
        },
    )
    if made.archive_ends is not None:
        values = {"authority": signing.authority_id, "document": document, "now": at}
        await connection.execute(_ARCHIVED, {**values, "ends_at": made.archive_ends})
    await connection.execute(_SETTLED, {"id": signing.id})


async def note_trouble(connection: AsyncConnection, signing: Signing, reason: str, now: datetime) -> None:
    """Show to approver and administrator that a signature waits, for what, since when."""
    await connection.execute(
        _TROUBLE,
        {
            "id": signing.id,
            "authority": signing.authority_id,
            "kind": signing.kind,
            "signer": signing.signer_id,
            "reason": reason,
            "now": now,
        },
    )


async def no_trouble(connection: AsyncConnection, signature: UUID) -> None:
    """The signature waits no more: it was made, or refused."""
    await connection.execute(_SETTLED, {"id": signature})


def present(asked_at: datetime) -> datetime:
    """The instant of this attempt: an activity tried again after hours must not sign with the first hour.

    By the engine's own clock, which in a demonstration is the only one that knows what day it is.
    """
    if not activity.in_activity():
        return asked_at
    info = activity.info()
    waited = info.current_attempt_scheduled_time - info.scheduled_time
    return asked_at + max(waited, timedelta(0)) if info.attempt > 1 else asked_at


def address(content: bytes) -> str:
    """SHA-256, hex."""
    return sha256(content).hexdigest()
