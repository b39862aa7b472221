"""The top of the tree is asked of ``hoso_top()``: a plan may put another in its place. The one that ended
keeps its row without a parent, and a statement that takes the first such row finds that one.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("models", "activities", "api", "workflows")
# Whoever also asks for the unit below the top (`f.parent_id IS NULL OR up.parent_id IS NULL`) means another.
_FIRST = re.compile(r"\bparent_id\s+IS\s+NULL\b(?!\s+OR\b)[^)]*\bLIMIT\s+1\b", re.IGNORECASE)
LAST_WITHOUT = "0104"
"""The migration that made the function; released ones are never edited."""


def test_no_statement_takes_the_first_without_a_parent_for_the_top() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.py"))
        if "migrations/versions" not in path.as_posix()
        for line, words in _texts(path.read_text(encoding="utf-8"))
        if _FIRST.search(words)
    ]
    found += [
        path.name
        for path in sorted((ROOT / "models/migrations/versions").glob("*.sql"))
        if path.name[:4] > LAST_WITHOUT and _FIRST.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_the_guard_sees_one() -> None:
    ours = (
        'X = text(\n    "SELECT id FROM agencies WHERE parent_id IS NULL"\n    f" ORDER BY {X} LIMIT 1"\n)\n'
    )
    assert [line for line, words in _texts(ours) if _FIRST.search(words)] == [2]
    assert not _FIRST.search("(f.parent_id IS NULL OR up.parent_id IS NULL) ORDER BY k.depth LIMIT 1")
    assert not _FIRST.search("SELECT id FROM agencies WHERE parent_id IS NULL ORDER BY id")


def _texts(source: str) -> Iterator[tuple[int, str]]:
    """Every text of a module with its line, joined as Python joins what stands side by side."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            parts = (one.value if isinstance(one, ast.Constant) else "?" for one in node.values)
            yield node.lineno, "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
