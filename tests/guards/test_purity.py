"""The pure packages decide without clock, chance, environment or input (engine.md §0.4: the sandbox does not
look inside passed-through modules, so this does)."""

import ast
from pathlib import Path

import pytest

PURE = ("regulations", "calendar", "lifecycle", "form", "access")
# Packaged data is read once at load, in these files only; an entry that reads nothing any more fails below.
READERS = {
    "models/calendar/source.py": {"read_text"},
    "models/form/loading.py": {"read_text"},
    "models/access/catalogue.py": {"read_text"},
    "models/access/delegable.py": {"read_text"},
    "models/regulations/proving.py": {"environ"},
}
CLOCK = {"now", "utcnow", "today", "localtime", "gmtime", "monotonic", "perf_counter", "time_ns"}
READING = {"read_text", "read_bytes", "write_text", "write_bytes", "open", "environ", "getenv", "urandom"}
CHANCE = {"uuid1", "uuid4", "uuid7", "getrandbits", "token_bytes", "token_hex"}
MODULES = {
    "time",
    "random",
    "secrets",
    "socket",
    "subprocess",
    "asyncio",
    "threading",
    "requests",
    "urllib.request",
}
BUILTINS = {"open", "input", "print", "eval", "exec", "hash"}


def impurities(source: str) -> list[tuple[int, str]]:
    """Line and name of everything in a module that asks the world."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in CLOCK | READING | CHANCE:
            if node.attr in CLOCK and not _of_a_clock(node.value):
                continue
            found.append((node.lineno, node.attr))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in BUILTINS | CHANCE:
                found.append((node.lineno, node.func.id))
        elif isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names if alias.name in MODULES]
        elif isinstance(node, ast.ImportFrom):
            if node.module in MODULES:
                found.append((node.lineno, str(node.module)))
            found += [(node.lineno, alias.name) for alias in node.names if alias.name in CHANCE | {"environ"}]
    return found


def _of_a_clock(value: ast.expr) -> bool:
    """`datetime.now`, `datetime.datetime.now`, `date.today`, `time.monotonic`; not `scene.today`."""
    name = value.id if isinstance(value, ast.Name) else value.attr if isinstance(value, ast.Attribute) else ""
    return name in {"datetime", "date", "time", "dt"}


def pure_files(root: Path) -> list[Path]:
    return [path for package in PURE for path in sorted((root / "models" / package).rglob("*.py"))]


def test_the_pure_packages_ask_nothing(root: Path) -> None:
    wrong = []
    for path in pure_files(root):
        name = path.relative_to(root).as_posix()
        allowed = READERS.get(name, set())
        wrong += [
            f"{name}:{line} {what}" for line, what in impurities(path.read_text()) if what not in allowed
        ]
    assert wrong == []


def test_every_exemption_is_still_needed(root: Path) -> None:
    for name, allowed in READERS.items():
        used = {what for _, what in impurities((root / name).read_text())}
        assert allowed <= used, f"{name} no longer needs {allowed - used}"


def test_the_guard_sees_five_packages(root: Path) -> None:
    assert {path.relative_to(root).parts[1] for path in pure_files(root)} == set(PURE)


@pytest.mark.parametrize(
    "line",
    [
        "datetime.now(UTC)",
        "datetime.datetime.utcnow()",
        "date.today()",
        "import time",
        "from random import random",
        "from uuid import uuid4",
        "uuid.uuid4()",
        "os.environ['X']",
        "from os import environ",
        "open('x')",
        "path.read_text()",
        "hash('x')",
        "import asyncio",
    ],
)
def test_the_guard_catches(line: str) -> None:
    assert impurities(line)


@pytest.mark.parametrize(
    "line", ["scene.today", "opens.date()", "self.now", "from datetime import date", "x.time()"]
)
def test_the_guard_lets_pass(line: str) -> None:
    assert impurities(line) == []
