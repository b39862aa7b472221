"""The purposes code asks the law about. Code names a slot, never an article and never a jurisdiction."""

from enum import StrEnum


class Slot(StrEnum):
    """One purpose; a regulation in force fills it with at most one of its rules."""

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
    APPROVAL_WINDOW = "approval_window"
    APPROVAL_DELEGATION = "approval_delegation"
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
    # access and export
    OWN_DATA = "own_data"
    CONSENT_ACCESS = "consent_access"
    AGENCY_ACCESS = "agency_access"
    DEPARTMENT_ACCESS = "department_access"
    SOFTWARE_ADDRESS = "software_address"
    AGENCY_LOGIN = "agency_login"
    PERSONAL_LOGIN = "personal_login"
    EXPLOITATION_OPERATIONS = "exploitation_operations"
    EXPORT_SIGNATURE = "export_signature"
    # organisation
    ORG_LIST = "org_list"
    ORG_OPERATIONS = "org_operations"
    ORG_CHANGE = "org_change"
    ORGANISATION_CODE = "organisation_code"
    # transfers and leaving
    TRANSFER_REPORT = "transfer_report"
    TRANSFER_RECEIVE = "transfer_receive"
    TRANSFER_CHECK = "transfer_check"
    MOVE_OUT = "move_out"
    MOVE_OUT_REPORT = "move_out_report"
    INTAKE_ACCOUNT = "intake_account"
    INTAKE_PULL = "intake_pull"
    INTAKE_CHECK = "intake_check"
    LEAVER_ARCHIVE = "leaver_archive"
    # the national database
    SYNC_WINDOW = "sync_window"
    DEPARTMENT_GATE = "department_gate"
    SYNC_BY_AGENCY_ACCOUNT = "sync_by_agency_account"
    SYNC_AGENT = "sync_agent"
    EXCHANGE_DIRECTIONS = "exchange_directions"
    CONNECTION_KEYS = "connection_keys"
    # reports and backups
    REPORT_QUARTER = "report_quarter"
    REPORT_YEAR = "report_year"
    BACKUP = "backup"
    BACKUP_CHECK = "backup_check"


REQUIRED: frozenset[Slot] = frozenset(
    {
        Slot.FIRST_DECLARATION,
        Slot.UPDATE_AFTER_CHANGE,
        Slot.APPROVAL_WINDOW,
        Slot.PERSONAL_ACCOUNT,
        Slot.SYNC_WINDOW,
        Slot.SYNC_AGENT,
        Slot.EXPORT_SIGNATURE,
        Slot.OWN_DATA,
        Slot.AGENCY_ACCESS,
        Slot.BACKUP,
    }
)
"""Without these a profile's life cannot run; a rule set that lacks one is refused."""
