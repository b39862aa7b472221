"""What every workflow of one subject shares: its present moment, one lock, one wait, the ways to its acts."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from temporalio import workflow

from workflows.asking import ask_act
from workflows.waiting import everybody_answered, is_long, later, not_at_once, until

with workflow.unsafe.imports_passed_through():
    from models.messages import Continued, Internal, Moment, Subject

AT_REST = {
    "to_sign": None,
    "to_prepare": None,
    "to_finish": None,
    "to_export": None,
    "to_pull": False,
    "settled": True,
    "status": 200,
}
"""What an act asked of the message it answered is that message's business, not the subject's."""
FIRST = timedelta(minutes=1)


class Living:
    """A subject that lasts: it waits for a message or its next due instant, until it is over.

    It believes what the last act returned; the facts are asked again at every wake.
    """

    def __init__(self, subject: Subject, subject_id: UUID, start: Continued) -> None:
        self._subject: Subject = subject
        self._subject_id = subject_id
        self._start = start
        self._moment = start.moment
        self._lock = asyncio.Lock()
        self._moved = False
        self._heard = False
        self._pause: datetime | None = None

    @workflow.signal
    def heard(self) -> None:
        """Something it rests on changed elsewhere: look again."""
        self._heard = True

    @workflow.query
    def where(self) -> Moment | None:
        """Where it stands."""
        return self._moment

    async def _exists(self) -> bool:
        """Whether there is such a subject at all, once everybody who has spoken is answered.

        A command for an unknown id starts a workflow too; nothing must sleep on in its name.
        """
        if self._moment is None:
            await self._ask("look", "Xem lại")
        if self._version == 0:
            await everybody_answered()
        return self._version > 0

    async def _stay(
        self,
        stays: Callable[[], bool],
        *,
        heard: tuple[Internal, str],
        due: Callable[[], str],
        words: Callable[[], str] | None = None,
        ends: bool = True,
    ) -> None:
        """Wait and answer as long as ``stays`` holds.

        Args:
            stays: asked after every wake and every message's act.
            heard: what is asked of the facts, in which words, when something changed elsewhere.
            due: the words in which a fired timer asks; what is due is decided by the facts.
            words: what an administrator reads meanwhile; the moment's own words if none are given.
            ends: whether the subject is over when it no longer stays, so that no further run is begun then.
        """
        while stays():
            assert self._moment is not None
            self._moved = False
            says = words() if words is not None else self._moment.words
            workflow.set_current_details(says)
            spoken = await until(
                later(self._moment.next_wake_at, self._pause),
                lambda: self._moved or self._heard or self._is_long(),
                summary=says,
            )
            self._pause = None
            asks = heard if self._heard else None if spoken else ("wake", due())
            if asks is not None:
                self._heard = False
                moment = await self._ask(*asks)
                self._pause = not_at_once(moment.next_wake_at) if asks[0] == "wake" else None
            if self._is_long() and not (ends and not stays()):
                await self._next_run()

    async def _do(self, command_id: UUID, summary: str) -> Moment:
        """One command's act, under the lock; its answer is the caller's."""
        async with self._lock:
            moment = await ask_act(
                self._start.authority_id,
                self._subject,
                self._subject_id,
                command_id=command_id,
                summary=summary,
            )
            self._take(moment)
        return moment

    async def _ask(self, internal: Internal, summary: str, **facts: str | bool) -> Moment:
        """An act that the workflow itself asks for."""
        async with self._lock:
            return await self._ask_unlocked(internal, summary, **facts)

    async def _ask_unlocked(self, internal: Internal, summary: str, **facts: str | bool) -> Moment:
        moment = await ask_act(
            self._start.authority_id,
            self._subject,
            self._subject_id,
            internal=internal,
            summary=summary,
            facts=dict(facts),
        )
        self._take(moment)
        return moment

    def _take(self, moment: Moment) -> None:
        """Believe what an act returned, unless a newer answer came first."""
        if self._moment is None or moment.version >= self._moment.version:
            self._moment = moment.model_copy(update=AT_REST)
            self._moved = True

    @property
    def _state(self) -> str:
        """The chapter, state or step it is in, as the facts name it; none before they were asked."""
        return self._moment.chapter if self._moment else ""

    @property
    def _words(self) -> str:
        return self._moment.words if self._moment else ""

    @property
    def _version(self) -> int:
        return self._moment.version if self._moment else 0

    def _is_long(self) -> bool:
        return is_long(self._start.limit)

    async def _next_run(self) -> None:
        """Begin the next run with what this one knows; nothing accepted is left behind."""
        await everybody_answered()
        # What was heard while waiting is looked at by the next run.
        known = None if self._heard else self._moment
        workflow.continue_as_new(self._start.model_copy(update={"moment": known}))


class Answering:
    """A subject for which nothing waits: commands, done one after another, then over."""

    def __init__(self, subject: Subject, subject_id: UUID, authority_id: UUID) -> None:
        self._subject: Subject = subject
        self._subject_id = subject_id
        self._authority_id = authority_id
        self._lock = asyncio.Lock()
        self._asked = False

    async def _answer(self, words: str) -> None:
        """Answer whoever asks.

        The command it was started by arrives with the start; another's may follow within the minute.
        """
        workflow.set_current_details(words)
        with suppress(TimeoutError):
            await workflow.wait_condition(lambda: self._asked, timeout=FIRST)
        await everybody_answered()

    async def _do(self, command_id: UUID, summary: str) -> Moment:
        self._asked = True
        async with self._lock:
            return await ask_act(
                self._authority_id,
                self._subject,
                self._subject_id,
                command_id=command_id,
                summary=summary,
            )
