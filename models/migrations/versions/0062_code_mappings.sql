-- Expand only. Decisions are added, never changed: the newest about a value is the one that counts, the others are
-- the audit.
CREATE TABLE code_mappings (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    code_list TEXT NOT NULL,
    old TEXT NOT NULL,
    code TEXT,
    decided_by UUID NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_code_mappings PRIMARY KEY (id),
    CONSTRAINT ck_code_mappings_old CHECK (length(old) BETWEEN 1 AND 300),
    CONSTRAINT fk_code_mappings_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_code_mappings_decided_by FOREIGN KEY(decided_by) REFERENCES accounts (id)
);
CREATE INDEX ix_code_mappings_old ON code_mappings (authority_id, code_list, old, decided_at);

ALTER TABLE code_mappings ENABLE ROW LEVEL SECURITY;
ALTER TABLE code_mappings FORCE ROW LEVEL SECURITY;
CREATE POLICY by_authority ON code_mappings USING (authority_id = (SELECT hoso_authority()));
-- A decision is its decider's own.
CREATE POLICY own_decision ON code_mappings AS RESTRICTIVE FOR INSERT TO hoso_api
    WITH CHECK (decided_by = (SELECT hoso_account()));
GRANT SELECT ON code_mappings TO hoso_api, hoso_worker, hoso_report;
GRANT INSERT ON code_mappings TO hoso_api;
