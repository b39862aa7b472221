"""`hoso law load`, `law adopt`, `calendar proclaim`: what they show, record, move and refuse."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import Result
from typer.testing import CliRunner

from api.cli import law_acts
from api.cli.main import build as command_line
from models.calendar.loader import FOLDER as YEARS
from models.commands import GiveNotice
from models.database import engine_for, transaction
from models.record.law_of import LawOf
from models.regulations import in_force
from models.regulations.loader import FOLDER as LAW
from tests.models.record.plans import drafted
from tests.models.record.test_reorganised_day import carried_out
from tests.world import World, build, tools_for

NOW = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)
"""Monday 2 November 2026, 10:00 in Viet Nam."""


@pytest.fixture
async def world(database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    engine = engine_for(database.url("worker"), pool_size=2)
    monkeypatch.setattr(law_acts, "Settings", lambda: database.settings(tmp_path))
    yield await build(tools_for(engine, tmp_path), NOW)
    await engine.dispose()


async def hoso(*words: str) -> Result:
    runner = CliRunner()
    return await asyncio.to_thread(runner.invoke, command_line(words[0]), list(words))


async def owed(world: World, changed_on: date) -> Any:
    profile = await world.employ()
    body = GiveNotice(kind="salary", changed_on=changed_on, document="5/QĐ")
    assert (await world.ask("culture.hr", body, profile)).status == 201
    return await world.one(
        "SELECT * FROM duties WHERE profile_id = :p AND slot = 'update_after_change' AND state = 'open'",
        p=profile,
    )


async def now_due(world: World, duty: Any) -> Any:
    return await world.one("SELECT * FROM duties WHERE id = :id", id=duty.id)


def year_with(tmp_path: Path, *days: dict[str, Any]) -> Path:
    """The packaged year 2026 with more days off, proclaimed for worked Saturdays a week later."""
    found = yaml.safe_load((YEARS / "2026.yaml").read_text(encoding="utf-8"))
    act = {
        "id": "moi",
        "number": "77/TB-BNV",
        "date": date(2026, 11, 1),
        "title": "Hoán đổi",
        "check": "found",
    }
    found["proclamations"].append({**act, "date": date(2026, 11, 1)})
    found["days"] += days
    found["working_days"] += [
        {**day, "date": day["swap"], "swap": day["date"]} for day in days if day["kind"] == "proclaimed"
    ]
    file = tmp_path / "2026.yaml"
    file.write_text(yaml.safe_dump(found, allow_unicode=True), encoding="utf-8")
    return file


def friday_off() -> dict[str, Any]:
    return {
        "date": date(2026, 11, 6),
        "kind": "proclaimed",
        "swap": date(2026, 11, 14),
        "vi": "Nghỉ hoán đổi",
        "en": "Off in exchange",
        "proclamation": "moi",
    }


def amended(tmp_path: Path, days: int, **header: Any) -> Path:
    """Hà Nội's regulation with another period for updates."""
    found = yaml.safe_load((LAW / "hanoi_2024.yaml").read_text(encoding="utf-8"))
    found |= header
    rule = next(r for r in found["rules"] if "update_after_change" in str(r.get("slot")))
    rule["deadline"]["n"] = days
    for other in found["rules"]:
        if (other.get("deadline") or {}).get("derived_from") == rule["id"]:
            other["deadline"]["n"] = days  # a period taken over by reference must be the same
    file = tmp_path / "hanoi_2024.yaml"
    file.write_text(yaml.safe_dump(found, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return file


PROCLAIM = ("--authority", "hanoi", "--document", "77/TB-BNV")


async def test_a_preview_lists_what_would_move_and_writes_nothing(world: World, tmp_path: Path) -> None:
    duty = await owed(world, date(2026, 11, 2))
    file = year_with(tmp_path, friday_off())
    done = await hoso("calendar", "proclaim", str(file), *PROCLAIM, "--preview", "--json")
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    (move,) = [one for one in report["moves"] if one["duty"] == str(duty.id)]
    assert (move["from"], move["to"]) == ("2026-11-09", "2026-11-10")
    assert move["why"] == [{"day": "2026-11-06", "off": True, "act": "77/TB-BNV ngày 01/11/2026"}]
    assert sum(one["duties"] for one in report["agencies"]) == report["duties"] == len(report["moves"])
    assert not report["recorded"]
    assert (await now_due(world, duty)).due_on == duty.due_on
    assert len(await world.rows("SELECT 1 FROM calendar_loads")) == 1
    assert await world.rows("SELECT 1 FROM events WHERE kind = 'calendar.proclaimed'") == []


async def test_a_proclamation_is_recorded_and_moves_the_duties(world: World, tmp_path: Path) -> None:
    duty = await owed(world, date(2026, 11, 2))
    login = (await world.one("SELECT login FROM accounts WHERE id = :a", a=world.accounts["admin"])).login
    file = year_with(tmp_path, friday_off())
    done = await hoso("calendar", "proclaim", str(file), *PROCLAIM, "--approver", login)
    assert done.exit_code == 0, done.output
    assert "09/11/2026 → 10/11/2026" in done.stdout
    assert (await now_due(world, duty)).due_on == date(2026, 11, 10)
    event = await world.one("SELECT * FROM events WHERE kind = 'calendar.proclaimed'")
    assert event.stream_id == world.authority
    assert (event.facts["document"], event.facts["year"]) == ("77/TB-BNV", 2026)
    assert event.facts["approver"] == str(world.accounts["admin"])
    newest = await world.one("SELECT * FROM calendar_loads ORDER BY loaded_at DESC LIMIT 1")
    assert (newest.approver_id, newest.hash) == (world.accounts["admin"], event.facts["hash"])
    told = await world.one("SELECT workflow_id FROM outbox WHERE workflow_id LIKE 'recompute/%'")
    assert told.workflow_id == f"recompute/{world.authority}"
    again = await hoso("calendar", "proclaim", str(file), *PROCLAIM)
    assert again.exit_code == 1
    assert "law-known" in again.stderr


async def test_which_law_binds_a_unit_is_told_on_the_command_line(world: World) -> None:
    who = ("--authority", "hanoi")
    move = {"op": "move_authority", "unit": "H26.02.01", "regulation": "binh_dinh"}
    case = await drafted(world, move, days=0)
    await carried_out(world, case)
    told = json.loads((await hoso("law", "unit", "H26.02.01", *who, "--on", "2027-01-04", "--json")).stdout)
    assert (told["regime"]["regulation"], told["regime"]["duties_by"]) == ("binh_dinh", "policy")
    said = (await hoso("law", "unit", "H26.02.01", *who, "--on", "2027-01-04")).stdout
    assert "binh_dinh_2022" in said
    assert "12/QĐ-UBND" in said
    above = await hoso("law", "unit", "H26.02", *who, "--on", "2027-01-04")
    assert "hanoi_2024" in above.stdout
    assert "binh_dinh" not in above.stdout
    for wrong in (("H99",), ("H26.02", "--on", "x"), ("H26.02", "--on", "1990-01-01")):
        assert (await hoso("law", "unit", *wrong, *who)).exit_code == 2


async def test_an_amended_regulation_moves_what_its_days_cover(world: World, tmp_path: Path) -> None:
    before, after = await owed(world, date(2026, 11, 2)), await owed(world, date(2026, 11, 16))
    file = amended(tmp_path, 8, valid_from=date(2026, 11, 10))
    done = await hoso("law", "load", str(file), "--authority", "hanoi", "--document", "1/QĐ-UBND")
    assert done.exit_code == 0, done.output
    assert (await now_due(world, before)).due_on == before.due_on == date(2026, 11, 9)
    moved = await now_due(world, after)
    assert (after.due_on, moved.due_on) == (date(2026, 11, 23), date(2026, 11, 26))
    event = await world.one("SELECT * FROM events WHERE kind = 'rules.loaded'")
    assert (event.facts["valid_from"], event.facts["regulation"]) == ("2026-11-10", "hanoi_2024")
    assert event.facts["hash"] == moved.rule_set_hash
    again = await hoso("law", "load", str(file), "--authority", "hanoi", "--document", "1/QĐ-UBND")
    assert (again.exit_code, "law-known" in again.stderr) == (1, True)
    loads = json.loads((await hoso("law", "moves", "--authority", "hanoi", "--json")).stdout)
    (mine,) = [one for one in loads if one["document"] == "1/QĐ-UBND"]
    assert (mine["moved"], mine["kept"], mine["starts"]) == (1, 0, "2026-11-10")
    listed = await hoso("law", "moves", mine["id"], "--authority", "hanoi")
    assert "update_after_change: 23/11/2026 → 26/11/2026" in listed.stdout
    (line,) = json.loads((await hoso("law", "moves", mine["id"], "--authority", "hanoi", "--json")).stdout)
    assert line["duty_id"] == str(after.id)
    for wrong in (("law", "moves", "zz", "--authority", "hanoi"), ("law", "moves", "--authority", "x")):
        assert (await hoso(*wrong)).exit_code == 2


async def test_bad_law_is_refused_with_file_and_line_and_the_last_good_law_stays(
    world: World, tmp_path: Path
) -> None:
    file = amended(tmp_path, -3)
    lines = file.read_text(encoding="utf-8").splitlines()
    line = next(n for n, words in enumerate(lines, start=1) if words.strip() == "n: -3")
    done = await hoso("law", "load", str(file), "--authority", "hanoi", "--document", "1/QĐ-UBND")
    assert done.exit_code == 1
    assert f"hanoi_2024.yaml:{line}: " in done.stderr
    assert len(await world.rows("SELECT 1 FROM rule_set_loads")) == 1
    assert await world.rows("SELECT 1 FROM events WHERE kind = 'rules.loaded'") == []


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ({"id": "hanoi_2027"}, "overlapping dates"),
        ({"status": "draft"}, "law-not-loadable"),
        ({"status": "known_from_reports"}, "law-not-loadable"),
        ({"authority": "phu_yen", "id": "phu_yen_2027", "rules": []}, "phu_yen_2027.yaml"),
    ],
)
async def test_what_is_not_law_here_is_refused(
    world: World, tmp_path: Path, header: dict[str, Any], said: str
) -> None:
    file = amended(tmp_path, 8)
    found = yaml.safe_load(file.read_text(encoding="utf-8")) | header
    if header.get("id") == "hanoi_2027":
        for rule in found["rules"]:
            rule["id"] = rule["id"].replace("hanoi.", "hanoi27.")
            rule.pop("after", None)
            if "deadline" in rule:
                rule["deadline"].pop("derived_from", None)
    file = file.rename(tmp_path / f"{found['id']}.yaml")
    file.write_text(yaml.safe_dump(found, allow_unicode=True, sort_keys=False), encoding="utf-8")
    done = await hoso("law", "load", str(file), "--authority", "hanoi", "--document", "1/QĐ-UBND")
    assert (done.exit_code, said in done.stderr) == (1, True), done.output
    assert len(await world.rows("SELECT 1 FROM rule_set_loads")) == 1


async def test_law_of_another_authority_is_refused(world: World, tmp_path: Path) -> None:
    file = LAW / "moha_2023.yaml"
    done = await hoso("law", "load", str(file), "--authority", "hanoi", "--document", "1/QĐ-UBND")
    assert (done.exit_code, "law-not-loadable" in done.stderr) == (1, True), done.output


async def declaring(world: World) -> Any:
    """The duty to declare of a person whose account is made now."""
    profile = await world.employ(until="declaration")
    return await world.one(
        "SELECT * FROM duties WHERE profile_id = :p AND slot = 'first_declaration' AND state = 'open'",
        p=profile,
    )


@pytest.mark.rule("nd27.art19.first")
async def test_a_reported_decree_binds_only_once_adopted_and_the_earlier_clock_then(
    database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engine_for(database.url("worker"), pool_size=2)
    monkeypatch.setattr(law_acts, "Settings", lambda: database.settings(tmp_path))
    world = await build(tools_for(engine, tmp_path), NOW, law=in_force("moha", NOW.date()))
    await world.rows("UPDATE authorities SET regulation = 'moha' RETURNING code")
    early = await declaring(world)
    world.now = NOW + timedelta(days=10)
    duty = await declaring(world)
    words = ("nd27_2026", "--authority", "hanoi", "--from", "2026-11-10", "--document", "9/QĐ-BNV")
    done = await hoso("law", "adopt", *words)
    assert done.exit_code == 0, done.output
    moved = await now_due(world, duty)
    assert (duty.due_on, moved.due_on) == (date(2026, 11, 19), date(2026, 11, 17))
    clocks = {one["rule"].split(".")[0]: one["due"] for one in moved.facts["clocks"]}
    assert clocks == {"moha": "2026-11-19", "nd27": "2026-11-17"}
    assert (await now_due(world, early)).due_on == early.due_on == date(2026, 11, 9)
    event = await world.one("SELECT * FROM events WHERE kind = 'rules.adopted'")
    assert (event.facts["from"], event.facts["document"]) == ("2026-11-10", "9/QĐ-BNV")
    async with transaction(world.tools.engine, world.scope) as connection:
        for day, bound in ((date(2026, 11, 9), False), (date(2026, 11, 10), True)):
            law = (await world.tools.law(connection, LawOf.authority(world.authority), day))[0]
            assert ("nd27_2026" in [one.id for one in law.regulations]) is bound
    again = await hoso("law", "adopt", *words)
    assert (again.exit_code, "law-known" in again.stderr) == (1, True)
    await engine.dispose()


async def test_an_adoption_outlives_a_later_load(world: World, tmp_path: Path) -> None:
    adopt = ("nd27_2026", "--authority", "hanoi", "--from", "2026-11-10", "--document", "9/QĐ-UBND")
    assert (await hoso("law", "adopt", *adopt)).exit_code == 0
    file = amended(tmp_path, 8, valid_from=date(2026, 11, 5))
    done = await hoso("law", "load", str(file), "--authority", "hanoi", "--document", "1/QĐ-UBND", "--json")
    planned = json.loads(done.stdout)["loads_planned"]
    assert [(one["from"], "nd27_2026" in one["documents"]) for one in planned] == [
        ("2026-11-05", False),
        ("2026-11-10", True),
    ]


@pytest.mark.parametrize(
    ("words", "exit_code", "said"),
    [
        (("law", "adopt", "hanoi_2024", "--from", "2026-11-10"), 1, "law-not-loadable"),
        (("law", "adopt", "nothing", "--from", "2026-11-10"), 1, "law-not-loadable"),
        (("law", "adopt", "nd27_2026", "--from", "tomorrow"), 2, "YYYY-MM-DD"),
    ],
)
async def test_what_cannot_be_adopted(
    world: World, words: tuple[str, ...], exit_code: int, said: str
) -> None:
    done = await hoso(*words, "--authority", "hanoi", "--document", "9/QĐ-UBND")
    assert (done.exit_code, said in done.stderr) == (exit_code, True), done.output


async def test_unknown_authority_and_approver_are_wrong_questions(world: World, tmp_path: Path) -> None:
    file = year_with(tmp_path, friday_off())
    strange = await hoso("calendar", "proclaim", str(file), "--authority", "hue", "--document", "1/TB")
    assert (strange.exit_code, "hue" in strange.stderr) == (2, True)
    nobody = await hoso("calendar", "proclaim", str(file), *PROCLAIM, "--approver", "nobody")
    assert (nobody.exit_code, "nobody" in nobody.stderr) == (2, True)
    empty = await hoso("calendar", "proclaim", str(file), "--authority", "hanoi", "--document", " ")
    assert empty.exit_code == 2
    assert len(await world.rows("SELECT 1 FROM calendar_loads")) == 1


async def test_a_misshapen_year_is_refused_with_file_and_line(world: World, tmp_path: Path) -> None:
    file = year_with(tmp_path, {**friday_off(), "proclamation": "none"})
    done = await hoso("calendar", "proclaim", str(file), *PROCLAIM)
    assert done.exit_code == 1
    assert done.stderr.startswith("2026.yaml:")
    assert len(await world.rows("SELECT 1 FROM calendar_loads")) == 1
