-- Expand only. A version is kept whole under its hash and never changed; what somebody says to it is written once.
CREATE TABLE code_list_versions (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    code_list TEXT NOT NULL,
    valid_from DATE NOT NULL,
    hash TEXT NOT NULL,
    content JSONB NOT NULL,
    document TEXT NOT NULL,
    counts JSONB NOT NULL,
    state TEXT NOT NULL,
    proposed_by UUID NOT NULL,
    proposed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    decided_by UUID,
    decided_at TIMESTAMP WITH TIME ZONE,
    reason TEXT,
    CONSTRAINT pk_code_list_versions PRIMARY KEY (id),
    CONSTRAINT ck_code_list_versions_state CHECK (state IN ('proposed', 'loaded', 'refused')),
    CONSTRAINT ck_code_list_versions_decided CHECK ((state = 'proposed') = (decided_by IS NULL)
        AND (decided_by IS NULL) = (decided_at IS NULL)),
    CONSTRAINT ck_code_list_versions_another CHECK (decided_by <> proposed_by),
    CONSTRAINT fk_code_list_versions_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_code_list_versions_proposed_by FOREIGN KEY(proposed_by) REFERENCES accounts (id),
    CONSTRAINT fk_code_list_versions_decided_by FOREIGN KEY(decided_by) REFERENCES accounts (id)
);
CREATE INDEX ix_code_list_versions_in_force ON code_list_versions (authority_id, code_list, valid_from, decided_at);
CREATE UNIQUE INDEX uq_code_list_versions_proposed ON code_list_versions (authority_id, code_list)
    WHERE state = 'proposed';

ALTER TABLE code_list_versions ENABLE ROW LEVEL SECURITY;
ALTER TABLE code_list_versions FORCE ROW LEVEL SECURITY;
CREATE POLICY by_authority ON code_list_versions USING (authority_id = (SELECT hoso_authority()));
GRANT SELECT ON code_list_versions TO hoso_api, hoso_worker, hoso_report;
GRANT INSERT ON code_list_versions TO hoso_worker;
GRANT UPDATE (state, decided_by, decided_at, reason) ON code_list_versions TO hoso_worker;
