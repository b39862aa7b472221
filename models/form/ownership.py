"""Who writes what: the person's fields and the authority's fields of one content."""

from typing import Any

from .fields import Catalogue, Owner
from .normal import Content


def owned_by(cat: Catalogue, content: Content, owner: Owner) -> dict[str, Any]:
    """The part of a content that one side owns; fields the catalogue does not know belong to nobody."""
    return {
        name: value
        for name, value in content.items()
        if name in cat.by_name and cat.by_name[name].owner == owner
    }


def carry_over(cat: Catalogue, before: Content, declared: Content) -> dict[str, Any]:
    """The next content when a person has declared: theirs as declared, the authority's as it was.

    ValueError when the declaration holds an authority-owned field: validate first.
    """
    foreign = owned_by(cat, declared, "agency")
    if foreign:
        raise ValueError(f"authority-owned fields in a declaration: {', '.join(sorted(foreign))}")
    return {**owned_by(cat, before, "agency"), **declared}
