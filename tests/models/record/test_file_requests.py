"""Corrections asked for and disputes: who owes the answer, what an acceptance leads to, what is kept how."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from models.command_registers import (
    AnswerRectification,
    DecideDispute,
    OpenDispute,
    RequestRectification,
    WithdrawRequest,
)
from models.database import engine_for
from models.record.load import content_of
from models.record.requesting import answered_in, said_in
from models.regulations import in_force
from tests.world import World, build, tools_for

NOW = datetime(2026, 3, 4, 3, tzinfo=UTC)
"""Wednesday 4 March 2026: the law on personal data is in force."""
WHY = "Quyết định đã ghi sai ngạch."


@pytest.fixture
async def world(module_database: Any, tmp_path: Any) -> Any:
    engine = engine_for(module_database.url("worker"), pool_size=4)
    law = in_force("hanoi", NOW.date())
    yield await build(tools_for(engine, tmp_path), NOW, second=True, law=law)
    await engine.dispose()


@pytest.fixture
async def profile(world: World) -> UUID:
    return await world.employ()


async def asked(world: World, profile: UUID, path: str = "salary_grade") -> UUID:
    body = RequestRectification(path=path, wanted="01.003", reason=WHY)
    done = await world.ask("person", body, profile)
    assert done.status == 201, done.answer
    return UUID(done.answer["request_id"])


async def row(world: World, request: UUID) -> Any:
    return await world.one("SELECT * FROM file_requests WHERE id = :r", r=request)


async def duties(world: World, profile: UUID, slot: str) -> list[Any]:
    return await world.rows(
        "SELECT * FROM duties WHERE profile_id = :p AND slot = :s ORDER BY opened_at", p=profile, s=slot
    )


@pytest.mark.rule("pdpl.art4.correct")
async def test_a_correction_is_owed_an_answer_by_a_day_that_is_ours(world: World, profile: UUID) -> None:
    request = await asked(world, profile)
    kept = await row(world, request)
    assert (kept.kind, kept.state, kept.due_by_policy) == ("rectification", "open", True)
    assert "Điều 4" in kept.citation
    assert WHY.encode() not in bytes(kept.words)
    assert said_in(world.tools, kept) == {"wanted": "01.003", "reason": WHY}
    (duty,) = await duties(world, profile, "rectification")
    assert (duty.party, duty.agency_id, duty.due_on) == ("hr_officer", world.culture, kept.due_on)
    assert duty.facts["policy"] is True
    assert kept.due_on == NOW.date() + timedelta(days=7), "five working days"
    events = await world.rows("SELECT facts FROM events WHERE profile_id = :p", p=profile)
    assert WHY not in str([e.facts for e in events])


async def test_accepted_it_is_a_draft_that_is_approved_like_any_change(world: World, profile: UUID) -> None:
    request = await asked(world, profile, "birth_full_name")
    body = AnswerRectification(
        request_id=request, accepted=True, reason="Đúng.", corrected={"birth_full_name": "NGUYỄN THỊ THỬ"}
    )
    done = await world.ask("culture.hr", body, profile)
    assert done.status == 200, done.answer
    draft = await world.one(
        "SELECT id, number, state, author_id FROM revisions WHERE profile_id = :p AND state = 'draft'",
        p=profile,
    )
    assert (draft.number, draft.author_id) == (done.answer["draft_number"], world.accounts["person"])
    async with world.tools.engine.begin() as connection:
        from models.database import enter

        await enter(connection, world.scope)
        content = await content_of(connection, world.tools, world.authority, draft.id)
    assert content["birth_full_name"] == "NGUYỄN THỊ THỬ"
    assert len(content) > 10, "the rest is what was approved"
    (answer,) = await duties(world, profile, "rectification")
    assert (answer.state, answer.late_days) == ("met", 0)
    (update,) = await duties(world, profile, "update_after_change")
    assert (update.state, update.party) == ("open", "person")
    kept = await row(world, request)
    assert (kept.state, kept.ended_role, answered_in(world.tools, kept)) == (
        "accepted",
        "hr_officer",
        "Đúng.",
    )
    again = await world.ask("culture.hr", body, profile)
    assert again.answer["code"] == "wrong-state"


async def test_refused_it_may_be_disputed_and_somebody_else_decides(world: World, profile: UUID) -> None:
    request = await asked(world, profile, "birth_full_name")
    early = await world.ask(
        "person", OpenDispute(path="birth_full_name", reason=WHY, request_id=request), profile
    )
    assert early.answer["code"] == "wrong-state"
    no = AnswerRectification(request_id=request, accepted=False, reason="Quyết định ghi đúng như vậy.")
    refused = await world.ask("culture.head", no, profile)
    assert refused.status == 200, refused.answer
    assert not await duties(world, profile, "update_after_change")

    opened = await world.ask(
        "person", OpenDispute(path="birth_full_name", reason=WHY, request_id=request), profile
    )
    assert opened.status == 201, opened.answer
    dispute = UUID(opened.answer["request_id"])
    (duty,) = await duties(world, profile, "dispute")
    assert (duty.party, duty.rule_id) == ("head", "pdpl.art4.complain")
    assert duty.agency_id != world.culture, "above the agency it is about"
    twice = await world.ask("person", OpenDispute(path="birth_full_name", reason=WHY), profile)
    assert twice.answer["code"] == "wrong-state"

    verdict = DecideDispute(request_id=dispute, upheld=True, reason="Có cơ sở.", document="7/QĐ")
    same = await world.ask("culture.head", verdict, profile)
    assert (same.status, same.answer["code"]) == (403, "own-approval")
    hr = await world.ask("culture.hr", verdict, profile)
    assert hr.answer["code"] == "not-permitted"
    done = await world.ask("department", verdict, profile)
    assert done.status == 200, done.answer
    kept = await row(world, dispute)
    assert (kept.state, kept.document, kept.about) == ("accepted", "7/QĐ", request)
    assert len(await duties(world, profile, "update_after_change")) == 1


async def test_who_may_ask_and_what_is_taken_back(world: World, profile: UUID) -> None:
    body = RequestRectification(path="gender", wanted="nữ", reason=WHY)
    assert (await world.ask("culture.hr", body, profile)).answer["code"] == "not-permitted"
    request = await asked(world, profile)
    both = AnswerRectification(
        request_id=request, accepted=False, reason="Không.", corrected={"gender": "male"}
    )
    assert (await world.ask("culture.hr", both, profile)).answer["code"] == "malformed-request"
    odd = AnswerRectification(request_id=request, accepted=True, reason="Được.", corrected={"no_field": 1})
    assert (await world.ask("culture.hr", odd, profile)).answer["code"] == "malformed-request"
    assert (await world.ask("health.hr", both, profile)).answer["code"] == "not-permitted"
    none = AnswerRectification(request_id=uuid4(), accepted=True, reason="Được.")
    assert (await world.ask("culture.hr", none, profile)).answer["code"] == "not-found"
    gone = await world.ask("person", WithdrawRequest(request_id=request), profile)
    assert gone.status == 200, gone.answer
    (duty,) = await duties(world, profile, "rectification")
    assert (duty.state, duty.reason) == ("void", "withdrawn")
    assert (await world.ask("person", WithdrawRequest(request_id=request), profile)).answer[
        "code"
    ] == "wrong-state"
