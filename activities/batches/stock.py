"""The first approval of the whole stock, where the law asks for one: a list per agency beside its months.

The stock are the profiles of before the campaign's opening; what is opened later is new and falls under the
month's window. A list takes what was submitted and never approved under the rule; what becomes ready later
joins an open list, or begins the next one. Looked after at each month's opening, before its lists are frozen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import text

from models.calendar import legal_date, start_of_day
from models.database import Scope, transaction
from models.lifecycle.competence import signers
from models.lifecycle.month import OPEN_END, OUTSTANDING
from models.messages import Ask, Internal
from models.record.act import act
from models.record.campaigning import begun
from models.record.law_of import Laws
from models.record.tools import Tools
from models.regulations import Obligation

_HELD = text(
    "SELECT id, month, version FROM agency_months WHERE agency_id = :agency AND kind = 'whole_stock'"
    " AND state <> 'closed' ORDER BY month DESC LIMIT 1"
)
_LIST = text(
    "INSERT INTO agency_months (id, authority_id, agency_id, month, kind, state, opens_on, nominal_end,"
    " rolled_end, closes_at, version, listed, opened_at, summary) VALUES (:id, :authority, :agency, :name,"
    " 'whole_stock', 'open', :day, :end, :end, :closes, 0, 0, :now, '{}') ON CONFLICT DO NOTHING RETURNING id"
)
_STOCK = (
    " WHERE p.agency_id IN (SELECT c.descendant_id FROM agency_closure c WHERE c.ancestor_id = :agency"
    "   AND c.valid_to IS NULL AND hoso_sync_agent(c.descendant_id) = :agency)"
    " AND p.chapter NOT IN ('separation', 'archive') AND p.created_at < :opened"
    " AND NOT EXISTS (SELECT 1 FROM approvals s JOIN revisions a ON a.id = s.revision_id"
    "   WHERE s.profile_id = p.id AND s.state = 'signed' AND s.signed_at >= :opened"
    "   AND s.approver_role = ANY (:roles) AND a.state IN ('approved', 'superseded'))"
    " AND NOT EXISTS (SELECT 1 FROM month_items i JOIN agency_months m ON m.id = i.agency_month_id"
    "   WHERE i.profile_id = p.id AND m.state <> 'closed' AND i.state = ANY (:outstanding))"
)
_READY = f" FROM profiles p JOIN revisions r ON r.id = p.pending_revision_id{_STOCK}"
# Whoever has begun something newer goes on with that: what was given back is theirs to mend.
_BEFORE = text(
    f"SELECT p.id FROM profiles p JOIN revisions a ON a.id = p.approved_revision_id{_STOCK}"  # noqa: S608 — fragments above, no input
    " AND p.chapter = 'service' AND p.pending_revision_id IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM revisions n WHERE n.profile_id = p.id AND n.number > a.number)"
    " ORDER BY p.id"
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
    again: bool = False
    """Whether profiles approved before the rule are signed again under it."""

    async def refresh(self, agency_id: UUID) -> Held | None:
        """The agency's open list with all that is ready on it; none where nothing is ready.

        Begun again after a kill it goes on from the rows: what stands on the list stays, what was not yet
        told is told once.
        """
        name = f"{legal_date(self.now):%Y-%m}-stock"
        if self.again:
            await self._submit_again(agency_id)
        async with transaction(self.tools.engine, self._scope) as connection:
            ready = self._ready(agency_id)
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

    def _ready(self, agency_id: UUID) -> dict[str, Any]:
        return {
            "agency": agency_id,
            "opened": self.opened_at,
            "roles": list(signers(self.rule)),
            "outstanding": list(OUTSTANDING),
        }

    async def _submit_again(self, agency_id: UUID) -> None:
        """What was approved before the rule, each submitted again by an act of its own; once, by the rows."""
        async with transaction(self.tools.engine, self._scope) as connection:
            before = list((await connection.execute(_BEFORE, self._ready(agency_id))).scalars())
        for profile_id in before:
            await act(
                self.tools,
                Ask(
                    authority_id=self.authority_id,
                    subject="profile",
                    subject_id=profile_id,
                    internal="submit_again",
                    now=self.now,
                    bulk=True,
                ),
            )

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


@dataclass(frozen=True, slots=True)
class Campaigns:
    """The campaigns of one authority: one, or more where a part of its tree has another regulation."""

    laws: Laws
    by_law: Mapping[str, Campaign]

    @property
    def own(self) -> Campaign | None:
        """Of the authority's own law."""
        return self.by_law.get(self.laws.own.hash)

    @property
    def any(self) -> bool:
        """Whether there is one at all."""
        return bool(self.by_law)

    def of(self, agency_id: UUID) -> Campaign | None:
        """The campaign of an agency's law; none where that asks for no approval of the whole stock."""
        return self.by_law.get(self.laws.of(agency_id).hash)


async def open_campaigns(tools: Tools, authority_id: UUID, now: datetime) -> Campaigns:
    """The campaigns of the rules in force on the day of `now`, opened by recorded acts when they begin to
    bind."""
    async with transaction(tools.engine, Scope(authority_id, everything=True)) as connection:
        laws = await tools.laws(connection, authority_id, legal_date(now))
        found = {law.hash: await begun(connection, tools, authority_id, law, now) for law in laws.every}
    made = {
        law: Campaign(tools, authority_id, one.rule, one.opened_at, now, one.again)
        for law, one in found.items()
        if one is not None
    }
    return Campaigns(laws, made)


def _closes_at() -> datetime:
    return start_of_day(OPEN_END)
