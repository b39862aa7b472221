"""Who an order is about: the profiles it names, or those a filter finds at this moment."""

from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import text

from api.bulk_bodies import BulkBody, BulkFilter, Members
from api.ordering import Chosen, few_enough
from api.reading import permits
from api.scope import Reading
from models.errors import FieldRefusal, RefusedError
from models.record.orders import LONGEST

_BELOW = (
    "ARRAY(SELECT descendant_id FROM agency_closure WHERE ancestor_id = CAST(:agency AS uuid)"
    " AND valid_to IS NULL)"
)


async def selected(read: Reading, body: BulkBody) -> list[Chosen]:
    """What the order chooses, in its own order or in that of the ids.

    Raises:
        RefusedError: ``malformed-request`` unless it names profiles or a filter, not both;
            ``bulk-too-large``; ``not-permitted`` for who may list nobody.
    """
    if (body.items is None) == (body.filter is None):
        field = FieldRefusal(
            "items", "Các hồ sơ được chọn", "Nêu `items` hoặc `filter`.", "Either `items` or `filter`."
        )
        raise RefusedError.of("malformed-request", fields=(field,))
    if body.items is not None:
        return [Chosen(one.profile_id, one.revision, one.own) for one in body.items]
    assert body.filter is not None
    return await filtered(read, body.filter)


_MEMBERS: TypeAdapter[dict[str, Any]] = TypeAdapter(Members)


def members_of(common: str) -> dict[str, Any]:
    """What is common to the lines of a workbook, from its JSON.

    Raises:
        RefusedError: ``malformed-request``.
    """
    try:
        return _MEMBERS.validate_json(common)
    except ValidationError:
        field = FieldRefusal("common", "Mục chung", "Không phải đối tượng JSON.", "Not a JSON object.")
        raise RefusedError.of("malformed-request", fields=(field,)) from None


async def filtered(read: Reading, asked: BulkFilter, *, level: int = 1, most: int = LONGEST) -> list[Chosen]:
    """Whoever of the asker's people the filter finds now, by id; of whom fields of that level are seen.

    Raises:
        RefusedError: ``bulk-too-large``, ``not-permitted``, ``field-withheld``.
    """
    where: list[str] = []
    values: dict[str, Any] = {
        "agency": asked.agency,
        "chapter": asked.chapter.value if asked.chapter else None,
        "status": asked.status.value if asked.status else None,
        "category": asked.category,
        "most": most + 1,
    }
    if asked.agency is not None:
        where.append(f"p.agency_id = ANY ({_BELOW})")
    where += [f"p.{name} = :{name}" for name in ("chapter", "status", "category") if values[name] is not None]
    if asked.awaiting_approval is not None:
        where.append(f"p.pending_revision_id IS {'NOT ' if asked.awaiting_approval else ''}NULL")
    await permits.profiles_within(read, where, values, level)
    query = f"SELECT p.id FROM profiles p WHERE {' AND '.join(where) or 'true'} ORDER BY p.id LIMIT :most"  # noqa: S608 — names of our own
    found = (await read.connection.execute(text(query), values)).scalars().all()
    few_enough(len(found), most)
    return [Chosen(one) for one in found]
