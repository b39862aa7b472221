"""What can be wrong with a form, in words people read. Messages carry labels and limits, never values."""

from collections.abc import Mapping
from dataclasses import dataclass

from .loading import document

MAY_WAIT = frozenset(
    {"missing", "missing-with", "before-birth", "before-other", "too-young", "too-old", "overlap"}
    | {"repeated-value", "relation-age", "relation-side", "rank-mismatch", "step-outside"}
    | {"coefficient-mismatch", "id-mismatch", "too-soon", "below-row", "not-last-step", "term-too-long"}
    | {"other-side", "relation-gender", "code-not-then"}
)
"""What a draft may still have wrong: it is listed in the answer and refused at submission."""


@dataclass(frozen=True)
class FieldIssue:
    """One thing wrong at one path. ``source``: the text or the form's item that asks for it."""

    path: str
    label: str
    code: str
    message_vi: str
    message_en: str
    source: str


@dataclass(frozen=True)
class Problem:
    """What a check found, before it has a path: a message code and the words that fill the message."""

    code: str
    vi: tuple[tuple[str, str], ...] = ()
    en: tuple[tuple[str, str], ...] = ()
    source: str = ""


def problem(code: str, *, source: str = "", **words: str | tuple[str, str]) -> Problem:
    """A problem; a word is one text for both languages or a pair (Vietnamese, English)."""
    vi = tuple((key, word if isinstance(word, str) else word[0]) for key, word in words.items())
    en = tuple((key, word if isinstance(word, str) else word[1]) for key, word in words.items())
    return Problem(code, vi, en, source)


def messages() -> Mapping[str, Mapping[str, str]]:
    """The catalogue of messages: code → {vi, en}."""
    return document("code_lists", "messages")


def worded(found: Problem, label_vi: str, label_en: str) -> tuple[str, str]:
    """The message in both languages, the field's label first."""
    texts = messages()[found.code]
    vi, en = texts["vi"].format(**dict(found.vi)), texts["en"].format(**dict(found.en))
    return f"{label_vi}: {vi}", f"{label_en}: {en}"
