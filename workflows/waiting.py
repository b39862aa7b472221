"""Waiting for what comes first: a message, or the instant something is due."""

from collections.abc import Callable
from datetime import datetime, timedelta

from temporalio import workflow


async def until(due: datetime | None, condition: Callable[[], bool], *, summary: str) -> bool:
    """Wait until ``condition`` holds or ``due`` has come; answers whether the condition holds.

    Without ``due`` there is no timer: the workflow sleeps until somebody speaks to it.
    """
    if due is None:
        await workflow.wait_condition(condition)
        return True
    left = due - workflow.now()
    if left <= timedelta(0):
        return condition()
    try:
        await workflow.wait_condition(condition, timeout=left, timeout_summary=summary[:200])
    except TimeoutError:
        return condition()
    return True
