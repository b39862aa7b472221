"""Calendar files that must be refused, each with its line."""

import re
from pathlib import Path

import pytest

from models.calendar.loader import check_years, load_year
from models.calendar.source import SourceError, read

GOOD = """year: 2026
proclamations:
  - {id: cv1, number: 1/VPCP, date: 2025-12-25, title: Hoán đổi, check: found}
days:
  - {date: 2026-01-01, kind: statutory, law: "112.1.a", vi: Tết Dương lịch, en: New Year}
  - {date: 2026-01-02, kind: proclaimed, swap: 2026-01-10, vi: Nghỉ, en: Day off, proclamation: cv1}
working_days:
  - {date: 2026-01-10, kind: proclaimed, swap: 2026-01-02, vi: Bù, en: Worked, proclamation: cv1}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "2026.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_pattern_itself_is_good(tmp_path: Path) -> None:
    assert load_year(write(tmp_path, GOOD)).year == 2026


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("date: 2026-01-01", "date: 2025-01-01", 5, "is not in the year"),
        ("date: 2026-01-01", "date: 2026-01-02", 5, "day given twice"),
        ('law: "112.1.a", ', "", 5, "article missing"),
        ("swap: 2026-01-10, ", "", 6, "exchanged day missing"),
        ("swap: 2026-01-10", "swap: 2026-01-17", 6, "does not match"),
        ("en: Day off, proclamation: cv1", "en: Day off, proclamation: cv2", 6, "no such proclamation"),
        ("kind: proclaimed, swap: 2026-01-02", "kind: statutory, law: x", 8, "needs a proclamation"),
        ("date: 2026-01-10, kind", "date: 2026-01-09, kind", 8, "is a working day already"),
        ("kind: statutory", "kind: holiday", 5, "kind"),
        ("en: New Year", "en: New Year, colour: red", 5, "colour"),
        ("year: 2026", "year: 1900", 1, "year"),
        ("working_days:\n", "working_days:\nworking_days:\n", 8, "key given twice"),
        ("date: 2026-01-01", "date: 2026-02-30", 5, "invalid value"),
        ("days:\n", "days: [\n", 5, "invalid YAML"),
    ],
)
def test_a_contradiction_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, message: str
) -> None:
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(SourceError) as refused:
        load_year(path)
    assert any(
        one.file == "2026.yaml" and one.line == line and message in one.message
        for one in refused.value.problems
    ), str(refused.value)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"2026\.yaml:1: .*empty"):
        load_year(write(tmp_path, ""))


def test_a_year_given_twice_is_a_problem(tmp_path: Path) -> None:
    one, two = tmp_path / "a", tmp_path / "b"
    one.mkdir()
    two.mkdir()
    problems = check_years([write(one, GOOD), write(two, GOOD)])
    assert [str(problem) for problem in problems] == [
        "2026.yaml:1: năm 2026 đã có trong / year already in 2026.yaml"
    ]
    assert check_years([write(one, GOOD.replace("2026-01-01", "2025-01-01", 1))])[0].line == 5


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a: 1\nb: \x18", "2: ký tự không được phép / a character that is not allowed: U+0018"),
        ("\x00", "1: ký tự không được phép"),
        ("a: \ud800", "U+D800"),
        ("[" * 5000, "lồng quá sâu / nested too deeply"),
    ],
)
def test_what_no_reader_takes_is_told_like_any_mistake(content: str, said: str) -> None:
    with pytest.raises(SourceError, match=re.escape(said)):
        read(Path("x.yaml"), content)
