"""What the national database answered, kept as it came: evidence, once for each different answer."""

from hashlib import sha256
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.national.adapter import Receipt
from models.messages import Batch
from models.record.tools import Tools

_KEPT = text("SELECT 1 FROM national_receipts WHERE submission_id = :submission AND sha256 = :digest")
_KEEP = text(
    "INSERT INTO national_receipts (id, authority_id, submission_id, agency_id, sha256, size, received_at,"
    " items, settled, sealed, key_id) VALUES (:id, :authority, :submission, :agency, :digest, :size, :now,"
    " :items, :settled, :sealed, :key) ON CONFLICT DO NOTHING"
)


async def keep_receipt(
    connection: AsyncConnection, tools: Tools, batch: Batch, submission_id: UUID, receipt: Receipt
) -> None:
    """Keep it under its hash, in the transaction that writes what follows from it.

    An answer that only says "still waiting" says nothing that a later one does not say: it is not kept.
    """
    settled = sum(one.settled for one in receipt.items)
    digest = sha256(receipt.raw).hexdigest()
    about = {"submission": submission_id, "digest": digest}
    if not settled or await connection.scalar(_KEPT, about):
        return
    row_id = uuid5(submission_id, digest)
    sealed = tools.cipher.seal(batch.authority_id, "national_receipts", row_id, "sealed", receipt.raw)
    await connection.execute(
        _KEEP,
        {
            **about,
            "id": row_id,
            "authority": batch.authority_id,
            "agency": batch.agency_id,
            "size": len(receipt.raw),
            "now": batch.now,
            "items": len(receipt.items),
            "settled": settled,
            "sealed": sealed.data,
            "key": sealed.key_id,
        },
    )
