"""Every workflow, and how its code is run: the same in the worker, the replayer and the tests."""

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from workflows.account import AccountWorkflow
from workflows.administration import AdministrationWorkflow
from workflows.agency_month import AgencyMonthWorkflow
from workflows.backup import BackupWorkflow
from workflows.breach import BreachWorkflow
from workflows.bulk import BulkWorkflow
from workflows.certificate import CertificateWorkflow
from workflows.delegation import DelegationWorkflow
from workflows.digest import DigestWorkflow
from workflows.month_end import MonthEndWorkflow
from workflows.profile import ProfileWorkflow
from workflows.recompute import RecomputeWorkflow
from workflows.reconciliation import ReconciliationWorkflow
from workflows.renewal import RenewalWorkflow
from workflows.reorganisation import ReorganisationWorkflow
from workflows.review import ReviewWorkflow
from workflows.slip import SlipWorkflow
from workflows.transfer import TransferWorkflow
from workflows.workbook_import import ImportWorkflow

WORKFLOWS = [
    ProfileWorkflow,
    TransferWorkflow,
    MonthEndWorkflow,
    AgencyMonthWorkflow,
    DigestWorkflow,
    ImportWorkflow,
    ReviewWorkflow,
    RecomputeWorkflow,
    RenewalWorkflow,
    DelegationWorkflow,
    CertificateWorkflow,
    AccountWorkflow,
    AdministrationWorkflow,
    BackupWorkflow,
    SlipWorkflow,
    BreachWorkflow,
    ReconciliationWorkflow,
    BulkWorkflow,
    ReorganisationWorkflow,
]


def runner() -> SandboxedWorkflowRunner:
    """The sandbox, with our models passed through (their own guard is the purity test)."""
    return SandboxedWorkflowRunner(
        restrictions=SandboxRestrictions.default.with_passthrough_modules("models", "yaml", "rfc8785")
    )
