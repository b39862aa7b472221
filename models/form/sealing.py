"""What is stored in the open and what is sealed: fields marked E, fields of high restriction and everything
unknown are sealed.

Row-level security gives a row or keeps it: of a revision, which is one row, it cannot keep a field. So
restricted fields are no readable part of the row; whoever has the database and not the keys has the rest.
"""

from functools import cache
from typing import Any

from .fields import Catalogue
from .loading import document
from .normal import Content
from .restricting import level_of


def split(cat: Catalogue, content: Content) -> tuple[dict[str, Any], dict[str, Any]]:
    """(open, sealed). Lossless with :func:`join`; a field the catalogue does not know is sealed."""
    in_the_open: dict[str, Any] = {}
    sealed: dict[str, Any] = {}
    shown = open_fields(cat)
    for name, value in content.items():
        (in_the_open if name in shown else sealed)[name] = value
    return in_the_open, sealed


@cache
def open_fields(cat: Catalogue) -> frozenset[str]:
    """The fields of a form that are stored in the open: all else is sealed."""
    least: int = document("restriction", "levels")["sealed_from"]
    return frozenset(
        field.name
        for field in cat.fields
        if not field.encrypted and all(level_of(one).rank < least for one in (field, *field.columns))
    )


def join(in_the_open: Content, sealed: Content) -> dict[str, Any]:
    """The whole content again. ValueError when a field stands on both sides: one is forged or stale."""
    both = in_the_open.keys() & sealed.keys()
    if both:
        raise ValueError(f"fields both open and sealed: {', '.join(sorted(both))}")
    return {**in_the_open, **sealed}
