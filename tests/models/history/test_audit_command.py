"""``hoso audit verify``: words for people, JSON for machines, an honest exit status."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.cli import main
from tests.models.history.past import History

runner = CliRunner()


@pytest.fixture
def said(history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that runs the command against the history; answers status and text."""
    server = history.database.server
    for name, value in {
        "DATA": tmp_path,
        "DATABASE_PORT": server.port,
        "DATABASE_NAME": history.database.name,
        "DATABASE_SSLMODE": "disable",
        "DATABASE_REPORT_PASSWORD": server.passwords["hoso_report"],
        "PKI": history.pki,
        "SECOND_PLACE": history.folder.as_uri(),
    }.items():
        monkeypatch.setenv(f"HOSO_{name}", str(value))

    async def run(*options: str) -> tuple[int, str]:
        done = await asyncio.to_thread(runner.invoke, main.build("audit"), ["audit", "verify", *options])
        return done.exit_code, done.output

    return run


async def test_whole(said: Any, history: History) -> None:
    status, text = await said()
    assert status == 0
    assert "NGUYÊN VẸN / WHOLE" in text
    assert f"{history.sealed} sự kiện đầu được chứng thực" in text
    assert "its owner could still change unseen" in text  # the limit is said, too
    status, text = await said("--json", "--authority", "hanoi")
    (found,) = json.loads(text)["authorities"]
    assert (status, found["whole"], found["proven"], found["counts"]) == (0, True, history.sealed, {})
    status, text = await said("--without-second-place")
    assert status == 0
    assert "could have cut the tail unseen" in text


async def test_altered(said: Any, history: History) -> None:
    row = next(one for one in await history.events() if one.index == 5)
    history.superuser("UPDATE events SET kind = 'nothing' WHERE position = %s", row.position)
    status, text = await said()
    assert status == 1
    assert "CÓ THAY ĐỔI / ALTERED" in text
    assert f"index=5 position={row.position} stream={row.stream_id} number={row.number}" in text
    status, text = await said("--json")
    answer = json.loads(text)
    assert (status, answer["whole"]) == (1, False)
    (finding,) = answer["authorities"][0]["findings"]
    assert (finding["code"], finding["position"]) == ("event-edited", row.position)
    assert answer["authorities"][0]["proven"] < history.sealed  # not beyond what was found


async def test_what_cannot_be_checked_is_no_answer(
    said: Any, history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await said("--authority", "nowhere"))[0] == 2
    assert (await said("--trust", str(tmp_path / "none.json")))[0] == 2
    assert (await said("--second-place", "s3:/"))[0] == 2
    status, text = await said("--second-place", "nothing://x", "--json")
    assert (status, json.loads(text)["whole"]) == (2, None)
    monkeypatch.setenv("HOSO_DATABASE_PORT", "1")
    status, text = await said()
    assert status == 2
    assert "OperationalError" in text


async def test_an_emptied_second_place_is_told(said: Any, history: History) -> None:
    shutil.rmtree(history.folder)
    status, text = await said()
    assert status == 1
    assert "[seal-missing]" in text
