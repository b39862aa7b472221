"""The YAML cases of this folder, each compared with what the law as data answers."""

from collections.abc import Iterator
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from models.calendar import Calendar, NoPeriod, month_window, reckon
from models.regulations import Obligation, Rule, RuleSet, Slot, in_force

FOLDER = Path(__file__).parent
CALENDAR = Calendar.seed()


def cases(pattern: str) -> Iterator[Any]:
    """Every case of every file so named: a further authority is files only."""
    for path in sorted(FOLDER.glob(pattern)):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        for number, case in enumerate(content.pop("cases")):
            label = f"{case['rule']}-{case.get('from', case.get('slot'))}-{number}"
            yield pytest.param({**content, **case}, id=label, marks=pytest.mark.rule(case["rule"]))


def law_of(case: dict[str, Any]) -> RuleSet:
    return in_force(
        case["authority"],
        case["law_of"],
        simulate=case.get("simulate", ()),
        adopted=case.get("adopted", {}),
    )


def facts_of(case: dict[str, Any]) -> Iterator[dict[str, str]]:
    """Every combination of facts under which the case's rule answers."""
    asked = case.get("when", {})
    for values in product(*asked.values()):
        yield {**case.get("facts", {}), **dict(zip(asked, values, strict=True))}


def obligation_of(rules: RuleSet, case: dict[str, Any], facts: dict[str, str]) -> Obligation:
    """What the law answers for the case's slot under the facts; a step answers by its place in the chain."""
    if case["slot"] == Slot.REVIEW_STEP:
        return next(step for step in rules.chain(**facts) if step.rule.id == case["rule"])
    found = rules.slot(case["slot"], **facts)
    assert found is not None
    return found


def period_of(rule: Rule) -> dict[str, Any] | None:
    """The period as the cases write it: what the text says, plus the length our policy adds."""
    if rule.deadline is None:
        return None
    period = rule.deadline.model_dump(mode="json", exclude_defaults=True)
    sla = period.pop("sla", None)
    return {
        **{key: value for key, value in period.items() if key not in ("text", "window")},
        **({"policy_days": sla["working_days"]} if sla else {}),
    }


@pytest.mark.parametrize("case", list(cases("rules_*.yaml")))
def test_the_record_says_what_the_article_says(case: dict[str, Any]) -> None:
    rules = law_of(case)
    rule = rules.rule(case["rule"])
    assert case["slot"] in rule.slot
    assert rule in rules.every(case["slot"])
    assert {key: list(values) for key, values in rule.when.asked()} == case.get("when", {})
    assert rule.after == case.get("after")
    assert case.get("says", "") in (rule.quote or "")
    assert rule.party == case["party"]
    assert rule.signature == case["signature"]
    assert period_of(rule) == case.get("period")
    assert rule.document_required == case.get("document", False)
    assert (rule.evidence is not None) == case.get("evidence", False)
    assert rule.position == case.get("position")
    assert case.get("scope") in (None, rule.scope)
    assert tuple(case.get("items", rule.items)) == rule.items
    unasked = rules.slot(case["slot"])
    assert not case.get("when") or unasked is None or rule.id not in unasked.rule_ids
    for facts in facts_of(case):
        duty = obligation_of(rules, case, facts)
        assert duty.rule.id == case.get("beneath", rule.id)
        assert rule.id in duty.rule_ids
        assert rule.citation in duty.citation
        assert rule.citation_en in duty.citation_en
        assert duty.signature == case.get("duty_signature", case["signature"])
        if "beneath" not in case:
            assert duty.rule_ids == (rule.id, *case.get("cited_with", ()))


@pytest.mark.parametrize("case", list(cases("due_dates*.yaml")))
def test_due_date(case: dict[str, Any]) -> None:
    deadline = law_of(case).rule(case["rule"]).deadline
    assert deadline is not None
    if case["due"] is None:
        with pytest.raises(NoPeriod):
            reckon(deadline, case["from"], CALENDAR)
        return
    found = reckon(deadline, case["from"], CALENDAR)
    assert found.due == case["due"]
    assert found.nominal_due == case.get("nominal", case["due"])
    assert found.alternative_due == case.get("alternative")
    assert found.policy == case.get("policy", False)
    if "skipped" in case:
        assert [day.day for day in found.days if day.number is None] == case["skipped"]


@pytest.mark.parametrize("case", list(cases("side_by_side*.yaml")))
def test_the_earlier_of_two_periods_binds(case: dict[str, Any]) -> None:
    rules, beside = law_of(case), case["beside"]
    due: dict[str, date] = {}
    for rule_id, start in ((case["rule"], case["from"]), (beside["rule"], beside["from"])):
        deadline = rules.rule(rule_id).deadline
        assert deadline is not None
        due[rule_id] = reckon(deadline, start, CALENDAR).due
    assert due == {case["rule"]: case["due"], beside["rule"]: beside["due"]}
    assert min(due, key=lambda one: due[one]) == case["binds"]


@pytest.mark.parametrize("case", list(cases("windows*.yaml")))
def test_window(case: dict[str, Any]) -> None:
    deadline = law_of(case).rule(case["rule"]).deadline
    assert deadline is not None
    assert deadline.n is not None
    found = reckon(deadline, case["from"], CALENDAR)
    assert (found.opens, found.nominal_due, found.due) == (case["opens"], case["nominal"], case["due"])
    window = month_window(case["from"].year, case["from"].month, deadline.n, CALENDAR, roll=deadline.roll)
    assert (window.opens, window.nominal_end, window.rolled_end) == (
        case["opens"],
        case["nominal"],
        case["due"],
    )
    assert len(window.working_days) == case["working"]
