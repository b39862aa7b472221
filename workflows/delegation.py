"""A right lent by one person to another: given, agreed to where the law asks, announced, ended."""

import asyncio
from datetime import datetime
from uuid import UUID

from temporalio import workflow

from workflows.asking import ask_act
from workflows.waiting import everybody_answered, later, not_at_once, until

with workflow.unsafe.imports_passed_through():
    from models.lifecycle.delegation import ENDED, STATE_VI
    from models.messages import Internal, Lending, Moment


@workflow.defn
class DelegationWorkflow:
    """One delegation. It only tells of time: what the delegation is worth is decided at every act."""

    @workflow.init
    def __init__(self, lending: Lending) -> None:
        self._lending = lending
        self._moment = lending.moment
        self._lock = asyncio.Lock()
        self._moved = False
        self._heard = False
        self._pause: datetime | None = None

    @workflow.run
    async def run(self, _lending: Lending) -> str:
        """Wait for the day both are told that it ends, then for its end."""
        if self._moment is None:
            await self._ask("look", "Xem uỷ quyền")
        if not await self._exists():
            return "không có uỷ quyền"
        while self._state != ENDED:
            assert self._moment is not None
            self._moved = False
            workflow.set_current_details(self._moment.words)
            spoken = await until(
                later(self._moment.next_wake_at, self._pause),
                lambda: self._moved or self._heard or self._is_long(),
                summary=STATE_VI.get(self._state, self._state),
            )
            self._pause = None
            if self._heard or not spoken:
                # Heard: one of the two has left a post, or the delegation it rests on has ended. Both are a
                # question to the facts, as a fired timer is.
                self._heard = False
                await self._ask("wake", "Uỷ quyền: đến hạn")
                self._pause = not_at_once(self._moment.next_wake_at)
            if self._is_long() and self._state != ENDED:
                await self._next_run()
        assert self._moment is not None
        await everybody_answered()
        return self._moment.words

    @workflow.update
    async def delegate(self, command_id: UUID) -> Moment:
        """The right is lent."""
        return await self._do(command_id, "Uỷ quyền")

    @workflow.update
    async def agree_delegation(self, command_id: UUID) -> Moment:
        """The department agrees in writing."""
        return await self._do(command_id, "Thống nhất việc uỷ quyền")

    @workflow.update
    async def revoke_delegation(self, command_id: UUID) -> Moment:
        """It is taken back, or given back."""
        return await self._do(command_id, "Chấm dứt uỷ quyền")

    @workflow.signal
    def heard(self) -> None:
        """Something it rests on changed: ask again."""
        self._heard = True

    @workflow.query
    def where(self) -> Moment | None:
        """Where the delegation stands."""
        return self._moment

    @property
    def _state(self) -> str:
        return self._moment.chapter if self._moment else ""

    async def _exists(self) -> bool:
        """Whether there is such a delegation, once everybody who has spoken is answered."""
        if self._moment is None or self._moment.version == 0:
            await everybody_answered()
        return self._moment is not None and self._moment.version > 0

    def _is_long(self) -> bool:
        info = workflow.info()
        return info.get_current_history_length() > self._lending.limit or info.is_continue_as_new_suggested()

    async def _next_run(self) -> None:
        """Begin the next run with what this one knows; what was heard meanwhile is looked at there."""
        await everybody_answered()
        known = None if self._heard else self._moment
        workflow.continue_as_new(self._lending.model_copy(update={"moment": known}))

    async def _do(self, command_id: UUID, summary: str) -> Moment:
        async with self._lock:
            moment = await ask_act(
                self._lending.authority_id,
                "delegation",
                self._lending.delegation_id,
                command_id=command_id,
                summary=summary,
            )
            self._take(moment)
        return moment

    async def _ask(self, internal: Internal, summary: str) -> None:
        async with self._lock:
            self._take(
                await ask_act(
                    self._lending.authority_id,
                    "delegation",
                    self._lending.delegation_id,
                    internal=internal,
                    summary=summary,
                )
            )

    def _take(self, moment: Moment) -> None:
        """Believe what an act returned, unless a newer answer came first."""
        if self._moment is None or moment.version >= self._moment.version:
            self._moment = moment.model_copy(update={"status": 200})
            self._moved = True
