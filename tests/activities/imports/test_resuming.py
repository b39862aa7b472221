"""An import that is killed goes on at exactly the next line; two attempts never write a line twice."""

import asyncio
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from temporalio.testing import ActivityEnvironment

from activities.imports import run as mechanics
from activities.imports.office import ImportOffice
from activities.imports.run import OvertakenError

from .books import book, post, someone
from .conftest import Desk


class Killed(Exception):  # noqa: N818 — what happened, not an error of ours
    """Stands for the worker's death at this very place."""


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mechanics, "BATCH", 3)


def data() -> bytes:
    people = [someone(n) for n in range(1, 11)]
    wrong = {("profiles", 7, "ethnicity"): "?"}
    posts = [post(f"hr.{n}", "hr_officer", people[n + 5]) for n in range(5)]
    return book(people, posts, raw=wrong)


async def state(desk: Desk) -> dict[str, Any]:
    """Everything an import writes, without ids."""
    tables = {
        "lines": "SELECT sheet, row, verdict, issues::text FROM import_lines",
        "people": "SELECT full_name, staff_number, version, revision_number, last_event FROM profiles",
        "accounts": "SELECT login, state, profile_id IS NULL FROM accounts WHERE login NOT LIKE 't%'",
        "grants": "SELECT a.login, g.role FROM grants g JOIN accounts a ON a.id = g.account_id"
        " WHERE a.login NOT LIKE 't%'",
        "events": "SELECT kind, count(*) FROM events GROUP BY kind",
        "numbers": "SELECT stream_id = authority_id, number, count(*) FROM events GROUP BY 1, 2",
        "counts": "SELECT state, counts FROM imports",
    }
    return {name: sorted(map(str, await desk.rows(sql))) for name, sql in tables.items()}


@pytest.mark.parametrize("after", [1, 2, 4, 6, 7, 8])
async def test_killed_after_any_batch_and_resumed(
    desk: Desk, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The heartbeat comes right after a batch's commit: dying there loses nothing and repeats nothing."""
    start = await desk.request(data())
    beats: list[Any] = []

    def beat(*details: Any) -> None:
        if details[0] in ("check", "read"):
            return
        beats.append(details)
        if len(beats) == after:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(mechanics.activity, "heartbeat", beat)
        try:
            await desk.run(start)
            died = False
        except Killed:
            died = True
    assert died is (after <= 7), "agencies, four batches of people, two of posts"
    row = await desk.one("SELECT state, counts FROM imports WHERE id = :id", id=start.import_id)
    if died:
        assert row.state == "running"
        assert (row.counts["phase"], row.counts["next"]) == beats[-1]
    done = await desk.run(start)
    assert (done.created, done.unchanged, done.refused) == (2 + 9 + 5, 1, 1)
    assert await desk.count("profiles") == 9
    assert await desk.count("events", "kind = 'profile.imported'") == 9
    assert await desk.count("events", "kind = 'import.finished'") == 1
    assert await desk.count("import_lines") == 3 + 10 + 5


@pytest.mark.parametrize("at", [1, 3, 6])
async def test_killed_inside_any_batch_and_resumed(
    desk: Desk, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dying before the commit leaves nothing of the batch, neither facts nor verdicts nor position."""
    start = await desk.request(data())
    genuine, calls = mechanics.write_lines, 0

    async def dying(*arguments: Any) -> None:
        nonlocal calls
        calls += 1
        await genuine(*arguments)
        if calls == at:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(mechanics, "write_lines", dying)
        with pytest.raises(Killed):
            await desk.run(start)
    position = (await desk.one("SELECT counts FROM imports WHERE id = :id", id=start.import_id)).counts
    lines = await desk.count("import_lines", "sheet = 'Hồ sơ'")
    if position["phase"] == "profiles":
        assert lines == position["next"]
    assert await desk.count("profiles") == await desk.count(
        "import_lines", "sheet = 'Hồ sơ' AND verdict = 'create'"
    )
    await desk.run(start)
    assert await desk.count("profiles") == 9
    assert await desk.count("grants") == 1 + 5


async def test_a_dry_run_resumes_too(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The holders a dry run accepted before it died are still accepted after it."""
    start = await desk.request(data(), dry_run=True)

    def beat(*details: Any) -> None:
        if details == ("posts", 3):
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(mechanics.activity, "heartbeat", beat)
        with pytest.raises(Killed):
            await desk.run(start)
    done = await desk.run(start)
    assert (done.created, done.refused) == (2 + 9 + 5, 1)
    assert await desk.count("profiles") == 0


async def test_once_done_it_is_only_told_again(desk: Desk) -> None:
    start = await desk.request(data())
    first = await desk.run(start)
    before = await state(desk)
    assert await desk.run(start) == first
    assert await state(desk) == before


async def test_two_attempts_at_once_write_what_one_writes(desk: Desk) -> None:
    """A worker thought dead goes on beside its successor: each batch is written by one of them."""
    start = await desk.request(data())
    results = await asyncio.gather(desk.run(start), desk.run(start), return_exceptions=True)
    assert all(not isinstance(r, BaseException) or isinstance(r, OvertakenError) for r in results), results
    done = await desk.run(start)
    assert (done.created, done.unchanged, done.refused) == (2 + 9 + 5, 1, 1)
    assert await desk.count("import_lines") == 3 + 10 + 5
    assert await desk.count("profiles") == 9
    assert await desk.count("events", "kind = 'import.finished'") == 1


async def test_the_database_going_away_is_tried_again_not_answered(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = await desk.request(data())

    async def away(*_arguments: Any) -> None:
        raise OperationalError("insert", {}, ConnectionError())

    with monkeypatch.context() as patch:
        patch.setattr(mechanics, "write_lines", away)
        with pytest.raises(OperationalError):
            await desk.run(start)
    assert (await desk.one("SELECT state FROM imports")).state == "running"
    assert (await desk.run(start)).created == 2 + 9 + 5


async def test_it_stops_between_batches_when_cancelled(desk: Desk) -> None:
    start = await desk.request(data())
    environment = ActivityEnvironment()
    environment.on_heartbeat = lambda *details: environment.cancel() if details == ("profiles", 3) else None
    with pytest.raises(asyncio.CancelledError):
        await environment.run(ImportOffice(desk.settings, desk.tools).import_workbook, start)
    written = await desk.count("import_lines", "sheet = 'Hồ sơ'")
    assert written % 3 == 0
    assert written < 10
    await desk.run(start)
    assert await desk.count("profiles") == 9
