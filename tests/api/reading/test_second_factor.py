"""The second factor: enrolled, asked for, never accepted twice, recovered, required by role, shown again."""

from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pyotp
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from api.second_factor import FREE_ATTEMPTS, recent
from models.errors import RefusedError
from models.regulations import load_policy
from tests.api.reading.world import NOW, PASSWORD, Caller, StandingClock, World, code_of

PATH = "/session/second-factor"


@pytest.fixture
def demanding(app: FastAPI) -> None:
    """An installation that requires what policy says."""
    app.state.settings = SimpleNamespace(**{**vars(app.state.settings), "second_factor": "required"})


def code(secret: str, at: datetime) -> str:
    return pyotp.TOTP(secret).at(at)


async def enrol(caller: Caller, clock: StandingClock) -> tuple[str, list[str]]:
    begun = await caller.post(PATH, json={"password": PASSWORD})
    assert begun.status_code == 201, begun.text
    secret = begun.json()["secret"]
    assert begun.json()["uri"].startswith("otpauth://totp/hoso:")
    done = await caller.post(f"{PATH}/confirmations", json={"code": code(secret, clock.at)})
    assert done.status_code == 200, done.text
    return secret, done.json()["recovery_codes"]


async def enter(caller: Caller, login: str, **more: str) -> httpx.Response:
    return await caller.post("/session", json={"login": login, "password": PASSWORD, **more})


async def made(world: World, login: str, **values: Any) -> None:
    await world.written(lambda c: world.account(c, login, **values))


async def test_it_is_asked_for_once_enrolled(
    world: World, callers: Callable[[], Caller], clock: StandingClock
) -> None:
    await made(world, "two")
    first = await callers().login("two")
    elsewhere = await callers().login("two")
    secret, _ = await enrol(first, clock)
    assert code_of(await elsewhere.get("/session")) == (401, "not-authenticated"), "others end"
    me = await first.ok("/session")
    assert (me["second_factor"], me["must_enrol_second_factor"]) == (True, False)
    assert datetime.fromisoformat(me["second_factor_at"]) == NOW

    assert code_of(await enter(callers(), "two")) == (401, "second-factor-required")
    assert code_of(await enter(callers(), "two", code="000000")) == (401, "login-failed")
    clock.at = NOW + timedelta(seconds=60)
    assert (await enter(callers(), "two", code=code(secret, clock.at))).status_code == 201


async def test_the_two_steps_of_a_login_do_not_count_against_the_office(
    world: World, app: FastAPI, callers: Callable[[], Caller], clock: StandingClock
) -> None:
    """Everybody of an office comes from one address; the password was right each time."""
    for number in range(3):
        await made(world, f"office{number}")
        await enrol(await callers().login(f"office{number}"), clock)
    app.state.settings = SimpleNamespace(**{**vars(app.state.settings), "address_attempts": 4})
    await world.written(lambda c: c.execute(text("DELETE FROM login_addresses")))
    for _ in range(2):
        for number in range(3):
            assert code_of(await enter(callers(), f"office{number}")) == (401, "second-factor-required")
    for _ in range(3):
        wrong = await enter(callers(), "office0", code="000000")
        assert code_of(wrong) == (401, "login-failed")
    assert code_of(await enter(callers(), "office1")) == (401, "second-factor-required")
    await enter(callers(), "office1", code="000000")
    assert code_of(await enter(callers(), "office2")) == (429, "rate-limited"), "guesses count"
    await world.written(lambda c: c.execute(text("DELETE FROM login_addresses")))


async def test_without_the_password_nobody_learns_of_it(
    world: World, callers: Callable[[], Caller], clock: StandingClock
) -> None:
    await made(world, "secret")
    await enrol(await callers().login("secret"), clock)
    answer = await callers().post("/session", json={"login": "secret", "password": "wrong"})
    assert code_of(answer) == (401, "login-failed")


async def test_a_code_is_accepted_once(
    world: World, callers: Callable[[], Caller], clock: StandingClock
) -> None:
    await made(world, "replayed")
    secret, _ = await enrol(await callers().login("replayed"), clock)
    shown = code(secret, clock.at)
    assert code_of(await enter(callers(), "replayed", code=shown)) == (401, "login-failed"), "it enrolled"
    clock.at = NOW + timedelta(minutes=5)
    present, before = code(secret, clock.at), code(secret, clock.at - timedelta(seconds=30))
    assert (await enter(callers(), "replayed", code=present)).status_code == 201
    assert code_of(await enter(callers(), "replayed", code=present)) == (401, "login-failed")
    assert code_of(await enter(callers(), "replayed", code=before)) == (401, "login-failed")
    clock.at += timedelta(seconds=45)
    assert (await enter(callers(), "replayed", code=code(secret, clock.at))).status_code == 201


@pytest.mark.parametrize(("seconds", "entered"), [(-60, 401), (-30, 201), (30, 201), (60, 401)])
async def test_a_clock_may_be_half_a_minute_off(
    world: World, callers: Callable[[], Caller], clock: StandingClock, seconds: int, entered: int
) -> None:
    login = f"clock{seconds}"
    await made(world, login)
    secret, _ = await enrol(await callers().login(login), clock)
    clock.at = NOW + timedelta(hours=1)
    shown = code(secret, clock.at + timedelta(seconds=seconds))
    assert (await enter(callers(), login, code=shown)).status_code == entered


async def test_a_recovery_code_opens_once(
    world: World, callers: Callable[[], Caller], clock: StandingClock
) -> None:
    await made(world, "lost")
    caller = await callers().login("lost")
    secret, codes = await enrol(caller, clock)
    assert len(set(codes)) == 10
    assert (await enter(callers(), "lost", code=codes[0].upper())).status_code == 201
    assert code_of(await enter(callers(), "lost", code=codes[0])) == (401, "login-failed")
    assert (await caller.ok(PATH))["recovery_codes_left"] == 9
    clock.at = NOW + timedelta(minutes=2)
    renewed = await caller.post(f"{PATH}/recovery-codes", json={"code": code(secret, clock.at)})
    assert len(renewed.json()["recovery_codes"]) == 10
    assert code_of(await enter(callers(), "lost", code=codes[1])) == (401, "login-failed")


async def test_codes_and_secrets_are_not_stored(
    world: World, callers: Callable[[], Caller], clock: StandingClock
) -> None:
    await made(world, "kept")
    secret, codes = await enrol(await callers().login("kept"), clock)

    async def rows(connection: Any) -> str:
        found = [str(r) for r in await connection.execute(text("SELECT f::text FROM second_factors f"))]
        return " ".join(found + [str(r) for r in await connection.execute(text("TABLE recovery_codes"))])

    stored = await world.written(rows)
    assert secret not in stored
    assert secret.encode().hex() not in stored
    assert not any(one in stored or one.replace("-", "") in stored for one in codes)


async def test_wrong_codes_make_wait(
    world: World, callers: Callable[[], Caller], clock: StandingClock
) -> None:
    await made(world, "guesser")
    caller = await callers().login("guesser")
    secret, _ = await enrol(caller, clock)
    for _ in range(FREE_ATTEMPTS):
        wrong = await caller.post(f"{PATH}/checks", json={"code": "000000"})
        assert code_of(wrong) == (422, "second-factor-wrong")
    clock.at = NOW + timedelta(seconds=40)
    right = await caller.post(f"{PATH}/checks", json={"code": code(secret, clock.at)})
    assert code_of(right) == (429, "rate-limited")
    assert 0 < int(right.headers["Retry-After"]) <= 61
    clock.at = NOW + timedelta(seconds=61)
    assert (await caller.post(f"{PATH}/checks", json={"code": code(secret, clock.at)})).status_code == 204


async def test_another_device_needs_the_former_one(
    world: World, callers: Callable[[], Caller], clock: StandingClock
) -> None:
    await made(world, "phone")
    caller = await callers().login("phone")
    _, codes = await enrol(caller, clock)
    assert code_of(await caller.post(PATH, json={"password": PASSWORD})) == (422, "second-factor-wrong")
    assert code_of(await caller.post(PATH, json={"password": "wrong"})) == (401, "login-failed")
    again = await caller.post(PATH, json={"password": PASSWORD, "code": codes[0]})
    assert again.status_code == 201
    wrong = await caller.post(f"{PATH}/confirmations", json={"code": "000000"})
    assert code_of(wrong) == (422, "second-factor-wrong")
    fresh = again.json()["secret"]
    assert (
        await caller.post(f"{PATH}/confirmations", json={"code": code(fresh, clock.at)})
    ).status_code == 200
    twice = await caller.post(f"{PATH}/confirmations", json={"code": code(fresh, clock.at)})
    assert code_of(twice) == (409, "wrong-state")


@pytest.mark.usefixtures("demanding")
async def test_a_role_that_needs_one_does_nothing_before(
    world: World, callers: Callable[[], Caller], clock: StandingClock
) -> None:
    await made(world, "signer", role="approver")
    await made(world, "clerk", role="hr_officer")
    signer, clerk = await callers().login("signer"), await callers().login("clerk")
    assert (await clerk.get("/profiles")).status_code == 200
    assert (await clerk.ok("/session"))["must_enrol_second_factor"] is False
    assert (await signer.ok("/session"))["must_enrol_second_factor"] is True
    for path in ("/profiles", "/today", "/me", "/duties"):
        assert code_of(await signer.get(path)) == (403, "second-factor-enrolment-required")
    await enrol(signer, clock)
    assert (await signer.get("/profiles")).status_code == 200


async def test_approving_needs_it_shortly_before(
    world: World, app: FastAPI, callers: Callable[[], Caller], clock: StandingClock
) -> None:
    policy = load_policy()
    long_ago = timedelta(minutes=policy.accounts.step_up_minutes, seconds=1)

    def who(**values: Any) -> Any:
        known = {"second_factor": True, "second_factor_at": NOW, "now": NOW, "kind": "agency"}
        return SimpleNamespace(**{**known, "held": (("approver", world.a),), "lent": (), **values})

    recent(who(), "approve", policy, "required")
    recent(who(now=NOW + long_ago), "give_notice", policy, "required")
    recent(who(second_factor=False, second_factor_at=None), "approve", policy, "offered")
    for stale in (
        {"now": NOW + long_ago},
        {"second_factor_at": None},
        {"second_factor": False, "second_factor_at": None},
    ):
        with pytest.raises(RefusedError) as refused:
            recent(who(**stale), "approve", policy, "required")
        assert refused.value.refusal.code == "second-factor-stale"


def test_policy_names_roles_that_there_are() -> None:
    from models.access import roles

    named = load_policy().accounts.second_factor_roles
    assert set(named) <= set(roles().roles)
    assert {"approver", "administrator"} <= set(named)


ROUTINE = """
    open_profile pull_national_record request_account activate_account report_lost_password
    submit_declaration enter_form return_for_correction amend_submission change_fields give_notice
    withdraw_notice report_error answer_error request_intake request_transfer claim_transfer second
    end_secondment separate cancel_separation confirm_move_out reopen_profile ask_for_profile
    report_transfer hand_over accept_transfer refuse_transfer withdraw_transfer hold_items lift_hold
    open_campaign propose_code_list revoke_delegation print_dossier revoke_access ask_consent
    answer_consent withdraw_consent open_own_signing complete_signing cancel_signing complete_list_signing
    cancel_list_signing complete_report_signing cancel_report_signing complete_export_signing
    cancel_export_signing order_backup check_escrow pause_party resume_party announce_maintenance
    lift_maintenance record_breach add_to_breach notify_breach close_breach request_rectification
    answer_rectification open_dispute decide_dispute withdraw_request place_hold end_hold propose_disposal
    withdraw_disposal propose_profile_merge withdraw_profile_merge order_reconciliation answer_proposal
    create_agency change_agency end_agency withdraw_agency_change set_quota draft_reorganisation
    amend_reorganisation withdraw_reorganisation
"""
"""What is done all day: it judges nobody's data for good, and opens nobody anything. A signature's end comes
by the token of a session that was opened with the second factor."""


def test_every_command_either_needs_a_recent_one_or_is_routine() -> None:
    from api.second_factor import STEP_UP
    from models.commands import BY_VERB

    routine = set(ROUTINE.split())
    assert set(BY_VERB) == STEP_UP | routine
    assert not STEP_UP & routine
