"""How it looks when the engine cannot be reached."""

from temporalio.service import RPCError, RPCStatusCode

ENGINE_AWAY = (RPCError, RuntimeError)
"""The SDK's own first connection raises the latter, as long as the server has not been reached."""

NO_ANSWER = (RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED)
"""A call's time is over: as the server says it, and as the SDK says it that counted for itself."""

_FIRST = "Failed client connect"


def never_reached(error: BaseException) -> bool:
    """Whether it is the SDK's first connection that failed: told from other RuntimeErrors by its text."""
    return isinstance(error, RuntimeError) and str(error).startswith(_FIRST)
