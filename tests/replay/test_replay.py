"""Recorded lives are lived again by today's code: what a life asked for then, it asks for now."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from tests.forms import COMPLETE
from tests.replay.paths import PATHS
from tests.replay.record import HISTORIES
from workflows.registry import WORKFLOWS, runner

FILES = sorted(HISTORIES.rglob("*.json"))
NAMES = [str(file.relative_to(HISTORIES).with_suffix("")) for file in FILES]
FAMILIES = ("Nguyễn", "Trần", "Phạm", "Hoàng", "Huỳnh", "Đặng", "Bùi", "Ngô", "Dương", "Người Thử")


def replayer() -> Replayer:
    return Replayer(workflows=WORKFLOWS, workflow_runner=runner(), data_converter=pydantic_data_converter)


def history(file: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(f"recorded/{file.stem}", file.read_text(encoding="utf-8"))


def texts(value: Any) -> list[str]:
    """Every text of a history, payloads opened."""
    match value:
        case dict():
            sealed = value.get("data")
            opened = [base64.b64decode(sealed).decode()] if isinstance(sealed, str) else []
            return opened + [text for one in value.values() for text in texts(one)]
        case list():
            return [text for one in value for text in texts(one)]
        case str():
            return [value]
        case _:
            return []


@pytest.mark.timeout(400)  # every path there is, one after another; a busy machine takes its time
async def test_histories_replay() -> None:
    failures: dict[str, Exception] = {}
    for name, file in zip(NAMES, FILES, strict=True):
        result = await replayer().replay_workflow(history(file), raise_on_replay_failure=False)
        if result.replay_failure is not None:
            failures[name] = result.replay_failure
    assert not failures, (
        f"Lives recorded earlier would hang with this code: {failures}. Put the change behind"
        ' workflow.patched("<date>-<reason>"); record anew only what was never released.'
    )


async def test_a_changed_life_does_not_replay() -> None:
    told = json.loads((HISTORIES / "profile" / "separated.json").read_text(encoding="utf-8"))
    for event in told["events"]:
        asked = event.get("activityTaskScheduledEventAttributes")
        if asked:
            asked["activityType"]["name"] = "send_digests"
    changed = WorkflowHistory.from_json("recorded/changed", json.dumps(told))
    result = await replayer().replay_workflow(changed, raise_on_replay_failure=False)
    assert isinstance(result.replay_failure, NondeterminismError)


def test_every_path_was_recorded() -> None:
    recorded = {re.sub(r"\.\d+$", "", name) for name in (str(f.relative_to(HISTORIES))[:-5] for f in FILES)}
    assert recorded == set(PATHS)


def test_every_workflow_and_every_message_was_recorded() -> None:
    types: set[str] = set()
    messages: set[tuple[str, str]] = set()
    for file in FILES:
        events = json.loads(file.read_text(encoding="utf-8"))["events"]
        kind = events[0]["workflowExecutionStartedEventAttributes"]["workflowType"]["name"]
        types.add(kind)
        for event in events:
            accepted = event.get("workflowExecutionUpdateAcceptedEventAttributes")
            if accepted:
                messages.add((kind, accepted["acceptedRequest"]["input"]["name"]))
            if "workflowExecutionSignaledEventAttributes" in event:
                messages.add((kind, event["workflowExecutionSignaledEventAttributes"]["signalName"]))
    assert types == {one.__name__ for one in WORKFLOWS}
    expected = set()
    for workflow in WORKFLOWS:
        definition = workflow.__temporal_workflow_definition
        expected |= {(workflow.__name__, name) for name in (*definition.updates, *definition.signals) if name}
    assert messages == expected


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_histories_hold_nobody(file: Path) -> None:
    told = "\n".join(texts(json.loads(file.read_text(encoding="utf-8"))))
    known = [str(v) for v in COMPLETE.values() if isinstance(v, str) and len(v) > 8]
    assert not re.search(r"(?<![0-9A-Za-z.-])000\d{9}(?![0-9A-Za-z])", told)
    for word in (*FAMILIES, *known):
        assert word not in told
    assert not re.search(r"@[\w-]+\.\w|/(root|home|work|tmp)/", told)
