"""The stage: people act through the API, the clock moves, and what was recorded becomes the story."""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from api.cli.demo.calls import Answer, Caller
from api.cli.demo.clock import VirtualClock
from api.cli.demo.foreseeing import foreseen
from api.cli.demo.problems import StoryError
from api.cli.demo.telling import NextDuty, Step, Teller
from api.cli.demo.words import HAPPENED, POLICY, ROLES, dated, role_words, slot_words, spoken
from api.cli.demo.world import Laws, World
from models.calendar import Calendar, at_local, legal_date
from models.regulations import Obligation, RuleSet

MORNING = 9
"""Hour of the day at which people act, local time."""
PATIENCE = 10.0
"""Seconds of real time a recorded event has to show in the change feed."""


@dataclass
class Stage:
    """Everything the chapters share. `feed` reads for the narrator: the department sees all."""

    clock: VirtualClock
    calendar: Calendar
    teller: Teller
    cast: dict[str, Caller]
    agencies: dict[str, str]
    world: World
    laws: Laws
    steps: list[Step] = field(default_factory=list)
    subjects: list[str] = field(default_factory=list)
    """Profiles the story follows, the newest last."""
    lists: set[str] = field(default_factory=set)
    """Months of agencies with somebody on the list."""
    chapter: str = ""
    told: list[dict[str, Any]] = field(default_factory=list)
    """Every recorded event, in the order of the change feed."""
    _feed: str | None = None
    _newest: int = 0
    _heard: list[dict[str, Any]] = field(default_factory=list)

    def open(self, chapter: str, vi: str, en: str) -> None:
        """Begin a chapter."""
        self.chapter = chapter
        self.teller.chapter(vi, en)

    async def today(self) -> date:
        """The legal date in Viet Nam."""
        return legal_date(await self.clock.now())

    async def law(self) -> RuleSet:
        """The law of the story's today."""
        return self.laws.on(await self.today())

    async def rule(self, slot: str, **facts: str) -> Obligation | None:
        """What the law of today asks for a purpose under these facts; none where it asks nothing."""
        return (await self.law()).slot(slot, **facts)

    async def until(self, day: date, hour: int = MORNING) -> None:
        """Let the time pass until a day's morning; what the system does meanwhile is told as it happens."""
        await self.clock.advance(at_local(day, hour), self.listen)

    async def working_days(self, count: int) -> date:
        """Let so many working days pass; answers the day."""
        day = self.calendar.add_working_days(await self.today(), count)
        await self.until(day)
        return day

    async def act(
        self,
        who: str,
        path: str,
        body: Any = None,
        *,
        event: str,
        vi: str,
        en: str,
        match: str | None = None,
        method: str = "POST",
        actor: tuple[str, str] | None = None,
    ) -> Answer:
        """Somebody asks for a change; the step is told from the event it recorded."""
        caller = self.cast[who]
        answer = await caller.call(method, path, match=match, json=body)
        found = await self.event(event)
        facts = found["facts"]
        answered = answer.body.get("answer") or {} if isinstance(answer.body, dict) else {}
        said = dated({**facts, **answered})
        await self.tell(
            found,
            actor or (caller.title, caller.title_en),
            (vi.format(**said), en.format(**said)),
            late=int(said.get("late_days") or 0),
        )
        await self.clock.settle()
        await self.listen()
        return answer

    async def tell(
        self, event: dict[str, Any], actor: tuple[str, str], what: tuple[str, str], *, late: int = 0
    ) -> None:
        """Add one step to the story.

        Raises:
            StoryError: no rule of law stands behind it.
        """
        owed = await self.next_duty()
        before = self.steps[-1] if self.steps and self.steps[-1].chapter == self.chapter else None
        # Where no rule is named, a step stands on what it follows from.
        follows = POLICY if event["facts"].get("policy") else None
        follows = follows or next((one.citation for one in (before, owed) if one), None)
        citation = event["citation"] or follows
        if not citation:
            raise StoryError(f"{event['kind']}: không có căn cứ / cites no rule")
        step = Step(
            date=legal_date(datetime.fromisoformat(event["at"])),
            chapter=self.chapter,
            actor=actor[0],
            actor_en=actor[1],
            what=what[0],
            what_en=what[1],
            event=event["kind"],
            rule=event["rule_id"],
            citation=citation,
            next_duty=owed,
            late_days=late,
            facts=event["facts"],
        )
        self.steps.append(step)
        self.teller.step(step)

    async def next_duty(self) -> NextDuty | None:
        """What is owed first, by anybody: here is nobody but the story's people; else what is to come."""
        reader = self.cast["department"]
        listed = (await reader.get("/duties", whose="agency", limit=50)).body["items"]
        # The agencies' data reviews run beside the story; it tells of people and their lists.
        owed = [one for one in listed if one["report_id"] is None]
        if not owed:
            lists = (await reader.get("/agency-months", limit=200)).body["items"]
            newest = (await reader.get(f"/profiles/{self.subjects[-1]}")).body if self.subjects else None
            gate = any(one["state"] == "gate" for one in lists)
            return await self._foreseen(newest, gate=gate)
        first = owed[0]
        what, what_en = slot_words(first["slot"], "step" if first["agency_month_id"] is None else "")
        party, party_en = role_words(first["party"], self.world.agencies["keeper"].short)
        return NextDuty(
            slot=first["slot"],
            what=what,
            what_en=what_en,
            party=party,
            party_en=party_en,
            due_on=date.fromisoformat(first["due_on"]) if first["due_on"] else None,
            days_left=first["days_left"],
            citation=first["citation"],
        )

    async def _foreseen(self, profile: dict[str, Any] | None, *, gate: bool) -> NextDuty | None:
        """What is to come of the newest profile, by the law of today and where it is held."""
        facts: dict[str, str] = {}
        if profile is not None:
            held = next(name for name, one in self.agencies.items() if one == profile["agency_id"])
            facts = {**self.world.facts(held), "category": profile["category"]}
        today = await self.today()
        return foreseen(
            profile,
            gate=gate,
            today=today,
            calendar=self.calendar,
            law=self.laws.on(today),
            facts=facts,
            keeper=self.world.agencies["keeper"].short,
        )

    async def event(self, kind: str) -> dict[str, Any]:
        """Wait for the next event of a kind that was not told yet; what came before it is told first.

        Raises:
            StoryError: it was not recorded.
        """
        end = time.monotonic() + PATIENCE
        while True:
            await self._read()
            for place, one in enumerate(self._heard):
                if one["kind"] == kind:
                    del self._heard[place]
                    return one
            if time.monotonic() > end:
                heard = ", ".join(one["kind"] for one in self._heard) or "—"
                raise StoryError(f"không thấy sự kiện / not recorded: {kind} (có / there is: {heard})")
            await asyncio.sleep(0.05)

    async def listen(self) -> None:
        """Tell what the system did by itself, if it did anything: a quiet night is not read."""
        if self.clock.newest == self._newest and not self._heard:
            return
        self._newest = self.clock.newest
        await self._read()
        heard, self._heard = self._heard, []
        for one in heard:
            if one["kind"] in HAPPENED and self._follows(one):
                words = spoken(
                    one["kind"], one["facts"], self.world.agencies["keeper"].short, self.world.place
                )
                await self.tell(one, ROLES["system"], words)

    def _follows(self, event: dict[str, Any]) -> bool:
        """Whether the event belongs to the story: of its people, or of a list with somebody on it."""
        if event["profile_id"] is not None:
            return event["profile_id"] in self.subjects
        if event["kind"] == "month.opened" and event["facts"].get("listed"):
            self.lists.add(event["stream_id"])
        return event["stream_id"] in self.lists

    async def _read(self) -> None:
        while True:
            feed = (await self.cast["department"].get("/changes", after=self._feed, limit=500)).body
            self._heard += feed["items"]
            self.told += feed["items"]
            self._feed = feed["next"] or self._feed
            if not feed["more"]:
                return
