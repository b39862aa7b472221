"""Mutation of the law: a rule altered in memory, and the tests marked with its id run against it."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import pytest

from models.regulations import Rule, RuleSet
from models.regulations.proving import ALTERATION, SWITCH, altered

NEAR = ("tests/law/", "tests/models/regulations/")
Report = Callable[[Rule | None, str, str | None], None]
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
    if rule.evidence_certified:
        yield Alteration(rule.id, "no certified copy", {"evidence_certified": False})
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
        longer = rule.deadline.sla.working_days + 1
        yield f"policy = {longer}", {**period, "sla": {"working_days": longer, "policy": True}}
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


class Prover:
    """A pytest plugin that runs the marked tests of each rule under each alteration, not the suite once.

    Each run is a fork of the session after collection, so nothing an altered run did outlives it. Rule sets
    that test modules resolved when imported are altered with the rest; what a module derived from one is not.
    Tests that ask for little come first: one that notices spares those after it, and their servers; with
    `every` none is spared, and who notices nothing but that the rule is gone is named.
    """

    def __init__(self, rules: Sequence[Rule], report: Report, *, every: bool = False) -> None:
        self.rules = rules
        self.report = report
        self.every = every
        self.outcome = Outcome()
        self.alteration: Alteration | None = None
        self.resolved: list[tuple[ModuleType, str, RuleSet]] = []

    def pytest_configure(self, config: pytest.Config) -> None:
        """Nobody reads how the tests fail; telling it costs more than they do."""
        config.option.tbstyle = "no"

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        marked = {
            rule.id: sorted((item for item in session.items if _proves(item, rule.id)), key=_far)
            for rule in self.rules
        }
        asked = {item for items in marked.values() for item in items}
        every = [item for item in session.items if item in asked]
        self.resolved = list(_resolved(every))
        whole = self.run(every, None) if every else Outcome()
        for rule in self.rules:
            for label, problem in self.prove(rule, marked[rule.id], whole):
                self.report(rule, label, problem)
        return True

    def prove(self, rule: Rule, items: list[pytest.Item], whole: Outcome) -> Iterator[tuple[str, str | None]]:
        """Each alteration of the rule with what is wrong about it: None when the tests noticed.

        An altered rule must make a marked test fail, a removed one every marked test: a test that passes
        without the rule proves nothing about it. `whole` is what all of them did before any alteration.
        """
        names = {item.nodeid for item in items}
        failed = [name for name in whole.failed if name in names]
        if failed or names.isdisjoint(whole.passed):
            yield "unaltered", f"not green to begin with: {', '.join(failed) or 'no test was collected'}"
            return
        deaf = sorted(names)
        for alteration in alterations(rule):
            if alteration.changes is None:
                passed = self.run(items, alteration).passed
                yield alteration.label, f"passes without the rule: {', '.join(passed)}" if passed else None
            else:
                noticed = self.run(items, alteration, stop=not self.every).failed
                deaf = [name for name in deaf if name not in noticed]
                yield alteration.label, None if noticed else "no marked test noticed"
        if self.every:
            yield "each test", f"notices only that the rule is gone: {', '.join(deaf)}" if deaf else None

    def run(self, items: list[pytest.Item], alteration: Alteration | None, *, stop: bool = False) -> Outcome:
        """What the tests do in a child process under the alteration; `stop` at the first that fails.

        Raises RuntimeError if the child ends without an answer: that must not look like a test that noticed.
        """
        read, write = os.pipe()
        child = os.fork()
        if child == 0:  # pragma: no cover — coverage does not follow a fork
            os.close(read)
            self._child(items, alteration, stop, write)
        os.close(write)
        with os.fdopen(read) as pipe:
            text = pipe.read()
        os.waitpid(child, 0)
        if not text:
            raise RuntimeError(
                f"the tests ended without an answer: {', '.join(item.nodeid for item in items)}"
            )
        return Outcome(**json.loads(text))

    def _child(
        self, items: list[pytest.Item], alteration: Alteration | None, stop: bool, write: int
    ) -> None:  # pragma: no cover — coverage does not follow a fork
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        self.alteration = alteration
        self._alter()
        for module, name, rules in self.resolved:
            setattr(module, name, altered(rules))
        try:
            for item, following in zip(items, [*items[1:], None], strict=True):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if stop and self.outcome.failed:
                    break
            os.write(write, json.dumps(vars(self.outcome)).encode())
        finally:
            os._exit(0)

    # Tests may clear the environment in a fixture, so the alteration is set anew before each step of a test.
    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_setup(self) -> None:
        self._alter()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self) -> None:
        self._alter()

    def _alter(self) -> None:
        if self.alteration is not None:
            os.environ.update({SWITCH: "1", ALTERATION: self.alteration.as_json()})

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.report(None, report.nodeid, "could not be collected")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and report.nodeid not in self.outcome.failed:
            self.outcome.failed.append(report.nodeid)
        elif report.when == "teardown" and report.nodeid not in self.outcome.failed:
            self.outcome.passed.append(report.nodeid)


def _resolved(items: Sequence[pytest.Item]) -> Iterator[tuple[ModuleType, str, RuleSet]]:
    """Rule sets that stand in test modules, with where they stand."""
    tests = tuple(
        {str(place) for item in items for place in (item.config.rootpath / "tests", item.path.parent)}
    )
    for module in list(sys.modules.values()):
        if not (getattr(module, "__file__", None) or "").startswith(tests):
            continue
        for name, value in list(vars(module).items()):
            if isinstance(value, RuleSet):
                yield module, name, value


def _proves(item: pytest.Item, rule: str) -> bool:
    return any(rule in mark.args for mark in item.iter_markers("rule"))


def _far(item: pytest.Item) -> tuple[bool, int]:
    return not item.nodeid.startswith(NEAR), len(getattr(item, "fixturenames", ()))


def prove(rules: Sequence[Rule], files: Sequence[str], report: Report, *, every: bool = False) -> None:
    """Alter each rule in every way and report whether the marked tests of the files noticed.

    ``every``: all marked tests under each alteration, not up to the first that notices.

    Raises RuntimeError when pytest itself could not run.
    """
    options = ["-s", "-p", "no:cacheprovider", "-p", "no:terminal", "-m", "not whole"]
    # The command line has imported what pytest's plugins bring along; that they are not rewritten is no news.
    options += ["-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning"]
    plugin = Prover(rules, report, every=every)
    os.environ[SWITCH] = "1"  # the servers that many tests ask for are started once, before the forks
    try:
        status = pytest.main([*files, *options, "--continue-on-collection-errors"], plugins=[plugin])
    finally:
        del os.environ[SWITCH]
    if status in (pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR):
        raise RuntimeError(f"pytest could not run: {status!r}")
