"""What a command would come to, without anything of it: the act itself, rolled back.

Nothing is judged by other code than the act's own, so a rehearsal says what the act would say at that moment;
what a constraint of the database would refuse is found too.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from models.calendar import legal_date
from models.command_shapes import Body
from models.database import Scope, enter
from models.messages import Ask
from models.record.act import within
from models.record.commands import accept, fate
from models.record.conflicts import refusal_of
from models.record.tools import Tools


@dataclass(frozen=True, slots=True)
class Asked:
    """A command that is not written down: who asks what of whom."""

    account_id: UUID
    body: Body
    workflow_id: str
    expected: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer a command has or would have; ``code`` is the problem's where it is refused."""

    status: int
    code: str | None
    answer: dict[str, Any]


AT_ONCE = text("SET CONSTRAINTS ALL IMMEDIATE")


async def rehearse(tools: Tools, ask: Ask, asked: Asked) -> Verdict:
    """The answer the command would have now; every row stays as it is."""
    async with tools.engine.connect() as connection:
        transaction = await connection.begin()
        try:
            return await _rehearsed(connection, tools, ask, asked)
        except IntegrityError as conflict:
            refusal = refusal_of(conflict)
            if refusal is None:
                raise
            return Verdict(refusal.problem.status, refusal.code, refusal.to_json())
        finally:
            await transaction.rollback()


async def _rehearsed(connection: AsyncConnection, tools: Tools, ask: Ask, asked: Asked) -> Verdict:
    assert ask.command_id is not None
    await enter(connection, Scope(ask.authority_id, everything=True, on=legal_date(ask.now)))
    await accept(
        connection,
        tools,
        command_id=ask.command_id,
        authority_id=ask.authority_id,
        account_id=asked.account_id,
        body=asked.body,
        received=b"",
        workflow_id=asked.workflow_id,
        subject_id=ask.subject_id,
        expected_revision=asked.expected,
        now=ask.now,
    )
    moment = await within(connection, tools, ask, commit=False)
    await connection.execute(AT_ONCE)
    found = await fate(connection, ask.command_id)
    answer = found.answer if found is not None and found.answer is not None else {}
    return Verdict(moment.status, moment.refusal or None, answer)
