"""Whom a newer version of a code list would touch: the forms that stand, judged by it on the day it begins.

Nothing is written. A value counts where it is right until then and would be an old value afterwards: such
ones come to the mapping desk. A row of a table that says when it was so may go on saying it.
"""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.errors import SealBrokenError
from models.form import Edition, catalogue, coded, forms, join, list_of, reading
from models.form.codes import CodeList
from models.form.dated_codes import not_then
from models.form.list_versions import Version
from models.keys import Sealed
from models.record.tools import Tools

PAGE = 1_000
"""Forms looked at between two statements."""
FIRST = UUID(int=0)

# Whoever holds none of the codes is passed over by the database; a sealed part must be opened to see.
_STANDING = text(
    "SELECT p.id, p.authority_id, p.agency_id, r.id AS revision_id, r.form_version, r.content, r.sealed,"
    " r.key_id FROM profiles p JOIN revisions r ON r.id = coalesce(p.pending_revision_id,"
    " p.approved_revision_id) WHERE p.chapter NOT IN ('separation', 'archive') AND p.id > :after"
    " AND (:sealed OR jsonb_path_exists(r.content, '$.** ? (@ == $codes[*])', :codes))"
    " ORDER BY p.id LIMIT :page"
)
_AGENCIES = text("SELECT id, code, name FROM agencies WHERE id = ANY (:ids) ORDER BY code")

Value = tuple[str, str, str]
"""Form, generic path (``education[].mode``) and the code that stands there."""


@dataclass(slots=True)
class Touched:
    """Who would hold an old value (``profiles``), which, where; and whose value is only called otherwise."""

    profiles: int = 0
    values: Counter[Value] = field(default_factory=Counter)
    """How many profiles hold each."""
    units: Counter[UUID] = field(default_factory=Counter)
    renamed: int = 0
    unreadable: int = 0
    """Forms whose sealed part cannot be opened: nothing is known of what stands there."""


@dataclass(frozen=True, slots=True)
class Measure:
    """The list before and after, as editions that forms are judged by."""

    version: Version
    before: Edition
    after: Edition

    @classmethod
    def of(cls, known: CodeList, version: Version) -> "Measure":
        """Of a version and the list it follows."""
        then = list_of(version.name, version.plain())
        return cls(version, Edition("before", {known.name: known}), Edition("after", {known.name: then}))


async def touched(connection: AsyncConnection, tools: Tools, known: CodeList, version: Version) -> Touched:
    """Look at every open profile's standing form; by the transaction's own scope."""
    ended, renamed = version.of("ended", "changed"), version.of("renamed")
    found = Touched()
    if not (ended or renamed):
        return found
    sealed = any(
        one.encrypted and (one.code_list == known.name or any(c.code_list == known.name for c in one.columns))
        for form in forms().values()
        for one in form.fields
    )
    values = {"sealed": sealed, "codes": Jsonb({"codes": [*ended, *renamed]}), "page": PAGE}
    after, measure = FIRST, Measure.of(known, version)
    while True:
        rows = (await connection.execute(_STANDING, {**values, "after": after})).all()
        await asyncio.to_thread(_look, tools, measure, rows, found, frozenset(renamed))
        if len(rows) < PAGE:
            return found
        after = rows[-1].id


async def units_of(connection: AsyncConnection, found: Touched) -> Sequence[Any]:
    """Id, code and name of the units concerned."""
    return (await connection.execute(_AGENCIES, {"ids": list(found.units)})).all()


def _look(
    tools: Tools, measure: Measure, rows: Sequence[Any], found: Touched, renamed: frozenset[str]
) -> None:
    for row in rows:
        content = _opened(tools, row)
        if content is None:
            found.unreadable += 1
            content = row.content
        cat = catalogue(row.form_version)
        held = {
            path: place[key]
            for place, key, path, one in coded(cat, content)
            if one.code_list == measure.version.name
        }
        found.renamed += any(value in renamed for value in held.values())
        with reading(measure.before):
            already = {path for path, _ in not_then(cat, content, measure.version.starts)}
        with reading(measure.after):
            old = {path for path, _ in not_then(cat, content, measure.version.starts)} - already
        values = {(row.form_version, _generic(path), str(held[path])) for path in old if path in held}
        if values:
            found.profiles += 1
            found.units[row.agency_id] += 1
            found.values.update(values)


def _opened(tools: Tools, row: Any) -> Mapping[str, Any] | None:
    try:
        sealed = Sealed(row.key_id, bytes(row.sealed))
        secret = tools.cipher.open(row.authority_id, "revisions", row.revision_id, "sealed", sealed)
    except SealBrokenError:
        return None
    return join(row.content, json.loads(secret))


def _generic(path: str) -> str:
    return re.sub(r"\[\d+\]", "[]", path)
