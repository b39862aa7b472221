"""How far a form is filled."""

from .fields import Catalogue
from .normal import Content, normalise


def completeness(cat: Catalogue, content: Content) -> tuple[int, int]:
    """(filled, required): of the fields asked for, how many hold something.

    Asked for are the always required and those another filled field makes required, of both sides.
    """
    filled = normalise(content).keys()
    asked = [
        field.name
        for field in cat.fields
        if field.required == "always" or (field.required_when is not None and field.required_when in filled)
    ]
    return sum(name in filled for name in asked), len(asked)
