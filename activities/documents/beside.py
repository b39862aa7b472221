"""Heavy work in threads of its own, with what the task that asks for it reads: its code lists."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from contextvars import copy_context
from typing import TypeVar, TypeVarTuple

T = TypeVar("T")
Args = TypeVarTuple("Args")


async def beside(threads: Executor, work: Callable[[*Args], T], *args: *Args) -> T:
    """The work's answer; the event loop goes on meanwhile.

    A pool's thread knows nothing of the task that asks, other than ``asyncio.to_thread``'s.
    """
    return await asyncio.get_running_loop().run_in_executor(threads, copy_context().run, work, *args)
