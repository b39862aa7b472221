"""``hoso demo`` as a newcomer runs it: one performance, looked at from every side, and one interrupted."""

import contextlib
import email
import email.policy
import json
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import History

from api.cli.demo.leaving import ENGINE, METRICS, ROWS
from api.cli.demo.person import PASSWORD
from models.calendar import Calendar, legal_date
from models.evidence import TrustList
from models.evidence.verification import verify
from tests.whole.looking import EVERYWHERE, ROWS_ONLY, Left, who_is_in
from tests.whole.playing import (
    Played,
    every_line_is_whole,
    in_time_and_gone,
    left_over,
    perform,
    start,
    told_in_order,
)

pytestmark = [pytest.mark.whole, pytest.mark.timeout(900)]

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


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    return perform(tmp_path_factory.mktemp("demo"))


def test_it_succeeds_in_time_and_leaves_no_server_behind(played: Played) -> None:
    in_time_and_gone(played)


def test_every_part_of_a_working_life_is_told_in_order(played: Played) -> None:
    told_in_order(played, TOLD)


def test_every_line_has_date_actor_citation_and_next_duty(played: Played) -> None:
    every_line_is_whole(played, "Điều")
    foreseen = [step["next_duty"]["foreseen"] for step in played.steps if step["next_duty"]]
    assert foreseen.count(False) >= len(played.steps) / 3
    assert {step["actor"] for step in played.steps} >= {"Hệ thống", "Sở Nội vụ", "Chị Nguyễn Thị Thảo"}


def test_what_is_returned_names_its_fields_and_the_next_submission_mends_them(played: Played) -> None:
    """The very fields, in the step for machines, to the person in words, and as the duty that comes next."""
    returned = played.step("declaration.returned", "account")
    assert returned["facts"]["fields"] == ["contact_phone", "main_assigned_work"]
    assert "số điện thoại, công việc chính được giao" in returned["what"]
    assert "phone number, main assigned work" in returned["what_en"]
    owed = returned["next_duty"]
    assert (owed["slot"], owed["foreseen"]) == ("first_declaration", False)
    place = played.steps.index(returned)
    before, after = (
        next(one for one in way if one["event"] == "declaration.submitted")
        for way in (played.steps[place::-1], played.steps[place:])
    )
    assert before["facts"]["digest"] != after["facts"]["digest"]
    assert date.fromisoformat(after["date"]) <= date.fromisoformat(owed["due_on"])


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
    # The feed is in the order of commits; positions are given before, so they need not rise.
    assert len({e["position"] for e in events}) == len(events)
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


def test_nobody_is_in_the_logs_the_addresses_or_the_engine(played: Played) -> None:
    """Names, numbers, phones, addresses, passwords: in no log, URL, workflow id, attribute, payload."""
    left = Left(played)
    assert len(left.people) == 2
    assert len(left.personal) >= 10
    files = left.files(*EVERYWHERE)
    histories = [name for name in files if name.endswith(".history")]
    assert {"profile", "transfer", "digest", "import"} <= {
        name.split("/")[1].split("_")[0] for name in histories
    }
    assert sum(map(len, files.values())) > 100_000
    assert b"\ntemporal_workflow_completed" in files[f"{METRICS}/{METRICS}"], "the worker's numbers were read"
    assert who_is_in(files, left.personal) == {}
    # What is looked for is what there was: the same people stand where they may.
    there = {
        "story": (played.out / "story.json").read_bytes(),
        "rows": left.files(*ROWS_ONLY)[f"{ROWS}/{ROWS}"],
    }
    names = {person["birth_full_name"] for person in left.people}
    assert {name: set(hits) & names for name, hits in who_is_in(there, names).items()} == {
        "story": names,
        "rows": names,
    }


def test_the_documents_lie_sealed(played: Played) -> None:
    """What was signed, uploaded and imported: nobody is in a name, and no file says what it is.

    A PDF packs its text, so that a search through it would find nothing either: what is asked is that each
    file begins as a sealed one and none shows the form of a document.
    """
    left = Left(played)
    documents = left.documents()
    assert len(documents) >= 10
    assert {name.split("_")[0] for name in documents} == {"sealed", "workbooks"}
    for name, data in documents.items():
        assert data.removeprefix(name.encode() + b"\n")[2:9] == b"fields-", name
        assert not [mark for mark in (b"%PDF", b"%%EOF", b"JFIF", b"PK\x03\x04") if mark in data], name
    assert who_is_in(documents, left.personal) == {}


def test_nobody_else_is_in_a_mail(played: Played) -> None:
    left = Left(played)
    mails = left.mails()
    assert mails
    assert who_is_in(mails, left.personal) == {}


def test_a_dump_without_keys_shows_no_field_marked_e(played: Played) -> None:
    left = Left(played)
    numbers = {person["citizen_id_number"] for person in left.people}
    assert numbers <= left.sealed
    assert who_is_in(left.files(*ROWS_ONLY), left.sealed | {PASSWORD}) == {}


def test_every_payload_of_the_engine_is_sealed_for_its_workflow(played: Played) -> None:
    """Arguments, results, failures, summaries, memos: each under a key's id and its own workflow's name."""
    seen: set[str] = set()
    for path in sorted((Left(played).folder / ENGINE).glob("*.history")):
        workflow_id = path.name.split(".")[0].replace("_", "/")
        for field, payload in payloads(History.FromString(path.read_bytes())):
            seen.add(field)
            assert payload.metadata["encoding"] == b"binary/encrypted", (workflow_id, field)
            assert payload.metadata["key"].startswith(b"codec-")
            assert payload.metadata["subject"], (workflow_id, field)
    assert {"input", "result", "details", "args", "success", "summary"} <= seen


THE_SDKS_OWN = ("details.data", "details.patch-data")
"""What a marker says of itself, never encoded: which local activity, which patch."""


def payloads(message: Message, field: str = "") -> Iterator[tuple[str, Payload]]:
    """Every payload below a message, with the name of the field it stands in; not the engine's own marks."""
    if isinstance(message, Payload):
        yield field, message
        return
    for descriptor, value in message.ListFields():
        if descriptor.message_type is None or descriptor.name in ("search_attributes", "header"):
            continue
        name = field if descriptor.name in ("payloads", "value") else descriptor.name
        if descriptor.message_type.GetOptions().map_entry:
            for key, inner in value.items():
                if isinstance(inner, Message) and f"{name}.{key}" not in THE_SDKS_OWN:
                    yield from payloads(inner, name)
        else:
            for inner in value if descriptor.is_repeated else [value]:
                yield from payloads(inner, name)


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
