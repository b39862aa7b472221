"""A whole installation of real processes that can be killed one by one: durable PostgreSQL, the Temporal
development server with its file, ``worker.py all`` behind a wire, the API under uvicorn.
"""

import asyncio
import os
import re
import secrets
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
from psycopg.rows import dict_row
from sqlalchemy import text

from api.cli import children
from api.cli.children import LOOPBACK, Child, Program
from api.cli.embedded import ROLES, EmbeddedPostgres, EmbeddedTemporal
from api.scope import token_hash
from models.calendar import legal_date
from models.commands import OpenProfile
from models.database import engine_for, transaction
from models.keys import ensure_keyring
from models.migrations import migrate
from models.record.tools import Tools
from models.settings import DatabaseRole, Settings, write_settings_file
from tests.forms import COMPLETE
from tests.whole.proxy import Wire
from tests.world import World, build

ROOT = Path(__file__).resolve().parents[2]
LONG_AGO = date(2025, 1, 2)


@contextmanager
def own_folder() -> Iterator[Path]:
    """A folder that PostgreSQL's own account may pass through for as long as the test lasts.

    Not pytest's: every new session of pytest on the machine closes the folder they share to other accounts,
    and a running PostgreSQL then loses its files (seen: PANIC, pg_control, permission denied).
    """
    with tempfile.TemporaryDirectory(prefix="hoso-whole-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)
        yield folder


@dataclass
class Rig:
    """The installation in ``folder``."""

    folder: Path
    children: dict[str, Child] = field(default_factory=dict)
    world: World = field(init=False)
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    profiles: list[UUID] = field(default_factory=list)
    cases: dict[str, Any] = field(default_factory=dict)
    """What the client's lanes of cases are about: people, and sessions of those who act on them."""

    def __post_init__(self) -> None:
        free = children.free_port
        self.postgres = EmbeddedPostgres(self.folder / "postgres", free())
        self.temporal = EmbeddedTemporal(free(), file=self.folder / "engine.sqlite")
        self.api_port = free()
        self.wire = Wire(free(), self.temporal.port)
        self.programs = {
            "postgres": self.postgres.program,
            "temporal": self.temporal.program,
            "worker": self._worker,
            "api": self._api,
        }

    # --- processes ---

    def start(self, *names: str) -> None:
        """Start processes, each ready before the next."""
        for name in names:
            self.children[name] = children.start(self.programs[name](), self.log(name))

    def launch(self, *names: str) -> None:
        """Start processes without waiting; `ready` waits."""
        for name in names:
            program = self.programs[name]()
            with self.log(name).open("a", encoding="utf-8") as output:
                self.children[name] = Child(program, output)

    def ready(self, *names: str) -> None:
        """Wait until launched processes are ready."""
        for name in names:
            self.children[name].wait_ready()

    def kill(self, name: str) -> None:
        """``kill -9``, as the kernel does it when memory ends."""
        process = self.children[name].process
        os.kill(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        """Stop all, last started first."""
        for child in reversed(list(self.children.values())):
            child.stop()
        self.wire.close()

    def log(self, name: str) -> Path:
        """Where a process writes."""
        return self.folder / f"{name}.log"

    @property
    def base(self) -> str:
        """Address of the API."""
        return f"http://{LOOPBACK}:{self.api_port}"

    @property
    def environment(self) -> dict[str, str]:
        """What our own processes are told; the rest is in the settings file, as with ``hoso run``."""
        return {"HOSO_DATA": str(self.folder)}

    def _worker(self) -> Program:
        log, before = self.log("worker"), 0
        if log.exists():
            before = log.read_text(encoding="utf-8").count("worker.ready")
        return Program(
            name="worker",
            argv=[sys.executable, "worker.py", "all"],
            ready=lambda: log.read_text(encoding="utf-8").count("worker.ready") > before,
            environment={
                **self.environment,
                "HOSO_TEMPORAL_ADDRESS": f"{LOOPBACK}:{self.wire.port}",
                "HOSO_LOG_FORMAT": "json",
            },
            folder=ROOT,
        )

    def _api(self) -> Program:
        argv = [sys.executable, "-m", "uvicorn", "api.app:app", "--host", LOOPBACK, "--loop", "uvloop"]
        return Program(
            name="api",
            argv=[*argv, "--port", str(self.api_port), "--no-access-log", "--log-level", "warning"],
            ready=lambda: children.answers(self.api_port),
            environment={**self.environment, "HOSO_LOG_FORMAT": "json"},
            folder=ROOT,
        )

    # --- what is in it ---

    def install(self, people: int) -> None:
        """Start PostgreSQL and the engine; an authority, people in service, and an HR officer's session."""
        self.folder.chmod(0o711)
        self.start("postgres", "temporal")
        self.postgres.create_roles_and_database("hoso")
        passwords = {
            "person_signer": "development",
            "seal_signer": "development",
            "revocation": "off",
            "second_factor": "offered",
            "requests_per_minute": "1000000",
            "address_requests_per_minute": "1000000",
            "logins_per_minute": "1000000",
            **{f"database_{role}_password": self.postgres.passwords[name] for role, name in ROLES.items()},
        }
        write_settings_file(
            self.folder,
            {
                "database_port": str(self.postgres.port),
                "database_sslmode": "disable",
                "temporal_address": self.temporal.address,
                "api_port": str(self.api_port),
                **passwords,
            },
        )
        self.settings = Settings(data=self.folder)
        migrate(self.settings.database_url(DatabaseRole.MIGRATION))
        self.ring = ensure_keyring(self.settings.key_ring, None, self.settings.master_key_file)
        asyncio.run(self._furnish(people))

    async def _furnish(self, people: int) -> None:
        engine = engine_for(self.settings.database_url(DatabaseRole.WORKER))
        try:
            self.world = await build(Tools(engine, self.ring), datetime.now(UTC))
            for number in range(people):
                self.profiles.append(await self._person(number))
            declaring = await self.world.employ(until="declaration")
            await self.world.draft(declaring, COMPLETE)
            moving = self.profiles.pop()
            tokens = {"culture.hr": self.token}
            tokens |= {who: secrets.token_urlsafe(32) for who in ("culture.approver", "person")}
            async with transaction(engine, self.world.scope) as connection:
                await connection.execute(_IN_SERVICE)
                await connection.execute(_HEARD)
                for who, token in tokens.items():
                    await connection.execute(_SESSION, self._session(who, token))
            about = {"declaring": declaring, "moving": moving, "to": self.world.health}
            about |= {"today": legal_date(self.world.now)}
            self.cases = {name: str(one) for name, one in about.items()} | {"tokens": tokens}
        finally:
            await engine.dispose()

    def _session(self, who: str, token: str) -> dict[str, Any]:
        return {
            "hash": token_hash(token),
            "authority": self.world.authority,
            "account": self.world.accounts[who],
            "now": self.world.now,
            "end": self.world.now + timedelta(hours=1),
        }

    async def _person(self, number: int) -> UUID:
        profile = uuid4()
        body = OpenProfile(
            agency_id=self.world.museum,
            full_name=f"Người Thử {number}",
            personal_id_number=f"000{number:09d}",
            event_on=LONG_AGO,
            document="1/QĐ-THỬ",
        )
        fate = await self.world.ask("culture.hr", body, profile)
        assert fate.status == 201, fate
        return profile

    # --- looking ---

    def rows(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        """Rows as the superuser sees them: past every policy."""
        with psycopg.connect(self.postgres.url(database="hoso"), row_factory=dict_row) as connection:
            return connection.execute(query, parameters).fetchall()

    def web(self) -> httpx.Client:
        """The HR officer's own HTTP client."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.Client(base_url=self.base, headers=headers, timeout=15)

    def broken(self) -> list[str]:
        """Lines of the logs that no kill excuses."""
        return [
            f"{log.name}: {line[:300]}"
            for log in sorted(self.folder.glob("*.log"))
            for line in log.read_text(encoding="utf-8", errors="replace").splitlines()
            if _BROKEN.search(line)
        ]


_BROKEN = re.compile(
    r"panic|nondetermin|TMPRL1100|TMPRL1101|deadlock|UnfinishedUpdate|UnfinishedSignal|never retrieved"
    r"|invalid page|corrupt|out of memory|segfault",
    re.IGNORECASE,
)
_IN_SERVICE = text("UPDATE profiles SET chapter = 'service', status = 'working' WHERE account_id IS NULL")
_HEARD = text("UPDATE commands SET heard_at = accepted_at")
_SESSION = text(
    "INSERT INTO sessions (token_hash, authority_id, account_id, created_at, expires_at)"
    " VALUES (:hash, :authority, :account, :now, :end)"
)
