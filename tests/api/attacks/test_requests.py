"""Other people's ids in a request: a file one may not see is as if it were not."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.api.reading.world import CONTENT, Caller, World, code_of


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
