"""Each attack the README says is tried and refused has its tests where it points, in both languages."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REQUESTS = "tests/api/attacks/test_requests.py"
BROWSERS = "tests/api/attacks/test_browsers.py"
ATTACKS = {
    "session fixation": ("cố định phiên", BROWSERS, "test_session_fixation_"),
    "CSRF": ("CSRF", BROWSERS, "test_csrf_"),
    "IDOR": ("IDOR", REQUESTS, "test_idor_"),
    "mass assignment": ("gán thừa thuộc tính", REQUESTS, "test_mass_assignment_"),
    "SQL injection": ("chèn SQL", REQUESTS, "test_sql_"),
    "template injection": ("chèn mẫu in", "tests/activities/documents/test_render.py", "test_typst_markup_"),
    "path traversal": ("vượt đường dẫn", REQUESTS, "test_path_traversal_"),
    "zip bombs": ("bom nén", "tests/activities/imports/test_guard.py", "test_a_bomb_"),
    "XML that expands": ("XML tự", "tests/api/attacks/test_bombs.py", "test_xml_bombs_"),
    "formulas in cells": ("công thức trong ô", "tests/models/form/test_cells.py", "test_no_cell_is_a_"),
    "timing of login": ("đo thời gian đăng nhập", REQUESTS, "test_timing_"),
    "replay of one-time tokens": (
        "dùng lại mã một lần", "tests/api/identity/test_service_accounts.py", "test_replay_",
    ),
    "delegation loops": (
        "ủy quyền vòng", "tests/models/lifecycle/test_delegation_trees.py", "test_a_circle_is_refused_",
    ),
    "confused deputy": ("mượn quyền", "tests/api/attacks/test_bulk.py", "test_naming_somebody_of_another_"),
}  # fmt: skip
"""What the README calls it, in English and Vietnamese; the file with its tests, how these begin."""


def paragraph(readme: str, begins: str) -> str:
    """The list of attacks, unbroken."""
    lines = (ROOT / readme).read_text(encoding="utf-8").split(begins, 1)[1].split("\n- **", 1)[0]
    return " ".join(lines.split())


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_the_readme_says_is_refused_is_tried(attack: str) -> None:
    vietnamese, file, name = ATTACKS[attack]
    for readme, begins, words in (
        ("README.md", "**Attacks tried and refused**", attack),
        ("README.vi.md", "**Các kiểu tấn công đã thử và bị từ chối**", vietnamese),
    ):
        told = paragraph(readme, begins)
        assert words in told
        assert f"]({file})" in told or f"]({Path(file).parent})" in told
    assert f"def {name}" in (ROOT / file).read_text(encoding="utf-8")
