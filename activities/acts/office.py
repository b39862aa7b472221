"""Acts: the activity beside every workflow through which facts change."""

from temporalio import activity

from models.activity_interfaces import ActActivities
from models.messages import Ask, Moment, MonthStart, Window
from models.record.accounting import manage_account
from models.record.act import act
from models.record.administering import administer
from models.record.breaching import manage_breach
from models.record.certifying import give_certificate
from models.record.lawgiving import give_law
from models.record.months import window_of
from models.record.reorganising import manage_reorganisation
from models.record.tools import Tools


class ActOffice(ActActivities):
    """Decides and writes; one per worker process."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    @activity.defn(name="act")
    async def act(self, ask: Ask) -> Moment:
        """See ``models.record.act.act``; for law, certificates and accounts their siblings beside it."""
        if ask.subject == "law":
            return await give_law(self._tools, ask)
        if ask.subject == "certificate":
            return await give_certificate(self._tools, ask)
        if ask.subject == "account":
            return await manage_account(self._tools, ask)
        if ask.subject == "administration":
            return await administer(self._tools, ask)
        if ask.subject == "breach":
            return await manage_breach(self._tools, ask)
        if ask.subject == "reorganisation":
            return await manage_reorganisation(self._tools, ask)
        return await act(self._tools, ask)

    @activity.defn(name="month_window")
    async def month_window(self, start: MonthStart) -> Window:
        """When the month's window opens and ends."""
        return await window_of(self._tools, start.authority_id, start.month)
