-- Expand only: code of before knows no reconciliations.
CREATE TABLE reconciliations (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    state TEXT NOT NULL,
    document TEXT NOT NULL,
    ordered_by UUID NOT NULL,
    ordered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    cursor TEXT NOT NULL,
    compared INTEGER NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_reconciliations PRIMARY KEY (id),
    CONSTRAINT ck_reconciliations_state CHECK (state IN ('theirs', 'ours', 'done')),
    CONSTRAINT ck_reconciliations_ended CHECK ((state = 'done') = (ended_at IS NOT NULL)),
    CONSTRAINT fk_reconciliations_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_reconciliations_ordered_by FOREIGN KEY(ordered_by) REFERENCES accounts (id)
);
CREATE UNIQUE INDEX ux_reconciliations_running ON reconciliations (authority_id) WHERE state <> 'done';

CREATE TABLE national_differences (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    reconciliation_id UUID NOT NULL,
    national_id UUID NOT NULL,
    profile_id UUID,
    kind TEXT NOT NULL,
    fields JSONB NOT NULL,
    repair TEXT NOT NULL,
    repaired BOOLEAN NOT NULL,
    found_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_national_differences PRIMARY KEY (id),
    CONSTRAINT uq_national_differences_reconciliation_id_national_id UNIQUE (reconciliation_id, national_id),
    CONSTRAINT ck_national_differences_kind CHECK (kind IN ('fields', 'missing_there', 'unknown_here', 'status')),
    CONSTRAINT ck_national_differences_repair CHECK (repair IN ('resend', 'proposal', 'under_way', 'by_hand')),
    CONSTRAINT fk_national_differences_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_national_differences_reconciliation_id FOREIGN KEY(reconciliation_id) REFERENCES reconciliations (id),
    CONSTRAINT fk_national_differences_profile_id FOREIGN KEY(profile_id) REFERENCES profiles (id)
);

CREATE TABLE national_proposals (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    profile_id UUID NOT NULL,
    revision_id UUID NOT NULL,
    state TEXT NOT NULL,
    form_version TEXT NOT NULL,
    fields JSONB NOT NULL,
    sealed BYTEA NOT NULL,
    key_id TEXT NOT NULL,
    found_at TIMESTAMP WITH TIME ZONE NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE,
    decided_by UUID,
    CONSTRAINT pk_national_proposals PRIMARY KEY (id),
    CONSTRAINT ck_national_proposals_state CHECK (state IN ('fetched', 'open', 'accepted', 'disputed', 'overtaken')),
    CONSTRAINT ck_national_proposals_decided CHECK ((state IN ('accepted', 'disputed')) = (decided_at IS NOT NULL)),
    CONSTRAINT fk_national_proposals_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_national_proposals_profile_id FOREIGN KEY(profile_id) REFERENCES profiles (id),
    CONSTRAINT fk_national_proposals_revision_id FOREIGN KEY(revision_id) REFERENCES revisions (id),
    CONSTRAINT fk_national_proposals_decided_by FOREIGN KEY(decided_by) REFERENCES accounts (id)
);
CREATE INDEX ix_national_proposals_profile ON national_proposals (profile_id);

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['reconciliations', 'national_differences', 'national_proposals'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO hoso_worker', t);
        EXECUTE format('GRANT SELECT ON %I TO hoso_api, hoso_report', t);
    END LOOP;
END $$;
-- A run is the authority's; a difference is seen where its profile is, and one about nobody of ours by the whole.
CREATE POLICY by_authority ON reconciliations USING (authority_id = (SELECT hoso_authority()));
CREATE POLICY by_profile ON national_differences USING (authority_id = (SELECT hoso_authority()) AND (
    (SELECT hoso_everything()) OR EXISTS (SELECT 1 FROM profiles p WHERE p.id = profile_id)));
CREATE POLICY by_profile ON national_proposals USING (authority_id = (SELECT hoso_authority()) AND (
    (SELECT hoso_everything()) OR profile_id = (SELECT hoso_profile())
    OR EXISTS (SELECT 1 FROM profiles p WHERE p.id = profile_id)));

CREATE TABLE national_units (
    agency_id UUID NOT NULL,
    valid_from DATE NOT NULL,
    authority_id UUID NOT NULL,
    content TEXT NOT NULL,
    refused TEXT,
    told_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_national_units PRIMARY KEY (agency_id, valid_from),
    CONSTRAINT fk_national_units_agency_id FOREIGN KEY(agency_id) REFERENCES agencies (id),
    CONSTRAINT fk_national_units_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id)
);
ALTER TABLE national_units ENABLE ROW LEVEL SECURITY;
ALTER TABLE national_units FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE ON national_units TO hoso_worker;
GRANT SELECT ON national_units TO hoso_api, hoso_report;
CREATE POLICY by_authority ON national_units USING (authority_id = (SELECT hoso_authority()));
