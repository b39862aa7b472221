"""Which workflows hear of an act that was asked for beside the subject's own."""

from datetime import datetime

from models.identifiers import profile_workflow, transfer_workflow
from models.lifecycle.life import Life
from models.lifecycle.outcome import Outcome
from models.lifecycle.wake import profile_wake
from models.messages import Ask


def must_hear(chapter: str, outcome: Outcome) -> bool:
    """Whether the profile's own workflow must be told of a batch's act: what it waits for has changed."""
    return outcome.subject.get("chapter", chapter) != chapter or any(
        o.duty.next_wake_at for o in outcome.opened
    )


def tell_of_batch(ask: Ask, life: Life, row: object, outcome: Outcome) -> None:
    """Put right whom an act asked for by a batch is told to; nothing where the subject's workflow asked."""
    own: tuple[str, dict[str, object]] = (profile_workflow(life.profile_id), {})
    if ask.bulk:
        # The list's own workflow runs the batch: a line for every item would only wake it for nothing.
        outcome.tell[:] = [own] if must_hear(life.chapter, outcome) else []
    elif ask.aside:
        if ask.subject == "transfer":
            outcome.tell.append((transfer_workflow(ask.subject_id), {"profile_id": life.profile_id}))
        if own not in outcome.tell and (must_hear(life.chapter, outcome) or _nearer(life, row, outcome)):
            outcome.tell.append(own)


def _nearer(life: Life, row: object, outcome: Outcome) -> bool:
    """Whether the profile must now wake earlier than its workflow knows."""
    known: datetime | None = getattr(row, "next_wake_at", None)
    wake = profile_wake(life, outcome, life.profile_id)
    return wake is not None and (known is None or wake < known)
