"""Acts on the law as commands: asked by an administrator over the API, decided beside the workflow, settled.

The sibling of ``act`` for the one subject that is no row of its own: the authority's law. Whether it may be
done is asked here again, a refusal is an answer, and the same command again is answered from its row.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from models.access import Allowed, Target, may
from models.calendar import legal_date
from models.calendar.loader import load_year
from models.calendar.source import SourceError
from models.command_codes import CodeListAct
from models.command_law import AdoptLaw, LawAct, LoadLaw, OpenCampaign, ProclaimYear
from models.command_shapes import Body
from models.database import Scope, transaction
from models.errors import FieldRefusal, RefusedError
from models.lifecycle.rebasing import Basis
from models.messages import Ask, Moment
from models.record.authorise import VERB_OF
from models.record.authority_stream import TOP
from models.record.campaigning import opened_by
from models.record.code_lists import list_act
from models.record.commands import Command
from models.record.law_of import LawOf
from models.record.lawmaking import (
    Plan,
    Planner,
    Warrant,
    adopting,
    carried_out,
    loading,
    proclaiming,
)
from models.record.once import in_use, once
from models.record.tools import Tools
from models.regulations import in_story, load_beside


def unfit(error: SourceError) -> RefusedError:
    """A file that cannot be law, with every problem at its file and line."""
    fields = []
    for one in error.problems:
        vi, _, en = one.message.partition(" / ")
        fields.append(FieldRefusal(f"{one.file}:{one.line}", one.file, vi, en or vi))
    return RefusedError.of(
        "law-unfit",
        f"Tệp có {len(fields)} lỗi; bộ quy định đang áp dụng không thay đổi.",
        f"The file has {len(fields)} problems; the law that is applied stays.",
        fields=tuple(fields),
    )


def _load(body: LoadLaw) -> Planner:
    def plan(code: str, basis: Basis) -> Plan:
        others = in_story(code, basis.laws).regulations
        return loading(load_beside(Path(body.file), others, body.content))(code, basis)

    return plan


def _adopt(body: AdoptLaw) -> Planner:
    return adopting(body.regulation, body.starts)


def _proclaim(body: ProclaimYear) -> Planner:
    def plan(code: str, basis: Basis) -> Plan:
        return proclaiming(load_year(Path(body.file), body.content))(code, basis)

    return plan


PLANNED: dict[type[Body], Callable[[Any], Planner]] = {
    LoadLaw: _load,
    AdoptLaw: _adopt,
    ProclaimYear: _proclaim,
}


def planner_of(body: LawAct) -> Planner:
    """What the body asks for as a plan; problems of its file are refused as the plan is made.

    Raises (when planning):
        RefusedError: ``law-unfit``, ``law-known``, ``law-not-loadable``.
    """
    planned = PLANNED[type(body)](body)

    def plan(code: str, basis: Basis) -> Plan:
        try:
            return planned(code, basis)
        except SourceError as error:
            raise unfit(error) from error

    return plan


async def give_law(tools: Tools, ask: Ask) -> Moment:
    """Do one act on the law, exactly once however often it is asked."""
    assert ask.command_id is not None, "nothing but a command changes the law"
    scope = Scope(ask.authority_id, everything=True, on=legal_date(ask.now))
    async with transaction(tools.engine, scope) as connection:
        answered = await once(connection, tools, ask, partial(_decided, connection, tools, ask))
    return _moment(*answered)


async def _decided(
    connection: AsyncConnection, tools: Tools, ask: Ask, command: Command
) -> tuple[int, dict[str, Any]]:
    """Do it; what the command is answered."""
    body = command.body
    if isinstance(body, CodeListAct):
        role = await permitted(connection, tools, ask, command)
        return 201, await list_act(connection, tools, ask, command, role)
    assert isinstance(body, LawAct), "only acts on the law come here"
    role = await permitted(connection, tools, ask, command)
    if isinstance(body, OpenCampaign):
        return 201, await opened_by(connection, tools, ask.authority_id, command, role, ask.now)
    warrant = Warrant(body.document, body.approver_id, command.actor.account_id)
    loaded = await carried_out(connection, tools, ask.authority_id, planner_of(body), warrant, ask.now)
    return 201, {"loads": [str(one) for one in loaded.ids], "kind": loaded.plan.kind, **loaded.plan.facts}


async def permitted(connection: AsyncConnection, tools: Tools, ask: Ask, command: Command) -> str:
    """The role in which somebody acts on the authority as a whole, with an account in use."""
    in_use(command)
    today = legal_date(ask.now)
    law, _ = await tools.law(connection, LawOf.authority(ask.authority_id), today)
    root: UUID = (await connection.execute(TOP)).scalar_one()
    verdict = may(command.actor, VERB_OF[command.verb], Target(agency_id=root), today, law)
    if not isinstance(verdict, Allowed):
        raise RefusedError.of(verdict.code, verdict.reason_vi, verdict.reason_en)
    return verdict.role


def _moment(status: int, refusal: str = "") -> Moment:
    return Moment(version=0, chapter="law", words="Quy định và lịch", status=status, refusal=refusal)
