"""Moves and leaving in a walk: the steps of the law being tried, by the code that living moves take.

A step the tried law asks for and that nobody took is taken when the move went on, at the latest on its last
day, and marked as assumed; a step it does not know simply moves nothing.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from models.lifecycle.life import Case, Duty
from models.lifecycle.outcome import Outcome
from models.lifecycle.route import STATES, Leg, route_of
from models.lifecycle.separation import NATIONAL
from models.lifecycle.simulated import Would
from models.lifecycle.transfer import go_on
from models.lifecycle.walk import Walk


class MovingWalk(Walk):
    """One life's moves, act by act."""

    def transfer_requested(self, facts: Mapping[str, Any]) -> None:
        """A move is opened, by the one side or, where it asks at once, by the other."""
        claimed = any(kind == "transfer.asked" for kind, _ in self.act.events)
        case = self._begun(facts["case"])
        if claimed:
            case = self._now(case, "asked", asked_on=self.today.isoformat())
        legs = self._legs(case)
        done_at_once = legs[0].name == "move" and case.effective_on <= self.today
        if not done_at_once:
            self._go_on(case, legs)

    def transfer_asked(self, facts: Mapping[str, Any]) -> None:
        """The new agency asked, after the move was opened."""
        if any(kind == "transfer.requested" for kind, _ in self.act.events):
            return
        self._passed(facts["case"], "asked", asked_on=self.today.isoformat())

    def transfer_reported(self, facts: Mapping[str, Any]) -> None:
        """It was reported to the managing authority."""
        self._passed(facts["case"], "reported")

    def handed_over(self, facts: Mapping[str, Any]) -> None:
        """Dossier and account were handed over."""
        told = self.person.moves[facts["case"]].get("handed_over_on") or self.today
        self._passed(facts["case"], "handed_over", handed_over_on=told.isoformat())

    def moved_within(self, facts: Mapping[str, Any]) -> None:
        """A move of one side, within one agency; under a law that does not know it, all its steps at once."""
        case = self.cases.get(facts["case"]) or self._begun(facts["case"])
        legs = self._legs(case)
        self._along(case)
        if legs[0].name != "move":
            self._afterwards(legs)

    def accepted(self, facts: Mapping[str, Any]) -> None:
        """The new agency received it: what was owed goes along, what is owed there begins."""
        case = self.cases.get(facts["case"]) or self._begun(facts["case"])
        legs = self._legs(case)
        self._along(case)
        self._afterwards(legs)

    def transfer_ended(self, facts: Mapping[str, Any]) -> None:
        """Refused or withdrawn."""
        self.voided(*self.of_case(facts["case"]))

    def left(self, facts: Mapping[str, Any]) -> None:
        """A separation takes effect."""
        case = self.person.moves[facts["case"]]
        self.voided(*[one for one in self.duties if one.stands])
        if case["mode"] != "moved_out" or not case.get("covered"):
            return
        for slot in NATIONAL:
            rule = self.scene.rule(slot, leaving=case["mode"])
            if rule is not None:
                profile_id = self.person.profile_id
                self.begin_under(rule, case_id=UUID(facts["case"]), profile_id=profile_id)

    def move_reported(self, _facts: Mapping[str, Any]) -> None:
        """What a move out owes to the department is done."""
        self.meet(*self.owed("move_out_report"))

    def move_confirmed(self, facts: Mapping[str, Any]) -> None:
        """What a move out owes was done outside this system."""
        self.meet(*self.owed(facts["slot"]))

    def archived(self, facts: Mapping[str, Any]) -> None:
        """The national database was told: the transfer over there is that."""
        if facts.get("told_national"):
            self.meet(*self.owed(*NATIONAL))

    # --- what they share

    def of_case(self, case_id: str) -> list[Would]:
        """Duties of a move that stand."""
        return [one for one in self.duties if one.stands and str(one.case_id) == case_id]

    def _begun(self, case_id: str) -> Case:
        told = self.person.moves[case_id]
        known = {
            name: told["facts"][name] for name in ("to", "within", "decided_on") if name in told["facts"]
        }
        case = Case(
            id=UUID(case_id),
            kind="transfer",
            profile_id=self.person.profile_id,
            from_agency_id=told["from_agency"],
            to_agency_id=told["to_agency"],
            mode=told["mode"],
            effective_on=told["effective_on"],
            document="",
            state="requested",
            version=1,
            facts=known,
        )
        self.cases[case_id] = case
        return case

    def _legs(self, case: Case) -> tuple[Leg, ...]:
        return route_of(case, self.scene)

    def _now(self, case: Case, state: str, **facts: str) -> Case:
        self.cases[str(case.id)] = after = replace(case, state=state, facts={**case.facts, **facts})
        return after

    def _passed(self, case_id: str, state: str, **facts: str) -> None:
        """The move reached a state: steps up to it are met, the ones nobody took as assumed."""
        case = self.cases.get(case_id) or self._begun(case_id)
        legs = self._legs(case)
        reached = STATES.index(state)
        for leg in legs:
            if leg.rule is None or not leg.state or STATES.index(leg.state) > reached:
                continue
            for one in self.of_case(case_id):
                if one.slot == leg.rule.slot:
                    one.assumed = leg.state != state
                    one.done_on = min(one.due_on or self.today, self.today) if one.assumed else self.today
        self._go_on(self._now(case, state, **facts), legs)

    def _go_on(self, case: Case, legs: tuple[Leg, ...]) -> None:
        out = Outcome()
        own = tuple(_duty(one) for one in self.of_case(str(case.id)))
        go_on(out, replace(self.life(), duties=own), case, legs, self.scene)
        if out.opened:
            self.take(out)

    def _along(self, case: Case) -> None:
        self.meet(*self.of_case(str(case.id)))
        assert case.to_agency_id is not None
        for one in self.duties:
            if one.stands and one.agency_id == case.from_agency_id:
                one.agency_id = case.to_agency_id
        self.agency_id = case.to_agency_id

    def _afterwards(self, legs: tuple[Leg, ...]) -> None:
        """A new account where the law has one made; else the person checks the own data."""
        new = next((leg.rule for leg in legs if leg.name == "account"), None)
        if new is None:
            if self.account is not None and (self.declared or self.approved):
                self.begin("transfer_check")
            return
        self.voided(*self.owed("default_password"))
        self.begin_under(new)


def _duty(one: Would) -> Duty:
    return Duty(
        id=UUID(int=0),
        slot=one.slot,
        party=one.party,
        agency_id=one.agency_id,
        rule_id=one.rule_id,
        citation=one.citation,
        event_on=one.event_on,
        due_on=one.due_on,
        due_at=None,
        opened_on=one.opened_on,
        case_id=one.case_id,
    )
