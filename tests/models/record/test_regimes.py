"""A part of the tree under another managing authority's regulation: before its day, on it, after it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from activities.batches.opening import Opening, open_list
from models.calendar import legal_date, start_of_day
from models.command_reorganisation import DraftReorganisation
from models.commands import AcceptTransfer, GiveNotice
from models.database import engine_for, transaction
from models.errors import RefusedError
from models.lifecycle.reorganisation import Running
from models.lifecycle.switching import running
from models.record.basis import basis_of
from models.record.law_of import LawOf
from models.record.lawmaking import Warrant, carry_out, loading, preview
from models.record.loads import Load, load_regime
from models.record.months import dates_of
from models.record.recompute import recompute
from models.record.regimes import fault_of
from models.regulations import Deadline, RuleSet, in_force, load_policy, seed
from tests.models.record.plans import do, drafted, plan
from tests.models.record.test_reorganised_day import carried_out, seen
from tests.world import World, build, tools_for

NOW = datetime(2025, 12, 3, 3, 0, tzinfo=UTC)
"""Wednesday 3 December 2025, 10:00 in Viet Nam."""
HANOI, BINH_DINH, PHU_YEN = "hanoi.art6.3", "binh_dinh.II.1.b.upd", "phu_yen.art18.2"
MOVE: dict[str, Any] = {"op": "move_authority", "unit": "H26.02.01"}
"""The museum, below the department of culture."""


@pytest.fixture
async def world(module_database: Any, tmp_path: Path) -> AsyncIterator[World]:
    engine = engine_for(module_database.url("worker"), pool_size=4)
    yield await build(tools_for(engine, tmp_path), NOW, second=True)
    await engine.dispose()


async def noticed(world: World, profile: UUID) -> Any:
    """A change the agency tells of today, and the duty that it opens."""
    notice = GiveNotice(kind="salary", document="7/QĐ", changed_on=legal_date(world.now))
    done = await world.ask("culture.hr", notice, profile)
    assert done.status == 201, done.answer
    return await world.one(
        "SELECT * FROM duties WHERE profile_id = :p AND slot = 'update_after_change'"
        " ORDER BY opened_at DESC, id LIMIT 1",
        p=profile,
    )


async def law_of(world: World, agency: UUID, on: date | None = None) -> RuleSet:
    """As every caller asks for it."""
    async with transaction(world.tools.engine, world.scope) as connection:
        whose = LawOf.unit(world.authority, agency)
        return (await world.tools.law(connection, whose, on or legal_date(world.now)))[0]


async def test_another_regulation_binds_the_subtree_from_its_day(world: World) -> None:
    one = await world.employ(agency=world.museum)
    other, beside = await world.employ(agency=world.museum), await world.employ()
    before = await noticed(world, one)
    assert (before.rule_id, before.due_on) == (HANOI, date(2025, 12, 10))  # five working days
    tree = await seen(world)
    case = await drafted(world, {**MOVE, "regulation": "binh_dinh"}, days=1)
    on = legal_date(world.now) + timedelta(days=1)
    assert (await law_of(world, world.museum)).authority == "hanoi"
    await carried_out(world, case)

    # The day before, the day itself; above it and beside it.
    assert (await law_of(world, world.museum, on - timedelta(days=1))).authority == "hanoi"
    assert (await law_of(world, world.museum, on)).authority == "binh_dinh"
    assert (await law_of(world, world.culture, on)).authority == "hanoi"

    # What ran keeps its basis and its date, and says why.
    kept = await world.one("SELECT * FROM duties WHERE id = :d", d=before.id)
    assert (kept.rule_id, kept.due_on, kept.rule_set_hash) == (HANOI, before.due_on, before.rule_set_hash)
    told = await world.one(
        "SELECT * FROM events WHERE stream_id = :p AND kind = 'duty.kept' AND facts ->> 'duty' = :d",
        p=one,
        d=str(before.id),
    )
    assert told.facts["rule"] == {"duties": "keep", "by": "policy", "citation": None}
    assert (told.facts["regime"], told.citation) == ("binh_dinh", before.citation)
    whole = await world.rows("SELECT facts FROM events WHERE kind = 'profile.regime_changed'")
    assert len(whole) == 2
    notices = await world.rows("SELECT account_id FROM notices WHERE kind = 'regime_changed'")
    people = [line.account_id for line in notices]
    assert len(people) == len(set(people)) == 2, "one for each person, none for the unit beside its own"
    (unit,) = await world.rows(
        "SELECT agency_id, role, facts FROM notices WHERE kind = 'reorganisation_done'"
    )
    assert (unit.agency_id, unit.role) == (world.culture, "hr_officer"), "whoever works on its personnel"
    assert (unit.facts["agency"], unit.facts["arrived"]) == (str(world.museum), 0), "nobody came, all stayed"
    assert (unit.facts["regime"], unit.facts["rule"]["duties"]) == ("binh_dinh", "keep")

    # What begins is under the new one; for whoever is not below, under the old one.
    there, here = await noticed(world, other), await noticed(world, beside)
    assert (there.rule_id, there.due_on) == (BINH_DINH, date(2025, 12, 9))  # five calendar days
    assert (here.rule_id, here.due_on) == (HANOI, date(2025, 12, 11))
    assert there.rule_set_hash == (await law_of(world, world.museum)).hash

    # Reckoning again moves nobody from one regulation to the other.
    done = await recompute(world.tools, world.authority, world.now)
    assert (done.moved, done.kept) == (0, 0)

    back = await drafted(world, {"op": "restore", "of": str(case)}, days=1)
    await carried_out(world, back)
    assert (await law_of(world, world.museum)).authority == "hanoi"
    assert (await law_of(world, world.museum, on)).authority == "binh_dinh"
    assert (await seen(world))[:2] == tree[:2]
    still = await world.one("SELECT rule_id, due_on FROM duties WHERE id = :d", d=there.id)
    assert (still.rule_id, still.due_on) == (there.rule_id, there.due_on)
    assert (await noticed(world, one)).rule_id == HANOI
    # Taken back in its turn, what was taken back binds again.
    await carried_out(world, await drafted(world, {"op": "restore", "of": str(back)}, days=1))
    assert (await law_of(world, world.museum)).authority == "binh_dinh"


async def test_running_duties_are_reckoned_again_where_the_plan_says_so(world: World) -> None:
    one = await world.employ(agency=world.museum)
    before = await noticed(world, one)
    move = {**MOVE, "regulation": "phu_yen", "drafts": ["phu_yen_2024"], "duties": "rebase"}
    case = await drafted(world, move, days=1)
    await carried_out(world, case)
    law = await law_of(world, world.museum)
    assert law.drafts == ("phu_yen_2024",)

    moved = await world.one("SELECT * FROM duties WHERE id = :d", d=before.id)
    assert (moved.rule_id, moved.rule_set_hash) == (PHU_YEN, law.hash)
    assert moved.citation.startswith("Dự thảo")
    told = await world.one("SELECT facts FROM events WHERE stream_id = :p AND kind = 'duty.moved'", p=one)
    assert told.facts["rule"] == {"duties": "rebase", "by": "plan", "citation": None}
    assert (told.facts["regime"], told.facts["due_before"]) == ("phu_yen", before.due_on.isoformat())
    load = await world.one("SELECT id FROM regime_loads WHERE hash = :h", h=law.hash)
    moves = await world.rows("SELECT duty_id FROM law_moves WHERE load_id = :l", l=load.id)
    assert before.id in {line.duty_id for line in moves}

    # The authority's own loads stay its own.
    own = await world.rows("SELECT hash FROM rule_set_loads WHERE authority_id = :a", a=world.authority)
    assert law.hash not in {line.hash for line in own}

    back = await drafted(world, {"op": "restore", "of": str(case)}, days=1)
    await carried_out(world, back)
    again = await world.one("SELECT rule_id, due_on FROM duties WHERE id = :d", d=before.id)
    assert (again.rule_id, again.due_on) == (HANOI, before.due_on)


async def test_what_runs_goes_over_with_whoever_is_put_under_another_regulation(world: World) -> None:
    one, later = await world.employ(), await world.employ()
    before, kept = await noticed(world, one), await noticed(world, later)
    move = {**MOVE, "regulation": "phu_yen", "drafts": ["phu_yen_2024"], "duties": "rebase"}
    place = {"op": "place", "unit": "H26.02", "to": "H26.02.01", "people": [str(one)]}
    case = await drafted(world, move, place, days=1)
    await carried_out(world, case)
    law = await law_of(world, world.museum)
    moved = await world.one("SELECT * FROM duties WHERE id = :d", d=before.id)
    assert (moved.rule_id, moved.rule_set_hash, moved.agency_id) == (PHU_YEN, law.hash, world.museum)
    told = await world.one("SELECT facts FROM events WHERE stream_id = :p AND kind = 'duty.moved'", p=one)
    assert told.facts["rule"] == {"duties": "rebase", "by": "plan", "citation": None}
    said = await world.one(
        "SELECT facts FROM events WHERE stream_id = :p AND kind = 'profile.reorganised'", p=one
    )
    assert (said.facts["regime"], said.facts["rebased"], said.facts["kept"]) == ("phu_yen", 1, 0)

    # Into a regime that stands already: policy keeps what runs, and each duty says so.
    joins = await drafted(world, {**place, "people": [str(later)]}, days=1)
    await carried_out(world, joins)
    still = await world.one("SELECT * FROM duties WHERE id = :d", d=kept.id)
    assert (still.rule_id, still.due_on, still.agency_id) == (HANOI, kept.due_on, world.museum)
    told = await world.one("SELECT facts FROM events WHERE stream_id = :p AND kind = 'duty.kept'", p=later)
    assert (told.facts["duty"], told.facts["regime"]) == (str(kept.id), "phu_yen")
    notices = await world.rows(
        "SELECT n.kind FROM notices n JOIN accounts a ON a.id = n.account_id WHERE a.profile_id = ANY (:p)"
        " AND n.created_at >= :day",
        p=[one, later],
        day=start_of_day(date.fromisoformat(said.facts["on"])),
    )
    assert [line.kind for line in notices] == ["reorganised", "reorganised"], "one for each of them"

    # Taken back, what was reckoned again is reckoned back.
    await carried_out(world, await drafted(world, {"op": "restore", "of": str(joins)}, days=1))
    await carried_out(world, await drafted(world, {"op": "restore", "of": str(case)}, days=1))
    again = await world.one("SELECT rule_id, due_on, agency_id FROM duties WHERE id = :d", d=before.id)
    assert tuple(again) == (HANOI, before.due_on, world.culture)


async def test_a_transfer_to_a_unit_under_another_regulation_takes_over_what_runs(world: World) -> None:
    move = {**MOVE, "unit": "H26.03", "regulation": "binh_dinh"}
    await carried_out(world, await drafted(world, move, days=1))
    one = await world.employ()
    before = await noticed(world, one)
    transfer = await world.transfer(one)
    begun = await world.one("SELECT max(created_at) AS at FROM notices")
    world.now += timedelta(hours=1)
    done = await world.ask("health.hr", AcceptTransfer(), transfer, subject="transfer")
    assert done.status == 200, done.answer
    duty = await world.one("SELECT * FROM duties WHERE id = :d", d=before.id)
    assert (duty.rule_id, duty.due_on, duty.agency_id) == (HANOI, before.due_on, world.health)
    told = await world.one("SELECT * FROM events WHERE stream_id = :p AND kind = 'duty.kept'", p=one)
    assert told.facts["rule"] == {"duties": "keep", "by": "policy", "citation": None}
    assert (told.facts["duty"], told.facts["regime"]) == (str(before.id), "binh_dinh")
    whole = await world.one(
        "SELECT facts FROM events WHERE stream_id = :p AND kind = 'profile.regime_changed'", p=one
    )
    assert (whole.facts["case"], whole.facts["kept"], whole.facts["rebased"]) == (str(transfer), 1, 0)
    notices = await world.rows(
        "SELECT kind FROM notices WHERE account_id = :a AND created_at > :at ORDER BY kind",
        a=world.accounts["person"],
        at=begun.at,
    )
    assert [line.kind for line in notices].count("regime_changed") == 1
    # What begins there is under the law of there, which has nobody check the own data after a move.
    opened = await world.rows(
        "SELECT slot FROM duties WHERE profile_id = :p AND opened_at = :now", p=one, now=world.now
    )
    assert opened == []
    recomputed = await recompute(world.tools, world.authority, world.now)
    assert (recomputed.moved, recomputed.kept) == (0, 0)


async def test_who_signs_next_is_asked_of_the_law_in_force(world: World) -> None:
    waiting = await world.employ(agency=world.museum, until="review")
    none = await world.rows("SELECT 1 FROM duties WHERE slot = 'review_step' AND profile_id = :p", p=waiting)
    assert not none, "the month's list asks for the signature"
    case = await drafted(world, {**MOVE, "regulation": "moha"}, days=1)
    await carried_out(world, case)
    step = await world.one(
        "SELECT * FROM duties WHERE profile_id = :p AND slot = 'review_step' AND state = 'open'", p=waiting
    )
    # Five working days from the day, by the department: the first step of another chain.
    assert (step.rule_id, step.due_on) == ("moha.art7.2.a.1", date(2025, 12, 11))
    assert step.rule_set_hash == (await law_of(world, world.museum)).hash
    refused = await world.ask("culture.approver", await world.pending(waiting), waiting)
    assert refused.status == 403, "not whom the former law named"

    back = await drafted(world, {"op": "restore", "of": str(case)}, days=1)
    await carried_out(world, back)
    kept = await world.one("SELECT rule_id, due_on, party FROM duties WHERE id = :d", d=step.id)
    assert (kept.rule_id, kept.due_on, kept.party) == (step.rule_id, step.due_on, "approver")
    told = await world.one(
        "SELECT facts FROM events WHERE stream_id = :p AND kind = 'duty.kept' AND facts ->> 'duty' = :d",
        p=waiting,
        d=str(step.id),
    )
    assert (told.facts["party_before"], told.facts["party"]) == (step.party, "approver")


async def test_a_newer_text_of_the_other_regulation_moves_what_stands_under_it_and_nothing_else(
    world: World,
) -> None:
    one, beside = await world.employ(agency=world.museum), await world.employ()
    case = await drafted(world, {**MOVE, "regulation": "binh_dinh"}, days=1)
    await carried_out(world, case)
    there, here = await noticed(world, one), await noticed(world, beside)
    text_ = next(one for one in seed() if one.id == "binh_dinh_2022")
    longer = tuple(
        rule.model_copy(update={"deadline": Deadline(unit="calendar_days", n=8)})
        if rule.id == BINH_DINH
        else rule
        for rule in text_.rules
    )
    newer = loading(text_.model_copy(update={"rules": longer}))
    seen = await preview(world.tools, world.authority, newer)
    assert [one.before.duty.id for one in seen.moves] == [there.id]
    await carry_out(world.tools, world.authority, newer, Warrant("9/QĐ"), world.now)
    done = await recompute(world.tools, world.authority, world.now)
    assert done.moved == 1
    moved = await world.one("SELECT due_on FROM duties WHERE id = :d", d=there.id)
    assert (there.due_on, moved.due_on) == (date(2025, 12, 9), date(2025, 12, 12))
    assert (await world.one("SELECT due_on FROM duties WHERE id = :d", d=here.id)).due_on == here.due_on
    with pytest.raises(RefusedError) as refused:
        await carry_out(world.tools, world.authority, newer, Warrant("9/QĐ"), world.now)
    assert refused.value.refusal.code in ("law-known", "law-not-loadable")


async def test_lists_opened_afterwards_have_the_days_of_their_own_law(world: World) -> None:
    """The agency's list, beside those of agencies under the authority's own law."""
    case = await drafted(world, {**MOVE, "unit": "H26.02", "regulation": "binh_dinh"}, days=1)
    await carried_out(world, case)
    await world.employ(until="review")
    law = in_force("binh_dinh", legal_date(world.now))
    shorter = law.replace("tt06.art7.1", deadline=Deadline(unit="last_n_calendar_days_of_month", n=3))
    load = Load(world.authority, "9/QĐ", world.now)
    async with transaction(world.tools.engine, world.scope) as connection:
        await load_regime(connection, load, "binh_dinh", shorter, date(2026, 1, 1))
        own, theirs, before = [
            await dates_of(connection, world.tools, whose, month)
            for whose, month in (
                (LawOf.authority(world.authority), "2026-01"),
                (LawOf.unit(world.authority, world.museum), "2026-01"),
                (LawOf.unit(world.authority, world.museum), "2025-12"),
            )
        ]
    assert (own.opens_on, theirs.opens_on) == (date(2026, 1, 27), date(2026, 1, 29))
    assert (before.opens_on, before.closes_on) == (date(2025, 12, 27), date(2026, 1, 29))
    opening = Opening(world.tools, world.authority, own, world.now, divided=True)
    for agency in (world.culture, world.health):
        await open_list(opening, agency)
    rows = await world.rows("SELECT agency_id, opens_on FROM agency_months WHERE month = '2026-01'")
    assert {row.agency_id: row.opens_on for row in rows} == {
        world.culture: theirs.opens_on,
        world.health: own.opens_on,
    }


async def test_what_cannot_bind_is_refused_with_its_line(world: World) -> None:
    async def refused(**given: Any) -> tuple[int, str]:
        body = DraftReorganisation(plan=plan(world, {**MOVE, **given, "line": 7}))
        answer = (await do(world, "department", body, uuid4())).answer
        assert answer["code"] == "plan-impossible"
        return answer["extra"]["line"], answer["extra"]["fault"]

    draft = ["phu_yen_2024"]
    assert await refused(regulation="atlantis") == (7, "unknown-regulation")
    assert await refused(regulation="phu_yen") == (7, "regulation-not-in-force")
    assert await refused(regulation="binh_dinh", drafts=draft) == (7, "draft-refused"), "no draft of its own"
    assert await refused(regulation="moha", drafts=["moha_2023"]) == (7, "draft-refused"), "law in force"
    assert await refused(regulation="hanoi", drafts=["hanoi_draft_2024"]) == (7, "draft-refused")
    assert await refused(regulation="binh_dinh", under="K99") == (7, "unknown-unit"), "not of this authority"
    async with transaction(world.tools.engine, world.scope) as connection:
        basis = await basis_of(connection, world.tools.shelf, world.authority)
    law = in_force("moha", NOW.date()).without("moha.art7.1.b").without("tt06.art6.1")
    maimed = replace(basis, regimes={"moha": ((NOW.date(), law),)})  # nobody is given an account any more
    assert fault_of(basis, "moha", (), "1/QĐ", NOW.date()) is None
    assert fault_of(maimed, "moha", (), "1/QĐ", NOW.date()) == "regulation-unfit"


def test_a_rule_of_the_new_text_goes_before_policy_and_the_plan_before_both() -> None:
    policy, law = load_policy(), in_force("binh_dinh", NOW.date())
    assert running(None, law, policy) == Running("keep", "policy")
    assert running("rebase", law, policy) == Running("rebase", "plan")
    said = law.replace("binh_dinh.II.1.c", slot=("running_duties",), items=("rebase",))
    rule = said.slot("running_duties")
    assert rule is not None
    assert running(None, said, policy) == Running("rebase", "rule", rule.citation)
    assert running("keep", said, policy) == Running("keep", "plan")
