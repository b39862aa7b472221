"""Everything hoso says no with, in one tree and one catalogue.

    HosoError
    ├── RefusedError             an act was refused; carries a Refusal, answered as an RFC 9457 problem
    ├── KeyRingError             the key ring cannot be used as it stands; for the administrator
    │   ├── KeyRingMissingError      no key ring, or no master key, where one was named
    │   ├── KeyRingDamagedError      unreadable, wrong master key, or open to other users of the machine
    │   └── KeyUnknownError          something is sealed under a key this ring does not hold
    ├── SealBrokenError          sealed bytes were altered, or moved to another row, field or authority
    └── IdentifierError          a workflow or command id that hoso did not make

The text of a HosoError names codes and key ids, never a person: exceptions end up in logs. What a person
reads is in the Refusal.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from models.problem_catalogue import CATALOGUE, Problem

__all__ = [
    "CATALOGUE",
    "FieldRefusal",
    "HosoError",
    "IdentifierError",
    "KeyRingDamagedError",
    "KeyRingError",
    "KeyRingMissingError",
    "KeyUnknownError",
    "Problem",
    "Refusal",
    "RefusedError",
    "SealBrokenError",
]


class HosoError(Exception):
    """The root of all exceptions hoso raises on purpose."""


class KeyRingError(HosoError):
    """The key ring cannot be used as it stands."""


class KeyRingMissingError(KeyRingError):
    """No key ring or no master key is where the settings say."""


class KeyRingDamagedError(KeyRingError):
    """The ring is unreadable, opens with another master key, or other users of the machine can read it."""


class KeyUnknownError(KeyRingError):
    """Bytes are sealed under a key that this ring does not hold (an old backup, another installation)."""


class SealBrokenError(HosoError):
    """Sealed bytes fail authentication: altered, or taken from another row, field or authority."""


class IdentifierError(HosoError):
    """A text that should be an id of ours is not."""


@dataclass(frozen=True, slots=True)
class FieldRefusal:
    """One field that stands in the way; `path` is the place in what was sent ("education[2].from_month")."""

    path: str
    label: str
    message_vi: str
    message_en: str

    def to_json(self) -> dict[str, str]:
        """The entry of a problem's `errors` list."""
        return {
            "path": self.path,
            "label": self.label,
            "message": self.message_vi,
            "message_en": self.message_en,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        return cls(stored["path"], stored["label"], stored["message"], stored["message_en"])


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an act was refused: stored as the command's answer and rendered the same at every repetition.

    `citation` is the article refused under, when it is law and not mechanics. `extra` holds small scalars a
    program can use ("current_revision", "holder_agency_id"); an unknown code is a ValueError at once.
    """

    code: str
    detail_vi: str = ""
    detail_en: str = ""
    citation: str | None = None
    fields: tuple[FieldRefusal, ...] = ()
    extra: Mapping[str, str | int | bool | None] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if self.code not in CATALOGUE:
            raise ValueError(f"{self.code!r} is not in the catalogue of problems")
        for name, value in self.extra.items():
            if not isinstance(value, str | int | bool | None):
                raise ValueError(f"extra {name!r} of a refusal must be a small scalar")

    @property
    def problem(self) -> Problem:
        """The catalogue entry: status, titles, meaning, remedy."""
        return CATALOGUE[self.code]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, complete: `from_json(to_json(r)) == r`."""
        return {
            "code": self.code,
            "detail": self.detail_vi,
            "detail_en": self.detail_en,
            "citation": self.citation,
            "errors": [one.to_json() for one in self.fields],
            "extra": dict(self.extra),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read a stored answer; ValueError if its code is no longer in the catalogue (codes are for ever)."""
        return cls(
            code=stored["code"],
            detail_vi=stored.get("detail", ""),
            detail_en=stored.get("detail_en", ""),
            citation=stored.get("citation"),
            fields=tuple(FieldRefusal.from_json(one) for one in stored.get("errors", ())),
            extra=dict(stored.get("extra", {})),
        )


class RefusedError(HosoError):
    """An act was refused. Its text is the code alone: details may name people and exceptions get logged."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal

    @classmethod
    def of(cls, code: str, detail_vi: str = "", detail_en: str = "", **more: Any) -> Self:
        """Shorthand: `raise RefusedError.of("wrong-state", "Hồ sơ đã lưu trữ.", "The profile is archived.")`.

        `more` is citation, fields and extra as in `Refusal`.
        """
        return cls(Refusal(code, detail_vi, detail_en, **more))
