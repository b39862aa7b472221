"""The office of the morning's messages."""

from dataclasses import dataclass

from temporalio import activity

from activities.notifications.digests import send_digests
from models.activity_interfaces import DigestActivities
from models.messages import DigestDone, DigestRun
from models.record.tools import Tools
from models.settings import Settings


@dataclass(frozen=True, slots=True)
class DigestOffice(DigestActivities):
    """One per worker process."""

    settings: Settings
    tools: Tools

    @activity.defn(name="send_digests")
    async def send_digests(self, run: DigestRun) -> DigestDone:
        """See ``activities.notifications.digests``."""
        return await send_digests(self.tools, self.settings, run)
