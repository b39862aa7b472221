"""Officials declare on one form, workers on another, where the law says so; and going over."""

from dataclasses import replace
from datetime import date
from typing import Any, get_args

import pytest

from models.commands import GiveNotice, ReopenProfile, SubmitDeclaration
from models.form import catalogue, digest
from models.lifecycle.declaration import submit
from models.lifecycle.forms import form_for, form_of
from models.lifecycle.life import Chapter, Life
from models.lifecycle.noticing import give_notice
from models.lifecycle.outcome import Outcome
from models.lifecycle.reentry import reopen
from models.lifecycle.scene import Scene
from models.regulations import RuleSet, in_force
from models.regulations.schema import Category
from tests.forms import COMPLETE, CONTRACT
from tests.models.lifecycle.scenes import (
    CULTURE,
    event,
    inserted,
    life,
    own,
    refusal_in,
    refused,
    revision,
    scene,
)

DAY = date(2026, 3, 2)


def phu_yen() -> RuleSet:
    return in_force("phu_yen", DAY, simulate=["phu_yen_2024"])


def known_as(category: str, base: Scene | None = None) -> Scene:
    return replace(base or scene(DAY, law=phu_yen()), facts={"category": category})


@pytest.mark.rule("phu_yen.art5.1.a", "phu_yen.art5.1.b")
def test_phu_yen_has_a_form_of_its_own_for_workers() -> None:
    law = phu_yen()
    found = {category: form_for(law, category, DAY).version for category in get_args(Category)}
    assert found == dict.fromkeys(get_args(Category), "tt06_2023") | {"contract_worker": "tt05_2023"}
    assert law.slot("form_standard", category="civil_servant").rule.id == "phu_yen.art5.1.a"
    assert law.slot("form_standard", category="contract_worker").rule.id == "phu_yen.art5.1.b"


@pytest.mark.rule("hanoi.art6.1", "moha.art3.1")
@pytest.mark.parametrize("authority", ["hanoi", "moha"])
def test_elsewhere_everybody_declares_on_the_general_form(authority: str) -> None:
    law = in_force(authority, DAY)
    assert {form_for(law, one, DAY).version for one in get_args(Category)} == {"tt06_2023"}
    assert law.slot("form_standard").rule.items == ("tt06_2023",)


def body(**changes: Any) -> SubmitDeclaration:
    draft = revision()
    return SubmitDeclaration(**{"revision_id": draft.id, "digest": draft.digest, "changed_on": DAY} | changes)


@pytest.mark.rule("phu_yen.art5.1.b")
def test_a_declaration_on_the_other_form_is_refused() -> None:
    worker = known_as("contract_worker", own(DAY, law=phu_yen()))
    with refused("other-form") as caught:
        submit(life(category="contract_worker", draft=revision()), body(), worker)
    refusal = refusal_in(caught)
    assert refusal.extra == {"form": "tt05_2023"}
    assert "Điều 5.1.b" in str(refusal.citation)
    mine = revision(form_version="tt05_2023", content=dict(CONTRACT), digest=digest(CONTRACT))
    out = submit(life(category="contract_worker", draft=mine), body(digest=mine.digest), worker)
    assert out.status == 200


def becomes(category: str, state: Life, **changes: Any) -> Outcome:
    notice = {"kind": "contract", "changed_on": DAY, "document": "5/QĐ", "category": category}
    return give_notice(state, GiveNotice(**notice | changes), known_as(state.category))


def worker(**changes: Any) -> Life:
    """A worker whose contract was approved."""
    known = {"category": "contract_worker", "base": dict(CONTRACT), "base_form": "tt05_2023"}
    return life(**known | changes)


@pytest.mark.rule("phu_yen.art5.1.a", "phu_yen.art3.5.b")
def test_who_becomes_an_official_goes_on_with_what_both_forms_hold() -> None:
    out = becomes("civil_servant", worker())
    assert out.subject["category"] == "civil_servant"
    draft = inserted(out, "draft_prefilled")
    assert (draft["form"], draft["number"], draft["before"]) == ("tt06_2023", 2, None)
    assert draft["content"]["birth_full_name"] == CONTRACT["worker_full_name"]
    assert "contract_number" not in draft["content"]
    assert draft["digest"] == digest(draft["content"])
    changed = event(out, "category.changed")
    assert (changed.facts["before"], changed.facts["category"]) == ("contract_worker", "civil_servant")
    gone_over = event(out, "form.changed")
    assert (gone_over.rule_id, gone_over.facts["form"]) == ("phu_yen.art5.1.a", "tt06_2023")
    assert "3.5" in out.answer["no_redeclaration"]
    assert out.answer["duty_id"], "the update is owed from the decision's day"


def test_a_draft_begun_on_the_old_form_goes_over_in_its_place() -> None:
    mine = revision(3, form_version="tt05_2023")
    draft = inserted(becomes("civil_servant", worker(draft=mine)), "draft_prefilled")
    assert (draft["id"], draft["number"], draft["before"]) == (mine.id, 3, mine.digest)


def test_a_category_of_the_same_form_begins_no_draft() -> None:
    state = life(base=dict(COMPLETE), base_form="tt06_2023")
    out = becomes("public_employee", state)
    assert out.subject["category"] == "public_employee"
    assert [one for one in out.writes if getattr(one, "table", "") == "draft_prefilled"] == []
    same = becomes("civil_servant", state)
    assert "category" not in same.subject


def test_a_category_is_not_changed_ahead_nor_under_a_submission() -> None:
    with refused("future-date"):
        becomes("civil_servant", worker(), changed_on=date(2026, 3, 3))
    with refused("approval-open"):
        becomes("civil_servant", worker(pending=revision(2, "submitted")))


@pytest.mark.rule("phu_yen.art5.1.b")
def test_a_former_official_who_returns_as_a_worker_declares_the_contract() -> None:
    state = life(Chapter.ARCHIVE, base=dict(COMPLETE), base_form="tt06_2023")
    back = ReopenProfile(agency_id=CULTURE, event_on=DAY, document="4/HĐ", category="contract_worker")
    out = reopen(state, back, known_as("contract_worker"))
    draft = inserted(out, "draft_prefilled")
    assert (draft["form"], draft["number"]) == ("tt05_2023", 2)
    assert draft["content"]["worker_full_name"] == COMPLETE["birth_full_name"]
    assert out.subject["revision_number"] == 2


def test_the_scene_s_own_category_decides() -> None:
    assert form_of(known_as("contract_worker")) is catalogue("tt05_2023")
    assert form_of(known_as("cadre")) is catalogue("tt06_2023")
