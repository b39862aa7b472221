"""What is held elsewhere goes into a form somebody has begun: gaps are filled, nothing is overwritten."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from .fields import Catalogue
from .issues import MAY_WAIT
from .normal import Content, tidy
from .ownership import owned_by
from .validating import validate


@dataclass(frozen=True, slots=True)
class Prefilled:
    """The content afterwards, and what became of each field that was held; every list in the form's order."""

    content: dict[str, Any]
    filled: tuple[str, ...]
    """Were empty and hold the given value now."""
    kept: tuple[str, ...]
    """Were entered otherwise and stay as entered."""
    unfit: tuple[str, ...]
    """Hold a value this form refuses; left as they were."""


def prefill(cat: Catalogue, entered: Content, held: Content, *, on: date) -> Prefilled:
    """``entered`` with its gaps filled from ``held``, judged on the day ``on``.

    Only the person's own fields are taken: what another authority wrote is not this one's word. A table is
    one field: somebody who has entered a row keeps the own table.
    """
    before, given = tidy(cat, entered), tidy(cat, owned_by(cat, held, "person"))
    issues = validate(cat, given, on=on, by="person")
    wrong = {_head(issue.path) for issue in issues if issue.code not in MAY_WAIT} & given.keys()
    fit = {name: value for name, value in given.items() if name not in wrong}
    filled = tuple(f.name for f in cat.fields if f.name in fit and f.name not in before)
    kept = tuple(
        f.name for f in cat.fields if f.name in fit and before.get(f.name, fit[f.name]) != fit[f.name]
    )
    unfit = tuple(f.name for f in cat.fields if f.name in wrong and f.name not in before)
    return Prefilled({**before, **{name: fit[name] for name in filled}}, filled, kept, unfit)


def _head(path: str) -> str:
    return path.partition(".")[0].partition("[")[0]
