-- Expand only: a new table, and one more kind of document that may have proofs and troubles.
CREATE TABLE slips (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    case_id UUID NOT NULL,
    profile_id UUID NOT NULL,
    kind TEXT NOT NULL,
    follows_id UUID,
    agency_id UUID NOT NULL,
    revision_id UUID,
    asked_by UUID,
    asked_role TEXT NOT NULL,
    signature TEXT NOT NULL,
    rule_ids JSONB NOT NULL,
    citation TEXT,
    rule_set_hash TEXT NOT NULL,
    state TEXT NOT NULL,
    failure TEXT,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE,
    document_sha256 TEXT,
    certificate TEXT,
    CONSTRAINT pk_slips PRIMARY KEY (id),
    CONSTRAINT uq_slips_case_id UNIQUE (case_id, kind),
    CONSTRAINT ck_slips_kind CHECK (kind IN ('hand_over', 'receipt', 'end_of_management')),
    CONSTRAINT ck_slips_state CHECK (state IN ('making', 'made', 'failed')),
    CONSTRAINT ck_slips_made CHECK (state <> 'made' OR (document_sha256 IS NOT NULL AND made_at IS NOT NULL)),
    CONSTRAINT fk_slips_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_slips_case_id FOREIGN KEY(case_id) REFERENCES cases (id),
    CONSTRAINT fk_slips_profile_id FOREIGN KEY(profile_id) REFERENCES profiles (id),
    CONSTRAINT fk_slips_follows_id FOREIGN KEY(follows_id) REFERENCES slips (id),
    CONSTRAINT fk_slips_agency_id FOREIGN KEY(agency_id) REFERENCES agencies (id),
    CONSTRAINT fk_slips_revision_id FOREIGN KEY(revision_id) REFERENCES revisions (id),
    CONSTRAINT fk_slips_asked_by FOREIGN KEY(asked_by) REFERENCES accounts (id)
);
CREATE INDEX ix_slips_profile_id ON slips (profile_id);
CREATE INDEX ix_slips_making ON slips (authority_id, asked_at) WHERE state = 'making';
CREATE INDEX ix_slips_document ON slips (document_sha256) WHERE document_sha256 IS NOT NULL;

ALTER TABLE slips ENABLE ROW LEVEL SECURITY;
ALTER TABLE slips FORCE ROW LEVEL SECURITY;
-- Whoever sees the case sees its slips, from both sides and after the dossier has gone.
CREATE POLICY of_the_case ON slips USING (authority_id = (SELECT hoso_authority()) AND (
    (SELECT hoso_everything()) OR profile_id = (SELECT hoso_profile())
    OR EXISTS (SELECT 1 FROM cases k WHERE k.id = case_id)));
GRANT SELECT, INSERT, UPDATE ON slips TO hoso_worker;
GRANT SELECT ON slips TO hoso_api, hoso_report;

-- Each takes a short lock on one table; what a worker of before writes stays as it was.
ALTER TABLE signature_proofs
    DROP CONSTRAINT ck_signature_proofs_kind,
    ADD CONSTRAINT ck_signature_proofs_kind CHECK (kind IN ('approval', 'report', 'list', 'export', 'slip'));
ALTER TABLE signing_troubles
    DROP CONSTRAINT ck_signing_troubles_kind,
    ADD CONSTRAINT ck_signing_troubles_kind CHECK (kind IN ('approval', 'report', 'list', 'export', 'slip'));
