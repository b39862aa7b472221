"""`hoso deadline` and `hoso law …` as a person types them."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from api.cli.deadline import deadline
from api.cli.law import law_app, must_be_proven
from api.cli.law_marks import scan
from api.cli.law_proof import alterations
from models.calendar.loader import FOLDER as YEARS
from models.regulations import seed, seed_files

APP = typer.Typer()
APP.command("deadline")(deadline)
APP.add_typer(law_app, name="law")


def hoso(*words: str) -> Result:
    return CliRunner().invoke(APP, list(words))


def test_a_due_date_for_machines() -> None:
    answer = hoso("deadline", "hanoi.art6.3", "--from", "2025-12-29", "--json")
    assert answer.exit_code == 0
    found = json.loads(answer.stdout)
    assert (found["rule"], found["from"]) == ("hanoi.art6.3", "2025-12-29")
    assert (found["due"], found["nominal_due"]) == ("2026-01-07", "2026-01-07")
    assert found["citation"] == "Quy chế kèm QĐ 6187/QĐ-UBND, Điều 6.3"
    assert found["due_at"] == "2026-01-07T17:00:00+00:00"
    passed_over = {day["day"]: day["source"] for day in found["days"] if not day["counted"]}
    assert list(passed_over) == ["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"]
    assert passed_over["2026-01-02"] == "12729/VPCP-KGVX ngày 25/12/2025"
    assert [day["number"] for day in found["days"] if day["counted"]] == [1, 2, 3, 4, 5]


def test_a_due_date_for_people() -> None:
    answer = hoso("deadline", "hanoi.art6.3", "--from", "2025-12-29")
    assert "12729/VPCP-KGVX" in answer.stdout
    assert "Hạn / due: hết ngày 07/01/2026" in answer.stdout
    window = hoso("deadline", "hanoi.art7", "--from", "2025-01-02").stdout
    assert "27/01/2025" in window
    assert "31/01/2025" in window
    assert "03/02/2025" in window
    assert "chính sách" in hoso("deadline", "hanoi.art12.1.a1", "--from", "2026-03-02").stdout
    assert "30/11/2026" in hoso("deadline", "hanoi.art6.3", "--from", "2026-11-20").stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("hanoi.art99", "--from", "2025-12-29"), "no rule: hanoi.art99"),
        (("hanoi.art5", "--from", "2025-12-29"), "states no period"),
        (("hanoi.art19.8", "--from", "2025-12-29"), "states no period"),
        (("hanoi.art6.3", "--from", "2027-12-29"), "no calendar of the year 2028"),
        (("hanoi.art6.3", "--from", "2025-02-30"), "not a date"),
    ],
)
def test_what_cannot_be_answered_exits_with_2(words: tuple[str, ...], message: str) -> None:
    answer = hoso("deadline", *words)
    assert answer.exit_code == 2
    assert message in answer.stderr
    assert answer.stdout == ""


def test_a_day_before_the_regulation_is_answered_with_a_warning() -> None:
    answer = hoso("deadline", "hanoi.art6.3", "--from", "2024-04-26", "--json")
    assert "not in force" in answer.stderr
    assert json.loads(answer.stdout)["in_force"] is False
    assert json.loads(answer.stdout)["due"] == "2024-05-07"


def test_the_packaged_files_pass_the_check() -> None:
    answer = hoso("law", "check")
    assert answer.exit_code == 0, answer.stderr
    assert answer.stdout.startswith(f"{len(seed_files()) + 2 + len(list(YEARS.glob('*.yaml')))} ")


def test_the_check_names_file_and_line(tmp_path: Path) -> None:
    text = next(path for path in seed_files() if path.stem == "hanoi_2024").read_text(encoding="utf-8")
    broken = tmp_path / "broken.yaml"
    broken.write_text(text.replace("n: 10\n", "n: -10\n"), encoding="utf-8")
    year, ladder = tmp_path / "2030.yaml", tmp_path / "ladder.yaml"
    year.write_text("year: 2030\nproclamations: []\nworking_days: []\n", encoding="utf-8")
    ladder.write_text("id: x\nsteps: []\n", encoding="utf-8")
    answer = hoso("law", "check", str(broken), str(year), str(ladder))
    assert answer.exit_code == 1
    line = 1 + broken.read_text(encoding="utf-8").splitlines().index("      n: -10")
    assert f"broken.yaml:{line}: " in answer.stderr
    assert "2030.yaml:1: days" in answer.stderr
    assert "ladder.yaml:2: steps" in answer.stderr


def test_the_law_is_shown_by_rule_by_slot_and_whole() -> None:
    assert "05 ngày làm việc" in hoso("law", "show", "hanoi.art6.3", "--on", "2026-03-02").stdout
    slot = hoso("law", "show", "approval_window", "--authority", "hanoi", "--on", "2026-03-02").stdout
    assert "Điều 7; TT 06/2023/TT-BNV" in slot
    assert "authority_digital" in slot
    whole = hoso("law", "show").stdout
    assert "sync_window" in whole
    assert "hanoi, " in whole
    by_slot = hoso("law", "show", "sync_window", "--on", "2026-03-02").stdout
    assert "hanoi.art14.1" in by_slot


def test_a_draft_is_shown_only_when_it_is_simulated() -> None:
    refused = hoso("law", "show", "--authority", "phu_yen")
    assert refused.exit_code == 2
    assert "no regulation of phu_yen is in force" in refused.stderr
    shown = hoso("law", "show", "--simulate", "phu_yen_2024").stdout
    assert "sign_before_sync           Dự thảo Quy chế" in shown
    both = hoso("law", "show", "form_standard", "--simulate", "phu_yen_2024").stdout
    assert "phu_yen.art5.1.a" in both
    assert "phu_yen.art5.1.b" in both


def test_a_rule_of_a_layer_beneath_is_shown_once() -> None:
    assert hoso("law", "show", "tt06.art10", "--on", "2026-03-02").stdout.count("id: tt06.art10\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ("hanoi.art99",),
        ("hanoi.art6.3", "--authority", "atlantis"),
        ("event_sync_agency", "--authority", "hanoi", "--on", "2026-03-02"),
        ("--authority", "atlantis"),
        ("--simulate", "atlantis_1999"),
        ("department_gate", "--simulate", "phu_yen_2024"),
        ("--on", "2020-01-01"),
        ("--on", "yesterday"),
    ],
)
def test_law_that_is_not_there_exits_with_2(words: tuple[str, ...]) -> None:
    answer = hoso("law", "show", *words)
    assert answer.exit_code == 2
    assert answer.stderr


def test_each_rule_that_must_be_proven_has_a_test() -> None:
    marks = scan(Path(__file__).parents[1])
    proven = [rule for regulation in seed() for rule in regulation.rules if must_be_proven(rule)]
    assert sum(rule.id.startswith("hanoi.") for rule in proven) == 29
    assert [rule.id for rule in proven if rule.id not in marks] == []


def test_coverage_without_a_test_exits_with_1(tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text("import pytest\npytestmark = pytest.mark.rule('hanoi.art6.3')\n")
    answer = hoso("law", "coverage", "--tests", str(tmp_path))
    assert answer.exit_code == 1
    assert "hanoi.art7" in answer.stderr
    assert "hanoi.art6.3," not in answer.stderr
    (tmp_path / "test_some.py").write_text("def broken(:\n")
    answer = hoso("law", "coverage", "--tests", str(tmp_path))
    assert answer.exit_code == 1
    assert "test_some.py:1" in answer.stderr
    assert hoso("law", "coverage", "--rule", "hanoi.art99").exit_code == 2


def test_each_kind_of_alteration_is_tried() -> None:
    rules = {rule.id: rule for regulation in seed() for rule in regulation.rules}
    labels = {name: [one.label for one in alterations(rules[name])] for name in rules}
    assert labels["hanoi.art6.3"] == [
        "n = 6",
        "n = 4",
        "unit → calendar_days",
        "party → department",
        "signature → authority_digital",
        "no certified copy",
        "removed",
    ]
    assert "date → 12-30" in labels["hanoi.art21.6.y"]
    assert "signature → none_stated" in labels["hanoi.art21.6.q"]
    assert "policy = 2" in labels["hanoi.art12.1.a1"]
    assert "no written document" in labels["hanoi.art19.4"]
