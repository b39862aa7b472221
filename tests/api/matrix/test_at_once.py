"""Whatever gives a right gives it to the sessions that are open, and takes it from them at once.

Each act on accounts, roles, posts, delegations, consents and secondments, asked over the API while somebody
goes on asking for the same thing in one session.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from models.command_accounts import ACCOUNT_ACTS, SERVICE_ACTS
from models.commands import Delegate, EndSecondment, RevokeDelegation, Second
from models.record.consents import CONSENTS
from tests.api.matrix.city import PAPER, TODAY, WHY, City, Session
from tests.api.matrix.fresh import Spot, export_given_out
from tests.api.matrix.stage import NOW, Stage

Ask = Callable[[], Awaitable[httpx.Response]]
TOMORROW = (TODAY + timedelta(days=1)).isoformat()
LATER = (TODAY + timedelta(days=20)).isoformat()


async def opens(ask: Ask) -> None:
    answer = await ask()
    assert answer.status_code == 200, answer.text


async def is_shut(ask: Ask) -> None:
    answer = await ask()
    assert answer.status_code in (401, 403, 404), answer.text


async def done(asked: Awaitable[httpx.Response]) -> dict[str, Any]:
    answer = await asked
    assert answer.status_code in (200, 201), answer.text
    told: dict[str, Any] = answer.json()["answer"]
    return told


async def somebody(city: City) -> tuple[Session, Ask]:
    """Somebody of the agency without any right, and the file they look for."""
    who = await city.session(await city.account(city.world.culture))
    file = await city.world.employ(until="account")

    async def ask() -> httpx.Response:
        return await who.get(f"/profiles/{file}")

    await is_shut(ask)
    return who, ask


async def approver(city: City, who: Session, **more: Any) -> str:
    """The session's account becomes an approver of the agency; the address of the role."""
    admin = await city.named("admin")
    body = {"role": "approver", "agency_id": str(city.world.culture), "valid_from": TODAY.isoformat()}
    given = await done(admin.post(f"/accounts/{who.account}/grants", {**body, **more, **PAPER}))
    return f"/accounts/{who.account}/grants/{given['grant_id']}"


async def a_role_given_and_taken_back(city: City) -> None:
    who, ask = await somebody(city)
    role = await approver(city, who)
    await opens(ask)
    await done((await city.named("admin")).post(f"{role}/revocations", WHY))
    await is_shut(ask)


async def a_role_shortened(city: City) -> None:
    who, ask = await somebody(city)
    role = await approver(city, who)
    await opens(ask)
    body = {"valid_to": TODAY.isoformat(), **PAPER}
    await done((await city.named("admin")).post(f"{role}/restrictions", body))
    await is_shut(ask)


async def a_role_narrowed(city: City) -> None:
    who, ask = await somebody(city)
    below = await city.world.employ(agency=city.world.museum, until="account")
    role = await approver(city, who)
    await opens(ask)
    body = {"agency_id": str(city.world.museum), **PAPER}
    await done((await city.named("admin")).post(f"{role}/restrictions", body))
    await is_shut(ask)
    await opens(lambda: who.get(f"/profiles/{below}"))


async def a_role_lengthened(city: City) -> None:
    who, ask = await somebody(city)
    role = await approver(city, who, valid_to=TOMORROW)
    await opens(ask)
    city.at(NOW + timedelta(days=1))
    await is_shut(ask)
    city.at(NOW)
    await done((await city.named("admin")).post(f"{role}/extensions", {"valid_to": LATER, **PAPER}))
    city.at(NOW + timedelta(days=1))
    await opens(ask)


async def a_post_given_and_taken_back(city: City) -> None:
    who, ask = await somebody(city)
    admin, path = await city.named("admin"), f"/accounts/{who.account}"
    body: dict[str, Any] = {
        "role": "hr_head",
        "agency_id": str(city.world.culture),
        "valid_from": TODAY.isoformat(),
    }
    body["acting"] = True  # somebody holds that post
    held = await done(admin.post(f"{path}/posts", {**body, **PAPER}))
    await opens(ask)
    body = {"holder_id": held["holder_id"], "relieved_on": TODAY.isoformat()}
    await done(admin.post(f"{path}/reliefs", {**body, **PAPER}))
    await is_shut(ask)


async def lent(city: City, who: Session) -> str:
    """The head lends the approval of data; the delegation's address."""
    head = await city.named("culture.head")
    body = {
        "delegate_id": str(who.account), "what": "approval", "agency_id": str(city.world.culture),
        "valid_from": TODAY.isoformat(), "valid_to": LATER, "document": "7/QĐ",
    }  # fmt: skip
    told = await done(head.post("/delegations", body))
    return f"/delegations/{told['delegation_id']}"


async def a_delegation_given_and_ended(city: City) -> None:
    who, ask = await somebody(city)
    one = await lent(city, who)
    await opens(ask)
    await done((await city.named("culture.head")).post(f"{one}/revocation", {"reason": "đã về"}))
    await is_shut(ask)


async def a_delegator_who_is_suspended_and_resumed(city: City) -> None:
    who, ask = await somebody(city)
    await lent(city, who)
    await opens(ask)
    admin, head = await city.named("admin"), f"/accounts/{city.world.accounts['culture.head']}"
    await done(admin.post(f"{head}/suspensions", WHY))
    await is_shut(ask)
    await done(admin.post(f"{head}/resumptions", PAPER))
    await opens(ask)


async def a_delegator_who_loses_the_role(city: City) -> None:
    who, ask = await somebody(city)
    await lent(city, who)
    await opens(ask)
    head = city.world.accounts["culture.head"]
    role = await city.world.one("SELECT id FROM grants WHERE account_id = :who", who=head)
    await done((await city.named("admin")).post(f"/accounts/{head}/grants/{role.id}/revocations", WHY))
    await is_shut(ask)


async def a_written_consent_given_and_taken_back(city: City) -> None:
    file = await city.world.employ(until="account")
    who = await city.named("health.hr")

    async def ask() -> httpx.Response:
        return await who.get(f"/profiles/{file}")

    await is_shut(ask)
    body = {"account_id": str(who.account), "document": "8/CV", "purpose": "đối chiếu"}
    body |= {"starts_on": TODAY.isoformat(), "ends_on": LATER}
    head = await city.named("culture.head")
    given = await done(head.post(f"/profiles/{file}/consents", body))
    await opens(ask)
    body = {"consent_id": given["consent_id"], "reason": "xong việc"}
    await done(head.post(f"/profiles/{file}/consents/revocations", body))
    await is_shut(ask)


async def the_officials_own_consent_asked_for_given_and_withdrawn(city: City) -> None:
    """Beside the authority's, which alone opens nothing where the decree is in force; and refused before."""
    file = await city.world.employ(until="declaration")
    await city.with_decree()
    who, hr, person = [await city.named(name) for name in ("health.hr", "culture.hr", "person")]
    body = {"account_id": str(who.account), "purpose": "đối chiếu"}
    body |= {"starts_on": TODAY.isoformat(), "ends_on": LATER}

    async def ask() -> httpx.Response:
        return await who.get(f"/profiles/{file}")

    async def answered(*, given: bool) -> str:
        asked = await done(hr.post(f"/profiles/{file}/consent-requests", body))
        await is_shut(ask)
        answer = {"consent_id": asked["consent_id"], "given": given}
        told = await done(person.post(f"/profiles/{file}/consent-requests/answers", answer))
        assert told["state"] == ("given" if given else "refused")
        return str(asked["consent_id"])

    written = {**body, "document": "8/CV"}
    await done((await city.named("culture.head")).post(f"/profiles/{file}/consents", written))
    await is_shut(ask)
    no = await answered(given=False)
    await is_shut(ask)
    own = await answered(given=True)
    await opens(ask)
    shown = (await person.get(f"/profiles/{file}/consents")).json()
    assert {one["id"]: one["in_force"] for one in shown if one["kind"] == "electronic"} == {
        own: True,
        no: False,
    }
    await done(person.post(f"/profiles/{file}/consents/withdrawals", {"consent_id": own}))
    await is_shut(ask)


async def a_secondment_begun_and_ended(city: City) -> None:
    file = await city.world.employ()
    host, home = await city.named("health.hr"), await city.named("culture.hr")

    async def ask() -> httpx.Response:
        return await host.get(f"/profiles/{file}")

    await is_shut(ask)
    body = {"to_agency_id": str(city.world.health), "document": "9/QĐ", "ends_on": LATER}
    body |= {"decided_on": TODAY.isoformat(), "starts_on": TODAY.isoformat()}
    await done(home.post(f"/profiles/{file}/secondments", body))
    await opens(ask)
    await done(home.post(f"/profiles/{file}/secondments/end", {"reason": "về sớm"}))
    await is_shut(ask)


def over_with(path: str, body: dict[str, Any]) -> Callable[[City], Awaitable[None]]:
    """An act on the account that ends its sessions."""

    async def course(city: City) -> None:
        who, ask = await somebody(city)
        await city.grant(who.account, "approver", city.world.culture)
        await opens(ask)
        await done((await city.named("admin")).post(f"/accounts/{who.account}/{path}", body))
        await is_shut(ask)
        assert (await ask()).status_code == 401

    return course


async def a_second_factor_taken_away(city: City) -> None:
    who, ask = await somebody(city)
    await city.grant(who.account, "approver", city.world.culture)
    await opens(ask)
    await city.second_factor(who.account)
    admin = await city.named("admin")
    await done(admin.post(f"/accounts/{who.account}/second-factor-resets", WHY))
    assert (await ask()).status_code == 401


async def a_service_key_withdrawn(city: City) -> None:
    account = await city.account(city.world.culture, kind="service")
    await city.grant(account, "sync_agent", city.world.culture)
    who, kid = await city.session(account), account.hex
    await city.world.rows(
        "INSERT INTO service_keys (kid, authority_id, account_id, jwk, document, registered_at,"
        " registered_by, expires_at) VALUES (:kid, :a, :who, '{}', '1/QĐ', :now, :by, :end) RETURNING 1",
        kid=kid, a=city.world.authority, who=account, by=city.world.accounts["admin"], now=NOW,
        end=NOW + timedelta(days=30),
    )  # fmt: skip

    async def ask() -> httpx.Response:
        return await who.get("/session")

    await opens(ask)
    admin = await city.named("admin")
    await done(admin.post(f"/service-accounts/{account}/keys/withdrawals", {"kid": kid, **PAPER}))
    await is_shut(ask)


async def what_was_given_out_to_be_signed(city: City) -> None:
    """A signing session's token is another session of the account: it loses the right with it."""
    who, _ = await somebody(city)
    stage = Stage(city.world, city.world, askers={"x": who.account})
    stage.targets = {"agency_id": {"s": city.world.culture}, "profile_id": {"s": await city.world.employ()}}
    role = await approver(city, who)
    token, _ = await export_given_out(Spot(stage, city.world, "x", "o"))
    agent = Session(city.client, token, who.account)

    async def ask() -> httpx.Response:
        return await agent.get("/signing-agent/source")

    await opens(ask)
    await done((await city.named("admin")).post(f"{role}/revocations", WHY))
    await is_shut(ask)


COURSES: dict[Callable[[City], Awaitable[None]], tuple[str, ...]] = {
    a_role_given_and_taken_back: ("grant_role", "revoke_grant"),
    a_role_shortened: ("restrict_grant",),
    a_role_narrowed: ("restrict_grant",),
    a_role_lengthened: ("extend_grant",),
    a_post_given_and_taken_back: ("appoint", "relieve"),
    a_delegation_given_and_ended: ("delegate", "revoke_delegation"),
    a_delegator_who_is_suspended_and_resumed: ("suspend_account", "resume_account"),
    a_delegator_who_loses_the_role: ("revoke_grant",),
    a_written_consent_given_and_taken_back: ("allow_access", "revoke_access"),
    the_officials_own_consent_asked_for_given_and_withdrawn: (
        "ask_consent",
        "answer_consent",
        "withdraw_consent",
    ),
    a_secondment_begun_and_ended: ("second", "end_secondment"),
    over_with("suspensions", WHY): ("suspend_account",),
    over_with("closures", WHY): ("close_account",),
    over_with("handovers", {"display_name": "Người mới", **PAPER}): ("hand_over_account",),
    over_with("one-time-passwords", PAPER): ("issue_password",),
    over_with("session-ends", WHY): ("end_sessions",),
    a_second_factor_taken_away: ("reset_second_factor",),
    a_service_key_withdrawn: ("withdraw_service_key",),
    what_was_given_out_to_be_signed: ("revoke_grant",),
}


@pytest.mark.parametrize("course", COURSES, ids=lambda one: one.__qualname__.split(".")[0])
async def test_an_open_session_gains_and_loses_at_once(
    course: Callable[[City], Awaitable[None]], city: City
) -> None:
    await course(city)


def test_every_act_that_gives_or_takes_a_right_is_among_them() -> None:
    giving_nothing_yet = {"open_agency_account", "open_service_account", "register_service_key"}
    others = (Delegate, RevokeDelegation, Second, EndSecondment)
    acts = {one.verb for one in (*ACCOUNT_ACTS, *SERVICE_ACTS, *CONSENTS, *others)}
    assert acts - giving_nothing_yet == {verb for verbs in COURSES.values() for verb in verbs}
