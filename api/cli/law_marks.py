"""Which tests are marked as proof of which rule, read from the test files without running them."""

import ast
from collections.abc import Iterator
from pathlib import Path

import yaml

from models.calendar.source import Problem, SourceError


def scan(folder: Path) -> dict[str, set[str]]:
    """Rule id → test files under the folder that carry its mark: decorators, module marks and YAML cases.

    Raises SourceError for a test file that is not Python.
    """
    found: dict[str, set[str]] = {}
    for path in sorted(folder.rglob("test_*.py")):
        for rule in _marks(_parsed(path)):
            found.setdefault(rule, set()).add(str(path))
    for path in sorted((folder / "law").glob("*.yaml")):
        for rule in case_rules(path):
            found.setdefault(rule, set()).add(str(folder / "law" / "test_cases.py"))
    return found


def _parsed(path: Path) -> ast.AST:
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    except SyntaxError as error:
        message = f"không đọc được / cannot be read: {error.msg}"
        raise SourceError([Problem(str(path), error.lineno or 1, message)]) from error


def _marks(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("pytest.mark.rule", "mark.rule"):
            yield from (
                arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
            )


def case_rules(path: Path) -> Iterator[str]:
    """The rules that the cases of one YAML file prove (the key `rule` of each case)."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    for case in content["cases"]:
        if "rule" in case:
            yield case["rule"]
