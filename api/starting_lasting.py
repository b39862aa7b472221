"""Subjects that last beside the profiles: which are not over, and how the workflow of each is started."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text

from models.identifiers import WorkflowKind
from models.messages import Lending
from models.messages_admin import BreachStart, ReorganisationStart
from workflows.breach import BreachWorkflow
from workflows.delegation import DelegationWorkflow
from workflows.reorganisation import ReorganisationWorkflow

Lasting = tuple[TextClause, Any, str, Callable[[Mapping[str, UUID], UUID], Any]]
"""Its rows with their next wake; the workflow, its summary, its input."""
LASTING: Mapping[WorkflowKind, Lasting] = {
    WorkflowKind.DELEGATION: (
        text("SELECT id, next_wake_at FROM delegations WHERE state <> 'ended' ORDER BY id"),
        DelegationWorkflow.run,
        "Uỷ quyền",
        lambda own, one: Lending(**own, delegation_id=one),
    ),
    WorkflowKind.BREACH: (
        text(
            "SELECT id, next_wake_at FROM breaches b WHERE state <> 'closed' OR EXISTS (SELECT 1"
            " FROM breach_notices n WHERE n.breach_id = b.id AND n.state = 'making') ORDER BY id"
        ),
        BreachWorkflow.run,
        "Sự cố dữ liệu cá nhân",
        lambda own, one: BreachStart(**own, breach_id=one),
    ),
    WorkflowKind.REORGANISATION: (
        text(
            "SELECT id, next_wake_at FROM reorganisations WHERE state NOT IN ('done', 'withdrawn')"
            " ORDER BY id"
        ),
        ReorganisationWorkflow.run,
        "Sắp xếp tổ chức",
        lambda own, one: ReorganisationStart(**own, reorganisation_id=one),
    ),
}
