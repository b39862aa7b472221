"""``python -m tests.replay.fingerprints``: write down the commands of every workflow, read from its source.

A command is what the engine remembers of a run: an activity, a timer, a child, a new run, a patch; and the
messages a workflow answers. Adding, removing or moving one makes every sleeping life of that workflow
impossible to replay, long before a test of what it does would notice.
"""

import ast
import json
from pathlib import Path

WORKFLOWS = Path(__file__).resolve().parents[2] / "workflows"
BASELINE = Path(__file__).parent / "fingerprints.json"
COMMANDS = {
    "execute_activity",
    "execute_activity_method",
    "execute_local_activity",
    "execute_local_activity_method",
    "start_activity",
    "start_activity_method",
    "start_local_activity_method",
    "execute_child_workflow",
    "start_child_workflow",
    "wait_condition",
    "sleep",
    "continue_as_new",
    "patched",
    "deprecate_patch",
    "upsert_search_attributes",
    "upsert_memo",
    "uuid4",
    "uuid7",
    "random",
    "create_event_group",
    "signal_with_start_workflow",
}
OURS = {"ask_act", "until", "everybody_answered"}
"""Helpers that issue commands, themselves listed under their own module."""
HANDLERS = {"update", "signal", "query", "run", "init"}


def fingerprints() -> dict[str, list[str]]:
    """Per class or helper module: handlers and commands in the order of the source."""
    found: dict[str, list[str]] = {}
    for path in sorted(WORKFLOWS.glob("*.py")):
        module = ast.parse(path.read_text(encoding="utf-8"))
        for node in module.body:
            if isinstance(node, ast.ClassDef):
                lines = [line for part in node.body for line in _function(part)]
            else:
                lines = _function(node)
            if lines:
                name = node.name if isinstance(node, ast.ClassDef) else f"{path.stem} (helper)"
                found.setdefault(name, []).extend(lines)
    return found


def _function(node: ast.stmt) -> list[str]:
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return []
    kinds = [k for d in node.decorator_list if (k := _name(d)) in HANDLERS]
    handlers = [f"{kind} {node.name}" for kind in kinds if kind not in ("run", "init")]
    own = {node.name} if any(_called(c) for c in ast.walk(node)) else set()
    calls = [line for child in node.body for line in _commands(child)]
    return [*handlers, *(f"{node.name}: {line}" for line in calls if own)]


def _commands(node: ast.AST) -> list[str]:
    """In the order of execution: arguments before the call they belong to."""
    lines = [line for child in ast.iter_child_nodes(node) for line in _commands(child)]
    called = _called(node)
    return [*lines, called] if called else lines


def _called(node: ast.AST) -> str | None:
    if not isinstance(node, ast.Call):
        return None
    name = _name(node.func)
    if isinstance(node.func, ast.Name) and name in OURS:
        return name
    on_self = isinstance(node.func, ast.Attribute) and _name(node.func.value) in ("self", "super")
    if on_self and name.startswith("_"):
        return f"self.{name}{_words(node)}"
    if not (
        isinstance(node.func, ast.Attribute) and _name(node.func.value) == "workflow" and name in COMMANDS
    ):
        return None
    timeout = any(keyword.arg == "timeout" for keyword in node.keywords)
    return f"{name}{_words(node)}" + (" with a timer" if timeout else "")


def _words(node: ast.Call) -> str:
    """What the first argument says, where it names something: an activity, a child, an internal act."""
    if not node.args:
        return ""
    first = node.args[0]
    if isinstance(first, ast.Attribute) and isinstance(first.value, ast.Name):
        return f" {first.value.id}.{first.attr}" if first.value.id[:1].isupper() else ""
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        return f" {first.value!r}"
    return ""


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Call):
        return _name(node.func)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def main() -> None:
    """Write the baseline."""
    BASELINE.write_text(json.dumps(fingerprints(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
