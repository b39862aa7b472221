"""The demo's parts without its servers: its beginning, its reading of histories, its words, its failures."""

import io
import json
import os
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pypdf
import pytest
import typer
from rich.console import Console
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from typer.testing import CliRunner

from api.cli.children import ChildError
from api.cli.demo import command as demo_command
from api.cli.demo.beginning import SPAN, begins_on
from api.cli.demo.calls import Caller
from api.cli.demo.clock import Pulse
from api.cli.demo.foreseeing import window_after
from api.cli.demo.papers import paper
from api.cli.demo.people import newcomer, recruit
from api.cli.demo.problems import StoryError
from api.cli.demo.servers import Servers, no_settings_of_the_desk
from api.cli.demo.telling import Language, NextDuty, Step, Teller, lines, plain
from api.cli.demo.words import HAPPENED, ROLES, dated, role_words, slot_words, spoken
from api.cli.demo.world import worlds
from models.calendar import Calendar
from models.form import catalogue, validate
from tests.api.cli.demo.foretelling import DAY, LEAVING, SERVICE, ahead, laws

CALENDAR = Calendar.seed()
LAST = date(max(year.year for year in CALENDAR.years), 12, 31)


# --- when it begins


@pytest.mark.parametrize(
    ("today", "first"),
    [
        (date(2025, 11, 20), date(2025, 12, 1)),
        (date(2026, 3, 3), date(2026, 12, 1)),
        (date(2026, 12, 15), date(2027, 1, 4)),  # no later December is known
        (date(2027, 4, 20), date(2027, 4, 21)),  # nor the whole of the time from May on
    ],
)
def test_it_begins_where_the_calendar_knows_every_day_of_it(today: date, first: date) -> None:
    assert begins_on(today, CALENDAR) == first
    assert first + SPAN <= LAST


def test_it_says_which_year_is_missing() -> None:
    with pytest.raises(StoryError, match=rf"{LAST.year + 1}"):
        begins_on(LAST - timedelta(days=30), CALENDAR)


@pytest.mark.parametrize("on", [date(2026, 12, 1), date(2027, 2, 26), date(2027, 6, 1)])
def test_the_forms_of_the_story_are_complete_on_any_day(on: date) -> None:
    form = catalogue("tt06_2023")
    for world in worlds().values():
        assert validate(form, recruit(on, world.form), on=on, by="person") == ()
    at = worlds()["hanoi"].form
    content, last = newcomer(on, on + timedelta(days=60), at)
    assert validate(form, content, on=on, by="person") == ()
    assert timedelta(days=60) <= last - on <= timedelta(days=155)
    assert (last + timedelta(days=1)).day == 1
    assert all(c["citizen_id_number"].startswith("000") for c in (content, recruit(on, at)))


# --- what a history says


def event(number: int, kind: str, **attributes: Any) -> HistoryEvent:
    made = HistoryEvent(event_id=number, event_type=EventType.Value(f"EVENT_TYPE_{kind}"))
    made.event_time.FromDatetime(datetime(2026, 12, 1, tzinfo=UTC))
    for name, value in attributes.items():
        part = getattr(made, f"{kind.lower()}_event_attributes")
        if isinstance(value, timedelta):
            getattr(part, name).FromTimedelta(value)
        else:
            setattr(part, name, value)
    return made


def test_a_workflow_at_work_is_told_from_one_that_waits() -> None:
    pulse = Pulse()
    pulse.hear(event(1, "WORKFLOW_TASK_SCHEDULED"))
    assert pulse.task
    pulse.hear(event(2, "WORKFLOW_TASK_COMPLETED"))
    pulse.hear(event(3, "ACTIVITY_TASK_SCHEDULED"))
    assert (pulse.task, pulse.activities) == (False, {3})
    pulse.hear(event(4, "ACTIVITY_TASK_COMPLETED", scheduled_event_id=3))
    pulse.hear(event(5, "TIMER_STARTED", timer_id="1", start_to_fire_timeout=timedelta(days=3)))
    pulse.hear(event(6, "TIMER_STARTED", timer_id="2", start_to_fire_timeout=timedelta(days=1)))
    pulse.hear(event(7, "TIMER_CANCELED", timer_id="2"))
    assert (pulse.activities, pulse.timers) == (set(), {"1": datetime(2026, 12, 4, tzinfo=UTC)})
    pulse.hear(event(8, "TIMER_FIRED", timer_id="1"))
    assert (pulse.timers, pulse.closed) == ({}, False)
    pulse.hear(event(9, "WORKFLOW_EXECUTION_COMPLETED"))
    assert pulse.closed


# --- what comes next where nothing is owed


@pytest.mark.parametrize(
    ("profile", "gate", "slot", "due"),
    [
        (SERVICE, True, "department_gate", None),
        (SERVICE, False, "update_after_change", None),
        ({**SERVICE, "pending_revision_id": "b"}, False, "approval_window", date(2026, 12, 31)),
        ({**SERVICE, "synced_revision_id": None}, False, "sync_window", date(2026, 12, 31)),
        ({**SERVICE, "open_case": LEAVING}, False, "move_out", date(2026, 12, 20)),
        (
            {**SERVICE, "open_case": {**LEAVING, "mode": "retired"}},
            False,
            "leaver_archive",
            date(2026, 12, 20),
        ),
    ],
)
def test_what_is_to_come_is_read_from_the_law(
    profile: dict[str, Any], gate: bool, slot: str, due: date | None
) -> None:
    found = ahead(profile, gate=gate)
    assert found is not None
    assert (found.slot, found.due_on, found.foreseen) == (slot, due, True)
    assert "Điều" in found.citation


@pytest.mark.parametrize("profile", [None, {**SERVICE, "chapter": "archive"}])
def test_nothing_is_to_come_for_the_archived(profile: dict[str, Any] | None) -> None:
    assert ahead(profile, gate=False) is None


@pytest.mark.parametrize(
    ("day", "open_too", "opens"),
    [
        (date(2026, 12, 26), False, date(2026, 12, 27)),
        (date(2026, 12, 27), False, date(2027, 1, 27)),
        (date(2026, 12, 31), True, date(2026, 12, 27)),
        (date(2027, 1, 1), True, date(2027, 1, 27)),
    ],
)
def test_the_next_window(day: date, open_too: bool, opens: date) -> None:
    assert window_after(day, CALENDAR, laws("hanoi").on(DAY), open_too=open_too).opens == opens


# --- what is said

CALLED = (("Vụ Tổ chức cán bộ", "the Department"), ("Bộ", "the ministry"))
FACTS = {
    "month": "2026-12", "listed": 1, "items": 1, "tran_code": "t", "left": 0, "slot": "update_after_change",
    "due": "2027-01-06", "to": "unit_head", "offset": 1, "kind": "retired", "told_national": True,
}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(HAPPENED))
def test_every_event_of_the_system_has_words(kind: str) -> None:
    vi, en = spoken(kind, FACTS, *CALLED)
    assert vi
    assert en
    assert vi != en
    assert not {"{", "}", "2027-01-06"} & {*vi, *en, vi, en}


@pytest.mark.parametrize(
    ("offset", "vi"),
    [(-2, "còn 2 ngày làm việc"), (0, "hôm nay đến hạn"), (3, "quá hạn 3 ngày làm việc")],
)
def test_a_reminder_says_how_near_it_is(offset: int, vi: str) -> None:
    assert vi in spoken("duty.reminder", {**FACTS, "offset": offset}, *CALLED)[0]


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_role_is_called_as_its_authority_calls_it(role: str) -> None:
    vi, en = role_words(role, CALLED[0])
    assert not {"{", "}"} & {*vi, *en}
    assert ("Vụ" in vi) == role.startswith("department")


def test_a_way_of_a_duty_has_words_of_its_own_where_it_needs_them() -> None:
    assert slot_words("approval_window", "step") != slot_words("approval_window")
    assert slot_words("sync_window", "after") == slot_words("sync_window")
    assert slot_words("unheard_of") == ("unheard_of", "unheard_of")


def test_leaving_is_told_from_where() -> None:
    vi, en = spoken("separation.effective", {**FACTS, "kind": "moved_out"}, *CALLED)
    assert ("ra ngoài Bộ" in vi, "out of the ministry" in en) == (True, True)


def test_only_dates_are_written_as_dates() -> None:
    assert dated({"a": "2027-01-06", "b": "abcdefghij", "c": 3}) == {
        "a": "06/01/2027",
        "b": "abcdefghij",
        "c": 3,
    }


DUTY = NextDuty("update_after_change", "cập nhật", "update", "họ", "they", date(2027, 1, 6), 5, "Điều 6.3")
STEP = Step(
    date(2026, 12, 29), "change", "Hệ thống", "The system", "Nhắc", "Reminds", "e", None, "Điều 1", DUTY
)


@pytest.mark.parametrize(
    ("language", "there", "absent"),
    [
        (
            Language.BOTH,
            ("Nhắc", "Reminds", "T3 29/12/2026", "⚖ Điều 1", "hạn 06/01/2027", "due 06/01/2027"),
            (),
        ),
        (Language.VI, ("Nhắc", "hạn 06/01/2027"), ("Reminds", "due 06/01/2027")),
        (Language.EN, ("Reminds", "due 06/01/2027"), ("Nhắc", "hạn 06/01/2027")),
    ],
)
def test_a_step_is_told_in_the_language_asked_for(
    language: Language, there: tuple[str, ...], absent: tuple[str, ...]
) -> None:
    out = io.StringIO()
    Teller(Console(file=out, width=200), language).step(STEP)
    assert all(words in out.getvalue() for words in there)
    assert not any(words in out.getvalue() for words in absent)
    out = io.StringIO()
    Teller(Console(file=out), language, quiet=True).step(STEP)
    assert out.getvalue() == ""


def test_a_step_for_machines_and_as_text() -> None:
    assert json.loads(json.dumps(plain(STEP)))["next_duty"]["due_on"] == "2027-01-06"
    assert lines([STEP]).splitlines()[0] == "T3 29/12/2026  Hệ thống: Nhắc"


def test_a_paper_is_a_pdf_that_readers_open() -> None:
    page = pypdf.PdfReader(io.BytesIO(paper("A (small) paper"))).pages[0]
    assert page.extract_text().strip() == "A [small] paper"


# --- how it fails


def caller(answer: Callable[[httpx.Request], httpx.Response]) -> Caller:
    def api(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/session"):
            return httpx.Response(201, json={"token": "t"})
        return answer(request)

    http = httpx.AsyncClient(transport=httpx.MockTransport(api), base_url="http://demo")
    return Caller(http, "login", "password", "Chị", "She")


async def test_a_refusal_ends_the_story_with_its_words() -> None:
    problem = {"code": "wrong-state", "detail": "Chưa được.", "detail_en": "Not yet."}
    one = caller(lambda _: httpx.Response(409, json=problem))
    with pytest.raises(StoryError, match=r"Chị: POST /x: 409 wrong-state / Chưa được\. / Not yet\."):
        await one.post("/x", {})
    assert (await one.refused("wrong-state", "POST", "/x"))["code"] == "wrong-state"
    with pytest.raises(StoryError, match="not refused"):
        await one.refused("not-found", "POST", "/x")


async def test_what_should_have_been_refused_ends_the_story() -> None:
    with pytest.raises(StoryError, match="not refused"):
        await caller(lambda _: httpx.Response(200, json={})).refused("wrong-state", "GET", "/x")


async def test_a_session_that_ran_out_is_opened_anew_and_an_accepted_command_awaited() -> None:
    answers = iter(
        [
            httpx.Response(401, json={"code": "not-authenticated"}),
            httpx.Response(202, json={"settled": False, "command_id": "c", "verb": "v"}),
            httpx.Response(200, json={"settled": True, "status": 200, "answer": {"done": 1}}),
        ]
    )
    keys = []

    def api(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        return next(answers)

    found = await caller(api).post("/x", {})
    assert found.result == {"done": 1}
    assert keys[0] == keys[1] != keys[2]


async def test_a_login_that_is_refused_ends_the_story() -> None:
    api = httpx.MockTransport(lambda _: httpx.Response(401, json={"code": "login-failed"}))
    one = Caller(httpx.AsyncClient(transport=api, base_url="http://demo"), "l", "p", "Chị", "She")
    with pytest.raises(StoryError, match="login-failed"):
        await one.get("/x")


def test_the_desk_s_settings_are_hidden_and_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSO_API_PORT", "1")
    with no_settings_of_the_desk():
        assert not [name for name in os.environ if name.startswith("HOSO_")]
    assert os.environ["HOSO_API_PORT"] == "1"


app = typer.Typer()
app.command()(demo_command)
runner = CliRunner()


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Servers that cannot start; what was done to them."""
    done: list[str] = []

    def start(_self: Servers, _tell: object) -> None:
        raise ChildError("postgres: ended with status 1 while starting")

    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(Servers, "start", start)
    monkeypatch.setattr(Servers, "stop", lambda _: done.append("stop"))
    return done


def test_what_cannot_start_is_said_in_one_line_and_stopped(broken: list[str], tmp_path: Path) -> None:
    found = runner.invoke(app, [])
    assert found.exit_code == 1
    assert "LỖI / ERROR: postgres: ended with status 1 while starting" in found.output
    assert (broken, list(tmp_path.iterdir())) == (["stop"], [])


def test_a_failure_for_machines(broken: list[str], tmp_path: Path) -> None:
    out = tmp_path / "kept"
    found = runner.invoke(app, ["--json", "--out", str(out)])
    said = json.loads(found.output)
    assert found.exit_code == 1
    assert (said["succeeded"], said["verified"], said["steps"]) == (False, False, [])
    assert said["failure"].startswith("postgres")
    assert json.loads((out / "story.json").read_text()) == said


def test_an_out_that_cannot_be_written_is_a_failure(broken: list[str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert runner.invoke(app, ["--out", str(tmp_path / "file")]).exit_code == 2
    found = runner.invoke(app, ["--json", "--out", str(tmp_path / "file" / "below")])
    assert found.exit_code == 1
    assert str(tmp_path / "file" / "below") in json.loads(found.output)["failure"]


def test_a_draft_is_played_as_a_trial_and_says_so(broken: list[str]) -> None:
    found = runner.invoke(app, ["--authority", "phu_yen"])
    assert "THỬ NGHIỆM DỰ THẢO phu_yen_2024" in found.output
    said = json.loads(runner.invoke(app, ["--authority", "phu_yen", "--json"]).output)
    assert (said["authority"], said["drafts"]) == ("phu_yen", ["phu_yen_2024"])
    assert "THỬ NGHIỆM" not in runner.invoke(app, []).output


def test_an_unknown_authority_is_refused_before_anything_starts(broken: list[str]) -> None:
    found = runner.invoke(app, ["--authority", "atlantis"])
    assert (found.exit_code, broken) == (2, [])
    assert "binh_dinh" in found.output


def test_an_unknown_language_is_refused_before_anything_starts(broken: list[str]) -> None:
    assert runner.invoke(app, ["--lang", "fr"]).exit_code == 2
    assert broken == []
