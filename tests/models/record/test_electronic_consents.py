"""The official's own consent (NĐ 27/2026, art. 20.4): asked, given, read by, withdrawn, by the real act."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from models.access import Actor, Allowed, Target, Verb, may
from models.calendar import legal_date
from models.command_consents import AllowAccess, AnswerConsent, AskConsent, WithdrawConsent
from models.database import engine_for, transaction
from models.record.actors import consent_of
from models.record.law_of import LawOf
from models.regulations import in_force
from tests.models.record.test_actors import PEOPLE, cast
from tests.world import World, build, tools_for

START = datetime(2026, 7, 6, 3, 0, tzinfo=UTC)
TODAY = legal_date(START)
LAST = TODAY + timedelta(days=10)
ASKERS = ("culture.hr", "culture.head", "department", "department.head")
"""Who may ask: whoever answers for the file. Who answers and takes back: ``person`` alone."""


@pytest.fixture
async def world(database: Any, tmp_path: Path) -> AsyncIterator[World]:
    """An authority that has adopted the decree."""
    engine = engine_for(database.url("worker"), pool_size=2)
    law = in_force("hanoi", TODAY, adopted={"nd27_2026": TODAY})
    yield await build(tools_for(engine, tmp_path), START, law=law)
    await engine.dispose()


def asking(reader: UUID, **more: Any) -> AskConsent:
    return AskConsent(account_id=reader, purpose="Thẩm tra", starts_on=TODAY, ends_on=LAST, **more)


async def asked(world: World, profile: UUID, who: str = "culture.hr") -> UUID:
    fate = await world.ask(who, asking(world.accounts["health.hr"], level=2), profile)
    assert fate.status == 201, (who, fate.answer)
    assert "Điều 20.4" in fate.answer["citation"]
    return UUID(fate.answer["consent_id"])


async def may_read(world: World, profile: UUID, *, level: int = 1) -> bool:
    """Whether who was named reads the file today, up to that level, by the consents the database gives."""
    reader, today = world.accounts["health.hr"], legal_date(world.now)
    async with transaction(world.tools.engine, world.scope) as connection:
        held = await connection.scalar(text("SELECT hoso_consents(:who)"), {"who": reader})
        law, _ = await world.tools.law(connection, LawOf.authority(world.authority), today)
    actor = Actor(reader, None, world.authority, consents=tuple(consent_of(one) for one in held))
    verdict = may(actor, Verb.READ_PROFILE, Target(world.culture, (world.culture,), profile), today, law)
    return isinstance(verdict, Allowed) and verdict.level >= level


async def in_writing(world: World, profile: UUID) -> None:
    given = asking(world.accounts["health.hr"], level=3, document="8/CV").model_dump()
    assert (await world.ask("culture.head", AllowAccess(**given), profile)).status == 201


@pytest.mark.rule("nd27.art20.4")
async def test_asked_for_given_and_taken_back(world: World) -> None:
    profile = await world.employ()
    await in_writing(world, profile)
    assert not await may_read(world, profile), "the authority's consent alone opens nothing"
    consent = await asked(world, profile)
    assert not await may_read(world, profile)
    again = await world.ask("culture.head", asking(world.accounts["health.hr"]), profile)
    assert again.answer["code"] == "wrong-state", "one question at a time"
    given = await world.ask("person", AnswerConsent(consent_id=consent, given=True), profile)
    assert (given.status, given.answer["state"]) == (200, "given")
    assert await may_read(world, profile, level=2)
    assert not await may_read(world, profile, level=3), "the lower of the two levels counts"
    twice = await world.ask("person", AnswerConsent(consent_id=consent, given=False), profile)
    assert twice.answer["code"] == "wrong-state"
    taken = await world.ask("person", WithdrawConsent(consent_id=consent, reason="xong việc"), profile)
    assert (taken.status, taken.answer["state"]) == (200, "ended")
    assert not await may_read(world, profile)
    row = await world.one("SELECT * FROM access_consents WHERE id = :c", c=consent)
    assert (row.kind, row.state, row.rule_id, row.ended_at) == ("electronic", "ended", RULE, world.now)
    events = await world.rows("SELECT kind FROM events WHERE stream_id = :p ORDER BY number", p=profile)
    told = [row.kind for row in events if row.kind.startswith("consent.")]
    assert told == ["consent.written", "consent.asked", "consent.given", "consent.withdrawn"]
    notices = await world.rows(
        "SELECT kind, account_id = :who AS reader FROM notices WHERE kind LIKE 'consent%' ORDER BY 1, 2",
        who=world.accounts["health.hr"],
    )
    assert [tuple(one) for one in notices] == [
        ("consent_asked", False),
        ("consent_ended", False),
        ("consent_ended", True),
        ("consent_given", True),
    ]


RULE = "nd27.art20.4"


@pytest.mark.rule("nd27.art20.4")
async def test_it_ends_by_its_last_day_and_a_refusal_opens_nothing(world: World) -> None:
    profile = await world.employ()
    await in_writing(world, profile)
    refused = AnswerConsent(consent_id=await asked(world, profile), given=False, reason="không cần thiết")
    assert (await world.ask("person", refused, profile)).answer["state"] == "refused"
    assert not await may_read(world, profile)
    consent = await asked(world, profile)
    await world.ask("person", AnswerConsent(consent_id=consent, given=True), profile)
    for days, open_ in ((0, True), (10, True), (11, False)):
        world.now = START + timedelta(days=days)
        assert await may_read(world, profile) is open_, days


async def test_whoever_answers_for_the_file_asks_and_the_person_alone_answers(world: World) -> None:
    subjects = await cast(world)
    profile, left = subjects["profile"], [uuid4() for _ in PEOPLE]
    for who in PEOPLE:
        fate = await world.ask(who, asking(left.pop()), profile)
        assert fate.status == (404 if who in ASKERS else 403), (who, fate.answer)
        assert fate.answer["code"] in ("not-found", "not-permitted")
    consent = await asked(world, profile)
    for body in (AnswerConsent(consent_id=consent, given=True), WithdrawConsent(consent_id=consent)):
        for who in PEOPLE:
            if who != "person":
                fate = await world.ask(who, body, profile)
                assert (fate.status, fate.answer["code"]) == (403, "not-permitted"), (who, body.verb)
        assert (await world.ask("person", body, profile)).status == 200, body.verb
