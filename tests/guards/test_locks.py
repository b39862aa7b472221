"""Rows are locked FOR NO KEY UPDATE: a row that refers to the locked one may be written meanwhile, and who
wrote one first may still take the lock. FOR UPDATE there is a deadlock of two (seen in ``test_kills``)."""

import re
from pathlib import Path

ROOMS = ("models", "activities", "api", "workflows")
_UPGRADED = re.compile(r"\bFOR\s+UPDATE\b(?!\s+TO\b)")


def test_no_lock_that_a_foreign_keys_own_lock_stands_against() -> None:
    root = Path(__file__).resolve().parents[2]
    found = [
        f"{path.relative_to(root)}:{number}"
        for room in ROOMS
        for path in sorted((root / room).rglob("*.py"))
        if "migrations/versions" not in path.as_posix()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if _UPGRADED.search(line)
    ]
    assert found == []


def test_the_guard_sees_one() -> None:
    assert _UPGRADED.search("SELECT 1 FROM t WHERE id = :id FOR UPDATE SKIP LOCKED")
    assert not _UPGRADED.search("SELECT 1 FROM t WHERE id = :id FOR NO KEY UPDATE")
