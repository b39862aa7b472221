"""What is a unit's own (posts, roles, delegations, accounts, lists, reports) passed on before the unit ends.

Done when its people have moved, in one transaction; done again it finds nothing left. Each subject has its
own event, in its own chain.
"""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID, uuid5

from psycopg.types.json import Jsonb
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.calendar import legal_date
from models.database import Query, Scope, together, transaction
from models.lifecycle.moving import Reshaping
from models.lifecycle.outcome import Outcome
from models.lifecycle.passing_on import Passed, Right, pass_rights
from models.record.delegations import LOCK, stir
from models.record.moving import Stage, staged
from models.record.sets import in_sets
from models.record.tools import Tools
from models.record.write import GENESIS, chain, lines, written_rows
from models.record.writing import Writing

_RIGHTS_OF = (
    "SELECT g.id AS grant_id, h.id AS holder_id, g.account_id, g.agency_id, g.role, g.valid_from, g.valid_to,"
    " coalesce(h.acting, false) AS acting, a.agency_id AS at, g.delegation_of FROM grants g"
    " JOIN accounts a ON a.id = g.account_id LEFT JOIN post_holders h ON h.grant_id = g.id"
    " WHERE {grants} AND (g.valid_to IS NULL OR g.valid_to > greatest(:on, g.valid_from))"
    " UNION ALL SELECT NULL, h.id, h.account_id, p.agency_id, p.kind, h.valid_from, h.valid_to, h.acting,"
    " a.agency_id, NULL FROM post_holders h JOIN agency_posts p ON p.id = h.post_id"
    " JOIN accounts a ON a.id = h.account_id WHERE h.grant_id IS NULL AND {holders}"
    " AND (h.valid_to IS NULL OR h.valid_to > greatest(:on, h.valid_from))"
    " ORDER BY 6, 3, 5"
)
_RIGHTS = text(_RIGHTS_OF.format(grants="g.agency_id = ANY (:ended)", holders="p.agency_id = ANY (:ended)"))
RIGHTS_NAMED = text(_RIGHTS_OF.format(grants="g.id = ANY (:ids)", holders="h.id = ANY (:ids)"))
"""Rights that stand, by the ids of grants, or of holdings of posts that give no role."""
HELD = text(
    "SELECT g.agency_id, g.role, g.account_id FROM grants g WHERE g.agency_id = ANY (:there)"
    " AND (g.valid_to IS NULL OR g.valid_to > :on)"
    " UNION SELECT p.agency_id, p.kind, h.account_id FROM post_holders h"
    " JOIN agency_posts p ON p.id = h.post_id WHERE p.agency_id = ANY (:there)"
    " AND (h.valid_to IS NULL OR h.valid_to > :on)"
)
POSTS = text(
    "SELECT DISTINCT ON (agency_id, kind) id, agency_id, kind, title FROM agency_posts"
    " WHERE agency_id = ANY (:there) AND valid_to IS NULL ORDER BY agency_id, kind, id"
)
_DESTINATIONS = text(
    "SELECT from_agency_id, array_agg(DISTINCT to_agency_id) AS went FROM reorganisation_items"
    " WHERE reorganisation_id = :id GROUP BY 1"
)
_LAST = text(
    "SELECT DISTINCT ON (stream_id) stream_id, number, hash FROM events WHERE stream_id = ANY (:ids)"
    " ORDER BY stream_id, number DESC"
)
# One right lent twice for the same part and time cannot stand: the second stays behind and ends by itself.
_DELEGATIONS = text(
    "SELECT d.id, d.agency_id, d.version FROM delegations d WHERE d.state <> 'ended'"
    " AND d.agency_id = ANY (:ended) AND NOT EXISTS (SELECT 1 FROM delegations o"
    " JOIN jsonb_to_recordset(:heirs) AS t (ended uuid, heir uuid) ON t.ended = d.agency_id"
    " WHERE o.id <> d.id AND o.state <> 'ended' AND o.delegator_id = d.delegator_id AND o.what = d.what"
    " AND daterange(o.valid_from, o.valid_to) && daterange(d.valid_from, d.valid_to)"
    " AND (o.agency_id = t.heir OR o.id < d.id AND o.agency_id IN (SELECT x.ended FROM"
    " jsonb_to_recordset(:heirs) AS x (ended uuid, heir uuid) WHERE x.heir = t.heir)))"
    " ORDER BY d.id FOR NO KEY UPDATE"
)
_NAMED = text(
    # A person's own goes with the person: who came since is moved before the unit ends.
    "SELECT 'account' AS kind, a.id, a.agency_id, NULL::uuid AS twin FROM accounts a"
    " WHERE a.agency_id = ANY (:ended) AND NOT EXISTS (SELECT 1 FROM profiles p WHERE p.account_id = a.id"
    "   AND p.agency_id = a.agency_id)"
    " UNION ALL SELECT 'breach', id, agency_id, NULL FROM breaches WHERE agency_id = ANY (:ended)"
    " AND state <> 'closed'"
    " UNION ALL SELECT 'report', t.id, t.agency_id, (SELECT o.id FROM review_reports o"
    "   JOIN jsonb_to_recordset(:heirs) AS h (ended uuid, heir uuid) ON h.ended = t.agency_id"
    "   WHERE o.review_id = t.review_id AND o.agency_id = h.heir AND NOT o.whole AND NOT t.whole)"
    " FROM review_reports t WHERE t.agency_id = ANY (:ended) AND t.state = 'open' ORDER BY 1, 2"
)
_DUTIES = text(
    "UPDATE duties d SET agency_id = h.heir FROM jsonb_to_recordset(:heirs) AS h (ended uuid, heir uuid)"
    " WHERE d.agency_id = h.ended AND d.state = 'open'"
    " RETURNING d.id, d.slot, d.agency_month_id, d.report_id, h.ended, h.heir"
)
_VOID = text(
    "UPDATE duties SET state = 'void', reason = 'reorganised', next_wake_at = NULL WHERE report_id = :id"
    " AND state = 'open' RETURNING id, slot"
)
_QUOTAS_END = text(
    "UPDATE agency_quotas SET valid_to = greatest(valid_from, :on) WHERE agency_id = ANY (:ended)"
    " AND (valid_to IS NULL OR valid_to > :on)"
)
_POSTS_END = text(
    "UPDATE agency_posts SET valid_to = greatest(valid_from, :on) WHERE agency_id = ANY (:ended)"
    " AND (valid_to IS NULL OR valid_to > :on)"
)
OFFICES = text(
    "SELECT department_id, ict_department_id FROM authorities WHERE authority_id = hoso_authority()"
)
_OFFICES = text(
    "UPDATE authorities SET department_id = coalesce(d.heir, a.department_id),"
    " ict_department_id = coalesce(i.heir, a.ict_department_id) FROM authorities a"
    " LEFT JOIN jsonb_to_recordset(:heirs) AS d (ended uuid, heir uuid) ON d.ended = a.department_id"
    " LEFT JOIN jsonb_to_recordset(:heirs) AS i (ended uuid, heir uuid) ON i.ended = a.ict_department_id"
    " WHERE authorities.authority_id = :authority AND a.authority_id = authorities.authority_id"
    " AND (d.heir IS NOT NULL OR i.heir IS NOT NULL)"
)


@dataclass(slots=True)
class PassedOn:
    """What was passed on: rights that went along, rights that lapsed, everything else in other hands."""

    rights: int = 0
    lapsed: int = 0
    things: int = 0


@dataclass(slots=True)
class Streams:
    """One outcome for each subject, written together at the end."""

    outcomes: dict[UUID, Outcome] = field(default_factory=lambda: defaultdict(Outcome))
    places: dict[UUID, UUID] = field(default_factory=dict)

    def of(self, stream: UUID, agency_id: UUID) -> Outcome:
        self.places[stream] = agency_id
        return self.outcomes[stream]


async def pass_on(tools: Tools, authority_id: UUID, reshaping: Reshaping, now: datetime) -> PassedOn:
    """Pass on everything that is a unit's own; nothing where no unit ends or it was done."""
    done = PassedOn()
    if not reshaping.heirs:
        return done
    scope = Scope(authority_id, everything=True, on=legal_date(now))
    async with transaction(tools.engine, scope) as connection:
        await together(connection, [(LOCK, {"authority": authority_id})])
        stage, reshaping = await staged(connection, tools, authority_id, reshaping, now, ())
        streams = Streams()
        accounts = await _rights(connection, reshaping, streams, done)
        await _delegations(connection, reshaping, streams, done)
        await _things(connection, reshaping, streams, done)
        await _duties(connection, reshaping, streams, done)
        await _offices(connection, reshaping, streams)
        await kept(connection, stage, reshaping, streams)
        named = {"ended": list(reshaping.heirs), "on": reshaping.on}
        heirs = {"heirs": _pairs(reshaping), "authority": authority_id}
        await together(connection, [(_QUOTAS_END, named), (_POSTS_END, named), (_OFFICES, heirs)])
        await stir(connection, accounts, now)
    return done


def _pairs(reshaping: Reshaping) -> Jsonb:
    return Jsonb([{"ended": str(a), "heir": str(b)} for a, b in reshaping.heirs.items()])


async def _rights(
    connection: AsyncConnection, reshaping: Reshaping, streams: Streams, done: PassedOn
) -> list[UUID]:
    """Grants and posts of the units that end; answers the accounts they are of."""
    ended = list(reshaping.heirs)
    rows, went = await together(
        connection, [(_RIGHTS, {"ended": ended, "on": reshaping.on}), (_DESTINATIONS, {"id": reshaping.id})]
    )
    rights = [Right(**row._asdict()) for row in rows]
    destinations = {row.from_agency_id: frozenset(row.went) for row in went}
    there = sorted({*reshaping.heirs.values(), *(one for went in destinations.values() for one in went)})
    held, posts = await together(
        connection, [(HELD, {"there": there, "on": reshaping.on}), (POSTS, {"there": there})]
    )
    passed = pass_rights(
        rights,
        heirs=reshaping.heirs,
        destinations=destinations,
        held=[(row.agency_id, row.role, row.account_id) for row in held],
    )
    known = {(row.agency_id, row.kind): row.id for row in posts}
    for one in passed:
        agency = one.to or reshaping.heirs[one.right.agency_id]
        give_on(streams.of(one.right.account_id, agency), one, known, reshaping)
        done.rights += one.to is not None
        done.lapsed += one.to is None
    return sorted({one.account_id for one in rights})


def right_of(reorganisation_id: UUID, old: UUID) -> UUID:
    """The id of the grant that goes on in the place of one that ended with a unit."""
    return uuid5(reorganisation_id, f"right:{old}")


def holding_of(reorganisation_id: UUID, old: UUID) -> UUID:
    """The same of the holding of a post: by the grant it gives, or by itself where it gives none."""
    return uuid5(right_of(reorganisation_id, old), "holder")


def post_of(reorganisation_id: UUID, agency_id: UUID, role: str) -> UUID:
    """The id of a post that is made where a right goes on and there was none."""
    return uuid5(reorganisation_id, f"post:{agency_id}:{role}")


def give_on(
    out: Outcome,
    passed: Passed,
    posts: dict[tuple[UUID, str], UUID],
    reshaping: Reshaping,
) -> None:
    """The right ends on the day; the same one begins elsewhere, where it passes on."""
    one, on = passed.right, reshaping.on
    old = one.grant_id or one.holder_id
    assert old is not None, "a right is a grant or a held post"
    end = max(one.valid_from, on)
    if one.grant_id is not None:
        out.update("grants", {"id": one.grant_id}, valid_to=end)  # a trigger ends the holding with it
    else:
        out.update("post_holders", {"id": old}, valid_to=end)
    facts = {"role": one.role, "reorganisation": str(reshaping.id), "from_agency": str(one.agency_id)}
    if passed.to is None:
        out.happened("post.lapsed", None, **facts, on=on.isoformat(), document=reshaping.document)
        return
    label = right_of(reshaping.id, old)
    document = reshaping.document
    if one.grant_id is not None:
        out.insert(
            "grants",
            id=label,
            account_id=one.account_id,
            agency_id=passed.to,
            role=one.role,
            valid_from=end,
            valid_to=one.valid_to,
            document=document,
            delegation_of=one.delegation_of,
        )
    if one.holder_id is not None:
        post = posts.get((passed.to, one.role))
        if post is None:
            post = posts[passed.to, one.role] = post_of(reshaping.id, passed.to, one.role)
            out.insert(
                "agency_posts", id=post, agency_id=passed.to, kind=one.role, valid_from=on, document=document
            )
        out.insert(
            "post_holders",
            id=holding_of(reshaping.id, old),
            post_id=post,
            account_id=one.account_id,
            acting=one.acting,
            valid_from=end,
            valid_to=one.valid_to,
            document=document,
            grant_id=label if one.grant_id is not None else None,
        )
    out.happened(
        "post.passed_on", None, **facts, to_agency=str(passed.to), on=on.isoformat(), document=document
    )


async def _delegations(
    connection: AsyncConnection, reshaping: Reshaping, streams: Streams, done: PassedOn
) -> None:
    """Rights lent for a unit that ends are lent for its heir; each looks what it is worth then."""
    values = {"ended": list(reshaping.heirs), "heirs": _pairs(reshaping)}
    for row in list(await connection.execute(_DELEGATIONS, values)):
        heir = reshaping.heirs[row.agency_id]
        out = streams.of(row.id, heir)
        out.update("delegations", {"id": row.id}, agency_id=heir, version=row.version + 1)
        out.happened("delegation.passed_on", None, **facts_of(reshaping, row.agency_id, heir))
        out.tell.append((f"delegation/{row.id}", {}))
        done.things += 1


def facts_of(reshaping: Reshaping, ended: UUID, heir: UUID) -> dict[str, str]:
    """What the event of a thing passed on says; taking the plan back goes by it."""
    return {
        "reorganisation": str(reshaping.id),
        "from_agency": str(ended),
        "to_agency": str(heir),
        "on": reshaping.on.isoformat(),
        "document": reshaping.document,
    }


async def _things(
    connection: AsyncConnection, reshaping: Reshaping, streams: Streams, done: PassedOn
) -> None:
    """Agency and service accounts, open breaches, open reports; lists keep their name to their end."""
    values = {"ended": list(reshaping.heirs), "heirs": _pairs(reshaping)}
    for row in list(await connection.execute(_NAMED, values)):
        heir = reshaping.heirs[row.agency_id]
        out = streams.of(row.id, heir)
        went = facts_of(reshaping, row.agency_id, heir)
        match row.kind:
            case "account":
                out.update("accounts", {"id": row.id}, agency_id=heir)
            case "breach":
                out.update("breaches", {"id": row.id}, agency_id=heir)
            case "report" if row.twin is None:
                out.update("review_reports", {"id": row.id}, agency_id=heir)
            case "report":
                # The heir reports on these people already: one report each, not one for what no longer is.
                out.update("review_reports", {"id": row.id}, state="not_owed", next_wake_at=None)
                went["reported_in"] = str(row.twin)
                for duty in await connection.execute(_VOID, {"id": row.id}):
                    out.happened("duty.void", None, duty=str(duty.id), slot=duty.slot, reason="reorganised")
        out.happened(f"{row.kind}.passed_on", None, **went)
        done.things += 1


async def _duties(
    connection: AsyncConnection, reshaping: Reshaping, streams: Streams, done: PassedOn
) -> None:
    """What is owed for a list, a report or the unit itself; each told where its subject's story is told."""
    moved = (await connection.execute(_DUTIES, {"heirs": _pairs(reshaping)})).all()
    for row in moved:
        stream = row.agency_month_id or row.report_id or reshaping.id
        went = facts_of(reshaping, row.ended, row.heir)
        streams.of(stream, row.heir).happened("duty.passed_on", None, duty=str(row.id), slot=row.slot, **went)
        done.things += 1


async def _offices(connection: AsyncConnection, reshaping: Reshaping, streams: Streams) -> None:
    """The authority's own offices that end; the plan's story tells it, for whoever takes it back."""
    (row,) = await connection.execute(OFFICES)
    for office, agency in row._mapping.items():
        if agency in reshaping.heirs:
            heir = reshaping.heirs[agency]
            out = streams.of(reshaping.id, heir)
            out.happened("office.passed_on", None, office=office, **facts_of(reshaping, agency, heir))


async def kept(connection: AsyncConnection, stage: Stage, reshaping: Reshaping, streams: Streams) -> None:
    """Write every subject's rows and events, those of one kind together."""
    ids = sorted(streams.outcomes)
    (last,) = await together(connection, [(_LAST, {"ids": ids})])
    ends = {row.stream_id: (row.number, row.hash) for row in last}
    subjects: list[list[Query]] = []
    for stream in ids:
        outcome, agency = streams.outcomes[stream], streams.places[stream]
        scene = replace(stage.of_itself(agency), act_id=uuid5(reshaping.id, f"passed:{stream}"))
        number, digest = ends.get(stream, (0, GENESIS))
        common = {"authority_id": stage.authority_id, "agency_id": agency, "profile_id": None}
        events = chain(outcome, scene, stream, number, digest, **common, command_id=None)
        writing = Writing(stage.authority_id, None, stage.tools, stage.now)
        rows = await written_rows(connection, outcome, writing)
        subjects.append([*rows, *lines(outcome, scene, writing, events)])
    await together(connection, in_sets(subjects))
