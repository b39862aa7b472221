"""Which algorithms may sign, as data (``algorithms.yaml``), applied before signing and when checking."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache
from importlib import resources
from typing import Any

import yaml
from asn1crypto import x509


@dataclass(frozen=True, slots=True)
class KeyRule:
    """What one kind of key must satisfy."""

    minimum_bits: int
    mechanisms: frozenset[str]


@dataclass(frozen=True, slots=True)
class AlgorithmEnd:
    """From ``at`` on keys of this kind (shorter than ``below_bits``, where it says so) prove nothing."""

    key: str
    at: datetime
    source: str
    below_bits: int | None = None

    def concerns(self, key: str, bits: int) -> bool:
        """Whether it ends keys of this kind and length."""
        return key == self.key and (self.below_bits is None or bits < self.below_bits)


@dataclass(frozen=True, slots=True)
class AlgorithmPolicy:
    """One legal text's choice of algorithms."""

    source: str
    digests: frozenset[str]
    keys: Mapping[str, KeyRule]
    certificate_mechanisms: frozenset[str]
    ends: tuple[AlgorithmEnd, ...] = ()

    def end_of(self, key: str, bits: int) -> AlgorithmEnd | None:
        """The first end of a kind of key; None while none is set."""
        mine = (one for one in self.ends if one.concerns(key, bits))
        return min(mine, key=lambda one: one.at, default=None)

    def lasts(self, certificates: Iterable[x509.Certificate]) -> datetime:
        """Until when a signature below these certificates proves: the first of them to end, or its algorithm.

        Raises:
            ValueError: there is none.
        """
        found: list[datetime] = []
        for one in certificates:
            end = self.end_of(*kind_of(one))
            over: datetime = one.not_valid_after.astimezone(UTC)
            found.append(min(over, end.at) if end else over)
        return min(found)

    def objection(self, *, key: str, bits: int, mechanism: str, digest: str) -> str | None:
        """What about this signature is not allowed, in a few technical words, or None when all of it is."""
        return self._key_objection(key, bits) or self._use_objection(
            self.keys[key].mechanisms, mechanism, digest
        )

    def certificate_objection(self, *, key: str, bits: int, mechanism: str, digest: str) -> str | None:
        """The same for a certificate: its own key, and how its issuer signed it."""
        return self._key_objection(key, bits) or self._use_objection(
            self.certificate_mechanisms, mechanism, digest
        )

    def _key_objection(self, key: str, bits: int) -> str | None:
        rule = self.keys.get(key)
        if rule is None:
            return f"key type {key}"
        return f"{key} {bits} bit < {rule.minimum_bits}" if bits < rule.minimum_bits else None

    def _use_objection(self, mechanisms: Iterable[str], mechanism: str, digest: str) -> str | None:
        if mechanism not in mechanisms:
            return mechanism
        return digest if digest not in self.digests else None


def kind_of(certificate: x509.Certificate) -> tuple[str, int]:
    """A certificate's kind of key and its length in bits."""
    key = certificate.public_key
    kind, bits = key.algorithm.replace("rsassa_pss", "rsa"), key.bit_size
    # asn1crypto counts the whole bytes of a coordinate: 66 of P-521.
    return kind, 521 if (kind, bits) == ("ec", 528) else bits


def algorithms_of(certificate: x509.Certificate, mechanism: Any) -> dict[str, Any]:
    """A key and one use of it (a SignedDigestAlgorithm), as the objections of a policy take them."""
    key, bits = kind_of(certificate)
    return {"key": key, "bits": bits, "mechanism": mechanism.signature_algo, "digest": mechanism.hash_algo}


def _ends(entries: Iterable[Mapping[str, Any]]) -> tuple[AlgorithmEnd, ...]:
    """Those in force; a draft moves nothing. Days end at midnight UTC."""
    return tuple(
        AlgorithmEnd(
            one["key"],
            datetime.combine(one["until"] + timedelta(days=1), time(), UTC),
            one["source"],
            one.get("below_bits"),
        )
        for one in entries
        if one["status"] == "in_force"
    )


@cache
def current_policy() -> AlgorithmPolicy:
    """The policy in force. Applied to older signatures too: it is the reader's demand, not the signer's."""
    text = resources.files(__package__).joinpath("algorithms.yaml").read_text("utf-8")
    newest: dict[str, Any] = max(yaml.safe_load(text), key=lambda entry: entry["in_force_from"])
    return AlgorithmPolicy(
        source=newest["source"],
        digests=frozenset(newest["digests"]),
        keys={
            kind: KeyRule(rule["minimum_bits"], frozenset(rule["mechanisms"]))
            for kind, rule in newest["keys"].items()
        },
        certificate_mechanisms=frozenset(newest["certificate_mechanisms"]),
        ends=_ends(newest.get("ends", ())),
    )
