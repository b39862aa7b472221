"""Damage to competence: the right signer at the wrong time, the wrong signer, a record of something else, a
seal that may not attest, a record altered or left out.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from random import Random
from typing import Any

from activities.signing.issuing import Issued, SignerName, issue_authority, issue_root, issue_signer
from models.evidence.competence import Delegation
from tests.models.evidence import longterm, samples
from tests.models.evidence.competence import AUTHORITY, RECORD, attested, head, paper, record, seal, signed

Damage = Callable[[bytes, Random], bytes]


def _about(change: Callable[[Random], dict[str, Any]], by: Callable[[], Issued] | None = None) -> Damage:
    """Signed with a record that differs."""

    def damage(_: bytes, chance: Random) -> bytes:
        return signed(attested(record(**change(chance)), by() if by else None))

    return damage


def _text(chance: Random) -> str:
    return chance.randbytes(5).hex()


def _something_else(chance: Random) -> dict[str, Any]:
    field = chance.choice(["document", "digest", "field", "account", "name", "post", "agency"])
    return {field: chance.randbytes(32).hex() if field == "digest" else _text(chance)}


def _delegation(chance: Random) -> dict[str, Any]:
    """Ended before the signature, or begun after it."""
    day = date(2025, 3, 28)
    away = timedelta(days=chance.randrange(1, 400))
    length = timedelta(days=chance.randrange(0, 90))
    if chance.random() < 0.5:
        return {"delegation": Delegation(_text(chance), "QĐ", day - away - length, day - away)}
    return {"delegation": Delegation(_text(chance), "QĐ", day + away, day + away + length)}


def _period(chance: Random) -> dict[str, Any]:
    away = timedelta(seconds=chance.randrange(600, 10**7))
    if chance.random() < 0.5:
        return {"ends_at": samples.FIRST_AT - away, "starts_at": samples.FIRST_AT - 2 * away}
    return {"starts_at": samples.FIRST_AT + away, "ends_at": samples.FIRST_AT + 2 * away}


def _dated_back(_: bytes, chance: Random) -> bytes:
    """Signed after the competence ended, with an earlier time stated; the timestamp tells."""
    late = RECORD.ends_at + timedelta(seconds=chance.randrange(600, 10**6))
    return signed(attested(RECORD), stamper=longterm.Stamper(longterm.timestamper(), late))


def _by_somebody_else(_: bytes, chance: Random) -> bytes:
    """The record of the head, signed by somebody who is not."""
    name = SignerName(
        f"Nguyễn Văn {_text(chance)}", samples.HEAD.organisation, samples.HEAD.post, _text(chance)
    )
    return signed(attested(RECORD), by=issue_signer(samples.authority(), name))


def _left_out(_: bytes, chance: Random) -> bytes:
    at = samples.FIRST_AT + timedelta(seconds=chance.randrange(3600))
    return longterm.sign(paper(), head(), at=at)


def _altered(_: bytes, chance: Random) -> bytes:
    """One character of the attestation another one, before signing."""
    good = attested(RECORD)
    at = chance.randrange(len(good))
    other = chance.choice([one for one in "ABCDEFxyz0123-_" if one != good[at]])
    return signed(good[:at] + other + good[at + 1 :])


def _payload_exchanged(_: bytes, chance: Random) -> bytes:
    """The payload of one attestation under the signature of another."""
    header, _payload, signature = attested(RECORD).split(".")
    other = attested(record(citation=_text(chance))).split(".")[1]
    return signed(f"{header}.{other}.{signature}")


@cache
def _stranger() -> Issued:
    name = SignerName("Sở Nội vụ", "Sở Nội vụ", "", AUTHORITY)
    return issue_signer(issue_authority(issue_root("CA lạ"), "CA lạ"), name)


KINDS: dict[str, Damage] = {
    "competence: of something else": _about(_something_else),
    "competence: delegation not in force": _about(_delegation),
    "competence: post not held": _about(_period),
    "competence: dated back": _dated_back,
    "competence: of another person": _by_somebody_else,
    "competence: left out": _left_out,
    "competence: altered": _altered,
    "competence: payload exchanged": _payload_exchanged,
    "competence: seal of a stranger": _about(lambda chance: {"citation": _text(chance)}, _stranger),
    "competence: seal of another authority": _about(
        lambda chance: {"citation": _text(chance), "authority": "auth-other"}, lambda: seal("auth-other")
    ),
    "competence: attested by oneself": _about(
        lambda chance: {"citation": _text(chance), "authority": samples.HEAD.serial}, head
    ),
}
