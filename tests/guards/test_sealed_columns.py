"""No sealed column is forgotten when keys change."""

from sqlalchemy import LargeBinary, Table

from models.record.resealing import SEALED
from models.tables import Table as Base


def sealed_in(table: Table) -> set[tuple[str, str]]:
    """Bytes that stand beside the id of their key, by the names used here."""
    names = set(table.columns.keys())
    found = set()
    for column in table.columns:
        if isinstance(column.type, LargeBinary):
            keys = {"key_id", f"{column.name}_key", f"{column.name.removesuffix('_sealed')}_key"} & names
            found |= {(column.name, key) for key in keys}
    return found


def test_every_sealed_column_is_sealed_anew() -> None:
    """A new one: a line in `SEALED`, and the grant of UPDATE to `hoso_worker` in its migration."""
    there = {(t.name, *pair) for t in Base.metadata.tables.values() for pair in sealed_in(t)}
    assert there == {(one.table, one.data, one.key) for one in SEALED}


def test_what_it_is_bound_to_is_in_the_row() -> None:
    for one in SEALED:
        table = Base.metadata.tables[one.table]
        assert [column.name for column in table.primary_key] == [one.id]
