"""The office of backups. Every step may be done again: a folder, a verdict or a row that is there is kept."""

import asyncio
import json
import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.backups.note import signed_note
from activities.documents.store import DocumentStore
from activities.signing.notary import Notary
from activities.signing.patience import patiently
from activities.signing.pausing import may_sign
from activities.signing.proofs import present
from activities.signing.signer import Signers
from models.activity_interfaces import BackupActivities
from models.backups.keeping import may_go, months_before
from models.backups.manifest import Manifest
from models.backups.taking import Source, folder_name, take
from models.calendar import legal_date, start_of_day
from models.documents import blobs_of
from models.key_opening import master_place
from models.messages_admin import BackupPlan, BackupRun, BackupStart
from models.record.backups import (
    Judged,
    Side,
    authorities,
    held_by,
    noted,
    record_judged,
    record_removed,
    side_of,
    youngest_day,
)
from models.record.tools import Tools
from models.settings import PREFIX, DatabaseRole, Settings

ROOT = Path(__file__).resolve().parents[2]
VERDICT = "check.json"
NIGHT = timedelta(hours=1)
"""After midnight in Viet Nam: policy. The law says "monthly" and names no day."""
_CHECK = "from api.cli.main import main; main()"
"""A process of its own: what is restored goes with it, and its memory, too."""


@dataclass(frozen=True, slots=True)
class BackupOffice(BackupActivities):
    """One per worker process; the work itself runs in a thread or a process of its own."""

    settings: Settings
    tools: Tools
    store: DocumentStore
    signers: Signers
    threads: ThreadPoolExecutor
    notary: Notary

    @activity.defn(name="plan_backup")
    async def plan_backup(self, start: BackupStart) -> BackupPlan:
        """The month's own backup: the night of its first day; none where a good one of the month is there."""
        first = month = datetime.strptime(start.month, "%Y-%m").replace(tzinfo=UTC).date()
        own = uuid5(NAMESPACE_URL, f"hoso:backup:{start.month}")
        done = [
            one
            for authority in await authorities(self.tools)
            for one, _ in await held_by(self.tools, authority)
            if one.state == "good" and f"{one.made_on:%Y-%m}" == start.month
        ]
        young = await youngest_day(self.tools)
        if young is not None:
            first = max(first, young + timedelta(days=1))
        following = (month.replace(day=28) + timedelta(days=4)).replace(day=1)
        return BackupPlan(
            due_at=None if done else start_of_day(first) + NIGHT,
            backup_id=own,
            next_month=f"{following:%Y-%m}",
        )

    @activity.defn(name="make_backup")
    async def make_backup(self, run: BackupRun) -> None:
        """Take it; a full disk is raised, to be tried again when there is room."""
        loop, context = asyncio.get_running_loop(), copy_context()

        def beat(words: str) -> None:
            loop.call_soon_threadsafe(activity.heartbeat, words, context=context.copy())

        source = self._source()
        await loop.run_in_executor(
            self.threads, take, source, self.settings.backups, str(run.backup_id), run.now, beat
        )

    @activity.defn(name="check_backup")
    async def check_backup(self, run: BackupRun) -> None:
        """Restore it into a throw-away place; the verdict lies beside it."""
        folder = self._folder(run)
        if (folder / VERDICT).exists():
            return
        words = ["backup", "check", str(folder), "--json"]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            _CHECK,
            *words,
            env=self._environment(),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            answer = await _awaited(process)
        finally:
            if process.returncode is None:
                process.kill()
        try:
            verdict: dict[str, Any] = json.loads(answer)
        except ValueError:
            verdict = {"good": None}
        if verdict.get("good") is None:  # the check itself failed, which says nothing of the backup
            raise ApplicationError("the backup could not be checked", type="backup-unchecked")
        staged = folder / f".{VERDICT}"
        staged.write_text(json.dumps(verdict, ensure_ascii=False, indent=1), encoding="utf-8")
        staged.rename(folder / VERDICT)

    @activity.defn(name="record_backup")
    async def record_backup(self, run: BackupRun) -> None:
        """The signed note and the row of every authority; then what the law lets go, goes."""
        folder = self._folder(run)
        judged = _judged(folder, run)
        for authority in await authorities(self.tools):
            side = await side_of(self.tools, authority, run.now)
            if await noted(self.tools, side, run.backup_id) is None:
                note = await patiently(self._note(side, judged, run.now))
                await record_judged(self.tools, side, judged, note, run.now)
            activity.heartbeat(side.code)
        await self._retire(run.now)

    async def _note(self, side: Side, judged: Judged, now: datetime) -> str:
        await may_sign(self.tools, self.notary, side.authority_id, side.code, present(now))
        loop = asyncio.get_running_loop()
        pdf = await loop.run_in_executor(
            self.threads, signed_note, self.signers, self.notary, side, judged, now
        )
        return self.store.put(side.authority_id, pdf, "application/pdf").sha256

    async def _retire(self, now: datetime) -> None:
        """A folder goes only where the law of every authority in it lets it go."""
        today = legal_date(now)
        free: dict[str, list[Side]] = {}
        folders: dict[str, str] = {}
        seen: dict[str, int] = {}
        for authority in await authorities(self.tools):
            side = await side_of(self.tools, authority, now)
            held = await held_by(self.tools, authority)
            gone = set(may_go([one for one, _ in held], today, side.months))
            for one, folder in held:
                seen[one.id] = seen.get(one.id, 0) + 1
                folders[one.id] = folder
                if one.id in gone:
                    free.setdefault(one.id, []).append(side)
        for backup_id, sides in free.items():
            if len(sides) != seen[backup_id]:
                continue
            await asyncio.to_thread(shutil.rmtree, self.settings.backups / folders[backup_id], True)
            for side in sides:
                until = months_before(today, side.months)
                await record_removed(self.tools, side.authority_id, UUID(backup_id), until, now)

    def _folder(self, run: BackupRun) -> Path:
        return self.settings.backups / folder_name(run.now, str(run.backup_id))

    def _source(self) -> Source:
        return Source(
            url=self.settings.libpq_url(DatabaseRole.WORKER),
            ring_file=self.settings.key_ring,
            ring=self.tools.ring,
            master=master_place(self.settings).find(),
            documents=blobs_of(self.settings),
            folders={"pki": self.settings.pki},
            engine_file=self.settings.data / "temporal" / "engine.sqlite",
        )

    def _environment(self) -> dict[str, str]:
        given = {
            "DATA": str(self.settings.data),
            "PKI": str(self.settings.pki),
            "MASTER_KEY": _secret(self.settings) or "",
            "MASTER_KEY_FILE": str(self.settings.master_key_file),
            "TRUST_LIST": str(self.settings.trust_list or ""),
        }
        return {**os.environ, **{PREFIX + name: value for name, value in given.items()}}


def _secret(settings: Settings) -> str | None:
    return settings.master_key.get_secret_value() if settings.master_key else None


async def _awaited(process: asyncio.subprocess.Process) -> bytes:
    """What the process says to its end; it is alive, so the work is."""
    reading = asyncio.ensure_future(process.communicate())
    while True:
        done, _ = await asyncio.wait({reading}, timeout=20)
        activity.heartbeat("checking")
        if done:
            return reading.result()[0]


def _judged(folder: Path, run: BackupRun) -> Judged:
    verdict = json.loads((folder / VERDICT).read_text(encoding="utf-8"))
    size = sum(path.stat().st_size for path in folder.iterdir())
    return Judged(
        run.backup_id,
        folder.name,
        run.now.replace(microsecond=0),
        verdict["good"],
        verdict["rows"] or _told(folder),
        verdict["documents"],
        size,
        verdict["problems"],
    )


def _told(folder: Path) -> int:
    """The rows a damaged backup says it has, where its manifest can still be read."""
    try:
        return Manifest.read(folder)[0].rows
    except Exception:  # whatever is wrong with it, the check has named it
        return 0
