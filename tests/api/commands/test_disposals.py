"""The end of an archived file over the API: asked by one, decided by another; what is left says so."""

import json
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from models.calendar import legal_date
from models.regulations import in_force
from tests.api.commands.test_archives import appoint, archived
from tests.api.commands.test_refusals import problem
from tests.bound import bind
from tests.models.record.test_merging import merged as made_one
from tests.world import World

pytestmark = pytest.mark.usefixtures("worker")
HOLD = {"document": "5/TTr", "reason": "đang thanh tra"}
PROPOSAL = {"document": "1/BB", "reason": "hết thời hạn lưu trữ"}
LEFT_LONG_AGO = timedelta(days=70)


async def keeping(world: World) -> None:
    """The law loaded anew, with a period; and everybody archived has been gone for longer."""
    law = in_force("hanoi", world.now.date()).replace(
        "hanoi.art12.3",
        slot=("leaver_archive", "archive_retention"),
        deadline={"unit": "open", "min_retention_months": 2},
    )
    await world.rows(
        "INSERT INTO rule_sets VALUES (:a, :h, :on, CAST(:c AS jsonb), 'thử', :now) RETURNING hash",
        a=world.authority, h=law.hash, on=date(2025, 1, 2), c=law.to_json(), now=world.now,
    )  # fmt: skip
    await world.rows(
        "UPDATE cases SET effective_on = :day WHERE kind = 'separation' RETURNING id",
        day=world.now.date() - LEFT_LONG_AGO,
    )


async def test_one_proposes_another_decides_and_the_form_is_gone(log_in: Any, world: World) -> None:
    profile = await archived(world, await log_in("culture.hr"))
    officer, head = await log_in("department"), await log_in("department.head")
    path = f"/profiles/{profile}"
    for who in (officer, head):
        assert (await who.get("/disposals/due")).json()["items"] == []
    problem(await officer.command(f"{path}/disposals", PROPOSAL), 409, "no-retention-rule")
    await keeping(world)
    (due,) = (await officer.get("/disposals/due")).json()["items"]
    assert (due["profile_id"], due["holds"], due["person"]) == (str(profile), 0, "Nguyễn Thị Thử")

    held = await officer.command(f"{path}/holds", HOLD)
    assert held.status_code == 201, held.text
    problem(await officer.command(f"{path}/disposals", PROPOSAL), 409, "legal-hold")
    hold = held.json()["answer"]["hold_id"]
    ended = await head.command(
        f"{path}/holds/ends", {"hold_id": hold, "document": "6/KL", "reason": "đã kết luận"}
    )
    assert ended.status_code == 200, ended.text
    (told,) = (await officer.get(f"{path}/holds")).json()
    assert (told["document"], told["ended_document"]) == ("5/TTr", "6/KL")

    proposed = await head.command(f"{path}/disposals", PROPOSAL)
    assert proposed.status_code == 201, proposed.text
    decision = {"disposal_id": proposed.json()["answer"]["disposal_id"], "document": "2/QĐ"}
    problem(await head.command(f"{path}/disposals/approvals", decision), 403, "same-person")
    problem(await officer.command(f"{path}/disposals/approvals", decision), 403, "not-permitted")
    taken_back = {"disposal_id": decision["disposal_id"], "reason": "người khác đề nghị"}
    assert (await officer.command(f"{path}/disposals/withdrawals", taken_back)).status_code == 200
    again = await officer.command(f"{path}/disposals", PROPOSAL)
    decision["disposal_id"] = again.json()["answer"]["disposal_id"]
    assert (await officer.get("/disposals/due")).json()["items"] == [], "it is proposed already"
    shown = (
        "UPDATE sessions SET second_factor_at = :now WHERE account_id = :who RETURNING second_factor_at AS at"
    )
    factor = await world.one(shown, now=world.now, who=world.accounts["department.head"])
    done = await head.command(f"{path}/disposals/approvals", decision)
    assert done.status_code == 200, done.text
    fate = (await head.get(f"/commands/{done.json()['command_id']}")).json()
    assert datetime.fromisoformat(fate["second_factor_at"]) == factor.at, (
        "how it was given stays with the command"
    )

    for part in ("form", "changes", "attachments/" + "e" * 64, "evidence"):
        problem(await officer.get(f"{path}/{part}"), 410, "profile-disposed")
    problem(await officer.command(f"{path}/holds", HOLD), 410, "profile-disposed")
    shown = (await officer.get(path)).json()
    assert (shown["full_name"], shown["staff_number"]) == ("Hồ sơ đã hủy", None)
    assert shown["disposed_at"]
    kinds = [one["kind"] for one in (await officer.get(f"{path}/timeline")).json()["events"]]
    assert kinds.count("disposal.proposed") == 2
    assert kinds.count("profile.disposed") == 1
    lines = (await officer.get("/registers/disposals")).json()["items"]
    assert [(one["state"], one["document"], one["person"]) for one in lines] == [
        ("carried_out", "2/QĐ", "Hồ sơ đã hủy"), ("withdrawn", "1/BB", "Hồ sơ đã hủy"),
    ]  # fmt: skip
    assert "Thử" not in json.dumps([shown, lines], ensure_ascii=False)
    book = await officer.get("/registers/disposals/workbook")
    assert (book.status_code, book.content[:2]) == (200, b"PK")


async def test_the_keeper_proposes_within_the_own_part_of_the_tree(log_in: Any, world: World) -> None:
    profile = await archived(world, await log_in("culture.hr"))
    await keeping(world)
    await appoint(world, "culture.approver", "archivist", world.culture)
    await appoint(world, "health.hr", "archivist", world.health)
    keeper, elsewhere = await log_in("culture.approver"), await log_in("health.hr")
    (due,) = (await keeper.get("/disposals/due")).json()["items"]
    assert (due["profile_id"], due["person"]) == (str(profile), "Nguyễn Thị Thử")
    assert (await elsewhere.get("/disposals/due")).json()["items"] == []
    problem(await elsewhere.command(f"/profiles/{profile}/disposals", PROPOSAL), 404, "not-found")
    (head_sees,) = (await (await log_in("culture.head")).get("/disposals/due")).json()["items"]
    assert head_sees["person"] is None, "the head of an agency does not read its archive"
    proposed = await keeper.command(f"/profiles/{profile}/disposals", PROPOSAL)
    assert proposed.status_code == 201, proposed.text
    problem(await keeper.command(f"/profiles/{profile}/holds", HOLD), 403, "not-permitted")
    assert UUID(proposed.json()["answer"]["disposal_id"])


async def test_what_was_merged_into_a_file_is_kept_and_goes_like_it(log_in: Any, world: World) -> None:
    twice = await world.employ()
    hr, officer, head = [await log_in(who) for who in ("culture.hr", "department", "department.head")]
    profile = await world.employ()
    await made_one(world, twice, profile)
    await keeping(world)
    assert (await officer.get("/disposals/due")).json()["items"] == [], "whose file it is works here"
    refused = await officer.command(f"/profiles/{twice}/disposals", PROPOSAL)
    problem(refused, 409, "retention-runs")
    day = legal_date(world.now).isoformat()
    leaving = {"kind": "retired", "effective_on": day, "document": "3/QĐ"}
    assert (await hr.command(f"/profiles/{profile}/separations", leaving)).status_code == 201
    await world.step("archive", profile, told=False)
    await world.rows(
        "UPDATE cases SET effective_on = :day WHERE kind = 'separation' RETURNING id",
        day=world.now.date() - LEFT_LONG_AGO,
    )
    due = (await officer.get("/disposals/due")).json()["items"]
    assert {one["profile_id"] for one in due} == {str(profile), str(twice)}
    assert len({(one["left_on"], one["kept_until"], one["status_vi"]) for one in due}) == 1
    asked = await officer.command(f"/profiles/{twice}/disposals", PROPOSAL)
    assert asked.status_code == 201, asked.text
    decision = {"disposal_id": asked.json()["answer"]["disposal_id"], "document": "2/QĐ"}
    done = await head.command(f"/profiles/{twice}/disposals/approvals", decision)
    assert done.status_code == 200, done.text
    (left,) = (await officer.get("/disposals/due")).json()["items"]
    assert left["profile_id"] == str(profile)


async def test_each_file_is_kept_as_long_as_the_law_of_its_unit_says(log_in: Any, world: World) -> None:
    """The department of culture under a regulation with no period: the authority's own is not asked."""
    profile = await archived(world, await log_in("culture.hr"))
    await keeping(world)
    officer = await log_in("department")
    (due,) = (await officer.get("/disposals/due")).json()["items"]
    assert due["profile_id"] == str(profile)
    other = in_force("binh_dinh", world.now.date())
    assert not other.every("archive_retention")
    await bind(world.tools, world.authority, world.culture, other, date(2025, 1, 2))
    assert (await officer.get("/disposals/due")).json()["items"] == []
    problem(await officer.command(f"/profiles/{profile}/disposals", PROPOSAL), 409, "no-retention-rule")
