"""The supervisor with real processes: starting again, order of stopping, what a killed run leaves behind."""

import dataclasses
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from api.cli import children, supervisor
from api.cli.children import ChildError, Program
from api.cli.run import choose_ports
from api.cli.supervisor import AlreadyRunningError, Display, Supervisor, only_one
from models.settings import Settings

LISTENER = """
import signal, socket, sys, time
signal.signal(signal.SIGTERM, lambda *_: (open(sys.argv[2], "a").write(sys.argv[3] + "\\n"), sys.exit(0)))
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", int(sys.argv[1]))); s.listen()
print("here I am", flush=True)
while True: time.sleep(0.1)
"""


def eventually(condition: Callable[[], object], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.02)


def listener(tmp_path: Path, name: str = "one", port: int | None = None) -> Program:
    port = port or children.free_port()
    argv = [sys.executable, "-c", LISTENER, str(port), str(tmp_path / "stopped"), name]
    return Program(name=name, argv=argv, ready=lambda: children.answers(port))


@pytest.fixture
def output() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def keeper(tmp_path: Path, output: io.StringIO) -> Iterator[Supervisor]:
    found = Supervisor(tmp_path, Display(output))
    yield found
    found.stop()


def test_a_killed_child_comes_back_and_it_is_said(
    keeper: Supervisor, output: io.StringIO, tmp_path: Path
) -> None:
    kept = keeper.begin(listener(tmp_path))
    keeper.wait(kept)
    first = kept.child.process.pid
    os.kill(first, signal.SIGKILL)
    watching = threading.Thread(target=keeper.watch)
    watching.start()
    eventually(lambda: kept.ready and kept.child.process.pid != first)
    keeper.stopping.set()
    watching.join()
    assert (
        "one đã dừng (status -9), chạy lại sau 0.5 giây / ended (status -9), again in 0.5 s"
        in output.getvalue()
    )
    assert output.getvalue().count("one        │ here I am") >= 1


def test_the_pause_doubles_while_it_keeps_dying(keeper: Supervisor, output: io.StringIO) -> None:
    program = Program(
        name="bad", argv=[sys.executable, "-c", "raise SystemExit(3)"], ready=lambda: False, patience=0.1
    )
    kept = keeper.begin(program)
    with pytest.raises(ChildError, match="bad: not ready"):
        keeper.wait(kept)

    def died_twice() -> bool:
        keeper.tick()
        return "again in 1 s" in output.getvalue()

    eventually(died_twice)
    said = output.getvalue()
    assert "again in 0.5 s" in said
    assert kept.pause == supervisor.FIRST_PAUSE * 2 ** said.count("again in")


def test_a_steady_child_starts_again_quickly(keeper: Supervisor, tmp_path: Path) -> None:
    kept = keeper.begin(listener(tmp_path))
    keeper.wait(kept)
    kept.pause, kept.begun = 30.0, time.monotonic() - supervisor.STEADY - 1
    kept.child.process.kill()
    kept.child.process.wait()
    keeper.tick()
    assert kept.again_at - time.monotonic() <= supervisor.FIRST_PAUSE


def test_what_follows_readiness_is_tried_again_and_stops_nobody(
    keeper: Supervisor, output: io.StringIO, tmp_path: Path
) -> None:
    """Temporal comes back and refuses its retention once: the run goes on, and so does the child."""
    refusals = iter([ChildError("temporal: the retention of 90 days was refused")])

    def settle() -> None:
        for refusal in refusals:
            raise refusal

    other, one = keeper.begin(listener(tmp_path, "other")), listener(tmp_path)
    keeper.wait(other)
    kept = keeper.begin(dataclasses.replace(one, after_ready=settle))
    keeper.wait(kept)
    assert (kept.ready, other.child.alive) == (True, True)
    said = output.getvalue()
    assert said.count("the retention of 90 days was refused; thử lại sau 0.5 giây / again in 0.5 s") == 1
    assert "here I am" in said
    assert "đã dừng" not in said


def test_a_missing_program_is_named(keeper: Supervisor, output: io.StringIO) -> None:
    keeper.begin(Program(name="gone", argv=["/nowhere/program"], ready=lambda: True))
    assert "gone: /nowhere/program: No such file or directory" in output.getvalue()


def test_children_stop_in_the_reverse_of_their_start(keeper: Supervisor, tmp_path: Path) -> None:
    for name in ("first", "second", "third"):
        keeper.wait(keeper.begin(listener(tmp_path, name)))
    keeper.stop()
    assert (tmp_path / "stopped").read_text().split() == ["third", "second", "first"]
    assert not (tmp_path / "children.json").exists()


def test_a_child_that_will_not_stop_is_killed_with_its_own_children(tmp_path: Path) -> None:
    code = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "p = subprocess.Popen(['sleep', '60'])\n"
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(p.pid) + ' ')\n"
        "time.sleep(60)"
    )
    program = Program(
        name="deaf",
        argv=[sys.executable, "-c", code],
        ready=lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().endswith(" "),
        grace=0.3,
    )
    child = children.start(program, tmp_path / "log")
    grandchild = int((tmp_path / "pid").read_text())
    child.stop()
    assert child.process.returncode == -signal.SIGKILL
    eventually(lambda: children.started_at(grandchild) is None)


def test_what_a_killed_run_left_is_stopped_by_the_next(tmp_path: Path, output: io.StringIO) -> None:
    orphan = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    try:
        entry = {"name": "worker", "pid": orphan.pid, "since": children.started_at(orphan.pid), "signal": 15}
        (tmp_path / "children.json").write_text(json.dumps([entry]))
        Supervisor(tmp_path, Display(output)).clear_previous()
        assert orphan.wait(5) == -signal.SIGTERM
        assert "stopped worker left over" in output.getvalue()
    finally:
        orphan.kill()
        orphan.wait()


def test_a_stranger_with_the_same_process_id_is_left_alone(tmp_path: Path, output: io.StringIO) -> None:
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        entry = {"name": "worker", "pid": stranger.pid, "since": "1", "signal": 15}
        (tmp_path / "children.json").write_text(json.dumps([entry]))
        Supervisor(tmp_path, Display(output)).clear_previous()
        assert stranger.poll() is None
        assert output.getvalue() == ""
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's help is Linux's")
def test_children_end_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from api.cli.children import Child, Program\n"
        "c = Child(Program('x', ['sleep', '60'], lambda: True), 1)\n"
        "print(c.process.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    with parent:
        child = int(parent.stdout.readline())
        assert children.started_at(child) is not None
        parent.kill()
    eventually(lambda: children.started_at(child) is None)


def test_one_supervisor_per_folder(tmp_path: Path) -> None:
    with (
        only_one(tmp_path),
        pytest.raises(AlreadyRunningError, match=f"process {os.getpid()}"),
        only_one(tmp_path),
    ):
        pass
    with only_one(tmp_path):
        pass


def test_a_one_shot_s_failure_carries_its_last_line(keeper: Supervisor) -> None:
    code = "print('first'); print('reason'); raise SystemExit(4)"
    with pytest.raises(ChildError, match="step: status 4: reason"):
        keeper.run_once("step", [sys.executable, "-c", code], {}, 20.0)


def test_a_one_shot_that_hangs_is_ended(keeper: Supervisor) -> None:
    with pytest.raises(ChildError, match="step: unfinished after 0 s: no output"):
        keeper.run_once("step", ["sleep", "60"], {}, 0.3)


def test_a_one_shot_answers_its_lines(keeper: Supervisor) -> None:
    assert keeper.run_once("step", [sys.executable, "-c", "print('à'); print('b')"], {}, 20.0) == ["à", "b"]


def test_taken_ports_are_avoided(tmp_path: Path) -> None:
    taken = children.free_port()
    with children.socket.socket() as stranger:
        stranger.bind((children.LOOPBACK, taken))
        stranger.listen()
        remembered = Settings(data=tmp_path, database_port=taken, api_port=taken)
        ports = choose_ports(remembered)
    chosen = [ports.database, ports.temporal, ports.temporal_ui, ports.emulator, ports.pki, ports.api]
    assert taken not in chosen
    assert len(set(chosen)) == 6


def test_a_port_the_user_named_is_refused_when_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with children.socket.socket() as stranger:
        stranger.bind((children.LOOPBACK, 0))
        stranger.listen()
        port = stranger.getsockname()[1]
        monkeypatch.setenv("HOSO_API_PORT", str(port))
        with pytest.raises(ChildError, match=rf"port {port} \(HOSO_API_PORT\) is taken"):
            choose_ports(Settings(data=tmp_path))


def test_colours_only_on_a_terminal(output: io.StringIO) -> None:
    Display(output).line("api", "xin chào")
    assert output.getvalue() == "api        │ xin chào\n"
