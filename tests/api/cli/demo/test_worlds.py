"""The worlds of the demo: complete under their own law, and what that law makes of them."""

from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from api.cli.demo.foreseeing import window_after
from api.cli.demo.problems import StoryError
from api.cli.demo.world import World, worlds, write_workbook
from models.calendar import Calendar
from models.form import catalogue, gather
from tests.api.cli.demo.foretelling import DAY, LEAVING, SERVICE, ahead, laws

CALENDAR = Calendar.seed()


def test_without_a_window_of_its_own_the_list_is_made_on_the_last_day() -> None:
    law = laws("hanoi").on(DAY)
    rolling = law.rule("hanoi.art7").model_dump()["deadline"] | {"unit": "working_days", "counted_from": "x"}
    law = law.without("tt06.art7.1").replace("hanoi.art7", deadline=rolling)
    assert window_after(DAY, CALENDAR, law).opens == date(2026, 12, 31)


@pytest.mark.parametrize(
    ("authority", "profile", "gate", "slot", "said"),
    [
        ("moha", {**SERVICE, "synced_revision_id": None}, False, "department_gate", "trước khi gửi"),
        ("moha", SERVICE, True, "department_gate", "trước khi gửi"),
        ("binh_dinh", {**SERVICE, "synced_revision_id": None}, False, "update_after_change", "cập nhật"),
        ("phu_yen", {**SERVICE, "synced_revision_id": None}, False, "sync_window", "đồng bộ"),
        (
            "phu_yen",
            {**SERVICE, "open_case": {**LEAVING, "mode": "retired"}},
            False,
            "status_change",
            "trạng",
        ),
    ],
)
def test_other_laws_foresee_otherwise(
    authority: str, profile: dict[str, Any], gate: bool, slot: str, said: str
) -> None:
    found = ahead(profile, gate=gate, authority=authority)
    assert found is not None
    assert (found.slot, said in found.what) == (slot, True)
    assert found.citation.startswith("Dự thảo") == bool(worlds()[authority].drafts)


# --- the worlds


@pytest.mark.parametrize("authority", sorted(worlds()))
def test_everybody_whom_the_law_names_is_there(authority: str) -> None:
    world, law = worlds()[authority], laws(authority).on(DAY)
    for place in {*world.homes, "old", "new"}:
        facts = world.facts(place) | {"category": "public_employee"}
        for subject in ("first", "change"):
            chain = law.chain(**facts, subject=subject)
            signed = [world.signer(rule, place) for rule in chain]
            assert len(signed) == len(set(signed)) == len(chain) >= 1
        assert world.posts[world.holder("hr_officer", world.desk(place))].role == "hr_officer"
        account = law.slot("personal_account", **facts)
        assert account is not None
        if account.party == "operator":
            assert world.agencies[world.posts[world.holder("administrator", "operator")].agency].operates
    if gate := law.slot("department_gate"):
        assert world.posts[world.signer(gate, "keeper")].agency == "keeper"


def test_the_ministry_s_chain_has_three_steps_below_it_and_two_inside() -> None:
    world, law = worlds()["moha"], laws("moha").on(DAY)

    def chain(place: str) -> list[str]:
        return [world.signer(rule, place) for rule in law.chain(**world.facts(place), subject="first")]

    assert chain("old") == ["old.hr", "old.hr_head", "old.head"]
    assert chain("part") == ["department", "department.head"]


def test_nobody_in_the_story_may_sign_what_the_law_gives_to_others() -> None:
    world: World = worlds()["hanoi"]
    rule = laws("moha").on(DAY).chain(**world.facts("old"), agency_kind="x", subject="first")[1]
    with pytest.raises(StoryError, match="nobody may sign"):
        world.signer(rule, "old")
    with pytest.raises(StoryError, match="nobody holds the post"):
        world.holder("hr_head", "old")


@pytest.mark.parametrize("authority", sorted(worlds()))
def test_its_workbook_has_every_agency_and_post(authority: str, tmp_path: Path) -> None:
    world = worlds()[authority]
    read = openpyxl.load_workbook(write_workbook(world, tmp_path / "w.xlsx"), read_only=True)
    rows = {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in read}
    read.close()
    gathered = gather(catalogue("tt06_2023"), rows, on=DAY)
    assert not gathered.issues
    assert {line.values["code"] for line in gathered.agencies} == {a.code for a in world.agencies.values()}
    assert {line.values["login"] for line in gathered.posts} == {world.login(name) for name in world.posts}
