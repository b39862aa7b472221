"""What the emulator remembers: a PostgreSQL database of its own, in which nobody else has a role."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row

__all__ = ["DATABASE", "Row", "Store"]

DATABASE = "NATIONAL_EMULATOR_DATABASE"
"""The variable that holds the libpq address of its database; it holds a password, so no argument does."""
PATIENCE = 60.0
"""Seconds that its database may take to answer when the emulator starts beside it."""

Row = dict[str, Any]
Connection = psycopg.Connection[Row]

_SCHEMA = """
create table if not exists settings (name text primary key, value text not null);
create table if not exists tokens (hash text primary key, expires double precision not null);
create table if not exists packets (
    tran_code text primary key, service text not null, kind text not null, sender text not null,
    receiver text not null, body_hash text not null, answer text not null, arrived double precision not null,
    sendings integer not null default 1, polls integer not null default 0);
create table if not exists items (
    tran_code text not null references packets, position integer not null, item_key text not null,
    profile_id text not null, body text not null, arrived double precision not null, status text not null,
    code text not null default '', field text, message text not null default '',
    primary key (tran_code, position));
create index if not exists items_waiting on items (arrived) where status = 'pending';
create index if not exists items_key on items (item_key) where status = 'pending';
create table if not exists records (
    service text not null, profile_id text not null, person text not null, digest text not null,
    body text not null, held_by text not null, status text not null, changed double precision not null,
    writes integer not null default 1,
    primary key (service, profile_id), unique (service, person));
alter table records add column if not exists corrected text not null default '[]';
create index if not exists records_held on records (service, held_by, profile_id);
create table if not exists units (
    service text not null, unit text not null, starts text not null, code text not null, name text not null,
    parent text, ends text, holder text not null, writes integer not null default 1,
    primary key (service, unit, starts));
create table if not exists lookups (
    at double precision not null, service text not null, reason text not null, found boolean not null);
"""


class Store:
    """One connection, used from the event loop only, so that every handler's work is atomic as it stands."""

    def __init__(self, folder: Path, address: str | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._address = address or os.environ[DATABASE]
        self._db = self._connect(PATIENCE)
        with self.transaction():
            # Two emulators on one database would be two other sides; making tables is said to one at a time.
            self._db.execute("select pg_advisory_xact_lock(6)")
            self._db.execute(_SCHEMA)

    def _connect(self, patience: float) -> Connection:
        end = time.monotonic() + patience
        while True:
            try:
                return psycopg.connect(
                    self._address,
                    autocommit=True,
                    row_factory=dict_row,
                    connect_timeout=5,
                    prepare_threshold=2,
                )
            except psycopg.OperationalError:
                if time.monotonic() >= end:
                    raise
                time.sleep(0.1)

    @property
    def db(self) -> Connection:
        """The connection; a new one where the server has ended the last one."""
        if self._db.closed:
            self._db = self._connect(0)
        return self._db

    def transaction(self) -> AbstractContextManager[Any]:
        """All or nothing, durable before anybody is answered."""
        return self.db.transaction()

    @contextmanager
    def light(self) -> Iterator[None]:
        """A transaction that a crash of the server may forget: counters and sessions."""
        # Inside another's transaction it is as durable as that one.
        alone = self.db.info.transaction_status is TransactionStatus.IDLE
        with self._db.transaction():
            if alone:
                self._db.execute("set local synchronous_commit = off")
            yield

    def rows(self, sql: str, *values: Any) -> list[Row]:
        """All rows of a query."""
        return self.db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> Row | None:
        """The first row of a query, if any."""
        return self.db.execute(sql, values).fetchone()

    def count(self, sql: str, *values: Any) -> int:
        """The one number a query asks for."""
        found = self.row(sql, *values) or {}
        return int(next(iter(found.values())))

    def write(self, sql: str, *values: Any) -> None:
        """One statement inside the caller's transaction."""
        self._db.execute(sql, values)

    def write_many(self, sql: str, rows: list[tuple[Any, ...]]) -> None:
        """One statement for many rows, in one exchange with the server."""
        with self._db.cursor() as cursor:
            cursor.executemany(sql, rows)

    def setting(self, name: str, otherwise: Any) -> Any:
        """A remembered JSON value."""
        row = self.row("select value from settings where name = %s", name)
        return otherwise if row is None else json.loads(row["value"])

    def remember(self, name: str, value: Any, *, lasting: bool = False) -> None:
        """Set a remembered JSON value at once; ``lasting``: also through a crash of the server."""
        with self.transaction() if lasting else self.light():
            self.write(
                "insert into settings values (%s, %s)"
                " on conflict (name) do update set value = excluded.value",
                *(name, json.dumps(value)),
            )

    def close(self) -> None:
        """Release the connection."""
        self._db.close()
