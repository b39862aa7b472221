"""A timestamp authority for tests: the development PKI's own answers, at whatever instant a test lives in."""

import hashlib
from datetime import datetime
from pathlib import Path

from asn1crypto import tsp

from activities.signing.development_pki.authorities import Authorities
from activities.signing.development_pki.switches import Revocations
from activities.signing.development_pki.timestamps import answer
from activities.signing.keystore import Keystore
from models.history.sealing import Stamp


def token_for(pki: Path, content: bytes, at: datetime, *, stranger: bool = False) -> bytes:
    """A token over ``content`` at ``at``; by an authority nobody trusts, if asked."""
    authorities = Authorities(Keystore(pki), Revocations(pki))
    by = authorities.stranger() if stranger else authorities.timestamper()
    imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": hashlib.sha256(content).digest()}
    request = tsp.TimeStampReq({"version": "v1", "message_imprint": imprint, "cert_req": True})
    made = tsp.TimeStampResp.load(answer(request, by, at, "ok"))
    return made["time_stamp_token"].dump()


def stamp_at(pki: Path, at: datetime) -> Stamp:
    """What seals at an instant."""

    async def stamp(content: bytes) -> tuple[bytes, datetime]:
        return token_for(pki, content, at), at

    return stamp
