"""A sixth authority is one YAML file and one import: unknown to the program, it has a life lived there."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner

from api.cli.installing import installed, packaged_and
from api.cli.main import build as command_line
from api.cli.sample.organisation import Agency
from api.passwords import matches
from models.calendar import Calendar, at_local
from models.calendar.source import SourceError
from models.commands import (
    AcceptTransfer,
    ActivateAccount,
    Approve,
    CreateAccount,
    GiveNotice,
    HandOver,
    OpenProfile,
    ReportTransfer,
    RequestTransfer,
    Separate,
)
from models.database import engine_for
from models.keys import ensure_keyring
from models.record.tools import Tools
from models.regulations import seed
from tests.activities.imports.books import book, post
from tests.activities.imports.conftest import Desk
from tests.conftest import Database
from tests.world import World

LAW = Path(__file__).with_name("hai_dang_2024.yaml")
NAMED = {
    "code": "hai_dang",
    "name": "UBND tỉnh Hải Đăng",
    "national_code": "H99",
    "document": "QĐ 1/QĐ-UBND",
    "login": "admin.h99",
}
MONDAY = date(2026, 3, 2)
CALENDAR = Calendar.seed()
AGENCIES = tuple(
    Agency(code, name, kind, parent, True, "department", 1)
    for code, name, kind, parent in (
        ("H99", "UBND tỉnh Hải Đăng", "peoples_committee", None),
        ("H99.01", "Sở Nội vụ", "department", "H99"),
        ("H99.02", "Sở Văn hóa", "department", "H99"),
        ("H99.03", "Sở Y tế", "department", "H99"),
    )
)
POSTS = {
    "department": ("department_officer", "H99.01"),
    "culture.hr": ("hr_officer", "H99.02"),
    "culture.hr_head": ("hr_head", "H99.02"),
    "culture.head": ("head", "H99.02"),
    "culture.approver": ("approver", "H99.02"),
    "health.hr": ("hr_officer", "H99.03"),
}


def morning(day: date) -> datetime:
    return at_local(day, 9)


@pytest.fixture
async def hai_dang(database: Database, tmp_path: Path) -> AsyncIterator[World]:
    """The authority installed from its file, its agencies and posts imported from one workbook."""
    settings, now = database.settings(tmp_path), morning(MONDAY)
    made, password = await installed(settings, packaged_and([LAW]), trial=None, now=now, **NAMED)
    assert password is not None
    ring = ensure_keyring(settings.key_ring, None, settings.master_key_file)
    tools = Tools(engine_for(database.url()), ring)
    desk = Desk(settings, tools, made, now)
    admin = await desk.one("SELECT id, password_hash, state FROM accounts")
    assert admin.state == "default_password"
    assert await matches(admin.password_hash, password)
    # Chosen at the first login; the way there is tested with the sessions.
    await desk.write("UPDATE accounts SET state = 'active' WHERE id = :id", id=admin.id)
    posts = [post(login, role, agency_code=code) for login, (role, code) in POSTS.items()]
    brought = await desk.bring(book((), posts, AGENCIES), by=admin.id)
    assert {line.verdict for line in brought.lines.values()} == {"create", "same"}, [
        line.issues for line in brought.lines.values() if line.issues
    ]
    await desk.write("UPDATE accounts SET state = 'active'")
    world = World(tools, now, authority=made.authority_id)
    ids = {row.code: row.id for row in await desk.rows("SELECT code, id FROM agencies")}
    world.department, world.culture, world.health = ids["H99.01"], ids["H99.02"], ids["H99.03"]
    world.accounts = {row.login: row.id for row in await desk.rows("SELECT login, id FROM accounts")}
    yield world
    await tools.engine.dispose()


async def due(world: World, slot: str) -> Any:
    """The open duty of a slot: its day, who owes it, its citation."""
    return await world.one(
        "SELECT due_on, party, agency_id, citation FROM duties WHERE slot = :slot AND state = 'open'",
        slot=slot,
    )


async def done(world: World, who: str, body: Any, about: UUID, **kind: Any) -> dict[str, Any]:
    fate = await world.ask(who, body, about, **kind)
    assert fate.status is not None, fate
    assert fate.status < 300, fate.answer
    return fate.answer or {}


async def steps_signed(world: World, profile: UUID) -> None:
    """Both signatures of its chain, each after a day, with the dates of its own articles on the way."""
    for who, party, days, article in (
        ("culture.hr_head", "hr_head", 2, "Điều 4.1"),
        ("culture.head", "head", 3, "Điều 4.2"),
    ):
        slot = "review_step" if party == "hr_head" else "approval_window"
        owed = await due(world, slot)
        assert (owed.party, owed.due_on) == (party, CALENDAR.add_working_days(world.now.date(), days))
        assert owed.citation.startswith(f"Quy chế Hải Đăng 2024, {article}")
        early = await world.ask("culture.approver", await world.pending(profile), profile)
        assert early.answer is not None
        assert early.answer["code"] == "not-competent"
        world.now = morning(CALENDAR.add_working_days(world.now.date(), 1))
        prepared = await world.ask(who, Approve.model_validate(await world.pending(profile)), profile)
        assert world.moment.to_sign is not None, prepared.answer
        await world.signed(profile, world.moment.to_sign, prepared.id)


async def test_a_life_is_lived_under_a_law_the_program_has_never_seen(hai_dang: World) -> None:
    world, profile = hai_dang, uuid4()
    assert "hai_dang" not in {one.authority for one in seed()}
    opening = OpenProfile(
        agency_id=world.culture,
        full_name="Nguyễn Thị Thử",
        personal_id_number="000190000001",
        event_on=MONDAY,
        document="12/QĐ",
    )
    await done(world, "culture.hr", opening, profile)
    assert (await due(world, "personal_account")).due_on == date(2026, 3, 4)
    made = await done(world, "culture.hr", CreateAccount(login="thu.nt", password_hash="x"), profile)
    world.accounts["person"] = UUID(made["account_id"])
    await done(world, "person", ActivateAccount(password_hash="y"), profile)
    owed = await due(world, "first_declaration")
    assert (owed.party, owed.due_on) == ("person", date(2026, 3, 11))
    assert owed.citation.startswith("Quy chế Hải Đăng 2024, Điều 3.1")

    await world.submit(profile)
    await steps_signed(world, profile)
    assert (await world.one("SELECT chapter FROM profiles")).chapter == "service"

    # A change: four calendar days, the last one a Sunday, so that the next working day is the day.
    world.now = morning(date(2026, 3, 11))
    noticed = await done(
        world, "culture.hr", GiveNotice(kind="education", changed_on=date(2026, 3, 11), document="9"), profile
    )
    assert noticed["due_on"] == "2026-03-16"
    world.now = morning(date(2026, 3, 17))
    await world.submit(profile, changed_on=date(2026, 3, 11))
    late = await world.one("SELECT late_days FROM duties WHERE slot = 'update_after_change'")
    assert late.late_days == 1
    await steps_signed(world, profile)

    moving = RequestTransfer(
        to_agency_id=world.health, mode="điều động", effective_on=world.now.date(), document="2/QĐ"
    )
    case = UUID((await done(world, "culture.hr", moving, profile))["transfer_id"])
    reported = await due(world, "transfer_report")
    assert reported.due_on == CALENDAR.add_working_days(world.now.date(), 2), "its own reading of 'at once'"
    for who, body in (
        ("culture.hr", ReportTransfer(document="3/BC")),
        ("culture.hr", HandOver(handed_over_on=world.now.date())),
        ("health.hr", AcceptTransfer()),
    ):
        await done(world, who, body, case, subject="transfer")
    held = await world.rows("SELECT agency_id FROM custody WHERE ends_on IS NULL")
    assert [row.agency_id for row in held] == [world.health]

    leaving = Separate(kind="retired", effective_on=world.now.date(), document="5/QĐ")
    await done(world, "health.hr", leaving, profile)
    await world.step("archive", profile, told_national=False)
    row = await world.one("SELECT chapter, status FROM profiles")
    assert (row.chapter, row.status) == ("archive", "retired")
    cited = await world.rows("SELECT DISTINCT citation FROM events WHERE profile_id = :p", p=profile)
    named = {row.citation.split(";")[0] for row in cited if row.citation}
    assert {f"Quy chế Hải Đăng 2024, Điều {n}" for n in ("3.1", "4.1", "4.2", "5", "6")} <= named
    assert not [one for one in named if "6187" in one], "nothing of another authority's law"


async def test_installing_again_loads_nothing_and_gives_no_second_password(
    hai_dang: World, database: Database, tmp_path: Path
) -> None:
    before = await hai_dang.rows("SELECT number FROM events")
    made, password = await installed(
        database.settings(tmp_path), packaged_and([LAW]), trial=None, now=hai_dang.now, **NAMED
    )
    assert (made.authority_id, made.events, password) == (hai_dang.authority, 0, None)
    assert len(await hai_dang.rows("SELECT number FROM events")) == len(before)


def commanded(
    database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str
) -> tuple[int, str, str]:
    """``hoso install`` as an operator types it."""
    settings = database.settings(folder)
    monkeypatch.setenv("HOSO_DATA", str(folder))
    for name, value in settings.model_dump(exclude_unset=True).items():
        secret = getattr(value, "get_secret_value", None)
        monkeypatch.setenv(f"HOSO_{name.upper()}", str(secret() if secret else value))
    given = ["install", "hai_dang", "--name", NAMED["name"], "--national-code", "H99", "--document", "QĐ 1"]
    result = CliRunner().invoke(command_line("install"), [*given, *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_the_command_prints_the_one_time_password_once(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, said, _ = commanded(database, tmp_path, monkeypatch, "--law", str(LAW))
    assert status == 0
    assert "một lần" in said
    status, said, _ = commanded(database, tmp_path, monkeypatch, "--law", str(LAW))
    assert (status, "một lần" in said) == (0, False)
    other = commanded(database, tmp_path, monkeypatch, "--law", str(LAW), "--trial", "phu_yen_2024")
    assert other[0] == 1
    assert "phu_yen" in other[2]


def test_without_its_law_an_authority_is_refused(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, _, problem = commanded(database, tmp_path, monkeypatch)
    assert status == 1
    assert "no regulation of hai_dang is in force" in problem


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("after: hai_dang.art4.1", "after: hai_dang.art9", "no such step before"),
        ("citation: Quy chế Hải Đăng 2024, Điều 3.2", "citation: khoản 3.2", "citation"),
        ("{unit: calendar_days, n: 4,", "{unit: calendar_days, n: -4,", "deadline"),
        ("    party: head\n", "    party: king\n", "party"),
    ],
)
def test_bad_law_is_refused_with_file_and_line(
    tmp_path: Path,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    old: str,
    new: str,
    message: str,
) -> None:
    text = LAW.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file = tmp_path / "hai_dang_bad.yaml"
    file.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(SourceError, match=message) as refused:
        packaged_and([file])
    (problem,) = refused.value.problems
    line = text[: text.index(old)].count("\n") + 1
    assert (problem.file, problem.line) == (file.name, line)
    status, _, said = commanded(database, tmp_path, monkeypatch, "--law", str(file))
    assert status == 1
    assert f"{file.name}:{line}" in said


def test_the_command_says_whose_login_is_taken(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert commanded(database, tmp_path, monkeypatch, "--law", str(LAW))[0] == 0
    hanoi = ["install", "hanoi", "--name", "UBND", "--national-code", "H26", "--document", "QĐ 6187"]
    result = CliRunner().invoke(command_line("install"), hanoi)
    assert (result.exit_code, "administrator" in result.stderr) == (1, True)
    again = CliRunner().invoke(command_line("install"), [*hanoi, "--login", "admin.h26"])
    assert again.exit_code == 0
    assert datetime.now(UTC) > morning(date(2024, 2, 1)), "the invented law has begun"
