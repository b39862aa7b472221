"""Bad input gets a clear problem document, and nothing is half-done."""

from typing import Any
from uuid import uuid4

import pytest

from models.calendar import legal_date

pytestmark = pytest.mark.usefixtures("worker")


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The problem document, checked for its shape (RFC 9457)."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["code"] == code, body
    assert body["status"] == status
    assert body["title"] != body["title_en"], "Vietnamese first, English second"
    assert body["instance"].startswith("urn:uuid:")
    return body


async def test_shape(log_in, newcomer, world) -> None:
    hr = await log_in("culture.hr")
    broken = await hr.post(
        "/profiles", content=b"{", headers={"Idempotency-Key": "a", "content-type": "application/json"}
    )
    problem(broken, 400, "malformed-request")
    unknown = problem(await hr.command("/profiles", {**newcomer, "colour": "red"}), 400, "malformed-request")
    assert unknown["errors"][0]["path"] == "body.colour"
    missing = problem(
        await hr.command("/profiles", {k: v for k, v in newcomer.items() if k != "document"}),
        400,
        "malformed-request",
    )
    assert [e["path"] for e in missing["errors"]] == ["body.document"]
    impossible = await hr.command("/profiles", {**newcomer, "event_on": "2025-02-30"})
    problem(impossible, 400, "malformed-request")
    ancient = await hr.command("/profiles", {**newcomer, "event_on": "1900-01-01"})
    problem(ancient, 400, "malformed-request")
    letters = problem(
        await hr.command("/profiles", {**newcomer, "personal_id_number": "ABC190000001"}),
        400,
        "malformed-request",
    )
    assert "ABC" not in str(letters), "what was sent is not repeated"
    problem(await hr.get("/profiles/not-a-uuid"), 404, "not-found")
    assert not await world.rows("SELECT 1 FROM profiles")
    assert not await world.rows("SELECT 1 FROM commands")


async def test_key(log_in, newcomer, world, profile_of) -> None:
    hr = await log_in("culture.hr")
    problem(await hr.post("/profiles", json=newcomer), 400, "key-missing")
    key = uuid4().hex
    first = await hr.command("/profiles", newcomer, key=key)
    second = await hr.command("/profiles", newcomer, key=key)
    assert first.status_code == second.status_code == 201
    assert profile_of(first) == profile_of(second)
    other = await hr.command("/profiles", {**newcomer, "document": "13/QĐ"}, key=key)
    problem(other, 422, "key-reused")
    assert len(await world.rows("SELECT 1 FROM profiles")) == 1
    assert len(await world.rows("SELECT 1 FROM events WHERE kind = 'profile.opened'")) == 1


async def test_a_key_stays_its_accounts_after_custody_has_moved(log_in, world) -> None:
    """The answer stored for a key is given again, though its profile is no longer there for the asker."""
    profile = await world.employ()
    case = await world.transfer(profile, until="requested")
    hr, key, other = await log_in("culture.hr"), uuid4().hex, uuid4().hex
    report = {"document": "2/BC"}
    first = await hr.command(f"/transfers/{case}/report", report, key=key)
    notice = {"kind": "salary", "changed_on": legal_date(world.now).isoformat(), "document": "1/QĐ"}
    noticed = await hr.command(f"/profiles/{profile}/notices", notice, key=other)
    assert (first.status_code, noticed.status_code) == (200, 201), (first.text, noticed.text)
    handed = await hr.command(
        f"/transfers/{case}/hand-over", {"handed_over_on": legal_date(world.now).isoformat()}
    )
    assert handed.status_code == 200, handed.text
    accepted = await (await log_in("health.hr")).command(f"/transfers/{case}/acceptance")
    assert accepted.status_code == 200, accepted.text
    problem(await hr.get(f"/profiles/{profile}"), 404, "not-found")
    again = await hr.command(f"/profiles/{profile}/notices", notice, key=other)
    assert (again.status_code, again.json()) == (noticed.status_code, noticed.json())
    changed = await hr.command(f"/profiles/{profile}/notices", {**notice, "document": "9/QĐ"}, key=other)
    problem(changed, 422, "key-reused")
    problem(await hr.command(f"/profiles/{profile}/notices", notice), 404, "not-found")
    assert (await hr.command(f"/transfers/{case}/report", report, key=key)).json() == first.json()


async def test_a_key_is_for_one_subject(log_in, world) -> None:
    """The same words about another person are another command."""
    one, two = await world.employ(), await world.employ()
    hr, key = await log_in("culture.hr"), uuid4().hex
    notice = {"kind": "salary", "changed_on": legal_date(world.now).isoformat(), "document": "1/QĐ"}
    assert (await hr.command(f"/profiles/{one}/notices", notice, key=key)).status_code == 201
    problem(await hr.command(f"/profiles/{two}/notices", notice, key=key), 422, "key-reused")
    problem(await hr.command(f"/profiles/{uuid4()}/notices", notice, key=key), 404, "not-found")


async def test_one_time_password_is_said_once(log_in, newcomer, profile_of) -> None:
    hr = await log_in("culture.hr")
    profile = profile_of(await hr.command("/profiles", newcomer))
    key = uuid4().hex
    first = await hr.command(f"/profiles/{profile}/account", {"login": "thu.nguyen"}, key=key)
    again = await hr.command(f"/profiles/{profile}/account", {"login": "thu.nguyen"}, key=key)
    assert "one_time_password" in first.json()
    assert again.status_code == 201
    assert "one_time_password" not in again.json()
    fate = await hr.get(f"/commands/{first.json()['command_id']}")
    assert first.json()["one_time_password"] not in fate.text
    problem(await hr.command(f"/profiles/{profile}/account", {"login": "other.name"}), 409, "wrong-state")


async def test_who(log_in, newcomer, world, profile_of) -> None:
    hr, stranger = await log_in("culture.hr"), await log_in("health.hr")
    problem(await stranger.command("/profiles", newcomer), 403, "not-permitted")
    opened = await hr.command("/profiles", newcomer)
    profile = profile_of(opened)
    problem(await stranger.get(f"/profiles/{profile}"), 404, "not-found")
    # What a stranger cannot see is not there for him; a colleague in the wrong role is told so.
    problem(await stranger.command(f"/profiles/{profile}/account", {"login": "thu.nguyen"}), 404, "not-found")
    approver = await log_in("culture.approver")
    problem(
        await approver.command(f"/profiles/{profile}/account", {"login": "thu.nguyen"}), 403, "not-permitted"
    )
    problem(await stranger.get(f"/commands/{opened.json()['command_id']}"), 404, "not-found")
    stranger.headers["Authorization"] = "Bearer nothing"
    problem(await stranger.get("/me"), 401, "not-authenticated")
    del stranger.headers["Authorization"]
    problem(await stranger.command("/profiles", newcomer), 401, "not-authenticated")
    assert not await world.rows("SELECT 1 FROM accounts WHERE kind = 'personal'")


async def test_state_and_dates(log_in, newcomer, world, profile_of) -> None:
    hr = await log_in("culture.hr")
    future = await hr.command("/profiles", {**newcomer, "event_on": "2099-01-01"})
    problem(future, 422, "future-date")
    unknown = await hr.command("/profiles", {**newcomer, "agency_id": str(uuid4())})
    problem(unknown, 403, "not-permitted")
    profile = profile_of(await hr.command("/profiles", newcomer))
    twice = await hr.command("/profiles", {**newcomer, "document": "14/QĐ"})
    problem(twice, 409, "duplicate-person")
    early = await hr.command(
        f"/profiles/{profile}/notices", {"kind": "salary", "changed_on": "2025-01-02", "document": "1/QĐ"}
    )
    problem(early, 409, "wrong-state")
    nobody = await hr.command(
        f"/profiles/{uuid4()}/notices", {"kind": "salary", "changed_on": "2025-01-02", "document": "1/QĐ"}
    )
    problem(nobody, 404, "not-found")
    problem(await hr.command(f"/transfers/{uuid4()}/acceptance"), 404, "not-found")
    problem(await hr.command(f"/agency-months/{uuid4()}/approvals"), 404, "not-found")
    assert [e.kind for e in await world.rows("SELECT kind FROM events ORDER BY position")] == [
        "profile.opened",
        "duty.opened",
    ]


async def test_revision(log_in, newcomer, profile_of) -> None:
    hr, approver = await log_in("culture.hr"), await log_in("culture.approver")
    profile = profile_of(await hr.command("/profiles", newcomer))
    body = {"revision_id": str(uuid4()), "digest": "0" * 64}
    problem(await approver.command(f"/profiles/{profile}/approvals", body), 428, "precondition-required")
    problem(
        await approver.command(f"/profiles/{profile}/approvals", body, If_Match='"r7"'), 412, "stale-revision"
    )
    problem(
        await approver.command(f"/profiles/{profile}/approvals", body, If_Match="7"), 412, "stale-revision"
    )
    problem(
        await approver.command(f"/profiles/{profile}/approvals", body, If_Match='"r0"'), 409, "wrong-state"
    )


async def test_many_people_of_one_decision(log_in, newcomer, profile_of) -> None:
    hr = await log_in("culture.hr")
    profile = profile_of(await hr.command("/profiles", newcomer))
    absent = uuid4()
    answer = await hr.command(
        "/profiles/notices",
        {
            "profiles": [str(profile), str(absent)],
            "notice": {"kind": "salary", "changed_on": "2025-01-02", "document": "1/QĐ"},
        },
    )
    assert answer.status_code == 200, answer.text
    by_profile = {r["profile_id"]: r["status"] for r in answer.json()["results"]}
    assert by_profile == {str(profile): 409, str(absent): 404}


async def test_methods_and_addresses(log_in) -> None:
    hr = await log_in("culture.hr")
    problem(await hr.get("/nowhere"), 404, "not-found")
    problem(await hr.patch("/profiles"), 405, "method-not-allowed")
