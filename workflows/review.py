"""One period's data review: wait for the campaign, measure, remind, have reports signed, close."""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from temporalio import workflow
from temporalio.exceptions import ActivityError, WorkflowAlreadyStartedError
from temporalio.workflow import ParentClosePolicy

from workflows import signing
from workflows.asking import ACT_RETRY, ask_act
from workflows.month_end import BATCH_RETRY
from workflows.trying import SIGN_RETRY
from workflows.waiting import everybody_answered, is_long, later, not_at_once, until

with workflow.unsafe.imports_passed_through():
    from models.activity_interfaces import ReviewActivities
    from models.identifiers import review_workflow
    from models.messages import (
        Moment,
        ReportSigning,
        ReviewMoment,
        ReviewPlan,
        ReviewRun,
        ReviewStart,
    )

LONG = timedelta(hours=6)
BEAT = timedelta(minutes=2)
MEASURING = timedelta(minutes=30)
"""How long one attempt at a report may take: all profiles it covers are measured again for it."""
AGAIN = timedelta(days=7)
"""Where the law knows no such report it is asked again so often: another may be loaded any day."""


@workflow.defn
class ReviewWorkflow:
    """One review; it starts the next period's when it opens, so the chain never breaks."""

    @workflow.init
    def __init__(self, start: ReviewStart) -> None:
        self._start = start
        self._lock = asyncio.Lock()
        self._heard = False
        self._moment: ReviewMoment | None = None

    @workflow.run
    async def run(self, _start: ReviewStart) -> str:
        """Sleep to the opening, then look after the review until it is closed."""
        if not await self._opening():
            await everybody_answered()
            return "không có kỳ báo cáo"
        pause: datetime | None = None
        while True:
            self._heard = False
            moment = await self._work()
            if moment.state == "closed":
                break
            pause = not_at_once(moment.next_at)
            await until(
                later(moment.next_at, pause),
                lambda: self._heard or self._is_long(),
                summary=f"Rà soát {self._start.period}",
            )
            if self._is_long():
                await self._next_run()
        await everybody_answered()
        return moment.words

    async def _opening(self) -> bool:
        """Wait for the opening, which law and calendar may move; false where there is nothing to open."""
        plan = await self._plan()
        while plan.opens_at is None or plan.opens_at > workflow.now():
            if plan.over:
                return False
            if plan.opens_at is None and plan.ends_at <= workflow.now():
                await self._start_next(plan.next_period)
                return False
            words = "Chờ mở kỳ rà soát" if plan.opens_at else "Quy định chưa có kỳ rà soát"
            workflow.set_current_details(f"{words} {self._start.period}")
            self._heard = False
            look = plan.opens_at or min(plan.ends_at, workflow.now() + AGAIN)
            await until(look, lambda: self._heard, summary=f"{words} {self._start.period}")
            plan = await self._plan()
        await self._start_next(plan.next_period)
        return True

    async def _plan(self) -> ReviewPlan:
        return await workflow.execute_activity_method(
            ReviewActivities.plan_review,
            self._start,
            start_to_close_timeout=timedelta(seconds=30),
            retry_policy=ACT_RETRY,
            summary=f"Kỳ rà soát {self._start.period}",
        )

    async def _work(self) -> ReviewMoment:
        """Whatever is due now; rows say what was done before."""
        moment = await workflow.execute_activity_method(
            ReviewActivities.work_review,
            ReviewRun(authority_id=self._start.authority_id, period=self._start.period, now=workflow.now()),
            start_to_close_timeout=LONG,
            heartbeat_timeout=BEAT,
            retry_policy=BATCH_RETRY,
            summary="Đo dữ liệu, nhắc báo cáo",
        )
        self._moment = moment
        workflow.set_current_details(f"Rà soát {self._start.period}: {moment.words}")
        return moment

    async def _start_next(self, period: str) -> None:
        if self._start.begun:
            return
        following = ReviewStart(authority_id=self._start.authority_id, period=period)
        # After a catch-up the next period may run already: that must not end this one.
        with suppress(WorkflowAlreadyStartedError):
            await workflow.start_child_workflow(
                ReviewWorkflow.run,
                following,
                id=review_workflow(following.authority_id, period),
                parent_close_policy=ParentClosePolicy.ABANDON,
                static_summary=f"Rà soát dữ liệu {period}",
            )
        self._start = self._start.model_copy(update={"begun": True})

    @workflow.update
    async def sign_report(self, command_id: UUID, report_id: UUID) -> Moment:
        """Somebody signs one agency's report, or the whole's, and sends it."""
        async with self._lock:
            moment = await ask_act(
                self._start.authority_id,
                "review",
                report_id,
                command_id=command_id,
                summary="Ký báo cáo rà soát",
            )
        # The lock is free meanwhile: one agency's slow token must not hold up the others.
        if moment.to_sign is not None and not moment.settled:
            moment = await self._sign(report_id, moment.to_sign, command_id)
        self._heard = True
        return moment

    @workflow.update
    async def open_report_signing(self, command_id: UUID, report_id: UUID) -> Moment:
        """A report is given out to a key that is elsewhere, measured once more."""
        return await self._in_session(command_id, report_id, "Mở phiên ký báo cáo")

    @workflow.update
    async def complete_report_signing(self, command_id: UUID, report_id: UUID) -> Moment:
        """A report's signature came."""
        return await self._in_session(command_id, report_id, "Nhận chữ ký của báo cáo")

    @workflow.update
    async def cancel_report_signing(self, command_id: UUID, report_id: UUID) -> Moment:
        """The signer gives the session up."""
        return await self._in_session(command_id, report_id, "Huỷ phiên ký báo cáo")

    @workflow.signal
    def heard(self) -> None:
        """Law, calendar or a report changed: look again."""
        self._heard = True

    @workflow.query
    def where(self) -> ReviewMoment | None:
        """Where the review stands."""
        return self._moment

    async def _in_session(self, command_id: UUID, report_id: UUID, summary: str) -> Moment:
        authority_id = self._start.authority_id
        async with self._lock:
            moment = await ask_act(authority_id, "review", report_id, command_id=command_id, summary=summary)
        if signing.is_session(moment):
            then = await signing.session_work(authority_id, moment, command_id, MEASURING)
            async with self._lock:
                moment = await ask_act(
                    authority_id,
                    "review",
                    report_id,
                    internal=then.internal,
                    summary=then.summary,
                    facts=dict(then.facts),
                )
        self._heard = True
        return moment

    async def _sign(self, report_id: UUID, signature_id: UUID, command_id: UUID) -> Moment:
        facts: dict[str, str] = {}
        try:
            signed = await workflow.execute_activity_method(
                ReviewActivities.sign_report,
                ReportSigning(
                    authority_id=self._start.authority_id,
                    report_id=report_id,
                    signature_id=signature_id,
                    now=workflow.now(),
                ),
                start_to_close_timeout=MEASURING,
                heartbeat_timeout=BEAT,
                retry_policy=SIGN_RETRY,
                summary="Đo lại, lập và ký số báo cáo",
            )
            failure = signed.failure
            facts = {"document": signed.document, "certificate": signed.certificate}
        except ActivityError:
            failure = "signing-unavailable"
        common = {"signature": str(signature_id), "settles": str(command_id)}
        async with self._lock:
            return await ask_act(
                self._start.authority_id,
                "review",
                report_id,
                internal="fail_report" if failure else "complete_report",
                summary="Ký không thành" if failure else "Ghi nhận báo cáo đã gửi",
                facts={**common, **({"reason": failure} if failure else facts)},
            )

    def _is_long(self) -> bool:
        return is_long(self._start.limit)

    async def _next_run(self) -> None:
        """Begin the next run, which looks first; nothing accepted is left behind."""
        await everybody_answered()
        workflow.continue_as_new(self._start)
