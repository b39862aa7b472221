"""The throw-away servers of a demo: all of the system in a folder that is removed afterwards.

PostgreSQL without durability, Temporal's test server (one virtual clock for every workflow), the emulator of
the national database, the development PKI, a worker and the API, each a process of its own, as ``hoso run``
has them.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from api.cli.children import LOOPBACK, Child, ChildError, Program, answers, free_port
from api.cli.embedded import ROLES, EmbeddedPostgres, TimeSkippingServer, server_account
from models.key_opening import open_ring
from models.migrations import migrate
from models.settings import PREFIX, DatabaseRole, Settings, write_settings_file

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 90.0
"""Seconds a server may take to become ready; the whole of a demo is meant to take less than sixty."""


@contextmanager
def no_settings_of_the_desk() -> Iterator[None]:
    """Hide what the shell says about another installation, from us and from our children."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(PREFIX)}
    for name in kept:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(kept)


@dataclass
class Servers:
    """The processes of one demo. `folder` is theirs; `settings` are known once `start` has returned."""

    folder: Path
    national_code: str
    running: list[Child] = field(default_factory=list)
    postgres: EmbeddedPostgres = field(init=False)
    settings: Settings = field(init=False)

    @property
    def data(self) -> Path:
        """The data folder of the installation."""
        return self.folder / "data"

    @property
    def emulator(self) -> Path:
        """The emulator's own folder; it leaves its key pair there."""
        return self.folder / "emulator"

    def start(self, tell: Callable[[str], None]) -> Settings:
        """Start everything, the slow beside each other; answers the settings of the installation.

        Raises:
            ChildError: a server is missing or did not become ready; the text is one line.
        """
        # Under root PostgreSQL runs as another account, which must pass through, not list.
        self.folder.chmod(0o711 if server_account() else 0o700)
        self.data.mkdir(mode=0o700)
        ports = {name: free_port() for name in ("postgres", "temporal", "emulator", "pki", "api", "metrics")}
        engine = TimeSkippingServer(ports["temporal"]).program()
        self.postgres = EmbeddedPostgres(self.folder / "postgres", ports["postgres"], throwaway=True)
        tell("PostgreSQL, Temporal (đồng hồ ảo / virtual clock), CSDLQG giả lập / emulator")
        ours = (engine, self._emulator(ports["emulator"]), self._pki(ports["pki"], ports["temporal"]))
        others = [self._begin(one) for one in ours]
        self._ready([self._begin(self.postgres.program())])
        self.postgres.create_other_side()
        self.postgres.create_roles_and_database("hoso")
        self._ready(others)
        self.settings = self._installation(ports)
        migrate(self.settings.database_url(DatabaseRole.MIGRATION))
        open_ring(self.settings)
        tell("worker, API")
        self._ready([self._begin(self._worker()), self._begin(self._api(ports["api"]))])
        return self.settings

    def stop(self) -> None:
        """Stop what runs, the newest first; nothing survives an exception of one of them."""
        with ExitStack() as stack:
            for child in self.running:
                stack.callback(child.stop)
            self.running = []

    def check(self) -> None:
        """Raise if a server has died.

        Raises:
            ChildError: one has; its last lines are in the text.
        """
        for child in self.running:
            if not child.alive:
                status = child.process.returncode
                raise ChildError(f"{child.program.name}: ended with {status}: {self._last(child)}")

    def _begin(self, program: Program) -> Child:
        with self._log(program.name).open("a", encoding="utf-8") as output:
            child = Child(program, output)
        self.running.append(child)
        return child

    def _ready(self, children: list[Child]) -> None:
        for child in children:
            try:
                child.wait_ready()
            except ChildError as error:
                raise ChildError(f"{error}: {self._last(child)}") from error

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def _last(self, child: Child) -> str:
        written = self._log(child.program.name).read_text(encoding="utf-8", errors="replace")
        return " | ".join(written.splitlines()[-3:])

    def _installation(self, ports: dict[str, int]) -> Settings:
        pair: dict[str, str] = json.loads((self.emulator / "partners.json").read_text(encoding="utf-8"))
        values = {
            "database_host": LOOPBACK,
            "database_port": str(ports["postgres"]),
            "database_name": "hoso",
            "database_sslmode": "disable",
            "temporal_address": f"{LOOPBACK}:{ports['temporal']}",
            "api_port": str(ports["api"]),
            "metrics_address": f"{LOOPBACK}:{ports['metrics']}",
            "national_url": f"http://{LOOPBACK}:{ports['emulator']}",
            "pki_url": f"http://{LOOPBACK}:{ports['pki']}",
            "signature_level": "B-LT",
            "national_sender_code": self.national_code,
            "clock": "engine",
            "session_hours": "24",
            "session_idle_minutes": "1440",
            "second_factor": "offered",
            "login_cost": "throwaway",
            "shutdown_seconds": "1",
        }
        passwords = self.postgres.passwords
        values |= {f"database_{role}_password": passwords[name] for role, name in ROLES.items()}
        values |= {f"national_{name}": value for name, value in pair.items()}
        write_settings_file(self.data, values)
        return Settings(data=self.data)

    @property
    def _environment(self) -> dict[str, str]:
        return {PREFIX + "DATA": str(self.data), "PYTHONPATH": str(ROOT)}

    def _python(
        self,
        name: str,
        *arguments: str,
        ready: Callable[[], bool],
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> Program:
        return Program(
            name=name,
            argv=[sys.executable, *arguments],
            ready=ready,
            environment={**self._environment, **environment},
            folder=ROOT,
            patience=PATIENCE,
            grace=5.0,
        )

    def _emulator(self, port: int) -> Program:
        arguments = ("-m", "activities.national.emulator", "--port", str(port), "--data", str(self.emulator))
        return self._python(
            "emulator", *arguments, ready=lambda: answers(port), environment=self.postgres.other_side()
        )

    def _pki(self, port: int, engine: int) -> Program:
        """The development PKI, whose time is the engine's: certificates and stamps live in virtual time."""
        arguments = ["-m", "activities.signing.development_pki", "--dir", str(self.data / "pki")]
        arguments += ["--port", str(port), "--engine", f"{LOOPBACK}:{engine}"]
        return self._python("pki", *arguments, ready=lambda: answers(port))

    def _worker(self) -> Program:
        return self._python("worker", "worker.py", "all", ready=self._polls)

    def _polls(self) -> bool:
        """Whether the worker has said that it serves; it has no port to ask at."""
        return "worker.ready" in self._log("worker").read_text(encoding="utf-8", errors="replace")

    def _api(self, port: int) -> Program:
        arguments = ["-m", "uvicorn", "api.app:app", "--host", LOOPBACK, "--port", str(port)]
        arguments += ["--loop", "uvloop", "--no-access-log", "--log-level", "warning"]
        return self._python("api", *arguments, ready=lambda: answers(port))
