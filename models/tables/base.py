"""What every table shares: identity, the authority that owns the row, and naming of constraints."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, MetaData, Text
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Table(DeclarativeBase):
    """Base of all tables. Tables have no methods: decisions live in ``models.lifecycle``."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 — SQLAlchemy reads it from the class
        str: Text(),
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB(),
        list[Any]: JSONB(),
        UUID: postgresql.UUID(as_uuid=True),
    }


Id = Annotated[UUID, mapped_column(primary_key=True)]
"""Row identity; a time-sortable UUID made outside the workflow."""

Authority = Annotated[UUID, mapped_column(ForeignKey("authorities.authority_id"), index=False)]
"""The managing authority whose row this is; outermost in every policy."""

Day = date
"""A legal date: never an instant (R18)."""
