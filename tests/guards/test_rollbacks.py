"""Whoever takes a connection ends its transaction by a commit, also after reading: ``engine.begin()``, or
`models.database.transaction`. A connection given back without is rolled back, and at a rollback psycopg
forgets every statement it had prepared: one reader that looks every two seconds would have the acts of all
others planned anew (30 ms for the reading of one life).
"""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_TAKEN = re.compile(r"\b\w*(?:engine|database)\.connect\(\)")
MAY = {
    "api/scope.py": "outside a transaction (AUTOCOMMIT)",
    "api/reading/signing.py": "outside a transaction (AUTOCOMMIT)",
    "models/record/commands.py": "commits in the same trip",
    "models/record/rehearsing.py": "what was tried is rolled back",
}


def test_a_connection_is_not_given_back_to_be_rolled_back() -> None:
    found = {
        path.relative_to(ROOT).as_posix()
        for room in ("models", "activities", "api", "workflows")
        for path in sorted((ROOT / room).rglob("*.py"))
        # A command line's process ends with its connection.
        if "api/cli" not in path.as_posix() and _TAKEN.search(path.read_text(encoding="utf-8"))
    }
    assert found == set(MAY), "use engine.begin() for what only reads, too"
