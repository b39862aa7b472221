"""Why an item came back, in words of the form: the other side names fields of its packet."""

import re

from activities.national.adapter import ItemResult
from activities.national.mappings import Mapping, ValueRefusedError
from models.form import catalogue

# The other side may quote a person's number in its message; an inbox is not the place for it.
_NUMBER = re.compile(r"\d{5,}")
LONGEST_REASON = 300


def reason_of(result: ItemResult, mapping: Mapping) -> str:
    """Code, field and message of a rejection, with no number in it that could be somebody's."""
    said = _NUMBER.sub("…", result.message)
    where = f" {_named(mapping, result.field)}" if result.field not in (None, "?") else ""
    return f"{result.code}{where}{': ' + said if said else ''}"[:LONGEST_REASON]


def not_expressible(refused: ValueRefusedError, mapping: Mapping) -> str:
    """The field of the form whose value the other side's packet cannot hold."""
    return f"NOT_EXPRESSIBLE {catalogue(mapping.form).label(refused.path)}"[:LONGEST_REASON]


def refusal_of(result: ItemResult, mapping: Mapping) -> dict[str, str]:
    """The code of a rejection and the path of our field, where it names one: it decides who mends it."""
    path = mapping.path_of(result.field or "")
    return {"code": result.code or "REJECTED", **({"path": path} if path else {})}


def unexpressed(refused: ValueRefusedError) -> dict[str, str]:
    """The same of what our mapping cannot express."""
    return {"code": "NOT_EXPRESSIBLE", "path": refused.path}


def not_signed(citation: str) -> str:
    """Approved by nobody's signature, where the rule wants one before anything goes out."""
    return f"NOT_SIGNED {citation}"[:LONGEST_REASON]


def _named(mapping: Mapping, place: str | None) -> str:
    """The label of a field of theirs; their own name where nothing in our form stands for it."""
    path = mapping.path_of(place or "")
    return catalogue(mapping.form).label(path) if path else place or ""
