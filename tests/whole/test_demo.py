"""``hoso demo`` as a newcomer runs it: one performance, looked at from every side, and one interrupted."""

import contextlib
import email
import email.policy
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from models.calendar import Calendar, legal_date
from models.evidence import TrustList
from models.evidence.verification import verify

pytestmark = [pytest.mark.whole, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
RUN = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    "from api.cli.main import main; main()"
)
"""As a terminal starts it: what runs in the background of a script is started deaf to Ctrl-C."""
LONGEST = 150.0
"""Seconds allowed here, where other tests run beside it; alone it is to take less than sixty."""

TOLD = [
    # account → first declaration → return → resubmission
    ("account", "profile.opened"),
    ("account", "account.created"),
    ("account", "account.activated"),
    ("account", "declaration.submitted"),
    ("account", "declaration.returned"),
    ("account", "declaration.submitted"),
    # month end
    ("month_end", "month.opened"),
    ("month_end", "duty.reminder"),
    ("month_end", "approval.signed"),
    ("month_end", "month.submitted"),
    ("month_end", "month.receipts"),
    ("month_end", "month.released"),
    # a change missed for five working days
    ("change", "change.noticed"),
    ("change", "duty.reminder"),
    ("change", "duty.overdue"),
    ("change", "duty.escalation"),
    ("change", "declaration.submitted"),
    ("change", "approval.signed"),
    # to another agency of the city, then out of it
    ("transfer", "transfer.requested"),
    ("transfer", "transfer.reported"),
    ("transfer", "transfer.handed_over"),
    ("transfer", "transfer.accepted"),
    ("transfer", "declaration.submitted"),
    ("transfer", "approval.signed"),
    ("month_end", "month.released"),
    ("move_out", "separation.decided"),
    ("move_out", "separation.effective"),
    ("move_out", "access.cancelled"),
    ("move_out", "profile.archived"),
    # a newcomer, retirement, archive
    ("intake", "profile.opened"),
    ("intake", "account.created"),
    ("intake", "declaration.submitted"),
    ("intake", "approval.signed"),
    ("intake", "month.released"),
    ("retirement", "separation.decided"),
    ("retirement", "separation.effective"),
    ("retirement", "profile.archived"),
]
"""Chapter and event of the steps that must be there, in this order; others may stand between."""

AT_THE_END = ("separation.effective", "access.cancelled", "profile.archived")


@dataclass(frozen=True)
class Played:
    """A finished run."""

    status: int
    said: dict[str, Any]
    errors: str
    out: Path
    servers: Path

    @property
    def steps(self) -> list[dict[str, Any]]:
        return self.said["steps"]

    def step(self, event: str, chapter: str) -> dict[str, Any]:
        return next(s for s in self.steps if (s["chapter"], s["event"]) == (chapter, event))


def start(folder: Path, *options: str) -> "subprocess.Popen[str]":
    """A demo whose servers live below a folder of the test's own."""
    servers = folder / "servers"
    servers.mkdir()
    servers.chmod(0o711)
    return subprocess.Popen(
        [sys.executable, "-c", RUN, "demo", *options],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(servers), "HOSO_API_PORT": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def left_over(folder: Path) -> list[str]:
    """Command lines of processes that still work in a folder."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
                found.append((process / "environ").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue
    return [line[:200] for line in found if str(folder) in line]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    folder = tmp_path_factory.mktemp("demo")
    for parent in (folder, *folder.parents[:3]):
        parent.chmod(
            parent.stat().st_mode | 0o011
        )  # under root, PostgreSQL passes through as another account
    out = folder / "kept"
    process = start(folder, "--json", "--out", str(out))
    try:
        said, errors = process.communicate(timeout=LONGEST + 30)
    finally:
        process.kill()
    return Played(process.returncode, json.loads(said or "{}"), errors, out, folder / "servers")


def test_it_succeeds_in_time_and_leaves_no_server_behind(played: Played) -> None:
    assert (played.status, played.said.get("failure")) == (0, None), played.errors
    assert (played.said["succeeded"], played.said["verified"]) == (True, True)
    assert played.said["seconds"] < LONGEST
    assert list(played.servers.iterdir()) == []
    assert left_over(played.servers) == []


def test_every_part_of_a_working_life_is_told_in_order(played: Played) -> None:
    told = iter([(step["chapter"], step["event"]) for step in played.steps])
    for wanted in TOLD:
        assert wanted in told, f"{wanted} is missing or out of order"


def test_every_line_has_date_actor_citation_and_next_duty(played: Played) -> None:
    days = [date.fromisoformat(step["date"]) for step in played.steps]
    assert days == sorted(days)
    for step in played.steps:
        assert step["actor"], step
        assert step["what"] != step["what_en"], step
        assert "{" not in step["what"] + step["what_en"], step
        # No text ends a retired person's access: that is policy, and the line says so.
        policy = step["event"] == "access.cancelled" and step["facts"].get("policy")
        assert ("không phải luật" if policy else "Điều") in step["citation"], step
        owed = step["next_duty"]
        assert owed is None or ("Điều" in owed["citation"] and owed["what"] and owed["party"]), step
    # Only an archived person owes nothing, and nobody owes anything about them.
    without = [(step["chapter"], step["event"]) for step in played.steps if step["next_duty"] is None]
    assert set(without) <= {(c, e) for c in ("move_out", "retirement") for e in AT_THE_END}
    assert without[-1] == ("retirement", "profile.archived")
    foreseen = [step["next_duty"]["foreseen"] for step in played.steps if step["next_duty"]]
    assert foreseen.count(False) >= len(played.steps) / 3
    assert {step["actor"] for step in played.steps} >= {"Hệ thống", "Sở Nội vụ", "Chị Nguyễn Thị Thảo"}


def test_the_missed_change_is_late_by_the_calendar(played: Played) -> None:
    calendar = Calendar.seed()
    noticed = played.step("change.noticed", "change")
    changed_on = date.fromisoformat(noticed["facts"]["changed_on"])
    due = calendar.add_working_days(changed_on, 5)
    assert noticed["next_duty"]["due_on"] == due.isoformat()
    assert (noticed["next_duty"]["slot"], noticed["next_duty"]["days_left"]) == ("update_after_change", 5)
    overdue = played.step("duty.overdue", "change")
    assert date.fromisoformat(overdue["date"]) == calendar.next_working_day(due)
    late = played.step("declaration.submitted", "change")
    assert (late["late_days"], late["facts"]["late_days"]) == (4, 4)
    assert date.fromisoformat(late["date"]) == calendar.add_working_days(due, 4)
    assert "4 ngày làm việc" in late["what"]
    to = {
        s["facts"]["to"] for s in played.steps if s["chapter"] == "change" and s["event"] == "duty.escalation"
    }
    assert to >= {"unit_head", "managing_agency"}


def test_the_newcomer_s_account_has_ten_working_days(played: Played) -> None:
    opened = played.step("profile.opened", "intake")
    due = Calendar.seed().add_working_days(date.fromisoformat(opened["date"]), 10)
    assert opened["next_duty"]["slot"] == "intake_account"
    assert opened["next_duty"]["due_on"] == due.isoformat()
    created = played.step("account.created", "intake")
    assert date.fromisoformat(created["date"]) <= due


def test_whom_the_national_database_held_it_was_told_of(played: Played) -> None:
    for chapter in ("move_out", "retirement"):
        assert played.step("profile.archived", chapter)["facts"]["told_national"] is True


def test_the_files_are_the_same_story(played: Played) -> None:
    kept = json.loads((played.out / "story.json").read_text())
    assert kept == played.said
    text = (played.out / "story.txt").read_text()
    assert all(step["what"] in text and step["citation"] in text for step in played.steps)
    events = json.loads((played.out / "events.json").read_text())
    assert [e["position"] for e in events] == sorted({e["position"] for e in events})
    assert {step["event"] for step in played.steps} <= {event["kind"] for event in events}


def test_the_signed_files_hold_and_an_altered_one_does_not(played: Played) -> None:
    trust = TrustList.load(played.out / "trust.json")
    read_on = datetime.fromisoformat(played.said["read_on"])
    files = sorted(played.out.glob("signed-*.pdf"))
    approvals = [s for s in played.steps if s["event"] == "approval.signed"]
    assert len(files) == len(approvals) == len(played.said["documents"])
    for file, step in zip(files, approvals, strict=True):
        verdict = verify(file.read_bytes(), trust, at=read_on)
        assert verdict.valid, verdict.problems
        (signature,) = verdict.signatures
        assert signature.signed_at is not None
        assert legal_date(signature.signed_at).isoformat() == step["date"]
        assert verdict.content_digest == step["facts"]["digest"]
    data = bytearray(files[0].read_bytes())
    data[len(data) // 2] ^= 1
    assert not verify(bytes(data), trust, at=read_on).valid


def test_the_mails_name_nobody_and_come_once_a_day(played: Played) -> None:
    mails = sorted((played.out / "mails").glob("*.eml"))
    assert mails
    seen = set()
    for file in mails:
        message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        key = (message["To"], file.name[:10])
        assert key not in seen
        seen.add(key)
        body = message.get_content()
        assert not any(name in body for name in ("Thảo", "THẢO", "Hậu", "HẬU", "0001"))


def interrupted(process: "subprocess.Popen[str]") -> tuple[str, str]:
    """Press Ctrl-C; once more where Python lost it (an interrupt inside a destructor is ignored by it)."""
    for _ in range(3):
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=15)
    return process.communicate(timeout=30)


def test_an_interrupted_one_stops_everything(tmp_path: Path) -> None:
    for parent in (tmp_path, *tmp_path.parents[:3]):
        parent.chmod(parent.stat().st_mode | 0o011)
    process = start(tmp_path, "--json")
    end = time.monotonic() + 30
    while time.monotonic() < end and not any("postgres" in line for line in left_over(tmp_path / "servers")):
        time.sleep(0.1)
    assert time.monotonic() < end, "no server was ever started"
    said, errors = interrupted(process)
    assert process.returncode == 130, errors
    assert json.loads(said)["failure"] == "đã dừng theo yêu cầu / interrupted"
    assert left_over(tmp_path / "servers") == []
    assert list((tmp_path / "servers").iterdir()) == []
