"""An account as decisions about it see it, and what they share. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NoReturn
from uuid import UUID

from models.command_accounts import AccountAct
from models.lifecycle.competence import BY_PARTY
from models.lifecycle.guard import refuse
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene
from models.regulations import Obligation

ABOVE = ("department_officer", "department_head", "administrator")
"""Roles that act for the managing authority, not for an agency of its."""


@dataclass(frozen=True, slots=True)
class Held:
    """A role the account has, had or will have; ``line`` is its agency and those above."""

    id: UUID
    role: str
    agency_id: UUID
    line: tuple[UUID, ...]
    valid_from: date
    valid_to: date | None
    level: int | None = None


@dataclass(frozen=True, slots=True)
class PostSeen:
    """The post an act names, with the periods in which somebody holds it or its role; not those who act."""

    id: UUID | None
    """None where the agency has no such post yet."""
    held: tuple[tuple[date, date | None], ...] = ()


@dataclass(frozen=True, slots=True)
class HeldPost:
    """A post the account holds."""

    id: UUID
    role: str
    agency_id: UUID
    line: tuple[UUID, ...]
    acting: bool
    valid_from: date
    valid_to: date | None
    grant_id: UUID | None


@dataclass(frozen=True, slots=True)
class Managed:
    """An account as a decision about it sees it; a new one stands where it will."""

    id: UUID
    agency_id: UUID
    line: tuple[UUID, ...]
    """Its agency and those above, nearest first; the last is the root of the tree."""
    kind: str = "agency"
    state: str = "new"
    profile_id: UUID | None = None
    suspended: bool = False
    second_factor: bool = False
    grants: tuple[Held, ...] = ()
    place: tuple[UUID, ...] = ()
    """The line of the agency that the act names; empty where it names none or there is no such agency."""
    keys: tuple[str, ...] = ()
    """Keys of a service account that are not withdrawn."""
    certificates: tuple[UUID, ...] = ()
    """Certificates registered to it that are not withdrawn."""
    accounts_there: int = 0
    """Agency accounts in use that the account's agency has already."""
    post: PostSeen | None = None
    """The post that an appointment or a grant names."""
    holding: HeldPost | None = None
    """What the account is to be relieved of."""

    @property
    def top(self) -> UUID:
        """The top-level agency it belongs to: the one right below the root, or the root."""
        return self.line[-2] if len(self.line) > 1 else self.line[-1]


def until(scene: Scene) -> datetime:
    """When a one-time password issued now ends."""
    return scene.now + timedelta(hours=scene.policy.accounts.one_time_hours)


def agencys(account: Managed) -> None:
    """A person's own account goes by the person's profile."""
    if account.kind == "personal":
        refuse(
            "wrong-state",
            "Tài khoản cá nhân được quản lý qua hồ sơ của người đó.",
            "A personal account is managed through the person's profile.",
        )


def shut(out: Outcome, account: Managed, *, second_factor: bool = False) -> None:
    """Every open session ends; with ``second_factor`` the device counts no more."""
    out.insert("sessions_ended", account_id=account.id)
    if second_factor:
        out.insert("second_factor_gone", account_id=account.id)


def unsigned(out: Outcome, account: Managed, body: AccountAct, scene: Scene) -> None:
    """Who held the account signs by it no more: a certificate is its person's, not the post's."""
    for one in account.certificates:
        out.update(
            "certificates",
            {"id": one},
            withdrawn_by=scene.actor_id,
            withdrawn_at=scene.now,
            reason=body.document,
        )


def told(
    out: Outcome,
    account: Managed,
    kind: str,
    rule: Obligation | None,
    body: AccountAct,
    **facts: str,
) -> None:
    """The event, with the document it stands on."""
    # A reason stays in the sealed command: an event holds no words about a person.
    out.happened(kind, rule, account=str(account.id), document=body.document, **facts)


def not_competent(rule: Obligation | None, vi: str, en: str) -> NoReturn:
    """Refuse with the article that names another office.

    Raises:
        RefusedError: ``not-competent``.
    """
    refuse("not-competent", vi, en, citation=rule.citation if rule else None)


def office(scene: Scene) -> None:
    """Refuse a change of access by somebody else than the office the law names for the whole authority.

    Raises:
        RefusedError: ``not-competent``, with the article.
    """
    rule = scene.rule("access_change_request")
    if rule is None or scene.actor_role not in ABOVE:
        return
    named = (*BY_PARTY.get(rule.party, ()), *((rule.rule.post,) if rule.rule.post is not None else ()))
    if scene.actor_role not in named:
        not_competent(
            rule,
            "Theo quy chế, việc cấp quyền do đơn vị khác thực hiện.",
            "Under the rule in force another office grants access.",
        )
