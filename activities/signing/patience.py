"""How often a signature is tried: without end while others are awaited, a few times for all else."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.signing.errors import NotNowError, SignerAwayError

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
    except NotNowError as trouble:
        raise ApplicationError(trouble.code, type=trouble.code) from trouble
    except SignerAwayError as away:
        # The workflow tells it by its name, where trying again did not help.
        raise ApplicationError(away.code, type=away.code, non_retryable=last) from away
    except Exception as error:
        if not last:
            raise
        raise ApplicationError(type(error).__name__, type=type(error).__name__, non_retryable=True) from error
