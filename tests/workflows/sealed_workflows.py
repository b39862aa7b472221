"""Workflows that say a secret in every way a workflow can say something to the engine."""

from datetime import timedelta

from temporalio import activity, workflow
from temporalio.exceptions import ActivityError, ApplicationError, ChildWorkflowError

SECRET = "Nguyễn Thị Bí Mật"
SOON = timedelta(seconds=10)


@activity.defn
async def repeat(text: str) -> str:
    if not activity.info().is_local:
        activity.heartbeat(text)
    return text


@activity.defn
async def fail(text: str) -> str:
    raise ApplicationError(text, text, type="Refused", non_retryable=True)


def said(cause: BaseException | None, text: str) -> None:
    """Fail the workflow, rather than its task, if a failure did not come back as it was sent."""
    if not (isinstance(cause, ApplicationError) and cause.message == text and cause.details == (text,)):
        raise ApplicationError("a failure came back changed")


@workflow.defn
class Child:
    def __init__(self) -> None:
        self.heard: str | None = None

    @workflow.run
    async def run(self, text: str, failing: bool) -> str:
        if failing:
            raise ApplicationError(text, text)
        await workflow.wait_condition(lambda: self.heard is not None)
        return text

    @workflow.signal
    def tell(self, text: str) -> None:
        self.heard = text


@workflow.defn
class Parent:
    def __init__(self) -> None:
        self.ended = False

    @workflow.run
    async def run(self, text: str, rounds: int) -> str:
        workflow.set_current_details(text)
        workflow.upsert_memo({"said": text})
        await self.activities(text)
        await workflow.sleep(0.01, summary=text)
        await self.children(text)
        if rounds:
            await workflow.wait_condition(workflow.all_handlers_finished)
            workflow.continue_as_new(args=[text, rounds - 1], memo={"carried": text})
        await workflow.wait_condition(lambda: self.ended and workflow.all_handlers_finished())
        return text

    async def activities(self, text: str) -> None:
        await workflow.execute_activity(repeat, text, start_to_close_timeout=SOON, summary=text)
        await workflow.execute_local_activity(repeat, text, start_to_close_timeout=SOON, summary=text)
        for call in (workflow.execute_activity, workflow.execute_local_activity):
            try:
                await call(fail, text, start_to_close_timeout=SOON)
            except ActivityError as failed:
                said(failed.cause, text)
            except ApplicationError as failed:  # a local activity's failure arrives unwrapped
                said(failed, text)

    async def children(self, text: str) -> None:
        child = await workflow.start_child_workflow(
            Child.run,
            args=[text, False],
            id=f"child/{workflow.uuid4()}",
            static_summary=text,
            memo={"m": text},
        )
        await workflow.get_external_workflow_handle_for(Child.run, child.id).signal(Child.tell, text)
        await child
        try:
            await workflow.execute_child_workflow(
                Child.run, args=[text, True], id=f"child/{workflow.uuid4()}"
            )
        except ChildWorkflowError as failed:
            said(failed.cause, text)

    @workflow.update
    async def ask(self, text: str) -> str:
        if text.startswith("refuse"):
            raise ApplicationError(text, text, type="Refused")
        return await workflow.execute_local_activity(repeat, text, start_to_close_timeout=SOON)

    @workflow.signal
    def end(self, text: str) -> None:
        self.ended = True

    @workflow.query
    def hear(self, text: str) -> str:
        return text
