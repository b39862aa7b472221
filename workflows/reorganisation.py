"""A reorganisation: planned, approved, waited for until its day, carried out around the moving of people."""

from datetime import timedelta
from uuid import UUID

from temporalio import workflow

from workflows.living import Living
from workflows.month_end import BATCH_RETRY
from workflows.trying import NATIONAL_RETRY
from workflows.waiting import FRUITLESS, everybody_answered

with workflow.unsafe.imports_passed_through():
    from models.activity_interfaces import NationalActivities, ReorganisationActivities
    from models.identifiers import batch_queue
    from models.lifecycle.reorganisation import DONE, EXECUTING, WITHDRAWN
    from models.messages import BatchResult, Moment
    from models.messages_admin import NationalTree, ReorganisationBatch, ReorganisationStart

SHARE = 5000
"""People after whom a batch gives way to others and is asked again."""


@workflow.defn
class ReorganisationWorkflow(Living):
    """One reorganisation. Until its day it waits and answers; on it, what begins, people, what ends."""

    @workflow.init
    def __init__(self, start: ReorganisationStart) -> None:
        super().__init__("reorganisation", start.reorganisation_id, start)

    @workflow.run
    async def run(self, _start: ReorganisationStart) -> str:
        """Wait for approval and for the day; carry it out; over when it is done or withdrawn."""
        if not await self._exists():
            return "không có phương án"
        while not self._over:
            await self._stay(
                lambda: not self._over and not self._moving,
                heard=("wake", "Xem lại phương án sắp xếp"),
                due=lambda: "Sắp xếp tổ chức: đến ngày hiệu lực",
            )
            while self._moving:
                await self._carry_out()
                if self._is_long() and not self._over:
                    await self._next_run()
        await everybody_answered()
        return self._words

    @workflow.update
    async def draft_reorganisation(self, command_id: UUID) -> Moment:
        """A plan is written down."""
        return await self._do(command_id, "Lập phương án sắp xếp")

    @workflow.update
    async def amend_reorganisation(self, command_id: UUID) -> Moment:
        """Another plan in its place."""
        return await self._do(command_id, "Sửa phương án sắp xếp")

    @workflow.update
    async def approve_reorganisation(self, command_id: UUID) -> Moment:
        """It runs on its day."""
        return await self._do(command_id, "Phê duyệt phương án sắp xếp")

    @workflow.update
    async def withdraw_reorganisation(self, command_id: UUID) -> Moment:
        """It will not be."""
        return await self._do(command_id, "Rút phương án sắp xếp")

    @property
    def _over(self) -> bool:
        return self._state in (DONE, WITHDRAWN)

    @property
    def _moving(self) -> bool:
        """Whether its day has begun and nothing that stopped its end is waited for."""
        return self._state == EXECUTING and self._moment is not None and self._moment.next_wake_at is None

    async def _carry_out(self) -> None:
        """Everybody moves, share after share; then what ends may end, unless somebody came meanwhile."""
        workflow.set_current_details(self._words)
        moved = await self._move_people()
        if moved.more:
            return
        await self._ask("finish_reorganisation", "Kết thúc sắp xếp")
        if self._state == DONE:
            # What was begun towards a unit in the moment before it ended goes to its heir, too.
            await self._move_people()
            if workflow.patched("2026-11-22-tree-told"):
                await self._tell_tree()
        if self._moving and not moved.done:
            # Somebody is left whom nothing moves now: tried again, not at once.
            await workflow.sleep(FRUITLESS, summary="Còn người chưa chuyển được")

    async def _tell_tree(self) -> None:
        """Codes closed and units begun are told at once, not beside the next list; however long it takes."""
        await workflow.execute_activity_method(
            NationalActivities.tell_tree,
            NationalTree(authority_id=self._start.authority_id, now=workflow.now()),
            start_to_close_timeout=timedelta(minutes=30),
            retry_policy=NATIONAL_RETRY,
            summary="Báo thay đổi cây tổ chức về CSDLQG",
        )

    async def _move_people(self) -> BatchResult:
        return await workflow.execute_activity_method(
            ReorganisationActivities.move_people,
            ReorganisationBatch(
                authority_id=self._start.authority_id,
                reorganisation_id=self._subject_id,
                now=workflow.now(),
                most=SHARE,
            ),
            task_queue=batch_queue(workflow.info().task_queue),
            start_to_close_timeout=timedelta(hours=6),
            heartbeat_timeout=timedelta(minutes=1),
            retry_policy=BATCH_RETRY,
            summary="Chuyển người theo phương án",
        )
