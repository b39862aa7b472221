"""The agency changes fields of an approved form: its own everywhere, the person's where the law lets it."""

from datetime import date
from typing import Any

import pytest

from models.command_fields import ChangeFields
from models.lifecycle.field_changes import change
from models.lifecycle.life import Chapter, Life
from models.lifecycle.scene import Scene
from models.regulations import in_force
from tests.forms import COMPLETE
from tests.models.lifecycle.scenes import (
    ACCOUNT,
    OFFICER,
    PROFILE,
    duty,
    event,
    life,
    notice,
    refused,
    revision,
    scene,
)

MONDAY = date(2025, 3, 3)
FORM = "e" * 64


def desk(law: str = "phu_yen", day: date = MONDAY, **more: Any) -> Scene:
    made = in_force("phu_yen", day, simulate=["phu_yen_2024"]) if law == "phu_yen" else in_force(law, day)
    facts = {"category": "civil_servant", "agency": "subordinate"}
    return scene(day, role="hr_officer", law=made, facts=facts, **more)


def body(**changes: Any) -> ChangeFields:
    given = {
        "content": {"birth_full_name": "NGUYỄN THỊ THỬ HAI"},
        "changed_on": MONDAY,
        "document": "7/QĐ",
        "confirmed_form": FORM,
    }
    return ChangeFields(**{**given, **changes})


def approved(**more: Any) -> Life:
    given = {
        "base": dict(COMPLETE),
        "base_form": "tt06_2023",
        "attached": ((FORM, True),),
        "revision_number": 4,
    }
    return life(Chapter.SERVICE, **{**given, **more})


@pytest.mark.rule("phu_yen.art5.2.c")
def test_the_persons_field_is_changed_from_the_confirmed_form_and_meets_the_duty_of_that_day() -> None:
    owed = duty("update_after_change", event_on=MONDAY)
    out = change(approved(duties=(owed,)), body(), desk())
    told = event(out, "fields.changed")
    assert (told.rule_id, told.facts["fields"]) == ("phu_yen.art5.2.c", ["birth_full_name"])
    assert out.answer["revision"] == 5
    assert [one.duty_id for one in out.closed] == [owed.id]
    assert notice(out, "entered_for_you").account_id == ACCOUNT
    row = out.writes[0].values
    assert (row["author"], row["content"]["birth_full_name"]) == (OFFICER, "NGUYỄN THỊ THỬ HAI")


def test_elsewhere_only_the_authoritys_own_fields() -> None:
    with refused("not-competent"):
        change(approved(), body(), desk("hanoi"))
    out = change(approved(), body(content={"employer_assessment": "Tốt"}), desk("hanoi"))
    assert out.answer["changed"] == ["employer_assessment"]


@pytest.mark.parametrize(
    ("code", "about", "asked", "who"),
    [
        ("wrong-state", {"draft": revision(5)}, {}, {}),
        ("wrong-state", {"base": None}, {}, {}),
        ("wrong-state", {"base_form": "tt05_2023"}, {}, {}),
        ("in-flight", {"pending": revision(5, "submitted")}, {}, {}),
        ("own-file", {}, {}, {"actor_profile_id": PROFILE}),
        ("future-date", {}, {"changed_on": date(2025, 3, 4)}, {}),
        ("nothing-to-submit", {}, {"content": {"birth_full_name": COMPLETE["birth_full_name"]}}, {}),
        ("invalid-form", {}, {"content": {"gender": "không rõ"}}, {}),
        ("evidence-required", {"attached": ()}, {}, {}),
        ("evidence-required", {}, {"confirmed_form": None}, {}),
    ],
)
def test_what_is_refused(
    code: str, about: dict[str, Any], asked: dict[str, Any], who: dict[str, Any]
) -> None:
    with refused(code):
        change(approved(**about), body(**asked), desk(**who))
