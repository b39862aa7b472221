"""The migrations form one line: every number once, each on the one before it."""

import re
from pathlib import Path


def test_migrations_form_one_line(root: Path) -> None:
    folder = root / "models" / "migrations" / "versions"
    found: dict[str, str] = {}
    for path in sorted(folder.glob("0*.py")):
        text = path.read_text(encoding="utf-8")
        (number,) = re.findall(r'^revision = "(\d{4})"', text, re.MULTILINE)
        below = re.findall(r'^down_revision = "(\d{4})"', text, re.MULTILINE)
        assert path.name.startswith(f"{number}_"), path.name
        assert number not in found, f"{path.name}: {number} is there twice"
        found[number] = below[0] if below else ""
    numbers = sorted(found)
    assert [found[number] for number in numbers] == ["", *numbers[:-1]]
