"""The campaign of the first approval of the whole stock: opened by a command, or with a month.

The stock are the profiles of before its opening. Whether those approved before the rule are signed again
under it is the authority's choice, taken with a document; one that began by itself leaves them alone.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.calendar import legal_date
from models.command_law import OpenCampaign
from models.errors import RefusedError
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene
from models.record.authority_stream import record_on_authority
from models.record.commands import Command
from models.record.law_of import LawOf
from models.record.tools import Tools
from models.regulations import Obligation, RuleSet

_BEGIN = text(
    "INSERT INTO stock_campaigns (authority_id, rule_id, citation, rule_set_hash, opened_on, opened_at,"
    " again, document, opened_by) VALUES (:authority, :rule, :citation, :hash, :day, :now, :again,"
    " :document, :by)"
    " ON CONFLICT DO NOTHING RETURNING opened_at"
)
_TAKE_OVER = text(
    "UPDATE stock_campaigns SET again = :again, document = :document, opened_by = :by"
    " WHERE rule_id = :rule AND opened_by IS NULL RETURNING opened_at"
)
_OPENED = text("SELECT opened_at, again FROM stock_campaigns WHERE rule_id = :rule")
_PLACE = text(
    "SELECT u.department_id, hoso_top() AS root FROM authorities u WHERE u.authority_id = :authority"
)


@dataclass(frozen=True, slots=True)
class Opened:
    """A campaign that is open: the rule it stands on, since when, and whom it includes."""

    rule: Obligation
    opened_at: datetime
    again: bool


async def begun(
    connection: AsyncConnection, tools: Tools, authority_id: UUID, law: RuleSet, now: datetime
) -> Opened | None:
    """The campaign of the rule of a law in force today; opened by itself where nobody has opened it.

    None where the law asks for no approval of the whole stock.
    """
    rule = law.slot("whole_stock_approval")
    if rule is None:
        return None
    await _begin(connection, tools, authority_id, now, law, rule, None)
    row = (await connection.execute(_OPENED, {"rule": rule.rule.id})).one()
    return Opened(rule, row.opened_at, row.again)


async def opened_by(
    connection: AsyncConnection,
    tools: Tools,
    authority_id: UUID,
    command: Command,
    role: str,
    now: datetime,
) -> dict[str, Any]:
    """Open it by the authority's own act; answers what the command is answered.

    Raises:
        RefusedError: ``wrong-state`` where no rule in force asks for it, or it was opened by such an act.
    """
    laws = await tools.laws(connection, authority_id, legal_date(now))
    # The authority's own law goes before that of a part of its tree.
    asking = [(law, rule) for law in laws.every if (rule := law.slot("whole_stock_approval")) is not None]
    law, rule = asking[0] if asking else (laws.own, None)
    if rule is None:
        raise RefusedError.of(
            "wrong-state",
            "Quy định đang áp dụng không đặt đợt phê duyệt lần đầu toàn bộ hồ sơ.",
            "The law in force asks for no first approval of the whole stock.",
        )
    opened_at = await _begin(connection, tools, authority_id, now, law, rule, command, role)
    if opened_at is None:
        raise RefusedError.of(
            "wrong-state",
            "Đợt phê duyệt lần đầu toàn bộ hồ sơ đã được mở bằng văn bản.",
            "The first approval of the whole stock was opened by a document already.",
            citation=rule.citation,
        )
    body = command.body
    assert isinstance(body, OpenCampaign)
    return {
        "rule_id": rule.rule.id,
        "citation": rule.citation,
        "opened_on": legal_date(opened_at).isoformat(),
        "again": body.again,
    }


async def _begin(
    connection: AsyncConnection,
    tools: Tools,
    authority_id: UUID,
    now: datetime,
    law: RuleSet,
    rule: Obligation,
    command: Command | None,
    role: str = "system",
) -> datetime | None:
    """The row and its event, written once; none where there was nothing to write."""
    _, calendar = await tools.law(connection, LawOf.authority(authority_id), legal_date(now))
    body = command.body if command is not None else None
    again, document = (body.again, body.document) if isinstance(body, OpenCampaign) else (False, None)
    by = command.actor.account_id if command is not None else None
    values = {
        "authority": authority_id,
        "rule": rule.rule.id,
        "citation": rule.citation,
        "hash": law.hash,
        "day": legal_date(now),
        "now": now,
        "again": again,
        "document": document,
        "by": by,
    }
    opened_at = await connection.scalar(_BEGIN, values)
    if opened_at is None and command is not None:
        opened_at = await connection.scalar(_TAKE_OVER, values)
    if not isinstance(opened_at, datetime):
        return None
    place = (await connection.execute(_PLACE, {"authority": authority_id})).one()
    scene = Scene(
        now=now,
        law=law,
        calendar=calendar,
        policy=tools.policy,
        act_id=command.id if command else uuid5(authority_id, f"stock:{rule.rule.id}:opened"),
        actor_id=by,
        actor_role=role,
        actor_profile_id=None,
        department_id=place.department_id,
        managing_agency_id=place.root,
    )
    facts: dict[str, Any] = {"opened_on": legal_date(opened_at).isoformat()}
    if command is not None:
        facts |= {"document": document, "again": again}
    outcome = Outcome().happened("stock.campaign_opened", rule, **facts)
    await record_on_authority(connection, scene, authority_id, place.root, outcome)
    return opened_at
