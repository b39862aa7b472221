"""Who plays a path: the workflow's visitors, and what a path is made of."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid5

from temporalio.client import WorkflowHandle

from tests.replay.script import SUBJECT, Answer, Script

Handle = WorkflowHandle[Any, Any]


class Player:
    """Speaks to one workflow, as API and relay do."""

    def __init__(self, handle: Handle, script: Script) -> None:
        self.handle, self.script = handle, script
        self._number = 0

    async def says(self, verb: str, *about: Any) -> Any:
        """One command, answered; ``about`` is what the update carries beside the command's id."""
        self._number += 1
        command = uuid5(SUBJECT, f"{verb}:{self._number}")
        return await self.handle.execute_update(verb, args=[command, *about], id=str(command))

    async def hears(self) -> None:
        """Another subject's act."""
        await self.handle.signal("heard")

    async def asked(self, kind: str, times: int = 1) -> None:
        """Wait until the workflow has asked for something so often."""
        for _ in range(600):
            if self.script.asked.count(kind) >= times:
                await asyncio.sleep(0.2)
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"{kind} was asked {self.script.asked.count(kind)} times, not {times}")

    async def ends(self) -> Any:
        """Wait for the result, over all runs."""
        return await self.handle.result()


@dataclass
class Path:
    """One path: how it starts, what is answered, who says what."""

    workflow: Any
    start: Any
    script: Script
    play: Callable[[Player], Awaitable[Any]]
    ids: dict[str, str] = field(default_factory=dict)


def acts(*command: Answer, **others: list[Answer]) -> Script:
    return Script(acts={"command": list(command), **others})


async def _verbs(player: Player, *verbs: str) -> None:
    for verb in verbs:
        await player.says(verb)
    await player.ends()


def plays(*verbs: str) -> Callable[[Player], Awaitable[None]]:
    return lambda player: _verbs(player, *verbs)


async def until_end(player: Player) -> None:
    await player.ends()
