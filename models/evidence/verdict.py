"""What a verification answers: plain immutable values, ready for people and for machines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, timezone
from functools import cache
from importlib import resources
from typing import Any

import yaml

VIETNAM = timezone(timedelta(hours=7))
"""Civil time as people read it; Viet Nam has known no daylight saving time since digital signatures exist."""

UNREADABLE = frozenset({"unreadable", "too-large", "encrypted"})
"""Problems that mean nothing could be judged at all."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason not to rely on the document. ``code`` is stable; the texts are for people."""

    code: str
    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class SignatureVerdict:
    """One signature. ``signed_at`` is what the signer states (PAdES B-B has no third-party time).

    ``revocation`` is ``"not-checked"`` offline without revocation lists. ``anchor`` is the label of the
    trust-list entry the chain ends at, so a development key can never pass for an official one unnoticed.
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
    revocation: str = "not-checked"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The whole answer. ``valid`` holds only without any problem and with at least one signature."""

    valid: bool
    signatures: tuple[SignatureVerdict, ...]
    document_code: str | None
    content_digest: str | None
    problems: tuple[Problem, ...]

    @property
    def readable(self) -> bool:
        """False when the bytes could not be examined as a PDF at all."""
        return not any(problem.code in UNREADABLE for problem in self.problems)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready form; times are ISO 8601 in UTC."""
        document = asdict(self)
        for line in document["signatures"]:
            line["signed_at"] = line["signed_at"].isoformat() if line["signed_at"] else None
        return document | {"readable": self.readable}


@cache
def _texts() -> dict[str, dict[str, str]]:
    text = resources.files(__package__).joinpath("problems.yaml").read_text("utf-8")
    catalogue: dict[str, dict[str, str]] = yaml.safe_load(text)
    return catalogue


def problem_codes() -> Iterator[str]:
    """Every code ``verify`` may answer with."""
    yield from _texts()


def problem(code: str, **values: object) -> Problem:
    """The problem ``code`` with its texts filled in; an unknown code is a programming error (KeyError)."""
    texts = _texts()[code]
    return Problem(code, texts["vi"].format(**values), texts["en"].format(**values))
