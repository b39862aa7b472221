"""`hoso codes`: previewed, handed in by one account, loaded or refused by another's."""

import asyncio
import csv
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from api.cli import law_acts, service
from api.cli.main import build as command_line
from models.database import engine_for
from models.form.codes import packaged_list
from tests.world import World, build, tools_for

ABOUT = ("--list", "ethnicity", "--from")


@pytest.fixture
async def world(database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    engine = engine_for(database.url("worker"), pool_size=2)
    keys = {"key_ring": tmp_path / "keyring.json", "master_key_file": tmp_path / "master.key"}
    for module in (law_acts, service):
        monkeypatch.setattr(module, "Settings", lambda: database.settings(tmp_path, **keys))
    yield await build(tools_for(engine, tmp_path), datetime.now(UTC))
    await engine.dispose()


async def hoso(*words: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, command_line("codes"), ["codes", *words])


def login(world: World, who: str) -> str:
    return f"{who}-{world.authority.hex[:6]}"


def version(folder: Path, *, without: str = "01") -> str:
    """The list as a file, one people left out."""
    file = folder / "dm.csv"
    codes = [one for one in packaged_list("ethnicity").codes.values() if one.code != without]
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([("code", "label"), *((one.code, one.label) for one in codes)])
    return str(file)


async def test_handed_in_by_one_and_loaded_by_another(world: World, tmp_path: Path) -> None:
    await world.employ()
    file, day = version(tmp_path), world.now.date().isoformat()
    code = (await world.one("SELECT code FROM authorities")).code
    shown = ("preview", file, *ABOUT, day, "--authority", code)
    seen = await hoso(*shown, "--json")
    assert seen.exit_code == 0, seen.output
    told = json.loads(seen.output)
    assert (told["ended"], told["profiles"], told["fields"][0]["path"]) == (1, 1, "ethnicity")
    assert "1  hồ sơ sẽ có giá trị cũ" in (await hoso(*shown)).output
    twice = tmp_path / "twice.csv"
    twice.write_text("code,label\n01,Kinh\n01,Tày\n", encoding="utf-8")
    unfit = await hoso("preview", str(twice), *ABOUT, day, "--authority", code)
    assert (unfit.exit_code, "mã lặp lại trong tệp" in unfit.output) == (1, True)
    assert await world.rows("SELECT 1 FROM code_list_versions") == []

    officer, admin = login(world, "department"), login(world, "admin")
    given = ("propose", file, *ABOUT, day, "--document", "7/QĐ-SNV", "--by")
    other = await hoso(*given, login(world, "culture.hr"))
    assert other.exit_code == 1, "one agency does not change everybody's lists"
    handed = await hoso(*given, officer)
    assert handed.exit_code == 0, handed.output
    named = re.fullmatch(r"version: (\S+)\n", handed.output)
    assert named is not None, handed.output

    same = await hoso("load", named[1], *ABOUT[:2], "--by", officer)
    assert same.exit_code == 1, same.output
    done = await hoso("load", named[1], *ABOUT[:2], "--by", admin)
    assert (done.exit_code, done.output) == (0, "state: loaded\n")
    row = await world.one("SELECT state, decided_by FROM code_list_versions")
    assert (row.state, row.decided_by) == ("loaded", world.accounts["admin"])
    again = await hoso("refuse", named[1], *ABOUT[:2], "--by", admin, "--reason", "đã nạp rồi")
    assert again.exit_code == 1, "it is decided"


async def test_a_file_that_is_no_version_names_its_line(tmp_path: Path) -> None:
    file = tmp_path / "dm.csv"
    file.write_text("code,label\n01,Kinh\n02," + "x" * 301, encoding="utf-8")
    wrong = await hoso("propose", str(file), *ABOUT, "2026-12-01", "--document", "1/QĐ", "--by", "x")
    assert (wrong.exit_code, f"{file}:3:" in wrong.output) == (1, True)
