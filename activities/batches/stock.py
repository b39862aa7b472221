"""The first approval of the whole stock, where the law asks for one: a list per agency beside its months.

The stock are the profiles of before the campaign's opening; what is opened later is new and falls under the
month's window. A list takes what was submitted and never approved under the rule; what becomes ready later
joins an open list, or begins the next one. Looked after at each month's opening, before its lists are frozen.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import text

from models.calendar import legal_date, start_of_day
from models.database import Scope, transaction
from models.lifecycle.competence import signers
from models.lifecycle.month import OPEN_END, OUTSTANDING
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene
from models.messages import Ask, Internal
from models.record.act import act
from models.record.install import record_on_authority
from models.record.tools import Tools
from models.regulations import Obligation

_BEGIN = text(
    "INSERT INTO stock_campaigns (authority_id, rule_id, citation, rule_set_hash, opened_on, opened_at)"
    " VALUES (:authority, :rule, :citation, :hash, :day, :now) ON CONFLICT DO NOTHING RETURNING opened_at"
)
_OPENED = text("SELECT opened_at FROM stock_campaigns WHERE rule_id = :rule")
_PLACE = text(
    "SELECT u.department_id, (SELECT id FROM agencies WHERE parent_id IS NULL ORDER BY id LIMIT 1) AS root"
    " FROM authorities u WHERE u.authority_id = :authority"
)
_HELD = text(
    "SELECT id, month, version FROM agency_months WHERE agency_id = :agency AND kind = 'whole_stock'"
    " AND state <> 'closed' ORDER BY month DESC LIMIT 1"
)
_LIST = text(
    "INSERT INTO agency_months (id, authority_id, agency_id, month, kind, state, opens_on, nominal_end,"
    " rolled_end, closes_at, version, listed, opened_at, summary) VALUES (:id, :authority, :agency, :name,"
    " 'whole_stock', 'open', :day, :end, :end, :closes, 0, 0, :now, '{}') ON CONFLICT DO NOTHING RETURNING id"
)
_READY = (
    " FROM profiles p JOIN revisions r ON r.id = p.pending_revision_id"
    " WHERE p.agency_id IN (SELECT c.descendant_id FROM agency_closure c WHERE c.ancestor_id = :agency"
    "   AND c.valid_to IS NULL AND hoso_sync_agent(c.descendant_id) = :agency)"
    " AND p.chapter NOT IN ('separation', 'archive') AND p.created_at < :opened"
    " AND NOT EXISTS (SELECT 1 FROM approvals s JOIN revisions a ON a.id = s.revision_id"
    "   WHERE s.profile_id = p.id AND s.state = 'signed' AND s.signed_at >= :opened"
    "   AND s.approver_role = ANY (:roles) AND a.state IN ('approved', 'superseded'))"
    " AND NOT EXISTS (SELECT 1 FROM month_items i JOIN agency_months m ON m.id = i.agency_month_id"
    "   WHERE i.profile_id = p.id AND m.state <> 'closed' AND i.state = ANY (:outstanding))"
)
_ANY = text(f"SELECT EXISTS (SELECT 1{_READY})")
_JOIN = text(
    "INSERT INTO month_items (agency_month_id, profile_id, authority_id, revision_id, digest, state,"
    f" changed_at) SELECT :id, p.id, p.authority_id, r.id, r.digest, 'listed', :now{_READY}"
    " ON CONFLICT (agency_month_id, profile_id) DO UPDATE SET state = 'listed', reason = NULL,"
    " revision_id = excluded.revision_id, digest = excluded.digest, tran_code = NULL, changed_at = :now"
)
_LISTED = text(
    "UPDATE agency_months SET listed = (SELECT count(*) FROM month_items WHERE agency_month_id = :id)"
    " WHERE id = :id RETURNING listed"
)


@dataclass(frozen=True, slots=True)
class Held:
    """A list for which a workflow runs."""

    id: UUID
    name: str
    closes_at: datetime


@dataclass(frozen=True, slots=True)
class Campaign:
    """The campaign of one authority, looked after at one instant."""

    tools: Tools
    authority_id: UUID
    rule: Obligation
    opened_at: datetime
    now: datetime

    async def refresh(self, agency_id: UUID) -> Held | None:
        """The agency's open list with all that is ready on it; none where nothing is ready.

        Begun again after a kill it goes on from the rows: what stands on the list stays, what was not yet
        told is told once.
        """
        name = f"{legal_date(self.now):%Y-%m}-stock"
        async with transaction(self.tools.engine, self._scope) as connection:
            ready = {
                "agency": agency_id,
                "opened": self.opened_at,
                "roles": list(signers(self.rule)),
                "outstanding": list(OUTSTANDING),
            }
            row = (await connection.execute(_HELD, {"agency": agency_id})).one_or_none()
            if row is None:
                if not await connection.scalar(_ANY, ready):
                    return None
                if await connection.scalar(_LIST, self._row(agency_id, name)) is None:
                    return None  # this month's list was worked off already: the next month begins another
                row = (await connection.execute(_HELD, {"agency": agency_id})).one()
            await connection.execute(_JOIN, {**ready, "id": row.id, "now": self.now})
            listed = await connection.scalar(_LISTED, {"id": row.id})
        if row.version == 0:
            await self._act("open_month", row.id, listed=int(listed or 0))
        else:
            await self._act("refresh_stock", row.id, step=str(uuid5(row.id, name)))
        return Held(row.id, row.month, _closes_at())

    def _row(self, agency_id: UUID, name: str) -> dict[str, Any]:
        return {
            "id": uuid5(agency_id, f"month:{name}"),
            "authority": self.authority_id,
            "agency": agency_id,
            "name": name,
            "day": legal_date(self.now),
            "end": OPEN_END,
            "closes": _closes_at(),
            "now": self.now,
        }

    async def _act(self, internal: Internal, list_id: UUID, **facts: str | int) -> None:
        await act(
            self.tools,
            Ask(
                authority_id=self.authority_id,
                subject="agency_month",
                subject_id=list_id,
                internal=internal,
                now=self.now,
                facts=dict(facts),
                bulk=True,
            ),
        )

    @property
    def _scope(self) -> Scope:
        return Scope(self.authority_id, everything=True)


async def open_campaign(tools: Tools, authority_id: UUID, now: datetime) -> Campaign | None:
    """The campaign of the rule in force on the day of `now`, opened by a recorded act when it begins to bind.

    None where the law asks for no approval of the whole stock.
    """
    day, scope = legal_date(now), Scope(authority_id, everything=True)
    async with transaction(tools.engine, scope) as connection:
        law, calendar = await tools.law(connection, authority_id, day)
        rule = law.slot("whole_stock_approval")
        if rule is None:
            return None
        values = {
            "authority": authority_id,
            "rule": rule.rule.id,
            "citation": rule.citation,
            "hash": law.hash,
            "day": day,
            "now": now,
        }
        if await connection.scalar(_BEGIN, values) is not None:
            place = (await connection.execute(_PLACE, {"authority": authority_id})).one()
            scene = Scene(
                now=now,
                law=law,
                calendar=calendar,
                policy=tools.policy,
                act_id=uuid5(authority_id, f"stock:{rule.rule.id}:opened"),
                actor_id=None,
                actor_role="system",
                actor_profile_id=None,
                department_id=place.department_id,
                managing_agency_id=place.root,
            )
            outcome = Outcome().happened("stock.campaign_opened", rule, opened_on=day.isoformat())
            await record_on_authority(connection, scene, authority_id, place.root, outcome)
        opened_at = await connection.scalar(_OPENED, {"rule": rule.rule.id})
    assert isinstance(opened_at, datetime)
    return Campaign(tools, authority_id, rule, opened_at, now)


def _closes_at() -> datetime:
    return start_of_day(OPEN_END)
