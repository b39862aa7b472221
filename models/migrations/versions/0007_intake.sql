-- A person received from outside: how the profile began, and what the national database said of the person.
-- Locks profiles for a moment (a column without a default is added without reading the table).
ALTER TABLE profiles ADD COLUMN origin TEXT;

CREATE TABLE national_records (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    profile_id UUID NOT NULL,
    command_id UUID NOT NULL,
    asked_by UUID NOT NULL,
    fetched_at TIMESTAMP WITH TIME ZONE NOT NULL,
    state TEXT NOT NULL,
    form_version TEXT NOT NULL,
    mapping TEXT NOT NULL,
    national_id UUID NOT NULL,
    held_by TEXT NOT NULL,
    status TEXT NOT NULL,
    revision_digest TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    key_id TEXT NOT NULL,
    filled JSONB NOT NULL,
    kept JSONB NOT NULL,
    unfit JSONB NOT NULL,
    CONSTRAINT pk_national_records PRIMARY KEY (id),
    CONSTRAINT uq_national_records_command_id UNIQUE (command_id),
    CONSTRAINT ck_national_records_state CHECK (state IN ('fetched', 'used')),
    CONSTRAINT fk_national_records_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_national_records_profile_id FOREIGN KEY(profile_id) REFERENCES profiles (id)
);
CREATE INDEX ix_national_records_profile ON national_records (profile_id, fetched_at);

ALTER TABLE national_records ENABLE ROW LEVEL SECURITY;
ALTER TABLE national_records FORCE ROW LEVEL SECURITY;
CREATE POLICY by_profile ON national_records USING (authority_id = (SELECT hoso_authority()) AND (
    (SELECT hoso_everything()) OR profile_id = (SELECT hoso_profile())
    OR EXISTS (SELECT 1 FROM profiles p WHERE p.id = profile_id)));
GRANT SELECT, INSERT, UPDATE ON national_records TO hoso_worker;
GRANT SELECT ON national_records TO hoso_api, hoso_report;
