"""Which algorithms may sign, as data (``algorithms.yaml``), applied before signing and when checking."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class KeyRule:
    """What one kind of key must satisfy."""

    minimum_bits: int
    mechanisms: frozenset[str]


@dataclass(frozen=True, slots=True)
class AlgorithmPolicy:
    """One legal text's choice of algorithms."""

    source: str
    digests: frozenset[str]
    keys: Mapping[str, KeyRule]
    certificate_mechanisms: frozenset[str]

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
    )
