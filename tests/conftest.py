"""Real servers for the tests: one PostgreSQL cluster, one Temporal server per xdist worker, started when
first asked for and always stopped. Everything lives in temporary folders and on the loopback address.

`database` is a copy of a migrated template, so each test begins with empty tables at the cost of a file copy.
The servers end with the test process even if that is killed (see `api.cli.children`).
"""

import gc
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import structlog
from psycopg import sql

from api.cli import children
from api.cli.embedded import ROLES, EmbeddedPostgres, EmbeddedTemporal, TimeSkippingServer, create_database
from models.regulations.proving import SWITCH
from models.settings import DatabaseRole, Settings

_numbers = itertools.count(1)
UNHURRIED = {
    "requests_per_minute": 1_000_000,
    "address_requests_per_minute": 1_000_000,
    "logins_per_minute": 1_000_000,
}
"""No limit but where limits are tested: everything here comes from one address."""

TEMPLATE = "hoso_template"
FOR_TESTS = {"max_wal_size": "128MB", "plan_cache_mode": "force_generic_plan"}
"""The log takes little room where the cluster is in memory; a connection lives for one test, in which to
plan each statement five times, as for a long life, costs as much as running it."""


gc.disable()
# Its own choice draws each exception with every local variable, which takes seconds.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)


def pytest_collection_finish(session: pytest.Session) -> None:
    """What collecting made stays to the end: the collector need not walk it again and again."""
    if os.environ.get(SWITCH) and any("postgres" in item.fixturenames for item in session.items):
        stack = ExitStack()
        session.config.add_cleanup(stack.close)
        _standing.append(stack.enter_context(_cluster_with_template()))
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first: with several processes the suite ends when the last long one does."""
    items.sort(key=lambda item: item.get_closest_marker("whole") is None)


@dataclass(frozen=True)
class Database:
    """One database of the test cluster."""

    name: str
    server: EmbeddedPostgres

    def url(self, role: DatabaseRole | str = DatabaseRole.WORKER) -> str:
        """SQLAlchemy address of one of our roles."""
        return "postgresql+psycopg" + self.libpq_url(role).removeprefix("postgresql")

    def libpq_url(self, role: DatabaseRole | str = DatabaseRole.WORKER) -> str:
        """psycopg address of one of our roles."""
        return self.server.url(ROLES[DatabaseRole(role).value], self.name)

    def settings(self, data: Path, **others: object) -> Settings:
        """Settings of an installation that uses this database."""
        passwords = {f"database_{role}_password": self.server.passwords[name] for role, name in ROLES.items()}
        place = {"database_port": self.server.port, "database_name": self.name, "database_sslmode": "disable"}
        signers = {"person_signer": "development", "seal_signer": "development"}
        others = {"monthly_backups": False, **signers, **others}
        # A second factor is tested where it belongs; elsewhere people come in by their passwords alone.
        return Settings(
            data=data, **{**passwords, **place, "second_factor": "offered", **UNHURRIED, **others}
        )


@pytest.fixture(autouse=True)
def _settings_of_the_desk_do_not_reach_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = ("HOSO_LAW_PROVING", "HOSO_LAW_ALTERATION")  # `hoso law coverage --prove` speaks to tests so
    for name in [n for n in os.environ if n.startswith("HOSO_") and n not in kept]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """A function that answers a free loopback port."""
    return children.free_port


@pytest.fixture(scope="session")
def servers_folder() -> Iterator[Path]:
    """Folder of this process's servers, removed at the end."""
    with tempfile.TemporaryDirectory(prefix="hoso-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)  # under root, PostgreSQL runs as another account
        yield folder


@pytest.fixture(scope="session")
def postgres(servers_folder: Path) -> Iterator[EmbeddedPostgres]:
    """A running PostgreSQL 18 with our roles; durability off, so its files may be in memory."""
    if _standing:
        yield _standing[0]
        return
    with _cluster(servers_folder / "postgres.log") as server:
        yield server


_standing: list[EmbeddedPostgres] = []
"""While `hoso law coverage --prove` runs tests in forks: the cluster that stands before the first of them."""


@contextmanager
def _cluster_with_template() -> Iterator[EmbeddedPostgres]:
    with _cluster() as server:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            _make_template(server, connection)
        yield server


@contextmanager
def _cluster(log: Path | None = None) -> Iterator[EmbeddedPostgres]:
    with tempfile.TemporaryDirectory(
        prefix=f"hoso-{os.getpid()}-", dir=_in_memory(), ignore_cleanup_errors=True
    ) as name:
        folder = Path(name)
        folder.chmod(0o711)  # under root, PostgreSQL runs as another account
        yield from _postgres(folder / "data", log or folder / "log")


def _in_memory() -> str | None:
    """A folder in memory with room for a cluster, where the system has one; None: the usual place.

    What a test run that was killed has left there is removed first: it would hold memory until the next boot.
    """
    memory = Path("/dev/shm")
    for left in memory.glob("hoso-*-*"):
        owner = left.name.split("-")[1]
        if owner.isdigit() and not Path("/proc", owner).exists():
            shutil.rmtree(left, ignore_errors=True)
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2 * 2**30
    return str(memory) if roomy else None


def _postgres(folder: Path, log: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(folder, children.free_port(), throwaway=True, options=FOR_TESTS)
    child = children.start(server.program(), log)
    try:
        server.create_roles_and_database("hoso")
        yield server
    finally:
        child.stop()


@pytest.fixture(scope="session")
def superuser(postgres: EmbeddedPostgres) -> "Iterator[psycopg.Connection[Any]]":
    """One connection that makes and drops the databases of all tests."""
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def template(postgres: EmbeddedPostgres, superuser: "psycopg.Connection[Any]") -> str:
    """Name of a migrated database that nobody is connected to."""
    if not _standing:
        _make_template(postgres, superuser)
    return TEMPLATE


def _make_template(server: EmbeddedPostgres, connection: "psycopg.Connection[Any]") -> None:
    from models.migrations import migrate

    create_database(connection, TEMPLATE)
    migrate(Database(TEMPLATE, server).url(DatabaseRole.MIGRATION))


def _fresh(server: EmbeddedPostgres, superuser: "psycopg.Connection[Any]", source: str) -> Iterator[Database]:
    name = f"test_{next(_numbers)}"
    if _standing:  # a fork that stopped early left its own of this name
        superuser.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
    create_database(superuser, name, source, strategy="file_copy")
    try:
        yield Database(name, server)
    finally:
        superuser.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
def empty_database(postgres: EmbeddedPostgres, superuser: "psycopg.Connection[Any]") -> Iterator[Database]:
    """A database without tables, for one test."""
    yield from _fresh(postgres, superuser, "template0")


@pytest.fixture(scope="module")
def empty_module_database(
    postgres: EmbeddedPostgres, superuser: "psycopg.Connection[Any]"
) -> Iterator[Database]:
    """A database without tables, for a file of tests about one migration."""
    yield from _fresh(postgres, superuser, "template0")


@pytest.fixture
def database(
    postgres: EmbeddedPostgres, superuser: "psycopg.Connection[Any]", template: str
) -> Iterator[Database]:
    """A migrated database without rows, for one test."""
    yield from _fresh(postgres, superuser, template)


@pytest.fixture
def copy_of(
    postgres: EmbeddedPostgres, superuser: "psycopg.Connection[Any]"
) -> Iterator[Callable[[Database], Database]]:
    """A function that copies a database nobody is connected to, rows and all, for one test."""
    with ExitStack() as stack:
        yield lambda source: stack.enter_context(contextmanager(_fresh)(postgres, superuser, source.name))


@pytest.fixture(scope="module")
def module_database(
    postgres: EmbeddedPostgres, superuser: "psycopg.Connection[Any]", template: str
) -> Iterator[Database]:
    """A migrated database shared by the tests of one module."""
    yield from _fresh(postgres, superuser, template)


@pytest.fixture(scope="session")
def temporal_server(servers_folder: Path) -> Iterator[EmbeddedTemporal]:
    """A running Temporal development server in memory; use a task queue of your own per test."""
    server = EmbeddedTemporal(children.free_port())
    child = children.start(server.program(), servers_folder / "temporal.log")
    try:
        yield server
    finally:
        child.stop()


@pytest.fixture(scope="module")
def time_skipping_server(servers_folder: Path) -> Iterator[TimeSkippingServer]:
    """A running time-skipping server; its one clock is shared, hence one server per module."""
    server = TimeSkippingServer(children.free_port())
    child = children.start(server.program(), servers_folder / "temporal-test-server.log")
    try:
        yield server
    finally:
        child.stop()


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A development PKI of this process; signers that tests add to it stay."""
    from activities.signing.keystore import Keystore

    folder = tmp_path_factory.mktemp("pki")
    Keystore(folder).create()
    return folder


@pytest.fixture(scope="session")
def complete_form() -> dict[str, object]:
    """A form with every required field, of an invented person whose number cannot exist."""
    from tests.forms import COMPLETE

    return dict(COMPLETE)
