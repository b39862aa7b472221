"""Online change of keys: what older keys sealed is sealed anew, row by row, while everybody works on.

Each batch is a transaction of its own over rows nobody else holds (``SKIP LOCKED``), so it waits for no act
and no act waits long for it. Readers find either the old value or the new one, each with the id of its key.
What is left is found by the key's id: an interrupted change is simply begun again.

Forms written before some of their fields were to be sealed hold these in the open: they are found by their
names, and move behind the seal the same way.
"""

import json
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from models.commands import BY_VERB, OpenProfile
from models.database import Scope, transaction
from models.errors import SealBrokenError
from models.form import Catalogue, forms, join, open_fields, split
from models.keys import Purpose, Sealed
from models.record.load import content_of, opened
from models.record.tools import Tools

BATCH = 200
"""Rows of one transaction: some tens of milliseconds."""


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column whose values are sealed under the field key; ``field`` is the name they are bound to."""

    table: str
    data: str
    key: str
    field: str
    id: str = "id"
    """The column of the row's identity."""


SEALED = (
    SealedColumn("revisions", "sealed", "key_id", "sealed"),
    SealedColumn("commands", "body", "key_id", "body"),
    SealedColumn("national_records", "sealed", "key_id", "sealed"),
    SealedColumn("national_receipts", "sealed", "key_id", "sealed"),
    SealedColumn("national_proposals", "sealed", "key_id", "sealed"),
    SealedColumn("accounts", "email_sealed", "email_key", "email"),
    SealedColumn("upload_parts", "sealed", "key_id", "sealed"),
    SealedColumn("breaches", "story", "key_id", "story"),
    SealedColumn("file_requests", "words", "words_key", "words"),
    SealedColumn("file_requests", "answer", "answer_key", "answer"),
    SealedColumn("bulk_items", "body", "key_id", "body"),
    SealedColumn("second_factors", "secret", "secret_key", "secret", id="account_id"),
)
"""Every such column there is (a guard compares it with the tables)."""


@dataclass(frozen=True, slots=True)
class Done:
    """What one batch did: rows looked at in ``table``, rows written, and the id to go on after."""

    table: str
    seen: int
    written: int
    after: UUID | None


_RESEALING = text("SELECT set_config('hoso.resealing', 'on', true)")
_AUTHORITIES = text("SELECT authority_id, code FROM authorities ORDER BY code")
FIRST = UUID(int=0)


async def authorities(engine: AsyncEngine) -> dict[UUID, str]:
    """Every authority of the installation with its code."""
    async with engine.begin() as connection:
        return {row.authority_id: row.code for row in await connection.execute(_AUTHORITIES)}


async def reseal(tools: Tools, authority_id: UUID) -> AsyncIterator[Done]:
    """Seal the authority's rows anew under its current field key; each batch is done when it is told.

    Raises:
        SealBrokenError, KeyUnknownError: a value does not open; what was done so far stays done.
    """
    for column in SEALED:

        async def batch(after: UUID, column: SealedColumn = column) -> Done:
            return await _reseal(tools, authority_id, column, after)

        async for done in _passes(batch):
            yield done


async def seal_open(tools: Tools, authority_id: UUID) -> AsyncIterator[Done]:
    """Seal what the authority's forms hold in the open of the fields sealed today (`models.form.split`);
    what a form says, and its digest, stay the same.

    Raises:
        SealBrokenError, KeyUnknownError: a form does not open; what was done so far stays done.
    """
    for form in _every_form():

        async def batch(after: UUID, form: Catalogue = form) -> Done:
            return await _seal_open(tools, authority_id, form, after)

        async for done in _passes(batch):
            yield done


async def reindex(tools: Tools, authority_id: UUID) -> AsyncIterator[Done]:
    """Compute the authority's blind index anew under its current key; a number that cannot be found again in
    what its person declared leaves the row under its former key (`uses` counts it)."""

    async def batch(after: UUID) -> Done:
        return await _reindex(tools, authority_id, after)

    async for done in _passes(batch):
        yield done


async def clear_guards(tools: Tools, authority_id: UUID) -> AsyncIterator[Done]:
    """Forget the digests under a former key that the ring no longer holds."""

    async def batch(after: UUID) -> Done:
        async with transaction(tools.engine, Scope(authority_id, everything=True)) as connection:
            values = {"after": after, "limit": BATCH}
            ids = list((await connection.execute(_UNGUARD, values)).scalars())
        return Done("profiles", len(ids), len(ids), max(ids, default=None))

    async for done in _passes(batch):
        yield done


async def _passes(batch: Callable[[UUID], Coroutine[Any, Any, Done]]) -> AsyncIterator[Done]:
    """Pass after pass over the table until one writes nothing: meanwhile others wrote behind the cursor."""
    while True:
        after, written = FIRST, 0
        while True:
            done = await batch(after)
            written += done.written
            if done.seen:
                yield done
            if done.after is None:
                break
            after = done.after
        if not written:
            return


async def _reseal(tools: Tools, authority_id: UUID, column: SealedColumn, after: UUID) -> Done:
    current = tools.ring.current(Purpose.FIELDS, authority_id).id
    find, write = _statements(column)
    async with transaction(tools.engine, Scope(authority_id, everything=True)) as connection:
        await connection.execute(_RESEALING)
        values = {"after": after, "current": current, "limit": BATCH}
        rows = list(await connection.execute(find, values))
        changed = [_anew(tools, authority_id, column, row) for row in rows]
        if changed:
            await connection.execute(write, changed)
    return Done(column.table, len(rows), len(changed), rows[-1].id if rows else None)


def _statements(column: SealedColumn) -> tuple[TextClause, TextClause]:
    table, data, key, row = column.table, column.data, column.key, column.id
    find = (
        f"SELECT {row} AS id, {data} AS data, {key} AS key FROM {table}"  # noqa: S608 — names of ours, no input
        f" WHERE {row} > :after AND {data} IS NOT NULL AND {key} <> :current"
        f" ORDER BY {row} LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED"
    )
    write = f"UPDATE {table} SET {data} = :data, {key} = :key WHERE {row} = :id AND {key} = :former"  # noqa: S608 — names of ours, no input
    return text(find), text(write)


def _anew(tools: Tools, authority_id: UUID, column: SealedColumn, row: Any) -> dict[str, Any]:
    place = (authority_id, column.table, row.id, column.field)
    plain = tools.cipher.open(*place, Sealed(row.key, bytes(row.data)))
    sealed = tools.cipher.seal(*place, plain)
    if tools.cipher.open(*place, sealed) != plain:
        raise SealBrokenError(f"{column.table}.{column.data}: what was sealed anew does not open alike")
    return {"id": row.id, "data": sealed.data, "key": sealed.key_id, "former": row.key}


def _every_form() -> list[Catalogue]:
    return list({form.version: form for form in forms().values()}.values())


_TOO_OPEN = "form_version = :form AND content - CAST(:shown AS text[]) <> '{}'"
_OPEN_FORMS = text(
    f"SELECT id, content, sealed, key_id FROM revisions WHERE id > :after AND {_TOO_OPEN}"  # noqa: S608 — a fragment
    " ORDER BY id LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED"
)
_CLOSED = text(
    "UPDATE revisions SET content = content - CAST(:closed AS text[]), sealed = :data, key_id = :key"
    " WHERE id = :id"
)
_COUNT_OPEN = text(f"SELECT count(*) FROM revisions WHERE {_TOO_OPEN}")  # noqa: S608 — a fragment


async def _seal_open(tools: Tools, authority_id: UUID, form: Catalogue, after: UUID) -> Done:
    async with transaction(tools.engine, Scope(authority_id, everything=True)) as connection:
        await connection.execute(_RESEALING)
        values = {"form": form.version, "shown": sorted(open_fields(form))}
        rows = list(await connection.execute(_OPEN_FORMS, {**values, "after": after, "limit": BATCH}))
        if rows:
            await connection.execute(_CLOSED, [_closed(tools, authority_id, form, row) for row in rows])
    return Done("revisions", len(rows), len(rows), rows[-1].id if rows else None)


def _closed(tools: Tools, authority_id: UUID, form: Catalogue, row: Any) -> dict[str, Any]:
    try:
        whole = opened(tools, authority_id, row)
    except ValueError as error:
        raise SealBrokenError("revisions: fields both open and sealed, one of them is forged") from error
    shown, secret = split(form, whole)
    place = (authority_id, "revisions", row.id, "sealed")
    sealed = tools.cipher.seal(*place, json.dumps(secret, ensure_ascii=False).encode())
    if join(shown, json.loads(tools.cipher.open(*place, sealed))) != whole:
        raise SealBrokenError("revisions.sealed: what was sealed does not open alike")
    closed = sorted(row.content.keys() - shown.keys())
    return {"id": row.id, "closed": closed, "data": sealed.data, "key": sealed.key_id}


async def too_open(engine: AsyncEngine, authority_id: UUID) -> int:
    """How many of the authority's forms hold fields in the open that are sealed today."""
    async with transaction(engine, Scope(authority_id, everything=True)) as connection:
        found = 0
        for form in _every_form():
            values = {"form": form.version, "shown": sorted(open_fields(form))}
            found += await connection.scalar(_COUNT_OPEN, values) or 0
    return found


_UNGUARD = text(
    "UPDATE profiles SET id_number_guard = NULL WHERE id IN (SELECT id FROM profiles WHERE id > :after"
    " AND id_number_guard IS NOT NULL ORDER BY id LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED) RETURNING id"
)
_STALE = text(
    "SELECT id, id_number_index FROM profiles WHERE id > :after"
    " AND disposed_at IS NULL AND id_number_key IS DISTINCT FROM :current"
    " ORDER BY id LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED"
)
_INDEXED = text(
    "UPDATE profiles SET id_number_index = :id_number_index, id_number_key = :id_number_key,"
    " id_number_guard = :id_number_guard WHERE id = :id"
)
_OPENINGS = text(
    "SELECT id, body, key_id FROM commands WHERE verb = :verb AND (subject_id = :profile OR subject_id IN"
    " (SELECT id FROM profiles WHERE merged_into = :profile))"
    " ORDER BY accepted_at, id"
)
_FORMS = text(
    "SELECT id FROM revisions WHERE profile_id = :profile OR profile_id IN"
    " (SELECT id FROM profiles WHERE merged_into = :profile) ORDER BY profile_id <> :profile, number DESC"
)


async def _reindex(tools: Tools, authority_id: UUID, after: UUID) -> Done:
    current = tools.ring.current(Purpose.BLIND_INDEX, authority_id).id
    changed: list[dict[str, Any]] = []
    async with transaction(tools.engine, Scope(authority_id, everything=True)) as connection:
        values = {"after": after, "current": current, "limit": BATCH}
        rows = list(await connection.execute(_STALE, values))
        for row in rows:
            number = await _number(connection, tools, authority_id, row.id, bytes(row.id_number_index))
            if number is not None:
                changed.append({"id": row.id, **tools.blind.row(authority_id, number)})
        if changed:
            await connection.execute(_INDEXED, changed)
    return Done("profiles", len(rows), len(changed), rows[-1].id if rows else None)


async def _number(
    connection: AsyncConnection, tools: Tools, authority_id: UUID, profile_id: UUID, index: bytes
) -> str | None:
    """The number the profile is found by: as it was opened with, else as a form of it says."""

    def theirs(number: object) -> bool:
        return isinstance(number, str) and index in tools.blind.candidates(authority_id, number)

    values = {"profile": profile_id, "verb": OpenProfile.verb}
    for row in list(await connection.execute(_OPENINGS, values)):
        body = tools.cipher.open(
            authority_id, "commands", row.id, "body", Sealed(row.key_id, bytes(row.body))
        )
        opened = BY_VERB[OpenProfile.verb].model_validate_json(body)
        if isinstance(opened, OpenProfile) and theirs(opened.personal_id_number):
            return opened.personal_id_number
    for revision_id in list((await connection.execute(_FORMS, values)).scalars()):
        number = (await content_of(connection, tools, authority_id, revision_id)).get("citizen_id_number")
        if theirs(number):
            return str(number)
    return None


async def uses(engine: AsyncEngine, authority_id: UUID) -> dict[str, dict[str, int]]:
    """Rows of the authority by key: key id → table → rows. The key of an index written before keys were noted
    is ``""``."""
    found: dict[str, dict[str, int]] = {}
    async with transaction(engine, Scope(authority_id, everything=True)) as connection:
        for column in SEALED:
            rows = await connection.execute(_count(column.table, column.key, f"{column.data} IS NOT NULL"))
            for row in rows:
                found.setdefault(row.key, {})[column.table] = row.rows
        for row in await connection.execute(
            _count("profiles", "coalesce(id_number_key, '')", "disposed_at IS NULL")
        ):
            found.setdefault(row.key, {})["profiles"] = row.rows
    return found


def _count(table: str, key: str, where: str) -> TextClause:
    counted = f"SELECT {key} AS key, count(*) AS rows FROM {table} WHERE {where} GROUP BY 1"  # noqa: S608 — names of ours, no input
    return text(counted)
