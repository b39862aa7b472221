"""A walk through a life: commands and days at random over the pure decisions, the record played in memory."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from models.calendar import Calendar, legal_date
from models.commands import (
    AcceptTransfer,
    ActivateAccount,
    Approve,
    CancelSeparation,
    CreateAccount,
    GiveNotice,
    HandOver,
    OpenProfile,
    RefuseTransfer,
    ReportTransfer,
    RequestTransfer,
    ReturnedField,
    ReturnForCorrection,
    Separate,
    SubmitDeclaration,
    WithdrawNotice,
    WithdrawTransfer,
)
from models.lifecycle import account, approval, declaration, noticing, separation, transfer
from models.lifecycle.life import Account, AccountState, Approval, Case, Chapter, Life, Status
from models.lifecycle.outcome import Insert, Outcome, Update
from models.lifecycle.scene import Scene
from models.lifecycle.wake import after, profile_wake, wake_profile, wake_transfer
from models.regulations import RuleSet, in_force
from tests.models.lifecycle.scenes import (
    ACCOUNT,
    AUTHORITY,
    CULTURE,
    DIGEST,
    HEALTH,
    OFFICER,
    PROFILE,
    own,
    revision,
    scene,
)

CALENDAR = Calendar.seed()
REASON = "không đúng"


@dataclass
class Walk:
    """One profile, its open case and the clock."""

    now: datetime
    life: Life
    wake: datetime | None = None
    number: int = 0
    opened_cases: list[UUID] = field(default_factory=list)
    outcome: Outcome = field(default_factory=Outcome)
    law: RuleSet = field(default_factory=lambda: in_force("hanoi", date(2025, 1, 2)))

    @property
    def today(self) -> date:
        return legal_date(self.now)

    def told(self, *, person: bool = False, role: str = "approver") -> Scene:
        """The scene of the next act, now."""
        self.number += 1
        make = own if person else scene
        more = {} if person else {"role": role}
        told = make(self.today, act=f"act{self.number}", calendar=CALENDAR, law=self.law, **more)
        return replace(told, now=self.now)

    # --- commands, as far as random choices determine them

    def decide(self, act: str, days: int, choice: int) -> Outcome:
        """What the act is decided to do; RefusedError as it is refused."""
        life, case, day = self.life, self.life.case, self.today + timedelta(days=days)
        officer = self.told()
        match act:
            case "create_account":
                return account.create_account(life, CreateAccount(login="thu.nt"), officer)
            case "activate":
                return account.activate_account(
                    life, ActivateAccount(password_hash="x"), self.told(person=True)
                )
            case "submit":
                return self._submit(day, choice)
            case "return":
                fields = (ReturnedField(path="gender", reason=REASON),)
                body = ReturnForCorrection(revision_id=self._pending(), fields=fields, reason=REASON)
                return declaration.return_for_correction(life, body, officer, None)
            case "approve":
                body = Approve(revision_id=self._pending(), digest=DIGEST)
                return approval.prepare(life, body, officer, None)
            case "notice":
                kind = ("salary", "family", "other")[choice % 3]
                return noticing.give_notice(
                    life, GiveNotice(kind=kind, changed_on=day, document="5"), officer
                )
            case "withdraw_notice":
                duty = life.duties[choice % len(life.duties)].id if life.duties else UUID(int=1)
                return noticing.withdraw_notice(life, WithdrawNotice(duty_id=duty, reason=REASON), officer)
            case "request":
                to = (HEALTH, CULTURE, OFFICER)[choice % 3]
                body = RequestTransfer(to_agency_id=to, mode="điều động", effective_on=day, document="1")
                return transfer.request(life, body, officer)
            case "report":
                return transfer.report(life, case, ReportTransfer(document="2"), officer)
            case "hand_over":
                return transfer.hand_over(life, case, HandOver(handed_over_on=day), officer)
            case "accept":
                return transfer.accept(life, case, AcceptTransfer(), officer)
            case "refuse":
                return transfer.refuse_transfer(life, case, RefuseTransfer(reason=REASON), officer)
            case "withdraw":
                return transfer.withdraw(life, case, WithdrawTransfer(reason=REASON), officer)
            case "separate":
                kind = ("retired", "moved_out", "deceased")[choice % 3]
                body = Separate(
                    kind=kind, effective_on=day, document="3", covered_by_national_database=choice > 4
                )
                return separation.separate(life, body, officer)
            case "cancel":
                return separation.cancel(life, CancelSeparation(reason=REASON), officer)
            case "archive":
                return separation.archive(life, told_national=choice % 2 == 0, scene=officer)
        raise AssertionError(act)

    def _pending(self) -> UUID:
        return self.life.pending.id if self.life.pending else UUID(int=1)

    def _submit(self, day: date, choice: int) -> Outcome:
        number = self.life.revision_number + (self.life.pending is not None or self.life.draft is None)
        draft = self.life.draft or revision(number, id=UUID(int=1000 + number))
        state = replace(self.life, draft=draft)
        body = SubmitDeclaration(revision_id=draft.id, digest=DIGEST, changed_on=day if choice % 4 else None)
        return declaration.submit(state, body, self.told(person=True))

    def finish_signature(self, well: bool) -> Outcome:
        """The signature that is being made succeeds or fails."""
        signing = self.life.approval
        assert signing is not None
        if well:
            return approval.complete(self.life, signing, "d" * 64, "c" * 64, self.told(role="system"), None)
        return approval.fail(self.life, signing, "token-locked", self.told(role="system"))

    # --- the record, in memory

    def write(self, out: Outcome) -> None:
        """What `models.record` would have written."""
        self.outcome = out
        self.wake = profile_wake(self.life, out, PROFILE)
        life = replace(self.life, duties=after(self.life.duties, out), version=self.life.version + 1)
        life = replace(
            life, duties=tuple(replace(d, agency_id=out.moved.get(d.id, d.agency_id)) for d in life.duties)
        )
        for write in out.writes:
            life = self._row(life, write)
        self.life = self._subject(life, out.subject)

    def _subject(self, life: Life, values: dict[str, Any]) -> Life:
        plain = {
            name: value
            for name, value in values.items()
            if name in ("agency_id", "chapter", "status", "revision_number", "approved_revision_id")
        }
        if "foretold" in values:
            plain["foretold"] = tuple((kind, date.fromisoformat(on)) for kind, on in values["foretold"])
        if values.get("pending_revision_id", 0) is None:
            plain["pending"] = None
        if values.get("case_id", 0) is None:
            plain["case"] = None
        return replace(life, **plain)

    def _row(self, life: Life, write: Insert | Update) -> Life:
        new = write.values
        match write.table:
            case "accounts" if isinstance(write, Insert):
                return replace(life, account=Account(ACCOUNT, AccountState.DEFAULT_PASSWORD))
            case "accounts" if "state" in new and life.account:
                return replace(life, account=replace(life.account, state=new["state"]))
            case "cases" if isinstance(write, Insert):
                self.opened_cases.append(new["id"])
                names = Case.__dataclass_fields__
                return replace(life, case=Case(**{k: v for k, v in new.items() if k in names}))
            case "cases" if life.case:
                changed = {k: v for k, v in new.items() if k in ("state", "version", "facts")}
                return replace(life, case=replace(life.case, **changed, closed="closed_at" in new))
            case "draft_from":
                return replace(life, draft=revision(new["number"], id=UUID(int=1000 + new["number"])))
            case "approvals" if isinstance(write, Insert):
                made = Approval(new["id"], new["revision_id"], DIGEST, OFFICER, "approver", None, (), 0)
                return replace(life, approval=made)
            case "approvals":
                return replace(life, approval=None)
            case "revisions":
                return self._revision(life, write)
        return life

    def _revision(self, life: Life, write: Insert | Update) -> Life:
        assert isinstance(write, Update)
        state = write.values["state"]
        if life.pending and write.key["id"] == life.pending.id:
            return replace(life, pending=replace(life.pending, state=state))
        if state == "submitted":
            number = write.key["id"].int - 1000
            return replace(life, draft=None, pending=revision(number, state, id=write.key["id"]))
        return life

    def ring(self) -> None:
        """Fire the timers that are due: the profile's own and the transfer's."""
        case = self.life.case
        if case is not None and case.kind == "transfer":
            out = wake_transfer(self.life, case, self.told(role="system"))
            if not out.empty:
                self.write(out)
        while self.wake is not None and self.wake <= self.now:
            out = wake_profile(self.life, self.told(role="system"))
            assert not out.empty, "woken for nothing, and would be for ever"
            self.write(out)


def begin(now: datetime) -> Walk:
    """A profile opened today."""
    walk = Walk(now, _unborn())
    body = OpenProfile(
        agency_id=CULTURE,
        full_name="Thử",
        personal_id_number="000190000001",
        origin="received",
        event_on=walk.today,
        document="12",
    )
    walk.write(account.open_profile(PROFILE, AUTHORITY, body, walk.told(role="hr_officer")))
    return walk


def _unborn() -> Life:
    return Life(
        profile_id=PROFILE,
        authority_id=AUTHORITY,
        agency_id=CULTURE,
        category="civil_servant",
        chapter=Chapter.ACCOUNT,
        status=Status.PENDING,
        version=0,
        revision_number=0,
    )
