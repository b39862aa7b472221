"""How often a signature is tried: without end while others are awaited, a few times for all else."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.signing.errors import PAUSE, NotNowError, PausedError, SignerAwayError

Result = TypeVar("Result")

ATTEMPTS = 5
"""Attempts at a signature that our own side (a token, the keys, a disk) keeps from being made."""


async def patiently(work: Awaitable[Result]) -> Result:
    """The result of one attempt; its failure told so that the engine tries again, or no more.

    Raises:
        ApplicationError: its type is the trouble's code. `NotNowError` is tried until somebody answers: the
            approval stays pending for hours if need be. Anything else ends after `ATTEMPTS`.
    """
    last = activity.in_activity() and activity.info().attempt >= ATTEMPTS
    try:
        return await work
    except PausedError as paused:
        # No fault, and no growing delay: it goes on within a minute of being resumed.
        raise ApplicationError(
            paused.code,
            type=paused.code,
            next_retry_delay=PAUSE,
            category=ApplicationErrorCategory.BENIGN,
        ) from paused
    except NotNowError as trouble:
        raise ApplicationError(trouble.code, type=trouble.code) from trouble
    except SignerAwayError as away:
        # The workflow tells it by its name, where trying again did not help.
        raise ApplicationError(away.code, type=away.code, non_retryable=last) from away
    except Exception as error:
        if not last:
            raise
        raise ApplicationError(type(error).__name__, type=type(error).__name__, non_retryable=True) from error
