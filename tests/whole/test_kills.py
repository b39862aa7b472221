"""``kill -9`` of every process in turn under a stream of commands: nothing accepted is lost, nothing happens
twice, and the engine knows within a minute.

Accepted is a 2xx answer that the client has written and fsynced before its next call. What it heard nothing
about happened once or not at all. One kill falls between the commit in PostgreSQL and the word of it to the
engine, with nobody left who waits for the answer. Power loss is not shown here: the machine stays up.
"""

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from temporalio.client import Client
from temporalio.service import RPCError

from models.identifiers import command_id, profile_workflow
from models.messages import Moment
from tests.whole.engine_file import holds_nobody
from tests.whole.rig import ROOT, Rig, own_folder
from workflows.payload_codec import data_converter

pytestmark = [pytest.mark.whole, pytest.mark.timeout(600)]
ROUNDS = 2
LANES = 4
MEANWHILE = 15
"""Commands accepted between a restart and the next kill."""
NOTICE = {"kind": "salary", "changed_on": "2025-03-03", "document": "9/QĐ-THỬ"}


@dataclass
class Story:
    """What was done and seen, for the tests to judge."""

    rig: Rig
    answers: dict[UUID, int] = field(default_factory=dict)
    """Status by command id, of what the client wrote down as accepted."""
    unknown: set[UUID] = field(default_factory=set)
    kills: Counter[str] = field(default_factory=Counter)
    without_database: list[Any] = field(default_factory=list)
    unaware: tuple[int, int] = (0, 0)
    """Version the engine and the row had after the kill in the window."""
    window: UUID | None = None
    """The profile of that kill."""
    engine_down: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    """From the last restart until the engine knew everything."""
    apart: dict[UUID, tuple[int, int]] = field(default_factory=dict)


class Customer:
    """The client program as a process, gone at the latest when its block ends."""

    def __init__(
        self, rig: Rig, name: str, profiles: list[UUID], lanes: int, cases: dict[str, Any] | None = None
    ) -> None:
        self.journal = rig.folder / f"{name}.journal"
        command = [sys.executable, "-m", "tests.whole.client", rig.base, str(self.journal), str(lanes)]
        self.process = subprocess.Popen(
            [*command, *map(str, profiles)],
            cwd=ROOT,
            env={
                "PYTHONPATH": str(ROOT),
                "PATH": "/usr/bin",
                "TOKEN": rig.token,
                "CASES": json.dumps(cases or {}),
            },
            start_new_session=True,
        )

    def __enter__(self) -> "Customer":
        return self

    def __exit__(self, *_failure: object) -> None:
        self.kill()

    def lines(self) -> list[dict[str, Any]]:
        """The journal, without a last line that was cut."""
        text = self.journal.read_text(encoding="utf-8") if self.journal.exists() else ""
        return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]

    def goes_on(self) -> None:
        """Wait until as many were accepted anew as prove that the installation works again."""
        before = self._accepted()
        until(lambda: self._accepted() >= before + MEANWHILE, 40, "further answers")

    def _accepted(self) -> int:
        return self.journal.read_bytes().count(b'"accepted"')

    def finish(self) -> None:
        """Let the answers under way come in."""
        Path(f"{self.journal}.stop").touch()
        assert self.process.wait(30) == 0

    def kill(self) -> None:
        """The client is gone."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def until(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """Wait for something true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {seconds} s")


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    """The whole of it, once; its tests judge what is left."""
    with own_folder() as folder:
        yield from _told(Story(Rig(folder)))


def _told(told: Story) -> Iterator[Story]:
    rig = told.rig
    try:
        rig.install(people=24)
        rig.launch("worker", "api")
        rig.ready("worker", "api")
        _stream(told)
        _window(told)
        _engine_down(told)
        rig.launch("worker")
        rig.start("temporal")
        rig.ready("worker")
        told.unaware = _versions(rig, told.window)
        rig.start("api")
        begun = time.monotonic()
        told.apart = asyncio.run(_until_known(rig, begun + 60))
        told.seconds = time.monotonic() - begun
        yield told
    finally:
        rig.stop()


def _stream(told: Story) -> None:
    """Kills in turn while the client goes on."""
    rig = told.rig
    with Customer(rig, "stream", rig.profiles[2:], LANES, rig.cases) as customer:
        until(lambda: sum("accepted" in line for line in customer.lines()) > 20, 20, "the first answers")
        for _ in range(ROUNDS):
            _each_in_turn(told, customer)
        customer.goes_on()
        customer.finish()
    _read(told, customer)


def _each_in_turn(told: Story, customer: Customer) -> None:
    rig = told.rig
    customer.goes_on()
    _kill(told, "worker")
    rig.launch("worker")
    _kill(told, "temporal", pause=0.5)
    rig.start("temporal")
    rig.ready("worker")
    customer.goes_on()
    _kill(told, "temporal")
    rig.start("temporal")
    customer.goes_on()
    _kill(told, "api")
    rig.start("api")
    customer.goes_on()
    _kill(told, "postgres")
    told.without_database.append(_notice_without_database(rig))
    rig.start("postgres")


def _kill(told: Story, name: str, pause: float = 0) -> None:
    time.sleep(pause)
    told.rig.kill(name)
    told.kills[name] += 1


def _notice_without_database(rig: Rig) -> httpx.Response:
    key = {"Idempotency-Key": uuid4().hex}
    with rig.web() as web:
        return web.post(f"/api/v1/profiles/{rig.profiles[0]}/notices", json=NOTICE, headers=key)


def _read(told: Story, customer: Customer) -> None:
    rig = told.rig
    for line in customer.lines():
        account = rig.world.accounts[line.get("who", "culture.hr")]
        if "asked" in line:
            told.unknown.add(command_id(account, line["asked"]))
        for verdict in ("accepted", "refused"):
            if verdict in line:
                told.unknown.discard(command_id(account, line[verdict]))
        if "accepted" in line:
            told.answers[command_id(account, line["accepted"])] = line["status"]
        if line.get("status", 0) >= 500:
            told.unknown.add(command_id(account, line["refused"]))


def _window(told: Story) -> None:
    """Die after the commit and before the engine hears of it, all at once, the asker too."""
    rig = told.rig
    told.window = rig.profiles[1]
    with rig.web() as web:
        first = web.post(
            f"/api/v1/profiles/{told.window}/notices", json=NOTICE, headers={"Idempotency-Key": "first"}
        )
        assert first.status_code == 201, first.text
    rig.wire.hold()
    with Customer(rig, "window", [rig.profiles[1]], 1) as asker:
        until(lambda: len(rig.rows(_SETTLED_NOTICES, told.window)) == 2, 20, "the commit")
    for name in ("worker", "temporal", "api"):
        _kill(told, name)
    rig.wire.cut()
    (line,) = asker.lines()
    told.unknown.add(command_id(rig.world.accounts["culture.hr"], line["asked"]))


_SETTLED_NOTICES = (
    "SELECT 1 FROM commands WHERE subject_id = %s AND verb = 'give_notice' AND settled_at IS NOT NULL"
)


def _engine_down(told: Story) -> None:
    """Accept without the engine; then the API that accepted dies too."""
    rig, seen = told.rig, told.engine_down
    rig.start("api")
    path, key = f"/api/v1/profiles/{rig.profiles[0]}/notices", {"Idempotency-Key": "without-engine"}
    with rig.web() as web:
        seen["accepted"] = accepted = web.post(path, json=NOTICE, headers=key)
        seen["other"] = web.post(path, json={**NOTICE, "document": "10/QĐ-THỬ"}, headers=key)
        seen["fate"] = web.get(accepted.headers["Location"])
    if accepted.status_code == 202:
        told.answers[UUID(accepted.json()["command_id"])] = 202
    _kill(told, "api")


async def _where(client: Client, profile: UUID) -> int | None:
    handle = client.get_workflow_handle(profile_workflow(profile))
    try:
        moment = await handle.query("where", result_type=Moment | None, rpc_timeout=timedelta(seconds=5))
    except RPCError:
        return None
    return moment.version if moment else None


def _versions(rig: Rig, profile: UUID | None) -> tuple[int, int]:
    async def engine() -> int | None:
        client = await Client.connect(rig.temporal.address, data_converter=data_converter(rig.ring))
        assert profile is not None
        return await _where(client, profile)

    known = asyncio.run(engine())
    assert known is not None
    (row,) = rig.rows("SELECT version FROM profiles WHERE id = %s", profile)
    return known, row["version"]


async def _until_known(rig: Rig, end: float) -> dict[UUID, tuple[int, int]]:
    """Wait until every command is settled and every workflow knows its row; answers what never agreed."""
    client = await Client.connect(rig.temporal.address, data_converter=data_converter(rig.ring))
    apart: dict[UUID, tuple[int, int]] = {}
    while time.monotonic() < end:
        open_ones = rig.rows("SELECT id FROM commands WHERE settled_at IS NULL")
        rows = rig.rows("SELECT id, version FROM profiles WHERE version > 1")
        known = await asyncio.gather(*(_where(client, row["id"]) for row in rows))
        apart = {
            row["id"]: (version or 0, row["version"])
            for row, version in zip(rows, known, strict=True)
            if version != row["version"]
        }
        if not apart and not open_ones:
            return {}
        await asyncio.sleep(1)
    return apart


def test_every_process_was_killed_under_way(story: Story) -> None:
    assert story.kills.keys() == {"worker", "api", "temporal", "postgres"}
    assert min(story.kills.values()) >= ROUNDS
    assert len(story.answers) > 50
    assert story.unknown, "kills that nobody noticed prove nothing"


def test_accepted_is_found_once_in_rows_and_events(story: Story) -> None:
    rows = {row["id"]: row for row in story.rig.rows("SELECT * FROM commands")}
    noticed = _happened(story.rig)
    for one, status in story.answers.items():
        assert rows[one]["settled_at"] is not None, one
        assert rows[one]["status"] == status or (status == 202 and rows[one]["status"] < 300), one
        assert noticed[one] == 1, one


def test_unknown_happened_once_or_not_at_all(story: Story) -> None:
    noticed = _happened(story.rig)
    with story.rig.web() as web:
        for one in story.unknown:
            fate = web.get(f"/api/v1/commands/{one}")
            assert fate.status_code in (200, 404), fate.text
            done = fate.status_code == 200 and fate.json()["status"] in (200, 201)
            assert noticed[one] == (1 if done else 0), one
            if fate.status_code == 200:
                assert fate.json()["settled"], one


def test_no_event_is_missing_or_twofold(story: Story) -> None:
    assert max(_happened(story.rig).values()) == 1
    assert not story.rig.rows(
        "SELECT p.id FROM profiles p LEFT JOIN events e ON e.stream_id = p.id GROUP BY p.id"
        " HAVING count(e.*) <> p.last_event OR max(e.number) <> p.last_event"
    )
    duties = story.rig.rows("SELECT count(*) AS n FROM duties WHERE slot = 'update_after_change'")
    assert duties[0]["n"] == _kinds(story.rig)["change.noticed"]


def test_cases_of_several_steps_went_on_through_it_all(story: Story) -> None:
    """Asked for again with its key, kill after kill: each step once, after the one before."""
    kinds = _kinds(story.rig)
    for first, then in (
        ("declaration.submitted", "declaration.returned"),
        ("transfer.requested", "transfer.withdrawn"),
    ):
        assert kinds[first] > 2 * ROUNDS, kinds
        assert kinds[first] - kinds[then] in (0, 1), kinds


def test_the_kill_fell_into_the_window(story: Story) -> None:
    engine, row = story.unaware
    assert engine < row, "the engine had heard of it: the kill came too late to show anything"


def test_the_engine_knows_within_a_minute(story: Story) -> None:
    assert story.apart == {}
    assert story.seconds < 60


def test_every_command_is_known_to_have_been_heard(story: Story) -> None:
    until(lambda: not story.rig.rows("SELECT 1 FROM commands WHERE heard_at IS NULL"), 40, "heard_at")


def test_without_the_engine_a_command_is_accepted_and_settled_later(story: Story) -> None:
    seen = story.engine_down
    assert seen["accepted"].status_code == 202
    assert seen["accepted"].headers["Location"].startswith("/api/v1/commands/")
    assert seen["fate"].json()["settled"] is False
    with story.rig.web() as web:
        later = web.get(seen["accepted"].headers["Location"]).json()
    assert (later["settled"], later["status"]) == (True, 201)


def test_the_same_key_with_another_body_is_refused_from_the_row(story: Story) -> None:
    other = story.engine_down["other"]
    assert other.status_code == 422
    assert other.json()["code"] == "key-reused"


def test_without_the_database_the_api_says_so(story: Story) -> None:
    for answer in story.without_database:
        assert answer.status_code == 503, answer.text
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == "database-unavailable"
        assert int(answer.headers["Retry-After"]) > 0


def test_the_logs_tell_of_no_breakage(story: Story) -> None:
    assert story.rig.broken() == []


def test_neither_the_engine_s_own_file_nor_a_log_knows_anybody(story: Story) -> None:
    holds_nobody(story.rig)


ASKED_FOR = (
    "('change.noticed', 'declaration.submitted', 'declaration.returned', 'transfer.requested',"
    " 'transfer.withdrawn')"
)


def _happened(rig: Rig) -> Counter[UUID]:
    """How often a command became what it asks for."""
    found = rig.rows(
        f"SELECT command_id, count(*) AS n FROM events WHERE kind IN {ASKED_FOR} GROUP BY 1"  # our own words
    )
    return Counter({row["command_id"]: row["n"] for row in found})


def _kinds(rig: Rig) -> Counter[str]:
    found = rig.rows(f"SELECT kind, count(*) AS n FROM events WHERE kind IN {ASKED_FOR} GROUP BY 1")
    return Counter({row["kind"]: row["n"] for row in found})
