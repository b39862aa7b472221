"""Keyset pages: a cursor is the key of the last row given out. It holds ids and dates only."""

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Annotated, Any, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field

from models.errors import FieldRefusal, RefusedError

LARGEST = 200

Limit = Annotated[
    int, Query(ge=1, le=LARGEST, title="Số dòng", description="Số dòng mỗi trang / rows on a page")
]
After = Annotated[
    str | None,
    Query(
        max_length=400, title="Trang sau", description="Con trỏ của trang trước / the page before's `next`"
    ),
]

Row = TypeVar("Row")


class Page(BaseModel):
    """What every page carries beside its rows."""

    next: str | None = Field(
        default=None, title="Trang sau", description="Gửi lại trong `after`; không có là hết"
    )


def cursor(*key: Any) -> str:
    """The cursor of a row's key."""
    text = json.dumps([None if part is None else str(part) for part in key], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def key_of(after: str | None, *types: Any) -> tuple[Any, ...] | None:
    """The key in a cursor, each part read by its type; none for the first page.

    Raises:
        RefusedError: ``malformed-request`` for anything this API did not give out.
    """
    if after is None:
        return None
    try:
        parts = json.loads(base64.b64decode(after + "=" * (-len(after) % 4), b"-_", validate=True))
        if not isinstance(parts, list) or len(parts) != len(types):
            raise ValueError(after)
        return tuple(None if part is None else read(part) for part, read in zip(parts, types, strict=True))
    except (ValueError, TypeError, binascii.Error, RecursionError):
        field = FieldRefusal("after", "Trang sau", "Con trỏ không hợp lệ.", "Not a cursor of this list.")
        raise RefusedError.of("malformed-request", fields=(field,)) from None


def page(rows: Sequence[Row], limit: int) -> tuple[Sequence[Row], bool]:
    """The page and whether there is more: lists ask for one row beyond the limit."""
    return rows[:limit], len(rows) > limit
