"""The sealer with a real timestamp authority: on time, late, cut off, in doubt; nothing is dated back."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from activities.sealing import sealer as sealing
from api.cli.check_history import check_history
from api.cli.finding import START, Finding
from models.history.statement import statement_of
from models.settings import PREFIX
from tests.activities.sealing.scene import Scene

ROOT = Path(__file__).parents[3]


async def test_every_event_is_logged_and_a_head_a_day_sealed_and_exported(scene: Scene) -> None:
    await scene.world.employ(until="account")
    row = await scene.look()
    assert (row.trouble, await scene.logged()) == (None, True)
    (first,) = await scene.seals()  # the very first head waits for no midnight
    assert (first.sealed_at, first.exported_at) == (scene.world.now, scene.world.now)
    await scene.world.employ(until="account")
    await scene.look(hours=10)  # 20:00 of the same day
    assert await scene.logged()
    assert len(await scene.seals()) == 1
    await scene.look(hours=4)  # 00:00 of the next
    assert [one.day.isoformat() for one in await scene.seals()] == ["2025-12-01", "2025-12-02"]
    await scene.look(days=1)
    await scene.look(days=1)
    assert len(await scene.seals()) == 2  # nothing happened, nothing to seal
    report = await scene.audit()
    assert (report.findings, report.proven, report.exported) == ([], report.events, 2)
    assert report.proven_at == (await scene.seals())[-1].sealed_at


async def test_a_timestamp_authority_that_is_down_for_hours(scene: Scene) -> None:
    await scene.world.employ(until="account")
    await scene.look()
    await scene.world.employ(until="account")
    await scene.look(minutes=1)
    await scene.faults(tsa="down")
    midnight = await scene.look(hours=15)
    assert (midnight.trouble, midnight.trouble_since) == ("timestamp-unavailable", scene.world.now)
    assert len(await scene.seals()) == 1
    await scene.world.employ(until="account")
    soon = await scene.look(seconds=20)  # not asked again yet; but what happens is logged all the same
    assert (soon.retry_at, await scene.logged()) == (midnight.retry_at, True)
    for hours in range(5):
        row = await scene.look(hours=1)
        assert (row.trouble, row.trouble_since) == ("timestamp-unavailable", midnight.trouble_since)
        assert row.retry_at - scene.world.now == timedelta(minutes=15), hours
    told = await scene.world.rows("SELECT role, facts FROM notices WHERE kind = 'history_trouble'")
    assert [(one.role, one.facts["trouble"]) for one in told] == [("administrator", "timestamp-unavailable")]
    await scene.faults(tsa="ok")
    row = await scene.look(minutes=15)
    assert (row.trouble, row.trouble_since, row.retry_at) == (None, None, None)
    late = (await scene.seals())[-1]
    assert late.sealed_at == scene.world.now  # when it was sealed, not when it was due
    assert statement_of(bytes(late.statement)).day.isoformat() == "2025-12-02"
    assert (await scene.audit()).findings == []


async def test_the_doctor_tells_how_the_history_is(scene: Scene) -> None:
    def told() -> Finding:
        return check_history(scene.settings)

    before = await asyncio.to_thread(told)
    assert (before.status, "never looked after" in before.found) == ("warning", True)
    await scene.world.employ(until="account")
    await scene.look()
    size = (await scene.seals())[0].size
    silent = await asyncio.to_thread(told)  # the row is of 2025
    assert (silent.status, silent.remedy) == ("warning", START)
    assert f"hanoi: {size} sự kiện" in silent.found
    assert f"{size} niêm phong / sealed 01/12/2025 10:00" in silent.found
    scene.superuser("UPDATE sealers SET looked_at = now()")
    assert (await asyncio.to_thread(told)).status == "ok"
    scene.superuser("UPDATE sealers SET trouble = 'timestamp-unavailable', trouble_since = now()")
    away = await asyncio.to_thread(told)
    assert (away.status, "timestamp-unavailable" in away.found) == ("warning", True)
    scene.superuser("UPDATE sealers SET trouble = 'log-broken'")
    broken = await asyncio.to_thread(told)
    assert (broken.status, broken.remedy) == ("failed", "hoso audit verify")


@pytest.mark.parametrize(
    "fault", ["rubbish", "other_nonce", "other_hash", "stranger", "wrong_time", "rejects"]
)
async def test_a_wrong_answer_seals_nothing(scene: Scene, fault: str) -> None:
    await scene.world.employ(until="account")
    await scene.faults(tsa=fault)
    row = await scene.look()
    assert row.trouble in ("timestamp-wrong", "timestamp-unavailable")
    assert await scene.seals() == []
    assert not scene.folder.exists()
    await scene.faults(tsa="ok")
    assert (await scene.look(minutes=1)).trouble is None
    assert len(await scene.seals()) == 1


async def test_a_second_place_that_is_away(scene: Scene) -> None:
    await scene.world.employ(until="account")
    place = scene.settings.data / "second-place"
    place.write_text("a file where the folder should be")
    row = await scene.look()
    assert (row.trouble, await scene.logged()) == ("second-place-away", True)
    (seal,) = await scene.seals()  # sealed all the same: the time is worth having
    assert seal.exported_at is None
    place.unlink()
    assert (await scene.look(minutes=1)).trouble is None
    (seal,) = await scene.seals()
    assert seal.sealed_at < seal.exported_at == scene.world.now
    assert (await scene.audit()).findings == []


async def test_a_second_place_that_says_otherwise_is_not_written_over(scene: Scene) -> None:
    await scene.world.employ(until="account")
    await scene.look()
    (path,) = scene.folder.glob("*.json")
    forged = path.read_bytes().replace(b"2025-12-01", b"2025-11-01")
    path.write_bytes(forged)
    scene.sealer._compared.clear()  # as a process that has just begun
    row = await scene.look(minutes=2)
    assert row.trouble == "second-place-differs"
    assert path.read_bytes() == forged
    (told,) = await scene.world.rows("SELECT facts FROM notices WHERE kind = 'history_trouble'")
    assert told.facts["trouble"] == "second-place-differs"  # at once
    assert "place-altered" in (await scene.audit()).counts


async def test_a_database_behind_its_own_exports(scene: Scene) -> None:
    await scene.world.employ(until="account")
    await scene.look()
    scene.superuser("DELETE FROM log_seals")
    scene.sealer._compared.clear()
    assert (await scene.look(minutes=2)).trouble == "second-place-ahead"


async def test_a_new_second_place_is_given_all(scene: Scene) -> None:
    await scene.world.employ(until="account")
    await scene.look()
    await scene.world.employ(until="account")
    await scene.look(minutes=1)
    await scene.look(days=1)
    (scene.settings.data / "second-place").rename(scene.settings.data / "kept")
    scene.sealer._place = None
    scene.sealer._compared.clear()
    assert (await scene.look(minutes=2)).trouble is None
    report = await scene.audit()
    assert (report.findings, report.exported, report.proven) == ([], 2, report.events)


async def test_a_log_that_was_altered_is_not_gone_on_with(scene: Scene) -> None:
    await scene.world.employ(until="account")
    await scene.look()
    scene.superuser("UPDATE log_leaves SET hash = sha256('x') WHERE index = 0")
    await scene.world.employ(until="account")
    row = await scene.look(minutes=2)
    assert (row.trouble, await scene.logged()) == ("log-broken", False)
    scene.sealer._trusted.clear()
    assert (await scene.look(minutes=2)).trouble == "log-broken"


async def test_no_timestamp_authority_is_told(scene: Scene) -> None:
    await scene.world.employ(until="account")
    scene.sealer._stamps._settings = scene.settings.model_copy(update={"pki_url": None})
    assert (await scene.look()).trouble == "timestamp-unset"
    assert await scene.logged()


async def test_one_process_leads_and_another_takes_over(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "PAUSE", 0.05)
    looks: list[str] = []
    tasks = {}
    for name in ("one", "two"):
        other = sealing.Sealer(
            scene.sealer._engine, scene.sealer._url, scene.now, scene.sealer._stamps, "file:///x"
        )

        async def once(name: str = name) -> None:
            looks.append(name)

        monkeypatch.setattr(other, "once", once)
        tasks[name] = asyncio.create_task(other.run())
        await until(lambda: bool(looks))
    await asyncio.sleep(0.3)
    assert set(looks) == {"one"}
    tasks["one"].cancel()
    await until(lambda: looks[-1] == "two")
    tasks["two"].cancel()
    await asyncio.gather(*tasks.values(), return_exceptions=True)


async def until(condition: Callable[[], bool]) -> None:
    """Ask until it is so, for a minute."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        await asyncio.sleep(0.005)


def started(environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", RUN], cwd=ROOT, env=environment)


RUN = """
import asyncio
from datetime import UTC, datetime
from activities.sealing import sealer
from activities.sealing.stamping import Stamps
from models.database import engine_for
from models.settings import Settings
sealer.PAUSE = 0.01
sealer.BATCH = 3
async def now():
    return datetime.now(UTC)
async def main():
    settings = Settings()
    engine = engine_for(settings.database_url("worker"))
    url = settings.libpq_url("worker")
    await sealer.Sealer(engine, url, now, Stamps(settings), settings.second_place_address).run()
asyncio.run(main())
"""


async def test_killed_again_and_again_the_log_has_every_event_once(scene: Scene) -> None:
    """`kill -9` at whatever instant; the next one goes on, and the audit finds nothing."""
    server = scene.database.server
    environment = {
        **os.environ,
        f"{PREFIX}DATA": str(scene.settings.data),
        f"{PREFIX}DATABASE_PORT": str(server.port),
        f"{PREFIX}DATABASE_NAME": scene.database.name,
        f"{PREFIX}DATABASE_SSLMODE": "disable",
        f"{PREFIX}DATABASE_WORKER_PASSWORD": server.passwords["hoso_worker"],
        f"{PREFIX}PKI": str(scene.services.folder),
        f"{PREFIX}PKI_URL": scene.services.url,
    }
    leaves = "SELECT count(*) AS n FROM log_leaves"
    for _ in range(2):
        child = started(environment)
        try:
            before = (await scene.world.one(leaves)).n
            await scene.world.employ(until="declaration")
            await until(lambda before=before: scene.superuser(leaves)[0][0] > before)
        finally:
            child.send_signal(signal.SIGKILL)
            child.wait()
    assert (await scene.world.one(leaves)).n > 0
    scene.world.now = datetime.now(UTC)
    await scene.look()
    assert await scene.logged()
    report = await scene.audit()
    assert (report.findings, report.logged) == ([], report.events)
    assert report.exported >= 1
