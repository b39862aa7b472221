"""Resolution for an authority and a day: layers, hashes, alterations, and what is refused."""

import json
from datetime import date

import pytest
from pydantic import ValidationError

from models.regulations import (
    MissingSlots,
    NoLawInForce,
    OverlappingRegulations,
    RuleSet,
    Slot,
    UnknownRule,
    in_force,
    seed,
)
from models.regulations.proving import ALTERATION, SWITCH

DAY = date(2026, 3, 2)
LOCAL = next(one for one in seed() if one.id == "hanoi_2024")
NATIONAL = next(one for one in seed() if one.id == "tt06_2023")


@pytest.fixture
def law() -> RuleSet:
    return in_force("hanoi", DAY)


@pytest.mark.rule("hanoi.art7", "tt06.art7.1")
def test_the_local_rule_binds_and_the_layer_beneath_says_who_signs(law: RuleSet) -> None:
    duty = law.slot(Slot.APPROVAL_WINDOW)
    assert duty is not None
    assert duty.rule_ids == ("hanoi.art7", "tt06.art7.1")
    assert duty.citation == "Quy chế kèm QĐ 6187/QĐ-UBND, Điều 7; TT 06/2023/TT-BNV, Quy chế, Điều 7.1"
    assert duty.citation_en.count("art. 7") == 2
    assert (duty.rule.signature, duty.signature) == ("none_stated", "authority_digital")
    assert (duty.party, duty.post) == ("approver", "approver")
    assert duty.text_vi
    assert duty.text_en


@pytest.mark.rule("tt06.art7.1")
def test_without_the_layer_beneath_nobody_need_sign(law: RuleSet) -> None:
    alone = law.without("tt06.art7.1").slot("approval_window")
    assert alone is not None
    assert alone.signature == "none_stated"
    assert alone.also == ()


def test_where_the_local_layer_is_silent_the_national_one_binds(law: RuleSet) -> None:
    beneath = law.without("hanoi.art12.2.2.a").slot("intake_account")
    assert beneath is not None
    assert beneath.rule.id == "tt06.art11.1.b"
    assert law.without("hanoi.art14.2").slot("department_gate") is None


def test_a_name_that_is_no_slot_is_an_error(law: RuleSet) -> None:
    with pytest.raises(ValueError, match="somewhere"):
        law.slot("somewhere")


def test_the_hash_is_of_the_content_and_not_of_the_day(law: RuleSet) -> None:
    assert in_force("hanoi", date(2027, 5, 5)).hash == law.hash
    assert len(law.hash) == 64
    assert law.replace("hanoi.art6.3", notes="khác").hash != law.hash
    assert law.without("hanoi.art6.3").hash != law.hash
    assert law.hash == in_force("hanoi", DAY).hash


def test_json_goes_round_and_a_forged_one_is_refused(law: RuleSet) -> None:
    assert RuleSet.from_json(law.to_json()) == law
    forged = json.loads(law.to_json())
    forged["rules"][0]["text_vi"] = "khác"
    with pytest.raises(ValueError, match="hash"):
        RuleSet.from_json(forged)
    del forged["hash"]
    assert RuleSet.from_json(forged).hash != law.hash


def test_what_was_read_before_is_shared_and_excuses_no_forgery(law: RuleSet) -> None:
    content = json.loads(law.to_json())
    assert RuleSet.from_json(content) is RuleSet.from_json(json.loads(law.to_json()))
    content["rules"][0]["text_vi"] = "khác"
    with pytest.raises(ValueError, match="hash"):
        RuleSet.from_json(content)


def test_an_altered_set_is_written_as_itself(law: RuleSet) -> None:
    before = law.to_json()
    altered = law.replace("hanoi.art6.3", notes="khác")
    assert altered.to_json() != before
    assert RuleSet.from_json(altered.to_json()) == altered
    assert law.to_json() == before


def test_an_alteration_leaves_the_original_alone(law: RuleSet) -> None:
    before = law.rule("hanoi.art6.3")
    other = law.replace("hanoi.art6.3", party="head")
    duty = other.slot("update_after_change")
    assert duty is not None
    assert duty.party == "head"
    assert law.rule("hanoi.art6.3") is before
    assert law.rule("hanoi.art6.3").party == "person"
    with pytest.raises(UnknownRule):
        law.without("hanoi.art99")
    with pytest.raises(ValidationError):
        law.replace("hanoi.art6.3", party="nobody")


@pytest.mark.parametrize(("authority", "day"), [("hanoi", date(2024, 11, 28)), ("atlantis", DAY)])
def test_no_law_is_an_error(authority: str, day: date) -> None:
    with pytest.raises(NoLawInForce, match=authority):
        in_force(authority, day)


def test_the_first_day_counts_and_so_does_the_last() -> None:
    assert in_force("hanoi", date(2024, 11, 29)).rules
    ending = LOCAL.model_copy(update={"valid_to": DAY})
    assert in_force("hanoi", DAY, [ending, NATIONAL]).rules
    with pytest.raises(NoLawInForce):
        in_force("hanoi", date(2026, 3, 3), [ending, NATIONAL])


def test_missing_slots_are_named() -> None:
    less = tuple(rule for rule in LOCAL.rules if rule.id not in ("hanoi.art7", "hanoi.art6.3"))
    with pytest.raises(MissingSlots) as refused:
        in_force("hanoi", DAY, [LOCAL.model_copy(update={"rules": less})])
    assert {Slot.APPROVAL_WINDOW, Slot.UPDATE_AFTER_CHANGE} <= set(refused.value.slots)


@pytest.mark.parametrize("status", ["draft", "repealed", "known_from_reports"])
def test_only_what_is_in_force_binds_but_a_draft_can_be_simulated(status: str) -> None:
    draft = LOCAL.model_copy(update={"status": status})
    with pytest.raises(NoLawInForce):
        in_force("hanoi", DAY, [draft, NATIONAL])
    simulated = in_force("hanoi", DAY, [draft, NATIONAL], simulate=[draft.id])
    assert simulated.slot("update_after_change") is not None


def test_two_of_one_layer_on_one_day_are_refused_unless_one_prevails() -> None:
    newer = LOCAL.model_copy(update={"id": "hanoi_2026"})
    with pytest.raises(OverlappingRegulations, match="hanoi_2026"):
        in_force("hanoi", DAY, [LOCAL, newer, NATIONAL])
    newer = newer.model_copy(update={"prevails_over": (LOCAL.id,)})
    stacked = in_force("hanoi", DAY, [LOCAL, newer, NATIONAL])
    assert [one.id for one in stacked.regulations] == ["hanoi_2026", "hanoi_2024", "tt06_2023"]


@pytest.mark.parametrize(
    ("switch", "alteration", "party"),
    [
        (None, {"rule": "hanoi.art6.3", "changes": {"party": "head"}}, "person"),
        ("0", {"rule": "hanoi.art6.3", "changes": {"party": "head"}}, "person"),
        ("1", None, "person"),
        ("1", {"rule": "hanoi.art99", "changes": {"party": "head"}}, "person"),
        ("1", {"rule": "hanoi.art6.3", "changes": {"party": "head"}}, "head"),
        ("1", {"rule": "hanoi.art6.3", "removed": True}, None),
    ],
)
def test_the_proving_seam_needs_its_switch(
    monkeypatch: pytest.MonkeyPatch, switch: str | None, alteration: object, party: str | None
) -> None:
    for name in (SWITCH, ALTERATION):
        monkeypatch.delenv(name, raising=False)
    if switch is not None:
        monkeypatch.setenv(SWITCH, switch)
    if alteration is not None:
        monkeypatch.setenv(ALTERATION, json.dumps(alteration))
    law = in_force("hanoi", DAY)
    found = [rule.party for rule in law.rules if rule.id == "hanoi.art6.3"]
    assert found == ([] if party is None else [party])
