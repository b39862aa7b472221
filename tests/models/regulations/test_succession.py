"""Offices that a text names and that no longer exist: who stands in, from which day, and that it is said."""

from datetime import date
from pathlib import Path

import pytest

from models.calendar.source import SourceError
from models.regulations import (
    RuleSet,
    Succession,
    in_force,
    load_successions,
    seed_successions,
    stands_in,
)
from models.regulations.trial import resolved

BEFORE, AFTER = date(2024, 12, 2), date(2026, 3, 2)
FILE = """successions:
  - id: one
    former: Phòng Cũ
    former_en: old office
    names: [Phòng Cũ]
    since: 2025-03-01
    successor: Phòng Mới
    successor_en: new office
    source: {status: found, url: https://example.invalid/}
  - id: two
    former: Phòng Khác
    former_en: other office
    names: [Phòng Khác]
    since: 2025-03-01
    successor: Phòng Mới
    successor_en: new office
    source: {status: unverified, note: from memory}
"""


def ids(law: RuleSet, rule_id: str) -> list[str]:
    return [one.id for one in law.succession(law.rule(rule_id))]


@pytest.mark.parametrize(
    ("authority", "rule", "day", "expected"),
    [
        ("hanoi", "hanoi.art19.8", date(2025, 2, 28), []),
        ("hanoi", "hanoi.art19.8", date(2025, 3, 1), ["ict_department_2025"]),
        ("hanoi", "hanoi.art20.1", AFTER, ["ict_department_2025"]),
        ("hanoi", "hanoi.art21.2.b", date(2025, 6, 30), []),
        ("hanoi", "hanoi.art21.2.b", date(2025, 7, 1), ["district_committees_2025"]),
        ("hanoi", "hanoi.art9.1.b", AFTER, []),
        ("hanoi", "hanoi.art6.3", AFTER, []),
        ("binh_dinh", "binh_dinh.II.3", AFTER, ["district_committees_2025", "district_home_affairs_2025"]),
        ("binh_dinh", "binh_dinh.II.3.a", date(2025, 6, 30), []),
        ("binh_dinh", "binh_dinh.II.3.a", date(2025, 7, 1), ["district_home_affairs_2025"]),
        ("binh_dinh", "binh_dinh.II.4.a", AFTER, ["binh_dinh_2025"]),
        ("binh_dinh", "binh_dinh.II.4.b.3", AFTER, ["binh_dinh_2025"]),
        ("binh_dinh", "binh_dinh.II.5.a", AFTER, []),
    ],
)
def test_who_stands_in_for_the_offices_of_a_rule(
    authority: str, rule: str, day: date, expected: list[str]
) -> None:
    law = in_force(authority, max(day, BEFORE))
    assert sorted(ids(law, rule)) == sorted(expected)


def test_a_draft_on_trial_and_a_ministry_without_lost_offices() -> None:
    trial = in_force("phu_yen", AFTER, simulate=["phu_yen_2024"])
    assert [one.id for one in trial.successions] == [
        "ict_department_2025",
        "district_committees_2025",
        "phu_yen_2025",
    ]
    assert in_force("moha", AFTER).successions == ()


def test_the_obligation_says_it_in_both_languages() -> None:
    duty = in_force("hanoi", AFTER).slot("backup_check")
    assert duty is not None
    assert duty.succession_note == {
        "vi": "Sở Thông tin và Truyền thông: từ 01/03/2025 là Sở Khoa học và Công nghệ",
        "en": "Department of Information and Communications: since 2025-03-01 "
        "Department of Science and Technology",
    }
    before = in_force("hanoi", BEFORE).slot("backup_check")
    assert before is not None
    assert before.succession_note is None


def test_what_is_not_verified_is_shown_with_that_word() -> None:
    duty = in_force("binh_dinh", AFTER).slot("personal_account", kind="commune_committee")
    assert duty is not None
    assert duty.succession_note is not None
    assert duty.succession_note["vi"].endswith("chưa kiểm chứng")
    assert duty.succession_note["en"].endswith("unverified")


def test_the_law_is_another_from_the_day_an_office_ends() -> None:
    days = [day for day, _ in resolved("hanoi")]
    assert days == [date(2024, 11, 29), date(2025, 3, 1), date(2025, 7, 1), date(2026, 1, 1)]
    law = in_force("hanoi", AFTER)
    assert RuleSet.from_json(law.to_json()) == law
    assert in_force("hanoi", date(2026, 1, 1)).hash == law.hash != in_force("hanoi", BEFORE).hash
    assert "successions" not in in_force("moha", AFTER).to_json()


def test_an_altered_law_keeps_its_successions_right() -> None:
    law = in_force("hanoi", AFTER)
    assert ids(law, "hanoi.art6.3") == []
    renamed = law.replace("hanoi.art6.3", actor="Giám đốc Sở Thông tin và Truyền thông")
    assert ids(renamed, "hanoi.art6.3") == ["ict_department_2025"]
    nearly = law.replace("hanoi.art6.3", actor="Phòng Sở Thông tin và Truyền thôngs")
    assert ids(nearly, "hanoi.art6.3") == []


def test_an_office_that_changed_hands_twice_is_where_it_came_last() -> None:
    rule = in_force("hanoi", AFTER).rule("hanoi.art20.2")
    first = next(one for one in seed_successions() if one.id == "ict_department_2025")
    again = first.model_copy(update={"id": "again", "since": date(2026, 1, 1), "successor": "Sở Mới"})
    assert [one.successor for one in stands_in(rule, [again, first])] == ["Sở Mới"]


def write(folder: Path, text: str) -> Path:
    path = folder / "succession.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_is_read(tmp_path: Path) -> None:
    found = load_successions(write(tmp_path, FILE))
    assert [one.id for one in found] == ["one", "two"]
    assert isinstance(found[0], Succession)


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("id: two", "id: one", 10, "given twice: one"),
        ("url: https://example.invalid/", "note: x", 9, "the source is missing"),
        ("status: unverified, note: from memory", "status: unverified", 17, "say what is not verified"),
        ("names: [Phòng Khác]", "names: [phòng cũ]", 14, "the same as one"),
        ("names: [Phòng Khác]", "names: []", 13, "names"),
        ("names: [Phòng Khác]", "names: [x]\n    parties: [mayor]", 14, "parties"),
        ("since: 2025-03-01\n    successor: Phòng Mới\n    successor_en: new office\n    source: {status: f",
         "since: 2025-02-30\n    successor: Phòng Mới\n    successor_en: new office\n    source: {status: f",
         6, "invalid value"),
        ("successor: Phòng Mới\n    successor_en: new office\n    source: {status: f",
         "successor_en: new office\n    source: {status: f", 2, "successor"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, message: str
) -> None:
    assert old in FILE
    with pytest.raises(SourceError, match=message) as refused:
        load_successions(write(tmp_path, FILE.replace(old, new)))
    assert (refused.value.problems[0].file, refused.value.problems[0].line) == ("succession.yaml", line)
