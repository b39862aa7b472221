"""The order of each workflow's commands is written down; changing it is a decision, never an accident."""

import ast
import json

import pytest

from tests.replay import fingerprints
from tests.replay.fingerprints import BASELINE
from workflows.registry import WORKFLOWS

ADVICE = """
The commands of {name} changed: {change}
Lives that are asleep now would hang when they wake, unless
  1. the change is behind `workflow.patched("<date>-<reason>")` and old histories still replay
     (pytest tests/replay/test_replay.py), or nothing of this workflow was ever released; and
  2. its new path is recorded: add it to tests/replay/paths.py, then
     python -m tests.replay.record <workflow>/<path>
Then write the new fingerprint down: python -m tests.replay.fingerprints
"""


@pytest.fixture(scope="module")
def now() -> dict[str, list[str]]:
    return fingerprints.fingerprints()


def test_commands_are_as_written_down(now: dict[str, list[str]]) -> None:
    written = json.loads(BASELINE.read_text(encoding="utf-8"))
    for name in sorted(written.keys() | now.keys()):
        before, after = written.get(name, []), now.get(name, [])
        gone = [line for line in before if line not in after]
        come = [line for line in after if line not in before]
        change = f"gone {gone}, come {come}" if gone or come else "another order"
        assert before == after, ADVICE.format(name=name, change=change)


def test_every_workflow_is_read(now: dict[str, list[str]]) -> None:
    names = {one.__name__ for one in WORKFLOWS}
    assert names <= now.keys()
    assert {"asking (helper)", "waiting (helper)"} <= now.keys()


def test_what_matters_is_seen() -> None:
    source = """
async def one(self):
    await workflow.sleep(3)
    x = [await workflow.execute_activity_method(Office.sign, a) for a in b]
    if x:
        await workflow.wait_condition(lambda: True, timeout=4)
    workflow.continue_as_new(self._life)
"""
    (function,) = ast.parse(source).body
    assert fingerprints._function(function) == [
        "one: sleep",
        "one: execute_activity_method Office.sign",
        "one: wait_condition with a timer",
        "one: continue_as_new",
    ]
