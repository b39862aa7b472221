"""How closely a change wants to be looked at before it is signed: identity first, then salary, then dates.

The order is this installation's policy (no text gives one): what says who somebody is, what is paid, and from
when. A higher number stands higher on the list.
"""

from collections.abc import Sequence

from .differences import FieldChange
from .fields import Catalogue

IDENTITY, SALARY, DATES = 4, 2, 1
FIRST = IDENTITY + SALARY + DATES
"""Nothing was approved before: all of it is new."""
_IDENTITY_ITEMS = frozenset({"H4", "1", "3", "8", "9"})
"""Record code, birth name and sex, date of birth, identity and insurance numbers."""
_SALARY_ITEMS = ("30.", "37.1", "37.2")
_DATED = frozenset({"date", "partial_date", "month"})


def risk_of(cat: Catalogue, changes: Sequence[FieldChange]) -> int:
    """The sum of what the changes touch, 0 to ``FIRST``; an unknown field counts as identity."""
    touched = 0
    for change in changes:
        touched |= _of(cat, change.path)
    return touched


def _of(cat: Catalogue, path: str) -> int:
    name, _, column = path.partition("[")
    field = cat.by_name.get(name)
    if field is None:
        return IDENTITY
    found = IDENTITY if field.item in _IDENTITY_ITEMS else 0
    found |= SALARY if field.item.startswith(_SALARY_ITEMS) else 0
    within = field.column.get(column.partition(".")[2]) if field.is_table else None
    kinds = {field.kind} | ({within.kind} if within else {c.kind for c in field.columns})
    return found | (DATES if kinds & _DATED else 0)
