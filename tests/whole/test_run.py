"""``hoso run`` as a newcomer types it: from an empty folder to a login, again after Ctrl-C, past a kill."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from python_calamine import CalamineWorkbook

from api.cli.children import LOOPBACK, answers, free_port, started_at
from api.cli.run import WORKERS
from tests.whole.leftovers import found
from tests.whole.rig import ROOT, own_folder

pytestmark = [pytest.mark.whole, pytest.mark.timeout(900)]
LOGIN = re.compile(r"│ {3}(\S+) {2,}([0-9a-f]{6}(?:-[0-9a-f]{6}){2}) ")
ADDRESS = re.compile(r"^hoso +│ (\S.*?) +(http\S+)$", re.MULTILINE)
COMMAND = re.compile(r"^hoso +│ {3}(\.venv/bin/hoso .+)$", re.MULTILINE)
HR = "hr-officer.h26-09"
PLACES = ("API docs", "Temporal Web UI", "emulator", "test PKI")


class Run:
    """One ``hoso run`` on a data folder."""

    def __init__(self, data: Path, output: Path) -> None:
        self.data, self._output = data, output
        self.port = free_port()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HOSO_")}
        with output.open("w", encoding="utf-8") as told:
            self.process = subprocess.Popen(
                [str(Path(sys.executable).with_name("hoso")), "run", "--data", str(data)],
                cwd=ROOT,
                env={**kept, "HOSO_API_PORT": str(self.port), "PYTHONUNBUFFERED": "1"},
                stdout=told,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        """Everything it wrote so far."""
        return self._output.read_text(encoding="utf-8")

    def until(self, condition: Callable[[], Any], seconds: float) -> Any:
        """Wait for something true while it runs."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            if found := condition():
                return found
            time.sleep(0.1)
        raise AssertionError(f"ended with {self.process.poll()} or waited {seconds} s:\n{self.said[-3000:]}")

    def ready(self, seconds: float) -> None:
        """Wait for the last line of its welcome."""
        self.until(lambda: "Ctrl-C" in self.said, seconds)

    def children(self) -> dict[str, dict[str, Any]]:
        """Its children by name, as it writes them down."""
        found = json.loads((self.data / "children.json").read_text(encoding="utf-8"))
        return {child["name"]: child for child in found}

    def stop(self) -> int:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(180)

    def web(self, token: str = "") -> httpx.Client:
        """A client of its API."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=f"http://{LOOPBACK}:{self.port}", headers=headers, timeout=30)


def logged_in(run: Run, login: str, password: str) -> httpx.Client:
    """A client with a session of its own."""
    with run.web() as web:
        answer = web.post("/api/v1/session", json={"login": login, "password": password})
    assert answer.is_success, answer.text
    return run.web(answer.json()["token"])


def _batches_step_back(run: Run) -> None:
    """All threads of the batches give way to whoever answers people; nobody else does."""
    children, here = run.children(), os.getpriority(os.PRIO_PROCESS, run.process.pid)
    for name, steps in {"batches": 10, "api": 0, "workflows": 0, "activities": 0}.items():
        threads = Path(f"/proc/{children[name]['pid']}/task").glob("*")
        nice = {os.getpriority(os.PRIO_PROCESS, int(one.name)) for one in threads}
        assert nice == {min(here + steps, 19)}, name


def gone(children: dict[str, dict[str, Any]]) -> bool:
    """Whether none of these processes is there any more."""
    return not any(started_at(child["pid"]) == child["since"] for child in children.values())


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with own_folder() as made:
        yield made


@pytest.fixture(scope="module")
def first(folder: Path) -> Iterator[Run]:
    run = Run(folder / "data", folder / "first.txt")
    try:
        run.ready(420)
        yield run
    finally:
        with suppress(ProcessLookupError):
            run.process.kill()


def test_from_an_empty_folder_to_a_login_and_again(first: Run, folder: Path) -> None:
    logins = dict(LOGIN.findall(first.said))
    assert {"administrator", HR} < logins.keys()
    with first.web() as web:
        docs = web.get("/docs")
        assert docs.status_code == 200
        assert "https://" not in docs.text, "the page must work without internet"
        assert web.get("/api/v1/openapi.json").json()["paths"]
    _places_answer(first)
    _commands_work(first)
    _everybody_comes_in(first, logins)
    _batches_step_back(first)
    before = _seen(first, logins)
    assert before["profiles"] > 0
    assert before["me"] == HR

    people = _people(first, logins)
    children = first.children()
    assert children.keys() == {"postgres", "temporal", "emulator", "pki", "api", *WORKERS}
    assert first.stop() == 0
    assert gone(children)
    _nobody_stands_in(folder / "data", people)
    assert not answers(first.port)

    second = Run(folder / "data", folder / "second.txt")
    try:
        second.ready(300)
        assert _seen(second, logins) == before
        for name in ("temporal", "postgres", "api"):
            _survives_a_kill(second, name)
        second.until(lambda: _sees(second, logins) == before, 120)
        left = second.children()
        for child in left.values():
            os.kill(child["pid"], signal.SIGKILL)
        _killed(second, left)
    finally:
        with suppress(ProcessLookupError):
            second.process.kill()

    third = Run(folder / "data", folder / "third.txt")
    try:
        third.ready(300)
        assert _seen(third, logins) == before
        left = third.children()
        _killed(third, left)  # the supervisor alone, and with it, by the kernel's word, every child
    finally:
        with suppress(ProcessLookupError):
            third.process.kill()


def _places_answer(run: Run) -> None:
    """Each address it prints is a page that is there."""
    told = ADDRESS.findall(run.said)
    assert [next((name for name in PLACES if name in label), label) for label, _ in told] == [*PLACES]
    for label, address in told:
        answer = httpx.get(address, follow_redirects=True, timeout=30)
        assert answer.status_code == 200, label
        assert "html" in answer.headers["content-type"], label


def _commands_work(run: Run) -> None:
    """Each command it prints, as another terminal gives it; the life itself is played in ``test_demo``."""
    told = [shlex.split(line) for line in COMMAND.findall(run.said)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HOSO_")}
    answers_to = {}
    for _, name, *more in told:
        words = [str(Path(sys.executable).with_name("hoso")), name, *(more or ["--help"])]
        done = subprocess.run(words, cwd=ROOT, env=kept, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        answers_to[name] = done.stdout
    assert [*answers_to] == ["doctor", "deadline", "demo"]
    assert str(run.port) in answers_to["doctor"]
    assert "07/01/2026" in answers_to["deadline"]


def _everybody_comes_in(run: Run, logins: dict[str, str]) -> None:
    """Each sample login with the password beside it; one of each role that the story needs."""
    assert {name.split(".")[0] for name in logins} >= {"administrator", "approver", "head", "department-head"}
    for login, password in logins.items():
        logged_in(run, login, password).close()


def _killed(run: Run, children: dict[str, dict[str, Any]]) -> None:
    """``kill -9`` of the run itself; nothing of it stays."""
    run.process.kill()
    run.process.wait()
    end = time.monotonic() + 90
    while not gone(children) and time.monotonic() < end:
        time.sleep(0.1)
    assert gone(children)


def _sees(run: Run, logins: dict[str, str]) -> dict[str, Any] | None:
    """The same while servers are coming back; none where one is not there yet."""
    try:
        return _seen(run, logins)
    except (httpx.HTTPError, AssertionError):
        return None


def _seen(run: Run, logins: dict[str, str]) -> dict[str, Any]:
    with logged_in(run, HR, logins[HR]) as web:
        page = web.get("/api/v1/profiles", params={"limit": 200})
        assert page.status_code == 200, page.text
        me = web.get("/api/v1/session").json()
    return {"profiles": len(page.json()["items"]), "me": me["login"]}


def _people(run: Run, logins: dict[str, str]) -> set[str]:
    """Names and personal ID numbers of some of the sample's people."""
    with logged_in(run, HR, logins[HR]) as web:
        page = web.get("/api/v1/profiles", params={"limit": 10}).json()["items"]
    names = {one["full_name"] for one in page}
    book = CalamineWorkbook.from_path(str(next(run.data.rglob("sample.xlsx"))))
    cells = {
        str(cell)
        for name in book.sheet_names
        for row in book.get_sheet_by_name(name).to_python()
        for cell in row
    }
    numbers = sorted(cell for cell in cells if re.fullmatch(r"000\d{9}", cell))[:10]
    assert len(names) >= 5
    assert len(numbers) == 10
    return names | set(numbers)


def _nobody_stands_in(data: Path, people: set[str]) -> None:
    """The engine's database as it lies on the disk, and all that was told: nobody of the sample is there."""
    engine = [path for path in (data / "temporal").rglob("*") if path.is_file()]
    told = [data.with_name("first.txt"), *data.glob("*.log")]
    assert any(path.name == "engine.sqlite" for path in engine)
    assert max(path.stat().st_size for path in engine) > 100_000
    assert max(path.stat().st_size for path in told) > 1_000
    for path in (*engine, *told):
        assert found(sorted(people), path.read_bytes()) == [], path


def _survives_a_kill(run: Run, name: str) -> None:
    """A child that dies is started again by itself."""
    died = run.children()[name]
    os.kill(died["pid"], signal.SIGKILL)
    run.until(lambda: run.children()[name]["pid"] != died["pid"], 120)
    run.until(lambda: answers(run.port), 180)
    with run.web() as web:
        assert web.get("/docs").status_code == 200
