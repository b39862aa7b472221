-- Backups: one of the whole installation stands in the books of every authority whose rows are in it.
CREATE TABLE backups (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    month TEXT NOT NULL,
    state TEXT NOT NULL,
    ordered_by UUID,
    document TEXT,
    rule_id TEXT,
    citation TEXT,
    ordered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    folder TEXT,
    rows BIGINT,
    documents BIGINT,
    bytes BIGINT,
    problems JSONB,
    made_at TIMESTAMP WITH TIME ZONE,
    checked_at TIMESTAMP WITH TIME ZONE,
    document_sha256 TEXT,
    removed_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_backups PRIMARY KEY (id, authority_id),
    CONSTRAINT ck_backups_state CHECK (state IN ('ordered', 'good', 'damaged', 'removed')),
    CONSTRAINT ck_backups_checked CHECK
        (state = 'ordered' OR (folder IS NOT NULL AND checked_at IS NOT NULL AND made_at IS NOT NULL)),
    CONSTRAINT fk_backups_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_backups_ordered_by FOREIGN KEY(ordered_by) REFERENCES accounts (id)
);
CREATE INDEX ix_backups_made_at ON backups (authority_id, made_at);

ALTER TABLE backups ENABLE ROW LEVEL SECURITY;
ALTER TABLE backups FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE ON backups TO hoso_worker;
GRANT SELECT ON backups TO hoso_api, hoso_report;
CREATE POLICY by_authority ON backups USING (authority_id = (SELECT hoso_authority())
    AND (SELECT hoso_everything()));
