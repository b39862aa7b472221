"""What the emulator remembers, in one SQLite file that survives `kill -9`."""

import json
import sqlite3
from pathlib import Path
from typing import Any

__all__ = ["Store"]

_SCHEMA = """
create table if not exists settings (name text primary key, value text not null);
create table if not exists tokens (hash text primary key, expires real not null);
create table if not exists packets (
    tran_code text primary key, service text not null, kind text not null, sender text not null,
    receiver text not null, body_hash text not null, answer text not null, arrived real not null,
    sendings integer not null default 1, polls integer not null default 0);
create table if not exists items (
    tran_code text not null references packets, position integer not null, item_key text not null,
    profile_id text not null, body text not null, arrived real not null, status text not null,
    code text not null default '', field text, message text not null default '',
    primary key (tran_code, position));
create index if not exists items_waiting on items (arrived) where status = 'pending';
create index if not exists items_key on items (item_key) where status = 'pending';
create table if not exists records (
    service text not null, profile_id text not null, person text not null, digest text not null,
    body text not null, held_by text not null, status text not null, changed real not null,
    writes integer not null default 1,
    primary key (service, profile_id), unique (service, person));
create table if not exists lookups (
    at real not null, service text not null, reason text not null, found integer not null);
"""


class Store:
    """One connection, used from the event loop only, so that every handler's work is atomic as it stands."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.db = sqlite3.connect(folder / "national.sqlite3")
        self.db.row_factory = sqlite3.Row
        self.db.execute("pragma journal_mode = wal")
        self.db.execute("pragma synchronous = normal")
        self.db.executescript(_SCHEMA)

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """All rows of a query."""
        return self.db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> sqlite3.Row | None:
        """The first row of a query, if any."""
        found: sqlite3.Row | None = self.db.execute(sql, values).fetchone()
        return found

    def count(self, sql: str, *values: Any) -> int:
        """The one number a query asks for."""
        return int(self.db.execute(sql, values).fetchone()[0])

    def write(self, sql: str, *values: Any) -> None:
        """One statement inside the caller's `with store.db`."""
        self.db.execute(sql, values)

    def setting(self, name: str, otherwise: Any) -> Any:
        """A remembered JSON value."""
        row = self.row("select value from settings where name = ?", name)
        return otherwise if row is None else json.loads(row["value"])

    def remember(self, name: str, value: Any) -> None:
        """Set a remembered JSON value at once."""
        with self.db:
            self.write("insert or replace into settings values (?, ?)", name, json.dumps(value))

    def close(self) -> None:
        """Release the file."""
        self.db.close()
