"""The office of the month's batches."""

from dataclasses import dataclass

from temporalio import activity

from activities.batches.beating import beating
from activities.batches.closing import close_month_end
from activities.batches.opening import open_agency_months, open_stock_lists
from activities.batches.receipts import await_receipts
from activities.batches.rounds import approve_batch
from activities.batches.sending import National, submit_batch
from activities.national.adapter import NationalGateway
from activities.national.office import mappings_of
from activities.national.trouble import Tries
from activities.signing.office import SigningOffice
from models.activity_interfaces import MonthActivities
from models.messages import Batch, BatchResult, MonthOpened, MonthStart
from models.record.tools import Tools
from models.settings import Settings


@dataclass(frozen=True, slots=True)
class MonthOffice(MonthActivities):
    """One per worker process. Every batch may be stopped anywhere and begun again: rows say what is done."""

    settings: Settings
    tools: Tools
    signing: SigningOffice
    gateway: NationalGateway | None

    @activity.defn(name="open_agency_months")
    async def open_agency_months(self, start: MonthStart) -> MonthOpened:
        """See ``activities.batches.opening``."""
        return await open_agency_months(self.tools, self.settings.task_queue, start)

    @activity.defn(name="open_stock_lists")
    async def open_stock_lists(self, start: MonthStart) -> MonthOpened:
        """See ``activities.batches.opening``."""
        return await open_stock_lists(self.tools, self.settings.task_queue, start)

    @activity.defn(name="close_month_end")
    async def close_month_end(self, start: MonthStart) -> MonthOpened:
        """See ``activities.batches.closing``."""
        queue = self.settings.task_queue if self.gateway is not None else None
        return await close_month_end(self.tools, queue, start)

    @activity.defn(name="approve_batch")
    async def approve_batch(self, batch: Batch) -> BatchResult:
        """See ``activities.batches.rounds``."""
        async with beating(activity.heartbeat):
            return await approve_batch(self.tools, self.signing, batch)

    @activity.defn(name="submit_batch")
    async def submit_batch(self, batch: Batch) -> BatchResult:
        """See ``activities.batches.sending``."""
        national = self._national()
        async with beating(national.tries.beat if national else activity.heartbeat):
            return await submit_batch(self.tools, national, batch)

    @activity.defn(name="await_receipts")
    async def await_receipts(self, batch: Batch) -> BatchResult:
        """See ``activities.batches.receipts``."""
        national = self._national()
        async with beating(national.tries.beat if national else activity.heartbeat):
            return await await_receipts(self.tools, national, batch)

    def _national(self) -> National | None:
        if self.gateway is None:
            return None
        settings = self.settings
        return National(
            self.gateway,
            mappings_of(settings),
            settings.national_receiver_code,
            settings.national_packet_items,
            Tries.begun(),
        )
