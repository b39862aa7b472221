"""Anything missing is said in one clear line, never as a traceback."""

import io
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import OperationalError

from api.cli import main, reconcile, run
from api.cli.children import free_port
from api.cli.plainly import plainly
from api.cli.supervisor import Display
from models.settings import Settings


@pytest.fixture(autouse=True)
def _process_of_the_tests(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A command takes the log and the signals of its process."""
    monkeypatch.setattr(reconcile, "configure", lambda *_: None)
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


def started(data: Path) -> tuple[int, str]:
    """What ``hoso run`` answers and says of an error."""
    output = io.StringIO()
    status = run.run(data, Display(output))
    (line,) = [one for one in output.getvalue().splitlines() if "ERROR" in one]
    return status, line


def test_an_impossible_port_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSO_API_PORT", "99999")
    status, line = started(tmp_path / "data")
    assert status == 1
    assert "HOSO_API_PORT (Input should be less than or equal to 65535)" in line


def test_a_file_is_no_data_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    status, line = started(tmp_path / "file")
    assert status == 1
    assert f"{tmp_path}/file: không phải thư mục / not a folder" in line


def said(words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """The one line of a command that could not do anything, status 2."""
    monkeypatch.setattr(sys, "argv", ["hoso", *words])
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == 2
    found = capsys.readouterr()
    assert "Traceback" not in found.out + found.err
    (line,) = [one for one in found.err.splitlines() if "ERROR" in one]
    return line


@pytest.mark.parametrize("words", [["reconcile"], ["engine", "rebuild"]])
def test_without_an_installation_the_missing_setting_is_named_and_nothing_is_made(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOSO_DATA", str(tmp_path / "nowhere"))
    assert "HOSO_DATABASE_API_PASSWORD chưa được đặt / is not set" in said(words, monkeypatch, capsys)
    assert list(tmp_path.iterdir()) == []


def test_without_an_engine_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOSO_DATA", str(tmp_path))
    monkeypatch.setenv("HOSO_DATABASE_API_PASSWORD", "x")
    monkeypatch.setenv("HOSO_TEMPORAL_ADDRESS", f"127.0.0.1:{free_port()}")
    monkeypatch.setattr(reconcile, "ENGINE_SECONDS", 0.5)
    assert said(["reconcile"], monkeypatch, capsys).startswith("LỖI / ERROR: Temporal: không")


def test_a_database_s_answer_is_cut_before_it_names_a_value() -> None:
    refused = Exception("duplicate key value\nDETAIL:  Key (name)=(Nguyễn Thị Thử)")
    told = plainly(OperationalError("INSERT", {"name": "Nguyễn Thị Thử"}, refused))
    assert told == "PostgreSQL: duplicate key value"


def test_no_value_of_a_setting_is_repeated(tmp_path: Path) -> None:
    with pytest.raises(ValidationError) as wrong:
        Settings(data=tmp_path, database_port="mật khẩu ở nhầm chỗ", session_hours=-1)
    told = plainly(wrong.value)
    assert told is not None
    assert "HOSO_DATABASE_PORT" in told
    assert "HOSO_SESSION_HOURS" in told
    assert "nhầm" not in told


def test_a_defect_keeps_its_whole_story() -> None:
    class Other(BaseModel):
        number: int

    with pytest.raises(ValidationError) as defect:
        Other(number="x")
    assert [plainly(one) for one in (KeyError("x"), AssertionError(), RuntimeError("x"), defect.value)] == [
        None
    ] * 4
