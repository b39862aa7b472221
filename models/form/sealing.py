"""What is stored in the open and what is sealed: the fields marked E, and everything unknown, are sealed."""

from typing import Any

from .fields import Catalogue
from .normal import Content


def split(cat: Catalogue, content: Content) -> tuple[dict[str, Any], dict[str, Any]]:
    """(open, sealed). Lossless with :func:`join`; a field the catalogue does not know is sealed."""
    in_the_open: dict[str, Any] = {}
    sealed: dict[str, Any] = {}
    for name, value in content.items():
        field = cat.by_name.get(name)
        (in_the_open if field and not field.encrypted else sealed)[name] = value
    return in_the_open, sealed


def join(in_the_open: Content, sealed: Content) -> dict[str, Any]:
    """The whole content again. ValueError when a field stands on both sides: one is forged or stale."""
    both = in_the_open.keys() & sealed.keys()
    if both:
        raise ValueError(f"fields both open and sealed: {', '.join(sorted(both))}")
    return {**in_the_open, **sealed}
