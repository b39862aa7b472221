"""Regulation files that must be refused, each with its file and line."""

from datetime import date
from pathlib import Path

import pytest

from models.calendar.source import SourceError
from models.regulations import NoLawInForce, in_force, load_all, load_file, load_policy, seed, seed_files
from models.regulations.policy import FILE

GOOD = """id: sample_2025
title: Quy chế mẫu
title_en: Sample
number: 1/QĐ
issued: 2025-01-01
authority: sample
layer: local
status: in_force
valid_from: 2025-01-01
valid_to: 2025-12-31
roll: true
immediate: {working_days: 1, policy: true}
source: {status: text}
rules:
  - id: sample.art1
    citation: Quy chế mẫu, Điều 1
    citation_en: Sample, art. 1
    kind: deadline
    actor: Cá nhân
    actor_en: The person
    party: person
    text_vi: Cập nhật
    text_en: Update
    deadline: {unit: working_days, n: 5, counted_from: change_date}
    carried_by: code
    slot: update_after_change
  - id: sample.art2
    citation: Quy chế mẫu, Điều 2
    citation_en: Sample, art. 2
    kind: transfer
    actor: Cá nhân
    actor_en: The person
    party: person
    text_vi: Kiểm tra
    text_en: Check
    deadline: {unit: working_days, n: 5, counted_from: change_date, derived_from: sample.art1}
    carried_by: code
    slot: transfer_check
  - id: sample.art3
    citation: Quy chế mẫu, Điều 3
    citation_en: Sample, art. 3
    kind: duty
    actor: Mọi người
    actor_en: Everyone
    party: everyone
    text_vi: Chấp hành
    text_en: Comply
    carried_by: people
    carrier: Mọi người
    shown: Nguyên văn
"""


def write(folder: Path, text: str, name: str = "sample.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_the_pattern_itself_is_good(tmp_path: Path) -> None:
    regulation = load_file(write(tmp_path, GOOD))
    deadline = regulation.rules[0].deadline
    assert deadline is not None
    assert deadline.roll is True
    assert regulation.rules[2].source.status == "text"


def test_the_settings_of_a_document_reach_its_periods(tmp_path: Path) -> None:
    text = GOOD.replace("roll: true", "roll: false").replace("working_days: 1", "working_days: 3")
    text = text.replace("{unit: working_days, n: 5, counted_from: change_date}", "{unit: immediate}")
    text = text.replace(", derived_from: sample.art1", "")
    first = load_file(write(tmp_path, text)).rules[0].deadline
    assert first is not None
    assert (first.roll, first.sla_working_days) == (False, 3)


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        (
            "n: 5, counted_from: change_date}",
            "n: -5, counted_from: change_date}",
            24,
            "greater than or equal",
        ),
        ("n: 5, counted_from: change_date}", "counted_from: change_date}", 24, "number of days is missing"),
        (", counted_from: change_date}", "}", 24, "start is missing"),
        ("unit: working_days, n: 5, counted_from: change_date}", "unit: date}", 24, "date is missing"),
        ("unit: working_days, n: 5, counted_from: change_date}", "unit: fortnight}", 24, "Input should be"),
        ("derived_from: sample.art1", "derived_from: sample.art9", 36, "dangling reference"),
        (
            "n: 5, counted_from: change_date, derived",
            "n: 6, counted_from: change_date, derived",
            36,
            "differs",
        ),
        ("citation: Quy chế mẫu, Điều 1", "citation: Quy chế mẫu", 16, "citation"),
        ("    citation: Quy chế mẫu, Điều 1\n", "", 15, "citation: Field required"),
        ("party: person", "party: nobody", 21, "party"),
        ("text_vi: Cập nhật", "text_vi: Cập nhật\n    colour: red", 23, "Extra inputs"),
        ("    slot: update_after_change\n", "", 25, "needs a slot"),
        ("slot: update_after_change", "slot: somewhere", 26, "slot"),
        ("slot: transfer_check", "slot: update_after_change", 38, "already filled by sample.art1"),
        ("    shown: Nguyên văn\n", "", 48, "needs carrier and shown"),
        ("    shown: Nguyên văn", "    shown: Nguyên văn\n    slot: backup", 51, "only code has a slot"),
        ("id: sample.art2", "id: sample.art1", 27, "rule given twice"),
        ("valid_to: 2025-12-31", "valid_to: 2024-12-31", 10, "ends before it begins"),
        ("valid_from: 2025-01-01", "valid_from:", 9, "needs a date"),
        ("authority: sample", "authority:", 6, "only a national layer"),
        ("status: in_force", "status: maybe", 8, "status"),
        ("immediate: {working_days: 1, policy: true}", "immediate: {working_days: 1}", 12, "policy"),
        ("roll: true", "roll: true\nconcurrent: true", 12, "only a national layer"),
        ("slot: transfer_check", "slot: transfer_check\n    after: sample.art3", 39, "no such step before"),
        ("slot: transfer_check", "slot: transfer_check\n    after: sample.art9", 39, "no such step before"),
        ("slot: transfer_check", "slot: review_step\n    after: sample.art2", 39, "round in a circle"),
        ("slot: transfer_check", "slot: transfer_check\n    when: {agency: [elsewhere]}", 39, "agency"),
    ],
)
def test_a_contradiction_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, message: str
) -> None:
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(SourceError) as refused:
        load_file(path)
    assert any(
        one.file == "sample.yaml" and one.line == line and message in one.message
        for one in refused.value.problems
    ), str(refused.value)


def test_overlapping_dates_are_refused(tmp_path: Path) -> None:
    later = GOOD.replace("sample_2025", "sample_2026").replace("sample.art", "later.art")
    later = later.replace("valid_from: 2025-01-01", "valid_from: 2025-12-31")
    paths = [
        write(tmp_path, GOOD),
        write(tmp_path, later.replace("valid_to: 2025-12-31", "valid_to:"), "later.yaml"),
    ]
    with pytest.raises(SourceError) as refused:
        load_all(paths)
    lines = [(one.file, one.line) for one in refused.value.problems]
    assert lines == [("later.yaml", 26), ("later.yaml", 38)]
    assert "overlapping dates" in str(refused.value)


@pytest.mark.parametrize(
    "change",
    [
        ("valid_from: 2025-01-01", "valid_from: 2026-01-01"),
        ("status: in_force", "status: draft"),
        ("roll: true", "roll: true\nprevails_over: [sample_2025]"),
        ("authority: sample", "authority: elsewhere"),
    ],
)
def test_what_does_not_overlap_is_accepted(tmp_path: Path, change: tuple[str, str]) -> None:
    later = GOOD.replace("sample_2025", "sample_2026").replace("sample.art", "later.art")
    later = later.replace("valid_to: 2025-12-31", "valid_to:").replace(*change)
    assert len(load_all([write(tmp_path, GOOD), write(tmp_path, later, "later.yaml")])) == 2


def test_one_id_in_two_files_and_a_missing_predecessor_are_refused(tmp_path: Path) -> None:
    other = GOOD.replace("sample_2025", "other_2025").replace("authority: sample", "authority: other")
    other = other.replace("roll: true", "roll: true\nprevails_over: [gone_1999]")
    with pytest.raises(SourceError) as refused:
        load_all([write(tmp_path, GOOD), write(tmp_path, other, "other.yaml")])
    assert "sample.art1 đã có trong / already in sample_2025" in str(refused.value)
    assert "other.yaml:12: dẫn chiếu không có / dangling reference: gone_1999" in str(refused.value)


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("sample.art1", None),
        ("sample.art9", "dangling reference: sample.art9"),
        ("sample.art3", "dangling reference: sample.art3"),
        ("sample.art2", "differs from its origin sample.art2"),
        ("gone.art1", "dangling reference: gone.art1"),
    ],
)
def test_a_period_taken_from_another_document_agrees_with_it(
    tmp_path: Path, reference: str, message: str | None
) -> None:
    other = GOOD.replace("sample_2025", "other_2025").replace("sample.art", "other.art")
    other = other.replace("authority: sample", "authority: other")
    other = other.replace("derived_from: other.art1", f"derived_from: {reference}")
    origin = GOOD
    if reference == "sample.art2":
        origin = origin.replace("n: 5", "n: 6")
    paths = [write(tmp_path, origin), write(tmp_path, other, "other.yaml")]
    if message is None:
        assert len(load_all(paths)) == 2
        return
    with pytest.raises(SourceError) as refused:
        load_all(paths)
    assert [(one.file, one.line) for one in refused.value.problems] == [("other.yaml", 36)]
    assert message in str(refused.value)


def test_every_broken_file_is_named_at_once(tmp_path: Path) -> None:
    one = write(tmp_path, GOOD.replace("status: in_force", "status: maybe"), "one.yaml")
    two = write(tmp_path, "just words\n", "two.yaml")
    with pytest.raises(SourceError) as refused:
        load_all([one, two])
    assert {problem.file for problem in refused.value.problems} == {"one.yaml", "two.yaml"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "{offset_working_days: 0, kind: reminder",
            "{offset_working_days: -4, kind: reminder",
            "out of order",
        ),
        ("{offset_working_days: 1, kind: reminder", "{offset_working_days: 0, kind: reminder", "given twice"),
        (
            "{offset_working_days: 0, kind: reminder",
            "{offset_working_days: 0, kind: escalation",
            "only overdue",
        ),
        ("policy: true", "policy: false", "policy"),
        ("to: department", "to: mayor", "steps.5.to"),
    ],
)
def test_a_ladder_that_makes_no_sense_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(SourceError, match=message):
        load_policy(write(tmp_path, text.replace(old, new), "policy.yaml"))


def test_a_ladder_that_never_reaches_the_responsible_person_is_refused(tmp_path: Path) -> None:
    text = FILE.read_text(encoding="utf-8").replace("to: responsible", "to: unit_head")
    with pytest.raises(SourceError, match="no step reaches"):
        load_policy(write(tmp_path, text, "policy.yaml"))


def test_the_packaged_law_is_whole() -> None:
    assert len(seed()) == len(seed_files())
    rules = [rule for regulation in seed() for rule in regulation.rules]
    assert all(rule.quote for rule in rules if rule.source.status == "text")
    assert all(rule.source.status == "known_from_reports" for rule in rules if rule.id.startswith("tt06"))


@pytest.mark.parametrize(("prefix", "last"), [("hanoi.art", 21), ("phu_yen.art", 22)])
def test_no_article_is_passed_over(prefix: str, last: int) -> None:
    rules = [rule for regulation in seed() for rule in regulation.rules if rule.id.startswith(prefix)]
    numbers = [int(rule.citation.split("Điều ")[1].split(".")[0].split(" ")[0]) for rule in rules]
    assert numbers == sorted(numbers)
    assert set(numbers) == set(range(1, last + 1))


def test_a_draft_without_number_and_dates_is_read_and_binds_nobody() -> None:
    draft = next(one for one in seed() if one.id == "phu_yen_2024")
    assert (draft.number, draft.issued, draft.valid_from) == (None, None, None)
    with pytest.raises(NoLawInForce):
        in_force("phu_yen", date(2026, 3, 2))
    assert in_force("phu_yen", date(2026, 3, 2), simulate=[draft.id]).rule("phu_yen.art6.2")


def test_a_form_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    text = GOOD.replace(
        "slot: update_after_change", "slot: [update_after_change, form_standard]\n    items: [tt99]"
    )
    path = tmp_path / "sample.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SourceError) as caught:
        load_file(path)
    (problem,) = caught.value.problems
    assert "there is no form: tt99" in str(problem)
    assert problem.line == 1 + text[: text.index("    items:")].count("\n")
    path.write_text(text.replace("tt99", "tt06_2023"), encoding="utf-8")
    assert load_file(path).rules[0].items == ("tt06_2023",)
