"""``hoso run``: the whole system in the foreground, from an empty folder or where the last run stopped.

Order: PostgreSQL, Temporal, the emulator and the development PKI at once; roles and migrations; keys; workers
and API; the sample authority. Ports found free are remembered in ``settings.env`` of the data folder; a port
named by the user in the environment is used or refused, never replaced.
"""

import json
import os
import shlex
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Annotated

import psycopg
import typer
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from api.cli import sample_logins
from api.cli.children import LOOPBACK, ChildError, Program, answers, choose_port, port_is_free
from api.cli.embedded import (
    ROLES,
    EmbeddedPostgres,
    EmbeddedTemporal,
    binary,
    postgres_binaries,
    server_account,
)
from api.cli.plainly import plainly
from api.cli.supervisor import AlreadyRunningError, Display, Supervisor, only_one
from models.errors import HosoError
from models.key_opening import open_ring
from models.migrations import migrate
from models.settings import DATA_FOLDER, PREFIX, DatabaseRole, Settings, write_settings_file

ROOT = Path(__file__).resolve().parents[2]
FIRST_LOAD = (
    "from api.cli.first_load import first_load; from models.settings import Settings\n"
    "for line in first_load(Settings()) or (): print(line)"
)


WORKERS = ("workflows", "activities", "batches")
"""Parts of ``worker.py``, each a process of its own."""


@dataclass(frozen=True)
class Ports:
    """The ports of one run."""

    database: int
    temporal: int
    temporal_ui: int
    emulator: int
    pki: int
    api: int


def choose_ports(remembered: Settings) -> Ports:
    """The last run's ports or the usual ones where free, else others.

    Raises:
        ChildError: the port the environment names for the API is taken.
    """
    wanted = os.environ.get(PREFIX + "API_PORT")
    if wanted and not port_is_free(remembered.api_port, remembered.api_host):
        raise ChildError(
            f"cổng {wanted} đã có chương trình khác dùng / port {wanted} ({PREFIX}API_PORT) is taken"
        )
    ui, gateway, pki = remembered.temporal_ui_url, remembered.national_url, remembered.pki_url
    usual = {
        "api": remembered.api_port,
        "database": remembered.database_port,
        "temporal": int(remembered.temporal_address.rpartition(":")[2]),
        "temporal_ui": (ui and ui.port) or 8233,
        "emulator": (gateway and gateway.port) or 8090,
        "pki": (pki and pki.port) or 8091,
    }
    chosen: dict[str, int] = {}
    for name, port in usual.items():
        chosen[name] = choose_port(port, set(chosen.values()))
    return Ports(**chosen)


class Installation:
    """One data folder and what runs on it."""

    def __init__(self, data: Path, display: Display) -> None:
        self.data, self.display = data.absolute(), display
        self.supervisor = Supervisor(self.data, display)
        self.environment: dict[str, str] = {}

    def say(self, text: str) -> None:
        """One line of our own."""
        self.display.line("hoso", text)

    def start(self) -> Settings:
        """Everything up to and including the sample authority; answers the settings of this run.

        Raises:
            ChildError: something is missing or does not start; the text is one line.
        """
        binary("temporal")
        postgres_binaries()
        self.supervisor.clear_previous()
        self._private_folders()
        ports = choose_ports(Settings(data=self.data))
        self.say(f"dữ liệu / data: {self.data}")
        settings = self._servers(ports)
        self._ours(settings)
        return settings

    def _private_folders(self) -> None:
        # PostgreSQL's own account must pass through the data folder; nobody may list it.
        self.data.mkdir(parents=True, exist_ok=True)
        self.data.chmod(0o711 if server_account() else 0o700)
        for name in ("keys", "documents", "outbox", "pki", "emulator", "temporal"):
            folder = self.data / name
            folder.mkdir(exist_ok=True)
            folder.chmod(0o700)

    def _servers(self, ports: Ports) -> Settings:
        database = EmbeddedPostgres(self.data / "postgres", ports.database)
        codec = f"http://{LOOPBACK}:{ports.api}/codec"
        engine = EmbeddedTemporal(
            ports.temporal, ports.temporal_ui, self.data / "temporal" / "engine.sqlite", codec
        )
        others = (
            engine.program(),
            self._emulator(ports.emulator, database.other_side()),
            self._pki(ports.pki),
        )
        started = [self.supervisor.begin(program) for program in (database.program(), *others)]
        self.supervisor.wait(started[0])
        database.create_other_side()
        database.create_roles_and_database("hoso")
        self.supervisor.wait(started[2])
        settings = self._write_settings(ports, database)
        self._schema_and_keys(settings)
        self.supervisor.wait(started[3])
        self.supervisor.wait(started[1])
        return settings

    def _schema_and_keys(self, settings: Settings) -> None:
        try:
            migrate(settings.database_url(DatabaseRole.MIGRATION))
        except (SQLAlchemyError, psycopg.Error) as error:
            raise ChildError(f"di trú / migrations: {str(error).splitlines()[0]}") from error
        try:
            open_ring(settings)
        except HosoError as error:
            raise ChildError(f"khoá / keys: {error}") from error

    def _emulator(self, port: int, memory: dict[str, str]) -> Program:
        argv = [sys.executable, "-m", "activities.national.emulator", "--port", str(port)]
        argv += ["--data", str(self.data / "emulator")]
        return Program(
            name="emulator", argv=argv, ready=lambda: answers(port), environment=memory, folder=ROOT
        )

    def _pki(self, port: int) -> Program:
        argv = [sys.executable, "-m", "activities.signing.development_pki", "--port", str(port)]
        argv += ["--dir", str(self.data / "pki")]
        return Program(name="pki", argv=argv, ready=lambda: answers(port), folder=ROOT)

    def _write_settings(self, ports: Ports, database: EmbeddedPostgres) -> Settings:
        pair: dict[str, str] = json.loads(
            (self.data / "emulator" / "partners.json").read_text(encoding="utf-8")
        )
        values = {
            "database_host": LOOPBACK,
            "database_port": str(ports.database),
            "database_name": "hoso",
            "database_sslmode": "disable",
            "temporal_address": f"{LOOPBACK}:{ports.temporal}",
            "temporal_ui_url": f"http://{LOOPBACK}:{ports.temporal_ui}",
            "api_port": str(ports.api),
            "national_url": f"http://{LOOPBACK}:{ports.emulator}",
            "pki_url": f"http://{LOOPBACK}:{ports.pki}",
            "signature_level": "B-LT",
            "codec_open": "true",
            "second_factor": "offered",
        }
        values |= {f"database_{role}_password": database.passwords[name] for role, name in ROLES.items()}
        values |= {f"database_{role}_user": name for role, name in ROLES.items()}
        values |= {f"national_{name}": value for name, value in pair.items()}
        write_settings_file(self.data, values)
        # An empty variable counts as unset: what the shell says must not lead children elsewhere.
        self.environment = {PREFIX + name.upper(): "" for name in values} | {PREFIX + "DATA": str(self.data)}
        for name, value in self.environment.items():
            os.environ[name] = value
        return Settings(data=self.data)

    def _ours(self, settings: Settings) -> None:
        workers = [self.supervisor.begin(self._worker(name)) for name in WORKERS]
        # Side by side: nobody waits for one before the other has been started.
        for kept in (self.supervisor.begin(self._api(settings)), *workers):
            self.supervisor.wait(kept)
        loaded = sample_logins.read(self.data)
        for line in loaded if loaded.done else self._python("import", "-c", FIRST_LOAD):
            self.say(line)

    def _worker(self, name: str) -> Program:
        """A worker; it is ready when it says that it asks the engine for work."""
        ready = self.data / f"{name}.ready"
        return Program(
            name=name,
            argv=[sys.executable, "worker.py", name],
            ready=ready.exists,
            environment={**self.environment, f"{PREFIX}READY_FILE": str(ready)},
            folder=ROOT,
            prepare=lambda: ready.unlink(missing_ok=True),
        )

    def _api(self, settings: Settings) -> Program:
        argv = [sys.executable, "-m", "uvicorn", "api.app:app", "--host", settings.api_host]
        argv += [
            "--port",
            str(settings.api_port),
            "--loop",
            "uvloop",
            "--no-access-log",
            "--log-level",
            "warning",
        ]
        host = LOOPBACK if settings.api_host == "0.0.0.0" else settings.api_host  # noqa: S104 — compared only
        return Program(
            name="api",
            argv=argv,
            ready=lambda: answers(settings.api_port, host),
            environment=self.environment,
            folder=ROOT,
        )

    def _python(self, name: str, *arguments: str) -> list[str]:
        environment = {**self.environment, "PYTHONPATH": str(ROOT)}
        return self.supervisor.run_once(name, [sys.executable, *arguments], environment, 300.0)

    def welcome(self, settings: Settings) -> None:
        """Where to look and what to try."""
        here = settings.public_address
        # Another terminal knows the usual folder only.
        folder = "" if self.data == DATA_FOLDER.absolute() else f" --data {shlex.quote(str(self.data))}"
        for line in (
            "",
            f"Tài liệu API / API docs            {here}/docs",
            f"Temporal Web UI                    {str(settings.temporal_ui_url).rstrip('/')}",
            f"CSDL quốc gia giả lập / emulator   {str(settings.national_url).rstrip('/')}",
            f"Chứng thực thử nghiệm / test PKI   {str(settings.pki_url).rstrip('/')}",
            "Thử ở cửa sổ khác / try in another terminal:",
            f"  .venv/bin/hoso doctor{folder}",
            "  .venv/bin/hoso deadline hanoi.art6.3 --from 2025-12-29",
            "  .venv/bin/hoso demo",
            "Ctrl-C để dừng tất cả / stops everything; 'make run' tiếp tục / continues",
            "",
        ):
            self.say(line)


def run(data: Path, display: Display) -> int:
    """Run until Ctrl-C or SIGTERM. Returns the exit status: 0 stopped as asked, 1 could not start."""
    installation = Installation(data, display)
    supervisor = installation.supervisor

    def asked_to_stop(_number: int, _frame: FrameType | None) -> None:
        supervisor.stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, asked_to_stop)
    try:
        with only_one(installation.data):
            return _until_stopped(installation)
    except AlreadyRunningError as error:
        installation.say(str(error))
        return 1
    except OSError as error:
        installation.say(f"LỖI / ERROR: {plainly(error)}")
        return 1


def _until_stopped(installation: Installation) -> int:
    supervisor = installation.supervisor
    status = 0
    try:
        installation.welcome(installation.start())
        supervisor.watch()
    except (ChildError, HosoError, OSError, ValidationError) as error:
        if (line := plainly(error)) is None:
            raise
        if not supervisor.stopping.is_set():
            status = 1
            installation.say(f"LỖI / ERROR: {line}")
    finally:
        installation.say("đang dừng / stopping")
        supervisor.stop()
        installation.say("đã dừng / stopped")
    return status


def command(
    data: Annotated[
        Path, typer.Option(envvar=PREFIX + "DATA", help="Thư mục dữ liệu / data folder")
    ] = DATA_FOLDER,
) -> None:
    """Chạy toàn bộ hệ thống trên máy này / run the whole system on this machine."""
    raise typer.Exit(run(data, Display(sys.stdout)))


if __name__ == "__main__":
    typer.run(command)
