"""Acts on other people's accounts as commands: decided beside the workflow, recorded, settled.

The sibling of ``act`` for a subject that is an account and no profile. Roles are read anew at every request
and every act, so that what is granted or taken back here holds at once, in running sessions, too.
"""

from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.access import Allowed, Denied, Target, may, roles
from models.calendar import legal_date
from models.command_accounts import (
    SERVICE_ACTS,
    AccountAct,
    ExtendGrant,
    GrantRole,
    HandOverAccount,
    OpenAgencyAccount,
    OpenServiceAccount,
    Relieve,
    RestrictGrant,
    RevokeGrant,
)
from models.database import Scope, together, transaction
from models.errors import RefusedError
from models.lifecycle.appointing import DEPUTY
from models.lifecycle.granting import givers
from models.lifecycle.managed import Held, HeldPost, Managed, PostSeen, office
from models.lifecycle.managing import decide_account
from models.lifecycle.scene import Scene
from models.messages import Ask, Moment
from models.record.commands import Command
from models.record.delegations import stir
from models.record.law_of import LawOf
from models.record.once import in_use, once
from models.record.tools import Tools
from models.record.write import chain, end_of_stream, lines, written_rows
from models.record.writing import Writing

_LOCK = text("SELECT 1 FROM accounts WHERE id = :id FOR NO KEY UPDATE")
_LINE = (
    "array(SELECT c.ancestor_id FROM agency_closure c WHERE c.descendant_id = {agency}"
    " AND c.valid_to IS NULL ORDER BY c.depth)"
)
_ACCOUNT = text(
    "SELECT a.id, a.agency_id, a.kind, a.state, a.profile_id, a.suspended_at,"  # noqa: S608 — no input
    f" {_LINE.format(agency='a.agency_id')} AS line,"
    " EXISTS (SELECT 1 FROM second_factors f WHERE f.account_id = a.id) AS second_factor,"
    " (SELECT coalesce(json_agg(k.kid), '[]') FROM service_keys k WHERE k.account_id = a.id"
    " AND k.withdrawn_at IS NULL) AS keys,"
    " (SELECT coalesce(json_agg(c.id ORDER BY c.id), '[]') FROM certificates c WHERE c.account_id = a.id"
    " AND c.withdrawn_at IS NULL) AS certificates,"
    " (SELECT coalesce(json_agg(json_build_object('id', g.id, 'role', g.role, 'agency_id', g.agency_id,"
    f" 'line', to_json({_LINE.format(agency='g.agency_id')}),"
    " 'valid_from', g.valid_from, 'valid_to', g.valid_to, 'level', g.level)"
    " ORDER BY g.valid_from, g.id), '[]')"
    " FROM grants g WHERE g.account_id = a.id) AS grants"
    " FROM accounts a WHERE a.id = :id"
)
_PERSON = text("SELECT 1 FROM profiles WHERE id = :id AND chapter <> 'archive'")
_PLACE = text(f"SELECT {_LINE.format(agency=':agency')} AS line")
_HOUSE = text(
    "SELECT u.department_id, (SELECT count(*) FROM accounts a WHERE a.agency_id = :agency"
    " AND a.kind = 'agency' AND a.state <> 'cancelled') AS accounts FROM authorities u"
    " WHERE u.authority_id = :authority"
)
_ROLES = (GrantRole, RestrictGrant, ExtendGrant, RevokeGrant, Relieve)
# Who holds a post is its holder; or whoever has its role there without one, as former releases gave it.
_POST = text(
    "SELECT (SELECT p.id FROM agency_posts p WHERE p.agency_id = :agency AND p.kind = :kind"
    " AND p.valid_to IS NULL ORDER BY p.id LIMIT 1) AS id,"
    " (SELECT coalesce(json_agg(json_build_array(o.valid_from, o.valid_to)), '[]') FROM ("
    "   SELECT h.valid_from, h.valid_to FROM post_holders h JOIN agency_posts p ON p.id = h.post_id"
    "   WHERE p.agency_id = :agency AND p.kind = :kind AND NOT h.acting"
    "   UNION ALL SELECT g.valid_from, g.valid_to FROM grants g WHERE g.agency_id = :agency"
    "   AND g.role = :kind AND g.delegation_of IS NULL"
    "   AND NOT EXISTS (SELECT 1 FROM post_holders h WHERE h.grant_id = g.id)) o"
    "   WHERE o.valid_to IS DISTINCT FROM o.valid_from) AS held"
)
_ACTING = text("SELECT acting FROM post_holders WHERE grant_id = :grant")
_HOLDING = text(
    "SELECT h.id, p.kind, p.agency_id, h.acting, h.valid_from, h.valid_to, h.grant_id,"  # noqa: S608 — no input
    f" {_LINE.format(agency='p.agency_id')} AS line FROM post_holders h"
    " JOIN agency_posts p ON p.id = h.post_id WHERE h.id = :id AND h.account_id = :account"
)
_POSTS_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('posts/' || :agency, 0))")


async def manage_account(tools: Tools, ask: Ask) -> Moment:
    """Do one act on an account, exactly once however often it is asked."""
    assert ask.command_id is not None, "nothing but a command changes somebody's account"
    scope = Scope(ask.authority_id, everything=True, on=legal_date(ask.now))
    async with transaction(tools.engine, scope) as connection:
        decide = partial(_decided, connection, tools, ask)
        answered = await once(connection, tools, ask, decide, lock=(_LOCK, {"id": ask.subject_id}))
    return _moment(*answered)


async def _decided(
    connection: AsyncConnection, tools: Tools, ask: Ask, command: Command
) -> tuple[int, dict[str, Any]]:
    body = command.body
    assert isinstance(body, AccountAct), "only these come here"
    account = await _managed(connection, ask, body)
    law, calendar = await tools.law(
        connection, LawOf.unit(ask.authority_id, account.agency_id), legal_date(ask.now)
    )
    values = {"agency": account.agency_id, "authority": ask.authority_id}
    house = (await connection.execute(_HOUSE, values)).one()
    scene = Scene(
        now=ask.now,
        law=law,
        calendar=calendar,
        policy=tools.policy,
        act_id=command.id,
        actor_id=command.actor.account_id,
        actor_role="",
        actor_profile_id=command.actor.person_profile_id,
        department_id=house.department_id,
        managing_agency_id=account.top if account.line else account.agency_id,
    )
    scene = replace(scene, actor_role=_standing(command, account, body, scene, ask.authority_id))
    if isinstance(body, _ROLES):
        office(scene)
    outcome = decide_account(replace(account, accounts_there=house.accounts), body, command.actor, scene)
    number, digest = await end_of_stream(connection, account.id)
    common = {
        "authority_id": ask.authority_id,
        "agency_id": account.agency_id,
        "profile_id": account.profile_id,
        "command_id": ask.command_id,
    }
    events = chain(outcome, scene, account.id, number, digest, **common)
    writing = Writing(ask.authority_id, account.profile_id, tools, ask.now, account_id=account.id)
    queries = [*await written_rows(connection, outcome, writing), *lines(outcome, scene, writing, events)]
    await together(connection, queries)
    await stir(connection, [account.id], ask.now)
    return outcome.status, outcome.answer


async def _managed(connection: AsyncConnection, ask: Ask, body: AccountAct) -> Managed:
    """The account as it stands; a new one where it will."""
    place = getattr(body, "agency_id", None)
    line: tuple[UUID, ...] = ()
    if place is not None:
        line = tuple((await connection.execute(_PLACE, {"agency": place})).scalar_one())
    row = (await connection.execute(_ACCOUNT, {"id": ask.subject_id})).one_or_none()
    if isinstance(body, OpenAgencyAccount | HandOverAccount) and body.holder_profile_id is not None:
        await _known(connection, body.holder_profile_id)
    if isinstance(body, OpenAgencyAccount | OpenServiceAccount):
        if row is not None:
            raise RefusedError.of("wrong-state", "Tài khoản đã có.", "The account is there already.")
        holder = body.holder_profile_id if isinstance(body, OpenAgencyAccount) else None
        return Managed(ask.subject_id, body.agency_id, line, profile_id=holder, place=line)
    if row is None:
        raise RefusedError.of("not-found", "Không có tài khoản này.", "There is no such account.")
    return await _with_post(connection, _from(row, line), body)


async def _known(connection: AsyncConnection, holder: UUID) -> None:
    """Whoever is named as an account's holder is somebody of this authority who has not left.

    Raises:
        RefusedError: ``not-found``.
    """
    if await connection.scalar(_PERSON, {"id": holder}) is None:
        raise RefusedError.of(
            "not-found",
            "Không có hồ sơ đang quản lý của người giữ tài khoản.",
            "There is no file of somebody in service who could hold the account.",
        )


async def _with_post(connection: AsyncConnection, account: Managed, body: AccountAct) -> Managed:
    """Beside the account, the post it is put into or taken out of."""
    named = await _named_post(connection, account, body)
    if named is not None:
        agency, kind = named
        # Two who appoint at once take turns: the second sees whom the first has put there.
        await connection.execute(_POSTS_LOCK, {"agency": str(agency)})
        found = (await connection.execute(_POST, {"agency": agency, "kind": kind})).one()
        held = tuple((date.fromisoformat(a), date.fromisoformat(b) if b else None) for a, b in found.held)
        return replace(account, post=PostSeen(found.id, held))
    if isinstance(body, Relieve):
        row = (
            await connection.execute(_HOLDING, {"id": body.holder_id, "account": account.id})
        ).one_or_none()
        if row is not None:
            holding = HeldPost(
                id=row.id,
                role=row.kind,
                agency_id=row.agency_id,
                line=tuple(row.line),
                acting=row.acting,
                valid_from=row.valid_from,
                valid_to=row.valid_to,
                grant_id=row.grant_id,
            )
            return replace(account, holding=holding)
    return account


async def _named_post(
    connection: AsyncConnection, account: Managed, body: AccountAct
) -> tuple[UUID, str] | None:
    """The agency and kind of the post an act would fill or go on filling; none for any other act."""
    if isinstance(body, GrantRole):
        return body.agency_id, body.role
    if not isinstance(body, RestrictGrant | ExtendGrant):
        return None
    held = next((one for one in account.grants if one.id == body.grant_id), None)
    if held is None:
        return None
    if isinstance(body, RestrictGrant):
        return (body.agency_id, held.role) if body.agency_id not in (None, held.agency_id) else None
    acts = await connection.scalar(_ACTING, {"grant": held.id})
    return None if acts else (held.agency_id, held.role)


def _from(row: Row[Any], place: tuple[UUID, ...]) -> Managed:
    return Managed(
        id=row.id,
        agency_id=row.agency_id,
        line=tuple(row.line),
        kind=row.kind,
        state=row.state,
        profile_id=row.profile_id,
        suspended=row.suspended_at is not None,
        second_factor=row.second_factor,
        grants=tuple(_held(one) for one in row.grants),
        keys=tuple(row.keys),
        certificates=tuple(UUID(one) for one in row.certificates),
        place=place,
    )


def _held(one: dict[str, Any]) -> Held:
    return Held(
        id=UUID(one["id"]),
        role=one["role"],
        agency_id=UUID(one["agency_id"]),
        line=tuple(UUID(above) for above in one["line"]),
        valid_from=date.fromisoformat(one["valid_from"]),
        valid_to=date.fromisoformat(one["valid_to"]) if one["valid_to"] else None,
        level=one["level"],
    )


def _standing(command: Command, account: Managed, body: AccountAct, scene: Scene, authority_id: UUID) -> str:
    """The role under which the actor may do it: where the account is, and where the role is held.

    Raises:
        RefusedError: ``not-permitted``, ``own-approval``.
    """
    in_use(command)
    here = Target(
        agency_id=account.agency_id,
        ancestors=account.line,
        profile_id=account.profile_id,
        subject_account_id=account.id,
        authority_id=authority_id,
    )
    places, among = [here], None
    if isinstance(body, GrantRole):
        among = givers("head" if body.role == DEPUTY else body.role)
        places += [replace(here, agency_id=body.agency_id, ancestors=account.place)] if account.place else []
    elif isinstance(body, RestrictGrant | ExtendGrant | RevokeGrant):
        held = next((one for one in account.grants if one.id == body.grant_id), None)
        if held is not None:
            among = givers(held.role)
            places.append(replace(here, agency_id=held.agency_id, ancestors=held.line))
    elif isinstance(body, Relieve) and account.holding is not None:
        held_post = account.holding
        among = givers("head" if held_post.role == DEPUTY else held_post.role)
        places.append(replace(here, agency_id=held_post.agency_id, ancestors=held_post.line))
    role = ""
    for place in places:
        verdict = may(command.actor, _verb(body), place, scene.today, scene.law, among=among)
        if isinstance(verdict, Denied):
            raise RefusedError.of(verdict.code, verdict.reason_vi, verdict.reason_en)
        assert isinstance(verdict, Allowed)
        role = verdict.role
    if isinstance(body, GrantRole):
        _no_more_than_seen(command, body, places[-1], scene)
    return role


def _no_more_than_seen(command: Command, body: GrantRole, place: Target, scene: Scene) -> None:
    """A level above the role's own is given by whoever sees that much there.

    Raises:
        RefusedError: ``level-not-held``.
    """
    given = roles().roles.get(body.role)
    if body.level is None or given is None or body.level <= given.level:
        return
    there = replace(place, profile_id=None, subject_account_id=None)
    sight = may(command.actor, "read_profile", there, scene.today, scene.law)
    if isinstance(sight, Denied) or sight.level < body.level:
        raise RefusedError.of(
            "level-not-held",
            "Không cấp độ hạn chế cao hơn độ mình được xem.",
            "Nobody gives a higher level than they see themselves.",
        )


def _verb(body: AccountAct) -> str:
    """The right of ``models.access`` that an act needs."""
    if isinstance(body, _ROLES):
        return "manage_access"
    if isinstance(body, SERVICE_ACTS):
        return "administer"
    if isinstance(body, OpenAgencyAccount | HandOverAccount):
        return body.verb
    return "manage_account"


def _moment(status: int, refusal: str = "") -> Moment:
    return Moment(version=0, chapter="account", words="Tài khoản", status=status, refusal=refusal)
