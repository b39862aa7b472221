"""``hoso stuck``, ``hoso party``, ``hoso maintenance``: said, done and refused where the server is."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.cli import main
from models.database import engine_for
from tests.world import World, build, tools_for

runner = CliRunner()


@pytest.fixture
def world(database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """An authority, with the settings of its installation in the environment; no engine runs."""
    (tmp_path / "keys").mkdir()

    async def made() -> World:
        engine = engine_for(database.url("worker"), pool_size=1)
        world = await build(tools_for(engine, tmp_path / "keys"), datetime.now(UTC))
        await engine.dispose()
        return world

    server = database.server
    values = {
        "DATA": tmp_path,
        "DATABASE_PORT": server.port,
        "DATABASE_NAME": database.name,
        "DATABASE_SSLMODE": "disable",
        "DATABASE_WORKER_PASSWORD": server.passwords["hoso_worker"],
        "DATABASE_API_PASSWORD": server.passwords["hoso_api"],
        "TEMPORAL_ADDRESS": "127.0.0.1:1",
    }
    for name, value in values.items():
        monkeypatch.setenv(f"HOSO_{name}", str(value))
    return asyncio.run(made())


def said(*words: object) -> tuple[int, str]:
    done = runner.invoke(main.build(str(words[0])), [str(word) for word in words])
    return done.exit_code, done.output


def test_paused_shown_resumed(world: World) -> None:
    by = f"admin-{world.authority.hex[:6]}"
    status, text = said("party", "pause", "national", "--by", by, "--reason", "khoá bị thu hồi")
    assert status == 0, text
    status, text = said("party", "pause", "national", "--by", by, "--reason", "lần nữa")
    assert (status, "paused already" in text) == (1, True)
    status, text = said("stuck", "--json")
    assert status == 1, text
    found = {one["kind"]: one for one in json.loads(text)["hanoi"]["items"]}
    assert {"engine-away", "party-paused"} <= found.keys()
    status, text = said("stuck")
    assert "hoso party resume national --by LOGIN" in text
    assert "An outside party is paused" in text
    somebody = f"department-{world.authority.hex[:6]}"
    status, text = said("party", "resume", "national", "--by", somebody, "--reason", "không được phép")
    assert status == 1, "an officer of the department does not administer"
    assert said("party", "resume", "national", "--by", by, "--reason", "đã có khoá")[0] == 0
    assert said("party", "pause", "weather", "--by", by, "--reason", "không có")[0] == 2
    assert said("party", "pause", "mail", "--by", "nobody", "--reason", "không có")[0] == 2


def test_announced_and_lifted(world: World) -> None:
    by = f"admin-{world.authority.hex[:6]}"
    words = ("--by", by, "--document", "6/TB", "--from", "2099-01-01T20:00", "--to", "2099-01-01T22:00")
    status, text = said("maintenance", "announce", *words)
    assert status == 0, text
    one = text.split()[-1]
    assert said("maintenance", "announce", *words)[0] == 1, "it overlaps"
    assert said("maintenance", "lift", one, "--by", by, "--reason", "hoãn")[0] == 0
    assert said("maintenance", "announce", *words[:-1], "mai")[0] == 2


def test_remedies_say_why_not(world: World) -> None:
    profile = "profile/00000000-0000-7000-8000-000000000000"
    for words in (
        ("stuck", "retry", profile),
        ("engine", "rebuild", "--workflow", profile),
        ("stuck", "resend", "7"),
    ):
        assert said(*words)[0] == 1, "the engine is away"
    assert said("stuck", "resend", "x")[0] == 2
