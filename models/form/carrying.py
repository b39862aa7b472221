"""From one form to another: what both ask for is not declared again."""

from datetime import date
from typing import Any

from .fields import Catalogue, Field
from .issues import MAY_WAIT
from .normal import Content, tidy
from .validating import validate


def carry(old: Catalogue, new: Catalogue, content: Content, *, on: date) -> dict[str, Any]:
    """The part of a content of the form ``old`` that ``new`` asks for too and takes on the day ``on``.

    Fields are the same where their meaning and their kind are; a value the new form refuses stays behind, and
    so does everything it does not ask for. Between equal forms nothing changes.
    """
    if old.version == new.version:
        return dict(content)
    pairs = ((field, old.by_meaning.get(field.meaning)) for field in new.fields)
    held = {
        field.name: content[before.name]
        for field, before in pairs
        if before is not None and before.name in content and _alike(before, field)
    }
    found = tidy(new, held)
    issues = validate(new, found, on=on, by="agency")
    unfit = {issue.path.partition(".")[0].partition("[")[0] for issue in issues if issue.code not in MAY_WAIT}
    return {name: value for name, value in found.items() if name not in unfit}


def _alike(one: Field, other: Field) -> bool:
    return (one.kind, one.repeats, one.code_list) == (other.kind, other.repeats, other.code_list)
