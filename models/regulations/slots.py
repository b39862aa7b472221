"""The purposes code asks the law about. Code names a slot, never an article and never a jurisdiction."""

from enum import StrEnum


class Slot(StrEnum):
    """One purpose; a regulation fills it with one rule, or with several told apart by `Rule.when`."""

    ENTRY_INTO_FORCE = "entry_into_force"
    STAFF_CATEGORIES = "staff_categories"
    MANAGING_AUTHORITY = "managing_authority"
    DATABASE_OWNER = "database_owner"
    NO_REDECLARATION = "no_redeclaration"
    RESTRICTION_LEVELS = "restriction_levels"
    QUALITY_CRITERIA = "quality_criteria"
    # declaration and approval
    FORM_STANDARD = "form_standard"
    DATA_ENTRY = "data_entry"
    FIRST_DECLARATION = "first_declaration"
    UPDATE_AFTER_CHANGE = "update_after_change"
    ERROR_NOTICE = "error_notice"
    CONFIRMED_FORM = "confirmed_form"
    """The person supplies the form confirmed by a competent authority; the agency enters it."""
    AGENCY_ENTRY = "agency_entry"
    DOSSIER_CREATION = "dossier_creation"
    REVIEW_STEP = "review_step"
    """A signature before the final approval; ``Rule.after`` orders the steps."""
    CHANGE_TOTAL = "change_total"
    """A total period for the whole chain, running beside the periods of its steps."""
    WHOLE_STOCK_APPROVAL = "whole_stock_approval"
    """The first approval of every profile there is, as a campaign."""
    APPROVER_EDIT = "approver_edit"
    """The approver may edit what was declared before approving it."""
    APPROVAL_WINDOW = "approval_window"
    APPROVAL_DELEGATION = "approval_delegation"
    """Whoever approves may have somebody else approve."""
    # accounts
    ADMIN_ACCOUNT = "admin_account"
    AGENCY_ACCOUNT_HOLDER = "agency_account_holder"
    AGENCY_ACCOUNT_SECRECY = "agency_account_secrecy"
    AGENCY_ACCOUNT_TOP = "agency_account_top"
    AGENCY_ACCOUNT_BELOW = "agency_account_below"
    AGENCY_ACCOUNT_MANAGEMENT = "agency_account_management"
    PERSONAL_ACCOUNT = "personal_account"
    PERSONAL_ACCOUNT_USE = "personal_account_use"
    DEFAULT_PASSWORD = "default_password"  # noqa: S105 — the name of a duty
    ACCOUNT_OPERATIONS = "account_operations"
    DECENTRALISED_ACCOUNTS = "decentralised_accounts"
    ACCESS_CHANGE_REQUEST = "access_change_request"
    ACCOUNT_MANAGEMENT_BELOW = "account_management_below"
    """Who manages the agency accounts of the units below, and the personal accounts of their people."""
    ACCOUNT_REQUEST = "account_request"
    ACCOUNT_HANDOVER = "account_handover"
    ACCOUNT_DELEGATION = "account_delegation"
    """Whoever creates personal accounts may have somebody else create them."""
    DELEGATION_AGREEMENT = "delegation_agreement"
    """A delegation takes effect only once the department has agreed to it in writing."""
    ONE_ACCOUNT = "one_account"
    LOST_PASSWORD = "lost_password"  # noqa: S105 — the name of a duty
    PASSWORD_ROTATION = "password_rotation"  # noqa: S105 — the name of a duty
    # access and export
    OWN_DATA = "own_data"
    CONSENT_ACCESS = "consent_access"
    AGENCY_ACCESS = "agency_access"
    DEPARTMENT_ACCESS = "department_access"
    DATA_OFFICER_ACCESS = "data_officer_access"
    """Whoever is entrusted with the agency's data works with them; beside what the agency itself may see."""
    SOFTWARE_ADDRESS = "software_address"
    AGENCY_LOGIN = "agency_login"
    PERSONAL_LOGIN = "personal_login"
    EXPLOITATION_OPERATIONS = "exploitation_operations"
    EXPORT_SIGNATURE = "export_signature"
    NOT_OWN_FILE = "not_own_file"
    """An authorised reader never reads the reader's own file by that right."""
    PRINT_OWN = "print_own"
    ELECTRONIC_CONSENT = "electronic_consent"
    COMPLIANCE_REFUSAL = "compliance_refusal"
    """The department does not settle the matters of an agency that is behind: people decide it."""
    # organisation
    ORG_LIST = "org_list"
    ORG_OPERATIONS = "org_operations"
    ORG_CHANGE = "org_change"
    ORGANISATION_CODE = "organisation_code"
    # transfers and leaving
    TRANSFER_REPORT = "transfer_report"
    TRANSFER_WITHIN = "transfer_within"
    """From one division to another of the same agency: nothing is handed over to another custodian."""
    TRANSFER_REQUEST = "transfer_request"
    """The new agency asks the old one for the profile."""
    TRANSFER_HAND_OVER = "transfer_hand_over"
    TRANSFER_LIMIT = "transfer_limit"
    """The outer limit of a whole transfer, beside the period of its hand-over."""
    TRANSFER_ACCOUNT = "transfer_account"
    """The new agency makes a new account; without it the account moves with the person."""
    SECONDMENT = "secondment"
    TRANSFER_RECEIVE = "transfer_receive"
    TRANSFER_CHECK = "transfer_check"
    MOVE_OUT = "move_out"
    MOVE_OUT_REPORT = "move_out_report"
    INTAKE_ACCOUNT = "intake_account"
    INTAKE_PULL = "intake_pull"
    INTAKE_CHECK = "intake_check"
    INTAKE_REQUEST = "intake_request"
    """A written request to the department about a person received from outside."""
    INTAKE_UNCONNECTED = "intake_unconnected"
    STATUS_CHANGE = "status_change"
    """Who records a leaver's new status, and by when."""
    NATIONAL_TRANSFER = "national_transfer"
    LEAVER_ARCHIVE = "leaver_archive"
    # the national database
    SYNC_WINDOW = "sync_window"
    DEPARTMENT_GATE = "department_gate"
    SYNC_DELEGATION = "sync_delegation"
    """Whoever synchronises may have somebody else do it."""
    SYNC_BY_AGENCY_ACCOUNT = "sync_by_agency_account"
    SYNC_AGENT = "sync_agent"
    EXCHANGE_DIRECTIONS = "exchange_directions"
    CONNECTION_KEYS = "connection_keys"
    SIGN_BEFORE_SYNC = "sign_before_sync"
    EVENT_SYNC_AGENCY = "event_sync_agency"
    """Data an agency generated goes to the national database by an event's clock, not the month's."""
    EVENT_SYNC_SYSTEM = "event_sync_system"
    """Data this system generated itself, likewise."""
    # reports and backups
    REPORT_QUARTER = "report_quarter"
    REPORT_YEAR = "report_year"
    REPORT_ONWARD = "report_onward"
    """The department's own report to the level above, made of what the agencies reported."""
    BACKUP = "backup"
    BACKUP_CHECK = "backup_check"
    MAINTENANCE_NOTICE = "maintenance_notice"


REQUIRED: frozenset[Slot] = frozenset(
    {
        Slot.PERSONAL_ACCOUNT,
        Slot.FIRST_DECLARATION,
        Slot.UPDATE_AFTER_CHANGE,
        Slot.APPROVAL_WINDOW,
    }
)
"""Without these a profile's life cannot run; a rule set that lacks one is refused.

Where a law is silent about any other purpose no duty is opened and nobody is chased for it.
"""
