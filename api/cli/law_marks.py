"""Which tests are marked as proof of which rule, read from the test files without running them."""

import ast
from collections.abc import Iterator
from pathlib import Path

import yaml


def scan(folder: Path) -> dict[str, set[str]]:
    """Rule id → test files under the folder that carry its mark: decorators, module marks and YAML cases."""
    found: dict[str, set[str]] = {}
    for path in sorted(folder.rglob("test_*.py")):
        for rule in _marks(ast.parse(path.read_text(encoding="utf-8"))):
            found.setdefault(rule, set()).add(str(path))
    for path in sorted((folder / "law").glob("*.yaml")):
        for rule in case_rules(path):
            found.setdefault(rule, set()).add(str(folder / "law" / "test_cases.py"))
    return found


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
