"""Timing of login: every way of not getting in does the same work. Counted, not timed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import text

from api import passwords
from tests.api.conftest import CHEAP
from tests.api.reading.world import NOW, PASSWORD, Caller, World, code_of

LATER = NOW + timedelta(hours=1)
STATES: dict[str, dict[str, Any]] = {
    "known": {},
    "locked": {"locked_until": LATER, "failed_logins": 9},
    "suspended": {"suspended_at": NOW},
    "closed": {"state": "cancelled"},
    "one-time password run out": {
        "state": "default_password", "one_time_until": NOW - timedelta(days=1),
    },
    "without a password": {"password_hash": ""},
    "with a hash of another kind": {"password_hash": "!"},
}  # fmt: skip
UNKNOWN = {"unknown": "nobody-at-all", "no login at all": "hr.a\0"}


class Counting:
    """The hasher, and how often it works."""

    def __init__(self, inner: PasswordHasher) -> None:
        self.inner = inner
        self.done: list[str] = []

    def hash(self, password: str) -> str:
        self.done.append("hash")
        return self.inner.hash(password)

    def verify(self, stored: str, password: str) -> bool:
        try:
            found = self.inner.verify(stored, password)
        except InvalidHashError:
            self.done.append("nothing")
            raise
        except VerificationError:
            self.done.append("verify")
            raise
        self.done.append("verify")
        return bool(found)

    def check_needs_rehash(self, stored: str) -> bool:
        return self.inner.check_needs_rehash(stored)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counting:
    made = Counting(CHEAP)
    monkeypatch.setattr(passwords, "_hasher", made)
    return made


@pytest.fixture
async def logins(world: World) -> dict[str, str]:
    """A login for every state an account may be in, and those of none."""
    found = {name: f"timed.{number}" for number, name in enumerate(STATES)}

    async def write(connection: Any) -> None:
        for name, login in found.items():
            if login not in world.accounts:
                await world.account(connection, login, role="hr_officer", **STATES[name])

    await world.written(write)
    return found | UNKNOWN


async def work_of(caller: Caller, counted: Counting, login: str, password: str) -> tuple[list[str], int]:
    counted.done.clear()
    answer = await caller.post("/session", json={"login": login, "password": password})
    return [*counted.done], answer.status_code


@pytest.mark.parametrize("fresh", [False, True], ids=["a process at work", "a process just begun"])
async def test_timing_no_account_costs_more_or_less_than_another(
    caller: Caller, counted: Counting, logins: dict[str, str], fresh: bool
) -> None:
    """The first attempt of a process may cost more, but not by whose account it is."""
    done: dict[str, list[str]] = {}
    for name, login in logins.items():
        if fresh:
            passwords._dummy.cache_clear()
        else:
            passwords._dummy()
        done[name], status = await work_of(caller, counted, login, "wrong")
        assert status == 401, name
    assert {tuple(work) for work in done.values()} == {tuple(done["known"])}, done
    assert done["known"].count("verify") == 1


async def test_timing_the_right_password_of_a_locked_account_is_no_different(
    caller: Caller, counted: Counting, logins: dict[str, str]
) -> None:
    passwords._dummy()
    told = {}
    for name in ("locked", "suspended", "closed", "one-time password run out"):
        work, status = await work_of(caller, counted, logins[name], PASSWORD)
        assert (work, status) == (["verify"], 401), name
        answer = await caller.post("/session", json={"login": logins[name], "password": "wrong"})
        told[name] = {key: value for key, value in answer.json().items() if key != "instance"}
    assert len({str(one) for one in told.values()}) == 1


async def test_timing_a_change_of_password_hashes_once_though_the_account_is_locked(
    callers: Callable[[], Caller], counted: Counting, world: World
) -> None:
    passwords._dummy()
    caller = await callers().login("hr.b")
    wrong = {"old_password": "wrong", "new_password": "một-câu-dài-khác-hẳn"}
    done = []
    for locked in (None, LATER):

        async def lock(connection: Any, until: Any = locked) -> None:
            query = text("UPDATE accounts SET locked_until = :until, failed_logins = 0 WHERE login = 'hr.b'")
            await connection.execute(query, {"until": until})

        await world.written(lock)
        counted.done.clear()
        assert code_of(await caller.put("/session/password", json=wrong)) == (401, "login-failed")
        done.append([*counted.done])
    assert done == [["verify"], ["verify"]]
