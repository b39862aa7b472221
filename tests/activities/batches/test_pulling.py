"""A person's national record, fetched from the emulator's process: kept whole and sealed, or not at all."""

import dataclasses
from datetime import UTC, datetime, timedelta
from secrets import randbelow
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from temporalio.exceptions import ApplicationError

from activities.national.adapter import ItemHeader, NationalGateway
from activities.national.office import NationalOffice, mapping_of
from activities.national.pulling import pull_record
from models.commands import ActivateAccount, CreateAccount, OpenProfile, PullNationalRecord
from models.database import transaction
from models.form import digest
from models.messages import NationalPull, NationalPulled
from models.record.load import content_of
from models.settings import Settings
from tests.activities.national.contract import ELSEWHERE, settle
from tests.forms import COMPLETE
from tests.world import World


@pytest.fixture
def office(settings: Settings, world: World, gateway: NationalGateway) -> NationalOffice:
    return NationalOffice(settings, world.tools, gateway)


@pytest.fixture
def number() -> str:
    """Nobody's number before this test."""
    return f"000{randbelow(10**9):09}"


async def held(office: NationalOffice, number: str, **changes: Any) -> dict[str, Any]:
    """The national database holds somebody under another agency; answers the content."""
    content = {
        **COMPLETE,
        "citizen_id_number": number,
        "managing_authority_id": "H15",
        "employing_unit_id": ELSEWHERE,
        **changes,
    }
    header = ItemHeader(uuid4(), digest(content), datetime(2025, 6, 28, tzinfo=UTC).date(), "ab" * 32)
    assert office.gateway is not None
    item = mapping_of(office.settings, datetime.now(UTC)).item(content, header)
    (result,) = await settle(office.gateway, [item], sender=ELSEWHERE)
    assert result.status == "accepted", result
    return content


async def received(world: World, number: str) -> UUID:
    """A profile that waits for its national record."""
    profile = uuid4()
    body = OpenProfile(
        agency_id=world.culture,
        full_name="Nguyễn Thị Thử",
        personal_id_number=number,
        origin="received_with_national_record",
        event_on=world.now.date(),
        document="7/QĐ-SVH",
    )
    assert (await world.ask("culture.hr", body, profile)).status == 201
    return profile


async def asked(world: World, profile: UUID, who: str = "culture.hr") -> UUID:
    """The command, as far as its act goes: what it answers waits for the record."""
    command = await world.ask(who, PullNationalRecord(), profile)
    assert (command.settled, world.moment.to_pull, world.moment.settled) == (False, True, False)
    return command.id


def pull(world: World, profile: UUID, command: UUID) -> NationalPull:
    return NationalPull(authority_id=world.authority, profile_id=profile, command_id=command, now=world.now)


async def taken(world: World, profile: UUID, command: UUID, pulled: NationalPulled) -> Any:
    """What the workflow does with what was fetched; answers the command's fate."""
    common = {"settles": str(command), "step": str(command)}
    if pulled.record is not None:
        await world.step("complete_pull", profile, **common, record=str(pulled.record))
    else:
        await world.step("fail_pull", profile, **common, reason=pulled.failure)
    return await world.one("SELECT status, answer FROM commands WHERE id = :c", c=command)


async def facts(world: World, profile: UUID) -> Any:
    return await world.one(
        "SELECT (SELECT count(*) FROM revisions WHERE profile_id = :p) AS drafts,"
        " (SELECT count(*) FROM national_records WHERE profile_id = :p) AS records,"
        " (SELECT string_agg(slot, ',' ORDER BY slot) FROM duties WHERE profile_id = :p AND state = 'open')"
        " AS owed",
        p=profile,
    )


@pytest.mark.parametrize("who", ["culture.hr", "department"])
async def test_a_record_is_taken_over(world, office, number, run, emulator, who) -> None:
    content = await held(office, number)
    profile = await received(world, number)
    command = await asked(world, profile, who)
    pulled = await run(office.pull_record, pull(world, profile, command))
    again = await run(office.pull_record, pull(world, profile, command), attempt=2)
    assert pulled.record is not None
    assert again == pulled, "a second attempt finds what the first has kept"
    row = await world.one("SELECT * FROM national_records WHERE profile_id = :p", p=profile)
    assert (row.held_by, row.status, row.state) == ("H15", "in_service", "fetched")
    assert number.encode() not in bytes(row.sealed)

    settled = await taken(world, profile, command, pulled)
    assert (settled.status, settled.answer["late_days"]) == (200, 0)
    assert settled.answer["no_redeclaration"].endswith("Điều 4")
    assert "Điều 12.2 mục 2.2.b" in settled.answer["citation"]
    assert "Điều 11.1.b" in settled.answer["citation"]
    assert number not in str(settled.answer)
    draft = await world.one(
        "SELECT id, number, digest, state FROM revisions WHERE profile_id = :p", p=profile
    )
    assert (draft.number, draft.state) == (1, "draft")
    async with transaction(world.tools.engine, world.scope) as connection:
        made = await content_of(connection, world.tools, world.authority, draft.id)
    assert digest(made) == draft.digest
    assert made["citizen_id_number"] == number
    assert "employing_unit_id" not in made
    assert set(settled.answer["filled"]) == set(made) <= set(content)
    assert (await facts(world, profile)).owed is None
    # Once more, as after a crash between the commit and the engine's knowing: nothing happens twice.
    events = await world.rows("SELECT 1 FROM events WHERE profile_id = :p", p=profile)
    await taken(world, profile, command, pulled)
    assert await world.rows("SELECT 1 FROM events WHERE profile_id = :p", p=profile) == events
    repeated = await world.ask("culture.hr", PullNationalRecord(), profile)
    assert (repeated.status, repeated.answer["code"]) == (409, "wrong-state")


async def test_what_the_person_entered_is_kept_and_named(world, office, number, run) -> None:
    await held(office, number, contact_phone="0900000001")
    profile = await received(world, number)
    mine = {"contact_phone": "0911111111", "gender": COMPLETE["gender"]}
    body = CreateAccount(login=profile.hex[:12], password_hash="x")
    made_account = await world.ask("culture.hr", body, profile)
    world.accounts["person"] = UUID(made_account.answer["account_id"])
    assert (await world.ask("person", ActivateAccount(password_hash="y"), profile)).status == 200
    assert "intake_pull" in (await facts(world, profile)).owed, "an account does not stand for the record"
    revision, before = await world.draft(profile, mine)
    command = await asked(world, profile)
    pulled = await run(office.pull_record, pull(world, profile, command))
    settled = await taken(world, profile, command, pulled)
    assert settled.answer["kept"] == ["contact_phone"]
    draft = await world.one("SELECT id, digest FROM revisions WHERE profile_id = :p", p=profile)
    assert draft.id == revision
    assert draft.digest != before
    async with transaction(world.tools.engine, world.scope) as connection:
        made = await content_of(connection, world.tools, world.authority, draft.id)
    assert made["contact_phone"] == "0911111111"
    told = await world.one("SELECT account_id, facts FROM notices WHERE kind = 'draft_prefilled'")
    assert (told.account_id, told.facts["kept"]) == (world.accounts["person"], 1)


async def test_whom_nobody_holds_is_received_without_a_record(world, office, number, run) -> None:
    profile = await received(world, number)
    command = await asked(world, profile)
    pulled = await run(office.pull_record, pull(world, profile, command))
    assert pulled.failure == "no-national-record"
    settled = await taken(world, profile, command, pulled)
    assert (settled.status, settled.answer["code"]) == (404, "no-national-record")
    after = await facts(world, profile)
    assert (after.drafts, after.records, after.owed) == (0, 0, "intake_account")


@pytest.mark.parametrize(
    ("switches", "failure", "notice"),
    [
        ({"lookup_matches": 2}, "several-national-records", None),
        ({"keys_revoked": True}, "national-refused", "national_key_revoked"),
        ({"done_but_broken_next": 1}, "national-answer-broken", "national_answer_broken"),
        ({"maintenance_until": "set"}, "national-maintenance", "national_maintenance"),
    ],
)
async def test_a_failure_is_a_clear_answer_and_nothing_is_half_done(
    world, office, number, run, emulator, switches, failure, notice
) -> None:
    await held(office, number)
    profile = await received(world, number)
    command = await asked(world, profile)
    until = datetime.now(UTC) + timedelta(hours=3)
    if "maintenance_until" in switches:
        switches = {"maintenance_until": until.isoformat()}
    emulator.faults(**switches)
    pulled = await run(office.pull_record, pull(world, profile, command))
    assert (pulled.failure, pulled.record) == (failure, None)
    if failure == "national-maintenance":
        assert abs(datetime.fromisoformat(pulled.until) - until) < timedelta(seconds=5)
    settled = await taken(world, profile, command, pulled)
    assert settled.answer["code"] == failure
    after = await facts(world, profile)
    assert (after.drafts, after.records, after.owed) == (0, 0, "intake_pull")
    told = await world.rows("SELECT kind FROM notices WHERE role = 'administrator'")
    assert [n.kind for n in told] == ([notice] if notice else [])
    # Once the other side is well again, the same matter goes through with a new command.
    emulator.admin("DELETE", "/faults")
    second = await asked(world, profile)
    better = await run(office.pull_record, pull(world, profile, second))
    assert (await taken(world, profile, second, better)).status == 200


async def test_no_answer_is_asked_for_again_and_then_said(world, office, number, run, emulator) -> None:
    profile = await received(world, number)
    command = await asked(world, profile)
    emulator.faults(server_error_percent=100)
    for attempt in (1, 2):
        with pytest.raises(ApplicationError) as caught:
            await run(office.pull_record, pull(world, profile, command), attempt=attempt)
        assert caught.value.type == "UnreachableError"
    last = await run(office.pull_record, pull(world, profile, command), attempt=3)
    assert last.failure == "national-unreachable"


async def test_a_value_that_cannot_be_read_is_named_and_nothing_is_kept(world, office, number, run) -> None:
    await held(office, number)
    profile = await received(world, number)
    command = await asked(world, profile)
    mapping = mapping_of(office.settings, datetime.now(UTC))

    def strict(_value: Any) -> Any:
        raise ValueError("not ours")

    links = tuple(
        dataclasses.replace(one, change=dataclasses.replace(one.change, back=strict))
        if one.ours == ("gender",)
        else one
        for one in mapping.links
    )
    unread = dataclasses.replace(mapping, links=links)

    async def fetch(given: NationalPull) -> NationalPulled:
        return await pull_record(world.tools, office.gateway, unread, given)

    pulled = await run(fetch, pull(world, profile, command))
    assert pulled.failure == "national-record-unreadable"
    assert pulled.path
    assert (await facts(world, profile)).records == 0


async def test_without_a_connection_or_a_number_nothing_is_asked(
    world, office, number, run, settings
) -> None:
    await held(office, number)
    profile = await received(world, number)
    command = await asked(world, profile)
    alone = NationalOffice(settings, world.tools, None)
    assert (await run(alone.pull_record, pull(world, profile, command))).failure == "national-not-configured"
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(
            text("UPDATE profiles SET id_number_index = :i WHERE id = :p"), {"i": b"x" * 32, "p": profile}
        )
    lost = await run(office.pull_record, pull(world, profile, command))
    assert lost.failure == "no-personal-number"
