"""Adapter and emulator share no code: two readings of one contract cannot agree by accident."""

import ast
import subprocess
import sys
from pathlib import Path

NATIONAL = Path(__file__).parents[3] / "activities" / "national"
ROOT = NATIONAL.parents[1]
OURS = ("activities", "models", "workflows", "api", "worker")
EMULATOR = "activities.national.emulator"


def imports(folder: Path) -> set[str]:
    """Every module of ours that the files of a folder name in an import, relative ones refused."""
    found: set[str] = set()
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{file}: a relative import hides what it names"
                found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.split(".")[0] in OURS}


def test_the_emulator_imports_nothing_of_ours_but_itself() -> None:
    found = imports(NATIONAL / "emulator")
    assert found
    assert not {name for name in found if not name.startswith(EMULATOR + ".")}


def test_nobody_on_our_side_imports_the_emulator() -> None:
    for folder in ("adapter", "mappings"):
        found = imports(NATIONAL / folder)
        assert found
        assert not {name for name in found if name.startswith(EMULATOR)}
    for file in NATIONAL.glob("*.py"):
        assert EMULATOR not in file.read_text(encoding="utf-8"), file


def test_the_running_emulator_has_loaded_nothing_else_of_ours() -> None:
    program = (
        "import sys, activities.national.emulator.app\n"
        f"print(*sorted(m for m in sys.modules if m.split('.')[0] in {OURS!r}))"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(said.stdout.split())
    assert f"{EMULATOR}.app" in loaded
    assert not {m for m in loaded if not m.startswith(EMULATOR)} - {"activities", "activities.national"}
