"""A breach of personal data: written down, reminded of by the hour, notified, closed."""

from uuid import UUID

from temporalio import workflow

from workflows.living import Living
from workflows.waiting import everybody_answered

with workflow.unsafe.imports_passed_through():
    from models.lifecycle.breach import CLOSED
    from models.messages import Moment
    from models.messages_admin import BreachStart


@workflow.defn
class BreachWorkflow(Living):
    """One breach. Its timer runs by the hour; what is due is decided by the facts at every wake."""

    @workflow.init
    def __init__(self, start: BreachStart) -> None:
        super().__init__("breach", start.breach_id, start)

    @workflow.run
    async def run(self, _start: BreachStart) -> str:
        """Wait from reminder to reminder until it is closed."""
        if not await self._exists():
            return "không có sự cố"
        reminds = "Sự cố: đến giờ nhắc"
        await self._stay(lambda: self._state != CLOSED, heard=("wake", reminds), due=lambda: reminds)
        await everybody_answered()
        return self._words

    @workflow.update
    async def record_breach(self, command_id: UUID) -> Moment:
        """It is written down; the clock begins."""
        return await self._do(command_id, "Ghi nhận sự cố")

    @workflow.update
    async def add_to_breach(self, command_id: UUID) -> Moment:
        """More has become known."""
        return await self._do(command_id, "Bổ sung sự việc")

    @workflow.update
    async def notify_breach(self, command_id: UUID) -> Moment:
        """The notification went out."""
        return await self._do(command_id, "Đã gửi thông báo sự cố")

    @workflow.update
    async def close_breach(self, command_id: UUID) -> Moment:
        """The matter is closed."""
        return await self._do(command_id, "Kết thúc sự cố")
