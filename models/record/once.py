"""What the siblings of ``act`` share: a command done exactly once, however often it is asked.

Their subjects are no profiles: an account, a breach, the law, the authority as a whole. Each decides in its
own way; the command's row, the savepoint and the answer, a refusal's too, are the same for all.
"""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from models.database import Query, together
from models.errors import RefusedError
from models.lifecycle.life import AccountState
from models.messages import Ask
from models.record.commands import Command, command_of, command_query, settling
from models.record.conflicts import refusal_of
from models.record.tools import Tools
from models.record.write import plain

Decide = Callable[[Command], Awaitable[tuple[int, dict[str, Any]]]]
"""Does it, and answers a status with what the caller is told."""


class Answered(NamedTuple):
    """The status of the command's answer, and the refusal's code where it was refused."""

    status: int
    refusal: str = ""


async def once(
    connection: AsyncConnection, tools: Tools, ask: Ask, decide: Decide, *, lock: Query | None = None
) -> Answered:
    """Do the command asked for, or find it done; within the transaction at hand.

    What ``decide`` wrote before it refused, or before a constraint did, is taken back; the refusal is stored
    as the command's answer. A command that is not there is 404 and leaves nothing.

    Args:
        lock: locks the subject's row before the command is read, so that two acts on it take turns.
    """
    assert ask.command_id is not None, "what a workflow asks by itself has no command to answer"
    rows = (await together(connection, [*([lock] if lock else []), command_query(ask.command_id)]))[-1]
    if not rows:
        return Answered(404)
    command = command_of(tools, ask.authority_id, rows[0])
    if command.settled:
        return Answered(command.status)
    try:
        async with connection.begin_nested():
            status, answer = await decide(command)
    except IntegrityError as conflict:
        known = refusal_of(conflict)
        if known is None:
            raise
        refusal, status, answer = known.code, known.problem.status, known.to_json()
    except RefusedError as refused:
        known = refused.refusal
        refusal, status, answer = known.code, known.problem.status, known.to_json()
    else:
        refusal, answer = "", plain(answer)
    await together(connection, [settling(ask.command_id, status, answer, ask.now)])
    return Answered(status, refusal)


def in_use(command: Command) -> None:
    """Whoever asks has an account that may be used now.

    Raises:
        RefusedError: ``not-permitted``.
    """
    if command.account_state != AccountState.ACTIVE:
        raise RefusedError.of(
            "not-permitted", "Tài khoản không được sử dụng lúc này.", "The account is not in use."
        )
