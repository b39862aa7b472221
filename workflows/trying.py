"""How often what may pass is tried again, and what is told where it did not."""

from datetime import timedelta

from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError

# Without end: the activity itself gives up what only our side keeps from being made (activities/signing
# /patience.py); who else must answer may be away for hours, and the approval waits, pending, until then.
SIGN_RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5))
PREPARE_RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_attempts=4)
"""Somebody waits with a token in hand: better told within seconds that it cannot be prepared now."""
AWAY = (
    "token-away",
    "token-locked",
    "token-module-missing",
    "revocation-unavailable",
    "revocation-unknown",
    "timestamp-unavailable",
    "timestamp-wrong",
)
"""Troubles of a token, or of who must vouch for it, that approver and administrator are told by name."""
# Somebody waits: a person's record is asked for a few times, then the answer says that none came.
PULL_RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_attempts=10)
# A maintenance night of the national side lasts hours: wait for it rather than give up.
NATIONAL_RETRY = RetryPolicy(initial_interval=timedelta(seconds=2), maximum_interval=timedelta(minutes=10))


def why(error: ActivityError) -> str:
    """What kept a signature from being made: the token's own trouble where it has a name."""
    cause = error.cause
    if isinstance(cause, ApplicationError) and cause.type in AWAY:
        return cause.type
    return "signing-unavailable"
