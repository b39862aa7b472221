"""A life walked under another law: what every act of the walk shares. The acts are in `simulating`."""

from datetime import date
from typing import Any
from uuid import UUID

from models.lifecycle.duties import open_duty
from models.lifecycle.life import Case, Chapter, Life, Status
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene
from models.lifecycle.simulated import SPACE, Happened, Person, World, Would, would
from models.regulations import Obligation


class Walk:
    """Where a life stands in the walk, and the duties it has opened so far."""

    def __init__(self, person: Person, world: World, agency_id: UUID) -> None:
        self.person, self.world, self.agency_id = person, world, agency_id
        self.duties: list[Would] = []
        self.origin = ""
        self.account: str | None = None
        self.requested = self.approved = self.declared = False
        self.submitted_on: date | None = None
        self.signed = 0
        self.entered = False
        """Whether the agency entered what waits, from a confirmed form."""
        self.cases: dict[str, Case] = {}
        """Moves under way, as far as they are."""
        self.unsent: list[tuple[int, Would]] = []
        """Sendings owed by an event's clock, with the number of their revision."""
        self.known: dict[str, tuple[str, date]] = {}
        """Real duties by id: purpose and event day; which of them an act answered is a fact."""

        self.act: Happened
        self.scene: Scene
        self.today: date

    def really(self, slot: str) -> bool:
        """Whether the law of the time asked for it, so that what was done or not is a fact."""
        return any(known == slot for known, _ in self.known.values())

    def begin(self, slot: str, event_on: date | None = None, **more: Any) -> Would | None:
        """Open the duty of a purpose, if this law knows it."""
        rule = self.scene.rule(slot)
        return self.begin_under(rule, event_on, **more) if rule is not None else None

    def begin_under(self, rule: Obligation, event_on: date | None = None, **more: Any) -> Would:
        out = Outcome()
        agency_id = more.pop("agency_id", self.agency_id)
        case_id, assumed = more.pop("case_id", None), more.pop("assumed", False)
        profile_id = more.pop("profile_id", self.person.profile_id if case_id is None else None)
        open_duty(
            out,
            self.scene,
            rule,
            agency_id=agency_id,
            event_on=event_on or self.today,
            label=f"{len(self.duties)}",
            case_id=case_id,
            profile_id=profile_id,
            **more,
        )
        return self.take(out, assumed=assumed)

    def take(self, out: Outcome, *, assumed: bool = False) -> Would:
        found = [would(one, self.today) for one in out.opened]
        for one in found:
            one.assumed = assumed
            one.profile_id = self.person.profile_id  # the record writes it on a case's duties too
        self.duties += found
        return found[-1]

    def owed(self, *slots: str) -> list[Would]:
        return [one for one in self.duties if one.stands and one.slot in slots]

    def meet(self, *duties: Would) -> None:
        for one in duties:
            one.done_on = self.today

    def voided(self, *duties: Would) -> None:
        for one in duties:
            one.void_on = self.today

    def answered(self) -> set[tuple[str, date]]:
        """Purposes and event days of the real duties that this act met."""
        met = (facts["duty"] for kind, facts in self.act.events if kind == "duty.met")
        return {self.known[duty] for duty in met if duty in self.known}

    def life(self) -> Life:
        """As much of a life as the chain of signatures asks about."""
        return Life(
            profile_id=self.person.profile_id,
            authority_id=SPACE,
            agency_id=self.agency_id,
            category=self.person.category,
            chapter=Chapter.SERVICE,
            status=Status.WORKING,
            version=0,
            revision_number=0,
            account=None,
            approved_revision_id=SPACE if self.approved else None,
        )
