"""What would be owed under another law: recorded facts walked again, nothing decided, nothing written.

The facts are what happened (opened, account made, change, submission, signature, transfer, leaving, the
month's list), never what was owed. Under the law in force the walk gives exactly the duties there are. Where
another law asks for a step that nobody could take, the step is taken on the last day it allows, and what
follows from it is marked ``assumed``. The reports of data reviews are walked in `simulated_reviews`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from models.calendar import legal_date
from models.lifecycle import month as months
from models.lifecycle import rhythm
from models.lifecycle.account import ACCOUNT_SLOTS, RECEIVED
from models.lifecycle.declaration import CHANGE, FIRST
from models.lifecycle.duties import bearer, by_policy
from models.lifecycle.entry import owed_at_entry
from models.lifecycle.outcome import Outcome
from models.lifecycle.simulated import Happened, Listed, Person, World, Would, scene_of, would
from models.lifecycle.steps import open_step, steps_of
from models.lifecycle.walked_moves import MovingWalk


def of_person(person: Person, world: World) -> list[Would]:
    """Every duty of a profile and its cases, in the order of its life."""
    walk = _Walk(person, world, person.agency_id)
    for number, act in enumerate(person.acts):
        walk.play(act, number)
    return walk.duties


def of_month(listed: Listed, world: World) -> list[Would]:
    """The duties of one month's list; a running list has none, its profiles owe what is on it."""
    if listed.month.kind == months.EVENT:
        return []
    scene = scene_of(world, listed.opened_at, listed.month.agency_id, f"month:{listed.month.id}")
    # A list stands for nobody in particular: the law is asked without facts, as when it is opened.
    out = months.open_month(listed.month, listed.listed, listed.closes_at, replace(scene, facts={}))
    found = [would(one, legal_date(listed.opened_at)) for one in out.opened]
    for one in found:
        one.done_on = listed.done.get(one.slot)
    return found


class _Walk(MovingWalk):
    """One life, act by act."""

    def play(self, act: Happened, number: int) -> None:
        """One act: what it meant, under the law being tried."""
        self.act, self.today = act, legal_date(act.at)
        self.label = f"{self.person.profile_id}:{number}"
        asked = {"category": self.person.category} | ({"origin": self.origin} if self.origin else {})
        self.scene = scene_of(self.world, act.at, self.agency_id, self.label, **asked)
        for kind, facts in act.events:
            if kind == "duty.opened":
                self.known[facts["duty"]] = (facts["slot"], date.fromisoformat(facts["event_on"]))
        for kind, facts in act.events:
            handler = HANDLERS.get(kind)
            if handler is not None:
                handler(self, facts)

    # --- joining

    def opened(self, facts: Mapping[str, Any]) -> None:
        self.origin = facts.get("origin", "recruited")
        event_on = date.fromisoformat(facts["event_on"])
        if self.origin == "recruited" and (created := self.begin("dossier_creation", event_on)) is not None:
            self.meet(created)
        self._entered(event_on)

    def _entered(self, event_on: date) -> None:
        for rule in owed_at_entry(self.origin, self.scene):
            self.begin_under(rule, event_on)

    def reopened(self, facts: Mapping[str, Any]) -> None:
        """A former official came back: account and declaration begin anew, where the profile now is."""
        self.origin, self.account = facts["origin"], None
        self.approved = self.declared = False
        self._entered(date.fromisoformat(facts["event_on"]))

    def intake_requested(self, _facts: Mapping[str, Any]) -> None:
        self.meet(*self.owed("intake_request"))

    def imported(self, _facts: Mapping[str, Any]) -> None:
        self.approved = self.declared = True

    def account_requested(self, _facts: Mapping[str, Any]) -> None:
        self.requested = True
        self.meet(*self.owed("account_request"))
        self.begin("personal_account")

    def account_created(self, facts: Mapping[str, Any]) -> None:
        self.account = facts.get("account")
        if not self.act.by_command:
            return  # brought by an import: nobody was given notice of anything
        received = self.origin in RECEIVED or bool(self.owed("intake_account", "intake_pull"))
        for asking in self.owed("account_request"):
            # Nobody asked under a law that knew no request: it is taken as made on its last day.
            made = min(asking.due_on or self.today, self.today)
            asking.done_on, asking.assumed = made, True
            if not received:
                self.begin("personal_account", made, assumed=True)
        moved = bool(self.owed("transfer_account"))
        self.meet(*self.owed(*ACCOUNT_SLOTS))
        if not self.really("intake_request"):
            for one in self.owed("intake_request"):  # nobody could send it: taken as sent by now
                one.done_on, one.assumed = min(one.due_on or self.today, self.today), True
        self.begin("default_password")
        self.begin("transfer_check" if moved else "intake_check" if received else "first_declaration")

    def account_activated(self, _facts: Mapping[str, Any]) -> None:
        self.meet(*self.owed("default_password"))

    def password_reset(self, facts: Mapping[str, Any]) -> None:
        if facts.get("account") != self.account:
            return  # a post's account carries no duty
        self.meet(*self.owed("lost_password"))
        if not self.owed("default_password"):
            self.begin("default_password")

    def locked(self, _facts: Mapping[str, Any]) -> None:
        issuing = self.scene.rule("personal_account_management") or self.scene.rule("personal_account")
        if issuing is not None:
            self.begin("lost_password", owed_by=bearer(issuing, self.agency_id, self.scene))

    def pulled(self, _facts: Mapping[str, Any]) -> None:
        self.meet(*self.owed("intake_pull"))

    def not_pulled(self, facts: Mapping[str, Any]) -> None:
        if facts.get("reason") != "no-national-record":
            return
        self.origin = "received"
        for one in self.owed("intake_pull"):
            self.voided(one)
            if self.account is None:
                self.begin("intake_account", one.event_on)

    # --- declaring and signing

    def noticed(self, facts: Mapping[str, Any]) -> None:
        self.begin("update_after_change", date.fromisoformat(facts["changed_on"]))

    def submitted(self, facts: Mapping[str, Any]) -> None:
        first = not self.approved
        changed = date.fromisoformat(facts["changed_on"]) if "changed_on" in facts else None
        answered = {day for _, day in self.answered()}
        for one in self.owed(*FIRST, *CHANGE):
            standing = one.slot != "update_after_change" or one.returned
            if (first and one.event_on <= self.today) or (
                not first and (standing or one.event_on == changed or one.event_on in answered)
            ):
                self.meet(one)
        self.declared, self.submitted_on, self.signed = True, self.today, 0
        self.step(1)

    def step(self, number: int) -> None:
        """Open a signature of the chain; one in a month's window belongs to the list."""
        out = Outcome()
        assert self.submitted_on is not None
        open_step(out, self.scene, self.life(), number, self.submitted_on, len(self.duties))
        if out.opened:
            self.take(out)

    def steps_owed(self) -> list[Would]:
        return [one for one in self.owed("review_step", "approval_window") if one.agency_month_id is None]

    def reviewed(self, _facts: Mapping[str, Any]) -> None:
        self.meet(*self.steps_owed())
        self.signed += 1
        self.step(self.signed + 1)

    def approval(self, facts: Mapping[str, Any]) -> None:
        """The last signature; steps before it that nobody could sign are taken as signed when due."""
        of = len(steps_of(self.life(), self.scene))
        while self.signed + 1 < of and self.submitted_on is not None:
            self.signed += 1
            for one in self.steps_owed():
                one.done_on, one.assumed = min(one.due_on or self.today, self.today), True
                if self.signed < of:
                    self.next_assumed(self.signed + 1, one.done_on)
        self.meet(*self.steps_owed())
        self.approved, self.signed = True, 0
        self.to_be_sent(int(facts["revision"]))

    def to_be_sent(self, number: int) -> None:
        """What an event's clock asks for; where none ran then, the sending is taken as made at once."""
        rule = rhythm.rule_of(self.scene, born_here=not self.entered)
        self.entered = False
        if rule is None:
            return
        owner = rhythm.operator(rule, self.agency_id, self.scene)
        made = self.begin_under(rule, owed_by=owner, revision=number)
        asked = any(k == "duty.opened" and f["slot"] in rhythm.SLOTS for k, f in self.act.events)
        if asked:
            self.unsent.append((number, made))
        else:
            made.done_on, made.assumed = self.today, True

    def by_agency(self, _facts: Mapping[str, Any]) -> None:
        self.entered = True

    def synced(self, facts: Mapping[str, Any]) -> None:
        """The national database holds a revision; what was to be sent up to it is met."""
        self.meet(*(one for number, one in self.unsent if number <= facts["revision"] and one.stands))

    def national_refused(self, facts: Mapping[str, Any]) -> None:
        """The national database refused a revision: to be mended, and met by whatever it accepts instead."""
        due = by_policy(self.scene.policy.declarations.correction, self.scene)
        owner = (str(facts["party"]), self.agency_id)
        made = self.begin("update_after_change", due=due, owed_by=owner, returned=True, policy=True)
        if made is not None:
            self.unsent.append((facts["revision"], made))

    def sent_back(self, facts: Mapping[str, Any]) -> None:
        """The department sent a revision back at its gate: to be mended, and met by the next submission."""
        due = by_policy(self.scene.policy.declarations.correction, self.scene)
        owner = (str(facts["party"]), self.agency_id)
        self.begin("update_after_change", due=due, owed_by=owner, returned=True, policy=True)

    def next_assumed(self, number: int, on: date) -> None:
        """The step after one that was taken as signed on a day; the total period runs beside it."""
        step = next(one for one in steps_of(self.life(), self.scene) if one.number == number)
        total = self.scene.rule("change_total", subject="change" if self.approved else "first")
        assert self.submitted_on is not None
        beside = ((total, self.submitted_on),) if total is not None else ()
        role = step.obligation.post or bearer(step.obligation, self.agency_id, self.scene)[0]
        owner = (role, bearer(step.obligation, self.agency_id, self.scene)[1])
        made = self.begin_under(step.obligation, on, beside=beside, owed_by=owner, assumed=True)
        made.step = number

    def returned(self, _facts: Mapping[str, Any]) -> None:
        self.voided(*self.steps_owed())
        self.signed = 0
        slot = "update_after_change" if self.approved else "first_declaration"
        self.declared = self.approved
        due = by_policy(self.scene.policy.declarations.correction, self.scene)
        self.begin(slot, due=due, returned=True, policy=True)

    def withdrawn(self, facts: Mapping[str, Any]) -> None:
        """A notice taken back; other ways in which duties fall away follow from the law, not the facts."""
        if facts.get("reason") != "withdrawn" or facts["duty"] not in self.known:
            return
        slot, day = self.known[facts["duty"]]
        self.voided(*[one for one in self.owed(slot) if one.event_on == day][:1])

    def error_reported(self, _facts: Mapping[str, Any]) -> None:
        due = by_policy(self.scene.policy.declarations.answer, self.scene)
        self.begin("error_notice", due=due, owed_by=("hr_officer", self.agency_id), policy=True)

    def error_answered(self, facts: Mapping[str, Any]) -> None:
        day = self.known[facts["duty"]][1] if facts["duty"] in self.known else self.today
        self.meet(*[one for one in self.owed("error_notice") if one.event_on == day][:1])

    def asked(self, slot: str) -> None:
        rule = self.scene.rule(slot)
        period = rule is not None and rule.deadline is not None
        due = None if period else by_policy(self.scene.policy.declarations.answer, self.scene)
        owed_by = ("hr_officer", self.agency_id) if slot == "rectification" else None
        said: dict[str, Any] = {} if period else {"policy": True}
        self.begin(slot, due=due, owed_by=owed_by, **said)

    def answered_request(self, slot: str, facts: Mapping[str, Any]) -> None:
        day = self.known[facts["duty"]][1] if facts.get("duty") in self.known else self.today
        self.meet(*[one for one in self.owed(slot) if one.event_on == day][:1])


HANDLERS: Mapping[str, Callable[[_Walk, Mapping[str, Any]], None]] = {
    "profile.opened": _Walk.opened,
    "profile.imported": _Walk.imported,
    "profile.reopened": _Walk.reopened,
    "intake.requested": _Walk.intake_requested,
    "account.requested": _Walk.account_requested,
    "account.created": _Walk.account_created,
    "account.activated": _Walk.account_activated,
    "account.password_reset": _Walk.password_reset,
    "account.locked": _Walk.locked,
    "intake.pulled": _Walk.pulled,
    "intake.not_pulled": _Walk.not_pulled,
    "change.noticed": _Walk.noticed,
    "change.foretold": _Walk.noticed,
    "declaration.submitted": _Walk.submitted,
    "declaration.returned": _Walk.returned,
    "national.refused": _Walk.national_refused,
    "gate.sent_back": _Walk.sent_back,
    "review.signed": _Walk.reviewed,
    "declaration.entered": _Walk.by_agency,
    "approval.signed": _Walk.approval,
    "revision.synced": _Walk.synced,
    "error.reported": _Walk.error_reported,
    "error.answered": _Walk.error_answered,
    "rectification.opened": lambda walk, _: walk.asked("rectification"),
    "dispute.opened": lambda walk, _: walk.asked("dispute"),
    "rectification.answered": lambda walk, facts: walk.answered_request("rectification", facts),
    "dispute.answered": lambda walk, facts: walk.answered_request("dispute", facts),
    "duty.void": _Walk.withdrawn,
    "transfer.requested": _Walk.transfer_requested,
    "transfer.asked": _Walk.transfer_asked,
    "transfer.within": _Walk.moved_within,
    "transfer.reported": _Walk.transfer_reported,
    "transfer.handed_over": _Walk.handed_over,
    "transfer.accepted": _Walk.accepted,
    "transfer.refused": _Walk.transfer_ended,
    "transfer.withdrawn": _Walk.transfer_ended,
    "separation.effective": _Walk.left,
    "move_out.reported": _Walk.move_reported,
    "move_out.confirmed": _Walk.move_confirmed,
    "profile.archived": _Walk.archived,
}
READ: Sequence[str] = (*HANDLERS, "duty.opened", "duty.met")
"""The events a simulation reads."""
