"""Waiting for what comes first: a message, or the instant something is due."""

from collections.abc import Callable
from datetime import datetime, timedelta

from temporalio import workflow

FRUITLESS = timedelta(minutes=15)


def not_at_once(due: datetime | None) -> datetime | None:
    """After a wake: the earliest instant of the next, if ``due`` has still come.

    A row that stays due whatever a wake does (a mistake in a rule) costs one act in a quarter of an hour,
    not a core and a history that never ends.
    """
    now = workflow.now()
    return now + FRUITLESS if due is not None and due <= now else None


def later(due: datetime | None, pause: datetime | None) -> datetime | None:
    """``due``, but not before ``pause``."""
    return max(due, pause) if due is not None and pause is not None else due


def is_long(limit: int) -> bool:
    """Whether this run is to give way to the next: more events than ``limit``, or as the engine says."""
    info = workflow.info()
    return info.get_current_history_length() > limit or info.is_continue_as_new_suggested()


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


async def everybody_answered() -> None:
    """Wait until no message is being worked on and every answer is out, before a run ends.

    An answer that left in the same task as the run's end would be lost with it when a signal arrives at that
    instant (the server then refuses the task); so the end comes in a task of its own.
    """
    while True:
        await workflow.wait_condition(workflow.all_handlers_finished)
        await workflow.sleep(timedelta(milliseconds=1), summary="Mọi câu trả lời đã gửi")
        if workflow.all_handlers_finished():
            return
