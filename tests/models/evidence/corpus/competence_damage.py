"""Damage to competence: the right signer at the wrong time, the wrong signer, a record of something else, a
seal that may not attest, a record altered or left out. All of it in the signature's own dictionary, and in
the field beside it, as in the file of a signing agent.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import cache, partial
from random import Random
from typing import Any

from pyhanko.pdf_utils import generic

from activities.documents.fields import state_beside
from activities.signing.issuing import Issued, SignerName, issue_authority, issue_root, issue_signer
from models.evidence.competence import KEY, Delegation
from tests.models.evidence import longterm, samples
from tests.models.evidence.competence import AUTHORITY, RECORD, attested, head, paper, record, seal, signed

Damage = Callable[[bytes, Random], bytes]
Way = Callable[..., bytes]
"""Signs with an attestation: in the dictionary, or in the field beside it."""
Made = Callable[[Random, Way], bytes]


def _about(change: Callable[[Random], dict[str, Any]], by: Callable[[], Issued] | None = None) -> Made:
    """Signed with a record that differs."""

    def made(chance: Random, way: Way) -> bytes:
        return way(attested(record(**change(chance)), by() if by else None))

    return made


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


def _dated_back(chance: Random, way: Way) -> bytes:
    """Signed after the competence ended, with an earlier time stated; the timestamp tells."""
    late = RECORD.ends_at + timedelta(seconds=chance.randrange(600, 10**6))
    return way(attested(RECORD), stamper=longterm.Stamper(longterm.timestamper(), late))


def _by_somebody_else(chance: Random, way: Way) -> bytes:
    """The record of the head, signed by somebody who is not."""
    name = SignerName(
        f"Nguyễn Văn {_text(chance)}", samples.HEAD.organisation, samples.HEAD.post, _text(chance)
    )
    return way(attested(RECORD), by=issue_signer(samples.authority(), name))


def _left_out(chance: Random, way: Way) -> bytes:
    return way(None, at=samples.FIRST_AT + timedelta(seconds=chance.randrange(3600)))


def _altered(chance: Random, way: Way) -> bytes:
    """One character of the attestation another one, before signing."""
    good = attested(RECORD)
    at = chance.randrange(len(good))
    other = chance.choice([one for one in "ABCDEFxyz0123-_" if one != good[at]])
    return way(good[:at] + other + good[at + 1 :])


def _payload_exchanged(chance: Random, way: Way) -> bytes:
    """The payload of one attestation under the signature of another."""
    header, _payload, signature = attested(RECORD).split(".")
    other = attested(record(citation=_text(chance))).split(".")[1]
    return way(f"{header}.{other}.{signature}")


@cache
def _stranger() -> Issued:
    name = SignerName("Sở Nội vụ", "Sở Nội vụ", "", AUTHORITY)
    return issue_signer(issue_authority(issue_root("CA lạ"), "CA lạ"), name)


_MADE: dict[str, Made] = {
    "of something else": _about(_something_else),
    "delegation not in force": _about(_delegation),
    "post not held": _about(_period),
    "dated back": _dated_back,
    "of another person": _by_somebody_else,
    "left out": _left_out,
    "altered": _altered,
    "payload exchanged": _payload_exchanged,
    "seal of a stranger": _about(lambda chance: {"citation": _text(chance)}, _stranger),
    "seal of another authority": _about(
        lambda chance: {"citation": _text(chance), "authority": "auth-other"}, lambda: seal("auth-other")
    ),
    "attested by oneself": _about(
        lambda chance: {"citation": _text(chance), "authority": samples.HEAD.serial}, head
    ),
}


def _exchanged_later(_: bytes, chance: Random) -> bytes:
    """A later signer fills the field of an earlier one with another good record."""
    other = attested(record(citation=_text(chance)))
    first = signed(attested(RECORD), beside=True, promised=False)
    exchanged = state_beside(first, "official", other)
    later = longterm.signer("official")
    return longterm.sign(exchanged, later, field="authority", at=samples.SECOND_AT, certify=False)


def _two_records(_: bytes, chance: Random) -> bytes:
    """One in the dictionary, another one beside it."""
    other = {KEY: generic.pdf_string(attested(record(citation=_text(chance))))}
    pdf = state_beside(paper(), "official", attested(RECORD))
    return longterm.sign(pdf, head(), entries=other)


def _beside_another(_: bytes, chance: Random) -> bytes:
    """Beside a field that nobody signed."""
    pdf = state_beside(paper(), "authority", attested(record(citation=_text(chance))))
    return longterm.sign(pdf, head())


def _kind(made: Made, way: Way) -> Damage:
    return lambda _, chance: made(chance, way)


KINDS: dict[str, Damage] = {
    **{f"competence: {name}": _kind(made, signed) for name, made in _MADE.items()},
    **{
        f"competence, agent: {name}": _kind(made, partial(signed, beside=True))
        for name, made in _MADE.items()
    },
    "competence, agent: exchanged later": _exchanged_later,
    "competence, agent: two records": _two_records,
    "competence, agent: beside another field": _beside_another,
}
