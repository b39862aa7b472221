"""Mutation of the law: a rule altered in memory, and the tests marked with its id run against it."""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from models.regulations import Rule
from models.regulations.proving import ALTERATION, SWITCH

FIRST = ("/law/", "/models/regulations/", "/models/calendar/")
OTHER_UNIT = {
    "working_days": "calendar_days",
    "calendar_days": "working_days",
    "last_n_calendar_days_of_month": "working_days",
    "month": "working_days",
}


@dataclass(frozen=True)
class Alteration:
    """One change to one rule, with what to call it in a report."""

    rule: str
    label: str
    changes: Mapping[str, Any] | None

    def as_json(self) -> str:
        if self.changes is None:
            return json.dumps({"rule": self.rule, "removed": True})
        return json.dumps({"rule": self.rule, "changes": self.changes})


@dataclass
class Outcome:
    """What the marked tests did."""

    passed: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def alterations(rule: Rule) -> Iterator[Alteration]:
    """Period ± 1, other unit, other party, other signature, removed: whichever the rule has."""
    for label, deadline in _other_periods(rule):
        yield Alteration(rule.id, label, {"deadline": deadline})
    party = "department" if rule.party != "department" else "person"
    yield Alteration(rule.id, f"party → {party}", {"party": party})
    signature = "none_stated" if rule.signature != "none_stated" else "authority_digital"
    yield Alteration(rule.id, f"signature → {signature}", {"signature": signature})
    if rule.document_required:
        yield Alteration(rule.id, "no written document", {"document_required": False})
    yield Alteration(rule.id, "removed", None)


def _other_periods(rule: Rule) -> Iterator[tuple[str, dict[str, Any]]]:
    if rule.deadline is None:
        return
    period = rule.deadline.model_dump(mode="json")
    unit, n = period["unit"], period["n"]
    if n:
        yield f"n = {n + 1}", {**period, "n": n + 1}
        if n > 1:
            yield f"n = {n - 1}", {**period, "n": n - 1}
    if unit in OTHER_UNIT:
        yield f"unit → {OTHER_UNIT[unit]}", {**period, "unit": OTHER_UNIT[unit]}
    if rule.deadline.sla is not None:
        days = rule.deadline.sla.working_days
        yield f"policy = {days + 1}", {**period, "sla": {"working_days": days + 1, "policy": True}}
        yield "unit → working_days", {**period, "unit": "working_days", "n": 5}
    for days in _shifted(rule.deadline.days_of_year):
        yield f"date → {days[0]}", {**period, "days_of_year": days}
    if rule.deadline.days_of_year:
        strictly = not rule.deadline.strictly_before
        yield f"strictly before → {strictly}", {**period, "strictly_before": strictly}


def _shifted(days: tuple[str, ...]) -> Iterator[list[str]]:
    for step in (-1, 1):
        moved = [f"{day[:3]}{int(day[3:]) + step:02}" for day in days]
        if days and all(int(day[3:]) <= 31 for day in moved):
            yield moved


class _Marked:
    """A pytest plugin that keeps the tests of one rule and remembers how each ended."""

    def __init__(self, rule: str) -> None:
        self.rule = rule
        self.outcome = Outcome()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if self._proves(item)]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and report.nodeid not in self.outcome.failed:
            self.outcome.failed.append(report.nodeid)
        elif report.when == "teardown" and report.nodeid not in self.outcome.failed:
            self.outcome.passed.append(report.nodeid)

    def _proves(self, item: pytest.Item) -> bool:
        return any(self.rule in mark.args for mark in item.iter_markers("rule"))


def run(rule: str, files: Sequence[str], alteration: Alteration | None, *, stop: bool = False) -> Outcome:
    """Run the tests of a rule in a child process, under the alteration if there is one.

    A fork starts with pytest and the law already loaded, which is most of what a run would cost.
    """
    read, write = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover — coverage does not follow a fork
        os.close(read)
        _child(rule, files, alteration, stop, write)
    os.close(write)
    with os.fdopen(read) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return Outcome(**json.loads(text)) if text else Outcome(failed=["(the run itself broke)"])


def _child(
    rule: str, files: Sequence[str], alteration: Alteration | None, stop: bool, write: int
) -> None:  # pragma: no cover — coverage does not follow a fork
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.dup2(nowhere, sys.stderr.fileno())
    if alteration is not None:
        os.environ.update({SWITCH: "1", ALTERATION: alteration.as_json()})
    plugin = _Marked(rule)
    options = ["-q", "-p", "no:cacheprovider", "-m", "not whole", *(["-x"] if stop else [])]
    try:
        pytest.main([*files, *options], plugins=[plugin])
        os.write(write, json.dumps(vars(plugin.outcome)).encode())
    finally:
        os._exit(0)


def prove(rule: Rule, files: Sequence[str]) -> Iterator[tuple[str, str | None]]:
    """Each alteration of the rule with what is wrong about it: None when the tests noticed.

    An altered rule must make a marked test fail, a removed one every marked test: a test that passes without
    the rule proves nothing about it.
    """
    whole = run(rule.id, files, None)
    if whole.failed or not whole.passed:
        names = ", ".join(whole.failed) or "no test was collected"
        yield "unaltered", f"not green to begin with: {names}"
        return
    near = [name for name in files if any(part in name for part in FIRST)]
    far = [name for name in files if name not in near]
    for alteration in alterations(rule):
        if alteration.changes is None:
            passed = run(rule.id, files, alteration).passed
            yield alteration.label, f"passes without the rule: {', '.join(passed)}" if passed else None
            continue
        noticed = any(part and run(rule.id, part, alteration, stop=True).failed for part in (near, far))
        yield alteration.label, None if noticed else "no marked test noticed"
