"""Acts on accounts: roles granted and taken back; accounts opened, handed over, suspended, closed."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from models.calendar import legal_date
from models.command_accounts import (
    CloseAccount,
    EndSessions,
    ExtendGrant,
    GrantRole,
    HandOverAccount,
    IssuePassword,
    OpenAgencyAccount,
    ResetSecondFactor,
    RestrictGrant,
    ResumeAccount,
    RevokeGrant,
    SuspendAccount,
)
from models.command_exports import ExportDossier
from models.command_merging import ApproveProfileMerge, ProposeProfileMerge, WithdrawProfileMerge
from models.command_sessions import OpenExportSigning
from models.commands import Approve, Body
from models.record.commands import Fate
from tests.world import World

DOCUMENT = "45/ĐN-SVH"
WHY = {"document": DOCUMENT, "reason": "theo đề nghị"}


async def do(world: World, who: str, body: Body, account: UUID | str) -> Fate:
    account_id = world.accounts[account] if isinstance(account, str) else account
    return await world.ask(who, body, account_id, subject="account")


def role(world: World, name: str = "approver", **given: Any) -> GrantRole:
    day = legal_date(world.now)
    known = {"agency_id": world.culture, "valid_from": day, "document": DOCUMENT, **given}
    return GrantRole(role=name, **known)


def refusal(fate: Fate) -> tuple[int | None, str]:
    return fate.status, (fate.answer or {}).get("code", "")


async def grants(world: World, account: str) -> list[Any]:
    return await world.rows(
        "SELECT * FROM grants WHERE account_id = :a ORDER BY valid_from, id", a=world.accounts[account]
    )


async def events(world: World, account: UUID) -> list[Any]:
    return await world.rows("SELECT * FROM events WHERE stream_id = :a ORDER BY number", a=account)


# --- roles


@pytest.mark.rule("hanoi.art19.4")
async def test_the_department_grants_on_a_written_request(world: World) -> None:
    done = await do(world, "department", role(world), "culture.hr")
    assert done.status == 201, done.answer
    (_, made) = await grants(world, "culture.hr")
    assert (made.role, made.document, made.valid_to) == ("approver", DOCUMENT, None)
    (event,) = await events(world, world.accounts["culture.hr"])
    assert event.kind == "role.granted"
    assert (event.facts["role"], event.facts["document"]) == ("approver", DOCUMENT)
    assert event.actor_id == world.accounts["department"]
    assert "Điều 19.4" in event.citation
    notice = await world.one("SELECT * FROM notices WHERE account_id = :a", a=world.accounts["culture.hr"])
    assert (notice.kind, notice.facts["role"]) == ("role_granted", "approver")


@pytest.mark.rule("hanoi.art18.1")
async def test_an_agency_grants_what_is_its_own(world: World) -> None:
    done = await do(world, "culture.head", role(world), "culture.hr")
    assert done.status == 201, done.answer
    (event,) = await events(world, world.accounts["culture.hr"])
    assert "Điều 18.1" in event.citation


@pytest.mark.parametrize(
    ("who", "to", "given", "code"),
    [
        ("culture.head", "culture.head", {}, "own-approval"),
        ("culture.head", "health.hr", {}, "not-permitted"),
        ("culture.head", "culture.hr", {"name": "head"}, "not-permitted"),
        ("culture.head", "culture.hr", {"name": "administrator"}, "not-permitted"),
        ("culture.head", "culture.hr", {"agency": "health"}, "not-permitted"),
        ("culture.hr", "culture.approver", {}, "not-permitted"),
        ("culture.approver", "culture.hr", {}, "not-permitted"),
        ("department", "culture.hr", {"name": "administrator"}, "not-permitted"),
        ("department.head", "culture.hr", {}, "not-permitted"),
    ],
)
async def test_who_may_not_grant(world: World, who: str, to: str, given: dict[str, str], code: str) -> None:
    given = dict(given)
    agency = {"agency_id": getattr(world, given.pop("agency", "culture"))}
    fate = await do(world, who, role(world, **given, **agency), to)
    assert refusal(fate) == (403, code)


async def test_what_cannot_be_granted(world: World) -> None:
    day = legal_date(world.now)
    cases = [
        (role(world, "nothing"), (403, "not-permitted")),
        (role(world, "official"), (403, "not-permitted")),
        (role(world, valid_from=day - timedelta(days=1)), (422, "period-invalid")),
        (role(world, valid_to=day), (422, "period-invalid")),
        (role(world, agency_id=uuid4()), (422, "unknown-agency")),
        (role(world, "hr_officer"), (409, "role-held")),
    ]
    for body, expected in cases:
        assert refusal(await do(world, "admin", body, "culture.hr")) == expected, body


async def test_restricted_extended_revoked(world: World) -> None:
    day = legal_date(world.now)
    made = await do(world, "admin", role(world, valid_to=day + timedelta(days=60)), "culture.hr")
    grant = UUID(made.answer["grant_id"])

    async def ends(fate: Fate) -> Any:
        assert fate.status == 200, fate.answer
        return (await world.one("SELECT valid_to FROM grants WHERE id = :g", g=grant)).valid_to

    paper = {"grant_id": grant, "document": DOCUMENT}
    month = day + timedelta(days=30)
    assert await ends(await do(world, "admin", RestrictGrant(valid_to=month, **paper), "culture.hr")) == month
    longer = RestrictGrant(valid_to=month + timedelta(days=1), **paper)
    assert refusal(await do(world, "admin", longer, "culture.hr")) == (422, "period-invalid")
    past = RestrictGrant(valid_to=day - timedelta(days=1), **paper)
    assert refusal(await do(world, "admin", past, "culture.hr")) == (422, "period-invalid")
    shorter = ExtendGrant(valid_to=month, **paper)
    assert refusal(await do(world, "admin", shorter, "culture.hr")) == (422, "period-invalid")
    year = day + timedelta(days=365)
    assert await ends(await do(world, "admin", ExtendGrant(valid_to=year, **paper), "culture.hr")) == year
    assert await ends(await do(world, "admin", ExtendGrant(**paper), "culture.hr")) is None
    gone = RevokeGrant(grant_id=grant, **WHY)
    assert await ends(await do(world, "admin", gone, "culture.hr")) == day
    assert refusal(await do(world, "admin", gone, "culture.hr")) == (404, "not-found")
    told = [one.kind for one in await events(world, world.accounts["culture.hr"])]
    extended = ["role.extended", "role.extended"]
    assert told == ["role.granted", "role.restricted", *extended, "role.revoked"]


async def test_narrowed_to_an_agency_below(world: World) -> None:
    day = legal_date(world.now)
    made = await do(world, "admin", role(world), "culture.hr")
    paper = {"grant_id": UUID(made.answer["grant_id"]), "document": DOCUMENT}
    beside = RestrictGrant(agency_id=world.health, **paper)
    assert refusal(await do(world, "admin", beside, "culture.hr")) == (422, "not-below")
    done = await do(world, "admin", RestrictGrant(agency_id=world.museum, **paper), "culture.hr")
    assert done.status == 200, done.answer
    held = {one.agency_id: one for one in await grants(world, "culture.hr") if one.role == "approver"}
    assert held[world.culture].valid_to == day
    assert (held[world.museum].valid_from, held[world.museum].valid_to) == (day, None)


async def test_a_grant_carries_the_level_its_holder_sees_to(world: World) -> None:
    """By whoever sees that much themselves; lowered in place, so that nothing else ends with it."""
    made = await do(world, "department", role(world, "sync_agent", level=4), "culture.hr")
    assert made.status == 201, made.answer
    too_much = role(world, "auditor", level=3, agency_id=world.department)
    assert refusal(await do(world, "admin", too_much, "culture.hr")) == (403, "level-not-held")
    grant = UUID(made.answer["grant_id"])
    paper = {"grant_id": grant, "document": DOCUMENT}
    same = RestrictGrant(level=4, **paper)
    assert refusal(await do(world, "admin", same, "culture.hr")) == (422, "level-not-lower")
    done = await do(world, "admin", RestrictGrant(level=2, **paper), "culture.hr")
    assert done.status == 200, done.answer
    (row,) = [one for one in await grants(world, "culture.hr") if one.role == "sync_agent"]
    assert (row.id, row.level, row.valid_to) == (grant, 2, None)
    below = await do(world, "admin", RestrictGrant(agency_id=world.museum, **paper), "culture.hr")
    assert below.status == 200, below.answer
    held = {one.agency_id: one for one in await grants(world, "culture.hr") if one.role == "sync_agent"}
    assert held[world.museum].level == 2, "the level goes along"
    told = [one.facts.get("level") for one in await events(world, world.accounts["culture.hr"])]
    assert told == ["4", "2", None]


async def test_nobody_approves_what_the_grant_withholds_from_them(world: World) -> None:
    """The level is read where facts change, from the same row."""
    profile = await world.employ(until="review")
    approver = world.accounts["culture.approver"]
    (held,) = [one for one in await grants(world, "culture.approver") if one.role == "approver"]
    less = RestrictGrant(grant_id=held.id, level=2, document=DOCUMENT)
    assert (await do(world, "admin", less, approver)).status == 200
    pending = await world.one(
        "SELECT r.id, r.digest FROM revisions r JOIN profiles p ON p.pending_revision_id = r.id"
        " WHERE p.id = :p",
        p=profile,
    )
    body = Approve(revision_id=pending.id, digest=pending.digest)
    assert refusal(await world.ask("culture.approver", body, profile)) == (403, "field-withheld")


async def test_nobody_takes_out_or_merges_what_the_grant_withholds_from_them(world: World) -> None:
    """An export is the whole file, whoever's key signs it; and so is what becomes of two files."""
    profile, twin = await world.employ(), await world.employ()
    why = {"purpose": "kiểm tra", "recipient": "Thanh tra"}
    taken: tuple[Body, ...] = (ExportDossier(**why), OpenExportSigning(certificate_id=uuid4(), **why))
    proposed = ProposeProfileMerge(survivor_id=twin, document="1/ĐN", reason="mở trùng")
    asked = await world.ask("culture.hr", proposed, profile)
    assert asked.status == 201, asked.answer
    merge = UUID((asked.answer or {})["merge_id"])
    back = WithdrawProfileMerge(merge_id=merge, reason="xem lại")
    decision = ApproveProfileMerge(merge_id=merge, document="2/QĐ")
    for who, role_held in (("culture.head", "head"), ("culture.hr", "hr_officer")):
        (held,) = [one for one in await grants(world, who) if one.role == role_held]
        less = RestrictGrant(grant_id=held.id, level=2, document=DOCUMENT)
        assert (await do(world, "admin", less, who)).status == 200
        for body in taken:
            assert refusal(await world.ask(who, body, profile)) == (403, "field-withheld"), body.verb
    for who, merging in (("culture.head", decision), ("culture.hr", back), ("culture.hr", proposed)):
        assert refusal(await world.ask(who, merging, profile)) == (403, "field-withheld"), merging.verb


async def test_a_role_holds_and_falls_at_once(world: World) -> None:
    """The next act of the account is judged by what was granted or taken back a moment before."""
    profile = await world.employ(until="review")
    approve = await world.pending(profile)
    before = await world.ask("health.hr", approve, profile)
    assert refusal(before)[0] in (403, 404)
    made = await do(world, "admin", role(world), "health.hr")
    gone = RevokeGrant(grant_id=UUID(made.answer["grant_id"]), **WHY)
    assert (await do(world, "admin", gone, "health.hr")).status == 200
    assert refusal(await world.ask("health.hr", approve, profile)) == (403, "not-permitted")
    await do(world, "admin", role(world), "health.hr")
    assert (await world.ask("health.hr", approve, profile)).settled is False


# --- accounts


def opening(world: World, agency: UUID, login: str) -> OpenAgencyAccount:
    return OpenAgencyAccount(
        agency_id=agency,
        login=f"{login}-{world.authority.hex[:6]}",
        display_name="Phòng Tổ chức",
        document=DOCUMENT,
        password_hash="x",
    )


@pytest.mark.rule("hanoi.art9.1.a")
async def test_the_department_opens_accounts_at_the_top(world: World) -> None:
    account = uuid4()
    done = await do(world, "department", opening(world, world.health, "yte.moi"), account)
    assert done.status == 201, done.answer
    row = await world.one("SELECT * FROM accounts WHERE id = :a", a=account)
    assert (row.kind, row.state, row.agency_id) == ("agency", "default_password", world.health)
    days = world.tools.policy.accounts.one_time_hours / 24
    assert row.one_time_until == world.now + timedelta(days=days)
    (event,) = await events(world, account)
    assert (event.kind, event.facts["document"]) == ("account.opened", DOCUMENT)
    assert "Điều 9.1.a" in event.citation
    taken = await do(world, "department", opening(world, world.health, "yte.moi"), uuid4())
    assert refusal(taken) == (409, "duplicate-login")


@pytest.mark.rule("hanoi.art9.2")
async def test_a_top_agency_opens_accounts_of_its_units(world: World) -> None:
    account = uuid4()
    done = await do(world, "culture.head", opening(world, world.museum, "baotang"), account)
    assert done.status == 201, done.answer
    (event,) = await events(world, account)
    assert "Điều 9.2" in event.citation
    for who, agency in (("department", world.museum), ("admin", world.museum)):
        fate = await do(world, who, opening(world, agency, "khac"), uuid4())
        assert refusal(fate) == (403, "not-competent")
        assert "Điều 9.2" in (fate.answer or {})["citation"]
    foreign = await do(world, "health.hr", opening(world, world.museum, "khac"), uuid4())
    assert refusal(foreign) == (403, "not-permitted")
    nowhere = await do(world, "admin", opening(world, uuid4(), "khac"), uuid4())
    assert refusal(nowhere) == (422, "unknown-agency")


@pytest.mark.rule("hanoi.art3.6")
async def test_handed_over_the_former_holder_is_out(world: World) -> None:
    account = world.accounts["culture.hr"]
    await session_of(world, account)
    body = HandOverAccount(display_name="Người Mới", document=DOCUMENT, password_hash="h")
    assert (await do(world, "culture.head", body, "culture.hr")).status == 200
    row = await world.one("SELECT * FROM accounts WHERE id = :a", a=account)
    assert (row.display_name, row.state, row.password_hash) == ("Người Mới", "default_password", "h")
    assert await world.rows("SELECT 1 FROM sessions WHERE account_id = :a", a=account) == []
    (event,) = await events(world, account)
    assert event.kind == "account.handed_over"
    assert "Điều 3.6" in event.citation
    told = await world.one("SELECT * FROM notices WHERE kind = 'account_handed_over'")
    assert (told.agency_id, told.role) == (world.department, "department_officer")


async def test_suspended_and_resumed(world: World) -> None:
    account = world.accounts["culture.approver"]
    await session_of(world, account)
    profile = await world.employ(until="review")
    approve = await world.pending(profile)
    stop = SuspendAccount(**WHY)
    assert (await do(world, "culture.hr", stop, "culture.approver")).status == 200
    assert await world.rows("SELECT 1 FROM sessions WHERE account_id = :a", a=account) == []
    assert refusal(await world.ask("culture.approver", approve, profile)) == (403, "not-permitted")
    assert refusal(await do(world, "culture.hr", stop, "culture.approver")) == (409, "wrong-state")
    again = ResumeAccount(document=DOCUMENT)
    assert (await do(world, "culture.hr", again, "culture.approver")).status == 200
    assert refusal(await do(world, "culture.hr", again, "culture.approver")) == (409, "wrong-state")
    assert (await world.ask("culture.approver", approve, profile)).settled is False


async def test_a_suspended_account_manages_nobody(world: World) -> None:
    await do(world, "admin", SuspendAccount(**WHY), "culture.head")
    assert refusal(await do(world, "culture.head", role(world), "culture.hr")) == (403, "not-permitted")


async def test_closed_for_good(world: World) -> None:
    day = legal_date(world.now)
    assert (await do(world, "admin", CloseAccount(**WHY), "culture.hr_head")).status == 200
    row = await world.one("SELECT * FROM accounts WHERE id = :a", a=world.accounts["culture.hr_head"])
    assert (row.state, row.password_hash) == ("cancelled", "!")
    assert [one.valid_to for one in await grants(world, "culture.hr_head")] == [day]
    for body in (ResumeAccount(document="x"), role(world), IssuePassword(document="x")):
        assert refusal(await do(world, "admin", body, "culture.hr_head")) == (409, "wrong-state")


async def test_personal_accounts_go_by_the_profile(world: World) -> None:
    await world.employ()
    for body in (IssuePassword(document="x"), CloseAccount(**WHY)):
        assert refusal(await do(world, "admin", body, "person")) == (409, "wrong-state")


async def test_sessions_and_second_factor_by_a_recorded_act(world: World) -> None:
    account = world.accounts["culture.approver"]
    one, _ = await session_of(world, account), await session_of(world, account)
    single = EndSessions(session_id=one, **WHY)
    assert (await do(world, "admin", single, "culture.approver")).status == 200
    assert len(await world.rows("SELECT 1 FROM sessions WHERE account_id = :a", a=account)) == 1
    none = ResetSecondFactor(**WHY)
    assert refusal(await do(world, "admin", none, "culture.approver")) == (409, "wrong-state")
    assert (await do(world, "admin", EndSessions(**WHY), "culture.approver")).status == 200
    assert await world.rows("SELECT 1 FROM sessions WHERE account_id = :a", a=account) == []
    assert [e.kind for e in await events(world, account)] == ["account.sessions_ended"] * 2


async def test_the_same_command_again_is_answered_from_its_row(world: World) -> None:
    key = uuid4()
    account = world.accounts["culture.hr"]
    first = await world.ask("admin", role(world), account, subject="account", key=key)
    again = await world.ask("admin", role(world), account, subject="account", key=key)
    assert first.answer == again.answer
    assert len(await grants(world, "culture.hr")) == 2


async def test_nobody_there(world: World) -> None:
    fate = await do(world, "admin", ResumeAccount(document="x"), uuid4())
    assert refusal(fate) == (404, "not-found")


async def session_of(world: World, account: UUID) -> UUID:
    row = await world.one(
        "INSERT INTO sessions (token_hash, authority_id, account_id, created_at, expires_at) VALUES"
        " (:t, :a, :account, :now, :ends) RETURNING id",
        t=uuid4().hex,
        a=world.authority,
        account=account,
        now=world.now,
        ends=world.now + timedelta(hours=1),
    )
    found: UUID = row.id
    return found
