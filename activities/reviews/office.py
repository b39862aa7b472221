"""The office of data reviews."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from temporalio import activity

from activities.documents.store import DocumentStore
from activities.reviews.signing import sign_report
from activities.reviews.working import work_review
from activities.signing.notary import Notary
from activities.signing.patience import patiently
from activities.signing.signer import Signers
from models.activity_interfaces import ReviewActivities
from models.messages import ReportSigning, ReviewMoment, ReviewPlan, ReviewRun, ReviewStart, Signed
from models.record.reviews import plan_of
from models.record.tools import Tools


@dataclass(frozen=True, slots=True)
class ReviewOffice(ReviewActivities):
    """One per worker process. Measuring may be stopped anywhere and begun again: rows say what stands."""

    tools: Tools
    store: DocumentStore
    signers: Signers
    threads: ThreadPoolExecutor
    notary: Notary

    @activity.defn(name="plan_review")
    async def plan_review(self, start: ReviewStart) -> ReviewPlan:
        """See ``models.record.reviews.plan_of``."""
        # The engine's instant, not this machine's: in a demonstration only the engine knows what day it is.
        return await plan_of(self.tools, start, activity.info().current_attempt_scheduled_time)

    @activity.defn(name="work_review")
    async def work_review(self, run: ReviewRun) -> ReviewMoment:
        """See ``activities.reviews.working``."""
        return await work_review(self.tools, self.threads, run)

    @activity.defn(name="sign_report")
    async def sign_report(self, signing: ReportSigning) -> Signed:
        """See ``activities.reviews.signing``."""
        return await patiently(sign_report(self, signing))
