"""Who is asking, and what the database lets them see: the dependencies every router begins with.

The application holds what one process shares in ``app.state``: ``tools`` (models.record.Tools with the API's
engine), ``clock``, ``settings``, ``documents`` (models.documents.DocumentStore) and ``temporal`` (a client or
None). A request is identified in one round trip of its own, so that a command holds no connection while it
waits for the engine; reads then run in one transaction under the asker's scope, committed before the answer
is sent.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Annotated, Any, Literal
from urllib.parse import unquote
from uuid import UUID

from fastapi import Depends, Header, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from api import browsers
from api.clock import Clock
from api.maintenance import refuse_changes, window_of
from api.rates import rates_of
from models.access import OFFICIAL, Actor, Delegation, Verb, delegables, in_force, reach, roles
from models.access import Scope as Range
from models.calendar import Calendar, legal_date
from models.database import Scope, transaction
from models.errors import RefusedError
from models.lifecycle.service import Window
from models.record.actors import consent_of, delegation_of, grant_of
from models.record.law_of import LawOf, Laws
from models.record.tools import Tools
from models.regulations import Policy, RuleSet

bearer = HTTPBearer(
    auto_error=False, description="Mã phiên do POST /session cấp / the token given by POST /session"
)


@dataclass(frozen=True, slots=True)
class Asker:
    """The account behind a request on the day of the request."""

    account_id: UUID
    authority_id: UUID
    agency_id: UUID
    profile_id: UUID | None
    """The own file; none of an agency's account, whoever holds it."""
    login: str
    display_name: str
    kind: str
    state: str
    actor: Actor
    scope: Scope
    now: datetime
    today: date
    token_hash: str
    expires_at: datetime
    session_id: UUID | None = None
    must_change: bool = False
    """Whether the password had reached its age when the session was opened."""
    second_factor: bool = False
    """Whether the account has a confirmed second factor."""
    second_factor_at: datetime | None = None
    """When this session last showed it."""
    maintenance: Window | None = None
    """The maintenance that goes on, in which nothing is changed."""
    merged: tuple[UUID, ...] = ()
    """Files that were closed into the own one, and are a part of it."""

    def is_about(self, profile_id: UUID | None) -> bool:
        """Whether a file is the asker's own, or was closed into it."""
        return profile_id is not None and profile_id in (self.profile_id, *self.merged)

    @property
    def must_change_password(self) -> bool:
        """Whether nothing but a new password is taken from this account now."""
        return self.must_change or self.state == "default_password"

    @property
    def held(self) -> tuple[tuple[str, UUID], ...]:
        """Roles held today with the agency each is held in."""
        return tuple((g.role, g.agency_id) for g in self.actor.grants if g.holds(self.today))

    @property
    def lent(self) -> tuple[Delegation, ...]:
        """Delegations received that are in force today."""
        return tuple(one for one in self.actor.delegations if in_force(one, self.today))


# The others are worked out after the first, which has said whose account it is.
_IDENTIFY = text(
    "SELECT hoso_identify(:hash, :now) AS who, hoso_consents(hoso_account()) AS consents,"
    " hoso_maintenance(:now) AS maintenance, hoso_merged_into(hoso_account()) AS merged"
)


def tools_of(request: Request) -> Tools:
    """The process's tools."""
    tools: Tools = request.app.state.tools
    return tools


def clock_of(request: Request) -> Clock:
    """The process's clock."""
    clock: Clock = request.app.state.clock
    return clock


def token_hash(token: str) -> str:
    """What is stored of a token: its SHA-256. 256 random bits need no slow hash."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


async def asker(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> Asker:
    """The account whose session token came with the request, as a bearer or in a browser's cookie.

    Raises:
        RefusedError: ``not-authenticated``, ``csrf-failed``, ``rate-limited``, ``maintenance``.
    """
    token = credentials.credentials if credentials is not None else browsers.token_in(request)
    if token is None or not 1 <= len(token) <= 200:
        raise RefusedError.of("not-authenticated")
    now = await clock_of(request).now()
    digest = token_hash(token)
    async with tools_of(request).engine.connect() as connection:
        alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
        found = (await alone.execute(_IDENTIFY, {"hash": digest, "now": now})).one()
    if found.who is None:
        raise RefusedError.of("not-authenticated")
    more = {"consents": found.consents, "maintenance": found.maintenance, "merged": found.merged}
    who = asker_of({**found.who, **more}, digest, now)
    refuse_changes(request, who.maintenance, now)
    _not_too_often(request, who.account_id)
    return who


def _not_too_often(request: Request, account_id: UUID) -> None:
    """Count a request of the account.

    Raises:
        RefusedError: ``rate-limited``.
    """
    left = rates_of(request.app.state).take(account_id, request.app.state.settings.requests_per_minute)
    request.state.rate = left
    if left.refused:
        raise RefusedError.of("rate-limited", extra={"retry_after": left.reset})


def asker_of(found: dict[str, Any], digest: str, now: datetime) -> Asker:
    """The asker from what ``hoso_identify`` or ``hoso_signing`` answers."""
    today = legal_date(now)
    profile_id = UUID(found["profile_id"]) if found["profile_id"] else None
    personal = found["kind"] == "personal"
    merged = tuple(UUID(one) for one in found.get("merged", ()))
    actor = Actor(
        account_id=UUID(found["account_id"]),
        person_profile_id=profile_id,
        authority_id=UUID(found["authority_id"]),
        grants=tuple(grant_of(g) for g in found["grants"]),
        delegations=tuple(delegation_of(d) for d in found["delegations"]),
        consents=tuple(consent_of(c) for c in found.get("consents", ())),
        personal=personal,
    )
    return Asker(
        account_id=actor.account_id,
        authority_id=actor.authority_id,
        agency_id=UUID(found["agency_id"]),
        profile_id=actor.own_profile_id,
        login=found["login"],
        display_name=found["display_name"],
        kind=found["kind"],
        state=found["state"],
        actor=actor,
        scope=scope_of(actor, today, merged),
        now=now,
        today=today,
        token_hash=digest,
        expires_at=datetime.fromisoformat(found["expires_at"]),
        session_id=UUID(found["session_id"]) if found.get("session_id") else None,
        must_change=bool(found.get("must_change")),
        second_factor=bool(found.get("second_factor")),
        second_factor_at=_instant(found.get("second_factor_at")),
        maintenance=window_of(found.get("maintenance")),
        merged=merged,
    )


def _instant(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None


def scope_of(actor: Actor, today: date, merged: tuple[UUID, ...] = ()) -> Scope:
    """What row-level security shows the actor today: the authority, subtrees of agencies, the own profile;
    of what was delegated its part of the tree, never more, whatever the delegator sees. Archived files are
    shown where the right to archives reaches, whatever else is held; ``merged`` ones with the own."""
    table = roles().roles
    held = [g for g in actor.grants if g.holds(today) and g.role in table and g.role != OFFICIAL]
    lent = {one.agency_id for one in actor.delegations if in_force(one, today)}
    kept = reach(actor, Verb.READ_ARCHIVE, today)
    return Scope(
        authority=actor.authority_id,
        everything=any(table[g.role].scope is Range.AUTHORITY for g in held),
        agencies=tuple(sorted({g.agency_id for g in held} | lent)),
        profile=actor.own_profile_id,
        account=actor.account_id,
        merged=merged,
        consented=tuple(sorted({one.profile_id for one in actor.consents if one.holds(today)})),
        archives=tuple(sorted(kept.subtrees | kept.agencies)),
        every_archive=kept.everywhere,
        on=today,
    )


def active_asker(request: Request, who: Annotated[Asker, Depends(asker)]) -> Asker:
    """The asker, once a password of the own is chosen (hanoi.art6.2.d, moha.art14.4) and the second factor
    that the role needs is enrolled.

    Raises:
        RefusedError: ``password-change-required``, ``second-factor-required``,
            ``second-factor-enrolment-required``.
    """
    if who.must_change_password:
        raise RefusedError.of("password-change-required")
    if who.second_factor and who.second_factor_at is None and who.kind != "service":
        raise RefusedError.of("second-factor-required")  # whom a provider let in by one factor
    policy, demand = tools_of(request).policy, request.app.state.settings.second_factor
    if not who.second_factor and demanded(who, policy, demand):
        raise RefusedError.of("second-factor-enrolment-required")
    return who


def demanded(who: Asker, policy: Policy, demand: Literal["required", "offered"]) -> bool:
    """Whether this account must have a second factor: by a role held today, or by an approval lent to it."""
    if demand != "required" or who.kind == "service":
        return False
    table = delegables().what
    lent = any(Verb.APPROVE in table[one.what].verbs for one in who.lent)
    return lent or any(role in policy.accounts.second_factor_roles for role, _ in who.held)


async def connection(
    request: Request, who: Annotated[Asker, Depends(active_asker)]
) -> AsyncIterator[AsyncConnection]:
    """One transaction under the asker's scope; committed before the answer leaves."""
    async with transaction(tools_of(request).engine, who.scope) as opened:
        yield opened


@dataclass(frozen=True, slots=True)
class Reading:
    """A read: who asks, over which connection, with which tools."""

    who: Asker
    connection: AsyncConnection
    tools: Tools
    part: str = ""
    """The operation that answers, for the log of who looked at what; empty where no dossier is shown."""
    purpose: str | None = None
    """What the reader said the read is for."""

    @property
    def now(self) -> datetime:
        """The instant of the request."""
        return self.who.now

    @property
    def today(self) -> date:
        """The legal date of the request."""
        return self.who.today

    async def law_at(self, agency_id: UUID) -> tuple[RuleSet, Calendar]:
        """The law in force today for an agency and whatever it keeps, and the newest calendar."""
        return await self.tools.law(self.connection, LawOf.unit(self.who.authority_id, agency_id), self.today)

    async def laws(self) -> Laws:
        """The law of each unit: for lists across units, each line of which is judged by its own."""
        return await self.tools.laws(self.connection, self.who.authority_id, self.today)

    async def own_law(self) -> tuple[RuleSet, Calendar]:
        """The managing authority's own: for what is about no unit of it, and for lists across units."""
        return await self.tools.law(self.connection, LawOf.authority(self.who.authority_id), self.today)


Purpose = Annotated[
    str | None,
    Header(
        alias="Hoso-Purpose",
        max_length=900,
        description="Mục đích xem hồ sơ, UTF-8 mã hóa phần trăm; vài vai trò phải nêu"
        " / what the file is read for, percent-encoded; some roles must say it",
    ),
]


def _said(purpose: str | None) -> str | None:
    """The purpose as people read it.

    Raises:
        RefusedError: ``malformed-request`` for what is no percent-encoded line of at most 300 characters.
    """
    if purpose is None:
        return None
    try:
        said = unquote(purpose, errors="strict").strip()
    except UnicodeDecodeError:
        said = "\0"
    if len(said) > 300 or not said.isprintable():
        raise RefusedError.of(
            "malformed-request",
            "Mục đích là một dòng tối đa 300 ký tự, UTF-8 mã hóa phần trăm.",
            "The purpose is one line of at most 300 characters, percent-encoded UTF-8.",
        )
    return said or None


def _reading(
    request: Request,
    who: Annotated[Asker, Depends(active_asker)],
    opened: Annotated[AsyncConnection, Depends(connection, scope="function")],
    purpose: Purpose = None,
) -> Reading:
    return reading_of(request, who, opened, purpose)


def reading_of(request: Request, who: Asker, opened: AsyncConnection, purpose: str | None = None) -> Reading:
    """The read a request is, over a connection under the asker's scope: also where a route opens its own.

    Raises:
        RefusedError: ``malformed-request`` for a purpose nobody can read.
    """
    said = _said(purpose or request.headers.get("hoso-purpose"))
    part = request.scope["route"].operation_id if request.method == "GET" else None
    return Reading(who, opened, tools_of(request), part or "", said)


Who = Annotated[Asker, Depends(asker)]
ActiveWho = Annotated[Asker, Depends(active_asker)]
Read = Annotated[Reading, Depends(_reading)]
