"""What a caller puts into a request: other people's ids, members nobody asked for, SQL, paths."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from api import passwords
from tests.api.reading.world import CONTENT, PASSWORD, Caller, World, code_of

SQL = (
    "' OR '1'='1",
    "'; DROP TABLE sessions; --",
    "') UNION SELECT password_hash FROM accounts --",
    "%",
    "\\",
)


@pytest.fixture
async def theirs(world: World) -> UUID:
    """A profile of agency A with a revision; of no concern to agency B."""

    async def write(connection: Any) -> UUID:
        profile: UUID = await world.profile(connection, f"NGUYỄN THỊ {uuid4()}", world.a)
        await world.revision(connection, profile, 1, "approved", CONTENT, world.accounts["hr.a"])
        return profile

    made: UUID = await world.written(write)
    return made


READS = ("", "/custody", "/explanation", "/timeline", "/attachments", "/revisions", "/reads")


@pytest.mark.parametrize("path", READS)
async def test_idor_anothers_profile_is_as_if_it_were_not(caller: Caller, theirs: UUID, path: str) -> None:
    await caller.login("hr.b")
    answers = [await caller.get(f"/profiles/{one}{path}") for one in (theirs, uuid4())]
    assert answers[0].status_code == answers[1].status_code
    assert 400 <= answers[0].status_code < 500
    told = [{name: value for name, value in one.json().items() if name != "instance"} for one in answers]
    assert told[0] == told[1]


async def test_idor_nobody_ends_anothers_session(caller: Caller) -> None:
    await caller.login("hr.a")
    mine = (await caller.ok("/me/sessions"))[0]["id"]
    await caller.login("hr.b")
    assert code_of(await caller.delete(f"/me/sessions/{mine}"))[0] == 404
    caller.headers["Authorization"] = f"Bearer {caller.tokens['hr.a']}"
    assert (await caller.ok("/session"))["login"] == "hr.a"


@pytest.mark.parametrize("member", ["role", "kind", "authority_id", "state", "account_id", "expires_at"])
async def test_mass_assignment_a_member_nobody_asked_for_is_refused(caller: Caller, member: str) -> None:
    body = {"login": "hr.a", "password": PASSWORD, member: "administrator"}
    for path in ("/session", "/session/browser"):
        answer = await caller.post(path, json=body)
        assert code_of(answer) == (422, "malformed-request") or answer.status_code == 400
        assert "administrator" not in answer.text


@pytest.mark.parametrize("said", SQL)
async def test_sql_in_a_request_is_only_text(caller: Caller, theirs: UUID, said: str) -> None:
    assert code_of(await caller.post("/session", json={"login": said, "password": said})) == (
        401,
        "login-failed",
    )
    await caller.login("hr.b")
    for name in ("name", "q", "text", "id_number"):
        answer = await caller.post("/profiles/search", json={name: said})
        assert answer.status_code < 500
        assert str(theirs) not in answer.text
    assert (await caller.get("/profiles", params={"after": said})).status_code < 500
    assert (await caller.ok("/session"))["login"] == "hr.b"


@pytest.mark.parametrize(
    "name",
    [
        "..%2f..%2f..%2fetc%2fpasswd",
        "%2e%2e%2f%2e%2e%2fkeys%2fmaster.key",
        "....//....//etc/passwd",
        "%00",
        "C:%5cwindows",
    ],
)
async def test_path_traversal_an_attachment_has_no_path(caller: Caller, theirs: UUID, name: str) -> None:
    await caller.login("hr.a")
    for rest in ("", "/preview", "/signatures"):
        answer = await caller.get(f"/profiles/{theirs}/attachments/{name}{rest}")
        assert answer.status_code in (404, 422)
        assert "root:" not in answer.text
    answer = await caller.get(f"/../docs/assets/{name}")
    assert answer.status_code == 404


async def test_timing_an_unknown_login_costs_what_a_known_one_does(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []
    right = passwords.matches

    async def counted(stored: str | None, given: str) -> bool:
        asked.append(stored is None)
        return await right(stored, given)

    monkeypatch.setattr(passwords, "matches", counted)
    for login in ("hr.b", "nobody-at-all"):
        await caller.post("/session", json={"login": login, "password": "wrong"})
    assert asked == [False, True], "each attempt hashes once, whether there is an account or not"
