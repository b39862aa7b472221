"""Rules that answer only under some facts, chains of signatures, periods that run side by side, adoption."""

from datetime import date
from pathlib import Path

import pytest

from models.calendar import Calendar, NoPeriod
from models.calendar.source import SourceError
from models.lifecycle.duties import earliest
from models.regulations import NoLawInForce, Regulation, RuleSet, Slot, When, in_force, load_file

DAY = date(2026, 3, 2)
HEAD = """id: {id}
title: Quy chế mẫu
title_en: Sample
number: 1/QĐ
issued: 2025-01-01
authority: {authority}
layer: {layer}
status: {status}
valid_from: 2025-01-01
valid_to:
roll: true
{more}immediate: {{working_days: 1, policy: true}}
source: {{status: text}}
rules:
"""
RULE = """  - id: {id}
    citation: Mẫu, Điều {id}
    citation_en: Sample, art. {id}
    kind: deadline
    actor: Ai đó
    actor_en: Somebody
    party: person
    text_vi: Việc
    text_en: Matter
    carried_by: code
    slot: {slot}
"""


def load(folder: Path, name: str, rules: list[tuple[str, str, str]], **head: str) -> Regulation:
    """A regulation of rules given as id, slot and further lines."""
    settings = {"authority": "sample", "layer": "local", "status": "in_force", "more": "", **head}
    text = HEAD.format(id=name, **settings)
    for number, slot, more in rules:
        text += RULE.format(id=f"{name}.{number}", slot=slot) + more
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return load_file(path)


NEEDED = [
    ("a1", "personal_account", ""),
    ("a2", "first_declaration", "    deadline: {unit: working_days, n: 5, counted_from: account}\n"),
    ("a3", "update_after_change", "    deadline: {unit: working_days, n: 5, counted_from: change}\n"),
]
CHAINS = [
    *NEEDED,
    ("c1", "review_step", "    when: {agency: [constituent]}\n"),
    ("c2", "approval_window", "    when: {agency: [constituent]}\n    after: local.c1\n"),
    ("s1", "review_step", "    when: {agency: [subordinate]}\n"),
    ("s2", "review_step", "    when: {agency: [subordinate]}\n    after: local.s1\n"),
    ("s3", "approval_window", "    when: {agency: [subordinate]}\n    after: local.s2\n"),
]


@pytest.fixture
def chains(tmp_path: Path) -> RuleSet:
    beneath = load(tmp_path, "national", [("n1", "approval_window", "")], authority="", layer="national")
    return in_force("sample", DAY, [load(tmp_path, "local", CHAINS), beneath])


@pytest.mark.parametrize(
    ("facts", "steps"),
    [
        ({"agency": "constituent"}, ["local.c1", "local.c2"]),
        ({"agency": "subordinate"}, ["local.s1", "local.s2", "local.s3"]),
        ({"agency": "subordinate", "category": "cadre"}, ["local.s1", "local.s2", "local.s3"]),
        ({}, ["national.n1"]),
    ],
)
def test_the_chain_is_that_of_the_facts(chains: RuleSet, facts: dict[str, str], steps: list[str]) -> None:
    found = chains.chain(**facts)
    assert [step.rule.id for step in found] == steps
    assert found[-1].slot is Slot.APPROVAL_WINDOW
    assert "national.n1" in found[-1].rule_ids
    assert [step.slot for step in found[:-1]] == [Slot.REVIEW_STEP] * (len(steps) - 1)


def test_a_law_without_approval_has_no_chain(chains: RuleSet) -> None:
    assert chains.without("national.n1").chain() == ()


def test_the_particular_goes_before_the_general_and_the_local_before_the_national(tmp_path: Path) -> None:
    worker = "    when: {category: [contract_worker]}\n"
    local = load(tmp_path, "local", [*NEEDED, ("f1", "form_standard", ""), ("f2", "form_standard", worker)])
    rules = [("n1", "form_standard", worker), ("n2", "approval_window", "")]
    law = in_force("sample", DAY, [local, load(tmp_path, "national", rules, authority="", layer="national")])
    worked = law.slot("form_standard", category="contract_worker")
    assert worked is not None
    assert worked.rule_ids == ("local.f2", "local.f1", "national.n1")
    general = law.slot("form_standard", category="cadre")
    assert general is not None
    assert general.rule_ids == ("local.f1",)
    assert [rule.id for rule in law.every("form_standard")] == ["local.f1", "local.f2", "national.n1"]


@pytest.mark.parametrize(
    ("one", "other", "rivals"),
    [
        ("", "", True),
        ("    when: {agency: [constituent]}\n", "    when: {agency: [constituent, subordinate]}\n", True),
        ("    when: {agency: [constituent]}\n", "    when: {agency: [subordinate]}\n", False),
        ("", "    when: {agency: [subordinate]}\n", False),
        ("    when: {agency: [constituent]}\n", "    when: {category: [cadre]}\n", False),
    ],
)
def test_two_rules_that_answer_equally_well_are_refused(
    tmp_path: Path, one: str, other: str, rivals: bool
) -> None:
    rules = [*NEEDED, ("b1", "status_change", one), ("b2", "status_change", other)]
    if not rivals:
        assert load(tmp_path, "local", rules).rules
        return
    with pytest.raises(SourceError, match=r"already filled by local\.b1"):
        load(tmp_path, "local", rules)


def test_a_fact_not_given_fits_nothing_that_asks_for_it() -> None:
    asks = When(leaving=("retired",))
    assert asks.fits({"leaving": "retired", "category": "cadre"})
    assert not asks.fits({"leaving": "deceased"})
    assert not asks.fits({})
    assert When().fits({})


REPORTED = {
    "authority": "",
    "layer": "national",
    "status": "known_from_reports",
    "more": "concurrent: true\n",
}
THREE = "    deadline: {unit: working_days, n: 3, counted_from: dossier}\n"


def test_what_is_known_from_reports_binds_from_its_adoption_and_the_earlier_clock_wins(
    tmp_path: Path,
) -> None:
    given = [
        load(tmp_path, "local", [*NEEDED, ("a4", "approval_window", "")]),
        load(tmp_path, "reported", [("r1", "first_declaration", THREE)], **REPORTED),
    ]
    alone = in_force("sample", DAY, given).slot("first_declaration")
    assert alone is not None
    assert [clock.rule_id for clock in alone.clocks] == ["local.a2"]
    adopted = {"reported": date(2026, 3, 1)}
    before = in_force("sample", date(2026, 2, 28), given, adopted=adopted).slot("first_declaration")
    assert before is not None
    assert before.rule_ids == ("local.a2",)
    both = in_force("sample", DAY, given, adopted=adopted).slot("first_declaration")
    assert both is not None
    assert both.rule_ids == ("local.a2", "reported.r1")
    nominal, due, _, beside = earliest([(clock, DAY) for clock in both.clocks], Calendar.seed())
    assert nominal == due == date(2026, 3, 5)
    assert [(one["rule"], one["due"]) for one in beside] == [
        ("local.a2", "2026-03-09"),
        ("reported.r1", "2026-03-05"),
    ]


def test_a_layer_beneath_that_does_not_run_beside_sets_no_clock(tmp_path: Path) -> None:
    rules = [("n1", "first_declaration", THREE), ("n2", "approval_window", "")]
    law = in_force(
        "sample",
        DAY,
        [load(tmp_path, "local", NEEDED), load(tmp_path, "national", rules, authority="", layer="national")],
    )
    found = law.slot("first_declaration")
    assert found is not None
    assert [clock.rule_id for clock in found.clocks] == ["local.a2"]
    assert earliest([(clock, DAY) for clock in found.clocks], Calendar.seed())[3] == []


def test_no_period_at_all_is_said() -> None:
    with pytest.raises(NoPeriod):
        earliest((), Calendar.seed())


def test_adoption_does_not_make_law_of_a_draft(tmp_path: Path) -> None:
    draft = load(tmp_path, "local", [*NEEDED, ("a4", "approval_window", "")], status="draft")
    with pytest.raises(NoLawInForce):
        in_force("sample", DAY, [draft], adopted={"local": DAY})
