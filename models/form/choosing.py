"""Which form somebody declares on: those a regulation names, the newest of them in force that day."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache

from .fields import Catalogue, catalogue
from .loading import documents

WORKBOOK = "workbook"
"""The catalogue of what the import adds; it is no form."""


@cache
def forms() -> Mapping[str, Catalogue]:
    """Every form by each name regulations have for it."""
    every = (catalogue(version) for version in documents("catalogues") if version != WORKBOOK)
    return {name: form for form in every for name in (form.version, *form.also)}


def form_named(names: Iterable[str], on: date) -> Catalogue:
    """The form of a regulation's ``items``: of several the newest that is in force on the day.

    Where the regulation names none, or none that is known here, it is the general form. Of
    forms that all begin later, the first to begin.
    """
    named = sorted({forms()[one] for one in names if one in forms()}, key=lambda form: form.in_force_from)
    begun = [form for form in named if form.in_force_from <= on]
    return begun[-1] if begun else named[0] if named else catalogue()
