"""Real servers for a bench, set as ``hoso run`` sets them: durable, each a process of its own."""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from activities.signing.keystore import Keystore
from api.cli.children import LOOPBACK, Child, Program, answers, free_port, start
from api.cli.embedded import ROLES, EmbeddedPostgres, EmbeddedTemporal, server_account
from models.keys import KeyRing, ensure_keyring
from models.migrations import migrate
from models.settings import PREFIX, DatabaseRole, Settings, write_settings_file

ROOT = Path(__file__).resolve().parents[2]
WORKER = "worker.py"


@dataclass
class Stage:
    """One throw-away installation and the processes that run on it."""

    folder: Path
    stack: ExitStack
    settings: Settings
    ring: KeyRing
    engine_file: Path
    processes: dict[str, int] = field(default_factory=dict)

    def worker(self, part: str = "workflows", **environment: str) -> Child:
        """A worker of ours as the supervisor starts it."""
        return self.python(f"worker.{part}", [WORKER, part], environment)

    def api(self) -> Child:
        """The API as the supervisor starts it."""
        port = self.settings.api_port
        argv = ["-m", "uvicorn", "api.app:app", "--host", LOOPBACK, "--port", str(port), "--loop", "uvloop"]
        argv += ["--no-access-log", "--log-level", "warning"]
        return self.python("api", argv, {}, ready_port=port)

    def python(
        self, name: str, argv: Sequence[str], environment: dict[str, str], ready_port: int | None = None
    ) -> Child:
        """A Python program of this stage, stopped with it."""
        settings = {PREFIX + "DATA": str(self.settings.data), "PYTHONPATH": str(ROOT)}
        program = Program(
            name=name,
            argv=[sys.executable, *argv],
            ready=lambda: ready_port is None or answers(ready_port),
            environment={**settings, **environment},
            folder=ROOT,
        )
        return self.begin(program)

    def begin(self, program: Program) -> Child:
        """Start a program and remember it by name."""
        child = start(program, self.folder / f"{program.name}.log")
        self.stack.callback(child.stop)
        self.processes[program.name] = child.process.pid
        return child

    def stop(self, child: Child) -> None:
        """Stop one program early."""
        child.stop()
        self.processes.pop(child.program.name, None)

    def log(self, name: str) -> str:
        """What a program has written."""
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def sql(self, query: str, *parameters: Any) -> Any:
        """The first value, if any, of a statement as the superuser, outside every policy."""
        with psycopg.connect(self.superuser, autocommit=True) as connection:
            cursor = connection.execute(query, parameters)  # type: ignore[call-overload] # any statement, as text
            row = cursor.fetchone() if cursor.description else None
            return row[0] if row else None

    @property
    def superuser(self) -> str:
        """libpq address of the superuser, for counting and vacuuming only."""
        passwords = json.loads((self.folder / "postgres" / "passwords.json").read_text(encoding="utf-8"))
        return f"postgresql://postgres:{passwords['postgres']}@{LOOPBACK}:{self.settings.database_port}/hoso"


def environment() -> dict[str, str]:
    """The environment without what it says of another installation."""
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}


@contextmanager
def stage(*, emulator: bool = False, database_options: Mapping[str, str] | None = None) -> Iterator[Stage]:
    """PostgreSQL and Temporal in a new folder, migrated, with keys and signers; gone at the end.

    With ``emulator`` the national database's emulator runs beside them as a process of its own.
    ``database_options``: what PostgreSQL is started with beside what `hoso run` gives it.
    """
    for name in [n for n in os.environ if n.startswith(PREFIX)]:
        del os.environ[name]
    folder = Path(tempfile.mkdtemp(prefix="hoso-bench-"))
    folder.chmod(0o711 if server_account() else 0o700)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        database = EmbeddedPostgres(folder / "postgres", free_port(), options=database_options or {})
        engine_file = folder / "temporal" / "engine.sqlite"
        engine = EmbeddedTemporal(free_port(), None, engine_file)
        servers = {p.name: start(p, folder / f"{p.name}.log") for p in (database.program(), engine.program())}
        stack.callback(lambda: [child.stop() for child in servers.values()])
        national = _emulator(folder, servers, database) if emulator else {}
        database.create_roles_and_database("hoso")
        made = _settings(folder, database, engine, national)
        migrate(made.database_url(DatabaseRole.MIGRATION))
        Keystore(made.pki).create()
        ring = ensure_keyring(made.key_ring, None, made.master_key_file)
        processes = {name: child.process.pid for name, child in servers.items()}
        built = Stage(folder, stack, made, ring, engine_file, processes)
        try:
            yield built
        except Exception as error:
            for log in sorted(folder.glob("*.log")):
                error.add_note(f"{log.stem}: {built.log(log.stem)[-1500:]}")
            raise


def _emulator(folder: Path, servers: dict[str, Child], database: EmbeddedPostgres) -> dict[str, str]:
    """Start the emulator; answers the settings by which an installation knows it."""
    port = free_port()
    database.create_other_side()
    servers["emulator"] = start(_program(folder, port, database), folder / "emulator.log")
    pair = json.loads((folder / "emulator" / "partners.json").read_text(encoding="utf-8"))
    return {"national_url": f"http://{LOOPBACK}:{port}"} | {f"national_{k}": v for k, v in pair.items()}


def emulator_program(built: Stage) -> Program:
    """The emulator of a stage, to be started again after it was killed."""
    port = built.settings.national_url.port if built.settings.national_url else None
    assert port is not None
    database = EmbeddedPostgres(built.folder / "postgres", built.settings.database_port)
    return _program(built.folder, port, database)


def _program(folder: Path, port: int, database: EmbeddedPostgres) -> Program:
    argv = [sys.executable, "-m", "activities.national.emulator", "--port", str(port)]
    return Program(
        name="emulator",
        argv=[*argv, "--data", str(folder / "emulator")],
        ready=lambda: answers(port),
        environment=database.other_side(),
        folder=ROOT,
    )


def _settings(
    folder: Path, database: EmbeddedPostgres, engine: EmbeddedTemporal, others: dict[str, str]
) -> Settings:
    values = {
        "database_host": LOOPBACK,
        "database_port": str(database.port),
        "database_name": "hoso",
        "database_sslmode": "disable",
        "temporal_address": engine.address,
        "api_port": str(free_port()),
        "person_signer": "development",
        "seal_signer": "development",
        "revocation": "off",
        "second_factor": "offered",
        "monthly_backups": "false",  # the first one, taken at once, is no part of what is measured
        "requests_per_minute": "1000000",
        "address_requests_per_minute": "1000000",
        "logins_per_minute": "1000000",
        **others,
    }
    values |= {f"database_{role}_password": database.passwords[name] for role, name in ROLES.items()}
    values |= {f"database_{role}_user": name for role, name in ROLES.items()}
    write_settings_file(folder, values)
    return Settings(data=folder)
