"""Whether an RFC 3161 token vouches for bytes, offline, against a trust list."""

import asyncio
import hashlib
from datetime import UTC, datetime
from typing import Any

from asn1crypto import cms, tsp
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko.sign.validation.status import TimestampSignatureStatus
from pyhanko_certvalidator import ValidationContext

from models.evidence.algorithms import current_policy
from models.evidence.trust import TrustList
from models.history.exports import Witness


def witness_by(trust: TrustList) -> Witness:
    """A function that answers when a token was made for a content; None unless everything about it holds.

    The chain is judged at the token's own time: an authority's certificate may have expired since. Whether it
    was revoked is not asked, since there is nobody to ask offline.
    """

    def witness(content: bytes, token: bytes) -> datetime | None:
        return asyncio.run(_vouched(content, token, trust))

    return witness


async def _vouched(content: bytes, token: bytes, trust: TrustList) -> datetime | None:
    try:
        return await _examined(content, token, trust)
    except Exception:  # a hostile token may break any parser below us in any way
        return None


async def _examined(content: bytes, token: bytes, trust: TrustList) -> datetime | None:
    wrapped = cms.ContentInfo.load(token, strict=True)
    signed: cms.SignedData = wrapped["content"]
    stated = signed["encap_content_info"]["content"].parsed
    (signer,) = signed["signer_infos"]
    if not isinstance(stated, tsp.TSTInfo) or not _strong(stated, signer):
        return None
    at: datetime = stated["gen_time"].native.astimezone(UTC)
    context = ValidationContext(
        trust_roots=[anchor.parsed() for anchor in trust.anchors],
        moment=at,
        allow_fetching=False,
        revocation_mode="soft-fail",
    )
    found: dict[str, Any] = await validate_tst_signed_data(
        signed, context, lambda name: hashlib.new(name, content).digest()
    )
    status = TimestampSignatureStatus(**found)
    return at if status.intact and status.valid and status.trusted else None


def _strong(stated: tsp.TSTInfo, signer: cms.SignerInfo) -> bool:
    """Only digests of the algorithm policy, in the imprint and in the signature."""
    imprint = stated["message_imprint"]["hash_algorithm"]["algorithm"].native
    return {imprint, signer["digest_algorithm"]["algorithm"].native} <= current_policy().digests
