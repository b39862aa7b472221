"""Roles and verbs as data: roles.yaml beside this file, read once and checked whole."""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.regulations.slots import Slot

Separation = Literal["subject", "author"]


class Verb(StrEnum):
    """What can be asked."""

    READ_OWN = "read_own"
    READ_PROFILE = "read_profile"
    READ_ARCHIVE = "read_archive"
    DECLARE = "declare"
    ENTER_FORM = "enter_form"
    GIVE_NOTICE = "give_notice"
    ANSWER_NATIONAL = "answer_national"
    RECONCILE = "reconcile"
    APPROVE = "approve"
    AMEND = "amend"
    RETURN_FOR_CORRECTION = "return_for_correction"
    CREATE_PROFILE = "create_profile"
    CREATE_ACCOUNT = "create_account"
    PULL_RECORD = "pull_record"
    REQUEST_ACCOUNT = "request_account"
    REPORT_LOST_PASSWORD = "report_lost_password"  # noqa: S105 — the name of a verb
    REQUEST_TRANSFER = "request_transfer"
    REPORT_TRANSFER = "report_transfer"
    HAND_OVER = "hand_over"
    ACCEPT_TRANSFER = "accept_transfer"
    REFUSE_TRANSFER = "refuse_transfer"
    SEPARATE = "separate"
    ARCHIVE = "archive"
    EXPORT = "export"
    PRINT_OWN = "print_own"
    GIVE_CONSENT = "give_consent"
    ASK_CONSENT = "ask_consent"
    CONSENT_ACCESS = "consent_access"
    SYNC = "sync"
    GATE = "gate"
    OPEN_CAMPAIGN = "open_campaign"
    AGREE_DELEGATION = "agree_delegation"
    READ_REPORTS = "read_reports"
    SIGN_REPORT = "sign_report"
    IMPORT_WORKBOOK = "import_workbook"
    READ_LOG = "read_log"
    INSPECT_WORKFLOW = "inspect_workflow"
    ADMINISTER = "administer"
    OPEN_AGENCY_ACCOUNT = "open_agency_account"
    MANAGE_AGENCY = "manage_agency"
    PLAN_REORGANISATION = "plan_reorganisation"
    APPROVE_REORGANISATION = "approve_reorganisation"
    MANAGE_ACCOUNT = "manage_account"
    HAND_OVER_ACCOUNT = "hand_over_account"
    MANAGE_ACCESS = "manage_access"
    RECORD_BREACH = "record_breach"
    ANSWER_BREACH = "answer_breach"
    ASK_RECTIFICATION = "ask_rectification"
    ANSWER_RECTIFICATION = "answer_rectification"
    DECIDE_DISPUTE = "decide_dispute"
    READ_REGISTER = "read_register"
    HOLD_FILE = "hold_file"
    PROPOSE_DISPOSAL = "propose_disposal"
    APPROVE_DISPOSAL = "approve_disposal"
    PROPOSE_MERGE = "propose_merge"
    APPROVE_MERGE = "approve_merge"


class Scope(StrEnum):
    """How far a role reaches from the agency it is held in; the words of the rules' own `scope`."""

    SELF = "self"
    OWN_AGENCY = "own_agency"
    SUBTREE = "subtree"
    AUTHORITY = "authority"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class VerbWords(_Strict):
    """A verb in words, and who may never do it whatever role they hold."""

    vi: str
    en: str
    never: tuple[Separation, ...] = ()
    own_file: Slot | None = None
    """Where a rule of this slot is in force, no role or delegation gives it over the actor's own file."""
    whole: bool = False
    """Whether it falls with a grant that shows less of a form than its role: nobody vouches for what they do
    not see."""


class Permission(_Strict):
    """One verb of a role: the slot of the law it stands on, and whether it falls without such a rule."""

    slot: Slot | None
    by_law: bool = False
    also: tuple[Slot, ...] = ()
    """Further slots that give it, each by itself: cited beside, and enough where the first is silent."""

    @model_validator(mode="after")
    def _law_needs_a_slot(self) -> "Permission":
        if self.by_law and self.slot is None:
            raise ValueError("what holds by law needs the slot of that law")
        return self

    @property
    def slots(self) -> tuple[Slot, ...]:
        """Every slot that gives it, the first that binds before the rest; none where it is policy."""
        return (*((self.slot,) if self.slot else ()), *self.also)


class Role(_Strict):
    """A role: its words, its reach and its verbs."""

    vi: str
    en: str
    scope: Scope
    level: int = Field(default=1, ge=1, le=4)
    """The level of restriction up to which the role sees a form (``models.form.levels``)."""
    personnel_work: bool = True
    """Whether the role reads for personnel work; for anything else law may have the official asked."""
    states_purpose: bool = False
    """Whether each read of a file needs its purpose said, because the role's own work does not tell it."""
    gives: tuple[str, ...] = ()
    """Roles that its holders may give to others and take back, never to or from themselves; policy."""
    verbs: Mapping[Verb, Permission]


class Roles(_Strict):
    """The whole table. Every verb has words; only the official acts on the own data alone."""

    verbs: Mapping[Verb, VerbWords]
    roles: Mapping[str, Role]

    @model_validator(mode="after")
    def _complete(self) -> "Roles":
        wordless = set(Verb) - set(self.verbs)
        idle = set(Verb) - {verb for role in self.roles.values() for verb in role.verbs}
        if wordless or idle:
            raise ValueError(f"verbs without words: {_names(wordless)}; without a role: {_names(idle)}")
        unknown = {given for role in self.roles.values() for given in role.gives} - set(self.roles)
        if unknown:
            raise ValueError(f"roles to give that there are not: {', '.join(sorted(unknown))}")
        return self


def _names(verbs: set[Verb]) -> str:
    return ", ".join(sorted(verbs)) or "none"


def read_roles(text: str) -> Roles:
    """The table in `text`; ValueError (pydantic's) names what is wrong with it."""
    content: Any = yaml.safe_load(text)
    return Roles.model_validate(content)


@cache
def roles() -> Roles:
    """The table the installation runs with."""
    return read_roles(files(__package__).joinpath("roles.yaml").read_text(encoding="utf-8"))
