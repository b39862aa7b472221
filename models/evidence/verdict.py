"""What a verification answers: plain immutable values, ready for people and for machines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, timezone
from functools import cache
from importlib import resources
from typing import Any, Literal

import yaml

VIETNAM = timezone(timedelta(hours=7))
"""Civil time as people read it; Viet Nam has known no daylight saving time since digital signatures exist."""

UNREADABLE = frozenset({"unreadable", "too-large", "encrypted", "evidence-file-malformed"})
"""Problems that mean nothing could be judged at all."""

LEVELS = ("B-B", "B-T", "B-LT", "B-LTA")
"""Baseline levels of PAdES (ETSI EN 319 142-1, 6.1), each containing the one before."""

Result = Literal["passed", "failed", "unknown", "absent"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason not to rely on the document. ``code`` is stable; the texts are for people."""

    code: str
    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class Check:
    """One question asked of the file and its answer, with the reason in both languages.

    ``unknown`` means that the file does not carry what an answer needs, ``absent`` that it has no such thing.
    """

    name: str
    result: Result
    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class SignatureVerdict:
    """One signature.

    ``signed_at`` is what the signer states, ``proven_at`` what a timestamp authority vouches for.
    ``revocation`` is ``good``, ``revoked`` or ``unknown``. ``level`` is the PAdES level that holds, empty
    when none does. ``anchor`` is the label of the trust-list entry the chain ends at, so a development key
    can never pass for an official one unnoticed.
    """

    field: str
    valid: bool
    signer: str
    organisation: str
    post: str
    serial: str
    signed_at: datetime | None
    reason: str
    location: str
    algorithm: str
    anchor: str
    covers_whole_file: bool
    revocation: str = "unknown"
    level: str = ""
    proven_at: datetime | None = None
    timestamp_authority: str = ""
    competence: dict[str, Any] | None = None
    """The attested record of why it was this signer's to give, where one is there and holds."""


@dataclass(frozen=True, slots=True)
class TimestampVerdict:
    """One document timestamp: everything before it existed at ``at``, says ``authority``."""

    field: str
    valid: bool
    at: datetime | None
    authority: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The whole answer. ``valid`` holds only without any problem and with at least one signature.

    ``kind`` is ``document``, ``approval-list`` (a signed list) or ``profile-evidence`` (a list with one
    profile's row; then ``content_digest`` is that of the profile's revision).
    """

    valid: bool
    signatures: tuple[SignatureVerdict, ...]
    document_code: str | None
    content_digest: str | None
    problems: tuple[Problem, ...]
    kind: str = "document"
    timestamps: tuple[TimestampVerdict, ...] = ()
    checks: tuple[Check, ...] = ()
    row: dict[str, Any] | None = None

    @property
    def readable(self) -> bool:
        """False when the bytes could not be examined at all."""
        return not any(problem.code in UNREADABLE for problem in self.problems)

    @property
    def level(self) -> str:
        """The lowest level among the signatures; empty when one of them has none."""
        levels = [one.level for one in self.signatures]
        return min(levels, key=LEVELS.index) if levels and all(levels) else ""

    def to_json(self) -> dict[str, Any]:
        """JSON-ready form; times are ISO 8601 in UTC."""
        document = asdict(self) | {"readable": self.readable, "level": self.level}
        for line in (*document["signatures"], *document["timestamps"]):
            for name in ("signed_at", "proven_at", "at"):
                if line.get(name):
                    line[name] = line[name].isoformat()
        return document


def reaches(level: str, minimum: str) -> bool:
    """Whether ``level`` is ``minimum`` or above; nothing reaches anything without a level."""
    return level in LEVELS and LEVELS.index(level) >= LEVELS.index(minimum)


@cache
def _texts(name: str = "problems.yaml") -> dict[str, dict[str, Any]]:
    text = resources.files(__package__).joinpath(name).read_text("utf-8")
    catalogue: dict[str, dict[str, Any]] = yaml.safe_load(text)
    return catalogue


def problem_codes() -> Iterator[str]:
    """Every code ``verify`` may answer with."""
    yield from _texts()


def problem(code: str, **values: object) -> Problem:
    """The problem ``code`` with its texts filled in; an unknown code is a programming error (KeyError)."""
    texts = _texts()[code]
    return Problem(code, texts["vi"].format(**values), texts["en"].format(**values))


def checks(problems: Iterable[Problem], unanswered: dict[str, Result]) -> tuple[Check, ...]:
    """Every check with its result: failed where a problem belongs to it, else as ``unanswered`` says, else
    passed.
    """
    by_check: dict[str, list[Problem]] = {}
    for found in problems:
        by_check.setdefault(_texts()[found.code]["check"], []).append(found)
    return tuple(_check(name, texts, by_check, unanswered) for name, texts in _texts("checks.yaml").items())


def _check(
    name: str, texts: dict[str, Any], failed: dict[str, list[Problem]], unanswered: dict[str, Result]
) -> Check:
    if name in failed:
        vi, en = (" ".join(getattr(one, tongue) for one in failed[name]) for tongue in ("vi", "en"))
        return Check(name, "failed", f"{texts['vi']}: {vi}", f"{texts['en']}: {en}")
    result: Result = "unknown" if "file" in failed and name != "file" else unanswered.get(name, "passed")
    return Check(
        name, result, f"{texts['vi']}: {texts[result]['vi']}", f"{texts['en']}: {texts[result]['en']}"
    )
