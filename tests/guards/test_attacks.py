"""Each attack the README says is tried and refused names its tests, which are there; in both languages."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LISTS = {
    "README.md": "**Attacks tried and refused**",
    "README.vi.md": "**Các kiểu tấn công đã thử và bị từ chối**",
}
ATTACKS = {
    "session fixation": "cố định phiên",
    "CSRF": "CSRF",
    "IDOR": "IDOR",
    "mass assignment": "gán thừa thuộc tính",
    "SQL injection": "chèn SQL",
    "template injection": "chèn mẫu in",
    "path traversal": "vượt đường dẫn",
    "zip bombs": "bom nén",
    "XML bombs": "bom XML",
    "formula injection": "công thức trong ô",
    "timing of login": "đo thời gian đăng nhập",
    "replay of one-time tokens": "dùng lại mã một lần",
    "delegation loops": "ủy quyền vòng",
    "confused deputy": "mượn quyền",
}
"""What must stand in the list, in English and in Vietnamese."""
NAMED = re.compile(r"\[`(\w+)`\]\(([^)]+\.py)\)")
Test = tuple[str, str]


def lines(readme: str) -> dict[str, list[Test]]:
    """Attack → its tests, as (file, name or how several begin)."""
    text = (ROOT / readme).read_text(encoding="utf-8").split(LISTS[readme], 1)[1]
    items = re.split(r"\n  - ", text.split("\n- **", 1)[0])[1:]
    found = {}
    for item in items:
        attack, _, rest = " ".join(item.split()).partition(": ")
        found[attack] = [(file, name) for name, file in NAMED.findall(rest)]
    return found


def test_every_attack_asked_for_is_in_both_lists() -> None:
    for readme, wanted in zip(LISTS, (set(ATTACKS), set(ATTACKS.values())), strict=True):
        assert wanted - set(lines(readme)) == set(), readme


@pytest.mark.parametrize("readme", LISTS)
def test_every_line_names_tests_that_there_are(readme: str) -> None:
    told = lines(readme)
    assert len(told) >= len(ATTACKS)
    assert [attack for attack, tests in told.items() if not tests] == [], "a line without a test"
    absent = [
        (attack, file, name)
        for attack, tests in told.items()
        for file, name in tests
        if not (ROOT / file).is_file()
        or not re.search(rf"^(?:async )?def {name}", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert absent == []


def test_both_languages_name_the_same_tests() -> None:
    english, vietnamese = (list(lines(readme).values()) for readme in LISTS)
    assert english == vietnamese
