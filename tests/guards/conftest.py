"""What the guards share: the project's files, once."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _files() -> list[Path]:
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    answer = subprocess.run(command, capture_output=True, text=True)
    if answer.returncode == 0:
        names = [ROOT / name for name in answer.stdout.split("\0") if name]
    else:
        hidden = {".git", ".venv", ".data", "__pycache__"}
        names = [path for path in ROOT.rglob("*") if not hidden & set(path.relative_to(ROOT).parts)]
    return sorted(path for path in names if path.is_file())


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def files() -> list[Path]:
    """Every file that is, or may become, part of the project."""
    return _files()


@pytest.fixture(scope="session")
def sources(files: list[Path]) -> list[Path]:
    """Our Python files, tests included."""
    found = [path for path in files if path.suffix == ".py"]
    assert len(found) > 50, "the guards do not see the project"
    return found
