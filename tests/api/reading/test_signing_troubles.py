"""Signatures that wait: whose they are sees them, and the administrator; nobody else."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import insert

from models.tables import SigningTroubleRow
from tests.api.reading.world import NOW, Caller, World


@pytest.fixture(scope="module")
def waiting(world: World) -> str:
    """A signature of the approver of A that waits for its timestamp."""
    own = uuid4()

    async def write(c: Any) -> None:
        await c.execute(
            insert(SigningTroubleRow).values(
                id=own, authority_id=world.authority, kind="approval",
                signer_id=world.accounts["approver.a"], reason="timestamp-unavailable", since=NOW,
                tried_at=NOW, tries=7,
            )
        )  # fmt: skip

    asyncio.run(world.written(write))
    return str(own)


@pytest.mark.parametrize(
    ("login", "seen", "mine"), [("approver.a", 1, True), ("admin", 1, False), ("hr.a", 0, False)]
)
async def test_a_trouble_is_seen_by_those_it_concerns(
    callers: Callable[[], Caller], waiting: str, login: str, seen: int, mine: bool
) -> None:
    caller = callers()
    await caller.login(login)
    answer = (await caller.get("/signing-troubles")).json()
    assert answer["waiting"] == len(answer["items"]) == seen
    for one in answer["items"]:
        assert (one["id"], one["mine"], one["tries"]) == (waiting, mine, 7)
        assert one["reason"] == "timestamp-unavailable"
        assert one["words"] == "Cơ quan cấp dấu thời gian không trả lời."
