"""Installing an authority: what it records, and that repeating it changes nothing."""

import asyncio
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from models.calendar import Calendar
from models.database import Scope, transaction
from models.record.install import install_authority
from models.record.law_of import LawOf
from models.record.write import GENESIS, event_hash
from models.regulations import NoLawInForce, Trial, TrialRefused, in_force, resolved
from tests.conftest import Database

from .conftest import NOW, Desk, install, tools_for

HASHED = (
    *("stream_id", "number", "kind", "at", "actor_id", "actor_role"),
    *("rule_id", "citation", "rule_set_hash", "facts"),
)


async def test_law_and_calendar_are_stored_under_their_hash_from_their_own_dates(desk: Desk) -> None:
    rows = await desk.rows("SELECT hash, valid_from FROM rule_sets ORDER BY valid_from")
    assert [(r.valid_from, r.hash) for r in rows] == [(day, law.hash) for day, law in resolved("hanoi")]
    assert rows[0].valid_from == date(2024, 11, 29)
    async with transaction(desk.tools.engine, Scope(desk.authority, everything=True)) as connection:
        law, calendar = await desk.tools.law(connection, LawOf.authority(desk.authority), date(2025, 9, 15))
    assert law.hash == in_force("hanoi", date(2025, 9, 15)).hash
    assert calendar.hash == Calendar.seed().hash


async def test_before_the_regulation_there_is_no_law(desk: Desk) -> None:
    async with transaction(desk.tools.engine, Scope(desk.authority, everything=True)) as connection:
        with pytest.raises(LookupError):
            await desk.tools.law(connection, LawOf.authority(desk.authority), date(2024, 11, 28))


async def test_the_acts_are_chained_events_of_the_authority(desk: Desk) -> None:
    events = await desk.rows("SELECT * FROM events WHERE stream_id = :id ORDER BY number", id=desk.authority)
    # As issued, from the days on which offices it names ended, and from the law on personal data.
    loaded = ["rules.loaded"] * 4
    assert [e.kind for e in events] == ["authority.installed", *loaded, "calendar.loaded"]
    before = GENESIS
    for event in events:
        content = {name: getattr(event, name) for name in HASHED}
        assert event.previous_hash == before
        assert event.hash == event_hash(before, content)
        before = event.hash


async def test_installing_again_records_nothing(desk: Desk) -> None:
    again = await install_authority(
        desk.tools, code="hanoi", name="X", national_code="H26", document="other", now=NOW
    )
    assert again.authority_id == desk.authority
    assert again.root_agency_id == desk.installed.root_agency_id
    assert again.events == 0
    assert await desk.count("events") == 6
    assert (await desk.one("SELECT name FROM authorities")).name != "X"


async def test_two_installers_at_once_install_one_authority(database: Database, tmp_path: Path) -> None:
    _, tools = tools_for(database, tmp_path)
    first, second = await asyncio.gather(install(tools), install(tools))
    assert (first.authority_id, first.root_agency_id) == (second.authority_id, second.root_agency_id)
    assert sorted([first.events, second.events]) == [0, 6]
    await tools.engine.dispose()


async def test_an_authority_without_regulation_is_not_installed(desk: Desk) -> None:
    with pytest.raises(NoLawInForce):
        await install_authority(
            desk.tools, code="atlantis", name="X", national_code="X", document="d", now=NOW
        )
    assert await desk.count("authorities") == 1


TRIAL = Trial(drafts=("phu_yen_2024",), document="QĐ 01/QĐ-SNV thử nghiệm dự thảo", starts=NOW.date())
PHU_YEN = {
    "code": "phu_yen",
    "name": "UBND tỉnh Phú Yên",
    "national_code": "H45",
    "document": "QĐ 02/QĐ-UBND",
}


async def test_a_draft_is_never_law_by_default(desk: Desk) -> None:
    with pytest.raises(NoLawInForce):
        await install_authority(desk.tools, **PHU_YEN, now=NOW)
    assert await desk.count("authorities") == 1


async def test_a_draft_is_run_on_trial_by_a_recorded_act_of_its_own(desk: Desk) -> None:
    made = await install_authority(desk.tools, **PHU_YEN, now=NOW, trial=TRIAL)
    async with transaction(desk.tools.engine, Scope(made.authority_id, everything=True)) as connection:
        law, _ = await desk.tools.law(connection, LawOf.authority(made.authority_id), NOW.date())
        with pytest.raises(LookupError):
            await desk.tools.law(
                connection, LawOf.authority(made.authority_id), NOW.date() - timedelta(days=1)
            )
        found = await connection.execute(
            text("SELECT kind, facts FROM events WHERE stream_id = :id ORDER BY number"),
            {"id": made.authority_id},
        )
        kinds: dict[str, Any] = {}
        for row in found:  # the first of each kind: a later day of the national law below loads it again
            kinds.setdefault(row.kind, row.facts)
    assert law.drafts == ("phu_yen_2024",)
    duty = law.slot("update_after_change")
    assert duty is not None
    assert duty.citation.startswith("Dự thảo Quy chế")
    assert list(kinds) == ["authority.installed", "rules.trial_began", "calendar.loaded"]
    assert kinds["rules.trial_began"] == {
        "hash": law.hash,
        "valid_from": NOW.date().isoformat(),
        "document": TRIAL.document,
        "drafts": ["phu_yen_2024"],
    }
    again = await install_authority(desk.tools, **PHU_YEN, now=NOW, trial=TRIAL)
    assert (again.authority_id, again.events) == (made.authority_id, 0)


async def test_a_trial_never_displaces_law_in_force(desk: Desk) -> None:
    for drafts in (["hanoi_2024"], ["phu_yen_2024"], ["atlantis_1999"]):
        trial = TRIAL.model_copy(update={"drafts": tuple(drafts)})
        with pytest.raises(TrialRefused):
            await install_authority(
                desk.tools, code="hanoi", name="X", national_code="H26", document="d", now=NOW, trial=trial
            )
    assert await desk.count("events") == 6


async def test_what_was_loaded_cannot_be_deleted(desk: Desk) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        await desk.rows("DELETE FROM rule_sets")
