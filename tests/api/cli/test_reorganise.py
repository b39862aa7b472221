"""`hoso reorganise`: what a plan's file would do, the wrong line named, nothing written."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.cli import law_acts
from api.cli.main import build as command_line
from tests.models.record.test_reorganised_day import NOW
from tests.world import build, tools_for

PLAN = """\
title: Sáp nhập Bảo tàng
decision: {number: 12/QĐ-UBND, signed_on: 2025-12-01, issuer: UBND Thành phố Hà Nội}
effective_on: 2099-01-01
operations:
  - {op: merge, units: [H26.02.01], into: H26.02}
"""


async def test_a_file_is_previewed_and_nothing_is_written(
    database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = law_acts.engine_for(database.url("worker"), pool_size=2)
    monkeypatch.setattr(law_acts, "Settings", lambda: database.settings(tmp_path))
    world = await build(tools_for(engine, tmp_path), NOW)
    await world.employ(agency=world.museum, until="account")
    file = tmp_path / "plan.yaml"

    async def hoso(text: str, *words: str) -> Any:
        file.write_text(text, encoding="utf-8")
        asked = ["reorganise", str(file), "--authority", "hanoi", *words]
        return await asyncio.to_thread(CliRunner().invoke, command_line("reorganise"), asked)

    seen = await hoso(PLAN)
    assert seen.exit_code == 0, seen.output
    assert "ends      H26.02.01" in seen.output
    told = json.loads((await hoso(PLAN, "--json")).output)
    assert (told["people"], told["codes_closed"]) == (1, ["H26.02.01"])
    wrong = await hoso(PLAN.replace("into: H26.02", "into: H77"))
    assert wrong.exit_code == 1
    assert f"{file}:5: Không có đơn vị này" in wrong.output
    broken = await hoso(PLAN.replace("op: merge", "op: gộp"))
    assert (broken.exit_code, f"{file}:5:" in broken.output) == (1, True)
    assert await world.rows("SELECT 1 FROM reorganisations") == []
    await engine.dispose()
