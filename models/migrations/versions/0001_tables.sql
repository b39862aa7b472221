CREATE TABLE authorities (
    authority_id UUID NOT NULL, 
    code TEXT NOT NULL, 
    name TEXT NOT NULL, 
    regulation TEXT NOT NULL, 
    national_code TEXT NOT NULL, 
    department_id UUID, 
    installed_on DATE NOT NULL, 
    CONSTRAINT pk_authorities PRIMARY KEY (authority_id), 
    CONSTRAINT uq_authorities_code UNIQUE (code)
);

CREATE TABLE agencies (
    id UUID NOT NULL, 
    authority_id UUID NOT NULL, 
    code TEXT NOT NULL, 
    name TEXT NOT NULL, 
    kind TEXT NOT NULL, 
    parent_id UUID, 
    has_account BOOLEAN NOT NULL, 
    valid_from DATE NOT NULL, 
    valid_to DATE, 
    CONSTRAINT pk_agencies PRIMARY KEY (id), 
    CONSTRAINT uq_agencies_authority_id_code UNIQUE (authority_id, code), 
    CONSTRAINT fk_agencies_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id), 
    CONSTRAINT fk_agencies_parent_id FOREIGN KEY(parent_id) REFERENCES agencies (id)
);

CREATE TABLE calendars (
    authority_id UUID NOT NULL, 
    hash TEXT NOT NULL, 
    content JSONB NOT NULL, 
    document TEXT NOT NULL, 
    loaded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
    CONSTRAINT pk_calendars PRIMARY KEY (authority_id, hash), 
    CONSTRAINT fk_calendars_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id)
);

CREATE TABLE commands (
    id UUID NOT NULL, 
    authority_id UUID NOT NULL, 
    account_id UUID NOT NULL, 
    verb TEXT NOT NULL, 
    workflow_id TEXT NOT NULL, 
    subject_id UUID NOT NULL, 
    body BYTEA NOT NULL, 
    key_id TEXT NOT NULL, 
    body_hash TEXT NOT NULL, 
    expected_revision INTEGER, 
    accepted_at TIMESTAMP WITH TIME ZONE NOT NULL, 
    settled_at TIMESTAMP WITH TIME ZONE, 
    heard_at TIMESTAMP WITH TIME ZONE, 
    status INTEGER, 
    answer JSONB, 
    CONSTRAINT pk_commands PRIMARY KEY (id), 
    CONSTRAINT fk_commands_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id)
);

CREATE INDEX ix_commands_subject ON commands (subject_id);

CREATE INDEX ix_commands_unheard ON commands (accepted_at) WHERE heard_at IS NULL;

CREATE TABLE events (
    position BIGINT GENERATED ALWAYS AS IDENTITY, 
    transaction BIGINT NOT NULL, 
    authority_id UUID NOT NULL, 
    stream_id UUID NOT NULL, 
    number INTEGER NOT NULL, 
    profile_id UUID, 
    agency_id UUID NOT NULL, 
    kind TEXT NOT NULL, 
    at TIMESTAMP WITH TIME ZONE NOT NULL, 
    actor_id UUID, 
    actor_role TEXT NOT NULL, 
    rule_id TEXT, 
    citation TEXT, 
    rule_set_hash TEXT NOT NULL, 
    command_id UUID, 
    facts JSONB NOT NULL, 
    previous_hash TEXT NOT NULL, 
    hash TEXT NOT NULL, 
    CONSTRAINT pk_events PRIMARY KEY (position), 
    CONSTRAINT uq_events_stream_id_number UNIQUE (stream_id, number), 
    CONSTRAINT ck_events_number CHECK (number >= 1), 
    CONSTRAINT fk_events_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id)
);

CREATE INDEX ix_events_position ON events (authority_id, transaction, position);

CREATE INDEX ix_events_profile ON events (profile_id, position);

CREATE TABLE imports (
    id UUID NOT NULL, 
    authority_id UUID NOT NULL, 
    account_id UUID NOT NULL, 
    sha256 TEXT NOT NULL, 
    dry_run BOOLEAN NOT NULL, 
    state TEXT NOT NULL, 
    counts JSONB NOT NULL, 
    issues JSONB NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
    finished_at TIMESTAMP WITH TIME ZONE, 
    CONSTRAINT pk_imports PRIMARY KEY (id), 
    CONSTRAINT ck_imports_state CHECK (state IN ('waiting', 'running', 'done', 'failed')), 
    CONSTRAINT fk_imports_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id)
);

CREATE TABLE month_ends (
    authority_id UUID NOT NULL, 
    month TEXT NOT NULL, 
    state TEXT NOT NULL, 
    opens_on DATE NOT NULL, 
    nominal_end DATE NOT NULL, 
    rolled_end DATE NOT NULL, 
    opened_at TIMESTAMP WITH TIME ZONE, 
    closed_at TIMESTAMP WITH TIME ZONE, 
    summary JSONB DEFAULT '{}' NOT NULL, 
    CONSTRAINT pk_month_ends PRIMARY KEY (authority_id, month), 
    CONSTRAINT fk_month_ends_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id)
);

CREATE TABLE notices (
    id UUID NOT NULL, 
    authority_id UUID NOT NULL, 
    account_id UUID, 
    agency_id UUID NOT NULL, 
    role TEXT, 
    kind TEXT NOT NULL, 
    duty_id UUID, 
    profile_id UUID, 
    citation TEXT, 
    due_on DATE, 
    facts JSONB NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
    read_at TIMESTAMP WITH TIME ZONE, 
    CONSTRAINT pk_notices PRIMARY KEY (id), 
    CONSTRAINT fk_notices_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id)
);

CREATE INDEX ix_notices_account ON notices (account_id, id) WHERE account_id IS NOT NULL;

CREATE INDEX ix_notices_post ON notices (agency_id, role, id) WHERE role IS NOT NULL;

CREATE TABLE outbox (
    id BIGINT GENERATED ALWAYS AS IDENTITY, 
    authority_id UUID NOT NULL, 
    workflow_id TEXT NOT NULL, 
    payload JSONB NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
    sent_at TIMESTAMP WITH TIME ZONE, 
    CONSTRAINT pk_outbox PRIMARY KEY (id), 
    CONSTRAINT fk_outbox_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id)
);

CREATE INDEX ix_outbox_unsent ON outbox (id) WHERE sent_at IS NULL;

CREATE TABLE rule_sets (
    authority_id UUID NOT NULL, 
    hash TEXT NOT NULL, 
    valid_from DATE NOT NULL, 
    content JSONB NOT NULL, 
    document TEXT NOT NULL, 
    loaded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
    CONSTRAINT pk_rule_sets PRIMARY KEY (authority_id, hash), 
    CONSTRAINT fk_rule_sets_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id)
);

CREATE TABLE accounts (
    id UUID NOT NULL, 
    authority_id UUID NOT NULL, 
    kind TEXT NOT NULL, 
    login TEXT NOT NULL, 
    display_name TEXT NOT NULL, 
    password_hash TEXT NOT NULL, 
    state TEXT NOT NULL, 
    profile_id UUID, 
    agency_id UUID NOT NULL, 
    email_sealed BYTEA, 
    email_key TEXT, 
    created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
    failed_logins INTEGER DEFAULT '0' NOT NULL, 
    locked_until TIMESTAMP WITH TIME ZONE, 
    CONSTRAINT pk_accounts PRIMARY KEY (id), 
    CONSTRAINT ck_accounts_state CHECK (state IN ('default_password', 'active', 'cancelled')), 
    CONSTRAINT ck_accounts_kind CHECK (kind IN ('personal', 'agency', 'service')), 
    CONSTRAINT fk_accounts_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id), 
    CONSTRAINT uq_accounts_login UNIQUE (login), 
    CONSTRAINT fk_accounts_agency_id FOREIGN KEY(agency_id) REFERENCES agencies (id)
);

CREATE UNIQUE INDEX uq_accounts_profile ON accounts (profile_id) WHERE kind = 'personal';

CREATE TABLE agency_closure (
    authority_id UUID NOT NULL, 
    ancestor_id UUID NOT NULL, 
    descendant_id UUID NOT NULL, 
    valid_from DATE NOT NULL, 
    depth INTEGER NOT NULL, 
    valid_to DATE, 
    CONSTRAINT pk_agency_closure PRIMARY KEY (ancestor_id, descendant_id, valid_from), 
    CONSTRAINT fk_agency_closure_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id), 
    CONSTRAINT fk_agency_closure_ancestor_id FOREIGN KEY(ancestor_id) REFERENCES agencies (id), 
    CONSTRAINT fk_agency_closure_descendant_id FOREIGN KEY(descendant_id) REFERENCES agencies (id)
);

CREATE INDEX ix_agency_closure_descendant ON agency_closure (descendant_id, depth);

CREATE TABLE agency_months (
    id UUID NOT NULL, 
    authority_id UUID NOT NULL, 
    agency_id UUID NOT NULL, 
    month TEXT NOT NULL, 
    state TEXT NOT NULL, 
    opens_on DATE NOT NULL, 
    nominal_end DATE NOT NULL, 
    rolled_end DATE NOT NULL, 
    closes_at TIMESTAMP WITH TIME ZONE NOT NULL, 
    version INTEGER NOT NULL, 
    next_wake_at TIMESTAMP WITH TIME ZONE, 
    listed INTEGER NOT NULL, 
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL, 
    closed_at TIMESTAMP WITH TIME ZONE, 
    summary JSONB NOT NULL, 
    CONSTRAINT pk_agency_months PRIMARY KEY (id), 
    CONSTRAINT uq_agency_months_agency_id_month UNIQUE (agency_id, month), 
    CONSTRAINT ck_agency_months_state CHECK (state IN ('open', 'submitting', 'gate', 'closed')), 
    CONSTRAINT fk_agency_months_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id), 
    CONSTRAINT fk_agency_months_agency_id FOREIGN KEY(agency_id) REFERENCES agencies (id)
);

CREATE TABLE import_lines (
    import_id UUID NOT NULL, 
    sheet TEXT NOT NULL, 
    row INTEGER NOT NULL, 
    authority_id UUID NOT NULL, 
    verdict TEXT NOT NULL, 
    subject_id UUID, 
    issues JSONB NOT NULL, 
    CONSTRAINT pk_import_lines PRIMARY KEY (import_id, sheet, row), 
    CONSTRAINT ck_import_lines_verdict CHECK (verdict IN ('create', 'update', 'same', 'conflict', 'refused')), 
    CONSTRAINT fk_import_lines_import_id FOREIGN KEY(import_id) REFERENCES imports (id), 
    CONSTRAINT fk_import_lines_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id)
);

CREATE TABLE submissions (
    id UUID NOT NULL, 
    authority_id UUID NOT NULL, 
    agency_id UUID NOT NULL, 
    agency_month_id UUID, 
    tran_code TEXT NOT NULL, 
    kind TEXT NOT NULL, 
    items INTEGER NOT NULL, 
    state TEXT NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
    sent_at TIMESTAMP WITH TIME ZONE, 
    settled_at TIMESTAMP WITH TIME ZONE, 
    result JSONB NOT NULL, 
    CONSTRAINT pk_submissions PRIMARY KEY (id), 
    CONSTRAINT uq_submissions_authority_id_tran_code UNIQUE (authority_id, tran_code), 
    CONSTRAINT fk_submissions_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id), 
    CONSTRAINT fk_submissions_agency_id FOREIGN KEY(agency_id) REFERENCES agencies (id)
);

CREATE TABLE grants (
    id UUID NOT NULL, 
    authority_id UUID NOT NULL, 
    account_id UUID NOT NULL, 
    agency_id UUID NOT NULL, 
    role TEXT NOT NULL, 
    valid_from DATE NOT NULL, 
    valid_to DATE, 
    document TEXT, 
    delegation_of UUID, 
    CONSTRAINT pk_grants PRIMARY KEY (id), 
    CONSTRAINT ck_grants_period CHECK (valid_to IS NULL OR valid_to >= valid_from), 
    CONSTRAINT fk_grants_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id), 
    CONSTRAINT fk_grants_account_id FOREIGN KEY(account_id) REFERENCES accounts (id), 
    CONSTRAINT fk_grants_agency_id FOREIGN KEY(agency_id) REFERENCES agencies (id), 
    CONSTRAINT fk_grants_delegation_of FOREIGN KEY(delegation_of) REFERENCES accounts (id)
);

CREATE INDEX ix_grants_account ON grants (account_id);

CREATE INDEX ix_grants_agency_role ON grants (agency_id, role);

CREATE TABLE mails (
    authority_id UUID NOT NULL, 
    account_id UUID NOT NULL, 
    day DATE NOT NULL, 
    state TEXT NOT NULL, 
    open_items INTEGER NOT NULL, 
    attempts INTEGER NOT NULL, 
    last_error TEXT, 
    sent_at TIMESTAMP WITH TIME ZONE, 
    CONSTRAINT pk_mails PRIMARY KEY (account_id, day), 
    CONSTRAINT fk_mails_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id), 
    CONSTRAINT fk_mails_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);

CREATE TABLE profiles (
    id UUID NOT NULL, 
    authority_id UUID NOT NULL, 
    agency_id UUID NOT NULL, 
    category TEXT NOT NULL, 
    full_name TEXT NOT NULL, 
    staff_number TEXT, 
    id_number_index BYTEA NOT NULL, 
    chapter TEXT NOT NULL, 
    status TEXT NOT NULL, 
    version INTEGER NOT NULL, 
    revision_number INTEGER NOT NULL, 
    account_id UUID, 
    approved_revision_id UUID, 
    pending_revision_id UUID, 
    synced_revision_id UUID, 
    case_id UUID, 
    foretold JSONB NOT NULL, 
    next_wake_at TIMESTAMP WITH TIME ZONE, 
    last_event INTEGER NOT NULL, 
    last_hash TEXT NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
    CONSTRAINT pk_profiles PRIMARY KEY (id), 
    CONSTRAINT ck_profiles_version CHECK (version >= 0), 
    CONSTRAINT fk_profiles_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id), 
    CONSTRAINT fk_profiles_agency_id FOREIGN KEY(agency_id) REFERENCES agencies (id), 
    CONSTRAINT fk_profiles_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);

CREATE INDEX ix_profiles_agency ON profiles (agency_id, id);

CREATE INDEX ix_profiles_chapter ON profiles (chapter, id);

CREATE INDEX ix_profiles_staff_number ON profiles (authority_id, staff_number) WHERE staff_number IS NOT NULL;

CREATE INDEX ix_profiles_status ON profiles (status, id);

CREATE INDEX ix_profiles_wake ON profiles (next_wake_at) WHERE next_wake_at IS NOT NULL;

CREATE UNIQUE INDEX uq_profiles_id_number ON profiles (authority_id, id_number_index) WHERE chapter <> 'archive';

CREATE TABLE sessions (
    token_hash TEXT NOT NULL, 
    authority_id UUID NOT NULL, 
    account_id UUID NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL, 
    CONSTRAINT pk_sessions PRIMARY KEY (token_hash), 
    CONSTRAINT fk_sessions_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id), 
    CONSTRAINT fk_sessions_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);

CREATE INDEX ix_sessions_account ON sessions (account_id);

CREATE TABLE attachments (
    id UUID NOT NULL, 
    authority_id UUID NOT NULL, 
    profile_id UUID NOT NULL, 
    sha256 TEXT NOT NULL, 
    size INTEGER NOT NULL, 
    media_type TEXT NOT NULL, 
    kind TEXT NOT NULL, 
    uploaded_by UUID NOT NULL, 
    uploaded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
    CONSTRAINT pk_attachments PRIMARY KEY (id), 
    CONSTRAINT uq_attachments_profile_id_sha256 UNIQUE (profile_id, sha256), 
    CONSTRAINT fk_attachments_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id), 
    CONSTRAINT fk_attachments_profile_id FOREIGN KEY(profile_id) REFERENCES profiles (id)
);

CREATE TABLE cases (
    id UUID NOT NULL, 
    authority_id UUID NOT NULL, 
    kind TEXT NOT NULL, 
    profile_id UUID NOT NULL, 
    from_agency_id UUID NOT NULL, 
    to_agency_id UUID, 
    mode TEXT NOT NULL, 
    effective_on DATE NOT NULL, 
    document TEXT NOT NULL, 
    state TEXT NOT NULL, 
    version INTEGER NOT NULL, 
    facts JSONB NOT NULL, 
    next_wake_at TIMESTAMP WITH TIME ZONE, 
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL, 
    closed_at TIMESTAMP WITH TIME ZONE, 
    CONSTRAINT pk_cases PRIMARY KEY (id), 
    CONSTRAINT ck_cases_kind CHECK (kind IN ('transfer', 'separation')), 
    CONSTRAINT fk_cases_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id), 
    CONSTRAINT fk_cases_profile_id FOREIGN KEY(profile_id) REFERENCES profiles (id), 
    CONSTRAINT fk_cases_from_agency_id FOREIGN KEY(from_agency_id) REFERENCES agencies (id), 
    CONSTRAINT fk_cases_to_agency_id FOREIGN KEY(to_agency_id) REFERENCES agencies (id)
);

CREATE UNIQUE INDEX uq_cases_open ON cases (profile_id) WHERE closed_at IS NULL;

CREATE TABLE custody (
    id UUID NOT NULL, 
    authority_id UUID NOT NULL, 
    profile_id UUID NOT NULL, 
    agency_id UUID NOT NULL, 
    starts_on DATE NOT NULL, 
    ends_on DATE, 
    follows DATE, 
    case_id UUID, 
    CONSTRAINT pk_custody PRIMARY KEY (id), 
    CONSTRAINT uq_custody_profile_id_ends_on UNIQUE (profile_id, ends_on), 
    CONSTRAINT uq_custody_profile_id_follows UNIQUE (profile_id, follows), 
    CONSTRAINT fk_custody_profile_id_follows FOREIGN KEY(profile_id, follows) REFERENCES custody (profile_id, ends_on) DEFERRABLE INITIALLY DEFERRED, 
    CONSTRAINT ck_custody_follows CHECK (follows IS NULL OR follows = starts_on), 
    CONSTRAINT ck_custody_period CHECK (ends_on IS NULL OR ends_on > starts_on OR (follows IS NULL AND ends_on = starts_on)), 
    CONSTRAINT fk_custody_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id), 
    CONSTRAINT fk_custody_profile_id FOREIGN KEY(profile_id) REFERENCES profiles (id), 
    CONSTRAINT fk_custody_agency_id FOREIGN KEY(agency_id) REFERENCES agencies (id)
);

CREATE UNIQUE INDEX uq_custody_first ON custody (profile_id) WHERE follows IS NULL;

CREATE UNIQUE INDEX uq_custody_open ON custody (profile_id) WHERE ends_on IS NULL;

CREATE TABLE duties (
    id UUID NOT NULL, 
    authority_id UUID NOT NULL, 
    agency_id UUID NOT NULL, 
    profile_id UUID, 
    case_id UUID, 
    agency_month_id UUID, 
    slot TEXT NOT NULL, 
    party TEXT NOT NULL, 
    rule_id TEXT NOT NULL, 
    citation TEXT NOT NULL, 
    rule_set_hash TEXT NOT NULL, 
    calendar_hash TEXT NOT NULL, 
    event_on DATE NOT NULL, 
    nominal_due_on DATE, 
    due_on DATE, 
    due_at TIMESTAMP WITH TIME ZONE, 
    state TEXT NOT NULL, 
    reason TEXT, 
    notice_id UUID, 
    facts JSONB NOT NULL, 
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL, 
    met_on DATE, 
    late_days INTEGER NOT NULL, 
    ladder_step INTEGER NOT NULL, 
    next_wake_at TIMESTAMP WITH TIME ZONE, 
    CONSTRAINT pk_duties PRIMARY KEY (id), 
    CONSTRAINT ck_duties_state CHECK (state IN ('open', 'met', 'void')), 
    CONSTRAINT fk_duties_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id), 
    CONSTRAINT fk_duties_agency_id FOREIGN KEY(agency_id) REFERENCES agencies (id), 
    CONSTRAINT fk_duties_profile_id FOREIGN KEY(profile_id) REFERENCES profiles (id)
);

CREATE INDEX ix_duties_case ON duties (case_id) WHERE case_id IS NOT NULL;

CREATE INDEX ix_duties_due ON duties (coalesce(due_on, '9999-12-31'::date), id) WHERE state = 'open';

CREATE INDEX ix_duties_month ON duties (agency_month_id) WHERE agency_month_id IS NOT NULL;

CREATE INDEX ix_duties_open ON duties (agency_id, due_on) WHERE state = 'open';

CREATE INDEX ix_duties_profile ON duties (profile_id);

CREATE TABLE revisions (
    id UUID NOT NULL, 
    authority_id UUID NOT NULL, 
    profile_id UUID NOT NULL, 
    number INTEGER NOT NULL, 
    based_on INTEGER, 
    form_version TEXT NOT NULL, 
    content JSONB NOT NULL, 
    sealed BYTEA NOT NULL, 
    key_id TEXT NOT NULL, 
    digest TEXT NOT NULL, 
    state TEXT NOT NULL, 
    author_id UUID NOT NULL, 
    evidence JSONB NOT NULL, 
    returned_fields JSONB, 
    saved_at TIMESTAMP WITH TIME ZONE NOT NULL, 
    submitted_at TIMESTAMP WITH TIME ZONE, 
    CONSTRAINT pk_revisions PRIMARY KEY (id), 
    CONSTRAINT uq_revisions_profile_id_number UNIQUE (profile_id, number), 
    CONSTRAINT ck_revisions_state CHECK (state IN ('draft', 'submitted', 'signing', 'returned', 'approved', 'superseded')), 
    CONSTRAINT fk_revisions_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id), 
    CONSTRAINT fk_revisions_profile_id FOREIGN KEY(profile_id) REFERENCES profiles (id)
);

CREATE INDEX ix_revisions_submitted ON revisions (profile_id) WHERE state = 'submitted';

CREATE UNIQUE INDEX uq_revisions_draft ON revisions (profile_id) WHERE state = 'draft';

CREATE TABLE approvals (
    id UUID NOT NULL, 
    authority_id UUID NOT NULL, 
    profile_id UUID NOT NULL, 
    revision_id UUID NOT NULL, 
    agency_month_id UUID, 
    approver_id UUID NOT NULL, 
    approver_role TEXT NOT NULL, 
    digest TEXT NOT NULL, 
    rule_ids JSONB NOT NULL, 
    rule_set_hash TEXT NOT NULL, 
    state TEXT NOT NULL, 
    late_days INTEGER NOT NULL, 
    requested_at TIMESTAMP WITH TIME ZONE NOT NULL, 
    signed_at TIMESTAMP WITH TIME ZONE, 
    document_sha256 TEXT, 
    certificate TEXT, 
    CONSTRAINT pk_approvals PRIMARY KEY (id), 
    CONSTRAINT ck_approvals_state CHECK (state IN ('signing', 'signed', 'failed')), 
    CONSTRAINT fk_approvals_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id), 
    CONSTRAINT fk_approvals_profile_id FOREIGN KEY(profile_id) REFERENCES profiles (id), 
    CONSTRAINT fk_approvals_revision_id FOREIGN KEY(revision_id) REFERENCES revisions (id)
);

CREATE INDEX ix_approvals_document ON approvals (document_sha256) WHERE document_sha256 IS NOT NULL;

CREATE INDEX ix_approvals_profile ON approvals (profile_id);

CREATE UNIQUE INDEX uq_approvals_signing ON approvals (revision_id) WHERE state = 'signing';

CREATE TABLE month_items (
    agency_month_id UUID NOT NULL, 
    profile_id UUID NOT NULL, 
    authority_id UUID NOT NULL, 
    revision_id UUID NOT NULL, 
    digest TEXT NOT NULL, 
    state TEXT NOT NULL, 
    reason TEXT, 
    tran_code TEXT, 
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL, 
    CONSTRAINT pk_month_items PRIMARY KEY (agency_month_id, profile_id), 
    CONSTRAINT ck_month_items_state CHECK (state IN ('listed', 'approved', 'returned', 'sent', 'accepted', 'rejected', 'released', 'sent_back', 'moved')), 
    CONSTRAINT fk_month_items_agency_month_id FOREIGN KEY(agency_month_id) REFERENCES agency_months (id), 
    CONSTRAINT fk_month_items_profile_id FOREIGN KEY(profile_id) REFERENCES profiles (id), 
    CONSTRAINT fk_month_items_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id), 
    CONSTRAINT fk_month_items_revision_id FOREIGN KEY(revision_id) REFERENCES revisions (id)
);

CREATE INDEX ix_month_items_profile ON month_items (profile_id);

ALTER TABLE accounts ADD CONSTRAINT fk_accounts_profile_id FOREIGN KEY (profile_id) REFERENCES profiles (id) DEFERRABLE INITIALLY DEFERRED;
