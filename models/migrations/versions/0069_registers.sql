-- Registers: breaches of personal data with their clock, corrections and disputes of one file. Nothing that stands changes.
CREATE TABLE breaches (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    agency_id UUID NOT NULL,
    state TEXT NOT NULL,
    version INTEGER NOT NULL,
    kind TEXT NOT NULL,
    known_at TIMESTAMP WITH TIME ZONE NOT NULL,
    happened_at TIMESTAMP WITH TIME ZONE,
    people INTEGER NOT NULL,
    data JSONB NOT NULL,
    story BYTEA NOT NULL,
    key_id TEXT NOT NULL,
    recorded_by UUID NOT NULL,
    recorded_role TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    duty_id UUID,
    due_at TIMESTAMP WITH TIME ZONE,
    rule_id TEXT,
    citation TEXT,
    notified_at TIMESTAMP WITH TIME ZONE,
    notified_by UUID,
    notified_to TEXT,
    notified_document TEXT,
    late_hours INTEGER,
    closed_at TIMESTAMP WITH TIME ZONE,
    closed_by UUID,
    next_wake_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_breaches PRIMARY KEY (id),
    CONSTRAINT ck_breaches_state CHECK (state IN ('open', 'notified', 'closed')),
    CONSTRAINT ck_breaches_kind CHECK (kind IN ('disclosure', 'unauthorised_access', 'loss', 'alteration', 'other')),
    CONSTRAINT ck_breaches_notified CHECK ((notified_at IS NULL) = (notified_document IS NULL)),
    CONSTRAINT ck_breaches_closed CHECK ((state = 'closed') = (closed_at IS NOT NULL)),
    CONSTRAINT fk_breaches_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_breaches_agency_id FOREIGN KEY(agency_id) REFERENCES agencies (id),
    CONSTRAINT fk_breaches_recorded_by FOREIGN KEY(recorded_by) REFERENCES accounts (id),
    CONSTRAINT fk_breaches_notified_by FOREIGN KEY(notified_by) REFERENCES accounts (id),
    CONSTRAINT fk_breaches_closed_by FOREIGN KEY(closed_by) REFERENCES accounts (id)
);
CREATE INDEX ix_breaches_agency ON breaches (agency_id);
CREATE INDEX ix_breaches_recorded ON breaches (authority_id, recorded_at, id);
CREATE TABLE breach_files (
    breach_id UUID NOT NULL,
    profile_id UUID NOT NULL,
    authority_id UUID NOT NULL,
    CONSTRAINT pk_breach_files PRIMARY KEY (breach_id, profile_id),
    CONSTRAINT fk_breach_files_breach_id FOREIGN KEY(breach_id) REFERENCES breaches (id),
    CONSTRAINT fk_breach_files_profile_id FOREIGN KEY(profile_id) REFERENCES profiles (id),
    CONSTRAINT fk_breach_files_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id)
);
CREATE INDEX ix_breach_files_profile ON breach_files (profile_id);
CREATE TABLE file_requests (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    profile_id UUID NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    path TEXT NOT NULL,
    about UUID,
    words BYTEA NOT NULL,
    words_key TEXT NOT NULL,
    asked_by UUID NOT NULL,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    duty_id UUID,
    due_on DATE,
    due_by_policy BOOLEAN NOT NULL,
    rule_id TEXT,
    citation TEXT,
    ended_at TIMESTAMP WITH TIME ZONE,
    ended_by UUID,
    ended_role TEXT,
    document TEXT,
    answer BYTEA,
    answer_key TEXT,
    late_days INTEGER,
    draft_number INTEGER,
    CONSTRAINT pk_file_requests PRIMARY KEY (id),
    CONSTRAINT ck_file_requests_kind CHECK (kind IN ('rectification', 'dispute')),
    CONSTRAINT ck_file_requests_state CHECK (state IN ('open', 'accepted', 'refused', 'withdrawn')),
    CONSTRAINT ck_file_requests_ended CHECK ((state = 'open') = (ended_at IS NULL)),
    CONSTRAINT ck_file_requests_answer CHECK ((answer IS NULL) = (answer_key IS NULL)),
    CONSTRAINT fk_file_requests_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_file_requests_profile_id FOREIGN KEY(profile_id) REFERENCES profiles (id),
    CONSTRAINT fk_file_requests_asked_by FOREIGN KEY(asked_by) REFERENCES accounts (id),
    CONSTRAINT fk_file_requests_ended_by FOREIGN KEY(ended_by) REFERENCES accounts (id)
);
CREATE INDEX ix_file_requests_asked ON file_requests (authority_id, asked_at, id);
CREATE INDEX ix_file_requests_profile ON file_requests (profile_id);

ALTER TABLE breaches ENABLE ROW LEVEL SECURITY;
ALTER TABLE breaches FORCE ROW LEVEL SECURITY;
ALTER TABLE breach_files ENABLE ROW LEVEL SECURITY;
ALTER TABLE breach_files FORCE ROW LEVEL SECURITY;
ALTER TABLE file_requests ENABLE ROW LEVEL SECURITY;
ALTER TABLE file_requests FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE ON breaches TO hoso_worker;
GRANT SELECT, INSERT ON breach_files TO hoso_worker;
-- What was asked stays as it was asked; a change of keys seals it anew.
GRANT SELECT, INSERT ON file_requests TO hoso_worker;
GRANT UPDATE (state, ended_at, ended_by, ended_role, document, answer, answer_key, late_days, draft_number, words, words_key)
    ON file_requests TO hoso_worker;
GRANT SELECT ON breaches, breach_files, file_requests TO hoso_api, hoso_report;
-- A file's part in a breach is seen where the file is; the breach where it happened, and by those it concerns.
CREATE POLICY by_profile ON breach_files USING (authority_id = (SELECT hoso_authority()) AND (
    (SELECT hoso_everything()) OR profile_id = (SELECT hoso_profile())
    OR EXISTS (SELECT 1 FROM profiles p WHERE p.id = profile_id)));
CREATE POLICY by_agency ON breaches USING (authority_id = (SELECT hoso_authority()) AND (
    (SELECT hoso_everything()) OR agency_id IN (SELECT descendant_id FROM agency_closure
        WHERE ancestor_id = ANY ((SELECT hoso_agencies())::uuid[]) AND valid_to IS NULL)
    OR EXISTS (SELECT 1 FROM breach_files f WHERE f.breach_id = id AND f.profile_id = (SELECT hoso_profile()))));
CREATE POLICY by_profile ON file_requests USING (authority_id = (SELECT hoso_authority()) AND (
    (SELECT hoso_everything()) OR profile_id = (SELECT hoso_profile())
    OR EXISTS (SELECT 1 FROM profiles p WHERE p.id = profile_id)));
